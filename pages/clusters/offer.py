"""A clustering that is not at hand: what it would cost, the button that starts it, its progress, how it ended."""

from pathlib import Path

import streamlit as st

from app.cached import corpus, machine_rate
from app.controls import tell
from app.work import at_work, last_attempt, start_button
from lstm_core.clusters.states import ClusterQuery, key_of
from lstm_core.clusters.states import moments as grouped
from lstm_core.runs.cost import clustering_seconds, duration
from lstm_core.runs.run import Run
from lstm_core.storage.files import home


def job_folder(run: Run, query: ClusterQuery) -> Path:
    """Where the job of a query (`ClusterQuery.of`) lives."""
    text = str(run.config["corpus"].get("fingerprint") or "")
    return home() / "clusters" / "jobs" / key_of(query, run.fingerprint, text)


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
    return grouped(corpus(run.config["corpus"]["name"], "char"), query)


def offer(run: Run, query: ClusterQuery, *, again: bool = False) -> None:
    """Draw the offer to compute a query, or the progress of that work. When it ends the page is drawn again."""
    folder = job_folder(run, query)
    if at_work(folder, f"clusters-{folder.name}"):
        return
    try:
        points, tokens = moments(run, query)
    except ValueError as error:
        tell("The text that these groups are made of is not at hand.", error)
        return
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
