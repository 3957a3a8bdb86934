"""Texts to record: spans of a run's own corpus, and other texts in the run's vocabulary."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_core.recordings.record import Text, corpus_text, record
from lstm_core.runs.run import Run
from lstm_core.text.catalogue import RECIPES, DataFile, NamedText, Recipe
from lstm_core.text.corpus import corpus_of, read_corpus

pytestmark = pytest.mark.numeric

Make = Callable[..., Run]


def test_corpus_text_is_a_span_of_the_runs_own_corpus(small_run: Make, words: Any, tmp_path: Path) -> None:
    path = tmp_path / "book.txt"
    path.write_text(words(100))
    corpus = corpus_of(words(100), str(path))
    run = small_run(text=corpus)
    text = corpus_text(run, start=10, count=20)
    assert run.vocabulary.decode(text.ids) == words(100)[10:30]
    assert (text.span, text.fingerprint) == ((10, 30), corpus.fingerprint)
    assert len(corpus_text(run).ids) == len(words(100))
    for start, count in ((-1, 5), (0, 10**6), (10**6, 0), (5, -2)):
        with pytest.raises(ValueError, match=r"span \[.*\) is not within the"):
            corpus_text(run, start=start, count=count)


def test_a_text_in_another_alphabet_is_read_in_the_runs_own(small_run: Make, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("ZEBRA the river " * 10)
    run = small_run()
    text = corpus_text(run, str(tmp_path / "other.txt"))
    assert text.unknown == 50
    assert run.vocabulary.decode(text.ids)[:16] == "      the river "


def test_texts_split_at_blanks_are_read_as_they_are_split(
    small_run: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """WikiText-2 writes numbers as "1 @,@ 000": a pattern for words would cut them otherwise."""
    monkeypatch.setenv("LSTM_DATA", str(tmp_path))
    contents = {"one": "the 1 @,@ 000 <unk> N\n" * 20, "other": " = the 1 @,@ 000 = \n \n rare\n" * 20}
    for name, content in contents.items():
        (tmp_path / name).write_text(content)
        text = NamedText((DataFile(name),), hashlib.sha256(content.encode()).hexdigest())
        splits = {"train": text, "validation": text}
        monkeypatch.setitem(RECIPES, name, Recipe(name, "none", "word", splits, "as given"))
    run = small_run(text=read_corpus("one"), weights=True)
    text = corpus_text(run, "other", start=7, count=10)
    tokens = [run.vocabulary.tokens[number] for number in text.ids]
    assert tokens == ["<eos>", "<unk>", "<eos>", "<unk>", "the", "1", "@,@", "000", "<unk>", "<eos>"]
    assert text.unknown == 3
    assert len(corpus_text(run, "other").ids) == len(read_corpus("other").ids)
    assert record(run, text).exactness["unknown_tokens"] == 3
    (tmp_path / "running.txt").write_text("The <unk>, a 1 and the 000. " * 20)
    text = corpus_text(run, str(tmp_path / "running.txt"), count=4)
    assert [run.vocabulary.tokens[number] for number in text.ids] == ["the", "<unk>", "<unk>", "<unk>"]
    assert text.unknown == 3


def test_a_recording_of_the_same_span_cut_otherwise_is_made_again(small_run: Make, corpus: Any) -> None:
    run = small_run(weights=True)
    first = record(run, Text("x", corpus.ids[:100], "x", (0, 100)))
    second = record(run, Text("x", corpus.ids[100:200], "x", (0, 100)))
    assert first.fingerprint == second.fingerprint
    np.testing.assert_array_equal(second.tokens, corpus.ids[100:200])
