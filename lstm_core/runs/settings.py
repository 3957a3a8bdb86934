"""The settings of a model and of its training, and the presets. Plain data: imports nothing heavy."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from numbers import Integral
from typing import Any, Literal, get_args

from lstm_core.runs.cells import CELLS, DEFAULT, cell_of
from lstm_core.text.catalogue import Kind

Optimiser = Literal["sgd", "adagrad", "adamw"]
Schedule = Literal["plateau", "one-cycle", "constant"]
Precision = Literal["auto", "float32", "bfloat16"]
CHOICES = {"optimiser": get_args(Optimiser), "schedule": get_args(Schedule), "precision": get_args(Precision)}

MAX_PARAMETERS = 2**30  # 4 GiB of weights in float32, 16 with gradients and the optimiser's moments

MEASURES: dict[Kind, str] = {"char": "bits_per_character", "word": "perplexity"}
OPTIMISERS = {"sgd": "SGD", "adagrad": "AdaGrad", "adamw": "AdamW"}


RANGES: dict[str, Callable[[float], bool]] = {
    "in [0, 1)": lambda value: 0 <= value < 1,
    "in (0, 1]": lambda value: 0 < value <= 1,
    "0 or more and finite": lambda value: 0 <= value < math.inf,
    "above 0 and finite": lambda value: 0 < value < math.inf,
}


def check_range(settings: object, wanted: str, *names: str) -> None:
    """Raise ValueError for a setting outside one of RANGES."""
    for name in names:
        if not RANGES[wanted](value := getattr(settings, name)):
            raise ValueError(f"{name} is {value}, it must be {wanted}")


def _check_whole(settings: object, least: int, *names: str) -> None:
    for name in names:
        if not isinstance(value := getattr(settings, name), Integral):
            raise ValueError(f"{name} is {value!r}, it must be a whole number")
        if value < least:
            raise ValueError(f"{name} is {value}, the least is {least}")


@dataclass(frozen=True)
class ModelConfig:
    """Shape of a language model: embedding, stacked recurrent layers of one width, decoder.

    `dropout` follows each recurrent layer, the last one too (paper, section 3.2; torch's own `dropout=` leaves the
    last out); `embedding_dropout` follows the embedding (thesis). Both are probabilities in [0, 1).
    """

    vocabulary: int
    cell: str = DEFAULT
    embedding: int = 256
    hidden: int = 512
    layers: int = 3
    dropout: float = 0.5
    embedding_dropout: float = 0.0
    tied: bool = False

    def __post_init__(self) -> None:
        cell_of(self.cell)
        _check_whole(self, 1, "vocabulary", "embedding", "hidden", "layers")
        check_range(self, "in [0, 1)", "dropout", "embedding_dropout")
        if self.tied and self.embedding != self.hidden:
            raise ValueError(
                f"a tied embedding needs embedding = hidden, here {self.embedding} and {self.hidden}: make them equal"
            )
        if self.parameters > MAX_PARAMETERS:
            raise ValueError(
                f"the model would have {self.parameters:,} parameters, the limit is {MAX_PARAMETERS:,}: "
                "choose fewer layers or units"
            )

    @property
    def products(self) -> int:
        """Multiply-adds of the recurrent layers for a token: a matrix has one for each of its values."""
        sizes = self._sizes()
        return sizes["weight_ih"] + sizes["weight_hh"]

    def _sizes(self) -> dict[str, int]:
        """How many values each kind of parameter has, in all recurrent layers."""
        first, others = (CELLS[self.cell].shapes(width, self.hidden) for width in (self.embedding, self.hidden))
        return {name: math.prod(first[name]) + (self.layers - 1) * math.prod(others[name]) for name in first}

    @property
    def parameters(self) -> int:
        """Number of trained values."""
        recurrent = sum(self._sizes().values())
        decoder = self.vocabulary * (1 if self.tied else self.hidden + 1)
        return self.vocabulary * self.embedding + recurrent + decoder

    @property
    def architecture(self) -> str:
        """For people: "LSTM 3 x 512"."""
        return f"{CELLS[self.cell].title} {self.layers} x {self.hidden}"


@dataclass(frozen=True)
class StatesConfig(ModelConfig):
    """Shape of a model of which nothing is here but its states: a cell that has their signals, the highest of their
    layers, the units of one. Its weights are not known, so none are counted.
    """

    @property
    def parameters(self) -> int:
        """None that are known."""
        return 0

    @property
    def architecture(self) -> str:
        """For people: "states 2 x 650"."""
        return f"states {self.layers} x {self.hidden}"


@dataclass(frozen=True)
class TrainConfig:
    """How a model is trained. `bptt` in tokens, `learning_rate` at its highest, `clip_*` 0 = off.

    `schedule`: "plateau" multiplies the rate by `factor` after an epoch whose validation loss does not improve;
    "one-cycle" warms up over a tenth of the steps and falls to a thousandth by a cosine; "constant".
    `precision`: "auto" uses bfloat16 autocast where the processor has it in hardware, else float32.
    """

    epochs: int = 20
    batch: int = 50
    bptt: int = 100
    optimiser: Optimiser = "adamw"
    learning_rate: float = 2e-3
    schedule: Schedule = "one-cycle"
    factor: float = 0.5
    clip_norm: float = 1.0
    clip_value: float = 0.0
    weight_decay: float = 0.0
    seed: int = 1
    precision: Precision = "auto"
    threads: int = 0

    def __post_init__(self) -> None:
        _check_whole(self, 0, "epochs", "seed", "threads")
        _check_whole(self, 1, "batch", "bptt")
        for name, choices in CHOICES.items():
            if (value := getattr(self, name)) not in choices:
                raise ValueError(f"{name} {value!r} is unknown: choose {', '.join(choices[:-1])} or {choices[-1]}")
        check_range(self, "above 0 and finite", "learning_rate", "factor")
        check_range(self, "in (0, 1]", "factor")
        check_range(self, "0 or more and finite", "clip_norm", "clip_value", "weight_decay")


@dataclass(frozen=True)
class Preset:
    """A named pair of settings with the text they were made for."""

    title: str
    corpus: str
    kind: Kind
    model: dict[str, Any] = field(default_factory=dict)
    training: TrainConfig = field(default_factory=TrainConfig)

    def model_config(self, vocabulary: int, **changes: Any) -> ModelConfig:
        """The preset's model for a vocabulary of that size, with changes by name."""
        return ModelConfig(vocabulary=vocabulary, **{**self.model, **changes})


_WORD_RECIPE = TrainConfig(
    epochs=40, batch=20, bptt=35, optimiser="sgd", learning_rate=20, schedule="plateau", factor=0.25, clip_norm=0.25
)
_THESIS_SHAPE = {"embedding": 400, "hidden": 2000, "layers": 2, "dropout": 0.5, "embedding_dropout": 0.5}

PRESETS: dict[str, Preset] = {
    "quick": Preset("Standard: the paper's shape, our faster recipe", "war-and-peace", "char", {}, TrainConfig()),
    "tiny": Preset(
        "Tiny: one small layer, a first try in about a minute",
        "war-and-peace",
        "char",
        {"embedding": 32, "hidden": 128, "layers": 1, "dropout": 0.0},
        TrainConfig(epochs=1, batch=50, bptt=50, learning_rate=5e-3),
    ),
    "paper": Preset(
        "Paper: character LSTM 3 x 512, plain SGD",
        "war-and-peace-unicode",
        "char",
        {},
        TrainConfig(epochs=170, batch=100, bptt=100, optimiser="sgd", learning_rate=1, schedule="plateau", clip_norm=0),
    ),
    "paper-lob": Preset(
        "Paper, second model: AdaGrad, Brown in place of LOB",
        "brown",
        "char",
        {},
        TrainConfig(
            epochs=100, batch=100, bptt=100, optimiser="adagrad", learning_rate=0.01, schedule="constant", clip_norm=0
        ),
    ),
    "thesis": Preset("Thesis: word LSTM 2 x 2000 on WikiText-2", "wikitext-2", "word", _THESIS_SHAPE, _WORD_RECIPE),
    "sweep": Preset(  # nine of them, int8, take 9.83 MiB with the 9,473 types of War and Peace: hence tied, 96 units
        "Sweep: small word LSTM 2 x 96, for nine dropouts",
        "war-and-peace",
        "word",
        {"embedding": 96, "hidden": 96, "layers": 2, "dropout": 0.5, "embedding_dropout": 0.5, "tied": True},
        TrainConfig(epochs=16, batch=20, bptt=35, learning_rate=3e-3, threads=1),
    ),
    "sweep-full": Preset(
        "Thesis' sweep: word LSTM 2 x 2000 on WikiText-2, for nine dropouts",
        "wikitext-2",
        "word",
        _THESIS_SHAPE,
        _WORD_RECIPE,
    ),
    "article": Preset(
        "Article: word LSTM 2 x 650 on the Penn Treebank",
        "ptb",
        "word",
        {"embedding": 650, "hidden": 650, "layers": 2, "dropout": 0.5, "embedding_dropout": 0.5},
        # Zaremba et al. 2014, medium: rate 1 and norm 5 of a loss summed over 35 steps, ours is the mean
        replace(_WORD_RECIPE, epochs=39, learning_rate=35, factor=1 / 1.2, clip_norm=5 / 35),
    ),
    "words": Preset(
        "Words: the article's shape, tied, our faster recipe",
        "war-and-peace",
        "word",
        {"embedding": 650, "hidden": 650, "layers": 2, "dropout": 0.5, "embedding_dropout": 0.5, "tied": True},
        TrainConfig(epochs=15, batch=20, bptt=35),
    ),
}
