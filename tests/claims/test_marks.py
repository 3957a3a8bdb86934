"""Brackets and quotation marks over dropout: verdicts against chance, on planted figures."""

from math import factorial

import numpy as np
import pytest

from lstm_core.claims.claim import CLAIMS, Verdict
from lstm_core.claims.dropout import ToldApart, brackets_claim, by_dropout, quotes_claim
from lstm_core.clusters.word_groups import MarksApart, apart

NOTHING = MarksApart(0, 0, None, None, None)
BOUND = CLAIMS["T9-brackets"].figures["apart"]


def figures(beyond: float, p: float = 0.001, marks: int = 50) -> MarksApart:
    """Marks of which groups tell this much beyond chance, of which there is none."""
    return MarksApart(marks, marks, beyond, beyond, beyond, 0.0, p)


def sweep(*beyond: float, kind: str = "quotes", **rest: float) -> list[ToldApart]:
    made = [figures(one, **rest) for one in beyond]
    pairs = [(one, NOTHING) if kind == "brackets" else (NOTHING, one) for one in made]
    return [ToldApart(f"d{k}", k / 10, *pair) for k, pair in enumerate(pairs)]


def brackets(*beyond: float, **rest: float) -> Verdict:
    return brackets_claim(sweep(*beyond, kind="brackets", **rest), "")


def test_brackets_hold_where_every_model_tells_them_apart_beyond_chance() -> None:
    assert brackets(*[0.95] * 9).holds is True
    assert brackets(*[0.95] * 8, BOUND - 0.01).holds is False
    assert brackets(0.95, 0.95, p=0.06).holds is False
    assert "0.95 at 0, 0.92 at 0.1" in brackets(0.95, 0.92).measured


def test_one_model_can_only_refute_what_is_said_of_all() -> None:
    assert brackets(1.0).holds is None
    assert brackets(0.2).holds is False


@pytest.mark.parametrize("few", [figures(1.0, marks=4), MarksApart(9, 9, 1.0, 1.0, 1.0, 1.0, 1.0), NOTHING])
def test_marks_that_are_too_few_or_each_alone_cannot_be_told(few: MarksApart) -> None:
    told = [ToldApart("a", 0.0, few, few), ToldApart("b", 0.5, few, few)]
    for claim in (brackets_claim(told, ""), quotes_claim(told, "")):
        assert claim.holds is None and claim.measured.startswith("Cannot be told: there are")


def test_quotation_marks_are_judged_by_the_exact_test_over_dropout() -> None:
    rising = quotes_claim(sweep(0.1, 0.2, 0.3, 0.5, 0.9), "")
    assert rising.holds is True and f"p = {2 / factorial(5):.2g} (n = 5 runs)" in rising.measured
    assert quotes_claim(sweep(0.9, 0.5, 0.3, 0.2, 0.1), "").holds is False
    assert quotes_claim(sweep(0.2, 0.5, 0.3, 0.6, 0.1, 0.4, 0.35, 0.55, 0.3), "").holds is False  # Spearman .15
    assert quotes_claim(sweep(0.1, 0.2, 0.3, 0.4), "").holds is None  # no p of four runs is small
    assert quotes_claim(sweep(*[0.4] * 6), "").holds is None
    shuffled = sweep(0.1, 0.3, 0.9)[::-1]
    assert by_dropout(shuffled, "quotes") == [(0.0, 0.1), (0.1, 0.3), (0.2, 0.9)]


def test_marks_dealt_to_many_groups_are_no_more_apart_than_by_chance() -> None:
    """Nine of each in a hundred groups: their homogeneity is often above .9, and says nothing."""
    rng, kinds = np.random.default_rng(0), np.repeat([True, False], 9)
    found = [apart(rng.integers(100, size=18).astype(np.int32), kinds, ~kinds) for _ in range(200)]
    assert np.mean([(one.homogeneity or 0) >= 0.9 for one in found]) > 0.3  # the premise
    assert np.mean([(one.beyond or 0) >= BOUND and (one.p or 0) < 0.05 for one in found]) <= 0.05
    assert abs(np.mean([one.beyond or 0 for one in found])) < 0.1
