"""What groups of a map hold: counted by hand, against scikit-learn, on planted groups, beside chance."""

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score, homogeneity_completeness_v_measure

from lstm_core.clusters.word_groups import (
    ALSO_NAMED,
    TABLE_5_1,
    agree,
    apart,
    brackets,
    matches,
    quotes,
    runs,
    summary,
    table,
)
from lstm_core.clusters.word_map import WordMap, WordMapQuery
from lstm_core.commands.maps import map_lines


def mapped(tokens: list[str], text: str = "t", start: int = 0) -> WordMap:
    """A map of these words, all at one place."""
    types, words = np.unique(tokens, return_inverse=True)
    places = np.zeros((len(tokens), 2), np.float32)
    known = tuple(map(str, types))
    span = (start, start + len(tokens))
    return WordMap(WordMapQuery(), "mine", "w", "book", text, span, known, words.astype(np.int32), places, 1.5)


def labelled(*pairs: tuple[str, int]) -> tuple[WordMap, np.ndarray]:
    """A map of the words and their groups, given as "the he the", 0."""
    spread = [(token, group) for tokens, group in pairs for token in tokens.split()]
    return mapped([token for token, _ in spread]), np.array([group for _, group in spread], np.int32)


PLANTED = labelled(
    ("he she it he they he she it he they he she it " + "she it they they they", 1),
    ("and but and but and but and but and but or or", 2),
    ("the of the of the of the of the of the of a b c d he or or or", 0),
)


def test_the_table_counts_words_by_hand() -> None:
    rows = table(*PLANTED)
    assert [(row.number, row.size) for row in rows] == [(0, 20), (1, 18), (2, 12)]
    assert [(word.word, word.times) for word in rows[1].words] == [("he", 5), ("they", 5), ("it", 4), ("she", 4)]
    assert [word.share for word in rows[1].words] == [5 / 6, 1, 1, 1]
    assert [(word.word, word.times, word.share) for word in rows[2].words][-1] == ("or", 2, 2 / 5)
    assert [row.number for row in table(*PLANTED, least=13)] == [0, 1]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 3)), min_size=1, max_size=40))
def test_the_table_is_a_count_of_words_by_group(pairs: list[tuple[str, int]]) -> None:
    found, labels = mapped([word for word, _ in pairs]), np.array([group for _, group in pairs], np.int32)
    whole, counts = Counter(found.tokens), Counter(zip(labels.tolist(), found.tokens, strict=True))
    rows = table(found, labels)
    expected = {(group, word): (times, times / whole[word]) for (group, word), times in counts.items()}
    assert {(row.number, word.word): (word.times, word.share) for row in rows for word in row.words} == expected
    for row in rows:
        times = [word.times for word in row.words]
        assert times == sorted(times, reverse=True) and sum(times) == row.size


def test_groups_of_another_map_are_refused() -> None:
    with pytest.raises(ValueError, match="3 groups for 50 words"):
        table(PLANTED[0], np.zeros(3, np.int32))


def test_lists_find_their_planted_groups_by_jaccard() -> None:
    found = {row.name: row for row in matches(*PLANTED, TABLE_5_1)}
    pronouns = found["pronouns"]
    # it and she stand four times: too few; he and they are left of the list and of the group
    assert (pronouns.group, pronouns.wanted, pronouns.words, pronouns.jaccard) == (1, ("he", "they"), ("he", "they"), 1)
    assert "who" in pronouns.missing and "it" in pronouns.missing
    # "or" stands five times, two of them beside and and but: it is at home in group 0
    conjunctions = found["conjunctions"]
    assert (conjunctions.group, set(conjunctions.words), conjunctions.jaccard) == (2, {"and", "but"}, 2 / 3)
    the = found["the"]
    assert (the.group, set(the.words), the.jaccard) == (0, {"the", "of", "or"}, 2 / 3)
    have = found["have"]
    assert (have.group, have.wanted, have.words, have.jaccard, have.chance) == (None, (), (), None, None)


def test_a_word_with_half_of_its_times_in_either_group_is_at_home_in_none() -> None:
    found, labels = labelled(("had had had has has has has has", 0), ("had had had", 1))
    (row,) = matches(found, labels, {"have": TABLE_5_1["have"]})
    assert (row.wanted, row.words, row.jaccard) == (("had", "has"), ("has",), 0.5)


def test_of_a_group_only_the_ten_most_frequent_words_are_compared_or_as_many_as_the_list_has() -> None:
    many = " ".join(f"w{number} " * (20 - number) for number in range(12))
    short, long = matches(
        *labelled((many, 0)), {"short": ["w1", "w11"], "long": [f"w{number}" for number in range(12)]}
    )
    assert short.words == tuple(f"w{number}" for number in range(10)) and short.jaccard == 1 / 11
    assert len(long.words) == 12 and long.jaccard == 1


def test_groups_without_meaning_match_a_list_no_better_than_chance() -> None:
    rng = np.random.default_rng(0)
    tokens = [str(word) for word in rng.choice(["he", "she", "it", "they", *(f"w{n}" for n in range(40))], 3000)]
    labels = np.array([{"he": 1, "she": 1, "it": 1, "they": 1}.get(token, 0) for token in tokens], np.int32)
    (row,) = matches(mapped(tokens), labels, {"pronouns": TABLE_5_1["pronouns"]})
    assert row.jaccard == 1 and row.chance is not None and row.chance < 0.2
    (row,) = matches(mapped(tokens), rng.permutation(labels), {"pronouns": TABLE_5_1["pronouns"]})
    assert row.jaccard is not None and row.jaccard < 0.2


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=25),
    st.lists(st.integers(0, 4), min_size=1, max_size=25),
)
def test_the_v_measure_is_that_of_scikit_learn(opening: list[int], closing: list[int]) -> None:
    labels = np.array([*opening, *closing], np.int32)
    kinds = np.array([True] * len(opening) + [False] * len(closing))
    found = apart(labels, kinds, ~kinds)
    figures = (found.homogeneity, found.completeness, found.v_measure)
    assert figures == pytest.approx(homogeneity_completeness_v_measure(kinds, labels), abs=1e-9)
    assert (found.opening, found.closing) == (len(opening), len(closing))


def test_marks_of_one_kind_alone_cannot_be_told_apart() -> None:
    found, labels = labelled(("( a (", 0))
    assert apart(labels, *brackets(found)).v_measure is None


def test_opening_and_closing_marks_are_found_where_they_stand() -> None:
    found = mapped(["a", '"', "b", '"', "c", "(", "d", ")", '"', "e", "<eos>", '"', "f", '"', "“", "g", "”"])
    opening, closing = quotes(found)
    assert np.flatnonzero(opening).tolist() == [1, 8, 11, 14]  # a new paragraph begins outside
    assert np.flatnonzero(closing).tolist() == [3, 13, 16]
    opening, closing = brackets(found)
    assert np.flatnonzero(opening).tolist() == [5] and np.flatnonzero(closing).tolist() == [7]


def test_groups_of_consecutive_words_stand_out_from_shuffled_ones() -> None:
    straight = np.repeat(np.arange(10), 20).astype(np.int32)
    found = runs(straight)
    assert found.share == 190 / 199 and found.pairs == 199
    rng = np.random.default_rng(0)
    shuffled = [runs(rng.permutation(straight)) for _ in range(400)]
    assert np.mean([one.share for one in shuffled]) == pytest.approx(found.shuffled, abs=0.005)
    assert {one.shuffled for one in shuffled} == {found.shuffled}
    assert runs(np.zeros(9, np.int32)).share == runs(np.zeros(9, np.int32)).shuffled == 1
    with pytest.raises(ValueError, match="at least 2"):
        runs(np.zeros(1, np.int32))


def test_two_maps_of_the_same_words_agree_word_by_word() -> None:
    found, labels = PLANTED
    other = (labels + 1) % 3
    assert agree(found, labels, found, other).index == 1
    mixed = np.random.default_rng(0).permutation(labels)
    one = agree(found, labels, found, mixed)
    assert (one.index, one.of) == (pytest.approx(adjusted_rand_score(labels, mixed)), len(labels))


def test_maps_of_different_texts_agree_by_the_words_they_share() -> None:
    one, labels = labelled(("he " * 5 + "she " * 6 + "rare had", 0), ("had " * 5 + "has " * 5 + "he", 1))
    other, others = labelled(("has " * 6 + "had " * 6, 3), ("she " * 5 + "he " * 9 + "new " * 9, 2), ("had " * 5, 1))
    found = agree(one, labels, other, others)
    assert (found.index, found.of, found.things) == (1, 4, "words")
    moved = agree(one, labels, other, np.where(np.array(other.tokens) == "he", 3, others).astype(np.int32))
    assert moved.index == pytest.approx(adjusted_rand_score([0, 0, 1, 1], [3, 2, 3, 3]))
    assert agree(one, labels, mapped(["other"] * 6), np.zeros(6, np.int32)).index is None
    same_words_elsewhere = mapped(one.tokens, start=7)
    assert agree(one, labels, same_words_elsewhere, labels).things == "words"


def test_the_summary_says_all_of_it_in_one_document() -> None:
    found, labels = labelled(("( he he he he he )", 0), ("( had had had had had", 1))
    whole = json.loads(json.dumps(summary(found, labels, "ward", least=7)))
    assert (whole["words"], whole["groups"], whole["largest_share"], whole["linkage"]) == (13, 2, 7 / 13, "ward")
    assert [row["number"] for row in whole["table"]] == [0]
    assert [row["name"] for row in whole["lists"]] == [*TABLE_5_1, *ALSO_NAMED]
    assert whole["brackets"]["v_measure"] == pytest.approx(apart(labels, *brackets(found)).v_measure)
    assert whole["quotes"]["v_measure"] is None and whole["runs"]["pairs"] == 12
    lines = "\n".join(map_lines(whole))
    assert "he (100%), ( (50%), ) (100%)" in lines and "2 groups by ward linkage, the largest has 53.8%" in lines
    assert "quotes, 0 that open and 0 that close: nothing to tell apart" in lines
    assert "none of its words stands here 5 times" in lines
