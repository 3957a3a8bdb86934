"""What all charts share: gaps, intervals, labels, level lines, text shown literally."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.charts.figure import BLUE, LINE, RED, Axis, bars, chart, dots, line
from tests.figures_on_pages import levels

X, Y = Axis("x", reading="epoch", digits=1), Axis("y", digits=2)


def test_what_is_not_finite_is_a_gap() -> None:
    figure = chart(X, Y, [line("row", range(4), [1.0, None, np.inf, 2.0], RED)])
    np.testing.assert_array_equal(figure.data[0].y, [1.0, np.nan, np.nan, 2.0])
    assert not figure.data[0].connectgaps


def test_hover_tells_all_rows_at_a_place_with_their_digits() -> None:
    figure = chart(X, Axis("y", digits=2, percent=True), [line("row", [0], [1], RED)])
    layout, (row,) = figure.layout, figure.data
    assert (layout.hovermode, layout.xaxis.unifiedhovertitle.text) == ("x unified", "epoch %{x:.1f}")
    assert (row.hovertemplate, layout.yaxis.tickformat) == ("%{y:.2%}", "~%")


def test_an_interval_is_drawn_and_told_where_there_is_one() -> None:
    figure = chart(X, Y, [dots("ours", [0, 1], [0.3, 0.4], BLUE, ([0.2, None], [0.5, None]), joined=False)])
    (row,) = figure.data
    assert row.hovertemplate == ("%{y:.2f} (0.20 to 0.50)", "%{y:.2f}")
    np.testing.assert_allclose(row.error_y.array, [0.2, np.nan])
    np.testing.assert_allclose(row.error_y.arrayminus, [0.1, np.nan])
    assert row.mode == "markers"


def test_the_interval_of_a_line_is_a_band_that_goes_with_its_name() -> None:
    band, row = chart(X, Y, [line("mean", [0, 1, 2], [1, 2, 3], RED, ([0, 1, np.nan], [2, 3, np.nan]))]).data
    assert (band.x.tolist(), band.y.tolist(), band.fill) == ([0, 1, 1, 0], [2, 3, 1, 0], "toself")
    assert band.fillcolor.startswith(RED) and (band.hoverinfo, band.showlegend) == ("skip", False)
    assert band.legendgroup == row.legendgroup and row.name == "mean"


def test_bars_have_a_colour_each_and_stand_on_their_places() -> None:
    (row,) = chart(X, Y, [bars("n", [0.5, 1.5], [1, -1], [RED, BLUE])]).data
    assert (row.x.tolist(), row.y.tolist(), row.marker.color) == ([0.5, 1.5], [1, -1], (RED, BLUE))


@given(some.lists(some.floats(0, 10), min_size=1, max_size=6))
def test_labels_of_known_figures_never_cover_each_other(values: list[float]) -> None:
    figure = chart(X, Axis("y", (0.0, 10.0)), [], [(f"known {value}", value, "dot") for value in values], height=390)
    heights = sorted(label.y * 30 + label.yshift for label in figure.layout.annotations)
    assert all(label.yshift >= 0 for label in figure.layout.annotations)
    assert (np.diff(heights) >= LINE - 1e-6).all()
    assert [value for _, value, _ in levels(figure)] == values


def test_text_of_a_chart_is_never_read_as_markup() -> None:
    hostile, shown = "<img src=x onerror=alert(1)>&", "&lt;img src=x onerror=alert(1)&gt;&amp;"
    axis = Axis(hostile, labels=(hostile,), reading=hostile)
    figure = chart(axis, Axis(hostile), [dots(hostile, [0], [0], RED)], [(hostile, 0.0, "dot")], hover="closest")
    assert hostile not in json.dumps(figure.to_plotly_json(), default=str)
    assert (figure.data[0].name, figure.layout.xaxis.ticktext[0], levels(figure)[0][0]) == (shown, shown, shown)


def test_rows_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(ValueError, match="row has 3 places and 2 values: give one of each a place"):
        line("row", [0, 1, 2], [1, 2], RED)
    with pytest.raises(ValueError, match="row has 2 places and 2, 3, 2 values"):
        dots("row", [0, 1], [1, 2], RED, ([1, 2, 3], [1, 2]))
