"""Sampled text: seeds, temperature, the unknown token, limits."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from lstm_core.runs.generate import MAX_PROMPT, MAX_TOKENS, GenerateQuery, generate, sample
from lstm_core.runs.model import LanguageModel, build
from lstm_core.runs.settings import ModelConfig
from lstm_core.text.corpus import END, UNKNOWN, Vocabulary

pytestmark = pytest.mark.numeric

LETTERS = Vocabulary(("\n", "a", "b", "c"), "characters")


def planted(p: list[float], vocabulary: Vocabulary = LETTERS) -> LanguageModel:
    """Predicts the distribution `p` whatever it reads."""
    model = build(ModelConfig(len(vocabulary), hidden=4, embedding=3, layers=1), 1).eval()
    with torch.no_grad():
        model.decoder.weight.zero_()
        model.decoder.bias.copy_(torch.tensor(p).log())
    return model


def test_sampled_shares_are_those_of_the_model() -> None:
    p = [0.1, 0.2, 0.3, 0.4]
    counts = Counter(generate(planted(p), LETTERS, GenerateQuery("a", 5000, temperature=1.0)))
    for token, share in zip(LETTERS.tokens, p, strict=True):
        assert abs(counts[token] / 5000 - share) < 5 * (share * (1 - share) / 5000) ** 0.5


def test_temperature_sharpens_to_a_power_of_the_distribution() -> None:
    p, rng = np.array([0.1, 0.2, 0.3, 0.4]), np.random.default_rng(0)
    drawn = np.bincount([sample(np.log(p), 0.5, rng) for _ in range(20_000)], minlength=4) / 20_000
    np.testing.assert_allclose(drawn, p**2 / (p**2).sum(), atol=0.018)  # 5 standard errors


def test_temperature_zero_takes_the_most_probable() -> None:
    assert set(generate(planted([0.1, 0.2, 0.4, 0.3]), LETTERS, GenerateQuery("a", 50, 0.0))) == {"b"}
    assert sample(np.array([0.0, 5.0, -np.inf]), 0, np.random.default_rng(0)) == 1


def test_extreme_logits_are_sampled_without_overflow() -> None:
    rng = np.random.default_rng(0)
    assert sample(np.array([1e4, -1e4, 0.0]), 0.01, rng) == 0
    assert sample(np.array([-np.inf, -1e4, -np.inf]), 1, rng) == 1


def test_the_same_seed_writes_the_same_text() -> None:
    model = build(ModelConfig(4, hidden=8, embedding=5, layers=2), 1).eval()
    one, two, other = (list(generate(model, LETTERS, GenerateQuery("ab", 100, 1.0, seed))) for seed in (1, 1, 2))
    assert one == two != other


def test_text_goes_on_from_the_whole_prompt() -> None:
    """Greedy text equals reading the prompt and everything written so far from the start, at each step."""
    model = build(ModelConfig(4, hidden=8, embedding=5, layers=2), 1).eval()
    with torch.no_grad():
        for value in model.parameters():
            value.mul_(3)
    written, text = list(generate(model, LETTERS, GenerateQuery("abcab", 12, 0.0))), "abcab"
    for token in written:
        with torch.no_grad():
            logits, _ = model(torch.from_numpy(LETTERS.ids(list(text)).astype(np.int64))[:, None])
        assert token == LETTERS.tokens[int(logits[-1, 0].argmax())]
        text += token


@pytest.mark.parametrize(
    ("tokens", "splitter", "first"),
    [(("b", "\n", "a"), "characters", "\n"), (("b", END, "a"), "words", END), (("b", "a", "c"), "characters", "b")],
)
def test_without_a_prompt_it_starts_from_a_line_break(
    tokens: Any, splitter: Any, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    vocabulary = Vocabulary(tokens, splitter)
    model, seen = planted([0.2, 0.3, 0.5], vocabulary), []
    model.encoder.register_forward_pre_hook(lambda _, given: seen.append(given[0].tolist()))
    next(generate(model, vocabulary, GenerateQuery("", 1)))
    assert seen[0] == [[vocabulary.index[first]]]


def test_the_unknown_token_is_never_written() -> None:
    vocabulary = Vocabulary((UNKNOWN, "a", "b"), "words")
    words = list(generate(planted([0.9, 0.05, 0.05], vocabulary), vocabulary, GenerateQuery("a", 300, 1.0)))
    assert set(words) == {"a", "b"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"tokens": 0}, f"0 tokens asked for, between 1 and {MAX_TOKENS}"),
        ({"tokens": MAX_TOKENS + 1}, f"{MAX_TOKENS + 1} tokens asked for"),
        ({"temperature": -0.1}, "temperature is -0.1"),
        ({"temperature": 5.1}, "temperature is 5.1"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"prompt": "x" * (MAX_PROMPT + 1)}, f"the prompt has {MAX_PROMPT + 1} characters, the limit is {MAX_PROMPT}"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_fault_16_and_29_values_past_their_limits_are_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        GenerateQuery(**changes)


def test_generating_needs_no_gradient(small_run: Callable[..., Any]) -> None:
    run = small_run(weights=True)
    model = run.load_model()
    assert len(list(generate(model, run.vocabulary, GenerateQuery("the ", 5)))) == 5
    assert all(value.grad is None for value in model.parameters())
