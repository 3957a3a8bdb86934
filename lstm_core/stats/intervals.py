"""How far a figure can be trusted: intervals that hold the truth at LEVEL. Knows arrays only."""

from collections.abc import Iterator, Sequence
from statistics import mean, stdev

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95

Interval = tuple[float, float]


def of_mean(values: Sequence[float]) -> Interval:
    """Of the mean of a few runs, such as three seeds of one model (Student's t); from one value nothing is known: from
    minus to plus infinity.
    """
    from scipy.special import stdtrit

    count = len(values)
    if count < 2:
        return float("-inf"), float("inf")
    half = float(stdtrit(count - 1, (1 + LEVEL) / 2)) * stdev(values) / count**0.5
    return mean(values) - half, mean(values) + half


def of_share(share: float, count: float) -> Interval:
    """Of a share of so many (Wilson 1927): scipy's, but also of a number that is not whole, such as that of independent
    places among places that are alike.
    """
    from scipy.special import ndtri

    z = float(ndtri((1 + LEVEL) / 2)) ** 2 / count
    middle = (share + z / 2) / (1 + z)
    reach = float(np.sqrt(z * share * (1 - share) + z * z / 4)) / (1 + z)
    return middle - reach, middle + reach


def of_balanced(shares: Sequence[float], counts: Sequence[float]) -> Interval:
    """Of the mean of independent shares, of so many each: their own intervals put together (Zou and Donner 2008)."""
    ends = [of_share(share, count) for share, count in zip(shares, counts, strict=True)]
    below, above = (
        float(np.sqrt(sum((share - end[side]) ** 2 for share, end in zip(shares, ends, strict=True)))) / len(shares)
        for side in (0, 1)
    )
    middle = sum(shares) / len(shares)
    return max(0.0, middle - below), min(1.0, middle + above)


def drawn_anew(count: int, draws: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """How often each of so many things is drawn in each sample with replacement (R, N), in blocks that bound memory."""
    rng = np.random.default_rng(seed)
    block = max(1, 2**21 // max(1, count))
    for begin in range(0, draws if count else 0, block):
        some = min(block, draws - begin)
        drawn = rng.integers(count, size=(some, count)) + count * np.arange(some)[:, None]
        yield np.bincount(drawn.ravel(), minlength=some * count).reshape(some, count).astype(np.float64)


def of_draws(values: NDArray[np.floating]) -> tuple[float | None, float | None]:
    """The middle LEVEL of the values of a figure in samples drawn anew (bootstrap percentiles), those that are
    undefined left out; (None, None) where all are.
    """
    defined = values[~np.isnan(values)]
    if not len(defined):
        return None, None
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
