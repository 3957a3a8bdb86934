"""Ranks, and what is counted with them: how surely a value tells two cases apart. Knows arrays only."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

WINDOW = 2**16  # positions multiplied at a time


def centred_ranks(values: NDArray[Any]) -> NDArray[np.int64]:
    """Twice the rank of each value (n,) less their mean, n + 1: whole numbers whose sum is 0, equal values alike.

    Halves of float16 are counted, not sorted: they have 65,536 patterns. Raises ValueError for values that are no
    numbers.
    """
    if np.isnan(values).any():
        raise ValueError("some values are not numbers: record the text again")
    if values.dtype == np.float16:
        bits = (values + np.float16(0)).view(np.uint16)  # the sum makes one zero of two
        patterns = np.where(bits >> 15, ~bits, bits | np.uint16(0x8000))  # in the order of the values
        counts = np.bincount(patterns, minlength=2**16)
    else:
        _, patterns, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (2 * np.cumsum(counts) - counts - len(values))[patterns]


def auroc(values: NDArray[Any], mask: Mask) -> float:
    """Probability that a value where the mask holds exceeds one where it does not, ties counted half (Mann-Whitney)."""
    pairs = int(mask.sum()) * int((~mask).sum())
    return float((int(centred_ranks(values)[mask].sum()) + pairs) / (2 * pairs))


def targets_of(features: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """Features (n,) as `strengths` takes them: booleans as they are, ordered ones as centred ranks."""
    return [values if values.dtype == bool else centred_ranks(values) for values in features]


def strengths(ranks: NDArray[np.int64], targets: Sequence[NDArray[Any]]) -> Floats:
    """How surely rows of centred ranks (B, n) tell F targets, (B, F) in [-1, 1]: 2 AUROC - 1, or Spearman's.

    Sums of whole numbers below 2**53: exact but for one division. A target or a row that is always the same gets 0.
    """
    sums = np.zeros((len(ranks), len(targets)))
    for start in range(0, ranks.shape[1], WINDOW):
        window = slice(start, start + WINDOW)
        sums += ranks[:, window].astype(np.float64) @ np.array([one[window] for one in targets], np.float64).T
    own = np.sqrt((ranks.astype(np.float64) ** 2).sum(axis=1))
    scale = np.empty_like(sums)
    for column, target in enumerate(targets):
        if target.dtype == bool:
            scale[:, column] = float(target.sum()) * float((~target).sum())
        else:
            scale[:, column] = own * np.sqrt((target.astype(np.float64) ** 2).sum())
    return np.divide(sums, scale, out=np.zeros_like(sums), where=scale > 0)


class Shifts:
    """What chance gives to a family of pairs of a row and a target, all of one length: the largest at each shift.

    A target is shifted circularly against its row by each of 0 .. n - 1 steps; a pair counts in units of the spread
    (root mean square, the mean is 0) that it has over its own shifts, in the direction of its sign.
    """

    def __init__(self) -> None:
        self._largest: Floats | None = None
        self._unshifted: list[float] = []

    def add(self, row: NDArray[np.int64], target: NDArray[Any], sign: int) -> None:
        """Add a pair: centred ranks (n,), a target (n,), +1 or -1."""
        if row.min() == row.max() or target.min() == target.max():
            self._unshifted.append(-np.inf)
            return
        products = np.fft.irfft(np.fft.rfft(row) * np.conj(np.fft.rfft(target)), len(row))
        scores = sign * products / np.sqrt(np.mean(products**2))
        self._unshifted.append(float(scores[0]))
        self._largest = scores if self._largest is None else np.maximum(self._largest, scores)

    def p_values(self) -> list[float]:
        """For each pair, as added: the share of shifts, the 0th too, at which some pair reaches what it has unshifted.

        Bounded by the largest of all, these are adjusted for the size of the family (Westfall and Young 1993).
        """
        if self._largest is None:
            return [1.0] * len(self._unshifted)
        ordered = np.sort(self._largest)
        below = np.searchsorted(ordered, self._unshifted)
        return ((len(ordered) - below) / len(ordered)).tolist()
