"""Layers that take a step at a time: against torch's own where it has the cell, and against a plain gradient."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from lstm_core.runs import layers as made
from lstm_core.runs.cells import CELLS, RecurrentCell
from lstm_core.runs.layers import SteppedLayers, input_bias, new_layers, own_parameters

pytestmark = pytest.mark.numeric

WITH_KERNEL = [name for name, cell in CELLS.items() if cell.kernel]
LENGTHS = torch.tensor([4, 9, 1])


def seeded(make: Any, *given: Any, **shape: Any) -> nn.Module:
    torch.manual_seed(3)
    found: nn.Module = make(*given, **shape)
    return found


def packed(layers: nn.Module, x: Tensor) -> Tensor:
    return pad_packed_sequence(layers(pack_padded_sequence(x, LENGTHS, enforce_sorted=False))[0])[0]


@pytest.mark.parametrize("cell", CELLS)
def test_torchs_own_layers_are_taken_where_there_are_any(cell: str) -> None:
    assert type(new_layers(CELLS[cell], 5, 7)) is getattr(nn, CELLS[cell].kernel or "_", SteppedLayers)


@pytest.mark.parametrize("shape", [{}, {"layers": 3}, {"bidirectional": True}, {"bidirectional": True, "layers": 2}])
@pytest.mark.parametrize("cell", WITH_KERNEL)
def test_weights_values_and_gradients_are_those_of_torch(cell: str, shape: dict[str, Any]) -> None:
    torchs = seeded(new_layers, CELLS[cell], 5, 7, **shape)
    ours = seeded(SteppedLayers, CELLS[cell], 5, 7, **shape)
    for (name, value), (other, theirs) in zip(ours.named_parameters(), torchs.named_parameters(), strict=True):
        assert name == other and torch.equal(value, theirs)
    x = torch.randn(9, 3, 5, requires_grad=True)
    found = []
    for layers in (torchs, ours):
        values = packed(layers, x), layers(x)[0]
        slopes = torch.autograd.grad(sum(value.sin().sum() for value in values), [x, *layers.parameters()])
        found.append([*values, *slopes])
    torch.testing.assert_close(found[1], found[0], atol=2e-5, rtol=2e-4)


@pytest.mark.parametrize("cell", WITH_KERNEL)
def test_states_come_and_go_as_those_of_torch(cell: str) -> None:
    torchs, ours = seeded(new_layers, CELLS[cell], 5, 7), seeded(SteppedLayers, CELLS[cell], 5, 7)
    x, found = torch.randn(9, 3, 5), []
    for layers in (torchs, ours):
        first, state = layers(x[:4])
        second, last = layers(x[4:], state)
        found.append([first, second, *state, *last])
    torch.testing.assert_close(found[1], found[0])


def plain(cell: RecurrentCell, layers: nn.Module, x: Tensor) -> Tensor:
    """h of one layer (T, B, U), its gradient left to torch alone."""
    own = own_parameters(cell, layers)
    memory = (torch.zeros(x.shape[1], own["weight_hh"].shape[1]),) * len(cell.state)
    hs = []
    for terms in x @ own["weight_ih"].t() + input_bias(cell, own):
        signals = cell.step(lambda t, h: t + h @ own["weight_hh"].t(), terms, memory, own, lambda *_: None)
        memory = tuple(signals[name] for name in cell.state)
        hs.append(signals["h"])
    return torch.stack(hs)


@pytest.mark.parametrize("cell", CELLS)
def test_a_gradient_of_all_steps_at_once_is_that_of_each(cell: str) -> None:
    layers, x = seeded(SteppedLayers, CELLS[cell], 5, 7), torch.randn(9, 3, 5, requires_grad=True)
    for _ in range(2):  # what was held for one is not there for the next
        slopes = [
            torch.autograd.grad(hs.sin().sum(), [x, *layers.parameters()])
            for hs in (layers(x)[0], plain(CELLS[cell], layers, x))
        ]
        torch.testing.assert_close(slopes[0], slopes[1], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("cell", CELLS)
def test_under_autocast_products_are_bfloat16_and_states_float32(cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the ordinary product: not every processor has the packed one."""
    monkeypatch.setattr(made, "recurrent_sum", lambda weight: lambda terms, h: torch.addmm(terms, h, weight.t()))
    layers, x = seeded(SteppedLayers, CELLS[cell], 5, 7), torch.randn(9, 3, 5)
    exact = layers(x)[0]
    with torch.autocast("cpu", torch.bfloat16):
        hs, _ = layers(x)
    hs.sum().backward()
    assert hs.dtype == torch.float32 and 0 < (hs - exact).abs().max() < 0.05
    assert all(value.grad.dtype == torch.float32 and value.grad.abs().max() > 0 for value in layers.parameters())


def test_dropout_stands_between_layers_alone() -> None:
    cell = next(iter(CELLS.values()))
    one, two = (seeded(SteppedLayers, cell, 5, 64, layers, dropout=0.5).train() for layers in (1, 2))
    x = torch.randn(9, 3, 5)
    assert torch.equal(one(x)[0], one(x)[0])
    assert not torch.equal(two(x)[0], two(x)[0])
    assert torch.equal(two.eval()(x)[0], two(x)[0])
