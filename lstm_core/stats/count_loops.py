"""Compiled loops over the values of units: how often they take which pattern of bits, which bin, and their sums.

Values are (N, U, T): T positions of U units, N times, as they lie in a file of tiles. Of these a loop reads a part:
units [a, b) at positions [c, d), `part` = (a, b, c, d), u units in all. It copies nothing and does not hold up the
interpreter, so that threads count side by side. Results are added to the arrays given. Compiled once on a machine, by
the first import, which takes some seconds.

Rows are read by an index: a loop over the row itself is not vectorised.
"""

import numpy as np
from numpy.typing import NDArray

from lstm_core.stats.compiled import (
    F32,
    F64,
    I64,
    U16,
    U32,
    compiled,
    float32,
    float64,
    given,
    int64,
    made,
    some,
    uint8,
    uint16,
    uint32,
)

PATTERNS = 2**16  # of float16, and of either half of a float32
DOUBT = 1e-6  # of a bin: more than rounding can do where a bin is not below 1e-9 of its edges
Part = tuple[int, int, int, int]

_PART = some(int64, 4)
_SUMS = made(float64, 2), made(int64, 2)
_FREELY = {"reassoc", "nnan", "nsz", "contract"}  # the order of a sum of finite values is free


# Patterns of bits -----------------------------------------------------------------------------------------------------


@compiled((given(uint16, 3), _PART, uint8, made(uint32, 2)), (given(uint32, 3), _PART, uint8, made(uint32, 2)))
def count_patterns(values: NDArray[np.unsignedinteger], part: Part, shift: int, counts: U32) -> None:
    """How often each unit has each pattern `values >> shift`: `counts` (u, PATTERNS)."""
    a, b, c, d = part
    length = values.shape[2]
    for n in range(c // length, -(-d // length)):
        first, last = max(c - n * length, 0), min(d - n * length, length)
        for unit in range(b - a):
            row, of_unit = values[n, a + unit, first:last], counts[unit]
            for p in range(len(row)):
                of_unit[row[p] >> shift] += 1


@compiled((given(uint32, 3), _PART, given(uint32, 2), given(uint32, 1), made(uint32, 3), made(int64, 2)))
def count_lowers(values: U32, part: Part, own: U32, shared: U32, counts: U32, together: I64) -> None:
    """How often each lower half of a pattern goes with the upper halves that are looked for.

    `own` (u, 2) are those looked for in each unit, counted in `counts` (u, 2, PATTERNS); `shared` (K,), all different,
    those looked for in every unit, counted in `together` (K, PATTERNS).
    """
    watched = np.zeros(PATTERNS, np.uint8)
    watched[shared] = 1
    a, b, c, d = part
    length = values.shape[2]
    for n in range(c // length, -(-d // length)):
        first, last = max(c - n * length, 0), min(d - n * length, length)
        for unit in range(b - a):
            row, of_unit = values[n, a + unit, first:last], counts[unit]
            low, high = own[unit, 0], own[unit, 1]
            before = watched[low], watched[high]
            watched[low] = watched[high] = 1
            for p in range(len(row)):
                upper = row[p] >> 16
                if watched[upper]:
                    lower = row[p] & 0xFFFF
                    if upper == low:
                        of_unit[0, lower] += 1
                    if upper == high:
                        of_unit[1, lower] += 1
                    for k in range(len(shared)):
                        if upper == shared[k]:
                            together[k, lower] += 1
            watched[low], watched[high] = before


_MASKS = given(uint32, 2)


@compiled(
    (given(uint32, 2), _MASKS, given(int64, 2), made(uint32, 2), made(int64, 2)),
    (given(int64, 2), _MASKS, given(int64, 2), made(uint32, 2), made(int64, 2)),
)
def locate(counts: NDArray[np.integer], masks: U32, ranks: I64, patterns: U32, rests: I64) -> None:
    """Where ranks, from 0 and not falling, are: `counts` (u, PATTERNS), `ranks` (u, R).

    Written to `patterns` (u, R), and to `rests` (u, R) the rank among those of that pattern. In the order of their
    values the i-th pattern is i ^ `masks` (u, 2): the first of them in the lower half of the order, else the second.
    """
    for unit in range(len(counts)):
        place, until = -1, 0  # values of the patterns up to this place
        pattern = uint32(0)
        for r in range(ranks.shape[1]):
            while until <= ranks[unit, r] and place + 1 < PATTERNS:
                place += 1
                pattern = uint32(place) ^ masks[unit, place >> 15]
                until += int64(counts[unit, pattern])
            patterns[unit, r] = pattern
            rests[unit, r] = ranks[unit, r] - (until - int64(counts[unit, pattern]))


# Bins and sums --------------------------------------------------------------------------------------------------------


@compiled((given(float32, 3), _PART, given(float32, 1), float64, float64, made(int64, 2)))
def count_bins(values: F32, part: Part, least: F32, scale: float, shift: float, counts: I64) -> None:
    """How often each unit is in each bin: `counts` (u, B + 2), those below first, those above last.

    `least` (B + 1,) are the smallest values of bin 1, 2, ..., B + 1. The bin is `value * scale + shift` rounded down,
    where this is not within DOUBT of a whole number; else `least` decides.
    """
    a, b, c, d = part
    length, bins = values.shape[2], len(least)
    found = np.zeros(length, np.int32)
    for n in range(c // length, -(-d // length)):
        first, last = max(c - n * length, 0), min(d - n * length, length)
        for unit in range(b - a):
            row, of_unit = values[n, a + unit, first:last], counts[unit]
            doubts = 0
            for p in range(len(row)):
                place = min(max(float64(row[p]) * scale + shift, 0.5), bins + 0.5)
                found[p] = place
                doubts += abs(place - found[p] - 0.5) > 0.5 - DOUBT
            if doubts:
                for p in range(len(row)):
                    while found[p] > 0 and row[p] < least[found[p] - 1]:
                        found[p] -= 1
                    while found[p] < bins and row[p] >= least[found[p]]:
                        found[p] += 1
            for p in range(len(row)):
                of_unit[found[p]] += 1


@compiled((given(float32, 3), _PART, given(float64, 1), float64, float64, *_SUMS), fastmath=_FREELY)
def add_up(values: F32, part: Part, medians: F64, middle: float, margin: float, sums: F64, sides: I64) -> None:
    """Sums and sides of finite values, in float64.

    `sums` (u, 6): |value|, distance from the unit's median, its square and its absolute value; the lowest and highest
    value. `sides` (u, 3): values within `margin` of 0, and farther below and above `middle` than that.
    """
    a, b, c, d = part
    length = values.shape[2]
    for n in range(c // length, -(-d // length)):
        first, last = max(c - n * length, 0), min(d - n * length, length)
        for unit in range(b - a):
            row, median = values[n, a + unit, first:last], medians[unit]
            size = shift = square = spread = 0.0
            for p in range(len(row)):
                value = float64(row[p])
                off = value - median
                size += abs(value)
                shift += off
                square += off * off
                spread += abs(off)
            sums[unit, 0] += size
            sums[unit, 1] += shift
            sums[unit, 2] += square
            sums[unit, 3] += spread
            near = lower = upper = 0
            for p in range(len(row)):
                value = float64(row[p])
                near += abs(value) <= margin
                lower += value < middle - margin
                upper += value > middle + margin
            lowest = highest = row[0]
            for p in range(len(row)):
                lowest, highest = min(lowest, row[p]), max(highest, row[p])
            sums[unit, 4], sums[unit, 5] = min(sums[unit, 4], lowest), max(sums[unit, 5], highest)
            sides[unit, 0] += near
            sides[unit, 1] += lower
            sides[unit, 2] += upper


_TIMES = given(uint32, 2), given(uint16, 1), given(float64, 1)


@compiled((*_TIMES, given(float32, 1), given(float64, 1), float64, float64, made(int64, 2), *_SUMS))
def add_up_patterns(
    times: U32,
    order: U16,
    values: F64,
    least: F32,
    medians: F64,
    middle: float,
    margin: float,
    counts: I64,
    sums: F64,
    sides: I64,
) -> None:
    """Bins, sums and sides as `count_bins` and `add_up` give them, from how many `times` (u, PATTERNS) each unit has
    each pattern; `values` (PATTERNS,) rise, `order` (PATTERNS,) are their patterns.
    """
    bins = len(least)
    for unit in range(len(times)):
        k, median = 0, medians[unit]
        for place in range(len(values)):
            often, value = int64(times[unit, order[place]]), values[place]
            if not often:
                continue
            while k < bins and value >= least[k]:
                k += 1
            counts[unit, k] += often
            off = value - median
            sums[unit, 0] += often * abs(value)
            sums[unit, 1] += often * off
            sums[unit, 2] += often * off * off
            sums[unit, 3] += often * abs(off)
            sums[unit, 4], sums[unit, 5] = min(sums[unit, 4], value), max(sums[unit, 5], value)
            sides[unit, 0] += often * (abs(value) <= margin)
            sides[unit, 1] += often * (value < middle - margin)
            sides[unit, 2] += often * (value > middle + margin)
