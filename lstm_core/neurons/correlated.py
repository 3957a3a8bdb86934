"""Which units do the same, or the opposite, as a unit, of its layer or of another run: the correlation of their values.

Pure functions of recordings of the same tokens; knows nothing of models or pages. U units, P positions kept.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_core.recordings.recording import Recording
from lstm_core.storage.frames import Framed
from lstm_core.storage.results import Results

WINDOW = 4096  # positions read at a time
MOST = 2 * 10**11  # products of a layer's units that are made for the first unit that is asked for, a few seconds
SHIFTS = 10  # ways to lay the values over the text: as they are, and moved on by tenths of it


@dataclass(frozen=True)
class RelatedQuery:
    """The `count` nearest relatives of a unit (from 0) of a signal of a layer (from 1)."""

    signal: str
    layer: int
    unit: int
    count: int = 5


@dataclass(frozen=True)
class Related:
    """A unit and the correlation of its values with those of the unit asked for, in [-1, 1]."""

    unit: int
    correlation: float


def related(recording: Recording, query: RelatedQuery) -> tuple[Related, ...]:
    """The units with the highest |correlation|, the highest first, of equal ones the lower number first.

    Units whose values never change have no correlation and are left out. Raises ValueError where the recording lacks
    the signal, layer or unit.
    """
    place = query.signal, query.layer
    if recording.results_folder and recording.spec.units**2 * len(recording.positions) <= MOST:
        of_layer = {"signal": query.signal, "layer": query.layer}
        kept = CORRELATIONS.read_or_compute(recording, lambda: layer_correlations(recording, *place), **of_layer)
        found = kept.of(query.unit)
    else:
        found = correlations(recording, *place, query.unit)
    strength = np.nan_to_num(np.abs(found), nan=-1.0)
    strength[query.unit] = -1.0
    order = np.argsort(-strength, kind="stable")[: query.count].tolist()
    return tuple(Related(unit, float(found[unit])) for unit in order if strength[unit] >= 0)


@dataclass(frozen=True, eq=False)
class LayerCorrelations(Framed, columns=("values",)):
    """The correlation of each unit of a signal of a layer with each other (U, U), over all positions.

    0 where one of the two is `still` (U,), which means that it never changes.
    """

    signal: str
    layer: int
    values: NDArray[np.float64]
    still: NDArray[np.bool_]

    def of(self, unit: int) -> NDArray[np.float64]:
        """Those of a unit (U,), NaN where one of two never changes; raises ValueError for a unit that is not there."""
        if not 0 <= unit < len(self.still):
            raise ValueError(f"unit {unit} is not in 0 to {len(self.still) - 1}")
        return np.where(self.still | self.still[unit], np.nan, self.values[unit])


def layer_correlations(recording: Recording, signal: str, layer: int, *, window: int = WINDOW) -> LayerCorrelations:
    """Pearson's correlation of every two units of a layer, read once, `window` positions at a time.

    Raises ValueError where the recording lacks the signal or layer.
    """
    units, total = recording.spec.units, max(len(recording.positions), 1)
    first = recording.window(signal, layer, 0, 1).astype(np.float64)  # (U, 1): far from zero nothing is lost
    sums, products = np.zeros(units), np.zeros((units, units))
    for start in range(0, len(recording.positions), window):
        part = recording.window(signal, layer, start, min(start + window, total)) - first  # (U, n)
        sums += part.sum(axis=1)
        products += part @ part.T
    shared = products - np.outer(sums, sums) / total
    spread = np.sqrt(np.maximum(np.diag(shared), 0.0))
    still = spread == 0
    values = shared / np.where(still, 1.0, spread) / np.where(still, 1.0, spread)[:, np.newaxis]
    values[still] = values[:, still] = 0.0
    return LayerCorrelations(signal, layer, np.clip(values, -1.0, 1.0), still)


def _sound(found: LayerCorrelations) -> bool:
    return found.values.shape == (len(found.still), len(found.still))


CORRELATIONS = Results("correlations/{signal}-{layer}.safetensors", LayerCorrelations, own=None, sound=_sound)


def correlations(
    recording: Recording, signal: str, layer: int, unit: int, *, window: int = WINDOW
) -> NDArray[np.float64]:
    """Pearson's correlation of a unit with every unit of its layer (U,), over all positions; NaN where one of the two
    never changes.

    Raises ValueError as `related`.
    """
    values = recording.unit(signal, layer, unit).astype(np.float64)
    return correlations_with(values[np.newaxis], recording, signal, layer, window=window)[0]


def correlations_with(
    values: NDArray[np.float64], recording: Recording, signal: str, layer: int, *, window: int = WINDOW
) -> NDArray[np.float64]:
    """The same of rows of any values (K, P), one a kept position, with every unit of a layer: (K, U).

    Read `window` positions at a time, so that memory does not grow with the text; sums are of doubles, counted from
    each first value so that nothing is lost where values lie far from zero. Raises ValueError where the recording lacks
    the signal or layer.
    """
    units, (rows, total) = recording.spec.units, values.shape
    if not total:
        return np.full((rows, units), np.nan)
    first = recording.window(signal, layer, 0, 1).astype(np.float64)  # (U, 1)
    own = values - values[:, :1]
    sums, squares = np.zeros((2, units))
    products = np.zeros((rows, units))
    for start in range(0, total, window):
        part = recording.window(signal, layer, start, min(start + window, total)) - first  # (U, n)
        sums += part.sum(axis=1)
        squares += np.vecdot(part, part)
        products += own[:, start : start + window] @ part.T
    shared = products - np.outer(own.sum(axis=1), sums) / total
    spread = np.maximum(squares - np.square(sums) / total, 0.0)  # (U,)
    wanted = np.maximum(np.vecdot(own, own) - np.square(own.sum(axis=1)) / total, 0.0)[:, np.newaxis]  # (K, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = shared / np.sqrt(spread * wanted)
    found[(spread == 0) | (wanted == 0)] = np.nan
    return np.clip(found, -1.0, 1.0)


@dataclass(frozen=True)
class Counterpart(Framed):
    """The unit whose values have the highest |correlation| with those asked for, with its sign, in [-1, 1].

    `chance`: the highest |correlation| of any unit with the same values moved on by a tenth of the text, two tenths and
    so on, so that they have nothing to do with what is read. All are None where no unit has a correlation.
    """

    unit: int | None
    correlation: float | None
    chance: float | None


def counterpart(one: Recording, query: RelatedQuery, other: Recording) -> Counterpart:
    """The unit of the same signal and layer in `other` that matches a unit of `one`; of equal ones the lower number.

    Units whose values never change are left out. Raises ValueError where a recording lacks the signal, layer or unit,
    and where the two are not of the same tokens of one text.
    """
    mine, theirs = one.spec, other.spec
    if (mine.text_fingerprint, mine.span, mine.positions) != (theirs.text_fingerprint, theirs.span, theirs.positions):
        raise ValueError(f"{mine.run} read {one.title}, {theirs.run} read {other.title}: let both read the same")
    if len(one.positions) != len(other.positions):
        raise ValueError(
            f"{mine.run} kept {len(one.positions):,} positions, {theirs.run} {len(other.positions):,}: record both "
            "again, they were cut into tokens otherwise"
        )
    values = one.unit(query.signal, query.layer, query.unit).astype(np.float64)
    moves = [len(values) * step // SHIFTS for step in range(SHIFTS)]  # the first: not at all
    rows = np.array([np.roll(values, move) for move in moves])
    found, *moved = correlations_with(rows, other, query.signal, query.layer)
    unit = _strongest(found)
    if unit is None:
        return Counterpart(None, None, None)
    best = [abs(float(row[at])) for row in moved if (at := _strongest(row)) is not None]
    return Counterpart(unit, float(found[unit]), max(best))


def _strongest(found: NDArray[np.float64]) -> int | None:
    strength = np.nan_to_num(np.abs(found), nan=-1.0)
    unit = int(strength.argmax())
    return unit if strength[unit] >= 0 else None
