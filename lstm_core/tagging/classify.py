"""Classifying a whole text, and the lecture notes' question: does a second direction make sense there?

Classifiers read the same way as taggers and differ in what of their states they judge by (`settings.POOLINGS`). They
are asked which of 15 kinds a piece of the Brown corpus is of. Knows labelled texts; knows no pages.
"""

from dataclasses import dataclass
from statistics import mean

import numpy as np
from numpy.typing import NDArray

from lstm_core.runs.cells import DEFAULT
from lstm_core.stats import intervals
from lstm_core.storage.frames import Framed
from lstm_core.storage.results import PROGRAM, Results
from lstm_core.tagging.label_run import LabelRun
from lstm_core.tagging.settings import LabelTraining, NetworkConfig, Pooling
from lstm_core.tagging.tag import words_of
from lstm_core.tagging.words import encode
from lstm_core.text.tagged import plain_word

SEEDS = tuple(range(1, 9))
# Words are often hidden, rare ones mostly: with a quarter of that the training part is learned by heart (chosen on the
# development part: .33 right there against .28).
TRAINING = LabelTraining(epochs=6, batch=2048, learning_rate=5e-3, forget=30.0, least=10, patience=3)
_WAYS: tuple[tuple[int, Pooling], ...] = ((1, "last"), (1, "mean"), (2, "last"), (2, "both"), (2, "mean"))


def shapes(cell: str = DEFAULT) -> tuple[NetworkConfig, ...]:
    """The kinds of classifiers that are compared: one and two directions, judged by each pooling that they can."""
    return tuple(
        NetworkConfig(cell, directions, hidden=64, dropout=0.5, pooling=pooling) for directions, pooling in _WAYS
    )


# Those that ship.
SHIPPED_CLASSIFIERS = {
    f"{config.architecture}-{config.pooling}": config
    for config in shapes()
    if (config.directions, config.pooling) in ((1, "last"), (2, "both"), (2, "mean"))
}


@dataclass(frozen=True, eq=False)
class Classification(Framed, columns=("names", "probabilities")):
    """What a classifier says of a text of `tokens` words: how probable (K,) each of K classes `names` is."""

    name: str
    architecture: str
    pooling: str
    tokens: int
    names: tuple[str, ...]
    probabilities: NDArray[np.float32]

    @property
    def label(self) -> str:
        """The most probable class; empty for a text without words."""
        return self.names[int(self.probabilities.argmax())] if self.tokens else ""


def classify(text: str, run: LabelRun) -> Classification:
    """What a classifier says of a text, read as one whatever sentences it has; all is NaN for a text without words."""
    from lstm_core.tagging.model import probabilities

    words = [plain_word(word) for sentence in words_of(text) for word in sentence]
    found = probabilities(run.network(), encode(run.known, [words]))[0]
    return Classification(
        run.name, run.config.architecture, str(run.config.pooling), len(words), run.known.labels, found
    )


@dataclass(frozen=True)
class Scored:
    """A kind of classifier trained from several seeds: `right` are its shares of right labels on the test part."""

    cell: str
    directions: int
    pooling: str
    parameters: int
    right: tuple[float, ...]

    @property
    def mean(self) -> float:
        return mean(self.right)

    @property
    def interval(self) -> tuple[float, float]:
        """Where the mean over seeds lies with 95 % confidence (Student's t)."""
        return intervals.of_mean(self.right)


@dataclass(frozen=True)
class Poolings(Framed, rows="scored"):
    """The figures: `scored` classifiers beside `chance` (always the commonest kind) and `words` (naive Bayes: the words
    in no order). `pieces` counts the texts of each part; no document is in two parts.
    """

    corpus: str
    classes: int
    pieces: dict[str, int]
    chance: float
    words: float
    seeds: tuple[int, ...]
    scored: tuple[Scored, ...]

    def of(self, cell: str, directions: int, pooling: str) -> Scored | None:
        """The row of a kind of classifier, None where it was not trained."""
        wanted = (cell, directions, pooling)
        return next((one for one in self.scored if (one.cell, one.directions, one.pooling) == wanted), None)


def difference(one: Scored, other: Scored) -> tuple[float, tuple[float, float]]:
    """By how much one is better than another, seed by seed: the mean and its interval of 95 %."""
    apart = [a - b for a, b in zip(one.right, other.right, strict=True)]
    return mean(apart), intervals.of_mean(apart)


FIGURES = Results("classifiers/poolings.json", Poolings, own=None, remedy="restore it")


def read_figures() -> Poolings:
    """The figures that ship; raises ValueError where their file is damaged or lacks."""
    if found := FIGURES.read(PROGRAM):
        return found
    raise ValueError("the figures of classifiers are missing: restore models/classifiers/poolings.json")


def answer(found: Poolings, cell: str = DEFAULT) -> list[str]:
    """The notes' question in a few sentences, from the figures."""
    rows = {(d, p): found.of(cell, d, p) for d, p in _WAYS}
    told = []
    questions: tuple[tuple[tuple[int, Pooling], tuple[int, Pooling], str], ...] = (
        ((2, "last"), (1, "last"), "a second direction, judged at the last word, where it has read that word alone"),
        ((2, "both"), (1, "last"), "a second direction, judged where each direction has read all"),
        ((1, "mean"), (1, "last"), "the mean over all words in place of the last state, in one direction"),
        ((2, "mean"), (1, "mean"), "a second direction where the mean is judged"),
    )
    for better, worse, what in questions:
        one, other = rows[better], rows[worse]
        if one is None or other is None:
            continue
        apart, (low, high) = difference(one, other)
        verdict = (
            "helps" if low > 0 else "harms" if high < 0 else f"no difference that {len(one.right)} seeds could show"
        )
        told.append(f"{what}: {apart:+.1%} ({low:+.1%} to {high:+.1%}), {verdict}")
    return told
