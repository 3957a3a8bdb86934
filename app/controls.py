"""Small widgets that pages share. Each keeps its choice in the URL, so that a view can be sent to someone."""

import streamlit as st

from app import registry
from app.cached import open_recording
from lstm_core.follow import Finding, read_findings
from lstm_core.recording import Recording, damaged, find_recordings
from lstm_core.run import Run, list_runs, open_run
from lstm_core.settings import SIGNAL_MEANINGS, SIGNAL_NAMES

DEFAULT_RUN = "war-and-peace-char"
MAX_TYPED = 2000  # characters of a text that is read while a person types
KINDS = {"char": "letters", "word": "words"}


def model_picker(*, shown: bool) -> None:
    """The sidebar's choice of a model, kept from page to page; a link may name one in `?run=`."""
    names = [run.name for run in list_runs() if run.has_weights]
    asked = st.query_params.get("run")
    kept = st.session_state.get("chosen_run")
    linked = asked in names and asked != st.session_state.get("linked_run")
    st.session_state["linked_run"] = asked
    if linked:
        st.session_state["run"] = asked
    elif "run" not in st.session_state:
        first = next((name for name in (asked, kept, DEFAULT_RUN) if name in names), names[0] if names else None)
        st.session_state["run"] = first
    elif st.session_state["run"] not in names:
        st.session_state["run"] = names[0] if names else None
    if asked and asked not in names:
        st.info("The link names a model that is not here; showing another one.", icon=":material/info:")
        del st.query_params["run"]
    if shown and names:
        st.sidebar.selectbox("Model", names, key="run", help="Train your own on the page Training.")
        st.query_params["run"] = st.session_state["run"]
    st.session_state["chosen_run"] = st.session_state["run"]


def current_run() -> Run:
    """The chosen run; where there is none the page ends with a hint."""
    name = st.session_state.get("chosen_run")
    if name is None:
        st.info("No trained model is at hand yet. Train one on the page **Training**; the smallest takes a minute.")
        registry.link("training", "Go to Training")
        st.stop()
    return open_run(name)


def current_recording(run: Run) -> Recording | None:
    """The chosen recording of a run (a picker where there are several), or None."""
    found = []
    for folder in find_recordings(run.fingerprint):
        try:
            recording = open_recording(folder)
        except ValueError as error:
            tell("A recording cannot be used.", error)
            continue
        if folder in damaged:
            tell("A recording is damaged: make it again.", damaged[folder])
        if len(recording.positions):
            found.append(recording)
    if not found:
        return None
    titles = {recording.fingerprint: recording.title for recording in found}
    if len(found) == 1:
        return found[0]
    key = st.sidebar.selectbox(
        "Text it has read", list(titles), format_func=lambda key: titles[key], key=f"recording-{run.name}"
    )
    return next(recording for recording in found if recording.fingerprint == key)


def best_finding(recording: Recording, run: Run) -> Finding | None:
    """The best finding of a run that the recording can show, or None."""
    spec = recording.spec
    found = [
        finding
        for finding in read_findings(run)
        if finding.signal in spec.signals and finding.layer in spec.layers and finding.unit < spec.units
    ]
    return max(found, key=lambda finding: finding.chosen_with, default=None)


def place(recording: Recording, first: Finding | None, *, key: str) -> tuple[str, int, int]:
    """Signal, layer (from 1) and unit (from 0), each in the URL below `key`; at first those of a finding."""
    spec = recording.spec
    start = (first.signal, first.layer, first.unit) if first else (spec.signals[0], spec.layers[-1], 0)
    columns = st.columns([2, 1, 1])
    signal = columns[0].segmented_control(
        "Signal", list(spec.signals), default=start[0], key=f"{key}-signal", bind="query-params", required=True
    )
    layer = columns[1].selectbox(
        "Layer",
        list(spec.layers),
        list(spec.layers).index(start[1]),
        key=f"{key}-layer",
        bind="query-params",
        help="Layer 1 reads the text, the last layer makes the guess.",
    )
    unit = columns[2].number_input(
        "Neuron (unit)", 0, spec.units - 1, start[2], 1, key=f"{key}-unit", bind="query-params"
    )
    st.caption(f"**{signal}** is the {SIGNAL_NAMES[signal]}: {SIGNAL_MEANINGS[signal]}.")
    return signal, layer, min(max(int(unit), 0), spec.units - 1)


def tell(sentence: str, reason: object) -> None:
    """A mistake and its reason. The reason may quote what a person typed, so it is never read as Markdown."""
    st.error(sentence)
    st.text(str(reason))


def duration(seconds: float) -> str:
    """A time span for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
