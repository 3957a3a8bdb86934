"""The verb units: a row a unit in the order of the ranking, of the recording it says, errors that name the remedy."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lstm_core.commands.analyses import units_document
from lstm_core.neurons import labels
from lstm_core.neurons.distributions import (
    DISTRIBUTIONS,
    SHAPES,
    DistributionQuery,
    distributions,
    laplace_distance,
    shapes,
)
from lstm_core.neurons.label_search import LabelQuery, Labels, UnitLabel
from lstm_core.recordings.record import RecordQuery, corpus_text, record
from lstm_core.recordings.recording import remove_recording
from lstm_core.runs.run import Run
from lstm_core.stats.paired_test import LEARNED

Verb = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(small_run: Callable[..., Run], corpus: Any) -> Run:
    from lstm_core.text.corpus import keep_text, read_corpus

    keep_text("book", corpus.vocabulary.decode(corpus.ids.tolist()).encode())
    return small_run("mine", read_corpus("book"), weights=True)


def document(result: tuple[int, str, str]) -> Any:
    code, out, err = result
    assert code == 0, err
    return json.loads(out)


def test_units_are_rows_of_the_longest_recording_in_the_order_of_the_ranking(cli: Verb, run: Run) -> None:
    for length, positions in ((300, "all"), (900, "all"), (2500, "whitespace")):
        recording = record(run, corpus_text(run, "", 0, length), RecordQuery(("h", "c"), (1, 2), positions))
        if length == 900:
            longest = recording
    told = document(cli("units", "mine", "--layer", "2", "--signal", "c", "--json"))
    found = distributions(longest, DistributionQuery("c", 2))
    assert (told["span"], told["values_per_unit"], told["positions"]) == ([0, 900], 900, "all")
    assert [row["unit"] for row in told["units"]] == found.ranking().tolist()
    for row in told["units"]:
        unit = row["unit"]
        expected = {name: getattr(found, name)[unit] for name in ("divergence", "mean", "mean_abs", "near_zero_share")}
        assert {name: row[name] for name in expected} == pytest.approx(expected)
        assert row["unit_from_mean"] + row["mean_from_unit"] == pytest.approx(row["divergence"])
        assert row["shape"] == shapes(found)[unit]
        assert row["laplace_distance"] == pytest.approx(laplace_distance(found)[unit])
        assert row["near_zero"] == (row["near_zero_share"] > 0.9)
    assert sum(told["shapes"].values()) == 8 and set(told["shapes"]) == set(SHAPES)
    assert told["mean_abs"] == pytest.approx(np.abs(longest.window("c", 2, 0, 900)).mean(), rel=1e-5)
    code, out, _ = cli("units", "mine", "--signal", "c")  # the last layer
    assert code == 0 and "c of layer 2 of mine over book [0 to 900), 900 values of each of 8 units" in out


def test_what_is_kept_with_the_run_answers_where_no_recording_is(cli: Verb, run: Run) -> None:
    recording = record(run, corpus_text(run, "", 0, 400), RecordQuery(("h",), (1,)))
    told = document(cli("units", "mine", "--layer", "1", "--with-run", "--json"))
    assert (run.folder / "results" / "distributions" / "h-1.safetensors.xz").is_file()
    remove_recording(recording.fingerprint)
    assert document(cli("units", "mine", "--layer", "1", "--json")) == told
    DISTRIBUTIONS.keep(distributions(recording, DistributionQuery("h", 1)), run)
    assert units_document(distributions(recording, DistributionQuery("h", 1))) == told


def test_units_are_told_with_what_they_follow_where_that_is_at_hand(cli: Verb, run: Run) -> None:
    recording = record(run, corpus_text(run, "", 0, 900), RecordQuery(("h",), (2,)))
    before = document(cli("units", "mine", "--json"))
    assert before["labels"] is None and {row["label"] for row in before["units"]} == {None}
    query = LabelQuery("h", 2)
    rows = [
        UnitLabel(
            unit, "inside brackets" if unit == 5 else "", "inside brackets", "AUROC", 1, 0.9, 0.01, 5, 50, "", "", None,
            0.5, 0.1, 0.01, LEARNED,
        )
        for unit in range(8)
    ]  # fmt: skip
    spec = recording.spec
    made = Labels(
        "mine", spec.weights, spec.text, spec.text_fingerprint, (0, 400), "all", query, "twin", tuple(rows), ()
    )
    labels.LABELS.keep(made, run)  # of another part of the text
    told = document(cli("units", "mine", "--json"))
    assert told["labels"] == {"text": spec.text, "span": [0, 400]}
    found = {row["unit"]: (row["label"], row["score"], row["learned"]) for row in told["units"]}
    assert found[5] == ("inside brackets", 0.9, "learned") and found[4] == ("", 0.9, "")
    assert "inside brackets  0.900  learned" in cli("units", "mine")[1]
    labels.LABELS.keep(replace(made, span=spec.span, units=tuple(replace(row, label="") for row in rows)))
    assert document(cli("units", "mine", "--json"))["labels"]["span"] == [0, 900]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("--layer", "3"), "2 layers, not layer 3"),
        (("--layer", "-1"), "2 layers, not layer -1"),
        (("--signal", "z"), "there is no 'z'"),
        (("--signal", "o"), "make one with `python -m lstm_core record mine --signals o`"),
    ],
)
def test_mistakes_name_the_remedy(cli: Verb, run: Run, asked: tuple[str, ...], says: str) -> None:
    code, out, err = cli("units", "mine", *asked)
    assert (code, out) == (2, "") and says in err
