"""A tagger trained, measured and told: its results beside NLTK's perceptron of the same text, and its card.

Knows folders of taggers and labelled texts; knows no pages.
"""

from collections.abc import Callable
from pathlib import Path

from lstm_core.runs.cells import CELLS
from lstm_core.storage.files import write_bytes
from lstm_core.storage.progress import Progress, silent
from lstm_core.tagging.label_run import (
    TAGGED,
    LabelRun,
    TaggerFigures,
    folders,
    new_label_run,
    train_label_run,
)
from lstm_core.tagging.settings import LabelTraining, NetworkConfig
from lstm_core.tagging.tag import measure
from lstm_core.tagging.texts import Labelled

MASC = "MASC, the tagged part, 286 of its files (free for research and development, also commercial)"


def made_tagger(
    name: str,
    config: NetworkConfig,
    training: LabelTraining,
    texts: dict[str, Labelled],
    *,
    parent: Path | None = None,
    report: Progress = silent,
    say: Callable[[str], object] = lambda line: None,
) -> LabelRun:
    """Train a tagger on `tagging_texts`, or go on where it stopped, and measure it; `say` is given a line an epoch."""
    parent = folders("taggers")[0] if parent is None else parent
    run = new_label_run(parent, name, config, training, texts["train"], MASC)
    best = 0.0
    for found in train_label_run(run, texts["train"], texts["development"], report=report):
        best = max(best, found.development)
        say(f"epoch {found.epoch}: loss {found.train_loss:.4f}, development {found.development:.4f}")
    keep_results(run, texts, before_rounding=best)
    return run


def keep_results(run: LabelRun, texts: dict[str, Labelled], *, before_rounding: float) -> None:
    """Measure a trained tagger with its weights as they are kept, and write results and card."""
    network = run.network()
    results = TaggerFigures(
        run.fingerprint,
        run.config.architecture,
        sum(value.numel() for value in network.parameters()),
        len(run.known.words),
        before_rounding,
        measure(network, run.known, texts),
    )
    TAGGED.keep(results, run)
    write_bytes(run.folder / "CARD.md", card(run, results).encode())


def card(run: LabelRun, results: TaggerFigures) -> str:
    """The card of a tagger, in Markdown."""
    config, training = run.config, run.training
    ways = "from left to right" if config.directions == 1 else "from left to right and from right to left"
    letters = (
        f" and {config.character_filters} filters over the letters of each word" if config.character_filters else ""
    )
    rows = [
        f"| {row.title} | {row.count:,} | {row.right:.4f} | {row.unknown:,} | "
        f"{'' if row.right_unknown is None else format(row.right_unknown, '.4f')} |"
        for row in results.accuracy.values()
    ]
    return "\n".join(
        [
            f"# {run.name}",
            "",
            f"A network that tags English words with Penn Treebank tags: {CELLS[config.cell].told} of "
            f"{config.layers} x {config.hidden} units that reads {ways}, embeddings of {config.embedding} for "
            f"{results.words:,} words{letters}; {results.parameters:,} parameters.",
            "",
            "## Data",
            "",
            f"{run.corpus}; the very sentences that `tagger-masc` learned from. No text is stored here, but its words "
            "are listed.",
            "",
            "## Training",
            "",
            f"AdamW, highest rate {training.learning_rate:g}, at most {training.epochs} epochs, batches of "
            f"{training.batch} words, dropout {config.dropout:g}, seed {training.seed}; words seen fewer than "
            f"{training.least} times are read as unknown. The best epoch on the development files: "
            f"{results.development_before_rounding:.4f} right there, before the weights were rounded to int8.",
            "",
            "## Figures",
            "",
            "Share of right tags of all words, and of those that the training text does not have.",
            "",
            "| text | words | right | not seen | right of these |",
            "| --- | ---: | ---: | ---: | ---: |",
            *rows,
            "",
            "## Limits",
            "",
            "American English of about 1990 to 2010, in sentences that are split into words as the Penn Treebank does.",
            "",
        ]
    )
