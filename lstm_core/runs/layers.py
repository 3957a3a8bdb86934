"""Recurrent layers as modules: torch's own, those that take a step at a time, and an LSTM trained in bfloat16.

Tensors here are time-major: axes T tokens, B streams, I inputs, U units.
"""

from collections.abc import Iterator
from functools import cache, cached_property, partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from lstm_core.runs.cells import Memory, Own, RecurrentCell, RecurrentSum


def new_layers(
    cell: RecurrentCell, inputs: int, units: int, layers: int = 1, *, bidirectional: bool = False, dropout: float = 0.0
) -> nn.Module:
    """Recurrent layers with weights drawn from the global generator: torch's own where its kernels know the cell."""
    make = getattr(nn, cell.kernel) if cell.kernel else partial(SteppedLayers, cell)
    found: nn.Module = make(inputs, units, layers, bidirectional=bidirectional, dropout=dropout if layers > 1 else 0.0)
    return found


def own_parameters(cell: RecurrentCell, layer: nn.Module, ending: str = "_l0") -> dict[str, Tensor]:
    """The parameters of one layer by the names that its step knows; `ending` as torch writes it: "_l1_reverse"."""
    return {name: layer.get_parameter(name + ending) for name in cell.parameters}


def input_bias(cell: RecurrentCell, own: Own) -> Tensor:
    """What is added to W_ih x (R,): b_ih, and b_hh unless the step adds it."""
    return own["bias_ih"] if cell.bias_apart else own["bias_ih"] + own["bias_hh"]


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


class SteppedLayers(nn.Module):
    """Recurrent layers that take a step at a time, with names, first weights and calls of nn.LSTM: from (T, B, I), or
    packed texts, to (T, B, U) for each direction, or packed, and the state after the last token.
    """

    def __init__(
        self,
        cell: RecurrentCell,
        inputs: int,
        units: int,
        layers: int = 1,
        *,
        bidirectional: bool = False,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.cell, self.layers, self.dropout = cell, layers, dropout
        self.endings = ("", "_reverse") if bidirectional else ("",)
        spread = units**-0.5
        for layer in range(layers):
            width = units * len(self.endings) if layer else inputs
            for ending in self.endings:
                for name, shape in cell.shapes(width, units).items():
                    value = nn.Parameter(torch.empty(shape).uniform_(-spread, spread))
                    self.register_parameter(f"{name}_l{layer}{ending}", value)

    def forward(self, x: Any, state: Any = None) -> tuple[Any, Any]:
        """`state` and what is returned of it as torch has it: (1, B, U), two of them in a tuple for a cell of two.

        Only one layer in one direction that reads no packed texts begins with a state, and returns one.
        """
        if isinstance(x, PackedSequence):
            padded, lengths = pad_packed_sequence(x)
            return pack_padded_sequence(self._stacked(padded, lengths), lengths, enforce_sorted=False), None
        if self.layers > 1 or len(self.endings) > 1:
            return self._stacked(x, torch.full((x.shape[1],), len(x))), None
        given = state if isinstance(state, tuple) else None if state is None else (state,)
        hs, memory = self._direction("_l0", x, given and tuple(part[0] for part in given))
        after = tuple(part[None] for part in memory)
        return hs, after if len(after) > 1 else after[0]

    def _stacked(self, x: Tensor, lengths: Tensor) -> Tensor:
        """h of the last layer (T, B, D U); what stands behind the end of a text, of `lengths` (B,), means nothing."""
        steps, streams = torch.arange(len(x))[:, None], torch.arange(len(lengths))
        mirrored = (
            torch.where(steps < lengths, lengths - 1 - steps, steps),
            streams,
        )  # from each text's end to its start
        for layer in range(self.layers):
            if layer:
                x = nn.functional.dropout(x, self.dropout, self.training)
            said = [self._direction(f"_l{layer}", x)[0]]
            if len(self.endings) > 1:
                said.append(self._direction(f"_l{layer}_reverse", x[mirrored])[0][mirrored])
            x = torch.cat(said, dim=2)
        return x

    def _direction(self, ending: str, x: Tensor, memory: Memory | None = None) -> tuple[Tensor, Memory]:
        """h after each token (T, B, U) of one direction of a layer, and the state after the last."""
        own, hs = own_parameters(self.cell, self, ending), []
        for signals in read_steps(self.cell, own, x, memory):
            hs.append(signals["h"])
        return torch.stack(hs), tuple(signals[name] for name in self.cell.state)


def read_steps(cell: RecurrentCell, own: Own, x: Tensor, memory: Memory | None = None) -> Iterator[dict[str, Tensor]]:
    """Every signal (B, U) of one layer after each token of `x` (T, B, I), from the state `memory`, else from zeros.

    Products of the input are taken at once, under autocast in its precision; what steps make of them is float32.
    """
    if memory is None:
        zeros = own["weight_hh"].new_zeros(x.shape[1], own["weight_hh"].shape[1])
        memory = (zeros,) * len(cell.state)
    terms = nn.functional.linear(x, own["weight_ih"], input_bias(cell, own))  # (T, B, R)
    taken = _Products(own["weight_hh"].detach().to(terms.dtype))
    gathered = _GatheredSlope.apply(own["weight_hh"], taken)

    def recurrent(term: Tensor, h: Tensor) -> Tensor:
        found: Tensor = _StateProduct.apply(term.to(terms.dtype), h.to(terms.dtype), gathered, taken)
        return found.float()

    for term in terms.unbind():
        signals = cell.step(recurrent, term, memory, own, lambda *_: None)
        memory = tuple(signals[name] for name in cell.state)
        yield signals


class _Products:
    """The products of a window with W_hh. Its gradient is one product over all steps, whose `pairs` of h and slope are
    held until then: one a step would move the whole matrix each time.
    """

    def __init__(self, weight: Tensor):
        self.weight, self.pairs = weight, list[tuple[Tensor, Tensor]]()
        self.forward = recurrent_sum(weight)

    @cached_property
    def backward(self) -> RecurrentSum:
        """The same with the transpose."""
        return recurrent_sum(self.weight.t().contiguous())


class _GatheredSlope(torch.autograd.Function):
    """Where the gradient of W_hh is taken: what this returns goes into each product, so it is asked after them all."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, taken: _Products) -> Tensor:
        ctx.taken, ctx.dtype = taken, weight.dtype
        return weight.new_zeros(())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, _: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        hs, slopes = (torch.cat(parts) for parts in zip(*ctx.taken.pairs, strict=True))
        ctx.taken.pairs.clear()
        return (slopes.t() @ hs).to(ctx.dtype), None


class _StateProduct(torch.autograd.Function):
    """terms + h W_hh^T of one step, (B, R)."""

    @staticmethod
    def forward(ctx: Any, terms: Tensor, h: Tensor, gathered: Tensor, taken: _Products) -> Tensor:
        ctx.save_for_backward(h)
        ctx.taken = taken
        return taken.forward(terms, h)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        (h,) = ctx.saved_tensors
        ctx.taken.pairs.append((h, slope))
        return slope, ctx.taken.backward(torch.zeros_like(h), slope), None, None


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
