"""Training that is killed, cancelled and started twice: nothing is lost but the steps since the last checkpoint."""

import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_core.runs.run import Run
from lstm_core.runs.train import train
from lstm_core.storage.arrays import load_arrays, save_arrays
from lstm_core.text.corpus import read_corpus

pytestmark = pytest.mark.kill

Make = Callable[..., Run]


@pytest.fixture
def book(words: Any, tmp_path: Path) -> Any:
    """A corpus of about 10,000 characters that another process finds by its path."""
    path = tmp_path / "book.txt"
    path.write_text(words(2000))
    return read_corpus(str(path))


def checkpoint(run: Run) -> Path:
    return run.folder / "checkpoint" / "checkpoint.safetensors"


def weights_of(run: Run) -> dict[str, np.ndarray]:
    return {name: array for name, array in load_arrays(checkpoint(run))[0].items() if name.startswith("model.")}


def check_killed_and_resumed(
    kills: int, small_run: Make, book: Any, start_python: Any, wait_for: Any, epochs: int
) -> None:
    """Kill a training again and again, resume it to its end: to the bit the weights and curve of an undisturbed one."""
    recipe = {"epochs": epochs, "bptt": 40}
    straight, broken = (small_run(name, book, training=recipe, dropout=0.2) for name in ("straight", "broken"))
    for _ in train(straight, book):
        pass
    rng = np.random.default_rng(0)
    reached, ends = 0, []
    for _ in range(kills):
        child = start_python("-m", "lstm_core", "train", "broken")
        goal = reached + int(rng.integers(0, 3 * epochs // kills // 4 + 1))
        wait_for(lambda goal=goal: max([0, *(p["step"] for p in broken.log().points)]) > goal, what="progress")
        threading.Event().wait(float(rng.uniform(0, 0.05)))  # anywhere within a step, an epoch's end or a save
        child.send_signal(signal.SIGKILL)
        ends.append(child.wait(60))
        reached = max(point["step"] for point in broken.log().points)
        if checkpoint(broken).is_file():
            assert all(np.isfinite(array).all() for array in weights_of(broken).values())
    assert ends.count(-signal.SIGKILL) > kills // 2, "most of them while it trained"
    assert broken.status in ("died", "finished")
    done = start_python("-m", "lstm_core", "train", "broken", "--json")
    out, err = done.communicate(timeout=300)
    assert done.returncode == 0, err
    assert json.loads(out)["status"] == "finished"
    expected, found = weights_of(straight), weights_of(broken)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)
    for a, b in zip(straight.load_model().parameters(), broken.load_model().parameters(), strict=True):
        assert np.array_equal(a.detach().numpy(), b.detach().numpy())
    curves = [[p["validation_loss"] for p in run.log().points if p["validation_loss"]] for run in (straight, broken)]
    assert curves[0] == curves[1]
    assert len(curves[0]) == epochs


def test_fault_01_training_killed_at_random_moments_resumes_to_the_bit(
    small_run: Make, book: Any, start_python: Any, wait_for: Any
) -> None:
    check_killed_and_resumed(4, small_run, book, start_python, wait_for, epochs=40)


@pytest.mark.slow
def test_fault_01_training_killed_25_times_resumes_to_the_bit(
    small_run: Make, book: Any, start_python: Any, wait_for: Any
) -> None:
    check_killed_and_resumed(25, small_run, book, start_python, wait_for, epochs=300)


KILLED_IN_SAVE = """
import os, signal, sys
from pathlib import Path
import numpy as np
from lstm_core.storage.arrays import save_arrays
def dies(self, target):
    assert self.stat().st_size > 4_000_000, "written whole"
    os.kill(os.getpid(), signal.SIGKILL)
Path.replace = dies
save_arrays(Path(sys.argv[1]), {"a": np.ones(1_000_000, np.float32)})
"""


def test_fault_02_killed_between_write_and_rename_leaves_the_old_file(tmp_path: Path, start_python: Any) -> None:
    path = tmp_path / "some.safetensors"
    save_arrays(path, {"a": np.arange(3)})
    before = path.read_bytes()
    child = start_python("-c", KILLED_IN_SAVE, str(path))
    _, err = child.communicate(timeout=60)
    assert child.returncode == -9, err
    assert path.read_bytes() == before
    np.testing.assert_array_equal(load_arrays(path)[0]["a"], np.arange(3))


def test_fault_02_a_run_killed_in_its_checkpoint_resumes_from_the_one_before(
    small_run: Make, book: Any, start_python: Any
) -> None:
    straight, run = (small_run(name, book, training={"epochs": 3}) for name in ("straight", "broken"))
    for _ in train(straight, book):
        pass
    code = """
import os, signal
from pathlib import Path
from lstm_core.text.corpus import read_corpus
from lstm_core.runs.store import open_run
from lstm_core.runs.train import train
replace, count = Path.replace, []
def dies(self, target):
    if "checkpoint" in str(target):
        count.append(1)
        if len(count) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, target)
Path.replace = dies
run = open_run("broken")
for _ in train(run, read_corpus(run.config["corpus"]["name"])):
    pass
"""
    child = start_python("-c", code)
    _, err = child.communicate(timeout=60)
    assert child.returncode == -9, err
    assert json.loads(load_arrays(checkpoint(run))[1]["progress"])["step"] * 3 == straight.log().points[-1]["step"]
    run.load_model()
    for _ in train(run, book):
        pass
    for name, array in weights_of(straight).items():
        np.testing.assert_array_equal(weights_of(run)[name], array)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_fault_03_a_signal_leaves_a_checkpoint_and_cancelled_within_5_seconds(
    small_run: Make, book: Any, start_python: Any, wait_for: Any, number: int
) -> None:
    run = small_run("mine", book, training={"epochs": 5000})
    child = start_python("-m", "lstm_core", "train", "mine", "--json")
    wait_for(lambda: len(run.log().points) > 0, what="the first report")
    start = time.monotonic()
    child.send_signal(number)
    out, err = child.communicate(timeout=5)
    assert time.monotonic() - start < 5
    assert child.returncode == 0, err
    assert json.loads(out)["status"] == run.status == "cancelled"
    assert "Traceback" not in err
    assert json.loads(load_arrays(checkpoint(run))[1]["progress"])["step"] > 0


def test_fault_23_a_second_process_is_told_and_the_first_goes_on(
    small_run: Make, book: Any, start_python: Any, wait_for: Any
) -> None:
    run = small_run("mine", book, training={"epochs": 5000})
    first = start_python("-m", "lstm_core", "train", "mine")
    wait_for(lambda: len(run.log().points) > 0, what="the first report")
    second = start_python("-m", "lstm_core", "train", "mine", "--json")
    out, err = second.communicate(timeout=60)
    assert (second.returncode, out) == (2, "")
    assert err == "lstm_core: mine is being trained by another process: wait for it or cancel it\n"
    assert first.poll() is None
    assert run.status == "training"
    run.request_cancel()
    assert first.wait(5) == 0
    assert run.status == "cancelled"


def test_fault_05_a_full_disk_is_said_and_the_old_checkpoint_stays(
    small_run: Make, book: Any, start_python: Any
) -> None:
    """The largest file a process may write stands in for the space that is left."""
    run = small_run("mine", book, training={"epochs": 2})
    for report in train(run, book, report_seconds=0):
        if report.step == 60:
            run.request_cancel()
    before = checkpoint(run).read_bytes()

    def limit() -> None:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000))

    child: subprocess.Popen[str] = start_python("-m", "lstm_core", "train", "mine", preexec_fn=limit)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 2
    assert "Traceback" not in err
    assert "too large" in err.splitlines()[-1]
    assert checkpoint(run).read_bytes() == before
    assert not list(run.folder.rglob("*.part"))
