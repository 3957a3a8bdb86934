"""Projects of LSTMVis: a folder of states, text and annotations made a run without weights, and a recording made one.

A folder that is read is first turned into arrays by a process of its own with bounded time and memory:
`python -m lstm_core.exchange.lstmvis SOURCE TARGET TYPES`. T tokens, U units.
"""

import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lstm_core.exchange import lstmvis_files
from lstm_core.exchange.lstmvis_files import CONFIG, Project, line, rows
from lstm_core.exchange.quarantine import SPARE_BYTES, bounded_memory, read_apart, refusing
from lstm_core.exchange.states import STEP_BYTES, Brought, OutsideText, States, bring_in
from lstm_core.recordings.annotations import Annotation, read_annotations
from lstm_core.recordings.recording import Recording, recordings_folder
from lstm_core.recordings.writer import check_space
from lstm_core.runs.cells import SIGNALS
from lstm_core.storage.files import read_json, size_of, write_json
from lstm_core.storage.progress import Progress, silent
from lstm_core.text.corpus import MAX_TEXT_BYTES, Splitter, Vocabulary

if TYPE_CHECKING:
    from lstm_core.exchange.lstmvis_files import Table

TYPES = {"state": "c", "states": "c", "cell": "c", "output": "h", "hidden": "h"}  # theirs -> our signal
NAMES = {"c": ("state", "states"), "h": ("output", "output")}  # our signal -> their type, and how its paths begin
MAX_TOKENS = MAX_TEXT_BYTES  # as many as the longest text has letters
REMEDY = "copy the folder again, or save its arrays anew with h5py's create_dataset"


def import_project(
    folder: Path, name: str, types: Mapping[str, str] | None = None, *, report: Progress = silent
) -> Brought:
    """Make a run without weights of a project folder, with its annotations (`meta`) kept beside its recordings.

    A type "state" becomes the cell state c, "output" the hidden state h, one of our letters that signal; `types` says
    otherwise, {"state": "h"}. Layers count from 1 here; a project that counts from 0 is read so. Values are kept as
    they are, and what LSTMVis does to them (`transform`, tanh unless it says otherwise) is noted. Raises ValueError for
    what is missing, damaged, of the wrong shape or outside the folder, and as `bring_in`.
    """
    lstmvis_files.check_extra()
    if not (folder / CONFIG).is_file():
        raise ValueError(f"{folder} holds no {CONFIG}: give the folder of a LSTMVis project")
    recordings_folder().mkdir(parents=True, exist_ok=True)
    report(0.0, "reading the project")
    with tempfile.TemporaryDirectory(dir=recordings_folder(), prefix=".lstmvis.") as target:
        words = [str(folder.resolve()), target, json.dumps(dict(types or {}))]
        read_apart(__name__, words, folder.name, REMEDY, 3 * _seconds(folder))
        return bring_in_converted(Path(target), name, report=report)


def bring_in_converted(folder: Path, name: str, *, report: Progress = silent) -> Brought:
    """Bring in what `convert` made of a project."""
    project = read_json(folder / "project.json")
    vocabulary = Vocabulary(tuple(project["tokens"]), project["splitter"])
    reading = OutsideText(vocabulary, np.load(folder / "ids.npy"), project["title"])
    states = [
        States(
            one["signal"], one["layer"], np.load(folder / one["file"], mmap_mode="r"), one["title"], one["transform"]
        )
        for one in project["states"]
    ]
    annotations = [
        Annotation(one["name"], np.load(folder / one["file"]), tuple(one["labels"])) for one in project["annotations"]
    ]
    made = bring_in(name, states, reading, annotations=annotations, report=report)
    return Brought(made.run, made.recordings, (*made.notes, *project["left_out"]))


def _seconds(folder: Path) -> int:
    """Processor time that reading a project may take: two minutes, and a second for every 4 MiB."""
    return 120 + size_of(folder) // 2**22


# In the process of its own --------------------------------------------------------------------------------------------


def convert(source: Path, target: Path, types: Mapping[str, str]) -> None:
    """Write the tables of a project as .npy files, and what they are as project.json; raises ValueError."""
    with bounded_memory(SPARE_BYTES):
        project = Project(source)
        splitter, tokens, length = _text(project, target)
        states = _states(project, target, types, length)
        annotations, left_out = _annotations(project, target, length)
        document = {
            "title": line(project.config.get("name") or source.name), "splitter": splitter, "tokens": tokens,
            "states": states, "annotations": annotations, "left_out": left_out,
        }  # fmt: skip
        write_json(target / "project.json", document)


def _text(project: Project, target: Path) -> tuple[Splitter, list[str], int]:
    """Write the tokens by their numbers, in the order of the dictionary from 0, as ids.npy: how they are cut, the
    different ones, how many are read."""
    section = project.section("word_sequence")
    words = project.words(section.get("dict_file"), "word_sequence: dict_file")
    ours = _part(project.config, "workbench")
    meant = {number: _part(ours, "written_as").get(word, word) for number, word in words.items()}
    if wrong := [word for word in meant.values() if not isinstance(word, str) or not word]:
        raise ValueError(f"{CONFIG}: written_as gives {line(wrong[0])!r} for a word: it must be text")
    tokens = list(dict.fromkeys(meant[number] for number in sorted(meant)))  # two numbers of one word are one token
    with project.table(section.get("file"), section.get("path"), "word_sequence: file") as table:
        length = _numbered(table, meant, tokens, target / "ids.npy", f"{line(section.get('path'))} of word_sequence")
    single = all(len(token) == 1 or re.fullmatch(r"</?\w+>", token) for token in tokens)
    splitter: Any = ours.get("splitter")
    if splitter not in ("characters", "words", "spaces"):
        splitter = "characters" if single else "spaces"
    return splitter, tokens, length


def _part(config: dict[str, Any], name: str) -> dict[str, Any]:
    found = config.get(name)
    return found if isinstance(found, dict) else {}


def _numbered(table: "Table", words: Mapping[int, str], tokens: Sequence[str], path: Path, where: str) -> int:
    """Write the places in `tokens` of the words that a table of numbers (T,) stands for; returns T."""
    length = len(table)
    if table.ndim != 1 and table.shape[1:] != (1,):
        raise ValueError(f"{where} is {table.shape}, expected is one number a token")
    if length > MAX_TOKENS:
        raise ValueError(f"{where} has {length:,} tokens, the limit is {MAX_TOKENS:,}")
    index = {token: place for place, token in enumerate(tokens)}
    known = np.array(sorted(words), np.int64)
    places = np.array([index[words[number]] for number in known.tolist()], np.int32)
    with _array(path, np.int32, (length,)) as write:
        for start, part in rows(table):
            numbers = part.reshape(-1)
            at = np.minimum(np.searchsorted(known, numbers), len(known) - 1)
            if lost := np.flatnonzero(known[at] != numbers)[:1].tolist():
                raise ValueError(f"{where}: token {start + lost[0]:,} is number {numbers[lost[0]]}, which no word has")
            write(places[at])
    return length


def _states(project: Project, target: Path, types: Mapping[str, str], length: int) -> list[dict[str, Any]]:
    """Write each table of states (T, U) as a .npy file; what they are."""
    section = project.section("states")
    listed = section.get("types")
    if not isinstance(listed, list) or not listed or not all(isinstance(one, dict) for one in listed):
        raise ValueError(f"{CONFIG}: states has no list of types: it needs at least one, with type, layer and path")
    layers = [one.get("layer", 1) for one in listed]
    if wrong := [layer for layer in layers if type(layer) is not int or not 0 <= layer < 10_000]:
        raise ValueError(f"{CONFIG}: {line(wrong[0])!r} is no layer: give whole numbers, from 1 or from 0")
    found = []
    for number, (one, layer) in enumerate(zip(listed, layers, strict=True)):
        file, transform = f"states-{number}.npy", str(one.get("transform", "tanh"))
        signal = _signal(str(one.get("type", "")), types)
        with project.table(one.get("file", section.get("file")), one.get("path"), "states: file") as table:
            title = f"{line(one.get('path'))} of {Path(table.file.filename).name}"
            if table.dtype.kind != "f" or table.ndim != 2 or length not in table.shape:
                raise ValueError(
                    f"{title} is {table.dtype} {table.shape}, expected are floats ({length}, units): the word sequence "
                    f"has {length:,} tokens"
                )
            check_space(target, table.nbytes)
            with _array(target / file, table.dtype.newbyteorder("="), table.shape) as write:
                for _, part in rows(table):
                    write(part)
        found.append(
            {
                "signal": signal, "layer": layer + (min(layers) == 0), "file": file, "title": title,
                "transform": "" if transform.lower() in ("none", "raw") else line(transform),
            }
        )  # fmt: skip
    return found


def _signal(kind: str, types: Mapping[str, str]) -> str:
    signal = types.get(kind) or TYPES.get(kind) or kind
    if signal not in SIGNALS:
        raise ValueError(
            f"{CONFIG}: the type {line(kind)!r} is unknown: say which signal it is with --type {line(kind)}=h"
        )
    return signal


def _annotations(project: Project, target: Path, length: int) -> tuple[list[dict[str, Any]], list[str]]:
    """Write what `meta` says of each token; what it is, and what is left out because it is not one value a token."""
    section, found, left_out = project.config.get("meta") or {}, [], []
    if not isinstance(section, dict):
        raise ValueError(f"{CONFIG}: meta holds no names and values: correct it or leave it out")
    for number, (name, one) in enumerate(section.items()):
        title = f"the annotation {line(name)!r}"
        if not isinstance(one, dict) or (one.get("type", "general"), one.get("index", "self")) != ("general", "self"):
            left_out.append(f"{title} is left out: only those with one value a token are kept")
            continue
        file, labels = f"annotation-{number}.npy", list[str]()
        with project.table(one.get("file"), one.get("path"), f"meta: {line(name)}") as table:
            if len(table) != length:
                raise ValueError(f"{title} is of {len(table):,} tokens, the text has {length:,}")
            if "dict" in one:
                words = project.words(one["dict"], f"meta: {line(name)}")
                labels = list(dict.fromkeys(words[key] for key in sorted(words)))
                _numbered(table, words, labels, target / file, title)
            else:
                if table.ndim != 1:
                    raise ValueError(f"{title} is {table.shape}, expected is one number a token")
                _numbers(table, target / file, title)
        found.append({"name": line(name), "file": file, "labels": labels})
    return found, left_out


def _numbers(table: "Table", path: Path, title: str) -> None:
    """Write a table (T,) as float32."""
    with _array(path, np.float32, table.shape) as write:
        for _, part in rows(table):
            if not np.isfinite(part).all():
                raise ValueError(f"{title} holds values that are not finite")
            write(part.astype(np.float32))


@contextmanager
def _array(path: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> Iterator[Callable[[NDArray[Any]], object]]:
    """A .npy file of that shape, to be written part by part: a map of it would count as memory."""
    header = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": shape}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        yield lambda part: file.write(np.ascontiguousarray(part, dtype).data)


# Out ------------------------------------------------------------------------------------------------------------------


def export_project(
    recording: Recording,
    folder: Path,
    *,
    signals: Sequence[str] = (),
    layers: Sequence[int] = (),
    report: Progress = silent,
) -> Path:
    """Write a recording as a project folder: states as float32 (T, U), its text, its annotations; returns the folder.

    Without `signals` h and c as far as they were recorded, without `layers` all. Raises ValueError for a signal or
    layer that the recording lacks, one of some positions only, and a folder that holds something already.
    """
    lstmvis_files.check_extra()
    signals = signals or [signal for signal in ("h", "c") if signal in recording.names] or list(recording.names)
    places = [(signal, layer) for signal in signals for layer in layers or recording.spec.layers]
    for place in places:
        recording.signal(*place)
    if not recording.whole:
        raise ValueError("the recording kept some positions only: record the text again, with --positions all")
    folder = folder.resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} is there already: choose a new folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    check_space(folder.parent, 4 * len(places) * len(recording.tokens) * recording.spec.units)
    paths = {(signal, layer): f"{NAMES.get(signal, ('', signal))[1]}{layer}" for signal, layer in places}
    tokens = recording.vocabulary.tokens
    written = lstmvis_files.as_written(tokens)
    config: dict[str, Any] = {
        "name": recording.spec.run,
        "description": f"{recording.spec.run} reads {recording.title}",
        "files": {"states": "states.hdf5", "train": "words.hdf5", "words": "words.dict"},
        "word_sequence": {"file": "train", "path": "word_ids", "dict_file": "words"},
        "states": {"file": "states", "types": [_type(*place, path) for place, path in paths.items()]},
        "workbench": {
            "splitter": recording.vocabulary.splitter,
            "written_as": {shown: token for shown, token in zip(written, tokens, strict=True) if shown != token},
        },
    }
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as made:
        part = Path(made) / folder.name
        part.mkdir()
        _write_states(part / "states.hdf5", recording, paths, report)
        with lstmvis_files.new_tables(part / "words.hdf5") as file:
            file.create_dataset("word_ids", data=np.asarray(recording.tokens, np.int32))
        lstmvis_files.write_words(part / "words.dict", written)
        _write_annotations(part, config, read_annotations(recording.folder))
        lstmvis_files.write_config(part, config)
        if folder.is_dir():
            folder.rmdir()
        part.rename(folder)
    return folder


def _type(signal: str, layer: int, path: str) -> dict[str, Any]:
    """An entry of states: what lies between -1 and 1, or 0 and 1, needs no tanh."""
    gate = {"unsigned": True} if signal in ("i", "f", "o", "r", "z") else {}
    transform = "tanh" if signal == "c" else "none"
    return {"type": NAMES.get(signal, (signal, ""))[0], "layer": layer, "path": path, "transform": transform, **gate}


def _write_states(path: Path, recording: Recording, paths: Mapping[tuple[str, int], str], report: Progress) -> None:
    length, units = len(recording.tokens), recording.spec.units
    step = max(1, STEP_BYTES // (4 * units))
    with lstmvis_files.new_tables(path) as file:
        for number, (place, name) in enumerate(paths.items()):
            table = file.create_dataset(name, (length, units), np.float32)
            for start in range(0, length, step):
                stop = min(start + step, length)
                table[start:stop] = recording.window(*place, start, stop).T
                report((number + stop / length) / len(paths), f"writing {name}")


def _write_annotations(part: Path, config: dict[str, Any], annotations: Sequence[Annotation]) -> None:
    """Write them as `meta`, each with how LSTMVis is to colour it."""
    if not annotations:
        return
    config["files"]["annotations"], config["meta"] = "annotations.hdf5", {}
    with lstmvis_files.new_tables(part / "annotations.hdf5") as file:
        for number, one in enumerate(annotations):
            file.create_dataset(f"annotation{number}", data=one.values)
            entry: dict[str, Any] = {"file": "annotations", "path": f"annotation{number}"}
            if one.labels:
                config["files"][f"labels{number}"] = f"labels{number}.dict"
                lstmvis_files.write_words(part / f"labels{number}.dict", lstmvis_files.as_written(one.labels))
                entry |= {"dict": f"labels{number}", "vis": {"type": "discrete", "range": "dict"}}
            else:
                entry["vis"] = {"type": "scalar", "range": [float(one.values.min()), float(one.values.max())]}
            config["meta"][one.name] = entry


if __name__ == "__main__":
    os.environ["HDF5_PLUGIN_PRELOAD"] = "::"  # no code from elsewhere is loaded to unpack values
    refusing(
        lambda: convert(Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])), _seconds(Path(sys.argv[1]))
    )
