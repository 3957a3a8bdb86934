"""The words of a text: the paper's three figures, counts against regular expressions, moments by hand."""

import re
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_core.text.corpus import read_corpus
from lstm_core.text.lexicon import Lexicon, lexicon, moments, normal_form, whole_word_counts

TABLE_3 = {
    "soldier": 201, "loved": 120, "frenchman": 100, "write": 61, "food": 41, "tu": 4, "untruth": 3, "cannonading": 2,
    "scrutinizingly": 1, "moscovite": 1, "custodian": 1, "conduce": 1, "deck": 1,
}  # fmt: skip


def text_of(name: str) -> str:
    corpus = read_corpus(name, "char")
    return corpus.vocabulary.decode(corpus.ids.tolist())


def counted(found: Lexicon, *words: str) -> list[int]:
    return [int(found.counted[found.words.index(word)]) for word in words]


def test_the_default_edition_has_the_words_that_the_protocol_says() -> None:
    found = lexicon(text_of("war-and-peace"))
    assert found.types == {"words": 17_396, "with_dash": 1653, "vocabulary": 15_743}
    assert counted(found, *TABLE_3) == list(TABLE_3.values())


@pytest.mark.needs_data
def test_the_unicode_edition_has_the_words_of_the_paper_to_the_digit() -> None:
    found = lexicon(text_of("war-and-peace-unicode"))
    assert found.types == {"words": 17_510, "with_dash": 1760, "vocabulary": 15_750}
    assert counted(found, *TABLE_3, "we") == [*TABLE_3.values(), 1069]
    assert counted(found, "prince", "you", "je") == [1928, 3801, 17]  # the paper: 1,926, 3,509 and 16


def test_words_are_runs_of_letters_that_a_blank_follows() -> None:
    found = lexicon("The well-known Don't, 'tis said-- the\nend. x5abc cap--it don’t -- stop")
    assert found.words == ("the", "known", "tis", "said", "abc", "cap—it", "don’t")
    assert found.averaged.tolist() == [2, 1, 1, 1, 1, 1, 1]
    assert found.empty == 1
    assert found.types == {"words": 8, "with_dash": 1, "vocabulary": 7}


def test_headings_do_not_count_and_lines_that_only_begin_like_one_do() -> None:
    text = "BOOK ONE: 1805\nCHAPTER XIV\nSECOND EPILOGUE\nchapter in hand\nbook a room \n"
    assert lexicon(text).words == ("chapter", "in", "hand", "book", "a", "room")


def test_places_are_those_of_the_text() -> None:
    text = "A 'Cat-like' thing's\nhere 'twas "
    found = lexicon(text)
    cut = [text[a:b] for a, b in zip(found.start, found.blank, strict=True)]
    assert [normal_form(word) for word in cut] == [found.words[number] for number in found.number]
    assert all(text[at] in " \n" for at in found.blank)


def test_a_text_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match="no word with a blank"):
        lexicon("12 34 -- ! word")


@given(st.text(alphabet="ab'—- \n.B5", max_size=60))
def test_counts_are_those_of_a_regular_expression(text: str) -> None:
    words = ["a", "b", "ab", "a’b", "a—b", "ba’a"]
    plain = text.lower().replace("--", "—").replace("'", "’")
    letter = r"[^\W\d_]"
    expected = [len(re.findall(f"(?<!{letter})(?={word}(?!{letter}))", plain)) for word in words]
    assert whole_word_counts(text, words).tolist() == expected


@given(st.text(alphabet="ab' \n.-", max_size=60))
def test_moments_are_those_of_a_search_letter_by_letter(text: str) -> None:
    text += "a "
    found = lexicon(text)
    where = moments(text, found.start, found.blank)
    for n, (start, blank) in enumerate(zip(found.start.tolist(), found.blank.tolist(), strict=True)):
        before = max((at for at in range(start) if text[at] in " \n"), default=-1)
        later = [at for at in range(blank + 1, len(text)) if text[at] in " \n" and text[at - 1] not in " \n"]
        assert where["before"][n] == before
        assert where["after"][n] == blank
        assert where["next"][n] == min(later, default=blank)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cafe\u0301 cafe\u0301s caf\u00e9\n", ("caf\u00e9", "caf\u00e9s")),  # composed or not: one word
        ("हिन्दी भाषा ", ("हिन्दी", "भाषा")),  # vowel signs
        ("\u0130stanbul is ", ("i\u0307stanbul", "is")),  # lower case adds a mark
        ("שָׁלוֹם ok ", ("שָׁלוֹם", "ok")),  # right to left, with vowels
        ("\u2764\ufe0f ok \u0301 ", ("ok",)),  # a mark without a letter is no word
    ],
)  # fmt: skip
def test_marks_belong_to_the_letters_that_they_combine_with(text: str, words: tuple[str, ...]) -> None:
    found = lexicon(text)
    assert found.words == words
    assert found.counted.tolist() == [found.number.tolist().count(n) for n in range(len(words))]
    assert [normal_form(word) for word in words] == list(words)


@given(st.text(max_size=60))
def test_no_word_stands_less_often_than_a_blank_follows_it(text: str) -> None:
    found = lexicon(text + " a ")
    assert np.all(found.counted >= found.averaged) and found.averaged.min() > 0
    for number, start, blank in zip(found.number, found.start, found.blank, strict=True):
        assert normal_form((text + " a ")[start:blank]) == found.words[number]


def test_counting_takes_few_bytes_a_word(words: Callable[..., str]) -> None:
    text = words(100_000)
    tracemalloc.start()
    try:
        found = lexicon(text)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 70 * len(found.number)


def test_moments_by_hand() -> None:
    #       0123456789012345678
    text = '"Go on," he said.\n\n'
    found = lexicon(text)
    where = moments(text, found.start, found.blank)
    assert found.words == ("go", "he")
    assert {name: at.tolist() for name, at in where.items()} == {"before": [-1, 8], "after": [3, 11], "next": [8, 17]}


def test_a_run_of_a_million_letters_is_one_word(words: Callable[..., str]) -> None:
    found = lexicon("a" * 1_000_000 + " " + words(50))
    assert len(found.words[0]) == 1_000_000
    assert found.averaged.sum() == len(found.number) and np.all(found.counted >= found.averaged)
