"""What figures say, for tests: those that a page draws, their rows and level lines."""

import base64
import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
from streamlit.testing.v1 import AppTest


def figures_on(app: AppTest) -> list[go.Figure]:
    """All charts on the page, in its order."""
    return [go.Figure(json.loads(part.proto.spec, object_hook=_arrays)) for part in app.get("plotly_chart")]


def _arrays(part: dict[str, Any]) -> Any:
    """A part of a figure, the numbers that plotly packs as an array."""
    if "bdata" not in part:
        return part
    values = np.frombuffer(base64.b64decode(part["bdata"]), part["dtype"])
    return values.reshape([int(size) for size in part.get("shape", "-1").split(",")])


def figure_on(app: AppTest, axis: str) -> go.Figure:
    """The first chart on the page with an axis of which the title holds these words."""
    for figure in figures_on(app):
        titles = (figure.layout.xaxis.title.text or "", figure.layout.yaxis.title.text or "")
        if any(axis in title for title in titles):
            return figure
    raise AssertionError(f"no chart on the page has an axis {axis!r}")


def rows(figure: go.Figure) -> dict[str, Any]:
    """The rows of a chart by name, without the bands behind them."""
    return {row.name: row for row in figure.data if row.fill != "toself"}


def levels(figure: go.Figure) -> list[tuple[str, float, str]]:
    """Label, value and dash of the lines across a chart."""
    lines = list(zip(figure.layout.annotations, figure.layout.shapes, strict=True))
    assert all(label.y == line.y0 == line.y1 for label, line in lines)
    return [(label.text, line.y0, line.line.dash) for label, line in lines]
