"""A figure drawn in the page: light, since a page's first chart would otherwise wait for megabytes of a library."""

from pathlib import Path

import streamlit as st

from app.figure import Figure

_HTML = """
<div class="figure">
<div class="head"><div class="legend" role="group" aria-label="What is shown"></div>
<div class="tools"><button class="all" hidden title="End the zoom">Show all</button>
<button class="keep" title="Keep this figure as a PNG file">Save picture</button></div></div>
<div class="canvas"><svg role="img" tabindex="0"></svg>
<div class="told" role="status" hidden></div></div>
</div>
"""
_FOLDER = Path(__file__).parent
_CSS, _JS = ((_FOLDER / name).read_text(encoding="utf-8") for name in ("figure.css", "figure.js"))

_component = st.components.v2.component("figure", html=_HTML, css=_CSS, js=_JS)


def draw(figure: Figure, *, key: str, alt: str) -> None:
    """Draw a figure as wide as its place; `alt` says in words what it shows.

    The mouse, a finger or the arrow keys tell its values; a name in the legend hides and shows its row; dragging zooms
    along x, a double click ends that; the picture can be kept.
    """
    _component(key=key, data={**figure.told(), "alt": alt})
