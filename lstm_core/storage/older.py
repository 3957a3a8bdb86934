"""Files of results in formats that are no longer written, as they still lie with runs and recordings.

A reader gives all that a file holds, by name, and raises ValueError or one of `files.UNREADABLE` where it is damaged.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from lstm_core.storage.files import read_json


def npz(path: Path) -> dict[str, Any]:
    """Arrays of numpy's, with what lies beside them."""
    with np.load(path, allow_pickle=False) as kept:
        return {**beside(path), **{name: kept[name] for name in kept.files}}


def beside(path: Path) -> dict[str, Any]:
    """The JSON document of the same name, if there is one: what is no array."""
    document = path.with_suffix(".json")
    return dict(read_json(document)) if document.is_file() else {}


def parquet(path: Path) -> dict[str, Any]:
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


READERS: dict[str, Callable[[Path], dict[str, Any]]] = {".npz": npz, ".parquet": parquet}
