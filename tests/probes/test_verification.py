"""Verifications of planted recordings: what is there holds up, what is not does not, what cannot be told is said."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from lstm_core.probes.studies import Selector, Study, both_kinds, parse_study, values_at
from lstm_core.probes.verification import (
    Verification,
    VerifyQuery,
    ahead,
    evenly,
    recording_words,
    twin_query,
    types_of,
    verify,
    word_before,
)
from lstm_core.probes.word_classes import matched, word_set
from lstm_core.recordings.recording import Recording, RecordingSpec
from lstm_core.stats.linear_probe import balanced, probe
from lstm_core.stats.separation import separation
from lstm_core.text.corpus import Vocabulary
from lstm_core.text.tagged import Tagged
from tests.probes.test_studies import FILE, recording_of, sentences, tagged_of

STUDY = parse_study(FILE)


def planted(seed: int = 0, units: int = 12) -> tuple[Recording, Tagged]:
    """ "left" in two senses: unit 3 is high at one and fades by a third a step."""
    recording = recording_of(sentences(160, seed), units=units, seed=seed)
    values, tagged = recording.signals["h", 1], tagged_of(recording)
    for _, stop in both_kinds(recording, STUDY, tagged)[0]:
        left = np.arange(stop - 1, min(stop + 7, values.shape[1]))
        values[3, left] += 3 * (2 / 3) ** np.arange(len(left))
    return recording, tagged


@cache
def verified() -> tuple[Recording, Tagged, Verification]:
    """What is planted, and what is found there."""
    recording, tagged = planted()
    return recording, tagged, verify(recording, VerifyQuery(STUDY), tagged)


def test_what_is_planted_holds_up() -> None:
    recording, tagged, found = verified()
    kinds = both_kinds(recording, STUDY, tagged)
    assert found.counts == (len(kinds[0]), len(kinds[1])) and sum(found.counts) == 160
    assert found.confirmed >= 1 and (found.followed[0].layer, found.followed[0].unit) == (1, 3)
    assert found.reader is not None and found.reader.accuracy > 0.9
    order = sorted([*kinds[0], *kinds[1]])
    values = values_at(recording, "h", [1], [stop - 1 for _, stop in order])
    labels = np.array([span in kinds[0] for span in order])
    assert found.reader.accuracy == balanced(labels, probe(values, labels).said)
    where = [start for start, _ in (*kinds[0], *kinds[1])]
    expected = separation(values[labels], values[~labels], where=where)
    assert found.apart is not None and (found.apart.between, found.apart.chance) == (expected.between, expected.chance)
    assert expected.chance <= 0.05
    around = found.followed[0].around
    assert around is not None and around.onset is not None and around.peak == 0
    assert around.half_life == pytest.approx(np.log(0.5) / np.log(2 / 3), abs=0.7)
    assert found.followed[0].period is not None and around.one.memory is None
    (memory,) = found.why
    assert "record run --text text --start 0 --tokens 960 --signals f --yes" in memory


def test_where_nothing_is_planted_nothing_holds_up() -> None:
    recording = recording_of(sentences(160), units=12)
    found = verify(recording, VerifyQuery(STUDY, control=False), tagged_of(recording))
    assert found.confirmed == 0 and found.followed == () and found.why == ()
    assert found.reader is not None and found.reader.interval[0] < 0.5 < found.reader.interval[1]
    (nothing,) = found.nothing
    assert nothing.word == "the" and sum(nothing.counts) == 160 and nothing.apart.chance > 0.05
    assert nothing.accuracy == pytest.approx(0.5, abs=0.15)


def test_a_twin_is_asked_of_the_same_places_and_units() -> None:
    (_, tagged, found), other = verified(), recording_of(sentences(160), units=12, seed=9)
    twin = verify(other, twin_query(found), tagged)
    assert [(unit.layer, unit.unit) for unit in twin.followed] == [(unit.layer, unit.unit) for unit in found.followed]
    assert not any(unit.sure for unit in twin.followed) and twin.confirmed == 0
    assert found.reader is not None and twin.reader is not None and twin.reader.control is None
    np.testing.assert_array_equal(found.reader.kinds, twin.reader.kinds)
    lead = ahead(found, twin)
    assert lead is not None and lead[0] == pytest.approx(found.reader.accuracy - twin.reader.accuracy)
    assert lead[1] < 0.01 and ahead(found, None) is None


def test_a_kind_decided_by_the_word_before_is_learned_by_heart() -> None:
    """ "left" behind "he" or "the" alone, and states that hold the word before: nothing is left above the control."""
    recording, tagged = planted()
    read, values = recording.tokens, recording.signals["h", 1]
    values[3] = 0
    for token in range(8):
        values[4, 1:][read[:-1] == token] = token
    found = verify(recording, VerifyQuery(STUDY), tagged)
    assert found.dealt_by == "the word before" and found.reader is not None and found.reader.control is not None
    assert found.reader.accuracy > 0.95 and found.reader.control.types == 2
    assert found.reader.selectivity == pytest.approx(0, abs=0.03)


def test_types_are_the_word_before_or_of_many_phrases_the_phrase() -> None:
    recording = recording_of(sentences(20))
    assert types_of(recording, [(1, 2), (2, 3)]) == ("the word before", [word_before(recording, at) for at in (1, 2)])
    assert word_before(recording, 0) == "" and word_before(recording, 1) == recording.text(0, 1)[0]
    many = [(at, at + 2) for at in range(0, 110)]
    by, types = types_of(recording, many)
    assert by == "the phrase itself" and types[0] == " ".join(recording.text(0, 2))
    text = "He said:\nleft"
    names = tuple(sorted(set(text)))
    spec = RecordingSpec("run", "w", "text", "f", (0, len(text)), "lstm", 1, ("h",), (1,))
    read = np.array([names.index(letter) for letter in text], np.int32)
    letters = Recording(
        spec, Vocabulary(names, "characters"), read, np.arange(len(read)), np.zeros(len(read), np.float32),
        {("h", 1): np.zeros((1, len(read)), np.float32)},
    )  # fmt: skip
    assert word_before(letters, 9) == "said:" and word_before(letters, 0) == ""


@pytest.mark.parametrize("contexts", [(), ("none bar",)])
def test_few_places_or_none_are_said(contexts: tuple[str, ...]) -> None:
    recording, tagged = planted()
    asked = Study("few", positive=(Selector("left", (), contexts),), negative=(Selector("right"),), null=("the",))
    found = verify(recording, VerifyQuery(asked), tagged)
    assert found.reader is None and found.apart is None and found.nothing == () and found.confirmed == 0
    assert "10 of each kind are needed" in found.why[0]


def test_units_that_never_change_are_followed_without_a_period() -> None:
    recording, tagged = planted()
    recording.signals["h", 1][5] = 0.5
    found = verify(recording, VerifyQuery(STUDY, units=((1, 5),), control=False), tagged)
    (one,) = found.followed
    assert one.period is None and one.around is not None and one.around.onset is None and not one.sure


def test_the_forget_gate_of_the_same_reading_gives_the_memory() -> None:
    recording, tagged = planted()
    gates = np.full_like(recording.signals["h", 1], 0.9)
    both = replace(recording, signals={**recording.signals, ("f", 1): gates})
    found = verify(both, VerifyQuery(STUDY, control=False), tagged)
    around = found.followed[0].around
    assert around is not None and around.one.memory == pytest.approx(np.log(0.5) / np.log(0.9)) and found.why == ()
    gru = replace(recording, spec=replace(recording.spec, cell="gru"))
    assert "no forget gate" in verify(gru, VerifyQuery(STUDY, control=False), tagged).why[0]


def test_places_are_thinned_evenly_and_commands_are_whole() -> None:
    spans = [(at, at + 1) for at in range(10)]
    assert evenly(spans, 4) == [(0, 1), (3, 4), (6, 7), (9, 10)] and evenly(spans, 10) == spans
    spec = RecordingSpec("run", "w", "my text", "f", (5, 25), "lstm", 1, ("h",), (1,))
    recording = replace(recording_of([0, 1]), spec=spec)
    words = recording_words(recording, "run-untrained", "h")
    assert words == ["record", "run-untrained", "--text", "my text", "--start", "5", "--tokens", "20",
                     "--signals", "h", "--yes"]  # fmt: skip


# Sets of words --------------------------------------------------------------------------------------------------------


def vocabulary_recording(seed: int = 0) -> tuple[Recording, Tagged, list[str]]:
    """Sixty nouns and sixty verbs at random; the first ten nouns have states of their own."""
    draw = np.random.default_rng(seed)
    names = tuple(f"{kind}{chr(97 + n // 26)}{chr(97 + n % 26)}" for kind in ("noun", "verb") for n in range(60))
    shares = np.tile(1 / (20 + np.arange(60)), 2)
    read = draw.choice(120, 4000, p=shares / shares.sum()).astype(np.int32)
    values = draw.normal(size=(8, 4000)).astype(np.float32)
    values[:3, read < 10] += 2
    values[5, read >= 60] += 4  # verbs lie apart too: controls must be nouns
    spec = RecordingSpec("run", "w", "text", "f", (0, 4000), "lstm", 8, ("h",), (1,))
    recording = Recording(
        spec, Vocabulary(names, "words"), read, np.arange(4000), np.zeros(4000, np.float32), {("h", 1): values}
    )
    at = np.arange(4000)
    tagged = Tagged(at, at + 1, np.zeros(4000, np.int32), (read >= 60).astype(np.int16), ("NN", "VB"))
    return recording, tagged, list(names)


def test_words_of_a_set_lie_apart_from_words_of_their_kind_that_are_as_frequent() -> None:
    recording, tagged, names = vocabulary_recording()
    found = word_set(recording, "h", [1], [*names[:10], "unheard"], tagged)
    assert set(found.words) == set(names[:10]) and found.absent == ("unheard",)
    assert all(control.startswith("noun") and control not in names[:10] for control in found.controls)
    assert len(set(found.controls)) == 10
    assert found.apart.chance < 0.01 and found.nothing is not None and found.nothing.chance > 0.05
    values, read = recording.signals["h", 1], recording.tokens
    every = [names.index(name) for name in (*found.words, *found.controls)]
    means = np.array([values[:, read == number].mean(axis=1) for number in every])
    assert np.bincount(read)[every].max() <= 200  # so that all places count
    left, strength, _ = np.linalg.svd(means - means.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(found.apart.places), np.abs(left * strength)[:, :2], atol=1e-5)


def test_words_that_are_nothing_apart_are_not() -> None:
    chances = []
    for seed in range(20):
        recording, tagged, names = vocabulary_recording(seed)
        chances.append(word_set(recording, "h", [1], names[20:32], tagged, seed=seed).apart.chance)
    assert np.mean(np.array(chances) <= 0.05) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 20)


def test_a_word_is_matched_with_the_nearest_of_its_tag_and_none_twice() -> None:
    known = {"a": (100, 0), "b": (90, 0), "c": (95, 1), "d": (30, 0), "e": (105, 0), "f": (10, 0)}
    draw = np.random.default_rng(0)
    for _ in range(20):
        found = matched(known, ["a", "b", "x"], {"a", "b"}, draw)
        assert list(found) == ["a", "b"] and len(set(found.values())) == 2 and set(found.values()) <= {"d", "e", "f"}
    many = {f"w{n}": (50 + n, 0) for n in range(100)}
    near = {matched(many, ["w50"], {"w50"}, np.random.default_rng(n))["w50"] for n in range(200)}
    assert near == {f"w{n}" for n in range(45, 56)} - {"w50"}


def test_sets_that_cannot_be_told_are_said() -> None:
    recording, tagged, names = vocabulary_recording()
    with pytest.raises(ValueError, match="not tagged"):
        word_set(recording, "h", [1], names[:10], None)
    with pytest.raises(ValueError, match="1 of its words stand 5 times or more"):
        word_set(recording, "h", [1], [names[0], "unheard"], tagged)
    found = verify(recording, VerifyQuery(Study("few", words=(names[0], "unheard"))), tagged)
    assert found.words is None and found.why[0].startswith("No set of words: 1 of its words")
    whole = verify(recording, VerifyQuery(Study("ten", words=tuple(names[:10]))), tagged)
    assert whole.words is not None and whole.apart is None and whole.reader is None and whole.why == ()
