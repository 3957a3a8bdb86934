"""Which shape the distribution of a unit's values has: near zero, bimodal, one-sided, Laplace or none of these.

Pure functions of distributions. The rules are tried in this order, and the first that holds names the shape. U units.
"""

import math

import numpy as np
from numpy.typing import NDArray

from lstm_core.neurons.distributions import Distributions

NEAR_ZERO, BIMODAL, ONE_SIDED, LAPLACE, OTHER = "near-zero", "bimodal", "one-sided", "Laplace", "other"
SHAPES = (NEAR_ZERO, BIMODAL, ONE_SIDED, LAPLACE, OTHER)

VALLEY = 0.5  # of the lower of two peaks: between two modes values are at most so frequent
MODE_SHARE = 0.05  # of the values: so many lie at either side of the valley
BEYOND_CHANCE = 4.0  # standard deviations of the difference of two counts by which the lower peak exceeds the valley
RESOLUTION = 16  # of the range of the middle 80 % of the values: a peak is so wide, or three bins
SIDE_SHARE = 0.95  # of the values that are farther than .01 from the middle
LAPLACE_DISTANCE = 0.05  # a normal distribution is .042 away from its Laplace fit, a uniform one .07

Floats = NDArray[np.float64]
_erf = np.frompyfunc(math.erf, 1, 1)  # scipy's is quicker, but to load it takes a page ten times as long as this


def shapes(found: Distributions) -> NDArray[np.str_]:
    """The shape of each unit (U,), one of SHAPES.

    near-zero: more than 90 % of the values in [-.01, .01] (thesis). bimodal: two peaks with a valley between them at
    most half as high as the lower one, beyond chance, and at least 5 % of the values at either side. one-sided: of the
    values farther than .01 from the middle (0, or .5 of a gate) 95 % are at one side. Laplace: the fitted Laplace
    distribution is at most .05 away and nearer than the normal distribution of the same mean and deviation.
    """
    distance = laplace_distance(found)
    rules = [
        found.set_aside,
        _bimodal(found),
        np.maximum(found.lower, found.upper) >= SIDE_SHARE * np.maximum(found.lower + found.upper, 1),
        (distance <= LAPLACE_DISTANCE) & (distance < normal_distance(found)),
    ]
    return np.select(rules, SHAPES[:-1], OTHER)


def laplace_distance(found: Distributions) -> Floats:
    """Kolmogorov-Smirnov distance (U,), in [0, 1], of each unit from its Laplace distribution, at the bins' edges.

    The fit is that of maximum likelihood: the median and the mean distance from it, both exact over all values.
    """
    return _distance(found, laplace_below(found.edges, found.median[:, None], found.spread[:, None]))


def laplace_below(edges: Floats, median: Floats | float, spread: Floats | float) -> Floats:
    """Share of a Laplace distribution below each edge, by its median and the mean distance from it; they broadcast."""
    steps = (edges - median) / _positive(spread)
    tail = np.exp(-np.abs(steps)) / 2
    return np.where(steps < 0, tail, 1 - tail)


def normal_distance(found: Distributions) -> Floats:
    """The same of each unit from the normal distribution of its mean and deviation."""
    steps = (found.edges - found.mean[:, None]) / _positive(found.deviation)[:, None]
    return _distance(found, (1 + _erf(steps / np.sqrt(2)).astype(np.float64)) / 2)


def _distance(found: Distributions, expected: Floats) -> Floats:
    """Largest difference (U,) between expected and found shares of values below each edge (U, BINS + 1)."""
    return np.abs(_until(found) / found.total - expected).max(axis=1)


def _until(found: Distributions) -> NDArray[np.int64]:
    """Number of values below each edge (U, BINS + 1), with the last edge itself."""
    return np.cumsum(np.column_stack([found.below, found.counts]), axis=1)


def _positive(scale: Floats | float) -> Floats:
    return np.maximum(scale, np.finfo(np.float64).tiny)


def _bimodal(found: Distributions) -> NDArray[np.bool_]:
    until, bins = _until(found), found.counts.shape[1]
    rows = np.arange(len(until))[:, None]
    first, last = ((until <= share * found.total).sum(axis=1) for share in (0.1, 0.9))
    half = np.maximum(1, (last - first) // (2 * RESOLUTION))[:, None]  # bins at each side of one
    places = np.arange(bins)
    after, before = np.minimum(places + half + 1, bins), np.maximum(places - half, 0)
    height = until[rows, after] - until[rows, before]  # (U, BINS) values in and around each bin
    left = np.maximum.accumulate(height, axis=1)
    right = np.maximum.accumulate(height[:, ::-1], axis=1)[:, ::-1]
    lower = np.minimum(left, right)  # of the highest peak at or before, and at or after each bin
    deep = (height <= VALLEY * lower) & (lower - height >= BEYOND_CHANCE * np.sqrt(lower + height))
    enough = MODE_SHARE * found.total
    return (deep & (until[:, :-1] >= enough) & (found.total - until[:, 1:] >= enough)).any(axis=1)
