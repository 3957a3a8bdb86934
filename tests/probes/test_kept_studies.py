"""Figures of studies that are kept with a run: what the verb found, over seeds, and for a model that is not here."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from lstm_core.exchange.ship import ship_figures
from lstm_core.probes.active import OnQuery
from lstm_core.probes.kept_studies import STUDIES, identity, read_kept
from lstm_core.probes.studies import parse_study
from lstm_core.recordings.recording import Recording, find_recordings, remove_recording
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.stats.intervals import of_mean
from lstm_core.storage.files import read_json, write_json
from lstm_core.text import corpus as corpora
from pages.probes.study import OWN
from tests.commands.test_probes import Verb
from tests.commands.test_verification import FILE, recorded
from tests.opened_pages import nothing_shipped, opened, said, table_with  # noqa: F401 - a fixture used by being here

ASKED = FILE.replace('"the house", "a river"', '"house", "river"')


@pytest.fixture
def kept(
    small_run: Callable[..., Run], words: Callable[..., str], cli: Verb, home: Path, made_once: Callable[..., None]
) -> tuple[Recording, dict[str, Any], Run]:
    """A run and its twin with the figures of the study "house or river", and what the verb said of it."""
    told = home / "told.json"

    def make() -> None:
        corpora.keep_text("book", words(400).encode())
        recorded(small_run, "mine")
        recorded(small_run, "mine-untrained", "mine")
        path = home / "own.toml"
        path.write_text(ASKED)
        code, out, _ = cli("study", "mine", str(path), "--with-run", "--json")
        assert code == 0
        told.write_text(out)

    made_once("a study that is kept", make)
    run = open_run("mine")
    return Recording.open(find_recordings(run.fingerprint)[0]), json.loads(told.read_text()), run


def test_what_is_kept_is_what_the_verb_says(kept: tuple[Recording, dict[str, Any], Run]) -> None:
    recording, told, run = kept
    one = read_kept(run)["house or river"]
    assert (one.run, one.weights, one.units, one.text) == ("mine", run.fingerprint, 16, recording.title)
    assert one.on == OnQuery("h", (1, 2), "raw", 0.3) and one.asked == identity(replace(parse_study(ASKED), name="x"))
    assert (one.positives, one.negatives, one.phrases) == (told["positives"], told["negatives"], 2)
    verified = told["verification"]
    for network, counts, more in ((one.found, told, verified), (one.twin, told["twin"], verified["twin"])):
        assert network is not None
        assert network.matched == counts["matched"] and network.selective == counts["selective"]
        assert network.confirmed == counts["confirmed"] and network.three == counts["on_three_phrases"]
        assert dict(network.null) == counts["null"]
        assert network.by_chance.confirmed == counts["expected_by_chance"]["confirmed"]
        assert network.reader == pytest.approx(more["reader"]["accuracy"])
        assert network.places is not None and network.places.chance == more["apart"]["chance"]
        assert network.words is None and network.class_units is None


@pytest.mark.parametrize(
    "change", [{"weights": "of others"}, {"units": "many"}, {"found": None}, {"positives": 1e400}, {"on": 3}]
)
def test_what_is_damaged_or_of_other_weights_is_left_out(
    kept: tuple[Recording, dict[str, Any], Run], change: dict[str, Any]
) -> None:
    run = kept[2]
    (path,) = (run.results_folder / "studies").iterdir()
    assert path.name == "house-or-river.json"
    path.write_text(json.dumps({**read_json(path), **change}))
    assert read_kept(run) == {}


@pytest.mark.usefixtures("nothing_shipped")
def test_the_page_shows_seeds_together_also_of_models_that_are_not_here(
    kept: tuple[Recording, dict[str, Any], Run], tmp_path: Path
) -> None:
    _, _, run = kept
    one = read_kept(run)["house or river"]
    run.set_status("finished")
    (run.folder / "metrics.jsonl").write_text("{}\n")
    for seed, name, confirmed in ((2, "second", 3), (3, "third", 8), (3, "third-again", 9), (4, "shorter", 1)):
        folder = ship_figures(run, into=tmp_path / "shipped").folder.rename(run.folder.with_name(name))
        config = {**read_json(folder / "config.json"), "figures_of": name}
        config["training"] |= {"seed": seed, "epochs": 1 if name == "shorter" else config["training"]["epochs"]}
        write_json(folder / "config.json", config)
        found = replace(one.found, confirmed=confirmed)
        changed = replace(one, run=name, weights=name, found=found, phrases=0 if name == "shorter" else one.phrases)
        STUDIES.keep(changed, Run(folder))
    app = opened("probes", run="mine", probes_tab="A study", probes_study=OWN)
    app.text_area(key=f"probes-study-{OWN}").set_value(ASKED).run()
    assert not app.exception
    table = table_with(app, "confirmed, untrained")
    assert table["model"].tolist() == ["mine", "second", "third"]  # the other two are no seeds of it, or the same seed
    own = one.found.confirmed
    assert table["confirmed"].tolist() == [own, 3, 8]
    low, high = of_mean([own, 3, 8])
    told = f"{mean([own, 3, 8]):,.0f} (mean of 3 seeds, {max(0.0, low):,.0f} to {high:,.0f} at 95%) of 16 neurons tell"
    assert told in said(app)
    assert "before anything was learned" in said(app)
    remove_recording(kept[0].fingerprint)
    app = opened("probes", run="mine", probes_tab="A study")
    assert app.selectbox(key="probes-kept").value == "house or river" and told in said(app)
