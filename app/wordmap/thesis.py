"""What the thesis says of maps of words beside the maps at hand: Table 5.1, and the panel of its statements."""

import streamlit as st

from app.charts import sweep
from app.charts.draw import draw
from app.claims import panel
from app.table import Column, show
from app.wordmap import frames
from app.wordmap.result import beside
from lstm_core.claims.dropout import by_dropout
from lstm_core.claims.word_map import FOUND, GROUPS
from lstm_core.clusters.word_map import WordMapQuery
from lstm_core.runs.run import Run

_COLUMNS = (
    Column("list", help="What we call it; the thesis has numbers."),
    Column("the thesis", width=30, help="The group's words in Table 5.1."),
    Column("here", width=30, help="The commonest words of the group that is most like it."),
    Column("group", "whole", help=f"Its number at {GROUPS} groups by single linkage."),
    Column("Jaccard", "number", 2, help="Shared words over all words of both, from 0 to 1."),
    Column("by chance", "number", 2, help="The same where words are dealt to the groups at random, on average."),
    Column("so it is", help=f"Found: Jaccard of at least {FOUND}, a bound of ours."),
)


def the_thesis(run: Run, query: WordMapQuery) -> None:
    """Table 5.1 and all statements; computed once for the maps at hand."""
    with st.spinner("Comparing with the thesis"):
        found = beside(run, query)
    if found.lists:
        st.subheader("The groups of Table 5.1")
        st.caption(
            "The thesis lists the words of eight groups of its own network (hidden state of layer 1, dropout .7). Here "
            f"are the groups of this one that are most like them, at {GROUPS} groups by single linkage. Words that "
            "stand here fewer than 5 times are not compared."
        )
        lines = frames.list_lines(found.lists)
        show(lines, _COLUMNS, key="wordmap-lists", alt="Table 5.1 of the thesis beside the groups found here")
    if len({dropout for kind in ("brackets", "quotes") for dropout, _ in by_dropout(found.sweep, kind)}) > 1:
        st.subheader("Marks that open and close, over dropout")
        draw(sweep.marks(found.sweep), key="wordmap-dropout", alt="How well marks are told apart, over dropout")
        st.caption(
            f"{len(found.sweep):,} runs of one sweep over the same words. 1: no group holds both opening and closing "
            "marks. 0: as many do as when the marks are dealt to their places at random."
        )
    panel(found.claims)
    st.caption(
        "T7, words coloured by the value of a neuron or by how expected they were, is what the page Neurons does. "
        "Every bound above is ours: the thesis shows pictures."
    )
