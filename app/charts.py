"""Results as figures. Pure: knows nothing of Streamlit."""

from collections.abc import Mapping, Sequence

import numpy as np

from app.figure import BLUE, GREY, LINES, RED, Axis, Figure, Level, Series
from lstm_core.neurons.profile import NeuronProfile
from lstm_core.runs.run import Log, score_of
from lstm_core.runs.settings import SIGNAL_NAMES
from lstm_core.text.catalogue import Kind

Lines = Sequence[tuple[str, float]]  # a label and a score each


def distribution(profile: NeuronProfile, *, height: int = 340) -> Figure:
    """How often the unit takes each value, over the mean of its layer and the Laplace distribution that fits best."""
    query, edges = profile.query, profile.edges
    middle, ends = (edges[:-1] + edges[1:]) / 2, (float(edges[0]), float(edges[-1]))
    colours = tuple(RED if value > (0.5 if ends == (0, 1) else 0) else BLUE for value in middle)
    one = Series(f"neuron {query.unit}", middle, profile.counts / max(profile.total, 1), "bars", colours)
    all_ = Series(f"all neurons of layer {query.layer}", middle, profile.layer_share, "line", (GREY,))
    fit = Series("Laplace fit", middle, profile.laplace_share, "line", (LINES[1],))
    if query.signal == "c" or ends not in ((0, 1), (-1, 1)):  # the layer's widest units would make this one a needle
        ends = 1.1 * min(profile.lowest, -1), 1.1 * max(profile.highest, 1)
    return Figure(
        Axis(f"{SIGNAL_NAMES[query.signal]} ({query.signal})", ends, reading=query.signal),
        Axis("share of the text", digits=2, percent=True),
        (one, all_, fit),
        height=height,
        bar_width=float(edges[1] - edges[0]),
    )


def curves(logs: Mapping[str, Log], kind: Kind, references: Lines = (), tables: Lines = ()) -> Figure:
    """Training (thin) and validation (dots) scores of several runs over the epochs.

    Lines for known figures: dotted those of `references`, dashed those of `tables`.
    """
    series = []
    for number, (name, log) in enumerate(logs.items()):
        colours = (LINES[number % len(LINES)],)
        series.append(Series(f"{name}: training", *_scores(log, "train_loss", kind), "thin line", colours))
        series.append(Series(f"{name}: validation", *_scores(log, "validation_loss", kind), "dots", colours))
    shown = np.concatenate([one.y for one in series] or [np.zeros(0)])
    measure = "bits per character" if kind == "char" else "perplexity"
    return Figure(
        Axis("epochs (passes over the text)", digits=2, reading="epoch"),
        Axis(measure, _heights(shown[np.isfinite(shown)], references, tables)),
        tuple(series),
        (
            *(Level(label, value, "dot") for label, value in references),
            *(Level(label, value, "dash") for label, value in tables),
        ),
        height=420,
    )


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


def over_time(tokens: Sequence[str], values: np.ndarray, *, name: str, middle: float = 0.0) -> Figure:
    """One value a token, in reading order; red above `middle`, blue below."""
    shown = tuple("⏎" if token == "\n" else "␣" if token == " " else token for token in tokens)
    colours = tuple(RED if value > middle else BLUE for value in values)
    bars = Series(name, np.arange(len(values)), np.asarray(values, dtype=float), "bars", colours)
    return Figure(Axis("", labels=shown), Axis(name), (bars,), height=240, legend=False)


def few_words(curve: Sequence[tuple[float, float]], paper: tuple[float, float] | None = None) -> Figure:
    """Share of the clusters that hold one or two words, over how pure they have to be; a dot for the paper's figure."""
    cuts, shares = np.array(curve, dtype=float).reshape(-1, 2).T
    series = [Series("groups of few words", cuts, shares, "dots", (BLUE,))]
    if paper:
        series.append(Series(f"the paper: {paper[1]:.0%}", np.array(paper[:1]), np.array(paper[1:]), "dots", (RED,)))
    purity = Axis("share that one or two words must make up", digits=0, percent=True)
    return Figure(purity, Axis("share of the groups", (0.0, 1.0), 1, percent=True), tuple(series), height=280)
