"""When a neuron counts as on, and the on-sets of a recording by that."""

import streamlit as st

from app.cached import on_sets
from app.controls import bound
from lstm_core.probes.active import RULES, OnQuery, OnSets, Rule
from lstm_core.recordings.recording import Recording
from lstm_core.runs.cells import SIGNALS

_RULES: dict[str, Rule] = {
    "value": "raw",
    "value, as LSTMVis": "tanh",
    "distance from zero": "two-sided",
    "its own highest values": "quantile",
}
_FIRST: dict[Rule, float] = {"raw": 0.3, "tanh": 0.3, "two-sided": 0.3, "quantile": 0.9}
_ENDS: dict[Rule, tuple[float, float]] = {
    "raw": (-10.0, 10.0),
    "tanh": (0.01, 0.99),
    "two-sided": (0.01, 10.0),
    "quantile": (0.01, 0.999),
}


def when_on(recording: Recording) -> OnSets:
    """The choice of a signal, its layers, a rule and a threshold, and what they make."""
    with st.expander("When is a neuron on?"), st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        signals = {SIGNALS[signal].title: signal for signal in recording.names}
        signal = st.selectbox("Signal", list(signals), key="probes-signal", bind="query-params", width=180)
        title: str | None = st.selectbox(
            "A neuron is on by", list(_RULES), key="probes-rule", bind="query-params", width=240,
            help="\n".join(f"- {name}: {RULES[rule]}" for name, rule in _RULES.items()),
        )  # fmt: skip
        rule = _RULES[title or "value"]
        low, high = _ENDS[rule]
        key = f"probes-threshold-{rule}"
        threshold = st.number_input("Threshold", low, high, _FIRST[rule], 0.05, key=key, bind=bound(key), width=150)
        layers = st.pills(
            "Layers", list(recording.spec.layers), selection_mode="multi", default=list(recording.spec.layers),
            key="probes-layers", bind="query-params",
        )  # fmt: skip
    chosen = tuple(sorted(int(layer) for layer in layers)) if layers else ()
    query = OnQuery(signals[signal or next(iter(signals))], chosen, rule, min(max(threshold, low), high))
    return on_sets(recording, query)
