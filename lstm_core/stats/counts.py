"""Exact counts of the values that units take, read piece by piece: histograms, means, medians, quantiles.

Knows arrays of units by positions, in memory or on disk; knows nothing of recordings, signals or models. What is held
in memory grows with the units, not with the positions. U units, P positions, B bins.

How often a unit took each of the 65,536 float16 is all there is to know about it. Values of float32 are read three
times: their ranks are found in two readings, and the bins and sums, which need the ranks, are counted in the third.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lstm_core.storage.progress import Progress, silent
from lstm_core.storage.tiles import Tiles

if TYPE_CHECKING:
    from lstm_core.stats.count_loops import Part as LoopPart

Values = NDArray[Any] | Tiles  # (U, P)
Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

NEAR_ZERO = 0.01  # thesis, section 5.1.1: a value counts as near zero within [-.01, .01]
LEAST_WIDTH = 1e-6  # between two quantiles, relative to the lower one where that is beyond 1
WINDOW = 65_536  # positions read at a time
GROUP = 32  # units read at a time
NEAR = 2048  # positions that are still in the cache when they are read again

_PLACES = np.arange(2**16, dtype=np.uint16)
ORDER = np.where(_PLACES & 0x8000, _PLACES ^ 0x8000, ~_PLACES)  # patterns from the lowest value to the highest
MASKS = np.array([0xFFFF, 0x8000], np.uint32)  # the same: of places below 0x8000 and from there on
HALVES = ORDER.view(np.float16).astype(np.float64)
with np.errstate(invalid="ignore"):
    HALF_FINITE = np.isfinite(_PLACES.view(np.float16))
UPPER_FINITE = np.isfinite((_PLACES.astype(np.uint32) << 16).view(np.float32))


@dataclass(frozen=True, eq=False, kw_only=True)
class Tally:
    """How often each of U units took which values, over `total` positions.

    `counts` (U, B) over `edges` (B + 1,): right-open bins, the last one closed, as `numpy.histogram` counts the same
    values as float32; `below` and `above` (U,) are the values beyond the edges. `near_zero` (U,) values lie within
    [-.01, .01], `lower` and `upper` (U,) farther than .01 below and above the middle. `median` is numpy's (the mean of
    the two middle values), `spread` the mean distance from it, `mean_abs` the mean distance from zero; (U,) each.
    """

    edges: Floats
    total: int
    counts: Counts
    below: Counts
    above: Counts
    near_zero: Counts
    lower: Counts
    upper: Counts
    mean: Floats
    deviation: Floats
    mean_abs: Floats
    median: Floats
    spread: Floats
    lowest: Floats
    highest: Floats


PER_UNIT = tuple(one.name for one in fields(Tally) if one.name not in ("edges", "total"))
Part = dict[str, Any]  # the fields of a Tally that are per unit, of one unit or of a few


@dataclass(frozen=True)
class TallyQuery:
    """Between which edges and how values are counted.

    `between`: two numbers, or two quantiles of all values of all units where `quantiles` is set; they are values that
    occur, `numpy.quantile(values, between, method="inverted_cdf")`, the upper one moved up where nothing lies between.
    `window` positions are read at a time, by `workers` threads (0: as many as there are cores, at most 4).
    """

    between: tuple[float, float]
    quantiles: bool = False
    bins: int = 200
    middle: float = 0.0
    window: int = WINDOW
    workers: int = 0


def tally(values: Values, query: TallyQuery, *, report: Progress = silent) -> Tally:
    """Count the values (U, P) of every unit. Counts, medians and extremes are exact; sums are of float64.

    Raises ValueError where there is no unit or position, and for values that are not finite.
    """
    units, total = values.shape
    if not (units and total):
        raise ValueError("no position was kept: there is nothing to count")
    reading = _Reading(values, query.window, query.workers, report)
    medians, between = None, query.between
    if values.dtype != np.float16 or query.quantiles:
        medians, quantiles = _ranked(reading, query.between if query.quantiles else ())
        if query.quantiles:
            low, high = quantiles
            between = low, max(high, low + LEAST_WIDTH * max(1.0, abs(low)))
    edges = np.linspace(*between, query.bins + 1)

    def of_group(group: slice) -> Part:
        return _of_group(reading, group, edges, None if medians is None else medians[group], query.middle)

    parts = reading.over_groups("counting", of_group)
    return Tally(
        edges=edges, total=total, **{name: np.concatenate([part[name] for part in parts]) for name in PER_UNIT}
    )


@dataclass(frozen=True, eq=False)
class _Reading:
    """Values (U, P) that threads read in groups of units, each group in windows of positions."""

    values: Values
    window: int
    workers: int
    report: Progress

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

    def parts(self, group: slice, dtype: type, window: int) -> Iterator[tuple[NDArray[Any], "LoopPart"]]:
        """Some units, window by window, as `loops` read them: values (N, U, T), and which part of them is meant."""
        units, total = group.stop - group.start, self.values.shape[1]
        for start in range(0, total, window):
            stop = min(start + window, total)
            if isinstance(self.values, Tiles) and self.values.dtype == dtype:
                yield self.values.tiles, (group.start, group.stop, start, stop)
            else:
                rows: NDArray[Any] = np.ascontiguousarray(self.values[group, start:stop], dtype=dtype)
                yield rows[None], (0, units, 0, stop - start)


def _counted(reading: _Reading, group: slice, dtype: type) -> NDArray[np.uint32]:
    """How often each of some units has each pattern (u, PATTERNS): of a float16, or of the upper half of a float32."""
    from lstm_core.stats.count_loops import PATTERNS, count_patterns  # loads numba

    bits, shift, finite = (np.uint16, 0, HALF_FINITE) if dtype is np.float16 else (np.uint32, 16, UPPER_FINITE)
    counts = np.zeros((group.stop - group.start, PATTERNS), np.uint32)
    for values, part in reading.parts(group, dtype, reading.window):
        count_patterns(values.view(bits), part, shift, counts)
    if counts[:, ~finite].any():
        raise ValueError(
            "the recording holds values that are not finite: the run that was read has diverged, train it again at a "
            "lower rate"
        )
    return counts


def _located(
    counts: NDArray[Any], ranks: Counts, masks: NDArray[np.uint32] = MASKS
) -> tuple[NDArray[np.uint32], Counts]:
    """Patterns (u, R) where ranks (u, R), or (R,) of every unit, are, and the ranks (u, R) among those of that pattern.

    `masks` (u, 2), or (2,) of every unit, tell the order of the patterns.
    """
    from lstm_core.stats.count_loops import locate  # loads numba

    wanted, order = (
        np.ascontiguousarray(np.broadcast_to(of_unit, (len(counts), of_unit.shape[-1]))) for of_unit in (ranks, masks)
    )
    patterns, rests = np.zeros(wanted.shape, np.uint32), np.zeros(wanted.shape, np.int64)
    locate(counts, order, wanted, patterns, rests)
    return patterns, rests


def _ranked(reading: _Reading, shares: tuple[float, ...]) -> tuple[Floats, list[float]]:
    """The medians (U,) of float32, and the quantiles of the values of all units together: by the upper halves of their
    patterns, then by the lower halves that this leaves open.
    """
    from lstm_core.stats.count_loops import PATTERNS, count_lowers  # loads numba

    units, total = reading.values.shape

    def uppers(group: slice) -> tuple[tuple[NDArray[np.uint32], Counts], Counts]:
        counts = _counted(reading, group, np.float32)
        return _located(counts, middle_ranks(total)), counts.sum(axis=0, dtype=np.int64)

    found = reading.over_groups("ranks", uppers)
    own, ranks = (np.concatenate(of_groups) for of_groups in zip(*(places for places, _ in found), strict=True))
    together = np.sum([counts for _, counts in found], axis=0)[None]
    ends, rests = (one[0] for one in _located(together, quantile_ranks(shares, units * total)))
    shared = np.unique(ends)

    def lowers(group: slice) -> tuple[Floats, Counts]:
        of_units = np.zeros((group.stop - group.start, 2, PATTERNS), np.uint32)
        of_all = np.zeros((len(shared), PATTERNS), np.int64)
        for values, part in reading.parts(group, np.float32, reading.window):
            count_lowers(values.view(np.uint32), part, own[group], shared, of_units, of_all)
        upper = own[group].ravel()
        lower, _ = _located(of_units.reshape(-1, PATTERNS), ranks[group].reshape(-1, 1), masks_below(upper))
        return value_of(upper, lower[:, 0]).reshape(-1, 2).mean(axis=1), of_all

    parts = reading.over_groups("ranks to the last bit", lowers)
    of_all = np.sum([counts for _, counts in parts], axis=0)
    lower, _ = _located(of_all[np.searchsorted(shared, ends)], rests[:, None], masks_below(ends))
    return np.concatenate([medians for medians, _ in parts]), value_of(ends, lower[:, 0]).tolist()


def _of_group(reading: _Reading, group: slice, edges: Floats, medians: Floats | None, middle: float) -> Part:
    """The part of a group of units; without their medians (u,), from how often each float16 occurs."""
    from lstm_core.stats.count_loops import add_up, add_up_patterns, count_bins  # loads numba

    units, total, least = group.stop - group.start, reading.values.shape[1], least_of_bins(edges)
    counts, sides = np.zeros((units, len(edges) + 1), np.int64), np.zeros((units, 3), np.int64)
    sums = np.repeat([[0.0, 0.0, 0.0, 0.0, np.inf, -np.inf]], units, axis=0)
    if medians is None:
        times = _counted(reading, group, np.float16)
        patterns = _located(times, middle_ranks(total))[0].astype(np.uint16)
        medians = patterns.view(np.float16).mean(axis=1, dtype=np.float64)
        found: dict[str, Any] = {"counts": counts, "sums": sums, "sides": sides}
        add_up_patterns(times, ORDER, HALVES, least, medians, middle=middle, margin=NEAR_ZERO, **found)
    else:
        scale = (len(edges) - 1) / (edges[-1] - edges[0])
        for values, part in reading.parts(group, np.float32, min(reading.window, NEAR)):
            count_bins(values, part, least, scale, 1 - edges[0] * scale, counts)
            add_up(values, part, medians, middle, NEAR_ZERO, sums, sides)
    size, shift, square, spread = sums[:, :4].T / total
    near, lower, upper = sides.T
    return {
        "counts": counts[:, 1:-1],
        "below": counts[:, 0],
        "above": counts[:, -1],
        "near_zero": near,
        "lower": lower,
        "upper": upper,
        "mean": medians + shift,
        "deviation": np.sqrt(np.maximum(square - shift**2, 0)),  # from near the mean: nothing is lost
        "mean_abs": size,
        "median": medians,
        "spread": spread,
        "lowest": sums[:, 4],
        "highest": sums[:, 5],
    }


# Patterns of bits -----------------------------------------------------------------------------------------------------

# A float16, or the upper half of a float32, is one of 65,536 patterns. How often each occurs tells that of a rank; how
# often each lower half goes with it tells the value itself (a radix selection), and no value is kept.


def masks_below(uppers: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The masks (N, 2) of the order of lower halves below upper ones (N,): rising for positive values, else falling."""
    return np.repeat(np.where(uppers & 0x8000, 0xFFFF, 0).astype(np.uint32)[:, None], 2, axis=1)


def value_of(upper: NDArray[np.uint32], lower: NDArray[np.uint32]) -> Floats:
    """The float32 values with these halves of their patterns."""
    return (upper << 16 | lower).view(np.float32).astype(np.float64)


def middle_ranks(total: int) -> Counts:
    """Ranks, from 0, of the two middle ones of so many values; the same one twice where their number is odd."""
    return np.array([(total - 1) // 2, total // 2])


def quantile_ranks(shares: tuple[float, ...], total: int) -> Counts:
    """Ranks, from 0, of the quantiles of so many values, by numpy's "inverted_cdf" and in its arithmetic."""
    return np.maximum(np.ceil(total * np.array(shares) - 1), 0).astype(np.int64)


def least_of_bins(edges: Floats) -> NDArray[np.float32]:
    """The smallest float32 (B + 1,) of bin 1, 2, ..., B and of what is above them: right-open bins, the last closed.

    To compare a float32 with them is to compare it with the float64 edges themselves.
    """
    found = edges.astype(np.float32)
    early = found < edges
    early[-1] = found[-1] <= edges[-1]
    return np.where(early, np.nextafter(found, np.float32(np.inf)), found)
