"""Rank correlations: against scipy with ties; cross-fitting against a case by hand and with planted leaks."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from lstm_core.text.lexicon import MOMENTS
from lstm_core.word_vectors import similarity
from lstm_core.word_vectors.benchmarks import Pairs
from lstm_core.word_vectors.similarity import (
    Judged,
    by_frequency,
    candidate_cosines,
    candidate_queries,
    compare,
    cross_fit,
    folds,
    judge,
    mean_rho,
    on_common_pairs,
    score,
    spearmans,
)
from lstm_core.word_vectors.vectors import EmbeddingQuery, EmbeddingTable, State, joined

pytestmark = pytest.mark.numeric


def spearman(one: np.ndarray, other: np.ndarray) -> float:
    """Of values that count once each."""
    return float(spearmans(one, other, np.ones((1, len(one))))[0])


def pairs_of(scores: np.ndarray, name: str = "task") -> Pairs:
    """Pairs of words that no other pair has."""
    first, second = (tuple(f"{side}{n}" for n in range(len(scores))) for side in "ab")
    return Pairs(name, first, second, np.asarray(scores, dtype=np.float64))


def judged_of(cosines: np.ndarray, scores: np.ndarray) -> Judged:
    return Judged(pairs_of(scores), np.atleast_2d(cosines), np.zeros((1, len(scores)), dtype=np.int8))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 3)), min_size=3, max_size=40))
def test_spearman_is_scipys_with_ties_and_repeats(rows: list[tuple[int, int, int]]) -> None:
    one, other, times = np.array(rows).T
    repeated = np.repeat(one, times), np.repeat(other, times)
    weights = np.stack([np.ones(len(one)), times])
    for found, (a, b), distinct in zip(
        spearmans(one, other, weights), [(one, other), repeated], [len(one), (times > 0).sum()], strict=True
    ):
        if distinct < 3 or len(set(a)) < 2 or len(set(b)) < 2:
            assert np.isnan(found)
        else:
            assert found == pytest.approx(spearmanr(a, b).statistic, abs=1e-12)


def test_spearman_by_hand() -> None:
    assert spearman(np.array([1, 2, 3, 4]), np.array([10, 20, 40, 30])) == pytest.approx(0.8)
    assert np.isnan(spearman(np.array([1, 2]), np.array([1, 2]))) and np.isnan(spearman(np.zeros(0), np.zeros(0)))


def test_a_benchmark_is_scored_on_the_pairs_that_the_table_has() -> None:
    vectors = np.array([[1, 0], [1, 0.1], [0, 1], [1, 1], [-1, 0.5]], dtype=np.float32)
    count = np.array([5, 50, 2, 500, 1])
    table = EmbeddingTable("t", ("sun", "moon", "tree", "leaf", "ice"), count, count, vectors)
    pairs = Pairs(
        "p", ("sun", "sun", "tree", "ice", "ice", "cow"), ("moon", "tree", "leaf", "sun", "moon", "sun"),
        np.array([9, 3, 5, 2, 2, 8.0]),
    )  # fmt: skip
    judged = judge(table, pairs)
    wide = vectors.astype(float)
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    expected = [wide[a] @ wide[b] for a, b in [(0, 1), (0, 2), (2, 3), (4, 0), (4, 1)]]
    np.testing.assert_allclose(judged.cosines[0, :5], expected, atol=1e-6)
    found = score(judged)
    assert (found.pairs, found.found, found.missing) == (6, 5, 1)
    assert found.rho == pytest.approx(spearmanr(expected, pairs.scores[:5]).statistic)
    strata = by_frequency(judged, table, (1, 2, 5))
    assert [(one.least, one.most, one.found) for one in strata] == [(1, 1, 2), (2, 4, 2), (5, None, 1)]
    assert all(one.rho is None for one in strata)
    rest = by_frequency(judged, table, (0, 2))[1]
    assert rest.rho == pytest.approx(spearmanr(expected[:3], pairs.scores[:3]).statistic)


def test_scoring_twice_gives_the_same_and_another_seed_another_interval() -> None:
    rng = np.random.default_rng(0)
    human = rng.normal(size=80)
    judged = judged_of(human + rng.normal(size=80), human)
    assert score(judged) == score(judged)
    assert score(judged).low != score(judged, seed=1).low


def test_the_interval_is_that_of_drawing_pairs_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    human = rng.normal(size=60)
    judged = judged_of(human + 1.5 * rng.normal(size=60), human)
    draws = np.random.default_rng(9).integers(60, size=(4000, 60))
    expected = np.quantile([spearmanr(judged.cosines[0, d], human[d]).statistic for d in draws], [0.025, 0.975])
    found = score(judged, resamples=4000)
    np.testing.assert_allclose([found.low, found.high], expected, atol=0.02)
    assert found.rho is not None and found.low is not None and found.low < found.rho


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    """Normal variables of correlation r have the rank correlation 6/pi asin(r/2)."""
    rng, inside = np.random.default_rng(1), 0
    truth = 6 / np.pi * np.arcsin(0.5 / 2)
    for _ in range(200):
        human = rng.normal(size=100)
        found = score(judged_of(0.5 * human + np.sqrt(0.75) * rng.normal(size=100), human), resamples=200)
        inside += found.low <= truth <= found.high  # type: ignore[operator]
    assert 176 <= inside <= 200


def test_what_has_no_correlation_has_none() -> None:
    for cosines in (np.full(5, np.nan), np.array([0.1, 0.2, np.nan, np.nan, np.nan]), np.ones(5)):
        found = score(judged_of(cosines, np.arange(5)))
        assert found.rho is found.low is found.high is None
    assert mean_rho([found]) is None


# Cross-fitting --------------------------------------------------------------------------------------------------------


def test_cross_fitting_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Candidate x orders the pairs of fold 0 rightly and those of fold 1 the wrong way round; y the other way about."""
    monkeypatch.setattr(similarity, "SPLITS", 1)
    human = np.array([1, 2, 3, 4, 1, 2, 3, 4.0])
    fold = np.array([0, 0, 0, 0, 1, 1, 1, 1], dtype=np.int8)
    monkeypatch.setattr(similarity, "folds", lambda *_: [fold])
    x, y = np.where(fold == 0, human, -human), np.where(fold == 0, [4, 1, 2, 3, 0, 0, 0, 0], human)
    (judged,) = cross_fit([np.stack([x, y])], [pairs_of(human)], ["x", "y"], prior=0, kept=1)
    assert judged.chosen == ("y", "x")  # what is best on fold 1 judges fold 0
    np.testing.assert_allclose(judged.cosines[0], np.where(fold == 0, y / y.std(), x / x.std()))
    rho_0 = spearmanr(y[:4], human[:4]).statistic
    assert score(judged).rho == pytest.approx((rho_0 - 1) / 2)


def test_the_prior_lends_a_small_benchmark_the_choice_of_the_large() -> None:
    rng = np.random.default_rng(0)
    large, small = rng.normal(size=400), rng.normal(size=12)
    good = [large + 0.1 * rng.normal(size=400), small + rng.normal(size=12)]
    bad = [rng.normal(size=400), small + 0.5 * rng.normal(size=12)]
    cosines = [np.stack(pair) for pair in zip(bad, good, strict=True)]
    benchmarks = [pairs_of(large, "large"), Pairs("small", tuple("abcdefghijkl"), tuple("ABCDEFGHIJKL"), small)]
    alone = cross_fit(cosines, benchmarks, ["bad", "good"], prior=0, kept=1)
    together = cross_fit(cosines, benchmarks, ["bad", "good"], prior=250, kept=1)
    assert set(alone[0].chosen) == set(together[0].chosen) == {"good"}
    assert "bad" in alone[1].chosen and set(together[1].chosen) == {"good"}


def test_those_that_judge_a_fold_together_are_the_best_on_the_other_at_one_spread() -> None:
    rng = np.random.default_rng(4)
    human = rng.normal(size=80)
    values = rng.normal(size=(12, 80)) * rng.gamma(2, 3, (12, 1)) + human
    (judged,) = cross_fit([values], [pairs_of(human)], [str(n) for n in range(12)], kept=5)
    for split, fold in enumerate(judged.fold):
        for number in (0, 1):
            there = fold == number
            rhos = [spearmanr(row[~there], human[~there]).statistic for row in values]
            best = np.argsort(rhos)[::-1][:5]
            assert judged.chosen[2 * split + number] == str(best[0])
            expected = np.mean([values[row] / values[row].std() for row in best], axis=0)
            np.testing.assert_allclose(judged.cosines[split, there], expected[there])


@pytest.mark.parametrize("kept", [1, 40])
def test_candidates_of_noise_do_not_look_good(kept: int) -> None:
    """100 candidates that know nothing: the best of them on all pairs correlates, the cross-fitted do not."""
    rng = np.random.default_rng(5)
    rhos, best = [], []
    for seed in range(15):
        human, noise = rng.normal(size=60), rng.normal(size=(100, 60))
        (judged,) = cross_fit([noise], [pairs_of(human)], [str(n) for n in range(100)], kept=kept, seed=seed)
        rhos.append(score(judged, resamples=1).rho)
        best.append(max(spearman(row, human) for row in noise))
    assert np.mean(best) > 0.25
    assert abs(np.mean(rhos)) < 0.1  # type: ignore[arg-type]


def test_scores_of_a_fold_do_not_touch_its_own_judges() -> None:
    rng = np.random.default_rng(2)
    human, values = rng.normal(size=50), rng.normal(size=(40, 50))
    names = [str(n) for n in range(40)]
    (before,) = cross_fit([values], [pairs_of(human)], names)
    for split in range(similarity.SPLITS):
        changed = np.where(before.fold[split] == 0, rng.normal(size=50), human)
        (after,) = cross_fit([values], [pairs_of(changed)], names)
        assert after.chosen[2 * split] == before.chosen[2 * split]  # judges fold 0, learns from fold 1
        judged = before.fold[split] == 0
        np.testing.assert_array_equal(after.cosines[split, judged], before.cosines[split, judged])


def test_the_same_two_words_are_in_one_fold_wherever_they_stand() -> None:
    rng = np.random.default_rng(0)
    words = [f"w{n}" for n in range(12)]
    made = [tuple(rng.choice(words, 2)) for _ in range(150)]
    benchmarks = [Pairs(name, *zip(*some, strict=True), np.zeros(len(some))) for name, some in  # type: ignore[arg-type]
                  [("one", made[:100]), ("two", [pair[::-1] for pair in made[50:]])]]  # fmt: skip
    for seed in range(5):
        found = [np.ones(len(pairs), dtype=bool) for pairs in benchmarks]
        seen: dict[tuple[str, ...], set[int]] = {}
        for pairs, fold in zip(benchmarks, folds(benchmarks, found, seed), strict=True):
            for both, number in zip(pairs.unordered, fold.tolist(), strict=True):
                seen.setdefault(both, set()).add(number)
        assert {len(numbers) for numbers in seen.values()} == {1}
        assert set().union(*seen.values()) == {0, 1}


@given(st.integers(2, 60), st.integers(0, 1000))
def test_folds_of_new_pairs_are_even_over_those_found(count: int, seed: int) -> None:
    found = np.random.default_rng(seed).random(count) < 0.7
    (fold,) = folds([pairs_of(np.zeros(count))], [found], seed)
    assert abs(int((fold[found] == 0).sum()) - int((fold[found] == 1).sum())) <= 1


def test_folds_of_a_benchmark_inside_a_larger_one_are_even() -> None:
    large = pairs_of(np.zeros(300), "large")
    small = Pairs("small", large.first[:11], large.second[:11], np.zeros(11))
    for seed in range(20):
        of_large, of_small = folds([large, small], [np.ones(300, dtype=bool), np.ones(11, dtype=bool)], seed)
        assert of_small.sum() in (5, 6)
        np.testing.assert_array_equal(of_large[:11], of_small)


def test_cross_fitting_without_candidates_is_refused() -> None:
    with pytest.raises(ValueError, match="give at least one"):
        cross_fit([np.zeros((0, 3))], [pairs_of(np.arange(3))], [])


def means() -> dict[State, EmbeddingTable]:
    rng = np.random.default_rng(7)
    count = np.arange(1, 31)
    words = tuple(f"w{n}" for n in range(30))
    found = {}
    for layer in (1, 2):
        for moment in MOMENTS:
            query = EmbeddingQuery("h", (layer,), (moment,))
            vectors = rng.normal(size=(30, 6)).astype(np.float32)
            found["h", layer, moment] = EmbeddingTable("t", words, count, count, vectors, query)
    return found


def test_cosines_of_candidates_are_those_of_their_tables() -> None:
    found = means()
    rng = np.random.default_rng(0)
    pairs = Pairs("p", *(tuple(f"w{n}" for n in rng.integers(33, size=40)) for _ in "ab"), np.arange(40.0))
    queries = candidate_queries([1, 2])
    queries = [query for query in queries if query.removed in (0, 1, 3)]
    assert len(queries) == len(set(queries)) == 3 * 63 * 5
    (cosines,) = candidate_cosines(found, queries, [pairs])
    for query, row in zip(queries, cosines, strict=True):
        np.testing.assert_allclose(row, judge(joined(found, query), pairs).cosines[0], atol=2e-6)


def test_one_layer_gives_the_candidates_once() -> None:
    queries = candidate_queries([2])
    assert len(queries) == len(set(queries)) == 63 * (2 + len(similarity.REMOVED))
    assert queries[0].moments == ("before",) and not queries[0].centred


# Two tables -----------------------------------------------------------------------------------------------------------


def test_two_tables_are_compared_on_their_common_pairs() -> None:
    human = np.arange(40.0)
    rng = np.random.default_rng(3)
    one, other = human + 5 * rng.normal(size=40), rng.normal(size=40)
    one[:5], other[30:] = np.nan, np.nan
    found = compare(judged_of(one, human), judged_of(other, human))
    ours, theirs = (spearmanr(values[5:30], human[5:30]).statistic for values in (one, other))
    assert (found.found, found.first, found.second) == (25, pytest.approx(ours), pytest.approx(theirs))
    assert found.difference == pytest.approx(ours - theirs)
    assert found.low is not None and 0 < found.low < found.difference  # type: ignore[operator]
    same = compare(judged_of(one, human), judged_of(one, human))
    assert (same.difference, same.low, same.high) == (0, 0, 0)


def test_fitted_ones_are_compared_over_the_same_folds_or_not_at_all() -> None:
    rng = np.random.default_rng(3)
    human = rng.normal(size=60)
    ours, theirs = rng.normal(size=(4, 60)) + human, rng.normal(size=(3, 60))
    theirs[:, :20] = np.nan
    pairs = pairs_of(human)
    fitted, plain = cross_fit([ours], [pairs], list("abcd"))[0], judged_of(theirs[0], human)
    against = compare(fitted, plain)
    assert against.second == pytest.approx(
        np.mean([spearman(theirs[0, part], human[part]) for row in fitted.fold for k in (0, 1)
                 for part in [plain.found & (row == k)]])
    )  # fmt: skip
    assert compare(plain, fitted).difference == pytest.approx(-against.difference)  # type: ignore[operator]
    with pytest.raises(ValueError, match="cross-fit both on their common pairs first"):
        compare(fitted, cross_fit([theirs], [pairs], list("abc"))[0])
    common = on_common_pairs(ours, theirs)
    both = [cross_fit([values], [pairs], list("abcd")[: len(values)])[0] for values in common]
    assert compare(*both).found == 40
    with pytest.raises(ValueError, match="not the same pairs"):
        compare(plain, replace(plain, pairs=pairs_of(human[:50])))
