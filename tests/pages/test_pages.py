"""Every page through Streamlit's own test driver: it draws, it takes bad input, it tells people what to do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from streamlit.util import calc_hash

from app import registry
from app.controls import MAX_TYPED
from lstm_core.neurons import labels
from lstm_core.neurons.label_search import FeatureBest, LabelQuery, Labels, UnitLabel
from lstm_core.recordings.record import RecordQuery, corpus_text, record
from lstm_core.runs.card import card
from lstm_core.runs.cells import CELLS, SIGNALS
from lstm_core.runs.cost import duration, training_seconds
from lstm_core.runs.run import Run
from lstm_core.runs.settings import PRESETS
from lstm_core.runs.store import list_runs, open_run
from lstm_core.storage import jobs
from lstm_core.text import corpus as corpora
from pages.neurons.places import AROUND
from tests.opened_pages import PAGES, nothing_shipped, opened, said, table_with  # noqa: F401 - a fixture that is used by being here


@pytest.fixture
def read_run(small_run: Callable[..., Run], words: Callable[..., str], made_once: Callable[..., None]) -> Run:
    """A run "small" that has read 1,000 characters of its text."""

    def make() -> None:
        corpora.keep_text("small", words(600).encode())
        run = small_run("small", weights=True)
        record(run, corpus_text(run, "small", 0, 1000), RecordQuery())

    made_once("states of a small text", make)
    return open_run("small")


def labels_with(run: Run, query: LabelQuery, *features: FeatureBest) -> Labels:
    """Labels over the first 1,000 characters of "small" whose units follow nothing."""
    rows = tuple(
        UnitLabel(unit, "", "x", "AUROC", 1, 0.6, 0.5, 5, 50, "", "", None, None)
        for unit in range(run.model_config.hidden)
    )
    corpus = run.config["corpus"]
    text = ("small", corpus["fingerprint"], (0, 1000), "all")
    return Labels(run.name, run.fingerprint, *text, query, "", rows, features)


@pytest.mark.parametrize("where", PAGES)
def test_a_page_opens_with_a_model_at_hand(where: str, read_run: Run) -> None:
    assert opened(where).title[0].value


@pytest.mark.parametrize("where", PAGES)
def test_a_page_opens_with_nothing_at_hand_and_says_what_to_do(where: str) -> None:
    app = opened(where)
    assert app.title or "Train one" in said(app)


def test_the_neurons_page_shows_the_unit_that_a_link_names(read_run: Run) -> None:
    app = opened("neurons", neurons_unit="5", neurons_layer="2", neurons_signal="c")
    assert app.number_input(key="neurons-unit").value == 5
    assert app.selectbox(key="neurons-layer").value == 2
    assert app.segmented_control(key="neurons-signal").value == "c"


def test_signals_are_chosen_by_name_and_explained_before(read_run: Run) -> None:
    app = opened("neurons")
    picker = app.segmented_control(key="neurons-signal")
    named = ["h: hidden state", "c: cell state", "i: input gate", "f: forget gate", "g: candidate", "o: output gate"]
    assert picker.options == named
    table = next(element.value for element in app.markdown if element.value.startswith("| signal |"))
    for signal in CELLS["lstm"].signals:
        assert f"| **{signal}** | {SIGNALS[signal].title} | {SIGNALS[signal].meaning} |" in table
    picker.set_value("f")
    app.run()
    assert app.query_params["neurons-signal"] == "f"  # the letter alone: what a link holds
    app.query_params["neurons-signal"] = "o"  # back to an address of before
    app.run()
    assert app.segmented_control(key="neurons-signal").value == "o"


@pytest.mark.parametrize("gave_up", ["2 of 3 streams never agreed", None])
def test_a_text_that_was_read_token_by_token_is_told_with_its_reason(gave_up: str | None, read_run: Run) -> None:
    from lstm_core.recordings.recording import find_recordings

    path = find_recordings()[0] / "recording.json"
    manifest = json.loads(path.read_text())
    if gave_up:
        manifest["exactness"]["gave_up"] = gave_up
    path.write_text(json.dumps(manifest))
    found = [caption.value for caption in opened("neurons").caption if "one token at a time" in caption.value]
    assert len(found) == bool(gave_up)
    if gave_up:
        assert f"because {gave_up}" in found[0]
        assert "The values are exact" in found[0]


def test_the_colours_of_the_cell_state_end_where_few_values_go_further(
    read_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lstm_core.neurons.profile import reach_of
    from lstm_core.recordings.recording import Recording, find_recordings

    drawn: list[dict[str, Any]] = []
    monkeypatch.setattr("app.components.heatmap._component", lambda key, data: drawn.append({"key": key, **data}))
    values = Recording.open(find_recordings()[0]).unit("c", 2, 5)
    opened("neurons", neurons_unit="5", neurons_layer="2", neurons_signal="c")
    low, high = reach_of(values)
    text = next(data for data in drawn if data["key"] == "neurons-text")
    assert text["low"] == f"{low:.3g} or less"
    assert text["high"] == f"{high:.3g}"  # this unit is never above zero
    assert values.max() < 0
    expected = np.where(values < 0, -np.minimum(values / low, 1), np.minimum(values / high, 1))
    np.testing.assert_allclose(text["colours"], expected, atol=0.006)
    assert min(text["colours"]) == -1  # the lowest 1 % are cut off


def test_figures_on_the_neurons_page_are_those_of_the_recording(read_run: Run) -> None:
    from lstm_core.recordings.recording import Recording, find_recordings

    values = Recording.open(find_recordings()[0]).unit("h", 2, 0)
    app = opened("neurons")
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Highest"] == f"{values.max():.3f}"
    assert shown["Mean"] == f"{values.mean():.3f}"
    assert shown["Characters read"] == "1,000"


@pytest.mark.parametrize("where", ["neurons", "writing"])
def test_a_word_model_opens_on_the_same_pages(
    where: str, small_run: Callable[..., Run], words: Callable[..., str]
) -> None:
    corpora.keep_text("wordy", words(900).encode())
    run = small_run("wordy", corpora.read_corpus("wordy", "word"), weights=True)
    record(run, corpus_text(run, "wordy", 0, 300), RecordQuery())
    app = opened(where, run="wordy")
    if where == "neurons":
        assert {metric.label: metric.value for metric in app.metric}["Words read"] == "300"
        places = table_with(app, "before")
        assert max(len(part.split()) for side in ("before", "after") for part in places[side].dropna()) == AROUND
        app.text_area(key="neurons-typed").set_value("the river runs over Zanzibar")
        app.run()
        assert "1 of 5" in said(app)
    else:
        app.button(key="writing-go").click()
        app.run()
        assert len(app.code[0].value.split()) > 600
    assert not app.exception


def test_a_finding_on_home_opens_its_neuron_whatever_was_chosen_before(
    read_run: Run, small_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    text, begins = corpora.read_corpus("small", "char"), {}
    for layer, unit, feature in ((2, 5, "inside quotation marks"), (1, 0, "inside a capitalised word")):
        begins[unit] = labels.example(text.vocabulary.decode(text.ids[:1000].tolist()), "characters", feature)
        best = FeatureBest(feature, "", "AUROC", 10, 500, unit, 1, 0.9, 0.9, 0.01, 0.6)
        labels.LABELS.keep(labels_with(read_run, LabelQuery("c", layer), best), read_run)
    monkeypatch.setattr("app.controls.DEFAULT_RUN", "small")
    monkeypatch.setattr("app.findings.DEFAULT_RUN", "small")
    small_run("another", weights=True)
    for layer, unit in ((2, 5), (1, 0), (2, 5)):
        app = opened("writing", run="another")
        app._page_hash = calc_hash("home")
        app.run()
        app.button(key=f"finding-{layer}-{unit}").click()
        app.run()
        assert not app.exception
        assert app.title[0].value == "Neurons"
        assert app.selectbox(key="run").value == "small"
        assert app.segmented_control(key="neurons-signal").value == "c"
        assert app.selectbox(key="neurons-layer").value == layer
        assert app.number_input(key="neurons-unit").value == unit
        assert app.slider(key="neurons-start").value == begins[unit]


def test_a_run_without_a_recording_offers_to_read_and_then_shows_the_unit(
    small_run: Callable[..., Run], words: Callable[..., str]
) -> None:
    corpora.keep_text("small", words(3000).encode())
    small_run("small", corpora.read_corpus("small"), weights=True)
    app = opened("neurons")
    assert "has not read a text yet" in said(app)
    app.button(key="reading-go").click()
    app.run()
    assert not app.exception
    assert app.metric


def test_the_training_page_starts_the_job_that_a_person_would_type(
    words: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[Path, list[str]]] = []
    monkeypatch.setattr(jobs, "start", lambda folder, words: started.append((folder, list(words))))
    corpora.keep_text("mine", words(600).encode())
    app = opened("training")
    app.selectbox(key="start-corpus-tiny").set_value("mine")
    app.text_input(key="start-name-tiny").set_value("first")
    app.run()
    app.button(key="start-go").click()
    app.run()
    assert not app.exception
    assert [(folder.name, words) for folder, words in started] == [("first", ["train", "first"])]
    assert Run(started[0][0]).model_config.hidden == 128


def test_writing_is_the_model_s_own_text(read_run: Run) -> None:
    from lstm_core.runs.generate import GenerateQuery, generate

    app = opened("writing")
    app.text_area(key="writing-prompt").set_value("the river")
    app.number_input(key="writing-tokens").set_value(60)
    app.button(key="writing-go").click()
    app.run()
    query = GenerateQuery("the river", 60, 0.7, 1)
    expected = "the river" + "".join(generate(read_run.load_model(), read_run.vocabulary, query))
    assert app.code[0].value == expected


@pytest.mark.parametrize("text", ["", " ", "\n \t", "x"])
def test_fault_15_empty_or_tiny_text_gets_a_hint_or_a_single_bar(text: str, read_run: Run) -> None:
    app = opened("neurons")
    app.text_area(key="neurons-typed").set_value(text)
    app.run()
    assert not app.exception
    if not text.strip():
        assert "Type at least one letter" in said(app)


def test_fault_16_a_paste_past_the_limit_is_cut(read_run: Run) -> None:
    app = opened("neurons")
    app.text_area(key="neurons-typed").set_value("river " * (MAX_TYPED // 2))
    app.run()
    assert not app.exception
    assert len(app.text_area(key="neurons-typed").value) <= MAX_TYPED


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=some.text(some.characters(codec="utf-8"), min_size=1, max_size=60))  # all that a browser can send
def test_fault_17_any_text_can_be_typed(text: str, read_run: Run) -> None:
    app = opened("neurons")
    app.text_area(key="neurons-typed").set_value(text)
    app.run()
    assert not app.exception


def test_fault_18_characters_the_model_does_not_know_are_counted(read_run: Run) -> None:
    app = opened("neurons")
    app.text_area(key="neurons-typed").set_value("the Ж river 漢")
    app.run()
    assert "2 of 13 characters" in said(app)


@pytest.mark.parametrize("name", ["../../etc/passwd", "nobody", "<script>alert(1)</script>", "x" * 10_000, ""])
@pytest.mark.parametrize("where", ["neurons", "writing"])
def test_fault_20_21_an_unknown_run_in_a_link_shows_another_and_says_so(where: str, name: str, read_run: Run) -> None:
    app = opened(where, run=name)
    assert app.selectbox(key="run").value == "small"
    if name:
        assert "names a model that is not here" in said(app)


@pytest.mark.parametrize(
    "query",
    [
        {"neurons_layer": "99"},
        {"neurons_unit": "-5"},
        {"neurons_unit": "100000"},
        {"neurons_unit": "NaN"},
        {"neurons_signal": "<script>"},
        {"neurons_start": "-3"},
        {"neurons_start": "9" * 400},
        {"writing_temperature": "1e308"},
        {"writing_seed": "x" * 10_000},
    ],
)
def test_fault_21_bad_values_in_a_link_give_the_default_view(query: dict[str, str], read_run: Run) -> None:
    for page in ("neurons", "writing"):
        assert opened(page, **query).title


def test_fault_23_a_second_start_of_the_same_run_is_told(read_run: Run) -> None:
    app = opened("training")
    app.selectbox(key="start-corpus-tiny").set_value("small")
    app.text_input(key="start-name-tiny").set_value("small")
    app.run()
    app.button(key="start-go").click()
    app.run()
    assert "a run named small is there already" in said(app)


def test_fault_26_a_diverged_run_is_said_and_its_curve_is_drawn(read_run: Run) -> None:
    line = {"step": 1, "epoch": 0.5, "train_loss": float("nan"), "validation_loss": None, "rate": 1.0,
            "gradient_norm": 1.0, "tokens_per_second": 1.0, "seconds": 1.0, "time_left": 1.0}  # fmt: skip
    (read_run.folder / "metrics.jsonl").write_text(json.dumps(line) + "\n")
    read_run.set_status("diverged at step 2")
    assert list(table_with(opened("training"), "status")["status"]) == ["diverged at step 2"]


def test_a_dropout_that_changed_during_training_is_told(read_run: Run) -> None:
    assert "until epoch" not in said(opened("training"))
    earlier = [{"epochs": 15, "dropout": 0.5}, {"epochs": 17.5, "dropout": 0.25}]
    stored = json.loads((read_run.folder / "config.json").read_text())
    (read_run.folder / "config.json").write_text(json.dumps({**stored, "earlier": earlier}))
    told = "small: dropout 0.5 until epoch 15, 0.25 until epoch 17.5, 0 from there."
    assert told in [text.value for text in opened("training").text]


def test_arithmetic_that_the_processor_lacks_is_told_and_nothing_is_started(
    read_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstm_core.runs.train.training_device", lambda: torch.device("cpu"))
    monkeypatch.setattr("lstm_core.runs.train.multiplies_bfloat16", lambda: False)
    app = opened("training")
    app.selectbox(key="start-corpus-tiny").set_value("small")
    app.selectbox(key="start-precision-tiny").set_value("bfloat16").run()
    app.button(key="start-go").click().run()
    assert "this processor does not multiply bfloat16: choose float32, or auto" in said(app)
    assert "my-tiny" not in [run.name for run in list_runs()]


def test_what_a_recipe_takes_stands_beside_it(read_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    rate = 1e10  # multiply-adds a second
    monkeypatch.setattr("pages.training.forms.machine_rate", lambda: rate)
    app = opened("training")
    app.selectbox(key="start-preset").set_value("quick")
    app.run()
    app.selectbox(key="start-corpus-quick").set_value("small")
    app.run()
    text, preset = corpora.read_corpus("small"), PRESETS["quick"]
    model = preset.model_config(len(text.vocabulary))
    seconds = training_seconds(model, preset.training, len(text.part("train")), rate)
    beside = next(column for column in app.columns if column.selectbox and column.selectbox[0].key == "start-preset")
    cost = app.columns[list(app.columns).index(beside) + 1].markdown[0].value
    assert f"about {duration(seconds)}**" in cost
    assert f"{model.parameters:,} parameters" in cost


def test_fault_28_a_missing_corpus_says_what_it_is_and_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LSTM_DATA", raising=False)
    app = opened("training")
    app.selectbox(key="start-corpus-tiny").set_value("ptb")
    app.run()
    assert "Linguistic Data Consortium" in said(app)
    assert "LSTM_DATA" in said(app)


@pytest.mark.parametrize(("key", "value"), [("hidden", 10**6), ("layers", 0), ("batch", 10**7), ("rate", -1.0)])
def test_fault_29_values_past_a_widget_s_limits_never_reach_a_run(
    key: str, value: Any, read_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "start", lambda folder, words: None)
    app = opened("training")
    app.selectbox(key="start-corpus-tiny").set_value("small")
    app.run()
    app.number_input(key=f"start-{key}-tiny").set_value(value)
    app.run()
    app.button(key="start-go").click()
    app.run()
    assert not app.exception
    for run in list_runs():
        config = {**vars(run.model_config), **vars(run.train_config), "rate": run.train_config.learning_rate}
        assert config[key] != value


def test_a_text_of_one_s_own_becomes_a_corpus_under_a_safe_name_only(read_run: Run) -> None:
    with pytest.raises(ValueError, match="not usable"):
        corpora.keep_text("../../x", b"text")
    corpora.keep_text("mine", b"some text")
    assert "mine" in opened("training").selectbox(key="start-corpus-tiny").options


def test_the_card_of_any_run_is_on_the_training_page(read_run: Run) -> None:
    app = opened("training")
    picker = app.selectbox(key="training-card")
    assert read_run.name in picker.options
    picker.set_value(read_run.name).run()
    assert not app.exception
    assert any(markdown.value == card(read_run).strip() for markdown in app.markdown)


def test_a_run_that_has_figures_only_is_not_offered_to_go_on(small_run: Callable[..., Run]) -> None:
    run = small_run("mine", weights=True)
    (run.folder / "metrics.jsonl").write_text('{"step": 9, "epoch": 2.0, "seconds": 60, "validation_loss": 1.5}\n')
    run.set_status("finished")
    (run.folder / "weights.safetensors").unlink()
    app = opened("training")
    assert not [button for button in app.button if str(button.key).startswith(("resume-", "cancel-"))]
    assert "No training is at work." in said(app)


def test_home_leads_to_every_page() -> None:
    links = {link.proto.label.strip("*") for link in opened("home").get("page_link")}
    assert links >= {entry.title for entry in registry.PAGES} - {"Home"}
