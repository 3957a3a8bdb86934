"""Which clustering is looked at: the choices of the page, each kept in the URL under its plain name."""

from collections.abc import Sequence

import streamlit as st

from app.controls import one_of
from lstm_core.clusters.states import SETTINGS, SPANS, ClusterQuery, Data
from lstm_core.runs.cells import CELLS, SIGNALS
from lstm_core.runs.run import Run

DATA: dict[str, Data] = {"blanks after words": "whitespace", "all characters": "full"}
COMPARED = ("h", "o")  # the signals that the paper clusters


def first_query(run: Run, kept: Sequence[ClusterQuery]) -> ClusterQuery:
    """What the page opens with: the paper's, else what is at hand; raises ValueError for a run that reads words."""
    usual = ClusterQuery().of(run)
    return next((query for query in (usual, *kept) if query in kept), usual)


def choose(run: Run, kept: Sequence[ClusterQuery]) -> ClusterQuery:
    """The choice of data, signal, size of clusters and text; other layers, signals and settings where one is kept."""
    first = first_query(run, kept)
    with st.container(horizontal=True, gap="medium"):
        data = one_of("Moments", DATA, first.data, key="clusters-data")
        signal = one_of("Grouped by", _signals(run, kept), first.signal, key="clusters-signal")
        size = one_of("Size of groups", _sizes(kept), (first.min_cluster_size, first.min_samples), key="clusters-size")
        tokens = one_of("Text", _spans(data, kept), first.tokens, key="clusters-text")
        layer = one_of("Layer", _layers(run, kept, signal), first.layer, key="clusters-layer")
    return ClusterQuery(data, signal, layer, tokens, *size).of(run)


def _signals(run: Run, kept: Sequence[ClusterQuery]) -> dict[str, str]:
    wanted = [*COMPARED, *(query.signal for query in kept)]
    there = {place.partition("-")[0] for place in run.origins} or set(CELLS[run.model_config.cell].signals)
    if not there & {*wanted}:  # another signal was brought in
        wanted = sorted(there)
    return {SIGNALS[signal].title: signal for signal in wanted if signal in there}


def _sizes(kept: Sequence[ClusterQuery]) -> dict[str, tuple[int, int]]:
    """The presets, and other settings that a result is kept of."""
    others = {(query.min_cluster_size, query.min_samples) for query in kept} - set(SETTINGS.values())
    return SETTINGS | {f"{size} / {samples}": (size, samples) for size, samples in sorted(others)}


def _spans(data: Data, kept: Sequence[ClusterQuery]) -> dict[str, int]:
    """How much text: as much as the paper read, and what else is kept of these data."""
    others = {query.tokens for query in kept if query.data == data} - {SPANS[data]}
    titles = {tokens: "the whole text" if tokens < 0 else f"the first {tokens:,} characters" for tokens in others}
    return {"as much as the paper": SPANS[data]} | {titles[tokens]: tokens for tokens in sorted(others)}


def _layers(run: Run, kept: Sequence[ClusterQuery], signal: str) -> dict[str, int]:
    last = run.model_config.layers
    if run.origins:  # which of its layers says most is not known
        there = [layer for layer in range(last, 0, -1) if f"{signal}-{layer}" in run.origins]
        return {f"{layer}: {run.origins[f'{signal}-{layer}'].rpartition(': ')[2]}": layer for layer in there}
    others = sorted({query.layer for query in kept} - {last})
    return {f"{last} (the last)": last} | {str(layer): layer for layer in others}
