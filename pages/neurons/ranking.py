"""All neurons of a layer: how unusual each is, what it follows, in a table with filters, and as a file."""

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from app.cached import cached
from app.components.csv_file import frame_csv
from app.components.table import Choice, Columns, histogram, number, percent, show, text, whole
from app.controls import tell
from app.labels import kept_labels, standing_in
from lstm_core.neurons.distributions import DistributionQuery, counted
from lstm_core.neurons.label_search import Labels
from lstm_core.neurons.profile import NeuronQuery
from lstm_core.recordings.recording import Recording
from lstm_core.runs.run import Run
from pages.neurons import frames
from pages.neurons.frames import Ranking
from pages.neurons.labels import offer

FEW = 50_000_000  # values of a layer
CHOSEN = "neurons-unit"  # the number field at the top of the page, which the URL keeps


def ranked(recording: Recording, query: DistributionQuery) -> Ranking:
    """The ranking of a layer's units; raises ValueError as `counted` does.

    By one thread where that takes a second: the browser, which draws the rest of the page meanwhile, often runs on the
    same few cores.
    """
    few = recording.spec.units * len(recording.positions) <= FEW
    return frames.ranking(counted(recording, query, workers=1 if few else 0))


def all_neurons(run: Run, recording: Recording, query: NeuronQuery) -> tuple[Ranking, Labels | None] | None:
    """The section with the table of all units; returns what it shows, None where their values cannot be counted."""
    st.subheader("All neurons of this layer")
    layer = DistributionQuery(query.signal, query.layer)
    try:
        with st.spinner("Counting the values of all neurons"):
            found = cached(ranked)(recording, layer)
    except ValueError as error:
        tell("The neurons of this layer cannot be compared.", error)
        return None
    kept = kept_labels(run, recording, query)
    labels = kept or standing_in(run, query.signal, query.layer)
    st.text(frames.sentence(found, labels))
    if labels and not kept:
        st.text(frames.stand_in_sentence(labels))
    offer(run, recording, query, kept, others=labels is not None)
    units = _filtered(found, labels)
    if not units:
        st.caption("No neuron passes these filters: choose another shape or label, or show those near zero.")
        return found, labels
    name = f"{run.name}-{query.signal}{query.layer}.csv"
    made = cached(_frame)(recording, layer, labels, np.array(units))
    show(
        made, columns=_columns(found), key="neurons-all", choice=Choice("neuron", query.unit, choose),
        alt=f"{len(made)} neurons with their distributions, the most unusual first",
    )  # fmt: skip
    aside = int(found.set_aside.sum())
    hidden = aside if not any(found.set_aside[unit] for unit in units) else 0
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"{len(units):,} of {len(found.order):,} neurons, the most unusual first; {found.total:,} values of each. "
            + f"{hidden:,} that stay near zero are not among them. " * bool(hidden)
            + "Tick a row to see that neuron, click a column's name to sort."
        )
        st.download_button(
            "Table as CSV", lambda: frame_csv(made.drop(columns="values")), name, "text/csv", key="neurons-csv",
            on_click="ignore",
        )  # fmt: skip
    return found, labels


def _frame(
    recording: Recording, query: DistributionQuery, labels: Labels | None, units: NDArray[np.int64]
) -> pd.DataFrame:
    return frames.unit_frame(cached(ranked)(recording, query), labels, units)


def choose(unit: int) -> None:
    """Make another unit that of the whole page."""
    st.session_state[CHOSEN] = unit


def _filtered(found: Ranking, labels: Labels | None) -> list[int]:
    """The filters above the table and the units that pass them."""
    label = frames.ALL
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        shape = st.selectbox(
            "Shape of its distribution", [frames.ALL, *frames.NAMES.values()], key="neurons-shape",
            bind="query-params", width=240,
        )  # fmt: skip
        if labels is not None:
            options = [frames.ALL, frames.ANY, frames.NONE, *frames.label_names(labels)]
            label = st.selectbox("What it follows", options, key="neurons-label", bind="query-params", width=360)
        aside = int(found.set_aside.sum())
        shown = st.toggle(
            f"Show neurons near zero ({aside:,})", key="neurons-near-zero", bind="query-params", disabled=not aside,
            help="More than 90% of their values lie within ±0.01: they are set aside.",
        )  # fmt: skip
    return frames.chosen_units(found, labels, shape=shape or frames.ALL, label=label or frames.ALL, near_zero=shown)


def _columns(found: Ranking) -> Columns:
    """Those of `frames.unit_frame`."""
    low, high = found.ends
    return {
        "neuron": whole(),
        "values": histogram(f"How often it takes each value, from {low:.3g} to {high:.3g}."),
        "unlike the mean (bits)": number(
            "How unlike the mean of the layer its values are distributed: the sum of the last two columns "
            "(Kullback-Leibler divergence, both directions).",
            2,
        ),
        "follows": text(
            "What its value tells best, as found on one half of the text and confirmed on the other. High, low: where "
            "this holds. Rises, falls: with how far."
        ),
        "score": number(
            "On the half of the text that it was not chosen on: for high and low the AUROC (0.5 is guessing, 1 never "
            "wrong), for rises and falls a rank correlation (0 to 1).",
            2,
        ),
        "untrained": number("The score of an untrained network's best neuron for the same, chosen alike.", 2),
        "learned": text(
            "yes: it scores higher than an untrained network's best neuron, chosen alike, beyond chance (Student's t "
            "over 25 stretches of the text; at most 5% of all yeses are wrong). not sure: higher by more than 0.01, "
            "which may be chance. no lead: not higher."
        ),
        "shape": text("Of its distribution: two peaks, one-sided, Laplace (one sharp peak), near zero, other."),
        "near zero": percent("Share of its values within ±0.01."),
        "it from mean (bits)": number(
            "Divergence of its distribution from the mean one: high where it takes values that are rare in the layer.",
            2,
        ),
        "mean from it (bits)": number(
            "Divergence of the mean distribution from its own: high where it lacks values that are common in the "
            "layer.",
            2,
        ),
    }
