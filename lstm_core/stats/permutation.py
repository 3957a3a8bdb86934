"""Do two rows of a few values rise and fall together? Their rank correlation, tested over the orders of one of them.

Knows arrays only. N pairs of values.
"""

from dataclasses import dataclass
from math import factorial

import numpy as np
from numpy.typing import NDArray

from lstm_core.stats.ranks import centred_ranks

LEAST = 3  # pairs that have a correlation worth the name
EXACT = 10  # pairs up to which all orders are counted: 10! take a few hundredths of a second
DRAWN = 100_000  # orders that are drawn where there are more
SURE = 0.05  # largest p of a trend that is told from chance
ENOUGH = 5  # pairs that a verdict needs: with 4 the smallest two-sided p is 2 of 24 orders, above SURE

Values = NDArray[np.floating]


@dataclass(frozen=True)
class Order:
    """Spearman's correlation of `pairs` pairs, in [-1, 1], equal values at the mean of their ranks; and `p`.

    `p` is two-sided: the share of all orders of one row, each as likely as another where the rows have nothing to do
    with each other, at which the correlation is at least as far from 0. `exact`: counted over all orders; otherwise of
    drawn ones, with the order that was found among them. Both are None below 3 pairs or where a row is always the same.
    """

    pairs: int
    rho: float | None
    p: float | None
    exact: bool = True


def order(one: Values, other: Values, *, seed: int = 0) -> Order:
    """The rank correlation of two rows (N,) with its permutation test.

    Raises ValueError for rows of two lengths and for values that are no numbers.
    """
    one, other = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    if one.shape != other.shape or one.ndim != 1:
        raise ValueError(f"rows are {one.shape} and {other.shape}: give one value of each a pair")
    pairs = len(one)
    a, b = centred_ranks(one), centred_ranks(other)
    spread = float(a @ a) * float(b @ b)
    if pairs < LEAST or not spread:
        return Order(pairs, None, None)
    found = int(a @ b)
    if pairs <= EXACT:
        sums = _sums(a, b)
        at = np.arange(len(sums)) - len(sums) // 2
        p = int(sums[np.abs(at) >= abs(found)].sum()) / factorial(pairs)
    else:
        drawn = np.random.default_rng(seed).permuted(np.tile(b, (DRAWN, 1)), axis=1) @ a
        p = (1 + int((np.abs(drawn) >= abs(found)).sum())) / (1 + DRAWN)
    return Order(pairs, found / spread**0.5, p, pairs <= EXACT)


def _sums(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many of the N! orders of `b` give each sum of products, from -R to R: (2 R + 1,).

    Filled value by value: for each set of values of `b` that the first values of `a` have taken, how many orders of
    that set give which sum. No sum goes beyond R, the root of both sums of squares (Cauchy and Schwarz). Numbers are
    whole and below N!.
    """
    pairs, reach = len(a), int(np.floor((float(a @ a) * float(b @ b)) ** 0.5 + 1e-9))
    counts = np.zeros((2**pairs, 2 * reach + 1), np.int64)  # (sets, sums)
    counts[0, reach] = 1
    sets = np.arange(2**pairs)
    taken = sum((sets >> bit) & 1 for bit in range(pairs))
    for step in range(pairs):
        before = sets[taken == step]
        for bit in range(pairs):
            free = before[(before >> bit) & 1 == 0]
            by = int(a[step] * b[bit])
            into, out = slice(max(by, 0), 2 * reach + 1 + min(by, 0)), slice(max(-by, 0), 2 * reach + 1 + min(-by, 0))
            counts[free | 1 << bit, into] += counts[free, out]
    return counts[-1]
