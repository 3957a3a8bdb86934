"""Intervals against scipy's, and how often they hold the truth."""

from statistics import mean, stdev

import numpy as np
import pytest
from scipy.stats import binomtest
from scipy.stats import t as student

from lstm_core.stats import intervals


def test_the_interval_of_a_mean_is_student_s() -> None:
    for values in ([0.61, 0.7, 0.65, 0.72], [0.1 * (n % 4) for n in range(11)], [0.3, 0.5]):
        count = len(values)
        ends = student.interval(0.95, count - 1, loc=mean(values), scale=stdev(values) / count**0.5)
        assert intervals.of_mean(values) == pytest.approx(ends)
    low, high = intervals.of_mean([1.0, 2.0, 3.0])
    assert (low, high) == pytest.approx((2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5), abs=1e-4)  # a printed table
    assert intervals.of_mean([0.5]) == (float("-inf"), float("inf"))


@pytest.mark.parametrize(("right", "total"), [(0, 5), (3, 7), (90, 100), (5, 5)])
def test_the_interval_of_a_share_is_wilsons(right: int, total: int) -> None:
    expected = binomtest(right, total).proportion_ci(method="wilson")
    assert intervals.of_share(right / total, total) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_the_interval_of_a_share_ends_where_the_score_test_just_rejects() -> None:
    z = 1.959964
    for share, count in ((0.3, 20.5), (1.0, 12)):
        for end in intervals.of_share(share, count):
            assert abs(share - end) == pytest.approx(z * np.sqrt(end * (1 - end) / count), abs=1e-6)


def test_the_interval_of_a_mean_of_shares_holds_the_truth_as_often_as_it_says() -> None:
    draw, inside = np.random.default_rng(0), 0
    for _ in range(500):
        low, high = intervals.of_balanced((draw.binomial(70, 0.9) / 70, draw.binomial(130, 0.7) / 130), (70, 130))
        inside += low <= 0.8 <= high
    assert 0.93 <= inside / 500 <= 0.98
    assert intervals.of_balanced((0.25,), (40,)) == pytest.approx(intervals.of_share(0.25, 40))
    assert intervals.of_balanced((1.0, 1.0), (9, 9))[1] == 1.0


def test_samples_have_as_many_things_and_the_middle_of_their_means_is_that_of_the_normal_law() -> None:
    values = np.random.default_rng(1).normal(size=400)
    times = np.concatenate(list(intervals.drawn_anew(400, 6000, seed=2)))  # in two blocks
    assert times.shape == (6000, 400) and (times.sum(axis=1) == 400).all()
    low, high = intervals.of_draws(np.append(times @ values / 400, np.nan))
    half = 1.96 * values.std() / 20
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.01)
    assert not list(intervals.drawn_anew(0, 10, seed=0))
    assert intervals.of_draws(np.full(3, np.nan)) == (None, None)
