"""Words that a text lacks: read in contexts, they get what the text's own reading gives; contexts, refusals."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lstm_core.recordings.record import RecordQuery, read, typed_text
from lstm_core.runs.run import Run
from lstm_core.text.corpus import keep_text, read_corpus
from lstm_core.text.lexicon import MOMENTS
from lstm_core.word_vectors import spelling
from lstm_core.word_vectors.spelling import WordContext, context_at, drawn_contexts, spell, spell_unknown, typed_context
from lstm_core.word_vectors.vectors import PAPER, EmbeddingQuery, embeddings

pytestmark = pytest.mark.numeric

# Of 300 words a hundred at either side are nearly the same for all: what centring leaves of "wide" is rounding.
ADJUSTED = EmbeddingQuery(moments=tuple(moment for moment in MOMENTS if moment != "wide"), centred=True, removed=3)
WIDE = EmbeddingQuery(moments=("wide",))


def stronger(model: Any) -> None:
    """Makes states differ by far more than half precision rounds."""
    for values in model.parameters():
        values.mul_(4)


@pytest.fixture
def run(small_run: Callable[..., Run], words: Callable[..., str]) -> Run:
    keep_text("book", (words(300) + " greenhouse when the river runs over").encode())
    return small_run("mine", read_corpus("book"), weights=stronger)


@pytest.fixture
def text(run: Run) -> str:
    corpus = read_corpus("book")
    return corpus.vocabulary.decode(corpus.ids.tolist())


@pytest.mark.parametrize("query", [PAPER, ADJUSTED, WIDE, EmbeddingQuery("c", (1, 2), ("before", "next"))])
def test_a_word_seen_once_gets_its_own_vector_when_spelled_in_its_own_context(
    run: Run, text: str, query: EmbeddingQuery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spelling, "LEAD", len(text))
    table = embeddings(run, query)
    start = text.index("greenhouse")
    given = [[context_at(text, start, start + 10)]]
    found = spell(run, table, ["greenhouse"], given)
    means = [
        embeddings(run, EmbeddingQuery(signal, (layer,), (moment,))) for signal, layer, moment in table.query.states
    ]
    read_alone = [spell(run, mean, ["greenhouse"], given).vectors for mean in means]
    for mean, state in zip(means, read_alone, strict=True):  # h, which is below 1, is kept with an error of 2^-12
        np.testing.assert_allclose(state[0], mean.vectors[mean.index["greenhouse"]], rtol=1e-5, atol=2**-12 + 1e-5)
    # Centred and brought to length 1, the little that is left has that error many times over: so only whether the same
    # is done to a spelled word and to those of the table.
    np.testing.assert_array_equal(found.vectors, table.placed([state.astype(np.float64) for state in read_alone]))
    np.testing.assert_array_equal(table.vectors, table.placed([mean.vectors for mean in means]))
    assert found.unknown == ()


def test_a_context_without_other_words_gives_a_vector(run: Run) -> None:
    for query in (PAPER, EmbeddingQuery(moments=("around",))):
        found = spell(run, embeddings(run, query), ["1812"], [[WordContext("", "")]])
        assert np.isfinite(found.vectors).all()


def test_words_around_are_not_the_word_itself_whatever_is_joined_to_it(run: Run) -> None:
    """Behind a dash the word is the end of a longer one, "said--rouse", whose blank is the word's own."""
    query = EmbeddingQuery(layers=(1,), moments=("around",))
    found = spell(run, embeddings(run, query), ["rouse"], [[WordContext("the old said--", " runs over ")]])
    whole = "the old said--rouse runs over "
    states = np.asarray(read(run, typed_text(run, whole)[0], RecordQuery(("h",), (1,))).signal("h", 1)).T
    table = embeddings(run, query)
    share = table.averaged / table.averaged.sum()
    near = {"the": 3, "old": 7, "runs": 24, "over": 29}
    weights = [0.001 / (0.001 + share[table.index[word]]) for word in near]
    expected = np.average(states[list(near.values())].astype(np.float64), axis=0, weights=weights)
    np.testing.assert_allclose(found.vectors[0], expected, atol=1e-4)


def test_states_are_those_of_reading_each_context_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spelling, "BATCH", 2)
    table = embeddings(run, EmbeddingQuery(layers=(2,), moments=("before", "after", "next")))
    contexts = [
        WordContext("", " stop."),
        WordContext("the old ", " runs over\nyou"),
        WordContext("when", ", a house "),
    ]
    found = spell(run, table, ["rouse"], [contexts]).vectors[0].reshape(3, 8)
    read_as = ["rouse stop.", "the old rouse runs over\nyou", "when rouse , a house "]
    places = [(-1, 5, 5), (7, 13, 18), (4, 10, 12)]
    sums = np.zeros((3, 8))
    for whole, at in zip(read_as, places, strict=True):
        states = np.asarray(read(run, typed_text(run, whole)[0], RecordQuery(("h",), (2,))).signal("h", 2)).T
        sums += [states[k] if k >= 0 else np.zeros(8) for k in at]
    means = sums / 3
    np.testing.assert_allclose(found, means / np.linalg.norm(means, axis=1, keepdims=True), atol=1e-4)


def test_spelling_is_deterministic_and_words_do_not_touch_each_other(run: Run) -> None:
    table = embeddings(run)
    one = spell_unknown(run, table, ["rouse"])
    again, three = spell_unknown(run, table, ["rouse"]), spell_unknown(run, table, ["heron", "rouse", "verily"])
    np.testing.assert_array_equal(one.vectors, again.vectors)
    np.testing.assert_allclose(three.vectors[1], one.vectors[0], atol=1e-5)
    assert not np.allclose(three.vectors[0], three.vectors[1], atol=1e-3)


def test_typed_contexts_say_where_the_word_goes(run: Run) -> None:
    assert typed_context("the _ runs") == WordContext("the ", " runs")
    for text in ("the house", "_ and _"):
        with pytest.raises(ValueError, match="mark one with _"):
            typed_context(text)
    table = embeddings(run)
    typed = spell_unknown(run, table, ["rouse"], ["the old _ runs"]).vectors
    np.testing.assert_array_equal(typed, spell(run, table, ["rouse"], [[WordContext("the old ", " runs")]]).vectors)


def test_contexts_are_cut(run: Run, text: str) -> None:
    table = embeddings(run)
    long = [WordContext(text * 3, " stop." * 500)]
    short = [WordContext((text * 3)[-spelling.LEAD :], (" stop." * 500)[: spelling.TAIL])]
    np.testing.assert_array_equal(
        spell(run, table, ["rouse"], [long]).vectors, spell(run, table, ["rouse"], [short]).vectors
    )


def test_drawn_contexts_are_places_of_words_the_same_for_a_seed(text: str) -> None:
    found = drawn_contexts(text, 20)
    assert found == drawn_contexts(text, 20) != drawn_contexts(text, 20, seed=1)
    assert all(context.before[-1:] in (" ", "\n") and context.after[0] in (" ", "\n") for context in found)
    with pytest.raises(ValueError, match="no word between blanks"):
        drawn_contexts("12 34", 2)


def test_characters_that_the_model_does_not_know_are_named(run: Run) -> None:
    assert spell_unknown(run, embeddings(run), ["rouže", "日"]).unknown == ("ž", "日")


@pytest.mark.parametrize("word", ["", "two words", "a\tb"])
def test_what_is_not_one_word_is_refused(run: Run, word: str) -> None:
    with pytest.raises(ValueError, match="is not one word"):
        spell_unknown(run, embeddings(run), [word])


def test_a_word_needs_a_context(run: Run) -> None:
    with pytest.raises(ValueError, match="no context"):
        spell(run, embeddings(run), ["rouse"], [[]])
