"""The model and its gate equations, against an independent reading in numpy, step by step, in float64."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_core.runs.cells import CELLS
from lstm_core.runs.model import Dropout, LanguageModel, SignalReader, build, chosen, detached
from lstm_core.runs.settings import ModelConfig, TrainConfig
from tests.textbook import TEXTBOOK, read_model

pytestmark = pytest.mark.numeric


def wide(model: LanguageModel, factor: float = 2.0) -> LanguageModel:
    """The same model with larger weights, so that gates leave their middle."""
    with torch.no_grad():
        for value in model.parameters():
            value.mul_(factor)
        model.decoder.bias.uniform_(-1, 1)
    return model.eval()


def test_every_cell_has_its_textbook_step() -> None:
    assert set(TEXTBOOK) == set(CELLS)


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("vocabulary", [11, 5000])  # below and above the size at which input products are looked up
def test_signals_equal_the_textbook_equations(cell: Any, layers: int, vocabulary: int) -> None:
    model = wide(build(ModelConfig(vocabulary, cell, embedding=5, hidden=7, layers=layers, dropout=0.5), seed=3))
    ids = np.random.default_rng(0).integers(0, vocabulary, 40)
    expected, logits = read_model(model, list(ids))
    found, _ = SignalReader(model).advance(torch.from_numpy(ids)[None], model.zero_state(1))
    assert len(found) == layers
    for layer, reference in zip(found, expected, strict=True):
        assert set(layer) == set(CELLS[cell].signals) == set(reference)
        for signal, values in reference.items():
            np.testing.assert_allclose(layer[signal][0].numpy(), values, atol=2e-6, err_msg=signal)
    with torch.no_grad():
        np.testing.assert_allclose(model(torch.from_numpy(ids)[:, None])[0][:, 0].numpy(), logits, atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_tied_model_scores_with_its_embedding(cell: Any) -> None:
    model = wide(build(ModelConfig(9, cell, embedding=6, hidden=6, layers=2, tied=True), seed=1))
    ids = [1, 8, 0, 3]
    logits = read_model(model, ids)[1]
    with torch.no_grad():
        found = model(torch.tensor(ids)[:, None])[0][:, 0].numpy()
    np.testing.assert_allclose(found, logits, atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_reader_carries_its_state_between_windows_and_streams(cell: Any) -> None:
    """Two streams in two windows equal each stream read whole."""
    model = wide(build(ModelConfig(11, cell, embedding=5, hidden=7, layers=2), seed=3))
    ids = torch.from_numpy(np.random.default_rng(1).integers(0, 11, (2, 30)))
    reader = SignalReader(model)
    layers, state = reader.advance(ids[:, :17], model.zero_state(2))
    first = [{signal: values.clone() for signal, values in layer.items()} for layer in layers]
    second, _ = reader.advance(ids[:, 17:], state)
    for row in range(2):
        expected, _ = read_model(model, ids[row].tolist())
        for k, reference in enumerate(expected):
            for signal, values in reference.items():
                found = torch.cat([first[k][signal][row], second[k][signal][row]]).numpy()
                np.testing.assert_allclose(found, values, atol=2e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_forward_carries_its_state_between_windows(cell: Any) -> None:
    model = wide(build(ModelConfig(11, cell, embedding=5, hidden=7, layers=2), seed=3))
    ids = torch.from_numpy(np.random.default_rng(1).integers(0, 11, (30, 2)))
    with torch.no_grad():
        whole, end = model(ids)
        first, state = model(ids[:13])
        second, last = model(ids[13:], state)
    torch.testing.assert_close(torch.cat([first, second]), whole)
    for a, b in zip(end, last, strict=True):
        torch.testing.assert_close(a, b)


def test_log_probability_equals_log_softmax_in_any_slicing() -> None:
    model = wide(build(ModelConfig(13, hidden=7, embedding=5, layers=1), seed=2))
    h, targets = torch.rand(3, 10, 7), torch.randint(0, 13, (3, 10))
    reader = SignalReader(model)
    with torch.no_grad():
        table = torch.log_softmax(model.decoder(h).double(), -1)
    expected = table.gather(2, targets[:, :, None])[:, :, 0]
    for rows in (1, 40, 2**24):
        np.testing.assert_allclose(reader.log_probability(h, targets, rows).numpy(), expected.numpy(), atol=1e-6)


# Parameters -----------------------------------------------------------------------------------------------------------


def test_parameter_count_of_the_paper() -> None:
    assert ModelConfig(104).parameters == 5_859_432
    assert ModelConfig(80).parameters == 5_840_976


def test_parameter_count_of_the_thesis() -> None:
    assert ModelConfig(33_278, embedding=400, hidden=2000, layers=2).parameters == 131_132_478


@given(
    st.sampled_from(tuple(CELLS)),
    st.integers(1, 30),
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(1, 4),
    st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_parameter_formula_counts_the_built_model(cell, vocabulary, embedding, hidden, layers, tied) -> None:
    config = ModelConfig(vocabulary, cell, hidden if tied else embedding, hidden, layers, tied=tied)
    assert config.parameters == sum(value.numel() for value in build(config, 1).parameters())


# Seeds and dropout ----------------------------------------------------------------------------------------------------


def test_same_seed_same_weights_and_the_global_generator_is_untouched() -> None:
    config = ModelConfig(11, hidden=8, embedding=5, layers=1)
    before = torch.get_rng_state()
    one, two, other = build(config, 5), build(config, 5), build(config, 6)
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    assert not torch.equal(one.decoder.weight, other.decoder.weight)


@pytest.mark.parametrize("probability", [0.1, 0.25, 0.3, 0.5, 0.8, 0.996])
def test_dropout_drops_its_share_and_keeps_the_mean(probability: float) -> None:
    torch.manual_seed(0)
    count = 400_003  # not a multiple of the 8 values drawn at once
    out = Dropout(probability)(torch.ones(count))
    dropped = float((out == 0).double().mean())
    assert abs(dropped - probability) < 5 * (probability * (1 - probability) / count) ** 0.5 + 1 / 65536
    torch.testing.assert_close(out[out != 0], torch.full_like(out[out != 0], 1 / (1 - probability)))


@pytest.mark.parametrize("probability", [0.3, 0.5])
def test_dropout_masks_are_independent_of_each_other(probability: float) -> None:
    torch.manual_seed(0)
    kept = (Dropout(probability)(torch.ones(2, 200_000)) != 0).double()
    for shift in (1, 2, 3, 4, 7, 8):
        correlation = np.corrcoef(kept[0, shift:].numpy(), kept[0, :-shift].numpy())[0, 1]
        assert abs(correlation) < 0.012  # 5 standard errors
    assert abs(np.corrcoef(kept.numpy())[0, 1]) < 0.012


def test_dropout_is_the_identity_when_reading_and_at_zero() -> None:
    x = torch.rand(4, 5)
    assert torch.equal(Dropout(0.5).eval()(x), x)
    assert torch.equal(Dropout(0.0).train()(x), x)


def test_dropout_passes_its_gradient_through_the_kept_values() -> None:
    x = torch.ones(1000, requires_grad=True)
    out = Dropout(0.5)(x)
    out.sum().backward()
    assert torch.equal(x.grad, out.detach())


def test_dropout_follows_every_layer_also_the_last() -> None:
    """Paper, section 3.2; torch's own `dropout=` leaves the last layer out, so one layer would have none."""
    model = build(ModelConfig(11, hidden=64, embedding=5, layers=1, dropout=0.5), seed=1).train()
    seen: list[torch.Tensor] = []
    model.decoder.register_forward_pre_hook(lambda _, given: seen.append(given[0].detach()))
    model(torch.zeros(20, 4, dtype=torch.long))
    assert 0.4 < float((seen[0] == 0).double().mean()) < 0.6


def test_detached_state_cuts_the_graph() -> None:
    model = build(ModelConfig(11, hidden=8, embedding=5, layers=2), seed=1)
    _, state = model(torch.zeros(3, 2, dtype=torch.long))
    assert state[0][0].requires_grad
    assert not any(part.requires_grad for memory in detached(state) for part in memory)


def test_chosen_takes_streams_in_the_order_asked_for() -> None:
    state = ((torch.arange(6.0).view(3, 2),),)
    assert torch.equal(chosen(state, [2, 0])[0][0], torch.tensor([[4.0, 5.0], [0.0, 1.0]]))


# Settings (fault 29: values past their limits) ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"cell": "elman"}, "choose one of rnn, gru, lstm"),
        ({"hidden": 0}, "hidden is 0, the least is 1"),
        ({"layers": -1}, "layers is -1"),
        ({"vocabulary": 0}, "vocabulary is 0"),
        ({"embedding": 0}, "embedding is 0"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"dropout": -0.1}, "dropout is -0.1"),
        ({"dropout": float("nan")}, "dropout is nan"),
        ({"embedding_dropout": 2}, "embedding_dropout is 2"),
        ({"tied": True, "hidden": 7, "embedding": 8}, "make them equal"),
        ({"hidden": 10**6}, "parameters"),
        ({"layers": 10**9}, "parameters"),
    ],
)
def test_fault_29_model_settings_past_their_limits_are_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        ModelConfig(**{"vocabulary": 10, **changes})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"epochs": -1}, "epochs is -1"),
        ({"batch": 0}, "batch is 0"),
        ({"bptt": 0}, "bptt is 0"),
        ({"optimiser": "lion"}, "choose sgd, adagrad or adamw"),
        ({"schedule": "steps"}, "choose plateau, one-cycle or constant"),
        ({"precision": "float16"}, "choose auto, float32 or bfloat16"),
        ({"learning_rate": 0}, "learning_rate is 0"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"learning_rate": float("inf")}, "learning_rate is inf"),
        ({"clip_norm": -1}, "clip_norm is -1"),
        ({"clip_value": -1}, "clip_value is -1"),
        ({"weight_decay": -1}, "weight_decay is -1"),
        ({"factor": 0}, "factor is 0"),
        ({"factor": 1.5}, "factor is 1.5"),
        ({"threads": -1}, "threads is -1"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_fault_29_training_settings_past_their_limits_are_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        TrainConfig(**changes)
