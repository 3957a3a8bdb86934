"""Scores over epochs. Pure: knows nothing of Streamlit."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.charts.figure import LINES, Axis, Level, chart, dots, line
from lstm_core.runs.run import Log, score_of
from lstm_core.text.catalogue import Kind

Lines = Sequence[tuple[str, float]]  # a label and a score each


def training_curves(logs: Mapping[str, Log], kind: Kind, references: Lines = (), tables: Lines = ()) -> go.Figure:
    """Training (thin) and validation (dots) scores of several runs over the epochs; the legend shows and hides both.

    Lines for known figures: dotted those of `references`, dashed those of `tables`.
    """
    rows = []
    for number, (name, log) in enumerate(logs.items()):
        colour = LINES[number % len(LINES)]
        training = line(f"{name}: training", *_scores(log, "train_loss", kind), colour, thin=True)
        validation = dots(f"{name}: validation", *_scores(log, "validation_loss", kind), colour)
        rows += [training | {"legendgroup": name, "showlegend": not len(validation["y"])}]
        rows += [validation | {"legendgroup": name}]
    shown = np.concatenate([row["y"] for row in rows] or [np.zeros(0)])
    measure = "bits per character" if kind == "char" else "perplexity"
    levels: list[Level] = [(*known, "dot") for known in references]
    levels += [(*table, "dash") for table in tables]
    x = Axis("epochs (passes over the text)", digits=2, reading="epoch")
    y = Axis(measure, _heights(shown[np.isfinite(shown)], references, tables))
    return chart(x, y, rows, levels, height=460, hoverdistance=8)  # a validation is told at its own epoch


def _scores(log: Log, name: str, kind: Kind) -> tuple[np.ndarray, np.ndarray]:
    """Epochs (N,) and scores (N,) of the points that have this loss."""
    points = [point for point in log.points if point.get(name) is not None]
    return (
        np.array([point["epoch"] for point in points], dtype=float),
        np.array([score_of(point[name], kind) for point in points], dtype=float),
    )


def _heights(shown: np.ndarray, references: Lines, tables: Lines) -> tuple[float, float] | None:
    """Ends of y: the first few points of a training would press all others together, tables far above as well."""
    if not len(shown):
        return None
    low = min([float(shown.min()), *(value for _, value in [*references, *tables])])
    high = float(np.quantile(shown, 0.97))
    high = max([high, *(value for _, value in tables if value < 2 * high)])
    return low - 0.05 * (high - low + 0.1), high + 0.1 * (high - low + 0.1)


def tagger_curves(logs: Mapping[str, Sequence[Mapping[str, Any]]], value: str) -> go.Figure:
    """The epochs of several taggers: "development" (share of right tags) or "train_loss" (nats a word)."""
    rows = [
        dots(name, [point["epoch"] for point in log], [point[value] for point in log], LINES[number % len(LINES)])
        for number, (name, log) in enumerate(logs.items())
    ]
    right = Axis("right tags", digits=1, percent=True)
    y = right if value == "development" else Axis("loss on what it learns from (nats a word)")
    last = max((int(point["epoch"]) for log in logs.values() for point in log), default=1)
    return chart(Axis("epoch", (0.8, last + 0.2), digits=0, reading="epoch"), y, rows, height=340)
