"""Faults that need a process of their own: another user, and how much memory bad input takes."""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from lstm_core.runs.settings import ModelConfig, TrainConfig
from lstm_core.runs.store import create_run

NOBODY = 65534

MEASURE = """
import resource, sys
from lstm_core.text.corpus import MAX_TEXT_BYTES, read_corpus
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    corpus = read_corpus(sys.argv[1], "char")
    print(len(corpus.ids), end=" ")
except ValueError as error:
    print("refused", end=" ")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


def reading(path: Path) -> tuple[str, int]:
    """What came of reading a file as a corpus in a new process, and the bytes by which its memory grew."""
    ended = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True)
    result, grown = ended.stdout.split()
    return result, int(grown)


def test_fault_16_a_file_past_the_limit_takes_no_memory(tmp_path: Path) -> None:
    with (tmp_path / "huge.txt").open("wb") as file:
        file.truncate(2**30)
    result, grown = reading(tmp_path / "huge.txt")
    assert result == "refused"
    assert grown < 8 * 2**20


def test_fault_16_one_line_of_five_million_characters_is_read_in_bounded_memory(tmp_path: Path) -> None:
    (tmp_path / "line.txt").write_text("abcde" * 1_000_000)
    result, grown = reading(tmp_path / "line.txt")
    assert result == "5000000"
    assert grown < 40 * 5_000_000


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can become another user")
def test_fault_06_a_folder_of_another_user_is_said_at_the_start(
    small_run: Any, corpus: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_run()  # loads all that is needed: the other user may not be allowed to read the interpreter
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setenv("LSTM_HOME", folder)

        def other_user(answer: Connection) -> None:
            os.setuid(NOBODY)
            try:
                create_run("mine", corpus, ModelConfig(len(corpus.vocabulary)), TrainConfig())
            except ValueError as error:
                answer.send(str(error))
            else:
                answer.send("was written")

        context = multiprocessing.get_context("fork")
        receiver, sender = context.Pipe(False)
        process = context.Process(target=other_user, args=(sender,))
        process.start()
        assert receiver.poll(60)
        said = receiver.recv()
        process.join()
    assert said == f"cannot write to {folder}/runs/mine: Permission denied; set LSTM_HOME to a folder you own"
