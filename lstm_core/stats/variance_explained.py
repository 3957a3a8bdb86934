"""Does a unit still tell what came before, given what is there now? Knows arrays only.

Given: within strata of cases that are alike now, the share of the variance of a unit's values that what came before
explains (eta squared of its main effect). Chance: within each stratum what came before is shifted against the values,
around its end to its beginning, by a number of cases that is drawn: a permutation that keeps the order of the text, in
which neighbours are alike. U units, M cases in the order of the text, K kinds of what came before, S strata.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_core.stats.false_discovery import FALSE_SHARE, adjusted
from lstm_core.storage.frames import Framed

Floats = NDArray[np.float64]
Whole = NDArray[np.integer]

DRAWS = 200  # times that it is shifted
SHUFFLES = 5  # of them on which the whole test is made, to see how many units it confirms by chance


@dataclass(frozen=True, eq=False)
class Remembered(Framed, columns=("share", "by_chance", "chance")):
    """Of each unit: the `share` (U,) that what came before explains, its mean `by_chance` (U,), and the `chance` (U,)
    of such a share, adjusted for all units. `confirmed_by_chance`: how many units are on average with nothing to find.
    """

    share: Floats
    by_chance: Floats
    chance: Floats
    confirmed_by_chance: float


def remembered(
    values: NDArray[np.floating], before: Whole, strata: Whole, *, draws: int = DRAWS, seed: int = 0
) -> Remembered:
    """How much of values (U, M) what came `before` (M,) explains within `strata` (M,).

    Chance: each unit's shares are counted in units of their mean over the draws, and all units' draws are put together,
    so that small chances can be told from few draws.
    """
    if not len(before):
        nothing = np.zeros(len(values))
        return Remembered(nothing, nothing, nothing + 1, 0.0)
    order = np.argsort(strata, kind="stable")
    within, counts = np.unique(strata[order], return_inverse=True, return_counts=True)[1:]
    kinds = np.unique(before[order], return_inverse=True)[1]
    most = int(kinds.max(initial=0)) + 1
    starts = np.cumsum(counts) - counts
    sorted_ = values[:, order].astype(np.float32)
    means = np.add.reduceat(sorted_, starts, axis=1, dtype=np.float64) / counts
    centred = sorted_ - np.repeat(means, counts, axis=1).astype(np.float32)
    table = np.bincount(within * most + kinds, minlength=len(counts) * most).reshape(-1, most).astype(np.float64)
    weigh = np.linalg.pinv(np.diag(table.sum(axis=0)) - table.T @ (table / counts[:, None]), hermitian=True)
    total = np.square(centred, dtype=np.float64).sum(axis=1)

    def shares(labels: Whole) -> Floats:
        sums = (centred @ np.eye(most, dtype=np.float32)[labels]).astype(np.float64)  # (U, K)
        return np.divide((sums @ weigh * sums).sum(axis=1), total, out=np.zeros(len(total)), where=total > 0)

    draw = np.random.default_rng(seed)
    start, size = starts[within], counts[within]
    place = np.arange(len(kinds)) - start

    def shifted() -> Whole:
        return np.asarray(kinds[start + (place + draw.integers(0, counts)[within]) % size])

    moved = np.array([shares(shifted()) for _ in range(draws)])  # (D, U)
    usual = moved.mean(axis=0)
    scale = np.where(usual > 0, usual, np.inf)
    pooled = np.sort((moved / scale).ravel())

    def chances(found: Floats) -> Floats:
        reached = len(pooled) - np.searchsorted(pooled, found / scale * (1 - 1e-9))
        return adjusted((reached + 1) / (len(pooled) + 1))

    share = shares(kinds)
    by_chance = [int((chances(one) <= FALSE_SHARE).sum()) for one in moved[:SHUFFLES]]
    return Remembered(share, usual, chances(share), float(np.mean(by_chance)))
