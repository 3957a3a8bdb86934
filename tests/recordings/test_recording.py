"""A recording on disk: opened whole or not at all, checked by size and hash, removed by key."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_core.recordings import recording
from lstm_core.recordings.find import recordings_of, remove_run
from lstm_core.recordings.record import RecordQuery, Text, record
from lstm_core.recordings.recording import (
    MANIFEST,
    Recording,
    counted,
    find_recordings,
    kept_recordings,
    recordings_folder,
    remove_recording,
    verify,
)
from lstm_core.runs.store import open_run
from lstm_core.storage import files

pytestmark = pytest.mark.numeric

Make = Callable[..., Any]


@pytest.fixture
def made(small_run: Make, corpus: Any) -> Recording:
    """A recording of 500 tokens with all signals of two layers."""
    run = small_run(weights=True)
    return record(run, Text("small", corpus.ids[100:600], corpus.fingerprint, (100, 600)))


def rewrite_manifest(folder: Path, **changes: Any) -> None:
    files.write_json(folder / MANIFEST, {**files.read_json(folder / MANIFEST), **changes})


# Reading --------------------------------------------------------------------------------------------------------------


def test_an_opened_recording_is_mapped_from_disk_and_says_what_it_is(made: Recording, corpus: Any) -> None:
    found = Recording.open(made.folder)
    assert all(isinstance(values.tiles, np.memmap) and values.shape == (8, 500) for values in found.signals.values())
    assert found.spec == made.spec
    assert found.fingerprint == made.folder.name == found.spec.key
    assert found.names == ("h", "c", "i", "f", "g", "o")
    assert found.title == "small [100 to 600)"
    assert found.bytes == sum(path.stat().st_size for path in made.folder.iterdir())
    assert "".join(found.text(0, 500)) == corpus.vocabulary.decode(corpus.ids[100:600])
    assert found.text(-5, 3) == found.text(0, 3)
    assert found.text(498, 600) == found.text(498, 500)


def test_units_and_windows_are_slices_of_a_signal(made: Recording) -> None:
    values = np.asarray(made.signal("o", 2), dtype=np.float32)
    np.testing.assert_array_equal(made.unit("o", 2, 7), values[7])
    np.testing.assert_array_equal(made.window("o", 2, 10, 20), values[:, 10:20])
    assert made.unit("c", 1, 0).dtype == made.window("h", 1, 0, 0).dtype == np.float32


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda r: r.signal("z", 1), r"signals h, c, i, f, g, o of layers 1, 2, not z of layer 1"),
        (lambda r: r.signal("h", 3), r"not h of layer 3 \(layers count from 1\)"),
        (lambda r: r.signal("h", 0), r"not h of layer 0"),
        (lambda r: r.unit("h", 1, 8), "unit 8 is not in 0 to 7"),
        (lambda r: r.unit("h", 1, -1), "unit -1 is not in 0 to 7"),
        (lambda r: r.window("h", 1, 0, 501), r"window \[0, 501\) is not within the 500 kept positions"),
        (lambda r: r.window("h", 1, -1, 5), r"window \[-1, 5\)"),
        (lambda r: r.window("h", 1, 6, 5), r"window \[6, 5\)"),
    ],
)
def test_fault_29_what_is_not_recorded_is_refused_with_both_sides(made: Recording, act: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        act(made)


# Damage ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["h-1.npy", "c-2.npy", "tokens.npy", "probability.npy", "vocabulary.json"])
def test_fault_08_one_flipped_bit_is_found_by_its_hash(made: Recording, name: str) -> None:
    verify(made.folder)
    path = made.folder / name
    content = bytearray(path.read_bytes())
    content[-1] ^= 4
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"{name} does not match its sha256"):
        verify(made.folder)


def test_fault_08_opening_looks_for_flipped_bits_in_the_background(
    made: Recording, wait_for: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made.folder / "h-1.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 4
    (path.parent / "changed").write_bytes(content)
    (path.parent / "changed").replace(path)  # the check that began with the recording may be reading it now
    monkeypatch.setattr(recording, "_checked", set())  # as in a new process
    Recording.open(made.folder)
    wait_for(lambda: made.folder in recording.damaged, what="the background check")
    assert "h-1.npy does not match its sha256" in recording.damaged[made.folder]


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
@pytest.mark.parametrize("name", ["h-1.npy", "tokens.npy", "vocabulary.json"])
def test_fault_07_a_cut_file_is_refused_by_name_when_opened(made: Recording, name: str, share: float) -> None:
    content = (made.folder / name).read_bytes()
    (made.folder / name).write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ValueError, match=rf"{name} has \d+ bytes, its manifest says {len(content)}"):
        Recording.open(made.folder)


def test_fault_13_a_half_built_recording_is_no_recording(made: Recording) -> None:
    half = made.folder.parent / "half"
    shutil.copytree(made.folder, half)
    (half / MANIFEST).unlink()
    with pytest.raises(ValueError, match="half is not a complete recording"):
        Recording.open(half)
    assert find_recordings() == [made.folder]


def test_a_build_that_was_killed_before_its_rename_is_not_listed(made: Recording) -> None:
    made.folder.rename(made.folder.parent / f".{made.folder.name}.abc")
    assert find_recordings() == []


def test_fault_09_a_hostile_object_array_is_never_run(made: Recording, tmp_path: Path) -> None:
    target = tmp_path / "was-here"

    class Bomb:
        def __reduce__(self) -> Any:
            return Path.touch, (target,)

    np.save(made.folder / "h-1.npy", np.array([Bomb()], dtype=object), allow_pickle=True)
    manifest = files.read_json(made.folder / MANIFEST)
    rewrite_manifest(made.folder, files=files.inventory(made.folder, list(manifest["files"])))
    with pytest.raises(ValueError, match=r"h-1\.npy is not a whole array"):
        Recording.open(made.folder)
    assert not target.exists()


@pytest.mark.parametrize(
    ("name", "array"),
    [("h-1.npy", np.zeros((8, 499), np.float16)), ("h-1.npy", np.zeros((7, 500), np.float16)),
     ("h-1.npy", np.zeros(4000, np.float16)), ("probability.npy", np.zeros(499, np.float32)),
     ("tokens.npy", np.full(500, 10**6, np.int32))],
)  # fmt: skip
def test_fault_11_arrays_of_another_shape_are_refused_with_both_shapes(
    made: Recording, name: str, array: np.ndarray
) -> None:
    np.save(made.folder / name, array)
    manifest = files.read_json(made.folder / MANIFEST)
    rewrite_manifest(made.folder, files=files.inventory(made.folder, list(manifest["files"])))
    with pytest.raises(ValueError, match=name.split(".")[0]):
        Recording.open(made.folder)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"schema": 2}', '{"schema": 1}', '{"schema": 1, "spec": {}, "files": {}}', "5"]
)
def test_fault_30_a_manifest_that_is_cut_or_of_another_schema_is_refused(made: Recording, content: str) -> None:
    (made.folder / MANIFEST).write_text(content)
    with pytest.raises(ValueError, match=rf"{made.folder.name}"):
        Recording.open(made.folder)
    assert find_recordings() == []


def test_fault_20_a_manifest_cannot_name_files_elsewhere(made: Recording, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    listed = {"../../../secret": {"bytes": 1, "sha256": files.sha256_of(tmp_path / "secret")}}
    rewrite_manifest(made.folder, files=listed)
    with pytest.raises(ValueError, match="is missing: the folder is not complete"):
        Recording.open(made.folder)


def test_fault_12_a_recording_replaced_while_open_leaves_the_old_view(made: Recording) -> None:
    opened = Recording.open(made.folder)
    before = {key: np.array(values) for key, values in opened.signals.items()}
    other = made.folder.parent / "other"
    shutil.copytree(made.folder, other)
    np.save(other / "h-1.npy", np.zeros((8, 500), np.float16))
    shutil.rmtree(made.folder)
    other.rename(made.folder)
    for key, values in opened.signals.items():
        np.testing.assert_array_equal(values, before[key])


# Finding and removing -------------------------------------------------------------------------------------------------


def test_recordings_are_found_by_weights_newest_first(small_run: Make, corpus: Any, made: Recording) -> None:
    text = Text("small", corpus.ids[:200], corpus.fingerprint, (0, 200))
    other = record(small_run("other", hidden=9, weights=True), text)
    again = record(small_run("third", weights=True), text, RecordQuery(positions="whitespace"))
    for age, one in enumerate((again, made, other)):
        os.utime(one.folder / MANIFEST, (10**9 - age, 10**9 - age))
    assert find_recordings() == [again.folder, made.folder, other.folder]
    assert find_recordings(made.spec.weights) == [again.folder, made.folder]  # the same seed, the same weights
    assert find_recordings("none") == []


def test_removing_a_recording_frees_what_it_took(made: Recording) -> None:
    size = made.bytes
    assert remove_recording(made.fingerprint) == size
    assert find_recordings() == []


@pytest.mark.parametrize("key", ["..", ".", "", "../runs", "/tmp", "a/b", "unknown", "x" * 1000, "a\0b"])
def test_fault_20_only_recordings_are_removed(made: Recording, key: str) -> None:
    with pytest.raises(ValueError, match="no recording"):
        remove_recording(key)
    assert recordings_folder().is_dir()
    assert made.folder.is_dir()


# What is kept, and what goes with a run -------------------------------------------------------------------------------


def test_all_that_takes_space_is_listed_newest_first_whole_or_not(
    made: Recording, small_run: Make, corpus: Any
) -> None:
    text = Text("small", corpus.ids[:200], corpus.fingerprint, (0, 200))
    other = record(open_run("small"), text, RecordQuery(positions="whitespace"))
    os.utime(made.folder, (10**9, 10**9))
    (recordings_folder() / ".beingmade").mkdir()
    newer, older = kept_recordings()
    assert (newer.key, newer.spec, newer.bytes, newer.problem) == (other.fingerprint, other.spec, other.bytes, "")
    assert (older.key, older.spec, older.bytes, older.problem) == (made.fingerprint, made.spec, made.bytes, "")
    assert counted([newer]) == f"1 recording ({other.bytes / 2**20:.1f} MiB)"
    assert counted([newer, older]) == f"2 recordings ({(other.bytes + made.bytes) / 2**20:.1f} MiB)"


@pytest.mark.parametrize(
    ("damage", "says", "readable"),
    [
        (lambda folder: (folder / MANIFEST).unlink(), f"{MANIFEST} is missing", False),
        (lambda folder: (folder / MANIFEST).write_text("{"), "is damaged", False),
        (lambda folder: (folder / MANIFEST).write_text("[]"), "does not say what is recorded", False),
        (lambda folder: rewrite_manifest(folder, schema=1), "is of schema 1, this program reads schema 2", True),
        (lambda folder: rewrite_manifest(folder, files={"h-1.npy": 5}), "does not say what is recorded", True),
        (lambda folder: (folder / "h-1.npy").unlink(), "h-1.npy is missing", True),
    ],
)
def test_fault_30_a_recording_that_cannot_be_opened_is_listed_with_the_reason(
    made: Recording, damage: Callable[[Path], Any], says: str, readable: bool
) -> None:
    damage(made.folder)
    (kept,) = kept_recordings()
    assert says in kept.problem
    assert (kept.spec == made.spec) == readable
    assert kept.bytes == made.bytes
    assert remove_recording(kept.key) == kept.bytes


@pytest.mark.parametrize(
    "changes", [{"span": [1, 2, 3]}, {"span": ["a", 2]}, {"run": 5}, {"signals": [1]}, {"layers": ["x"]}]
)
def test_a_spec_of_other_kinds_is_refused(made: Recording, changes: dict[str, Any]) -> None:
    rewrite_manifest(made.folder, spec={**files.read_json(made.folder / MANIFEST)["spec"], **changes})
    with pytest.raises(ValueError, match="does not say what is recorded"):
        Recording.open(made.folder)
    assert kept_recordings()[0].spec is None


def test_a_run_goes_with_the_recordings_that_nothing_else_shows(small_run: Make, corpus: Any, made: Recording) -> None:
    text = Text("small", corpus.ids[:200], corpus.fingerprint, (0, 200))
    run, equal = open_run("small"), small_run("equal", weights=True)
    other = record(small_run("other", weights=True, training={"seed": 2}), text)
    assert recordings_of(run) == recordings_of(equal) == []  # two runs have these weights
    remove_run("equal")
    assert find_recordings(made.spec.weights) == [made.folder]
    run.save_weights({name: -value.detach().numpy() for name, value in run.load_model().named_parameters()})
    now = record(run, text)  # the one before was made with weights that are no more
    assert {kept.key for kept in recordings_of(run)} == {made.fingerprint, now.fingerprint}
    size = files.size_of(run.folder) + made.bytes + now.bytes
    assert remove_run("small") == size
    assert find_recordings() == [other.folder]


def test_recordings_of_a_shipped_run_stay_when_a_person_s_run_of_its_name_goes(
    small_run: Make, made: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstm_core.storage.files.SHIPPED", tmp_path / "models")
    shutil.copytree(open_run("small").folder, tmp_path / "models" / "small")
    run = open_run("small")
    run.save_weights({name: -value.detach().numpy() for name, value in run.load_model().named_parameters()})
    assert recordings_of(run) == []
    remove_run("small")
    assert open_run("small").shipped
    assert find_recordings() == [made.folder]


@pytest.mark.parametrize("without_weights", [False, True])
def test_a_damaged_run_can_be_removed_with_its_recordings(made: Recording, without_weights: bool) -> None:
    run = open_run("small")
    (run.folder / "config.json").write_text("{")
    if without_weights:
        (run.folder / "weights.safetensors").unlink()
    remove_run("small")
    assert not run.folder.exists()
    assert find_recordings() == []


# The verb -------------------------------------------------------------------------------------------------------------


def test_recordings_are_listed_and_removed_by_a_verb(cli: Make, made: Recording, small_run: Make) -> None:
    (row,) = json.loads(cli("recordings", "--json")[1])
    assert row.items() >= json.loads(json.dumps(asdict(made.spec))).items()
    assert (row["key"], row["bytes"], row["problem"]) == (made.fingerprint, made.bytes, "")
    assert row["shown_with"] == ["small"]
    code, out, _ = cli("recordings")
    assert code == 0
    for part in (made.fingerprint, f"{made.bytes / 2**20:,.1f} MiB", "small [100 to 600)", "h,c,i,f,g,o of layers 1,2",
                 counted(kept_recordings())):  # fmt: skip
        assert part in out
    assert "no run has these weights" not in out
    small_run("equal", weights=True)
    shutil.rmtree(open_run("small").folder)
    assert json.loads(cli("recordings", "--json")[1])[0]["shown_with"] == ["equal"]
    shutil.rmtree(open_run("equal").folder)
    assert "no run has these weights any more" in cli("recordings")[1]
    rewrite_manifest(made.folder, schema=1)
    assert "cannot be opened" in cli("recordings")[1]
    code, out, _ = cli("recordings", "--remove", made.fingerprint, "--json")
    assert (code, json.loads(out)) == (0, {"removed": made.fingerprint, "bytes": row["bytes"]})
    assert cli("recordings", "--json")[1] == "[]\n"
    assert "no recordings yet" in cli("recordings")[1]
    code, _, err = cli("recordings", "--remove", made.fingerprint)
    assert (code, "lists those there are" in err) == (2, True)


def test_removing_a_run_says_which_recordings_went_with_it(cli: Make, made: Recording) -> None:
    folder = open_run("small").folder
    said = counted(recordings_of(open_run("small")))
    size = files.size_of(folder) + made.bytes
    code, out, _ = cli("remove", "small", "--yes")
    assert (code, out) == (0, f"removed small and {said}, freed {size / 2**20:,.1f} MiB\n")
    assert not folder.exists()
    assert find_recordings() == []
