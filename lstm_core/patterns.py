"""Exact ranks and bins of floating-point numbers, by their patterns of bits, read piece by piece.

Knows arrays of units by positions, in memory or on disk. A float32 is found by its upper 16 bits first and by its lower
16 bits then, which gives any rank exactly (a radix selection); the price is that the values are read twice. U units, P
positions, K thresholds, B bins.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_core.tiles import Tiles

Values = NDArray[Any] | Tiles  # (U, P)
Report = Callable[[float, str], object]
Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

WINDOW = 65_536  # positions read at a time
GROUP = 32  # units read at a time

PATTERNS = 2**16
_BITS = np.arange(PATTERNS, dtype=np.uint16)
# Patterns of a float16, or of the upper half of a float32, from the lowest value to the highest.
ORDER = np.concatenate([_BITS[:0x7FFF:-1], _BITS[:0x8000]])
_UPPER_FINITE = (_BITS & 0x7F80) != 0x7F80


@dataclass(frozen=True, eq=False)
class Reading:
    """Values (U, P) that threads read in groups of units, each group in windows of positions."""

    values: Values
    report: Report
    window: int = WINDOW  # positions read at a time
    workers: int = 0  # threads; 0: as many as there are cores, at most 4

    def over_groups(self, word: str, count: Callable[[slice], Any]) -> list[Any]:
        """What `count` gives for each group of units, in their order."""
        units = self.values.shape[0]
        groups = [slice(first, min(first + GROUP, units)) for first in range(0, units, GROUP)]
        found = []
        with ThreadPoolExecutor(self.workers or min(4, os.cpu_count() or 1)) as pool:
            for one in pool.map(count, groups):
                found.append(one)
                self.report(len(found) / len(groups), word)
        return found

    def windows(self, group: slice, dtype: type) -> Iterator[NDArray[Any]]:
        """The values (u, n) of some units, window by window."""
        for start in range(0, self.values.shape[1], self.window):
            yield np.ascontiguousarray(self.values[group, start : start + self.window], dtype=dtype)


def not_finite() -> ValueError:
    return ValueError(
        "the recording holds values that are not finite, or too large to be squared: the run that was read has "
        "diverged, train it again at a lower rate"
    )


# Ranks ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Ranked:
    """What the ranks of the values tell: `median` (U,), how many are below each threshold (U, K), and the quantiles of
    the values of all units together.
    """

    median: Floats
    below: Counts
    quantiles: list[float]


def ranked(reading: Reading, thresholds: NDArray[np.float32], shares: tuple[float, ...]) -> Ranked:
    """Rank the values by the upper halves of their patterns, then those by the lower halves that this leaves open.

    No threshold may be 0, whose two patterns are one value.
    """
    units, total = reading.values.shape
    ranks = middle_ranks(total)
    borders = (thresholds.view(np.uint32) >> 16).tolist()
    before = np.array([ORDER.tolist().index(border) - 1 for border in borders])

    def by_upper(group: slice) -> tuple[list[list[tuple[int, int]]], Counts, Counts]:
        """Where each unit's middle ranks are, its values in patterns below the thresholds' (u, K), and counts
        (PATTERNS,) of all values.
        """
        counts = np.zeros((group.stop - group.start, PATTERNS), np.int64)
        for found in reading.windows(group, np.float32):
            for unit, row in enumerate(found.view(np.uint32)):
                counts[unit] += np.bincount(row >> 16, minlength=PATTERNS)
        if counts[:, ~_UPPER_FINITE].any():
            raise not_finite()
        until = [np.cumsum(ordered(of_unit)) for of_unit in counts]
        below = np.array([of_unit[before] for of_unit in until])
        return [_located(of_unit, ranks) for of_unit in until], below, counts.sum(axis=0)

    uppers = reading.over_groups("ranks", by_upper)
    middles = [place for part, _, _ in uppers for place in part]
    together = np.sum([counts for _, _, counts in uppers], axis=0)
    ends = _located(np.cumsum(ordered(together)), _ranks(shares, units * total))

    def by_lower(group: slice) -> tuple[list[float], Counts, dict[int, Counts]]:
        """Medians (u,), values below the thresholds but in their patterns (u, K), and counts (PATTERNS,) of the lower
        halves of the values where quantiles are.
        """
        own = [{upper: np.zeros(PATTERNS, np.int64) for upper, _ in places} for places in middles[group]]
        of_all = {upper: np.zeros(PATTERNS, np.int64) for upper, _ in ends}
        below = np.zeros((len(own), len(borders)), np.int64)
        for found in reading.windows(group, np.float32):
            for row, of_unit, more in zip(found, own, below, strict=True):
                high = (row.view(np.uint32) >> 16).astype(np.uint16)
                for k, border in enumerate(borders):
                    more[k] += np.count_nonzero(row[high == border] < thresholds[k])
                for upper, lowers in (*of_unit.items(), *of_all.items()):
                    np.add.at(lowers, row[high == upper].view(np.uint32) & 0xFFFF, 1)
        medians = [
            sum(_value(upper, rest, of_unit[upper]) for upper, rest in places) / len(places)
            for places, of_unit in zip(middles[group], own, strict=True)
        ]
        return medians, below, of_all

    lowers = reading.over_groups("ranks to the last bit", by_lower)
    return Ranked(
        np.array([median for part, _, _ in lowers for median in part]),
        np.concatenate([below for _, below, _ in uppers]) + np.concatenate([below for _, below, _ in lowers]),
        [_value(upper, rest, sum(part[upper] for _, _, part in lowers)) for upper, rest in ends],
    )


def _ranks(shares: tuple[float, ...], total: int) -> Counts:
    """Ranks, from 0, of the quantiles of so many values, by numpy's "inverted_cdf" and in its arithmetic."""
    return np.maximum(np.ceil(total * np.array(shares) - 1), 0).astype(np.int64)


def ordered(counts: Counts) -> Counts:
    """Counts (PATTERNS,) of patterns, from those of the lowest value to those of the highest."""
    return np.concatenate([counts[:0x7FFF:-1], counts[:0x8000]])


def _located(until: Counts, ranks: Counts) -> list[tuple[int, int]]:
    """The pattern of the value of each rank, and its rank among the values of that pattern, where `until` (PATTERNS,)
    values are not above each pattern in their order.
    """
    at = np.searchsorted(until, ranks, side="right")
    rests = ranks - np.where(at > 0, until[at - 1], 0)
    return list(zip(ORDER[at].tolist(), rests.tolist(), strict=True))


def _value(upper: int, rest: int, counts: Counts) -> float:
    """The float32 of rank `rest` among those with this upper half, of whose lower halves there are `counts`."""
    seen = np.flatnonzero(counts)[:: -1 if upper & 0x8000 else 1]
    lower = int(seen[np.searchsorted(np.cumsum(counts[seen]), rest, side="right")])
    return float(np.array([upper << 16 | lower], np.uint32).view(np.float32)[0])


def middle_ranks(total: int) -> Counts:
    """Ranks, from 0, of the two middle ones of so many values; the same one twice where their number is odd."""
    return np.array([(total - 1) // 2, total // 2])


# Bins -----------------------------------------------------------------------------------------------------------------


def least_from(edge: Floats | float) -> NDArray[np.float32]:
    """The smallest float32 that is not below: to compare with it is to compare with the float64 itself."""
    found = np.asarray(edge, dtype=np.float32)
    return np.where(found < edge, np.nextafter(found, np.float32(np.inf)), found)


def least_above(edge: Floats | float) -> NDArray[np.float32]:
    """The smallest float32 that is above."""
    found = np.asarray(edge, dtype=np.float32)
    return np.where(found <= edge, np.nextafter(found, np.float32(np.inf)), found)


@dataclass(frozen=True, eq=False)
class Bins:
    """Equal bins between float64 edges, for values of float32: 0 below, 1 to B, B + 1 above.

    `least` (B + 1,) are the smallest float32 of bin 1, 2, ..., B + 1: to be compared with. Quicker is the place that
    value * scale + shift gives, rounded down. It never falls as the value rises: where it is right for a value at one
    side of each edge and for a value at the other side, it is right for all but those in between, the `strays`.
    """

    least: NDArray[np.float32]
    scale: float
    shift: float

    @classmethod
    def of(cls, edges: Floats) -> "Bins":
        # A hair too narrow, and right only in the middle of the last bin: edges that are float32 values themselves are
        # a hair beyond their places, as they should be, but for the last one, which still belongs to its bin.
        bins, hair = len(edges) - 1, 2**-38
        scale = (1 - hair) * bins / (edges[-1] - edges[0])
        least = np.append(least_from(edges[:-1]), least_above(edges[-1]))
        return cls(least, float(scale), float(1 + hair * (bins - 0.5) - edges[0] * scale))

    @cached_property
    def strays(self) -> dict[np.float32, int] | None:
        """The values whose place is wrong, with their bins. None where there may be more than those next to an edge, as
        next to an edge at 0.
        """
        lowest, highest = np.float32(-np.inf), np.float32(np.inf)
        bins, before = np.arange(1, len(self.least) + 1), np.nextafter(self.least, lowest)
        early = self._place(np.nextafter(before, lowest)) >= bins
        late = self._place(np.nextafter(self.least, highest)) < bins
        if (early | late).any():
            return None
        values = np.concatenate([before, self.least])
        right = np.searchsorted(self.least, values, side="right")
        wrong = self._place(values) != right
        return dict(zip(values[wrong], right[wrong].tolist(), strict=True))

    def places(self, values: NDArray[np.float32]) -> NDArray[np.intp]:
        """The bin of each value, of the same shape."""
        if self.strays is None:
            return np.searchsorted(self.least, values, side="right")
        found = self._place(values)
        for value, bin_ in self.strays.items():
            found[values == value] = bin_
        return found

    def _place(self, values: NDArray[np.float32]) -> NDArray[np.intp]:
        wide = values.astype(np.float64)
        wide *= self.scale
        wide += self.shift
        return np.clip(wide, 0, len(self.least) + 0.5, out=wide).astype(np.intp)
