"""Related units: correlations against numpy.corrcoef, on planted recordings and in windows of any size."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from lstm_core.neurons import correlated
from lstm_core.neurons.correlated import RelatedQuery, correlations, layer_correlations, related
from lstm_core.recordings.record import RecordQuery, corpus_text, record
from lstm_core.runs.run import Run
from lstm_core.text import corpus as corpora
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


@pytest.mark.parametrize("window", [7, 4096])
def test_those_of_a_layer_are_those_of_numpy(window: int) -> None:
    values = mixed(offset=30.0)
    values[3] = 0.3
    found = layer_correlations(planted(values), "h", 1, window=window)
    expected = np.corrcoef(np.delete(values, 3, axis=0).astype(np.float64))
    np.testing.assert_allclose(np.delete(np.delete(found.values, 3, 0), 3, 1), expected, atol=1e-9)
    assert found.still.tolist() == [unit == 3 for unit in range(UNITS)]
    assert np.isnan(found.of(3)).all() and np.isnan(found.of(0)).tolist() == found.still.tolist()
    with pytest.raises(ValueError, match="unit 7 is not in 0 to 6"):
        found.of(UNITS)


def test_those_of_a_layer_are_made_once_and_kept_with_the_recording(
    small_run: Callable[..., Run], words: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    corpora.keep_text("small", words(300).encode())
    recording = record(run := small_run("small", weights=True), corpus_text(run, "small", 0, 1000), RecordQuery())
    first = related(recording, RelatedQuery("h", 2, 1))
    monkeypatch.setattr(correlated, "layer_correlations", lambda *_: pytest.fail("they were kept"))
    row = np.corrcoef(recording.window("h", 2, 0, 1000).astype(np.float64))
    for unit in range(8):
        for one in related(recording, RelatedQuery("h", 2, unit)):
            assert one.correlation == pytest.approx(row[unit, one.unit], abs=1e-9)
    assert related(recording, RelatedQuery("h", 2, 1)) == first


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
