"""A study: one that comes along or one that a person writes, and its verdict neuron by neuron."""

from pathlib import Path

import streamlit as st

from app.cached import cached
from app.components.table import Columns, number, show, text, whole
from app.controls import tell
from lstm_core.probes import studies
from lstm_core.probes.active import OnSets
from lstm_core.probes.studies import LARGEST, Study, StudyResult, parse_study, read_study
from lstm_core.recordings.recording import Recording
from lstm_core.recordings.tags import tags_of
from lstm_core.storage.files import ROOT
from pages.probes import frames
from pages.probes.kept import kept
from pages.probes.verification import verification
from pages.probes.word_class import word_class

OWN = "one of my own"
MOST_TYPED = LARGEST // 16  # characters
_PHRASES = {
    "places": whole("How often it stands in the text that was read."),
    "neurons": whole("How many neurons are on through at least half of its places."),
    "of it alone": whole("How many of them are on through none of the other phrases."),
}
_TELLING: Columns = {
    "layer": whole(),
    "neuron": whole(),
    "value": text("Whether it is higher or lower at the first kind of place."),
    "first half": number(
        "Share of pairs of a place of each kind that it orders so, on the half that chose it (0.5 is guessing, 1 never "
        "wrong).",
        2,
    ),
    "second half": number("The same on the half that it was not chosen on.", 2),
    "chance": number(
        "How probable so good an order is on the second half if it tells nothing, adjusted for all neurons that were "
        "chosen (Benjamini and Hochberg).",
        4,
    ),
    "verdict": text(
        "confirmed: at most 5% of all so called are wrong. too few to tell: it made no mistake, but so few places "
        "prove nothing."
    ),
}


def study(recording: Recording, on: OnSets) -> None:
    """The section with the choice of a study, its text, and what it found."""
    files = _files(recording.spec.text)
    name = st.selectbox("Study", [*files, OWN], key="probes-study", bind="query-params", width=320)
    first = files[name].read_text(encoding="utf-8") if name in files else _EMPTY
    with st.expander("What it asks for; change it here", expanded=name == OWN):
        text = st.text_area(
            "Phrases, and places of two kinds: by phrase, part of speech (Penn tags) or longer phrases around them",
            first, height=320, max_chars=MOST_TYPED + 1, key=f"probes-study-{name}",
        )  # fmt: skip
        st.download_button(
            "Keep it as a file", text, f"{name if name in files else 'study'}.toml", "application/toml",
            on_click="ignore", key="probes-study-file",
        )  # fmt: skip
        st.caption(
            "The address of this page keeps which study is chosen, not what you change in it: keep it as a file."
        )
    if len(text) > MOST_TYPED:
        tell("This study cannot be carried out.", f"It has more than {MOST_TYPED:,} characters: name fewer phrases.")
        return
    try:
        asked = parse_study(text)
        found = cached(_carried_out)(recording, on, asked)
    except ValueError as error:
        tell("This study cannot be carried out.", error)
        return
    st.subheader(asked.question or asked.name)
    if not (fits := asked.fits(recording.spec.text)):
        if kept(asked):
            st.subheader(f"The same study: {recording.spec.run}")
        st.caption(f"This study was written for the text {asked.text}; here it is asked of {recording.spec.text}.")
    _phrases(found, on)
    _kinds(found)
    verification(recording, on, found)
    word_class(recording, on, asked)
    if fits:
        kept(asked)


def _files(text: str) -> dict[str, Path]:
    """The studies that come along, by name; those written for a text first."""
    paths = sorted((ROOT / "studies").glob("*.toml"))
    return {path.stem: path for path in sorted(paths, key=lambda path: not read_study(path).fits(text))}


_EMPTY = """name = "mine"
question = "Do neurons tell ... from ...?"

[[positive]]
phrase = "hand"
contexts = ["on the other hand", "at hand"]

[[negative]]
phrase = "hand"
contexts = ["his hand", "her hand"]
"""


def _carried_out(recording: Recording, on: OnSets, asked: Study) -> StudyResult:
    return studies.study(recording, on, asked, tags_of(recording) if asked.by_tag else None)


def _phrases(found: StudyResult, on: OnSets) -> None:
    if not found.phrases:
        return
    st.text(frames.phrases_sentence(found, len(on.units)))
    alt = "The phrases and how many neurons are on through each"
    show(frames.phrase_frame(found), columns=_PHRASES, key="probes-study-phrases", alt=alt)


def _kinds(found: StudyResult) -> None:
    if not found.study.positive:
        return
    st.text(frames.kinds_sentence(found))
    if found.null:
        st.caption(frames.null_sentence(found))
    if found.telling:
        made = frames.telling_frame(found)
        alt = f"The {len(made)} neurons that were chosen, the surest first"
        show(made, columns=_TELLING, key="probes-study-units", alt=alt)
