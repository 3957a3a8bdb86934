"""A study: one that comes along or one that a person writes, its verdict neuron by neuron, and which neurons are higher
or lower at its class of words than at words as frequent, beside the untrained twin.
"""

from collections import Counter

import pandas as pd
import streamlit as st

from app.cached import cached, twin_on_sets
from app.components.fields import Fields, higher, show_rows
from app.components.table import number, percent, show, text, whole
from app.controls import tell
from lstm_core.probes import studies, word_classes
from lstm_core.probes.active import OnSets
from lstm_core.probes.studies import LARGEST, Study, StudyResult, parse_study, read_study
from lstm_core.probes.word_classes import WordClass
from lstm_core.recordings.find import untrained_twin
from lstm_core.recordings.recording import Recording
from lstm_core.recordings.tags import tags_of
from lstm_core.storage.files import ROOT
from pages.probes.kept import kept
from pages.probes.verification import verification

OWN = "one of my own"
MOST_TYPED = LARGEST // 16  # characters
MOST = 200  # rows
_EMPTY = """name = "mine"
question = "Do neurons tell ... from ...?"

[[positive]]
phrase = "hand"
contexts = ["on the other hand", "at hand"]

[[negative]]
phrase = "hand"
contexts = ["his hand", "her hand"]
"""
_PHRASES = {
    "places": whole("How often it stands in the text that was read."),
    "neurons": whole("How many neurons are on through at least half of its places."),
    "of it alone": whole("How many of them are on through none of the other phrases."),
}
_TELLING: Fields = {
    ("layer", "layer"): whole(),
    ("neuron", "unit"): whole(),
    ("value", higher): text("Whether it is higher or lower at the first kind of place."),
    ("first half", "chosen_with"): number(
        "Share of pairs of a place of each kind that it orders so, on the half that chose it (0.5 is guessing, 1 never "
        "wrong).",
        2,
    ),
    ("second half", "confirmed_with"): number("The same on the half that it was not chosen on.", 2),
    ("chance", "chance"): number(
        "How probable so good an order is on the second half if it tells nothing, adjusted for all neurons that were "
        "chosen (Benjamini and Hochberg).",
        4,
    ),
    ("verdict", "verdict"): text(
        "confirmed: at most 5% of all so called are wrong. too few to tell: it made no mistake, but so few places "
        "prove nothing."
    ),
}
_CLASS: Fields = {
    ("layer", "telling.layer"): whole(),
    ("neuron", "telling.unit"): whole(),
    ("value", lambda one: higher(one.telling)): text("Whether it is higher or lower at words of the class."),
    ("other half", "telling.confirmed_with"): number(
        "Share of pairs of a word of the class and one as frequent that it orders so, on the half of the words that "
        "did not choose it (0.5 is guessing).",
        2,
    ),
    ("chance", "telling.chance"): number(
        "How probable so good an order is if it tells nothing, adjusted for all neurons that were chosen (Benjamini "
        "and Hochberg).",
        4,
    ),
    ("on at the class", "on_class"): percent("Share of the places of its words at which the neuron is on."),
    ("on beside", "on_beside"): percent("The same at the words as frequent."),
    ("most at", lambda one: ", ".join(one.words)): text("The words of the class at which it is on most often."),
}


def study(recording: Recording, on: OnSets) -> None:
    """The section with the choice of a study, its text, and what it found."""
    paths = sorted((ROOT / "studies").glob("*.toml"))
    paths.sort(key=lambda path: not read_study(path).fits(recording.spec.text))  # those written for this text first
    files = {path.stem: path for path in paths}
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
    _told(found, on)
    verification(recording, on, found)
    _word_class(recording, on, asked)
    if fits:
        kept(asked)


def _told(found: StudyResult, on: OnSets) -> None:
    if found.phrases:
        chance = found.expected_by_chance
        st.text(
            f"{found.matched:,} of {len(on.units):,} neurons are on through at least one phrase; at places drawn at "
            f"random {chance.matched:.1f} are. {found.selective:,} are on through one phrase alone, at random "
            f"{chance.selective:.1f}."
        )
        alt = "The phrases and how many neurons are on through each"
        show(phrase_frame(found), columns=_PHRASES, key="probes-study-phrases", alt=alt)
    if not found.study.positive:
        return
    st.text(kinds_sentence(found))
    if found.null:
        parts = ", ".join(f"{count:,} for “{word}”" for word, count in found.null)
        st.caption(f"Neurons confirmed where there is nothing to tell (a word's places dealt out in turn): {parts}.")
    if found.telling:
        alt = f"The {len(found.telling[:MOST])} neurons that were chosen, the surest first"
        show_rows(found.telling[:MOST], _TELLING, key="probes-study-units", alt=alt)


def _carried_out(recording: Recording, on: OnSets, asked: Study) -> StudyResult:
    return studies.study(recording, on, asked, tags_of(recording) if asked.by_tag else None)


def phrase_frame(found: StudyResult) -> pd.DataFrame:
    """The phrases, those with most neurons of their own first."""
    every = Counter(unit for one in found.phrases for unit in one.units)
    alone = [sum(every[unit] == 1 for unit in one.units) for one in found.phrases]
    rows = [(one.phrase, one.places, len(one.units), own) for one, own in zip(found.phrases, alone, strict=True)]
    made = pd.DataFrame(rows, columns=["phrase", *_PHRASES])
    return made.sort_values(["of it alone", "places"], ascending=False, kind="stable", ignore_index=True)


def kinds_sentence(found: StudyResult) -> str:
    """How many units tell the two kinds of places apart, for people."""
    if not (found.positives and found.negatives):
        return (
            f"The text that was read has {found.positives:,} places of the first kind and {found.negatives:,} of the "
            "second: let the model read more of it, or ask for others."
        )
    confirmed, few = len(found.confirmed), sum(one.verdict == "too few to tell" for one in found.telling)
    told = (
        f"{found.positives:,} places of the first kind, {found.negatives:,} of the second. On the first half of them "
        f"{len(found.telling):,} neurons tell the kinds apart; on the second half {confirmed:,} of these still do. "
        f"With shuffled kinds {found.expected_by_chance.confirmed:.1f} would."
    )
    if few:
        told += f" For {few:,} the places are too few: even without a mistake chance does it with {found.smallest:.2g}."
    return told


# Its class of words ---------------------------------------------------------------------------------------------------


def _word_class(recording: Recording, on: OnSets, asked: Study) -> None:
    """The section of a study that lists words; computed where a person asks for it."""
    if not asked.words:
        return
    st.subheader("Neurons of this class of words")
    if not st.toggle("Look for neurons that follow these words (a minute)", key="probes-class", bind="query-params"):
        return
    try:
        with st.spinner("Comparing the words with others as frequent"):
            found = cached(_found)(recording, on, asked.words, recording)
            other = untrained_twin(recording, on.query.signal, on.query.layers)
            twin = None
            if other is not None:
                twin = cached(_found)(other, twin_on_sets(other, on.query), asked.words, recording)
    except ValueError as error:
        tell("This class of words cannot be looked at.", error)
        return
    st.text(class_sentence(found, twin))
    alt = "The confirmed neurons of the class, the surest first"
    show_rows(found.confirmed[:MOST], _CLASS, key="probes-class-units", alt=alt)
    if len(found.confirmed) > MOST:
        st.caption(f"The surest {MOST} of {len(found.confirmed):,}.")


def _found(recording: Recording, on: OnSets, words: tuple[str, ...], tagged: Recording) -> WordClass:
    return word_classes.word_class(recording, on, words, tags_of(tagged))


def class_sentence(found: WordClass, twin: WordClass | None) -> str:
    """In plain words: how many, by chance and before anything was learned, and how far they go together."""
    plain, by_chance = found.overlaps_more
    told = (
        f"{len(found.confirmed):,} neurons are higher or lower at the {len(found.words)} words of the class than at "
        f"{len(found.beside)} others as frequent, chosen on half of the words and confirmed on the others; with the "
        f"words dealt out at random {found.shuffled:.2f}"
    )
    told += f", in the untrained network {len(twin.confirmed):,}." if twin is not None else "."
    if len(found.together) > 1:
        told += (
            f" The {len(found.together)} surest of those that are higher share {plain:.1%} of the steps at which "
            f"either is on; if they had nothing to do with each other {by_chance:.1%}."
        )
    if found.absent:
        told += f" Too rare in this text: {', '.join(found.absent)}."
    return told
