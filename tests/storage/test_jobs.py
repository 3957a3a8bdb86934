"""Processes described by files: start, progress, exit code, a process id that is used again."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_core.runs.store import open_run
from lstm_core.storage import files, jobs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "job"


@pytest.fixture
def ended(wait_for: Callable[..., None]) -> Callable[[Path], jobs.Job]:
    """Waits until a job has ended and gives it."""

    def wait(folder: Path) -> jobs.Job:
        wait_for(lambda: not jobs.is_alive(folder), what="the end of the job")
        wait_for(lambda: (job := jobs.find(folder)) and job.exit is not None, seconds=5, what="the exit code")
        found = jobs.find(folder)
        assert found is not None
        return found

    return wait


def child_of(pid: int) -> int | None:
    """The first child process."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else None


@pytest.mark.kill
def test_a_job_runs_a_verb_and_leaves_its_exit_code_and_log(folder: Path, ended: Any) -> None:
    jobs.start(folder, ["corpora", "--json"])
    assert jobs.is_alive(folder)
    job = ended(folder)
    assert (job.command, job.exit) == (("corpora", "--json"), 0)
    assert "war-and-peace" in jobs.last_line(folder)


@pytest.mark.kill
def test_a_job_can_be_stopped(folder: Path, ended: Any, wait_for: Callable[..., None]) -> None:
    path = files.home() / "texts" / "long.txt"
    path.parent.mkdir(parents=True)
    path.write_text("one two three four five six seven\n" * 40_000)
    jobs.start(folder, ["baseline", str(path), "--order", "6"])
    wait_for(lambda: "%" in jobs.last_line(folder), what="the job's first progress")
    jobs.stop(folder)
    assert ended(folder).exit == -signal.SIGTERM
    jobs.stop(folder)  # of what has ended there is nothing to stop


@pytest.mark.kill
def test_a_job_that_fails_says_why(folder: Path, ended: Any) -> None:
    jobs.start(folder, ["verify", "no-such-run"])
    assert ended(folder).exit == 2
    assert jobs.last_line(folder).startswith("lstm_core: unknown run no-such-run")


@pytest.mark.kill
def test_a_second_job_of_a_folder_is_refused_while_the_first_lives(
    folder: Path, monkeypatch: pytest.MonkeyPatch, ended: Any
) -> None:
    jobs.start(folder, ["runs"])
    with pytest.raises(ValueError, match="job is at work already: wait for it or cancel it"):
        jobs.start(folder, ["runs"])
    ended(folder)
    jobs.start(folder, ["corpora"])
    assert ended(folder).command == ("corpora",)


@pytest.mark.kill
def test_the_exit_code_of_a_short_job_is_not_overwritten_by_its_start(
    folder: Path, monkeypatch: pytest.MonkeyPatch, ended: Any
) -> None:
    """Whoever starts a job may be held up before it has written job.json."""
    write = jobs._write

    def slowly(*given: Any) -> None:
        threading.Event().wait(1.5)
        assert not (folder / "job.log").exists(), "the job did not wait until job.json was there"
        write(*given)

    monkeypatch.setattr(jobs, "_write", slowly)
    jobs.start(folder, ["verify", "no-such-run"])
    assert ended(folder).exit == 2


def test_a_process_id_that_is_used_again_is_not_the_job(folder: Path) -> None:
    files.write_json(folder / "job.json", {"pid": os.getpid(), "command": ["train", "x"], "exit": None})
    assert not jobs.is_alive(folder)
    gone = subprocess.Popen(["true"])
    gone.wait()
    files.write_json(folder / "job.json", {"pid": gone.pid, "command": ["train", "x"], "exit": None})
    assert not jobs.is_alive(folder)


def test_without_a_job_there_is_none(folder: Path) -> None:
    assert jobs.find(folder) is None
    assert not jobs.is_alive(folder)
    assert jobs.last_line(folder) == ""


@given(st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1), min_size=1))
def test_last_line_is_the_last_that_says_something(tmp_path_factory: Any, lines: list[str]) -> None:
    folder = tmp_path_factory.mktemp("job")
    for ending in ("\n", "\r", "\n\n", "\r\n", "\n   \n"):
        (folder / "job.log").write_bytes(ending.join([*lines, ""]).encode())
        assert jobs.last_line(folder) == lines[-1].strip()


def test_last_line_of_a_long_or_garbled_log(folder: Path) -> None:
    folder.mkdir()
    (folder / "job.log").write_bytes(b"progress\r" * 100_000 + b"the end\n")
    assert jobs.last_line(folder) == "the end"
    (folder / "job.log").write_bytes(b"\xff\xfe broken\n")
    assert jobs.last_line(folder).endswith("broken")


@pytest.mark.kill
def test_fault_25_training_killed_from_outside_has_died_by_its_signal_and_resumes(
    small_run: Any, words: Any, tmp_path: Path, wait_for: Any, ended: Any
) -> None:
    from lstm_core.text.corpus import read_corpus

    path = tmp_path / "book.txt"
    path.write_text(words(2000))
    run = small_run("mine", read_corpus(str(path)), training={"epochs": 400})
    jobs.start(run.folder, ["train", "mine"])
    wait_for(lambda: len(run.log().points) > 0, what="the first report")
    assert run.status == "training"
    job = jobs.find(run.folder)
    assert job is not None
    trainer = child_of(job.pid)
    assert trainer is not None
    os.kill(trainer, signal.SIGKILL)
    assert ended(run.folder).exit == -9
    assert open_run("mine").status == "died (signal 9)"
    assert not jobs.is_alive(run.folder)
    points = len(run.log().points)
    jobs.start(run.folder, ["train", "mine"])
    wait_for(lambda: len(run.log().points) > points or run.status == "finished", what="the resumed training")
    run.request_cancel()
    assert ended(run.folder).exit == 0
    assert run.status in ("cancelled", "finished")


def test_a_cancel_left_over_from_before_does_not_stop_a_new_job(home: Path, wait_for: Callable[..., None]) -> None:
    folder = home / "job"
    folder.mkdir(parents=True)
    (folder / "cancel").touch()
    jobs.start(folder, ["runs"])
    assert not (folder / "cancel").exists()
    wait_for(lambda: not jobs.is_alive(folder), 60, "the end of the job")
