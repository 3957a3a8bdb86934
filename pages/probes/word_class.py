"""Which neurons are higher or lower at a class of words than at words as frequent, beside the untrained twin."""

import pandas as pd
import streamlit as st

from app.cached import cached, twin_on_sets
from app.components.table import Columns, number, percent, show, text, whole
from app.controls import tell
from lstm_core.probes import word_classes as classes
from lstm_core.probes.active import OnSets
from lstm_core.probes.studies import Study
from lstm_core.probes.word_classes import WordClass
from lstm_core.recordings.find import untrained_twin
from lstm_core.recordings.recording import Recording
from lstm_core.recordings.tags import tags_of

MOST = 200  # rows
_UNITS: Columns = {
    "layer": whole(),
    "neuron": whole(),
    "value": text("Whether it is higher or lower at words of the class."),
    "other half": number(
        "Share of pairs of a word of the class and one as frequent that it orders so, on the half of the words that "
        "did not choose it (0.5 is guessing).",
        2,
    ),
    "chance": number(
        "How probable so good an order is if it tells nothing, adjusted for all neurons that were chosen (Benjamini "
        "and Hochberg).",
        4,
    ),
    "on at the class": percent("Share of the places of its words at which the neuron is on."),
    "on beside": percent("The same at the words as frequent."),
    "most at": text("The words of the class at which it is on most often."),
}


def word_class(recording: Recording, on: OnSets, asked: Study) -> None:
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
    st.text(sentence(found, twin))
    alt = "The confirmed neurons of the class, the surest first"
    show(frame(found), columns=_UNITS, key="probes-class-units", alt=alt)
    if len(found.confirmed) > MOST:
        st.caption(f"The surest {MOST} of {len(found.confirmed):,}.")


def _found(recording: Recording, on: OnSets, words: tuple[str, ...], tagged: Recording) -> WordClass:
    return classes.word_class(recording, on, words, tags_of(tagged))


def sentence(found: WordClass, twin: WordClass | None) -> str:
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


def frame(found: WordClass) -> pd.DataFrame:
    """The confirmed neurons."""
    rows = [
        (
            *(one.telling.layer, one.telling.unit, "higher" if one.telling.sign > 0 else "lower"),
            *(one.telling.confirmed_with, one.telling.chance, one.on_class, one.on_beside, ", ".join(one.words)),
        )
        for one in found.confirmed[:MOST]
    ]
    return pd.DataFrame(rows, columns=list(_UNITS))
