"""How often the neurons of each run take each value, laid over each other."""

from collections.abc import Sequence

import streamlit as st

from app.charts import sweep as figures
from app.charts.draw import draw
from lstm_core.neurons.correlated import Counterpart
from lstm_core.neurons.distributions import DistributionQuery
from lstm_core.runs.cells import SIGNALS
from pages.dropout_sweep.place import Place
from pages.dropout_sweep.readings import Reading, each

MEAN, SAME, MATCHED = "all neurons of the layer", "one neuron, by its number", "one neuron and its matches"


def overlay(
    found: Sequence[Reading], names: Sequence[str], place: Place, matched: Sequence[Counterpart | None]
) -> None:
    """How often values are taken in each run: the mean of the layer, one unit by number, or a unit and its matches."""
    st.subheader("Which values do they take?")
    options = [MEAN, SAME, *([MATCHED] if any(matched) else [])]
    chosen = st.segmented_control(
        "Values of", options, default=MEAN, key="sweep-values", bind="query-params", required=True
    )
    query = DistributionQuery(place.signal, place.layer)
    spreads = each(found, lambda one: one.distributions(query), "Counting the values")
    curves = []
    for one, name, spread, unit in zip(found, names, spreads, matched, strict=True):
        number = None if chosen in (MEAN, None) else place.unit if chosen == SAME else unit.unit if unit else None
        if spread is None or (number is None and chosen not in (MEAN, None)):
            continue
        if number is None or number < len(spread.counts):
            title = name if number is None or chosen == SAME else f"{name}: neuron {number}"
            curves.append(figures.curve(title, one.run.model_config.dropout, spread, number))
    if not curves:
        st.caption("No run has figures of these values.")
        return
    alt = f"How often the {SIGNALS[place.signal].title} of layer {place.layer} takes each value, in {len(curves)} runs"
    draw(figures.overlay(curves, place.signal), key="sweep-overlay", alt=alt)
    meaning = {
        SAME: f"Neuron {place.unit} of each run: the same number, not the same task.",
        MATCHED: "In each run the neuron that goes most with the chosen one.",
    }.get(chosen or MEAN, "The mean of all neurons of the layer.")
    lacking = len(found) - len(curves)
    st.caption(
        f"{meaning} From blue (little dropout) to red (much). Drag over the picture to look closer; click a name to "
        "hide it." + f" {lacking} of the runs have no such figures and are left out." * bool(lacking)
    )
