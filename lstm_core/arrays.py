"""Named arrays in one safetensors file: written whole, checked when read, as int8 rows where that must be small.

Knows files and arrays; nothing of runs. No pickle is ever read.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_core.files import replacing

Arrays = dict[str, NDArray[Any]]


def save_arrays(path: Path, arrays: Arrays, notes: dict[str, str] | None = None) -> None:
    """Write arrays and short notes as one safetensors file, whole or not at all, with a hash over all of it."""
    from safetensors.numpy import save_file

    notes = dict(notes or {})
    notes["sha256"] = _digest(arrays, notes)
    with replacing(path) as part:
        save_file({name: np.asarray(array, order="C") for name, array in arrays.items()}, part, metadata=notes)


def load_arrays(path: Path) -> tuple[Arrays, dict[str, str]]:
    """Arrays and notes of a safetensors file; raises ValueError naming the file when it is cut, crafted or changed."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            notes = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        check_header(path)
    except (SafetensorError, OSError, ValueError, TypeError, KeyError, OverflowError) as error:
        raise ValueError(f"{path} is not a whole safetensors file ({error}): restore it or train again") from None
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"{path}: {name} holds values that are not finite")
    if "sha256" in notes and notes["sha256"] != _digest(arrays, {k: v for k, v in notes.items() if k != "sha256"}):
        raise ValueError(f"{path} does not match its sha256: the file was changed or damaged")
    return arrays, notes


def check_header(path: Path) -> None:
    """Raise ValueError where the header, already known to be whole, names something twice: readers would differ."""

    def once(pairs: list[tuple[str, Any]]) -> None:
        if len({name for name, _ in pairs}) < len(pairs):
            raise ValueError("its header names an array twice")

    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        json.loads(file.read(length), object_pairs_hook=once)


def check_shapes(arrays: Arrays, expected: dict[str, tuple[int, ...]], where: str) -> None:
    """Raise ValueError that names a missing, surplus or wrongly shaped array, with what was expected and found."""
    for name, shape in expected.items():
        if name not in arrays:
            raise ValueError(f"{where} lacks {name} {shape}: it is not of this model")
        if arrays[name].shape != shape:
            raise ValueError(f"{where}: {name} is {arrays[name].shape}, the settings expect {shape}")
    if surplus := sorted(set(arrays) - set(expected)):
        raise ValueError(f"{where} holds {surplus[0]}, which the settings do not know")


def scale_rows(arrays: Arrays) -> Arrays:
    """Matrices as int8 with one float32 scale a row (largest |value| = 127); vectors stay float32."""
    stored: Arrays = {}
    for name, array in arrays.items():
        if array.ndim < 2:
            stored[name] = array.astype(np.float32)
            continue
        scale = np.abs(array).max(axis=1, keepdims=True).astype(np.float32) / 127
        stored[name] = np.round(array / np.maximum(scale, np.finfo(np.float32).tiny)).astype(np.int8)
        stored[f"{name}.scale"] = scale[:, 0]
    return stored


def restore_rows(arrays: Arrays) -> Arrays:
    """Float32 arrays from what `scale_rows` (or plain float storage) wrote."""
    restored = {}
    for name, array in arrays.items():
        if name.endswith(".scale"):
            continue
        restored[name] = array.astype(np.float32)
        if array.dtype == np.int8:
            scale = arrays.get(f"{name}.scale")
            if scale is None or array.ndim < 2 or scale.shape != array.shape[:1]:
                raise ValueError(f"{name} is int8 but its scale is missing or of another size")
            restored[name] *= scale[:, None]
    return restored


def _digest(arrays: Arrays, notes: dict[str, str]) -> str:
    digest = hashlib.sha256(json.dumps(notes, sort_keys=True).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.asarray(array, order="C").tobytes())
    return digest.hexdigest()
