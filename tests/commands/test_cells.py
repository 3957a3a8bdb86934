"""Every cell goes the whole way: trained, scored, recorded, labelled, grouped, taken out and in again, shown."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_core.exchange.weights import ImportQuery, import_run, read_vocabulary
from lstm_core.recordings.find import longest
from lstm_core.runs.cells import CELLS, SIGNALS
from lstm_core.runs.store import open_run
from lstm_core.tagging import words as labelled
from lstm_core.text.corpus import keep_text
from tests.commands.test_tagging import TEXTS
from tests.opened_pages import opened, said
from tests.textbook import read_model

Verb = Callable[..., tuple[int, str, str]]
SMALL = ("--hidden", "12", "--embedding", "6", "--layers", "2", "--epochs", "2", "--batch", "8", "--bptt", "20",
         "--rate", "0.02", "--threads", "1", "--precision", "float32")  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_goes_the_whole_way(cell: str, cli: Verb, words: Callable[..., str], tmp_path: Path) -> None:
    def told(*typed: str) -> Any:
        code, out, err = cli(*typed, "--json")
        assert code == 0, err
        return json.loads(out)

    keep_text("book", words(2400).encode())
    trained = told("train", "mine", "--preset", "tiny", "--corpus", "book", "--cell", cell, *SMALL)
    run, entry = open_run("mine"), CELLS[cell]
    assert trained["architecture"] == f"{entry.title} 2 x 12"
    first, *_, last = run.log().points
    assert last["validation_loss"] < 0.95 * first["train_loss"]
    assert told("evaluate", "mine")["validation"]["loss"] == pytest.approx(last["validation_loss"], rel=1e-3)
    assert len(told("generate", "mine", "--tokens", "20")["text"]) >= 20

    told("record", "mine", "--tokens", "2000")
    kept = longest(run, entry.signals)
    reference, _ = read_model(run.load_model(), kept.tokens[:50].tolist())
    for (signal, layer), values in kept.signals.items():
        expected = reference[layer - 1][signal]
        np.testing.assert_allclose(values[:, :50].T, expected, rtol=1e-3, atol=1e-3, err_msg=f"{signal}-{layer}")
    for signal in entry.signals:
        told("units", "mine", "--signal", signal)
    assert told("label", "mine", "--signal", entry.state[-1])
    assert told("cluster", "mine", "--tokens", "6000", "--size", "15", "--samples", "5")["points"] > 100

    told("export", "mine", str(tmp_path / "out.safetensors"))
    tokens = read_vocabulary(tmp_path / "out.vocabulary.json")
    again = import_run("again", tmp_path / "out.safetensors", tokens, ImportQuery(cell if entry.look_alikes else ""))
    assert again.model_config.cell == cell
    page = said(opened("neurons", run="mine"))
    assert all(SIGNALS[signal].title in page for signal in entry.signals)


@pytest.mark.parametrize("cell", CELLS)
def test_a_tagger_of_each_cell_is_trained(cell: str, cli: Verb, monkeypatch: pytest.MonkeyPatch, models: Path) -> None:
    monkeypatch.setattr(labelled, "tagging_texts", lambda: TEXTS)
    code, out, err = cli("train-tagger", "mine", "--cell", cell, "--hidden", "6", "--epochs", "2", "--json")
    assert code == 0 and json.loads(out)["architecture"] == f"bi{cell}", err
    code, out, _ = cli("tagger-states", "--tagger", "mine", "--text", "They are early birds. " * 3, "--json")
    assert code == 0 and CELLS[cell].kind in said(opened("tagging"))
