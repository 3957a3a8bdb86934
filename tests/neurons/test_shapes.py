"""Shapes of distributions on planted samples of each class, over seeds and scales; distances against scipy."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from lstm_core.neurons.distributions import (
    BIMODAL,
    LAPLACE,
    NEAR_ZERO,
    ONE_SIDED,
    OTHER,
    SHAPES,
    DistributionQuery,
    Distributions,
    distributions,
    laplace_distance,
    normal_distance,
    shapes,
)
from tests.neurons.test_distributions import planted

Sample = Callable[[np.random.Generator, float, int], np.ndarray]
COUNT = 6000


def found_in(values: np.ndarray, signal: str = "h") -> Distributions:
    return distributions(planted(values, signal), DistributionQuery(signal, 1))


def two(low: float, high: float, share: float) -> Sample:
    """A share of values around `low`, the others around `high`, both times the scale."""
    return lambda draw, scale, n: (
        scale * (np.where(draw.random(n) < share, low, high) + draw.normal(0, 0.15 * (high - low), n))
    )


PLANTED: list[tuple[str, Sample]] = [
    (NEAR_ZERO, lambda draw, scale, n: draw.laplace(0, 0.004 * scale, n)),
    (NEAR_ZERO, lambda draw, scale, n: np.where(draw.random(n) < 0.95, 0, scale)),
    (LAPLACE, lambda draw, scale, n: draw.laplace(0, 0.15 * scale, n)),
    (LAPLACE, lambda draw, scale, n: draw.laplace(0.03 * scale, 0.1 * scale, n)),
    (ONE_SIDED, lambda draw, scale, n: draw.exponential(0.2 * scale, n)),
    (ONE_SIDED, lambda draw, scale, n: -draw.beta(2, 3, n) * scale),
    (ONE_SIDED, lambda draw, scale, n: draw.normal(0.5 * scale, 0.1 * scale, n)),
    (BIMODAL, two(-0.7, 0.7, 0.5)),
    (BIMODAL, two(-0.9, 0.1, 0.1)),
    (BIMODAL, two(0.1, 0.9, 0.7)),
    (OTHER, lambda draw, scale, n: draw.normal(0.05 * scale, 0.25 * scale, n)),
    (OTHER, lambda draw, scale, n: draw.uniform(-scale, scale, n)),
    (OTHER, lambda draw, scale, n: draw.triangular(-scale, 0.1 * scale, scale, n)),
]


@pytest.mark.parametrize("scale", [0.35, 0.7, 1.0])
@pytest.mark.parametrize("number", range(len(PLANTED)))
def test_planted_units_have_the_shape_that_was_planted(number: int, scale: float) -> None:
    shape, sample = PLANTED[number]
    values = [np.clip(sample(np.random.default_rng(seed), scale, COUNT), -1, 1) for seed in range(20)]
    assert shapes(found_in(np.array(values, np.float16))).tolist() == [shape] * 20


@pytest.mark.parametrize("scale", [0.5, 5.0, 60.0])
@pytest.mark.parametrize("number", [k for k, (shape, _) in enumerate(PLANTED) if shape != NEAR_ZERO])
def test_cell_states_have_the_same_shapes_at_any_scale(number: int, scale: float) -> None:
    shape, sample = PLANTED[number]
    values = np.array([sample(np.random.default_rng(seed), scale, COUNT) for seed in range(10)], np.float32)
    assert shapes(found_in(values, "c")).tolist() == [shape] * 10


def test_gates_are_one_sided_where_they_are_mostly_open_or_mostly_closed() -> None:
    draw = np.random.default_rng(0)
    closed, middle = draw.beta(2, 9, (3, COUNT)), draw.beta(6, 6, (3, COUNT))
    values = np.concatenate([closed, 1 - closed, middle]).astype(np.float16)
    assert shapes(found_in(values, "o")).tolist() == [ONE_SIDED] * 6 + [OTHER] * 3


@pytest.mark.parametrize("count", [1000, 3000])
def test_chance_does_not_make_two_modes_of_one(count: int) -> None:
    draw = np.random.default_rng(0)
    one = [draw.uniform(-0.9, 0.9, (200, count)), draw.normal(0, 0.3, (200, count)), draw.laplace(0, 0.2, (200, count))]
    kinds = shapes(found_in(np.clip(np.concatenate(one), -1, 1).astype(np.float16)))
    assert (kinds == BIMODAL).mean() <= 0.01


def test_every_unit_has_one_of_the_shapes() -> None:
    draw = np.random.default_rng(0)
    odd = [np.zeros(50), np.full(50, 0.5), np.ones(50), draw.choice([-1, 1], 50), np.r_[np.zeros(49), 1]]
    kinds = shapes(found_in(np.array(odd, np.float32))).tolist()
    assert set(kinds) <= set(SHAPES)
    assert kinds[:3] == [NEAR_ZERO, ONE_SIDED, ONE_SIDED]


@pytest.mark.parametrize("signal", ["h", "c"])
@pytest.mark.parametrize("scale", [0.05, 0.1, 0.15])
def test_the_laplace_fit_and_its_distance_are_those_of_scipy(signal: str, scale: float) -> None:
    draw = np.random.default_rng(1)
    values = np.stack([draw.laplace(0.01, scale, 9000), draw.normal(0, scale, 9000), draw.exponential(scale, 9000)])
    values = np.clip(values, -1, 1).astype(np.float32)
    found = found_in(values, signal)
    ours, normal = laplace_distance(found), normal_distance(found)
    for unit, row in enumerate(values.astype(np.float64)):
        place, width = stats.laplace.fit(row)
        assert (found.median[unit], found.spread[unit]) == (place, pytest.approx(width, rel=1e-6))
        at = np.array([(row < edge).mean() for edge in found.edges[:-1]] + [(row <= found.edges[-1]).mean()])
        fitted = stats.laplace.cdf(found.edges, place, width)
        assert ours[unit] == pytest.approx(np.abs(at - fitted).max(), abs=1e-6)
        # scipy looks at every value: what lies between two edges can add no more than a bin's share
        whole = stats.kstest(row, "laplace", (place, width)).statistic
        assert ours[unit] - 1e-9 <= whole <= ours[unit] + max(np.diff(at).max(), np.diff(fitted).max())
        fitted = stats.norm.cdf(found.edges, row.mean(), row.std())
        assert normal[unit] == pytest.approx(np.abs(at - fitted).max(), abs=1e-6)


def test_a_laplace_sample_is_near_its_fit_and_a_normal_one_is_not() -> None:
    draw = np.random.default_rng(0)
    values = np.stack([draw.laplace(0, 0.1, 200_000), draw.normal(0, 0.2, 200_000)]).astype(np.float16)
    near, far = laplace_distance(found_in(values))
    assert near < 0.005
    assert far == pytest.approx(0.042, abs=0.003)
