"""Where results are kept and how they are read again: the one place that names, writes and checks their files.

A result is a frozen dataclass. It lies with what it is of (a run, a recording), below `$LSTM_HOME`, or with the program
itself. Knows files, arrays and types; nothing of runs, or of what results mean.
"""

import hashlib
import json
import lzma
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, fields, is_dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Generic, Protocol, TypeVar, get_type_hints

import numpy as np
from numpy.typing import NDArray

from lstm_core.storage import files
from lstm_core.storage.arrays import MOST_UNPACKED, PACKED, load_arrays, load_notes, save_arrays, unpacked
from lstm_core.storage.documents import restored
from lstm_core.storage.files import UNREADABLE, home, read_json, write_bytes

R = TypeVar("R")
Fields = dict[str, Any]
Stamp = tuple[int, int]

_DAMAGED = (*UNREADABLE, LookupError, AttributeError, ArithmeticError, RecursionError, lzma.LZMAError)
REGISTERED: "list[Results[Any]]" = []


class Owner(Protocol):
    """What results are of, and lie with: a run or a recording."""

    @property
    def results_folder(self) -> Path | None:
        """Where its results lie; None for what is in memory only."""

    @property
    def fingerprint(self) -> str:
        """Identifies what it holds; of a run its weights."""


class _Program:
    fingerprint = ""

    @property
    def results_folder(self) -> Path:
        return files.SHIPPED


PROGRAM = _Program()  # the owner of results that came with the program and are of no run


def hashed(content: Any, digits: int = 20, *, in_order: bool = True) -> str:
    """A name for what decides a result: plain values and dataclasses. `in_order`: of keys, however they are given."""
    told = json.dumps(content, sort_keys=in_order, default=_plain)
    return hashlib.sha256(told.encode()).hexdigest()[:digits]


@dataclass(frozen=True, eq=False)
class Results(Generic[R]):
    """The results of one analysis, of one `kind` of dataclass.

    `name` is the file of one in its owner's folder: fields in braces, such as `{query.signal}`, are the result's, and
    `{key}` is what `key` makes of it. It ends in `.json`, or in `.safetensors` for results with arrays; packed in `.xz`
    where it ships, and read unpacked too. `own` is the file below `$LSTM_HOME`: the same when empty, None where results
    lie with their owner alone. `schema` goes up when the same question would get another answer; files of another one
    are passed over.

    `sound` says whether the parts of a result fit together. `pack` changes its fields to what is written, `unpack` back
    again, from earlier forms too, given what was asked for. `older` names a file in an earlier format. With
    `own_first` a person's own stand before those that came along. Where there is a `remedy`, a damaged file is an error
    that tells it; else it counts as none.
    """

    name: str
    kind: type[R]
    schema: int = 1
    _: KW_ONLY
    key: Callable[[Any], str] = lambda one: ""
    own: str | None = ""
    older: str = ""
    sound: Callable[[R], Any] = lambda found: True
    pack: Callable[[Fields], Fields] = lambda fields: fields
    unpack: Callable[[Fields, Any], Fields] = lambda stored, asked: stored
    own_first: bool = False
    remedy: str = ""

    def __post_init__(self) -> None:
        REGISTERED.append(self)

    def read(self, owner: Owner | None, **asked: Any) -> R | None:
        """The kept result whose fields are as asked for (`weights`: the owner's), or None.

        Raises ValueError with the remedy where the only one there is damaged and has one.
        """
        given, damage = self._given(owner, asked), None
        for path in self._files(owner, given):
            try:
                found = self._opened(path, given)
            except ValueError as error:
                damage = ValueError(f"{path} is damaged ({error}): {self.remedy}")
                continue
            if found is not None:
                return found
        if damage and self.remedy:
            raise damage
        return None

    def all(self, owner: Owner | None, *, own: bool = True, **asked: Any) -> Iterator[R]:
        """All sound results whose fields are as asked for, of one owner's weights; without a person's `own`, those that
        lie with the owner alone.
        """
        for path, _ in self._matching(owner, asked, own=own):
            with suppress(ValueError):
                found = self._opened(path, self._given(owner, asked))
                if found is not None:
                    yield found

    def queries(self, owner: Owner | None, **asked: Any) -> list[Any]:
        """What was asked for where results are at hand, each once; the results themselves are not read."""
        kind, found = get_type_hints(self.kind)["query"], []
        for _, head in self._matching(owner, asked):
            with suppress(*_DAMAGED):
                found.append(restored(kind, head["query"], "query"))
        return list(dict.fromkeys(found))

    def keep(self, found: R, owner: Owner | None = None, **also: Any) -> Path:
        """Write a result whole or not at all: below `$LSTM_HOME`, or with its owner. What `also` decides it is written
        beside. Returns its file; raises OSError when the disk is full.
        """
        stored = {one.name: getattr(found, one.name) for one in fields(found)}  # type: ignore[arg-type]
        folder, name = home(), self.own or self.name
        if owner is not None:
            assert owner.results_folder is not None, "it is in memory only"
            folder, name = owner.results_folder, self.name
        path = folder / self._named(name, {**stored, **also})
        _write(path, {"schema": self.schema, **self.pack(stored), **also})
        return path

    def read_or_compute(self, owner: Owner | None, compute: Callable[[], R], **asked: Any) -> R:
        """The kept result, or the one that is computed now and kept for the next time where the disk has room: with its
        owner where results lie there alone.
        """
        found = self.read(owner, **asked)
        if found is None:
            found = compute()
            known = {one.name for one in fields(found)}  # type: ignore[arg-type]
            into = owner if self.own is None else None
            if into is None or into.results_folder is not None:
                with suppress(OSError):
                    self.keep(found, into, **{name: value for name, value in asked.items() if name not in known})
        return found

    def there(self, owner: Owner | None, **asked: Any) -> bool:
        """Whether a file of it is there, sound or not."""
        return any(self._files(owner, self._given(owner, asked)))

    def stamp(self, owner: Owner | None) -> Stamp:
        """How many there are and when one was last written: what is cached of other files is not used."""
        times = [path.stat().st_mtime_ns for path in self._files(owner)]
        return len(times), max(times, default=0)

    def _given(self, owner: Owner | None, asked: Fields) -> Fields:
        """What is asked for, with the owner's weights where the result says whose it is of."""
        of_weights = owner is not None and get_type_hints(self.kind).get("weights", str) is str
        return {"weights": owner.fingerprint, **asked} if owner is not None and of_weights else asked

    def _named(self, name: str, given: Fields) -> str:
        one = SimpleNamespace(**given)
        return name.format(**{**given, "key": self.key(one) if "{key" in name else ""})

    def _files(self, owner: Owner | None, given: Fields | None = None, *, own: bool = True) -> Iterator[Path]:
        """The files that are there of a result, in the order in which they are tried; of all without `given`."""
        places = [(owner.results_folder, self.name)] if owner is not None and owner.results_folder else []
        if own and self.own is not None:
            places.append((home(), self.own or self.name))
        for folder, present in reversed(places) if self.own_first else places:
            for name in filter(None, dict.fromkeys((present, present.removesuffix(PACKED), self.older))):
                if given is None:
                    yield from sorted(folder.glob(re.sub(r"\{.*?\}", "*", name)))
                elif (path := folder / self._named(name, given)).exists():
                    yield path

    def _matching(self, owner: Owner | None, asked: Fields, *, own: bool = True) -> Iterator[tuple[Path, Fields]]:
        """The files whose heads are as asked for, and these."""
        given = self._given(owner, asked)
        for path in self._files(owner, own=own):
            with suppress(*_DAMAGED):
                head = _head(path)
                if self._is(head, given):
                    yield path, head

    def _opened(self, path: Path, given: Fields) -> R | None:
        """The result in a file, None where it is another than was asked for; raises ValueError where it is damaged."""
        try:
            stored = self.unpack(_content(path), SimpleNamespace(**given))
            if not self._is(stored, given):
                return None
            beside = {"schema", *given} - {one.name for one in fields(self.kind)}  # type: ignore[arg-type]
            found: R = restored(self.kind, {name: stored[name] for name in stored if name not in beside})
            if not self.sound(found):
                raise ValueError("its parts do not fit together")
        except _DAMAGED as error:
            raise ValueError(str(error)) from None
        return found

    def _is(self, stored: Fields, given: Fields) -> bool:
        schema = stored.get("schema", self.schema)  # files without one are named by a hash that holds it
        return bool(schema == self.schema) and all(
            _same(stored[name], value) for name, value in given.items() if name in stored
        )


def _content(path: Path) -> Fields:
    """All that a file holds, by name."""
    if ".safetensors" in path.suffixes[-2:]:
        arrays, notes = load_arrays(path)
        return {**_noted(notes), **arrays}
    if reader := OLDER.get(path.suffix):
        return reader(path)
    document: Fields = json.loads(unpacked(path, MOST_UNPACKED)) if path.suffix == PACKED else read_json(path)
    return document


def _head(path: Path) -> Fields:
    """The same without arrays."""
    if ".safetensors" in path.suffixes[-2:]:
        return _noted(load_notes(path))
    return _beside(path) if path.suffix == ".npz" else _content(path)


def _noted(notes: dict[str, str]) -> Fields:
    """Notes are JSON; what is not, of an earlier format, stands for itself."""
    found: Fields = {}
    for name, value in notes.items():
        if name != "sha256":
            try:
                found[name] = json.loads(value)
            except ValueError:
                found[name] = value
    return found


def _write(path: Path, stored: Fields) -> None:
    if ".safetensors" in path.suffixes[-2:]:
        arrays = {name: _narrow(value) for name, value in stored.items() if isinstance(value, np.ndarray)}
        save_arrays(path, arrays, {name: _told(value) for name, value in stored.items() if name not in arrays})
        return
    content = (json.dumps(stored, indent=1, ensure_ascii=False, default=_plain) + "\n").encode()
    write_bytes(path, lzma.compress(content) if path.suffix == PACKED else content)


def _same(one: Any, other: Any) -> bool:
    told, also = (json.dumps(value, sort_keys=True, default=_plain) for value in (one, other))
    return told == also


def _told(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    """What JSON does not know as it does: dataclasses, numbers and arrays of numpy."""
    if is_dataclass(value):
        return {one.name: getattr(value, one.name) for one in fields(value)}
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"a result cannot hold {type(value).__name__}")


def _narrow(array: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers in the smallest type that holds them all."""
    if array.dtype.kind not in "iu" or not array.size:
        return array
    least, most = int(array.min()), int(array.max())
    kinds = (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32)
    return array.astype(next((k for k in kinds if np.iinfo(k).min <= least and most <= np.iinfo(k).max), array.dtype))


def _npz(path: Path) -> dict[str, Any]:
    """Arrays of numpy's, with what lies beside them."""
    with np.load(path, allow_pickle=False) as kept:
        return {**_beside(path), **{name: kept[name] for name in kept.files}}


def _beside(path: Path) -> dict[str, Any]:
    """The JSON document of the same name, if there is one: what is no array."""
    document = path.with_suffix(".json")
    return dict(read_json(document)) if document.is_file() else {}


def _parquet(path: Path) -> dict[str, Any]:
    """The columns of a table, and its notes: JSON, or text."""
    import pyarrow
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
    except pyarrow.ArrowException as error:
        raise ValueError(str(error)) from None
    notes = {name.decode(): value.decode() for name, value in (table.schema.metadata or {}).items()}
    columns = {name: table[name].to_numpy() for name in table.column_names}
    return {"key": notes.get("key"), "names": json.loads(notes["names"]), **columns}


# formats that are no longer written, as they still lie with runs and recordings
OLDER: dict[str, Callable[[Path], dict[str, Any]]] = {".npz": _npz, ".parquet": _parquet}
