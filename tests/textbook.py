"""Each cell and a language model of it from the textbook: numpy in float64, one unit vector at a time.

What the tests of all cells go by. A new cell has its step here, in TEXTBOOK.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lstm_core.runs.cells import CELLS
from lstm_core.runs.model import LanguageModel

Vectors = dict[str, np.ndarray]


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def rnn(x: np.ndarray, before: Vectors, p: Vectors) -> Vectors:
    """Elman 1990."""
    return {"h": np.tanh(p["weight_ih"] @ x + p["bias_ih"] + p["weight_hh"] @ before["h"] + p["bias_hh"])}


def gru(x: np.ndarray, before: Vectors, p: Vectors) -> Vectors:
    """Cho et al. 2014, with the reset gate after the product, as in torch."""
    of_input = np.split(p["weight_ih"] @ x + p["bias_ih"], 3)
    of_state = np.split(p["weight_hh"] @ before["h"] + p["bias_hh"], 3)
    r, z = (sigmoid(a + b) for a, b in zip(of_input[:2], of_state[:2], strict=True))
    n = np.tanh(of_input[2] + r * of_state[2])
    return {"h": (1 - z) * n + z * before["h"], "r": r, "z": z, "n": n}


def lstm(x: np.ndarray, before: Vectors, p: Vectors) -> Vectors:
    """Hochreiter and Schmidhuber 1997 with forget gate."""
    sums = p["weight_ih"] @ x + p["bias_ih"] + p["weight_hh"] @ before["h"] + p["bias_hh"]
    i, f, g, o = np.split(sums, 4)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    c = f * before["c"] + i * g
    return {"h": o * np.tanh(c), "c": c, "i": i, "f": f, "g": g, "o": o}


def peephole(x: np.ndarray, before: Vectors, p: Vectors) -> Vectors:
    """Gers and Schmidhuber 2000: the output gate sees the new memory, the others the old."""
    sums = p["weight_ih"] @ x + p["bias_ih"] + p["weight_hh"] @ before["h"] + p["bias_hh"]
    i, f, g, o = np.split(sums, 4)
    i, f = sigmoid(i + p["peephole_i"] * before["c"]), sigmoid(f + p["peephole_f"] * before["c"])
    g = np.tanh(g)
    c = f * before["c"] + i * g
    o = sigmoid(o + p["peephole_o"] * c)
    return {"h": o * np.tanh(c), "c": c, "i": i, "f": f, "g": g, "o": o}


TEXTBOOK: dict[str, Callable[[np.ndarray, Vectors, Vectors], Vectors]] = {
    "rnn": rnn,
    "gru": gru,
    "lstm": lstm,
    "peephole": peephole,
}


def read_layer(cell: str, xs: Sequence[np.ndarray], p: Vectors) -> Vectors:
    """Signals (T, U) of one layer that reads `xs` (T, I) from a state of zeros."""
    units = p["weight_hh"].shape[1]
    before, steps = {name: np.zeros(units) for name in CELLS[cell].state}, []
    for x in xs:
        before = TEXTBOOK[cell](x, before, p)
        steps.append(before)
    return {name: np.array([step[name] for step in steps]) for name in steps[0]}


def parameters_of(module: Any, ending: str = "_l0") -> Vectors:
    """The parameters of a layer, without what their names end in."""
    return {
        name.removesuffix(ending): value.detach().double().numpy()
        for name, value in module.named_parameters()
        if name.endswith(ending)
    }


def read_model(model: LanguageModel, ids: Sequence[int]) -> tuple[list[Vectors], np.ndarray]:
    """Signals of each layer, (T, U) each, and logits (T, V)."""
    weights = {name: value.detach().double().numpy() for name, value in model.named_parameters()}
    xs, layers = weights["encoder.weight"][list(ids)], []
    for layer in model.rnn:
        layers.append(read_layer(model.config.cell, xs, parameters_of(layer)))
        xs = layers[-1]["h"]
    decoder = weights["encoder.weight" if model.config.tied else "decoder.weight"]
    return layers, xs @ decoder.T + weights["decoder.bias"]
