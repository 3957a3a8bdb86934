"""Features of a text: each against a slow reading of its definition, on small texts of all kinds."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_core.neurons import features
from lstm_core.neurons.features import NEGATIVE, POSITIVE, RULES, FeatureText, plain_features, tag_features
from lstm_core.recordings.recording import Recording, RecordingSpec
from lstm_core.text import marks
from lstm_core.text.corpus import END, UNKNOWN, Vocabulary, split_text
from lstm_core.text.sentences import sentence_spans
from lstm_core.text.tagged import Tagged

pytestmark = pytest.mark.numeric

PIECES = ['"', "“", "”", "«", "»", "(", ")", "[", "]", "\n", "\n\n", "\n \n", " ", ".", ". ", "?", "Ann", "is", "7th",
          "don't", "glad ", " sad", "CHAPTER IX", "x" * 30, "'", "—", "É"]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
TOKENS = ['"', "“", "”", "``", "''", "(", ")", "-LRB-", "-RRB-", END, UNKNOWN, ".", "!", ",", "=", "Ann", "is", "7th",
          "@.@", "glad", "sad", "Mr", "É"]  # fmt: skip
WORDS = st.lists(st.sampled_from(TOKENS), max_size=30)


def drawn(mask: Any) -> str:
    return "".join("x" if value else "." for value in mask)


# Slow readings --------------------------------------------------------------------------------------------------------


def paragraphs(tokens: str | Sequence[str]) -> list[tuple[int, int]]:
    """[start, stop) of the stretches between the places where a paragraph ends, those places left out."""
    if isinstance(tokens, str):
        return [found.span() for found in re.finditer(r"(?:(?!\n\s*\n)[\s\S])+", tokens)]
    found, start = [], 0
    for at, token in enumerate([*tokens, END]):
        if token == END:
            found.append((start, at))
            start = at + 1
    return found


def slow_quotes(tokens: str | Sequence[str]) -> list[bool]:
    inside = [False] * len(tokens)
    for start, stop in paragraphs(tokens):
        straight = curly = pointed = treebank = False
        for at in range(start, stop):
            token = tokens[at]
            straight ^= token == '"'
            curly = token == "“" or (curly and token != "”")
            pointed = token == "«" or (pointed and token != "»")
            treebank = token == "``" or (treebank and token != "''")
            inside[at] = straight or curly or pointed or treebank
    return inside


def slow_brackets(tokens: str | Sequence[str]) -> list[bool]:
    inside = [False] * len(tokens)
    for start, stop in paragraphs(tokens):
        waiting: list[str] = []
        for at in range(start, stop):
            if tokens[at] in ("(", "[", "{", "-LRB-"):
                waiting.append(tokens[at])
            elif tokens[at] in (")", "]", "}", "-RRB-") and waiting:
                waiting.pop()
            inside[at] = bool(waiting)
    return inside


def slow_column(text: str) -> list[int]:
    return [len(text[:at].split("\n")[-1]) + 1 for at in range(len(text))]


def slow_word_position(text: str) -> list[int]:
    letters = [c.isalnum() for c in text]
    joined = [
        letters[at] or (0 < at < len(text) - 1 and text[at] in "'’-" and letters[at - 1] and letters[at + 1])
        for at in range(len(text))
    ]
    found: list[int] = []
    for here in joined:
        found.append((found[-1] if found else 0) + 1 if here else 0)
    return found


def slow_heading(text: str) -> list[bool]:
    lines, found = text.split("\n"), []
    for number, line in enumerate(lines):
        before = number == 0 or not lines[number - 1].strip()
        after = number == len(lines) - 1 or not lines[number + 1].strip()
        bare = line.strip()
        heading = before and after and 0 < len(bare) <= 60 and bare[-1].isalnum()
        found += [heading] * len(line) + [False]
    return found[:-1]


def slow_sentences(text: str) -> dict[str, list[Any]]:
    """Position in the sentence, its last letter, what lies behind that, the mood: one character after the other."""
    spans = list(sentence_spans(text))
    position, last, between, mood = ([0] * len(text) for _ in range(4))
    for number, (start, stop) in enumerate(spans):
        worded = [at for at in range(start, stop) if text[at].isalnum()]
        following = spans[number + 1][0] if number + 1 < len(spans) else len(text)
        for at in range(start, following):
            position[at] = at - start + 1 if at < stop else 0
            last[at] = worded[-1:] == [at]
            between[at] = at > (worded[-1] if worded else start - 1)
        for at in range(start, stop):
            ended = [w for w in marks.WORD.finditer(text) if start < w.end() <= at + 1]
            mood[at] = sum((w[0].lower() in POSITIVE) - (w[0].lower() in NEGATIVE) for w in ended)
    return {"position": position, "last": last, "between": between, "mood": mood}


# Characters -----------------------------------------------------------------------------------------------------------


@given(TEXTS)
def test_marks_of_characters_are_those_of_a_slow_reading(text: str) -> None:
    after = [*text, ""][1:]
    slow: dict[Callable[..., Any], list[Any]] = {
        marks.in_quotes: slow_quotes(text),
        marks.in_brackets: slow_brackets(text),
        marks.capital: [c.isupper() for c in text],
        marks.before_capital: [c.isupper() for c in after],
        marks.before_number: [c.isdigit() for c in after],
        marks.blank: [c.isspace() for c in text],
        marks.punctuation: [not (c.isalnum() or c.isspace()) for c in text],
        marks.position_in_line: slow_column(text),
        marks.late_in_line: [column > 55 for column in slow_column(text)],
        marks.position_in_word: slow_word_position(text),
    }
    for read, expected in slow.items():
        assert read(text).tolist() == expected, read.__name__


@given(TEXTS)
def test_sentences_headings_and_mood_are_those_of_a_slow_reading(text: str) -> None:
    reading, slow = FeatureText(text, "characters"), slow_sentences(text)
    assert reading.position_in_sentence.tolist() == slow["position"]
    assert reading.last_of_sentence.tolist() == slow["last"]
    assert reading.between_sentences.tolist() == slow["between"]
    assert reading.mood.tolist() == slow["mood"]
    assert reading.heading.tolist() == slow_heading(text)
    spans = [found.span() for found in marks.WORD.finditer(text) if found[0].lower() in POSITIVE]
    assert reading.is_word_of(POSITIVE).tolist() == [any(a <= at < b for a, b in spans) for at in range(len(text))]


def test_quotes_by_hand() -> None:
    text = 'a "bc" d\n\n"open paragraph\n\nnext “so «x” y» z'
    inside = drawn(marks.in_quotes(text))
    assert inside == "." * 2 + "xxx" + "." * 5 + "x" * 15 + "." * 7 + "x" * 9 + "." * 3


def test_brackets_by_hand() -> None:
    assert drawn(marks.in_brackets("a) (b [c] d) (e\n\nf)")) == "...xxxxxxxx..xx...."
    assert drawn(marks.in_brackets(["(", "a", "-LRB-", "b", "-RRB-", "c", ")", "d"])) == "xxxxxx.."


def test_sentences_by_hand() -> None:
    text = '"No," he said. "Go!" Mr. X left'
    reading = FeatureText(text, "characters")
    assert drawn(reading.last_of_sentence) == "." * 12 + "x" + "." * 4 + "x" + "." * 12 + "x"
    assert drawn(reading.between_sentences) == "." * 13 + "xx" + "." * 3 + "xxx" + "." * 10
    assert reading.position_in_sentence.tolist() == [*range(1, 15), 0, *range(1, 6), 0, *range(1, 11)]


def test_a_heading_stands_alone_and_ends_in_no_mark() -> None:
    text = "He left\n\nCHAPTER IX\n\nIt was late.\n\n" + "x" * 61 + "\n\ntwo\nlines"
    at = text.index("CHAPTER")
    assert np.flatnonzero(FeatureText(text, "characters").heading).tolist() == [*range(7), *range(at, at + 10)]


def test_the_end_of_a_line_is_near_after_the_column() -> None:
    text = "a" * 60 + "\n" + "b" * 10
    assert marks.late_in_line(text, 55).tolist() == [k >= 55 for k in range(61)] + [False] * 10


def test_names_and_capitals() -> None:
    text = "so Anna ran"
    assert np.flatnonzero(marks.before_capital(text)).tolist() == [2]
    assert np.flatnonzero(marks.inside_name(text)).tolist() == [4, 5, 6]


def test_a_paragraph_has_begun_for_forty_characters() -> None:
    text = "one.\n\n" + "b" * 100
    assert np.flatnonzero(marks.paragraph_start(text)).tolist() == list(range(6, 46))


# Words ----------------------------------------------------------------------------------------------------------------


@given(WORDS)
def test_marks_of_words_are_those_of_a_slow_reading(words: list[str]) -> None:
    after = [*words, ""][1:]
    slow: dict[Callable[..., Any], list[Any]] = {
        marks.in_quotes: slow_quotes(words),
        marks.in_brackets: slow_brackets(words),
        marks.capital: [word in ("Ann", "Mr", "É") for word in words],
        marks.before_capital: [word in ("Ann", "Mr", "É") for word in after],
        marks.before_number: [word == "7th" for word in after],
        marks.punctuation: [not re.search(r"\w", word) and word not in (END, UNKNOWN) for word in words],
    }
    for read, expected in slow.items():
        found = read(words)
        assert found.tolist() == expected and found.dtype == bool, read.__name__
    values = {feature.name: feature.values.tolist() for feature in plain_features(words, "words")}
    assert values["a word that speaks well"] == [word == "glad" for word in words]
    assert values["a word that speaks ill"] == [word == "sad" for word in words]
    since = [[*reversed(words[:at]), END].index(END) + 1 for at in range(len(words))]
    assert values["position in the paragraph"] == since


@given(WORDS)
def test_sentences_of_words_are_whole_words_within_paragraphs(words: list[str]) -> None:
    reading = FeatureText(words, "words")
    covered = [at for start, stop in reading.sentences for at in range(start, stop)]
    assert covered == [at for at, word in enumerate(words) if word != END]
    for start, stop in reading.sentences[:-1]:
        ends = words[stop - 1] in (".", "!", '"', "”", "''", ")", "-RRB-") or words[stop] == END
        assert ends, (words, start, stop)


def test_sentences_of_words_by_hand() -> None:
    words = [*["Mr", ".", "X", "said", ",", '"', "<unk>", "!", '"', "<unk>", "left", "."], END, "so", END]
    reading = FeatureText(words, "spaces")
    assert reading.sentences == [(0, 9), (9, 12), (13, 14)]
    assert drawn(reading.last_of_sentence) == "......x...x..x."
    assert drawn(reading.between_sentences) == ".......xx..xx.x"
    assert reading.position_in_sentence.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 0, 1, 0]


def test_headings_of_words_stand_between_equal_signs_or_are_short_paragraphs() -> None:
    lines = [["=", "=", "Career", "=", "="], ["It", "was", "."], ["Chapter", "9"], ["="], []]
    tokens = [token for line in lines for token in (*line, END)]
    assert drawn(FeatureText(tokens, "spaces").heading) == "xxxxx" + "." * 11
    assert drawn(FeatureText(tokens, "words").heading) == "xxxxx" + "." * 5 + "xx" + "." * 4
    assert not FeatureText(["a"] * 11, "words").heading.any()


# The list -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("splitter", "text"), [("characters", "Ann said."), ("words", "Ann said."), ("words", "")])
def test_every_rule_gives_one_value_a_token_and_says_what_it_is(splitter: Any, text: str) -> None:
    tokens = text if splitter == "characters" else split_text(text, splitter)
    found = plain_features(tokens, splitter)
    assert [feature.name for feature in found] == [rule.name for rule in RULES if splitter in rule.kinds]
    assert len({feature.name for feature in found}) == len(found) > 12
    for feature in found:
        assert feature.values.shape == (len(tokens),)
        assert feature.values.dtype == (np.float32 if feature.ordered else bool)
        assert feature.definition and "\n" not in feature.definition


def test_no_word_speaks_well_and_ill() -> None:
    assert not POSITIVE & NEGATIVE
    assert min(len(POSITIVE), len(NEGATIVE)) >= 60
    assert all(marks.WORD.fullmatch(word) and word.islower() for word in POSITIVE | NEGATIVE)


def test_parts_of_speech_here_and_before_the_blank(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Ann ran, ok\nto Ann"
    spans = [(0, 3, 0), (4, 7, 1), (7, 8, 2), (9, 11, 1), (12, 14, 3), (15, 18, 0)]
    start, stop, code = np.array(spans).T
    tagged = Tagged(start, stop, np.zeros(6, np.int32), code, ("NNP", "VBD", ",", "TO"))
    monkeypatch.setattr(features, "TAGGED", 2)
    found = {feature.name: feature for feature in tag_features(text, tagged)}
    assert list(found) == ["word here: name (NNP)", "word here: verb, past (VBD)", "word before the blank: name (NNP)",
                           "word before the blank: verb, past (VBD)"]  # fmt: skip
    assert drawn(found["word here: name (NNP)"].values) == "xxx............xxx"
    assert drawn(found["word here: verb, past (VBD)"].values) == "....xxx..xx......."
    before = found["word before the blank: verb, past (VBD)"]
    assert before.where is not None
    assert np.flatnonzero(before.where).tolist() == [3, 8, 11, 14]
    assert np.flatnonzero(before.values).tolist() == [11]
    named, at_blanks = found["word here: name (NNP)"].words, before.words
    assert named is not None and at_blanks is not None
    assert len(set(named[[0, 2, 15, 17]])) == 1 and len(set(named[[0, 4, 7, 9, 12]])) == 5
    assert at_blanks[[3, 8, 11, 14]].tolist() == named[[2, 7, 10, 13]].tolist()
    start, stop, code = np.array([(0, 1, 0), (1, 2, 1), (3, 4, 0)]).T
    words = tag_features(["Ann", "ran", END, "Bo"], Tagged(start, stop, np.zeros(3, np.int32), code, ("NNP", "VBD")))
    assert [(one.name, drawn(one.values), one.where) for one in words] == [("word here: name (NNP)", "x..x", None)]


@pytest.mark.parametrize("splitter", ["characters", "words"])
def test_features_of_a_recording_are_those_of_all_that_it_read(splitter: Any) -> None:
    text = 'Ann said "the old house is green" and ran home.\n\n' * 60
    tokens = split_text(text, splitter)
    vocabulary = Vocabulary(tuple(sorted(set(tokens))), splitter)
    spec = RecordingSpec("r", "w", "t", "f", (0, len(tokens)), "lstm", 1, (), (), "whitespace")
    recording = Recording(spec, vocabulary, vocabulary.ids(tokens), np.array([3]), np.ones(len(tokens), np.float32), {})
    found = features.features_of(recording)
    plain = plain_features(text if splitter == "characters" else tokens, splitter)
    assert [feature.name for feature in found[: len(plain)]] == [feature.name for feature in plain]
    for one, other in zip(found, plain, strict=False):
        np.testing.assert_array_equal(one.values, other.values)
    named = {feature.name: feature for feature in found[len(plain) :]}
    verbs = named["word here: verb, past (VBD)"].values
    said = [
        at for at in range(len(tokens)) if (text[at : at + 4] if splitter == "characters" else tokens[at]) == "said"
    ]
    assert verbs[said].all()
    assert all(feature.values.shape == (len(tokens),) for feature in found)
