"""Named arrays in one safetensors file: written whole, checked when read, as int8 rows or packed where that must be
small.

Knows files and arrays; nothing of runs. No pickle is ever read.
"""

import hashlib
import json
import lzma
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_core.storage.files import replacing, write_bytes

Arrays = dict[str, NDArray[Any]]

PACKED = ".xz"  # how the name of a file ends whose content is packed
MOST_UNPACKED = 2**28  # bytes
MOST_HEADER = 2**24  # bytes


def save_arrays(path: Path, arrays: Arrays, notes: dict[str, str] | None = None) -> None:
    """Write arrays and short notes as one safetensors file, whole or not at all, with a hash over all of it.

    Packed (xz) where the path ends in `PACKED`: for what is small and comes with the program.
    """
    from safetensors.numpy import save, save_file

    notes = dict(notes or {})
    notes["sha256"] = _digest(arrays, notes)
    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    if path.suffix == PACKED:
        write_bytes(path, lzma.compress(save(arrays, metadata=notes)))
        return
    with replacing(path) as part:
        save_file(arrays, part, metadata=notes)


def load_arrays(path: Path) -> tuple[Arrays, dict[str, str]]:
    """Arrays and notes of a safetensors file; raises ValueError naming the file when it is cut, crafted or changed."""
    from safetensors import SafetensorError, safe_open
    from safetensors.numpy import load

    try:
        if path.suffix == PACKED:
            content = unpacked(path, MOST_UNPACKED)
            arrays, notes = load(content), _header(content).get("__metadata__", {})
        else:
            with safe_open(path, framework="numpy") as file:
                notes = file.metadata() or {}
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
            check_header(path)
    except (
        SafetensorError,
        OSError,
        EOFError,
        ValueError,
        TypeError,
        KeyError,
        OverflowError,
        lzma.LZMAError,
    ) as error:
        raise ValueError(f"{path} is not a whole safetensors file ({error}): restore it or train again") from None
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"{path}: {name} holds values that are not finite")
    if "sha256" in notes and notes["sha256"] != _digest(arrays, {k: v for k, v in notes.items() if k != "sha256"}):
        raise ValueError(f"{path} does not match its sha256: the file was changed or damaged")
    return arrays, notes


def load_notes(path: Path) -> dict[str, str]:
    """The notes of a safetensors file alone, unchecked; raises ValueError, OSError or EOFError when its head is cut."""
    with lzma.open(path) if path.suffix == PACKED else path.open("rb") as file:
        length = file.read(8)
        size = int.from_bytes(length, "little")
        if size > MOST_HEADER:
            raise ValueError(f"{path} is no safetensors file")
        notes: dict[str, str] = _header(length + file.read(size)).get("__metadata__", {})
    return notes


def check_header(path: Path) -> None:
    """Raise ValueError where the header, already known to be whole, names something twice: readers would differ."""
    with path.open("rb") as file:
        length = file.read(8)
        _header(length + file.read(int.from_bytes(length, "little")))


def _header(content: bytes) -> dict[str, Any]:
    """The header that the content of a file begins with; raises ValueError where it names something twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(found := dict(pairs)) < len(pairs):
            raise ValueError("its header names an array twice")
        return found

    found: dict[str, Any] = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")], object_pairs_hook=once)
    return found


def unpacked(path: Path, most: int) -> bytes:
    """The content of a file packed by xz, of at most so many bytes; raises EOFError where it is cut or holds more."""
    decompressor = lzma.LZMADecompressor(memlimit=2**28)
    content = decompressor.decompress(path.read_bytes(), most)
    if not decompressor.eof:
        raise EOFError(f"it is cut, or holds more than {most // 2**20} MiB")
    return content


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
        scale = arrays.get(f"{name}.scale")
        if scale is not None or array.dtype == np.int8:
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
