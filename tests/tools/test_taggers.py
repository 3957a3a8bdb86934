"""What makes networks that label text: counted by hand, what each pooling can learn, no document on two sides."""

import numpy as np
import pytest

from lstm_core.tagging.settings import LabelTraining, NetworkConfig
from lstm_core.tagging.words import Labelled, encode, word_list
from tools.taggers import LEAST_WORDS, compare_poolings, genre_texts, naive_bayes, pieces

pytestmark = pytest.mark.numeric

QUICK = LabelTraining(epochs=8, batch=64, learning_rate=0.03, patience=8, least=1, forget=0.0)


def test_naive_bayes_is_that_of_the_formula() -> None:
    train = Labelled([["x", "x", "y"], ["y", "z"], ["z"]], ["a", "b", "b"], True)
    test = Labelled([["x"], ["z", "z"], ["y"], ["q", "x"]], ["a", "b", "a", "b"], True)
    known = word_list(train.texts, train.labels, 1)
    counts = {"a": {"x": 3, "y": 2, "z": 1, "?": 1}, "b": {"x": 1, "y": 2, "z": 3, "?": 1}}  # one added to each
    right = 0
    for text, label in zip(test.texts, test.labels, strict=True):
        score = {
            kind: np.log(prior) + sum(np.log(counts[kind].get(word, 1) / sum(counts[kind].values())) for word in text)
            for kind, prior in (("a", 2), ("b", 3))
        }
        right += max(score, key=lambda kind: score[kind]) == label
    encoded = [encode(known, part.texts, part.labels, of_texts=True) for part in (train, test)]
    assert naive_bayes(encoded[0], encoded[1], 2) == right / 4


def test_what_the_text_ends_with_is_seen_by_the_last_state_and_what_it_begins_with_by_both() -> None:
    """The kind is said by the first word alone; ten words of noise follow."""
    chance = np.random.default_rng(0)
    noise = [["u", "v", "w"][number] for number in chance.integers(0, 3, 4000)]
    texts = [[kind, *noise[at : at + 10]] for at, kind in enumerate(["a", "b"] * 60)]
    parts = Labelled(texts, ["a", "b"] * 60, True)
    kinds = [
        NetworkConfig("rnn", directions, 6, hidden=6, dropout=0.0, pooling=pooling)  # type: ignore[arg-type]
        for directions, pooling in ((2, "both"), (2, "mean"))
    ]
    *_, found = compare_poolings(
        dict.fromkeys(("train", "development", "test"), parts), "noise", kinds=kinds, seeds=(1, 2), training=QUICK
    )
    assert [row.right for row in found.scored] == [(1.0, 1.0), (1.0, 1.0)]
    assert found.chance == 0.5 and found.words == 1.0 and found.of("rnn", 2, "mean") == found.scored[1]


def test_pieces_are_whole_sentences_of_at_least_so_many_words() -> None:
    sentences = [["a"] * 3, ["b"] * 2, ["c"] * 9, ["d"]]
    assert pieces(sentences, 5) == [["a"] * 3 + ["b"] * 2, ["c"] * 9]


@pytest.mark.needs_data
def test_no_document_of_the_brown_corpus_is_on_two_sides() -> None:
    parts = genre_texts()
    assert {len(set(part.labels)) for part in parts.values()} == {15}
    assert min(len(text) for part in parts.values() for text in part.texts) == LEAST_WORDS
    seen = [{tuple(text) for text in part.texts} for part in parts.values()]
    assert not seen[0] & seen[1] and not seen[0] & seen[2] and not seen[1] & seen[2]
