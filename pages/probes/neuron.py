"""A neuron: which others are on when it is on, or some steps earlier or later, and which are on in groups."""

from contextlib import suppress

import numpy as np
import pandas as pd
import streamlit as st

from app.cached import cached
from app.components.table import Columns, number, share, show, text, whole
from app.controls import bound, tell_origin
from lstm_core.probes.active import OnSets, Unit
from lstm_core.probes.similar_units import MEASURES, UnitsQuery, groups, overlaps, similar_units
from lstm_core.recordings.recording import Recording
from lstm_core.stats.spectrum import Period, Rhythm, period, rhythm
from pages.probes import frames
from pages.probes.rhythm import all_periods
from pages.probes.tuning import sentence_parts
from pages.probes.verified_frames import period_sentence

MOST_LAG = 20  # steps
_SIMILAR: Columns = {
    "layer": whole(),
    "neuron": whole(),
    "overlap": share("Steps at which both are on, over those at which at least one is (Jaccard index)."),
    "correlation": number(
        "Of being on: 1 always together, 0 nothing to do with each other, below 0 the one when not the other.", 2
    ),
    "steps later": whole("How many steps later than this neuron it is looked at (earlier below 0)."),
    "both on (steps)": whole("At how many steps."),
    "by chance (steps)": number("At how many they would be if they had nothing to do with each other.", 1),
}
_GROUPS: Columns = {"group": whole(), "neurons": whole(), "which (layer: neuron)": text(width=700)}


def neuron(recording: Recording, on: OnSets) -> None:
    """The section with the unit, its period, those like it, and groups of units."""
    layers = sorted({layer for layer, _ in on.units})
    units = len(on.units) // len(layers)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        layer = st.selectbox("Layer", layers, len(layers) - 1, key="probes-layer", bind="query-params", width=120)
        first = _first(on, layer or layers[-1])
        unit = st.number_input(
            "Neuron (unit)", 0, units - 1, first, key="probes-unit", bind=bound("probes-unit"), width=160
        )
        lag = st.number_input(
            "Steps earlier or later", 0, MOST_LAG, 0, key="probes-lag", bind=bound("probes-lag"), width=180,
            help="Compare it with what the others do up to so many steps before and after.",
        )  # fmt: skip
        measure = st.selectbox(
            "Most alike by", MEASURES, key="probes-by", bind="query-params", width=150,
            help="Overlap counts the steps at which both are on; correlation those at which both are off as well.",
        )  # fmt: skip
    steps = min(int(lag), MOST_LAG, len(on) - 1)
    query = UnitsQuery(layer or layers[-1], min(int(unit), units - 1), steps, by=measure or MEASURES[0])
    found = cached(similar_units)(on, query)
    tell_origin(recording, on.query.signal, query.layer)
    st.text(
        f"Neuron {query.unit} of layer {query.layer} is on at {found.on:,} of {found.steps:,} steps "
        f"({found.on / found.steps:.1%}). {period_sentence(*cached(_period)(recording, on.query.signal, query))}"
    )
    sentence_parts(recording, on.query.signal, query.layer, query.unit)
    st.subheader("Neurons that are on when it is on")
    if not found.on:
        st.caption("It is never on, so no other can be on with it: lower the threshold or choose another neuron.")
        return
    show(frames.similar_frame(found), columns=_SIMILAR, key="probes-similar", alt="The neurons most like this one")
    _together(on)
    all_periods(recording, on.query.signal, query.layer)


def _together(on: OnSets) -> None:
    """The part with groups of units."""
    st.subheader("Groups of neurons that are on together")
    small = len(on) * len(on.units) ** 2 < 10**11
    label = f"Compare all {len(on.units):,} neurons with each other"
    if not st.toggle(label, small, key="probes-all", bind="query-params"):
        return
    least = st.slider(
        "Overlap of two that belong together", 0.1, 1.0, 0.5, 0.05, key="probes-least", bind=bound("probes-least")
    )
    least = min(max(least, 0.1), 1.0)
    with st.spinner("Comparing all neurons with each other"):
        together = cached(_groups)(on, least)
    if not together:
        st.caption("No two neurons overlap so much: choose a lower overlap.")
        return
    inside = sum(map(len, together))
    st.caption(f"{inside:,} of {len(on.units):,} neurons are in {len(together):,} groups, the largest first.")
    made = pd.DataFrame(
        {"group": group, "neurons": len(some), "which (layer: neuron)": ", ".join(f"{a}: {b}" for a, b in some[:40])}
        for group, some in enumerate(together[:50], 1)
    )
    show(made, columns=_GROUPS, key="probes-groups", alt="Groups of neurons that are on together")


def _period(recording: Recording, signal: str, query: UnitsQuery) -> tuple[Period | None, Rhythm | None]:
    """The unit's strongest period and rhythm; None where it never changes, or the text is short."""
    values = recording.unit(signal, query.layer, query.unit)
    with suppress(ValueError):
        return period(values), rhythm(values)
    return None, None


def _first(on: OnSets, layer: int) -> int:
    """The unit of a layer that a page begins with: it is on about a tenth of the time."""
    share = [on.counts[on.index[unit]] / len(on) for unit in on.units if unit[0] == layer]
    return int(np.abs(np.array(share) - 0.1).argmin())


def _groups(on: OnSets, least: float) -> list[tuple[Unit, ...]]:
    return groups(on, cached(overlaps)(on), least)
