"""Clusters of few words; how far vectors agree with people about words. Pure: knows nothing of Streamlit."""

from collections.abc import Sequence

import plotly.graph_objects as go

from app.charts.figure import BLUE, GREY, LINES, RED, Axis, chart, dots
from lstm_core.claims.words import PAPER_MEAN
from lstm_core.word_vectors.benchmark_scores import Peer
from lstm_core.word_vectors.benchmarks import PAPER
from lstm_core.word_vectors.similarity import Score, mean_rho


def few_words(curve: Sequence[tuple[float, float]], paper: tuple[float, float] | None = None) -> go.Figure:
    """Share of the clusters that hold one or two words, over how pure they have to be; a dot for the paper's figure."""
    rows = [dots("groups of few words", [cut for cut, _ in curve], [share for _, share in curve], BLUE)]
    if paper:
        rows.append(dots(f"the paper: {paper[1]:.0%}", paper[:1], paper[1:], RED, joined=False))
    purity = Axis("share that one or two words must make up", digits=0, percent=True)
    return chart(purity, Axis("share of the groups", (0.0, 1.02), 1, percent=True), rows, height=300)


def correlations(best: Sequence[Score], as_paper: Sequence[Score], peers: Sequence[Peer] = ()) -> go.Figure:
    """Rank correlations of both kinds of vectors with their intervals, of other methods and in the paper: a place for
    each benchmark of `best`, one for the means."""
    tasks, places = [one.task for one in best], range(len(best) + 1)
    rows = []
    for name, scores, colour in (("best, here", best, BLUE), ("as the paper, here", as_paper, LINES[1])):
        given = _by_task(scores, tasks)
        low, high = ([*(getattr(one, end, None) for one in given), None] for end in ("low", "high"))
        rows.append(dots(name, places, _with_mean(given), colour, (low, high), joined=False))
    for peer, colour in zip(peers, LINES[2:], strict=False):
        rows.append(dots(peer.name, places, _with_mean(_by_task(peer.scores, tasks)), colour, joined=False))
    theirs = [PAPER[task][0].rho if task in PAPER else None for task in tasks]
    rows.append(dots("the paper's own", places, [*theirs, PAPER_MEAN], GREY, joined=False))
    x = Axis("", (-0.5, len(tasks) + 0.5), labels=(*tasks, "mean"))
    y = Axis("rank correlation with people (Spearman)", digits=2)
    return chart(x, y, rows, height=420, scattermode="group", scattergap=0.3)


def _by_task(scores: Sequence[Score], tasks: Sequence[str]) -> list[Score | None]:
    known = {one.task: one for one in scores}
    return [known.get(task) for task in tasks]


def _with_mean(given: Sequence[Score | None]) -> list[float | None]:
    """Correlations by benchmark, and the mean of those that are known."""
    return [*(one.rho if one else None for one in given), mean_rho([one for one in given if one])]
