"""Which unit follows a feature of the text? Chosen on the first half of a recording, scored on the second.

A first form: a few features of running text. Pure functions of a recording.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from lstm_core.recording import Recording

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Finding:
    """The unit that tells a feature best. `auroc` two-sided in [.5, 1] on the held-out half; `chosen_with` the
    same on the half it was chosen on; `sign` +1 when it is high.

    `control` is the same search's figure in the untrained twin; `positives` of `total` held-out positions have the
    feature; `example` is a position of the recording where it begins.
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


def in_quotes(text: str) -> Mask:
    """Between an opening and a closing straight double quotation mark of the same paragraph (thesis: parity)."""
    mask = np.zeros(len(text), bool)
    for paragraph in re.finditer(r"(?:(?!\n\s*\n)[\s\S])+", text):
        inside = False
        for position in range(*paragraph.span()):
            if text[position] == '"':
                inside = not inside
            mask[position] = inside
    return mask


def late_in_line(text: str, column: int = 55) -> Mask:
    """At least `column` characters after the last line break: where a wrapped line must soon end."""
    ends = np.array([-1, *(match.start() for match in re.finditer("\n", text))])
    positions = np.arange(len(text))
    return positions - ends[np.searchsorted(ends, positions) - 1] > column


def paragraph_start(text: str, characters: int = 40) -> Mask:
    """Within the first characters of a paragraph."""
    mask = np.zeros(len(text), bool)
    for match in re.finditer(r"\n\s*\n", text):
        mask[match.end() : match.end() + characters] = True
    return mask


def inside_name(text: str) -> Mask:
    """Within a word that begins with a capital letter, after its first letter."""
    mask = np.zeros(len(text), bool)
    for match in re.finditer(r"\b[A-Z]\w+", text):
        mask[match.start() + 1 : match.end()] = True
    return mask


def before_capital(text: str) -> Mask:
    """The next character is a capital letter: a name or a new sentence is about to begin."""
    return np.array([character.isupper() for character in text[1:]] + [False])


FEATURES: dict[str, Callable[[str], Mask]] = {
    "inside direct speech": in_quotes,
    "the end of the line is near": late_in_line,
    "a capital letter comes next": before_capital,
    "inside a capitalised word": inside_name,
    "a paragraph has just begun": paragraph_start,
}


def best_unit(
    recording: Recording, feature: str, *, signals: Sequence[str] = ("h", "c"), twin: Recording | None = None
) -> Finding:
    """The unit of any layer that separates a feature best, chosen on the first half, scored on the second.

    `signals` the recording lacks are passed over.

    Raises ValueError for an unknown feature or a recording whose halves do not both have and lack it.
    """
    if feature not in FEATURES:
        raise ValueError(f"feature {feature!r} is unknown: choose one of {', '.join(FEATURES)}")
    text = recording.vocabulary.decode(recording.tokens)
    mask = FEATURES[feature](text)[recording.positions]
    half = len(mask) // 2
    for part in (mask[:half], mask[half:]):
        if part.all() or not part.any():
            raise ValueError(f"{feature!r} is always or never there in one half of the recording: read more text")
    signal, layer, unit = _choose(recording, mask[:half], signals)
    chosen_with = two_sided(auroc(recording.unit(signal, layer, unit)[:half], mask[:half]))
    found = auroc(recording.unit(signal, layer, unit)[half:], mask[half:])
    control = None
    if twin is not None:
        control = two_sided(auroc(twin.unit(*_choose(twin, mask[:half], signals))[half:], mask[half:]))
    starts = half + np.flatnonzero(np.diff(mask[half:].astype(int)) == 1)
    example = int(starts[len(starts) // 2]) if len(starts) else half
    return Finding(
        feature,
        signal,
        layer,
        unit,
        1 if found >= 0.5 else -1,
        chosen_with,
        two_sided(found),
        control,
        int(mask[half:].sum()),
        len(mask) - half,
        max(0, example - 200),
    )


def auroc(values: NDArray[np.float32], mask: Mask) -> float:
    """Probability that a value where the mask holds exceeds one where it does not, ties counted half (Mann-Whitney)."""
    positives = int(mask.sum())
    ranks = rankdata(values)
    return float((ranks[mask].sum() - positives * (positives + 1) / 2) / (positives * (len(mask) - positives)))


def two_sided(value: float) -> float:
    """An AUROC whichever way it points: in [.5, 1]."""
    return max(value, 1 - value)


def _choose(recording: Recording, mask: Mask, signals: Sequence[str]) -> tuple[str, int, int]:
    scores = {
        (signal, layer, unit): two_sided(auroc(recording.unit(signal, layer, unit)[: len(mask)], mask))
        for signal in recording.names
        if signal in signals
        for layer in recording.spec.layers
        for unit in range(recording.spec.units)
    }
    return max(scores, key=lambda place: scores[place])
