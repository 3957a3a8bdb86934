"""The verbs `match` and `similar-units` on a small run, against the recording itself."""

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lstm_core.recordings.record import RecordQuery, corpus_text, record
from lstm_core.recordings.recording import Recording, find_recordings
from lstm_core.runs.run import Run
from lstm_core.text import corpus as corpora

Verb = Callable[..., tuple[int, str, str]]


def stronger(model: Any) -> None:
    """Makes units that go on and off."""
    for values in model.parameters():
        values.mul_(4)


@pytest.fixture
def recording(small_run: Callable[..., Run], words: Callable[..., str], made_once: Callable[..., None]) -> Recording:
    def make() -> None:
        corpora.keep_text("book", words(400).encode())
        run = small_run("mine", corpora.read_corpus("book"), weights=stronger)
        for count in (300, 900):
            record(run, corpus_text(run, "book", 0, count), RecordQuery(("h",)))

    made_once("two recordings of a book", make)
    return max(map(Recording.open, find_recordings()), key=lambda one: len(one.tokens))


def on_of(recording: Recording, threshold: float) -> np.ndarray:
    """(T, U)"""
    values = [recording.window("h", layer, 0, len(recording.tokens)) for layer in recording.spec.layers]
    return threshold <= np.concatenate(values).T


def test_match_tells_units_and_places_of_the_longest_recording(recording: Recording, cli: Verb) -> None:
    text = "".join(recording.text(0, 900))
    second = text.index("river", text.index("river") + 5)
    words = ("match", "mine", "--phrase", "river", "--occurrence", "2", "--threshold", "0.02", "--count", "7")
    code, out, _ = cli(*words, "--json")
    assert code == 0
    told: dict[str, Any] = json.loads(out)
    assert {"units", "matches", "seconds"} <= told.keys()
    on = on_of(recording, 0.02)
    expected = np.flatnonzero(on[second : second + 5].all(axis=0))
    assert told["span"] == [second, second + 5] and told["occurrences"] == text.count("river")
    assert [(layer - 1) * 8 + unit for layer, unit in told["units"]] == expected.tolist() != []
    assert len(told["matches"]) == 7 and told["seconds"] >= 0
    for one in told["matches"]:
        here = np.flatnonzero(on[one["start"] : one["stop"]].all(axis=0))
        assert one["shared"] == len(np.intersect1d(here, expected))
        assert one["either"] == len(np.union1d(here, expected))
        assert one["text"][1] == text[one["start"] : one["stop"]]
    code, out, _ = cli(*words)
    assert code == 0 and "neurons are on through 'river', occurrence 2" in out and len(out.splitlines()) == 9


def test_similar_units_tells_shares_of_the_text(recording: Recording, cli: Verb) -> None:
    words = ("similar-units", "mine", "--layer", "1", "--unit", "3", "--threshold", "0", "--count", "4")
    code, out, _ = cli(*words, "--json")
    assert code == 0
    told = json.loads(out)
    on = on_of(recording, 0)
    assert (told["on"], told["steps"]) == (on[:, 3].sum(), 900)
    index = [(on[:, 3] & on[:, u]).sum() / (on[:, 3] | on[:, u]).sum() if u != 3 else -1.0 for u in range(16)]
    assert [one["jaccard"] for one in told["units"]] == pytest.approx(sorted(index, reverse=True)[:4])
    code, out, _ = cli(*words)
    assert code == 0 and out.startswith("neuron 3 of layer 1 is on at")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("match", "mine", "--phrase", "xyzzy" * 9), "are not among the tokens|stands 0 times"),
        (("match", "mine", "--phrase", "river", "--occurrence", "9999"), "there is no 9999"),
        (("match", "mine", "--phrase", "river", "--layers", "a"), "are not numbers: give for example"),
        (("match", "mine", "--phrase", "river", "--signal", "o"), "no recording of o at all positions"),
        (("match", "mine", "--phrase", "river", "--rule", "loud"), "unknown: choose raw"),
        (("similar-units", "mine", "--unit", "99"), "neuron 99 of layer 2 is not among"),
    ],
)
def test_mistakes_become_one_line(recording: Recording, cli: Verb, typed: tuple[str, ...], said: str) -> None:
    code, _, told = cli(*typed)
    assert code == 2
    assert len([line for line in told.splitlines() if line.startswith("lstm_core:")]) == 1
    assert re.search(said, told)
