"""States of models that are not here: what comes in is what was given, in bounded pieces; what does not fit is told."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_core.clusters.states import ClusterQuery, recording_for
from lstm_core.exchange import states as outside
from lstm_core.exchange.state_files import vocabulary_of
from lstm_core.exchange.states import Brought, OutsideText, States, bring_in
from lstm_core.neurons.distributions import DistributionQuery, distributions
from lstm_core.neurons.profile import NeuronQuery, profile
from lstm_core.probes.active import OnQuery, on_sets
from lstm_core.probes.match import MatchQuery, match
from lstm_core.recordings.annotations import Annotation, read_annotations
from lstm_core.recordings.find import longest, remove_run
from lstm_core.recordings.recording import Recording, find_recordings, recordings_folder, verify
from lstm_core.runs import store
from lstm_core.runs.card import card
from lstm_core.runs.store import list_runs, open_run
from lstm_core.text.corpus import texts_folder

pytestmark = pytest.mark.usefixtures("models")  # none ships

TEXT = "the river runs over the green house. " * 20
LENGTH, UNITS = len(TEXT), 5


def values(seed: int = 0, length: int = LENGTH, units: int = UNITS, dtype: Any = np.float32) -> np.ndarray:
    """Values (T, U) between -1 and 1."""
    return np.tanh(np.random.default_rng(seed).normal(size=(length, units))).astype(dtype)


def letters(text: str = TEXT) -> OutsideText:
    vocabulary = vocabulary_of(list(text))
    return OutsideText(vocabulary, vocabulary.ids(list(text)), "text.txt")


def brought(name: str = "theirs", **more: Any) -> Brought:
    return bring_in(name, [States("h", 1, values(1), "h1.npy"), States("h", 2, values(2), "h2.npy")], letters(), **more)


# What comes in --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [2**24, 2**13])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4"])
def test_a_recording_has_the_values_and_tokens_that_were_given(
    dtype: Any, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "STEP_BYTES", step)
    given = {("h", 1): values(1, dtype=dtype), ("c", 1): values(2, dtype=dtype) * np.array(300, dtype)}
    states = [States(*place, array, "array") for place, array in given.items()]
    recording = bring_in("theirs", states, letters()).recordings[0]
    found = recording.window("h", 1, 0, LENGTH)
    assert np.array_equal(found.T, given["h", 1].astype(np.float16))
    assert np.array_equal(recording.window("c", 1, 0, LENGTH).T, given["c", 1].astype(np.float32))
    assert np.array_equal(recording.unit("c", 1, 3), given["c", 1][:, 3].astype(np.float32))
    assert "".join(recording.text(0, LENGTH)) == TEXT
    assert recording.exactness["rounding"]["h-1"] == pytest.approx(
        np.abs(given["h", 1].astype(float) - given["h", 1].astype(np.float16)).max(), rel=1e-6
    )
    assert recording.whole and recording.brought_in and np.isnan(recording.probability).all()


def test_values_are_read_in_pieces_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "STEP_BYTES", 2**14)
    read: list[int] = []

    class Watched(np.ndarray):
        def __getitem__(self, where: Any) -> Any:
            found = super().__getitem__(where)
            read.append(found.nbytes)
            return found

    bring_in("theirs", [States("h", 1, values().view(Watched), "h.npy")], letters())
    assert sum(read) == 2 * LENGTH * UNITS * 4 and max(read) <= 2**14


def test_a_run_of_states_is_found_listed_and_says_what_it_is(cli: Any) -> None:
    made = brought()
    run = open_run("theirs")
    assert (run.status, run.has_weights, run.states_only, run.figures_only) == ("states only", False, True, False)
    assert run.fingerprint == made.run.fingerprint == made.recordings[0].spec.weights
    assert find_recordings(run.fingerprint) == [made.recordings[0].folder]
    run.verify()
    verify(recordings_folder() / made.recordings[0].fingerprint)
    assert "it cannot read another text, write, be trained or scored" in card(run) and "h2.npy" in card(run)
    code, out, _ = cli("runs", "--json")
    row = json.loads(out)[0]
    assert code == 0 and (row["name"], row["architecture"]) == ("theirs", "states 2 x 5")
    assert row["parameters"] is row["dropout"] is None
    assert "? parameters" in cli("runs")[1]


def test_analyses_take_it_like_any_other_recording() -> None:
    recording = brought().recordings[0]
    run = open_run("theirs")
    assert longest(run, ("h",)).fingerprint == recording.fingerprint
    on = on_sets(recording, OnQuery(threshold=0.2))
    both = np.concatenate([values(1), values(2)], axis=1).astype(np.float16) >= np.float32(0.2)
    assert np.array_equal(on.on(0, LENGTH), both)
    found = match(on, MatchQuery(4, 5))
    assert [(layer - 1) * UNITS + unit for layer, unit in found.units] == np.flatnonzero(both[4]).tolist() != []
    assert profile(recording, NeuronQuery("h", 2, 1)).highest == values(2)[:, 1].astype(np.float16).max()
    assert (texts_folder() / "theirs.txt").read_text() == TEXT
    query = ClusterQuery(min_cluster_size=5).of(run)
    assert recording_for(run, query).fingerprint == recording.fingerprint  # not read anew: it could not be


def test_signals_with_other_layers_or_units_become_recordings_of_their_own() -> None:
    shapes = {("h", 1): 5, ("c", 1): 5, ("h", 2): 5, ("c", 2): 5, ("h", 3): 4, ("o", 1): 5}
    states = [
        States(signal, layer, values(at, units=units), f"{signal}{layer}")
        for at, ((signal, layer), units) in enumerate(shapes.items())
    ]
    made = bring_in("theirs", states, letters())
    specs = {(one.spec.signals, one.spec.layers, one.spec.units) for one in made.recordings}
    assert specs == {(("h", "c"), (1, 2), 5), (("h",), (3,), 4), (("o",), (1,), 5)}
    assert len({one.title for one in made.recordings}) == 3
    for recording in made.recordings:
        for signal, layer in recording.signals:
            at = list(shapes).index((signal, layer))
            wanted = values(at, units=recording.spec.units).astype(np.float16 if signal != "c" else np.float32)
            assert np.array_equal(recording.window(signal, layer, 0, LENGTH).T, wanted)
    assert made.run.model_config.architecture == "states 3 x 5"


def test_values_beyond_the_bounds_of_their_signal_are_counted_between_their_own() -> None:
    wide = values() * 40
    made = bring_in("wide", [States("h", 1, wide, "wide.npy"), States("c", 1, wide, "wide.npy")], letters())
    recording = made.recordings[0]
    as_h, as_c = (profile(recording, NeuronQuery(signal, 1, 0)) for signal in ("h", "c"))
    assert as_h.edges == pytest.approx(as_c.edges, abs=0.02) and as_h.edges[-1] > 30 and as_h.outside < 10
    counted = distributions(recording, DistributionQuery("h", 1))
    assert counted.counts.sum() + counted.below.sum() + counted.above.sum() == wide.size
    assert counted.edges == pytest.approx(as_h.edges, abs=0.1)
    assert any("goes beyond -1 and 1" in note for note in made.notes)
    within = profile(brought().recordings[0], NeuronQuery("h", 1, 0))
    assert (within.edges[0], within.edges[-1]) == (-1, 1)


def test_annotations_are_kept_with_the_recording_and_listed_with_their_hash() -> None:
    tags = Annotation("tag", np.arange(LENGTH, dtype=np.int32) % 3, ("a b", "c", "d"))
    mood = Annotation("__metadata__", np.linspace(0, 1, LENGTH, dtype=np.float32))
    folder = brought(annotations=(tags, mood)).recordings[0].folder
    assert folder is not None
    found = read_annotations(folder)
    assert [(one.name, one.labels) for one in found] == [("tag", tags.labels), ("__metadata__", ())]
    assert all(np.array_equal(one.values, given.values) for one, given in zip(found, (tags, mood), strict=True))
    assert (found[0].label(3), found[1].label(LENGTH - 1)) == ("a b", "1")
    path = folder / "annotations.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with pytest.raises(ValueError, match="does not match its sha256"):
        verify(folder)
    with pytest.raises(ValueError, match="annotates 3 tokens, the text has 740"):
        brought("other", annotations=(Annotation("tag", np.zeros(3, np.int32), ("a",)),))


def test_the_same_states_under_two_names_share_a_recording_and_it_goes_with_the_last() -> None:
    first, second = brought("first"), brought("second")
    assert first.recordings[0].folder == second.recordings[0].folder
    remove_run("first")
    assert Recording.open(recordings_folder() / second.recordings[0].fingerprint).whole
    assert remove_run("second") > 0 and not find_recordings()


# What does not fit ----------------------------------------------------------------------------------------------------


def spoiled(at: tuple[int, int], value: float, dtype: Any = np.float32) -> np.ndarray:
    array = values(dtype=dtype)
    array[at] = value
    return array


@pytest.mark.parametrize(
    ("states", "says"),
    [
        ([], "no states are named"),
        ([States("h", 1, values().T, "t.npy")], r"t\.npy is \(5, 740\), units by tokens; expected is .* array\.T"),
        ([States("h", 1, values(length=9), "s.npy")], r"s\.npy is \(9, 5\), expected is \(740 tokens, units\): text"),
        ([States("h", 1, values()[None], "b.npy")], r"b\.npy is \(1, 740, 5\), expected is a table"),
        ([States("h", 1, values()[:, 0], "v.npy")], r"v\.npy is \(740,\), expected is a table"),
        ([States("h", 1, values()[:, :0], "n.npy")], r"n\.npy is \(740, 0\), expected"),
        ([States("h", 1, np.ones((LENGTH, 2), int), "i.npy")], r"i\.npy holds int64, expected are float16"),
        ([States("h", 0, values(), "z.npy")], "layers count from 1"),
        ([States("x", 1, values(), "x.npy")], "signal 'x' is unknown: choose one of h"),
        ([States("h", 1, values(), "a"), States("h", 1, values(), "b")], "b is a second array of h of layer 1"),
        ([States("c", 1, values(), "a"), States("z", 1, values(), "b")], "no cell has the signals c, z together"),
        ([States("h", 1, spoiled((700, 3), np.nan), "q.npy")], r"q\.npy: the value of unit 3 at token 700 is nan"),
        ([States("c", 1, spoiled((2, 4), -np.inf), "q.npy")], r"q\.npy: the value of unit 4 at token 2 is -inf"),
        ([States("h", 1, spoiled((9, 1), 7e4), "q.npy")], r"unit 1 at token 9 is 70000, beyond the 65,504 .* signal c"),
        ([States("c", 1, spoiled((9, 1), 1e39, float), "q.npy")], "holds values beyond float32"),
    ],
)  # fmt: skip
def test_states_that_do_not_fit_are_told_and_nothing_is_left(states: list[States], says: str, home: Path) -> None:
    with pytest.raises(ValueError, match=says):
        bring_in("theirs", states, letters())
    assert not list_runs() and not [path for path in home.rglob("*") if path.is_file()]


def test_values_up_to_the_largest_of_float16_are_kept() -> None:
    recording = bring_in("theirs", [States("h", 1, spoiled((9, 1), -65504), "h.npy")], letters()).recordings[0]
    assert recording.unit("h", 1, 1)[9] == -65504


def test_a_failure_at_the_end_leaves_nothing(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    def full(run: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "write_card", full)
    with pytest.raises(ValueError, match=r"cannot write to .*theirs: No space left on device"):
        brought()
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_names_that_are_taken_are_refused(home: Path) -> None:
    brought()
    with pytest.raises(ValueError, match="a run named theirs is there already"):
        brought()
    (texts_folder() / "mine.txt").write_text("another text")
    for name in ("mine", "brown"):
        with pytest.raises(ValueError, match=f"there is another text named {name}"):
            brought(name)
    with pytest.raises(ValueError, match="is not usable"):
        brought("../theirs")


@pytest.mark.parametrize(
    "typed",
    [
        ("evaluate", "theirs"),
        ("record", "theirs", "--yes"),
        ("record", "theirs", "--text", "theirs", "--yes"),
        ("generate", "theirs"),
        ("train", "theirs"),
        ("train", "theirs", "--epochs", "5"),
        ("export", "theirs", "theirs.pt"),
        ("embed", "theirs"),
    ],
    ids=" ".join,
)
def test_verbs_that_need_weights_say_that_it_has_none(
    typed: tuple[str, ...], cli: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    bring_in("theirs", [States("c", 1, values(), "c.npy")], letters())
    code, out, err = cli(*typed)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith("lstm_core: theirs has no weights: only its states were brought in")
    assert not list(recordings_folder().glob(".*/"))
