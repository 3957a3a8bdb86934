"""What training and reading will cost, told by pages and verbs before they start: time from the machine's matrix rate,
and disk.
"""

import time

import numpy as np

from lstm_core.runs.cells import CELLS
from lstm_core.runs.settings import ModelConfig, TrainConfig

STEP_SECONDS = 4e-5  # of one token step of one layer, whatever its width
STEPPED_SECONDS = 45e-5  # the same where torch has no kernel for the cell
LOADING = 8  # seconds until a process of its own begins its work
PAIR_PRODUCTS = 2.0  # multiply-adds for a pair and unit: pairs are multiplied twice, lists of neighbours kept
TAGGING_SECONDS = 1e-4  # of a character of the text
PLACING_SECONDS = 3e-3  # of a word: t-SNE moves all of them 750 times


def matrix_rate(size: int = 768, repeats: int = 4) -> float:
    """Float32 multiply-adds that this machine does per second in a matrix product, best of a few (about 50 ms)."""
    rng = np.random.default_rng(0)
    one, other = rng.random((size, size), np.float32), rng.random((size, size), np.float32)
    one @ other
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        one @ other
        best = min(best, time.perf_counter() - start)
    return size**3 / best


def training_seconds(model: ModelConfig, training: TrainConfig, tokens: int, rate: float) -> float:
    """About how long a training over `tokens` training tokens takes: forward and backward are three products each."""
    products = 3 * (model.products + model.hidden * model.vocabulary) * tokens
    steps = tokens / training.batch * model.layers
    step = STEP_SECONDS if CELLS[model.cell].kernel else STEPPED_SECONDS
    return training.epochs * (products / rate + steps * step)


def training_bytes(model: ModelConfig) -> int:
    """Disk for weights and checkpoint: the values once, and with the optimiser's two moments three times."""
    return model.parameters * 4 * 4


def reading_seconds(model: ModelConfig, tokens: int, rate: float, *, scored: bool = False) -> float:
    """About how long a model takes to read `tokens` tokens once it is there; `scored`: each is predicted, too."""
    products = model.products + (model.hidden * model.vocabulary if scored else 0)
    return 2 * products * tokens / rate


def clustering_seconds(model: ModelConfig, points: int, tokens: int, rate: float) -> float:
    """About how long a clustering takes: the text is read, its words are tagged, every pair of points is compared."""
    comparing = PAIR_PRODUCTS * points**2 * model.hidden
    return LOADING + reading_seconds(model, tokens, rate) + TAGGING_SECONDS * tokens + comparing / rate


def word_map_seconds(model: ModelConfig, words: int, rate: float) -> float:
    """About how long a word map takes: the text is read, its words are moved about until neighbours are near."""
    return LOADING + reading_seconds(model, words, rate) + PLACING_SECONDS * words


def duration(seconds: float) -> str:
    """A time span for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
