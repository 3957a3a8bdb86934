"""Gold tags of the Brown corpus: aligned word lists against brute force, and the corpus itself."""

import re
from difflib import SequenceMatcher
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_core.text.corpus import Corpus, corpus_of, read_corpus
from lstm_core.text.gold_tags import agreement, aligned, base_tag, gold_tags, universal
from lstm_core.text.tagged import Tagged
from lstm_core.text.tags import tag_text

WORDS = [f"w{number}" for number in range(400)]


@given(st.sets(st.integers(0, 399), max_size=30), st.sets(st.integers(0, 399), max_size=30))
def test_lists_that_lost_words_are_aligned(lost: set[int], changed: set[int]) -> None:
    """Every pair is of equal words, ascending; with distinct words nothing that stands in runs of four is missed."""
    other = ["?" if at in changed else word for at, word in enumerate(WORDS) if at not in lost]
    pairs = list(aligned(WORDS, other))
    assert all(WORDS[i] == other[j] for i, j in pairs)
    assert all(one[0] < two[0] and one[1] < two[1] for one, two in pairwise(pairs))
    blocks = SequenceMatcher(None, WORDS, other, autojunk=False).get_matching_blocks()
    safe = {(a + k, b + k) for a, b, size in blocks if size >= 4 for k in range(size)}
    assert safe <= set(pairs)


def test_texts_that_part_for_good_give_no_more_pairs() -> None:
    assert list(aligned(["a", "b", *WORDS], ["a", "b", "c"])) == [(0, 0), (1, 1)]
    assert list(aligned([], ["a"])) == []


def test_tags_lose_their_marks() -> None:
    assert [base_tag(tag) for tag in ["nn-tl", "fw-nn-tl-hl", "at", "bez*", "--", "np$-tl"]] == [
        "NN", "NN", "AT", "BEZ*", "--", "NP$",
    ]  # fmt: skip


def test_gold_tags_are_for_the_brown_corpus_only(corpus: Corpus) -> None:
    for other in (corpus, corpus_of("the " * 40, "brown")):
        with pytest.raises(
            ValueError, match=rf"known for the corpus brown as characters, not for {other.name} \(char\)"
        ):
            gold_tags(other)


@pytest.mark.needs_data
def test_tags_are_compared_in_the_universal_set() -> None:
    assert universal(("NN", "VBD", "PRP$", "nothing"), "en-ptb").tolist() == ["NOUN", "VERB", "PRON", "X"]
    assert universal(("AT", "BEDZ", "PP$"), "en-brown").tolist() == ["DET", "VERB", "DET"]


@pytest.mark.slow
@pytest.mark.needs_data
def test_gold_tags_stand_at_their_words() -> None:
    corpus = read_corpus("brown")
    text = corpus.vocabulary.decode(corpus.ids.tolist())
    gold = gold_tags(corpus)
    assert len(gold) == 1_008_728  # of 1,013,319 words in the tagged corpus: 99.5 %
    assert (gold.start[1:] >= gold.stop[:-1]).all() and (gold.sentence[1:] >= gold.sentence[:-1]).all()
    words = gold.words(text)
    assert words[:6] == ["The", "Fulton", "County", "Grand", "Jury", "said"]
    assert gold.tag[:6].tolist() == ["AT", "NP", "NN", "JJ", "NN", "VBD"]
    split = [word for word, at in zip(words, gold.start.tolist(), strict=True) if at and re.match(r"\w", text[at - 1])]
    assert not split
    assert {tag for word, tag in zip(words, gold.tag.tolist(), strict=True) if word == "the"} <= {"AT", "NN", "NIL"}
    part = slice(0, 20_000)
    stop = int(gold.stop[part][-1])
    few = Tagged(gold.start[part], gold.stop[part], gold.sentence[part], gold.code[part], gold.names)
    words_compared, share = agreement(few, tag_text(text[:stop]))
    assert words_compared > 0.97 * len(few) and share > 0.9
