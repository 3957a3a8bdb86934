"""What a training will cost, told before it starts: time from the machine's matrix rate, and disk."""

import time

import numpy as np

from lstm_core.runs.cells import CELLS
from lstm_core.runs.settings import ModelConfig, TrainConfig

STEP_SECONDS = 4e-5  # of one token step of one layer, whatever its width
STEPPED_SECONDS = 45e-5  # the same where torch has no kernel for the cell


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
