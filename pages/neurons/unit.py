"""One neuron among the others: what it follows, how unusual it is, the same neuron's other signal, its relatives."""

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from app.cached import cached
from app.charts.draw import draw
from app.charts.neurons import distribution
from app.components.table import Choice, Columns, number, show, text, whole
from lstm_core.neurons.correlated import RelatedQuery, related
from lstm_core.neurons.label_search import Labels
from lstm_core.neurons.profile import NeuronProfile, NeuronQuery, layer_sample, profile
from lstm_core.recordings.recording import Recording
from lstm_core.runs.cells import SIGNALS
from pages.neurons import frames
from pages.neurons.frames import Ranking
from pages.neurons.ranking import choose

_RELATED: Columns = {
    "neuron": whole(),
    "correlation": number(
        "Over all of the text that was read (Pearson): 1 rises and falls together, -1 the opposite, 0 unrelated.", 2
    ),
    "follows": text("What its value tells best."),
}
_BESIDE = {"h": "c"}  # what else a unit is looked at beside; h for all others


def profile_of(recording: Recording, query: NeuronQuery) -> NeuronProfile:
    """The profile of a unit, kept; the sample of its layer is drawn once for all of its units."""
    return cached(_profile)(recording, query)


def _profile(recording: Recording, query: NeuronQuery) -> NeuronProfile:
    return profile(recording, query, cached(layer_sample)(recording, query.signal, query.layer))


def drawn(recording: Recording, query: NeuronQuery, height: int) -> Any:
    """How often a unit takes each value, as a picture so many pixels high; kept."""
    return cached(_drawn)(recording, query, height)


def _drawn(recording: Recording, query: NeuronQuery, height: int) -> Any:
    return distribution(profile_of(recording, query), height=height)


def facts(found: Ranking, labels: Labels | None, unit: int, noun: str) -> None:
    """What a unit follows, how unusual and of which shape its values are."""
    st.subheader(f"Neuron {unit}")
    if labels is not None:
        st.text(frames.follows_sentence(labels.units[unit], noun))
    st.text(frames.place_sentence(found, unit))
    st.text(frames.shape_sentence(found, unit))


def beside(recording: Recording, signal: str) -> str | None:
    """The signal that a recording has to be looked at beside another, None where it has none."""
    other = _BESIDE.get(signal, "h")
    return other if other != signal and other in recording.names else None


def other_signal(recording: Recording, query: NeuronQuery) -> None:
    """The distribution of the same unit's cell state beside its hidden state, and the other way; nothing where the
    recording does not have it."""
    other = beside(recording, query.signal)
    if other is None:
        return
    st.markdown(f"**The same neuron's {SIGNALS[other].title}**")
    alt = f"How often the {SIGNALS[other].title} of neuron {query.unit} takes each value"
    draw(drawn(recording, replace(query, signal=other, contexts=0), 220), key="neurons-beside", alt=alt)


def relatives(recording: Recording, query: NeuronQuery, labels: Labels | None) -> None:
    """The units of the layer whose values go most with those of this one, or most against."""
    st.subheader("Neurons that do the same, or the opposite")
    found = cached(related)(recording, RelatedQuery(query.signal, query.layer, query.unit))
    if not found:
        st.caption("This neuron, or every other one, has the same value all over the text: nothing goes with it.")
        return
    made = pd.DataFrame(
        {
            "neuron": one.unit,
            "correlation": one.correlation,
            **({} if labels is None else {"follows": _label(labels, one.unit)}),
        }
        for one in found
    )
    show(
        made, columns=_RELATED, key="neurons-related", choice=Choice("neuron", None, choose),
        alt=f"The neurons whose values go most with those of neuron {query.unit}",
    )  # fmt: skip
    st.caption("Of the same layer and signal, by the size of the correlation. Tick a row to see that neuron.")


def _label(labels: Labels, unit: int) -> str | None:
    label = labels.units[unit]
    return frames.told(label) if label.label else None
