"""Linear probes: what can be told of labels from vectors by weights alone, and how well guesses are.

Knows arrays only. N places, D values.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

STRENGTHS = (0.001, 0.01, 0.1, 1.0)  # of the labels against the penalty, of which the training places choose one
FOLD = 5  # one in so many training places chooses among STRENGTHS
STEPS = 1000  # of the minimiser


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
    if not len(labels):
        raise ValueError("there is no place to be guessed at")
    recalls, f1 = [], []
    for label in np.unique(labels).tolist():
        true, guessed = labels == label, guesses == label
        right = int((true & guessed).sum())
        recalls.append(right / int(true.sum()))
        f1.append(2 * right / (int(true.sum()) + int(guessed.sum())))
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


def probe(train: Any, train_labels: Whole, test: Any, test_labels: Whole) -> Scores:
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


def bags_of_words(train: Sequence[Sequence[str]], test: Sequence[Sequence[str]], least: int = 2) -> tuple[Any, Any]:
    """Which words each text has, as sparse rows of ones (N, D) and (M, D): words in `least` training texts or more."""
    from scipy.sparse import csr_array

    counts = Counter(word for text in train for word in dict.fromkeys(text))
    column = {word: number for number, word in enumerate(word for word, count in counts.items() if count >= least)}

    def rows(texts: Sequence[Sequence[str]]) -> Any:
        found = [sorted({column[word] for word in text if word in column}) for text in texts]
        ends = np.cumsum([0, *map(len, found)])
        at = np.array([number for row in found for number in row], dtype=np.int64)
        return csr_array((np.ones(len(at)), at, ends), shape=(len(texts), max(1, len(column))))

    return rows(train), rows(test)
