"""The form that brings in states of any model, and the pages that then open on them."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.util import calc_hash

from app.later import SEEN
from lstm_core.exchange.state_files import vocabulary_of
from lstm_core.exchange.states import OutsideText, States, bring_in
from lstm_core.recordings.recording import find_recordings, remove_recording
from lstm_core.runs.run import Run
from lstm_core.runs.store import list_runs, open_run
from tests.exchange.test_states import LENGTH, TEXT, letters, values
from tests.opened_pages import PAGES, nothing_shipped, opened, said  # noqa: F401 - a fixture that is used by being here

WORDS = TEXT.split()


def saved(array: np.ndarray, **how: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **how)
    return buffer.getvalue()


def filled(name: str, tables: list[tuple[str, bytes]], tokens: tuple[str, bytes], signal: str = "h") -> Any:
    """The training page with the form filled in and sent."""
    app = opened("training")
    app.file_uploader(key="import-states").set_value([(*table, "application/octet-stream") for table in tables])
    app.file_uploader(key="import-states-tokens").set_value((*tokens, "text/plain"))
    app.selectbox(key="import-signal").set_value(signal)
    app.text_input(key="import-states-name").set_value(name)
    app.run()
    app.button(key="import-states-go").click()
    app.run()
    assert not app.exception, app.exception
    return app


def test_uploads_become_a_run_whose_neurons_can_be_looked_at() -> None:
    tables = [("same.npy", saved(values(1))), ("same.npy", saved(values(2) * 3))]
    app = filled("theirs", tables, ("book.txt", TEXT.encode()), signal="c")
    assert app.success[0].value.startswith("The states are here.") and "theirs" in said(app)
    recording = find_recordings(open_run("theirs").fingerprint)
    assert len(recording) == 1 and not [button for button in app.button if button.key == "resume-theirs"]
    app.session_state[SEEN] = {"training", "neurons"}  # what the browser asks for once it has drawn the rest
    app._page_hash = calc_hash("neurons")
    app.run()
    assert not app.exception
    assert app.selectbox(key="run").value == "theirs" and app.selectbox(key="neurons-layer").value == 2
    told = {metric.label: metric.value for metric in app.metric}
    assert told["Characters read"] == f"{LENGTH:,}" and told["Highest"] == f"{(values(2) * 3)[:, 0].max():.3f}"
    assert "brought in as **c** (cell state) of a model that is not here" in said(app)
    assert "It has no weights here, only its states." in said(app)
    assert not [control for control in app.segmented_control if control.key == "neurons-colour"]


@pytest.mark.parametrize(
    ("name", "tables", "tokens", "says"),
    [
        ("../x", [("h.npy", saved(values()))], ("t.txt", TEXT.encode()), "is not usable"),
        ("x", [("../h.npy", saved(values().T))], ("t.json", json.dumps(list(TEXT)).encode()), "has 740 tokens"),
        ("x", [("h.npy", saved(values()[:9]))], ("t.txt", TEXT.encode()), "the states are of 9 tokens"),
        ("x", [("h.npy", saved(np.array([[{}]], object), allow_pickle=True))], ("t.txt", b"a"), "Python objects"),
        ("x", [("h.npy", b"no")], ("t.txt", b"a"), "h.npy is not a whole .npy file"),
        ("x", [("h.npy", b"")], ("t.txt", b"a"), "h.npy is empty"),
        ("x", [("h.npy", saved(values()))], ("t.txt", b"\xff\x00\x00"), "t.txt: byte 0"),
        ("x", [("h.npy", saved(values())), ("g.npy", saved(values()[1:]))], ("t.txt", TEXT.encode()), "is (739, 5)"),
    ],
)  # fmt: skip
def test_fault_09_16_20_an_upload_that_does_not_fit_is_told_and_leaves_nothing(
    name: str, tables: list[tuple[str, bytes]], tokens: tuple[str, bytes], says: str, home: Path
) -> None:
    app = filled(name, tables, tokens)
    assert says in said(app) and "The states were not brought in." in said(app)
    assert not list_runs() and not [path for path in home.rglob("*") if path.is_file()]


class Upload(io.BytesIO):
    """A file as Streamlit hands it over."""

    def __init__(self, name: str, content: bytes):
        super().__init__(content)
        self.name, self.size = name, len(content)


def test_fault_29_uploads_past_the_limit_are_refused_by_their_size_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    from pages.training import forms

    monkeypatch.setattr(forms, "bring_in", None)  # never reached
    table = saved(values())
    monkeypatch.setattr(forms, "MAX_STATES_BYTES", 2 * len(table) - 1)
    with pytest.raises(ValueError, match=r"the upload has \d+ MiB, the limit here is 0 MiB: .*lstm_core import-states"):
        forms._brought("x", [Upload("a.npy", table), Upload("b.npy", table)], Upload("t.txt", b"a"), "h")


@pytest.fixture(params=["letters", "words", "one token", "rectified"])
def states_run(request: pytest.FixtureRequest) -> Run:
    """Runs without weights: of letters with h and c, of words far beyond 1, of one token, of values from 0 on."""
    if request.param == "letters":
        states, reading = [States("h", 1, values(1), "h"), States("c", 1, values(2), "c")], letters()
    elif request.param == "words":
        vocabulary = vocabulary_of(WORDS)
        states = [States("h", layer, values(layer, len(WORDS)) * 50, "h") for layer in (1, 33)]
        reading = OutsideText(vocabulary, vocabulary.ids(WORDS), "<b>words</b>.txt")
    elif request.param == "one token":
        states, reading = [States("h", 1, values(length=1), "h")], letters("a")
    else:
        states, reading = [States("h", 1, np.maximum(values() * 9, 0), "h")], letters()
    return bring_in("theirs", states, reading).run


@pytest.mark.parametrize("where", PAGES)
def test_every_page_opens_on_a_run_of_states(where: str, states_run: Run) -> None:
    app = opened(where)
    assert app.title[0].value
    told = said(app)
    if where == "home":
        assert "states only" in told
    if where == "writing":
        assert "This model has no weights" in told and not app.button
    if where == "neurons":
        assert "brought in as **h**" in told and "The gate is near" not in told
    if where == "probes" and states_run.kind == "word":
        assert "neurons are on through" in told


def test_a_run_whose_recording_was_removed_says_what_to_do(states_run: Callable[..., Run]) -> None:
    for folder in find_recordings():
        remove_recording(folder.name)
    for where in ("neurons", "probes"):
        app = opened(where)
        assert "Bring the states in again" in said(app)
        assert not [button for button in app.button if button.key == "reading-go"]


def test_fault_21_a_link_to_a_run_of_states_opens_it(states_run: Run, small_run: Any) -> None:
    small_run("another", weights=True)
    app = opened("neurons", run="theirs", neurons_colour="probability of what came")
    assert app.selectbox(key="run").value == "theirs" and not app.exception


def test_clusters_of_states_offer_the_signals_and_layers_that_were_brought_in() -> None:
    bring_in("theirs", [States("c", 2, values(1), "a.npy")], letters())
    app = opened("clusters", run="theirs")
    assert not app.exception and "Compute these groups" in [button.label for button in app.button]
