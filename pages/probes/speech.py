"""The parts of speech of what was read, for the page Probes: kept, or made where that is quick, else offered."""

from pathlib import Path

import streamlit as st

from app.cached import cached
from app.work import at_work, last_attempt, start_button
from lstm_core.recordings.recording import Recording
from lstm_core.recordings.tags import TAGS, kept_tags, tags_of
from lstm_core.storage.files import home
from lstm_core.storage.results import Stamp
from lstm_core.text.tagged import Tagged

QUICK = 40_000  # characters, tagged while a person waits; of words a fifth


def tagged(recording: Recording) -> Tagged | None:
    """The tags of a recording, None where they are not kept and would take more than seconds; see `offer`."""
    if found := cached(_kept)(recording, TAGS.stamp(recording)):
        return found
    size = len(recording.tokens) * (1 if recording.vocabulary.splitter == "characters" else 5)
    if size > QUICK:
        return None
    with st.spinner("Looking for the parts of speech"):
        return cached(tags_of)(recording)


def modified(recording: Recording, name: str) -> int:
    """When a file that is kept with a recording was written, 0 where there is none."""
    path = recording.folder / name if recording.folder else None
    return path.stat().st_mtime_ns if path and path.is_file() else 0


def offer(recording: Recording) -> None:
    """The offer to find the parts of speech of a long text, or the progress of that work."""
    folder = job_folder(recording)
    if at_work(folder, f"probes-{folder.name}"):
        return
    last_attempt(folder)
    st.caption("The text can be coloured by part of speech once these are found, which takes a minute or two.")
    start_button("Find the parts of speech", folder, ["tags", recording.fingerprint], f"probes-go-{folder.name}")


def job_folder(recording: Recording) -> Path:
    """Where the job that tags a recording lives."""
    return home() / "tags" / "jobs" / recording.fingerprint


def _kept(recording: Recording, stamp: Stamp) -> Tagged | None:
    return kept_tags(recording)
