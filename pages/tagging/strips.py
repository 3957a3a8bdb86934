"""Hidden states as strips of colour, a row a word and a small field a neuron: red above zero, blue below."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

_HTML = """
<div class="strips"><div class="legend"><span class="low"></span><span class="scale"></span><span class="high"></span>
</div><div class="blocks"></div><div class="now" aria-live="polite"></div></div>
"""
_FOLDER = Path(__file__).parent
_CSS, _JS = ((_FOLDER / name).read_text(encoding="utf-8") for name in ("strips.css", "strips.js"))

_component = st.components.v2.component("state_strips", html=_HTML, css=_CSS, js=_JS)


@dataclass(frozen=True, eq=False)
class Block:
    """Values (N, U) in [-1, 1], a row for each of N words, below a title; the words at `marked` are set off."""

    title: str
    words: tuple[str, ...]
    values: NDArray[np.float32]
    marked: frozenset[int] = frozenset()


def strips(blocks: Sequence[Block], *, key: str, low: str = "-1", high: str = "1") -> None:
    """Draw blocks side by side; `low` and `high` name the values of full blue and full red."""
    told = [
        {
            "title": block.title,
            "rows": [
                {"name": word, "marked": place in block.marked, "values": [round(float(value), 4) for value in row]}
                for place, (word, row) in enumerate(zip(block.words, block.values, strict=True))
            ],
        }
        for block in blocks
    ]
    _component(key=key, data={"blocks": told, "low": low, "high": high})
