"""The language model: embedding, recurrent layers, decoder, and the gate equations that expose every signal.

Tensors here are time-major: axes T tokens, B streams, U units, V vocabulary.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from lstm_core.runs.settings import ModelConfig

Memory = tuple[Tensor, ...]  # one layer's state: (h, c) for an LSTM, (h,) for the others; each (B, U)
State = tuple[Memory, ...]  # one Memory a layer
RecurrentSum = Callable[[Tensor, Tensor], Tensor]

_MODULES: dict[str, Callable[[int, int], nn.RNNBase]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class Dropout(nn.Module):
    """Dropout whose mask costs one random byte (or two) a value instead of one random float.

    Drawing the mask was 14 % of a training step with `nn.Dropout`. The probability is exact to 1/256 where
    `256 * probability` is whole (0.5, 0.25 ...), else to 1/65536.
    """

    def __init__(self, probability: float):
        super().__init__()
        self.probability = probability
        self._dtype, self._steps = (torch.uint8, 256) if (probability * 256).is_integer() else (torch.uint16, 65536)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.probability == 0:
            return x
        per_draw = 8 if self._dtype == torch.uint8 else 4
        draws = torch.empty(-(-x.numel() // per_draw), dtype=torch.int64, device=x.device)
        levels = draws.random_(-(2**63), None).view(self._dtype)[: x.numel()].view(x.shape)
        if self._dtype == torch.uint16:  # torch compares no uint16: the same order, shifted into int16
            threshold = round(self.probability * self._steps) - 32768
            keep = levels.view(torch.int16) >= threshold
        else:
            keep = levels >= round(self.probability * self._steps)
        return x * keep.to(x.dtype).mul_(1 / (1 - self.probability))

    def extra_repr(self) -> str:
        return str(self.probability)


class LanguageModel(nn.Module):
    """Predicts the next token from those before it; weights drawn from the global torch generator.

    Source: paper section 3.2, thesis chapter 4. `rnn` is a list of one-layer torch modules, so that dropout can follow
    each of them.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.encoder = nn.Embedding(config.vocabulary, config.embedding)
        widths = [config.embedding] + [config.hidden] * (config.layers - 1)
        self.rnn = nn.ModuleList(_MODULES[config.cell](width, config.hidden) for width in widths)
        self.decoder = nn.Linear(config.hidden, config.vocabulary)
        self.embedding_dropout = Dropout(config.embedding_dropout)
        self.dropout = Dropout(config.dropout)
        self._scratch: list[list[_Scratch]] = [[] for _ in self.rnn]
        nn.init.uniform_(self.encoder.weight, -0.1, 0.1)
        nn.init.uniform_(self.decoder.weight, -0.1, 0.1)
        nn.init.zeros_(self.decoder.bias)
        if config.tied:
            self.decoder.weight = self.encoder.weight

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Logits (T, B, V) for the token after each of `ids` (T, B), and the state after the last."""
        x = self.embedding_dropout(self.encoder(ids))  # (T, B, E)
        after: list[Memory] = []
        for number, layer in enumerate(self.rnn):
            if _trains_in_bfloat16(layer, x):
                h, c = state[number] if state else self.zero_state(ids.shape[1])[number]
                x, *parts = _LSTMWindow.apply(x, h, c, self._scratch[number], torch.bfloat16, *layer.parameters())
                after.append(tuple(parts))
            else:
                before = None if state is None else tuple(part.unsqueeze(0) for part in state[number])
                x, memory = layer(x, before if before is None or len(before) == 2 else before[0])  # (T, B, U)
                parts = memory if isinstance(memory, tuple) else (memory,)
                after.append(tuple(part.squeeze(0) for part in parts))
            x = self.dropout(x)
        return self.decoder(x), tuple(after)

    def zero_state(self, streams: int) -> State:
        """The state before any token: zeros, (B, U) each."""
        parts = 2 if self.config.cell == "lstm" else 1
        weight = self.decoder.weight
        return tuple(
            tuple(weight.new_zeros(streams, self.config.hidden) for _ in range(parts))
            for _ in range(self.config.layers)
        )


def build(config: ModelConfig, seed: int) -> LanguageModel:
    """A model with weights drawn from `seed`: the same seed, the same weights. The global generator is untouched."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LanguageModel(config)


def detached(state: State) -> State:
    """The same state cut off from the graph: truncated backpropagation through time."""
    return tuple(tuple(part.detach() for part in memory) for memory in state)


def chosen(state: State, streams: Sequence[int] | Tensor) -> State:
    """The state of some of the streams, in that order."""
    return tuple(tuple(part[streams] for part in memory) for memory in state)


def joined(states: Sequence[State]) -> State:
    """The streams of several states as one state, in order."""
    return tuple(
        tuple(torch.cat(parts) for parts in zip(*memories, strict=True)) for memories in zip(*states, strict=True)
    )


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


def _trains_in_bfloat16(layer: nn.Module, x: Tensor) -> bool:
    """Whether `x` will be followed by a gradient, and the processor multiplies bfloat16."""
    return (
        isinstance(layer, nn.LSTM)
        and x.device.type == "cpu"
        and torch.is_grad_enabled()
        and torch.is_autocast_enabled("cpu")
        and torch.get_autocast_dtype("cpu") == torch.bfloat16
        and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    )


class _Scratch:
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


class _LSTMWindow(torch.autograd.Function):
    """One LSTM layer over a window: h of each step (T, B, U), then the last h and c, (B, U) each.

    Products are taken in `dtype`; c and the gates are float32. `spare` holds scratch memory that no gradient waits for.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, h: Tensor, c: Tensor, spare: list[_Scratch], dtype: torch.dtype, *weights: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        of_input, of_state, bias = weights[0].to(dtype), weights[1].to(dtype), weights[2] + weights[3]
        shape = (*x.shape[:2], h.shape[1])
        scratch = spare.pop() if spare else _Scratch(shape, dtype)
        if scratch.shape != shape or scratch.dtype != dtype:  # the last window of a text is shorter
            scratch = _Scratch(shape, dtype)
        hs, cs = scratch.hs, scratch.cs
        hs[0], cs[0] = h, c
        x = x.to(dtype)
        terms = nn.functional.linear(x, _with_twice_g(of_input), _with_twice_g(bias).to(dtype))  # (T, B, 4U)
        recurrent_sum = _recurrent_sum(_with_twice_g(of_state))
        for t in range(shape[0]):
            gates = scratch.gates[t].copy_(recurrent_sum(terms[t], hs[t])).sigmoid_()
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
        scratch: _Scratch | None = ctx.scratch
        if scratch is None:
            raise RuntimeError("the gradient of this window was taken before: run the model again for another")
        gates, slopes = scratch.gates, scratch.slopes
        recurrent_sum = _recurrent_sum(state_weight.t().contiguous())
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
            of_h = recurrent_sum(of_hs[t - 1] if t else torch.zeros_like(of_h), slopes[t])
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


# The gate equations ---------------------------------------------------------------------------------------------------
#
# Streams come first here, axes (B, T, U): a block is then one matrix (B T, U), whose transpose is what a recording
# stores.


class SignalReader:
    """Runs a model in float32 and keeps what `nn.LSTM` hides: every signal of every layer.

    Equations: Hochreiter and Schmidhuber 1997 with forget gate; Cho et al. 2014; Elman 1990, all as in torch.nn.
    Works in buffers of its own: what `advance` returns is overwritten by the next call.
    """

    def __init__(self, model: LanguageModel):
        self.model, self.config = model.eval(), model.config
        self._read, self._outputs = _EQUATIONS[self.config.cell]
        self._recurrent = [_recurrent_sum(layer.get_parameter("weight_hh_l0")) for layer in self.model.rnn]
        self._table: Tensor | None = None
        self._buffers: dict[tuple[int, str], Tensor] = {}
        if self.config.vocabulary <= 4096:  # few tokens: look their input products up instead of multiplying
            with torch.no_grad():
                self._table = torch.addmm(*_input_terms(self.model.rnn[0], self.model.encoder.weight))  # (V, G U)

    @torch.no_grad()
    def advance(self, ids: Tensor, state: State) -> tuple[list[dict[str, Tensor]], State]:
        """Signals of each layer, (B, T, U) each, while reading `ids` (B, T) from `state`; and the state after."""
        layers: list[dict[str, Tensor]] = []
        after: list[Memory] = []
        for number, layer in enumerate(self.model.rnn):
            width = layer.get_parameter("weight_ih_l0").shape[0]
            products = self._buffer(number, "products", (*ids.shape, width))
            if number == 0 and self._table is not None:
                torch.index_select(self._table, 0, ids.flatten(), out=products.view(-1, width))
            else:
                x = layers[-1]["h"] if number else self.model.encoder(ids)
                torch.addmm(*_input_terms(layer, x), out=products.view(-1, width))
            outputs = [self._buffer(number, name, (*ids.shape, self.config.hidden)) for name in self._outputs]
            signals = self._read(layer, self._recurrent[number], products, state[number], *outputs)
            layers.append(signals)
            after.append(tuple(signals[part][:, -1].clone() for part in ("h", "c")[: len(state[number])]))
        return layers, tuple(after)

    def _buffer(self, layer: int, name: str, shape: tuple[int, ...]) -> Tensor:
        """Memory that is kept from call to call: fresh pages cost as much as the arithmetic on them."""
        size = math.prod(shape)
        kept = self._buffers.get((layer, name))
        if kept is None or kept.numel() < size:
            kept = self._buffers[layer, name] = self.model.decoder.weight.new_empty(size)
        return kept[:size].view(shape)

    @torch.no_grad()
    def log_probability(self, h: Tensor, targets: Tensor, rows: int = 2**24) -> Tensor:
        """Natural log of the probability given to `targets` (B, T) after the last layer's `h` (B, T, U)."""
        flat, wanted = h.flatten(0, 1), targets.flatten()
        step = max(1, rows // self.config.vocabulary)  # bounds the logits of a large vocabulary to 64 MiB
        found = [
            -nn.functional.cross_entropy(self.model.decoder(flat[k : k + step]), wanted[k : k + step], reduction="none")
            for k in range(0, len(flat), step)
        ]
        return torch.cat(found).view(targets.shape)


def _input_terms(layer: nn.Module, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Bias, matrix (N, I) and matrix (I, G U) whose product with sum is W_ih x + b_ih, and b_hh where it is added."""
    bias: Tensor = layer.get_parameter("bias_ih_l0")
    if not isinstance(layer, nn.GRU):
        bias = bias + layer.get_parameter("bias_hh_l0")
    return bias, x.flatten(0, -2), layer.get_parameter("weight_ih_l0").t()


def _recurrent_sum(weight: Tensor) -> RecurrentSum:
    """The sum `terms + h @ weight.t()` of (B, G U), for a weight (G U, U) that stays the same over many steps.

    oneDNN keeps such a weight packed; a product that packs it anew at every step is 1.2 times (64 streams) to 1.6 times
    (8 streams) slower. Where this torch or processor has no such product, the ordinary one.
    """
    packed = getattr(torch.ops.mkldnn, "_linear_pointwise", None)
    if packed is None or weight.device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return lambda terms, h: torch.addmm(terms, h, weight.t())
    kept = torch.ops.mkldnn._reorder_linear_weight(weight.detach(), 32)
    return lambda terms, h: packed.binary(h, terms, kept, None, "add")


def _lstm_signals(
    layer: nn.Module, recurrent_sum: RecurrentSum, gates: Tensor, memory: Memory, hs: Tensor, cs: Tensor
) -> dict[str, Tensor]:
    """Fills `hs` and `cs` (B, T, U); `gates` (B, T, 4U) comes in as input products and leaves as i, f, g, o."""
    units = hs.shape[2]
    i, f, g, o = gates.split(units, 2)
    h, c = memory
    for t in range(hs.shape[1]):
        now = recurrent_sum(gates[:, t], h)  # (B, 4U)
        torch.sigmoid(now[:, : 2 * units], out=gates[:, t, : 2 * units])
        torch.tanh(now[:, 2 * units : 3 * units], out=g[:, t])
        torch.sigmoid(now[:, 3 * units :], out=o[:, t])
        c = torch.mul(f[:, t], c, out=cs[:, t]).addcmul_(i[:, t], g[:, t])
        h = torch.tanh(c, out=hs[:, t]).mul_(o[:, t])
    return {"h": hs, "c": cs, "i": i, "f": f, "g": g, "o": o}


def _gru_signals(
    layer: nn.Module, recurrent_sum: RecurrentSum, products: Tensor, memory: Memory, hs: Tensor
) -> dict[str, Tensor]:
    units = hs.shape[2]
    bias = layer.get_parameter("bias_hh_l0")
    (h,) = memory
    for t in range(hs.shape[1]):
        now, of_state = products[:, t], recurrent_sum(bias.expand(len(h), -1), h)  # (B, 3U)
        now[:, : 2 * units].add_(of_state[:, : 2 * units]).sigmoid_()
        r, z, n = now.split(units, 1)
        n.addcmul_(r, of_state[:, 2 * units :]).tanh_()
        h = torch.lerp(n, h, z, out=hs[:, t])  # (1 - z) n + z h
    r, z, n = products.split(units, 2)
    return {"h": hs, "r": r, "z": z, "n": n}


def _rnn_signals(layer: nn.Module, recurrent_sum: RecurrentSum, products: Tensor, memory: Memory) -> dict[str, Tensor]:
    (h,) = memory
    for t in range(products.shape[1]):
        h = torch.tanh(recurrent_sum(products[:, t], h), out=products[:, t])
    return {"h": products}


# By cell, with the signals that they fill beside what comes in as input products.
_EQUATIONS: dict[str, tuple[Callable[..., dict[str, Tensor]], tuple[str, ...]]] = {
    "lstm": (_lstm_signals, ("h", "c")),
    "gru": (_gru_signals, ("h",)),
    "rnn": (_rnn_signals, ()),
}
