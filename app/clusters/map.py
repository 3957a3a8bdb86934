"""Moments of reading as dots on a plane, coloured by cluster. Pure: knows plotly; nothing of Streamlit."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.figure import GREY, LINES
from lstm_core.clusters.states import NOISE

NAMED = 12  # clusters that get a colour; the others are one faint row
_MORE = ("#7c8b2a", "#5b6ee1", "#b5651d", "#d98cb3")
COLOURS = (*LINES, *_MORE)


def cluster_map(
    places: NDArray[np.floating],
    labels: NDArray[np.integer],
    hover: Sequence[str],
    *,
    chosen: int | None = None,
    names: Sequence[str] = (),
    none: str = "in no cluster",
) -> go.Figure:
    """The map of P points at `places` (P, 2): noise grey, the NAMED largest clusters coloured, or `chosen` alone.

    `hover` (P,) is what a dot says, shown literally; `names` (C,) are the clusters' names in the legend, `none` that of
    noise. Raises ValueError when the three do not have one entry a point.
    """
    if not len(places) == len(labels) == len(hover):
        raise ValueError(f"{len(places)} places, {len(labels)} labels and {len(hover)} texts: give one of each a point")
    sizes = np.bincount(labels[labels >= 0])
    largest = [number for number in np.argsort(-sizes, kind="stable").tolist() if sizes[number]][:NAMED]
    shown = largest if chosen is None else [chosen]
    texts = np.array([_plain(text) for text in hover], dtype=object)
    figure = go.Figure()
    rows = [(none, labels == NOISE, GREY, 0.25)]
    rows.append(("other clusters", ~np.isin(labels, [*shown, NOISE]), GREY, 0.5))
    for number, colour in zip(shown, COLOURS, strict=False):
        name = names[number] if number < len(names) else f"cluster {number}"
        rows.append((_plain(name), labels == number, colour, 0.8))
    for name, inside, colour, opacity in rows:
        if inside.any():
            figure.add_scattergl(
                x=places[inside, 0], y=places[inside, 1], mode="markers", name=name, text=texts[inside],
                hoverinfo="text", marker={"color": colour, "size": 4 if opacity < 0.6 else 5, "opacity": opacity},
            )  # fmt: skip
    bare = {"visible": False, "showgrid": False, "zeroline": False}
    figure.update_layout(
        xaxis=bare, yaxis={**bare, "scaleanchor": "x"}, height=560, margin={"l": 0, "r": 0, "t": 8, "b": 0},
        legend={"orientation": "h", "itemsizing": "constant"}, uirevision="map",
    )  # fmt: skip
    return figure


def _plain(text: str) -> str:
    """Text that plotly does not read as HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "⏎")
