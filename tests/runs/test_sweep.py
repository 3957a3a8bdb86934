"""A sweep: which runs it makes, how their trainings share the machine, what an interruption leaves."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_core.runs import sweep as sweeping
from lstm_core.runs.folder import RunBusy
from lstm_core.runs.model import build
from lstm_core.runs.settings import ModelConfig, TrainConfig
from lstm_core.runs.store import open_run
from lstm_core.runs.sweep import Plan, Sweep, complete, make_sweep, open_sweep, runs_named, sweeps, train_sweep
from lstm_core.storage import files, jobs
from lstm_core.text.corpus import keep_text, read_corpus
from tests.small_sweeps import (  # noqa: F401 - fixtures that are used by being here
    TRAINING,
    Machine,
    making_sweeps,
    small_book,
)

Verb = Callable[..., tuple[int, str, str]]


# Which runs -----------------------------------------------------------------------------------------------------------


def test_nine_dropouts_make_nine_runs_named_by_percent() -> None:
    assert list(Plan("a").members.items()) == [(f"a-d{10 * k:02}", (k / 10, 1)) for k in range(9)]
    assert list(Plan("a", (0.5, 0.05, 0.125), (3, 1)).members.items()) == [
        ("a-d05", (0.05, 1)), ("a-d12.5", (0.125, 1)), ("a-d50", (0.5, 1)),
        ("a-d05-s3", (0.05, 3)), ("a-d12.5-s3", (0.125, 3)), ("a-d50-s3", (0.5, 3)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (("a", (0.1, 0.1)), "named twice"),
        (("a", (0.1,), (1, 1)), "named twice"),
        (("a", ()), "at least one dropout and one seed"),
        (("a", (0.1,), ()), "at least one dropout and one seed"),
        (("a", (0.1, 1.0)), r"dropout 1 is not in \[0, 1\)"),
        (("a", (float("nan"),)), r"dropout nan is not in \[0, 1\)"),
        (("../a",), "sweep name '../a' is not usable"),
        (("a" * 61,), "is not usable: 1 to 64"),
    ],
)
def test_plans_that_cannot_be_are_refused(plan: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Plan(*plan)


def test_runs_of_a_sweep_differ_in_dropout_alone_and_begin_with_the_same_weights(made: Any) -> None:
    sweep = made()
    assert [run.name for run in sweep.runs] == list(Plan("mine").members)
    first = sweep.runs[0]
    weights = [value.detach().numpy() for value in build(first.model_config, first.train_config.seed).parameters()]
    for run, dropout in zip(sweep.runs, sweeping.DROPOUTS, strict=True):
        assert run.model_config == replace(first.model_config, dropout=dropout, embedding_dropout=dropout)
        assert run.train_config == first.train_config == TRAINING
        assert run.sweep == {"name": "mine", "dropouts": list(sweeping.DROPOUTS), "seeds": [1]}
        begun = build(run.model_config, run.train_config.seed)
        for one, other in zip(weights, begun.parameters(), strict=True):
            np.testing.assert_array_equal(one, other.detach().numpy())


@pytest.mark.usefixtures("models")
def test_sweeps_are_listed_with_their_runs_and_a_name_stands_for_them(made: Any, small_run: Any, home: Path) -> None:
    assert sweeps() == []
    small_run("alone")
    b, a = made("b", (0.5, 0.0)), made("a", (0.25,), (1, 2))
    assert [(sweep.name, [run.name for run in sweep.runs]) for sweep in sweeps()] == [
        ("a", ["a-d25", "a-d25-s2"]),
        ("b", ["b-d00", "b-d50"]),
    ]
    assert [run.name for run in runs_named(["b", "alone", "b-d50"])] == ["b-d00", "b-d50", "alone"]
    with pytest.raises(ValueError, match="unknown run nobody"):
        runs_named(["nobody"])
    with pytest.raises(ValueError, match="unknown sweep nobody; sweeps at hand: a, b"):
        open_sweep("nobody")
    twin = home / "runs" / "b-d00-untrained"  # the control of a run is made from its settings
    files.write_json(twin / "config.json", {**b.runs[0].config, "untrained_twin_of": "b-d00"})
    assert len(open_sweep("b").runs) == 2
    files.write_json(home / "runs" / "c-d00-untrained" / "config.json", {
        **a.runs[0].config, "untrained_twin_of": "c-d00", "sweep": {"name": "c", "dropouts": [0.0], "seeds": [1]}
    })  # fmt: skip
    assert [sweep.name for sweep in sweeps()] == ["a", "b"]  # of c a control alone is left
    for damaged in (
        "x",
        {"name": 3},
        {"name": "b"},
        {"name": "b", "dropouts": 3, "seeds": [1]},
        {"name": "b", "dropouts": [], "seeds": [1]},
        {"name": "b", "dropouts": ["x"], "seeds": [1]},
        {"name": "b", "dropouts": [1.0], "seeds": [1]},
        {"name": "../b", "dropouts": [0.0], "seeds": [1]},
    ):
        files.write_json(a.runs[0].folder / "config.json", {**a.runs[0].config, "sweep": damaged})
        assert [len(sweep.runs) for sweep in sweeps()] == [1, 2]


def test_what_a_kill_left_unmade_is_made_with_the_settings_of_the_others(made: Any) -> None:
    whole = made()
    lost = [whole.runs[0], whole.runs[5]]
    before = [(run.model_config, run.train_config, run.sweep) for run in lost]
    for run in lost:
        shutil.rmtree(run.folder)
    assert len(open_sweep("mine").runs) == 7
    again = complete(open_sweep("mine"))
    assert [run.name for run in again.runs] == [run.name for run in whole.runs]
    found = [open_run(run.name) for run in lost]
    assert [(run.model_config, run.train_config, run.sweep) for run in found] == before


def test_a_sweep_grows_by_seeds_dropouts_and_epochs_and_never_shrinks(made: Any) -> None:
    sweep = complete(made("mine", (0.0, 0.5)), Plan("mine", (0.25,), (1, 2)), epochs=3)
    assert sweep.plan == Plan("mine", (0.0, 0.25, 0.5), (1, 2))
    assert [(run.model_config.dropout, run.train_config.seed) for run in sweep.runs] == [
        *((dropout, 1) for dropout in (0.0, 0.25, 0.5)), *((dropout, 2) for dropout in (0.0, 0.25, 0.5))
    ]  # fmt: skip
    assert {run.train_config.epochs for run in sweep.runs} == {3}
    with pytest.raises(ValueError, match="mine is set to 3 epochs, 2 are fewer: choose more"):
        complete(sweep, epochs=2)
    with pytest.raises(ValueError, match="the first seed of mine is 1, not 0: choose later ones"):
        complete(sweep, Plan("mine", (0.0,), (0,)))
    assert open_sweep("mine").plan == sweep.plan


def test_other_settings_than_a_sweep_has_are_refused(made: Any, book: Any, words: Any) -> None:
    sweep = made("mine", (0.0, 0.5))
    again = made("mine", (0.0, 0.5), training=replace(TRAINING, epochs=9, threads=0))
    assert again == sweep  # epochs and threads are no matter of the plan
    with pytest.raises(ValueError, match="mine is there already with hidden 8, not 9: choose another name"):
        made("mine", (0.0, 0.5), hidden=9)
    with pytest.raises(ValueError, match=r"mine is there already with learning_rate 0.002, not 0.1"):
        made("mine", (0.0, 0.5), training=replace(TRAINING, learning_rate=0.1))
    keep_text("other", words(600, seed=1).encode())
    other = read_corpus("other")
    with pytest.raises(ValueError, match="mine reads another text than other"):
        make_sweep(Plan("mine"), other, ModelConfig(len(other.vocabulary)), TRAINING)
    assert len(open_sweep("mine").runs) == 2


def test_a_name_that_a_run_has_is_refused_before_anything_is_made(made: Any, small_run: Any, home: Path) -> None:
    small_run("mine-d50")
    with pytest.raises(ValueError, match="a run named mine-d50 is there already"):
        made()
    assert [path.name for path in (home / "runs").iterdir()] == ["mine-d50"]


def test_a_shipped_sweep_stays_as_it_is(made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = made("mine", (0.0,))
    monkeypatch.setattr("lstm_core.storage.files.SHIPPED", tmp_path / "models")
    shutil.move(sweep.runs[0].folder.parent, tmp_path / "models")
    sweep = open_sweep("mine")
    assert sweep.shipped
    with pytest.raises(ValueError, match="mine came with the program and is finished: choose another name"):
        complete(sweep)
    with pytest.raises(ValueError, match="mine came with the program and is finished: choose another name"):
        made("mine", (0.5,))


# Who trains when ------------------------------------------------------------------------------------------------------


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    found = Machine()
    monkeypatch.setattr(jobs, "start", found.start)
    monkeypatch.setattr(jobs, "is_alive", lambda folder: folder.name in found.alive)
    monkeypatch.setattr(sweeping, "cores", lambda: 4)
    return found


def steps_of(sweep: Sweep, **options: Any) -> Iterator[sweeping.SweepProgress]:
    return train_sweep(sweep, poll=0, **options)


def test_never_more_are_at_work_than_there_are_workers_and_the_order_is_the_plan(made: Any, machine: Machine) -> None:
    sweep = made()
    for step in steps_of(sweep, workers=3):
        assert len(step.working) == min(3, 9 - step.finished)
        assert step.waiting == 9 - step.finished - len(step.working)
        assert step.share == pytest.approx(step.finished / 9)
        if step.working:
            machine.end(step.working[0])
    assert (step.finished, step.stopped, step.share) == (9, {}, 1)
    assert machine.started == [run.name for run in sweep.runs]
    assert list(steps_of(open_sweep("mine")))[-1].finished == 9  # again: nothing to do
    assert len(machine.started) == 9


@pytest.mark.parametrize(
    ("threads", "asked", "room"),
    [(1, 0, 4), (1, 2, 2), (1, 9, 4), (2, 0, 2), (3, 0, 1), (0, 0, 1), (0, 3, 1), (8, 2, 1)],
)
def test_threads_of_all_at_work_fit_the_cores(made: Any, machine: Machine, threads: int, asked: int, room: int) -> None:
    sweep = made(training=replace(TRAINING, threads=threads))
    assert len(next(iter(steps_of(sweep, workers=asked))).working) == room


def test_settings_that_name_no_threads_share_the_cores_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "cores", lambda: 8)
    free, small = TrainConfig(threads=0), TrainConfig(threads=1)
    assert [sweeping.threads_for(free, workers) for workers in (0, 1, 2, 3, 20)] == [0, 0, 4, 2, 1]
    assert [sweeping.threads_for(small, workers) for workers in (0, 1, 8)] == [1, 1, 1]


def test_runs_that_end_badly_are_told_and_the_others_go_on(made: Any, machine: Machine) -> None:
    sweep = made("mine", (0.0, 0.25, 0.5, 0.75))
    ends = iter(["diverged at step 7", "cancelled", "training", "finished"])
    for step in steps_of(sweep, workers=1):
        if step.working:
            machine.end(step.working[0], next(ends))
    assert step.finished == 1
    (sweep.runs[2].folder / "job.log").write_text("lstm_core: the disk is full\n")
    files.write_json(sweep.runs[2].folder / "job.json", {"pid": 1, "command": [], "exit": 2})
    again = next(iter(steps_of(open_sweep("mine"), workers=1)))
    assert again.stopped == {"mine-d00": "diverged at step 7"}
    assert (again.working, again.waiting) == (("mine-d25",), 1)  # the two that can go on, and not the one that diverged
    machine.end("mine-d25")
    last = list(steps_of(open_sweep("mine"), cancelled=lambda: True))[-1]
    assert last.stopped == {"mine-d00": "diverged at step 7", "mine-d50": "died (exit 2): lstm_core: the disk is full"}


def test_cancelled_it_asks_those_at_work_once_starts_no_other_and_waits(made: Any, machine: Machine) -> None:
    sweep, asked = made(), []
    for number, step in enumerate(steps_of(sweep, workers=2, cancelled=lambda: bool(asked))):
        if number == 0:
            asked.append(True)
        if number == 1:
            for name in ("mine-d00", "mine-d10"):
                assert (open_run(name).folder / "cancel").is_file()
            machine.end("mine-d00", "cancelled")
            (open_run("mine-d10").folder / "cancel").unlink()  # heard
        if number == 2:
            assert not (open_run("mine-d10").folder / "cancel").exists()
            assert step.working == ("mine-d10",)
            machine.end("mine-d10")  # at its end: too late
            open_run("mine-d10").request_cancel()
    assert machine.started == ["mine-d00", "mine-d10"]
    assert not list(sweep.runs[0].folder.parent.glob("*/cancel"))  # one that nobody heard would stop the next training
    assert (step.finished, step.stopped["mine-d00"], step.stopped["mine-d20"]) == (1, "cancelled", "not started")


def test_trainings_at_work_are_waited_for_and_not_started_again(made: Any, machine: Machine) -> None:
    sweep = made("mine", (0.0, 0.25, 0.5))
    machine.start(sweep.runs[1].folder, ["train", "mine-d25"])
    step = next(steps := steps_of(sweep, workers=1))
    assert (step.working, step.waiting) == (("mine-d25",), 2)
    machine.end("mine-d25")
    assert next(steps).working == ("mine-d00",)
    assert machine.started == ["mine-d25", "mine-d00"]


def test_a_finished_sweep_given_more_epochs_trains_all_again(made: Any, machine: Machine) -> None:
    sweep = made("mine", (0.0, 0.5))
    for step in steps_of(sweep):
        for name in step.working:
            machine.end(name)
    sweep = complete(sweep, epochs=8)
    step = next(iter(steps_of(sweep, workers=1)))
    assert (step.working, step.waiting, step.share) == (("mine-d00",), 1, 2 / 8)
    machine.end("mine-d00")
    last = list(steps_of(sweep, cancelled=lambda: True))[-1]
    assert last.stopped == {"mine-d50": "2 of 8 epochs"}


def test_a_second_process_is_told_that_the_sweep_is_at_work(made: Any, machine: Machine) -> None:
    first = steps_of(made("mine", (0.0,)))
    next(first)
    with pytest.raises(RunBusy, match="the sweep mine is at work already: wait for it or stop it"):
        next(steps_of(open_sweep("mine")))


def test_time_left_is_by_the_pace_of_those_at_work(made: Any, machine: Machine) -> None:
    """Two at work have 300 s and 100 s left, 25 and 50 s an epoch; three wait for 16 epochs at 37.5 s: 2,200 s on two
    workers. Without waiting ones the slowest decides."""
    sweep = made("mine", (0.0, 0.25, 0.5, 0.75, 0.8), training=replace(TRAINING, epochs=16))
    steps = steps_of(sweep, workers=2)
    assert next(steps).time_left is None
    for run, epoch, left in zip(sweep.runs, (4.0, 14.0), (300.0, 100.0), strict=False):
        (run.folder / "metrics.jsonl").write_text(json.dumps({"step": 1, "epoch": epoch, "time_left": left}) + "\n")
    assert next(steps).time_left == pytest.approx((300 + 100 + 3 * 16 * 37.5) / 2)
    steps.close()
    for run in sweep.runs[2:]:
        run.set_status("diverged at step 1")
    assert next(steps_of(sweep, workers=2)).time_left == 300


# Where it stands, for whoever looks -----------------------------------------------------------------------------------


def test_where_a_sweep_stands_is_told_while_another_process_trains_it_and_after(made: Any, machine: Machine) -> None:
    sweep = made("mine", (0.0, 0.2, 0.5))
    assert sweeping.standing(sweep).stopped == dict.fromkeys((run.name for run in sweep.runs), "not started")
    steps = steps_of(sweep, workers=2)
    next(steps)
    assert sweeping.is_held("mine")
    now = sweeping.standing(sweep)
    assert (now.working, now.waiting, now.finished, now.stopped) == (("mine-d00", "mine-d20"), 1, 0, {})
    machine.end("mine-d00")
    machine.end("mine-d20", "cancelled")
    now = sweeping.standing(sweep)
    assert (now.working, now.waiting, now.finished, now.share) == ((), 2, 1, pytest.approx(3 / 6))
    steps.close()
    assert not sweeping.is_held("mine")
    assert set(sweeping.standing(sweep).stopped) == {"mine-d20", "mine-d50"}
    assert not sweeping.is_held("other")
    with pytest.raises(ValueError, match="sweep name"):
        sweeping.is_held("../mine")
