"""The commonest words on a plane, coloured by part of speech."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from app.clusters.map import cluster_map
from app.figure import RED
from lstm_core.word_vectors.neighbours import neighbours
from lstm_core.word_vectors.sample import WordSample
from lstm_core.word_vectors.vectors import EmbeddingQuery

# What people call the kinds of words, by the first letters of their tags, the first that fits.
KINDS = (
    ("names", ("NNP",)),
    ("nouns", ("NN",)),
    ("verbs in -ing", ("VBG",)),
    ("verbs of the past", ("VBD", "VBN")),
    ("other verbs", ("VB", "MD")),
    ("adjectives", ("JJ",)),
    ("adverbs", ("RB", "WRB")),
    ("pronouns", ("PRP", "WP")),
    ("numbers", ("CD",)),
    ("small words", ("DT", "IN", "CC", "TO", "EX", "PDT", "RP", "WDT", "UH")),
)
OTHER = -1


def kind_of(tag: str) -> int:
    """The number of a tag's kind among KINDS, OTHER where it fits none."""
    return next((n for n, (_, begins) in enumerate(KINDS) if tag.startswith(begins)), OTHER)


def word_map(sample: WordSample, vectors: str, marked: tuple[str, ...]) -> go.Figure:
    """The map of one definition of vectors; `marked` words, the first of them the one looked for, are named on it."""
    places = sample.places[vectors]
    labels = np.array([kind_of(tag) for tag in sample.tags])
    hover = [f"{word} ({count:,})" for word, count in zip(sample.words, sample.counted.tolist(), strict=True)]
    figure = cluster_map(places, labels, hover, names=[name for name, _ in KINDS], none="others")
    at = {word: row for row, word in enumerate(sample.words)}
    rows = [at[word] for word in marked if word in at]
    if rows:
        figure.add_scatter(
            x=places[rows, 0], y=places[rows, 1], mode="markers+text", text=[sample.words[row] for row in rows],
            textposition="top center", textfont={"size": 14, "color": RED}, hoverinfo="skip",
            name="the word and its nearest here",
            marker={"size": 11, "symbol": "circle-open", "color": RED, "line": {"width": 2}},
        )  # fmt: skip
    return figure


def on_a_map(sample: WordSample, titles: dict[str, str], queries: dict[str, EmbeddingQuery], word: str) -> None:
    """The map, drawn when asked for; `titles` name the definitions of vectors, `queries` tell them for the run."""
    st.subheader("The commonest words on a map")
    if not st.toggle("Draw the map", key="embeddings-map", bind="query-params", help="The page opens sooner without."):
        return
    names = {
        title: name for name, title in titles.items()
        if name in sample.places and sample.table(queries[name]) is not None
    }  # fmt: skip
    if not names:
        st.caption("The map is of other vectors: make them again.")
        return
    chosen = st.segmented_control(
        "Placed by", list(names), default=next(iter(names)), key="embeddings-map-by", bind="query-params", required=True
    )
    vectors = names[chosen or next(iter(names))]
    figure = word_map(sample, vectors, marked(sample, queries[vectors], word))
    st.plotly_chart(figure, key="embeddings-map-figure", theme="streamlit", config={"displaylogo": False})
    st.caption(
        f"The {len(sample.words):,} commonest of {sample.total:,} words; near each other where their vectors are alike "
        "(t-SNE: who is whose neighbour can be trusted, distances between far groups cannot). Coloured by their "
        "commonest part of speech. Drag to zoom, point at a dot to read it."
    )


def marked(sample: WordSample, query: EmbeddingQuery, word: str) -> tuple[str, ...]:
    """A word and those of the sample nearest to it; none when it is not in the sample."""
    table = sample.table(query)
    row = table.row(word) if table is not None else None
    if table is None or row is None:
        return ()
    return (sample.words[row], *(one.word for one in neighbours(table, sample.words[row])))
