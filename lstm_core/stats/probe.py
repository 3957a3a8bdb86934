"""A linear reader of the states at places of two kinds, judged on stretches of the text that it has not seen, beside a
control task that it can only learn by heart.

Source: Hewitt and Liang 2019 (control tasks, selectivity). Knows arrays only. N places in the order of the text, D
values a place, K folds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lstm_core.stats.linear_probe import fitted, log_losses, standardised
from lstm_core.stats.paired_test import by_block, chance
from lstm_core.stats.paired_test import standard_error as of_sums

Floats = NDArray[np.float64]
Kinds = NDArray[np.bool_]

FEWEST = 10  # places of a kind
FOLDS, INNER = 5, 3  # stretches that judge, and of the others those that choose the penalty
PENALTIES = (1.0, 10.0, 100.0, 1e3, 1e4)  # on half the squares of the weights
DEALS = 10  # of labels to the control task
BLOCKS = 25  # stretches of the text over which an accuracy varies
SURE = 0.95  # of intervals


@dataclass(frozen=True)
class Control:
    """The same reader where labels were dealt to `types` of places at random: its `accuracies`, one a deal. The share
    `repeated` of the places is of a type that another fold has too, so that its label could be learned by heart.
    """

    accuracies: tuple[float, ...]
    types: int
    repeated: float

    @property
    def accuracy(self) -> float:
        return float(np.mean(self.accuracies))


@dataclass(frozen=True, eq=False)
class Probe:
    """What a reader `said` (N,) of places of two `kinds` (N,), each said by one that was fitted to other stretches."""

    kinds: Kinds
    said: Kinds
    control: Control | None = None

    @cached_property
    def accuracy(self) -> float:
        """Share of the places that are told rightly, each kind counting half: 0.5 is guessing."""
        return balanced(self.kinds, self.said)

    @property
    def right(self) -> float:
        """The same with each place counting alike."""
        return float((self.kinds == self.said).mean())

    @property
    def majority(self) -> float:
        """`right` of always saying the commoner kind."""
        return float(max(self.kinds.mean(), 1 - self.kinds.mean()))

    @property
    def selectivity(self) -> float | None:
        """How far the accuracy is above that of the control task."""
        return None if self.control is None else self.accuracy - self.control.accuracy

    @cached_property
    def interval(self) -> tuple[float, float]:
        """Between what the accuracy lies at SURE: Wilson's intervals of both kinds put together (Zou and Donner 2008),
        over as many independent places as the variation between BLOCKS of the text leaves.
        """
        shares = [float(self.said[self.kinds].mean()), float(1 - self.said[~self.kinds].mean())]
        counts = [int(self.kinds.sum()), int((~self.kinds).sum())]
        alone = sum(share * (1 - share) / count for share, count in zip(shares, counts, strict=True)) / 4
        sums = by_block(influence(self), min(BLOCKS, len(self.kinds)))
        alike = max(1.0, of_sums(sums) ** 2 / alone) if alone else 1.0
        ends = [wilson(share, count / alike) for share, count in zip(shares, counts, strict=True)]
        below, above = (
            np.sqrt(sum((share - end[side]) ** 2 for share, end in zip(shares, ends, strict=True))) / 2
            for side in (0, 1)
        )
        return max(0.0, self.accuracy - float(below)), min(1.0, self.accuracy + float(above))


def probe(
    values: NDArray[np.floating], kinds: Kinds, types: Sequence[str] = (), *, deals: int = DEALS, seed: int = 0
) -> Probe:
    """Fit readers to values (N, D) of places of two kinds (N,), K times, and ask each of the stretch left out.

    With `types` (N,) also the control task: each type gets a label at random, as many places each label as there are of
    each kind. Raises ValueError with fewer than FEWEST places of a kind.
    """
    first, second = int(kinds.sum()), int((~kinds).sum())
    if min(first, second) < FEWEST:
        raise ValueError(
            f"{first:,} and {second:,} places: {FEWEST} of each kind are needed to fit a reader and test it"
        )
    folds = [_Fold(values, judged) for judged in np.array_split(np.arange(len(values)), FOLDS)]
    said = _said(folds, kinds)
    return Probe(kinds, said, _control(folds, kinds, types, deals, seed) if len(types) else None)


def lead(one: Probe, other: Probe) -> tuple[float, float]:
    """How far the accuracy of one reader is above another's at the same places, and the chance of so much or more where
    both are alike: Student's t over blocks of the text.
    """
    ahead = one.accuracy - other.accuracy
    blocks = min(BLOCKS, len(one.kinds))
    return ahead, chance(ahead, of_sums(by_block(influence(one) - influence(other), blocks)), blocks)


def balanced(kinds: Kinds, said: Kinds) -> float:
    """Share of the places that are told rightly, each kind counting half."""
    return float(said[kinds].mean() + 1 - said[~kinds].mean()) / 2


def influence(one: Probe) -> Floats:
    """How much each place (N,) moves the accuracy; they sum to 0."""
    right, found = (one.kinds == one.said).astype(float), np.empty(len(one.kinds))
    for side in (one.kinds, ~one.kinds):
        found[side] = (right[side] - right[side].mean()) / side.sum() / 2
    return found


def wilson(share: float, count: float) -> tuple[float, float]:
    """Wilson's interval of a share of so many, at SURE."""
    from scipy.special import ndtri

    z = float(ndtri((1 + SURE) / 2)) ** 2 / count
    middle = (share + z / 2) / (1 + z)
    reach = float(np.sqrt(z * share * (1 - share) + z * z / 4)) / (1 + z)
    return middle - reach, middle + reach


# Fitting --------------------------------------------------------------------------------------------------------------


def counting_alike(kinds: Kinds) -> Floats:
    """How much each place (N,) counts so that both kinds count alike."""
    first = int(kinds.sum())
    return len(kinds) / 2 / np.where(kinds, max(first, 1), max(len(kinds) - first, 1))


class _Fold:
    """The stretch that judges (M, D') and the others (N - M, D'), standardised by the others. Where there are more
    values than places D' is their number: weights at right angles to all that was seen are zero.
    """

    def __init__(self, values: NDArray[np.floating], judged: NDArray[np.int64]):
        self.judged = judged
        self.seen = np.setdiff1d(np.arange(len(values)), judged)
        self.others, self.own = standardised(values[self.seen], values[judged])
        if self.others.shape[1] > len(self.seen):
            _, _, across = np.linalg.svd(self.others, full_matrices=False)
            self.others, self.own = self.others @ across.T, self.own @ across.T

    def said(self, kinds: Kinds) -> Kinds:
        """What a reader of the others says of the stretch (M,), its penalty chosen on the others alone."""
        seen = kinds[self.seen]
        if seen.all() or not seen.any():
            return np.full(len(self.judged), bool(seen.all()))
        losses = np.zeros(len(PENALTIES))
        counted = counting_alike(seen)
        for some in np.array_split(np.arange(len(seen)), INNER):
            rest = np.setdiff1d(np.arange(len(seen)), some)
            if seen[rest].all() or not seen[rest].any():
                continue
            for at, penalty in enumerate(PENALTIES):
                model = fitted(self.others[rest], seen[rest], 1 / penalty, alike=True)
                losses[at] += counted[some] @ log_losses(model, self.others[some], seen[some])
        model = fitted(self.others, seen, 1 / PENALTIES[int(losses.argmin())], alike=True)
        return np.asarray(model.predict(self.own))


def _said(folds: Sequence[_Fold], kinds: Kinds) -> Kinds:
    return np.concatenate([fold.said(kinds) for fold in folds])


# The control task -----------------------------------------------------------------------------------------------------


def dealt(types: NDArray[np.int64], positives: int, draw: np.random.Generator) -> Kinds:
    """A label for each type, told at its places (N,): types in random order are of the first kind for as long as no
    more than so many places are.
    """
    sizes, found = np.bincount(types), np.zeros(len(types), bool)
    left = positives
    for one in draw.permutation(len(sizes)).tolist():
        if sizes[one] <= left:
            found[types == one] = True
            left -= int(sizes[one])
    return found


def _control(folds: Sequence[_Fold], kinds: Kinds, types: Sequence[str], deals: int, seed: int) -> Control | None:
    """None where no deal has both labels: all places are of one type, or each type has too many."""
    names, number = np.unique(np.asarray(types), return_inverse=True)
    draw, accuracies = np.random.default_rng(seed), []
    for _ in range(deals):
        labels = dealt(number, int(kinds.sum()), draw)
        if labels.any() and not labels.all():
            accuracies.append(balanced(labels, _said(folds, labels)))
    if not accuracies:
        return None
    repeated = sum(int(np.isin(number[fold.judged], number[fold.seen]).sum()) for fold in folds)
    return Control(tuple(accuracies), len(names), repeated / len(kinds))
