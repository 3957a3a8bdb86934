"""Findings put to the test: what is planted is found, and hardly anything where there is nothing."""

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import ttest_ind

from lstm_core.stats.separation import separation
from lstm_core.stats.timing import contrast, timing

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


def alike_near_each_other(seed: int, count: int = 150, width: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Vectors that drift along a text (N, D), and kinds (N,) that do so too and have nothing to do with them."""
    draw = np.random.default_rng(seed)
    values = lfilter([1], [1, -0.9], draw.normal(size=(count, width)), axis=0)
    drift = lfilter([1], [1, -0.9], draw.normal(size=count))
    return np.asarray(values), drift > np.median(drift)


def test_kinds_that_drift_along_the_text_are_apart_by_chance_when_shifted_and_not_when_dealt() -> None:
    shifted, dealt = [], []
    for seed in range(200):
        values, kinds = alike_near_each_other(seed)
        where = [*np.flatnonzero(kinds), *np.flatnonzero(~kinds)]
        shifted.append(separation(values[kinds], values[~kinds], where=where).chance)
        dealt.append(separation(values[kinds], values[~kinds], draws=99).chance)
    assert np.mean(np.array(shifted) <= 0.05) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 200)
    assert np.mean(np.array(dealt) <= 0.05) > 0.2


def test_shifts_are_all_turns_of_the_kinds_in_the_order_of_the_text() -> None:
    draw = np.random.default_rng(4)
    values, where = draw.normal(size=(9, 4)), draw.permutation(9)
    first = np.arange(9) < 4
    found = separation(values[:4], values[4:], where=where.tolist())

    def between(kinds: np.ndarray) -> float:
        middle = found.places.mean(axis=0)
        apart = sum(kind.sum() * np.square(found.places[kind].mean(axis=0) - middle).sum() for kind in (kinds, ~kinds))
        return float(apart / np.square(found.places - middle).sum())

    in_text = np.argsort(where)
    turned = [np.roll(first[in_text], shift)[np.argsort(in_text)] for shift in range(1, 9)]
    as_far = sum(between(kinds) >= between(first) - 1e-12 for kinds in turned)
    assert found.chance == (as_far + 1) / 9


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


def test_the_memory_of_a_forget_gate_is_where_half_of_the_cell_is_left() -> None:
    values, events = np.random.default_rng(5).normal(size=3000), list(range(100, 2900, 50))
    forget = np.full(3000, 0.99)
    slow = timing(values, events, forget=forget)
    assert slow.memory == pytest.approx(np.log(0.5) / np.log(0.99))  # beyond the last step that is looked at
    forget[[event + 3 for event in events]] = 0.1  # shuts at the third step, in every place
    shut = timing(values, events, forget=forget).memory
    assert shut is not None and 2 < shut < 3
    assert timing(values, events, forget=np.ones(3000)).memory is None
    assert timing(values, events, forget=np.zeros(3000)).memory == pytest.approx(0, abs=1e-2)


def test_a_contrast_is_where_both_means_differ_beyond_chance() -> None:
    draw = np.random.default_rng(6)
    values = draw.normal(0, 0.2, 8000)
    one, other = list(range(40, 7900, 120)), list(range(100, 7900, 120))
    for event in (*one, *other):
        values[event : event + 5] += 1  # both kinds: no contrast
    for event in one:
        values[event + 2 : event + 30] += 0.7 ** np.arange(28)
    found = contrast(values, one, other, before=10, after=30)
    assert (found.onset, found.peak) == (2, 2) and found.half_life == pytest.approx(np.log(0.5) / np.log(0.7), abs=0.6)
    at = found.one.lags.tolist().index(3)
    two = [np.array([values[event + 3] for event in some]) for some in (one, other)]
    assert found.one.mean[at] - found.other.mean[at] == pytest.approx(two[0].mean() - two[1].mean())
    assert ttest_ind(*two, equal_var=False).pvalue < 0.05 / 41
    assert found.one.onset == found.other.onset == 0


def test_a_unit_that_does_the_same_at_both_kinds_has_hardly_ever_a_contrast() -> None:
    draw = np.random.default_rng(7)
    begun = [
        contrast(draw.normal(size=6000), range(40, 5900, 120), range(100, 5900, 120)).onset is not None
        for _ in range(200)
    ]
    assert np.mean(begun) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 200)
    with pytest.raises(ValueError, match="two are needed"):
        contrast(draw.normal(size=600), [100, 200, 300], [400])
