"""N-gram language models: what a table of the last few tokens makes of the next. Numpy alone.

Four methods (thesis, background), each a probability distribution over the vocabulary after any history, seen or not:

- laplace: every count plus one.
- add-k: every count plus k.
- back-off: counts less a discount; what that frees goes to the tokens not seen after the history, shared out as the
  order below does (Katz 1987, with absolute discounting, Ney et al. 1994). Not with Good-Turing discounts: they need
  many tokens seen once and twice, and low orders of characters have hardly any, so that discounts come out negative.
- interpolation: each order mixed with the order below (Jelinek and Mercer 1980). The weights depend on how often each
  follower of the history was seen on average (Chen and Goodman 1996).

Below order 1 all tokens are alike. Knows token ids and counts; knows nothing of corpora, files or pages.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]
Whole = NDArray[np.int64]
Real = NDArray[np.float64]
Method = Literal["laplace", "add-k", "back-off", "interpolation"]

METHODS: tuple[Method, ...] = get_args(Method)
BUCKETS = 40  # of followers' average counts, two to the octave; the first is for histories never seen
PIECE = 250_000  # tokens scored at a time
GAIN = 1e-6  # nats per token: EM stops when a step brings less


@dataclass(frozen=True)
class NgramModel:
    """What was fitted of a method at an order.

    `added` to every count (laplace, add-k); `discounts` in (0, 1) by order from 1 (back-off); `weights` in [0, 1) of
    each order by bucket of the history, and `shares`, what they come to on average: first that of the uniform
    distribution, then of each order, together 1 (interpolation).
    """

    method: Method
    order: int
    added: float = 0.0
    discounts: tuple[float, ...] = ()
    weights: tuple[tuple[float, ...], ...] = ()
    shares: tuple[float, ...] = ()


# Counting -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Table:
    """All grams of one length of a text (G of them), and the grams one shorter, their histories (H).

    `keys` (G,) ascend: number of the history times vocabulary, plus the last token; exact, so nothing collides.
    `suffixes` (G,) are the numbers of the grams without their first token in the table before. `counts` (G + 1,) of
    the grams, `totals` (H + 1,) of what follows each history, `types` (H + 1,) of distinct followers: each ends in a
    0, which is read at -1, the number of what was not seen.
    """

    keys: Whole
    suffixes: Whole
    counts: Whole
    totals: Whole
    types: Whole


@dataclass(frozen=True, eq=False)
class Counts:
    """A table for each order from 1, of a text with so many token types."""

    vocabulary: int
    tables: tuple[Table, ...]


@dataclass(frozen=True, eq=False)
class SeenGrams:
    """What the tables say of `T` tokens of a text, a row an order: numbers of the grams that end there and of their
    histories (-1 = not seen), and their counts, all (N, T). `available` (T,) tokens before each, at most N - 1."""

    grams: Whole
    histories: Whole
    counts: Whole
    totals: Whole
    types: Whole
    available: Whole


def count(ids: Ids, vocabulary: int, order: int) -> Counts:
    """The tables of a text of ids below `vocabulary`; about 60 bytes of memory a token while a table is made."""
    tables: list[Table] = []
    grams, histories = np.zeros(len(ids) + 1, np.int64), 1  # the empty gram, before each token and after the last
    for length in range(1, order + 1):
        starts = max(0, len(ids) - length + 1)
        keys, numbers, counts = np.unique(
            grams[:starts] * vocabulary + ids[length - 1 :], return_inverse=True, return_counts=True
        )
        suffixes = np.zeros(len(keys), np.int64)
        suffixes[numbers] = grams[1 : starts + 1]
        before = keys // vocabulary
        totals = np.bincount(before, counts, histories + 1).astype(np.int64)
        types = np.bincount(before, minlength=histories + 1)
        tables.append(Table(keys, suffixes, np.append(counts, 0), totals, types))
        grams, histories = numbers, len(keys)
    return Counts(vocabulary, tuple(tables))


def look_up(counts: Counts, ids: Ids, start: int = 0, stop: int | None = None) -> SeenGrams:
    """What the tables say of ids[start:stop]; histories reach back before `start` as far as the text does."""
    order = len(counts.tables)
    first = max(0, start - order + 1)
    text = ids[first:stop].astype(np.int64)
    before = np.zeros(len(text), np.int64)
    rows: list[tuple[Whole, ...]] = []
    for table in counts.tables:
        wanted = before * counts.vocabulary + text
        places = np.searchsorted(table.keys, wanted)
        known = (before >= 0) & (places < len(table.keys))
        known[known] = table.keys[places[known]] == wanted[known]
        grams = np.where(known, places, -1)
        rows.append((grams, before, table.counts[grams], table.totals[before], table.types[before]))
        before = np.append(-1, grams[:-1])[: len(text)]
    grams, histories, found, totals, types = (
        np.stack(column)[:, start - first :] for column in zip(*rows, strict=True)
    )
    available = np.minimum(np.arange(start, start + grams.shape[1]), order - 1)
    return SeenGrams(grams, histories, found, totals, types, available)


# The four methods -----------------------------------------------------------------------------------------------------


def fit(counts: Counts, seen: SeenGrams, method: Method, order: int) -> NgramModel:
    """The model of a method and order, what it leaves open chosen so that the tokens of `seen` are most probable."""
    if method == "laplace":
        return NgramModel(method, order, added=1.0)
    if method == "add-k":
        return NgramModel(method, order, added=_best_added(counts, seen, order))
    if method == "back-off":
        return NgramModel(method, order, discounts=_back_off(counts, seen, order)[1])
    frequencies, buckets = _frequencies(seen, order), _buckets(seen, order)
    steps, enough = em(frequencies, buckets, counts.vocabulary, _start(order)), GAIN * frequencies.shape[1]
    fitted = next(weights for (weights, before), (_, after) in pairwise(steps) if after - before < enough)
    weights = _spread(fitted, buckets)
    given = weights[np.arange(order)[:, None], buckets]
    passed = np.cumprod(1 - given[::-1], axis=0)[::-1]  # on to the order below, from the highest down
    used = [passed[0], *(given[:-1] * passed[1:]), given[-1]]
    return NgramModel(
        method,
        order,
        weights=tuple(tuple(row) for row in weights.tolist()),
        shares=tuple(float(row.mean()) for row in used),
    )


def probabilities(counts: Counts, seen: SeenGrams, model: NgramModel) -> Real:
    """What the model gives to each of the tokens of `seen`: (T,), above 0; over the vocabulary they sum to 1."""
    if model.method in ("laplace", "add-k"):
        return _added(counts, seen, model.order, model.added)
    if model.method == "back-off":
        return _back_off(counts, seen, model.order, model.discounts)[0]
    frequencies, buckets = _frequencies(seen, model.order), _buckets(seen, model.order)
    return _mixed(frequencies, buckets, counts.vocabulary, np.array(model.weights))[-1]


def mean_loss(counts: Counts, ids: Ids, span: tuple[int, int], models: list[NgramModel]) -> list[float]:
    """Nats per token of each model over ids[start:stop], read piece by piece; raises ValueError for an empty span."""
    start, stop = span
    if stop <= start:
        raise ValueError(f"tokens {start:,} to {stop:,} are none: there is nothing to score")
    sums = np.zeros(len(models))
    for piece in range(start, stop, PIECE):
        seen = look_up(counts, ids, piece, min(piece + PIECE, stop))
        sums -= [np.log(probabilities(counts, seen, model)).sum() for model in models]
    return [float(total) for total in sums / (stop - start)]


def _added(counts: Counts, seen: SeenGrams, order: int, added: float) -> Real:
    row, column = np.minimum(seen.available, order - 1), np.arange(len(seen.available))
    return (seen.counts[row, column] + added) / (seen.totals[row, column] + added * counts.vocabulary)


def _best_added(counts: Counts, seen: SeenGrams, order: int) -> float:
    """k from a grid that is narrowed around its best point."""
    low, high = 1e-7, 1e3
    for _ in range(6):
        grid = np.geomspace(low, high, 21)
        best = int(np.argmax([np.log(_added(counts, seen, order, added)).sum() for added in grid]))
        low, high = grid[max(0, best - 1)], grid[min(20, best + 1)]
    return float(grid[best])


def _back_off(
    counts: Counts, seen: SeenGrams, order: int, discounts: tuple[float, ...] | None = None
) -> tuple[Real, tuple[float, ...]]:
    """Probabilities (T,) and the discounts, each fitted in turn from order 1 up where they are not given.

    After a history that every token has followed there is nobody to give to, and nothing is taken.
    """
    chosen: list[float] = []
    probability = np.full(len(seen.available), 1 / counts.vocabulary)
    kept: Real = np.zeros(0)  # what the order below gives to each gram that was seen
    for row, table in enumerate(counts.tables[:order]):
        before, last, totals = table.keys // counts.vocabulary, seen.histories[row], table.totals
        lower = kept[table.suffixes] if row else np.full(len(table.keys), 1 / counts.vocabulary)
        # Never below discount / tokens where a token is missing, so that the difference keeps its digits.
        left = 1 - np.bincount(before, lower, len(totals))
        lacking = (totals > 0) & (table.types < counts.vocabulary)
        if discounts is None:
            asked = lacking[last]
            discount = _best_discount(seen.counts[row][asked])
        else:
            discount = discounts[row]
        chosen.append(discount)
        kept = (table.counts[:-1] - np.where(lacking, discount, 0)[before]) / totals[before]
        freed = np.divide(discount * table.types, totals * left, out=np.zeros(len(totals)), where=lacking)
        given = np.append(kept, 0)[seen.grams[row]]
        passed = np.where(seen.totals[row] > 0, freed[last], 1) * probability
        probability = np.where(seen.grams[row] >= 0, given, passed)
    return probability, tuple(chosen)


def _best_discount(counts: Whole) -> float:
    """The discount that makes tokens with these counts most probable: where n0 / D = the sum of 1 / (count - D)."""
    values, times = np.unique(counts, return_counts=True)
    unseen, values, times = times[values == 0].sum(), values[values > 0], times[values > 0]
    if not len(counts):
        return 0.5
    low, high = 1e-3, 1 - 1e-3
    for _ in range(40):
        middle = (low + high) / 2
        if unseen / middle > (times / (values - middle)).sum():
            low = middle
        else:
            high = middle
    return float((low + high) / 2)


def em(frequencies: Real, buckets: Whole, vocabulary: int, weights: Real) -> Iterator[tuple[Real, float]]:
    """Ever better interpolation weights (N, BUCKETS) for the relative frequencies (N, T) of T tokens, without end.

    Each comes with its objective in nats, which never falls: the log probability of the tokens and of one token more
    a bucket, which the order below gave; that keeps every weight below 1. A token is given by the highest order with
    its weight, else by the order below with its own, and so on.
    """
    order = len(frequencies)
    while True:
        mixed = _mixed(frequencies, buckets, vocabulary, weights)
        yield weights, float(np.log(mixed[-1]).sum() + np.log1p(-weights).sum())
        better = np.empty_like(weights)
        reaching = np.ones(frequencies.shape[1])  # probability that it was this order or one below
        for row in range(order - 1, -1, -1):
            here = reaching * weights[row][buckets[row]] * frequencies[row] / mixed[row + 1]
            arrived = np.bincount(buckets[row], reaching, BUCKETS)
            better[row] = np.bincount(buckets[row], here, BUCKETS) / (arrived + 1)
            reaching = np.maximum(reaching - here, 0)
        weights = better


def _mixed(frequencies: Real, buckets: Whole, vocabulary: int, weights: Real) -> Real:
    """Interpolated probabilities (N + 1, T), first the uniform one."""
    mixed = np.empty((len(frequencies) + 1, frequencies.shape[1]))
    mixed[0] = 1 / vocabulary
    for row, frequency in enumerate(frequencies):
        weight = weights[row][buckets[row]]
        mixed[row + 1] = weight * frequency + (1 - weight) * mixed[row]
    return mixed


def _start(order: int) -> Real:
    weights = np.full((order, BUCKETS), 0.5)
    weights[:, 0] = 0  # a history never seen says nothing
    return weights


def _spread(weights: Real, buckets: Whole) -> Real:
    """Buckets that no token fell into get the weights between their neighbours'."""
    spread = _start(len(weights))
    for row, found in enumerate(buckets):
        known = np.setdiff1d(found, 0)
        if len(known):
            spread[row, 1:] = np.interp(np.arange(1, BUCKETS), known, weights[row, known])
    return spread


def _frequencies(seen: SeenGrams, order: int) -> Real:
    """Relative frequency of each token after its history, 0 where that was not seen."""
    return seen.counts[:order] / np.maximum(seen.totals[:order], 1)


def _buckets(seen: SeenGrams, order: int) -> Whole:
    average = seen.totals[:order] / np.maximum(seen.types[:order], 1)
    number = 1 + np.floor(2 * np.log2(np.maximum(average, 1))).astype(np.int64)
    return np.where(seen.totals[:order] > 0, np.minimum(number, BUCKETS - 1), 0)
