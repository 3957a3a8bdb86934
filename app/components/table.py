"""Tables on pages: frames shown by `st.dataframe`, which sorts, searches and exports them; one row can be chosen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import floor, log10
from typing import Any, Literal

import pandas as pd
import streamlit as st
from pandas.api.types import is_numeric_dtype
from streamlit.elements.lib.column_types import ColumnConfig

from app.components.csv_file import frame_csv

LARGEST = 150_000  # rows; of more the browser gets a few at a time, and can neither choose one nor export them
WHOLE = 15  # rows that are shown without a scroller of their own
CUT = 60  # letters of a cell that are in sight
Width = Literal["small", "medium", "large"] | int
Columns = Mapping[str, ColumnConfig | None]


@dataclass(frozen=True)
class Choice:
    """One row that a person can choose: `by` names the column whose values tell rows apart, `chosen` is the value of
    the chosen row (none has it: no row is chosen), `take` is called with that of the row that is chosen next."""

    by: str
    chosen: object
    take: Callable[[Any], None]


# Columns --------------------------------------------------------------------------------------------------------------


def text(about: str = "", width: Width | None = None) -> ColumnConfig:
    """Text as it is, cut where it is wider than its column; `about` says what a column means, `width` is in pixels."""
    return st.column_config.TextColumn(help=about or None, width=width)


def whole(about: str = "") -> ColumnConfig:
    """Whole numbers: 12,345."""
    return st.column_config.NumberColumn(help=about or None, format="%,d")


def number(about: str = "", digits: int = 3) -> ColumnConfig:
    """Numbers with so many digits after the point."""
    return st.column_config.NumberColumn(help=about or None, format=f"%,.{digits}f")


def percent(about: str = "", digits: int = 1) -> ColumnConfig:
    """Shares in [0, 1] as per cent."""
    return st.column_config.NumberColumn(help=about or None, format="percent", step=float(f"1e-{digits + 2}"))


def share(about: str = "", digits: int = 1) -> ColumnConfig:
    """The same with a bar."""
    step = float(f"1e-{digits + 2}")
    return st.column_config.ProgressColumn(help=about or None, format="percent", step=step, max_value=1.0)


def histogram(about: str = "") -> ColumnConfig:
    """Shares of bins as small bars, the largest as high as its cell."""
    return st.column_config.BarChartColumn(help=about or None, width="medium", y_min=0)


# Tables ---------------------------------------------------------------------------------------------------------------


def show(
    frame: pd.DataFrame, *, key: str, alt: str, columns: Columns | None = None, choice: Choice | None = None
) -> None:
    """Draw a frame; `alt` says in words what it shows, `columns` how some of its columns are shown, None hides one.

    What is missing is shown as a dash. Raises ValueError where rows to choose from share a value.
    """
    columns = dict(columns or {})
    options: dict[str, Any] = {"key": key}
    if choice is not None and len(frame) <= LARGEST:
        options = _choosing(frame, key, choice)
    st.dataframe(
        _rounded(frame, columns), "content", "content" if len(frame) <= WHOLE else "auto", hide_index=True,
        column_config=columns, placeholder="—", alt=alt, **options,
    )  # fmt: skip
    if choice is not None:
        _cut(frame[frame[choice.by] == choice.chosen])
    if len(frame) > LARGEST:
        download("Table as CSV", lambda: frame_csv(frame), f"{key}.csv", key=f"{key}-csv")


def download(label: str, make: Callable[[], str], name: str, *, key: str, kind: str = "text/csv") -> None:
    """A button that keeps a file of text, which is made once it is asked for."""
    st.download_button(label, make, name, kind, key=key, on_click="ignore")


def _choosing(frame: pd.DataFrame, key: str, choice: Choice) -> dict[str, Any]:
    """How `st.dataframe` lets rows be chosen. The chosen one is told, and ticked where another or none is: what the
    address names counts, not what was ticked last. Its tick can be put elsewhere, not taken away; a table without one
    is another widget, so that none is ticked in it at first."""
    values = frame[choice.by].tolist()
    if len(set(values)) < len(values):
        raise ValueError(f"{len(values)} rows have {len(set(values))} values of {choice.by!r}: give each row its own")
    rows = [values.index(choice.chosen)] if choice.chosen in values else []
    key = key if rows else f"{key}-none"
    if rows:
        name = "" if isinstance(choice.chosen, str) else f"{choice.by} "
        st.text(f"Chosen: {name}{choice.chosen}, number {rows[0] + 1:,} of {len(values):,} in the table.")
    if _ticked(key) != rows:
        st.session_state[key] = {"selection": {"rows": rows, "columns": [], "cells": []}}

    def take() -> None:
        for row in _ticked(key):
            choice.take(values[row])

    return {"key": key, "on_select": take, "selection_mode": "single-row-required" if rows else "single-row"}


def _ticked(key: str) -> list[int]:
    state = st.session_state.get(key)
    return list(state["selection"]["rows"]) if state else []


def _cut(chosen: pd.DataFrame) -> None:
    """Tell the texts of the chosen row that its cells cannot show."""
    for name, value in chosen.to_dict("list").items():
        if value and isinstance(value[0], str) and len(value[0]) > CUT:
            st.text(f"{name}: {value[0]}")


def _rounded(frame: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """The frame with what `percent` shows rounded: the browser would cut further digits off."""
    kinds: dict[str, Any] = {name: one["type_config"] for name, one in columns.items() if one and name in frame}
    steps = {name: kind["step"] for name, kind in kinds.items() if kind["type"] == "number" and kind.get("step")}
    rounded = {
        name: frame[name].round(-floor(log10(step))) for name, step in steps.items() if is_numeric_dtype(frame[name])
    }
    return frame.assign(**rounded) if rounded else frame
