"""The page Dropout sweep: none at hand, one in training, a finished one, figures alone; against the core's answers."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

from lstm_core.neurons.compare import Comparison, compare, passage_of, recording_at_hand
from lstm_core.neurons.distributions import DISTRIBUTIONS, DistributionQuery, distributions
from lstm_core.recordings.recording import find_recordings
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.runs.sweep import Sweep, open_sweep, sweeps_folder
from lstm_core.storage import jobs
from lstm_core.storage.files import home as home_folder
from lstm_core.text.corpus import keep_text, read_corpus
from pages.dropout_sweep import readings
from pages.dropout_sweep.sweeps import OWN
from tests.figures_on_pages import figure_on, rows
from tests.opened_pages import nothing_shipped, opened, said, table_with  # noqa: F401 - a fixture that is used by being here
from tests.small_sweeps import small_book, small_sweep, with_weights  # noqa: F401 - a fixture that is used by being here

DROPOUTS = (0.0, 0.2, 0.4, 0.6, 0.8)
SCALES = (3.0, 2.0, 1.5, 1.0, 0.01)  # of the recurrent weights: the more dropout, the quieter


@pytest.fixture
def sweep(book: Any) -> Sweep:
    """Five finished runs, none of which has read the text."""
    made = small_sweep(book, "mine", DROPOUTS)
    for k, (run, scale) in enumerate(zip(made.runs, SCALES, strict=True)):
        with_weights(run, scale, score=2 + (k - 2) ** 2 / 10)
    return open_sweep("mine")


@pytest.fixture
def read(sweep: Sweep, made_once: Callable[..., None]) -> Comparison:
    """The same after they have read it."""
    made_once("a sweep that has read", lambda: compare(sweep.runs))
    return compare(open_sweep("mine").runs)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, list[str]]]:
    """The jobs that the page starts, in place of processes; they are at work from then on."""
    started: list[tuple[Path, list[str]]] = []

    def start(folder: Path, words: list[str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        started.append((folder, words))

    monkeypatch.setattr(jobs, "start", start)
    monkeypatch.setattr(jobs, "is_alive", lambda folder: folder in [one for one, _ in started])
    return started


def drawn(app: AppTest, axis: str) -> dict[str, Any]:
    """The rows of the first figure on the page with this axis, by name."""
    return rows(figure_on(app, axis))


def texts(app: AppTest) -> list[dict[str, Any]]:
    """The coloured texts on the page."""
    found = [json.loads(part.proto.json) for part in app.get("bidi_component")]
    return [one for one in found if "colours" in one and "tokens" in one]


# None at hand ---------------------------------------------------------------------------------------------------------


def test_without_a_sweep_the_page_says_so_and_starts_one_at_a_told_cost(book: Any, asked: Any) -> None:
    app = opened("dropout_sweep")
    assert "No sweep is at hand yet" in said(app)
    app.selectbox(key="sweep-preset").set_value("tiny").run()
    app.selectbox(key="sweep-corpus-tiny").set_value("book").run()
    app.text_input(key="sweep-dropouts").set_value("0, .5").run()
    assert "2 trainings of LSTM 1 x 128" in said(app) and "on this machine and" in said(app)
    app.button(key="sweep-go").click().run()
    assert not app.exception
    ((folder, words),) = asked
    assert folder == sweeps_folder() / "my-sweep"
    assert words == [
        "sweep", "--preset", "tiny", "--corpus", "book", "--kind", "char", "--dropouts", "0,0.5", "--seeds", "1",
        "--epochs", "1", "--", "my-sweep",
    ]  # fmt: skip
    assert app.selectbox(key="sweep-of").value == "my-sweep"  # it is shown, though its runs are not made yet


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sweep-dropouts": "0, 1"}, "dropout 1 is not in [0, 1)"),
        ({"sweep-dropouts": "much"}, "are not numbers: type for example 0, 0.4, 0.8"),
        ({"sweep-dropouts": ""}, "a sweep needs at least one dropout"),
        ({"sweep-dropouts": "0 0"}, "named twice"),
        ({"sweep-name": "../up"}, "sweep name"),
        ({"sweep-name": "mine"}, "a sweep named mine is there already"),
    ],
)
def test_what_cannot_be_started_is_told(sweep: Sweep, asked: Any, change: dict[str, str], says: str) -> None:
    app = opened("dropout_sweep", sweep_new="true")
    app.selectbox(key="sweep-corpus-sweep").set_value("book").run()
    for key, value in change.items():
        app.text_input(key=key).set_value(value).run()
    assert says in said(app)
    assert not [button for button in app.button if button.key == "sweep-go"]


def test_fault_28_a_text_that_is_not_at_hand_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LSTM_DATA", raising=False)
    app = opened("dropout_sweep")
    app.selectbox(key="sweep-preset").set_value("sweep-full").run()
    assert "This text is not at hand." in said(app)


# In training ----------------------------------------------------------------------------------------------------------


def test_a_sweep_in_training_shows_who_is_at_work_and_what_is_finished(
    sweep: Sweep, asked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked.append((sweeps_folder() / "mine", []))
    sweep.runs[4].set_status("training")
    monkeypatch.setattr(Run, "is_training", property(lambda run: run.name == "mine-d80"))
    stopped: list[Path] = []
    monkeypatch.setattr(jobs, "stop", stopped.append)
    app = opened("dropout_sweep")
    assert "At work: mine-d80" in said(app)
    assert "4 of 5 runs finished" in app.get("progress")[0].proto.text
    assert "have not read the text" not in said(app)  # while it goes on their weights change
    app.button(key="sweep-stop-mine").click().run()
    assert stopped == [sweeps_folder() / "mine"]


def test_an_unfinished_sweep_shows_what_is_there_and_goes_on(book: Any, sweep: Sweep, asked: Any) -> None:
    sweep.runs[4].set_status("cancelled")
    sweep.runs[3].set_status("diverged at step 7")
    app = opened("dropout_sweep")
    assert "3 of 5 runs of this sweep are finished" in said(app)
    assert "mine-d80: cancelled" in said(app) and "mine-d60: diverged at step 7" in said(app)
    assert len(table_with(app, "dropout")) == 5
    app.button(key="sweep-on-mine").click().run()
    assert asked == [(sweeps_folder() / "mine", ["sweep", "--", "mine"])]


# Not read, read -------------------------------------------------------------------------------------------------------


def test_runs_that_have_not_read_the_text_are_offered_to_and_their_scores_are_shown(sweep: Sweep, asked: Any) -> None:
    app = opened("dropout_sweep")
    assert "5 of 5 runs have not read the text yet" in said(app)
    assert drawn(app, "bits per character")["bits per character"].y.tolist() == [2.4, 2.1, 2.0, 2.1, 2.4]
    assert "Dropout 0.4 guesses best (bits per character 2)" in said(app)
    passage = passage_of(sweep.runs)
    folder = readings.job_folder(sweep.runs, passage)
    app.button(key=f"sweep-{folder.name}-go").click().run()
    assert asked == [(folder, ["compare", "--", *(run.name for run in sweep.runs)])]


def test_the_offered_command_lets_them_read(sweep: Sweep, cli: Callable[..., tuple[int, str, str]]) -> None:
    code, _, err = cli(*readings.command(sweep.runs))
    assert code == 0, err
    app = opened("dropout_sweep")
    assert "have not read" not in said(app)
    assert len(texts(app)) == 5


def test_figures_are_the_core_s(read: Comparison) -> None:
    app = opened("dropout_sweep")
    table = table_with(app, "|h1|")
    for row, (_, line) in zip(read.rows, table.iterrows(), strict=True):
        assert (line["run"], line["dropout"], line["trained on"]) == (row.run, row.dropout, "book")
        assert line["bits per character"] == pytest.approx(row.best)
        for one in row.activity:
            assert line[f"|{one.signal}{one.layer}|"] == pytest.approx(one.mean_abs)
            assert line[f"{one.signal}{one.layer} near zero"] == round(one.near_zero_share, 3)
    for signal, name in (("h", "hidden state"), ("c", "cell state")):
        sizes = drawn(app, f"mean |{signal}| of the {name}")
        for layer in (1, 2):
            expected = [one.mean_abs for row in read.rows for one in row.activity if (one.signal, one.layer) == (signal, layer)]  # fmt: skip  # noqa: E501
            assert sizes[f"layer {layer}"].x.tolist() == list(DROPOUTS)
            np.testing.assert_allclose(sizes[f"layer {layer}"].y, expected, rtol=1e-5)
    near = drawn(app, "share of the neurons")
    assert near["h, layer 2"].y.tolist() == pytest.approx(
        [row.activity[1].near_zero_share for row in read.rows], abs=1e-5
    )
    trends = table_with(app, "with more dropout")
    assert trends["Spearman"].tolist() == pytest.approx([trend.rho for trend in read.trends])
    assert trends["p"].tolist() == [f"{trend.p:.2g}" for trend in read.trends]
    assert "their mean size falls in 4 of 4 signals and layers, beyond chance" in said(app)


def test_the_panel_says_what_compares_and_what_does_not(read: Comparison) -> None:
    app = opened("dropout_sweep")
    text = said(app)
    assert "T1 · thesis, chapter 5 says" in text and "nothing that compares: here bits per character 2 to 2.4" in text
    assert "T5 · thesis, section 5.1.2 says" in text and "p = 0.017 (n = 5 runs)" in text
    assert (text.count("holds here"), text.count("badge[no verdict]")) == (2, 2)  # T5 of h and c; T1 and T4
    assert "T9" not in text


def test_distributions_lie_over_each_other(sweep: Sweep, read: Comparison) -> None:
    runs = [open_run(run.name) for run in sweep.runs]
    recordings = [recording_at_hand(run, passage_of(runs), ("h", "c")) for run in runs]
    app = opened("dropout_sweep", sweep_layer="2")
    curves = drawn(app, "share of the text per 0.01")
    assert list(curves) == [f"dropout {dropout:g}" for dropout in DROPOUTS]
    for recording, line in zip(recordings, curves.values(), strict=True):
        assert recording is not None
        values = np.asarray(recording.signal("h", 2)[:, :], dtype=float)
        expected = np.histogram(values, 200, (-1, 1))[0] / values.size
        np.testing.assert_allclose(line.y, expected, atol=1e-5)
    app = opened("dropout_sweep", sweep_signal="cell state", sweep_unit="3", sweep_values="one neuron, by its number")
    for recording, line in zip(recordings, drawn(app, "per 0.01").values(), strict=True):
        assert recording is not None
        found = distributions(recording, DistributionQuery("c", 1))
        width = found.edges[1] - found.edges[0]
        np.testing.assert_allclose(np.array(line.y) * width / 0.01, found.counts[3] / found.total, rtol=1e-4)


def test_the_same_text_is_coloured_by_the_unit_of_highest_correlation(sweep: Sweep, read: Comparison) -> None:
    runs = [open_run(run.name) for run in sweep.runs]
    recordings = [recording_at_hand(run, passage_of(runs), ("h", "c")) for run in runs]
    app = opened("dropout_sweep", sweep_unit="5", sweep_whose="dropout 0.2", sweep_start="20")
    shown = texts(app)
    assert recordings[1] is not None and len(shown) == 5
    one = recordings[1].unit("h", 1, 5)
    for run, recording, dropout, text in zip(runs, recordings, DROPOUTS, shown, strict=True):
        assert recording is not None
        assert text["tokens"] == recording.text(20, 520) and text["first"] == 20
        rows = np.asarray(recording.signal("h", 1)[:, :], dtype=float)
        with np.errstate(invalid="ignore"):
            correlations = np.array([np.corrcoef(one, row)[0, 1] for row in rows])
        best = int(np.nanargmax(np.abs(correlations)))
        expected = recording.unit("h", 1, best)[20:520]
        assert text["hover"] == [f"{value:.3f}" for value in expected]
        if run.name == "mine-d20":
            assert best == 5 and f"dropout {dropout:g}: neuron 5, the chosen one" in said(app)
        else:
            assert f"dropout {dropout:g}: neuron {best}, correlation {correlations[best]:+.2f}" in said(app)


# Figures alone, other choices -----------------------------------------------------------------------------------------


def test_runs_with_figures_alone_fill_the_page_though_their_text_is_gone(sweep: Sweep, read: Comparison) -> None:
    compare(sweep.runs, with_runs=True)
    for run in sweep.runs:
        recording = recording_at_hand(run, passage_of(sweep.runs), ("h", "c"))
        assert recording is not None
        for signal in ("h", "c"):
            for layer in (1, 2):
                DISTRIBUTIONS.keep(distributions(recording, DistributionQuery(signal, layer)), run)
        (run.folder / "weights.safetensors").unlink()
        (run.folder / "vocabulary.json").unlink()
    for folder in find_recordings():
        (folder / "recording.json").unlink()
    (home_folder() / "texts" / "book.txt").unlink()
    app = opened("dropout_sweep")
    table = table_with(app, "|c2|")
    assert set(table["status"]) == {"figures only"}
    assert table["|c2|"].tolist() == pytest.approx([row.activity[3].mean_abs for row in read.rows])
    assert len(drawn(app, "per 0.01")) == 5
    assert "No run here has its weights" in said(app) and not texts(app)
    assert "p = 0.017 (n = 5 runs)" in said(app)


def test_runs_are_picked_by_name_and_letters_beside_words_are_refused(sweep: Sweep, small_run: Any) -> None:
    small_run("wordy", read_corpus("book", "word"), weights=True)
    app = opened("dropout_sweep", sweep_of=OWN)
    assert "Pick runs above" in said(app)
    app.multiselect(key="sweep-runs").set_value(["mine-d80", "mine-d20"]).run()
    assert table_with(app, "dropout")["run"].tolist() == ["mine-d80", "mine-d20"]
    app.multiselect(key="sweep-runs").set_value(["mine-d80", "wordy"]).run()
    assert not app.exception
    assert "mine-d80 and wordy cannot read the same tokens" in said(app)


def test_runs_of_other_cells_and_depths_are_looked_at_where_they_have_the_place(sweep: Sweep, small_run: Any) -> None:
    book = read_corpus("book")
    for name, shape in (("gated", {"cell": "gru", "dropout": 0.5}), ("flat", {"layers": 1, "dropout": 0.6})):
        with_weights(small_run(name, book, **shape))
    compare([open_run(name) for name in ("mine-d20", "gated", "flat")])
    app = opened("dropout_sweep", sweep_of=OWN)
    for others in (["mine-d20", "gated"], ["gated", "mine-d20", "flat"]):
        app.multiselect(key="sweep-runs").set_value(others).run()
        for signal, layer in (("hidden state", 2), ("cell state", 1), ("cell state", 2)):
            app.segmented_control(key="sweep-signal").set_value(signal).run()
            app.selectbox(key="sweep-layer").set_value(layer).run()
            assert not app.exception
            able = {"dropout 0.2"} | ({"dropout 0.5"} if signal == "hidden state" else set())
            assert set(app.selectbox(key="sweep-whose").options) - {"dropout 0.6"} == able
            assert texts(app)


@pytest.mark.parametrize("damage", ["cut", "removed"])
def test_fault_12_a_run_whose_recording_is_lost_is_offered_to_read_again(
    sweep: Sweep, read: Comparison, asked: Any, damage: str
) -> None:
    passage = passage_of(sweep.runs)
    made = recording_at_hand(sweep.runs[1], passage, ("h", "c"))
    assert made is not None and made.folder is not None
    if damage == "cut":
        (made.folder / "h-1.npy").write_bytes(b"")
    else:
        shutil.rmtree(made.folder)
    app = opened("dropout_sweep")
    assert not app.exception
    assert "1 of 5 runs have not read the text yet" in said(app)
    assert len(texts(app)) == 4
    compare(sweep.runs)  # what the button starts
    assert len(texts(opened("dropout_sweep"))) == 5


def test_runs_of_a_sweep_in_training_are_not_held_against_each_other(sweep: Sweep, read: Comparison) -> None:
    assert "guesses best" in said(opened("dropout_sweep"))
    sweep.runs[2].set_status("cancelled")
    told = said(opened("dropout_sweep"))
    assert "1 of 5 runs are not trained to the end" in told and "guesses best" not in told and "T5" not in told


def test_scores_of_different_texts_are_not_drawn_side_by_side(sweep: Sweep, words: Any) -> None:
    keep_text("other", (words(700, seed=1) + " zebra?").encode())
    with_weights(small_sweep(read_corpus("other"), "other", (0.3,)).runs[0])
    app = opened("dropout_sweep", sweep_of=OWN)
    app.multiselect(key="sweep-runs").set_value(["mine-d00", "other-d30"]).run()
    assert "their scores must not be held against each other" in said(app)
    assert "guesses best" not in said(app)
    assert "differ in more than dropout (text, vocabulary)" in said(app) and "T5" not in said(app)
    assert table_with(app, "trained on")["trained on"].tolist() == ["book", "other"]
    with pytest.raises(AssertionError):
        figure_on(app, "lower is better")


def test_fault_28_without_the_text_that_runs_would_read_the_remedy_is_told(sweep: Sweep) -> None:
    (home_folder() / "texts" / "book.txt").unlink()
    app = opened("dropout_sweep")
    assert "the text that they would read is not at hand" in said(app) and "no corpus or text file 'book'" in said(app)
    assert len(drawn(app, "lower is better")) == 1  # the scores are there all the same


LINKED = ("of", "runs", "signal", "layer", "whose", "unit", "values", "start")


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=some.lists(some.text(some.characters(codec="utf-8"), max_size=12), min_size=8, max_size=8))
def test_fault_21_bad_links_show_the_usual_view(values: list[str], read: Comparison) -> None:
    app = opened("dropout_sweep", **{f"sweep_{name}": value for name, value in zip(LINKED, values, strict=True)})
    assert len(table_with(app, "|h1|")) == 5


@pytest.mark.parametrize(
    "query", [{"sweep_unit": "-5"}, {"sweep_unit": "99999"}, {"sweep_layer": "99"}, {"sweep_start": "9" * 30},
              {"sweep_of": "../../etc"}, {"sweep_of": "x" * 10_000}, {"sweep_runs": "nobody", "sweep_of": OWN}],
)  # fmt: skip
def test_fault_21_links_past_the_limits_are_bounded(query: dict[str, str], read: Comparison) -> None:
    app = opened("dropout_sweep", **query)
    assert not app.exception
    if OWN not in query.values():
        assert len(texts(app)) == 5
