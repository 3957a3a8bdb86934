"""The dashed lines on the training page: shown for runs of one text, hidden on demand, offered where not computed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.charts.training import training_curves
from lstm_core.runs.baseline import BASELINES, NgramQuery, NgramResult, baseline, baseline_folder
from lstm_core.runs.run import Log, Run
from lstm_core.storage import jobs
from lstm_core.text import corpus as corpora
from pages.training.live import table_lines
from tests.figures_on_pages import figures_on, levels
from tests.opened_pages import nothing_shipped, opened  # noqa: F401 - a fixture that is used by being here

POINT = {"step": 1, "epoch": 1.0, "train_loss": 1.5, "validation_loss": 1.4}


@pytest.fixture
def trained(small_run: Callable[..., Run], words: Callable[..., str]) -> Callable[..., Run]:
    """Makes a run of a kept text, with one point in its log."""

    def make(name: str, text: str, kind: Any = "char") -> Run:
        corpora.keep_text(text, words(900, seed=len(text)).encode())
        run = small_run(name, corpora.read_corpus(text, kind), weights=True)
        (run.folder / "metrics.jsonl").write_text(json.dumps(POINT) + "\n")
        return run

    return make


def counted(text: str, kind: Any = "char") -> NgramResult:
    result = baseline(corpora.read_corpus(text, kind), NgramQuery())
    BASELINES.keep(result)
    return result


def drawn(app: AppTest) -> list[str]:
    """The labels of the lines across the first figure."""
    return [label for label, _, _ in levels(figures_on(app)[0])]


def test_the_chart_has_a_dashed_line_for_each_method(trained: Callable[..., Run]) -> None:
    trained("mine", "book")
    result = counted("book")
    logs = {"mine": Log((POINT,), 0)}
    figure = training_curves(logs, "char", [("paper", 1.66)], table_lines(result))
    dashed = {value for _, value, dash in levels(figure) if dash == "dash"}
    assert dashed == {score.scores["validation"] for score in result.best()}
    assert [value for _, value, dash in levels(figure) if dash == "dot"] == [1.66]
    low, high = figure.layout.yaxis.range
    assert all(low < value < high for value in dashed)


@pytest.mark.parametrize("kind", ["char", "word"])
def test_lines_can_be_hidden(trained: Callable[..., Run], kind: Any) -> None:
    trained("mine", "book", kind)
    result = counted("book", kind)
    app = opened("training")
    labels = {label for label, _ in table_lines(result)}
    assert len(labels) == 4
    assert labels <= set(drawn(app))
    assert any("what simple tables achieve" in caption.value for caption in app.caption)
    app.toggle(key=f"training-tables-{kind}").set_value(False)
    app.run()
    assert not labels & set(drawn(app))


def test_runs_of_two_texts_have_no_lines_in_common(trained: Callable[..., Run]) -> None:
    trained("mine", "book")
    trained("other", "another")
    for text in ("book", "another"):
        counted(text)
    app = opened("training")
    assert drawn(app) == []
    assert "choose runs of one text" in "\n".join(caption.value for caption in app.caption)
    app.multiselect[0].set_value(["other"])
    app.run()
    assert len(drawn(app)) == 4
    assert "choose runs of one text" not in "\n".join(caption.value for caption in app.caption)


def test_a_run_with_another_vocabulary_is_not_compared(trained: Callable[..., Run], small_run: Any) -> None:
    run = trained("mine", "book", "word")
    counted("book", "word")
    config = json.loads((run.folder / "config.json").read_text())
    config["model"]["vocabulary"] += 1
    (run.folder / "config.json").write_text(json.dumps(config))
    assert drawn(opened("training")) == []


def test_what_is_not_computed_is_offered_as_the_job_that_a_person_would_type(
    trained: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, cli: Callable[..., Any]
) -> None:
    run = trained("mine", "book")
    started: list[tuple[Path, list[str]]] = []
    monkeypatch.setattr(jobs, "start", lambda folder, words: started.append((folder, list(words))))
    folder = baseline_folder("book", run.config["corpus"]["fingerprint"], "char", NgramQuery())
    app = opened("training")
    assert drawn(app) == []
    app.button(key=f"baseline-{folder.name}").click()
    app.run()
    assert [place for place, _ in started] == [folder]
    assert cli(*started[0][1])[0] == 0
    app = opened("training")
    assert len(drawn(app)) == 4
    assert not [button for button in app.button if str(button.key).startswith("baseline-")]


@pytest.mark.parametrize(("code", "says"), [(2, "no corpus or text file"), (0, "nothing to compare with")])
def test_a_count_that_came_to_nothing_is_told(trained: Callable[..., Run], code: int, says: str) -> None:
    run = trained("mine", "book")
    folder = baseline_folder("book", run.config["corpus"]["fingerprint"], "char", NgramQuery())
    folder.mkdir(parents=True)
    (folder / "job.json").write_text(json.dumps({"pid": 1, "command": ["baseline", "book"], "exit": code}))
    (folder / "job.log").write_text("lstm_core: no corpus or text file 'book'\n")
    app = opened("training")
    assert says in "\n".join(str(part.value) for part in (*app.caption, *app.text))
