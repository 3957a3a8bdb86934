"""Which clustering is looked at, each choice in the URL under its plain name; the offer to compute a missing one."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from app.cached import corpus, machine_rate
from app.controls import one_of, tried
from app.work import at_work, last_attempt, start_button
from lstm_core.clusters import states as clusters
from lstm_core.clusters.states import SETTINGS, SPANS, ClusterQuery, Data
from lstm_core.runs.cells import CELLS, SIGNALS
from lstm_core.runs.cost import clustering_seconds, duration
from lstm_core.runs.run import Run
from lstm_core.storage.files import home

DATA: dict[str, Data] = {"blanks after words": "whitespace", "all characters": "full"}
COMPARED = ("h", "o")  # the signals that the paper clusters


def choose(run: Run, kept: Sequence[ClusterQuery]) -> ClusterQuery:
    """The choice of data, signal, size of clusters and text; other layers, signals and settings where one is kept. At
    first the paper's, else what is at hand.
    """
    usual = ClusterQuery().of(run)
    first = usual if usual in kept or not kept else kept[0]
    others = {(query.min_cluster_size, query.min_samples) for query in kept} - set(SETTINGS.values())
    sizes = SETTINGS | {f"{size} / {samples}": (size, samples) for size, samples in sorted(others)}
    with st.container(horizontal=True, gap="medium"):
        data = one_of("Moments", DATA, first.data, key="clusters-data")
        signal = one_of("Grouped by", _signals(run, kept), first.signal, key="clusters-signal")
        size = one_of("Size of groups", sizes, (first.min_cluster_size, first.min_samples), key="clusters-size")
        tokens = one_of("Text", _spans(data, kept), first.tokens, key="clusters-text")
        layer = one_of("Layer", _layers(run, kept, signal), first.layer, key="clusters-layer")
    return ClusterQuery(data, signal, layer, tokens, *size).of(run)


def _signals(run: Run, kept: Sequence[ClusterQuery]) -> dict[str, str]:
    wanted = [*COMPARED, *(query.signal for query in kept)]
    there = {place.partition("-")[0] for place in run.origins} or set(CELLS[run.model_config.cell].signals)
    if not there & {*wanted}:  # another signal was brought in
        wanted = sorted(there)
    return {SIGNALS[signal].title: signal for signal in wanted if signal in there}


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


def job_folder(run: Run, query: ClusterQuery) -> Path:
    """Where the job of a query (`ClusterQuery.of`) lives."""
    text = str(run.config["corpus"].get("fingerprint") or "")
    return home() / "clusters" / "jobs" / clusters.key_of(query, run.fingerprint, text)


def command(run: Run, query: ClusterQuery, *, again: bool = False) -> list[str]:
    """The verb that computes a query, as a person would type it; `again` even where a result is kept."""
    words = ["cluster", "--data", query.data, "--signal", query.signal, "--layer", str(query.layer)]
    words += ["--tokens", str(query.tokens), "--size", str(query.min_cluster_size)]
    words += ["--samples", str(query.min_samples), *(["--recompute"] if again else [])]
    return [*words, "--", run.name]


def moments(run: Run, query: ClusterQuery) -> tuple[int, int]:
    """How many moments are grouped and how many characters are read; raises ValueError when the text is not at hand."""
    if not run.config["corpus"]["name"]:
        raise ValueError(f"{run.name} came without a text, so its groups cannot be computed: choose another model")
    return clusters.moments(corpus(run.config["corpus"]["name"], "char"), query)


def offer(run: Run, query: ClusterQuery, *, again: bool = False) -> None:
    """Draw the offer to compute a query, or the progress of that work. When it ends the page is drawn again."""
    folder = job_folder(run, query)
    if at_work(folder, f"clusters-{folder.name}"):
        return
    counted = tried("The text that these groups are made of is not at hand.", moments, run, query)
    if counted is None:
        return
    points, tokens = counted
    last_attempt(folder)
    if points <= query.min_samples:
        st.info(f"The text holds {points:,} such moments: too few to group. Choose other moments or another model.")
        return
    seconds = clustering_seconds(run.model_config, points, tokens, machine_rate())
    st.caption(
        f"The model reads {tokens:,} characters, then each of {points:,} moments is compared with all others: about "
        f"{duration(seconds)} on this machine, less where parts of it were done before. The work goes on when this "
        "page is closed, and its result is kept."
    )
    label = "Compute again" if again else "Compute these groups"
    start_button(label, folder, command(run, query, again=again), f"clusters-go-{folder.name}")
