"""Recurrent layers as modules: torch's own, and the arithmetic of an LSTM that is trained in bfloat16.

Tensors here are time-major: axes T tokens, B streams, I inputs, U units.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from lstm_core.runs.cells import Cell, Memory, Own, RecurrentSum


def own_parameters(cell: Cell, layer: nn.Module, ending: str = "_l0") -> dict[str, Tensor]:
    """The parameters of one layer by the names that its step knows; `ending` as torch writes it: "_l1_reverse"."""
    return {name: layer.get_parameter(name + ending) for name in cell.parameters}


def input_bias(cell: Cell, own: Own) -> Tensor:
    """What is added to W_ih x (R,): b_ih, and b_hh unless the step adds it."""
    return own["bias_ih"] if cell.bias_apart else own["bias_ih"] + own["bias_hh"]


def read_steps(cell: Cell, own: Own, x: Tensor, memory: Memory) -> Iterator[dict[str, Tensor]]:
    """Every signal (B, U) of one layer after each token of `x` (T, B, I), beginning with the state `memory`."""
    recurrent = recurrent_sum(own["weight_hh"])
    for terms in nn.functional.linear(x, own["weight_ih"], input_bias(cell, own)):
        signals = cell.step(recurrent, terms, memory, own, lambda *_: None)
        memory = tuple(signals[name] for name in cell.state)
        yield signals


def recurrent_sum(weight: Tensor) -> RecurrentSum:
    """The sum `terms + h @ weight.t()` of (B, G U), for a weight (G U, U) that stays the same over many steps.

    oneDNN keeps such a weight packed; a product that packs it anew at every step is 1.2 times (64 streams) to 1.6 times
    (8 streams) slower. Where this torch or processor has no such product, the ordinary one.
    """
    packed = getattr(torch.ops.mkldnn, "_linear_pointwise", None)
    if packed is None or weight.device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return lambda terms, h: torch.addmm(terms, h, weight.t())
    kept = torch.ops.mkldnn._reorder_linear_weight(weight.detach(), 32)
    return lambda terms, h: packed.binary(h, terms, kept, None, "add")


# Training in bfloat16 -------------------------------------------------------------------------------------------------
# The arithmetic of `nn.LSTM` over a window. On a processor its own gradient is slower: here that of a weight is one
# product over all tokens, and what is kept for it has its place in memory from window to window.

_sigmoid_slope = torch.ops.aten.sigmoid_backward.grad_input
_tanh_slope = torch.ops.aten.tanh_backward.grad_input


@cache
def multiplies_bfloat16() -> bool:
    """Whether the processor, and what its libraries may use of it, multiplies bfloat16: a layer takes a step."""
    with torch.random.fork_rng(devices=[]):
        layer = nn.LSTM(1, 1)
    try:
        with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
            layer(torch.zeros(1, 1, 1))
    except RuntimeError:
        return False
    return True


def trains_in_bfloat16(layer: nn.Module, x: Tensor) -> bool:
    """Whether `x` will be followed by a gradient, and the processor multiplies bfloat16."""
    return (
        isinstance(layer, nn.LSTM)
        and x.device.type == "cpu"
        and torch.is_grad_enabled()
        and torch.is_autocast_enabled("cpu")
        and torch.get_autocast_dtype("cpu") == torch.bfloat16
        and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    )


class Scratch:
    """What a layer of U units keeps of a window (T, B) for its gradient.

    It is used again for the next window: fresh pages cost as much as the arithmetic on them.
    """

    def __init__(self, shape: tuple[int, int, int], dtype: torch.dtype):
        tokens, streams, units = self.shape = shape
        self.dtype = dtype
        self.hs = torch.empty(tokens + 1, streams, units, dtype=dtype)  # the first is the state before
        self.cs = torch.empty(tokens + 1, streams, units)
        self.shown = torch.empty(tokens, streams, units)  # tanh(c)
        self.gates = torch.empty(tokens, streams, 4 * units)  # i, f, g, o
        self.slopes = torch.empty_like(self.gates, dtype=dtype)  # of the loss, by what the gates were made of


class LSTMWindow(torch.autograd.Function):
    """One LSTM layer over a window: h of each step (T, B, U), then the last h and c, (B, U) each.

    Products are taken in `dtype`; c and the gates are float32. `spare` holds scratch memory that no gradient waits for.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, h: Tensor, c: Tensor, spare: list[Scratch], dtype: torch.dtype, *weights: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        of_input, of_state, bias = weights[0].to(dtype), weights[1].to(dtype), weights[2] + weights[3]
        shape = (*x.shape[:2], h.shape[1])
        scratch = spare.pop() if spare else Scratch(shape, dtype)
        if scratch.shape != shape or scratch.dtype != dtype:  # the last window of a text is shorter
            scratch = Scratch(shape, dtype)
        hs, cs = scratch.hs, scratch.cs
        hs[0], cs[0] = h, c
        x = x.to(dtype)
        terms = nn.functional.linear(x, _with_twice_g(of_input), _with_twice_g(bias).to(dtype))  # (T, B, 4U)
        recurrent = recurrent_sum(_with_twice_g(of_state))
        for t in range(shape[0]):
            gates = scratch.gates[t].copy_(recurrent(terms[t], hs[t])).sigmoid_()
            i, f, g, o = gates.chunk(4, 1)
            g.mul_(2).sub_(1)  # tanh(x) = 2 sigmoid(2 x) - 1: this tanh takes five times as long
            torch.mul(f, cs[t], out=cs[t + 1]).addcmul_(i, g)
            shown = torch.mul(cs[t + 1], 2, out=scratch.shown[t]).sigmoid_().mul_(2).sub_(1)
            torch.mul(shown, o, out=hs[t + 1])
        ctx.scratch, ctx.spare = scratch, spare
        ctx.save_for_backward(x, of_input, of_state)
        return hs[1:].clone(), hs[-1].clone(), cs[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_hs: Tensor, of_h: Tensor, of_c: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        x, input_weight, state_weight = ctx.saved_tensors
        scratch: Scratch | None = ctx.scratch
        if scratch is None:
            raise RuntimeError("the gradient of this window was taken before: run the model again for another")
        gates, slopes = scratch.gates, scratch.slopes
        recurrent = recurrent_sum(state_weight.t().contiguous())
        of_hs, of_c = of_hs.contiguous(), of_c.clone()
        now, by_c = torch.empty_like(gates[0]), torch.empty_like(of_c)  # (B, 4U), (B, U)
        now_i, now_f, now_g, now_o = now.chunk(4, 1)
        two_gates = 2 * scratch.shape[2]
        of_h = of_h + of_hs[-1]
        for t in reversed(range(len(gates))):
            i, f, g, o = gates[t].chunk(4, 1)
            shown, by_h = scratch.shown[t], of_h.float()
            torch.mul(by_h, o, out=by_c)
            of_c += _tanh_slope(by_c, shown, grad_input=by_c)
            torch.mul(of_c, g, out=now_i)
            torch.mul(of_c, scratch.cs[t], out=now_f)
            torch.mul(of_c, i, out=now_g)
            torch.mul(by_h, shown, out=now_o)
            both, their = now[:, :two_gates], gates[t, :, :two_gates]
            _sigmoid_slope(both, their, grad_input=both)
            _tanh_slope(now_g, g, grad_input=now_g)
            _sigmoid_slope(now_o, o, grad_input=now_o)
            slopes[t] = now
            of_c *= f
            of_h = recurrent(of_hs[t - 1] if t else torch.zeros_like(of_h), slopes[t])
        flat = slopes.flatten(0, 1)  # (T B, 4U)
        of_x = (flat @ input_weight).view(x.shape)
        of_input = flat.t() @ x.flatten(0, 1)
        of_state = flat.t() @ scratch.hs[:-1].flatten(0, 1)
        of_bias = flat.sum(0)
        ctx.spare.append(scratch)
        ctx.scratch = None
        return of_x, of_h, of_c, None, None, of_input, of_state, of_bias, of_bias


def _with_twice_g(weight: Tensor) -> Tensor:
    """A copy whose candidate rows (the third of four blocks) are doubled, which is exact."""
    i, f, g, o = weight.chunk(4)
    return torch.cat((i, f, 2 * g, o))
