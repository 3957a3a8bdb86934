"""The cells of a tinted table. Pure: knows nothing of Streamlit."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Cell:
    """A cell: its text, a second line in `small`, its tint (`share` in [0, 1]), what hovering tells; `marked` cells are
    outlined. The tint of a `side` is blue (below) or red (above), else the colour of the page.
    """

    text: str
    small: str = ""
    share: float = 0.0
    told: str = ""
    marked: bool = False
    side: Literal["", "above", "below"] = ""


@dataclass(frozen=True)
class CellRow:
    """A named row of cells; the name of a `marked` one is set off."""

    name: str
    cells: tuple[Cell, ...]
    marked: bool = False


@dataclass(frozen=True)
class CellGroup:
    """Rows below one title."""

    title: str
    rows: tuple[CellRow, ...]
