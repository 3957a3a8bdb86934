"""Finding, making, extending and removing runs: a person's own below `$LSTM_HOME`, those that ship in `models/`.

Knows folders; what is in one is `run`'s. Loads torch only to begin a run with the weights of another,
and to see whether bfloat16, where that is asked for, can be had.
"""

import platform
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lstm_core.runs.card import write_card
from lstm_core.runs.folder import SCHEMA, now
from lstm_core.runs.run import Run, check_settings
from lstm_core.runs.settings import ModelConfig, TrainConfig
from lstm_core.storage import files
from lstm_core.storage.files import check_name, home, inventory, read_json, write_json
from lstm_core.text.corpus import Corpus


def runs_folder() -> Path:
    """Where a person's own runs are."""
    return home() / "runs"


def open_run(name: str) -> Run:
    """The run of that name, a person's own before a shipped one; raises ValueError when there is none."""
    check_name(name, "run name")
    for parent in (runs_folder(), files.SHIPPED):
        if (parent / name / "config.json").is_file():
            return Run(parent / name)
    raise ValueError(f"unknown run {name}; runs at hand: {', '.join(run.name for run in list_runs()) or 'none'}")


def list_runs() -> list[Run]:
    """All readable runs: the shipped ones, then a person's own, by name."""
    return list({run.name: run for run, problem in _all_runs() if not problem}.values())


def stamp() -> tuple[tuple[str, int], ...]:
    """All folders of runs, and when what lies in each was last changed: what is kept of `list_runs` goes by it."""
    parents = files.SHIPPED, runs_folder()
    folders = [path.parent for parent in parents for path in sorted(parent.glob("*/config.json"))]
    return tuple((str(folder), folder.stat().st_mtime_ns) for folder in folders)


def unreadable_runs() -> dict[str, str]:
    """Folders of runs that `list_runs` passes over, by name, with what is wrong."""
    return {run.name: problem for run, problem in _all_runs() if problem}


def _all_runs() -> Iterator[tuple[Run, str]]:
    """Every folder of a run, with what is wrong with it; one in which a job is about to make a run is none yet."""
    for parent in (files.SHIPPED, runs_folder()):
        for path in sorted(parent.glob("[!.]*/")):
            if (path / "config.json").is_file() or (path / "weights.safetensors").is_file():
                try:
                    check_settings(run := Run(path))
                    yield run, ""
                except ValueError as error:
                    yield Run(path), str(error)


def create_run(
    name: str,
    corpus: Corpus,
    model: ModelConfig,
    training: TrainConfig,
    *,
    start: Run | None = None,
    sweep: dict[str, Any] | None = None,
) -> Run:
    """Make the folder of a new run, with the weights of `start` to begin with where that is given.

    `sweep`: the sweep that it is part of, kept in config.json, see `Run.sweep`.

    Raises ValueError when the name is taken, the folder cannot be written, `start` has another shape or vocabulary, or
    bfloat16 is asked for where the processor does not multiply it.
    """
    folder = new_folder(name)
    if model.vocabulary != len(corpus.vocabulary):
        raise ValueError(f"the model has {model.vocabulary} tokens, the corpus {len(corpus.vocabulary)}")
    if training.precision == "bfloat16":
        from lstm_core.runs.train import autocast_dtype  # loads torch

        autocast_dtype(training)
    config = describe(corpus, model, training)
    if start is not None:
        theirs, ours = (replace(one, dropout=0.0, embedding_dropout=0.0) for one in (start.model_config, model))
        if theirs != ours:
            raise ValueError(f"{start.name} is {start.model_config}, the new run {model}: only dropout may differ")
        if start.vocabulary.tokens != corpus.vocabulary.tokens:
            raise ValueError(f"{start.name} reads other tokens than {corpus.name} has")
        config["started_from"] = {"run": start.name, "weights": start.fingerprint}
    if sweep is not None:
        config["sweep"] = sweep
    try:
        folder.mkdir(parents=True, exist_ok=True)
        Run(folder).write_settings(config, corpus.vocabulary)
        if start is not None:
            parameters = start.load_model().named_parameters()
            Run(folder).save_weights({name: value.detach().numpy() for name, value in parameters})
    except OSError as error:
        raise ValueError(f"cannot write to {folder}: {error.strerror}; set LSTM_HOME to a folder you own") from None
    return Run(folder)


def new_folder(name: str) -> Path:
    """Where a new run of that name is to be made; raises ValueError when the name is taken or not usable."""
    folder = runs_folder() / check_name(name, "run name")
    if (folder / "config.json").exists():
        raise ValueError(f"a run named {name} is there already: choose another name, resume it or remove it")
    if (files.SHIPPED / name / "config.json").exists():
        raise ValueError(f"a run named {name} came with the program: choose another name")
    return folder


@contextmanager
def making_run(name: str) -> Iterator[Run]:
    """A new run to be filled, which is there as a whole, with its card, when that ends well, or not at all. Raises
    ValueError when the name is taken and where its folder cannot be written.
    """
    folder = new_folder(name)
    try:
        runs_folder().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=runs_folder(), prefix=f".{name}.") as part:
            run = Run(Path(part) / name)
            yield run
            write_card(run)
            run.folder.rename(folder)
    except OSError as error:
        raise ValueError(
            f"cannot write to {folder}: {error.strerror}; free some space or set LSTM_HOME to a folder you own"
        ) from None


def describe(corpus: Corpus, model: ModelConfig, training: TrainConfig) -> dict[str, Any]:
    """The content of config.json."""
    return {
        "schema": SCHEMA,
        "kind": corpus.kind,
        "model": asdict(model),
        "training": asdict(training),
        "corpus": {"name": corpus.name, "fingerprint": corpus.fingerprint, "licence": corpus.licence},
        "versions": {"python": platform.python_version(), "torch": version("torch"), "numpy": version("numpy")},
        "created": now(),
    }


def extend_run(run: Run, epochs: int | None = None, *, dropout: float | None = None) -> Run:
    """Give a run more epochs, fewer, or another dropout: trained again it goes on from its checkpoint.

    The learning rate follows the schedule of the new length from there on. What the epochs so far were trained with is
    kept as `earlier` in config.json. Raises ValueError for a shipped run, for fewer epochs than it has begun or for a
    dropout outside [0, 1), RunBusy while it is being trained.
    """
    if run.shipped:
        raise ValueError(f"{run.name} came with the program and stays as it is: train one of your own")
    epochs = run.train_config.epochs if epochs is None else epochs
    done = run.log().points[-1]["epoch"] if run.log().points else 0
    if epochs < done:
        raise ValueError(f"{run.name} has been trained for {done:g} epochs, {epochs} are fewer: choose more")
    model = run.model_config if dropout is None else replace(run.model_config, dropout=dropout)
    with run.training_lock():
        config = {**run.config, "training": {**run.config["training"], "epochs": epochs}, "model": asdict(model)}
        if model != run.model_config and run.log().points:
            before = {"epochs": round(run.log().points[-1]["epoch"], 2), "dropout": run.model_config.dropout}
            config["earlier"] = [*run.config.get("earlier", []), before]
        write_json(run.folder / "config.json", config)
        manifest = run.folder / "manifest.json"
        if manifest.is_file():  # the weights are as they were, and are not vouched for anew
            write_json(manifest, {**read_json(manifest), **inventory(run.folder, ["config.json"])})
    return Run(run.folder)
