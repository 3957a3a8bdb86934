"""Make a finished run part of the program: small weights, log, figures, a card, and its untrained twin as control."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from lstm_core.recordings.record import evaluate
from lstm_core.runs.card import write_card
from lstm_core.runs.run import Run
from lstm_core.runs.settings import MEASURES
from lstm_core.storage import files
from lstm_core.storage.arrays import load_arrays
from lstm_core.storage.files import read_json, write_bytes, write_json
from lstm_core.storage.progress import Progress, silent
from lstm_core.text.corpus import Corpus

LOST_BITS = 0.005  # per character
LOST_PERPLEXITY = 0.005  # share
LOG_LINES = 200  # of a training log that comes with the program


def ship(run: Run, corpus: Corpus, *, into: Path | None = None, report: Progress = silent) -> dict[str, Any]:
    """Copy a run into the program with int8 weights; returns its exact scores before and after the rounding.

    All is made and scored in a folder of its own first. Raises ValueError, and changes nothing of `into`, for a run
    that came with the program or is not finished, and when rounding costs more than .005 bits per character or .5 %
    perplexity.
    """
    into = into or files.SHIPPED
    _check_finished(run, into)
    before = evaluate(run, corpus, report=report)
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into, prefix=f".{run.name}.") as part:
        target = Run(Path(part) / run.name)
        target.folder.mkdir()
        for name in ("config.json", "vocabulary.json", "status.json"):
            shutil.copyfile(run.folder / name, target.folder / name)
        copy_log(run, target)
        arrays = load_arrays(run.folder / "weights.safetensors")[0]
        target.save_weights({name: array.astype(np.float32) for name, array in arrays.items()}, int8=True)
        after = evaluate(target, corpus, report=report)
        measure = MEASURES[run.kind]
        exact, stored = before["validation"][measure], after["validation"][measure]
        if stored - exact > (LOST_BITS if run.kind == "char" else LOST_PERPLEXITY * exact):
            raise ValueError(f"int8 weights score {stored:.4f}, the run itself {exact:.4f}: too much is lost")
        result = {**after, "before_rounding": before["validation"]}
        write_json(target.folder / "results" / "evaluation.json", result)
        _twin(target, target.folder.parent)
        write_card(target)
        for made in (target.folder, target.folder.with_name(f"{run.name}-untrained")):
            shutil.rmtree(into / made.name, ignore_errors=True)
            made.rename(into / made.name)
    return result


def ship_figures(run: Run, *, into: Path | None = None) -> Run:
    """Copy what is known of a run into the program, without its weights and vocabulary: settings, log, results, card.

    For a run whose weights are too large to ship. Its results go on counting as those of the weights that it had. All
    is made in a folder of its own first. Raises ValueError as `ship` does.
    """
    into = into or files.SHIPPED
    _check_finished(run, into)
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into, prefix=f".{run.name}.") as part:
        target = Run(Path(part) / run.name)
        write_json(target.folder / "config.json", {**run.config, "figures_of": run.fingerprint})
        shutil.copyfile(run.folder / "status.json", target.folder / "status.json")
        copy_log(run, target)
        if (run.folder / "results").is_dir():
            shutil.copytree(run.folder / "results", target.folder / "results")
        target.write_manifest()
        write_card(target)
        shutil.rmtree(into / run.name, ignore_errors=True)
        target.folder.rename(into / run.name)
    return Run(into / run.name)


def copy_log(run: Run, target: Run, most: int = LOG_LINES) -> None:
    """Copy the training log; of a long one every report that ends an epoch and others, evenly spaced: about `most`."""
    lines = (run.folder / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    ends = [at for at, line in enumerate(lines) if b'"validation_loss": null' not in line]
    others = np.linspace(0, len(lines) - 1, most).round().astype(int).tolist()
    kept = range(len(lines)) if len(lines) <= most else sorted({*ends, *others})
    write_bytes(target.folder / "metrics.jsonl", b"".join(lines[at] for at in kept))


def _check_finished(run: Run, into: Path) -> None:
    if run.shipped or run.folder.parent == into:
        raise ValueError(f"{run.name} came with the program already")
    if run.status != "finished":
        raise ValueError(f"{run.name} is {run.status}, only a finished run can be shipped: train it to its end")


def _twin(run: Run, into: Path) -> None:
    """The control: same shape and seed, zero steps. When it is loaded its weights are drawn again and its vocabulary is
    read from the run beside it.
    """
    twin = into / f"{run.name}-untrained"
    config = {**read_json(run.folder / "config.json"), "untrained_twin_of": run.name}
    write_json(twin / "config.json", config)
    write_card(Run(twin))
