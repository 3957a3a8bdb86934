"""What the thesis says of dropout beside planted comparisons: verdicts by the exact test, none where none is due."""

from collections.abc import Callable
from dataclasses import replace
from math import factorial
from typing import Any

import numpy as np
import pytest

from lstm_core.claims.claim import Verdict
from lstm_core.claims.dropout import GROUPS, ToldApart, map_claims, mapped_query, marks, sweep_claims
from lstm_core.clusters.word_groups import MarksApart
from lstm_core.clusters.word_map import WORD_MAPS, WordMap, WordMapQuery
from lstm_core.neurons.compare import Activity, Comparison, RunRow, _trends
from lstm_core.runs.run import Run
from lstm_core.runs.settings import ModelConfig, TrainConfig
from lstm_core.runs.store import create_run, list_runs
from lstm_core.text.corpus import corpus_of, keep_text, read_corpus

NINE = [k / 10 for k in range(9)]


@pytest.fixture
def run(words: Callable[..., str]) -> Callable[..., Run]:
    """Makes a run without weights on a text of that name."""

    def make(corpus: str = "wikitext-2", kind: Any = "word", **shape: Any) -> Run:
        text = corpus_of(words(200), corpus, kind)
        full = {"embedding": 400, "hidden": 2000, "layers": 2, **shape}
        name = f"run-{len(list_runs())}"
        return create_run(name, text, ModelConfig(len(text.vocabulary), **full), TrainConfig())

    return make


def compared(
    dropouts: list[float],
    sizes: dict[tuple[str, int], Any],
    scores: list[float],
    near: list[float] | None = None,
    measure: str = "perplexity",
) -> Comparison:
    """Runs of 100 units with these mean sizes by signal and layer, and shares near zero in h of layer 2."""
    rows = []
    for k, (dropout, score) in enumerate(zip(dropouts, scores, strict=True)):
        activity = tuple(
            Activity(*place, 100, float(values[k]), near[k] if near and place == ("h", 2) else 0.0)
            for place, values in sizes.items()
        )
        rows.append(RunRow(f"run{k}", "word", dropout, 1, 9, 2.0, "finished", score, score, activity))
    return Comparison("text", (0, 100), measure, tuple(rows), _trends(rows), True)


def by_id(claims: list[Verdict]) -> dict[str, list[Verdict]]:
    return {name: [one for one in claims if one.id == name] for name in ("T1", "T4", "T5", "T9")}


PLACES = [("h", 1), ("h", 2), ("c", 1), ("c", 2)]
FALLING = {place: np.linspace(1, 0.1, 9) for place in PLACES}


def test_t1_is_judged_at_the_full_size_on_wikitext_alone(run: Any) -> None:
    one = run()
    for scores, holds in (([95.0] * 8 + [139.9], True), ([95.0] * 8 + [140.1], False), ([89.0] + [100.0] * 8, False)):
        (claim,) = by_id(sweep_claims(compared(NINE, FALLING, scores), [one]))["T1"]
        assert claim.holds is holds
        assert f"{max(scores):.4g} (n = 9 runs)" in claim.measured


@pytest.mark.parametrize(
    "change", [{"corpus": "war-and-peace"}, {"hidden": 96, "embedding": 400}, {"layers": 1}, {"cell": "gru"}]
)
def test_t1_says_nothing_of_another_text_or_size(run: Any, change: dict[str, Any]) -> None:
    (claim,) = by_id(sweep_claims(compared(NINE, FALLING, [100.0] * 9), [run(**change)]))["T1"]
    assert claim.holds is None
    assert "nothing that compares" in claim.measured and "full size only" in claim.why
    assert change.get("corpus", "wikitext-2") in claim.measured


def test_t1_of_different_texts_is_no_range(run: Any) -> None:
    found = replace(compared(NINE, FALLING, [100.0] * 9), scores_compare=False)
    (claim,) = by_id(sweep_claims(found, [run()]))["T1"]
    assert claim.holds is None and "different texts or vocabularies" in claim.measured


def test_t1_of_some_of_the_dropouts_can_only_be_refuted(run: Any) -> None:
    sizes = {place: values[:8] for place, values in FALLING.items()}
    for score, holds in ((100.0, None), (141.0, False)):
        (claim,) = by_id(sweep_claims(compared(NINE[:8], sizes, [score] * 8), [run()]))["T1"]
        assert claim.holds is holds and "fewer can only refute it" in claim.why


def test_nothing_is_said_while_a_run_is_not_trained_to_its_end(run: Any) -> None:
    found = compared(NINE, FALLING, [100.0] * 9)
    assert sweep_claims(found, [run()])
    working = replace(found, rows=(*found.rows[:8], replace(found.rows[8], status="cancelled")))
    assert working.unfinished == ("run8",) and sweep_claims(working, [run()]) == []


def test_t4_counts_units_by_dropout_without_a_verdict_on_a_lot(run: Any) -> None:
    for near in ([0.0] * 8 + [0.03], [0.5] * 8 + [0.0]):
        (claim,) = by_id(sweep_claims(compared(NINE, FALLING, [1.0] * 9, near), [run()]))["T4"]
        assert claim.holds is None
        assert f"{round(100 * max(near))} of 100 at {NINE[int(np.argmax(near))]:g}" in claim.measured
        assert "h of layer 1: none at any dropout" in claim.measured


def test_t5_is_judged_for_each_signal_by_the_exact_test(run: Any) -> None:
    sizes = FALLING | {("c", 2): np.array([1, 2, 3, 4, 5, 4.5, 3.5, 2.5, 1.5])}
    hidden, cell = by_id(sweep_claims(compared(NINE, sizes, [1.0] * 9), [run()]))["T5"]
    assert (hidden.holds, cell.holds) == (True, False)
    assert f"layer 1: Spearman -1.00 with dropout, p = {2 / factorial(9):.2g} (n = 9 runs)" in hidden.measured
    rising = {place: values[::-1] for place, values in FALLING.items()}
    assert {claim.holds for claim in by_id(sweep_claims(compared(NINE, rising, [1.0] * 9), [run()]))["T5"]} == {False}


def test_t5_of_four_runs_has_no_verdict_since_no_p_could_be_small(run: Any) -> None:
    for count, holds in ((4, None), (5, True)):
        sizes = {place: values[:count] for place, values in FALLING.items()}
        claims = by_id(sweep_claims(compared(NINE[:count], sizes, [1.0] * count), [run()]))["T5"]
        assert {claim.holds for claim in claims} == {holds}
        assert ("too few runs for a verdict" in claims[0].measured) == (holds is None)


def test_runs_of_one_dropout_say_nothing(run: Any) -> None:
    assert sweep_claims(compared([0.5] * 3, {("h", 1): [1, 2, 3]}, [1.0] * 3), [run()]) == []


# T9 -------------------------------------------------------------------------------------------------------------------


def mapped(run: Run, tokens: list[str], groups: list[int], query: WordMapQuery) -> WordMap:
    """A map whose words lie at one far place a group."""
    types, words = np.unique(tokens, return_inverse=True)
    places = np.array([[10.0 * group, 0.001 * at] for at, group in enumerate(groups)], np.float32)
    corpus = run.config["corpus"]
    return WordMap(
        query, run.name, run.fingerprint, corpus["name"], corpus["fingerprint"], (0, len(tokens)),
        tuple(map(str, types)), words.astype(np.int32), places, 1.0,
    )  # fmt: skip


def test_t9_is_read_from_maps_and_quotes_are_judged_by_the_exact_test(small_run: Any, words: Any) -> None:
    """Groups lie far apart and their words near: cut into GROUPS, brackets are apart always, quotes from run 3 on."""
    keep_text("book", words(900).encode())
    book, query = read_corpus("book", "word"), WordMapQuery("h", 1, tokens=300)
    runs = [small_run(f"run{k}", book, weights=True, dropout=k / 10, training={"seed": k}) for k in range(6)]
    assert mapped_query(runs) is None
    for k, one in enumerate(runs):
        tokens = ["(", ")", "“", "”"] * 50 + ["word"] * (GROUPS - 4)
        own = [0, 1, 2, 3] * 50 + list(range(4, GROUPS))
        for at in range(200):  # of the closing quotes so many lie where the opening ones do
            if tokens[at] == "”" and at // 4 < 10 * (5 - k):
                own[at] = 2
        WORD_MAPS.keep(mapped(one, tokens, own, query))
    assert mapped_query(runs) == query
    found = [marks(one, query) for one in runs]
    assert all(one is not None for one in found)
    told = [one for one in found if one is not None]
    assert [one.brackets.beyond for one in told] == [1.0] * 6
    qualities = [one.quotes.beyond or 0.0 for one in told]
    assert qualities == sorted(qualities) and qualities[0] < 0.1 and qualities[-1] == 1
    brackets, quotes = map_claims(told)
    assert (brackets.holds, quotes.holds) == (True, True)
    assert f"p = {2 / factorial(6):.2g} (n = 6 runs)" in quotes.measured
    assert map_claims(told[:1]) == []


def test_t9_without_such_marks_has_no_verdict() -> None:
    nothing = MarksApart(0, 0, None, None, None)
    claims = map_claims([ToldApart("a", 0.0, nothing, nothing), ToldApart("b", 0.5, nothing, nothing)])
    assert [claim.holds for claim in claims] == [None, None]
    assert "there are 0 that open and 0 that close" in claims[0].measured
