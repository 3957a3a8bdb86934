"""The run folder: settings, weights, log, status; what is damaged or hostile is refused by name."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from lstm_core.recordings.find import remove_run
from lstm_core.runs.cells import CELLS
from lstm_core.runs.model import build
from lstm_core.runs.run import Run, read_log, score_of
from lstm_core.runs.settings import ModelConfig, TrainConfig
from lstm_core.runs.store import create_run, list_runs, open_run, unreadable_runs
from lstm_core.storage import files
from lstm_core.storage.arrays import load_arrays, restore_rows, save_arrays, scale_rows

Make = Callable[..., Run]
DTYPES = st.sampled_from([np.float32, np.float64, np.float16, np.int8, np.uint8, np.int32, np.int64, np.bool_])


# Round trips ----------------------------------------------------------------------------------------------------------


def test_settings_and_vocabulary_survive_the_folder(small_run: Make, corpus: Any) -> None:
    made = small_run("mine", cell="gru", layers=3, dropout=0.25, training={"optimiser": "sgd", "learning_rate": 0.5})
    found = open_run("mine")
    assert found.folder == made.folder
    assert found.model_config == ModelConfig(len(corpus.vocabulary), "gru", 6, 8, 3, 0.25)
    assert (found.train_config.optimiser, found.train_config.learning_rate) == ("sgd", 0.5)
    assert found.vocabulary == corpus.vocabulary
    assert found.config["corpus"]["fingerprint"] == corpus.fingerprint


@given(
    st.dictionaries(
        st.text("abc.", min_size=1, max_size=5),
        arrays_of.arrays(DTYPES, arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
                         elements={"allow_nan": False, "allow_infinity": False}),
        max_size=4,
    ),
    st.dictionaries(st.text(max_size=5).filter(lambda key: key != "sha256"), st.text(max_size=5), max_size=3),
)  # fmt: skip
def test_arrays_of_any_shape_survive_the_file(tmp_path_factory: Any, arrays: dict, notes: dict) -> None:
    path = tmp_path_factory.mktemp("arrays") / "some.safetensors"
    save_arrays(path, arrays, notes)
    found, found_notes = load_arrays(path)
    assert {key: value for key, value in found_notes.items() if key != "sha256"} == notes
    assert set(found) == set(arrays)
    for name, array in arrays.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(found[name], array)


def test_arrays_in_any_memory_order_survive_the_file(tmp_path: Path) -> None:
    array = np.arange(12.0).reshape(3, 4)
    save_arrays(tmp_path / "a", {"turned": array.T, "stepped": array[:, ::2], "scalar": np.array(5)})
    found, _ = load_arrays(tmp_path / "a")
    np.testing.assert_array_equal(found["turned"], array.T)
    np.testing.assert_array_equal(found["stepped"], array[:, ::2])
    assert found["scalar"].shape == ()


ROWS = arrays_of.arrays(
    np.float32,
    arrays_of.array_shapes(min_dims=2, max_dims=2, max_side=8),
    elements=st.one_of(st.just(0.0), st.floats(-1000, 1000, width=32).filter(lambda x: abs(x) > 1e-30)),
)


@given(ROWS)
def test_int8_rows_are_within_half_a_step(matrix: np.ndarray) -> None:
    stored = scale_rows({"w": matrix, "b": matrix[0]})
    assert stored["w"].dtype == np.int8
    restored = restore_rows(stored)
    np.testing.assert_array_equal(restored["b"], matrix[0])
    step = np.abs(matrix).max(axis=1, keepdims=True).astype(np.float64) / 127
    assert (np.abs(restored["w"].astype(np.float64) - matrix) <= step / 2 * (1 + 1e-4)).all()


def test_int8_weights_load_as_a_model_near_the_full_one(small_run: Make) -> None:
    run = small_run(weights=True)
    full = run.load_model()
    run.save_weights({name: value.detach().numpy() for name, value in full.named_parameters()}, int8=True)
    small = open_run("small").load_model()
    for (name, a), (_, b) in zip(full.named_parameters(), small.named_parameters(), strict=True):
        a, b = a.detach(), b.detach()
        assert float((a - b).abs().max()) <= float(a.abs().max()) / 127 / 2 * 1.001, name


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_saved_weights_load_to_the_bit(small_run: Make, cell: str, tied: bool) -> None:
    run = small_run(weights=lambda model: [p.mul_(3) for p in model.parameters()], cell=cell, tied=tied, embedding=8)
    expected = build(run.model_config, run.train_config.seed)
    found = dict(open_run("small").load_model().named_parameters())
    for name, value in expected.named_parameters():
        assert torch.equal(found[name], value * 3), name
    assert not run.load_model().training


# Status, summary, twin ------------------------------------------------------------------------------------------------


def test_summary_says_what_a_run_is(small_run: Make) -> None:
    run = small_run(dropout=0.25, hidden=16, weights=True)
    (run.folder / "metrics.jsonl").write_text(
        '{"step": 1, "validation_loss": 1.5}\n{"step": 2, "validation_loss": 2}\n'
    )
    run.set_status("finished")
    summary = run.summary()
    assert summary == {
        "name": "small",
        "kind": "char",
        "architecture": "LSTM 2 x 16",
        "parameters": run.model_config.parameters,
        "corpus": "small",
        "dropout": 0.25,
        "status": "finished",
        "shipped": False,
        "validation": {"bits_per_character": pytest.approx(1.5 / np.log(2))},
    }
    assert json.loads(json.dumps(summary)) == summary


def test_exact_evaluation_goes_before_the_log(small_run: Make) -> None:
    run = small_run()
    assert run.validation == {}
    (run.folder / "metrics.jsonl").write_text('{"step": 1, "validation_loss": 1.5}\n')
    stored = {"weights": run.fingerprint, "validation": {"bits_per_character": 1.25}}
    files.write_json(run.folder / "results" / "evaluation.json", stored)
    assert run.validation == {"bits_per_character": 1.25}
    assert run.results() == {"evaluation": stored}


def test_results_of_earlier_weights_are_passed_over(small_run: Make) -> None:
    run = small_run(weights=True)
    (run.folder / "metrics.jsonl").write_text('{"step": 1, "validation_loss": 1.5}\n')
    stored = {"weights": run.fingerprint, "validation": {"bits_per_character": 1.25}}
    files.write_json(run.folder / "results" / "evaluation.json", stored)
    assert run.validation == {"bits_per_character": 1.25}
    run.save_weights({name: -value.detach().numpy() for name, value in run.load_model().named_parameters()})
    assert run.results() == {}
    assert run.validation == {"bits_per_character": pytest.approx(1.5 / np.log(2))}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"status": 3}', b"\xff\xfe", b"[" * 10**5])
def test_damaged_status_and_results_are_named_never_raised(small_run: Make, content: bytes) -> None:
    run = small_run()
    (run.folder / "results").mkdir()
    (run.folder / "results" / "evaluation.json").write_bytes(content)
    assert (run.results(), run.validation) == ({}, {})
    (run.folder / "status.json").write_bytes(content)
    assert run.summary()["status"] == "damaged: status.json"
    run.set_status("training")
    (run.folder / "job.json").write_bytes(content)
    assert run.summary()["status"] == "damaged: job.json"


@pytest.mark.parametrize(
    "validation", [None, 5, {}, {"bits_per_character": None}, {"bits_per_character": "x"}, [1], {"perplexity": 5}]
)
def test_an_evaluation_without_its_figure_gives_way_to_the_log(small_run: Make, validation: Any) -> None:
    run = small_run()
    (run.folder / "metrics.jsonl").write_text(
        '{"step": 1, "validation_loss": "x"}\n{"step": 2, "validation_loss": 2}\n'
    )
    stored = {"weights": run.fingerprint, "validation": validation}
    files.write_json(run.folder / "results" / "evaluation.json", stored)
    assert run.validation == {"bits_per_character": pytest.approx(2 / np.log(2))}


def test_scores_are_bits_and_perplexity() -> None:
    assert score_of(np.log(8), "char") == pytest.approx(3)
    assert score_of(np.log(8), "word") == pytest.approx(8)
    assert score_of(1e9, "word") < np.inf


def test_status_follows_lock_file_and_supervisor(small_run: Make) -> None:
    run = small_run()
    assert run.status == "not started"
    with run.training_lock():
        assert run.status == "training"
        run.set_status("training")
        assert run.status == "training"
    assert run.status == "died"
    files.write_json(run.folder / "job.json", {"pid": 1, "command": [], "exit": -9})
    assert run.status == "died (signal 9)"
    files.write_json(run.folder / "job.json", {"pid": 1, "command": [], "exit": 2})
    assert run.status == "died (exit 2)"
    run.set_status("finished")
    assert run.status == "finished"


def test_untrained_twin_has_the_weights_of_its_seed_and_no_file(small_run: Make) -> None:
    run = small_run("trained", weights=lambda model: [p.add_(1) for p in model.parameters()])
    twin = small_run("twin")
    config = {**twin.config, "untrained_twin_of": "trained"}
    files.write_json(twin.folder / "config.json", config)
    twin = open_run("twin")
    assert twin.has_weights
    assert twin.status == "untrained"
    assert twin.fingerprint != run.fingerprint
    expected = build(run.model_config, run.train_config.seed)
    for a, b in zip(twin.load_model().parameters(), expected.parameters(), strict=True):
        assert torch.equal(a, b)


def test_fingerprint_changes_with_the_weights(small_run: Make) -> None:
    run = small_run(weights=True)
    before = run.fingerprint
    assert before == files.sha256_of(run.folder / "weights.safetensors")
    run.save_weights({name: -value.detach().numpy() for name, value in run.load_model().named_parameters()})
    assert run.fingerprint == files.sha256_of(run.folder / "weights.safetensors") != before


# Finding, making, removing --------------------------------------------------------------------------------------------


def test_runs_are_found_by_name_and_damaged_ones_passed_over(small_run: Make, home: Path) -> None:
    for name in ("b", "a"):
        small_run(name)
    damaged = {
        "cut": '{"sche',
        "list": "[]",
        "newer": '{"schema": 99}',
        "empty": '{"schema": 1}',
        "odd": '{"schema": 1, "kind": "char", "model": null, "training": {}, "corpus": {"name": "x"}}',
        "text": '{"schema": 1, "kind": "char", "model": {"vocabulary": "x"}, "training": {}, "corpus": {}}',
        "float": '{"schema": 1, "kind": "char", "model": {"vocabulary": 2.5}, "training": {}, "corpus": {}}',
        "few": '{"schema": 1, "kind": "char", "model": {}, "training": {}, "corpus": {"name": "x"}}',
        "cell": '{"schema": 1, "kind": "char", "model": {"vocabulary": 2, "cell": []}, "training": {}, "corpus": {}}',
    }
    for name, content in damaged.items():
        (home / "runs" / name).mkdir()
        (home / "runs" / name / "config.json").write_text(content)
    (home / "runs" / "bytes").mkdir()
    (home / "runs" / "bytes" / "config.json").write_bytes(b"\xff\xfe\x00")
    assert [run.name for run in list_runs() if not run.shipped] == ["a", "b"]
    found = unreadable_runs()
    assert set(found) == {*damaged, "bytes"}
    assert "schema 99, this program reads schema 1" in found["newer"]
    for run in list_runs():
        run.summary()


def test_fault_30_a_run_of_another_schema_is_refused_with_both_versions(small_run: Make) -> None:
    run = small_run()
    files.write_json(run.folder / "config.json", {**run.config, "schema": 7})
    with pytest.raises(ValueError, match="small is written in schema 7, this program reads schema 1"):
        _ = open_run("small").config


def test_unknown_settings_are_named(small_run: Make) -> None:
    run = small_run()
    files.write_json(run.folder / "config.json", {**run.config, "model": {**run.config["model"], "heads": 4}})
    with pytest.raises(ValueError, match="unknown setting 'heads'"):
        _ = open_run("small").model_config


def test_a_name_is_given_once_and_a_model_fits_its_corpus(small_run: Make, corpus: Any) -> None:
    small_run()
    with pytest.raises(ValueError, match="a run named small is there already"):
        small_run()
    with pytest.raises(ValueError, match=f"the model has 3 tokens, the corpus {len(corpus.vocabulary)}"):
        create_run("other", corpus, ModelConfig(3), TrainConfig())


def test_fault_06_a_folder_that_cannot_be_written_is_said_at_the_start(
    corpus: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("LSTM_HOME", str(tmp_path / "file"))
    with pytest.raises(ValueError, match=r"cannot write to .*file/runs/mine: .*; set LSTM_HOME to a folder you own"):
        create_run("mine", corpus, ModelConfig(len(corpus.vocabulary)), TrainConfig())


def test_the_name_of_a_shipped_run_is_not_given_again(
    small_run: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstm_core.storage.files.SHIPPED", tmp_path / "models")
    files.write_json(tmp_path / "models" / "small" / "config.json", {})
    with pytest.raises(ValueError, match="a run named small came with the program: choose another name"):
        small_run("small")


@pytest.mark.parametrize("name", ["..", ".", "../small", "a/b", "/etc", "", "a" * 65, "a b", "a\0b", "%2e%2e", "ä"])
def test_fault_20_path_tricks_in_run_names_are_refused(name: str, small_run: Make, home: Path, corpus: Any) -> None:
    small_run("small")
    config = ModelConfig(len(corpus.vocabulary))
    for act in (open_run, remove_run, lambda name: create_run(name, corpus, config, TrainConfig())):
        with pytest.raises(ValueError, match="is not usable"):
            act(name)
    assert [path.name for path in (home / "runs").iterdir()] == ["small"]


def test_unknown_run_is_told_the_runs_at_hand(small_run: Make) -> None:
    small_run("mine")
    with pytest.raises(ValueError, match=r"unknown run other; runs at hand: .*mine"):
        open_run("other")


def test_removing_frees_the_folder_but_not_of_a_training_or_shipped_run(
    small_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = small_run()
    with run.training_lock(), pytest.raises(ValueError, match="is being trained: cancel it first"):
        remove_run("small")
    monkeypatch.setattr("lstm_core.storage.files.SHIPPED", run.folder.parent)
    with pytest.raises(ValueError, match="came with the program and stays"):
        remove_run("small")
    monkeypatch.undo()
    monkeypatch.setenv("LSTM_HOME", str(run.folder.parent.parent))
    remove_run("small")
    assert not run.folder.exists()


# The log --------------------------------------------------------------------------------------------------------------


def test_a_resumed_log_replaces_the_points_it_repeats(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(f'{{"step": {step}}}\n' for step in (1, 5, 9, 4, 8, 12)))
    assert [point["step"] for point in read_log(path).points] == [1, 4, 8, 12]
    assert read_log(tmp_path / "none").points == ()


@given(st.lists(st.integers(1, 9), max_size=8), st.integers(0, 200))
def test_fault_14_of_a_log_cut_anywhere_every_whole_line_is_shown(
    tmp_path_factory: Any, gaps: list[int], cut: int
) -> None:
    steps = np.cumsum(gaps).tolist()
    lines = [json.dumps({"step": step, "train_loss": 1.5, "note": "é"}).encode() + b"\n" for step in steps]
    content = b"".join(lines)[:cut]
    path = tmp_path_factory.mktemp("log") / "metrics.jsonl"
    path.write_bytes(content)
    log = read_log(path)
    whole = content.count(b"\n")
    torn = content.rpartition(b"\n")[2]
    complete = bool(torn) and torn + b"\n" == lines[whole]  # only the line break is missing: nothing is lost
    assert [point["step"] for point in log.points] == steps[: whole + complete]
    assert log.unreadable == (bool(torn) and not complete)


@given(st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line and b"step" not in line), max_size=6))
def test_fault_14_garbage_between_lines_is_counted_and_the_rest_shown(tmp_path_factory: Any, garbage: list) -> None:
    path = tmp_path_factory.mktemp("log") / "metrics.jsonl"
    path.write_bytes(b'{"step": 1}\n' + b"".join(line + b"\n" for line in garbage) + b'{"step": 2}\n')
    log = read_log(path)
    assert [point["step"] for point in log.points] == [1, 2]
    assert log.unreadable == sum(bool(line) for line in garbage)


@pytest.mark.parametrize(
    "line",
    ["5", '"step"', "[]", '{"step": "1"}', '{"step": 1.5}', '{"step": true}', "[" * 10**5, f'{{"step": {"9" * 5000}}}'],
)
def test_fault_14_json_that_is_not_a_point_is_counted(tmp_path: Path, line: str) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1}\n' + line + '\n{"step": 2}\n')
    assert ([point["step"] for point in read_log(path).points], read_log(path).unreadable) == ([1, 2], 1)


def test_fault_14_a_second_writer_is_refused(small_run: Make) -> None:
    run = small_run()
    refused = pytest.raises(ValueError, match="is being trained by another process")
    with FileLock(run.folder / "training.lock"), refused, run.training_lock():
        raise AssertionError("two writers")


def test_a_run_can_start_from_the_weights_of_another(small_run: Any, corpus: Any) -> None:
    from lstm_core.runs.train import train

    first = small_run("first", weights=True)
    config = replace(first.model_config, dropout=0.5)
    second = create_run("second", corpus, config, replace(first.train_config, epochs=0), start=first)
    list(train(second, corpus))
    one, other = first.load_model().state_dict(), second.load_model().state_dict()
    assert all(one[name].equal(other[name]) for name in one)
    assert second.config["started_from"] == {"run": "first", "weights": first.fingerprint}


def test_a_start_of_another_shape_is_refused(small_run: Any, corpus: Any) -> None:
    first = small_run("first", weights=True)
    with pytest.raises(ValueError, match="only dropout may differ"):
        create_run("second", corpus, replace(first.model_config, hidden=9), first.train_config, start=first)
