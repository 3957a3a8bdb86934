"""The exact test of a rank correlation against brute force over all orders and against scipy."""

from collections.abc import Sequence
from itertools import permutations
from math import factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats

from lstm_core.stats import permutation as orders
from lstm_core.stats.permutation import order

pytestmark = pytest.mark.numeric


def by_brute_force(one: Sequence[float], other: Sequence[float]) -> float:
    """Share of all orders whose correlation is at least as far from 0; ranks are exact halves, their products too."""
    a, b = (stats.rankdata(values) for values in (one, other))
    a, b = a - a.mean(), b - b.mean()
    return float(np.mean([abs(a @ np.array(turned)) >= abs(a @ b) for turned in permutations(b)]))


@given(pairs=some.lists(some.tuples(some.integers(0, 4), some.integers(0, 4)), min_size=3, max_size=6))
def test_p_is_the_share_of_all_orders_with_ties_too(pairs: list[tuple[int, int]]) -> None:
    one, other = np.array(pairs, dtype=float).T
    found = order(one, other)
    if len(set(one)) == 1 or len(set(other)) == 1:
        assert (found.rho, found.p) == (None, None)
        return
    assert found.rho == pytest.approx(stats.spearmanr(one, other).statistic, abs=1e-12)
    assert found.p == pytest.approx(by_brute_force(one, other), abs=1e-12)
    assert found.exact


def test_p_is_that_of_scipy_s_exact_permutation_test() -> None:
    rng = np.random.default_rng(3)
    one, other = rng.normal(size=(2, 7))
    expected = stats.permutation_test(
        (one,), lambda x: stats.spearmanr(x, other).statistic, permutation_type="pairings", n_resamples=np.inf
    )
    assert order(one, other).p == pytest.approx(expected.pvalue)


@pytest.mark.parametrize("pairs", range(3, orders.EXACT + 1))
def test_of_a_perfect_order_only_two_orders_are_as_far(pairs: int) -> None:
    found = order(np.arange(pairs), -(np.arange(pairs) ** 3))
    assert found.rho == pytest.approx(-1)
    assert found.p == pytest.approx(2 / factorial(pairs), rel=1e-12)


def test_the_counted_orders_are_all_of_them() -> None:
    """Nine pairs with ties: every one of 362,880 orders is counted once, at a sum that some order gives."""
    a, b = orders.centred_ranks(np.array([1, 1, 2, 3, 3, 3, 7, 8, 9])), orders.centred_ranks(np.arange(9))
    sums = orders._sums(a, b)
    assert sums.sum() == factorial(9)
    drawn = {int(np.random.default_rng(seed).permutation(b) @ a) for seed in range(200)}
    assert {int(at) for at in np.flatnonzero(sums) - len(sums) // 2} >= drawn


def test_more_pairs_are_drawn_and_near_the_exact_share(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = np.arange(8), np.array([3, 1, 2, 6, 4, 5, 8, 7])
    exact = order(one, other)
    monkeypatch.setattr(orders, "EXACT", 7)
    drawn = order(one, other)
    assert not drawn.exact and exact.exact
    assert drawn.p == pytest.approx(exact.p, rel=0.2)
    assert order(one, other) == drawn  # the same for a seed


@pytest.mark.parametrize(("one", "other"), [([], []), ([1, 2], [1, 2]), ([1, 1, 1], [1, 2, 3]), ([1, 2, 3], [4, 4, 4])])
def test_too_few_or_equal_values_have_none(one: list[float], other: list[float]) -> None:
    found = order(np.array(one), np.array(other))
    assert (found.pairs, found.rho, found.p) == (len(one), None, None)


def test_rows_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"rows are \(3,\) and \(2,\)"):
        order(np.arange(3), np.arange(2))
    with pytest.raises(ValueError, match="not numbers"):
        order(np.array([1, np.nan, 2]), np.arange(3))
