"""Words seen once and never: planted tags and vectors whose answer is known, a model's own words held out."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binomtest

from lstm_core.runs.run import Run
from lstm_core.text.corpus import keep_text, read_corpus
from lstm_core.text.lexicon import lexicon
from lstm_core.text.tagged import Tagged
from lstm_core.text.tags import tag_text
from lstm_core.word_vectors.rare_words import (
    capitals,
    held_out_spelling,
    held_out_words,
    tag_agreement,
    word_tags,
)
from lstm_core.word_vectors.vectors import EmbeddingTable, embeddings

pytestmark = pytest.mark.numeric


def test_tags_of_words_are_the_commonest_of_their_tokens() -> None:
    text = "run runs run don't run 5 runs "
    starts = [0, 4, 9, 13, 15, 19, 23, 25]
    stops = [3, 8, 12, 15, 18, 22, 24, 29]
    names = ("CD", "MD", "NN", "RB", "VB")
    code = [names.index(tag) for tag in ("VB", "NN", "NN", "VB", "RB", "VB", "CD", "NN")]
    tagged = Tagged(np.array(starts), np.array(stops), np.zeros(8, np.int32), np.array(code, np.int16), names)
    found = lexicon(text)
    assert dict(zip(found.words, word_tags(found, tagged, text), strict=True)) == {
        "run": "VB",
        "runs": "NN",
        "don’t": "VB",
    }


def test_tags_of_real_text_are_found_for_nearly_all_words() -> None:
    text = "The old man slowly walked to the river. He quickly opened a green door and they saw it \n"
    found = lexicon(text)
    tags = dict(zip(found.words, word_tags(found, tag_text(text), text), strict=True))
    assert tags["slowly"] == tags["quickly"] == "RB" and tags["walked"] == tags["opened"] == "VBD"


NO_CAPITALS = np.zeros(80, dtype=bool)


def planted(knows: bool, seed: int = 0) -> tuple[EmbeddingTable, list[str]]:
    """40 adverbs in -ly, 40 nouns; every fourth seen once, whose ending is that of the other kind."""
    rng = np.random.default_rng(seed)
    words, tags, counted, vectors = [], [], [], []
    for n in range(80):
        adverb, once = n % 2 == 0, n % 8 in (0, 1)
        words.append(f"{'abcdefghij'[n // 8] * 3}{n % 8 * 'x'}" + ("ly" if adverb != once else "er"))
        tags.append("RB" if adverb else "NN")
        counted.append(1 if once else 9)
        side = adverb if knows else bool(rng.integers(2))
        vectors.append(rng.normal(size=4) * 0.1 + ([1, 0, 0, 0] if side else [0, 1, 0, 0]))
    counts = np.array(counted)
    return EmbeddingTable("t", tuple(words), counts, counts, np.array(vectors, dtype=np.float32)), tags


def test_vectors_that_know_the_tag_agree_where_the_spelling_misleads() -> None:
    table, tags = planted(knows=True)
    found = tag_agreement(table, tags, NO_CAPITALS)
    assert found is not None
    assert (found.words, found.neighbours, found.spelling) == (20, 1.0, 0.0)
    assert (found.majority, found.only_neighbours, found.only_spelling) == (0.5, 20, 0)
    assert found.low == pytest.approx(binomtest(20, 20).proportion_ci(method="wilson").low, abs=1e-6)


def test_vectors_that_know_nothing_agree_by_chance() -> None:
    shares = [tag_agreement(*planted(knows=False, seed=seed), NO_CAPITALS).neighbours for seed in range(20)]
    assert 0.4 < np.mean(shares) < 0.6


def test_a_word_does_not_vote_for_itself_nor_do_words_without_tags_or_with_dashes() -> None:
    words = ("aly", "bly", "cly", "dly", "ely", "fly", "a—b", "once")
    tags = ["RB", "RB", "RB", "RB", "RB", "", "NN", "VB"]
    counts = np.array([9, 9, 9, 9, 1, 1, 1, 1])
    vectors = np.eye(8, dtype=np.float32)
    vectors[[6, 5], 7] = 5  # nearest to "once" but neither may vote
    found = tag_agreement(EmbeddingTable("t", words, counts, counts, vectors), tags, NO_CAPITALS[:8], count=3)
    assert found.words == 2  # ely and once
    assert found.neighbours == 0.5 and found.spelling == 0.5  # ely is like the rest, once is like nothing
    assert found.only_neighbours == found.only_spelling == 0


def test_agreement_needs_words_seen_once_and_a_tag_a_word() -> None:
    table, tags = planted(knows=True)
    with pytest.raises(ValueError, match="has 80 words, 79 tags"):
        tag_agreement(table, tags[:-1], NO_CAPITALS)
    common = [tag if count > 1 else "" for tag, count in zip(tags, table.counted, strict=True)]
    assert tag_agreement(table, common, NO_CAPITALS) is None


def test_the_spelling_knows_a_capital_as_the_network_does() -> None:
    table, tags = planted(knows=False)
    capital = np.array([tag == "NN" for tag in tags])  # the endings mislead, capitals do not
    found = tag_agreement(table, tags, capital)
    assert found is not None and found.spelling == 1.0
    text = "The old town. In Moscow the Tsar and the town’s Tsar old tsar ’Twas the-Don old \n"
    words = lexicon(text)
    assert {word for word, one in zip(words.words, capitals(words, text), strict=True) if one} == {
        "in", "moscow", "tsar", "twas", "don",
    }  # fmt: skip


# Words that training never saw ----------------------------------------------------------------------------------------


def test_words_held_out_are_those_that_training_does_not_hold_in_any_place() -> None:
    text = "the river, old. house — New old river green cap--it New-green news "
    assert held_out_words(text, (0, text.index("New"))) == ["new", "green", "news"]


@pytest.fixture
def run(small_run: Callable[..., Run], words: Callable[..., str]) -> Run:
    rare = " ".join(f"{word} {words(60, seed)}" for seed, word in enumerate(["heron", "raven", "thrush"] * 4))
    near = " ".join(f"plover {words(3, seed)}" for seed in range(4))  # in one passage
    keep_text("book", (words(400) + " " + rare + " " + near + " ").encode())
    return small_run("mine", read_corpus("book"), weights=True, hidden=24)


def test_a_word_is_found_by_its_spelling_far_above_chance(run: Run) -> None:
    corpus = read_corpus("book")
    text = corpus.vocabulary.decode(corpus.ids.tolist())
    table = embeddings(run)
    results = held_out_spelling(run, table, text, ["heron", "raven", "thrush", "plover", "absent"], (1, 2, 4))
    assert [(one.contexts, one.words) for one in results] == [
        (1, 3),
        (2, 3),
    ]  # each stands 4 times; the plovers are not apart
    count = len(table)
    for one in results:
        assert one.chance == pytest.approx(sum(1 / rank for rank in range(1, count + 1)) / count)
        assert 0 < one.others <= 1 and one.own > 2 * one.chance
    assert results == held_out_spelling(run, table, text, ["heron", "raven", "thrush"], (1, 2, 4))
    assert held_out_spelling(run, table, text, ["absent", "plover"], (1,)) == []


def test_own_contexts_and_those_of_other_words_are_told_apart(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read in the word's own places is answered by the word's own row, what is read elsewhere by another's."""
    from lstm_core.word_vectors import rare_words as singletons
    from lstm_core.word_vectors.spelling import Spelled

    corpus, table = read_corpus("book"), embeddings(run)
    text = corpus.vocabulary.decode(corpus.ids.tolist())
    calls: list[int] = []

    def spell(_run: Run, _table: EmbeddingTable, words: list[str], given: object, **_: object) -> Spelled:
        calls.append(len(words))
        vectors = np.array([table.unit_vectors[table.index[word]] for word in words])
        return Spelled(tuple(words), -vectors if len(calls) == 3 else vectors, ())  # answers, own places, others'

    monkeypatch.setattr(singletons, "spell", spell)
    (one,) = held_out_spelling(run, table, text, ["heron", "raven", "thrush"], (1,))
    assert len(calls) == 3 and one.own == 1.0 and one.others == pytest.approx(1 / len(table))


def test_ranks_count_the_words_that_are_nearer(monkeypatch: pytest.MonkeyPatch) -> None:
    from lstm_core.word_vectors.rare_words import _ranks

    vectors = np.array([[1, 0], [0.9, 0.1], [0.5, 0.5], [0, 1]], dtype=np.float32)
    counts = np.ones(4, dtype=np.int64)
    table = EmbeddingTable("t", ("a", "b", "c", "d"), counts, counts, vectors)
    asked = np.array([[1, 0], [1, 0], [1, 1]], dtype=np.float32)
    answers = np.array([[1, 0.01], [0, 1], [0, 1]], dtype=np.float32)
    # a: only its own row lies nearer and is left out; b: a and c are nearer, d ties; c: a ties with d, b is nearer
    assert _ranks(table, ["a", "b", "c"], asked, answers).tolist() == [1, 3.5, 3]
