"""The verbs study, with what it says of holding up, and periods: as the core finds it, beside the untrained twin."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lstm_core.neurons.periods import PeriodsQuery, periods
from lstm_core.probes.active import OnQuery, on_sets
from lstm_core.probes.studies import read_study, study
from lstm_core.probes.verification import VerifyQuery, ahead, twin_query, verify
from lstm_core.recordings.record import RecordQuery, corpus_text, record
from lstm_core.recordings.recording import Recording, find_recordings
from lstm_core.runs.run import Run
from lstm_core.stats.linear_probe import probe
from lstm_core.storage.files import write_json
from lstm_core.text import corpus as corpora
from tests.commands.test_probes import Verb, stronger

FILE = """name = "house or river"
phrases = ["the house", "a river"]
null = ["when"]
[[positive]]
phrase = "house"
[[negative]]
phrase = "river"
"""


@pytest.fixture(autouse=True)
def few_deals(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control task is dealt out twice, not ten times: that takes most of the time."""
    monkeypatch.setitem(probe.__kwdefaults__, "deals", 2)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(FILE)
    return path


def recorded(small_run: Callable[..., Run], name: str, twin_of: str = "") -> Recording:
    run = small_run(name, corpora.read_corpus("book"), weights=stronger)
    if twin_of:
        write_json(run.folder / "config.json", {**run.config, "untrained_twin_of": twin_of})
    return record(Run(run.folder), corpus_text(run, "book", 0, 1500), RecordQuery(("h",)))


@pytest.fixture
def recording(small_run: Callable[..., Run], words: Callable[..., str], made_once: Callable[..., None]) -> Recording:
    def make() -> None:
        corpora.keep_text("book", words(400).encode())
        recorded(small_run, "mine")

    made_once("states of a book for its verbs", make)
    return Recording.open(find_recordings()[0])


def test_study_says_whether_it_holds_up(recording: Recording, cli: Verb, file: Path) -> None:
    code, out, _ = cli("study", "mine", str(file), "--json")
    assert code == 0
    told = json.loads(out)
    asked = read_study(file)
    found = verify(recording, VerifyQuery(asked, "h", (1, 2)))
    verified = told["verification"]
    assert found.reader is not None and found.reader.control is not None and found.apart is not None
    assert verified["reader"]["accuracy"] == pytest.approx(found.reader.accuracy)
    assert verified["reader"]["interval"] == pytest.approx(found.reader.interval)
    assert verified["reader"]["control"]["accuracy"] == pytest.approx(found.reader.control.accuracy)
    assert verified["reader"]["control"]["by"] == "the word before"
    assert verified["apart"]["chance"] == found.apart.chance and verified["confirmed"] == told["confirmed"]
    assert [one["word"] for one in verified["nothing"]] == ["when"]
    assert [(one["layer"], one["unit"]) for one in verified["units"]] == [(u.layer, u.unit) for u in found.followed]
    assert told["twin"] is None and verified["twin"] is None and verified["twin_command"] is None
    code, out, _ = cli("study", "mine", str(file))
    assert code == 0 and "a linear reader tells" in out and "no untrained twin read this text" in out
    code, out, _ = cli("study", "mine", str(file), "--no-verification", "--json")
    assert code == 0 and not {"verification", "twin"} & json.loads(out).keys()


@pytest.mark.slow
def test_the_untrained_twin_stands_beside(
    recording: Recording, small_run: Callable[..., Run], cli: Verb, file: Path
) -> None:
    run = small_run("mine-untrained", corpora.read_corpus("book"))
    write_json(run.folder / "config.json", {**run.config, "untrained_twin_of": "mine"})
    typed = json.loads(cli("study", "mine", str(file), "--json")[1])["verification"]["twin_command"]
    assert typed == "python -m lstm_core record mine-untrained --text book --start 0 --tokens 1500 --signals h --yes"
    assert cli(*typed.split()[3:])[0] == 0
    told = json.loads(cli("study", "mine", str(file), "--json")[1])
    other = next(one for one in opened(run.folder))
    asked, on = read_study(file), on_sets(other, OnQuery())
    alone = study(other, on, asked)
    assert told["twin"]["confirmed"] == len(alone.confirmed) and told["twin"]["matched"] == alone.matched
    found = verify(recording, VerifyQuery(asked, "h", (1, 2)))
    twin = verify(other, twin_query(found))
    lead = ahead(found, twin)
    assert twin.reader is not None and lead is not None
    assert told["verification"]["twin"]["reader"]["accuracy"] == pytest.approx(twin.reader.accuracy)
    assert told["verification"]["ahead_of_twin"]["chance"] == pytest.approx(lead[1])
    assert told["verification"]["twin_command"] is None
    out = cli("study", "mine", str(file))[1]
    assert "in the untrained twin" in out and "reader ahead of the twin's by" in out
    rhythm = json.loads(cli("periods", "mine", "--layer", "1", "--json")[1])
    assert rhythm["twin"]["run"] == "mine-untrained" and rhythm["twin"]["layer"] == 1


def opened(folder: Path) -> list[Recording]:
    from lstm_core.recordings.recording import opened_recordings

    return list(opened_recordings(Run(folder).fingerprint))


def test_periods_tells_those_of_a_layer(recording: Recording, cli: Verb) -> None:
    code, out, _ = cli("periods", "mine", "--layer", "1", "--json")
    assert code == 0
    told, found = json.loads(out), periods(recording, PeriodsQuery("h", 1))
    assert (told["steps"], told["periodic"], told["still"]) == (1500, len(found.periodic), found.still)
    assert told["rhythmic"] == len(found.rhythmic)
    shown = [(one["unit"], one["steps"], one["chance"], one["adjusted"]) for one in told["units"]]
    assert shown == [(one.unit, one.period.steps, one.period.chance, one.adjusted) for one in found.found]
    code, out, _ = cli("periods", "mine")
    assert code == 0 and "neurons of layer 2 (h) are periodic over 1,500 steps" in out
    code, _, error = cli("periods", "mine", "--steps", "100")
    assert code == 2 and "100 steps are too few" in error
    code, _, error = cli("periods", "mine", "--layer", "9")
    assert code == 2 and "layers count from 1" in error
