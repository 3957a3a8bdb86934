"""Periods: which neurons of a layer are periodic, beside the untrained network and what the article found."""

import streamlit as st

from app.cached import cached
from app.claims import panel
from app.components.table import Columns, number, show, text, whole
from lstm_core.claims.studies import neuron_wise_claim, period_claim
from lstm_core.neurons.periods import PeriodsQuery, periods
from lstm_core.recordings.find import untrained_twin
from lstm_core.recordings.recording import Recording
from lstm_core.stats.spectrum import FEWEST
from pages.probes.verified_frames import period_frame, periods_sentence

SMALL = 2 * 10**7  # values of a layer that are looked through unasked: a second or two
_COLUMNS: Columns = {
    "neuron": whole(),
    "what": text("periodic, or with a rhythm: at most 5% of all so called are not."),
    "period (steps)": number("Its strongest period: one that keeps step through the text.", 2),
    "adjusted": number(
        "Chance of so strong a period where there is none, adjusted for all neurons of the layer (Benjamini and "
        "Hochberg): at most 0.05 counts as periodic."
    ),
    "rhythm (steps)": number("Its strongest rhythm: one that may lose step, as line ends do.", 1),
    "strength": number(
        "Its power over that of slower and of faster ones, whichever has more; a rhythm has twice as much or more.", 1
    ),
    "its adjusted": number("Chance of so strong a rhythm where there is none, adjusted likewise."),
}


def all_periods(recording: Recording, signal: str, layer: int) -> None:
    """The section with the periods of a layer's neurons."""
    st.subheader("Periods")
    steps = len(recording.tokens)
    if steps < FEWEST:
        st.caption(f"A text of {steps:,} steps is too short to look for periods: read {FEWEST} or more.")
        return
    few = steps * recording.spec.units <= SMALL
    if st.toggle(f"Look for periods in all neurons of layer {layer}", few, key="probes-periods", bind="query-params"):
        query = PeriodsQuery(signal, layer)
        with st.spinner("Looking for periods"):
            found = cached(periods)(recording, query)
            other = untrained_twin(recording, signal, (layer,))
            twin = None if other is None else cached(periods)(other, query)
        st.text(periods_sentence(found, twin))
        alt = "The neurons with a period or a rhythm, or nearest to one"
        show(period_frame(found), columns=_COLUMNS, key="probes-period-units", alt=alt)
        claim = period_claim([found], [] if twin is None else [twin])
    else:
        claim = period_claim([])
    panel([neuron_wise_claim(), claim], "What the article says, what we measure")
