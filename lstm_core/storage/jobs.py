"""Work in a process of its own, described by files: start it, ask whether it lives, see how it ended.

A job is `python -m lstm_core VERB ...`, the command a person would type. It outlives whoever started it. A small
supervisor waits for it and writes how it ended into job.json beside its log.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lstm_core.storage.files import read_json, write_json

NICENESS = 10


@dataclass(frozen=True)
class Job:
    """job.json of a folder: process id of the supervisor, the verb's words, exit code once it has ended (less than 0:
    the number of the signal that ended it)."""

    pid: int
    command: tuple[str, ...]
    exit: int | None


def start(folder: Path, words: Sequence[str]) -> None:
    """Start `python -m lstm_core WORDS` as a job of `folder`; raises ValueError when one lives there already."""
    if is_alive(folder):
        raise ValueError(f"{folder.name} is at work already: wait for it or cancel it")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cancel").unlink(missing_ok=True)  # now: one that comes while the job is still loading is to be heard
    supervisor = subprocess.Popen(
        [sys.executable, "-m", "lstm_core.storage.jobs", str(folder), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _write(folder, supervisor.pid, words, None)
    if supervisor.stdin:
        supervisor.stdin.close()  # go: it waits for this, so that what it writes at its end comes after


def find(folder: Path) -> Job | None:
    """The last job of a folder."""
    path = folder / "job.json"
    if not path.is_file():
        return None
    stored = read_json(path)
    return Job(stored["pid"], tuple(stored["command"]), stored["exit"])


def is_alive(folder: Path) -> bool:
    """Whether the folder's job still runs."""
    job = find(folder)
    return job is not None and job.exit is None and _is_supervisor(job.pid, folder)


def stop(folder: Path) -> None:
    """Ask the folder's job to end: its verb gets SIGTERM. Nothing happens where none lives."""
    job = find(folder)
    if job is not None and is_alive(folder):
        os.kill(job.pid, signal.SIGTERM)


def last_line(folder: Path) -> str:
    """The last whole line of the job's log: its progress, or why it ended."""
    path = folder / "job.log"
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        lines = file.read().decode(errors="replace").replace("\r", "\n").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _is_supervisor(pid: int, folder: Path) -> bool:
    """Process ids are used again: the command line must be that of this folder's supervisor."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        if Path("/proc/self").exists():
            return False
        try:  # no /proc here: the id alone
            os.kill(pid, 0)
        except OSError:
            return False
        return True
    return str(folder).encode() in words


def _write(folder: Path, pid: int, words: Sequence[str], code: int | None) -> None:
    write_json(folder / "job.json", {"pid": pid, "command": list(words), "exit": code})


def _supervise(folder: Path, words: Sequence[str]) -> None:
    os.nice(NICENESS)
    with (folder / "job.log").open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "lstm_core", *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())  # the job is asked to end, and how it did is kept
        code = child.wait()
    _write(folder, os.getpid(), words, code)


if __name__ == "__main__":
    sys.stdin.read()
    _supervise(Path(sys.argv[1]), sys.argv[2:])
