"""The verb `chunks`: its figures are those of the core; what is not recorded yet is recorded."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_core.claims.labels import chunk_claim
from lstm_core.neurons.chunk_tuning import TunedQuery, tuned_units
from lstm_core.neurons.tuning import TuningQuery, tuning
from lstm_core.recordings.record import RecordQuery, corpus_text, record
from lstm_core.recordings.recording import find_recordings
from lstm_core.recordings.tags import chunks_by_rules, gold_recording, tags_of
from lstm_core.runs.run import Run
from lstm_core.text.corpus import corpus_of, keep_text
from tests.commands.test_probes import stronger
from tests.text.test_chunks import keep_conll

Verb = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(small_run: Callable[..., Run], words: Callable[..., str], tmp_path: Path) -> Run:
    keep_text("book", words(3000).encode())
    return small_run("mine", corpus_of(words(3000), "book", "word"), weights=stronger)


@pytest.fixture
def conll(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentences of a noun phrase and a verb phrase, some with a preposition and one more noun phrase."""
    draw = np.random.default_rng(0)
    parts = []
    for _ in range(300):
        noun, verb = draw.choice(["house", "river"]), draw.choice(["runs", "said"])
        lines = ["the DT B-NP", f"{noun} NN I-NP", f"{verb} VBD B-VP"]
        lines += ["over IN B-PP", "a DT B-NP", "house NN I-NP"] if draw.random() < 0.5 else []
        parts.append("\n".join([*lines, ". . O\n"]))
    keep_conll(tmp_path / "data", "\n".join(parts), "\n".join(parts[:9]))
    monkeypatch.setenv("LSTM_DATA", str(tmp_path / "data"))


def test_gold_chunks_are_read_recorded_and_told(run: Run, conll: None, cli: Verb) -> None:
    code, out, _ = cli("chunks", "mine", "--text", "conll2000", "--layer", "1", "--json")
    assert code == 0
    told: dict[str, Any] = json.loads(out)
    recording, gold = gold_recording(run)
    assert len(find_recordings(run.fingerprint)) == 1
    found = tuned_units(recording, gold.chunked, TunedQuery(layer=1))
    rows = [{name: one[name] for name in asdict(found.units[0])} for one in told["units"]]
    assert rows == [asdict(one) for one in found.units]
    assert (told["words"], told["unknown_words"], told["unread_marks"]) == (len(gold.chunked), 0, 0)
    assert told["chunks"] == gold.chunked.counts() and told["coding"] == len(found.coding) > 0
    assert told["twin"] is None and told["by_chance"]["coding"] == found.coding_by_chance
    code, out, _ = cli("chunks", "mine", "--text", "conll2000", "--layer", "1")
    assert code == 0 and f"{len(found.coding)} of 8 neurons follow a kind of chunk" in out
    assert "0.0% of the words are not in the run's vocabulary" in out


def test_the_curve_of_a_unit_over_what_the_run_has_read(run: Run, cli: Verb, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LSTM_DATA", raising=False)
    code, _, err = cli("chunks", "mine")
    assert code == 2 and "no recording of h at all positions" in err
    recording = record(run, corpus_text(run, "book", 0, 1500), RecordQuery(("h",)))
    code, out, _ = cli("chunks", "mine", "--unit", "3", "--json")
    assert code == 0
    told = json.loads(out)
    chunked = chunks_by_rules(recording, tags_of(recording))
    found = tuning(recording, chunked, TuningQuery(layer=2, unit=3))
    assert told["distances"] == list(range(-5, 11)) and told["usual"] == found.usual
    assert [one["kind"] for one in told["curves"]] == [one.kind for one in found.curves]
    assert told["curves"][0]["begin"] == found.curves[0].begin.tolist()
    assert told["tuned"]["unit"] == 3 and told["rules"] is None  # the corpus that they are compared with is missing
    code, out, _ = cli("chunks", "mine", "--unit", "3")
    assert code == 0 and "mean value by words from the beginning of a chunk" in out


def test_the_twin_reads_the_same_text_and_stands_beside(
    run: Run, small_run: Callable[..., Run], words: Callable[..., str], cli: Verb, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = small_run("mine-untrained", corpus_of(words(3000), "book", "word"), weights=True)
    monkeypatch.setattr(Run, "untrained_twin_of", property(lambda one: "mine" if one.name == twin.name else ""))
    record(run, corpus_text(run, "book", 0, 1500), RecordQuery(("h",)))
    code, out, _ = cli("chunks", "mine", "--json")
    assert code == 0 and len(find_recordings(twin.fingerprint)) == 1
    told = json.loads(out)
    assert told["twin"]["run"] == "mine-untrained" and told["units"][0]["control"] is not None
    assert told["claim"]["id"] == "A5" and isinstance(told["claim"]["holds"], bool)
    assert "untrained twin: " in cli("chunks", "mine")[1]


def test_another_text_is_refused(run: Run, cli: Verb) -> None:
    code, out, err = cli("chunks", "mine", "--text", "elsewhere")
    assert (code, out) == (2, "") and "choose conll2000 or own" in err


def test_the_claim_has_a_verdict_for_the_second_layer_beside_a_twin_alone(run: Run) -> None:
    assert chunk_claim(None).holds is None
    recording = record(run, corpus_text(run, "book", 0, 1500), RecordQuery(("h",)))
    chunked = chunks_by_rules(recording, tags_of(recording))
    one, other = (tuned_units(recording, chunked, TunedQuery(layer=layer), twin=recording) for layer in (1, 2))
    assert chunk_claim(one).holds is None and chunk_claim(other).holds is False
    assert chunk_claim(tuned_units(recording, chunked, TunedQuery(layer=2))).holds is None
