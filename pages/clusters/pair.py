"""The same moments grouped by hidden state and by output gate: which tells a part of speech better."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from app.components.table import Columns, percent, show, text, whole
from app.components.tag_names import named
from app.controls import tell
from lstm_core.clusters.contents import best_by_tag, members
from lstm_core.clusters.states import ClusterQuery
from lstm_core.runs.cells import SIGNALS
from lstm_core.runs.run import Run
from pages.clusters import frames
from pages.clusters.concordance import concordance
from pages.clusters.result import ShownClusters, shown


def side_by_side(run: Run, view: ShownClusters, tag: str, kept: Sequence[ClusterQuery]) -> None:
    """For a part of speech the best cluster of the hidden state beside that of the output gate."""
    query = view.found.query
    pair = [replace(query, signal=signal) for signal in ("h", "o")]
    if not view.has_words or query not in pair:
        return
    st.subheader("Hidden state beside output gate")
    if missing := [one for one in pair if one not in kept]:
        st.caption(
            f"With the same settings, groups by {SIGNALS[missing[0].signal].title} are not at hand. Choose it above "
            "to compute them; both then stand here side by side."
        )
        return
    try:
        views = [shown(run, one) for one in pair]
    except ValueError as error:
        tell("The other result cannot be used.", error)
        return
    sides = [(SIGNALS[one.signal].title, side) for one, side in zip(pair, views, strict=True) if side is not None]
    bests = [best_by_tag(side.rows) for _, side in sides]
    tags = [tag for tag in bests[0] if all(tag in best for best in bests)]
    if len(sides) < 2 or not tags:
        st.caption("No part of speech is told by both.")
        return
    titles = {named(one): one for one in tags}
    first = next((title for title, one in titles.items() if one == (tag or "MD")), next(iter(titles)))
    chosen = st.selectbox(
        "Which group tells it best?", list(titles), list(titles).index(first), key=f"clusters-both-{tag}", width=320
    )
    for place, (name, side), best in zip(st.columns(2), sides, bests, strict=True):
        share = best[titles[chosen]]
        with place:
            st.markdown(f"**{name.capitalize()}**: group {share.cluster}, {share.size:,} moments")
            st.caption(f"precision {share.precision:.1%}, recall {share.recall:.1%}, F1 {share.f1:.3f}")
            st.text(", ".join(frames.visible(word) for word, _ in side.rows[share.cluster].words))
            excerpts = members(side.found, side.text, share.cluster, 6)
            concordance(side.found, excerpts, key=f"clusters-both-{name}", alt=f"Examples of group {share.cluster}")
    with st.expander("All parts of speech"):
        names = (sides[0][0], sides[1][0])
        made = frames.beside(sides[0][1].rows, sides[1][1].rows, names)
        alt = "The best group of both for every part of speech"
        show(made, columns=_columns(names), key="clusters-both", alt=alt)


def _columns(names: Sequence[str]) -> Columns:
    """Those of `frames.beside`."""
    columns = {"tag": text("Part of speech; what each means is listed below the table of groups.")}
    for name in names:
        columns |= {
            f"{name}: cluster": whole("Number of the group that tells this part of speech best."),
            f"{name}: words": text("Its commonest words.", 180),
            f"{name}: precision": percent("Share of its moments with this part of speech."),
            f"{name}: recall": percent("Which share of the part of speech in the text it has."),
        }
    return columns
