"""What clusters hold, against counts by hand and by brute force."""

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_core.clusters import contents as cluster_table
from lstm_core.clusters.contents import best_by_tag, explained, few_word_curve, few_word_share, members, table
from lstm_core.clusters.states import NOISE, Clustering, ClusterQuery

TEXT = 'He would go. She could not.\nHe said, "I would."\nWe could\n\n'
TAGS = ("MD", "PRP", "VB", "RB", "VBD", ".", ",")
POINTS = (  # position, word, tag, cluster
    (2, "He", "PRP", 1),
    (8, "would", "MD", 0),
    (12, ".", ".", 2),
    (16, "She", "PRP", 1),
    (22, "could", "MD", 0),
    (27, ".", ".", 3),
    (30, "He", "PRP", 1),
    (36, ",", ",", 2),
    (39, "I", "PRP", NOISE),
    (47, '"', "", 3),
    (50, "We", "PRP", 1),
    (56, "could", "MD", 0),
    (57, "", "", 3),
)


def planted() -> Clustering:
    """The text above, its clusters set by hand: 0 modal verbs, 1 pronouns, 2 after punctuation, 3 line breaks."""
    stops = np.array([position for position, *_ in POINTS])
    return Clustering(
        ClusterQuery(),
        "run",
        "weights",
        "text",
        "fingerprint",
        (0, len(TEXT)),
        stops,
        np.array([cluster for *_, cluster in POINTS], np.int32),
        np.linspace(1, 0.5, len(POINTS)).astype(np.float32),
        np.array([0.4, 0.3, 0.2, 0.1]),
        np.stack((stops - [len(word) for _, word, *_ in POINTS], stops), axis=1),
        np.array([TAGS.index(tag) if tag else NOISE for _, _, tag, _ in POINTS], np.int16),
        TAGS,
    )


def test_the_text_is_as_planted() -> None:
    assert cluster_table.words_of(planted(), TEXT) == [word for _, word, *_ in POINTS]
    assert all(TEXT[position] in " \n" for position, *_ in POINTS)


def test_rows_by_hand() -> None:
    modal, pronoun, mark, line = table(planted(), TEXT)
    assert modal.words == (("could", 2 / 3), ("would", 1 / 3)) and modal.two_words == 1
    assert pronoun.words == (("he", 0.5), ("she", 0.25), ("we", 0.25)) and pronoun.two_words == 0.75
    assert (mark.punctuation, modal.punctuation, line.punctuation) == (1, 0, 2 / 3)
    assert (mark.few_words, pronoun.few_words) == (1, 0.75)
    assert [row.newline_only for row in (modal, pronoun, mark, line)] == [False, False, False, True]
    assert modal.characters == ((" ", 2 / 3), ("\n", 1 / 3)) and modal.line_breaks == 1 / 3
    assert mark.following == (("S", 0.5), ('"', 0.5))
    assert modal.persistence == 0.4 and [row.size for row in (modal, pronoun, mark, line)] == [3, 4, 2, 3]
    assert modal.strength == pytest.approx(np.mean(planted().strength[[1, 4, 11]]))


def test_precision_and_recall_by_hand() -> None:
    rows = table(planted(), TEXT)
    best = best_by_tag(rows)
    assert (best["MD"].precision, best["MD"].recall, best["MD"].size, best["MD"].f1) == (1, 1, 3, 1)
    assert (best["PRP"].precision, best["PRP"].recall) == (1, 0.8)  # "I" is noise
    assert (best["."].cluster, best["."].precision, best["."].recall) == (
        2,
        0.5,
        0.5,
    )  # the layout cluster does not count


def test_few_word_shares_leave_layout_out() -> None:
    rows = table(planted(), TEXT)
    assert few_word_share(rows) == 2 / 3  # modal verbs and marks; of pronouns one or two words are only .75
    assert few_word_share(rows, 0.75) == 1
    assert dict(few_word_curve(rows))[0.7] == 1
    assert math.isnan(few_word_share([row for row in rows if row.newline_only]))


@given(st.integers(0, 10_000))
def test_tags_against_brute_force(seed: int) -> None:
    chance, found = np.random.default_rng(seed), planted()
    labels = chance.integers(-1, 4, len(POINTS)).astype(np.int32)
    labels[:4] = range(4)  # every cluster has a member
    found = replace(found, labels=labels)
    tags = [tag for _, _, tag, _ in POINTS]
    for row in table(found, TEXT):
        inside = [tag for tag, label in zip(tags, labels.tolist(), strict=True) if label == row.cluster]
        assert {share.tag: (share.precision, share.recall) for share in row.tags} == {
            tag: (count / len(inside), count / tags.count(tag)) for tag, count in Counter(inside).items() if tag
        }
        precisions = [share.precision for share in row.tags]
        assert precisions == sorted(precisions, reverse=True)


def test_members_are_a_uniform_sample_that_a_seed_repeats() -> None:
    found = replace(planted(), labels=np.zeros(len(POINTS), np.int32), persistence=np.ones(1))
    chosen = members(found, TEXT, 0, count=4, seed=3)
    assert chosen == members(found, TEXT, 0, count=4, seed=3)
    assert [one.position for one in chosen] == sorted(one.position for one in chosen)
    counts = Counter(one.point for seed in range(2000) for one in members(found, TEXT, 0, count=4, seed=seed))
    expected = 2000 * 4 / len(POINTS)
    assert all(abs(counts[point] - expected) < 5 * math.sqrt(expected) for point in range(len(POINTS)))


def test_excerpts_are_the_text() -> None:
    for one in members(planted(), TEXT, 0, count=99):
        assert (one.before + one.at + one.after) in TEXT and TEXT[one.position] == one.at
    assert [one.point for one in members(planted(), TEXT, NOISE)] == [8]
    with pytest.raises(ValueError, match="no cluster 4: choose 0 to 3"):
        members(planted(), TEXT, 4)


def test_labels_that_follow_from_the_past_or_from_what_comes() -> None:
    """Cluster 0 is "after a", cluster 1 "after b"; then the same from the other side."""
    chance = np.random.default_rng(0)
    text = "".join(chance.choice(["a ", "b "], 400))
    positions = np.arange(1, len(text), 2)
    past = (np.array(list(text[0::2])) == "b").astype(np.int32)
    full = replace(
        planted(), query=ClusterQuery(data="full"), positions=positions, labels=past, strength=np.ones(len(past)),
        persistence=np.ones(2), words=np.zeros((0, 2), np.int64), tags=np.zeros(0, np.int16),
    )  # fmt: skip
    told = explained(full, text, 2)
    assert told.past == 1 and told.following < 0.65 and (told.by_cluster[:, 0] == 1).all()
    coming = replace(full, labels=np.append(past[1:], 0).astype(np.int32))
    told = explained(coming, text, 2)
    assert told.following > 0.99 and told.past < 0.65 and (told.by_cluster[:, 1] > 0.99).all()


def test_nothing_but_noise_is_told_as_such() -> None:
    found = replace(planted(), labels=np.full(len(POINTS), NOISE, np.int32), persistence=np.zeros(0))
    assert table(found, TEXT) == () and best_by_tag(()) == {} and math.isnan(few_word_share(()))
    summary = cluster_table.summary(found, TEXT)
    assert (summary["clusters"], summary["noise_share"], summary["best_by_tag"]) == (0, 1.0, {})
    assert math.isnan(explained(found, TEXT, 1).past)
