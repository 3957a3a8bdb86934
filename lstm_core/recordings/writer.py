"""The folder of a recording while it is made: its space is checked and taken first, it is there whole or not at all.

Knows files and arrays; where the values come from is `record`'s and `outside`'s.
"""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_core.recordings.recording import (
    MANIFEST,
    SCHEMA,
    Recording,
    RecordingSpec,
    damaged,
    forget_damage,
    recordings_folder,
    sweep_recordings,
)
from lstm_core.runs.cells import SIGNALS
from lstm_core.storage.files import inventory, write_json
from lstm_core.storage.tiles import TILE, Tiles, new_tiles, tile_count
from lstm_core.text.corpus import Vocabulary

MAX_BYTES = 64 * 2**30
SPARE_BYTES = 2**30
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def bytes_of(spec: RecordingSpec, tokens: int, kept: int) -> int:
    """Size on disk of a recording of so many tokens and kept positions: 2 bytes a value, 4 for the cell state, in whole
    tiles."""
    widths = sum(np.dtype(dtype_of(signal)).itemsize for signal in spec.signals)
    positions = 0 if spec.positions == "all" else 8 * kept
    return tile_count(kept) * TILE * len(spec.layers) * spec.units * widths + 8 * tokens + positions


def dtype_of(signal: str) -> type:
    """What the values of a signal are kept as: what has no bounds, as the cell state, needs more than float16."""
    return np.float32 if np.isinf(SIGNALS[signal].bounds[1]) else np.float16


@dataclass
class Building:
    """A recording that is being made in the folder `part`; `exactness` is what its maker says of it at the end."""

    part: Path
    exactness: dict[str, Any] = field(default_factory=dict)

    def begin(self, vocabulary: Vocabulary, ids: NDArray[np.int32], kept: NDArray[np.int64] | None = None) -> None:
        """Write the text that is read, and which positions of it are kept where those are not all."""
        write_json(self.part / "vocabulary.json", {"splitter": vocabulary.splitter, "tokens": vocabulary.tokens})
        np.save(self.part / "tokens.npy", ids)
        if kept is not None:
            np.save(self.part / "positions.npy", kept)

    def tiles(self, signal: str, layer: int, units: int, positions: int) -> Tiles:
        """The array of a signal of a layer (U, P), to be written."""
        path = self.part / f"{signal}-{layer}.npy"
        made = new_tiles(path, dtype_of(signal), units, positions)
        _reserve(path)
        return made

    def probability(self, tokens: int) -> NDArray[np.float32]:
        """The array of probabilities (T,), to be written."""
        path = self.part / "probability.npy"
        made = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(tokens,))
        _reserve(path)
        return made


@contextmanager
def building(spec: RecordingSpec, needed: int) -> Iterator[Building]:
    """Make the folder of a recording, `needed` bytes large: when the block ends well it is flushed, listed with hashes
    and put in place, else nothing is left of it.

    Raises ValueError when the disk lacks the space or the size is past the limit (64 GiB).
    """
    folder = recordings_folder() / spec.key
    sweep_recordings()
    check_space(recordings_folder(), needed)
    part = Path(tempfile.mkdtemp(dir=recordings_folder(), prefix=f".{spec.key}."))
    try:
        made = Building(part)
        yield made
        for path in part.iterdir():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
        files = inventory(part, sorted(path.name for path in part.iterdir()))
        stored = {"schema": SCHEMA, "spec": asdict(spec), "exactness": made.exactness, "files": files}
        write_json(part / MANIFEST, stored)
        part.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
        forget_damage(folder)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        shutil.rmtree(part, ignore_errors=True)
        raise ValueError(_too_large(recordings_folder(), needed)) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def sound(folder: Path) -> Recording | None:
    """The recording of a folder where it can be opened and is not known to be damaged."""
    if not (folder / MANIFEST).is_file() or folder in damaged:
        return None
    try:
        return Recording.open(folder)
    except ValueError:
        return None


def check_space(folder: Path, needed: int) -> None:
    """Raise ValueError where a recording of so many bytes is past the limit or does not fit onto the folder's disk."""
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if needed > MAX_BYTES:
        raise ValueError(
            f"this recording needs {needed / 2**30:.1f} GiB, the limit is {MAX_BYTES / 2**30:.0f}: "
            "choose a shorter span or fewer signals"
        )
    if needed + SPARE_BYTES > free:
        raise ValueError(_too_large(folder, needed))


def _too_large(folder: Path, needed: int) -> str:
    free = shutil.disk_usage(folder).free
    return (
        f"this recording needs {needed / 2**30:.1f} GiB and {SPARE_BYTES / 2**30:.0f} GiB to spare, {folder} has "
        f"{free / 2**30:.1f} GiB free: choose a shorter span or fewer signals, or remove a recording"
    )


def _reserve(path: Path) -> None:
    """Take the space of a file that is to be mapped now: writing to a map on a full disk would kill the process."""
    if not hasattr(os, "posix_fallocate"):
        return
    with path.open("rb+") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        except OSError as error:
            if error.errno in _FULL:
                raise
            # else this file system cannot reserve
