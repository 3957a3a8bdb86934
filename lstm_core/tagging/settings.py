"""The settings of a network that labels text, and of its training. Plain data: imports nothing heavy."""

from dataclasses import dataclass
from typing import Literal, get_args

from lstm_core.runs.cells import DEFAULT, cell_of
from lstm_core.runs.settings import check_range

Pooling = Literal["last", "both", "mean"]
POOLINGS: dict[Pooling, str] = {
    "last": "the states at the last word",
    "both": "the last state of each direction: forward at the last word, backward at the first",
    "mean": "the mean of the states at all words",
}


def _check_whole(settings: object, least: int, *names: str) -> None:
    for name in names:
        if type(value := getattr(settings, name)) is not int or value < least:
            raise ValueError(f"{name} is {value!r}, it must be a whole number from {least}")


@dataclass(frozen=True)
class NetworkConfig:
    """Shape of a network that labels text.

    Word embeddings, with `character_filters` also what a convolution over the letters of the word says, are read by
    `layers` recurrent layers of `hidden` units in each of `directions` (1: from left to right; 2: also from right to
    left). `pooling` is None for a tagger, which labels each word by its states; a classifier labels the whole text by
    one of POOLINGS. `dropout` follows what is read and what the layers say.
    """

    cell: str = DEFAULT
    directions: int = 2
    embedding: int = 32
    character_filters: int = 0
    hidden: int = 64
    layers: int = 1
    dropout: float = 0.3
    pooling: Pooling | None = None

    def __post_init__(self) -> None:
        cell_of(self.cell)
        if self.directions not in (1, 2):
            raise ValueError(f"directions is {self.directions}: choose 1 (left to right) or 2 (also right to left)")
        _check_whole(self, 1, "embedding", "hidden", "layers")
        _check_whole(self, 0, "character_filters")
        check_range(self, "in [0, 1)", "dropout")
        if self.pooling not in (None, *get_args(Pooling)):
            raise ValueError(f"pooling {self.pooling!r} is unknown: choose one of {', '.join(POOLINGS)}")
        if self.pooling == "both" and self.directions == 1:
            raise ValueError("pooling both takes the last state of two directions, the network has one: choose last")

    @property
    def architecture(self) -> str:
        """Names it: "lstm", "bilstm", "bilstm-characters"; two directions are "bi"."""
        return f"{'bi' * (self.directions == 2)}{self.cell}{'-characters' * bool(self.character_filters)}"

    @property
    def states(self) -> int:
        """Hidden states that the last layer has for each word, those of both directions together."""
        return self.hidden * self.directions


@dataclass(frozen=True)
class LabelTraining:
    """How such a network is trained: AdamW, the rate rising over a twentieth of the steps and falling to 0.

    A batch holds texts of like length, `batch` words together. It ends early when the development part has not improved
    for `patience` epochs. A word that stands n times in the training text is read as an unknown one with probability
    forget / (forget + n) (Kiperwasser and Goldberg 2016). Words seen fewer than `least` times are unknown throughout.
    """

    epochs: int = 5
    batch: int = 768
    learning_rate: float = 6e-3
    weight_decay: float = 1e-4
    clip_norm: float = 5.0
    forget: float = 0.25
    least: int = 8
    patience: int = 2
    seed: int = 1

    def __post_init__(self) -> None:
        _check_whole(self, 1, "epochs", "batch", "least", "patience")
        _check_whole(self, 0, "seed")
        check_range(self, "above 0 and finite", "learning_rate", "clip_norm")
        check_range(self, "0 or more and finite", "weight_decay", "forget")


# The taggers that ship: three cells, one and two directions, and the best, which is larger and reads letters too.
SHIPPED_TAGGERS: dict[str, tuple[NetworkConfig, LabelTraining]] = {
    **{
        NetworkConfig(cell, directions).architecture: (NetworkConfig(cell, directions), LabelTraining())
        for cell in ("rnn", "gru", "lstm")
        for directions in (1, 2)
    },
    "bilstm-characters": (
        NetworkConfig(directions=2, embedding=64, character_filters=128, hidden=128, dropout=0.5),
        LabelTraining(epochs=8, batch=512, forget=0.5, least=3, patience=3),
    ),
}
BEST_TAGGER = "bilstm-characters"
