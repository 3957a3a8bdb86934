"""The page Probes: the part of a sentence that a neuron follows is what the core finds, asked for where it is slow."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.charts.neurons import SHOWN, around_chunks
from lstm_core.neurons.chunk_tuning import TunedQuery, tuned_units
from lstm_core.neurons.tuning import TuningQuery, tuning
from lstm_core.recordings.record import RecordQuery, corpus_text, record
from lstm_core.recordings.recording import Recording, find_recordings
from lstm_core.recordings.tags import chunks_by_rules, chunks_of, gold_recording, is_gold, tags_of
from lstm_core.runs.run import Run
from lstm_core.text import corpus as corpora
from pages.probes import neuron as page
from tests.commands.test_probes import stronger
from tests.figures_on_pages import levels
from tests.opened_pages import nothing_shipped, opened, said, table_with  # noqa: F401 - a fixture used by being here
from tests.text.test_chunks import keep_conll


@pytest.fixture
def recording(small_run: Callable[..., Run], words: Callable[..., str], made_once: Callable[..., None]) -> Recording:
    def make() -> None:
        corpora.keep_text("book", words(3000).encode())
        run = small_run("small", corpora.read_corpus("book", "word"), weights=stronger)
        record(run, corpus_text(run, "book", 0, 1500), RecordQuery(("h",)))

    made_once("states of many words", make)
    return Recording.open(find_recordings()[0])


def test_a_text_that_is_not_tagged_is_tagged_when_a_person_asks(recording: Recording) -> None:
    app = opened("probes", probes_tab="A neuron", probes_layer="2", probes_unit="3")
    assert "must be tagged first" in said(app) and not app.toggle(key="probes-parts").value
    assert "pairs of a word inside" not in said(app)
    app.toggle(key="probes-parts").set_value(True).run()
    assert not app.exception
    chunked = chunks_by_rules(recording, tags_of(recording))
    one = tuned_units(recording, chunked, TunedQuery("h", 2, (3,))).units[0]
    assert page.verdict(one, None) in said(app) and page.memory(one, None) in said(app)
    again = opened("probes", probes_tab="A neuron", probes_layer="2", probes_unit="3")
    assert "must be tagged first" not in said(again) and again.toggle(key="probes-parts").value  # kept, and quick


def test_all_neurons_of_the_layer_are_those_of_the_core(recording: Recording) -> None:
    tags_of(recording)
    app = opened("probes", probes_tab="A neuron", probes_layer="1", probes_unit="3")
    found = tuned_units(recording, chunks_by_rules(recording, tags_of(recording)), TunedQuery("h", 1))
    table = table_with(app, "half gone (words)")
    assert table["neuron"].tolist() == [one.unit for one in found.units]
    assert table["pairs"].tolist() == pytest.approx([one.score for one in found.units], abs=5.1e-4)
    assert page.counts_sentence(found) in said(app) and "A5 · article" in said(app)
    app.segmented_control(key="probes-parts-from").set_value(page.SIDES[1]).run()
    assert not app.exception


def test_a_long_text_is_looked_at_when_a_person_asks(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    tags_of(recording)
    monkeypatch.setattr(page, "QUICK", 100)
    app = opened("probes", probes_tab="A neuron")
    assert not app.toggle(key="probes-parts").value and "explains" not in said(app)


def test_a_text_with_too_few_parts_is_said(small_run: Callable[..., Run]) -> None:
    corpora.keep_text("book", ("the old river runs over " * 20).encode())
    run = small_run("small", corpora.read_corpus("book", "word"), weights=stronger)
    tags_of(record(run, corpus_text(run, "book", 0, 40), RecordQuery(("h",))))
    assert "This text cannot be looked at so: no kind of chunk" in said(opened("probes", probes_tab="A neuron"))


def test_the_figure_has_the_commonest_parts_and_the_one_that_the_neuron_follows(recording: Recording) -> None:
    chunked = chunks_by_rules(recording, tags_of(recording))
    found = tuning(recording, chunked, TuningQuery("h", 1, 3))
    last = found.curves[-1]
    figure = around_chunks(found, last.kind, ending=True)
    assert len(figure.data) == min(SHOWN + 1, len(found.curves))
    row = figure.data[-1]
    assert row.y.tolist() == last.end.tolist()
    np.testing.assert_allclose(row.customdata.T, [last.end - 2 * last.end_error, last.end + 2 * last.end_error])
    assert levels(figure) == [("mean over all words", found.usual, "dash")]


def test_a_recording_of_the_corpus_is_shown_with_the_chunks_that_people_gave(
    small_run: Callable[..., Run], words: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpora.keep_text("book", words(3000).encode())
    run = small_run("small", corpora.read_corpus("book", "word"), weights=stronger)
    keep_conll(tmp_path / "data", "the DT B-VP\nriver NN I-VP\nruns VBZ B-NP\n\n" * 60)
    monkeypatch.setenv("LSTM_DATA", str(tmp_path / "data"))
    made, gold = gold_recording(run)
    one = tuned_units(made, gold.chunked, TunedQuery("h", 2, (3,))).units[0]
    app = opened("probes", probes_tab="A neuron", probes_layer="2", probes_unit="3")
    assert "as people divided this text" in said(app) and page.verdict(one, None) in said(app)
    monkeypatch.delenv("LSTM_DATA")  # the corpus is not at hand any more
    assert not is_gold(made) and chunks_of(made).names != gold.chunked.names
