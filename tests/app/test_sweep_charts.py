"""Figures and sentences of comparisons: several seeds as mean and range, colours by dropout, trends in plain words."""

from typing import Any

import numpy as np
import pytest

from app.charts import sweep as charts
from app.charts.figure import BLUE, RED, Axis
from app.components.fields import table_of
from lstm_core.neurons.compare import Activity, Comparison, RunRow, _trends
from lstm_core.neurons.correlated import Counterpart
from pages.dropout_sweep import overview

Y = Axis("size")


def compared(pairs: list[tuple[float, float]], *, same: bool = True) -> Comparison:
    """Runs of a dropout and a mean |h|, which is the perplexity too."""
    rows = tuple(
        RunRow(f"run{k}", "word", dropout, k, 9, 1.0, "finished", size, size, (Activity("h", 1, 8, size, 0.25),))
        for k, (dropout, size) in enumerate(pairs)
    )
    return Comparison("book", (0, 50), "perplexity", rows, _trends(rows), same)


def test_several_seeds_of_a_sweep_are_a_mean_with_its_range() -> None:
    drawn = charts.over_dropout({"layer 1": [(0.5, 4.0), (0.0, 1.0), (0.5, 2.0), (0.0, 1.0)]}, Y, joined=True)
    (line,) = drawn.data
    assert (line.mode, line.x.tolist(), line.y.tolist()) == ("lines+markers", [0.0, 0.5], [1.0, 3.0])
    assert line.customdata.T.tolist() == [[1.0, 2.0], [1.0, 4.0]]
    assert (line.error_y.arrayminus.tolist(), line.error_y.array.tolist()) == ([0.0, 1.0], [0.0, 1.0])


def test_one_seed_has_no_range_and_runs_by_name_are_not_joined() -> None:
    pairs = [(0.5, 4.0), (0.0, 1.0)]
    (line,) = charts.over_dropout({"layer 1": pairs}, Y, joined=True).data
    assert line.customdata is None and line.error_y.array is None
    (points,) = charts.over_dropout({"layer 1": [*pairs, (0.5, 2.0)]}, Y, joined=False).data
    assert (points.mode, points.x.tolist(), points.y.tolist()) == ("markers", [0.0, 0.5, 0.5], [1.0, 2.0, 4.0])
    assert charts.over_dropout({"layer 1": []}, Y, joined=True).data == ()


def test_sizes_are_drawn_from_zero_and_near_zero_shares_have_room_where_all_are_none() -> None:
    rows = compared([(0.0, 0.5), (0.5, 0.2)]).rows
    assert charts.sizes(rows, "h", joined=True).layout.yaxis.range == (0.0, pytest.approx(0.54))
    drawn = charts.near_zero(rows, ("h", "c"), joined=True)
    assert [line.name for line in drawn.data] == ["h, layer 1"]
    assert drawn.layout.yaxis.range[1] > 0.25
    assert charts.near_zero((), ("h",), joined=True).layout.yaxis.range[1] > 0


def test_colours_go_from_blue_to_red_by_dropout() -> None:
    assert charts.shades([0.0, 0.8]) == [BLUE, RED]
    assert charts.shades([0.3, 0.3]) == [BLUE, BLUE]
    assert len({*charts.shades([k / 10 for k in range(9)])}) == 9
    assert charts.shades([]) == []


def test_the_cell_state_is_drawn_where_the_typical_run_has_its_values() -> None:
    """Three runs of uniform values within 1, 10 and 1,000: the axis is that of the second, but for little."""
    curves = [
        charts.Curve(str(wide), 0.0, np.linspace(-wide, wide, 201), np.full(200, 1 / 200 / (wide / 100) * 0.01))
        for wide in (1.0, 10.0, 1000.0)
    ]
    low, high = charts.overlay(curves, "c").layout.xaxis.range
    assert low == -high and 9.8 <= high <= 10
    assert charts.overlay(curves, "h").layout.xaxis.range == (-1.0, 1.0)
    assert all(np.sum(one.density * np.diff(one.edges)) / 0.01 == pytest.approx(1) for one in curves)


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ([(k / 10, 9.0 - k) for k in range(9)], "The more dropout, the quieter the neurons"),
        ([(k / 10, 1.0 + k) for k in range(9)], "The more dropout, the louder the neurons"),
        ([(0.0, 3.0), (0.3, 2.0), (0.6, 1.0)], "falls in 0 and rises in 0 of 1 signals and layers, beyond chance"),
        ([(0.0, 3.0), (0.3, 2.0)], ""),
    ],
)
def test_only_what_is_beyond_chance_is_said_of_sizes(pairs: Any, says: str) -> None:
    told = overview.size_sentence(compared(pairs))
    assert says in told and bool(says) == bool(told)


def test_trends_say_when_chance_does_the_same() -> None:
    (line,) = table_of(compared([(0.0, 3.0), (0.3, 2.0), (0.6, 1.0)]).trends, overview.TRENDS).to_dict("records")
    assert (line["with more dropout"], line["p"], line["runs"]) == ("falls, but that may be chance", "0.33", 3)
    (line,) = table_of(compared([(0.0, 3.0), (0.3, 2.0)]).trends, overview.TRENDS).to_dict("records")
    assert (line["with more dropout"], line["Spearman"], line["p"]) == (
        "cannot be told: at least 3 dropouts are needed", None, None,
    )  # fmt: skip


def test_scores_that_do_not_compare_are_not_ranked() -> None:
    pairs = [(0.0, 120.0), (0.5, 90.0)]
    assert overview.score_sentence(compared(pairs)).startswith("Dropout 0.5 guesses best (perplexity 90)")
    assert overview.score_sentence(compared(pairs, same=False)) == ""


def test_runs_are_called_by_their_dropout_where_that_tells_them_apart() -> None:
    assert overview.names(compared([(0.0, 1.0), (0.25, 1.0)])) == ["dropout 0", "dropout 0.25"]
    assert overview.names(compared([(0.5, 1.0), (0.5, 1.0)])) == ["run0", "run1"]


def test_a_match_is_told_with_its_sign() -> None:
    assert overview.match_sentence(Counterpart(7, -0.834, 0.12)) == (
        "neuron 7, correlation -0.83, the other way round; by chance 0.12"
    )
    assert "the other way" not in overview.match_sentence(Counterpart(7, 0.834, 0.12))
    assert overview.match_sentence(Counterpart(None, None, None)).startswith("no neuron")
