"""Tables of results, a row each: of every column its name, what of a result it holds, and how it is shown."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd
from streamlit.elements.lib.column_types import ColumnConfig

from app.components.table import show

Field = str | Callable[[Any], object]
Fields = dict[tuple[str, Field], ColumnConfig]  # by name and field


def table_of(rows: Iterable[Any], fields: Fields) -> pd.DataFrame:
    """A row a result, a column a field: what a function makes of the result, or its attribute or entry (of one
    within it: `outer.inner`, None where the outer one is None).
    """
    made = [{name: _value(row, field) for name, field in fields} for row in rows]
    return pd.DataFrame(made, columns=[name for name, _ in fields])


def show_rows(rows: Iterable[Any], fields: Fields, *, key: str, alt: str) -> None:
    """Draw the frame; `alt` says in words what it shows."""
    show(table_of(rows, fields), columns={name: shown for (name, _), shown in fields.items()}, key=key, alt=alt)


def higher(row: Any) -> str:
    """The sign of a result in words."""
    return "higher" if row.sign > 0 else "lower"


def _value(row: Any, field: Field) -> Any:
    if callable(field):
        return field(row)
    for name in field.split("."):
        if row is not None:
            row = row.get(name) if isinstance(row, Mapping) else getattr(row, name)
    return row
