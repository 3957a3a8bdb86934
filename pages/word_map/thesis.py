"""What the thesis says of maps of words beside the maps at hand: Table 5.1, and the panel of its statements."""

import streamlit as st

from app.charts import sweep
from app.charts.draw import draw
from app.claims import panel
from app.components.table import number, show, text, whole
from lstm_core.claims.dropout import by_dropout
from lstm_core.claims.word_map import FOUND, GROUPS
from lstm_core.clusters.word_map import WordMapQuery
from lstm_core.runs.run import Run
from pages.word_map import frames
from pages.word_map.result import beside

_COLUMNS = {
    "list": text("What we call it; the thesis has numbers."),
    "the thesis": text("The group's words in Table 5.1.", 330),
    "here": text("The commonest words of the group that is most like it.", 330),
    "group": whole(f"Its number at {GROUPS} groups by single linkage."),
    "Jaccard": number("Shared words over all words of both, from 0 to 1.", 2),
    "by chance": number("The same where words are dealt to the groups at random, on average.", 2),
    "so it is": text(f"Found: Jaccard of at least {FOUND}, a bound of ours."),
}


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
        alt = "Table 5.1 of the thesis beside the groups found here"
        show(frames.list_frame(found.lists), columns=_COLUMNS, key="wordmap-lists", alt=alt)
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
