"""A run: one folder with a model's settings, vocabulary, weights, training log and results.

Reads and writes the folder; knows nothing of training or pages. Torch is imported only to build the model.
"""

import hashlib
import json
import math
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from lstm_core.arrays import Arrays, check_shapes, load_arrays, restore_rows, save_arrays, scale_rows
from lstm_core.corpus import Corpus, Vocabulary
from lstm_core.documents import LARGEST
from lstm_core.files import (
    SHIPPED,
    check_inventory,
    check_name,
    home,
    inventory,
    read_json,
    sha256_of,
    size_of,
    write_json,
)
from lstm_core.recording import Kept, kept_recordings, remove_recording
from lstm_core.settings import MEASURES, Kind, ModelConfig, TrainConfig, as_dict

if TYPE_CHECKING:
    from lstm_core.model import LanguageModel

SCHEMA = 1
_LISTED = ("config.json", "vocabulary.json", "weights.safetensors")  # in the manifest


class RunBusy(ValueError):
    """Another process is training this run."""


@dataclass(frozen=True)
class Log:
    """The points of a training log, in order, without those that a later resume replaced; unreadable lines counted."""

    points: tuple[dict[str, Any], ...]
    unreadable: int


@dataclass(frozen=True)
class Run:
    """A folder that holds a model; made by `create_run`, found by `open_run` and `list_runs`."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def shipped(self) -> bool:
        """Whether it came with the program (and is never changed or removed)."""
        return self.folder.parent == SHIPPED

    @cached_property
    def config(self) -> dict[str, Any]:
        """config.json, checked for its schema."""
        config = read_json(self.folder / "config.json")
        if not isinstance(config, dict) or config.get("schema") != SCHEMA:
            found = config.get("schema") if isinstance(config, dict) else None
            raise ValueError(f"{self.name} is written in schema {found}, this program reads schema {SCHEMA}")
        if lost := [key for key in ("kind", "model", "training", "corpus") if key not in config]:
            raise ValueError(f"{self.name}: config.json lacks {lost[0]!r}: restore it or remove the run")
        return config

    @property
    def kind(self) -> Kind:
        return self.config["kind"]

    @cached_property
    def model_config(self) -> ModelConfig:
        return _settings(ModelConfig, self.config["model"], self.name)

    @cached_property
    def train_config(self) -> TrainConfig:
        return _settings(TrainConfig, self.config["training"], self.name)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        stored = read_json(self.folder / "vocabulary.json")
        try:
            vocabulary = Vocabulary(tuple(stored["tokens"]), stored["splitter"])
        except (KeyError, TypeError):
            raise ValueError(f"{self.name}: vocabulary.json does not list tokens: restore it") from None
        if len(vocabulary) != self.model_config.vocabulary:
            raise ValueError(
                f"{self.name}: vocabulary.json has {len(vocabulary)} tokens, config.json says "
                f"{self.model_config.vocabulary}: the two files do not belong together"
            )
        return vocabulary

    @property
    def untrained_twin_of(self) -> str | None:
        """Name of the run whose control this is: same shape and seed, zero steps."""
        return self.config.get("untrained_twin_of")

    @property
    def sweep(self) -> dict[str, Any] | None:
        """The sweep that it is part of, as planned when it was made ("name", "dropouts", "seeds"), or None."""
        note = self.config.get("sweep")
        if not isinstance(note, dict) or not isinstance(note.get("name"), str):
            return None
        return note if all(isinstance(note.get(key), list) for key in ("dropouts", "seeds")) else None

    def source(self, named: str = "") -> str:
        """The text to read: the one that is named, else the run's own; raises ValueError for a run that has none."""
        source: str = named or self.config["corpus"]["name"]
        if not source:
            raise ValueError(f"{self.name} was imported without a text: name one with --text")
        return source

    @property
    def imported(self) -> dict[str, str] | None:
        """Which file of another program the weights came from ("file", "sha256"), or None."""
        return self.config.get("imported")

    @property
    def has_weights(self) -> bool:
        return self.untrained_twin_of is not None or (self.folder / "weights.safetensors").is_file()

    @property
    def figures_only(self) -> bool:
        """Whether it was trained and its weights are not here: its log and results can be shown, nothing can be read.

        Either they were left out when it was shipped ("figures_of" in config.json), or they were lost.
        """
        lost = self._stored_status() == "finished" and (self.folder / "metrics.jsonl").is_file()
        return not self.has_weights and ("figures_of" in self.config or lost)

    @property
    def fingerprint(self) -> str:
        """Identifies the weights: SHA-256 of their file, or of the settings that an untrained twin is drawn from.

        Of a run that has figures only: of the file that they were made with.
        """
        weights = self.folder / "weights.safetensors"
        if weights.is_file():
            return _fingerprint(weights, weights.stat().st_mtime_ns)
        if self.figures_only and (known := self._figures_of()):
            return known
        drawn = json.dumps([self.config["model"], self.config["training"]["seed"]], sort_keys=True)
        return hashlib.sha256(drawn.encode()).hexdigest()

    def _figures_of(self) -> str | None:
        """The hash of the weights that are not here: of config.json, else of the manifest."""
        listed = _readable(self.folder / "manifest.json").get("weights.safetensors")
        found = self.config.get("figures_of", listed.get("sha256") if isinstance(listed, dict) else None)
        return found if isinstance(found, str) else None

    # Weights ----------------------------------------------------------------------------------------------------------

    def load_model(self) -> "LanguageModel":
        """The model in float32, for reading (`eval` mode); raises ValueError that names what does not fit."""
        import torch

        from lstm_core.model import build

        if self.untrained_twin_of is not None:
            return build(self.model_config, self.train_config.seed).eval()
        path = self.folder / "weights.safetensors"
        if self.figures_only:
            raise ValueError(f"{self.name} has figures only, its weights are not here: choose another run or train one")
        if not path.is_file():
            raise ValueError(f"{self.name} has no weights yet: train it first")
        stored, notes = load_arrays(path)
        self.check_manifest(weights="sha256" not in notes)
        model, arrays = build(self.model_config, self.train_config.seed), restore_rows(stored)
        expected = {name: tuple(value.shape) for name, value in model.named_parameters()}
        check_shapes(arrays, expected, str(path))
        model.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()}, strict=False)
        return model.eval()

    def save_weights(self, arrays: Arrays, *, int8: bool = False) -> None:
        """Write float arrays as weights.safetensors (as they are, or int8 per row with a scale) and its manifest."""
        save_arrays(self.folder / "weights.safetensors", scale_rows(arrays) if int8 else arrays)
        self.write_manifest()

    def write_manifest(self) -> None:
        """Write size and SHA-256 of the settings, vocabulary and weights, as far as they are there."""
        names = [name for name in _LISTED if (self.folder / name).is_file()]
        write_json(self.folder / "manifest.json", inventory(self.folder, names))

    def check_manifest(self, *, weights: bool = True) -> None:
        """Raise ValueError naming the first file that is not as it was written.

        Weights are replaced while training goes on, a moment before their manifest: who has checked the hash inside
        their file leaves them out (`weights=False`).
        """
        listed = dict(read_json(self.folder / "manifest.json"))
        if not weights:
            listed.pop("weights.safetensors", None)
        check_inventory(self.folder, listed, hashes=True)

    def verify(self) -> None:
        """Read the settings and compare every file with its hash; raises ValueError naming the first damaged one."""
        _check_settings(self)
        if "figures_of" not in self.config:
            _ = self.vocabulary
        path, inside = self.folder / "weights.safetensors", False
        if path.is_file():
            inside = "sha256" in load_arrays(path)[1]
        if (self.folder / "manifest.json").is_file():
            self.check_manifest(weights=not inside)

    # Log and status ---------------------------------------------------------------------------------------------------

    def log(self) -> Log:
        """The training log as far as it is whole; see `read_log`."""
        return read_log(self.folder / "metrics.jsonl")

    def results(self) -> dict[str, Any]:
        """All of results/*.json by name that are whole and of the weights that the run has now.

        Training on changes the weights: what was measured before is then passed over, not shown as theirs.
        """
        found = {}
        for path in sorted((self.folder / "results").glob("*.json")):
            stored = _readable(path)
            if stored.get("weights") == self.fingerprint:
                found[path.stem] = stored
        return found

    @contextmanager
    def training_lock(self) -> Iterator[None]:
        """Held by the one process that trains this run; raises RunBusy when another holds it.

        Raises ValueError for a run that stays as it is, see `check_trainable`.
        """
        self.check_trainable()
        try:
            with FileLock(self.folder / "training.lock", timeout=1):
                yield
        except Timeout:
            raise RunBusy(f"{self.name} is being trained by another process: wait for it or cancel it") from None

    def check_trainable(self) -> None:
        """Raise ValueError that names the way out for a run that stays as it is: an imported one, or figures alone."""
        if "figures_of" in self.config:
            raise ValueError(f"{self.name} has figures only and cannot go on: train another with its settings")
        if self.imported:
            raise ValueError(f"{self.name} was imported and stays as it is: train another, --start-from {self.name}")

    @property
    def is_training(self) -> bool:
        """Whether a living process holds the training lock."""
        path = self.folder / "training.lock"
        if not path.is_file():
            return False
        try:
            with FileLock(path, timeout=0):
                return False
        except Timeout:
            return True
        except OSError:
            return False

    @property
    def status(self) -> str:
        """What became of it.

        One of "untrained", "imported", "not started", "training", "finished", "figures only" (trained, its
        weights not here), "cancelled", "diverged at step n", "died ..." or "damaged: ..." with the name of the file
        that cannot be read.
        """
        if self.untrained_twin_of:
            return "untrained"
        stored = self.folder / "status.json"
        if self.figures_only:
            return "figures only"
        if not stored.is_file():
            return "training" if self.is_training else self._end("not started")
        status = self._stored_status()
        if not isinstance(status, str):
            return f"damaged: {stored.name}"
        if status != "training":
            return status
        return "training" if self.is_training else self._end("died")

    def _stored_status(self) -> Any:
        """What status.json says; None where it is not there or cannot be read."""
        return _readable(self.folder / "status.json").get("status")

    def _end(self, otherwise: str) -> str:
        """What the supervisor of the job says of its end."""
        path = self.folder / "job.json"
        if not path.is_file():
            return otherwise
        job = _readable(path)
        code = job.get("exit", "")
        if code is None:
            return otherwise
        if type(code) is not int:
            return f"damaged: {path.name}"
        return f"died (signal {-code})" if code < 0 else f"died (exit {code})"

    def request_cancel(self) -> None:
        """Ask the process that trains this run to stop at its next step, with a checkpoint."""
        (self.folder / "cancel").touch()

    def set_status(self, status: str) -> None:
        write_json(self.folder / "status.json", {"status": status, "at": _now()})

    @property
    def validation(self) -> dict[str, float]:
        """{"bits_per_character": ...} or {"perplexity": ...} on the validation split; empty before the first epoch.

        The exact evaluation of these weights in results/evaluation.json, else the best epoch of the log.
        """
        measure = MEASURES[self.kind]
        exact = self.results().get("evaluation", {}).get("validation")
        if isinstance(exact, dict) and type(exact.get(measure)) in (int, float) and abs(exact[measure]) < LARGEST:
            return {measure: exact[measure]}
        reported = (point.get("validation_loss") for point in self.log().points)
        losses: list[float] = [loss for loss in reported if isinstance(loss, int | float)]
        return {measure: score_of(min(losses), self.kind)} if losses else {}

    @property
    def dropout_history(self) -> str:
        """How dropout changed while the run was trained, for people; empty where it did not."""
        parts = [f"{part['dropout']:g} until epoch {part['epochs']:g}" for part in self.config.get("earlier", [])]
        return f"{', '.join(parts)}, {self.model_config.dropout:g} from there" if parts else ""

    def summary(self) -> dict[str, Any]:
        """What `runs --json` says of it."""
        return {
            "name": self.name,
            "kind": self.kind,
            "architecture": self.model_config.architecture,
            "parameters": self.model_config.parameters,
            "corpus": self.config["corpus"]["name"],
            "dropout": self.model_config.dropout,
            "status": self.status,
            "shipped": self.shipped,
            "validation": self.validation,
        }


def score_of(loss: float, kind: Kind) -> float:
    """Bits per character (nats / ln 2) or perplexity (exp nats) of a mean loss in nats per token."""
    return loss / math.log(2) if kind == "char" else math.exp(min(loss, 700))


# Finding and making runs ---------------------------------------------------------------------------------------------


def runs_folder() -> Path:
    """Where a person's own runs are."""
    return home() / "runs"


def open_run(name: str) -> Run:
    """The run of that name, a person's own before a shipped one; raises ValueError when there is none."""
    check_name(name, "run name")
    for parent in (runs_folder(), SHIPPED):
        if (parent / name / "config.json").is_file():
            return Run(parent / name)
    raise ValueError(f"unknown run {name}; runs at hand: {', '.join(run.name for run in list_runs()) or 'none'}")


def list_runs() -> list[Run]:
    """All readable runs: the shipped ones, then a person's own, by name."""
    found: dict[str, Run] = {}
    for parent in (SHIPPED, runs_folder()):
        for path in sorted(parent.glob("*/config.json")):
            run = Run(path.parent)
            try:
                _check_settings(run)
            except ValueError:
                continue
            found[run.name] = run
    return list(found.values())


def unreadable_runs() -> dict[str, str]:
    """Folders of runs that `list_runs` passes over, by name, with what is wrong."""
    found = {}
    for parent in (SHIPPED, runs_folder()):
        for path in sorted(parent.glob("[!.]*/")):
            if not any((path / name).is_file() for name in ("config.json", "weights.safetensors")):
                continue  # a job is about to make a run here
            try:
                _check_settings(Run(path))
            except ValueError as error:
                found[path.name] = str(error)
    return found


def create_run(
    name: str,
    corpus: Corpus,
    model: ModelConfig,
    training: TrainConfig,
    *,
    start: Run | None = None,
    sweep: dict[str, Any] | None = None,
) -> Run:
    """Make the folder of a new run, with the weights of `start` to begin with where that is given.

    `sweep`: the sweep that it is part of, kept in config.json, see `Run.sweep`.

    Raises ValueError when the name is taken, the folder cannot be written, or `start` has another shape or vocabulary.
    """
    folder = new_folder(name)
    if model.vocabulary != len(corpus.vocabulary):
        raise ValueError(f"the model has {model.vocabulary} tokens, the corpus {len(corpus.vocabulary)}")
    config = describe(corpus, model, training)
    if start is not None:
        if replace(start.model_config, dropout=0.0, embedding_dropout=0.0) != replace(
            model, dropout=0.0, embedding_dropout=0.0
        ):
            raise ValueError(f"{start.name} is {start.model_config}, the new run {model}: only dropout may differ")
        if start.vocabulary.tokens != corpus.vocabulary.tokens:
            raise ValueError(f"{start.name} reads other tokens than {corpus.name} has")
        config["started_from"] = {"run": start.name, "weights": start.fingerprint}
    if sweep is not None:
        config["sweep"] = sweep
    try:
        folder.mkdir(parents=True, exist_ok=True)
        vocabulary = {"splitter": corpus.vocabulary.splitter, "tokens": corpus.vocabulary.tokens}
        write_json(folder / "vocabulary.json", vocabulary)
        write_json(folder / "config.json", config)
        if start is not None:
            parameters = start.load_model().named_parameters()
            Run(folder).save_weights({name: value.detach().numpy() for name, value in parameters})
    except OSError as error:
        raise ValueError(f"cannot write to {folder}: {error.strerror}; set LSTM_HOME to a folder you own") from None
    return Run(folder)


def new_folder(name: str) -> Path:
    """Where a new run of that name is to be made; raises ValueError when the name is taken or not usable."""
    folder = runs_folder() / check_name(name, "run name")
    if (folder / "config.json").exists():
        raise ValueError(f"a run named {name} is there already: choose another name, resume it or remove it")
    if (SHIPPED / name / "config.json").exists():
        raise ValueError(f"a run named {name} came with the program: choose another name")
    return folder


def describe(corpus: Corpus, model: ModelConfig, training: TrainConfig) -> dict[str, Any]:
    """The content of config.json."""
    return {
        "schema": SCHEMA,
        "kind": corpus.kind,
        "model": as_dict(model),
        "training": as_dict(training),
        "corpus": {"name": corpus.name, "fingerprint": corpus.fingerprint, "licence": corpus.licence},
        "versions": {"python": platform.python_version(), "torch": version("torch"), "numpy": version("numpy")},
        "created": _now(),
    }


def extend_run(run: Run, epochs: int | None = None, *, dropout: float | None = None) -> Run:
    """Give a run more epochs or another dropout: trained again it goes on from its checkpoint.

    The learning rate follows the schedule of the longer training from there on. What the epochs so far were trained
    with is kept as `earlier` in config.json. Raises ValueError for a shipped run, for fewer epochs than it has or for
    a dropout outside [0, 1), RunBusy while it is being trained.
    """
    if run.shipped:
        raise ValueError(f"{run.name} came with the program and stays as it is: train one of your own")
    epochs = run.train_config.epochs if epochs is None else epochs
    if epochs < run.train_config.epochs:
        raise ValueError(f"{run.name} is set to {run.train_config.epochs} epochs, {epochs} are fewer: choose more")
    model = run.model_config if dropout is None else replace(run.model_config, dropout=dropout)
    with run.training_lock():
        config = {**run.config, "training": {**run.config["training"], "epochs": epochs}, "model": as_dict(model)}
        if model != run.model_config and run.log().points:
            before = {"epochs": round(run.log().points[-1]["epoch"], 2), "dropout": run.model_config.dropout}
            config["earlier"] = [*run.config.get("earlier", []), before]
        write_json(run.folder / "config.json", config)
        manifest = run.folder / "manifest.json"
        if manifest.is_file():  # the weights are as they were, and are not vouched for anew
            write_json(manifest, {**read_json(manifest), **inventory(run.folder, ["config.json"])})
    return Run(run.folder)


def recordings_of(run: Run) -> list[Kept]:
    """What goes with a run when it is removed: recordings made under its name or with its weights.

    Not those whose weights another run has: it shows them.
    """
    weights = {}
    for folder in (*SHIPPED.glob("[!.]*/"), *runs_folder().glob("[!.]*/")):
        with suppress(ValueError, KeyError):  # a damaged run that has no weights either
            weights[folder] = Run(folder).fingerprint
    own = weights.pop(run.folder, None)
    others = set(weights.values())
    made = [(kept, kept.spec) for kept in kept_recordings() if kept.spec is not None]
    return [kept for kept, spec in made if (spec.run == run.name or spec.weights == own) and spec.weights not in others]


def remove_run(name: str) -> int:
    """Remove a person's own run and its recordings (`recordings_of`); returns the bytes freed.

    Raises ValueError for a shipped run, RunBusy while it is being trained.
    """
    run = open_run(name)
    if run.shipped:
        raise ValueError(f"{name} came with the program and stays")
    if run.is_training:
        raise RunBusy(f"{name} is being trained: cancel it first")
    freed = size_of(run.folder) + sum(remove_recording(kept.key) for kept in recordings_of(run))
    shutil.rmtree(run.folder)
    return freed


def read_log(path: Path) -> Log:
    """The whole lines of a metrics file. A torn or garbled line is counted, not guessed.

    When a run resumes from a checkpoint it repeats steps; the repeated ones replace those written before the kill.
    """
    points: list[dict[str, Any]] = []
    unreadable = 0
    lines = path.read_bytes().split(b"\n") if path.is_file() else []
    for line in filter(None, lines):
        try:
            point = json.loads(line)
            step = point["step"]
            if type(step) is not int:
                raise TypeError
        except (ValueError, KeyError, TypeError, RecursionError):
            unreadable += 1
            continue
        while points and points[-1]["step"] >= step:
            points.pop()
        points.append(point)
    return Log(tuple(points), unreadable)


_fingerprints: dict[tuple[Path, int], str] = {}


def _fingerprint(path: Path, modified: int) -> str:
    if (path, modified) not in _fingerprints:
        _fingerprints[path, modified] = sha256_of(path)
    return _fingerprints[path, modified]


def _check_settings(run: Run) -> None:
    """Raise ValueError when config.json cannot be read or was written by another program."""
    run.config, run.model_config, run.train_config  # noqa: B018 - each raises when damaged


def _readable(path: Path) -> dict[str, Any]:
    """The JSON object in a file that may be damaged: empty then."""
    try:
        stored = read_json(path)
    except (ValueError, OSError):
        return {}
    return stored if isinstance(stored, dict) else {}


def _settings(kind: type, stored: Any, name: str) -> Any:
    if not isinstance(stored, dict):
        raise ValueError(f"{name}: the settings in config.json are not a list of names and values: restore it")
    known = {field.name for field in fields(kind)}
    if surplus := sorted(set(stored) - known):
        raise ValueError(f"{name}: config.json has the unknown setting {surplus[0]!r}: written by a newer program?")
    try:
        return kind(**stored)
    except TypeError as error:  # a setting is missing or no number
        raise ValueError(f"{name}: config.json does not hold a {kind.__name__} ({error}): restore it") from None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
