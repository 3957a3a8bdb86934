"""The one place where the core meets Streamlit's caches. Keys are fingerprints, never big arrays."""

from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import streamlit as st

from lstm_core.corpus import describe_corpus, read_corpus
from lstm_core.estimate import matrix_rate
from lstm_core.recording import Recording
from lstm_core.run import Run

P = ParamSpec("P")
R = TypeVar("R")

open_recording = st.cache_resource(max_entries=4, show_spinner="Opening the recording")(Recording.open)
corpus = st.cache_resource(max_entries=3, show_spinner="Reading the text")(read_corpus)
machine_rate = st.cache_data(ttl=3600, show_spinner=False)(matrix_rate)
corpus_facts = st.cache_data(max_entries=64, ttl=60, show_spinner="Looking for the texts")(describe_corpus)


def cached(analysis: Callable[P, R]) -> Callable[P, R]:
    """The analysis with its results kept: hit on a rerun, miss on a new query, shared between pages and people."""
    keep = st.cache_data(
        max_entries=64,
        show_spinner=False,
        hash_funcs={Recording: lambda recording: recording.fingerprint, Run: lambda run: (run.name, run.fingerprint)},
    )
    return keep(analysis)


@st.cache_resource(max_entries=3, show_spinner="Loading the model")
def _model(folder: Path, fingerprint: str):
    return Run(folder).load_model()


def model(run: Run):
    """The run's model, loaded once per process and set of weights."""
    return _model(run.folder, run.fingerprint)
