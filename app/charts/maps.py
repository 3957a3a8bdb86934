"""Dots on a plane. Pure: knows nothing of Streamlit.

A figure that changes loses its zoom and what was drawn around in it: so a map shows all of its dots, each with its
number in `customdata`, and what is marked among them is a map of its own (`among`).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from plotly.graph_objects import Figure

from app.charts.figure import BLUE, FONT, GREY, MANY, RED, Axis, chart, dots, plain
from lstm_core.clusters.states import NOISE
from lstm_core.stats.separation import Separation
from lstm_core.word_vectors.sample import WordSample

Places = NDArray[np.floating]  # (P, 2)
NAMED = 12  # kinds that get a colour; the others are one faint row
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


def kinds_map(
    places: Places, labels: NDArray[np.integer], hover: Sequence[str], *, names: Sequence[str] = (),
    none: str = "in no group",
) -> Figure:  # fmt: skip
    """P points at `places` (P, 2) by their kind (`labels` (P,)): noise grey, the NAMED largest kinds coloured.

    `hover` (P,) is what a dot says, shown literally; `names` (C,) are the kinds' names in the legend, `none` that of
    noise. Raises ValueError when the three do not have one entry a point.
    """
    if not len(places) == len(labels) == len(hover):
        raise ValueError(f"{len(places)} places, {len(labels)} labels and {len(hover)} texts: give one of each a point")
    sizes = np.bincount(labels[labels >= 0])
    shown = [number for number in np.argsort(-sizes, kind="stable").tolist() if sizes[number]][:NAMED]
    texts = np.array([plain(text) for text in hover], dtype=object)
    rows = [(none, labels == NOISE, GREY, 0.25), ("other groups", ~np.isin(labels, [*shown, NOISE]), GREY, 0.5)]
    for number, colour in zip(shown, MANY, strict=False):
        rows.append((names[number] if number < len(names) else f"group {number}", labels == number, colour, 0.8))
    figure = _bare(560)
    for name, inside, colour, opacity in rows:
        if inside.any():
            figure.add_scattergl(
                x=places[inside, 0], y=places[inside, 1], mode="markers", name=plain(name), text=texts[inside],
                hoverinfo="text", customdata=np.flatnonzero(inside),
                marker={"color": colour, "size": 4 if opacity < 0.6 else 5, "opacity": opacity},
            )  # fmt: skip
    return figure


def kind_of(tag: str) -> int:
    """The number of a tag's kind among KINDS, NOISE where it fits none."""
    return next((n for n, (_, begins) in enumerate(KINDS) if tag.startswith(begins)), NOISE)


def word_map(sample: WordSample, vectors: str) -> Figure:
    """The commonest words by part of speech, placed by one definition of vectors."""
    labels = np.array([kind_of(tag) for tag in sample.tags])
    hover = [f"{word} ({count:,})" for word, count in zip(sample.words, sample.counted.tolist(), strict=True)]
    return kinds_map(sample.places[vectors], labels, hover, names=[name for name, _ in KINDS], none="others")


def among(places: Places, marked: Sequence[int] | NDArray[np.integer], name: str, texts: Sequence[str] = ()) -> Figure:
    """Where the points `marked` (their numbers) lie among all; hover tells `texts`, the first is written."""
    figure, rows = _bare(320), np.asarray(marked, dtype=int)
    figure.add_scattergl(
        x=places[:, 0], y=places[:, 1], mode="markers", hoverinfo="skip", showlegend=False,
        marker={"color": GREY, "size": 3, "opacity": 0.25},
    )  # fmt: skip
    told = [plain(text) for text in texts]
    written = [text if at == 0 else "" for at, text in enumerate(told)]  # the others would cover it
    figure.add_scatter(
        x=places[rows, 0], y=places[rows, 1], mode="markers+text", name=plain(name), showlegend=True, text=written,
        textposition="top center", hovertext=told or None, hoverinfo="text" if texts else "skip",
        marker={"color": RED, "size": 8 if texts else 5},
    )  # fmt: skip
    return figure


def plane(found: Separation, names: tuple[str, str]) -> Figure:
    """Vectors of two kinds on the first two principal components of all; `names` of the first kind and the other."""
    rows = [
        dots(name, found.places[kind, 0], found.places[kind, 1], colour, joined=False)
        for name, kind, colour in ((names[1], ~found.first, BLUE), (names[0], found.first, RED))
    ]
    x, y = (Axis(f"component {n} ({share:.0%} of all variance)", digits=2) for n, share in enumerate(found.shares, 1))
    return chart(x, y, rows, hover="closest")


def _bare(height: int) -> Figure:
    """A map without axes: only who lies near whom has a meaning. Both directions have one scale."""
    bare = {"visible": False, "showgrid": False, "zeroline": False}
    return Figure(layout={
        "template": "none", "font": FONT, "height": height, "xaxis": bare, "yaxis": {**bare, "scaleanchor": "x"},
        "margin": {"l": 0, "r": 0, "t": 32, "b": 0}, "legend": {"orientation": "h", "itemsizing": "constant"},
        "dragmode": "zoom", "hovermode": "closest",
    })  # fmt: skip
