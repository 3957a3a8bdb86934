"""A table on a page: light, since a canvas that draws one keeps the page's first chart waiting, and made of real rows.

A column's head sorts, with numbers as numbers; one row can be chosen. Values are given raw; table.js formats them.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal

import numpy as np
import streamlit as st

Kind = Literal["text", "whole", "number", "percent", "share", "histogram"]
Line = Mapping[str, object]

_DIGITS: dict[Kind, int] = {"text": 0, "whole": 0, "number": 3, "percent": 1, "share": 1, "histogram": 2}
_HTML = """
<div class="table">
<div class="scroller"><table><thead><tr></tr></thead><tbody></tbody></table></div>
<button class="more" hidden></button>
<div class="tip" aria-hidden="true" hidden></div>
</div>
"""
_FOLDER = Path(__file__).parent
_CSS, _JS = ((_FOLDER / name).read_text(encoding="utf-8") for name in ("table.css", "table.js"))

_component = st.components.v2.component("table", html=_HTML, css=_CSS, js=_JS)


@dataclass(frozen=True)
class Column:
    """A column: its name, how its values are shown, and what they mean.

    `kind`: text; whole (12,345); number; percent (a share in [0, 1], shown as 12.3%); share (the same with a bar);
    histogram (the shares in [0, 1] of bins of equal width between the `ends`, as small bars, the largest as high as
    its cell). `digits` are those after the point: 3 of a number, 1 of a percentage, 2 of what a histogram says where
    None. `width`: letters after which a text goes on in a new line. `end`: a text stands at the right edge, near the
    next column.
    """

    name: str
    kind: Kind = "text"
    digits: int | None = None
    help: str = ""
    width: int = 40
    end: bool = False
    ends: tuple[float, float] = (0.0, 1.0)

    def told(self) -> dict[str, Any]:
        """As JSON for table.js."""
        digits = _DIGITS[self.kind] if self.digits is None else self.digits
        return {"name": self.name, "kind": self.kind, "digits": digits, "help": self.help, "width": self.width,
                "end": self.end, "ends": list(self.ends)}  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """One row that a person can choose: `by` names the column whose values tell rows apart, `chosen` is the value of
    the chosen row (none has it: no row is chosen), `take` is called with that of the row that is chosen next."""

    by: str
    chosen: object
    take: Callable[[Any], None]


def show(lines: Sequence[Line], columns: Sequence[Column], *, key: str, alt: str, choice: Choice | None = None) -> None:
    """Draw lines, each a value by column name, in the given order; `alt` says in words what the table shows.

    A missing value (None, NaN, empty text) is shown as a dash and sorted last. Raises ValueError as `told` does.
    """
    data = {**told(lines, columns, choice), "alt": alt}
    if choice is None:
        _component(key=key, data=data)
        return
    ids, take = data["ids"], choice.take

    def chosen() -> None:
        value = st.session_state[key]["choose"]
        if value in ids:
            take(value)

    _component(key=key, data=data, on_choose_change=chosen)


def told(lines: Sequence[Line], columns: Sequence[Column], choice: Choice | None = None) -> dict[str, Any]:
    """A table as JSON: its columns, its rows (one list of values a line), and the ids of rows that can be chosen.

    Raises ValueError where a line lacks a column, a value is not of its column's kind, or two rows have one id.
    """
    rows = [[_value(column, line, number) for column in columns] for number, line in enumerate(lines)]
    made: dict[str, Any] = {"columns": [column.told() for column in columns], "rows": rows}
    if choice is not None:
        ids = [_plain(_of(choice.by, line, number)) for number, line in enumerate(lines)]
        if len(set(ids)) < len(ids):
            raise ValueError(f"{len(ids)} rows have {len(set(ids))} values of {choice.by!r}: give each row its own")
        made |= {"ids": ids, "chosen": choice.chosen if choice.chosen in ids else None}
    return made


def _value(column: Column, line: Line, number: int) -> str | int | float | list[float] | None:
    """A value as JSON has it: None where it is missing, infinity as a text that JavaScript reads as a number."""
    value = _plain(_of(column.name, line, number))
    if column.kind == "histogram":
        return _histogram(column, value, number)
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    if column.kind == "text":
        fits = isinstance(value, str)
    elif column.kind == "whole":
        fits = isinstance(value, Real) and float(value).is_integer()
    else:
        fits = isinstance(value, Real)
    if not fits or isinstance(value, bool):
        raise ValueError(f"row {number} has {value!r} as {column.name!r}, a column of kind {column.kind!r}")
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return int(value) if column.kind == "whole" else value  # type: ignore[call-overload, return-value, no-any-return]


def _histogram(column: Column, value: object, number: int) -> list[float] | None:
    """Shares with four digits, more than small bars show."""
    if value is None:
        return None
    shares = np.asarray(value) if isinstance(value, (Sequence, np.ndarray)) and len(value) else np.zeros(())
    if shares.ndim != 1 or shares.dtype.kind not in "fiu" or not ((shares >= 0) & (shares <= 1)).all():
        raise ValueError(f"row {number} has {value!r} as {column.name!r}: a histogram is a list of shares in [0, 1]")
    return [round(float(share), 4) for share in shares]


def _of(name: str, line: Line, number: int) -> object:
    if name not in line:
        raise ValueError(f"row {number} has no {name!r}, it has {', '.join(line)}: name a column that it has")
    return line[name]


def _plain(value: object) -> object:
    """Numbers of numpy as those of Python."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return value
    return int(value) if isinstance(value, Integral) else float(value)
