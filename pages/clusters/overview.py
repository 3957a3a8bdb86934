"""A kept clustering as the page gets it: its figures, the table of its clusters with filters, both as CSV files."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from app.cached import cached
from app.charts.draw import draw
from app.charts.words import few_words
from app.components.csv_file import frame_csv
from app.components.table import Choice, Columns, download, number, percent, show, text, whole
from app.components.tag_names import known, named
from app.controls import whole_number
from lstm_core.claims.claim import Verdict
from lstm_core.claims.clusters import PAPER_CLUSTERS, PAPER_FEW_WORDS, cluster_claims
from lstm_core.clusters import contents as cluster_table
from lstm_core.clusters import states as clusters
from lstm_core.clusters.contents import ALMOST, ClusterRow, few_word_curve, few_word_share
from lstm_core.clusters.states import SETTINGS, SPANS, Clustering, ClusterQuery
from lstm_core.runs.run import Run
from lstm_core.storage.results import Stamp
from pages.clusters import frames

CHOSEN = "clusters-cluster"  # the chosen cluster: a number field elsewhere on the page, which the URL keeps
_LARGEST = 10_000_000  # moments: more than any text has


@dataclass(frozen=True, eq=False)
class ShownClusters:
    """A clustering with the text it was made of, and what its clusters hold."""

    found: Clustering
    text: str
    rows: tuple[ClusterRow, ...]

    @property
    def has_words(self) -> bool:
        """Whether the points stand after words: those of whitespace data."""
        return self.found.query.data == "whitespace"


def _read(run: Run, query: ClusterQuery, stamp: Stamp) -> Clustering | None:
    return clusters.read_clustering(run, query)


def _shown(run: Run, query: ClusterQuery, stamp: Stamp) -> ShownClusters | None:
    found = clusters.read_clustering(run, query)
    if found is None:
        return None
    text = clusters.text_of(run, found)
    return ShownClusters(found, text, cluster_table.table(found, text))


def _claims(run: Run, stamp: Stamp) -> list[Verdict]:
    return cluster_claims(run)


def claims(run: Run) -> list[Verdict]:
    """What the paper says of clusters beside what is kept of the run; raises ValueError as `cluster_claims` does."""
    return cached(_claims)(run, clusters.CLUSTERS.stamp(run))


def kept_result(run: Run, query: ClusterQuery) -> Clustering | None:
    """The kept result of a query, or None; raises ValueError when its files are damaged."""
    return cached(_read)(run, query, clusters.CLUSTERS.stamp(run))


def shown(run: Run, query: ClusterQuery) -> ShownClusters | None:
    """The same with its text and table; raises ValueError also when the text is not at hand."""
    return cached(_shown)(run, query, clusters.CLUSTERS.stamp(run))


def group_frame(view: ShownClusters, rows: tuple[ClusterRow, ...], tag: str = "") -> pd.DataFrame:
    """Some of the clusters, one a row; with the figures of `tag` where one is named."""
    return cached(_group_frame)(view.found, tag, [row.cluster for row in rows], rows)


def _group_frame(found: Clustering, tag: str, clusters: list[int], _rows: tuple[ClusterRow, ...]) -> pd.DataFrame:
    return frames.word_frame(_rows, tag) if found.query.data == "whitespace" else frames.character_frame(_rows)


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
            alt = "Share of the groups of one or two words, over how pure a group has to be"
            draw(few_words(few_word_curve(rows), (ALMOST, PAPER_FEW_WORDS)), key="clusters-curve", alt=alt)


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
    alt, choice = f"{len(rows)} groups with their sizes and what they hold", Choice("cluster", chosen, _take)
    show(group_frame(view, rows, tag), key="clusters-table", alt=alt, columns=columns(tag), choice=choice)
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
        least = whole_number("At least this many moments", 0, _LARGEST, 0, 50, key="clusters-least", width=220)
        if view.has_words:
            few = st.toggle(
                "Hide groups of one or two words", key="clusters-hide", bind="query-params",
                help="Also those that only tell the punctuation before.",
            )  # fmt: skip
    return tag, frames.chosen_rows(view.rows, tag=tag, least=least, few_words=not few)


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


def downloads(view: ShownClusters) -> None:
    """The table and all points as CSV files."""
    found, query, key = view.found, view.found.query, "clusters-csv"
    name = f"{found.run}-{query.data}-{query.signal}{query.layer}-{query.min_cluster_size}"
    points = f"{name}-points.csv"
    with st.container(horizontal=True):
        download("Table as CSV", lambda: frame_csv(group_frame(view, view.rows)), f"{name}.csv", key=f"{key}-table")
        download("All points as CSV", lambda: frames.points_csv(found, view.text), points, key=f"{key}-points")
