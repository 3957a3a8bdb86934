"""What all charts share: colours, axes with units, rows of values, level lines, hover. Pure: knows plotly alone.

Every text is shown literally: plotly would read it as HTML. Colours are mid-tones that stand out on light and on dark;
the background is left to the theme, so that a picture that is kept has the page's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go

RED, BLUE, GREY = "#d6453d", "#3b7dd8", "#8a8f98"
LINES = ("#3b7dd8", "#e08a1e", "#2a9d5c", "#a353c4", "#d6453d", "#0fa3a3", "#8c6d46", "#c2417c")
MANY = (*LINES, "#7c8b2a", "#5b6ee1", "#b5651d", "#d98cb3")  # where dots of more kinds lie apart
FONT = {"family": "Arial, Helvetica, sans-serif"}  # of the system: a kept picture has no other, and would be cut off
LEGIBLE = 48  # labels that find room along an axis; more are told by hover alone
LINE = 15  # pixels from one line of small text to the next
AROUND = 90  # pixels of a figure's height that its axis and legend take, about

Values = Sequence[float] | Sequence[float | None] | np.ndarray  # (N,); None and what is not finite are gaps
Ends = tuple[Values, Values]  # lower and upper
Row = dict[str, Any]  # a trace as plotly takes it
Level = tuple[str, float, Literal["dot", "dash"]]  # a known figure: the label of its line, its value, how it is drawn


@dataclass(frozen=True)
class Axis:
    """One axis: its title with the unit; its ends, or None for those of the values; how a value on it is told.

    Values are told with `digits` after the point, as per cent where `percent`. `labels` (N,) stand at the whole numbers
    0 to N - 1 in place of numbers. `reading` is the word before a value ("epoch" in "epoch 2.50").
    """

    title: str
    ends: tuple[float, float] | None = None
    digits: int = 3
    percent: bool = False
    labels: tuple[str, ...] = ()
    reading: str = ""

    @property
    def format(self) -> str:
        """As Python and plotly write it."""
        return f".{self.digits}{'%' if self.percent else 'f'}"

    def layout(self) -> dict[str, Any]:
        """The axis as plotly takes it."""
        told: dict[str, Any] = {"title": {"text": plain(self.title), "standoff": 12}, "range": self.ends}
        told |= {"automargin": True, "gridcolor": f"{GREY}33", "zerolinecolor": f"{GREY}88"}
        if self.percent:
            told["tickformat"] = "~%"
        if self.labels:
            told |= {"tickvals": list(range(len(self.labels))), "ticktext": [plain(one) for one in self.labels]}
            told |= {"showticklabels": len(self.labels) <= LEGIBLE, "ticks": "", "zeroline": False}
            told |= {"tickangle": 0, "tickfont": {"size": 10}} if max(map(len, self.labels)) == 1 else {}
        if self.reading:
            told["unifiedhovertitle"] = {"text": f"{plain(self.reading)} %{{x:{self.format}}}"}
        return told


def chart(
    x: Axis, y: Axis, rows: Sequence[Row], levels: Sequence[Level] = (), *, height: int = 340, legend: bool = True,
    hover: Literal["x unified", "closest"] = "x unified", **layout: Any,
) -> go.Figure:  # fmt: skip
    """Rows of values on two axes, with lines across at known `levels`; `height` in pixels; `layout` is plotly's.

    Hover tells all rows at a place together, each value with its interval, or "closest" the one dot pointed at.
    """
    drawn: list[Row] = []
    at, value = f"%{{x:{x.format}}}", f"%{{y:{y.format}}}"
    for row in rows:
        told = f"{at}, {value}<extra>{row['name']}</extra>" if hover == "closest" else value
        ends = row["customdata"]
        if ends is not None and row["mode"] == "lines":
            drawn.append(_band(row))
        drawn.append({**row, "hovertemplate": told if ends is None else [told + _between(one, y) for one in ends]})
    across = [_across(*level, shift) for level, shift in zip(levels, _shifts(levels, y, height), strict=True)]
    return go.Figure(drawn, {
        "template": "none", "font": FONT, "height": height,
        "margin": {"l": 0, "r": 12, "t": 32 if legend else 12, "b": 0},
        "xaxis": x.layout(), "yaxis": y.layout(), "showlegend": legend, "bargap": 0.08,
        "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
        "hovermode": hover, "hoverlabel": {"namelength": -1},
        "shapes": [shape for shape, _ in across], "annotations": [label for _, label in across], **layout,
    })  # fmt: skip


def bars(name: str, x: Values, y: Values, colours: Sequence[str], width: float = 1.0) -> Row:
    """Bars from zero to `y` (N,) centred on `x` (N,), `width` in units of x; a colour each."""
    marker = {"color": colours, "line": {"width": 0}}
    return {**_values(name, x, y), "type": "bar", "marker": marker, "width": width * 0.96}


def line(name: str, x: Values, y: Values, colour: str, ends: Ends | None = None, *, thin: bool = False) -> Row:
    """Values `y` (N,) at ascending `x` (N,), joined; `ends` (N,) each bound a band around them."""
    stroke = {"color": colour, "width": 1 if thin else 2}
    values = _values(name, x, y, ends)
    return {**values, "mode": "lines", "line": stroke, "opacity": 0.7 if thin else 1, "legendgroup": values["name"]}


def dots(name: str, x: Values, y: Values, colour: str, ends: Ends | None = None, *, joined: bool = True) -> Row:
    """A dot for each value `y` (N,) at `x` (N,), `joined` by a line; `ends` (N,) each are those of its interval."""
    row = {**_values(name, x, y, ends), "mode": "lines+markers" if joined else "markers"}
    row |= {"line": {"color": colour, "width": 2}, "marker": {"color": colour, "size": 7}}
    if row["customdata"] is not None:
        low, high = row["customdata"].T
        row["error_y"] = {"array": high - row["y"], "arrayminus": row["y"] - low, "symmetric": False, "width": 0}
    return row


def plain(text: str) -> str:
    """Text that plotly does not read as HTML; line breaks become visible."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "⏎")


def _values(name: str, x: Values, y: Values, ends: Ends | None = None) -> Row:
    """What every row says; what is not finite is a gap. Raises ValueError where there is not one of each a place."""
    told = [np.asarray(values, dtype=float) for values in (x, y, *(ends or ()))]
    if len({len(values) for values in told}) > 1:
        counts = ", ".join(str(len(values)) for values in told[1:])
        raise ValueError(f"{name} has {len(told[0])} places and {counts} values: give one of each a place")
    heights = np.where(np.isfinite(told[1]), told[1], np.nan)
    return {"name": plain(name), "x": told[0], "y": heights, "customdata": np.stack(told[2:], 1) if ends else None}


def _between(ends: np.ndarray, y: Axis) -> str:
    """An interval beside its value; empty where it has none."""
    return f" ({ends[0]:{y.format}} to {ends[1]:{y.format}})" if np.isfinite(ends).all() else ""


def _band(row: Row) -> Row:
    """The intervals of a line as an area behind it, which goes with its name in the legend."""
    seen = np.isfinite(row["customdata"]).all(axis=1)
    x, (low, high) = row["x"][seen], row["customdata"][seen].T
    return {
        "x": np.concatenate((x, x[::-1])), "y": np.concatenate((high, low[::-1])), "fill": "toself", "mode": "none",
        "fillcolor": f"{row['line']['color']}33", "hoverinfo": "skip", "showlegend": False, "name": row["name"],
        "legendgroup": row["legendgroup"],
    }  # fmt: skip


def _across(label: str, value: float, dash: str, shift: float) -> tuple[Row, Row]:
    """The line of a known figure, and its label above the right end, `shift` pixels higher."""
    stroke = {"color": GREY, "width": 1.5, "dash": dash}
    note = {"xref": "paper", "x": 1, "xanchor": "right", "y": value, "yanchor": "bottom", "yshift": shift}
    return (
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": value, "y1": value, "line": stroke},
        {**note, "text": plain(label), "showarrow": False, "borderpad": 0},
    )


def _shifts(levels: Sequence[Level], y: Axis, height: int) -> list[float]:
    """How many pixels each label has to go up so that none covers another, where the ends of y tell."""
    shifts, top = dict.fromkeys(range(len(levels)), 0.0), -np.inf
    low, high = y.ends or (0.0, np.inf)
    for number in sorted(shifts, key=lambda number: levels[number][1]):
        at = (levels[number][1] - low) / (high - low) * (height - AROUND)
        if low <= levels[number][1] <= high:
            shifts[number] = max(0.0, top + LINE - at)
            top = at + shifts[number]
    return list(shifts.values())
