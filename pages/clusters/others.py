"""The same moments grouped otherwise, beside the groups shown: by the other signal, other methods, other models."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from app.components.table import Columns, number, percent, show, text, whole
from app.components.tag_names import named
from app.controls import tried
from lstm_core.clusters.alternatives import Alternatives, read_comparison
from lstm_core.clusters.contents import best_by_tag, members
from lstm_core.clusters.states import ClusterQuery
from lstm_core.runs.cells import SIGNALS
from lstm_core.runs.run import Run
from lstm_core.storage.frames import frame_of
from pages.clusters import frames
from pages.clusters.members import concordance
from pages.clusters.overview import ShownClusters, shown

_WAYS = {
    "way": text("The method with its settings, or the network whose moments were grouped."),
    "groups": whole("How many groups it made."),
    "noise": percent("Share of the moments that it left in no group."),
    "few words": percent("Share of the groups that are one or two words, or punctuation."),
    "tells parts of speech": number("F1 of its best group for each, as a mean over the common ones."),
    "tells modal verbs": number("F1 of its best group for can, would and the like."),
    "agreement with ours": number("Adjusted Rand index: 1 the same groups, 0 no more than by chance."),
}


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
    views = tried("The other result cannot be used.", lambda: [shown(run, one) for one in pair])
    if views is None:
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
        made = frames.beside({name: side.rows for name, side in sides})
        alt = "The best group of both for every part of speech"
        show(made, columns=_columns([name for name, _ in sides]), key="clusters-both", alt=alt)


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


def other_ways(run: Run, view: ShownClusters) -> None:
    """What other ways to group make of the same moments; nothing where they were not compared."""
    compared = tried("The comparison with other methods cannot be used.", read_comparison, run, view.found.query)
    if compared is None:
        return
    st.subheader("Would another method find the same?")
    least = min(compared.stability, default=float("nan"))
    st.caption(
        "Agreement is 1 where two ways put the same moments together, 0 where they agree by chance (adjusted Rand "
        "index, over the moments that both put somewhere). With only "
        f"{compared.kept:.0%} of the moments, drawn {len(compared.stability)} times, ours agrees with itself by "
        f"{least:.2f} at least. How well a way tells parts of speech is the F1 of its best group for each, as a mean "
        "over the common ones. The last lines are other networks: the untrained twin has learned nothing."
    )
    alt = "Ways to group the same moments, and other networks"
    show(way_frame(compared), columns=_WAYS, key="clusters-rivals", alt=alt)


def way_frame(compared: Alternatives) -> pd.DataFrame:
    """One row a way, then one a model; agreement with ours is missing for other models, whose moments are others."""
    known = ["name", "clusters", "noise_share", "few_word_share", "tag_f1", "modal_f1"]
    made = frame_of((*compared.rows, *compared.controls))[known].set_axis(list(_WAYS)[:-1], axis=1)
    return made.assign(**{list(_WAYS)[-1]: pd.Series(compared.agreement[0])})
