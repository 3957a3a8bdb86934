"""Units that are on together, against sets of steps; planted followers found at their lag; groups."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_core.probes.similar_units import (
    MEASURES,
    Measure,
    SimilarUnit,
    UnitsQuery,
    groups,
    jaccards,
    overlaps,
    similar_units,
)
from tests.probes.test_match import of

pytestmark = pytest.mark.numeric


def table(seed: int, length: int, units: int, share: float = 0.3) -> np.ndarray:
    return np.random.default_rng(seed).random((length, units)) < share


@given(st.integers(0, 999), st.integers(2, 150), st.integers(1, 9), st.integers(0, 4), st.sampled_from(MEASURES))
def test_units_are_compared_as_sets_of_steps(seed: int, length: int, units: int, lag: int, by: Measure) -> None:
    on = table(seed, length, units)
    lag = min(lag, length - 1)
    found = similar_units(of(on), UnitsQuery(1, 0, lag=lag, count=99, by=by))
    expected: dict[int, SimilarUnit] = {}
    for unit in range(1, units):
        for step in sorted(range(-lag, lag + 1), key=abs):
            there = [t for t in range(length) if 0 <= t + step < length]
            mine, theirs = {t for t in there if on[t, 0]}, {t for t in there if on[t + step, unit]}
            chance = len(mine) * len(theirs) / len(there)
            own, other = (np.array([t in times for t in there], dtype=float) for times in (mine, theirs))
            phi = np.corrcoef(own, other)[0, 1] if own.std() and other.std() else 0.0
            one = SimilarUnit(1, unit, step, len(mine & theirs), len(mine | theirs), chance, float(phi))
            if unit not in expected or one.likeness(by) > expected[unit].likeness(by) + 1e-9:
                expected[unit] = one
    alike = sorted((round(one.likeness(by), 9) for one in expected.values()), reverse=True)
    assert [round(one.likeness(by), 9) for one in found.found] == alike
    for one in found.found:
        wanted = expected[one.unit]
        assert (one.lag, one.shared, one.either) == (wanted.lag, wanted.shared, wanted.either)
        assert (one.by_chance, one.correlation) == pytest.approx((wanted.by_chance, wanted.correlation))
    assert (found.on, found.steps) == (on[:, 0].sum(), length)


def test_a_unit_that_follows_three_steps_later_is_found_at_its_lag() -> None:
    on = table(1, 400, 30, 0.1)
    on[3:, 17] = on[:-3, 4]
    (first, *_) = similar_units(of(on), UnitsQuery(1, 4, lag=5)).found
    assert (first.unit, first.lag, first.jaccard) == (17, 3, 1.0)
    assert similar_units(of(on), UnitsQuery(1, 17, lag=5)).found[0].lag == -3
    assert similar_units(of(on), UnitsQuery(1, 4)).found[0].jaccard < 0.3
    assert first.by_chance == pytest.approx(on[:-3, 4].sum() * on[3:, 17].sum() / 397)


def test_overlaps_are_those_of_a_product(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lstm_core.probes.similar_units.BLOCK", 64)
    on = table(2, 1000, 70)
    on[:, 5] = False
    shared = overlaps(of(on))
    np.testing.assert_array_equal(shared, on.T.astype(int) @ on.astype(int))
    either = (on[:, :, None] | on[:, None, :]).sum(axis=0)
    expected: Any = np.divide(shared, either, out=np.zeros(shared.shape), where=either > 0)
    np.testing.assert_allclose(jaccards(shared), expected)


def test_planted_groups_are_found_and_units_alone_are_none() -> None:
    on = table(3, 2000, 12, 0.1)
    for first, others in ((0, (3, 7)), (1, (9,))):
        for other in others:
            on[:, other] = on[:, first] ^ (np.random.default_rng(other).random(2000) < 0.01)
    sets = of(on)
    assert groups(sets, overlaps(sets)) == [((1, 0), (1, 3), (1, 7)), ((1, 1), (1, 9))]
    assert groups(sets, overlaps(sets), least=1.01) == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (UnitsQuery(1, 3), "neuron 3 of layer 1 is not among"),
        (UnitsQuery(2, 0), "of layer 2 is not among"),
        (UnitsQuery(1, 0, lag=10), "between 0 and 9 steps"),
        (UnitsQuery(1, 0, lag=-1), "between 0"),
        (UnitsQuery(1, 0, count=0), "1 or more"),
        (UnitsQuery(1, 0, by="luck"), "choose overlap or correlation"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_compared_is_said(query: UnitsQuery, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        similar_units(of(table(0, 10, 3)), query)
