"""What colours and explains the tokens of the page Probes: values as the core has them, kinds with their colours."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.charts.figure import GREY, LINES
from lstm_core.probes.match import Match
from lstm_core.recordings.annotations import Annotation
from lstm_core.recordings.recording import Recording
from lstm_core.text.corpus import Vocabulary
from lstm_core.text.tagged import Tagged
from pages.probes import frames, place, tokens
from pages.probes.tokens import Coloured
from tests.probes.test_match import of, planted

TOKENS = np.array([0, 1, 2, 0, 1, 1, 0, 1, 2, 2])


def small() -> Recording:
    return planted(np.zeros((1, 3, 10), np.float32), TOKENS)


def tagged(spans: list[tuple[int, int]], tags: list[str]) -> Tagged:
    names = tuple(sorted(set(tags)))
    starts, stops = np.array(spans, np.int64).reshape(-1, 2).T
    codes = np.array([names.index(tag) for tag in tags], np.int16)
    return Tagged(starts, stops, np.zeros(len(tags), np.int32), codes, names)


@given(st.integers(0, 9), st.integers(0, 10), st.lists(st.integers(0, 5), unique=True, min_size=1))
def test_neurons_on_are_counted_step_by_step(start: int, stop: int, units: list[int]) -> None:
    on = np.random.default_rng(1).random((10, 6)) < 0.5
    row = frames.neurons_on(of(on), [(1, unit) for unit in units])
    assert row.values(start, max(start, stop)).tolist() == on[start : max(start, stop), units].sum(axis=1).tolist()
    assert row.ends == (0, len(units))


@given(st.integers(0, 11), st.integers(1, 5), st.integers(0, 11), st.integers(0, 12))
def test_a_part_of_speech_is_that_of_the_word_around_a_letter(begin: int, length: int, start: int, stop: int) -> None:
    text = [""] * 20
    words = [(begin, begin + length), (begin + length, begin + length + 1), (begin + length + 2, begin + length + 3)]
    for (a, b), tag in zip(words, ("NN", "VBD", "NN"), strict=True):
        text[a:b] = [tag] * (b - a)
    row = frames.parts_of_speech(tagged(words, ["NN", "VBD", "NN"]))
    values = row.values(start, max(start, stop))
    found = ["" if np.isnan(value) else row.labels[int(value)].split(":")[0] for value in values]
    assert found == text[start : max(start, stop)]


def test_kinds_have_a_colour_each_and_only_those_in_sight_are_told() -> None:
    row = frames.parts_of_speech(tagged([(0, 1), (2, 3), (4, 5), (6, 7)], ["NNS", "MD", ",", "XX"]))
    (head,), ((first,), (second,)) = frames.told_rows([row], [(0, 3), (4, 8)])
    assert [head["labels"][code].split(":")[0] for code in (first[0], first[2], second[0], second[2])] == [
        "NNS", "MD", ",", "XX"
    ]  # fmt: skip
    assert [first[1], second[1], second[3]] == [None, None, None]
    kinds = [head["legend"][head["groups"][code]] for code in (first[0], first[2], second[0], second[2])]
    assert kinds == [["noun", LINES[0]], ["verb", LINES[1]], ["other", GREY], ["other", GREY]]
    (alone,), _ = frames.told_rows([row], [(2, 3)])
    assert alone["labels"] == ["MD: modal verb: can, would"] and alone["legend"] == [["verb", LINES[1]]]
    json.dumps(head, allow_nan=False)


def test_probabilities_are_those_of_the_recording_and_of_words_by_powers_of_ten() -> None:
    letters = small()
    letters.probability[:] = np.float32([np.nan, 0.5, 0.0001234, *[1] * 7])
    row = frames.probability(letters)
    _, ((values,),) = frames.told_rows([row], [(0, 3)])
    assert values == [None, 0.5, 0.000123] and not row.logarithmic
    assert frames.probability(planted_words()).logarithmic


def planted_words() -> Recording:
    return replace(small(), vocabulary=Vocabulary(("the", "old", "<eos>"), "words"))


def test_an_annotation_is_a_scale_or_kinds_of_which_the_commonest_have_colours() -> None:
    numbers = frames.annotated(Annotation("depth", np.float32([1, np.nan, 3, np.inf])))
    assert (numbers.kind, numbers.ends, numbers.low, numbers.high) == ("scale", (1, 3), "1", "3")
    _, ((values,),) = frames.told_rows([numbers], [(0, 4)])
    assert values == [1, None, 3, None]
    assert frames.annotated(Annotation("flat", np.float32([2, 2]))).ends == (2, 3)
    labels = tuple(f"kind {number}" for number in range(12))
    codes = np.repeat(np.arange(12), np.arange(1, 13)).astype(np.int32)  # the last is the commonest
    kinds = frames.annotated(Annotation("chunk", codes, labels))
    (head,), ((values,),) = frames.told_rows([kinds], [(0, len(codes))])
    assert [head["labels"][value] for value in values] == [labels[code] for code in codes]
    assert head["legend"][head["groups"][11]] == ["kind 11", LINES[0]]
    assert head["legend"][head["groups"][0]] == ["other", GREY]


def test_names_of_rows_are_told_apart() -> None:
    assert frames.told_apart(["a", "b", "a", "a", "a (2)"]) == ["a", "b", "a (2)", "a (3)", "a (2) (2)"]


def test_halves_of_characters_in_a_foreign_vocabulary_are_not_told_to_a_page() -> None:
    for told in (frames.shown(["a", "\ud800", "\n"], False), frames.plain(["a", "\ud800", "b"], True)):
        assert told.encode("utf-8") in (b"a?\xe2\x8f\x8e", b"a ? b")


# The strip and the matches --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [0, 3, 9])
def test_a_strip_holds_the_place_and_what_is_selected(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "LETTERS", 6)
    recording = small()
    text = Coloured(recording, [frames.probability(recording)])
    told = tokens.told_strip(text, at, (3, 5), (7, 8))
    first = told["first"]
    assert first <= at < first + len(told["tokens"]) == first + 6
    assert told["tokens"] == recording.text(first, first + 6)
    assert [first + part for part in told["selected"]] == [3, 5]
    assert [first + part for part in told["marked"]] == [7, 8]
    assert (told["earlier"] is None) == (first == 0) and (told["later"] is None) == (first == 4)
    for way in ("earlier", "later"):
        if told[way] is not None:
            other = tokens.told_strip(text, told[way], (3, 5))["first"]
            assert (other < first) == (way == "earlier") and other != first


def test_matches_begin_in_one_column_and_are_cut_at_the_ends_of_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "BEFORE_AND_FROM", {False: (2, 4)})
    recording = small()
    found = [Match(1, 3, 3, 3), Match(5, 10, 2, 4), Match(8, 9, 1, 3)]
    told = tokens.told_matches(Coloured(recording, [frames.probability(recording)]), found)
    for one, line in zip(found, told["lines"], strict=True):
        assert line["skip"] + line["start"] == told["before"] == 2
        assert line["tokens"] == recording.text(line["first"], line["first"] + len(line["tokens"]))
        assert line["first"] + line["start"] == one.start == line["place"]
        assert line["first"] + line["stop"] == min(one.stop, one.start + 4)
        assert line["skip"] + len(line["tokens"]) <= told["width"] == 6
        assert [len(values) for values in line["values"]] == [len(line["tokens"])]
    assert [(line["shared"], line["others"], line["cut"]) for line in told["lines"]] == [
        (3, 0, False), (2, 2, True), (1, 2, False)
    ]  # fmt: skip
