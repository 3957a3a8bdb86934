"""One neuron: how often it takes each value; its values over a text, around parts of sentences and around places.

Pure: knows nothing of Streamlit.
"""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from app.charts.figure import BLUE, GREY, LINES, RED, Axis, bars, chart, dots, line
from lstm_core.neurons.profile import NeuronProfile
from lstm_core.neurons.tuning import Tuning
from lstm_core.probes.verification import Followed
from lstm_core.runs.cells import SIGNALS
from lstm_core.text.chunks import NAMES

SHOWN = 4  # kinds of chunks of which curves are drawn, and the one that the neuron follows


def distribution(profile: NeuronProfile, *, height: int = 340) -> go.Figure:
    """How often the unit takes each value, over the mean of its layer and the Laplace distribution that fits best."""
    query, edges = profile.query, profile.edges
    middle, ends = (edges[:-1] + edges[1:]) / 2, (float(edges[0]), float(edges[-1]))
    colours = [RED if value > (0.5 if ends == (0, 1) else 0) else BLUE for value in middle]
    share, width = profile.counts / max(profile.total, 1), float(edges[1] - edges[0])
    rows = (
        bars(f"neuron {query.unit}", middle, share, colours, width),
        line(f"all neurons of layer {query.layer}", middle, profile.layer_share, GREY),
        line("Laplace fit", middle, profile.laplace_share, LINES[1]),
    )
    if query.signal == "c" or ends not in ((0, 1), (-1, 1)):  # the layer's widest units would make this one a needle
        ends = 1.1 * min(profile.lowest, -1), 1.1 * max(profile.highest, 1)
    x = Axis(f"{SIGNALS[query.signal].title} ({query.signal})", ends, reading=query.signal)
    return chart(x, Axis("share of the text", digits=2, percent=True), rows, height=height)


def over_time(tokens: Sequence[str], values: np.ndarray, *, name: str, middle: float = 0.0) -> go.Figure:
    """One value a token, in reading order; red above `middle`, blue below."""
    shown = tuple("␣" if token == " " else token for token in tokens)
    colours = [RED if value > middle else BLUE for value in values]
    x = Axis("", (-0.5, len(values) - 0.5), labels=shown)
    return chart(x, Axis(name), [bars(name, np.arange(len(values)), values, colours)], height=240, legend=False)


def around_chunks(found: Tuning, kind: str, *, ending: bool = False) -> go.Figure:
    """The mean value by distance from the beginning of each kind of chunk, or from its end, with twice its error."""
    rows = []
    for number, curve in enumerate(one for at, one in enumerate(found.curves) if at < SHOWN or one.kind == kind):
        mean, error = (curve.end, curve.end_error) if ending else (curve.begin, curve.begin_error)
        name = f"{NAMES.get(curve.kind, curve.kind)} ({curve.chunks:,})"
        rows.append(dots(name, found.distances, mean, LINES[number], (mean - 2 * error, mean + 2 * error)))
    x = Axis(f"words after its {'last' if ending else 'first'} word (0)", digits=0, reading="word")
    y = Axis(f"mean {found.query.signal} of neuron {found.query.unit}")
    return chart(x, y, rows, [("mean over all words", found.usual, "dash")])


def around_places(found: Followed, names: tuple[str, str]) -> go.Figure | None:
    """A unit around the places of both kinds: means with their standard errors; None where it was not followed."""
    if (both := found.around) is None:
        return None
    rows = [
        line(name, one.lags, one.mean, colour, (one.mean - one.error, one.mean + one.error))
        for name, one, colour in ((names[0], both.one, RED), (names[1], both.other, BLUE))
    ]
    rows.append(line("elsewhere", both.one.lags, np.full(len(both.one.lags), both.one.usual), GREY, thin=True))
    y = Axis(f"neuron {found.unit} of layer {found.layer}")
    return chart(Axis("steps after the place", digits=0, reading="step"), y, rows, height=320)
