"""Which tokens several runs read, what is at hand of their reading, with and without weights and text."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lstm_core.neurons.compare import (
    CompareQuery,
    Passage,
    compare,
    distributions_at_hand,
    kept_passages,
    passage_of,
    recording_at_hand,
)
from lstm_core.neurons.distributions import DISTRIBUTIONS, DistributionQuery, distributions
from lstm_core.recordings.record import RecordQuery, corpus_text, record
from lstm_core.recordings.recording import Recording, find_recordings
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.storage.files import home as home_folder
from lstm_core.text.corpus import CorpusMissing, keep_text, read_corpus
from tests.small_sweeps import small_sweep, with_weights

BOTH = ("h", "c")


@pytest.fixture
def book(words: Any) -> Any:
    keep_text("book", words(620).encode())
    return read_corpus("book")


@pytest.fixture
def runs(book: Any) -> list[Run]:
    return [with_weights(run, 1 + k) for k, run in enumerate(small_sweep(book, "mine", (0.0, 0.5)).runs)]


def read(run: Run, start: int, count: int, *signals: str) -> Recording:
    return record(run, corpus_text(run, "book", start, count), RecordQuery(signals))


def without_weights(run: Run) -> Run:
    (run.folder / "weights.safetensors").unlink()
    return open_run(run.name)


def test_the_passage_is_the_first_tokens_of_the_split(runs: list[Run], book: Any) -> None:
    start, stop = book.splits["validation"]
    assert passage_of(runs) == Passage("book", book.fingerprint, (start, stop))
    assert passage_of(runs, CompareQuery(tokens=60)).span == (start, start + 60)
    with pytest.raises(ValueError, match="book has no split 'test'"):
        passage_of(runs, CompareQuery(split="test"))


def test_runs_without_weights_are_compared_on_what_their_figures_are_of_though_the_text_is_gone(
    runs: list[Run], book: Any
) -> None:
    query = CompareQuery(tokens=70)
    expected = compare(runs, query, with_runs=True)
    assert kept_passages(runs[0]) == [passage_of(runs, query)]
    bare = [without_weights(run) for run in runs]
    (home_folder() / "texts" / "book.txt").unlink()
    found = compare(bare)
    assert found == replace(expected, rows=tuple(replace(row, status="figures only") for row in expected.rows))
    assert [trend.runs for trend in found.trends] == [2] * 4
    with pytest.raises(CorpusMissing):
        passage_of(bare, CompareQuery(tokens=60))  # that is asked for, and the text is not there


def test_a_run_with_weights_is_read_on_the_others_passage_or_says_that_its_text_is_gone(
    runs: list[Run], book: Any
) -> None:
    compare(runs, CompareQuery(tokens=70), with_runs=True)
    one = without_weights(runs[0])
    new = with_weights(small_sweep(book, "new", (0.3,)).runs[0], 3)
    (home_folder() / "texts" / "book.txt").rename(home_folder() / "kept.txt")
    row = compare([one, new]).rows[1]
    assert (row.activity, "no corpus or text file 'book'" in row.note) == ((), True)
    (home_folder() / "kept.txt").rename(home_folder() / "texts" / "book.txt")
    found = compare([one, new])
    assert found.span == passage_of([one, new]).span
    assert all(len(row.activity) == 4 and not row.note for row in found.rows)
    keep_text("book", b"something else " * 400)  # of that name, but not the text that the figures are of
    for folder in find_recordings():
        (folder / "recording.json").unlink()
    assert "is not the text that the others read" in compare([one, new]).rows[1].note


def test_only_a_recording_of_just_these_tokens_signals_and_layers_will_do(runs: list[Run], book: Any) -> None:
    run, start = runs[0], book.splits["validation"][0]
    passage = Passage("book", book.fingerprint, (start, start + 100))
    read(run, start, 100, "h")
    read(run, start, 90, "h", "c")
    read(run, start + 1, 100, "h", "c")
    read(runs[1], start, 100, "h", "c")
    record(run, corpus_text(run, "book", start, 100), RecordQuery(BOTH, (1,)))
    record(run, corpus_text(run, "book", start, 100), RecordQuery(BOTH, positions="whitespace"))
    assert recording_at_hand(run, passage, BOTH) is None
    made = read(run, start, 100, "h", "c", "i")
    found = recording_at_hand(run, passage, BOTH)
    assert found is not None and found.fingerprint == made.fingerprint
    assert made.folder is not None
    (made.folder / "h-1.npy").write_bytes(b"")
    assert recording_at_hand(run, passage, BOTH) is None  # it cannot be opened


def test_distributions_are_those_kept_or_counted_and_never_of_another_passage(runs: list[Run], book: Any) -> None:
    run, start = runs[0], book.splits["validation"][0]
    query, passage = DistributionQuery("c", 2), Passage("book", book.fingerprint, (start, start + 100))
    assert distributions_at_hand(run, passage, query) is None
    expected = distributions(read(run, start, 100, "h", "c"), query)
    found = distributions_at_hand(run, passage, query)
    assert found is not None and np.array_equal(found.counts, expected.counts)
    DISTRIBUTIONS.keep(expected, run)
    bare = without_weights(run)
    kept = distributions_at_hand(bare, passage, query)
    assert kept is not None and np.array_equal(kept.counts, expected.counts)
    assert distributions_at_hand(bare, replace(passage, span=(start, start + 90)), query) is None
    assert distributions_at_hand(bare, passage, DistributionQuery("h", 2)) is None


def test_damaged_figures_name_no_passage(runs: list[Run]) -> None:
    compare(runs, CompareQuery(tokens=70), with_runs=True)
    path = runs[0].folder / "results" / "activity.json"
    stored = json.loads(path.read_text())
    for change in ({"span": [1]}, {"span": ["a", "b"]}, {"text": 3}, {"span": None}):
        path.write_text(json.dumps({**stored, **change}))
        assert kept_passages(runs[0]) == []
