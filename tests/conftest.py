"""What the tests share: a home of their own, small texts, models and runs, processes that never outlive a test."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from tests.browsing import server, tab  # noqa: F401 - fixtures

pytest_plugins = ["pytester"]

os.environ.setdefault("OMP_NUM_THREADS", "1")  # in processes that tests start, too
settings.register_profile("house", deadline=None)
settings.load_profile("house")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("needs_data") and not os.environ.get("LSTM_DATA"):
        pytest.skip("set LSTM_DATA to the folder with the data sets")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    """On CI a test that needs data may be skipped only where LSTM_DATA is not set."""
    report = yield
    demanded = item.get_closest_marker("needs_data") and os.environ.get("CI") and os.environ.get("LSTM_DATA")
    if report.skipped and demanded:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped though LSTM_DATA is set: {call.excinfo}"
    return report


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test has its own $LSTM_HOME."""
    folder = tmp_path / "home"
    monkeypatch.setenv("LSTM_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def homes() -> dict[str, tuple[Path, Any]]:
    """Copies of the homes that `made_once` has filled, and what was made, by name."""
    return {}


@pytest.fixture
def made_once(home: Path, homes: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Fills $LSTM_HOME as `make` does, gives what that gave: by `make` when the name is new, later by a copy of what
    was left there.

    For what takes long to make, such as states of a text that a model has read. A name stands for one `make` alone.
    """

    def fill(name: str, make: Callable[[], Any]) -> Any:
        if name in homes:
            shutil.copytree(homes[name][0], home, dirs_exist_ok=True)
        else:
            made = make()
            homes[name] = shutil.copytree(home, tmp_path_factory.mktemp("home") / "kept"), made
        return homes[name][1]

    return fill


@pytest.fixture
def words() -> Callable[..., str]:
    """Makes running text of `count` words from a small stock, the same for a seed."""

    def make(count: int, seed: int = 0) -> str:
        rng = np.random.default_rng(seed)
        stock = ["the", "a", "river", "house", "runs", "over", "green", "when", "you", "said,", "old", "stop.", "two\n"]
        return " ".join(rng.choice(stock, count))

    return make


@pytest.fixture
def corpus(words: Callable[..., str]) -> Any:
    """A character corpus of about 3,000 tokens."""
    from lstm_core.text.corpus import corpus_of

    return corpus_of(words(600), "small")


@pytest.fixture
def small_run(corpus: Any) -> Callable[..., Any]:
    """Makes a run with an 8-unit model: `weights=True` as drawn from its seed, or a function that changes the model."""
    from lstm_core.runs.settings import ModelConfig, TrainConfig
    from lstm_core.runs.store import create_run

    def make(name: str = "small", text: Any = None, *, training: dict[str, Any] | None = None, weights: Any = False,
             **shape: Any) -> Any:  # fmt: skip
        text = text or corpus
        config = ModelConfig(
            len(text.vocabulary), **{"embedding": 6, "hidden": 8, "layers": 2, "dropout": 0.0, **shape}
        )
        settings = {"epochs": 2, "batch": 8, "bptt": 20, "precision": "float32", "threads": 1, **(training or {})}
        run = create_run(name, text, config, TrainConfig(**settings))
        if weights:
            import torch

            from lstm_core.runs.model import build

            model = build(config, run.train_config.seed)
            with torch.no_grad():
                if callable(weights):
                    weights(model)
            run.save_weights({name: value.detach().numpy() for name, value in model.named_parameters()})
        return run

    return make


@pytest.fixture
def wait_for() -> Callable[..., None]:
    """Waits until a condition holds; fails after `seconds`."""

    def wait(condition: Callable[[], Any], seconds: float = 60, what: str = "the condition") -> None:
        deadline, pause = time.monotonic() + seconds, threading.Event()
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not come about within {seconds:g} s"
            pause.wait(0.01)

    return wait


@pytest.fixture
def start_python() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts `python WORDS` with its output captured; what still runs at the end of the test is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str, **options: Any) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
        )
        started.append(child)
        return child

    yield start
    for child in started:
        if child.poll() is None:
            child.kill()
        child.communicate()


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Any]]:
    """Runs a verb in this process: (exit code, stdout, stderr)."""
    import signal

    from lstm_core import __main__ as program

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lstm_core", *words])
        capsys.readouterr()
        code = 0
        try:
            program.main()
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    yield run
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def long_corpus(words: Callable[..., str]) -> Any:
    """A character corpus of more than 20,000 tokens: five streams and a rest."""
    from lstm_core.text.corpus import corpus_of

    corpus = corpus_of(words(4250), "long")
    assert len(corpus.ids) > 20_000
    return corpus


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in place of the program's own `models/`."""
    monkeypatch.setattr("lstm_core.storage.files.SHIPPED", tmp_path / "models")
    return tmp_path / "models"
