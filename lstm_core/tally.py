"""Exact counts of the values that units take, read piece by piece: histograms, means, medians, quantiles.

Knows arrays of units by positions, in memory or on disk; knows nothing of recordings, signals or models. What is held
in memory grows with the units, not with the positions. U units, P positions, B bins.

A float16 is one of 65,536 patterns of bits: how often a unit took each of them is all there is to know about it. The
values of float32 are read twice: for medians and quantiles, and for the rest; two more times in a long text.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from lstm_core.patterns import (
    ORDER,
    PATTERNS,
    WINDOW,
    Bins,
    Counts,
    Floats,
    Reading,
    Report,
    Values,
    least_above,
    least_from,
    middle_ranks,
    not_finite,
    ordered,
    ranked,
)

NEAR_ZERO = 0.01  # thesis, section 5.1.1: a value counts as near zero within [-.01, .01]
LEAST_WIDTH = 1e-6  # between two quantiles, relative to the lower one where that is beyond 1
STEP = 1024  # positions of a group that are worked on at a time: what is computed of them stays in the cache

_HALF = ORDER.view(np.float16).astype(np.float64)
_HALF_FINITE = np.isfinite(_HALF)


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


def tally(values: Values, query: TallyQuery, *, report: Report = lambda share, word: None) -> Tally:
    """Count the values (U, P) of every unit. Counts, medians and extremes are exact whatever the window; means and
    deviations have the seven digits of a float32.

    Raises ValueError where there is no unit or position, and for values that are not finite.
    """
    units, total = values.shape
    if not (units and total):
        raise ValueError("no position was kept: there is nothing to count")
    reading = Reading(values, report, query.window, query.workers)
    if values.dtype == np.float16 and not query.quantiles:
        edges = np.linspace(*query.between, query.bins + 1)
        return _joined(
            edges, total, reading.over_groups("counting", lambda group: _of_halves(reading, group, edges, query.middle))
        )
    middle = query.middle
    limits = [least_from(-NEAR_ZERO), least_above(NEAR_ZERO)]
    if middle:
        limits += [least_from(middle - NEAR_ZERO), least_above(middle + NEAR_ZERO)]
    thresholds = np.array(limits)
    ranks = ranked(reading, thresholds, query.between if query.quantiles else ())
    edges = np.linspace(*(_interval(*ranks.quantiles) if query.quantiles else query.between), query.bins + 1)
    bins = Bins.of(edges)
    parts = reading.over_groups("counting", lambda group: _of_floats(reading, group, bins, ranks.median[group]))
    near, beyond, *sides = ranks.below.T
    low, high = sides or (near, beyond)
    whole = {"median": ranks.median, "near_zero": beyond - near, "lower": low, "upper": total - high}
    return _joined(edges, total, parts, whole)


def _joined(edges: Floats, total: int, parts: list[Part], whole: Part | None = None) -> Tally:
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Tally(edges=edges, total=total, **joined, **(whole or {}))


# float16: all is known from the counts of the patterns ----------------------------------------------------------------


def _of_halves(reading: Reading, group: slice, edges: Floats, middle: float) -> Part:
    """The part of a group of units."""
    counts = np.zeros((group.stop - group.start, PATTERNS), np.int64)
    for found in reading.windows(group, np.float16):
        for unit, row in enumerate(found.view(np.uint16)):
            counts[unit] += np.bincount(row, minlength=PATTERNS)
    units = [_of_patterns(of_unit, edges, middle) for of_unit in counts]
    return {name: np.array([unit[name] for unit in units]) for name in PER_UNIT}


def _of_patterns(counts: Counts, edges: Floats, middle: float) -> Part:
    """The part of one unit from the counts (PATTERNS,) of its float16 patterns."""
    counts = ordered(counts)
    seen = np.flatnonzero(counts)
    if not _HALF_FINITE[seen].all():
        raise not_finite()
    values, counts = _HALF[seen], counts[seen]  # (V,) each, from the lowest value to the highest
    until = np.concatenate([[0], np.cumsum(counts)])  # of all values before each
    total, shares = int(until[-1]), counts / until[-1]
    at = np.searchsorted(values, edges)
    at[-1] = np.searchsorted(values, edges[-1], side="right")
    median = values[np.searchsorted(until, middle_ranks(total), side="right") - 1].mean()
    near = np.searchsorted(values, [-NEAR_ZERO, NEAR_ZERO])
    near[1] = np.searchsorted(values, NEAR_ZERO, side="right")
    mean = _weighted(shares, values)
    return {
        "counts": np.diff(until[at]),
        "below": until[at[0]],
        "above": total - until[at[-1]],
        "near_zero": until[near[1]] - until[near[0]],
        "lower": until[np.searchsorted(values, middle - NEAR_ZERO)],
        "upper": total - until[np.searchsorted(values, middle + NEAR_ZERO, side="right")],
        "mean": mean,
        "deviation": np.sqrt(_weighted(shares, np.square(values - mean))),
        "mean_abs": _weighted(shares, np.abs(values)),
        "median": median,
        "spread": _weighted(shares, np.abs(values - median)),
        "lowest": values[0],
        "highest": values[-1],
    }


def _weighted(shares: Floats, values: Floats) -> np.float64:
    """The weighted mean. Not as a product of BLAS, whose own threads would wait for those that count."""
    return (shares * values).sum()


# float32: ranks first, then bins --------------------------------------------------------------------------------------


def _interval(low: float, high: float) -> tuple[float, float]:
    return low, max(high, low + LEAST_WIDTH * max(1.0, abs(low)))


def _of_floats(reading: Reading, group: slice, bins: Bins, medians: Floats) -> Part:
    """The part of a group of units, whose medians (u,) are known, without what their ranks tell."""
    units, cells, total = len(medians), len(bins.least) + 1, reading.values.shape[1]
    rows, near = np.arange(0, units * cells, cells)[:, None], medians.astype(np.float32)
    counts, sums = np.zeros(units * cells, np.int64), np.zeros((4, units))
    lowest, highest = np.full(units, np.inf), np.full(units, -np.inf)
    for found in reading.windows(group, np.float32):
        for start in range(0, found.shape[1], STEP):
            values = found[:, start : start + STEP].copy()  # (u, STEP)
            places = bins.places(values)
            places += rows
            counts += np.bincount(places.ravel(), minlength=len(counts))
            lowest, highest = np.minimum(lowest, values.min(axis=1)), np.maximum(highest, values.max(axis=1))
            with np.errstate(over="ignore", invalid="ignore"):  # told below
                sums[0] += np.abs(values).sum(axis=1)
                values -= near[:, None]
                sums[1] += values.sum(axis=1)
                sums[2] += np.square(values).sum(axis=1)
                sums[3] += np.abs(values, out=values).sum(axis=1)
    if not np.isfinite(sums).all():  # a square beyond float32
        raise not_finite()
    table, (absolute, shift, squares, spread) = counts.reshape(units, cells), sums / total
    return {
        "counts": table[:, 1:-1],
        "below": table[:, 0],
        "above": table[:, -1],
        "mean": near + shift,
        "deviation": np.sqrt(np.maximum(squares - shift**2, 0)),  # from near the mean: nothing is lost
        "mean_abs": absolute,
        "spread": spread,
        "lowest": lowest,
        "highest": highest,
    }
