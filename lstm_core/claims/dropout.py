"""What the thesis says of dropout (PROTOCOLS T1, T4, T5, T9) beside a comparison of runs, and of their word maps.

A verdict over dropout is that of a permutation test. Nothing is computed anew.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lstm_core.claims.claim import Claim, Verdict, measures
from lstm_core.clusters.word_groups import FREQUENT, Labels, MarksApart, apart, brackets, quotes
from lstm_core.clusters.word_map import WordMap, WordMapQuery, kept_maps, read_map
from lstm_core.neurons.compare import Comparison
from lstm_core.runs.run import Run
from lstm_core.stats.linkage import joins
from lstm_core.stats.permutation import ENOUGH, SURE, Order, order

FULL_SIZE = ("lstm", 2, 2000, 400)  # cell, layers, units, embedding of the thesis
ITS_TEXT = "wikitext-2"
MAP = WordMapQuery("h", 1)  # the groups that section 5.2.1 is about
GROUPS = 100  # at which statements about maps are measured, by single linkage: the thesis does not say how many


def sweep_claims(found: Comparison, runs: Sequence[Run]) -> list[Verdict]:
    """T1, T4 and T5 for runs that were compared; empty where fewer than two dropouts are among them, and while one of
    them is not trained to its end."""
    if len({row.dropout for row in found.rows}) < 2 or found.unfinished:
        return []
    signals = dict.fromkeys(trend.signal for trend in found.trends)
    return [_perplexity(found, runs), _near_zero(found), *(_falls(found, signal) for signal in signals)]


@measures("T1")
def _perplexity(claim: Claim, found: Comparison, runs: Sequence[Run]) -> Verdict:
    texts = sorted({str(run.config["corpus"].get("name") or "no known text") for run in runs})
    configs = [run.model_config for run in runs]
    shapes = {(one.cell, one.layers, one.hidden, one.embedding) for one in configs}
    full = texts == [ITS_TEXT] and shapes == {FULL_SIZE} and found.measure == "perplexity"
    seeds = len({row.seed for row in found.rows})
    if full and seeds == 1:
        here = "these are alike, every dropout with the same seed, where the thesis changed it with the dropout"
    elif full:
        here = f"these are alike, with {seeds} seeds"
    else:
        told = ", ".join(sorted({one.architecture for one in configs}))
        here = f"these are {told} on {', '.join(texts)}, so it says nothing about them"
    scores = {row.dropout: row.best for row in found.rows if row.best is not None}
    best = [row.best for row in found.rows if row.best is not None]
    if not best:
        return claim.judged("no run has a score yet", None, here=here)
    if not found.scores_compare:
        told = "nothing that compares: the runs have different texts or vocabularies"
        return claim.judged(told, None, here=here)
    told = f"{found.measure.replace('_', ' ')} {min(best):.4g} to {max(best):.4g} (n = {len(best)} runs)"
    if not full:
        return claim.judged(f"nothing that compares: here {told} on {', '.join(texts)}", None, here=here)
    within = all(claim.figures["low"] <= score <= claim.figures["high"] for score in best)
    return claim.judged(told, within if len(scores) >= claim.figures["models"] or not within else None, here=here)


@measures("T4")
def _near_zero(claim: Claim, found: Comparison) -> Verdict:
    lines = []
    for signal, layer in dict.fromkeys((one.signal, one.layer) for row in found.rows for one in row.activity):
        counts = [
            f"{round(one.near_zero_share * one.units):,} of {one.units:,} at {row.dropout:g}"
            for row in sorted(found.rows, key=lambda row: row.dropout)
            for one in row.activity
            if (one.signal, one.layer) == (signal, layer) and one.near_zero_share
        ]
        lines.append(f"{signal} of layer {layer}: {', '.join(counts) or 'none at any dropout'}")
    told = "units with more than 90% within ±0.01: " + "; ".join(lines) if lines else "no run has read the text yet"
    return claim.judged(told, None)


@measures("T5")
def _falls(claim: Claim, found: Comparison, signal: str) -> Verdict:
    trends = [trend for trend in found.trends if trend.signal == signal]
    tested = [trend for trend in trends if trend.p is not None and trend.runs >= ENOUGH]
    holds = None
    if tested and len(tested) == len(trends):
        holds = all(trend.rho is not None and trend.rho < 0 and (trend.p or 0) < SURE for trend in trends)
    few = "" if holds is not None else f"; too few runs for a verdict, at least {ENOUGH} are needed"
    told = "; ".join(f"layer {one.layer}: {told_order(Order(one.runs, one.rho, one.p))}" for one in trends)
    return claim.judged(f"{signal}: {told}{few}", holds, sure=SURE)


def told_order(found: Order) -> str:
    """The correlation with dropout and its p for people."""
    if found.rho is None or found.p is None:
        return f"no rank correlation (n = {found.pairs} runs)"
    return f"Spearman {found.rho:+.2f} with dropout, p = {found.p:.2g} (n = {found.pairs} runs)"


@dataclass(frozen=True)
class ToldApart:
    """How well groups of a run's word map tell opening from closing brackets and quotation marks, at its dropout."""

    run: str
    dropout: float
    brackets: MarksApart
    quotes: MarksApart


def told_apart(found: WordMap, labels: Labels, run: str, dropout: float) -> ToldApart:
    """What a map and the groups of its words say of marks that open and close."""
    return ToldApart(run, dropout, *(apart(labels, *kind) for kind in (brackets(found), quotes(found))))


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


def marks(run: Run, query: WordMapQuery) -> ToldApart | None:
    """What the kept map of a run says, cut as `wordmap` cuts it; None where there is no such map."""
    found = read_map(run, query)
    if found is None:
        return None
    labels = joins(found.places, "single").cut_at_most(GROUPS)
    return told_apart(found, labels, run.name, run.model_config.dropout)


def map_claims(found: Sequence[ToldApart]) -> list[Verdict]:
    """T9's two statements over dropout, from maps of several dropouts; empty where there are fewer than two."""
    if len({one.dropout for one in found}) < 2:
        return []
    how = f"maps of h of layer 1 in {GROUPS} groups by single linkage, the thesis does not say how many"
    return [brackets_claim(found, how), quotes_claim(found, how)]


def by_dropout(found: Sequence[ToldApart], kind: str) -> list[tuple[float, float]]:
    """Dropout and homogeneity beyond chance of "brackets" or "quotes", where there are enough marks to tell."""
    known = [(one.dropout, getattr(one, kind)) for one in found]
    return sorted((dropout, one.beyond) for dropout, one in known if _enough(one) and one.beyond is not None)


def _enough(told: MarksApart) -> bool:
    """Whether there are enough marks of both kinds to say how well they are told apart."""
    return min(told.opening, told.closing) >= FREQUENT


@measures("T9-brackets")
def brackets_claim(claim: Claim, found: Sequence[ToldApart], how: str) -> Verdict:
    """Brackets in every model; `how` the words were grouped. One model can only refute it."""
    told = [one.brackets for one in found if _enough(one.brackets) and one.brackets.beyond is not None]
    good = [(one.beyond or 0) >= claim.figures["apart"] and (one.p or 0) < SURE for one in told]
    holds = False if good and not all(good) else True if len(good) > 1 else None
    return claim.judged(_told(found, "brackets"), holds, how=how, sure=SURE)


@measures("T9-quotes")
def quotes_claim(claim: Claim, found: Sequence[ToldApart], how: str) -> Verdict:
    """Quotation marks, together with little dropout, apart with more."""
    scores = by_dropout(found, "quotes")
    trend = order(*np.array(scores).T) if scores else Order(0, None, None)
    holds = None
    if trend.pairs >= ENOUGH and trend.rho is not None and trend.p is not None:
        holds = trend.rho > 0 and trend.p < SURE
    told = _told(found, "quotes") + (f"; {told_order(trend)}" if len(scores) > 1 else "")
    return claim.judged(told, holds, how=how, sure=SURE, enough=ENOUGH)


def _told(found: Sequence[ToldApart], kind: str) -> str:
    scores = by_dropout(found, kind)
    if scores:
        told = ", ".join(f"{score:.2f} at {dropout:g}" for dropout, score in scores)
        return f"homogeneity beyond chance (1 = no group holds both, 0 = as dealt at random) by dropout: {told}"
    counts = sorted({(one.opening, one.closing) for one in (getattr(told, kind) for told in found)})
    there = " or ".join(f"{opening:,} that open and {closing:,} that close" for opening, closing in counts)
    return f"Cannot be told: there are {there or 'no maps'}; {FREQUENT} of each are needed, not each in a group alone"
