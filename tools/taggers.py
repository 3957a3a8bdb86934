"""Makes the networks that label text and ship, and the figures beside them.

`python -m tools.taggers --make FOLDER` trains all anew into a folder, or goes on where that stopped (an hour and a half
on one core); `--ship FOLDER` copies them from there to `models/`.
"""

import argparse
import random
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from lstm_core.runs.cells import CELLS
from lstm_core.runs.folder import LOG, MANIFEST, SETTINGS, VOCABULARY, WEIGHTS
from lstm_core.storage import files
from lstm_core.storage.files import write_bytes
from lstm_core.storage.progress import Progress, silent
from lstm_core.storage.results import PROGRAM
from lstm_core.tagging.classify import FIGURES, SEEDS, SHIPPED_CLASSIFIERS, TRAINING, Poolings, Scored, shapes
from lstm_core.tagging.label_run import (
    CLASSIFIED,
    ClassifierFigures,
    Kind,
    LabelRun,
    label_runs,
    new_label_run,
    predicted,
    train_label_run,
)
from lstm_core.tagging.reports import CONFUSIONS, PERCEPTRON, PerceptronFigures, confusion, made_tagger
from lstm_core.tagging.settings import POOLINGS, SHIPPED_TAGGERS, LabelTraining, NetworkConfig
from lstm_core.tagging.tag import measure, perceptron_tags
from lstm_core.tagging.words import TESTS, Encoded, Labelled, encode, tagging_texts, word_list
from lstm_core.text.gold_tags import BROWN, archive, lines_of

CORPUS = "the Brown corpus (non-commercial use)"
LEAST_WORDS = 40  # of a piece of a document: whole sentences, until there are so many words
SPLIT_SEED = 4
SHARE = 0.15  # of the documents of each kind for tests, and as many to choose on


def compare_poolings(
    parts: dict[str, Labelled],
    corpus: str,
    *,
    kinds: Sequence[NetworkConfig] = shapes(),
    seeds: Sequence[int] = SEEDS,
    training: LabelTraining = TRAINING,
    report: Progress = silent,
) -> Iterator[Poolings]:
    """Train every kind of classifier from every seed and score it on the test part, with the weights that were best on
    the development part; yields the figures so far after each kind.
    """
    from lstm_core.tagging.model import TrainingState, accuracy, load_weights, new_network, train

    known = word_list(parts["train"].texts, parts["train"].labels, training.least)
    encoded = {name: encode(known, part.texts, part.labels, of_texts=True) for name, part in parts.items()}
    given, development, test = (encoded[name] for name in ("train", "development", "test"))
    common = Counter(parts["train"].labels).most_common(1)[0][0]
    found = Poolings(
        corpus, len(known.labels), {name: len(part.texts) for name, part in parts.items()},
        parts["test"].labels.count(common) / len(test), naive_bayes(given, test, len(known.labels)), tuple(seeds), (),
    )  # fmt: skip
    for number, config in enumerate(kinds):
        right: list[float] = []
        for seed in seeds:
            network, progress = new_network(config, known, seed), TrainingState()
            for _ in train(network, given, development, LabelTraining(**{**asdict(training), "seed": seed}), progress):
                report((number + (len(right) + 0.5) / len(seeds)) / len(kinds), config.architecture)
            load_weights(network, progress.best)
            right.append(accuracy(network, test))
        size = sum(value.numel() for value in network.parameters())
        row = Scored(config.cell, config.directions, str(config.pooling), size, tuple(right))
        found = Poolings(**{**vars(found), "scored": (*found.scored, row)})
        yield found


def naive_bayes(given: Encoded, test: Encoded, classes: int) -> float:
    """Share of right labels of multinomial naive Bayes over the known words, one added to each count."""
    counts = np.ones((classes, int(given.word.max(initial=0)) + 1))
    np.add.at(counts, (np.repeat(given.labels, given.lengths), given.word[given.types]), 1)
    weights = np.log(counts / counts.sum(axis=1, keepdims=True)).T  # (words, K)
    prior = np.log(np.bincount(given.labels, minlength=classes) + 1.0)
    of_text = np.repeat(np.arange(len(test)), test.lengths)
    sums = np.zeros((len(test), classes))
    np.add.at(sums, of_text, weights[np.minimum(test.word[test.types], len(weights) - 1)])
    return float(((sums + prior).argmax(axis=1) == test.labels).mean())


def keep_all(texts: dict[str, Labelled]) -> None:
    """Measure and keep the confusion of every tagger that ships, and the perceptron's shares; for maintainers."""
    for run in label_runs("taggers"):
        if run.shipped:
            CONFUSIONS.keep(confusion(run, texts["masc"], TESTS["masc"]), run)
    PERCEPTRON.keep(PerceptronFigures(measure(texts, perceptron_tags)), PROGRAM)


def keep_classifier_results(run: LabelRun, test: Labelled) -> None:
    """Measure a trained classifier on texts of other documents, with its weights as they are kept; write its card."""
    found = predicted(run.network(), run.known, test)
    right = sum(one == other for one, other in zip(found, test.labels, strict=True)) / len(test.labels)
    CLASSIFIED.keep(ClassifierFigures(run.fingerprint, run.config.architecture, len(found), right), run)
    config, kinds = run.config, ", ".join(label.replace("_", " ") for label in run.known.labels)
    lines = [
        f"# {run.name}",
        "",
        f"A network that says which of {len(run.known.labels)} kinds a text is of ({kinds}): "
        f"{CELLS[config.cell].told} of {config.layers} x {config.hidden} units in {config.directions} "
        f"direction{'s' * (config.directions > 1)}, judged by {POOLINGS[config.pooling or 'last']}; "
        f"{len(run.known.words):,} words are known to it.",
        "",
        "## Data",
        "",
        f"Pieces of 40 words or a few more of {run.corpus}. No text is stored here, but its words are listed.",
        "",
        "## Figures",
        "",
        f"{right:.1%} right on {len(found):,} pieces of documents that it has not seen. `poolings.json` beside it has "
        "the figures of several seeds, and what needs no network.",
        "",
        "## Limits",
        "",
        "American prose of 1961. It is made to be looked into: naive Bayes over the words in no order does better.",
        "",
    ]
    write_bytes(run.folder / "CARD.md", "\n".join(lines).encode())


def ship_label_run(run: LabelRun, kind: Kind) -> LabelRun:
    """Copy what is needed of a trained one to the program's own; for maintainers."""
    target = files.SHIPPED / kind / run.name
    shutil.rmtree(target, ignore_errors=True)
    for name in (SETTINGS, VOCABULARY, WEIGHTS, LOG, MANIFEST, "results/accuracy.json", "CARD.md"):
        if (run.folder / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(run.folder / name, target / name)
    return LabelRun(target)


def genre_texts() -> dict[str, Labelled]:
    """The Brown corpus in pieces of LEAST_WORDS words or a few more, each with the kind of text that its document is
    (15 kinds): "train", "development", "test". No document is in two of them. Raises ValueError where the corpus is not
    at hand.
    """
    with archive(BROWN) as found:
        kinds = dict(line.split() for line in lines_of(found, "brown/cats.txt") if line.strip())
        documents = {name: _words(lines_of(found, f"brown/{name}")) for name in sorted(kinds)}
    chance, parts = random.Random(SPLIT_SEED), {"test": Labelled([], [], True), "development": Labelled([], [], True)}
    parts["train"] = Labelled([], [], True)
    for kind in sorted(set(kinds.values())):
        names = [name for name in sorted(kinds) if kinds[name] == kind]
        chance.shuffle(names)
        count = max(1, round(SHARE * len(names)))
        for name, chosen in (
            ("test", names[:count]),
            ("development", names[count : 2 * count]),
            ("train", names[2 * count :]),
        ):
            made = [piece for document in chosen for piece in pieces(documents[document])]
            parts[name].texts.extend(made)
            parts[name].labels.extend([kind] * len(made))
    return parts


def _words(lines: list[str]) -> list[list[str]]:
    """The sentences of a document of the tagged Brown corpus."""
    return [[re.sub(r"/[^/]*$", "", token) for token in line.split()] for line in lines if line.strip()]


def pieces(sentences: list[list[str]], least: int = LEAST_WORDS) -> list[list[str]]:
    """Sentences joined until there are `least` words; what is left over at the end is left out."""
    made: list[list[str]] = []
    piece: list[str] = []
    for sentence in sentences:
        piece = piece + sentence
        if len(piece) >= least:
            made.append(piece)
            piece = []
    return made


# Making and shipping --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Made:
    """The folder that they are made in, as what figures lie with."""

    results_folder: Path
    fingerprint: str = ""


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def make(folder: Path) -> None:
    """Train what ships into a folder, or go on where that stopped; then the figures of all kinds of classifiers."""
    texts = tagging_texts()
    for name, (config, training) in SHIPPED_TAGGERS.items():
        made_tagger(name, config, training, texts, parent=folder / "taggers", say=say)
    parts = genre_texts()
    for name, config in SHIPPED_CLASSIFIERS.items():
        run = new_label_run(folder / "classifiers", name, config, TRAINING, parts["train"], CORPUS)
        for found in train_label_run(run, parts["train"], parts["development"]):
            say(f"{name}: {found}")
        keep_classifier_results(run, parts["test"])
    if not FIGURES.there(Made(folder)):
        for figures in compare_poolings(parts, CORPUS):
            say(f"{len(figures.scored)} kinds of classifiers")
        FIGURES.keep(figures, Made(folder))


def ship(folder: Path) -> None:
    """Copy what `make` made to the program's own."""
    for kind in ("taggers", "classifiers"):
        for path in sorted((folder / kind).glob("*/config.json")):
            ship_label_run(LabelRun(path.parent), kind)  # type: ignore[arg-type]
    if figures := FIGURES.read(Made(folder)):
        FIGURES.keep(figures, PROGRAM)
    keep_all(tagging_texts())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--make", type=Path)
    parser.add_argument("--ship", type=Path)
    given = parser.parse_args()
    if given.make:
        make(given.make)
    if given.ship:
        ship(given.ship)


if __name__ == "__main__":
    main()
