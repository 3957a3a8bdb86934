"""Results as tables of pandas. Knows dataclasses and arrays; nothing of what results mean."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, ClassVar, get_args

import numpy as np

if TYPE_CHECKING:
    from pandas import DataFrame

PLAIN = (str, int, float, bool, np.generic)


class Framed:
    """A result that has a table.

    A class says which: `rows`, the name of what holds its parts, is a row each; `columns` name what stands side by
    side, a value of each row. Without either, the result itself is the one row.
    """

    _rows: ClassVar[str] = ""
    _columns: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, *, rows: str = "", columns: tuple[str, ...] = ()) -> None:
        cls._rows, cls._columns = rows, columns

    def frame(self) -> "DataFrame":
        """The result as a table: units, shapes and meaning of a column are those of the field of its name."""
        if self._columns:
            return side_by_side({name: getattr(self, name) for name in self._columns})
        return frame_of(getattr(self, self._rows) if self._rows else [self])


def frame_of(rows: Iterable[Any] | Mapping[str, Any]) -> "DataFrame":
    """A row for each dataclass or plain mapping, a column for each field that is a single value; the name before it, of
    several by name.

    What is a dataclass within another becomes columns named after both.
    """
    import pandas as pd

    if isinstance(rows, Mapping):
        return pd.DataFrame([{"name": name, **_values(one)} for name, one in rows.items()])
    return pd.DataFrame([_values(one) for one in rows])


def side_by_side(columns: Mapping[str, Any]) -> "DataFrame":
    """A table of columns of one length; a matrix becomes a column for each of its own, numbered from 0."""
    import pandas as pd

    flat: dict[str, Any] = {}
    for name, values in columns.items():
        array = values if isinstance(values, np.ndarray) else None
        if array is not None and array.ndim == 2:
            flat |= {f"{name}_{number}": column for number, column in enumerate(array.T)}
        else:
            flat[name] = values if array is not None else list(values)
    return pd.DataFrame(flat)


def together(frames: Mapping[str, "DataFrame"], named: str) -> "DataFrame":
    """Tables one below another, with a first column of that name that says which of them a row is of."""
    import pandas as pd

    return pd.concat(frames, names=[named]).reset_index(level=0).reset_index(drop=True)


def _values(one: Any) -> dict[str, Any]:
    """The single values of a dataclass, and of those within it."""
    if isinstance(one, Mapping):
        return dict(one)
    found: dict[str, Any] = {}
    for field in fields(one):
        value = getattr(one, field.name)
        parts = (*get_args(field.type), *value) if isinstance(value, tuple) else (value,)
        if is_dataclass(value):
            found |= {f"{field.name}_{name}": inner for name, inner in _values(value).items()}
        elif value is None or (isinstance(value, (*PLAIN, tuple)) and not any(map(is_dataclass, parts))):
            found[field.name] = value
    return found
