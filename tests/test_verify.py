"""Findings put to the test: what is planted is found, and hardly anything where there is nothing."""

import numpy as np
import pytest
from scipy.signal import lfilter

from lstm_core.probes.verify import period, separation, timing

# Vectors of words -----------------------------------------------------------------------------------------------------


def test_places_are_principal_components_and_their_share_between_kinds_by_hand() -> None:
    draw = np.random.default_rng(0)
    one, other = draw.normal(size=(20, 12)), draw.normal(size=(15, 12))
    one[:, 3] += 6
    found = separation(one, other, draws=200)
    every = np.concatenate([one, other])
    values, vectors = np.linalg.eigh(np.cov(every.T))
    expected = (every - every.mean(axis=0)) @ vectors[:, ::-1][:, :2]
    np.testing.assert_allclose(np.abs(found.places), np.abs(expected), atol=1e-9)
    assert found.shares == pytest.approx(values[::-1][:2] / values.sum())
    within = sum(np.square(part - part.mean(axis=0)).sum() for part in (found.places[:20], found.places[20:]))
    assert found.between == pytest.approx(1 - within / np.square(found.places).sum())
    assert found.chance == 1 / 201 and found.first.sum() == 20


def test_vectors_of_one_kind_are_apart_by_chance_as_often_as_the_chance_says() -> None:
    draw = np.random.default_rng(1)
    chances = [separation(draw.normal(size=(10, 8)), draw.normal(size=(10, 8)), draws=99, seed=n).chance
               for n in range(200)]  # fmt: skip
    assert 0.01 <= np.mean(np.array(chances) <= 0.05) <= 0.10
    assert 0.4 < np.mean(chances) < 0.6


def test_vectors_that_are_all_alike_are_not_apart() -> None:
    found = separation(np.ones((3, 4)), np.ones((3, 4)), draws=20)
    assert (found.between, found.chance, found.shares) == (0, 1, (0, 0))
    with pytest.raises(ValueError, match="two or more of each kind"):
        separation(np.ones((1, 4)), np.ones((3, 4)))


# Timing ---------------------------------------------------------------------------------------------------------------


def test_onset_peak_and_half_life_of_a_planted_unit() -> None:
    draw = np.random.default_rng(2)
    values = draw.normal(0, 0.05, 6000)
    events = list(range(50, 5900, 60))
    for event in events:
        values[event - 2 : event] += 0.4  # begins two steps early
        values[event : event + 40] += 0.8 ** np.arange(40)
    forget = np.full(6000, 0.8)
    found = timing(values, events, forget=forget)
    assert (found.onset, found.peak) == (-2, 0)
    half = np.log(0.5) / np.log(0.8)
    assert found.half_life == pytest.approx(half, abs=0.4)  # the usual value is not quite 0
    assert found.memory == pytest.approx(half)
    np.testing.assert_allclose(found.mean, np.mean([values[e - 10 : e + 31] for e in events], axis=0))
    assert found.lags[0] == -10 and found.lags[-1] == 30


def test_a_unit_that_knows_nothing_of_the_events_has_hardly_ever_an_onset() -> None:
    draw = np.random.default_rng(3)
    begun = [timing(draw.normal(size=9000), range(40, 8900, 90)).onset is not None for _ in range(200)]
    assert np.mean(begun) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 200)


def test_a_unit_that_stays_has_no_half_life_and_events_at_the_ends_are_left_out() -> None:
    values = np.zeros(100)
    values[50:75] = 1
    found = timing(values, [50, 51, 99, 3], before=5, after=20)
    assert found.half_life is None and found.memory is None
    with pytest.raises(ValueError, match="1 events with 5 steps before and 20 behind"):
        timing(values, [50, 2, 90], before=5, after=20)


# Periods --------------------------------------------------------------------------------------------------------------


def coloured(seed: int, length: int = 4000) -> np.ndarray:
    """Noise that forgets slowly, as states do."""
    return np.asarray(lfilter([1], [1, -0.9], np.random.default_rng(seed).normal(size=length)))


@pytest.mark.parametrize("steps", [7.3, 24.0, 61.7])
def test_a_planted_period_is_found(steps: float) -> None:
    values = coloured(0)
    values += 0.5 * values.std() * np.sin(2 * np.pi * np.arange(len(values)) / steps)
    found = period(values, draws=200)
    assert found.steps == pytest.approx(steps, rel=steps / len(values) + 0.01)
    assert found.chance == 1 / 201 and found.strength > 20


def test_coloured_noise_has_no_period_as_often_as_the_chance_says() -> None:
    chances = np.array([period(coloured(seed, 2000), draws=99, seed=seed).chance for seed in range(120)])
    assert np.mean(chances <= 0.05) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 120)
    assert 0.3 < chances.mean() < 0.75


def test_what_has_no_spectrum_is_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        period(np.arange(100.0))
    with pytest.raises(ValueError, match="never changes"):
        period(np.ones(500))
