"""What the thesis says of dropout beside the runs that are compared."""

from collections.abc import Sequence

import streamlit as st

from app.cached import cached
from app.claims import panel
from lstm_core.claims.dropout import Told, map_claims, mapped_query, marks, sweep_claims
from lstm_core.clusters.word_map import WordMapQuery
from lstm_core.neurons.compare import Comparison
from lstm_core.runs.run import Run
from pages.dropout_sweep.readings import each


def thesis(found: Comparison, runs: Sequence[Run]) -> None:
    """The panel: T1, T4 and T5; T9 where word maps of several runs are kept."""
    claims = sweep_claims(found, runs)
    if not claims:
        return
    query = mapped_query(runs)
    told: list[Told | None] = []
    if query is not None:
        told = each(runs, lambda run: cached(_marks)(run, query), "Grouping the words on their maps")
    panel([*claims, *map_claims([one for one in told if one is not None])], "What the thesis says, what we measure")
    if query is None and runs[0].kind == "word":
        st.caption(
            "What the thesis says of brackets and quotation marks over dropout needs word maps: "
            "`python -m lstm_core wordmap RUN` makes one of a run."
        )


def _marks(run: Run, query: WordMapQuery) -> Told | None:
    return marks(run, query)
