"""A tagger trained, measured and told: results beside NLTK's perceptron, its card, the tags that it confuses, its log.

Knows folders of taggers and labelled texts; knows no pages. Torch is loaded only to train and to measure.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lstm_core.runs.card import paragraphs
from lstm_core.runs.cells import CELLS
from lstm_core.storage.files import write_bytes
from lstm_core.storage.frames import Framed, side_by_side
from lstm_core.storage.progress import Progress, silent
from lstm_core.storage.results import PROGRAM, Fields, Results
from lstm_core.tagging import label_run
from lstm_core.tagging.label_run import LOG, TAGGED, LabelRun, Share, TaggerFigures
from lstm_core.tagging.settings import LabelTraining, NetworkConfig
from lstm_core.tagging.tag import measure
from lstm_core.tagging.words import Labelled
from lstm_core.text.gold_tags import PENN

if TYPE_CHECKING:
    from pandas import DataFrame

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
    parent = label_run.folders("taggers")[0] if parent is None else parent
    run = label_run.new_label_run(parent, name, config, training, texts["train"], MASC)
    best = 0.0
    for found in label_run.train_label_run(run, texts["train"], texts["development"], report=report):
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
        measure(texts, partial(label_run.predicted, network, run.known)),
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
    head = ["| text | words | right | not seen | right of these |", "| --- | ---: | ---: | ---: | ---: |"]
    return paragraphs(
        f"# {run.name}",
        f"A network that tags English words with Penn Treebank tags: {CELLS[config.cell].told} of "
        f"{config.layers} x {config.hidden} units that reads {ways}, embeddings of {config.embedding} for "
        f"{results.words:,} words{letters}; {results.parameters:,} parameters.",
        "## Data",
        f"{run.corpus}; the very sentences that `tagger-masc` learned from. No text is stored here, but its words are "
        "listed.",
        "## Training",
        f"AdamW, highest rate {training.learning_rate:g}, at most {training.epochs} epochs, batches of "
        f"{training.batch} words, dropout {config.dropout:g}, seed {training.seed}; words seen fewer than "
        f"{training.least} times are read as unknown. The best epoch on the development files: "
        f"{results.development_before_rounding:.4f} right there, before the weights were rounded to int8.",
        "## Figures",
        "Share of right tags of all words, and of those that the training text does not have.",
        "\n".join([*head, *rows]),
        "## Limits",
        "American English of about 1990 to 2010, in sentences that are split into words as the Penn Treebank does.",
    )


@dataclass(frozen=True)
class Confusion(Framed):
    """How often a tagger gave a tag, of `names` (K), to words that people gave another: `counts` (K, K), a row for each
    tag of people. `weights` is the fingerprint of the tagger that was asked, `text` names the text.
    """

    weights: str
    text: str
    names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    def frame(self) -> "DataFrame":
        """A row for each tag that people gave, a column for each that the tagger gave."""
        return side_by_side({"tag": self.names, **dict(zip(self.names, zip(*self.counts, strict=True), strict=True))})

    @property
    def total(self) -> int:
        return sum(map(sum, self.counts))


def confusion(run: LabelRun, given: Labelled, text: str) -> Confusion:
    """Which tags a tagger confuses on a text that people tagged; words without a Penn tag are left out."""
    found = label_run.predicted(run.network(), run.known, given)
    pairs = [(own, other) for own, other in zip(given.labels, found, strict=True) if own in PENN]
    names = tuple(sorted({name for pair in pairs for name in pair}))
    code = {name: number for number, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), np.int64)
    for own, other in pairs:
        counts[code[own], code[other]] += 1
    return Confusion(run.fingerprint, text, names, tuple(map(tuple, counts.tolist())))


def kept_confusion(run: LabelRun) -> Confusion | None:
    """The confusion that is kept beside a tagger; None where there is none, or one of other weights."""
    return CONFUSIONS.read(run) if run.finished else None


def perceptron_shares() -> dict[str, Share]:
    """The shares of right tags of NLTK's perceptron, trained on the same text, by text; empty where none are kept."""
    found = PERCEPTRON.read(PROGRAM)
    return found.accuracy if found else {}


@dataclass(frozen=True)
class PerceptronFigures(Framed, rows="accuracy"):
    """Shares of right tags by text."""

    accuracy: dict[str, Share]


def _sound(found: Confusion) -> bool:
    return {len(found.names)} == {len(found.counts), *map(len, found.counts)}


def _unpacked(stored: Fields, asked: Any) -> Fields:
    return stored if "accuracy" in stored else {"accuracy": stored}  # the first file held the shares alone


CONFUSIONS = Results("confusion.json", Confusion, own=None, sound=_sound)
PERCEPTRON = Results("taggers/perceptron.json", PerceptronFigures, own=None, unpack=_unpacked)


def log_of(run: LabelRun) -> list[dict[str, Any]]:
    """The epochs of a training as they were reported; lines that cannot be read are left out."""
    path, points = run.folder / LOG, []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else ():
        try:
            point = json.loads(line)
            float(point["train_loss"]), float(point["development"]), int(point["epoch"])
        except (KeyError, TypeError, ValueError):
            continue
        points.append(point)
    return points
