"""The matching unit of another run against numpy.corrcoef over whole recordings, and where units are planted."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lstm_core.neurons.correlated import SHIFTS, RelatedQuery, counterpart
from lstm_core.recordings.record import RecordQuery, read, typed_text
from lstm_core.recordings.recording import Recording
from lstm_core.runs.run import Run

pytestmark = pytest.mark.numeric

POSITIONS = 500


@pytest.fixture
def reading(small_run: Callable[..., Run]) -> Callable[..., Recording]:
    """Makes a recording in memory whose h of layer 1 is given (U, P)."""

    def make(name: str, values: np.ndarray) -> Recording:
        run = small_run(name, hidden=len(values), layers=1, weights=True)
        text, _ = typed_text(run, "a" * values.shape[1])
        return replace(read(run, text, RecordQuery(("h",))), signals={("h", 1): values.astype(np.float32)})

    return make


def by_numpy(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Correlation of values (P,) with rows (U, P), one by one; NaN where a row never changes."""
    with np.errstate(invalid="ignore"):
        return np.array([np.corrcoef(values, row)[0, 1] if np.ptp(row) else np.nan for row in others])


def test_the_match_is_the_highest_of_numpy_s_correlations(reading: Any) -> None:
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(4, POSITIONS))
    a = rng.normal(size=(9, 4)) @ shared + 30 * rng.normal(size=(9, 1))
    b = (rng.normal(size=(7, 4)) @ shared + 0.3 * rng.normal(size=(7, POSITIONS))) * 0.01
    b[3] = 0.5  # never changes
    one, other = reading("one", a), reading("other", b)
    a, b = one.signal("h", 1), other.signal("h", 1)  # as stored
    signs = set()
    for unit in range(9):
        found = counterpart(one, RelatedQuery("h", 1, unit), other)
        expected = by_numpy(a[unit], b)
        best = int(np.nanargmax(np.abs(expected)))
        assert found.unit == best != 3
        assert found.correlation == pytest.approx(expected[best], abs=1e-5)
        moved = [np.roll(a[unit], POSITIONS * step // SHIFTS) for step in range(1, SHIFTS)]
        assert found.chance == pytest.approx(np.nanmax([np.abs(by_numpy(row, b)) for row in moved]), abs=1e-5)
        signs.add(np.sign(expected[best]))
    assert signs == {-1, 1}


def test_a_planted_opposite_is_found_with_its_sign(reading: Any) -> None:
    values = np.random.default_rng(1).normal(size=(6, POSITIONS))
    others = np.random.default_rng(2).normal(size=(8, POSITIONS))
    others[5] = 0.2 - 0.1 * values[2]
    found = counterpart(reading("one", values), RelatedQuery("h", 1, 2), reading("other", others))
    assert (found.unit, found.correlation) == (5, pytest.approx(-1, abs=1e-6))
    assert found.chance is not None and found.chance < 0.3


def test_a_unit_matches_itself_and_of_equal_ones_the_first(reading: Any) -> None:
    values = np.random.default_rng(1).normal(size=(4, POSITIONS))
    values[3] = values[1]
    one = reading("one", values)
    assert [counterpart(one, RelatedQuery("h", 1, unit), one).unit for unit in range(4)] == [0, 1, 2, 1]


def test_constant_units_match_nothing(reading: Any) -> None:
    values = np.random.default_rng(1).normal(size=(3, POSITIONS))
    still = np.full((3, POSITIONS), 0.25)
    moving, constant = reading("moving", values), reading("constant", still)
    for one, other in ((moving, constant), (constant, moving)):
        found = counterpart(one, RelatedQuery("h", 1, 0), other)
        assert (found.unit, found.correlation, found.chance) == (None, None, None)


def test_runs_that_read_something_else_are_refused(reading: Any) -> None:
    values = np.random.default_rng(1).normal(size=(3, POSITIONS))
    one, other = reading("one", values), reading("other", values[:, :-1])
    with pytest.raises(ValueError, match="let both read the same"):
        counterpart(one, RelatedQuery("h", 1, 0), other)
    with pytest.raises(ValueError, match="unit 3 is not in 0 to 2"):
        counterpart(one, RelatedQuery("h", 1, 3), one)
    with pytest.raises(ValueError, match="not c of layer 1"):
        counterpart(one, RelatedQuery("c", 1, 0), one)
