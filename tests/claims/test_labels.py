"""T6 beside kept labels: each claim from the labels that it speaks of, what is rare or not kept said so."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.__main__ import LENGTH
from lstm_core.claims.claim import Verdict
from lstm_core.claims.labels import OTHERS, QUOTES, label_claims
from lstm_core.neurons.label_search import FeatureBest, LabelQuery, Labels, UnitLabel
from lstm_core.neurons.labels import labels_for, stand_in
from lstm_core.recordings.recording import RecordingSpec
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.stats.paired_test import LEADS, LEARNED, NOT_AHEAD, UNKNOWN
from lstm_core.storage.files import write_json

BRACKETS, NUMBER, END = OTHERS


def best(feature: str, score: float = 0.9, **changes: Any) -> FeatureBest:
    one = FeatureBest(feature, "", "AUROC", 120, 5000, 3, -1, score, score, 0.01, 0.6, 0.02, 0.001, LEARNED)
    return replace(one, **changes)


def kept(signal: str, layer: int, *features: FeatureBest, twin: str = "twin", follows: str = "") -> Labels:
    units = tuple(
        UnitLabel(unit, follows if unit == 3 else "", QUOTES, "AUROC", 1, 0.9, 0.01, 5, 50, "", "", None, None)
        for unit in range(8)
    )
    return Labels("small", "w", "a book", "f", (0, 10_000), "all", LabelQuery(signal, layer), twin, units, features)


@pytest.fixture
def run(small_run: Callable[..., Run]) -> Run:
    return small_run("small", weights=True)


def by_says(claims: list[Verdict]) -> dict[str, Verdict]:
    found = {"quotes": claims[0], "same": claims[1]}
    return found | dict(zip(OTHERS, claims[2:], strict=True))


def test_the_quotation_unit_is_that_of_the_first_layers_hidden_state(run: Run) -> None:
    labels = [
        kept("h", 2, best(QUOTES, 0.99, unit=7)), kept("h", 1, best(QUOTES)), kept("c", 1, best(QUOTES, 0.95, unit=5)),
    ]  # fmt: skip
    claim = by_says(label_claims(run, labels))["quotes"]
    assert claim.measured == (
        "neuron 3 of layer 1 (h) is low inside quotation marks: AUROC 0.900, 120 of 5,000 held-out positions; "
        "untrained 0.600 (learned). Best of all layers and signals: neuron 7 of layer 2 (h), AUROC 0.990"
    )
    assert (claim.id, claim.source, claim.holds) == ("T6", "thesis, section 5.1", True)
    assert "AUROC of 0.75" in claim.why and "letters of a book" in claim.why


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({}, True), ({"score": 0.74}, False), ({"probability": 0.06}, False), ({"outcome": LEADS}, False),
        ({"outcome": NOT_AHEAD}, False), ({"outcome": UNKNOWN, "control": None}, True), ({"score": 0.2}, False),
    ],
)  # fmt: skip
def test_it_holds_where_a_unit_tells_it_well_beyond_chance_and_the_twin(
    changes: dict[str, Any], holds: bool, run: Run
) -> None:
    claim = label_claims(run, [kept("h", 1, best(QUOTES, **changes))])[0]
    assert claim.holds is holds
    assert ("not beyond chance" in claim.measured) == ("probability" in changes)
    assert ("untrained" in claim.measured) == ("control" not in changes)


def test_other_units_are_the_best_of_all_layers_and_signals_as_the_first_half_has_them(run: Run) -> None:
    labels = [
        kept("h", 1, best(BRACKETS, 0.8), best(NUMBER, 0.85, chosen_with=0.7)),
        kept("c", 3, best(BRACKETS, 0.95, unit=6), best(NUMBER, 0.8, chosen_with=0.75, unit=2)),
        kept("o", 3, best(BRACKETS, 0.99)),  # not one that the thesis looks at
    ]
    claims = by_says(label_claims(run, labels))
    assert claims[BRACKETS].measured.startswith("neuron 6 of layer 3 (c)")
    assert claims[NUMBER].measured.startswith("neuron 2 of layer 3 (c)")
    assert (claims[END].measured, claims[END].holds) == ("not computed", None)


def test_what_is_too_rare_is_said_with_its_number_and_is_no_verdict(run: Run) -> None:
    rare = FeatureBest(BRACKETS, "", "AUROC", 13, 5000)
    claim = by_says(label_claims(run, [kept("h", 1, rare), kept("c", 1, rare)]))[BRACKETS]
    assert claim.measured.startswith(
        "inside brackets: too rare to tell, 13 of 5,000 held-out positions (a half needs 20"
    )
    assert claim.holds is None


@pytest.mark.parametrize(("follows", "holds"), [(QUOTES, True), ("inside a heading", False), ("", False)])
def test_the_same_unit_is_looked_up_in_the_cell_state(follows: str, holds: bool, run: Run) -> None:
    labels = [kept("h", 1, best(QUOTES, 0.8)), kept("h", 2, best(QUOTES)), kept("c", 1, follows=QUOTES)]
    claim = by_says(label_claims(run, [*labels, kept("c", 2, follows=follows)]))["same"]
    assert claim.holds is holds
    assert claim.measured == (
        "neuron 3 of layer 2 (h), the best of all layers in h. In c the same neuron follows: "
        + (follows or "nothing that we can name")
    )
    alone = by_says(label_claims(run, labels))["same"]
    assert (alone.measured, alone.holds) == ("neuron 3 of layer 2 (h): its c was not computed", None)
    rare = kept("h", 1, FeatureBest(QUOTES, "", "AUROC", 13, 5000))
    assert "too rare to tell, 13 of 5,000" in by_says(label_claims(run, [rare]))["same"].measured
    assert by_says(label_claims(run, [kept("c", 1)]))["same"].measured == "not computed"


def test_without_labels_and_for_an_untrained_twin_nothing_is_claimed(run: Run) -> None:
    labels = [kept("h", 1, best(QUOTES))]
    assert not label_claims(run, []) and not label_claims(run, [kept("o", 1, best(QUOTES))])
    write_json(run.folder / "config.json", {**run.config, "untrained_twin_of": "other"})
    assert not label_claims(open_run("small"), labels)


def test_the_shipped_run_comes_with_the_labels_of_what_the_demo_reads() -> None:
    run, twin, found = open_run("war-and-peace-char"), open_run("war-and-peace-char-untrained"), []
    for query in (LabelQuery(signal, layer) for layer in (1, 2, 3) for signal in "hc"):
        labels = stand_in(run, query)
        assert labels is not None and labels.twin == twin.fingerprint
        assert labels.span[1] - labels.span[0] == LENGTH
        assert labels.text_fingerprint == run.config["corpus"]["fingerprint"]
        spec = RecordingSpec(
            run.name, run.fingerprint, labels.text, labels.text_fingerprint, labels.span, "lstm", 512, (), ()
        )
        assert labels_for(spec, query) == labels  # by the name under which a recording looks for it
        assert sum(unit.learned for unit in labels.units) > 10
        found.append(labels)
    assert sum(path.stat().st_size for path in (run.results_folder / "labels").iterdir()) < 400_000
    claims = by_says(label_claims(run, found))
    assert claims["quotes"].holds is False and "layer 3" in claims["quotes"].measured
    assert "too rare to tell" in claims[BRACKETS].measured and "too rare to tell" in claims[NUMBER].measured
