"""Which runs stand side by side: those of a sweep, or any that a person picks by name."""

from dataclasses import dataclass

import streamlit as st

from lstm_core.runs.run import Run
from lstm_core.runs.store import list_runs
from lstm_core.runs.sweep import Sweep, sweeps, sweeps_folder
from lstm_core.storage import jobs

OWN = "runs of my choice"
NEXT = "sweep-next"  # in the session: the sweep that was started just now, shown next
MOST = 24  # runs side by side; more would not be told apart


@dataclass(frozen=True)
class ChosenRuns:
    """The runs, the sweep they are where they are one, and its name where it is still being made (no runs then)."""

    runs: tuple[Run, ...]
    sweep: Sweep | None = None
    making: str = ""


def choose(known: dict[str, Sweep]) -> ChosenRuns:
    """The choice; the shipped sweep first, then one's own, then runs by name."""
    making = [
        path.name for path in sorted(sweeps_folder().glob("*/")) if path.name not in known and jobs.is_alive(path)
    ]
    first = sorted(known, key=lambda name: not known[name].shipped)
    options = [*first, *making, OWN]
    if st.session_state.get(NEXT) in options:
        st.session_state["sweep-of"] = st.session_state.pop(NEXT)
    name = options[0]
    if len(options) > 1:
        name = st.selectbox("What to compare", options, key="sweep-of", bind="query-params", width=480) or options[0]
    if name == OWN:
        return ChosenRuns(tuple(_picked()))
    return ChosenRuns((), making=name) if name in making else ChosenRuns(known[name].runs, known[name])


def all_sweeps() -> dict[str, Sweep]:
    """The sweeps by name."""
    return {sweep.name: sweep for sweep in sweeps()}


def _picked() -> list[Run]:
    """Runs by name, in the order in which they were chosen; the first says which text all read."""
    runs = {run.name: run for run in list_runs()}
    names = st.multiselect(
        "Runs to set side by side", list(runs), key="sweep-runs", bind="query-params", max_selections=MOST,
        help="All that read letters, or all that read words. They read the text of the first one.",
    )  # fmt: skip
    return [runs[name] for name in names if name in runs][:MOST]
