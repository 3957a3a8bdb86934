"""Runs over dropout, a colour a layer; how often each takes which values, on a scale of colours.

Pure: knows nothing of Streamlit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.charts.figure import BLUE, LINES, RED, Axis, chart, dots, line
from lstm_core.claims.dropout import ToldApart, by_dropout
from lstm_core.neurons.compare import Comparison, RunRow
from lstm_core.neurons.distributions import Distributions
from lstm_core.runs.cells import SIGNALS

Pairs = Sequence[tuple[float, float]]  # dropout and value
Floats = NDArray[np.float64]

DROPOUT = "dropout while it learned"
SCALE = (BLUE, LINES[3], RED)  # from no dropout to much: mid-tones that stand out on light and on dark
PER = 0.01  # width of value that a share is told for
INSIDE = 0.005  # of the values of the widest run that are left out at either end of the cell state's axis


def over_dropout(lines: Mapping[str, Pairs], y: Axis, *, joined: bool, height: int = 300) -> go.Figure:
    """Values over dropout; `joined`: the mean of each dropout joined by a line, with its range where it is of several
    runs; otherwise a point a run."""
    rows = []
    for number, (name, pairs) in enumerate((name, pairs) for name, pairs in lines.items() if pairs):
        x, values = np.array(sorted(pairs), dtype=float).T
        ends = None
        if joined and len(np.unique(x)) < len(x):
            groups = [values[x == place] for place in np.unique(x)]
            values, low, high = (np.array([take(group) for group in groups]) for take in (np.mean, np.min, np.max))
            x, ends = np.unique(x), (low, high)
        rows.append(dots(name, x, values, LINES[number % len(LINES)], ends, joined=joined))
    return chart(Axis(DROPOUT, digits=2, reading="dropout"), y, rows, height=height)


def scores(found: Comparison, *, joined: bool) -> go.Figure:
    """Validation score of the kept weights over dropout."""
    pairs = [(row.dropout, row.best) for row in found.rows if row.best is not None]
    measure = found.measure.replace("_", " ")
    return over_dropout({measure: pairs}, Axis(f"{measure} (lower is better)", digits=2), joined=joined)


def sizes(rows: Sequence[RunRow], signal: str, *, joined: bool) -> go.Figure:
    """Mean |value| of a signal over dropout, a line a layer; from zero."""
    lines = {f"layer {layer}": pairs for layer, pairs in by_layer(rows, signal, "mean_abs").items()}
    top = max((value for pairs in lines.values() for _, value in pairs), default=1.0)
    axis = Axis(f"mean |{signal}| of the {SIGNALS[signal].title}", (0.0, 1.08 * top or 1.0), digits=4)
    return over_dropout(lines, axis, joined=joined)


def near_zero(rows: Sequence[RunRow], signals: Sequence[str], *, joined: bool) -> go.Figure:
    """Share of the units that are near zero over dropout, a line a signal and layer."""
    lines = {
        f"{signal}, layer {layer}": pairs
        for signal in signals
        for layer, pairs in by_layer(rows, signal, "near_zero_share").items()
    }
    top = max((value for pairs in lines.values() for _, value in pairs), default=0.0)
    ends = (-0.02 * max(top, 0.1), 1.08 * max(top, 0.1))
    return over_dropout(lines, Axis("share of the neurons", ends, digits=1, percent=True), joined=joined)


def marks(sweep: Sequence[ToldApart]) -> go.Figure:
    """How well brackets and quotation marks are told apart by the word maps of a sweep's runs."""
    lines = {name: by_dropout(sweep, mark) for name, mark in (("brackets", "brackets"), ("quotation marks", "quotes"))}
    lowest = min([0.0, *(value for pairs in lines.values() for _, value in pairs)])
    return over_dropout(lines, Axis("homogeneity beyond chance", (lowest - 0.05, 1.05), 2), joined=False)


def by_layer(rows: Sequence[RunRow], signal: str, name: str) -> dict[int, list[tuple[float, float]]]:
    """Dropout and a figure of the activity ("mean_abs", "near_zero_share") of every run, by layer."""
    found: dict[int, list[tuple[float, float]]] = {}
    for row in rows:
        for one in row.activity:
            if one.signal == signal:
                found.setdefault(one.layer, []).append((row.dropout, float(getattr(one, name))))
    return dict(sorted(found.items()))


# Distributions of several runs ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Curve:
    """How often values are taken in one run: `density` (B,) is the share of the text per PER of value, between the
    `edges` (B + 1,)."""

    name: str
    dropout: float
    edges: Floats
    density: Floats


def curve(name: str, dropout: float, found: Distributions, unit: int | None) -> Curve:
    """The curve of a unit, or the mean of all units of the layer where it is None. Of the cell state what lies outside
    the bins is not drawn, and counts."""
    counts = found.counts.mean(axis=0) if unit is None else found.counts[unit]
    return Curve(name, dropout, found.edges, counts / found.total * PER / np.diff(found.edges))


def overlay(curves: Sequence[Curve], signal: str, *, height: int = 380) -> go.Figure:
    """The curves over each other, coloured from no dropout to much."""
    rows = [
        line(one.name, (one.edges[:-1] + one.edges[1:]) / 2, one.density, colour)
        for one, colour in zip(curves, shades([one.dropout for one in curves]), strict=True)
    ]
    ends = _ends(curves) if np.isinf(SIGNALS[signal].bounds[1]) else (-1.0, 1.0)
    x = Axis(f"{SIGNALS[signal].title} ({signal})", ends, reading=signal)
    return chart(x, Axis(f"share of the text per {PER:g}", digits=2, percent=True), rows, height=height)


def _ends(curves: Sequence[Curve]) -> tuple[float, float] | None:
    """Where all but little of the typical run's values lie: the widest would make needles of the others."""
    reach = []
    for one in curves:
        whole = np.cumsum(one.density * np.diff(one.edges))
        if whole[-1] > 0:
            at = np.searchsorted(whole / whole[-1], (INSIDE, 1 - INSIDE))
            reach.append(max(abs(one.edges[at[0]]), abs(one.edges[min(at[1] + 1, len(one.edges) - 1)])))
    middle = float(np.median(reach)) if reach else 0.0
    return (-middle, middle) if middle > 0 else None


def shades(dropouts: Sequence[float]) -> list[str]:
    """A colour a run on the SCALE, by its dropout."""
    low, high = min(dropouts, default=0.0), max(dropouts, default=0.0)
    at = [(dropout - low) / (high - low) if high > low else 0.0 for dropout in dropouts]
    parts = np.array([[int(colour[place : place + 2], 16) for place in (1, 3, 5)] for colour in SCALE])
    stops = np.linspace(0, 1, len(SCALE))
    return ["#" + "".join(f"{round(np.interp(one, stops, channel)):02x}" for channel in parts.T) for one in at]
