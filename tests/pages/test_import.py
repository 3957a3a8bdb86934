"""The form that brings in a foreign model, and the pages that then open on it."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from streamlit.util import calc_hash

from lstm_core.exchange import quarantine
from lstm_core.exchange import weights as foreign
from lstm_core.exchange.weights import import_run
from lstm_core.runs.store import list_runs, open_run
from lstm_core.text.corpus import Vocabulary, keep_text
from tests.foreign_models import made
from tests.opened_pages import PAGES, nothing_shipped, opened, said  # noqa: F401 - a fixture that is used by being here

LETTERS = "abcdefghijklmnopqrs\n"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads in this process: that another does it outside of tests is tested elsewhere."""
    monkeypatch.setattr(foreign, "read_tensors", quarantine.tensors_of)


def weights() -> bytes:
    buffer = io.BytesIO()
    torch.save(made().state_dict(), buffer)
    return buffer.getvalue()


def filled(name: str, file: tuple[str, bytes], tokens: tuple[str, bytes]) -> Any:
    """The training page with the form filled in and sent."""
    app = opened("training")
    app.file_uploader(key="import-weights").set_value((*file, "application/octet-stream"))
    app.file_uploader(key="import-tokens").set_value((*tokens, "application/json"))
    app.text_input(key="import-name").set_value(name)
    app.run()
    app.button(key="import-go").click()
    app.run()
    assert not app.exception, app.exception
    return app


def test_an_upload_becomes_a_run_that_the_neurons_page_then_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    app = filled("theirs", ("model.pt", weights()), ("v.json", json.dumps(list(LETTERS)).encode()))
    assert app.success[0].value.startswith("The model is here.")
    run = open_run("theirs")
    assert (run.status, run.imported["file"] if run.imported else "") == ("imported", "model.pt")
    stored = dict(run.load_model().named_parameters())
    assert torch.equal(stored["rnn.1.weight_hh_l0"], made().state_dict()["rnn.weight_hh_l1"])
    assert not [button for button in app.button if button.key == "resume-theirs"]
    keep_text("book", (LETTERS * 1000).encode())
    monkeypatch.setattr("app.reading.corpus_names", lambda: ["book"])  # the built-in ones take seconds to read
    app._page_hash = calc_hash("neurons")
    app.run()
    assert app.selectbox(key="run").value == "theirs"
    assert "has not read a text yet" in said(app)
    app.button(key="reading-go").click()
    app.run()
    assert not app.exception
    assert {metric.label: metric.value for metric in app.metric}["Characters read"] == "20,000"


@pytest.mark.parametrize(
    ("name", "file", "tokens", "says"),
    [
        ("../theirs", ("model.pt", b"x"), ("v.json", b"[]"), "is not usable"),
        ("theirs", ("../../model.pt", b"x"), ("v.json", b'["a"]'), "model.pt is not a supported format"),
        (
            "theirs",
            ("model.pt", weights()),
            ("../v.json", b'["a"]'),
            "lists 1 tokens, encoder.weight of model.pt has 20",
        ),
        ("theirs", ("same.txt.pt", weights()), ("same.txt", b"a\na"), "same.txt lists 'a' twice"),
    ],
)
def test_fault_20_an_upload_that_does_not_fit_is_told_and_leaves_nothing(
    name: str, file: tuple[str, bytes], tokens: tuple[str, bytes], says: str, home: Path
) -> None:
    app = filled(name, file, tokens)
    assert says in said(app)
    assert "The model was not brought in." in said(app)
    assert not list_runs()
    assert not home.exists() or not list(home.rglob("*.*"))


def test_an_upload_past_the_limit_is_refused_by_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    from pages.training import forms

    monkeypatch.setattr(forms, "import_run", None)  # never reached
    monkeypatch.setattr(forms, "MAX_WEIGHTS_BYTES", 2**10)
    with pytest.raises(ValueError, match=r"model\.pt has \d+ MiB, the limit here is 0 MiB: the command line takes"):
        forms._imported("theirs", Upload("model.pt", weights()), Upload("v.json", b"[]"), "")


class Upload(io.BytesIO):
    """A file as Streamlit hands it over."""

    def __init__(self, name: str, content: bytes):
        super().__init__(content)
        self.name, self.size = name, len(content)


@pytest.mark.parametrize("text", ["", "book"])
@pytest.mark.parametrize("where", PAGES)
def test_every_page_opens_on_an_imported_run(where: str, text: str, tmp_path: Path) -> None:
    keep_text("book", (LETTERS * 10).encode())
    (tmp_path / "model.pt").write_bytes(weights())
    query = foreign.ImportQuery(text=text)
    import_run("theirs", tmp_path / "model.pt", Vocabulary(tuple(LETTERS), "characters"), query)
    app = opened(where)
    assert app.title[0].value
    if where == "home":
        assert f"theirs  ·  LSTM 2 x 8{' on book' if text else ''}: imported" in said(app)
