"""Which unit of another run does what a unit of this run does: the one whose values go most with, or against, its own.

Pure functions of recordings of the same tokens; knows nothing of models or pages. U units, P positions kept.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_core.neurons.correlated import correlations_with
from lstm_core.recordings.recording import Recording
from lstm_core.storage.frames import Framed

SHIFTS = 10  # ways to lay the values over the text: as they are, and moved on by tenths of it


@dataclass(frozen=True)
class CounterpartQuery:
    """A unit (from 0) of a signal of a layer (from 1)."""

    signal: str
    layer: int
    unit: int


@dataclass(frozen=True)
class Counterpart(Framed):
    """The unit whose values have the highest |correlation| with those asked for, with its sign, in [-1, 1].

    `chance`: the highest |correlation| of any unit with the same values moved on by a tenth of the text, two tenths and
    so on, so that they have nothing to do with what is read. All are None where no unit has a correlation.
    """

    unit: int | None
    correlation: float | None
    chance: float | None


def counterpart(one: Recording, query: CounterpartQuery, other: Recording) -> Counterpart:
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
    """The unit with the highest |correlation|."""
    strength = np.nan_to_num(np.abs(found), nan=-1.0)
    unit = int(strength.argmax())
    return unit if strength[unit] >= 0 else None
