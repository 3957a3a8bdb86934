"""Figures that are kept beside taggers: the tags that each confuses, the shares of NLTK's perceptron, training logs.

Knows folders and labelled texts; torch is loaded only to measure.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lstm_core.storage import files
from lstm_core.storage.documents import restored
from lstm_core.storage.files import read_json, write_json
from lstm_core.tagging.label_run import LOG, LabelRun, Share, label_runs, predicted, restored_shares
from lstm_core.tagging.tag import measure_perceptron
from lstm_core.tagging.texts import TESTS, Labelled
from lstm_core.text.gold_tags import PENN

CONFUSION, PERCEPTRON = "results/confusion.json", "perceptron.json"


@dataclass(frozen=True)
class Confusion:
    """How often a tagger gave a tag, of `names` (K), to words that people gave another: `counts` (K, K), a row for each
    tag of people. `weights` is the fingerprint of the tagger that was asked, `text` names the text.
    """

    weights: str
    text: str
    names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

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
    path = run.folder / CONFUSION
    if not path.is_file():
        return None
    try:
        found: Confusion = restored(Confusion, read_json(path), str(path))
    except ValueError:
        return None
    square = all(len(row) == len(found.names) for row in found.counts) and len(found.counts) == len(found.names)
    return found if square and found.weights == run.fingerprint else None


def perceptron_shares() -> dict[str, Share]:
    """The shares of right tags of NLTK's perceptron, trained on the same text, by text; empty where none are kept."""
    try:
        return restored_shares(read_json(files.SHIPPED / "taggers" / PERCEPTRON))
    except ValueError:
        return {}


def keep_all(texts: dict[str, Labelled]) -> None:
    """Measure and keep the confusion of every tagger that ships, and the perceptron's shares; for maintainers."""
    for run in label_runs("taggers"):
        if run.shipped:
            write_json(run.folder / CONFUSION, asdict(confusion(run, texts["masc"], TESTS["masc"])))
    shares = {name: asdict(share) for name, share in measure_perceptron(texts).items()}
    write_json(files.SHIPPED / "taggers" / PERCEPTRON, shares)


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
