"""What the thesis says of dropout (PROTOCOLS T1, T4, T5, T9) beside a comparison of runs. A verdict over dropout is
that of a permutation test; where the thesis gives no figure, what is asked for is said. Nothing is computed anew.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lstm_core.claims import Claim
from lstm_core.compare import Comparison, Trend
from lstm_core.linkage import joins
from lstm_core.orders import Order, order
from lstm_core.run import Run
from lstm_core.word_groups import Apart, apart, brackets, quotes
from lstm_core.wordmap import WordMapQuery, kept_maps, read_map

BAND = (90.0, 140.0)  # perplexity, thesis, chapter 5
FULL_SIZE = ("lstm", 2, 2000, 400)  # cell, layers, units, embedding of the thesis
ITS_TEXT = "wikitext-2"
HIGHEST = 0.8  # the dropout of the thesis' example of a unit near zero
SURE = 0.05  # largest p of a trend that is told from chance
ENOUGH = 5  # runs: with 4 the smallest two-sided p is 2 of 24 orders, above SURE
MAP = WordMapQuery("h", 1)  # the groups that section 5.2.1 is about
GROUPS = 100  # the thesis does not say how many; as `wordmap` cuts
APART = 0.9  # homogeneity from which marks count as apart: 1 where no group holds both kinds


def sweep_claims(found: Comparison, runs: Sequence[Run]) -> list[Claim]:
    """T1, T4 and T5 for runs that were compared; empty where fewer than two dropouts are among them."""
    if len({row.dropout for row in found.rows}) < 2:
        return []
    signals = dict.fromkeys(trend.signal for trend in found.trends)
    return [_perplexity(found, runs), _near_zero(found), *(_falls(found, signal) for signal in signals)]


# T1: perplexity -------------------------------------------------------------------------------------------------------


def _perplexity(found: Comparison, runs: Sequence[Run]) -> Claim:
    scores = [row.best for row in found.rows if row.best is not None]
    texts = sorted({str(run.config["corpus"].get("name") or "no known text") for run in runs})
    shapes = sorted({run.model_config.architecture for run in runs})
    full = texts == [ITS_TEXT] and {_shape(run) for run in runs} == {FULL_SIZE} and found.measure == "perplexity"
    measure = found.measure.replace("_", " ")
    if not scores:
        measured, holds = "no run has a score yet", None
    elif not found.scores_compare:
        measured, holds = "nothing that compares: the runs have different texts or vocabularies", None
    else:
        measured = f"{measure} {min(scores):.4g} to {max(scores):.4g} (n = {len(scores)} runs)"
        holds = None
        if full:
            holds = all(BAND[0] <= score <= BAND[1] for score in scores)
        else:
            measured = f"nothing that compares: here {measured} on {', '.join(texts)}"
    why = "the same text and size; every dropout with the same seed, where the thesis changed it with the dropout"
    if not full:
        why = (
            f"the band is for WikiText-2 at full size only (embedding 400, two LSTM layers of 2000); these are "
            f"{', '.join(shapes)} on {', '.join(texts)}, so it says nothing about them"
        )
    return Claim(
        "T1",
        "thesis, chapter 5",
        "nine models, dropout 0 to 0.8, two layers of 2000, WikiText-2: perplexity between 90 and 140",
        measured,
        why,
        holds,
    )


def _shape(run: Run) -> tuple[str, int, int, int]:
    config = run.model_config
    return config.cell, config.layers, config.hidden, config.embedding


# T4: units near zero --------------------------------------------------------------------------------------------------


def _near_zero(found: Comparison) -> Claim:
    lines = []
    for signal, layer in dict.fromkeys((one.signal, one.layer) for row in found.rows for one in row.activity):
        counts = [
            f"{round(one.near_zero_share * one.units):,} of {one.units:,} at {row.dropout:g}"
            for row in sorted(found.rows, key=lambda row: row.dropout)
            for one in row.activity
            if (one.signal, one.layer) == (signal, layer) and one.near_zero_share
        ]
        lines.append(f"{signal} of layer {layer}: {', '.join(counts) or 'none at any dropout'}")
    at_highest = [row for row in found.rows if abs(row.dropout - HIGHEST) < 1e-9 and row.activity]
    some = any(one.near_zero_share > 0 for row in at_highest for one in row.activity if one.signal == "h")
    return Claim(
        "T4",
        "thesis, sections 5.1.1 and 5.1.2",
        "sometimes units have more than 90% of their values within ±0.01. The one example, at dropout 0.8: over 17,700 "
        "of 18,000 words from 0 to 0.01 and over 150 from -0.01 to 0. That model has a lot of such units",
        "units with more than 90% within ±0.01: " + "; ".join(lines) if lines else "no run has read the text yet",
        "the thesis counts them for no dropout and gives no figure for “a lot”: we ask for at least one unit of h at "
        "dropout 0.8. They are set aside when units are ranked",
        some if at_highest else None,
    )


# T5: mean |activation| ------------------------------------------------------------------------------------------------


def _falls(found: Comparison, signal: str) -> Claim:
    trends = [trend for trend in found.trends if trend.signal == signal]
    tested = [trend for trend in trends if trend.p is not None and trend.runs >= ENOUGH]
    holds = None
    if tested and len(tested) == len(trends):
        holds = all(trend.rho is not None and trend.rho < 0 and (trend.p or 0) < SURE for trend in trends)
    few = "" if holds is not None else f"; too few runs for a verdict, at least {ENOUGH} are needed"
    return Claim(
        "T5",
        "thesis, section 5.1.2",
        "the higher the dropout, the lower the mean absolute activation (six models)",
        f"{signal}: {'; '.join(map(told_trend, trends))}{few}",
        "the thesis does not say of which signal and layer, and tests nothing: we ask each layer for a falling rank "
        f"correlation (Spearman) with p below {SURE:g} over all orders of the runs. All read the same tokens",
        holds,
    )


def told_trend(trend: Trend) -> str:
    """ "layer 1: Spearman -0.95 with dropout, p = 0.00033 (n = 9 runs)"."""
    return f"layer {trend.layer}: {told_order(Order(trend.runs, trend.rho, trend.p))}"


def told_order(found: Order) -> str:
    """The correlation with dropout and its p for people."""
    if found.rho is None or found.p is None:
        return f"no rank correlation (n = {found.pairs} runs)"
    return f"Spearman {found.rho:+.2f} with dropout, p = {found.p:.2g} (n = {found.pairs} runs)"


# T9: marks on word maps -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Marks:
    """How far groups of a run's word map tell opening from closing brackets and quotation marks, at its dropout."""

    run: str
    dropout: float
    brackets: Apart
    quotes: Apart


def mapped_query(runs: Sequence[Run]) -> WordMapQuery | None:
    """Of which words and layer most of the runs have a map (h of layer 1), None where fewer than two have one alike."""
    wanted = Counter(
        query
        for run in runs
        if run.kind == "word"
        for query in kept_maps(run)
        if (query.signal, query.layer) == (MAP.signal, MAP.layer)
    )
    query, times = next(iter(wanted.most_common(1)), (None, 0))
    return query if times > 1 else None


def marks(run: Run, query: WordMapQuery) -> Marks | None:
    """What the kept map of a run says, cut as `wordmap` cuts it; None where there is no such map."""
    found = read_map(run, query)
    if found is None:
        return None
    labels = joins(found.places, "single").cut(min(GROUPS, len(found.words)))
    return Marks(run.name, run.model_config.dropout, apart(labels, *brackets(found)), apart(labels, *quotes(found)))


def map_claims(found: Sequence[Marks]) -> list[Claim]:
    """T9's two statements over dropout, from maps of several dropouts; empty where there are fewer than two."""
    ordered = sorted(found, key=lambda one: one.dropout)
    if len({one.dropout for one in ordered}) < 2:
        return []
    return [_brackets(ordered), _quotes(ordered)]


def _brackets(found: Sequence[Marks]) -> Claim:
    scores = [(one.dropout, one.brackets.homogeneity) for one in found if one.brackets.homogeneity is not None]
    return Claim(
        "T9",
        "thesis, section 5.2.1",
        "opening and closing brackets are in separate groups for all models",
        _apart_told(scores),
        f"{_cut()}. We ask for {APART:g} at every dropout",
        all(score >= APART for _, score in scores) if scores else None,
    )


def _quotes(found: Sequence[Marks]) -> Claim:
    scores = [(one.dropout, one.quotes.homogeneity) for one in found if one.quotes.homogeneity is not None]
    trend = order(*np.array(scores).T) if scores else Order(0, None, None)
    enough = trend.pairs >= ENOUGH and trend.rho is not None and trend.p is not None
    holds = (trend.rho or 0) > 0 and (trend.p or 0) < SURE if enough else None
    return Claim(
        "T9",
        "thesis, section 5.2.1",
        "opening and closing quotation marks are in the same groups at lower dropout, apart at higher dropout",
        f"{_apart_told(scores)}; {told_order(trend)}",
        f"{_cut()}. We ask for a rising rank correlation with p below {SURE:g}, from at least {ENOUGH} runs; the "
        "thesis does not say from which dropout on",
        holds,
    )


def _apart_told(scores: Sequence[tuple[float, float]]) -> str:
    if not scores:
        return "the words on the maps have no such marks of both kinds"
    return "apart (homogeneity) " + ", ".join(f"{score:.2f} at {dropout:g}" for dropout, score in scores)


def _cut() -> str:
    return (
        f"maps of h of layer 1 in {GROUPS} groups by single linkage, the thesis does not say how many; homogeneity is "
        "1 where no group holds both kinds"
    )
