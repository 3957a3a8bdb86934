"""The one place where the core meets Streamlit's caches. Keys are fingerprints, never big arrays."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from lstm_core.clusters.states import Clustering
from lstm_core.clusters.word_map import WordMap
from lstm_core.neurons.label_search import Labels
from lstm_core.probes.active import OnQuery, OnSets
from lstm_core.probes.active import on_sets as core_on_sets
from lstm_core.recordings.recording import Recording
from lstm_core.runs.cost import matrix_rate
from lstm_core.runs.run import Run
from lstm_core.runs.store import list_runs, stamp
from lstm_core.storage.results import Stamp
from lstm_core.tagging.label_run import LabelRun
from lstm_core.text.corpus import describe_corpus, read_corpus
from lstm_core.word_vectors.sample import SAMPLES, WordSample, read_sample
from lstm_core.word_vectors.spelling import spell_unknown
from lstm_core.word_vectors.vectors import MEANS, EmbeddingQuery, EmbeddingTable, kept_embeddings

P = ParamSpec("P")
R = TypeVar("R")

open_recording = st.cache_resource(max_entries=4, show_spinner="Opening the recording")(Recording.open)
corpus = st.cache_resource(max_entries=3, show_spinner="Reading the text")(read_corpus)


def runs_to_show() -> list[str]:
    """The names of the runs that pages can show: those with weights, or with what their neurons did."""
    return _runs_to_show(stamp())


@st.cache_data(max_entries=1, show_spinner=False)
def _runs_to_show(stamp: object) -> list[str]:
    return [run.name for run in list_runs() if run.has_weights or run.states_only]


machine_rate = st.cache_data(ttl=3600, show_spinner=False)(matrix_rate)
corpus_facts = st.cache_data(max_entries=64, ttl=60, show_spinner="Looking for the texts")(describe_corpus)


def cached(analysis: Callable[P, R]) -> Callable[P, R]:
    """The analysis with its results kept: hit on a rerun, miss on a new query, shared between pages and people.

    What it returns is the very object for everyone who asks: results are frozen, their arrays and frames are only read.
    """
    if analysis not in _CACHED:
        _CACHED[analysis] = st.cache_resource(max_entries=64, show_spinner=False, hash_funcs=_IDENTITIES)(analysis)
    return cast(Callable[P, R], _CACHED[analysis])


_CACHED: dict[Callable[..., Any], Callable[..., Any]] = {}
_IDENTITIES: dict[str | type, Callable[[Any], Any]] = {
    Recording: lambda recording: recording.fingerprint,
    Run: lambda run: (run.name, run.fingerprint),
    OnSets: lambda on: on.key,
    LabelRun: lambda run: (str(run.folder), run.fingerprint),
    Clustering: lambda found: (found.fingerprint, found.labels),
    WordMap: lambda found: found.fingerprint,
    Labels: lambda labels: (labels.weights, labels.text_fingerprint, labels.span, labels.query, labels.twin),
}


on_sets = st.cache_resource(
    max_entries=1,  # of a long text they fill gigabytes
    show_spinner="Which neurons are on",
    hash_funcs={Recording: lambda recording: recording.fingerprint},
)(core_on_sets)


@st.cache_resource(
    max_entries=1,  # beside that of the network itself, which one for both would push out
    show_spinner="Which neurons of the untrained network are on",
    hash_funcs={Recording: lambda recording: recording.fingerprint},
)
def twin_on_sets(recording: Recording, query: OnQuery) -> OnSets:
    """On-sets of an untrained twin, beside which those of the run stay in their cache."""
    return core_on_sets(recording, query)


@st.cache_resource(max_entries=3, show_spinner="Loading the model")
def _model(folder: Path, fingerprint: str):
    return Run(folder).load_model()


def model(run: Run):
    """The run's model, loaded once per process and set of weights."""
    return _model(run.folder, run.fingerprint)


# Word vectors ---------------------------------------------------------------------------------------------------------


Identity = tuple[str, str, str]


def _identity(run: Run) -> Identity:
    """Name, weights and text of a run: two may have the same weights."""
    return run.name, run.fingerprint, run.config["corpus"]["fingerprint"]


def word_vectors(run: Run, query: EmbeddingQuery) -> EmbeddingTable | None:
    """The vectors of all words of a run's text where they are kept, else None."""
    return _word_vectors(run, _identity(run), query, MEANS.stamp(None))


@st.cache_resource(max_entries=4, show_spinner="Opening the word vectors")
def _word_vectors(_run: Run, identity: Identity, query: EmbeddingQuery, stamp: Stamp) -> EmbeddingTable | None:
    return kept_embeddings(_run, query)


def commonest_words(run: Run) -> WordSample | None:
    """The commonest words of a run's text where they are kept, else None."""
    return _commonest_words(run, _identity(run), SAMPLES.stamp(run))


@st.cache_resource(max_entries=4, show_spinner=False)
def _commonest_words(_run: Run, identity: Identity, stamp: Stamp) -> WordSample | None:
    return read_sample(_run)


def sample_vectors(run: Run, sample: WordSample, query: EmbeddingQuery) -> EmbeddingTable | None:
    """The vectors of a query for the commonest words, None when the sample lacks a state that they need."""
    return _sample_vectors(sample, _identity(run), SAMPLES.stamp(run), query)


@st.cache_resource(max_entries=8, show_spinner=False)
def _sample_vectors(
    _sample: WordSample, identity: Identity, stamp: Stamp, query: EmbeddingQuery
) -> EmbeddingTable | None:
    return _sample.table(query)


def spelled(run: Run, table: EmbeddingTable, word: str, context: str) -> NDArray[np.float32]:
    """The vector of a word that a table of the run lacks, as `spelling.spell_unknown` makes it."""
    return _spelled(run, table, _identity(run), table.query, len(table), word, context)


@st.cache_data(max_entries=256, show_spinner="Spelling it to the network")
def _spelled(
    _run: Run, _table: EmbeddingTable, identity: Identity, query: EmbeddingQuery, words: int, word: str, context: str
) -> NDArray[np.float32]:
    return spell_unknown(_run, _table, [word], [context] if context else [], model=model(_run)).vectors[0]
