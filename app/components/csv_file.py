"""Frames as CSV files that any spreadsheet may open. Pure: knows nothing of Streamlit."""

import pandas as pd

_FORMULAS = ("=", "+", "-", "@")


def frame_csv(frame: pd.DataFrame) -> str:
    """A frame as CSV, its columns' names on top; what is missing is empty.

    A text that a spreadsheet would take for a formula is kept from it by an apostrophe; numbers are as they are.
    """
    return frame.map(_harmless).rename(columns=_harmless).to_csv(index=False, lineterminator="\n")


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value
