"""Sentences: hand-written ones, what holds for any text, and the sentence ends of a corpus."""

import gzip
import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_core.text.sentences import LONGEST, sentence_spans


def cut(text: str) -> list[str]:
    return [text[start:stop] for start, stop in sentence_spans(text)]


@pytest.mark.parametrize(
    "sentences",
    [
        ["It was July.", "The speaker was Mr. Rostov of St. Petersburg."],
        ['"What?" said he.', '"Go!"', "He went."],
        ["He asked: “Why?” and left…", "‘Yes.’", "(No.)", "So."],
        ["See No. 5 and vol. 3 of Jan. 12.", "I said no.", "Then J. F. Kennedy of the U.S. Army came, not I.", "Yes."],
        ["Is 3.14 more than .5? yes"],
    ],
)
def test_sentences_end_where_a_reader_ends_them(sentences: list[str]) -> None:
    assert cut(" ".join(sentences)) == sentences
    assert cut("\n".join(sentences)) == sentences


def test_blank_lines_and_headings_end_a_sentence_and_line_wraps_do_not() -> None:
    assert cut("BOOK ONE: 1805\nCHAPTER I\n“Well, Prince,\nso Genoa\n \t\nis lost") == [
        "BOOK ONE: 1805",
        "CHAPTER I",
        "“Well, Prince,\nso Genoa",
        "is lost",
    ]


def test_a_text_without_sentence_ends_is_cut_at_blanks_else_anywhere() -> None:
    assert max(map(len, cut("word " * 4000))) < LONGEST
    assert "".join(cut("word " * 4000)).replace(" ", "") == "word" * 4000
    assert [len(part) for part in cut("x" * (LONGEST * 2 + 1))] == [LONGEST, LONGEST, 1]


@pytest.mark.parametrize("text", [". " * 200_000, "." * 200_000, "\n" * 200_000, " " * 200_000, "\n " * 100_000 + "a"])
def test_repetition_does_not_make_it_slow(text: str) -> None:
    """A rule that looks at the rest of the text from every mark would need hours here."""
    assert sum(stop - start for start, stop in sentence_spans(text)) == sum(not mark.isspace() for mark in text)


@given(st.text(alphabet="aBI1.!?…\"'”) \n\t—Mr", max_size=60) | st.text(max_size=60))
def test_sentences_hold_every_character_that_is_not_blank_once(text: str) -> None:
    spans = list(sentence_spans(text))
    assert all(a < b for a, b in spans) and all(one[1] <= other[0] for one, other in pairwise(spans))
    assert all(part == part.strip() for part in cut(text))
    inside = {at for start, stop in spans for at in range(start, stop)}
    assert {at for at in range(len(text)) if not text[at].isspace()} <= inside


@pytest.mark.needs_data
def test_the_sentence_ends_of_the_brown_corpus_are_found() -> None:
    """Measured: 99.6 % of the ends found are ends, 98.3 % of the ends are found (Punkt: 98.3 and 98.8)."""
    packed = Path(os.environ["LSTM_DATA"], "brown/english-brown.txt.gz").read_bytes()
    lines = [line for line in gzip.decompress(packed).decode().split("\n")[:10_000] if line.strip()]
    ends, at = set(), -1
    for line in lines:
        at += len(line) + 1
        ends.add(at)
    found = {stop for _, stop in sentence_spans(" ".join(lines))}
    assert len(found & ends) / len(found) > 0.99
    assert len(found & ends) / len(ends) > 0.97
