"""Related units: correlations against numpy.corrcoef, on planted recordings and in windows of any size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from lstm_core.neurons.correlated import RelatedQuery, correlations, related
from tests.neurons.test_profile import planted

UNITS, STEPS = 7, 500


def mixed(seed: int = 0, kind: type = np.float32, offset: float = 0.0) -> np.ndarray:
    """Units (UNITS, STEPS) that share a slow part to different degrees."""
    rng = np.random.default_rng(seed)
    shared, own = rng.normal(size=STEPS), rng.normal(size=(UNITS, STEPS))
    weights = np.linspace(-1, 1, UNITS)[:, None]
    return (offset + 0.2 * (weights * shared + 0.5 * own)).astype(kind)


@pytest.mark.parametrize("kind", [np.float16, np.float32])
@pytest.mark.parametrize("window", [1, 7, 64, STEPS, 4096])
def test_correlations_are_those_of_numpy_in_windows_of_any_size(window: int, kind: type) -> None:
    values = mixed(kind=kind)
    recording = planted(values)
    expected = np.corrcoef(values.astype(np.float64))
    for unit in range(UNITS):
        np.testing.assert_allclose(correlations(recording, "h", 1, unit, window=window), expected[unit], atol=1e-12)


@given(some.integers(0, 1000), some.sampled_from([-1e4, -30.0, 5.0, 1e4]))
def test_nothing_is_lost_far_from_zero(seed: int, offset: float) -> None:
    values = mixed(seed, offset=offset)
    found = correlations(planted(values, signal="c"), "c", 1, 2, window=100)
    np.testing.assert_allclose(found, np.corrcoef(values.astype(np.float64))[2], atol=1e-9)


def test_the_strongest_come_first_of_either_sign_without_the_unit_itself() -> None:
    values = mixed()
    values[4] = -values[1]  # the exact opposite
    values[6] = values[1] * 0.5
    found = related(planted(values), RelatedQuery("h", 1, 1, 4))
    expected = np.corrcoef(values.astype(np.float64))[1]
    order = [unit for unit in np.argsort(-np.abs(np.round(expected, 9)), kind="stable") if unit != 1][:4]
    assert [one.unit for one in found] == order
    assert {found[0].unit, found[1].unit} == {4, 6}
    np.testing.assert_allclose([one.correlation for one in found], expected[order], atol=1e-12)
    assert next(one for one in found if one.unit == 4).correlation == pytest.approx(-1)


def test_a_unit_that_never_changes_has_no_relatives_and_is_none() -> None:
    values = mixed()
    values[3] = 0.3
    recording = planted(values)
    assert np.isnan(correlations(recording, "h", 1, 3)).all()
    assert related(recording, RelatedQuery("h", 1, 3)) == ()
    assert np.isnan(correlations(recording, "h", 1, 0)[3])
    assert sorted(one.unit for one in related(recording, RelatedQuery("h", 1, 0, 99))) == [1, 2, 4, 5, 6]


def test_what_the_recording_lacks_is_refused() -> None:
    recording = planted(mixed())
    for query in (RelatedQuery("h", 2, 0), RelatedQuery("c", 1, 0), RelatedQuery("h", 1, UNITS)):
        with pytest.raises(ValueError, match=r"not h of layer 2|not c of layer 1|unit 7 is not in 0 to 6"):
            related(recording, query)
