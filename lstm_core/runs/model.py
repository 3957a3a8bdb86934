"""The language model: embedding, recurrent layers, decoder, and the gate equations that expose every signal.

Tensors here are time-major: axes T tokens, B streams, U units, V vocabulary.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lstm_core.runs.cells import CELLS, Memory
from lstm_core.runs.layers import (
    LSTMWindow,
    Scratch,
    input_bias,
    new_layers,
    own_parameters,
    recurrent_sum,
    trains_in_bfloat16,
)
from lstm_core.runs.settings import ModelConfig

State = tuple[Memory, ...]  # one Memory a layer


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
        self.rnn = nn.ModuleList(new_layers(CELLS[config.cell], width, config.hidden) for width in widths)
        self.decoder = nn.Linear(config.hidden, config.vocabulary)
        self.embedding_dropout = Dropout(config.embedding_dropout)
        self.dropout = Dropout(config.dropout)
        self._scratch: list[list[Scratch]] = [[] for _ in self.rnn]
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
            if trains_in_bfloat16(layer, x):
                h, c = state[number] if state else self.zero_state(ids.shape[1])[number]
                x, *parts = LSTMWindow.apply(x, h, c, self._scratch[number], torch.bfloat16, *layer.parameters())
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
        weight = self.decoder.weight
        return tuple(
            tuple(weight.new_zeros(streams, self.config.hidden) for _ in CELLS[self.config.cell].state)
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


# The gate equations ---------------------------------------------------------------------------------------------------
#
# Streams come first here, axes (B, T, U): a block is then one matrix (B T, U), whose transpose is what a recording
# stores.


class SignalReader:
    """Runs a model in float32 and keeps what `nn.LSTM` hides: every signal of every layer.

    Works in buffers of its own: what `advance` returns is overwritten by the next call.
    """

    def __init__(self, model: LanguageModel):
        self.model, self.config = model.eval(), model.config
        self.cell = CELLS[self.config.cell]
        self._own = [own_parameters(self.cell, layer) for layer in self.model.rnn]
        self._recurrent = [recurrent_sum(own["weight_hh"]) for own in self._own]
        self._table: Tensor | None = None
        self._buffers: dict[tuple[int, str], Tensor] = {}
        if self.config.vocabulary <= 4096:  # few tokens: look their input products up instead of multiplying
            with torch.no_grad():
                self._table = torch.addmm(*self._input_terms(0, self.model.encoder.weight))  # (V, R)

    @torch.no_grad()
    def advance(self, ids: Tensor, state: State) -> tuple[list[dict[str, Tensor]], State]:
        """Signals of each layer, (B, T, U) each, while reading `ids` (B, T) from `state`; and the state after."""
        layers: list[dict[str, Tensor]] = []
        after: list[Memory] = []
        for number, own in enumerate(self._own):
            width = len(own["weight_ih"])
            products = self._buffer(number, "products", (*ids.shape, width))
            if number == 0 and self._table is not None:
                torch.index_select(self._table, 0, ids.flatten(), out=products.view(-1, width))
            else:
                x = layers[-1]["h"] if number else self.model.encoder(ids)
                torch.addmm(*self._input_terms(number, x), out=products.view(-1, width))
            others = {
                name: self._buffer(number, name, (*ids.shape, self.config.hidden))
                for name in self.cell.signals
                if name not in self.cell.blocks
            }
            into, memory = _Into(self.cell.blocks, products, others), state[number]
            for into.t in range(ids.shape[1]):
                found = self.cell.step(self._recurrent[number], products[:, into.t], memory, own, into)
                memory = tuple(found[name] for name in self.cell.state)
            into.t = slice(None)
            layers.append({name: into(name) for name in self.cell.signals})
            after.append(tuple(part.clone() for part in memory))
        return layers, tuple(after)

    def _input_terms(self, layer: int, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Bias, matrix (N, I) and matrix (I, R) whose product with sum is what a step is given."""
        own = self._own[layer]
        return input_bias(self.cell, own), x.flatten(0, -2), own["weight_ih"].t()

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


@dataclass
class _Into:
    """Where the signals of step `t` are kept: those that are blocks of rows in place of the input products (B, T, R)
    that they are made of, the others in arrays (B, T, U) of their own.
    """

    blocks: tuple[str, ...]
    products: Tensor
    others: dict[str, Tensor]
    t: int | slice = 0

    def __call__(self, *signals: str) -> Tensor:
        """One signal, or some that follow each other in the rows, (B, U) each."""
        if signals[0] in self.others:
            return self.others[signals[0]][:, self.t]
        units = self.products.shape[-1] // len(self.blocks)
        start = self.blocks.index(signals[0]) * units
        return self.products[:, self.t, start : start + len(signals) * units]
