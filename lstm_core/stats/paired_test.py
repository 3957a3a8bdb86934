"""Does a unit tell a feature better than any unit of an untrained network, beyond chance? Knows arrays only.

Both scores are of the same positions of a held-out text, so their difference is tested as a paired one. Of each score
we need the influence of every position (the change of the score when that position counts a little more): for an AUROC
these are the placement values of DeLong, DeLong and Clarke-Pearson (1988), for Spearman's correlation its influence
function, ties and all. Neighbouring steps are alike, so influences are summed over blocks of the text, long ones, and
the blocks are what varies. n positions, K blocks.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_core.stats.false_discovery import FALSE_SHARE, adjusted
from lstm_core.stats.ranks import Floats, Mask, centred_ranks

BLOCKS = 25
MARGIN = 0.01  # of the score: a smaller lead is none, however sure
LEARNED, LEADS, NOT_AHEAD, UNKNOWN = "learned", "leads without certainty", "not ahead", ""


def influence(ranks: NDArray[np.int64], target: NDArray[Any]) -> Floats:
    """How much each position (n,) moves the score of centred ranks for a target: an AUROC for a mask, Spearman's
    correlation for centred ranks. They sum to 0; all are 0 where either is always the same."""
    if ranks.min() == ranks.max() or target.min() == target.max():
        return np.zeros(len(ranks))
    return _of_auroc(ranks, target) if target.dtype == bool else _of_correlation(ranks, target)


def by_block(influences: Floats, blocks: int = BLOCKS) -> Floats:
    """Their sums over as many stretches of the text of equal length (K,)."""
    return np.array([part.sum() for part in np.array_split(influences, blocks)])


def standard_error(sums: Floats) -> float:
    """Of a score, or of a difference of two, from its influences summed by block (K,)."""
    return float(np.sqrt(len(sums) * np.var(sums, ddof=1)))


def p_value(difference: float, error: float, blocks: int = BLOCKS) -> float:
    """The probability of such a difference or a larger one where there is none: Student's t, one-sided."""
    from scipy.special import stdtr

    return float(stdtr(blocks - 1, -difference / error)) if error > 0 else float(difference <= 0)


def outcomes(differences: Sequence[float], p_values: Sequence[float]) -> tuple[Floats, list[str]]:
    """Of all units that were tested: p-values adjusted for their number, and LEARNED, LEADS or NOT_AHEAD."""
    found = adjusted(p_values)
    return found, [
        NOT_AHEAD if difference <= MARGIN else LEARNED if value <= FALSE_SHARE else LEADS
        for difference, value in zip(differences, found, strict=True)
    ]


def _of_auroc(ranks: NDArray[np.int64], mask: Mask) -> Floats:
    """Share of the other kind that lies below (above, where the mask does not hold), ties half; less its mean."""
    whole, found = (ranks + len(ranks) + 1) / 2, np.empty(len(ranks))
    for side, higher in ((mask, 1), (~mask, -1)):
        count = int(side.sum())
        within = (centred_ranks(ranks[side]) + count + 1) / 2
        placement = higher * (whole[side] - within) / (len(ranks) - count)
        found[side] = (placement - placement.mean()) / count
    return found


def _of_correlation(ranks: NDArray[np.int64], others: NDArray[np.int64]) -> Floats:
    """Of N / sqrt(D E), where N is the mean product of both ranks, D and E their mean squares."""
    count = len(ranks)
    one, other = ranks / (2 * count), others / (2 * count)
    both, own, its = np.mean(one * other), np.mean(one**2), np.mean(other**2)
    above_one, above_other = _Above(ranks), _Above(others)
    of_both = one * other + above_one.mean(other) + above_other.mean(one) - 3 * both
    of_own = one**2 + 2 * above_one.mean(one) - 3 * own
    of_its = other**2 + 2 * above_other.mean(other) - 3 * its
    return (of_both - both / 2 * (of_own / own + of_its / its)) / np.sqrt(own * its) / count


class _Above:
    """Means over all positions that lie above each one, those that lie beside it counted half."""

    def __init__(self, ranks: NDArray[np.int64]):
        _, self.place, self.counts = np.unique(ranks, return_inverse=True, return_counts=True)

    def mean(self, values: Floats) -> Floats:
        sums = np.bincount(self.place, weights=values, minlength=len(self.counts))
        return (np.cumsum(sums[::-1])[::-1] - sums / 2)[self.place] / len(values)
