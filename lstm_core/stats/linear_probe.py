"""Linear readers: what can be told of labels from vectors by weights alone, and how surely.

The places of a text, of two kinds, are told by readers that were fitted to other stretches of it, beside a control task
that can only be learned by heart (Hewitt and Liang 2019); those of a test part, of any classes, by a reader that was
fitted to a training part. Knows arrays only. N places, D values a place, K folds.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lstm_core.stats import intervals
from lstm_core.stats.paired_test import BLOCKS, by_block, p_value
from lstm_core.stats.paired_test import standard_error as of_sums
from lstm_core.storage.frames import Framed

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Kinds = NDArray[np.bool_]

STRENGTHS = (0.001, 0.01, 0.1, 1.0)  # of the labels against the penalty, of which the training places choose one
FOLD = 5  # one in so many training places chooses among STRENGTHS
STEPS = 1000  # of the minimiser
FEWEST = 10  # places of a kind
FOLDS, INNER = 5, 3  # stretches that judge, and of the others those that choose the penalty
PENALTIES = (1.0, 10.0, 100.0, 1e3, 1e4)  # on half the squares of the weights
DEALS = 10  # of labels to the control task


@dataclass(frozen=True)
class Scores:
    """How well guesses are: the share that is right, its mean over the classes (0.5 of two is guessing), and the mean
    over the classes of F1. All in [0, 1].
    """

    accuracy: float
    balanced: float
    macro_f1: float


def scores(labels: Whole, guesses: Whole) -> Scores:
    """Scores of guesses (N,) by true labels (N,), over the classes that the labels have.

    Raises ValueError where there are none.
    """
    from sklearn.metrics import precision_recall_fscore_support

    if not len(labels):
        raise ValueError("there is no place to be guessed at")
    _, recalls, f1, _ = precision_recall_fscore_support(labels, guesses, labels=np.unique(labels), zero_division=0.0)
    return Scores(float((labels == guesses).mean()), float(np.mean(recalls)), float(np.mean(f1)))


def fitted(values: Any, labels: NDArray[Any], strength: float, *, alike: bool = False) -> "LogisticRegression":
    """Logistic regression of labels (N,), of two classes or more, by `values` (N, D), as an array or sparse.

    `strength` is that of the labels against the penalty; `alike`: all classes count alike, however rare.
    """
    from sklearn.linear_model import LogisticRegression

    weight = "balanced" if alike else None
    return LogisticRegression(C=strength, class_weight=weight, max_iter=STEPS).fit(values, labels)


def log_losses(model: "LogisticRegression", values: Any, labels: NDArray[Any]) -> Floats:
    """The log loss in nats of each place (N,) whose class the model knows, 0 of the others."""
    place = np.searchsorted(model.classes_, labels).clip(max=len(model.classes_) - 1)
    logs = model.predict_log_proba(values)[np.arange(len(labels)), place]
    return np.where(model.classes_[place] == labels, -logs, 0.0)


def held_out(train: Any, train_labels: Whole, test: Any, test_labels: Whole) -> Scores:
    """How well a linear probe that is fitted to training places (N, D) guesses the labels of test places (M, D).

    One training place in FOLD chooses the strength, by the loss of a probe of the others; then all of them fit.
    """
    if len(np.unique(train_labels)) == 1:
        return majority(train_labels, test_labels)
    inner = np.arange(len(train_labels)) % FOLD == FOLD - 1
    strength = STRENGTHS[len(STRENGTHS) // 2]
    if inner.any() and len(np.unique(train_labels[~inner])) > 1:
        losses = [
            log_losses(fitted(train[~inner], train_labels[~inner], one), train[inner], train_labels[inner]).mean()
            for one in STRENGTHS
        ]
        strength = STRENGTHS[int(np.argmin(losses))]
    return scores(test_labels, fitted(train, train_labels, strength).predict(test))


def majority(train_labels: Whole, test_labels: Whole) -> Scores:
    """Scores of guessing the commonest class of the training places everywhere."""
    return scores(test_labels, np.full(len(test_labels), np.bincount(train_labels).argmax()))


def standardised(train: NDArray[np.floating], test: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Both with the mean 0 and the spread 1 that the training places have in each value; what never changes is 0."""
    mean, spread = train.mean(axis=0, dtype=np.float64), train.std(axis=0, dtype=np.float64)
    spread[spread == 0] = np.inf
    return (train - mean) / spread, (test - mean) / spread


def bags_of_words(train: Sequence[Sequence[str]], test: Sequence[Sequence[str]]) -> tuple[Any, Any]:
    """Which words each text has, as sparse rows of ones (N, D) and (M, D): words in two training texts or more."""
    from scipy.sparse import csr_array

    counts = Counter(word for text in train for word in dict.fromkeys(text))
    column = {word: number for number, word in enumerate(word for word, count in counts.items() if count > 1)}

    def rows(texts: Sequence[Sequence[str]]) -> Any:
        found = [sorted({column[word] for word in text if word in column}) for text in texts]
        ends = np.cumsum([0, *map(len, found)])
        at = np.array([number for row in found for number in row], dtype=np.int64)
        return csr_array((np.ones(len(at)), at, ends), shape=(len(texts), max(1, len(column))))

    return rows(train), rows(test)


# Stretches of a text, beside a control task ---------------------------------------------------------------------------


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
class Probe(Framed, columns=("kinds", "said")):
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
        """Between what the accuracy lies: over as many independent places as the variation between BLOCKS of the text
        leaves.
        """
        shares = [float(self.said[self.kinds].mean()), float(1 - self.said[~self.kinds].mean())]
        counts = [int(self.kinds.sum()), int((~self.kinds).sum())]
        alone = sum(share * (1 - share) / count for share, count in zip(shares, counts, strict=True)) / 4
        sums = by_block(influence(self), min(BLOCKS, len(self.kinds)))
        alike = max(1.0, of_sums(sums) ** 2 / alone) if alone else 1.0
        return intervals.of_balanced(shares, [count / alike for count in counts])


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
    return ahead, p_value(ahead, of_sums(by_block(influence(one) - influence(other), blocks)), blocks)


def balanced(kinds: Kinds, said: Kinds) -> float:
    """Share of the places that are told rightly, each kind counting half."""
    return float(said[kinds].mean() + 1 - said[~kinds].mean()) / 2


def influence(one: Probe) -> Floats:
    """How much each place (N,) moves the accuracy; they sum to 0."""
    right, found = (one.kinds == one.said).astype(float), np.empty(len(one.kinds))
    for side in (one.kinds, ~one.kinds):
        found[side] = (right[side] - right[side].mean()) / side.sum() / 2
    return found


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
