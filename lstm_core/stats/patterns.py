"""Floating-point numbers by their patterns of bits: their order, and the value that has a rank.

A float16, or the upper half of a float32, is one of 65,536 patterns. How often each occurs tells the pattern of a rank;
how often each lower half goes with it tells the value itself (a radix selection), and no value is kept.
"""

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

_PLACES = np.arange(2**16, dtype=np.uint16)
ORDER = np.where(_PLACES & 0x8000, _PLACES ^ 0x8000, ~_PLACES)  # patterns from the lowest value to the highest
MASKS = np.array([0xFFFF, 0x8000], np.uint32)  # the same: of places below 0x8000 and from there on
HALVES = ORDER.view(np.float16).astype(np.float64)
with np.errstate(invalid="ignore"):
    HALF_FINITE = np.isfinite(_PLACES.view(np.float16))
UPPER_FINITE = np.isfinite((_PLACES.astype(np.uint32) << 16).view(np.float32))


def masks_below(uppers: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The masks (N, 2) of the order of lower halves below upper ones (N,): rising for positive values, else falling."""
    return np.repeat(np.where(uppers & 0x8000, 0xFFFF, 0).astype(np.uint32)[:, None], 2, axis=1)


def half_of(patterns: NDArray[np.uint32]) -> Floats:
    """The float16 values with these patterns."""
    return patterns.astype(np.uint16).view(np.float16).astype(np.float64)


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
