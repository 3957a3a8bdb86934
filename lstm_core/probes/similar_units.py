"""Neuron-wise matching, which LSTMVis lacks: units that are on when a unit is on, or some steps before or after it.

T steps, U units.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lstm_core.probes.active import OnSets, Unit
from lstm_core.storage.frames import Framed

BLOCK = 2**15  # steps multiplied at a time: their counts are whole numbers that a float32 holds exactly
UNITS = 64  # compared at a time
MOST_LAG = 1000  # steps
EQUAL = 1e-12  # likenesses that differ less are equally good
Measure = Literal["overlap", "correlation"]
MEASURES: tuple[Measure, ...] = ("overlap", "correlation")


@dataclass(frozen=True)
class UnitsQuery:
    """The `count` units most like a unit, by when they are on, at the best of the lags from -`lag` to `lag` steps.

    Likeness is the Jaccard index ("overlap"), which steps where both are off leave alone, or the correlation.
    """

    layer: int
    unit: int
    lag: int = 0
    count: int = 20
    by: Measure = "overlap"


@dataclass(frozen=True)
class SimilarUnit:
    """A unit beside another: at `shared` steps both are on, at `either` at least one of them, where it is looked at
    `lag` steps later (earlier below 0). `by_chance` steps would be shared if the two had nothing to do with each other.
    `correlation` is that of being on (Pearson's, phi), in [-1, 1], 0 where one never changes.
    """

    layer: int
    unit: int
    lag: int
    shared: int
    either: int
    by_chance: float
    correlation: float

    @property
    def jaccard(self) -> float:
        """Shared over either, in [0, 1]."""
        return self.shared / self.either if self.either else 0.0

    def likeness(self, by: Measure) -> float:
        return self.jaccard if by == "overlap" else self.correlation


@dataclass(frozen=True)
class SimilarUnits(Framed, rows="found"):
    """The units most like one that is on at `on` of the `steps` of the text, the most alike first."""

    query: UnitsQuery
    on: int
    steps: int
    found: tuple[SimilarUnit, ...]


def similar_units(on: OnSets, query: UnitsQuery) -> SimilarUnits:
    """Compare a unit's on-set with those of all others. Of equally good lags the one nearest to 0 is taken, of equally
    good units the first. Raises ValueError for a unit that the on-sets lack, for a lag that is longer than the text and
    for an unknown measure.
    """
    if query.by not in MEASURES:
        raise ValueError(f"likeness by {query.by[:80]!r} is unknown: choose {' or '.join(MEASURES)}")
    if (query.layer, query.unit) not in on.index:
        raise ValueError(f"neuron {query.unit} of layer {query.layer} is not among those that were looked at")
    if not 0 <= query.lag <= min(MOST_LAG, len(on) - 1) or query.count < 1:
        raise ValueError(f"a lag lies between 0 and {min(MOST_LAG, len(on) - 1):,} steps, and the count is 1 or more")
    number = on.index[query.layer, query.unit]
    own = np.unpackbits(on.by_unit[number].view(np.uint8), count=len(on), bitorder="little").astype(bool)
    best: list[SimilarUnit | None] = [None] * len(on.units)
    for lag in sorted(range(-query.lag, query.lag + 1), key=abs):
        shared, mine, theirs, steps = _at_lag(on, own, lag)
        for other, (layer, unit) in enumerate(on.units):
            if other == number:
                continue
            either = int(mine + theirs[other] - shared[other])
            chance = float(mine * theirs[other] / steps)
            spread = float(mine * (steps - mine)) * float(theirs[other] * (steps - theirs[other]))
            correlation = steps * (float(shared[other]) - chance) / spread**0.5 if spread else 0.0
            found = SimilarUnit(layer, unit, lag, int(shared[other]), either, chance, correlation)
            before = best[other]
            if before is None or found.likeness(query.by) > before.likeness(query.by) + EQUAL:
                best[other] = found
    order = sorted((one for one in best if one is not None), key=lambda one: -one.likeness(query.by))
    return SimilarUnits(query, int(own.sum()), len(on), tuple(order[: query.count]))


def overlaps(on: OnSets) -> NDArray[np.int64]:
    """At how many steps each two units are both on (U, U)."""
    found = np.zeros((len(on.units), len(on.units)))
    for start in range(0, len(on), BLOCK):
        part = on.on(start, min(start + BLOCK, len(on))).astype(np.float32)
        found += part.T @ part
    return found.astype(np.int64)


def jaccards(shared: NDArray[np.int64]) -> NDArray[np.float64]:
    """The Jaccard index of each two units (U, U) from their `overlaps`; 0 where neither is ever on."""
    alone = np.diag(shared)
    either = alone[:, None] + alone[None, :] - shared
    return np.divide(shared, either, out=np.zeros(shared.shape), where=either > 0)


def groups(on: OnSets, shared: NDArray[np.int64], least: float = 0.5) -> list[tuple[Unit, ...]]:
    """Units that are on together: groups of two or more, in which all are linked by Jaccard indices of `least` or more
    (single linkage), the largest first.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    _, of_unit = connected_components(csr_array(jaccards(shared) >= least), directed=False)
    members = [np.flatnonzero(of_unit == group) for group in range(of_unit.max(initial=-1) + 1)]
    together = [tuple(on.units[number] for number in some.tolist()) for some in members if len(some) > 1]
    return sorted(together, key=lambda some: (-len(some), some))


def _at_lag(on: OnSets, own: NDArray[np.bool_], lag: int) -> tuple[NDArray[np.int64], int, NDArray[np.int64], int]:
    """Of the steps that a unit and the others `lag` later both have: shared ones (U,), those of the unit, those of the
    others (U,), how many there are.
    """
    first, last = max(0, -lag), len(own) - max(0, lag)  # of the unit's own steps
    masked = np.zeros(on.by_unit.shape[1] * 64, bool)
    masked[first + lag : last + lag] = own[first:last]
    inside = np.zeros_like(masked)
    inside[first + lag : last + lag] = True
    shared, theirs = (
        np.concatenate(
            [
                np.bitwise_count(on.by_unit[unit : unit + UNITS] & words).sum(axis=1, dtype=np.int64)
                for unit in range(0, len(on.units), UNITS)
            ]
        )
        for words in (np.packbits(mask, bitorder="little").view(np.uint64) for mask in (masked, inside))
    )
    return shared, int(own[first:last].sum()), theirs, last - first
