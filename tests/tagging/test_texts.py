"""What networks that label text read: words and letters as numbers, batches that lose nothing, fair splits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_core.tagging.words import (
    LETTERS,
    NOT_SCORED,
    START,
    STOP,
    UNKNOWN,
    UNKNOWN_LETTER,
    WordList,
    batch_of,
    batches,
    encode,
    labels_of,
    tagging_texts,
    word_list,
)

KNOWN = WordList(("the", "00", "House"), tuple("abcdefghijklmnopqrstuvwxyz"), ("DT", "NN"))
TEXTS = st.lists(st.lists(st.sampled_from(["the", "The", "house", "17", "Zebra", "a" * 40]), max_size=7), max_size=12)


def test_a_word_is_found_as_it_is_then_in_lower_case_with_digits_alike() -> None:
    words = ["the", "The", "THE", "17", "1805", "House", "house", "zebra"]
    assert [KNOWN.word(word) for word in words] == [1, 1, 1, 2, UNKNOWN, 3, UNKNOWN, UNKNOWN]


def test_a_long_word_keeps_its_first_and_last_letters() -> None:
    assert KNOWN.spelling("ab") == [START, 4, 5, STOP]
    assert KNOWN.spelling("É") == [START, UNKNOWN_LETTER, STOP]
    long = KNOWN.spelling("abcdef" + "x" * 90 + "ing")
    assert len(long) == LETTERS + 2
    assert long[:7] == KNOWN.spelling("abcdef")[:-1] and long[-4:] == KNOWN.spelling("ing")[1:]


def test_the_list_holds_words_that_are_seen_often_enough_the_commonest_first() -> None:
    found = word_list([["b", "a", "a", "15"], ["a", "b", "c", "27"]], ["NN", "DT", "NN"], 2)
    assert found.words == ("a", "00", "b") and found.labels == ("DT", "NN") and found.letters == ()
    assert word_list([["ab"] * 10], [], 1).letters == ("a", "b")


def test_a_list_that_names_a_word_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="list of words names something twice"):
        WordList(("a", "a"), (), ())


def test_labels_that_are_too_few_are_refused_and_unknown_ones_not_scored() -> None:
    assert encode(KNOWN, [["the", "house"]], ["DT", "XX"]).labels.tolist() == [0, NOT_SCORED]
    with pytest.raises(ValueError, match="there are 1 labels for 2 words"):
        encode(KNOWN, [["the", "house"]], ["DT"])
    with pytest.raises(ValueError, match="there are 2 labels for 1 texts"):
        encode(KNOWN, [["the", "house"]], ["DT", "NN"], of_texts=True)


@given(TEXTS, st.integers(1, 30), st.booleans())
def test_batches_hold_every_text_that_is_not_empty_once(texts: list[list[str]], most: int, shuffled: bool) -> None:
    given = encode(KNOWN, texts)
    made = batches(given.lengths, most, np.random.default_rng(3) if shuffled else None)
    together = sorted(number for batch in made for number in batch.tolist())
    assert together == [number for number, text in enumerate(texts) if text]
    for batch in made:
        assert len(batch) == 1 or len(batch) * given.lengths[batch].max() <= most


@given(TEXTS)
def test_a_batch_holds_the_words_spellings_and_labels_of_its_texts(texts: list[list[str]]) -> None:
    labels = [("DT", "NN", "??")[len(word) % 3] for text in texts for word in text]
    given = encode(KNOWN, texts, labels)
    per_text = np.split(given.labels, given.starts[1:-1]) if texts else []
    for chosen in batches(given.lengths, 20):
        batch = batch_of(given, chosen)
        found = labels_of(given, batch)
        for row, number in enumerate(chosen.tolist()):
            text, length = texts[number], len(texts[number])
            assert batch.words[row, :length].tolist() == [KNOWN.word(word) for word in text]
            for at, word in enumerate(text):
                spelled = batch.spelling[batch.types[row, at]]
                assert spelled[spelled > 0].tolist() == KNOWN.spelling(word)
            assert found[row].tolist() == [*per_text[number].tolist(), *[NOT_SCORED] * (found.shape[1] - length)]


def test_hidden_words_are_read_as_unknown_and_keep_their_letters() -> None:
    given = encode(KNOWN, [["the", "17"], ["House"]])
    batch = batch_of(given, np.array([0, 1]), np.array([True, False, True]))
    assert batch.words.tolist() == [[UNKNOWN, 2], [UNKNOWN, UNKNOWN]]
    assert batch.spelling[batch.types[0, 0], :5].tolist() == KNOWN.spelling("the")


@pytest.mark.needs_data
def test_taggers_learn_from_the_split_that_the_perceptron_learned_from() -> None:
    texts = tagging_texts()
    assert {name: sum(map(len, part.texts)) for name, part in texts.items()} | {"ewt": 0} == {
        "train": 470_106, "development": 43_239, "masc": 40_956, "treebank": 94_084, "ewt": 0,
    }  # fmt: skip


@pytest.mark.needs_data
def test_masc_tags_most_capitalised_abbreviations_as_common_nouns() -> None:
    """The figures of `means_same`."""
    given = tagging_texts()["train"]
    words = [word for text in given.texts for word in text]
    tags = [tag for word, tag in zip(words, given.labels, strict=True)
            if len(word) > 1 and word[0].isupper() and word[-1] == "."]  # fmt: skip
    assert (tags.count("NN"), len(tags)) == (859, 918)
