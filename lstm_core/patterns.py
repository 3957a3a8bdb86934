"""Exact ranks and bins of floating-point numbers, by their patterns of bits, read piece by piece.

Knows arrays of units by positions, in memory or on disk. A rank is looked for among the values that lie where a sample
expects it. What is not there is found by the upper 16 bits of its pattern first and by the lower 16 bits then, which
gives any rank exactly (a radix selection) and keeps no value. U units, P positions, K thresholds, B bins.
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
KEPT_WINDOWS = 16  # of positions: in a longer text no value is kept
RUNS, STRETCH = 128, 8  # of positions in the sample: stretches, and their length
MARGIN = 0.08  # share of the values at either side of the sample's median that is kept

PATTERNS = 2**16
_BITS = np.arange(PATTERNS, dtype=np.uint16)
# Patterns of a float16, or of the upper half of a float32, from the lowest value to the highest.
ORDER = np.concatenate([_BITS[:0x7FFF:-1], _BITS[:0x8000]])


@dataclass(frozen=True, eq=False)
class Reading:
    """Values (U, P) that threads read in groups of units, each group in windows of positions."""

    values: Values
    report: Report
    window: int = WINDOW  # positions read at a time
    workers: int = 0  # threads; 0: as many as there are cores, at most 4

    def over_groups(self, word: str, count: Callable[[slice], Any], having: set[int] | None = None) -> list[Any]:
        """What `count` gives for each group of units, in their order; for those alone that have one of some units."""
        units = self.values.shape[0]
        groups = [slice(first, min(first + GROUP, units)) for first in range(0, units, GROUP)]
        if having is not None:
            groups = [group for group in groups if having & {*range(group.start, group.stop)}]
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


@dataclass(frozen=True, eq=False)
class _Brackets:
    """Between which values a sample expects each unit's median, `low` and `high` (U,), and up to and from which value
    it expects each quantile of all, by whether it is below the middle.
    """

    low: NDArray[np.float32]
    high: NDArray[np.float32]
    ends: list[np.float32]


def ranked(reading: Reading, thresholds: NDArray[np.float32], shares: tuple[float, ...]) -> Ranked:
    """The exact ranks. The values are read once, what lies where a sample expects medians and quantiles is kept, and
    what was not found there is found by its pattern, in two more readings. No value is kept of a text of many windows.
    """
    units, total = reading.values.shape
    few = total <= KEPT_WINDOWS * reading.window
    nowhere = np.full(units, np.nan, np.float32)
    brackets = _sampled(reading, shares) if few else _Brackets(nowhere, nowhere, [])
    found = reading.over_groups("ranks", lambda group: _between(reading, group, brackets, thresholds, shares))
    medians = np.concatenate([median for median, _, _ in found])
    quantiles: list[float | None] = [None] * len(shares)
    for k, (share, rank) in enumerate(zip(shares, _ranks(shares, units * total).tolist(), strict=True)):
        kept = np.concatenate([ends[k] for _, _, ends in found]) if few else np.zeros(0)
        at = rank if share < 0.5 else rank - units * total + len(kept)
        if 0 <= at < len(kept):
            quantiles[k] = float(np.partition(kept, at)[at])
    missing = np.flatnonzero(np.isnan(medians))
    if len(missing) or None in quantiles:
        lost = tuple(share for share, value in zip(shares, quantiles, strict=True) if value is None)
        medians[missing], others = _by_pattern(reading, missing, lost)
        quantiles = [others.pop(0) if value is None else value for value in quantiles]
    below = np.concatenate([below for _, below, _ in found])
    return Ranked(medians, below, [value for value in quantiles if value is not None])


def _sampled(reading: Reading, shares: tuple[float, ...]) -> _Brackets:
    """Brackets from RUNS short stretches of the text. They are wide, as values that stand together are alike."""
    total = reading.values.shape[1]
    starts = np.linspace(0, max(0, total - STRETCH), RUNS).astype(int)
    parts = [reading.values[:, start : start + STRETCH] for start in np.unique(starts).tolist()]
    sample = np.concatenate(parts, axis=1).astype(np.float32)
    length = sample.shape[1]
    at = [int((0.5 - MARGIN) * (length - 1)), int(np.ceil((0.5 + MARGIN) * (length - 1)))]
    low, high = np.partition(sample, at, axis=1)[:, at].T
    ends = []
    for share in shares:
        tail = min(1.0, 2 * min(share, 1 - share))
        rank = int(tail * (sample.size - 1))
        rank = rank if share < 0.5 else sample.size - 1 - rank
        ends.append(np.partition(sample, rank, axis=None)[rank])
    return _Brackets(low, high, ends)


def _between(
    reading: Reading, group: slice, brackets: _Brackets, thresholds: NDArray[np.float32], shares: tuple[float, ...]
) -> tuple[Floats, Counts, list[NDArray[np.float32]]]:
    """Medians (u,) of those within their brackets, NaN for others; values below each threshold (u, K); the values of
    all these units beyond each end.
    """
    low, high, total = brackets.low[group], brackets.high[group], reading.values.shape[1]
    units = len(low)
    inside: list[list[NDArray[np.float32]]] = [[] for _ in range(units)]
    under, below = np.zeros(units, np.int64), np.zeros((units, len(thresholds)), np.int64)
    ends: list[list[NDArray[np.float32]]] = [[] for _ in brackets.ends]
    for found in reading.windows(group, np.float32):
        for unit, row in enumerate(found):
            if not np.isfinite(row).all():
                raise not_finite()
            for k, threshold in enumerate(thresholds):
                below[unit, k] += np.count_nonzero(row < threshold)
            if not brackets.ends and np.isnan(low[unit]):
                continue
            beneath = row < low[unit]
            under[unit] += np.count_nonzero(beneath)
            inside[unit].append(row[np.flatnonzero((row <= high[unit]) & ~beneath)])  # quicker than by the mask
            for k, end in enumerate(brackets.ends):
                ends[k].append(row[np.flatnonzero(row <= end if shares[k] < 0.5 else row >= end)])
    medians = np.full(units, np.nan)
    for unit, parts in enumerate(inside):
        kept = np.concatenate(parts) if parts else np.zeros(0, np.float32)
        at = middle_ranks(total) - under[unit]
        if at[0] >= 0 and at[1] < len(kept):
            medians[unit] = np.partition(kept, at)[at].astype(np.float64).mean()
    return medians, below, [np.concatenate(parts) for parts in ends]


def _by_pattern(reading: Reading, units: NDArray[np.intp], shares: tuple[float, ...]) -> tuple[Floats, list[float]]:
    """Medians of some units, and quantiles of all: by the upper halves of the values' patterns, then by the lower
    halves that this leaves open. Without quantiles only the groups of these units are read.
    """
    every, total = reading.values.shape
    ranks, wanted = middle_ranks(total), {*units.tolist()}

    def counted(group: slice) -> tuple[dict[int, list[tuple[int, int]]], Counts]:
        """Where the middle ranks of those units are, and counts (PATTERNS,) of the upper halves of all values."""
        together, middles = np.zeros(PATTERNS, np.int64), {}
        counts = np.zeros((group.stop - group.start, PATTERNS), np.int64)
        for found in reading.windows(group, np.float32):
            for unit, row in enumerate(found.view(np.uint32)):
                counts[unit] += np.bincount(row >> 16, minlength=PATTERNS)
        for unit, of_unit in enumerate(counts, group.start):
            together += of_unit
            if unit in wanted:
                middles[unit] = _located(np.cumsum(ordered(of_unit)), ranks)
        return middles, together

    read = None if shares else wanted
    uppers = reading.over_groups("ranks by pattern", counted, read)
    middles = {unit: places for part, _ in uppers for unit, places in part.items()}
    together = np.sum([counts for _, counts in uppers], axis=0)
    ends = _located(np.cumsum(ordered(together)), _ranks(shares, every * total)) if shares else []

    def resolved(group: slice) -> tuple[dict[int, float], dict[int, Counts]]:
        """Medians of those units, and counts (PATTERNS,) of the lower halves of the values where quantiles are."""
        of_all = {upper: np.zeros(PATTERNS, np.int64) for upper, _ in ends}
        own = {
            unit: {upper: np.zeros(PATTERNS, np.int64) for upper, _ in middles[unit]}
            for unit in range(group.start, group.stop)
            if unit in wanted
        }
        for found in reading.windows(group, np.float32):
            for unit, row in enumerate(found, group.start):
                high = (row.view(np.uint32) >> 16).astype(np.uint16)
                for upper, lowers in (*own.get(unit, {}).items(), *of_all.items()):
                    np.add.at(lowers, row[high == upper].view(np.uint32) & 0xFFFF, 1)
        medians = {
            unit: sum(_value(upper, rest, of_unit[upper]) for upper, rest in middles[unit]) / len(ranks)
            for unit, of_unit in own.items()
        }
        return medians, of_all

    lowers = reading.over_groups("ranks to the last bit", resolved, read)
    found = {unit: median for part, _ in lowers for unit, median in part.items()}
    quantiles = [_value(upper, rest, sum(part[upper] for _, part in lowers)) for upper, rest in ends]
    return np.array([found[unit] for unit in units.tolist()]), quantiles


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
