"""What a drawing consists of: axes, rows of values, level lines. Pure: knows nothing of Streamlit or of a browser."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

RED, BLUE, GREY = "#d6453d", "#3b7dd8", "#8a8f98"
LINES = ("#3b7dd8", "#e08a1e", "#2a9d5c", "#a353c4", "#d6453d", "#0fa3a3", "#8c6d46", "#c2417c")

Mark = Literal["line", "thin line", "dots", "points", "bars"]


@dataclass(frozen=True)
class Axis:
    """One axis: its title; its ends, or None for those of the values; how a value on it is told.

    Values are told with `digits` after the point, as per cent where `percent`. `labels` (N,) are written at the whole
    numbers 0 to N - 1 in place of numbers. `reading` is the word before a value ("epoch" in "epoch 2.50").
    """

    title: str
    ends: tuple[float, float] | None = None
    digits: int = 3
    percent: bool = False
    labels: tuple[str, ...] = ()
    reading: str = ""


@dataclass(frozen=True, eq=False)
class Series:
    """Values `y` (N,) at ascending `x` (N,), finite or left out; one colour, or one a value for bars.

    "dots" are joined by a line, "points" are not, bars are centred on `x` and start at zero. `low` and `high` (N,) are
    the ends of an interval around each value. Where the axis has labels, a row may stand beside them (x = 2.2 is told
    under label 2).
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    mark: Mark
    colours: tuple[str, ...]
    low: np.ndarray | None = None
    high: np.ndarray | None = None

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y):
            raise ValueError(f"{self.name} has {len(self.x)} places and {len(self.y)} values: give one value a place")
        if len(self.colours) not in (1, len(self.y)):
            raise ValueError(f"{self.name} has {len(self.y)} values and {len(self.colours)} colours: give one or all")
        if any(ends is not None and len(ends) != len(self.y) for ends in (self.low, self.high)):
            raise ValueError(f"{self.name} has {len(self.y)} values and other numbers of ends: give each value both")


@dataclass(frozen=True)
class Level:
    """A known figure: a line across at `value`, with its label."""

    label: str
    value: float
    dash: Literal["dot", "dash"]


@dataclass(frozen=True, eq=False)
class Figure:
    """All that is drawn. `height` in pixels; `bar_width` in units of x; the `levels` are drawn where they are in sight.

    `legend` tells whether the series are named above the picture.
    """

    x: Axis
    y: Axis
    series: tuple[Series, ...]
    levels: tuple[Level, ...] = ()
    height: int = 340
    bar_width: float = 1.0
    legend: bool = True

    def ends(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Both ends of x and of y: those that the axes give, else of the values; bars are seen whole, from zero."""
        return self._ends_of_x(), self._ends_of_y()

    def _ends_of_x(self) -> tuple[float, float]:
        if self.x.ends:
            return self.x.ends
        barred = any(series.mark == "bars" for series in self.series)
        values = np.concatenate([series.x for series in self.series] or [np.zeros(0)])
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        edge = self.bar_width / 2 if barred else 0.01 * (high - low)
        return _apart(low - edge, high + edge)

    def _ends_of_y(self) -> tuple[float, float]:
        if self.y.ends:
            return self.y.ends
        rows = [row for series in self.series for row in (series.y, series.low, series.high) if row is not None]
        values = np.concatenate(rows or [np.zeros(0)])
        values = values[np.isfinite(values)]
        if any(series.mark == "bars" for series in self.series):
            values = np.append(values, 0.0)
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        edge = 0.05 * (high - low)
        return _apart(low - edge if low else 0.0, high + edge if high else 0.0)

    def told(self) -> dict[str, Any]:
        """Everything as the browser takes it, in plain lists; values that are not finite become None."""
        ends_of_x, ends_of_y = self.ends()
        return {
            "x": {**vars(self.x), "ends": ends_of_x, "labels": list(self.x.labels)},
            "y": {**vars(self.y), "ends": ends_of_y, "labels": list(self.y.labels)},
            "series": [
                {
                    **vars(series),
                    **{name: _plain(getattr(series, name)) for name in ("x", "y", "low", "high")},
                    "colours": list(series.colours),
                }
                for series in self.series
            ],
            "levels": [vars(level) for level in self.levels],
            "height": self.height,
            "barWidth": self.bar_width,
            "legend": self.legend,
        }


def _apart(low: float, high: float) -> tuple[float, float]:
    """Both ends, moved apart where they are one."""
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _plain(values: np.ndarray | None) -> list[float | None] | None:
    """Six significant digits: more than a screen has pixels."""
    if values is None:
        return None
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in values]
