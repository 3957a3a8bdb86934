"""The n-gram models of a corpus: what is chosen on which text, what is kept, what ships."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from lstm_core.runs.baseline import (
    BASELINES,
    NgramQuery,
    NgramResult,
    baseline,
    baseline_folder,
    kept_baseline,
)
from lstm_core.text.corpus import Corpus, read_corpus
from lstm_core.text.ngram import METHODS, count, look_up, probabilities


def changed(corpus: Corpus, split: str) -> Corpus:
    """The corpus with the tokens of one split reversed."""
    start, stop = corpus.splits[split]
    return replace(corpus, ids=np.concatenate([corpus.ids[:start], corpus.ids[start:stop][::-1], corpus.ids[stop:]]))


@pytest.fixture
def three(corpus: Corpus) -> Corpus:
    """The corpus with a test split."""
    return replace(corpus, splits={"train": (0, 2000), "validation": (2000, 2500), "test": (2500, len(corpus.ids))})


def test_every_method_is_scored_at_every_order(corpus: Corpus) -> None:
    result = baseline(corpus, NgramQuery(3))
    assert [(score.model.method, score.model.order) for score in result.scores] == [
        (method, order) for method in METHODS for order in (1, 2, 3)
    ]
    assert (result.measure, result.held_out, result.order) == ("bits_per_character", ("validation",), 3)
    assert result.tokens == {"validation": len(corpus.part("validation"))}


def test_a_score_is_that_of_the_whole_training_text(corpus: Corpus) -> None:
    result = baseline(corpus, NgramQuery(3))
    start, stop = corpus.splits["validation"]
    counts = count(corpus.part("train"), len(corpus.vocabulary), 3)
    seen = look_up(counts, corpus.ids, start, stop)
    for score in result.scores:
        bits = -float(np.log2(probabilities(counts, seen, score.model)).mean())
        assert score.scores == {"validation": pytest.approx(bits)}


def test_nothing_is_chosen_on_the_held_out_text(corpus: Corpus, three: Corpus) -> None:
    for text, held_out in ((corpus, "validation"), (three, "test")):
        one, other = (baseline(made, NgramQuery(3)) for made in (text, changed(text, held_out)))
        assert one.held_out == (held_out,)
        assert [score.model for score in one.scores] == [score.model for score in other.scores]
        assert [score.model for score in one.best()] == [score.model for score in other.best()]
        assert one.scores != other.scores


def test_what_choices_are_fitted_on_is_not_counted_meanwhile(corpus: Corpus) -> None:
    stop = corpus.splits["train"][1]
    counts = count(corpus.ids[: stop - stop * 5 // 100], len(corpus.vocabulary), 2)
    seen = look_up(counts, corpus.ids, stop - stop * 5 // 100, stop)
    for score in baseline(corpus, NgramQuery(2)).scores:
        assert score.fitted == pytest.approx(-float(np.log2(probabilities(counts, seen, score.model)).mean()))


def test_a_corpus_with_a_test_split_is_fitted_on_its_validation_split(three: Corpus) -> None:
    result = baseline(three, NgramQuery(2))
    assert (result.fitted_on, result.held_out, result.counted) == ("validation", ("test",), 2000)
    for score in result.scores:
        assert score.fitted == pytest.approx(score.scores["validation"])


def test_words_are_scored_by_perplexity(words: Callable[..., str]) -> None:
    from lstm_core.text.corpus import corpus_of

    corpus = corpus_of(words(900), "small", "word")
    result = baseline(corpus, NgramQuery())
    assert (result.measure, result.order) == ("perplexity", 5)
    assert all(1 < score.scores["validation"] < 2 * len(corpus.vocabulary) for score in result.best())


def test_the_smallest_text_a_corpus_can_be_has_a_baseline() -> None:
    from lstm_core.text.corpus import corpus_of

    result = baseline(corpus_of("ab" * 20, "least"), NgramQuery(8))
    assert all(0 < score.scores["validation"] < 3 for score in result.scores)


@pytest.mark.parametrize(("kind", "order", "highest"), [("char", 9, 8), ("word", 6, 5), ("char", -1, 8)])
def test_an_order_out_of_range_is_refused(kind: Any, order: int, highest: int) -> None:
    with pytest.raises(ValueError, match=f"choose 1 to {highest}"):
        NgramQuery(order).orders(kind)


# Kept and shipped -----------------------------------------------------------------------------------------------------


def kept(corpus: Corpus, order: int = 2) -> NgramResult | None:
    return kept_baseline(corpus.name, corpus.fingerprint, corpus.kind, NgramQuery(order))


def test_a_result_is_kept_for_its_corpus_and_query(corpus: Corpus) -> None:
    assert kept(corpus) is None
    result = baseline(corpus, NgramQuery(2))
    BASELINES.keep(result)
    assert kept(corpus) == result
    assert kept(corpus, 3) is None
    for name, value in (("name", "other"), ("fingerprint", "other"), ("kind", "word")):
        assert kept(replace(corpus, **{name: value})) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "damage",
    [
        lambda stored: "{",
        lambda stored: "[]",
        lambda stored: json.dumps({**stored, "fingerprint": "other"}),
        lambda stored: json.dumps({**stored, "scores": stored["scores"][:2]}),
        lambda stored: json.dumps({**stored, "scores": 5}),
        lambda stored: json.dumps({**stored, "surplus": 5}),
        lambda stored: json.dumps({**stored, "scores": [{**score, "fitted": "x"} for score in stored["scores"]]}),
        lambda stored: json.dumps({**stored, "scores": [{**score, "scores": {}} for score in stored["scores"]]}),
    ],
)
def test_a_damaged_result_counts_as_none(corpus: Corpus, damage: Callable[[Any], str]) -> None:
    result = baseline(corpus, NgramQuery(2))
    path = BASELINES.keep(result)
    path.write_text(damage(json.loads(json.dumps(asdict(result)))))
    assert kept(corpus) is None


def test_a_text_anywhere_has_a_folder_of_a_plain_name(corpus: Corpus) -> None:
    for name in ("/some/where/A book, old.txt", "../../x", "漢", "-"):
        folder = baseline_folder(name, corpus.fingerprint, "char", NgramQuery())
        assert folder.parent.name == "baselines"
        assert set(folder.name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")


def test_the_result_of_war_and_peace_ships() -> None:
    fingerprint = "b3915739c79334a8fbcdbdbfdb5dc0f57e67175bf2b1b7dbdb55e03f538a8d06"
    result = kept_baseline("war-and-peace", fingerprint, "char", NgramQuery())
    assert result is not None
    assert [score.model.method for score in result.best()] == list(METHODS)


@pytest.mark.slow
def test_the_shipped_result_is_what_is_computed() -> None:
    corpus = read_corpus("war-and-peace")
    shipped = kept_baseline(corpus.name, corpus.fingerprint, "char", NgramQuery())
    assert shipped is not None
    for mine, other in zip(shipped.scores, baseline(corpus, NgramQuery()).scores, strict=True):
        assert mine.scores["validation"] == pytest.approx(other.scores["validation"], rel=1e-5)
        assert (mine.model.method, mine.model.order) == (other.model.method, other.model.order)
