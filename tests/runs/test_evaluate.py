"""The score of a run against planted distributions and against the training's own evaluation."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from lstm_core.recordings.record import evaluate
from lstm_core.runs.run import Run
from lstm_core.text.corpus import corpus_of

pytestmark = pytest.mark.numeric

Make = Callable[..., Run]


@pytest.mark.parametrize("split", ["last 5 %", "first 5 %"])
@pytest.mark.parametrize("lead", [50_000, 100])
def test_evaluate_scores_the_cross_entropy_of_a_planted_distribution(
    small_run: Make, words: Any, split: Any, lead: int
) -> None:
    corpus = corpus_of(words(4600), "long", split=split)
    p = np.random.default_rng(0).dirichlet(np.ones(len(corpus.vocabulary)))

    def plant(model: Any) -> None:
        model.decoder.weight.zero_()
        model.decoder.bias.copy_(torch.from_numpy(np.log(p)))

    run = small_run(text=corpus, weights=plant)
    result = evaluate(run, corpus, lead=lead)
    start, stop = corpus.splits["validation"]
    losses = -np.log2(p[corpus.ids[max(1, start) : stop]])
    assert result["validation"]["bits_per_character"] == pytest.approx(losses.mean(), rel=1e-6)
    assert result["validation"]["tokens"] == len(losses)
    assert result["validation"]["loss"] == pytest.approx(losses.mean() * np.log(2), rel=1e-6)
    half = -(-len(losses) // 2)
    assert result["first_half"]["bits_per_character"] == pytest.approx(losses[:half].mean(), rel=1e-6)
    assert result["second_half"]["bits_per_character"] == pytest.approx(losses[half:].mean(), rel=1e-6)
    assert run.results()["evaluation"] == json.loads(json.dumps(result))
    assert run.validation == {"bits_per_character": result["validation"]["bits_per_character"]}


def test_the_test_split_is_scored_after_the_validation_split(small_run: Make, long_corpus: Any) -> None:
    start, stop = long_corpus.splits["validation"]
    middle = (start + stop) // 2
    parted = replace(long_corpus, splits={**long_corpus.splits, "validation": (start, middle), "test": (middle, stop)})
    run = small_run(text=long_corpus, weights=True)
    both, one = evaluate(run, long_corpus), evaluate(run, parted)
    tokens = [one[split]["tokens"] for split in ("validation", "test")]
    assert tokens == [middle - start, stop - middle]
    losses = [one[split]["loss"] for split in ("validation", "test")]
    assert np.average(losses, weights=tokens) == pytest.approx(both["validation"]["loss"], rel=1e-6)
    assert "test" not in both
    assert f"| test split | {one['test']['bits_per_character']:.4f} |" in (run.folder / "CARD.md").read_text()


def test_both_evaluations_agree(small_run: Make, long_corpus: Any) -> None:
    from lstm_core.runs import evaluate as module

    run = small_run(text=long_corpus, weights=True)
    exact = evaluate(run, long_corpus)["validation"]["loss"]
    found = module.evaluate(run.load_model(), long_corpus.ids, *long_corpus.splits["validation"])
    assert found == pytest.approx(exact, rel=1e-6)


def test_another_corpus_is_not_scored(small_run: Make, long_corpus: Any) -> None:
    with pytest.raises(ValueError, match="small was made for another text than long"):
        evaluate(small_run(weights=True), long_corpus)
