"""Project folders as the manual of LSTMVis describes them, and a reading of them by its own rules.

Shared by the tests of what comes in and goes out.
"""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import yaml

LENGTH, UNITS = 60, 5
WORDS = {3: "(", 4: ")", 7: "the", 9: "river"}  # numbers need neither begin at 0 nor follow each other
TAGS = {1: "open", 2: "close", 5: "word"}


def numbers() -> np.ndarray:
    """The text (T,) in the numbers of WORDS."""
    return np.array(sorted(WORDS))[np.random.default_rng(0).integers(0, len(WORDS), LENGTH)]


def states(seed: int) -> np.ndarray:
    """States (T, U), some beyond 1."""
    return (np.random.default_rng(seed).normal(size=(LENGTH, UNITS)) * 2).astype(np.float32)


def config_of(**changes: Any) -> dict[str, Any]:
    """The content of lstm.yml; `changes` replace sections."""
    return {
        "name": "parens",
        "description": "an example",
        "files": {"states": "states.h5", "train": "train.hdf5", "words": "words.dict", "pos": "pos.h5",
                  "pos_dict": "pos.dict"},
        "word_sequence": {"file": "train", "path": "word_ids", "dict_file": "words"},
        "states": {
            "file": "states",
            "types": [
                {"type": "state", "layer": 1, "path": "states1"},
                {"type": "output", "layer": 1, "path": "deep/output1", "transform": "none"},
                {"type": "output", "layer": 2, "path": "output2", "transform": "none", "unsigned": True},
            ],
        },
        "meta": {
            "part of speech": {"file": "pos", "path": "pos", "dict": "pos_dict",
                               "vis": {"type": "discrete", "range": "dict"}},
            "mood": {"file": "pos", "path": "mood", "vis": {"type": "scalar", "range": [0, 1]}},
            "guesses": {"file": "pos", "path": "top", "type": "wordvec", "vis": {"type": "discrete"}},
        },
    } | changes  # fmt: skip


def project(folder: Path, **changes: Any) -> Path:
    """Make a project folder."""
    folder.mkdir(parents=True)
    with h5py.File(folder / "states.h5", "w") as file:
        file["states1"], file["deep/output1"], file["output2"] = states(1), states(2), np.abs(states(3))
    with h5py.File(folder / "train.hdf5", "w") as file:
        file["word_ids"] = numbers()
    with h5py.File(folder / "pos.h5", "w") as file:
        file["pos"] = np.array(sorted(TAGS))[numbers() % 3]
        file["mood"], file["top"] = np.linspace(0, 1, LENGTH), np.zeros((LENGTH, 3), int)
    for name, words in (("words", WORDS), ("pos", TAGS)):
        (folder / f"{name}.dict").write_text("".join(f"{word} {number}\n" for number, word in words.items()))
    (folder / "lstm.yml").write_text(yaml.safe_dump(config_of(**changes), sort_keys=False))
    return folder


def read_literally(folder: Path) -> tuple[list[str], dict[tuple[str, int], np.ndarray]]:
    """The words of the text and the states by type and layer, read as LSTMVis reads a folder."""
    config = yaml.safe_load((folder / "lstm.yml").read_text())
    tables = {key: name for key, name in config["files"].items() if name.endswith((".h5", ".hdf5"))}
    dictionaries: dict[str, dict[int, str]] = {}
    for key, name in config["files"].items():
        if name.endswith((".dict", ".txt")):
            dictionaries[key] = {}
            for line in (folder / name).read_text(encoding="utf-8").splitlines(keepends=True):
                word, number = line.split()
                dictionaries[key][int(number)] = word
    section, found = config["word_sequence"], {}
    with h5py.File(folder / tables[section["file"]]) as file:
        words = [dictionaries[section["dict_file"]][number] for number in file[section["path"]][:].tolist()]
    for one in config["states"]["types"]:
        with h5py.File(folder / tables[one.get("file", config["states"]["file"])]) as file:
            found[one["type"], one["layer"]] = file[one["path"]][:]
    for one in config.get("meta", {}).values():
        with h5py.File(folder / tables[one["file"]]) as file:
            values = file[one["path"]][:].tolist()
            assert "dict" not in one or all(number in dictionaries[one["dict"]] for number in values)
    return words, found
