"""The log as TensorBoard reads it: every point of it, once, whatever became of the file before."""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.runs.tensorboard import write_events
from lstm_core.runs.train import train
from lstm_core.storage.files import SHIPPED
from lstm_core.text.corpus import corpus_of, keep_text, read_corpus

FIELDS = {"rate": "learning_rate", "gradient_norm": "gradient_norm", "tokens_per_second": "tokens_per_second"}
Verb = Callable[..., tuple[int, str, str]]


def shown(folder: Path) -> dict[str, list[tuple[int, float, float]]]:
    """What TensorBoard finds below a folder: (step, wall time, value) of each point by tag."""
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    accumulator.Reload()
    return {
        tag: [(point.step, point.wall_time, point.value) for point in accumulator.Scalars(tag)]
        for tag in accumulator.Tags()["scalars"]
    }


def expected(run: Run) -> dict[str, list[tuple[int, float, float]]]:
    """The same from the lines of the log, by hand; values are stored in float32."""
    made = datetime.fromisoformat(run.config["created"]).timestamp()
    found: dict[str, list[tuple[int, float, float]]] = {}
    points = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    for index, point in enumerate(points):
        if any(later["step"] <= point["step"] for later in points[index + 1 :]):
            continue  # a resume repeated it
        values = {tag: point[field] for field, tag in FIELDS.items()}
        for part in ("train", "validation"):
            if (loss := point[f"{part}_loss"]) is not None:
                values[f"{part}/loss"] = loss
                if run.kind == "char":
                    values[f"{part}/bits_per_character"] = loss / np.log(2)
                else:
                    values[f"{part}/perplexity"] = np.exp(loss)
        for tag, value in values.items():
            found.setdefault(tag, []).append((point["step"], made + point["seconds"], float(np.float32(value))))
    return found


def write_log(run: Run, *points: dict[str, Any]) -> None:
    (run.folder / "metrics.jsonl").write_text("".join(json.dumps(point) + "\n" for point in points))


def point(step: int, loss: Any = 1.5, seconds: Any = 2.0, **more: Any) -> dict[str, Any]:
    return {"step": step, "train_loss": loss, "validation_loss": None, "rate": 0.1, "gradient_norm": 0.5,
            "tokens_per_second": 1000.0, "seconds": seconds, **more}  # fmt: skip


@pytest.mark.parametrize("kind", ["char", "word"])
def test_every_point_of_a_training_is_shown(
    kind: Any, words: Callable[..., str], small_run: Callable[..., Run], tmp_path: Path
) -> None:
    corpus = corpus_of(words(600), "small", kind=kind)
    run = small_run("small", corpus)
    list(train(run, corpus, report_seconds=0))
    written = write_events(run, tmp_path / "out")
    found = shown(tmp_path / "out" / "small")
    assert found == expected(run)
    assert {len(found["validation/loss"]), run.train_config.epochs} == {2}
    assert written.reports == len(run.log().points) == len(found["train/loss"]) > 2
    assert written.values == sum(len(points) for points in found.values())
    assert written.unreadable == 0


@pytest.mark.parametrize(
    "folder", sorted(path.parent for path in SHIPPED.glob("*/metrics.jsonl")), ids=lambda p: p.name
)
def test_the_logs_that_ship_are_shown(folder: Path, tmp_path: Path) -> None:
    write_events(Run(folder), tmp_path)
    assert shown(tmp_path / folder.name) == expected(Run(folder))


def test_written_twice_a_log_is_shown_once(small_run: Callable[..., Run], tmp_path: Path) -> None:
    run = small_run()
    write_log(run, point(1), point(2))
    first = write_events(run, tmp_path)
    content = first.path.read_bytes()
    assert write_events(run, tmp_path) == first
    assert first.path.read_bytes() == content
    assert [step for step, _, _ in shown(tmp_path / "small")["train/loss"]] == [1, 2]


def test_a_tensorboard_that_is_open_sees_what_a_longer_log_adds(small_run: Callable[..., Run], tmp_path: Path) -> None:
    run = small_run()
    write_log(run, point(1), point(2))
    write_events(run, tmp_path)
    accumulator = EventAccumulator(str(tmp_path / "small"))
    accumulator.Reload()
    write_log(run, point(1), point(2), point(3, 0.5))
    write_events(run, tmp_path)
    accumulator.Reload()
    assert [(found.step, found.value) for found in accumulator.Scalars("train/loss")] == [(1, 1.5), (2, 1.5), (3, 0.5)]


def test_points_that_a_resume_replaced_are_gone(small_run: Callable[..., Run], tmp_path: Path) -> None:
    run = small_run()
    write_log(run, point(1), point(2), point(3))
    write_events(run, tmp_path)
    write_log(run, point(1), point(2), point(3), point(2, 0.25))  # killed at 3, resumed from 1
    write_events(run, tmp_path)
    assert [(step, value) for step, _, value in shown(tmp_path / "small")["train/loss"]] == [(1, 1.5), (2, 0.25)]


@given(kept=st.integers(0, 10_000), garbage=st.binary(max_size=20))
def test_a_file_cut_or_damaged_anywhere_is_made_whole(kept: int, garbage: bytes, tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("cut")
    run = open_run(sorted(path.parent.name for path in SHIPPED.glob("*/metrics.jsonl"))[0])
    path = write_events(run, folder).path
    whole = path.read_bytes()
    path.write_bytes(whole[: kept * len(whole) // 10_000] + garbage)
    write_events(run, folder)
    assert path.read_bytes() == whole


def test_what_a_point_lacks_is_left_out_and_useless_lines_are_counted(
    small_run: Callable[..., Run], tmp_path: Path
) -> None:
    run = small_run()
    write_log(run, point(1, loss="high"), point(2, seconds=None), {"step": 3, "seconds": 1.0}, point(4, loss=True))
    with (run.folder / "metrics.jsonl").open("a") as file:
        file.write('{"step": 5, "train_lo')
    written = write_events(run, tmp_path)
    found = shown(tmp_path / "small")
    assert sorted(found) == sorted(FIELDS.values())
    assert [step for step, _, _ in found["learning_rate"]] == [1, 4]
    assert (written.reports, written.values, written.unreadable) == (2, 6, 3)


def test_a_perplexity_beyond_float32_is_shown_as_infinite(
    words: Callable[..., str], small_run: Callable[..., Run], tmp_path: Path
) -> None:
    run = small_run("small", corpus_of(words(600), "small", kind="word"))
    write_log(run, point(1, loss=500.0))
    write_events(run, tmp_path)
    assert [value for _, _, value in shown(tmp_path / "small")["train/perplexity"]] == [float("inf")]


def test_a_run_without_a_log_is_said(small_run: Callable[..., Run], tmp_path: Path) -> None:
    run = small_run()
    with pytest.raises(ValueError, match="small has no training log: train it first"):
        write_events(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("created", [None, 5, "yesterday"])
def test_a_run_that_does_not_say_when_it_was_made_is_refused(
    created: Any, small_run: Callable[..., Run], tmp_path: Path
) -> None:
    run = small_run()
    write_log(run, point(1))
    run.config["created"] = created
    with pytest.raises(ValueError, match=r"config\.json does not say when"):
        write_events(run, tmp_path)


# The verb -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def trained(words: Callable[..., str], small_run: Callable[..., Run]) -> Run:
    """A run with a log of two points."""
    keep_text("book", words(600).encode())
    run = small_run("mine", read_corpus("book"))
    write_log(run, point(1), point(2))
    return run


def test_the_verb_writes_where_it_says(cli: Verb, trained: Run, home: Path, tmp_path: Path) -> None:
    code, out, err = cli("tensorboard", "mine", "--json")
    assert code == 0, err
    result = json.loads(out)
    assert result["path"] == str(home / "tensorboard" / "mine" / "events.out.tfevents.lstm-workbench")
    assert (result["reports"], result["values"], result["unreadable"]) == (2, 10, 0)
    assert shown(home / "tensorboard" / "mine") == expected(trained)
    code, out, err = cli("tensorboard", "mine", "--out", str(tmp_path / "logs"))
    assert code == 0, err
    assert f"tensorboard --logdir {tmp_path / 'logs'}" in out
    assert shown(tmp_path / "logs" / "mine") == expected(trained)


def test_a_folder_that_cannot_be_written_is_said(cli: Verb, trained: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    code, out, err = cli("tensorboard", "mine", "--out", str(tmp_path / "taken"))
    assert (code, out) == (2, "")
    assert "cannot write to" in err and "choose another folder with --out" in err


def test_without_tensorboard_the_verb_says_how_to_get_it(
    cli: Verb, trained: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "tensorboard"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)  # what a missing package looks like to an import
    code, out, err = cli("tensorboard", "mine")
    assert (code, out) == (2, "")
    assert "TensorBoard is not installed: pip install -e '.[tensorboard]'" in err
    assert not (home / "tensorboard").exists()
