"""Which neurons are higher or lower at a class of words than at words as frequent, beside the untrained twin."""

import streamlit as st

from app.cached import cached, twin_on_sets
from app.controls import tell
from app.table import Column, Line, show
from lstm_core.probes import word_classes as classes
from lstm_core.probes.active import OnSets
from lstm_core.probes.studies import Study
from lstm_core.probes.word_classes import WordClass
from lstm_core.recordings.find import untrained_twin
from lstm_core.recordings.recording import Recording
from lstm_core.recordings.tags import tags_of

MOST = 200  # rows
_UNITS = (
    Column("layer", "whole"),
    Column("neuron", "whole"),
    Column("value", help="Whether it is higher or lower at words of the class."),
    Column("other half", "number", 2, "Share of pairs of a word of the class and one as frequent that it orders so, on "
           "the half of the words that did not choose it (0.5 is guessing)."),
    Column("chance", "number", 4, "How probable so good an order is if it tells nothing, adjusted for all neurons that "
           "were chosen (Benjamini and Hochberg)."),
    Column("on at the class", "percent", 1, "Share of the places of its words at which the neuron is on."),
    Column("on beside", "percent", 1, "The same at the words as frequent."),
    Column("most at", width=48, help="The words of the class at which it is on most often."),
)  # fmt: skip


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
    show(lines(found), _UNITS, key="probes-class-units", alt="The confirmed neurons of the class, the surest first")
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


def lines(found: WordClass) -> list[Line]:
    """The confirmed neurons."""
    return [
        {
            "layer": one.telling.layer, "neuron": one.telling.unit,
            "value": "higher" if one.telling.sign > 0 else "lower",
            "other half": one.telling.confirmed_with, "chance": one.telling.chance,
            "on at the class": one.on_class, "on beside": one.on_beside, "most at": ", ".join(one.words),
        }
        for one in found.confirmed[:MOST]
    ]  # fmt: skip
