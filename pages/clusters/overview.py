"""All clusters of a clustering: the figures on top, and the table with its filters."""

from collections.abc import Sequence

import streamlit as st

from app.charts.draw import draw
from app.charts.words import few_words
from app.components.table import Choice, Columns, number, percent, show, text, whole
from app.components.tag_names import known, named
from app.controls import bound
from lstm_core.claims.clusters import PAPER_CLUSTERS, PAPER_FEW_WORDS
from lstm_core.clusters.contents import ALMOST, ClusterRow, few_word_curve, few_word_share
from lstm_core.clusters.states import SETTINGS, SPANS, Clustering, ClusterQuery
from pages.clusters import frames
from pages.clusters.result import ShownClusters, group_frame

CHOSEN = "clusters-cluster"  # the chosen cluster: a number field elsewhere on the page, which the URL keeps
_LEAST = "clusters-least"
_LARGEST = 10_000_000  # moments: more than any text has


def headline(found: Clustering, rows: Sequence[ClusterRow] | None) -> None:
    """How many clusters, of how many points, how much noise, how many of few words; `rows` None = text not at hand."""
    words = found.query.data == "whitespace" and rows is not None
    left, right = st.columns([2, 3]) if words else (st.container(), None)
    with left:
        first, second = st.columns(2)
        first.metric("Groups (clusters)", f"{len(found.persistence):,}")
        second.metric("Moments (points)", f"{len(found.labels):,}")
        first.metric("In no group (noise)", frames.percent(found.noise_share))
        share = few_word_share(rows) if words and rows else float("nan")
        second.metric(
            "Groups of few words",
            frames.percent(share),
            help="Share of the groups in which at least 90% of the moments follow one of two words, or punctuation. "
            "Groups of line breaks are not counted.",
        )
    if told := _paper(found.query):
        left.caption(told)
    if right is not None and rows:
        with right:
            draw(
                few_words(few_word_curve(rows), (ALMOST, PAPER_FEW_WORDS)),
                key="clusters-curve",
                alt="Share of the groups of one or two words, over how pure a group has to be",
            )


def _paper(query: ClusterQuery) -> str:
    """What the paper found with this query."""
    settings = (query.min_cluster_size, query.min_samples)
    number = PAPER_CLUSTERS.get((query.data, query.signal))
    if number is None or settings != SETTINGS["paper"] or query.tokens != SPANS[query.data]:
        return ""
    few = f", {PAPER_FEW_WORDS:.0%} of them of few words" if query.data == "whitespace" else ""
    return f"The paper, with its own network on War and Peace: {number} groups{few}."


def table(view: ShownClusters, chosen: int) -> str:
    """The clusters, one a row, with filters; selecting a row chooses a cluster. Returns the tag filtered by, or ""."""
    tag, rows = _filtered(view)
    if not rows:
        st.caption("No group passes these filters: choose another part of speech or a smaller size.")
        return tag
    show(
        group_frame(view, rows, tag), key="clusters-table", columns=columns(tag),
        alt=f"{len(rows)} groups with their sizes and what they hold", choice=Choice("cluster", chosen, _take),
    )  # fmt: skip
    st.caption(
        f"{len(rows):,} of {len(view.rows):,} groups. Tick a row to see that group, click a column's name to sort."
        + " Groups of line breaks are layout and count neither as few-word groups nor for a part of speech."
        * view.has_words
    )
    return tag


def _filtered(view: ShownClusters) -> tuple[str, tuple[ClusterRow, ...]]:
    """The filters above the table and the rows that pass them."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        tag, few = "", False
        if view.has_words:
            titles = {"all": ""} | {named(tag): tag for tag in sorted(_tags(view))}
            chosen = st.selectbox(
                "Part of speech", list(titles), key="clusters-tag", bind="query-params", width=320,
                help="Shows how well each group tells this part of speech, the best first.",
            )  # fmt: skip
            tag = titles.get(chosen or "all", "")
        least = st.number_input(
            "At least this many moments", 0, _LARGEST, 0, 50, key=_LEAST, bind=bound(_LEAST), width=220
        )
        if view.has_words:
            few = st.toggle(
                "Hide groups of one or two words", key="clusters-hide", bind="query-params",
                help="Also those that only tell the punctuation before.",
            )  # fmt: skip
    return tag, frames.chosen_rows(view.rows, tag=tag, least=int(least), few_words=not few)


def _take(number: int) -> None:
    st.session_state[CHOSEN] = number


def columns(tag: str = "") -> Columns:
    """How clusters and tags are shown, and what that means where a part of speech is filtered by, or none."""
    of = f"of {tag}" if tag else "of the part of speech that is commonest in the group"
    return {
        "cluster": whole("Groups are numbered by size."),
        "moments": whole("How many points the group has."),
        "commonest words": text("The words before the blank, the commonest first.", 240),
        "character read": text("The characters at the moments, the commonest first."),
        "character next": text("What came next in the text, the commonest first."),
        "tag": text("Part of speech; what each means is listed below."),
        "precision": percent(f"Share {of} among the group's moments."),
        "recall": percent(f"Which share {of} in the text is in this group."),
        "F1": number("Harmonic mean of precision and recall."),
        "next tags": text("The second and third part of speech: precision / recall.", 180),
        "few words": percent("How far one or two words, or punctuation, make it up."),
        "kind": text(f"Grammar: at least {frames.CLEAR:.0%} verbs, or nouns, or adjectives ... in any form."),
        "strength": number("How surely its moments belong to it, from 0 to 1, on average.", 2),
    }


def tags_explained(view: ShownClusters) -> None:
    """What each tag means."""
    if view.has_words:
        with st.expander("What do MD, VBD and the other tags mean?"):
            show(known(_tags(view)), key="clusters-tags", alt="What the tags mean")


def _tags(view: ShownClusters) -> set[str]:
    return {share.tag for row in view.rows for share in row.tags}
