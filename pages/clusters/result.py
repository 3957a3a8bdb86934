"""A kept clustering with its text and table, as pages get it, and as CSV files to take along."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from app.cached import cached
from app.components.csv_file import frame_csv
from app.components.table import download
from lstm_core.claims.claim import Verdict
from lstm_core.claims.clusters import cluster_claims
from lstm_core.clusters import contents as cluster_table
from lstm_core.clusters import states as clusters
from lstm_core.clusters.contents import ClusterRow
from lstm_core.clusters.states import Clustering, ClusterQuery
from lstm_core.runs.run import Run
from lstm_core.storage.results import Stamp
from pages.clusters import frames


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


def downloads(view: ShownClusters) -> None:
    """The table and all points as CSV files."""
    found, query, key = view.found, view.found.query, "clusters-csv"
    name = f"{found.run}-{query.data}-{query.signal}{query.layer}-{query.min_cluster_size}"
    points = f"{name}-points.csv"
    with st.container(horizontal=True):
        download("Table as CSV", lambda: frame_csv(group_frame(view, view.rows)), f"{name}.csv", key=f"{key}-table")
        download("All points as CSV", lambda: frames.points_csv(found, view.text), points, key=f"{key}-points")
