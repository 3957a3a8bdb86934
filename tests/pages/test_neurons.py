"""The page Neurons: the ranking of all units, their labels, one unit among the others; against the core's answers."""

import csv
import io
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.components.csv_file import frame_csv
from app.later import SEEN
from lstm_core.neurons import labels
from lstm_core.neurons.correlated import RelatedQuery, related
from lstm_core.neurons.distributions import (
    NEAR_ZERO,
    DistributionQuery,
    Distributions,
    distributions,
    laplace_distance,
    shapes,
)
from lstm_core.neurons.label_search import FeatureBest, LabelQuery, Labels, UnitLabel
from lstm_core.neurons.profile import NeuronQuery, contexts_near
from lstm_core.recordings.record import RecordQuery, corpus_text, record
from lstm_core.recordings.recording import Recording, find_recordings
from lstm_core.runs.cells import SIGNALS
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.stats.paired_test import LEADS, LEARNED, NOT_AHEAD, UNKNOWN
from lstm_core.storage import jobs
from lstm_core.text.corpus import keep_text
from pages.neurons import frames
from pages.neurons.labels import command, job_folder
from tests.figures_on_pages import figures_on
from tests.opened_pages import ENTRY, nothing_shipped, opened, said, table_with  # noqa: F401 - a fixture used by being here

UNITS, ASIDE = 8, 3  # unit 3 of layer 2 is made to stay near zero
QUERY = NeuronQuery("h", 2, 0)


@pytest.fixture
def read_run(small_run: Callable[..., Run], words: Callable[..., str], made_once: Callable[..., None]) -> Run:
    """A run "small" that has read 1,000 characters of its text; one of its units is still."""

    def weights(model: Any) -> None:
        for name, value in model.named_parameters():
            if "weight_hh_l1" in name or "weight_ih_l1" in name or ("bias" in name and name.endswith("l1")):
                value[2 * UNITS + ASIDE] = 0  # its candidate, so that the cell state stays 0

    def read() -> None:
        run = small_run("small", weights=weights)
        record(run, corpus_text(run, "small", 0, 1000), RecordQuery())

    keep_text("small", words(600).encode())
    made_once("states with a still unit", read)
    return open_run("small")


@pytest.fixture
def recording(read_run: Run) -> Recording:
    return Recording.open(find_recordings()[0])


@pytest.fixture
def found(recording: Recording) -> Distributions:
    return distributions(recording, DistributionQuery("h", 2))


def planted_labels(recording: Recording, twin: str = "untrained", into: Run | None = None) -> Labels:
    """Labels set by hand: four units have one, two of them learned and the same; one may lead by chance, one not."""
    outcomes = {0: LEARNED, 2: LEARNED, 4: LEADS}
    names, rows = {0: "inside brackets", 2: "inside brackets", 4: "position in the word", 6: "a capital letter"}, []
    for unit in range(UNITS):
        label = names.get(unit, "")
        correlation = label.startswith("position")
        rows.append(
            UnitLabel(
                unit, label, label or "a number comes next", "correlation" if correlation else "AUROC",
                -1 if unit in (2, 4) else 1, 0.8 + unit / 100 if label else 0.6, 0.01, 120, 500, "", "", None,
                (0.99 if unit == 6 else 0.55) if twin else None, 0.02 if twin else None,
                {0: 1e-6, 2: 0.012, 4: 0.2}.get(unit, 1.0) if twin else None,
                outcomes.get(unit, NOT_AHEAD) if twin else UNKNOWN,
            )
        )  # fmt: skip
    spec = recording.spec
    made = Labels(
        spec.run, spec.weights, spec.text, spec.text_fingerprint, spec.span, spec.positions, LabelQuery("h", 2), twin,
        tuple(rows), (FeatureBest("inside brackets", "between them", "AUROC", 120, 500),),
    )  # fmt: skip
    labels.LABELS.keep(made, into)
    return made


def ranked(app: AppTest) -> Any:
    return table_with(app, "unlike the mean (bits)")


def test_the_planted_unit_is_near_zero_and_no_other(found: Distributions) -> None:
    assert np.flatnonzero(found.set_aside).tolist() == [ASIDE]


def test_all_units_are_ranked_with_the_core_s_figures(recording: Recording, found: Distributions) -> None:
    app = opened("neurons", neurons_near_zero="true")
    table = ranked(app)
    order = found.ranking()
    assert table["neuron"].tolist() == order.tolist()
    assert order[-1] == ASIDE
    for column, values in (
        ("unlike the mean (bits)", found.divergence),
        ("it from mean (bits)", found.unit_from_mean),
        ("mean from it (bits)", found.mean_from_unit),
        ("near zero", found.near_zero_share.round(3)),
    ):
        np.testing.assert_allclose(table[column].tolist(), values[order])
    assert table["shape"].tolist() == [frames.NAMES[str(kind)] for kind in shapes(found)[order]]
    for unit, shares in zip(table["neuron"], table["values"], strict=True):
        expected = np.histogram(recording.unit("h", 2, unit), 40, (-1, 1))[0] / 1000
        np.testing.assert_allclose(np.cumsum(shares), np.cumsum(expected), atol=0.002)
    assert table["neuron"][table.attrs["ticked"]].tolist() == [0]


def test_near_zero_units_are_hidden_counted_and_shown_on_request(found: Distributions) -> None:
    app = opened("neurons")
    assert ranked(app)["neuron"].tolist() == found.ranking()[:-1].tolist()
    assert "7 of 8 neurons" in said(app) and "1 that stay near zero" in said(app)
    assert app.toggle(key="neurons-near-zero").label == "Show neurons near zero (1)"
    app.toggle(key="neurons-near-zero").set_value(True).run()
    assert len(ranked(app)) == UNITS
    app.toggle(key="neurons-near-zero").set_value(False)
    app.selectbox(key="neurons-shape").set_value("near zero").run()
    assert ranked(app)["neuron"].tolist() == [ASIDE]
    linked = opened("neurons", neurons_shape="near zero")  # what the address of that view holds
    assert ranked(linked)["neuron"].tolist() == [ASIDE]


def test_shapes_filter_and_say_so_where_none_is_left(found: Distributions) -> None:
    kinds, order = shapes(found), found.ranking()
    app = opened("neurons")
    for kind, name in frames.NAMES.items():
        app.selectbox(key="neurons-shape").set_value(name).run()
        if expected := [unit for unit in order.tolist() if kinds[unit] == kind]:
            assert ranked(app)["neuron"].tolist() == expected
        else:
            assert "No neuron passes these filters: choose another shape" in said(app)
    assert len(set(kinds)) > 1


def test_labels_stand_in_the_table_and_filter_it(recording: Recording, found: Distributions) -> None:
    planted_labels(recording)
    app = opened("neurons", neurons_near_zero="true")
    table = ranked(app).set_index("neuron")
    assert table["follows"].dropna().to_dict() == {
        0: "high: inside brackets", 2: "low: inside brackets", 4: "falls: position in the word",
        6: "high: a capital letter",
    }  # fmt: skip
    assert table["learned"].dropna().to_dict() == {0: "yes", 2: "yes", 4: "not sure", 6: "no lead"}
    assert table["score"].dropna().to_dict() == pytest.approx({0: 0.80, 2: 0.82, 4: 0.84, 6: 0.86})
    assert table["untrained"].dropna().to_dict() == {0: 0.55, 2: 0.55, 4: 0.55, 6: 0.99}
    assert (
        "4 of 8 neurons of this layer follow something we can name; 2 of them learned it: they lead the untrained "
        "network's best neuron, chosen alike, beyond chance. 1 stays near zero." in said(app)
    )
    named = ["inside brackets", "position in the word", "a capital letter"]
    assert app.selectbox(key="neurons-label").options == ["all", "something", "nothing", *named]
    for choice, units in (
        ("inside brackets", {0, 2}), ("something", {0, 2, 4, 6}), ("nothing", {1, 3, 5, 7}), ("all", set(range(UNITS))),
    ):  # fmt: skip
        app.selectbox(key="neurons-label").set_value(choice).run()
        assert ranked(app)["neuron"].tolist() == [unit for unit in found.ranking().tolist() if unit in units]
    app.selectbox(key="neurons-label").set_value("inside brackets").run()
    app.selectbox(key="neurons-layer").set_value(1).run()  # no labels are kept there
    assert not app.exception
    assert "follows" not in ranked(app)


def test_without_labels_none_are_made_and_the_verb_is_offered(
    read_run: Run, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[Any, ...]] = []
    monkeypatch.setattr(labels, "find_labels", lambda *_, **__: pytest.fail("a page must not wait for labels"))
    monkeypatch.setattr(jobs, "start", lambda folder, words: started.append((folder, list(words))))
    app = opened("neurons")
    assert "follows" not in ranked(app)
    assert "8 neurons by the shape of their distribution:" in said(app)
    folder = job_folder(read_run, QUERY)
    app.button(key=f"neurons-go-{folder.name}").click().run()
    assert started == [(folder, ["label", "--signal", "h", "--layer", "2", "--", "small"])]
    assert command(read_run, NeuronQuery("c", 1, 5))[1:5] == ["--signal", "c", "--layer", "1"]
    planted_labels(recording)  # as the job leaves them
    app.run()
    assert "follows" in ranked(app)
    assert not [button for button in app.button if button.key == f"neurons-go-{folder.name}"]


def test_labels_without_a_twin_do_not_say_what_was_learned(recording: Recording) -> None:
    planted_labels(recording, twin="")
    app = opened("neurons")
    assert ranked(app)["learned"].isna().all()
    assert "follow something we can name. 1 stays near zero." in said(app)
    assert "no untrained network has read the same text" in said(app)
    assert "need not have been learned" not in said(app)


def test_labels_that_came_with_the_run_stand_in_for_a_text_that_has_none(read_run: Run, recording: Recording) -> None:
    other = replace(recording, spec=replace(recording.spec, span=(5000, 7000)))
    planted_labels(other, into=read_run)
    app = opened("neurons", neurons_unit="2")
    assert "follows" in ranked(app) and "It is low: inside brackets" in said(app)
    assert "found while the network read small, tokens 5,000 to 7,000, not the text shown here" in said(app)
    assert app.button(key=f"neurons-go-{job_folder(read_run, QUERY).name}")
    planted_labels(recording, twin="")
    app = opened("neurons", neurons_unit="2")
    assert "not the text shown here" not in said(app)
    assert ranked(app)["learned"].isna().all()


def test_the_thesis_stands_beside_what_is_kept_of_all_layers(read_run: Run, recording: Recording) -> None:
    assert "What the thesis says of single neurons" not in said(opened("neurons"))
    planted_labels(recording)
    text = said(opened("neurons", neurons_layer="1", neurons_signal="o"))
    assert "inside brackets: too rare to tell, 120 of 500 held-out positions" in text
    assert text.count("thesis, section 5.1 says") == 5 and "no verdict" in text


def test_of_an_untrained_network_nobody_asks_what_it_learned(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted_labels(recording, twin="")
    monkeypatch.setattr(Run, "untrained_twin_of", "trained")
    app = opened("neurons")
    assert "follow something we can name" in said(app)
    assert "no untrained network has read the same text" not in said(app)


def test_labels_are_offered_anew_once_the_twin_has_read_the_text(
    read_run: Run, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted_labels(recording, twin="")
    monkeypatch.setattr("pages.neurons.labels.untrained_twin", lambda *_: recording)
    app = opened("neurons")
    assert app.button(key=f"neurons-again-{job_folder(read_run, QUERY).name}").label.startswith("Compare with")


def test_a_row_chosen_becomes_the_neuron_of_the_page(found: Distributions, monkeypatch: pytest.MonkeyPatch) -> None:
    choices: dict[str, Any] = {}

    def remember(lines: Any, columns: Any, *, key: str, alt: str, choice: Any = None) -> None:
        choices[key] = choice

    monkeypatch.setattr("pages.neurons.ranking.show", remember)
    monkeypatch.setattr("pages.neurons.unit.show", remember)
    opened("neurons", neurons_unit="5")
    assert (choices["neurons-all"].by, choices["neurons-all"].chosen) == ("neuron", 5)
    state: dict[str, Any] = {}
    monkeypatch.setattr("pages.neurons.ranking.st.session_state", state)
    choices["neurons-all"].take(6)
    assert state == {"neurons-unit": 6}
    choices["neurons-related"].take(2)
    assert state == {"neurons-unit": 2}


def test_one_unit_is_told_with_label_rank_shape_and_divergences(recording: Recording, found: Distributions) -> None:
    made = planted_labels(recording)
    app = opened("neurons", neurons_unit="2")
    text = said(app)
    assert "It is low: inside brackets (AUROC 0.820, where 0.5 is guessing, over 500 characters, 120 with it;" in text
    assert (
        "The best neuron of an untrained network reaches 0.550: this lead is beyond chance (p = 0.012, adjusted "
        "for all neurons), so it was learned." in text
    )
    rank = found.ranking().tolist().index(2) + 1
    assert f"Number {rank} of 7 by how unusual its values are; {found.divergence[2]:.2f} bits" in text
    assert f"{found.unit_from_mean[2]:.2f} it from the mean, {found.mean_from_unit[2]:.2f} the mean from it" in text
    assert f"is off by {laplace_distance(found)[2]:.1%} of the values at most" in text
    app.number_input(key="neurons-unit").set_value(ASIDE).run()
    assert f"near zero in {found.near_zero_share[ASIDE]:.1%} of the text" in said(app)
    assert "It follows nothing that we can name. Nearest comes high: a number comes next" in said(app)
    falls, learned_not = (frames.follows_sentence(made.units[unit], "characters") for unit in (4, 6))
    assert falls.startswith("It falls: position in the word (rank correlation 0.84 over 500 characters;")
    assert falls.endswith("reaches 0.55: this one leads, but that may be chance (p = 0.2, adjusted for all neurons).")
    assert learned_not.endswith("0.990: this one is not ahead by more than 0.01, so it need not have been learned.")
    assert "(p below 0.0001, adjusted" in frames.follows_sentence(made.units[0], "characters")
    alone = frames.follows_sentence(replace(made.units[0], control=None), "words")
    assert alone.endswith("over 500 words, 120 with it; it was not chosen on them).")


@pytest.mark.parametrize(("signal", "other"), [("h", "c"), ("c", "h"), ("f", "h")])
def test_the_other_signal_of_the_same_unit_is_drawn_beside(signal: str, other: str, recording: Recording) -> None:
    app = opened("neurons", neurons_signal=signal, neurons_unit="5", neurons_layer="1")
    titles = [figure.layout.xaxis.title.text for figure in figures_on(app)[:2]]
    assert titles == [f"{SIGNALS[one].title} ({one})" for one in (signal, other)]


def test_related_units_are_those_of_the_core(recording: Recording) -> None:
    planted_labels(recording)
    app = opened("neurons", neurons_unit="1")
    table = table_with(app, "correlation")
    expected = related(recording, RelatedQuery("h", 2, 1))
    assert len(expected) == 5
    assert table["neuron"].tolist() == [one.unit for one in expected]
    np.testing.assert_allclose(table["correlation"].tolist(), [one.correlation for one in expected])
    told = {0: "high: inside brackets", 2: "low: inside brackets", 4: "falls: position in the word"}
    told[6] = "high: a capital letter"
    follows = dict(zip(table["neuron"], table["follows"].fillna(""), strict=True))
    assert follows == {unit: told.get(unit, "") for unit in follows} and any(follows.values())


def test_places_at_the_ends_and_between_are_shown_with_their_values(recording: Recording) -> None:
    app = opened("neurons", neurons_unit="1")
    values = recording.unit("h", 2, 1)
    picker = app.segmented_control(key="neurons-places")
    assert picker.options == ["highest", "high", "middle", "low", "lowest"]
    assert table_with(app, "before")["value"][0] == pytest.approx(values.max())
    for name, quantile in (("high", 0.9), ("middle", 0.5), ("low", 0.1)):
        app.segmented_control(key="neurons-places").set_value(name).run()
        near = contexts_near(recording, values, quantile, 12)
        assert f"Near {near.value:.3f}: {quantile:.0%} of its values" in said(app)
        shown = table_with(app, "before")["value"].tolist()
        assert shown == pytest.approx([context.value for context in near.contexts])
    linked = opened("neurons", neurons_unit="1", neurons_places="lowest")
    assert table_with(linked, "before")["value"][0] == pytest.approx(values.min())


def test_the_table_as_csv_holds_what_is_shown(recording: Recording, found: Distributions) -> None:
    made, ranking = planted_labels(recording), frames.ranking(found)
    shown = frames.unit_frame(ranking, made, ranking.order.tolist())
    rows = list(csv.DictReader(io.StringIO(frame_csv(shown.drop(columns="values")))))
    assert [int(row["neuron"]) for row in rows] == ranking.order.tolist()
    assert "values" not in rows[0]
    assert float(rows[0]["unlike the mean (bits)"]) == found.divergence.max(where=~found.set_aside, initial=0)
    assert {int(row["neuron"]): row["follows"] for row in rows}[4] == "falls: position in the word"
    assert opened("neurons").get("download_button")


def test_values_that_are_not_finite_are_told_and_the_rest_of_the_page_stays(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = Mock(side_effect=ValueError("the recording holds values that are not finite"))
    monkeypatch.setattr("pages.neurons.ranking.counted", refused)
    app = opened("neurons")
    assert "The neurons of this layer cannot be compared." in said(app)
    assert "values that are not finite" in said(app)
    assert app.text_area(key="neurons-typed")


def test_a_visit_is_shown_in_full_before_torch_is_loaded(recording: Recording) -> None:
    """Which takes two seconds, during which nobody's page goes on; the text that was typed is read after it."""
    visit = "import sys; from opened_pages import opened, said; app = opened('neurons', run='small')"
    told = "print('torch' in sys.modules, 'Loading the model' in said(app), len(app.metric), app.text_area[0].value)"
    path = os.pathsep.join([str(ENTRY.parent.parent), str(ENTRY.parent.parent / "tests")])
    done = subprocess.run(
        [sys.executable, "-c", f"{visit}; {told}"],
        env={**os.environ, "PYTHONPATH": path}, cwd=ENTRY.parent.parent, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    loaded, waits, metrics, typed = done.stdout.split(maxsplit=3)
    assert (loaded, waits, int(metrics) > 5) == ("False", "True", True)
    assert "early birds" in typed


def test_a_first_look_shows_its_charts_before_all_neurons_are_counted(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened("neurons")
    monkeypatch.setattr("pages.neurons.ranking.counted", asked := Mock())
    app.session_state[SEEN] = set()
    app.run()
    assert "Counting the values of all neurons" in said(app)
    assert len(app.metric) > 5 and not app.text_area and not asked.called


def test_every_shape_has_a_name_and_a_meaning(found: Distributions) -> None:
    ranking = frames.ranking(found)
    for kind in frames.NAMES:
        told = frames.shape_sentence(replace(ranking, shape=np.array([kind] * UNITS)), 0)
        assert told.startswith("Shape: ")
    assert set(frames.NAMES) == {"near-zero", "bimodal", "one-sided", "Laplace", "other"}
    assert frames.NAMES[NEAR_ZERO] == "near zero"


def test_a_recording_of_blanks_alone_comes_after_one_of_all_positions(read_run: Run) -> None:
    source = corpus_text(read_run, "small", 0, 500)
    record(read_run, source, RecordQuery(("h",), (2,)))
    record(read_run, source, RecordQuery(("h",), (2,), "whitespace"))
    picker = next(box for box in opened("neurons").sidebar.selectbox if box.label == "Text it has read")
    assert [title.endswith(", blanks only") for title in picker.options] == [False] * (len(picker.options) - 1) + [True]


def test_a_link_names_the_recording_that_was_looked_at(read_run: Run) -> None:
    other = record(read_run, corpus_text(read_run, "small", 300, 500), RecordQuery(("h",), (2,)))
    (first,) = [folder.name for folder in find_recordings() if folder.name != other.fingerprint]
    for fingerprint, positions in ((first, "1,000"), (other.fingerprint, "500")):
        app = opened("neurons", recording=fingerprint)
        assert {metric.label: metric.value for metric in app.metric}["Characters read"] == positions
        assert app.query_params["recording"] == fingerprint
    picker = app.sidebar.selectbox(key="recording-small")
    picker.set_value(first).run()
    assert app.query_params["recording"] == first
    assert {metric.label: metric.value for metric in app.metric}["Characters read"] == "1,000"
    assert {one.label: one.value for one in opened("neurons", recording="../x").metric}["Characters read"]
