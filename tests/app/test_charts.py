"""Results as figures: every number against the result it came from, every colour against its meaning."""

import math
from typing import Any

import numpy as np
import pytest
from app.figure import BLUE, GREY, LINES, RED
from scipy.stats import laplace

from app import charts
from lstm_core.neurons.profile import NeuronProfile, NeuronQuery
from lstm_core.runs.run import Log


def profile(signal: str = "h", counts: tuple[int, ...] = (10, 20, 30, 40), **changed: Any) -> NeuronProfile:
    low = 0 if signal in "ifo" else -1
    values: dict[str, Any] = {
        "query": NeuronQuery(signal, 2, 7),
        "counts": np.array(counts),
        "edges": np.linspace(low, 1, len(counts) + 1),
        "layer_share": np.array([0.4, 0.3, 0.2, 0.1]),
        "sampled": 400,
        "outside": 0,
        "total": 200,
        "mean": 0.0,
        "deviation": 1.0,
        "median": 0.1,
        "spread": 0.4,
        "lowest": -0.9,
        "highest": 0.9,
        "near_zero_share": 0.0,
        "reach": (-1.0, 1.0),
        "top": (),
        "between": (),
        "bottom": (),
    }
    return NeuronProfile(**{**values, **changed})


def test_a_distribution_shows_shares_of_the_unit_as_bars_and_of_its_layer_as_a_line() -> None:
    figure = charts.distribution(profile())
    one, layer, fit = figure.series
    assert (one.name, one.mark) == ("neuron 7", "bars")
    np.testing.assert_allclose(one.x, [-0.75, -0.25, 0.25, 0.75])
    np.testing.assert_allclose(one.y, [0.05, 0.10, 0.15, 0.20])
    assert (layer.name, layer.mark, layer.colours) == ("all neurons of layer 2", "line", (GREY,))
    np.testing.assert_allclose(layer.y, [0.4, 0.3, 0.2, 0.1])
    below = laplace.cdf(np.linspace(-1, 1, 5), 0.1, 0.4)
    assert (fit.name, fit.mark) == ("Laplace fit", "line")
    np.testing.assert_allclose(fit.y, np.diff(below))
    assert figure.bar_width == 0.5
    assert figure.ends() == ((-1, 1), (0.0, pytest.approx(1.05 * max(0.4, np.diff(below).max()))))
    assert (figure.x.title, figure.y.title, figure.y.percent) == ("hidden state (h)", "share of the text", True)


@pytest.mark.parametrize(("signal", "expected"), [("h", [BLUE, BLUE, RED, RED]), ("f", [BLUE, BLUE, RED, RED])])
def test_bars_are_red_above_the_middle_of_the_signal(signal: str, expected: list[str]) -> None:
    figure = charts.distribution(profile(signal))
    middle = 0.5 if signal == "f" else 0.0
    assert list(figure.series[0].colours) == expected
    assert [value > middle for value in figure.series[0].x] == [colour == RED for colour in expected]


@pytest.mark.parametrize(
    ("lowest", "highest", "ends"), [(-4.0, 30.0, (-4.4, 33.0)), (0.2, 0.5, (-1.1, 1.1)), (-0.5, 2.0, (-1.1, 2.2))]
)
def test_the_cell_state_is_shown_as_far_as_this_unit_goes(
    lowest: float, highest: float, ends: tuple[float, float]
) -> None:
    assert charts.distribution(profile("c", lowest=lowest, highest=highest)).x.ends == pytest.approx(ends)


def point(epoch: float, train: float | None, validation: float | None = None) -> dict[str, Any]:
    return {"step": 1, "epoch": epoch, "train_loss": train, "validation_loss": validation}


def test_curves_are_bits_for_letters_and_perplexities_for_words() -> None:
    log = Log((point(0.5, math.log(8)), point(1.0, math.log(4), math.log(2))), 0)
    training, validation = charts.curves({"mine": log}, "char").series
    assert (training.name, training.mark) == ("mine: training", "thin line")
    np.testing.assert_allclose(training.x, [0.5, 1.0])
    np.testing.assert_allclose(training.y, [3.0, 2.0])
    assert (validation.name, validation.mark) == ("mine: validation", "dots")
    np.testing.assert_allclose(validation.x, [1.0])
    np.testing.assert_allclose(validation.y, [1.0])
    words = charts.curves({"mine": log}, "word")
    np.testing.assert_allclose(words.series[0].y, [8.0, 4.0])
    assert words.y.title == "perplexity"


def test_a_run_keeps_one_colour_for_both_its_rows_and_no_two_share_it() -> None:
    logs = {name: Log((point(1.0, 1.0, 1.0),), 0) for name in "abc"}
    colours = [series.colours for series in charts.curves(logs, "char").series]
    assert colours == [(LINES[0],), (LINES[0],), (LINES[1],), (LINES[1],), (LINES[2],), (LINES[2],)]


def test_known_figures_are_dotted_those_of_tables_dashed_and_all_are_in_sight() -> None:
    log = Log((point(0.5, 3.0), point(1.0, 1.2, 1.1)), 0)
    figure = charts.curves({"mine": log}, "char", [("paper", 1.0)], [("5-gram", 2.0), ("8-gram", 0.8)])
    assert [(level.label, level.value, level.dash) for level in figure.levels] == [
        ("paper", 1.0, "dot"), ("5-gram", 2.0, "dash"), ("8-gram", 0.8, "dash")]  # fmt: skip
    low, high = figure.ends()[1]
    assert all(low < level.value < high for level in figure.levels)


def test_a_table_far_above_does_not_press_the_curves_together() -> None:
    log = Log(tuple(point(k / 10, 1.0 + k / 100) for k in range(50)), 0)
    far = charts.curves({"mine": log}, "char", (), [("1-gram", 50.0)]).ends()[1]
    assert far == charts.curves({"mine": log}, "char").ends()[1]


def test_the_first_points_of_a_training_do_not_press_the_others_together() -> None:
    log = Log((point(0.0, 100.0), *(point(k / 10, 1.0) for k in range(1, 99))), 0)
    assert charts.curves({"mine": log}, "char").ends()[1][1] < 2


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_the_curve_of_a_run_that_diverged_is_drawn_as_far_as_it_goes(loss: float) -> None:
    figure = charts.curves({"mine": Log((point(0.5, 1.0), point(1.0, loss, loss)), 0)}, "char")
    assert np.isfinite(figure.ends()).all()
    assert figure.told()["series"][0]["y"] == [pytest.approx(1 / math.log(2), rel=1e-5), None]
    assert np.isfinite(charts.curves({"mine": Log((point(0.5, loss),), 0)}, "char").ends()).all()


def test_values_over_time_stand_at_their_tokens_red_above_the_middle() -> None:
    figure = charts.over_time(["a", " ", "\n"], np.array([0.2, 0.5, 0.9], np.float32), name="gate", middle=0.5)
    (bars,) = figure.series
    assert figure.x.labels == ("a", "␣", "⏎")
    assert bars.colours == (BLUE, BLUE, RED)
    np.testing.assert_allclose(bars.y, [0.2, 0.5, 0.9])
    assert figure.ends()[0] == (-0.5, 2.5)
    assert not figure.legend
