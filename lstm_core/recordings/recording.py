"""A recording: the signals of one run over one text, memory-mapped from disk.

Axes: U units, T tokens read, P positions kept (P = T unless only some were asked for). Signals are (U, P).
Knows positions and signals; knows nothing of models or pages.
"""

import hashlib
import json
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_core.storage.files import NAME, check_inventory, home, read_json, size_of
from lstm_core.storage.tiles import Tiles
from lstm_core.text.corpus import Vocabulary

SCHEMA = 2
MANIFEST = "recording.json"
ABANDONED = 24 * 3600  # seconds after which a recording that nothing was written to is no longer being made


@dataclass(frozen=True)
class RecordingSpec:
    """What is recorded: whose signals, over which text and span, which signals, layers and positions.

    `layers` count from 1. `positions` is "all", "whitespace" (steps whose input is a blank or a line break, paper
    section 4.2) or "none" (probabilities only).
    """

    run: str
    weights: str
    text: str
    text_fingerprint: str
    span: tuple[int, int]
    cell: str
    units: int
    signals: tuple[str, ...]
    layers: tuple[int, ...]
    positions: str = "all"

    @cached_property
    def key(self) -> str:
        """Names the folder: hash of everything that decides the content."""
        content = {name: value for name, value in asdict(self).items() if name not in ("run", "text")}
        content["schema"] = SCHEMA
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:20]


@dataclass(frozen=True, eq=False)
class Recording:
    """Signals of a run over a text. `signals` maps (signal, layer) to an array (U, P)."""

    spec: RecordingSpec
    vocabulary: Vocabulary
    tokens: NDArray[np.int32]  # (T,)
    positions: NDArray[np.int64]  # (P,) positions of the kept steps in `tokens`
    probability: NDArray[np.float32]  # (T,) given to the token that came; NaN for the first
    signals: dict[tuple[str, int], NDArray[Any] | Tiles]
    exactness: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = None

    @property
    def fingerprint(self) -> str:
        """Identifies the content; the key of every cache."""
        return self.spec.key

    @property
    def results_folder(self) -> Path | None:
        """Where what is computed of it is kept; None for one in memory."""
        return self.folder

    @property
    def title(self) -> str:
        start, stop = self.spec.span
        return f"{self.spec.text} [{start:,} to {stop:,})"

    @property
    def whole(self) -> bool:
        """Whether every position of the text was kept."""
        return len(self.positions) == len(self.tokens)

    def require_whole(self) -> None:
        """Raises ValueError where some positions only were kept."""
        if not self.whole:
            raise ValueError("the recording kept some positions only: record the text again, with --positions all")

    @property
    def brought_in(self) -> bool:
        """Whether its values come from a model that is not here (see `outside`): what the model expected is unknown."""
        return "brought_in" in self.exactness

    def origin(self, signal: str, layer: int) -> str:
        """What an array was called where it was brought in from; empty for one that was recorded here."""
        called = self.exactness.get("brought_in")
        name = called.get(f"{signal}-{layer}") if isinstance(called, dict) else None
        return name if isinstance(name, str) else ""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The signals at hand, in the order of the cell."""
        return self.spec.signals

    def signal(self, name: str, layer: int) -> NDArray[Any] | Tiles:
        """One signal of one layer (U, P), read by `[unit]` or `[:, start:stop]`.

        Raises ValueError that says what is at hand.
        """
        if (name, layer) not in self.signals:
            layers = ", ".join(str(number) for number in self.spec.layers)
            raise ValueError(
                f"the recording has signals {', '.join(self.names)} of layers {layers}, "
                f"not {name} of layer {layer} (layers count from 1)"
            )
        return self.signals[name, layer]

    def unit(self, name: str, layer: int, unit: int) -> NDArray[np.float32]:
        """One unit's values (P,), float32; raises ValueError when there is no such unit."""
        if not 0 <= unit < self.spec.units:
            raise ValueError(f"unit {unit} is not in 0 to {self.spec.units - 1}")
        return np.asarray(self.signal(name, layer)[unit], dtype=np.float32)

    def window(self, name: str, layer: int, start: int, stop: int) -> NDArray[np.float32]:
        """All units over kept positions [start, stop): (U, n), float32."""
        if not 0 <= start <= stop <= len(self.positions):
            raise ValueError(f"window [{start}, {stop}) is not within the {len(self.positions)} kept positions")
        return np.asarray(self.signal(name, layer)[:, start:stop], dtype=np.float32)

    def text(self, start: int, stop: int) -> list[str]:
        """The tokens read at [start, stop), clipped to the text."""
        return [self.vocabulary.tokens[number] for number in self.tokens[max(start, 0) : stop]]

    @property
    def bytes(self) -> int:
        """Size on disk (0 for one in memory)."""
        return size_of(self.folder) if self.folder else 0

    @classmethod
    def open(cls, folder: Path) -> "Recording":
        """Open a complete recording; sizes are checked now, hashes once per process in the background.

        Raises ValueError when it is half built, cut, or of another schema.
        """
        manifest = _manifest(folder)
        check_inventory(folder, manifest["files"], hashes=False)
        _verify_in_background(folder, manifest)
        spec = _spec(manifest["spec"], folder.name)
        vocabulary = read_json(folder / "vocabulary.json")
        tokens = _mapped(folder / "tokens.npy")
        kept = folder / "positions.npy"
        positions = _mapped(kept) if kept.is_file() else np.arange(len(tokens))
        found = cls(
            spec=spec,
            vocabulary=Vocabulary(tuple(vocabulary["tokens"]), vocabulary["splitter"]),
            tokens=tokens,
            positions=positions,
            probability=_mapped(folder / "probability.npy"),
            signals={(s, k): _tiles(folder / f"{s}-{k}.npy", positions) for s in spec.signals for k in spec.layers},
            exactness=manifest["exactness"],
            folder=folder,
        )
        found._check_shapes()
        return found

    def _check_shapes(self) -> None:
        expected: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
            f"{s}-{k}": (values.shape, (self.spec.units, len(self.positions)))
            for (s, k), values in self.signals.items()
        }
        expected["probability"] = (self.probability.shape, self.tokens.shape)
        for name, (shape, wanted) in expected.items():
            if shape != wanted:
                raise ValueError(
                    f"{self.folder}: {name} is {shape}, its text and spec expect {wanted}: record it again"
                )
        if len(self.tokens) and not 0 <= self.tokens.min() <= self.tokens.max() < len(self.vocabulary):
            raise ValueError(
                f"{self.folder}: tokens go up to {self.tokens.max()}, the vocabulary has {len(self.vocabulary)}"
            )


def verify(folder: Path) -> None:
    """Compare every file with its hash; raises ValueError naming the first that differs."""
    check_inventory(folder, _manifest(folder)["files"], hashes=True)


def recordings_folder() -> Path:
    """Where recordings are kept, one folder a key."""
    return home() / "recordings"


def find_recordings(weights: str | None = None) -> list[Path]:
    """Folders of complete recordings, newest first; of one run's weights where given."""
    found = []
    for path in recordings_folder().glob(f"[!.]*/{MANIFEST}"):  # with a dot: still being made
        try:
            if weights in (None, _manifest(path.parent)["spec"]["weights"]):
                found.append((path.stat().st_mtime, path.parent))
        except (ValueError, KeyError, OSError):
            continue
    return [folder for _, folder in sorted(found, reverse=True)]


def opened_recordings(weights: str) -> Iterator[Recording]:
    """The recordings of these weights that can be opened, newest first; of a damaged one `verify` tells."""
    for folder in find_recordings(weights):
        try:
            yield Recording.open(folder)
        except ValueError:
            continue


@dataclass(frozen=True)
class Kept:
    """A recording as it lies on disk, `bytes` large. `problem` says why it cannot be opened and is empty where it can;
    `spec` is None where not even that can be read.
    """

    key: str
    bytes: int
    spec: RecordingSpec | None
    problem: str


def counted(recordings: Sequence[Kept]) -> str:
    """How many they are and how large, for people: "2 recordings (810.4 MiB)"."""
    noun = "recording" if len(recordings) == 1 else "recordings"
    return f"{len(recordings):,} {noun} ({sum(kept.bytes for kept in recordings) / 2**20:,.1f} MiB)"


def kept_recordings() -> list[Kept]:
    """What takes space: all recordings, newest first, those that cannot be opened too; not those still being made."""
    folders = [folder for folder in recordings_folder().glob("*/") if folder.name.isalnum()]
    return [_kept(folder) for folder in sorted(folders, key=lambda folder: folder.stat().st_mtime, reverse=True)]


def _kept(folder: Path) -> Kept:
    spec, problem = None, ""
    try:
        spec = _spec(read_json(folder / MANIFEST)["spec"], folder.name)
        check_inventory(folder, _manifest(folder)["files"], hashes=False)
    except ValueError as error:
        problem = str(error)
    except (KeyError, TypeError):
        problem = f"{folder.name}: {MANIFEST} does not say what is recorded: record it again"
    return Kept(folder.name, size_of(folder), spec, problem)


def remove_recording(key: str) -> int:
    """Remove a recording by key; returns the bytes freed. Raises ValueError when there is none."""
    folder = recordings_folder() / key
    if not NAME.fullmatch(key) or not key.isalnum() or not folder.is_dir():
        raise ValueError(f"no recording {key[:80]!r}: `python -m lstm_core recordings` lists those there are")
    freed = size_of(folder)
    shutil.rmtree(folder)
    return freed


def sweep_recordings() -> None:
    """Remove what recordings that were killed half-way left: temporary folders untouched for a day."""
    for folder in recordings_folder().glob(".*/"):
        try:
            newest = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
        except OSError:  # finished or removed just now
            continue
        if newest < time.time() - ABANDONED:
            shutil.rmtree(folder, ignore_errors=True)


def _manifest(folder: Path) -> dict[str, Any]:
    if not (folder / MANIFEST).is_file():
        raise ValueError(f"{folder.name} is not a complete recording: it is still being made, or its making was ended")
    manifest = read_json(folder / MANIFEST)
    schema = manifest.get("schema") if isinstance(manifest, dict) else None
    if schema != SCHEMA:
        raise ValueError(f"{folder.name} is of schema {schema}, this program reads schema {SCHEMA}")
    if lost := [key for key in ("spec", "files", "exactness") if not isinstance(manifest.get(key), dict)]:
        raise ValueError(f"{folder.name}: {MANIFEST} lacks {lost[0]!r}: record it again")
    return manifest


def _spec(stored: dict[str, Any], name: str) -> RecordingSpec:
    try:
        spec = RecordingSpec(**{**stored, **{key: tuple(stored[key]) for key in ("span", "signals", "layers")}})
        start, stop = spec.span
        numbers, words = (start, stop, *spec.layers), (spec.run, spec.weights, spec.text, *spec.signals)
        if {*map(type, numbers)} - {int} or {*map(type, words)} - {str}:
            raise TypeError("a name or number is of another kind")
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{name}: {MANIFEST} does not say what is recorded ({error}): record it again") from None
    return spec


def _mapped(path: Path) -> NDArray[Any]:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(f"{path} is not a whole array ({error})") from None


def _tiles(path: Path, positions: NDArray[np.int64]) -> Tiles:
    try:
        return Tiles(path, len(positions))
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(f"{path} is not a whole array ({error}): record it again") from None


_checked: set[Path] = set()
damaged: dict[Path, str] = {}  # what the background check found, by folder


def forget_damage(folder: Path) -> None:
    """A folder was made anew: check it again when it is opened."""
    _checked.discard(folder)
    damaged.pop(folder, None)


def _verify_in_background(folder: Path, manifest: dict[str, Any]) -> None:
    if folder in _checked:
        return
    _checked.add(folder)

    def check() -> None:
        try:
            check_inventory(folder, manifest["files"], hashes=True)
        except (ValueError, OSError) as error:
            damaged[folder] = str(error)

    threading.Thread(target=check, daemon=True).start()
