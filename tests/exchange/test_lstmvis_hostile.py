"""Projects of LSTMVis that nobody vouches for: nothing outside the folder is read, nothing is run, damage is told."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import yaml

from lstm_core.exchange import lstmvis, quarantine
from lstm_core.exchange.lstmvis import convert, import_project
from lstm_core.recordings.recording import recordings_folder
from lstm_core.runs.store import list_runs
from tests.lstmvis_projects import LENGTH, UNITS, config_of, numbers, project, states

pytestmark = pytest.mark.usefixtures("models")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(tmp_path / "parens")


def refused(folder: Path, says: str) -> None:
    """That a project is refused before anything of it is kept."""
    target = folder.parent / "converted"
    target.mkdir(exist_ok=True)
    with pytest.raises(ValueError, match=says) as error:
        convert(folder, target, {})
    assert "\n" not in str(error.value).strip()
    assert not (target / "project.json").exists()


def configured(folder: Path, **changes: Any) -> None:
    (folder / "lstm.yml").write_text(yaml.safe_dump(config_of(**changes)))


def replaced(folder: Path, make: Callable[[h5py.File], object]) -> None:
    """A states.h5 made otherwise."""
    with h5py.File(folder / "states.h5", "w") as file:
        make(file)


# Nothing outside, nothing run -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["../secret.h5", "/{parent}/secret.h5", "inside/../../secret.h5", "linked.h5"])
def test_fault_20_a_file_outside_the_folder_is_not_read(path: str, folder: Path) -> None:
    shutil.copyfile(folder / "states.h5", folder.parent / "secret.h5")
    (folder / "linked.h5").symlink_to(folder.parent / "secret.h5")
    files = {**config_of()["files"], "states": path.replace("{parent}", str(folder.parent)[1:])}
    configured(folder, files=files)
    refused(folder, "is not inside the project folder and is not read")


@pytest.mark.parametrize("which", ["word_sequence", "meta", "dictionary"])
def test_fault_20_so_of_every_other_file(which: str, folder: Path) -> None:
    name = "words" if which == "dictionary" else "train" if which == "word_sequence" else "pos"
    configured(folder, files={**config_of()["files"], name: "../elsewhere.h5"})
    refused(folder, "is not inside the project folder and is not read")


def linked(file: h5py.File) -> None:
    file["states1"] = h5py.ExternalLink("../secret.h5", "states1")


def soft(file: h5py.File) -> None:
    file["far"] = h5py.ExternalLink("../secret.h5", "/")
    file["states1"] = h5py.SoftLink("/far/states1")


def through_a_group(file: h5py.File) -> None:
    file["states1"] = h5py.ExternalLink("/dev/zero", "/")


def external(file: h5py.File) -> None:
    file.create_dataset("states1", (LENGTH, UNITS), "f4", external=[("../secret.bin", 0, LENGTH * UNITS * 4)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((LENGTH, UNITS), "f4")
    layout[:] = h5py.VirtualSource("../secret.h5", "states1", (LENGTH, UNITS))
    file.create_virtual_dataset("states1", layout)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (linked, "is a link that leads elsewhere and is not followed"),
        (soft, "is a link that leads elsewhere"),
        (through_a_group, "is a link that leads elsewhere"),
        (external, "lie in other files, which are not read"),
        (virtual, "lie in other files, which are not read"),
    ],
)
def test_fault_20_values_in_other_files_are_not_read(make: Any, says: str, folder: Path) -> None:
    shutil.copyfile(folder / "states.h5", folder.parent / "secret.h5")
    (folder.parent / "secret.bin").write_bytes(bytes(LENGTH * UNITS * 4))
    replaced(folder, make)
    refused(folder, says)


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.mkdir [touched]", "!!python/name:os.system", "!own {}"])
def test_fault_09_no_object_in_lstm_yml_is_made(tag: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    (folder / "lstm.yml").write_text(f"name: {tag}\n")
    refused(folder, "lstm.yml is not YAML that holds data alone")
    assert not Path("touched").exists()


# Damage ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0, 0.01, 0.3, 0.7, 0.95, 0.999])
@pytest.mark.parametrize("name", ["states.h5", "train.hdf5", "pos.h5"])
def test_a_cut_file_is_told_by_name(name: str, share: float, folder: Path) -> None:
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: int(len(whole) * share)])
    refused(folder, rf"{re.escape(name)} is cut, damaged or no HDF5 file")


def test_damage_inside_a_packed_table_is_told(folder: Path) -> None:
    replaced(folder, lambda file: file.create_dataset("states1", data=states(1), compression="gzip"))
    with h5py.File(folder / "states.h5") as file:
        begin = file["states1"].id.get_chunk_info(0).byte_offset
    content = bytearray((folder / "states.h5").read_bytes())
    content[begin + 4 : begin + 40] = bytes(36)
    (folder / "states.h5").write_bytes(content)
    refused(folder, r"states\.h5 is cut, damaged or no HDF5 file")


def huge(file: h5py.File) -> None:
    file.create_dataset("states1", (LENGTH, 2**40), "f4", chunks=(1, 2**10))


def half(file: h5py.File) -> None:
    table = file.create_dataset("states1", (LENGTH, UNITS), "f4", chunks=(10, UNITS))
    table[:30] = 1


def packed(file: h5py.File) -> None:
    table = file.create_dataset("states1", (LENGTH, 2**30), "f4", chunks=(1, 2**20), compression="gzip")
    table[0, :10] = 1


def lumped(file: h5py.File) -> None:
    file.create_dataset("states1", (LENGTH, 2**20), "f4", chunks=(LENGTH, 2**20), compression="gzip")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (huge, "claims more values than were written"),
        (half, "claims more values than were written"),
        (packed, "claims more values than were written"),
        (lumped, "is kept in chunks of more than 128 MiB"),
        (lambda file: file.create_group("states1"), "is no table"),
        (lambda file: file.create_dataset("other", data=states(1)), "has no table 'states1': it has 'other'"),
        (lambda file: file.create_dataset("states1", data=["a"] * 3, dtype=h5py.string_dtype()), "holds object"),
        (lambda file: file.create_dataset("states1", data=np.zeros(3, "V8")), r"holds \|V8"),
        (lambda file: file.create_dataset("states1", data=np.zeros((LENGTH, 2), "c8")), "holds complex64"),
        (lambda file: file.create_dataset("states1", data=h5py.Empty("f4")), "is empty"),
        (lambda file: file.create_dataset("states1", data=np.zeros((0, 4), "f4")), "is empty"),
        (lambda file: file.create_dataset("states1", data=states(1)[:9]), r"states1 of states.h5 is float32 \(9, 5\)"),
        (lambda file: file.create_dataset("states1", data=states(1)[:, 0]), r"float32 \(60,\), expected are floats"),
        (lambda file: file.create_dataset("states1", data=numbers()[:, None]), r"is int64 \(60, 1\)"),
        (lambda file: file.create_dataset("states1", data=states(1).astype(np.longdouble)), "holds float128"),
    ],
)
def test_a_table_that_does_not_fit_is_told(make: Any, says: str, folder: Path) -> None:
    replaced(folder, make)
    refused(folder, says)


def test_a_table_of_units_by_tokens_is_told_as_such(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lstmvis, "read_apart", lambda *words: convert(Path(words[1][0]), Path(words[1][1]), {}))
    replaced(folder, lambda file: file.create_dataset("states1", data=states(1).T))
    configured(folder, states={"file": "states", "types": [{"type": "state", "layer": 1, "path": "states1"}]})
    with pytest.raises(ValueError, match=r"states1 of states\.h5 is \(5, 60\), units by tokens; expected is tokens by"):
        import_project(folder, "parens")
    assert not list_runs() and not list(recordings_folder().iterdir())


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"files": None}, "has no section 'files'"),
        ({"word_sequence": []}, "has no section 'word_sequence'"),
        ({"word_sequence": {"file": "train", "path": "word_ids", "dict_file": "?"}}, "dict_file names the file '\\?'"),
        (
            {"word_sequence": {"file": "train", "path": "w", "dict_file": "words"}},
            "has no table 'w': it has 'word_ids'",
        ),
        ({"states": {"file": "states"}}, "states has no list of types"),
        ({"states": {"types": [{"type": "state", "path": "states1"}]}}, "states: file names the file 'None'"),
        ({"states": {"file": "states", "types": [{"type": "state", "layer": "x"}]}}, "'x' is no layer"),
        ({"states": {"file": "states", "types": [{"type": "state", "layer": -1}]}}, "'-1' is no layer"),
        ({"states": {"file": "states", "types": [{"type": "<b>"}]}}, "the type '<b>' is unknown"),
        ({"files": {**config_of()["files"], "states": "gone.h5"}}, "there is no file 'gone.h5'"),
        ({"meta": [1]}, "meta holds no names and values"),
        ({"meta": {"m": {"file": "pos", "path": "top"}}}, r"annotation 'm' is \(60, 3\), expected is one number"),
        ({"meta": {"m": {"file": "states", "path": "n"}}}, "has no table 'n'"),
        ({"workbench": {"written_as": {"the": 3}}}, "written_as gives 3 for a word".replace("3", "'3'")),
    ],
)
def test_a_config_that_lacks_something_says_what(changes: dict[str, Any], says: str, folder: Path) -> None:
    configured(folder, **changes)
    refused(folder, says)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "holds no names and values"),
        (b"- a", "holds no names and values"),
        (b"a: [", "is not YAML"),
        (b"a: \xff\x00", "lstm.yml: byte 3"),
        (b"[" * 1500, "is not YAML"),
        (b"#" * (2**20 + 1), "lstm.yml has 1 MiB, the limit is 1 MiB"),
    ],
)
def test_a_config_that_is_no_config_is_told(content: bytes, says: str, folder: Path) -> None:
    (folder / "lstm.yml").write_bytes(content)
    refused(folder, says)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "words.dict lists no words"),
        (b"( 3\nthe\n", "words.dict: line 2 is 'the'"),
        (b"( 3\n 4\n", "words.dict: line 2 is ' 4'"),
        (b"( x\n", "words.dict: line 1"),
        (b"\xff 3\n", "words.dict: byte 0"),
        (b"( 3\nthe 7\n) 4\n", "token .* is number 9, which no word has"),
    ],
)
def test_a_dictionary_that_does_not_fit_is_told(content: bytes, says: str, folder: Path) -> None:
    (folder / "words.dict").write_bytes(content)
    refused(folder, says)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (np.zeros((6, 10), int), r"is \(6, 10\), expected is one number a token"),
        (np.full(LENGTH, np.nan), "token 0 is number nan, which no word has"),
        (numbers() + 0.5, "which no word has"),
        (numbers()[:7], r"expected are floats \(7, units\): the word sequence has 7 tokens"),
        (numbers()[:0], "'word_ids' is empty"),
    ],
)
def test_a_text_that_does_not_fit_is_told(data: np.ndarray, says: str, folder: Path) -> None:
    with h5py.File(folder / "train.hdf5", "w") as file:
        file["word_ids"] = data
    refused(folder, says)


def test_annotations_that_do_not_fit_are_told(folder: Path) -> None:
    for values, says in (
        (np.zeros(LENGTH - 1), r"'mood' is of 59 tokens, the text has 60"),
        (np.r_[np.zeros(LENGTH - 1), np.inf], "'mood' holds values that are not finite"),
    ):
        with h5py.File(folder / "pos.h5", "a") as file:
            del file["mood"]
            file["mood"] = values
        configured(folder, meta={"mood": config_of()["meta"]["mood"]})
        refused(folder, says)


# The process of its own -----------------------------------------------------------------------------------------------


def test_a_refusal_comes_out_of_the_process_and_nothing_is_left(folder: Path) -> None:
    configured(folder, files={**config_of()["files"], "states": "../\nx.h5"})
    with pytest.raises(ValueError, match=r"^lstm\.yml: the file '\.\./ x\.h5' is not inside the project folder"):
        import_project(folder, "parens")
    assert not list_runs() and not list(recordings_folder().iterdir())


def test_a_reading_that_ends_badly_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    def ended(words: list[str], **_: Any) -> Any:
        seen.append(words)
        return quarantine.subprocess.CompletedProcess(words, -9, stderr="")

    monkeypatch.setattr(quarantine.subprocess, "run", ended)
    with pytest.raises(
        ValueError, match="parens is not a supported format, or takes more than its share of time or mem"
    ):
        import_project(folder, "parens", {"state": "h"})
    assert seen[0][1:3] == ["-m", "lstm_core.exchange.lstmvis"] and json.loads(seen[0][-1]) == {"state": "h"}
    assert not list(recordings_folder().iterdir())


def test_converting_takes_bounded_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables larger than the memory that the process may take come through: they are not mapped, nor held whole."""
    if not Path("/proc/self/statm").is_file():
        pytest.skip("this system knows no such limit")
    units = 3 * 2**18  # 180 MiB
    replaced(
        folder, lambda file: file.create_dataset("states1", data=np.ones((LENGTH, units), "f4"), chunks=(1, units))
    )
    configured(
        folder, states={"file": "states", "types": [{"type": "state", "layer": 1, "path": "states1"}]}, meta=None
    )
    monkeypatch.setattr(lstmvis, "SPARE_BYTES", 2**27)
    target = folder.parent / "converted"
    target.mkdir()
    convert(folder, target, {})
    assert np.load(target / "states-0.npy", mmap_mode="r").shape == (LENGTH, units)
    assert (target / "states-0.npy").stat().st_size > LENGTH * units * 4
