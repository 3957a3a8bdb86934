"""The LSTM layer that bfloat16 training goes through, against nn.LSTM: values, states and every gradient."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from lstm_core.runs import train as training
from lstm_core.runs.layers import LSTMWindow, Scratch, multiplies_bfloat16
from lstm_core.runs.model import build
from lstm_core.runs.run import Run
from lstm_core.runs.settings import ModelConfig, TrainConfig
from lstm_core.runs.store import list_runs
from lstm_core.storage.files import write_json
from lstm_core.text.corpus import Corpus, keep_text

pytestmark = pytest.mark.numeric

NAMES = ("h", "last h", "last c", "by x", "by h", "by c", "by w_ih", "by w_hh", "by b_ih", "by b_hh")

with_bfloat16 = pytest.mark.skipif(not multiplies_bfloat16(), reason="this processor does not multiply bfloat16")


def case(
    tokens: int, streams: int, width: int, units: int, seed: int = 0
) -> tuple[nn.LSTM, list[Tensor], list[Tensor]]:
    """A layer, its input (T, B, I), h and c (B, U), and the factors of a loss that is linear in all three results."""
    generator = torch.Generator().manual_seed(seed)
    layer = nn.LSTM(width, units)
    with torch.no_grad():
        for value in layer.parameters():
            value.uniform_(-1, 1, generator=generator)
    shapes = [(tokens, streams, width), (streams, units), (streams, units)]
    inputs = [torch.randn(shape, generator=generator).requires_grad_() for shape in shapes]
    shapes[0] = (tokens, streams, units)
    return layer, inputs, [torch.randn(shape, generator=generator) for shape in shapes]


def with_gradients(results: tuple[Tensor, ...], factors: list[Tensor], inputs: list[Tensor]) -> dict[str, Tensor]:
    """The results and the gradients of their sum weighted by `factors`, by name."""
    loss = sum((result.float() * factor).sum() for result, factor in zip(results, factors, strict=True))
    assert isinstance(loss, Tensor)
    found = (*results, *torch.autograd.grad(loss, inputs))
    return {name: value.detach().clone() for name, value in zip(NAMES, found, strict=True)}


def by_torch(layer: nn.LSTM, inputs: list[Tensor], factors: list[Tensor], bfloat16: bool = False) -> dict[str, Tensor]:
    x, h, c = inputs
    with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        y, (last_h, last_c) = layer(x, (h[None], c[None]))
    return with_gradients((y, last_h[0], last_c[0]), factors, [*inputs, *layer.parameters()])


def by_window(
    layer: nn.LSTM,
    inputs: list[Tensor],
    factors: list[Tensor],
    spare: list[Scratch] | None = None,
    dtype: torch.dtype = torch.float32,
) -> dict[str, Tensor]:
    results = LSTMWindow.apply(*inputs, [] if spare is None else spare, dtype, *layer.parameters())
    return with_gradients(results, factors, [*inputs, *layer.parameters()])


def assert_same(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    for name, value in expected.items():
        torch.testing.assert_close(
            found[name], value, atol=2e-5, rtol=2e-4, msg=lambda text, name=name: f"{name}: {text}"
        )


# Against nn.LSTM ------------------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 6), st.integers(1, 9), st.integers(0, 99))
def test_in_float32_values_states_and_gradients_are_those_of_torch(
    tokens: int, streams: int, width: int, units: int, seed: int
) -> None:
    made = case(tokens, streams, width, units, seed)
    assert_same(by_window(*made), by_torch(*made))


@with_bfloat16
def test_in_bfloat16_it_is_no_further_from_float32_than_torch_is() -> None:
    """Root mean squares of the differences, over a window long enough for errors to add up."""
    made = case(80, 16, 48, 64)
    with torch.no_grad():
        for value in made[0].parameters():
            value.mul_(0.2)  # else the layer is chaotic, and so is every difference
    exact, theirs = by_torch(*made), by_torch(*made, bfloat16=True)
    ours = by_window(*made, dtype=torch.bfloat16)
    for name, value in exact.items():
        scale = value.square().mean().sqrt()
        off, other = (((found[name].float() - value).square().mean().sqrt() / scale).item() for found in (ours, theirs))
        assert 0 < off < 1.3 * other, name
        assert off < 0.02, name


@with_bfloat16
def test_a_model_in_training_takes_it_for_lstm_under_bfloat16_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[torch.dtype] = []
    apply = LSTMWindow.apply
    monkeypatch.setattr(LSTMWindow, "apply", lambda *given: taken.append(given[4]) or apply(*given))
    ids = torch.arange(12).view(4, 3) % 7
    for cell, precision, gradient in (
        ("lstm", torch.float32, True),
        ("gru", torch.bfloat16, True),
        ("rnn", torch.bfloat16, True),
        ("lstm", torch.bfloat16, False),
        ("lstm", torch.bfloat16, True),
    ):
        assert not taken
        model = build(ModelConfig(7, cell, embedding=5, hidden=8, layers=2, dropout=0.0), 1)  # type: ignore[arg-type]
        with torch.set_grad_enabled(gradient), torch.autocast("cpu", precision, enabled=precision != torch.float32):
            logits, state = model(ids)
            again, _ = model(ids, state)
        assert logits.shape == again.shape == (4, 3, 7)
        assert not torch.equal(logits, again)
    assert taken == [torch.bfloat16] * 4


# Memory that is used again --------------------------------------------------------------------------------------------


def test_scratch_memory_goes_from_window_to_window_and_changes_no_gradient() -> None:
    layer, inputs, factors = case(7, 3, 5, 6)
    spare: list[Scratch] = []
    by_window(layer, inputs, factors, spare)
    (first,) = spare
    short = case(4, 3, 5, 6, seed=1)
    assert_same(by_window(layer, short[1], short[2], spare), by_torch(layer, short[1], short[2]))
    assert [scratch.shape for scratch in spare] == [(4, 3, 6)]
    assert spare[0] is not first
    kept = spare[0]
    other = case(4, 3, 5, 6, seed=2)
    assert_same(by_window(layer, other[1], other[2], spare), by_torch(layer, other[1], other[2]))
    assert spare == [kept]


def test_two_windows_may_wait_for_their_gradients_at_once() -> None:
    layer, *one = case(6, 2, 4, 5)
    two = case(6, 2, 4, 5, seed=1)[1:]
    spare: list[Scratch] = []
    by_window(layer, *one, spare)  # leaves scratch memory that only one of them can have
    results = [LSTMWindow.apply(*inputs, spare, torch.float32, *layer.parameters()) for inputs, _ in (one, two)]
    for result, (inputs, factors) in zip(results, (one, two), strict=True):
        found = with_gradients(result, factors, [*inputs, *layer.parameters()])
        assert_same(found, by_torch(layer, inputs, factors))


def test_results_outlive_the_next_window() -> None:
    layer, inputs, factors = case(6, 2, 4, 5)
    spare: list[Scratch] = []
    results = LSTMWindow.apply(*inputs, spare, torch.float32, *layer.parameters())
    with_gradients(results, factors, [*inputs, *layer.parameters()])
    before = [result.detach().clone() for result in results]
    by_window(layer, *case(6, 2, 4, 5, seed=1)[1:], spare)
    for result, value in zip(results, before, strict=True):
        assert torch.equal(result, value)


def test_a_gradient_is_taken_once() -> None:
    layer, inputs, _ = case(3, 2, 4, 5)
    y, _, _ = LSTMWindow.apply(*inputs, [], torch.float32, *layer.parameters())
    y.sum().backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="was taken before: run the model again"):
        y.sum().backward()


def test_scratch_memory_is_no_part_of_the_weights_and_not_shared_by_copies() -> None:
    model = build(ModelConfig(7, embedding=5, hidden=8, layers=2), 1)
    assert copy.deepcopy(model)._scratch is not model._scratch
    assert set(model.state_dict()) == {name for name, _ in model.named_parameters()}


# Where there is none --------------------------------------------------------------------------------------------------


def test_without_bfloat16_a_wish_for_it_is_refused_before_anything_is_written_and_auto_takes_float32(
    small_run: Callable[..., Run], corpus: Corpus, cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = small_run()
    elsewhere = {**run.config, "training": {**run.config["training"], "precision": "bfloat16"}}
    keep_text("book", b"the river runs over the house " * 50)
    monkeypatch.setattr(training, "training_device", lambda: torch.device("cpu"))
    monkeypatch.setattr(training, "multiplies_bfloat16", lambda: False)
    assert training.autocast_dtype(TrainConfig(precision="auto")) is None
    with pytest.raises(ValueError, match="does not multiply bfloat16: choose float32, or auto"):
        small_run("other", training={"precision": "bfloat16"})
    code, _, told = cli("train", "fresh", "--corpus", "book", "--preset", "tiny", "--precision", "bfloat16")
    assert code == 2 and "does not multiply bfloat16: choose float32, or auto" in told
    assert {"other", "fresh"}.isdisjoint(one.name for one in list_runs())
    write_json(run.folder / "config.json", elsewhere)
    with pytest.raises(ValueError, match="A run that began elsewhere goes on as a new one"):
        next(training.train(Run(run.folder), corpus))
    assert Run(run.folder).status == "not started"
