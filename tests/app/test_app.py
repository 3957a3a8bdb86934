"""Starting the workbench: the demo is recorded once, what fails is said, a free port is found."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app import __main__ as start
from lstm_core.recordings.recording import Recording, find_recordings
from lstm_core.runs.run import Run
from lstm_core.text import corpus as corpora


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind((start.ADDRESS, 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def demo_run(
    small_run: Callable[..., Run], words: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Run:
    """The only run of the demo: a small one, whose first 100 tokens of validation text are recorded in h and c."""
    monkeypatch.setattr("lstm_core.storage.files.SHIPPED", tmp_path / "shipped")
    monkeypatch.setattr(start, "RUNS", {"small": ("h", "c")})
    monkeypatch.setattr(start, "LENGTH", 100)
    corpora.keep_text("small", words(600).encode())
    return small_run("small", corpora.read_corpus("small"), weights=True)


def prepared() -> list[str]:
    said: list[str] = []
    start.prepare(lambda share, word: None, said.append)
    return said


def test_the_demo_is_the_start_of_the_validation_text(demo_run: Run) -> None:
    prepared()
    recording = Recording.open(find_recordings(demo_run.fingerprint)[0])
    corpus = corpora.read_corpus("small")
    assert recording.tokens.tolist() == corpus.part("validation")[:100].tolist()
    assert recording.names == ("h", "c")


def test_the_demo_is_recorded_once(demo_run: Run) -> None:
    prepared()
    made = find_recordings()[0].stat().st_mtime_ns
    assert prepared() == ["Demo: the recording of small is there."]
    assert [folder.stat().st_mtime_ns for folder in find_recordings()] == [made]


def test_fault_28_a_demo_without_its_text_is_said_and_left_out(demo_run: Run) -> None:
    (corpora.texts_folder() / "small.txt").unlink()
    assert "small is left out: no corpus" in prepared()[0]


def test_fault_05_a_full_disk_is_said_and_nothing_is_kept(demo_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lstm_core.recordings.writer.SPARE_BYTES", 2**60)
    assert "GiB free" in prepared()[-1]
    assert find_recordings() == []


def test_a_missing_run_does_not_keep_the_app_from_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "RUNS", {"nobody": ()})
    assert "unknown run nobody" in prepared()[0]


def test_a_taken_port_is_passed_over(taken_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "PORTS", range(taken_port, taken_port + 50))
    assert start.free_port() > taken_port


def test_a_port_asked_for_that_is_taken_is_refused(taken_port: int) -> None:
    with pytest.raises(ValueError, match="leave --port out"):
        start.free_port(taken_port)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_that_does_not_exist_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        start.free_port(port)


def test_the_server_listens_on_this_machine_only() -> None:
    words = start.command(8501)
    assert words[words.index("--server.address") + 1] == "127.0.0.1"
