"""Figures by hand: their ends, what the browser is told, what does not fit together."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.figure import Axis, Figure, Level, Mark, Series


def row(y: list[float], mark: Mark = "line", x: list[float] | None = None) -> Series:
    return Series("row", np.array(x or range(len(y)), dtype=float), np.array(y, dtype=float), mark, ("red",))


def figure(*series: Series, y: Axis = Axis("y")) -> Figure:
    return Figure(Axis("x"), y, series)


def test_ends_hold_all_values_with_a_margin() -> None:
    assert figure(row([2.0, 6.0, 4.0])).ends() == ((-0.02, 2.02), (1.8, 6.2))


def test_bars_are_seen_whole_and_from_zero() -> None:
    assert figure(row([2.0, 6.0], "bars")).ends() == ((-0.5, 1.5), (0.0, 6.3))
    assert figure(row([-2.0, -6.0], "bars")).ends() == ((-0.5, 1.5), (-6.3, 0.0))


def test_ends_that_an_axis_gives_are_kept() -> None:
    drawn = Figure(Axis("x", (0, 9)), Axis("y", (1, 2)), (row([5.0, 7.0]),))
    assert drawn.ends() == ((0, 9), (1, 2))


@pytest.mark.parametrize("values", [[], [3.0], [3.0, 3.0], [float("nan")], [float("nan"), float("inf")], [0.0]])
@pytest.mark.parametrize("mark", ["line", "dots", "points", "bars"])
def test_ends_are_apart_whatever_the_values(values: list[float], mark: Mark) -> None:
    for low, high in figure(row(values, mark)).ends():
        assert np.isfinite([low, high]).all()
        assert low < high
    assert figure().ends() == ((-0.01, 1.01), (0.0, 1.05))


def test_what_is_not_finite_is_left_out_for_the_browser() -> None:
    told = figure(row([1.0, float("nan"), float("inf"), 0.123456789])).told()
    assert json.loads(json.dumps(told, allow_nan=False))["series"][0]["y"] == [1.0, None, None, 0.123457]


@given(some.lists(some.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_the_browser_is_told_values_to_six_digits(values: list[float]) -> None:
    told = figure(row(values)).told()["series"][0]["y"]
    np.testing.assert_allclose(told, values, rtol=5.1e-6)


def test_everything_of_a_figure_is_told() -> None:
    axis = Axis("letters", digits=1, percent=True, labels=("a", "b"), reading="at")
    drawn = Figure(axis, Axis("y"), (row([1.0, 2.0]),), (Level("known", 1.5, "dot"),), 200, 0.5, legend=False)
    told = drawn.told()
    assert told["x"] == {
        "title": "letters", "ends": (-0.01, 1.01), "digits": 1, "percent": True, "labels": ["a", "b"], "reading": "at",
    }  # fmt: skip
    assert told["levels"] == [{"label": "known", "value": 1.5, "dash": "dot"}]
    assert (told["height"], told["barWidth"], told["legend"]) == (200, 0.5, False)


def test_intervals_are_seen_whole_and_told_with_their_gaps() -> None:
    low, high = np.array([1.0, np.nan]), np.array([9.0, np.nan])
    drawn = figure(Series("row", np.arange(2.0), np.array([4.0, 5.0]), "points", ("red",), low, high))
    assert drawn.ends()[1] == pytest.approx((0.6, 9.4))
    told = drawn.told()["series"][0]
    assert (told["low"], told["high"]) == ([1.0, None], [9.0, None])
    assert figure(row([1.0])).told()["series"][0]["low"] is None


def test_rows_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(ValueError, match="give each value both"):
        Series("row", np.arange(2), np.arange(2), "points", ("red",), np.arange(3), np.arange(2))
    with pytest.raises(ValueError, match="row has 3 places and 2 values"):
        row([1.0, 2.0], x=[0.0, 1.0, 2.0])
    with pytest.raises(ValueError, match="2 values and 3 colours: give one or all"):
        Series("row", np.arange(2), np.arange(2), "bars", ("red", "blue", "red"))
