"""Neighbours and analogies: against a loop over all words, with what must be left out left out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_core.word_vectors.neighbours import NeighbourQuery, analogy, nearest, neighbours
from lstm_core.word_vectors.vectors import EmbeddingTable

pytestmark = pytest.mark.numeric

WORDS = ("king", "queen", "man", "woman", "boy", "a—b", "girl", "tree")


def table_of(vectors: np.ndarray) -> EmbeddingTable:
    count = np.arange(1, len(vectors) + 1)
    return EmbeddingTable("t", WORDS[: len(vectors)], count, 2 * count, vectors.astype(np.float32))


@given(st.integers(0, 2**31), st.integers(1, 8), st.sampled_from(["cosine", "euclid"]), st.booleans())
def test_neighbours_are_those_of_a_loop(seed: int, count: int, metric: str, with_dash: bool) -> None:
    table = table_of(np.random.default_rng(seed).normal(size=(8, 3)))
    found = neighbours(table, "man", NeighbourQuery(count, metric, with_dash))  # type: ignore[arg-type]
    own = table.vectors[2].astype(float)
    values = {}
    for word, vector in zip(WORDS, table.vectors.astype(float), strict=True):
        if word != "man" and (with_dash or "—" not in word):
            cosine = own @ vector / np.linalg.norm(own) / np.linalg.norm(vector)
            values[word] = cosine if metric == "cosine" else np.linalg.norm(own - vector)
    best = sorted(values, key=lambda word: values[word], reverse=metric == "cosine")[:count]
    assert [one.word for one in found] == best
    assert [one.value for one in found] == pytest.approx([values[word] for word in best], abs=1e-5)
    assert all(one.counted == 2 * one.averaged == 2 * (WORDS.index(one.word) + 1) for one in found)


def test_of_equally_near_words_the_first_of_the_table_come() -> None:
    table = table_of(np.array([[1, 0], [0, 1], [0, 1], [0, 1], [0, 1]]))
    assert [one.word for one in nearest(table, np.array([0.0, 2.0]), NeighbourQuery(2))] == ["queen", "man"]


def test_a_planted_analogy_is_found_and_its_words_left_out() -> None:
    royal, female, young = np.eye(3)
    vectors = np.array([royal, royal + female, 0 * royal, female, young, young, young + female, [-1, -1, -1]])
    table = table_of(vectors + np.full(3, 0.1))
    assert analogy(table, "boy", "girl", "king", NeighbourQuery(1))[0].word == "queen"
    found = analogy(table, "boy", "girl", "king", NeighbourQuery(8, with_dash=True))
    assert {one.word for one in found} == set(WORDS) - {"boy", "girl", "king"}
    direction = table.unit_vectors[6] - table.unit_vectors[4] + table.unit_vectors[0]
    expected = table.unit_vectors[1] @ direction / np.linalg.norm(direction)
    assert found[0].value == pytest.approx(expected, abs=1e-6)


def test_mistakes_are_named() -> None:
    table = table_of(np.eye(3))
    with pytest.raises(ValueError, match="'emperor' is not among the 3 words"):
        neighbours(table, "emperor")
    with pytest.raises(ValueError, match="choose cosine or euclid"):
        NeighbourQuery(metric="manhattan")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="ask for 1 or more"):
        NeighbourQuery(0)
    with pytest.raises(ValueError, match=r"\(2,\), those of the table are \(3,\)"):
        nearest(table, np.ones(2))
    with pytest.raises(ValueError, match="no direction"):
        nearest(table, np.zeros(3))
    assert nearest(table, np.zeros(3), NeighbourQuery(1, "euclid"))[0].value == 1
    assert neighbours(table, "king", NeighbourQuery(9))[-1].word in {"queen", "man"}
