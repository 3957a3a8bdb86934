"""Figures that are kept beside taggers: the tags that each confuses, the shares of NLTK's perceptron, training logs.

Knows folders and labelled texts; torch is loaded only to measure.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lstm_core.storage.frames import Framed, side_by_side
from lstm_core.storage.results import PROGRAM, Fields, Results
from lstm_core.tagging.label_run import LOG, LabelRun, Share, predicted
from lstm_core.tagging.texts import Labelled
from lstm_core.text.gold_tags import PENN

if TYPE_CHECKING:
    from pandas import DataFrame


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
    found = predicted(run.network(), run.known, given)
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
