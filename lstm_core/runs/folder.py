"""The folder of a trained network: settings with their schema, weights, the manifest that vouches for them, the lock.

Knows files; what the settings say and which network the weights are of, `Run` and `LabelRun` know.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from lstm_core.storage import files
from lstm_core.storage.arrays import Arrays, load_arrays, restore_rows, save_arrays, scale_rows
from lstm_core.storage.files import check_inventory, inventory, read_json, sha256_of, write_json

SCHEMA = 1
SETTINGS, VOCABULARY, WEIGHTS, LOG = "config.json", "vocabulary.json", "weights.safetensors", "metrics.jsonl"
MANIFEST, LOCK = "manifest.json", "training.lock"
_fingerprints: dict[tuple[Path, int], str] = {}


class RunBusy(ValueError):
    """Another process is training this network."""


@dataclass(frozen=True)
class RunFolder:
    """A folder that holds a network. No file in it is changed in place: each is written anew and renamed."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def shipped(self) -> bool:
        """Whether it came with the program (and is never changed or removed)."""
        return files.SHIPPED in self.folder.parents

    @property
    def results_folder(self) -> Path:
        """Where the results lie that are kept with it."""
        return self.folder / "results"

    @cached_property
    def document(self) -> dict[str, Any]:
        """config.json; raises ValueError where it is missing, damaged or of another schema."""
        stored = read_json(self.folder / SETTINGS)
        schema = stored.get("schema") if isinstance(stored, dict) else None
        if schema != SCHEMA:
            raise ValueError(f"{self.name} is written in schema {schema}, this program reads schema {SCHEMA}")
        return dict(stored)

    @property
    def weights_fingerprint(self) -> str:
        """SHA-256 of the file of weights, computed once for each that is written."""
        path = self.folder / WEIGHTS
        key = path, path.stat().st_mtime_ns
        if key not in _fingerprints:
            _fingerprints[key] = sha256_of(path)
        return _fingerprints[key]

    def read_weights(self) -> Arrays:
        """The weights in float32; raises ValueError that names the first damaged file of the folder."""
        stored, notes = load_arrays(self.folder / WEIGHTS)
        self.check_manifest(weights="sha256" not in notes)
        return restore_rows(stored)

    def save_weights(self, arrays: Arrays, *, int8: bool = False) -> None:
        """Write float arrays (as they are, or int8 per row with a scale) and their manifest."""
        save_arrays(self.folder / WEIGHTS, scale_rows(arrays) if int8 else arrays)
        self.write_manifest()

    def write_manifest(self) -> None:
        """Write size and SHA-256 of the settings, vocabulary and weights, as far as they are there."""
        names = [name for name in (SETTINGS, VOCABULARY, WEIGHTS) if (self.folder / name).is_file()]
        write_json(self.folder / MANIFEST, inventory(self.folder, names))

    def check_manifest(self, *, weights: bool = True) -> None:
        """Raise ValueError naming the first file that is not as it was written.

        Weights are replaced while training goes on, a moment before their manifest: who has checked the hash inside
        their file leaves them out (`weights=False`).
        """
        listed = dict(read_json(self.folder / MANIFEST))
        if not weights:
            listed.pop(WEIGHTS, None)
        check_inventory(self.folder, listed, hashes=True)

    @contextmanager
    def training_lock(self) -> Iterator[None]:
        """Held by the one process that trains this network; raises RunBusy when another holds it."""
        try:
            with FileLock(self.folder / LOCK, timeout=1):
                yield
        except Timeout:
            raise RunBusy(f"{self.name} is being trained by another process: wait for it or cancel it") from None

    @property
    def is_training(self) -> bool:
        """Whether a living process holds the training lock."""
        return files.is_locked(self.folder / LOCK)


def now() -> str:
    """The time as it is written into settings: UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
