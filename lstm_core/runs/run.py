"""A run: one folder with a model's settings, vocabulary, weights, training log and results.

Reads and writes the folder; knows nothing of training or pages. Torch is imported only to build the model.
"""

import hashlib
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lstm_core.runs.folder import LOG, MANIFEST, SETTINGS, VOCABULARY, WEIGHTS, RunFolder, now
from lstm_core.runs.settings import MEASURES, ModelConfig, StatesConfig, TrainConfig
from lstm_core.storage.arrays import check_shapes, load_arrays
from lstm_core.storage.documents import LARGEST
from lstm_core.storage.files import NAME, read_json, write_json
from lstm_core.storage.frames import Framed
from lstm_core.text.catalogue import Kind
from lstm_core.text.corpus import Vocabulary

if TYPE_CHECKING:
    from lstm_core.runs.model import LanguageModel

# statuses after which nothing is left to train
ENDED = ("finished", "untrained", "imported", "figures only", "states only")


@dataclass(frozen=True)
class Log(Framed, rows="points"):
    """The points of a training log, in order, without those that a later resume replaced; unreadable lines counted."""

    points: tuple[dict[str, Any], ...]
    unreadable: int


@dataclass(frozen=True)
class Run(RunFolder):
    """A folder that holds a language model; made and found by `store`."""

    @cached_property
    def config(self) -> dict[str, Any]:
        """config.json, checked for its schema and for what every run has."""
        config = self.document
        if lost := [key for key in ("kind", "model", "training", "corpus") if key not in config]:
            raise ValueError(f"{self.name}: config.json lacks {lost[0]!r}: restore it or remove the run")
        corpus = config["corpus"]
        if not isinstance(corpus, dict) or not all(isinstance(corpus.get(key), str) for key in ("name", "fingerprint")):
            raise ValueError(f"{self.name}: config.json does not name its text: restore it or remove the run")
        return config

    @property
    def kind(self) -> Kind:
        return self.config["kind"]

    @cached_property
    def model_config(self) -> ModelConfig:
        return _settings(StatesConfig if self.states_only else ModelConfig, self.config["model"], self.name)

    @cached_property
    def train_config(self) -> TrainConfig:
        return _settings(TrainConfig, self.config["training"], self.name)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        path = self.folder / VOCABULARY
        if self.untrained_twin_of and not path.is_file():  # it has its run's, which lies beside it
            path = self.folder.with_name(self.untrained_twin_of) / VOCABULARY
        stored = read_json(path)
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
        name = self.config.get("untrained_twin_of")
        return name if isinstance(name, str) else None

    @property
    def sweep(self) -> dict[str, Any] | None:
        """The sweep that it is part of, as planned when it was made ("name", "dropouts", "seeds"), or None."""
        note = self.config.get("sweep")
        if not isinstance(note, dict) or not isinstance(note.get("name"), str) or not NAME.fullmatch(note["name"]):
            return None
        numbers = {"dropouts": (int, float), "seeds": (int,)}
        sound = all(
            isinstance(values := note.get(key), list) and values and {*map(type, values)} <= {*kinds}
            for key, kinds in numbers.items()
        )
        return note if sound and all(0 <= dropout < 1 for dropout in note["dropouts"]) else None

    def source(self, named: str = "") -> str:
        """The text to read: the one that is named, else the run's own; raises ValueError for a run that has none."""
        source: str = named or self.config["corpus"]["name"]
        if not source and self.states_only:
            raise ValueError(self._lacks_weights)
        if not source:
            raise ValueError(f"{self.name} was imported without a text: name one with --text")
        return source

    @property
    def imported(self) -> dict[str, str] | None:
        """Which file of another program the weights came from ("file", "sha256"), or None."""
        return self.config.get("imported")

    @property
    def states_only(self) -> bool:
        """Whether nothing is here of the model but recordings of its states, which were brought in (see `outside`)."""
        return isinstance(self.config.get("states"), dict)

    @property
    def origins(self) -> dict[str, str]:
        """What each array of states was called where it was brought in from, by its place ("h-1"); else empty."""
        arrays = self.config["states"].get("arrays") if self.states_only else None
        found = arrays if isinstance(arrays, dict) else {}
        return {place: str(one.get("from", "")) for place, one in found.items() if isinstance(one, dict)}

    @property
    def _lacks_weights(self) -> str:
        return (
            f"{self.name} has no weights: only its states were brought in, so it cannot read, write or be trained. "
            "Choose another run"
        )

    @property
    def has_weights(self) -> bool:
        return self.untrained_twin_of is not None or (self.folder / WEIGHTS).is_file()

    @property
    def figures_only(self) -> bool:
        """Whether it was trained and its weights are not here: its log and results can be shown, nothing can be read.

        Either they were left out when it was shipped ("figures_of" in config.json), or they were lost.
        """
        lost = self._stored_status() == "finished" and (self.folder / LOG).is_file()
        return not self.has_weights and ("figures_of" in self.config or lost)

    @property
    def fingerprint(self) -> str:
        """Identifies the weights: SHA-256 of their file, or of the settings that an untrained twin is drawn from.

        Of a run that has figures only: of the file that they were made with. Of one that has states only: of these.
        """
        if (self.folder / WEIGHTS).is_file():
            return self.weights_fingerprint
        if self.figures_only and (known := self._figures_of()):
            return known
        if self.states_only and isinstance(states := self.config["states"].get("sha256"), str):
            return states
        drawn = json.dumps([self.config["model"], self.config["training"]["seed"]], sort_keys=True)
        return hashlib.sha256(drawn.encode()).hexdigest()

    def _figures_of(self) -> str | None:
        """The hash of the weights that are not here: of config.json, else of the manifest."""
        listed = _readable(self.folder / MANIFEST).get(WEIGHTS)
        found = self.config.get("figures_of", listed.get("sha256") if isinstance(listed, dict) else None)
        return found if isinstance(found, str) else None

    # Weights ----------------------------------------------------------------------------------------------------------

    def load_model(self) -> "LanguageModel":
        """The model in float32, for reading (`eval` mode); raises ValueError that names what does not fit."""
        import torch

        from lstm_core.runs.model import build

        if self.untrained_twin_of is not None:
            return build(self.model_config, self.train_config.seed).eval()
        path = self.folder / WEIGHTS
        if self.states_only:
            raise ValueError(self._lacks_weights)
        if self.figures_only:
            raise ValueError(f"{self.name} has figures only, its weights are not here: choose another run or train one")
        if not path.is_file():
            raise ValueError(f"{self.name} has no weights yet: train it first")
        arrays = self.read_weights()
        model = build(self.model_config, self.train_config.seed)
        check_shapes(arrays, {name: tuple(value.shape) for name, value in model.named_parameters()}, str(path))
        model.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()}, strict=False)
        return model.eval()

    def verify(self) -> None:
        """Read the settings and compare every file with its hash; raises ValueError naming the first damaged one."""
        check_settings(self)
        if "figures_of" not in self.config:
            _ = self.vocabulary
        path, inside = self.folder / WEIGHTS, False
        if path.is_file():
            inside = "sha256" in load_arrays(path)[1]
        if (self.folder / MANIFEST).is_file():
            self.check_manifest(weights=not inside)

    # Log and status ---------------------------------------------------------------------------------------------------

    def log(self) -> Log:
        """The training log as far as it is whole; see `read_log`."""
        return read_log(self.folder / LOG)

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
        """As that of every folder; raises ValueError for a run that stays as it is, see `check_trainable`."""
        self.check_trainable()
        with super().training_lock():
            yield

    def check_trainable(self) -> None:
        """Raise ValueError that names the way out for a run that stays as it is: imported, figures or states alone."""
        if self.states_only:
            raise ValueError(self._lacks_weights)
        if "figures_of" in self.config:
            raise ValueError(f"{self.name} has figures only and cannot go on: train another with its settings")
        if self.imported:
            raise ValueError(f"{self.name} was imported and stays as it is: train another, --start-from {self.name}")

    @property
    def status(self) -> str:
        """What became of it.

        One of "untrained", "imported", "not started", "training", "finished", "figures only" (trained, its
        weights not here), "states only" (see `states_only`), "cancelled", "diverged at step n", "died ..." or
        "damaged: ..." with the name of the file that cannot be read.
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

    def write_settings(self, config: dict[str, Any], vocabulary: Vocabulary) -> None:
        """Write config.json and vocabulary.json."""
        write_json(self.folder / VOCABULARY, vocabulary_document(vocabulary))
        write_json(self.folder / SETTINGS, config)

    def set_status(self, status: str) -> None:
        write_json(self.folder / "status.json", {"status": status, "at": now()})

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
            "parameters": self.model_config.parameters or None,
            "corpus": self.config["corpus"]["name"],
            "dropout": None if self.states_only else self.model_config.dropout,
            "status": self.status,
            "shipped": self.shipped,
            "validation": self.validation,
        }


def vocabulary_document(vocabulary: Vocabulary) -> dict[str, Any]:
    """The content of vocabulary.json."""
    return {"splitter": vocabulary.splitter, "tokens": vocabulary.tokens}


def score_of(loss: float, kind: Kind) -> float:
    """Bits per character (nats / ln 2) or perplexity (exp nats) of a mean loss in nats per token."""
    return loss / math.log(2) if kind == "char" else math.exp(min(loss, 700))


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


def check_settings(run: Run) -> None:
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
