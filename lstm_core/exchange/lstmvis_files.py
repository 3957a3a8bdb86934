"""The files of a LSTMVis project: lstm.yml, HDF5 tables and dictionaries, read as what nobody vouches for, and written.

Source: LSTMVis's own description of its files. The only module that loads h5py and yaml, an extra.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lstm_core.exchange.states import STEP_BYTES
from lstm_core.exchange.weights import content_of

if TYPE_CHECKING:
    import h5py

    Table = h5py.Dataset

CONFIG = "lstm.yml"
MAX_CONFIG_BYTES = 2**20
MAX_CHUNK_BYTES = 2**27  # HDF5 unpacks a chunk as a whole
MOST_PACKED = 1032  # times that its packing (deflate) can make values smaller
SHOWN = {" ": "␣", "\n": "⏎", "\t": "⇥"}  # a word in a dictionary holds no blank


def check_extra() -> None:
    """Raise ValueError that says what to install where the libraries are not there."""
    if not (find_spec("h5py") and find_spec("yaml")):
        raise ValueError("LSTMVis projects need h5py and PyYAML, an extra: pip install -e '.[lstmvis]'")


class Project:
    """A folder with an lstm.yml: `config`, and files by the names that it gives them, all inside the folder."""

    def __init__(self, folder: Path):
        """Read lstm.yml; raises ValueError where it holds anything but plain data."""
        import yaml

        self.folder = folder.resolve()
        path = self.folder / CONFIG
        if path.stat().st_size > MAX_CONFIG_BYTES:
            raise ValueError(f"{CONFIG} has {path.stat().st_size / 2**20:.0f} MiB, the limit is 1 MiB")
        try:
            config = yaml.safe_load(content_of(path))
        except (yaml.YAMLError, RecursionError) as error:
            raise ValueError(f"{CONFIG} is not YAML that holds data alone ({line(error)}): correct it") from None
        if not isinstance(config, dict):
            raise ValueError(f"{CONFIG} holds no names and values: see how LSTMVis describes it")
        self.config: dict[str, Any] = config

    def section(self, name: str) -> dict[str, Any]:
        """A section of lstm.yml; raises ValueError when it is missing."""
        found = self.config.get(name)
        if not isinstance(found, dict):
            raise ValueError(f"{CONFIG} has no section {name!r}: it needs files, word_sequence and states")
        return found

    def file(self, reference: Any, where: str) -> Path:
        """The file of that name in the section files (or the one whose own name begins so), inside the folder."""
        files = {str(key): str(value) for key, value in self.section("files").items()}
        stems = {Path(value).stem: value for value in files.values()}  # as in the example that came with LSTMVis
        found = files.get(str(reference), stems.get(str(reference)))
        if found is None:
            raise ValueError(f"{CONFIG}: {where} names the file {line(reference)!r}, files has {_listed(files)}")
        path = (self.folder / found).resolve()
        if not path.is_relative_to(self.folder):
            raise ValueError(f"{CONFIG}: the file {line(found)!r} is not inside the project folder and is not read")
        if not path.is_file():
            raise ValueError(f"{CONFIG}: there is no file {line(found)!r} in the project folder")
        return path

    def words(self, reference: Any, where: str) -> dict[int, str]:
        """A dictionary, `word number` on each line: number -> word."""
        path = self.file(reference, where)
        found: dict[int, str] = {}
        for count, text in enumerate(content_of(path).split("\n"), 1):
            if not text:
                continue
            parts = re.fullmatch(r"(.+)[ \t](-?\d{1,18})\s*", text)
            if not parts:
                raise ValueError(f"{path.name}: line {count} is {line(text)!r}, expected is a word, a blank, a number")
            found[int(parts[2])] = parts[1].strip() or parts[1]
        if not found:
            raise ValueError(f"{path.name} lists no words: it has a word, a blank and a number on each line")
        return found

    @contextmanager
    def table(self, reference: Any, inside: Any, where: str) -> "Iterator[h5py.Dataset]":
        """A table of numbers of a HDF5 file, all of them in that file; raises ValueError where the file is damaged."""
        import h5py

        path = self.file(reference, where)
        try:
            with h5py.File(path, "r") as file:
                yield _table(file, str(inside), path.name)
        except (OSError, RuntimeError, KeyError, MemoryError) as error:
            raise ValueError(
                f"{path.name} is cut, damaged or no HDF5 file ({line(error)}): copy or save it again"
            ) from None


def _table(file: "h5py.File", inside: str, name: str) -> "h5py.Dataset":
    """The table at a path of hard links; raises ValueError where it is none, or claims more than the file holds."""
    import h5py

    place: Any = file
    for part in filter(None, inside.split("/")):
        key = part.encode()
        if not isinstance(place, h5py.Group) or not place.id.links.exists(key):
            raise ValueError(f"{name} has no table {line(inside)!r}: it has {_listed(list(file.keys()))}")
        if place.id.links.get_info(key).type != h5py.h5l.TYPE_HARD:
            raise ValueError(f"{name}: {line(inside)!r} is a link that leads elsewhere and is not followed")
        place = place[part]
    if not isinstance(place, h5py.Dataset):
        raise ValueError(f"{name}: {line(inside)!r} is no table: it has {_listed(list(file.keys()))}")
    if place.is_virtual or place.external:
        raise ValueError(f"{name}: the values of {line(inside)!r} lie in other files, which are not read")
    if place.dtype.kind not in "fiu" or place.dtype.itemsize > 8:
        raise ValueError(f"{name}: {line(inside)!r} holds {line(place.dtype)}, expected are numbers")
    if place.shape is None or not place.size:
        raise ValueError(f"{name}: {line(inside)!r} is empty")
    if place.chunks and np.prod(place.chunks, dtype=float) * place.dtype.itemsize > MAX_CHUNK_BYTES:
        raise ValueError(f"{name}: {line(inside)!r} is kept in chunks of more than {MAX_CHUNK_BYTES // 2**20} MiB")
    stored, packed = place.id.get_storage_size(), place.id.get_create_plist().get_nfilters() > 0
    if place.nbytes > stored * (MOST_PACKED if packed else 1):
        raise ValueError(f"{name}: {line(inside)!r} claims more values than were written: it is cut, or a trick")
    return place


def rows(table: "h5py.Dataset") -> Iterator[tuple[int, NDArray[Any]]]:
    """A table some rows at a time, with where they begin."""
    step = max(1, STEP_BYTES // (table.nbytes // len(table)))
    for start in range(0, len(table), step):
        yield start, table[start : start + step]


def line(value: object) -> str:
    """What a file says, on one line and short."""
    return "".join(letter if letter.isprintable() else " " for letter in str(value))[:120]


def _listed(names: Sequence[str] | Mapping[str, str]) -> str:
    return ", ".join(repr(line(name)) for name in list(names)[:8]) or "none"


@contextmanager
def new_tables(path: Path) -> "Iterator[h5py.File]":
    """A HDF5 file to be filled."""
    import h5py

    with h5py.File(path, "w") as file:
        yield file


def write_config(folder: Path, config: dict[str, Any]) -> None:
    """Write lstm.yml, in plain ASCII: how LSTMVis decodes it depends on the machine."""
    import yaml

    (folder / CONFIG).write_text(yaml.safe_dump(config, sort_keys=False), encoding="ascii")


def as_written(words: Sequence[str]) -> list[str]:
    """Words as a dictionary can hold them: blanks made visible, no two alike."""
    blank = [any(map(str.isspace, word)) for word in words]
    taken = {word for word, has in zip(words, blank, strict=True) if not has}
    found = []
    for word, has in zip(words, blank, strict=True):
        if has:
            word = "".join(SHOWN.get(one, f"<{ord(one):x}>") if one.isspace() else one for one in word)
            while word in taken:
                word += "_"
            taken.add(word)
        found.append(word)
    return found


def write_words(path: Path, words: Sequence[str]) -> None:
    """Write a dictionary whose numbers count from 0."""
    path.write_bytes("".join(f"{word} {number}\n" for number, word in enumerate(words)).encode())
