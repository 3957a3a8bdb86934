"""Rows of values beside a text: what is known of each token, by which the page Probes colours and explains it.

Pure: knows nothing of Streamlit. T tokens, n of a part of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from app.charts.figure import GREY, LINES
from app.components.tag_names import named
from lstm_core.probes.active import OnSets, Unit
from lstm_core.recordings.annotations import Annotation
from lstm_core.recordings.recording import Recording
from lstm_core.text.tagged import Tagged

Kind = Literal["count", "scale", "kinds"]
NEURONS, PROBABILITY, SPEECH, OTHER = "the phrase's neurons", "probability", "part of speech", "other"
_SPEECH = {
    "noun": ("NN", "NNS"),
    "verb": ("VB", "VBD", "VBG", "VBN", "VBP", "VBZ", "MD"),
    "name": ("NNP", "NNPS"),
    "adjective": ("JJ", "JJR", "JJS"),
    "pronoun": ("PRP", "PRP$", "WP", "WP$", "EX"),
    "adverb": ("RB", "RBR", "RBS", "RP", "WRB"),
    "preposition, conjunction": ("IN", "TO", "CC"),
    "article": ("DT", "PDT", "WDT"),
}


@dataclass(frozen=True, eq=False)
class StripRow:
    """A value a token, by `name`: `values` of the tokens [start, stop), NaN where there is none.

    "count": whole numbers from 0 to the upper of the `ends`; "scale": between the `ends`, which `low` and `high` name,
    powers of ten where `logarithmic`; "kinds": codes into `labels`, which `groups` sorts into those that have a colour
    of their own, a pair of a name and a colour each in `legend`.
    """

    name: str
    kind: Kind
    values: Callable[[int, int], NDArray[np.floating]]
    low: str = ""
    high: str = ""
    ends: tuple[float, float] = (0.0, 1.0)
    logarithmic: bool = False
    labels: tuple[str, ...] = ()
    groups: tuple[int, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()

    def told(self, used: Sequence[int]) -> dict[str, Any]:
        """As JSON for tokens.js; of kinds those that are `used`, ascending, in whose places the codes then are."""
        groups = sorted({self.groups[code] for code in used})
        return {
            "name": self.name,
            "kind": self.kind,
            "low": self.low,
            "high": self.high,
            "ends": list(self.ends),
            "logarithmic": self.logarithmic,
            "labels": [self.labels[code] for code in used],
            "groups": [groups.index(self.groups[code]) for code in used],
            "legend": [list(self.legend[group]) for group in groups],
        }


def neurons_on(on: OnSets, units: Sequence[Unit]) -> StripRow:
    """How many of some units are on."""
    numbers = [on.index[unit] for unit in units]

    def values(start: int, stop: int) -> NDArray[np.floating]:
        return on.on(start, stop)[:, numbers].sum(axis=1).astype(np.float64)

    high = f"all {len(units):,} on" if len(units) > 1 else "on"
    return StripRow(NEURONS, "count", values, "none on", high, (0, max(len(units), 1)))


def probability(recording: Recording) -> StripRow:
    """What the model gave to the token that came; of words, which are seldom expected, by powers of ten."""

    def values(start: int, stop: int) -> NDArray[np.floating]:
        return np.asarray(recording.probability[start:stop], np.float64)

    if recording.vocabulary.splitter == "characters":
        return StripRow(PROBABILITY, "scale", values, "surprised (0)", "expected (1)")
    return StripRow(PROBABILITY, "scale", values, "surprised (0.0001 or less)", "expected (1)", (-4, 0), True)


def parts_of_speech(tagged: Tagged) -> StripRow:
    """The part of speech of the word that a token is or is part of."""
    kinds = [*_SPEECH, OTHER]
    of_tag = {tag: kinds.index(kind) for kind, tags in _SPEECH.items() for tag in tags}
    groups = tuple(of_tag.get(tag, len(_SPEECH)) for tag in tagged.names)
    legend = (*zip(_SPEECH, LINES, strict=True), (OTHER, GREY))

    def values(start: int, stop: int) -> NDArray[np.floating]:
        steps, found = np.arange(start, stop), np.full(stop - start, np.nan)
        word = np.searchsorted(tagged.start, steps, side="right") - 1  # the last that begins there or before
        there = np.flatnonzero(word >= 0)
        there = there[steps[there] < tagged.stop[word[there]]]
        found[there] = tagged.code[word[there]]
        return found

    return StripRow(SPEECH, "kinds", values, labels=tuple(map(named, tagged.names)), groups=groups, legend=legend)


def annotated(annotation: Annotation) -> StripRow:
    """What someone noted: a number, or a kind, of which the commonest have colours and the others share one."""
    values, labels = annotation.values, annotation.labels
    if not labels:
        sound = values[np.isfinite(values)]
        low, high = (float(sound.min()), float(sound.max())) if len(sound) else (0.0, 1.0)
        ends = (low, high if high > low else low + 1)

        def numbers(start: int, stop: int) -> NDArray[np.floating]:
            part = np.asarray(values[start:stop], np.float64)
            return np.where(np.isfinite(part), part, np.nan)

        return StripRow(annotation.name, "scale", numbers, f"{ends[0]:.4g}", f"{ends[1]:.4g}", ends)
    common = np.argsort(-np.bincount(values, minlength=len(labels)), kind="stable")[: len(LINES)].tolist()
    groups = tuple(common.index(code) if code in common else len(common) for code in range(len(labels)))
    legend = (*zip((labels[code] for code in common), LINES, strict=False), (OTHER, GREY))

    def codes(start: int, stop: int) -> NDArray[np.floating]:
        return np.asarray(values[start:stop], np.float64)

    return StripRow(annotation.name, "kinds", codes, labels=labels, groups=groups, legend=legend)


def told_apart(names: Sequence[str]) -> list[str]:
    """Names of rows, each its own: a later one that is there already gets a number."""
    found: list[str] = []
    for name in names:
        number, own = 2, name
        while own in found:
            number, own = number + 1, f"{name} ({number})"
        found.append(own)
    return found


def told(
    rows: Sequence[StripRow], spans: Sequence[tuple[int, int]]
) -> tuple[list[dict[str, Any]], list[list[list[float | None]]]]:
    """The rows as JSON, and their values over each of some parts of the text: a list a part, in it one a row."""
    heads, columns = [], []
    for row in rows:
        parts = [row.values(start, stop) for start, stop in spans]
        used: list[int] = []
        if row.kind == "kinds":
            every = np.concatenate([np.zeros(0), *parts])
            used = np.unique(every[~np.isnan(every)]).astype(np.int64).tolist()
            parts = [np.where(np.isnan(part), np.nan, np.searchsorted(used, part)) for part in parts]
        heads.append(row.told(used))
        whole = row.kind != "scale"
        columns.append([[_plain(value, whole) for value in part.tolist()] for part in parts])
    return heads, [list(values) for values in zip(*columns, strict=True)]


def _plain(value: float, whole: bool) -> float | None:
    if value != value:
        return None
    return int(value) if whole else float(f"{value:.3g}")
