"""Make a finished run part of the program: small weights, log, figures, a card, and its untrained twin as control."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from lstm_core.arrays import load_arrays
from lstm_core.card import write_card
from lstm_core.corpus import Corpus
from lstm_core.files import SHIPPED, read_json, write_json
from lstm_core.record import Report, evaluate, silent
from lstm_core.run import Run


def ship(run: Run, corpus: Corpus, *, into: Path = SHIPPED, report: Report = silent) -> dict[str, Any]:
    """Copy a run into the program with int8 weights; returns its exact scores before and after the rounding.

    Raises ValueError when rounding costs more than .005 bits per character or .5 % perplexity.
    """
    before = evaluate(run, corpus, report=report)
    target = Run(into / run.name)
    target.folder.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "vocabulary.json", "metrics.jsonl", "status.json"):
        shutil.copyfile(run.folder / name, target.folder / name)
    arrays = load_arrays(run.folder / "weights.safetensors")[0]
    target.save_weights({name: array.astype(np.float32) for name, array in arrays.items()}, int8=True)
    after = evaluate(target, corpus, report=report)
    measure = "bits_per_character" if run.kind == "char" else "perplexity"
    exact, stored = before["validation"][measure], after["validation"][measure]
    if stored - exact > (0.005 if run.kind == "char" else 0.005 * exact):
        raise ValueError(f"int8 weights score {stored:.4f}, the run itself {exact:.4f}: too much is lost")
    result = {**after, "before_rounding": before["validation"]}
    write_json(target.folder / "results" / "evaluation.json", result)
    _twin(target, into)
    write_card(target)
    return result


def _twin(run: Run, into: Path) -> None:
    """The control: same shape, seed and vocabulary, zero steps. Its weights are drawn again when it is loaded."""
    twin = into / f"{run.name}-untrained"
    config = {**read_json(run.folder / "config.json"), "untrained_twin_of": run.name}
    write_json(twin / "config.json", config)
    shutil.copyfile(run.folder / "vocabulary.json", twin / "vocabulary.json")
