"""A figure on a page: in the page's colours, with words for screen readers, zoom and pan, and the picture to keep."""

import re
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

_KIND = "charts-kept-as"


def draw(figure: go.Figure, *, key: str, alt: str) -> None:
    """Draw a figure as wide as its place; `alt` says in words what it shows."""
    st.plotly_chart(figure, key=key, alt=alt, theme="streamlit", config=_config(alt))


def draw_to_choose(figure: go.Figure, *, key: str, alt: str) -> list[int]:
    """Draw a map and return the numbers (`customdata`) of the dots that a person drew around, in their order.

    The zoom and what was drawn around last as long as the figure stays the same: show what is marked beside it.
    """
    chosen = st.plotly_chart(
        figure, key=key, alt=alt, theme="streamlit", config=_config(alt), on_select="rerun",
        selection_mode=("lasso", "box"),
    )  # fmt: skip
    found = [point.get("customdata") for point in chosen["selection"]["points"]]  # a number, or a list of one
    return sorted({int(np.ravel(one)[0]) for one in found if one is not None})


def kept_as() -> None:
    """The sidebar's choice of how the button of every chart keeps its picture; plotly has one button for it."""
    st.sidebar.segmented_control(
        "Keep charts as", ("PNG", "SVG"), default="PNG", key=_KIND, required=True,
        help="The camera above a chart saves it: as pixels, or as lines that print sharp at any size.",
    )  # fmt: skip


def _config(alt: str) -> dict[str, Any]:
    name = re.sub(r"[^A-Za-z0-9]+", "-", alt)[:60].strip("-")
    kind = str(st.session_state.get(_KIND) or "PNG").lower()
    return {
        "displaylogo": False, "scrollZoom": False,
        "toImageButtonOptions": {"format": kind, "filename": name, "scale": 2 if kind == "png" else 1},
    }  # fmt: skip
