"""What the thesis says of brackets and quotation marks on word maps over dropout (section 5.2.1, PROTOCOLS T9).

Knows groups of words and their tests; knows neither models nor files. The thesis shows pictures: every bound is ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lstm_core.claims.training import Claim
from lstm_core.clusters.word_groups import FREQUENT, Labels, MarksApart, apart, brackets, quotes
from lstm_core.clusters.word_map import WordMap
from lstm_core.stats.permutation import ENOUGH, SURE, Order, order

APART = 0.9  # homogeneity beyond chance from which two kinds of marks count as apart

_SOURCE = "thesis, section 5.2.1"


@dataclass(frozen=True)
class Told:
    """How well groups of a run's word map tell opening from closing brackets and quotation marks, at its dropout."""

    run: str
    dropout: float
    brackets: MarksApart
    quotes: MarksApart


def told_apart(found: WordMap, labels: Labels, run: str, dropout: float) -> Told:
    """What a map and the groups of its words say of marks that open and close."""
    return Told(run, dropout, *(apart(labels, *kind) for kind in (brackets(found), quotes(found))))


def by_dropout(found: Sequence[Told], kind: str) -> list[tuple[float, float]]:
    """Dropout and homogeneity beyond chance of "brackets" or "quotes", where there are enough marks to tell."""
    known = [(one.dropout, getattr(one, kind)) for one in found]
    return sorted((dropout, one.beyond) for dropout, one in known if enough(one) and one.beyond is not None)


def enough(told: MarksApart) -> bool:
    """Whether there are enough marks of both kinds to say how well they are told apart."""
    return min(told.opening, told.closing) >= FREQUENT


def brackets_claim(found: Sequence[Told], how: str) -> Claim:
    """Brackets in every model; `how` the words were grouped. One model can only refute it."""
    told = [one.brackets for one in found if enough(one.brackets) and one.brackets.beyond is not None]
    good = [(one.beyond or 0) >= APART and (one.p or 0) < SURE for one in told]
    holds = False if good and not all(good) else True if len(good) > 1 else None
    return Claim(
        "T9",
        _SOURCE,
        "( and ) are in separate groups, in every model",
        _told(found, "brackets"),
        f"we ask each model for homogeneity beyond chance of at least {APART}, and for p below {SURE:g} over "
        f"{{(, )}} dealt at random; one model alone can only refute it; {how}",
        holds,
    )


def quotes_claim(found: Sequence[Told], how: str) -> Claim:
    """Quotation marks, together with little dropout, apart with more."""
    scores = by_dropout(found, "quotes")
    trend = order(*np.array(scores).T) if scores else Order(0, None, None)
    holds = None
    if trend.pairs >= ENOUGH and trend.rho is not None and trend.p is not None:
        holds = trend.rho > 0 and trend.p < SURE
    return Claim(
        "T9",
        _SOURCE,
        "opening and closing quotation marks are in the same groups with little dropout, apart with more",
        _told(found, "quotes") + (f"; {told_order(trend)}" if len(scores) > 1 else ""),
        f"we ask for a rising rank correlation with p below {SURE:g} over all orders, from at least {ENOUGH} runs. "
        f"Straight marks are told apart by counting within the paragraph; {how}",
        holds,
    )


def told_order(found: Order) -> str:
    """The correlation with dropout and its p for people."""
    if found.rho is None or found.p is None:
        return f"no rank correlation (n = {found.pairs} runs)"
    return f"Spearman {found.rho:+.2f} with dropout, p = {found.p:.2g} (n = {found.pairs} runs)"


def _told(found: Sequence[Told], kind: str) -> str:
    scores = by_dropout(found, kind)
    if scores:
        told = ", ".join(f"{score:.2f} at {dropout:g}" for dropout, score in scores)
        return f"homogeneity beyond chance (1 = no group holds both, 0 = as dealt at random) by dropout: {told}"
    counts = sorted({(one.opening, one.closing) for one in (getattr(told, kind) for told in found)})
    there = " or ".join(f"{opening:,} that open and {closing:,} that close" for opening, closing in counts)
    return f"Cannot be told: there are {there or 'no maps'}; {FREQUENT} of each are needed, not each in a group alone"
