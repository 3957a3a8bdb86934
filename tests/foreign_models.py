"""Models as another program has them: PyTorch's word-language-model example, written anew, with its numbering of words.

Shared by the tests of what comes in and goes out; of the program it uses the names of cells alone.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn

from lstm_core.runs.cells import CELLS


class RNNModel(nn.Module):
    """Embedding, one module with all recurrent layers, and a decoder that may be tied to the embedding."""

    def __init__(self, cell: str, tokens: int, width: int, units: int, layers: int, *, tied: bool = False):
        super().__init__()
        self.drop = nn.Dropout(0.5)
        self.encoder = nn.Embedding(tokens, width)
        module = getattr(nn, CELLS[cell].kernel)
        self.rnn = module(width, units, layers, dropout=0.5 if layers > 1 else 0.0)
        self.decoder = nn.Linear(units, tokens)
        if tied:
            self.decoder.weight = self.encoder.weight

    def forward(self, ids: Tensor, hidden: Tensor | tuple[Tensor, Tensor] | None) -> tuple[Tensor, object]:
        output, hidden = self.rnn(self.drop(self.encoder(ids)), hidden)
        return nn.functional.log_softmax(self.decoder(self.drop(output)), dim=-1), hidden


def made(cell: str = "lstm", tokens: int = 20, *, width: int = 6, units: int = 8, layers: int = 2, tied: bool = False,
         seed: int = 0) -> RNNModel:  # fmt: skip
    """A model with weights large enough that its guesses differ from chance."""
    torch.manual_seed(seed)
    model = RNNModel(cell, tokens, units if tied else width, units, layers, tied=tied)
    with torch.no_grad():
        for value in model.parameters():
            value.uniform_(-0.9, 0.9)
    return model.eval()


@torch.no_grad()
def perplexity(model: RNNModel, ids: Sequence[int]) -> float:
    """exp of the mean loss of all tokens but the first, fed one at a time with the state carried along."""
    hidden, total = None, 0.0
    for before, after in pairwise(ids):
        scores, hidden = model(torch.tensor([[before]]), hidden)
        total -= float(scores[0, 0, after])
    return math.exp(total / (len(ids) - 1))


def numbered(folder: Path) -> tuple[dict[str, int], dict[str, list[int]]]:
    """Word -> id over train, valid and test in order of appearance, and each text as ids with the end of each line."""
    index: dict[str, int] = {}
    texts: dict[str, list[int]] = {}
    for name in ("train", "valid", "test"):
        with (folder / f"{name}.txt").open(encoding="utf8") as lines:
            words = [word for line in lines for word in [*line.split(), "<eos>"]]
        texts[name] = [index.setdefault(word, len(index)) for word in words]
    return index, texts
