"""The recurrent cells: one entry each, which training, reading, files, verbs and pages go by. Loads no torch by itself.

To add a cell: write its step, give it an entry in CELLS, and a row in SIGNALS for each signal that no other cell has;
then its textbook step in numpy in `tests/textbook.py`, which the tests of all cells read, and its line in the README.

A step takes a layer from one token to the next, for B streams, U units, R = units times blocks of rows:

    step(recurrent, terms, memory, own, into) -> every signal (B, U) by name

`terms` (B, R) is W_ih x + b_ih, with b_hh where `bias_apart` is False; `recurrent(terms, h)` adds W_hh h to it;
`memory` are the signals of `state` after the token before; `own` are the layer's parameters by name. A result is
written to `into(its signal)`, or at once with those that follow it in `blocks`. That is None where a gradient will be
asked for: so never change a tensor that a result was made of.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

Memory = tuple["Tensor", ...]  # one layer's state: (h, c) for an LSTM, (h,) for a GRU; each (B, U)
RecurrentSum = Callable[["Tensor", "Tensor"], "Tensor"]
Own = Mapping[str, "Tensor"]
Into = Callable[..., "Tensor | None"]
Step = Callable[[RecurrentSum, "Tensor", Memory, Own, Into], dict[str, "Tensor"]]


@dataclass(frozen=True)
class Signal:
    """What a unit shows or hides: a name and a meaning for people, and between which values it lies."""

    title: str
    meaning: str
    bounds: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class RecurrentCell:
    """A kind of recurrent layer. `signals` are in the order in which they are shown, `blocks` what the blocks of rows
    of its weights make, `state` what it hands to the next token: h first.

    `parameters` have axes R rows, I inputs, U units. `kernel` is the class of torch.nn that trains it. `look_alikes`
    are cells that this program lacks and whose weights look the same: a file does not tell which it is.
    """

    title: str
    told: str  # with its article, where sentences need more than the title
    signals: tuple[str, ...]
    blocks: tuple[str, ...]
    state: tuple[str, ...]
    step: Step
    parameters: Mapping[str, str]
    bias_apart: bool = False
    kernel: str = ""
    look_alikes: Mapping[str, str] = field(default_factory=dict)  # by name, as they are told

    @property
    def kind(self) -> str:
        """The same as `told`, without the article."""
        return self.told.split(" ", 1)[1]

    def shapes(self, inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        """The shape of each parameter of a layer."""
        sizes = {"R": len(self.blocks) * units, "I": inputs, "U": units}
        return {name: tuple(sizes[axis] for axis in axes) for name, axes in self.parameters.items()}


def cell_of(name: str) -> RecurrentCell:
    """The entry of a cell; raises ValueError that lists those there are."""
    if name not in tuple(CELLS):
        raise ValueError(f"cell {name!r} is unknown: choose one of {', '.join(CELLS)}")
    return CELLS[name]


# Steps ----------------------------------------------------------------------------------------------------------------


def _rnn(recurrent: RecurrentSum, terms: "Tensor", memory: Memory, own: Own, into: Into) -> dict[str, "Tensor"]:
    """Elman 1990."""
    import torch

    return {"h": torch.tanh(recurrent(terms, memory[0]), out=into("h"))}


def _gru(recurrent: RecurrentSum, terms: "Tensor", memory: Memory, own: Own, into: Into) -> dict[str, "Tensor"]:
    """Cho et al. 2014, as in torch: the reset gate scales what comes of the state, its bias too."""
    import torch

    (h,) = memory
    units = h.shape[1]
    of_state = recurrent(own["bias_hh"].expand(len(h), -1), h)  # (B, 3U)
    both = torch.add(terms[:, : 2 * units], of_state[:, : 2 * units], out=into("r", "z"))
    r, z = torch.sigmoid(both, out=into("r", "z")).chunk(2, 1)
    n = torch.addcmul(terms[:, 2 * units :], r, of_state[:, 2 * units :], out=into("n"))
    n = torch.tanh(n, out=into("n"))
    h = torch.lerp(n, h, z, out=into("h"))  # (1 - z) n + z h
    return {"h": h, "r": r, "z": z, "n": n}


def _lstm(recurrent: RecurrentSum, terms: "Tensor", memory: Memory, own: Own, into: Into) -> dict[str, "Tensor"]:
    """Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000."""
    import torch

    h, c = memory
    units = h.shape[1]
    now = recurrent(terms, h)  # (B, 4U)
    i, f = torch.sigmoid(now[:, : 2 * units], out=into("i", "f")).chunk(2, 1)
    g = torch.tanh(now[:, 2 * units : 3 * units], out=into("g"))
    o = torch.sigmoid(now[:, 3 * units :], out=into("o"))
    c = torch.mul(f, c, out=into("c")).addcmul_(i, g)
    h = torch.mul(torch.tanh(c, out=into("h")), o, out=into("h"))
    return {"h": h, "c": c, "i": i, "f": f, "g": g, "o": o}


def _peephole(recurrent: RecurrentSum, terms: "Tensor", memory: Memory, own: Own, into: Into) -> dict[str, "Tensor"]:
    """Gers and Schmidhuber 2000: input and forget gates see the memory before, the output gate the one after, each unit
    its own alone.
    """
    import torch

    h, c = memory
    units = h.shape[1]
    now = recurrent(terms, h)  # (B, 4U)
    i = torch.addcmul(now[:, :units], own["peephole_i"], c, out=into("i"))
    f = torch.addcmul(now[:, units : 2 * units], own["peephole_f"], c, out=into("f"))
    i, f = torch.sigmoid(i, out=into("i")), torch.sigmoid(f, out=into("f"))
    g = torch.tanh(now[:, 2 * units : 3 * units], out=into("g"))
    c = torch.mul(f, c, out=into("c")).addcmul_(i, g)
    o = torch.addcmul(now[:, 3 * units :], own["peephole_o"], c, out=into("o"))
    o = torch.sigmoid(o, out=into("o"))
    h = torch.mul(torch.tanh(c, out=into("h")), o, out=into("h"))
    return {"h": h, "c": c, "i": i, "f": f, "g": g, "o": o}


# The tables -----------------------------------------------------------------------------------------------------------

SIGNALS: dict[str, Signal] = {
    "h": Signal("hidden state", "what the neuron tells the rest of the network, between -1 and 1", (-1.0, 1.0)),
    "c": Signal("cell state", "the neuron's memory, without bounds", (-inf, inf)),
    "i": Signal(
        "input gate", "how much of the new is written into the memory, from 0 (nothing) to 1 (all)", (0.0, 1.0)
    ),
    "f": Signal(
        "forget gate", "how much of the memory is kept, from 0 (all is forgotten) to 1 (all is kept)", (0.0, 1.0)
    ),
    "g": Signal("candidate", "the new that could be written into the memory, between -1 and 1", (-1.0, 1.0)),
    "o": Signal("output gate", "how much of the memory is shown to the rest of the network, from 0 to 1", (0.0, 1.0)),
    "r": Signal("reset gate", "how much of the past is used for the new, from 0 to 1", (0.0, 1.0)),
    "z": Signal("update gate", "how much of the past is kept as it is, from 0 to 1", (0.0, 1.0)),
    "n": Signal("candidate", "the new that could replace the past, between -1 and 1", (-1.0, 1.0)),
}

_USUAL = {"weight_ih": "RI", "weight_hh": "RU", "bias_ih": "R", "bias_hh": "R"}

CELLS: dict[str, RecurrentCell] = {
    "rnn": RecurrentCell(
        title="RNN",
        told="a tanh RNN",
        signals=("h",),
        blocks=("h",),
        state=("h",),
        step=_rnn,
        parameters=_USUAL,
        kernel="RNN",
        look_alikes={"relu": "a relu RNN"},
    ),
    "gru": RecurrentCell(
        title="GRU",
        told="a GRU",
        signals=("h", "r", "z", "n"),
        blocks=("r", "z", "n"),
        state=("h",),
        step=_gru,
        parameters=_USUAL,
        bias_apart=True,
        kernel="GRU",
    ),
    "lstm": RecurrentCell(
        title="LSTM",
        told="an LSTM",
        signals=("h", "c", "i", "f", "g", "o"),
        blocks=("i", "f", "g", "o"),
        state=("h", "c"),
        step=_lstm,
        parameters=_USUAL,
        kernel="LSTM",
    ),
    "peephole": RecurrentCell(  # in files: an LSTM with `rnn.peephole_i_l0`, `_f_` and `_o_` beside it
        title="peephole LSTM",
        told="a peephole LSTM",
        signals=("h", "c", "i", "f", "g", "o"),
        blocks=("i", "f", "g", "o"),
        state=("h", "c"),
        step=_peephole,
        parameters={**_USUAL, "peephole_i": "U", "peephole_f": "U", "peephole_o": "U"},
    ),
}
DEFAULT = "lstm"  # where none is named
