"""What tests of sweeps share: sweeps of small models, and trainings that end when they are told to."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_core.runs.model import build
from lstm_core.runs.run import Run
from lstm_core.runs.settings import ModelConfig, TrainConfig
from lstm_core.runs.sweep import Plan, Sweep, make_sweep
from lstm_core.text.corpus import keep_text, read_corpus

TRAINING = TrainConfig(epochs=2, batch=8, bptt=20, precision="float32", threads=1)


def small_sweep(book: Any, name: str = "mine", *plan: Any, training: TrainConfig = TRAINING, hidden: int = 8) -> Sweep:
    """A sweep of 8-unit models; `plan`: dropouts and seeds."""
    model = ModelConfig(len(book.vocabulary), embedding=6, hidden=hidden, layers=2, dropout=0.5)
    return make_sweep(Plan(name, *plan), book, model, training)


def with_weights(run: Run, scale: float = 1.0, *, score: float = 2.0) -> Run:
    """As drawn, recurrent weights times `scale`, with a log of two epochs."""
    model = build(run.model_config, run.train_config.seed)
    arrays = {
        name: value.detach().numpy() * (scale if "rnn" in name else 1) for name, value in model.named_parameters()
    }
    run.save_weights(arrays)
    points = [
        {"step": 1, "epoch": 1.0, "validation_loss": score * np.log(2), "validation_score": score},
        {"step": 2, "epoch": 2.0, "validation_loss": 2 * score * np.log(2), "validation_score": 2 * score},
    ]
    (run.folder / "metrics.jsonl").write_text("".join(json.dumps(point) + "\n" for point in points))
    run.set_status("finished")
    return run


@pytest.fixture(name="book")
def small_book(words: Any) -> Any:
    """A corpus of about 3,000 characters that another process finds by its name."""
    keep_text("book", words(600).encode())
    return read_corpus("book")


@pytest.fixture(name="made")
def making_sweeps(book: Any) -> Callable[..., Sweep]:
    """Makes a sweep of 8-unit models."""
    return partial(small_sweep, book)


class Machine:
    """Trainings that are at work until `end` is called, in place of processes."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.alive: dict[str, Run] = {}

    def start(self, folder: Path, words: list[str]) -> None:
        assert words == ["train", folder.name]
        assert folder.name not in self.alive
        self.started.append(folder.name)
        self.alive[folder.name] = Run(folder)

    def end(self, name: str, status: str = "finished") -> None:
        run = self.alive.pop(name)
        epochs = run.train_config.epochs if status == "finished" else 1
        point = {"step": 1, "epoch": epochs, "seconds": 1, "time_left": 0}
        (run.folder / "metrics.jsonl").write_text(json.dumps(point) + "\n")
        run.set_status(status)
