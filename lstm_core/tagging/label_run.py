"""Folders of networks that label text: settings, words, weights, log and results; found, read, trained, measured.

Those that ship are below `models/taggers` and `models/classifiers`, a person's own in the same folders of `$LSTM_HOME`.
Knows files; torch is loaded only to build or train a network.
"""

import json
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from lstm_core.runs.folder import LOG, MANIFEST, SCHEMA, SETTINGS, VOCABULARY, WEIGHTS, RunFolder, now
from lstm_core.storage import files
from lstm_core.storage.arrays import Arrays, check_shapes, load_arrays, save_arrays
from lstm_core.storage.files import check_name, home, read_json, write_json
from lstm_core.storage.frames import Framed
from lstm_core.storage.progress import Progress, silent
from lstm_core.storage.results import Results
from lstm_core.tagging.settings import BEST_TAGGER, LabelTraining, NetworkConfig
from lstm_core.tagging.words import Labelled, WordList, encode, means_same, word_list

if TYPE_CHECKING:
    from lstm_core.tagging.model import EpochReport, LabelNetwork, TrainingState

Kind = Literal["taggers", "classifiers"]
S = TypeVar("S")
CHECKPOINT = "checkpoint.safetensors"
_opened: dict[tuple[Path, int], "LabelNetwork"] = {}


@dataclass(frozen=True)
class LabelRun(RunFolder):
    """A folder that holds a tagger or a classifier."""

    @cached_property
    def config(self) -> NetworkConfig:
        """The shape of the network; raises ValueError where the file does not say it."""
        return self._settings(NetworkConfig, "network")

    @cached_property
    def training(self) -> LabelTraining:
        """How it is trained; raises ValueError where the file does not say it."""
        return self._settings(LabelTraining, "training")

    def _settings(self, kind: type[S], part: str) -> S:
        try:
            return kind(**self.document.get(part))  # type: ignore[arg-type]
        except TypeError as error:
            where = self.folder / SETTINGS
            raise ValueError(f"{where} does not hold a {kind.__name__} ({error}): restore it") from None

    @property
    def corpus(self) -> str:
        """What it was trained on, for people."""
        return str(self.document.get("corpus"))

    @cached_property
    def known(self) -> WordList:
        """The words, letters and labels that it knows."""
        stored = read_json(self.folder / VOCABULARY)
        try:
            return WordList(*(tuple(stored[name]) for name in ("words", "letters", "labels")))
        except (KeyError, TypeError):
            raise ValueError(
                f"{self.folder / VOCABULARY} does not list words, letters and labels: restore it"
            ) from None

    @property
    def finished(self) -> bool:
        """Whether it has been trained to its end."""
        return (self.folder / MANIFEST).is_file()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the weights."""
        return self.weights_fingerprint

    def results(self) -> dict[str, Any]:
        """What was measured with these weights, as a document; empty where that is not at hand or damaged."""
        found = (TAGGED.read(self) or CLASSIFIED.read(self)) if self.finished else None
        return asdict(found) if found else {}

    def accuracy(self) -> "dict[str, Share]":
        """The shares of right labels by text, of its results; empty where they are not at hand or damaged."""
        found = TAGGED.read(self) if self.finished else None
        return found.accuracy if found else {}

    def network(self) -> "LabelNetwork":
        """The network with its weights, read once a process; raises ValueError that names a damaged file."""
        if not self.finished:
            raise ValueError(f"{self.name} is not trained to its end: go on with `train-tagger {self.name}`")
        path = self.folder / WEIGHTS
        if not path.is_file():
            raise ValueError(f"{path} is missing: restore it or train again")
        key = (path, path.stat().st_mtime_ns)
        if key not in _opened:
            from lstm_core.tagging.model import load_weights, new_network

            arrays, network = self.read_weights(), new_network(self.config, self.known, self.training.seed)
            shapes = {name: tuple(value.shape) for name, value in network.named_parameters()}
            check_shapes(arrays, shapes, str(self.folder))
            load_weights(network, arrays)
            _opened[key] = network.eval()
        return _opened[key]


# Finding --------------------------------------------------------------------------------------------------------------


def folders(kind: Kind) -> tuple[Path, Path]:
    """Where a person's own are, and where those that ship are."""
    return home() / kind, files.SHIPPED / kind


def label_runs(kind: Kind) -> list[LabelRun]:
    """Those that are trained to their end and readable: a person's own before a shipped one of that name, by name."""
    found: dict[str, LabelRun] = {}
    for parent in reversed(folders(kind)):
        for path in sorted(parent.glob(f"[!.]*/{SETTINGS}")):
            run = LabelRun(path.parent)
            try:
                run.config, run.training  # noqa: B018 - each raises when damaged
            except ValueError:
                continue
            if run.finished:
                found[run.name] = run
    return [found[name] for name in sorted(found)]


def open_label_run(kind: Kind, name: str = BEST_TAGGER) -> LabelRun:
    """The one of that name; raises ValueError that lists those at hand where there is none."""
    check_name(name, "name")
    for parent in folders(kind):
        if (parent / name / SETTINGS).is_file():
            return LabelRun(parent / name)
    at_hand = ", ".join(run.name for run in label_runs(kind)) or "none"
    raise ValueError(f"there is no {kind[:-1]} {name}; at hand: {at_hand}")


# Making ---------------------------------------------------------------------------------------------------------------


def new_label_run(
    parent: Path, name: str, config: NetworkConfig, training: LabelTraining, given: Labelled, corpus: str
) -> LabelRun:
    """Make the folder of a network that will be trained on labelled texts; the one that is there already where it has
    the same settings. Raises ValueError where it has others.
    """
    folder = parent / check_name(name, "name")
    run = LabelRun(folder)
    if (folder / SETTINGS).is_file():
        if (run.config, run.training) != (config, training):
            raise ValueError(f"{name} is there already with other settings: choose another name or remove {folder}")
        return run
    known = word_list(given.texts, given.labels, training.least)
    settings = {
        "schema": SCHEMA,
        "network": asdict(config),
        "training": asdict(training),
        "corpus": corpus,
        "versions": {"python": platform.python_version(), "torch": version("torch")},
        "created": now(),
    }
    try:
        write_json(folder / VOCABULARY, asdict(known))
        write_json(folder / SETTINGS, settings)
    except OSError as error:
        raise ValueError(f"cannot write to {folder}: {error.strerror}; set LSTM_HOME to a folder you own") from None
    return run


def train_label_run(
    run: LabelRun, given: Labelled, development: Labelled, *, report: Progress = silent
) -> Iterator["EpochReport"]:
    """Train it to its end, or from the last epoch that is kept; yields a report an epoch, those of before first.

    After each epoch all is kept that the next one needs. Raises RunBusy where another process trains it.
    """
    from lstm_core.tagging.model import load_weights, new_network, train, weights_of

    with run.training_lock():
        network = new_network(run.config, run.known, run.training.seed)
        progress, weights = _resumed(run.folder / CHECKPOINT)
        if weights:
            load_weights(network, weights)
        yield from progress.reports
        if run.finished:
            return
        texts = [encode(run.known, one.texts, one.labels, of_texts=one.of_texts) for one in (given, development)]
        for found in train(network, texts[0], texts[1], run.training, progress, report=report):
            _keep(run.folder, progress, weights_of(network))
            yield found
        run.save_weights(progress.best, int8=True)
        _log(run.folder, progress)
        (run.folder / CHECKPOINT).unlink(missing_ok=True)


def _keep(folder: Path, progress: "TrainingState", weights: Arrays) -> None:
    parts = {"now": weights, "best": progress.best, "moments": progress.moments}
    arrays = {f"{part} {name}": array for part, found in parts.items() for name, array in found.items()}
    told = json.dumps([asdict(one) for one in progress.reports])
    save_arrays(folder / CHECKPOINT, arrays, {"reports": told})
    _log(folder, progress)


def _log(folder: Path, progress: "TrainingState") -> None:
    lines = [json.dumps(asdict(one)) + "\n" for one in progress.reports]
    files.write_bytes(folder / LOG, "".join(lines).encode())


def _resumed(path: Path) -> tuple["TrainingState", Arrays]:
    """What a checkpoint holds, and the weights as they were; nothing where there is none."""
    from lstm_core.tagging.model import EpochReport, TrainingState

    if not path.is_file():
        log = path.with_name(LOG)  # of one that is trained to its end
        ended = log.is_file() and path.with_name(MANIFEST).is_file()
        lines = log.read_text(encoding="utf-8").splitlines() if ended else []
        return TrainingState([EpochReport(**json.loads(line)) for line in lines]), {}
    arrays, notes = load_arrays(path)
    parts: dict[str, Arrays] = {"now": {}, "best": {}, "moments": {}}
    try:
        for name, array in arrays.items():
            part, _, of = name.partition(" ")
            parts[part][of] = array
        reports = [EpochReport(**one) for one in json.loads(notes["reports"])]
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{path} holds no training of this program: remove it, training then begins anew") from None
    return TrainingState(reports, parts["best"], parts["moments"]), parts["now"]


# Measuring ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Share:
    """Share of right labels, in [0, 1], on a text: of all `count` that are scored, and of the `unknown` ones, which are
    those of words that the training text does not have as they are; None where there is none. `right_mapped` also
    counts a label that means the same in the training text's own tag set (`words.means_same`); None where not counted.
    """

    title: str
    count: int
    right: float
    unknown: int
    right_unknown: float | None
    right_mapped: float | None = None


def shares(title: str, given: Labelled, found: Sequence[str], scored: Sequence[bool], seen: set[str]) -> Share:
    """The shares of some labels that were found; `seen` are the words of the training text. For a classifier every text
    is known.
    """
    rows = list(zip(given.labels, found, scored, strict=True))
    right = [label == other for label, other, counts in rows if counts]
    words = [] if given.of_texts else [word for text in given.texts for word in text]
    strange = [
        label == other for (label, other, counts), word in zip(rows, words, strict=False) if counts and word not in seen
    ]
    alike = [means_same(word, *labels) for (*labels, counts), word in zip(rows, words, strict=False) if counts]
    return Share(
        title,
        len(right),
        sum(right) / len(right),
        len(strange),
        sum(strange) / len(strange) if strange else None,
        sum(alike) / len(alike) if alike else None,
    )


@dataclass(frozen=True)
class TaggerFigures(Framed, rows="accuracy"):
    """What was measured of a tagger with these `weights`, which knows so many `words`: its `accuracy` by text, and its
    share of right tags on the development text before the weights were rounded.
    """

    weights: str
    architecture: str
    parameters: int
    words: int
    development_before_rounding: float
    accuracy: dict[str, Share]


@dataclass(frozen=True)
class ClassifierFigures(Framed):
    """Of a classifier: the share of `count` texts that it judged `right`."""

    weights: str
    architecture: str
    count: int
    right: float


TAGGED = Results("accuracy.json", TaggerFigures, own=None)
CLASSIFIED = Results("accuracy.json", ClassifierFigures, own=None)


def predicted(network: "LabelNetwork", known: WordList, given: Labelled) -> list[str]:
    """The label that a network gives to each word, or each text."""
    from lstm_core.tagging.model import probabilities

    found = probabilities(network, encode(known, given.texts)).argmax(axis=1)
    return [known.labels[code] for code in found.tolist()]
