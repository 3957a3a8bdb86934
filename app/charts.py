"""Results as plotly figures. Pure: knows nothing of Streamlit."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from lstm_core.neurons import NeuronProfile
from lstm_core.run import Log, score_of
from lstm_core.settings import SIGNAL_NAMES, Kind

RED, BLUE, GREY = "#d6453d", "#3b7dd8", "#8a8f98"
LINES = ("#3b7dd8", "#e08a1e", "#2a9d5c", "#a353c4", "#d6453d", "#0fa3a3", "#8c6d46", "#c2417c")


def _layout(figure: go.Figure, *, x: str, y: str, height: int = 340) -> go.Figure:
    figure.update_layout(
        xaxis_title=x,
        yaxis_title=y,
        height=height,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        hovermode="x unified",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure


def distribution(profile: NeuronProfile) -> go.Figure:
    """How often the unit takes each value, over the mean of its layer."""
    middle = (profile.edges[:-1] + profile.edges[1:]) / 2
    share = profile.counts / max(profile.total, 1)
    colours = np.where(middle > (0.5 if profile.edges[0] == 0 else 0), RED, BLUE)
    figure = go.Figure()
    figure.add_bar(
        x=middle,
        y=share,
        marker={"color": colours, "line": {"width": 0}},
        name=f"neuron {profile.query.unit}",
        hovertemplate="%{y:.2%}",
    )
    figure.add_scatter(
        x=middle,
        y=profile.layer_share,
        mode="lines",
        line={"color": GREY, "width": 2},
        name=f"all neurons of layer {profile.query.layer}",
        hovertemplate="%{y:.2%}",
    )
    figure.update_layout(bargap=0)
    figure.update_yaxes(tickformat=".1%", rangemode="tozero")
    if profile.query.signal == "c":  # the layer's widest units would make this one a needle
        figure.update_xaxes(range=[1.1 * min(profile.lowest, -1), 1.1 * max(profile.highest, 1)])
    name = SIGNAL_NAMES[profile.query.signal]
    return _layout(figure, x=f"{name} ({profile.query.signal})", y="share of the text")


def curves(
    logs: Mapping[str, Log],
    kind: Kind,
    references: Sequence[tuple[str, float]] = (),
    tables: Sequence[tuple[str, float]] = (),
) -> go.Figure:
    """Training (thin) and validation (dots) scores of several runs over the epochs.

    Lines for known figures: dotted those of `references`, dashed those of `tables`, each a label and a score.
    """
    figure = go.Figure()
    for number, (name, log) in enumerate(logs.items()):
        colour = LINES[number % len(LINES)]
        points = log.points
        figure.add_scattergl(
            x=[point["epoch"] for point in points],
            y=[score_of(point["train_loss"], kind) for point in points],
            mode="lines",
            line={"color": colour, "width": 1},
            opacity=0.6,
            name=f"{name}: training",
            hovertemplate="%{y:.3f}",
        )
        held_out = [point for point in points if point.get("validation_loss") is not None]
        figure.add_scatter(
            x=[point["epoch"] for point in held_out],
            y=[score_of(point["validation_loss"], kind) for point in held_out],
            mode="lines+markers",
            line={"color": colour, "width": 2},
            marker={"size": 7},
            name=f"{name}: validation",
            hovertemplate="%{y:.3f}",
        )
    for label, value in references:
        figure.add_hline(y=value, line_dash="dot", line_color=GREY, annotation_text=label)
    for number, (label, value) in enumerate(sorted(tables, key=lambda line: line[1])):
        # Neighbours may be close: labels stand on alternate sides, and the lowest line has its own below it.
        place = "bottom left" if number == 0 else "top right" if number % 2 else "top left"
        figure.add_hline(
            y=value,
            line_dash="dash",
            line_width=1,
            line_color=GREY,
            annotation={"text": label},
            annotation_position=place,
        )
    measure = "bits per character" if kind == "char" else "perplexity"
    shown = [value for trace in figure.data for value in trace.y if value is not None]
    if shown:
        low, high = min(shown), float(np.quantile(shown, 0.97))
        low = min([low, *(value for _, value in [*references, *tables])])
        high = max([high, *(value for _, value in tables if value < 2 * high)])
        figure.update_yaxes(range=[low - 0.05 * (high - low + 0.1), high + 0.1 * (high - low + 0.1)])
    return _layout(figure, x="epochs (passes over the text)", y=measure, height=420)


def over_time(tokens: Sequence[str], values: np.ndarray, *, name: str, middle: float = 0.0) -> go.Figure:
    """One value a token, in reading order; red above `middle`, blue below."""
    figure = go.Figure()
    shown = ["⏎" if token == "\n" else "␣" if token == " " else token for token in tokens]
    figure.add_bar(
        x=np.arange(len(values)),
        y=values,
        marker={"color": np.where(values > middle, RED, BLUE), "line": {"width": 0}},
        customdata=shown,
        hovertemplate="%{customdata}  %{y:.3f}<extra></extra>",
    )
    ticks = np.arange(len(values)) if len(values) <= 120 else None
    if ticks is not None:
        figure.update_xaxes(tickvals=ticks, ticktext=shown, tickangle=0)
    _layout(figure, x="", y=name, height=240)
    figure.update_layout(hovermode="closest", bargap=0.1)
    return figure
