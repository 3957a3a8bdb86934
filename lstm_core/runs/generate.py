"""Text written by a model, one sampled token at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lstm_core.text.corpus import UNKNOWN, Vocabulary

if TYPE_CHECKING:
    from lstm_core.runs.model import LanguageModel

MAX_TOKENS = 5000
MAX_PROMPT = 2000  # characters


@dataclass(frozen=True)
class GenerateQuery:
    """What to write. `temperature` 0 takes the most probable token; 1 samples from the model's own distribution."""

    prompt: str = ""
    tokens: int = 300
    temperature: float = 0.7
    seed: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.tokens <= MAX_TOKENS:
            raise ValueError(f"{self.tokens} tokens asked for, between 1 and {MAX_TOKENS} can be written")
        if not 0 <= self.temperature <= 5:
            raise ValueError(f"temperature is {self.temperature}, it must be in [0, 5]")
        if self.seed < 0:
            raise ValueError(f"seed is {self.seed}, it must be 0 or more")
        if len(self.prompt) > MAX_PROMPT:
            raise ValueError(f"the prompt has {len(self.prompt)} characters, the limit is {MAX_PROMPT}")


def generate(model: "LanguageModel", vocabulary: Vocabulary, query: GenerateQuery) -> Iterator[str]:
    """Yield tokens that continue the prompt (not the prompt itself). UNKNOWN is never written.

    Without a prompt the model starts from a line break, or from the vocabulary's first token where it has none.
    """
    import torch

    rng = np.random.default_rng(query.seed)
    ids = vocabulary.encode(query.prompt).ids
    if not len(ids):
        ids = np.array([vocabulary.index.get("\n", vocabulary.index.get("<eos>", 0))], dtype=np.int32)
    banned = vocabulary.index.get(UNKNOWN)
    state = model.zero_state(1)
    window = torch.from_numpy(ids.astype(np.int64))[:, None]  # (T, 1)
    with torch.no_grad():
        for _ in range(query.tokens):
            logits, state = model(window, state)
            scores = logits[-1, 0].double().numpy()  # (V,)
            if banned is not None and len(scores) > 1:
                scores[banned] = -np.inf
            number = sample(scores, query.temperature, rng)
            yield vocabulary.tokens[number]
            window = torch.tensor([[number]])


def sample(logits: np.ndarray, temperature: float, rng: np.random.Generator) -> int:
    """An id drawn with probability softmax(logits / temperature); the largest at temperature 0."""
    if temperature == 0:
        return int(np.argmax(logits))
    scaled = (logits - logits.max()) / temperature
    weights = np.exp(scaled)
    return int(rng.choice(len(weights), p=weights / weights.sum()))
