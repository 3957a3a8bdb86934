"""Which unit follows a feature of the text? Chosen on the first half of a recording, scored on the second.

A first form: a few features of running text. Pure functions of a recording.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

from lstm_core.recordings.find import same_reading
from lstm_core.recordings.recording import Recording, opened_recordings
from lstm_core.runs.settings import SIGNALS
from lstm_core.stats.ranks import Mask, auroc, two_sided
from lstm_core.storage.documents import restored
from lstm_core.text.marks import before_capital, in_quotes, inside_name, late_in_line, paragraph_start

if TYPE_CHECKING:
    from lstm_core.runs.run import Run

SEARCHED = ("h", "c")
MARGIN = 0.01  # a later signal must score so much higher to be preferred: h lies between -1 and 1 and is easier to read
LEAD = 200  # tokens shown before an example


@dataclass(frozen=True)
class Finding:
    """The unit that tells a feature best. `sign` +1 when it is high where the feature is, -1 when it is low; unit and
    sign are chosen on the first half, where they score `chosen_with`, in [.5, 1].

    `auroc` is their score on the held-out half, in [0, 1]: below .5 it points the other way there. `control` is the
    same search's held-out score in the untrained twin; `positives` of `total` held-out positions have the feature;
    `example` is a position of the recording up to 200 tokens before one where it begins.
    """

    feature: str
    signal: str
    layer: int
    unit: int
    sign: int
    chosen_with: float
    auroc: float
    control: float | None
    positives: int
    total: int
    example: int


FEATURES: dict[str, Callable[[str], Mask]] = {
    "inside direct speech": in_quotes,
    "the end of the line is near": late_in_line,
    "a capital letter comes next": before_capital,
    "inside a capitalised word": inside_name,
    "a paragraph has just begun": paragraph_start,
}


def best_unit(
    recording: Recording, feature: str, *, signals: Sequence[str] = SEARCHED, twin: Recording | None = None
) -> Finding:
    """The unit of any layer that separates a feature best: chosen with its sign on the first half, scored on the other.

    A unit's cell state is preferred to the best hidden state only where its AUROC on the first half is more than .01
    higher, and so on in the order of the recording's signals. Searched are those of `signals` that the recording, and
    where it is given its untrained twin's, has. Raises ValueError for an unknown feature, a recording of words, of
    none of the signals, or whose halves do not both have and lack the feature, and for a twin's recording of another
    text, span or positions.
    """
    if feature not in FEATURES:
        raise ValueError(f"feature {feature!r} is unknown: choose one of {', '.join(FEATURES)}")
    if recording.vocabulary.splitter != "characters":
        raise ValueError(f"{recording.spec.run} reads words, the features are of characters: choose a character run")
    places = _places(recording, signals, twin)
    text = recording.vocabulary.decode(recording.tokens)
    mask = FEATURES[feature](text)[recording.positions]
    half = len(mask) // 2
    for part in (mask[:half], mask[half:]):
        if part.all() or not part.any():
            raise ValueError(f"{feature!r} is always or never there in one half of the recording: read more text")
    (signal, layer, unit), sign, chosen_with, found = _search(recording, mask, places)
    starts = half + np.flatnonzero(np.diff(mask[half:].astype(int)) == 1)
    example = int(starts[len(starts) // 2]) if len(starts) else half
    return Finding(
        feature=feature,
        signal=signal,
        layer=layer,
        unit=unit,
        sign=sign,
        chosen_with=chosen_with,
        auroc=found,
        control=None if twin is None else _search(twin, mask, places)[3],
        positives=int(mask[half:].sum()),
        total=len(mask) - half,
        example=max(0, example - LEAD),
    )


def comparable(recording: Recording, twin: Recording) -> bool:
    """Whether two recordings are of the same positions of the same text and share a signal to search."""
    one, other = recording.spec, twin.spec
    shared = set(one.signals) & set(other.signals) & set(SEARCHED) and set(one.layers) & set(other.layers)
    return same_reading(recording, twin) and bool(shared)


def usable_recordings(weights: str) -> Iterator[Recording]:
    """Whole recordings of these weights that `best_unit` can search at every position, newest first."""
    for recording in opened_recordings(weights):
        if recording.spec.positions == "all" and set(SEARCHED) & set(recording.names):
            yield recording


def read_findings(run: "Run") -> tuple[Finding, ...]:
    """The findings kept with a run, of known features; empty when there are none of its weights or they are damaged."""
    stored = run.results().get("findings", {}).get("findings")
    try:
        found: tuple[Finding, ...] = restored(tuple[Finding, ...], stored)
    except ValueError:
        return ()
    layers, units = run.model_config.layers, run.model_config.hidden
    return tuple(
        one
        for one in found
        if one.feature in FEATURES
        and one.signal in SIGNALS[run.model_config.cell]
        and 1 <= one.layer <= layers
        and 0 <= one.unit < units
        and one.example >= 0
    )


def _places(recording: Recording, signals: Sequence[str], twin: Recording | None) -> list[tuple[str, int, int]]:
    """Signal, layer and unit of all that is searched; raises ValueError when the recordings have nothing in common."""
    one = recording.spec
    names, layers = [name for name in one.signals if name in signals], list(one.layers)
    if not names:
        raise ValueError(
            f"the recording has signals {', '.join(one.signals) or 'none'}, the search needs {' or '.join(signals)}"
        )
    if twin is not None:
        for name in ("text_fingerprint", "span", "positions", "units"):
            mine, other = getattr(one, name), getattr(twin.spec, name)
            if mine != other:
                raise ValueError(f"the recording has {name} {mine}, its twin's {other}: record both alike")
        names = [name for name in names if name in twin.spec.signals]
        layers = [layer for layer in layers if layer in twin.spec.layers]
        if not (names and layers):
            raise ValueError("the recording and its twin's have no signal of a layer in common: record both alike")
    return [(name, layer, unit) for name in names for layer in layers for unit in range(one.units)]


def _search(
    recording: Recording, mask: Mask, places: list[tuple[str, int, int]]
) -> tuple[tuple[str, int, int], int, float, float]:
    """The place whose AUROC on the first half is farthest from .5, its sign there, and its AUROC so turned on both.

    `places` are ordered by signal; one of a later signal has to be better by more than MARGIN.
    """
    half = len(mask) // 2
    scores = {place: auroc(recording.unit(*place)[:half], mask[:half]) for place in places}
    strengths = {place: two_sided(score) for place, score in scores.items()}
    best, *later = [
        max(of_signal, key=lambda place: strengths[place]) for _, of_signal in groupby(places, itemgetter(0))
    ]
    for other in later:
        if strengths[other] > strengths[best] + MARGIN:
            best = other
    held_out = auroc(recording.unit(*best)[half:], mask[half:])
    sign = 1 if scores[best] >= 0.5 else -1
    return best, sign, strengths[best], held_out if sign == 1 else 1 - held_out
