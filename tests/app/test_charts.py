"""Results as figures: every number against the result it came from, every colour against its meaning."""

import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import laplace

from app.charts.figure import BLUE, GREY, LEGIBLE, LINES, RED
from app.charts.maps import KINDS, kind_of
from app.charts.neurons import distribution, over_time
from app.charts.training import tagger_curves, training_curves
from app.charts.words import few_words
from lstm_core.neurons.profile import NeuronProfile, NeuronQuery
from lstm_core.runs.run import Log
from tests.figures_on_pages import levels


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
    figure = distribution(profile())
    one, layer, fit = figure.data
    assert (one.name, one.type) == ("neuron 7", "bar")
    np.testing.assert_allclose(one.x, [-0.75, -0.25, 0.25, 0.75])
    np.testing.assert_allclose(one.y, [0.05, 0.10, 0.15, 0.20])
    assert (layer.name, layer.mode, layer.line.color) == ("all neurons of layer 2", "lines", GREY)
    np.testing.assert_allclose(layer.y, [0.4, 0.3, 0.2, 0.1])
    below = laplace.cdf(np.linspace(-1, 1, 5), 0.1, 0.4)
    assert (fit.name, fit.mode) == ("Laplace fit", "lines")
    np.testing.assert_allclose(fit.y, np.diff(below))
    assert 0.45 < one.width <= 0.5
    x, y = figure.layout.xaxis, figure.layout.yaxis
    assert (x.range, x.title.text, x.unifiedhovertitle.text) == ((-1, 1), "hidden state (h)", "h %{x:.3f}")
    assert (y.title.text, y.tickformat, one.hovertemplate) == ("share of the text", "~%", "%{y:.2%}")


@pytest.mark.parametrize("signal", ["h", "f"])
def test_bars_are_red_above_the_middle_of_the_signal(signal: str) -> None:
    bars = distribution(profile(signal)).data[0]
    middle = 0.5 if signal == "f" else 0.0
    assert bars.marker.color == (BLUE, BLUE, RED, RED)
    assert [value > middle for value in bars.x] == [False, False, True, True]


@pytest.mark.parametrize(
    ("lowest", "highest", "ends"), [(-4.0, 30.0, (-4.4, 33.0)), (0.2, 0.5, (-1.1, 1.1)), (-0.5, 2.0, (-1.1, 2.2))]
)
def test_the_cell_state_is_shown_as_far_as_this_unit_goes(
    lowest: float, highest: float, ends: tuple[float, float]
) -> None:
    figure = distribution(profile("c", lowest=lowest, highest=highest))
    assert figure.layout.xaxis.range == pytest.approx(ends)


def point(epoch: float, train: float | None, validation: float | None = None) -> dict[str, Any]:
    return {"step": 1, "epoch": epoch, "train_loss": train, "validation_loss": validation}


def test_curves_are_bits_for_letters_and_perplexities_for_words() -> None:
    log = Log((point(0.5, math.log(8)), point(1.0, math.log(4), math.log(2))), 0)
    training, validation = training_curves({"mine": log}, "char").data
    assert (training.name, training.mode) == ("mine: training", "lines")
    np.testing.assert_allclose(training.x, [0.5, 1.0])
    np.testing.assert_allclose(training.y, [3.0, 2.0])
    assert (validation.name, validation.mode) == ("mine: validation", "lines+markers")
    np.testing.assert_allclose(validation.x, [1.0])
    np.testing.assert_allclose(validation.y, [1.0])
    assert training.line.width < validation.line.width
    assert (training.showlegend, training.legendgroup) == (False, validation.legendgroup)
    begun = training_curves({"mine": Log((point(0.5, 1.0),), 0)}, "char").data[0]
    assert begun.showlegend  # no validation yet: it is what names the run
    words = training_curves({"mine": log}, "word")
    np.testing.assert_allclose(words.data[0].y, [8.0, 4.0])
    assert words.layout.yaxis.title.text == "perplexity"


def test_a_run_keeps_one_colour_for_both_its_rows_and_no_two_share_it() -> None:
    logs = {name: Log((point(1.0, 1.0, 1.0),), 0) for name in "abc"}
    colours = [row.line.color for row in training_curves(logs, "char").data]
    assert colours == [LINES[0], LINES[0], LINES[1], LINES[1], LINES[2], LINES[2]]


def test_known_figures_are_dotted_those_of_tables_dashed_and_all_are_in_sight() -> None:
    log = Log((point(0.5, 3.0), point(1.0, 1.2, 1.1)), 0)
    figure = training_curves({"mine": log}, "char", [("paper", 1.0)], [("5-gram", 2.0), ("8-gram", 0.8)])
    assert levels(figure) == [("paper", 1.0, "dot"), ("5-gram", 2.0, "dash"), ("8-gram", 0.8, "dash")]
    low, high = figure.layout.yaxis.range
    assert all(low < value < high for _, value, _ in levels(figure))


def test_a_table_far_above_does_not_press_the_curves_together() -> None:
    log = Log(tuple(point(k / 10, 1.0 + k / 100) for k in range(50)), 0)
    far = training_curves({"mine": log}, "char", (), [("1-gram", 50.0)])
    assert far.layout.yaxis.range == training_curves({"mine": log}, "char").layout.yaxis.range


def test_the_first_points_of_a_training_do_not_press_the_others_together() -> None:
    log = Log((point(0.0, 100.0), *(point(k / 10, 1.0) for k in range(1, 99))), 0)
    assert training_curves({"mine": log}, "char").layout.yaxis.range[1] < 2


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_the_curve_of_a_run_that_diverged_is_drawn_as_far_as_it_goes(loss: float) -> None:
    figure = training_curves({"mine": Log((point(0.5, 1.0), point(1.0, loss, loss)), 0)}, "char")
    assert np.isfinite(figure.layout.yaxis.range).all()
    np.testing.assert_allclose(figure.data[0].y, [1 / math.log(2), np.nan])
    assert training_curves({"mine": Log((point(0.5, loss),), 0)}, "char").layout.yaxis.range is None


def test_taggers_are_shares_of_right_tags_or_losses_over_epochs() -> None:
    logs = {
        "one": [
            {"epoch": 1, "development": 0.8, "train_loss": 0.5},
            {"epoch": 2, "development": 0.9, "train_loss": 0.4},
        ]
    }
    right, loss = (tagger_curves(logs, value) for value in ("development", "train_loss"))
    assert right.data[0].x.tolist() == [1, 2]
    np.testing.assert_allclose((right.data[0].y, loss.data[0].y), [[0.8, 0.9], [0.5, 0.4]])
    assert (right.layout.yaxis.tickformat, loss.layout.yaxis.tickformat) == ("~%", None)
    assert right.layout.xaxis.range == (0.8, 2.2)


def test_values_over_time_stand_at_their_tokens_red_above_the_middle() -> None:
    figure = over_time(["a", " ", "\n"], np.array([0.2, 0.5, 0.9], np.float32), name="gate", middle=0.5)
    (bars,) = figure.data
    x = figure.layout.xaxis
    assert (x.tickvals, x.ticktext, x.range) == ((0, 1, 2), ("a", "␣", "⏎"), (-0.5, 2.5))
    assert bars.marker.color == (BLUE, BLUE, RED)
    np.testing.assert_allclose(bars.y, [0.2, 0.5, 0.9])
    assert not figure.layout.showlegend


def test_tokens_are_written_where_they_find_room_and_told_by_hover_else() -> None:
    few, many = (over_time(["a"] * count, np.zeros(count), name="h").layout.xaxis for count in (LEGIBLE, LEGIBLE + 1))
    assert few.showticklabels and not many.showticklabels
    assert len(many.ticktext) == LEGIBLE + 1


def test_clusters_of_few_words_have_the_paper_beside_them() -> None:
    curve, paper = few_words([(0.5, 0.9), (0.9, 0.4)], (0.9, 0.62)).data
    assert (curve.x.tolist(), curve.y.tolist()) == ([0.5, 0.9], [0.9, 0.4])
    assert (paper.name, paper.x.tolist(), paper.y.tolist()) == ("the paper: 62%", [0.9], [0.62])
    assert [row.name for row in few_words([]).data] == ["groups of few words"]


def test_kinds_of_words() -> None:
    named = {tag: KINDS[kind_of(tag)][0] for tag in ("NNP", "NNPS", "NN", "NNS", "VBG", "VBD", "MD", "PRP$", "WRB")}
    assert named == {
        "NNP": "names", "NNPS": "names", "NN": "nouns", "NNS": "nouns", "VBG": "verbs in -ing",
        "VBD": "verbs of the past", "MD": "other verbs", "PRP$": "pronouns", "WRB": "adverbs",
    }  # fmt: skip
    assert kind_of("") == kind_of(",") == -1
