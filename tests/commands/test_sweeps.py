"""The verb `sweep`: what can be typed, and with real processes that no interruption costs more than time."""

import json
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_core.runs import sweep as sweeping
from lstm_core.runs.run import Run
from lstm_core.runs.store import create_run, open_run
from lstm_core.runs.sweep import open_sweep
from lstm_core.runs.train import train
from lstm_core.storage import files, jobs
from lstm_core.storage.arrays import load_arrays
from tests.small_sweeps import (  # noqa: F401 - fixtures that are used by being here
    TRAINING,
    Machine,
    making_sweeps,
    small_book,
)

Verb = Callable[..., tuple[int, str, str]]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    found = Machine()
    monkeypatch.setattr(jobs, "start", found.start)
    monkeypatch.setattr(jobs, "is_alive", lambda folder: folder.name in found.alive)
    monkeypatch.setattr(sweeping, "cores", lambda: 4)
    return found


# The verb -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def told(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Trainings that are at their end as soon as they are started."""
    start = machine.start

    def ended(folder: Path, words: list[str]) -> None:
        start(folder, words)
        machine.end(folder.name)

    monkeypatch.setattr(jobs, "start", ended)
    monkeypatch.setattr(sweeping, "POLL_SECONDS", 0)
    return machine


def test_the_verb_makes_a_sweep_of_a_preset_and_goes_on_with_it(book: Any, cli: Verb, told: Machine) -> None:
    typed = ("sweep", "mine", "--preset", "tiny", "--corpus", "book", "--dropouts", "0,.5", "--epochs", "3")
    code, out, err = cli(*typed, "--workers", "2", "--json")
    assert code == 0, err
    result = json.loads(out)
    assert {key: result[key] for key in ("sweep", "name", "dropouts", "seeds", "finished", "stopped")} == {
        "sweep": "mine", "name": "mine", "dropouts": [0.0, 0.5], "seeds": [1], "finished": 2, "stopped": {}
    }  # fmt: skip
    assert [(run["name"], run["dropout"], run["seed"]) for run in result["runs"]] == [
        ("mine-d00", 0.0, 1), ("mine-d50", 0.5, 1)
    ]  # fmt: skip
    run = open_run("mine-d50")
    assert (run.train_config.epochs, run.train_config.threads, run.model_config.hidden) == (3, 2, 128)
    assert (run.model_config.dropout, run.model_config.embedding_dropout) == (0.5, 0.5)
    assert cli(*typed)[0] == 0  # the same words again: nothing is left to do
    assert told.started == ["mine-d00", "mine-d50"]
    code, out, _ = cli("sweep", "mine", "--seeds", "2", "--epochs", "4")
    assert code == 0
    assert out.splitlines()[-1] == "4 of 4 runs of mine are finished"
    assert told.started[2:] == ["mine-d00", "mine-d50", "mine-d00-s2", "mine-d50-s2"]
    assert {run.train_config.epochs for run in open_sweep("mine").runs} == {4}


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (("--preset", "nothing"), "preset 'nothing' is unknown"),
        (("--corpus", "nowhere"), "no corpus or text file 'nowhere'"),
        (("--corpus", "book", "--dropouts", "0,half"), "dropouts '0,half' are not numbers: give for example 0,.4,.8"),
        (("--corpus", "book", "--dropouts", "0,1"), "dropout 1 is not in [0, 1): choose others"),
        (("--corpus", "book", "--seeds", "0"), "choose 0 or more workers, 1 or more seeds"),
        (("--corpus", "book", "--workers", "-1"), "choose 0 or more workers, 1 or more seeds"),
    ],
)
def test_what_cannot_be_swept_is_said_and_nothing_is_made(
    book: Any, cli: Verb, home: Path, typed: tuple[str, ...], says: str
) -> None:
    code, out, err = cli("sweep", "mine", *typed)
    assert (code, out) == (2, "")
    assert says in err
    assert not (home / "runs").exists()


# With processes -------------------------------------------------------------------------------------------------------


def weights_of(run: Run) -> dict[str, np.ndarray]:
    arrays = load_arrays(run.folder / "checkpoint" / "checkpoint.safetensors")[0]
    return {name: array for name, array in arrays.items() if name.startswith(("model.", "optimiser."))}


def alone(run: Run, corpus: Any) -> dict[str, np.ndarray]:
    """The last weights of the same settings trained undisturbed in this process."""
    straight = create_run(f"{run.name}-straight", corpus, run.model_config, run.train_config)
    list(train(straight, corpus))
    return weights_of(straight)


@pytest.mark.kill
def test_the_verb_trains_all_and_one_that_diverges_does_not_stop_the_others(
    made: Any, book: Any, start_python: Any
) -> None:
    sweep = made("mine", (0.0, 0.5, 0.75))
    bad = {"optimiser": "sgd", "schedule": "constant", "learning_rate": 1e38, "clip_norm": 0}
    config = sweep.runs[0].config
    files.write_json(sweep.runs[0].folder / "config.json", {**config, "training": {**config["training"], **bad}})
    child = start_python("-m", "lstm_core", "sweep", "mine", "--workers", "2", "--json")
    out, err = child.communicate(timeout=300)
    assert child.returncode == 0, err
    result = json.loads(out)
    assert (result["sweep"], result["finished"], result["dropouts"]) == ("mine", 2, [0.0, 0.5, 0.75])
    assert [(run["name"], run["status"].split()[0]) for run in result["runs"]] == [
        ("mine-d00", "diverged"), ("mine-d50", "finished"), ("mine-d75", "finished")
    ]  # fmt: skip
    assert list(result["stopped"]) == ["mine-d00"]
    assert "at work: mine-d00" in err
    for run in sweep.runs[1:]:
        for name, array in alone(run, book).items():
            np.testing.assert_array_equal(weights_of(run)[name], array, err_msg=f"{run.name} {name}")


@pytest.mark.kill
def test_stopped_or_killed_a_sweep_goes_on_to_the_bit(made: Any, book: Any, start_python: Any, wait_for: Any) -> None:
    sweep = made("mine", (0.25, 0.5), training=replace(TRAINING, epochs=30))
    first, second = sweep.runs
    child = start_python("-m", "lstm_core", "sweep", "mine", "--workers", "1")
    wait_for(lambda: first.log().points, 300, "the first report")
    child.send_signal(signal.SIGTERM)
    out, err = child.communicate(timeout=120)
    assert child.returncode == 0, err
    assert (first.status, second.status) == ("cancelled", "not started")
    assert "go on with: python -m lstm_core sweep mine" in out
    assert weights_of(first)

    child = start_python("-m", "lstm_core", "sweep", "mine", "--workers", "1")
    wait_for(lambda: jobs.is_alive(first.folder), 300, "the training")
    child.kill()  # its training goes on, is found, and the next call waits for it
    child.communicate()
    assert jobs.is_alive(first.folder)
    job = jobs.find(first.folder)
    assert job is not None and job.command == ("train", "mine-d25")
    child = start_python("-m", "lstm_core", "sweep", "mine", "--workers", "1", "--json")
    out, err = child.communicate(timeout=300)
    assert child.returncode == 0, err
    assert json.loads(out)["finished"] == 2
    for run in sweep.runs:
        for name, array in alone(run, book).items():
            np.testing.assert_array_equal(weights_of(run)[name], array, err_msg=f"{run.name} {name}")
