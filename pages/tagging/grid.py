"""A table whose cells are tinted by a share: tags by confidence, counts by how many, states by how far they move."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import streamlit as st

from pages.tagging.cells import CellGroup

_HTML = """
<div class="grid"><div class="scroller"><table></table></div><div class="now" aria-live="polite"></div></div>
"""
_FOLDER = Path(__file__).parent
_CSS, _JS = ((_FOLDER / name).read_text(encoding="utf-8") for name in ("grid.css", "grid.js"))

_component = st.components.v2.component("tinted_grid", html=_HTML, css=_CSS, js=_JS)


def grid(
    groups: Sequence[CellGroup], columns: Sequence[str], *, corner: str, key: str, alt: str, numbers: bool = False
) -> None:
    """Draw groups of rows; `alt` says in words what is shown. `numbers`: cells are narrow, their text at the right."""
    told = {
        "alt": alt, "corner": corner, "heads": list(columns), "groups": [asdict(group) for group in groups],
        "numbers": numbers,
    }  # fmt: skip
    _component(key=key, data=told)
