"""Tables whose cells are tinted by a share (tags by confidence, counts by how many, states by how far they move), and
hidden states as strips of colour, a row a word and a small field a neuron: red above zero, blue below.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app.cached import cached
from lstm_core.tagging.label_run import LabelRun
from lstm_core.tagging.recorded import influence
from pages.tagging.frames import CellRow, influence_rows

_FOLDER = Path(__file__).parent
_GRID = """
<div class="grid"><div class="scroller"><table></table></div><div class="now" aria-live="polite"></div></div>
"""
_STRIPS = """
<div class="strips"><div class="legend"><span>-1</span><span class="scale"></span><span>1</span></div>
<div class="blocks"></div><div class="now" aria-live="polite"></div></div>
"""
_grid, _strips = (
    st.components.v2.component(
        name,
        html=html,
        css=(_FOLDER / f"{files}.css").read_text(encoding="utf-8"),
        js=(_FOLDER / f"{files}.js").read_text(encoding="utf-8"),
    )
    for name, html, files in (("tinted_grid", _GRID, "grid"), ("state_strips", _STRIPS, "strips"))
)


def grid(
    groups: Mapping[str, Sequence[CellRow]],
    columns: Sequence[str],
    *,
    corner: str,
    key: str,
    alt: str,
    numbers: bool = False,
) -> None:
    """Draw groups of rows, by title; `alt` says in words what is shown. `numbers`: cells are narrow, their text at the
    right.
    """
    told = {"alt": alt, "corner": corner, "heads": list(columns), "numbers": numbers}
    made = [{"title": title, "rows": [asdict(row) for row in rows]} for title, rows in groups.items()]
    _grid(key=key, data=told | {"groups": made})


def influence_grids(words: Sequence[str], run: LabelRun, *, key: str, judged: bool = False) -> None:
    """How far the states of each direction move with each word, beside each other; `judged`: a bar marks the state that
    has read all words.
    """
    for column, (way, moved) in zip(st.columns(2), cached(influence)(list(words), run).items(), strict=False):
        with column:
            st.markdown(f"**{way.capitalize()}**")
            last = len(words) - 1 if way == "forward" else 0
            rows = influence_rows(words, moved, last if judged else None)
            alt = f"How far each state read {way} depends on each word"
            grid({"": rows}, words, corner="state at", key=f"{key}-{way}", alt=alt, numbers=True)


def block(title: str, words: Sequence[str], values: NDArray[np.float32], marked: frozenset[int]) -> dict[str, Any]:
    """Strips as JSON: values (N, U) in [-1, 1], a row for each of N words, below a title; the words at `marked` are set
    off.
    """
    rows = [
        {"name": word, "marked": place in marked, "values": [round(value, 4) for value in row]}
        for place, (word, row) in enumerate(zip(words, values.tolist(), strict=True))
    ]
    return {"title": title, "rows": rows}


def strips(blocks: Sequence[dict[str, Any]], *, key: str) -> None:
    """Draw blocks side by side."""
    _strips(key=key, data={"blocks": blocks})
