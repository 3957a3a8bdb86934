"""The words of a map as dots on a canvas: zoom, pan, hover, a click that marks a group, a lasso that stays.

Not plotly: a figure that changes is mounted anew there and loses zoom and lasso when a group is marked.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app.charts.figure import GREY, MANY
from lstm_core.clusters.word_groups import Labels
from lstm_core.clusters.word_map import WordMap
from lstm_core.text.corpus import END

_HTML = """
<div class="dots">
<div class="tools" role="toolbar" aria-label="What the mouse does on the map">
<button data-do="move" title="Drag to move, click a dot to mark its group">Move</button>
<button data-do="lasso" title="Draw around dots to list their words">Lasso</button>
<button data-do="in" aria-label="Zoom in" title="Zoom in">+</button>
<button data-do="out" aria-label="Zoom out" title="Zoom out">−</button>
<button data-do="all" hidden>Show all</button>
<span class="count" role="status"></span>
<button data-do="clear" hidden>Clear lasso</button>
<button class="right" data-do="keep" title="Keep this view as a PNG file">Save picture</button>
</div>
<div class="canvas"><canvas role="img" tabindex="0"></canvas><div class="told" hidden></div></div>
</div>
"""
_FOLDER = Path(__file__).parent
_CSS, _JS = ((_FOLDER / name).read_text(encoding="utf-8") for name in ("canvas.css", "canvas.js"))

_component = st.components.v2.component("word_map", html=_HTML, css=_CSS, js=_JS)

HEIGHT = 600
CENTRAL = 0.5  # share of the words from which the largest group is drawn grey, so that the others stand out
LARGEST = 65_535  # places are told as steps of a grid, sixteen bits a coordinate


Mask = NDArray[np.bool_]


def dots(
    found: WordMap, labels: Labels, drawn: dict[str, Any], *, key: str, alt: str, choose: Callable[[int], None]
) -> Mask:
    """Draw a map as `told`; returns which of its words are in the lasso (P,). `choose` is called with the group of a
    dot that is clicked.
    """
    kept = lasso(st.session_state.get(key), found)

    def take() -> None:
        value = st.session_state[key]["choose"]
        if isinstance(value, int) and 0 <= value <= labels.max():
            choose(value)

    bits = None if not kept.any() else _bytes(np.packbits(kept, bitorder="little"))
    data = {**drawn, "alt": alt, "height": HEIGHT, "lasso": bits}
    return lasso(_component(key=key, data=data, on_choose_change=take, on_lasso_change=lambda: None), found)


def told(
    found: WordMap, labels: Labels, names: Sequence[tuple[int, str]], chosen: int | None, shown: Sequence[int] | None
) -> dict[str, Any]:
    """A map as JSON for canvas.js; arrays as base64 of their bytes, little-endian. `names` are written for groups, the
    first where two find no room; `chosen` is marked, others than `shown` (None: all) are faint.
    """
    grid = _grid(found.places)
    return {
        "of": found.fingerprint,
        "grid": _bytes(grid.astype("<u2")),
        "words": _bytes(found.words.astype("<u4")),
        "groups": _bytes(labels.astype("<u2")),
        "types": [visible(word) for word in found.types],
        "first": found.span[0],
        "names": [_name(group, text, grid, labels) for group, text in names],
        "colours": list(MANY),
        "faint": GREY,
        "central": bool(np.mean(labels == 0) > CENTRAL),
        "chosen": chosen,
        "shown": None if shown is None else list(shown),
    }


def visible(word: str) -> str:
    """A word for people: the end of a paragraph as a sign."""
    return "⏎" if word == END else word


def lasso(state: Any, found: WordMap) -> Mask:
    """Which words of a map the browser says are in the lasso (P,); none where it speaks of another map or nonsense."""
    none, value = np.zeros(len(found.words), dtype=bool), None
    if state is not None:
        value = state.get("lasso")
    if not isinstance(value, dict) or value.get("of") != found.fingerprint or not isinstance(value.get("bits"), str):
        return none
    try:
        packed = np.frombuffer(base64.b64decode(value["bits"], validate=True), np.uint8)
    except (binascii.Error, ValueError):
        return none
    if len(packed) != -(-len(none) // 8):
        return none
    return np.unpackbits(packed, count=len(none), bitorder="little").astype(bool)


def _grid(places: NDArray[np.floating]) -> NDArray[np.int64]:
    """Places (P, 2) as steps from the corner, the longer side LARGEST of them."""
    low = places.min(axis=0).astype(np.float64)
    extent = float((places - low).max()) or 1.0
    return np.round((places - low) / extent * LARGEST).astype(np.int64)


def _name(group: int, text: str, grid: NDArray[np.int64], labels: Labels) -> dict[str, int | str]:
    """What is written for a group, at the dot that is nearest to the middle of its dots."""
    own = grid[labels == group]
    x, y = own[np.abs(own - np.median(own, axis=0)).sum(axis=1).argmin()].tolist()
    return {"group": group, "text": text, "x": x, "y": y}


def _bytes(values: NDArray[Any]) -> str:
    return base64.b64encode(values.tobytes()).decode("ascii")
