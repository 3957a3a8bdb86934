"""A text that a person types, read by the model, coloured by one neuron.

Reading needs torch, which takes seconds to load and holds up everybody's pages meanwhile. So where the process lacks
it, the rest of the page is shown first and it is loaded then.
"""

import sys
from dataclasses import dataclass
from importlib import import_module

import streamlit as st

from app import controls
from app.cached import model
from app.charts.draw import draw
from app.charts.neurons import over_time
from app.components.heatmap import text_heat_map
from app.later import afterwards
from lstm_core.neurons.profile import NeuronQuery
from lstm_core.runs.run import Run

TYPED = "neurons-typed"


@dataclass(frozen=True)
class Colours:
    """How a text is coloured: by probability or the unit; the scale's ends and middle, and what its ends are called."""

    by_probability: bool
    scale: tuple[float, float, float]
    low: str
    high: str


def own_text(run: Run, query: NeuronQuery, colours: Colours) -> None:
    """The section with the field and what the unit does in the text typed there."""
    st.subheader("Your own text")
    if run.states_only:
        st.caption("To read what you type, the model itself is needed. It has no weights here, only its states.")
        return
    typed = st.text_area(
        "Type anything and watch this neuron",
        '"They are early birds," said Prince Andrew.',
        key=TYPED,
        max_chars=controls.MAX_TYPED,
    )
    if not typed.strip():
        st.caption("Type at least one letter.")
    elif "torch" in sys.modules:
        _reading(run, query, colours, typed[: controls.MAX_TYPED])
    else:
        afterwards("Loading the model …", lambda: import_module("torch"))


def _reading(run: Run, query: NeuronQuery, colours: Colours, typed: str) -> None:
    from lstm_core.recordings.record import RecordQuery, read, typed_text  # loads torch

    words = run.kind == "word"
    noun = "words" if words else "characters"
    text, encoding = typed_text(run, typed)
    if encoding.unknown:
        st.caption(
            f"{len(encoding.unknown)} of {len(encoding.tokens)} {noun} are not among those the model knows; "
            "it read the nearest it has."
        )
    reading = read(run, text, RecordQuery((query.signal,), (query.layer,)), model=model(run))
    by_probability = colours.by_probability
    values = reading.probability if by_probability else reading.unit(query.signal, query.layer, query.unit)
    text_heat_map(
        encoding.tokens,
        values,
        key="neurons-mine",
        scale=colours.scale,
        low=colours.low,
        high=colours.high,
        words=words,
    )
    if not by_probability:
        name = f"{query.signal} of neuron {query.unit}"
        draw(
            over_time(encoding.tokens[:300], values[:300], name=name, middle=colours.scale[1]),
            key="neurons-line",
            alt=f"Value of neuron {query.unit} at each of the {noun}",
        )
        st.caption(f"Its value at each of the {noun}, in reading order; red above the middle of its scale, blue below.")
