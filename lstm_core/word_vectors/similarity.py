"""How far vectors agree with people about which words are alike: rank correlations over pairs of words.

Knows pairs and tables of vectors. N pairs, C candidates.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from lstm_core.stats import intervals
from lstm_core.stats.ranks import Floats, Mask
from lstm_core.text.lexicon import MOMENTS
from lstm_core.word_vectors.benchmarks import Pairs
from lstm_core.word_vectors.vectors import EmbeddingQuery, EmbeddingTable, Spread, State

Folds = NDArray[np.int8]

LEAST = 3  # pairs that a correlation needs
RESAMPLES = 1000
PRIOR = 250  # pairs that the mean over all benchmarks counts as where candidates are chosen
KEPT = 40  # candidates that judge a fold together
SPLITS = 5  # of the pairs into two folds
REMOVED = (0, 1, 2, 3, 5, 10, 20, 50)  # directions that candidates take off
STRATA = (1, 10, 100, 1000)  # occurrences in the text of the rarer word of a pair, at least


@dataclass(frozen=True, eq=False)
class Judged:
    """What vectors say of pairs: `cosines` (S, N), NaN where a word is missing.

    One row, and `fold` (1, N) of zeros, where one table judged them. Where candidates were chosen by cross-fitting, a
    row a split of the pairs, `fold` (S, N) says in which part of it a pair is, and `chosen` which candidate was the
    best of those that judged each part of each split; cosines are then of those joined, at no scale of their own. A
    correlation is the mean over the parts of all splits.
    """

    pairs: Pairs
    cosines: Floats
    fold: Folds
    chosen: tuple[str, ...] = ()

    @property
    def found(self) -> Mask:
        """Which pairs have both words (N,)."""
        return ~np.isnan(self.cosines[0])


@dataclass(frozen=True)
class Score:
    """The Spearman correlation `rho` of a benchmark with its bootstrap interval; None where it is undefined."""

    task: str
    pairs: int
    found: int
    rho: float | None
    low: float | None
    high: float | None
    chosen: tuple[str, ...] = field(default=())

    @property
    def missing(self) -> int:
        return self.pairs - self.found


@dataclass(frozen=True)
class ScoreDifference:
    """Two sets of vectors on the `found` pairs that both have: their correlations, and the first less the second."""

    task: str
    found: int
    first: float | None
    second: float | None
    difference: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Stratum:
    """The pairs whose rarer word stands `least` to `most` times in the text (None: without end)."""

    least: int
    most: int | None
    found: int
    rho: float | None


def spearmans(one: NDArray[np.floating], other: NDArray[np.floating], weights: NDArray[np.floating]) -> Floats:
    """Rank correlations (R,) of two arrays (N,), ties at the mean of their ranks, where value n counts `weights[r, n]`
    times, a whole number.

    NaN where fewer than 3 values count or there is no variance.
    """
    if not len(one):
        return np.full(len(weights), np.nan)
    total = weights.sum(axis=1, keepdims=True)
    a, b = (_ranks(values, weights) - (total + 1) / 2 for values in (one, other))
    between, of_a, of_b = ((weights * left * right).sum(axis=1) for left, right in ((a, b), (a, a), (b, b)))
    enough = ((weights > 0).sum(axis=1) >= LEAST) & (of_a > 0) & (of_b > 0)
    return np.where(enough, between / np.sqrt(np.where(enough, of_a * of_b, 1)), np.nan)


def _ranks(values: NDArray[np.floating], weights: NDArray[np.floating]) -> Floats:
    """Ranks (R, N) from 1 of values (N,) that stand `weights` (R, N) times each, ties at their mean."""
    _, level = np.unique(values, return_inverse=True)
    order = np.argsort(level, kind="stable")
    begins = np.flatnonzero(np.diff(level[order], prepend=-1))
    times = np.add.reduceat(weights[:, order], begins, axis=1)  # (R, levels)
    return (np.cumsum(times, axis=1) - (times - 1) / 2)[:, level]


# What vectors say -----------------------------------------------------------------------------------------------------


def judge(table: EmbeddingTable, pairs: Pairs) -> Judged:
    """The cosine of every pair that a table has both words of."""
    rows = np.array([[_row(table, word) for word in side] for side in (pairs.first, pairs.second)])  # (2, N)
    found = (rows >= 0).all(axis=0)
    cosines = np.full((1, len(pairs)), np.nan)
    one, other = (table.unit_vectors[side[found]] for side in rows)
    cosines[0, found] = np.einsum("nd,nd->n", one, other, dtype=np.float64)
    return Judged(pairs, cosines, np.zeros((1, len(pairs)), dtype=np.int8))


def _row(table: EmbeddingTable, word: str) -> int:
    row = table.row(word)
    return -1 if row is None else row


def cross_fit(
    cosines: Sequence[Floats],
    benchmarks: Sequence[Pairs],
    names: Sequence[str],
    *,
    prior: float = PRIOR,
    kept: int = KEPT,
    seed: int = 0,
) -> list[Judged]:
    """Each benchmark judged by candidates that were chosen without the pairs they judge: two-fold cross-fitting.

    `cosines` (C, N) of each benchmark, NaN where a word is missing; `names` (C,). All pairs are put into two folds at
    random, those of the same two words together, in whichever benchmarks they are. Each fold is judged by the `kept`
    candidates that are best on the other, joined: by their correlation there, drawn towards their mean over all
    benchmarks there, which counts as `prior` pairs, since a few dozen pairs alone choose by chance (0: each benchmark
    for itself). They are joined at the same spread of their cosines over the pairs; of those equally good the first are
    taken. All of it SPLITS times, over other folds. Raises ValueError when there is no candidate.
    """
    if not names:
        raise ValueError("cross-fitting chooses among candidates: give at least one")
    found = [~np.isnan(values[0]) for values in cosines]
    fold = [folds(benchmarks, found, seed + split) for split in range(SPLITS)]
    of = [np.stack([split[which] for split in fold]) for which in range(len(benchmarks))]  # (S, N) each
    best = _choices(cosines, benchmarks, found, of, prior)[:, :kept]  # (B, K, 2 S)
    judged = []
    for pairs, values, there, parts, choice in zip(benchmarks, cosines, found, of, best, strict=True):
        spread = values[:, there].std(axis=1) if there.any() else np.ones(len(values))
        scaled = values / np.where(spread > 0, spread, 1)[:, None]
        fitted = np.full(parts.shape, np.nan)
        for split, part in enumerate(parts):
            for number in (0, 1):
                rows = choice[:, number * SPLITS + split]
                fitted[split, part == number] = scaled[rows][:, part == number].mean(axis=0)
        first = choice[0].reshape(2, SPLITS).T.ravel()  # of each part of each split
        judged.append(Judged(pairs, fitted, parts, tuple(names[row] for row in first)))
    return judged


def _choices(
    cosines: Sequence[Floats], benchmarks: Sequence[Pairs], found: Sequence[Mask], fold: Sequence[Folds], prior: float
) -> NDArray[np.int64]:
    """The candidates (B, C, 2 S), the best first, for fold 0 of each split, then for fold 1: by the pairs of the other
    fold alone.
    """
    rhos, sizes = [], []
    for values, pairs, there, parts in zip(cosines, benchmarks, found, fold, strict=True):
        learning = np.concatenate([parts[:, there] == 1, parts[:, there] == 0]).astype(np.float64)  # (2 S, n)
        rhos.append([spearmans(row, pairs.scores[there], learning) for row in values[:, there]])
        sizes.append(learning.sum(axis=1))
    rho = np.array(rhos)  # (B, C, 2 S)
    known = ~np.isnan(rho)
    rho = np.where(known, rho, 0.0)
    mean = rho.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    weight = np.array(sizes)[:, None, :] * known
    drawn = (weight * rho + prior * mean) / np.maximum(weight + prior, 1)
    return np.argsort(-drawn, axis=1, kind="stable")


def folds(benchmarks: Sequence[Pairs], found: Sequence[Mask], seed: int) -> list[Folds]:
    """Two folds, 0 and 1, of each benchmark (N,): each new pair of words goes where its benchmark has found fewer.

    The same two words have the same fold in every benchmark and order. The smallest benchmark comes first, so that one
    whose pairs are all in a larger one is even too.
    """
    rng = np.random.default_rng(seed)
    of_words: dict[tuple[str, ...], int] = {}
    result: dict[int, Folds] = {}
    for which in sorted(range(len(benchmarks)), key=lambda which: int(found[which].sum())):
        pairs, there = benchmarks[which], found[which]
        own = np.array([of_words.get(words, -1) for words in pairs.unordered], dtype=np.int8)
        sizes = [int((there & (own == number)).sum()) for number in (0, 1)]
        for at in rng.permutation(np.flatnonzero(own < 0)).tolist():
            if (words := pairs.unordered[at]) not in of_words:
                of_words[words] = int(rng.integers(2)) if sizes[0] == sizes[1] else int(sizes[1] < sizes[0])
            own[at] = of_words[words]
            sizes[own[at]] += bool(there[at])
        result[which] = own
    return [result[which] for which in range(len(benchmarks))]


def on_common_pairs(one: Floats, other: Floats) -> tuple[Floats, Floats]:
    """The cosines of two sets of candidates (C, N) and (D, N) with NaN where either lacks a word: they fit alike."""
    lacking = np.isnan(one[0]) | np.isnan(other[0])
    return np.where(lacking, np.nan, one), np.where(lacking, np.nan, other)


def candidate_queries(layers: Sequence[int], *, below: int = 10**9) -> list[EmbeddingQuery]:
    """What cross-fitting chooses among: every choice of moments, each layer and all joined, plain and adjusted.

    Fewer than `below` directions are taken off.
    """
    choices: list[tuple[int, ...]] = [(layer,) for layer in sorted(layers, reverse=True)]
    if len(layers) > 1:
        choices.append(tuple(sorted(layers)))
    joint = [chosen for size in range(1, len(MOMENTS) + 1) for chosen in combinations(MOMENTS, size)]
    plain = [EmbeddingQuery(layers=layer, moments=chosen) for layer in choices for chosen in joint]
    return adjusted(plain, below=below)


def adjusted(plain: Sequence[EmbeddingQuery], *, below: int = 10**9) -> list[EmbeddingQuery]:
    """Queries as they are, with fewer than `below` directions taken off, and whitened."""
    off = [replace(query, centred=True, removed=count) for query in plain for count in REMOVED if count < below]
    return [*plain, *off, *(replace(query, centred=True, whitened=True) for query in plain if below > 0)]


def candidate_cosines(
    means: dict[State, EmbeddingTable], queries: Sequence[EmbeddingQuery], benchmarks: Sequence[Pairs]
) -> list[Floats]:
    """The cosines (C, N) that each query's table gives to the pairs of each benchmark, NaN where a word is missing.

    States are joined at length 1, so that the cosine of joined vectors is the mean of those of the states.
    """
    by_state: dict[tuple[State, EmbeddingQuery], list[Floats]] = {}
    for state, table in means.items():
        spread = Spread.of(table.vectors)
        words = {row for pairs in benchmarks for word in pairs.words if (row := table.row(word)) is not None}
        few = _rows(table, np.array(sorted(words), dtype=np.int64))
        for asked in {_alone(query) for query in queries if state in query.states}:
            vectors = spread.adjustment(asked)(few.vectors) if asked.centred else few.vectors
            changed = replace(few, vectors=vectors)
            by_state[state, asked] = [judge(changed, pairs).cosines[0] for pairs in benchmarks]

    def mean(query: EmbeddingQuery, which: int) -> Floats:
        return np.mean([by_state[state, _alone(query)][which] for state in query.states], axis=0)

    return [np.array([mean(query, which) for query in queries]) for which in range(len(benchmarks))]


def _alone(query: EmbeddingQuery) -> EmbeddingQuery:
    """What a query asks for beside its states."""
    return replace(EmbeddingQuery(), centred=query.centred, removed=query.removed, whitened=query.whitened)


def _rows(table: EmbeddingTable, rows: NDArray[np.int64]) -> EmbeddingTable:
    columns = {name: getattr(table, name)[rows] for name in ("averaged", "counted", "vectors")}
    return replace(table, words=tuple(table.words[row] for row in rows.tolist()), **columns)


# Figures --------------------------------------------------------------------------------------------------------------


def score(judged: Judged, *, resamples: int = RESAMPLES, seed: int = 0) -> Score:
    """The correlation with its 95 % interval over pairs drawn anew (bootstrap percentiles, seeded)."""
    found = judged.found
    rho = _over_folds(judged, found, np.ones((1, found.sum())))[0]
    spread = [_over_folds(judged, found, drawn) for drawn in intervals.drawn_anew(found.sum(), resamples, seed)]
    interval = intervals.of_draws(np.concatenate(spread)) if np.isfinite(rho) else (None, None)
    return Score(judged.pairs.name, len(judged.pairs), int(found.sum()), _defined(rho), *interval, judged.chosen)


def compare(one: Judged, other: Judged) -> ScoreDifference:
    """Two sets of vectors on the pairs that both found, with the interval of the difference over pairs drawn anew.

    Where one of them was cross-fitted, both are judged on its folds. Raises ValueError when they judged different
    pairs, or were cross-fitted over different ones.
    """
    if one.pairs.unordered != other.pairs.unordered:
        raise ValueError(f"{one.pairs.name} and {other.pairs.name} are not the same pairs: compare on one benchmark")
    if one.chosen and other.chosen and not (one.fold == other.fold).all():
        raise ValueError("they were fitted to different pairs: cross-fit both on their common pairs first")
    fold = one.fold if one.chosen else other.fold
    found = one.found & other.found
    both = [replace(judged, fold=fold) for judged in (one, other)]
    first, second = (_over_folds(judged, found, np.ones((1, found.sum())))[0] for judged in both)
    spread = [np.zeros(0)]
    if np.isfinite(first - second):
        for drawn in intervals.drawn_anew(found.sum(), RESAMPLES, 0):
            ours, theirs = (_over_folds(judged, found, drawn) for judged in both)
            spread.append(ours - theirs)
    low, high = intervals.of_draws(np.concatenate(spread))
    rhos = _defined(first), _defined(second), _defined(first - second)
    return ScoreDifference(one.pairs.name, int(found.sum()), *rhos, low, high)


def by_frequency(judged: Judged, table: EmbeddingTable, edges: Sequence[int] = STRATA) -> list[Stratum]:
    """The correlation apart by how often the rarer word of a pair stands in the table's text.

    `edges` are the least counts of each stratum, ascending.
    """
    counted = np.append(table.counted, 0)  # row -1: a word that is missing
    one, other = ([_row(table, word) for word in side] for side in (judged.pairs.first, judged.pairs.second))
    rarer = np.minimum(counted[one], counted[other])
    strata = []
    for least, past in zip(edges, (*edges[1:], None), strict=True):
        there = judged.found & (rarer >= least) & (rarer < (np.inf if past is None else past))
        rho = _over_folds(judged, there, np.ones((1, there.sum())))[0]
        strata.append(Stratum(least, None if past is None else past - 1, int(there.sum()), _defined(rho)))
    return strata


def mean_rho(scores: Sequence[Score]) -> float | None:
    """The mean correlation over the benchmarks that have one, None without any."""
    found = [score.rho for score in scores if score.rho is not None]
    return sum(found) / len(found) if found else None


def _over_folds(judged: Judged, among: Mask, times: NDArray[np.floating]) -> Floats:
    """The mean over splits and folds of the correlation (R,) over the pairs `among` (N,), pair n `times` (R, n)."""
    human = judged.pairs.scores[among]
    cosines = np.broadcast_to(judged.cosines, judged.fold.shape)[:, among]
    rhos = []
    for values, fold in zip(cosines, judged.fold[:, among], strict=True):
        for number in range(judged.fold.max(initial=0) + 1):
            part = fold == number
            rhos.append(spearmans(values[part], human[part], times[:, part]))
    return np.mean(rhos, axis=0)


def _defined(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
