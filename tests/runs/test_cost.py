"""What a training will cost: proportional to what is done, and near what a training takes."""

from dataclasses import replace

import pytest

from lstm_core.runs.cells import CELLS
from lstm_core.runs.cost import STEP_SECONDS, STEPPED_SECONDS, matrix_rate, training_bytes, training_seconds
from lstm_core.runs.settings import ModelConfig, TrainConfig

MODEL = ModelConfig(100, "lstm", embedding=64, hidden=64, layers=2)
TRAINING = TrainConfig(epochs=4, batch=20, bptt=50)


def test_a_matrix_rate_is_that_of_a_machine() -> None:
    assert 1e8 < matrix_rate(256, 2) < 1e15


def test_seconds_are_the_products_of_three_passes_and_the_steps() -> None:
    """4 gates x 64 units x (64 + 64) inputs x 2 layers, and 64 x 100 of the decoder, three times a token."""
    products = 3 * (4 * 64 * 128 * 2 + 64 * 100) * 1000
    steps = 1000 / 20 * 2 * 4e-5
    assert training_seconds(MODEL, TRAINING, 1000, 1e9) == pytest.approx(4 * (products / 1e9 + steps))


def test_more_work_takes_longer_and_a_faster_machine_less() -> None:
    base = training_seconds(MODEL, TRAINING, 1000, 1e9)
    assert training_seconds(MODEL, replace(TRAINING, epochs=8), 1000, 1e9) == pytest.approx(2 * base)
    assert training_seconds(MODEL, TRAINING, 2000, 1e9) == pytest.approx(2 * base)
    assert training_seconds(MODEL, TRAINING, 1000, 2e9) < base
    assert training_seconds(replace(MODEL, hidden=128), TRAINING, 1000, 1e9) > base
    assert training_seconds(replace(MODEL, layers=3), TRAINING, 1000, 1e9) > base
    assert training_seconds(replace(MODEL, cell="gru"), TRAINING, 1000, 1e9) < base


def test_a_cell_without_a_kernel_takes_longer_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    base = training_seconds(MODEL, TRAINING, 1000, 1e9)
    monkeypatch.setitem(CELLS, MODEL.cell, replace(CELLS[MODEL.cell], kernel=""))
    steps = 4 * 1000 / 20 * 2
    longer = training_seconds(MODEL, TRAINING, 1000, 1e9) - base
    assert longer == pytest.approx(steps * (STEPPED_SECONDS - STEP_SECONDS))


def test_disk_holds_the_values_four_times() -> None:
    assert training_bytes(MODEL) == 16 * MODEL.parameters
