"""The commonest words of a text: which they are, their vectors against those of all words, kept and read back."""

from collections.abc import Callable

import numpy as np
import pytest

from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.text.corpus import keep_text, read_corpus
from lstm_core.text.lexicon import lexicon
from lstm_core.word_vectors.sample import (
    WordSample,
    keep_sample,
    read_sample,
    tags_of_words,
    word_sample,
)
from lstm_core.word_vectors.vectors import PAPER, EmbeddingQuery, defined, embeddings, recordings_for


@pytest.fixture
def run(small_run: Callable[..., Run], words: Callable[..., str], made_once: Callable[..., None]) -> Run:
    """A run that has read its text, and has no vectors yet."""

    def make() -> None:
        keep_text("book", (words(1200) + "the old--green man said would--could \n").encode())
        recordings_for(small_run("mine", read_corpus("book"), weights=True), {("h", 2)})

    made_once("states of words with dashes", make)
    return open_run("mine")


@pytest.fixture
def sample(run: Run, made_once: Callable[..., WordSample]) -> WordSample:
    return made_once("a sample of words with dashes", lambda: word_sample(run, count=12))


def test_the_commonest_words_without_a_dash_are_taken(run: Run, sample: WordSample) -> None:
    corpus = read_corpus("book")
    found = lexicon(corpus.vocabulary.decode(corpus.ids.tolist()))
    times = sorted((count for word, count in zip(found.words, found.counted, strict=True) if "—" not in word))[::-1]
    assert sample.counted.tolist() == times[: len(sample.words)]
    assert not any("—" in word for word in sample.words) and sample.total == len(found.words)


@pytest.mark.parametrize("query", [PAPER, EmbeddingQuery(moments=("before", "next")), EmbeddingQuery(centred=True)])
def test_vectors_are_those_of_all_words(run: Run, sample: WordSample, query: EmbeddingQuery) -> None:
    table = sample.table(query.of(run))
    assert table is not None and table.words == sample.words
    whole = embeddings(run, query)
    vectors = whole.vectors[[whole.index[word] for word in sample.words]]
    if query.centred:  # by these words alone
        plain = embeddings(run, PAPER)
        vectors = plain.vectors[[plain.index[word] for word in sample.words]]
        vectors = vectors - vectors.mean(axis=0)
    np.testing.assert_allclose(table.vectors, vectors, atol=1e-5)


def test_a_state_that_is_not_in_it_gives_no_table(run: Run, sample: WordSample) -> None:
    assert sample.table(EmbeddingQuery(signal="c").of(run)) is None
    assert sample.table(EmbeddingQuery(layers=(1,)).of(run)) is None
    assert sample.table(defined("best", run)) is not None


def test_tags_are_those_of_the_words(run: Run, sample: WordSample) -> None:
    all_tags = dict(zip(embeddings(run).words, tags_of_words(run), strict=True))
    assert sample.tags == [all_tags[word] for word in sample.words]
    assert len(set(sample.tags)) > 1


def test_a_kept_sample_is_read_back(run: Run, sample: WordSample) -> None:
    assert read_sample(run) is None
    keep_sample(sample, run)
    found = read_sample(run)
    assert found is not None
    assert (found.words, found.tags, found.total) == (sample.words, sample.tags, sample.total)
    assert (found.counted.tolist(), found.averaged.tolist()) == (sample.counted.tolist(), sample.averaged.tolist())
    assert found.means.keys() == sample.means.keys()
    for state, values in sample.means.items():
        step = np.abs(values).max(axis=1, keepdims=True) / 127  # kept as int8 rows
        assert (np.abs(found.means[state] - values) <= 0.501 * step).all()
    for name, places in sample.places.items():
        np.testing.assert_allclose(found.places[name], places, rtol=1e-3)


def test_one_that_came_with_the_run_is_read_first_and_a_damaged_one_is_not(run: Run, sample: WordSample) -> None:
    keep_sample(sample, run)
    path = keep_sample(word_sample(run, count=11), run, run)
    assert len(read_sample(run).words) == 11  # type: ignore[union-attr]
    path.write_bytes(path.read_bytes()[:-9])
    assert len(read_sample(run).words) == 12  # type: ignore[union-attr]


def test_arrays_of_other_lengths_are_refused(sample: WordSample) -> None:
    with pytest.raises(ValueError, match="3 words have arrays of"):
        WordSample("r", ("a", "b", "c"), sample.averaged, sample.counted, sample.code, (), {}, {}, 3)
