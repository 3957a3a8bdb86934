"""States of models that are not here: arrays of values and their tokens, brought in as a run and its recordings.

The run has no weights, and says so where they are needed; its recordings are like any other. How files are read is
`state_files`'s. T tokens, U units.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_core.recordings.annotations import Annotation, write_annotations
from lstm_core.recordings.recording import Recording, RecordingSpec, recordings_folder, remove_recording
from lstm_core.recordings.writer import building, bytes_of, check_space, dtype_of, sound
from lstm_core.runs.cells import CELLS, SIGNALS
from lstm_core.runs.run import Run
from lstm_core.runs.settings import StatesConfig, TrainConfig
from lstm_core.runs.store import describe, making_run, new_folder, open_run
from lstm_core.storage.progress import Progress, silent
from lstm_core.storage.tiles import TILE
from lstm_core.text.catalogue import RECIPES, Kind
from lstm_core.text.corpus import MAX_TEXT_BYTES, Corpus, Vocabulary, decode_text, keep_text, texts_folder

STEP_BYTES = 2**24  # of values held at a time
HALF_MOST = float(np.finfo(np.float16).max)  # 65,504
LEAST_TEXT = 40  # tokens that a corpus has at least


@dataclass(frozen=True, eq=False)
class States:
    """What all units of a layer did: `values` (T, U) of a signal (one of SIGNALS); layers count from 1.

    `title` names where they come from in messages. `transform`: what the program that they come from does to them
    before it asks whether a unit is on, in its own word.
    """

    signal: str
    layer: int
    values: NDArray[Any]
    title: str
    transform: str = ""

    @property
    def length(self) -> int:
        """How many tokens it is of."""
        return self.values.shape[0] if self.values.ndim else 0

    @property
    def place(self) -> str:
        """Names signal and layer: "h-1"."""
        return f"{self.signal}-{self.layer}"


@dataclass(frozen=True, eq=False)
class OutsideText:
    """The text that was read: `ids` (T,) of tokens in a vocabulary; `title` for people."""

    vocabulary: Vocabulary
    ids: NDArray[np.int32]
    title: str

    @property
    def text(self) -> str:
        """The tokens as one text."""
        return self.vocabulary.decode(self.ids.tolist())


@dataclass(frozen=True, eq=False)
class Seen:
    """What a first look at some states found: their hash, lowest and highest value, the largest error of rounding."""

    sha256: str
    lowest: float
    highest: float
    rounding: float


@dataclass(frozen=True, eq=False)
class Brought:
    """The run that was made, its recordings (one for signals that have the same layers), what a person should know."""

    run: Run
    recordings: tuple[Recording, ...]
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, eq=False)
class _Given:
    """All that is brought in under a name, with what a first look found: `seen` by place, the text as a `corpus`."""

    name: str
    cell: str
    states: Sequence[States]
    reading: OutsideText
    annotations: Sequence[Annotation]
    seen: Mapping[str, Seen]
    corpus: Corpus

    @cached_property
    def identity(self) -> str:
        """A hash of all of it; stands for the weights that are not here."""
        words = [self.reading.vocabulary.splitter, *self.reading.vocabulary.tokens]
        digest = hashlib.sha256(json.dumps(words, ensure_ascii=True).encode())
        digest.update(np.asarray(self.reading.ids, np.int32).tobytes())
        for one in sorted(self.states, key=lambda one: one.place):
            digest.update(f"{one.place} {self.seen[one.place].sha256} {one.transform}".encode())
        for note in self.annotations:
            digest.update(json.dumps([note.name, note.labels], ensure_ascii=True).encode())
            digest.update(note.values.tobytes())
        return digest.hexdigest()


def bring_in(
    name: str,
    states: Sequence[States],
    reading: OutsideText,
    *,
    annotations: Sequence[Annotation] = (),
    report: Progress = silent,
) -> Brought:
    """Make a run without weights and its recordings; its status is "states only".

    Everything is looked at before anything is written; memory does not grow with the text. A text of characters is kept
    among the person's own texts under the run's name. Raises ValueError when the name is taken, for shapes that do not
    go with the tokens, values that are not finite or beyond float16 (all signals but c are kept so), two arrays of one
    place, signals of different cells, and where the disk lacks the space.
    """
    new_folder(name)
    cell = _cell(states)
    _check_shapes(states, reading)
    for note in annotations:
        if len(note.values) != len(reading.ids):
            raise ValueError(f"{note.name!r} annotates {len(note.values):,} tokens, the text has {len(reading.ids):,}")
    seen: dict[str, Seen] = {}
    for number, one in enumerate(states):
        seen[one.place] = look(one, report=_share_of(report, number / len(states) / 2, 0.5 / len(states)))
    given = _Given(name, cell, states, reading, annotations, seen, _corpus(name, reading))
    specs = _specs(given)
    check_space(recordings_folder(), sum(bytes_of(spec, len(reading.ids), len(reading.ids)) for spec in specs))
    fresh: list[str] = []
    try:
        for number, spec in enumerate(specs):
            if sound(recordings_folder() / spec.key) is not None:
                continue  # brought in before, under another name
            share = 0.5 / len(specs)
            _record(spec, given, _share_of(report, 0.5 + number * share, share))
            fresh.append(spec.key)
        run = _run(given)
    except BaseException:
        for key in fresh:  # else they would be left without a run to show them
            remove_recording(key)
        raise
    made = tuple(Recording.open(recordings_folder() / spec.key) for spec in specs)
    return Brought(run, made, tuple(_notes(given, len(made))))


def _share_of(report: Progress, begun: float, share: float) -> Progress:
    """The report of a part of the work, which begins and takes so much of it."""
    return lambda done, word: report(begun + done * share, word)


# Looking before writing -----------------------------------------------------------------------------------------------


def look(states: States, *, report: Progress = silent) -> Seen:
    """Read all values once. Raises ValueError that names the first that is not finite or cannot be kept."""
    digest = hashlib.sha256(f"{states.values.shape} {states.values.dtype.str}".encode())
    lowest, highest, rounding = np.inf, -np.inf, 0.0
    kept_as = dtype_of(states.signal)
    for start, part in _parts(states.values):
        digest.update(np.ascontiguousarray(part).data)
        if not np.isfinite(part).all():
            step, unit = np.argwhere(~np.isfinite(part))[0]
            raise ValueError(
                f"{states.title}: the value of unit {unit} at token {start + step:,} is {part[step, unit]}: every "
                "value must be finite"
            )
        lowest, highest = min(lowest, float(part.min())), max(highest, float(part.max()))
        if kept_as == np.float16 and max(-lowest, highest) > HALF_MOST:
            step, unit = np.argwhere(np.abs(part) > HALF_MOST)[0]
            raise ValueError(
                f"{states.title}: the value of unit {unit} at token {start + step:,} is {part[step, unit]:.6g}, beyond "
                f"the {HALF_MOST:,.0f} that {states.signal} can be kept with (float16): bring it in as signal c, which "
                "is kept as float32"
            )
        with np.errstate(over="ignore"):
            kept: NDArray[Any] = part.astype(kept_as)
        if not np.isfinite(kept).all():
            raise ValueError(f"{states.title} holds values beyond float32: divide them by a constant first")
        rounding = max(rounding, float(np.abs(part - kept.astype(part.dtype)).max()))
        report((start + len(part)) / len(states.values), f"looking at {states.title}")
    return Seen(digest.hexdigest(), lowest, highest, rounding)


def _parts(values: NDArray[Any]) -> Iterator[tuple[int, NDArray[Any]]]:
    """Values (T, U) a few whole tiles of positions at a time, with where each part begins."""
    length, units = values.shape
    step = max(1, STEP_BYTES // (8 * units) // TILE) * TILE
    for start in range(0, length, step):
        yield start, np.asarray(values[start : start + step])


def _cell(states: Sequence[States]) -> str:
    """The kind of cell that has all of the signals; raises ValueError where none has."""
    if not states:
        raise ValueError("no states are named: give an array for at least one layer")
    signals = {one.signal for one in states}
    if unknown := sorted(signals - set(SIGNALS)):
        known = ", ".join(f"{name} ({signal.title})" for name, signal in SIGNALS.items())
        raise ValueError(f"signal {unknown[0][:40]!r} is unknown: choose one of {known}; h for anything else")
    for name, cell in CELLS.items():
        if signals <= set(cell.signals):
            return name
    raise ValueError(f"no cell has the signals {', '.join(sorted(signals))} together: bring them in as two runs")


def _check_shapes(states: Sequence[States], reading: OutsideText) -> None:
    length, places = len(reading.ids), set()
    if not length:
        raise ValueError(f"{reading.title} has no tokens: there is nothing to look at")
    for one in states:
        shape, wanted = one.values.shape, f"({length:,} tokens, units)"
        if one.layer < 1:
            raise ValueError(f"{one.title} is of layer {one.layer}: layers count from 1")
        if one.place in places:
            raise ValueError(f"{one.title} is a second array of {one.signal} of layer {one.layer}: name each once")
        places.add(one.place)
        if len(shape) != 2:
            raise ValueError(f"{one.title} is {_told(shape)}, expected is a table of {wanted}: reshape it")
        if one.values.dtype.kind != "f" or one.values.dtype.itemsize > 8:
            raise ValueError(f"{one.title} holds {one.values.dtype}, expected are float16, float32 or float64")
        if shape[0] != length and shape[1] == length:
            raise ValueError(
                f"{one.title} is {_told(shape)}, units by tokens; expected is tokens by units, {wanted}: save its "
                "transpose, np.save(file, array.T)"
            )
        if shape[0] != length or not shape[1]:
            raise ValueError(
                f"{one.title} is {_told(shape)}, expected is {wanted}: {reading.title} has {length:,} tokens"
            )


def _told(shape: tuple[int, ...]) -> str:
    return f"({', '.join(f'{size:,}' for size in shape)}{',' * (len(shape) == 1)})"


# Writing --------------------------------------------------------------------------------------------------------------


def _corpus(name: str, reading: OutsideText) -> Corpus:
    """The text in name. One of characters can be kept: what reads the run's own text then finds it in a recording."""
    characters, text = reading.vocabulary.splitter == "characters", reading.text
    content = text.encode()
    kept = characters and len(text) == len(reading.ids) >= LEAST_TEXT
    kept = kept and len(content) <= MAX_TEXT_BYTES and decode_text(content) == text  # it is read again as it is
    if kept:
        path = texts_folder() / f"{name}.txt"
        if name in RECIPES or (path.is_file() and path.read_bytes() != content):
            raise ValueError(f"there is another text named {name}, and this one is to be kept as that: choose a name")
    kind: Kind = "char" if characters else "word"
    licence = "your own text" if kept else "not known"
    fingerprint = hashlib.sha256(content).hexdigest()
    return Corpus(name if kept else "", kind, reading.vocabulary, reading.ids, {}, fingerprint, licence=licence)


def _specs(given: _Given) -> list[RecordingSpec]:
    """What the recordings will be: one for all signals that have the same layers and as many units in them."""
    layers: dict[tuple[str, int], list[int]] = {}
    for one in given.states:
        layers.setdefault((one.signal, one.values.shape[1]), []).append(one.layer)
    order = list(CELLS[given.cell].signals)
    alike = sorted((units, sorted(found), order.index(signal)) for (signal, units), found in layers.items())
    groups = [
        (units, tuple(found), tuple(order[number] for _, _, number in group))
        for (units, found), group in groupby(alike, lambda one: one[:2])
    ]
    title = given.corpus.name or given.reading.title
    return [
        RecordingSpec(
            run=given.name,
            weights=given.identity,
            text=title if len(groups) == 1 else f"{title}, {', '.join(signals)} of layers {', '.join(map(str, found))}",
            text_fingerprint=given.corpus.fingerprint,
            span=(0, len(given.reading.ids)),
            cell=given.cell,
            units=units,
            signals=signals,
            layers=found,
        )
        for units, found, signals in groups
    ]


def _record(spec: RecordingSpec, given: _Given, report: Progress) -> None:
    length, seen = len(given.reading.ids), given.seen
    states = [one for one in given.states if one.signal in spec.signals and one.values.shape[1] == spec.units]
    with building(spec, bytes_of(spec, length, length)) as part:
        part.begin(given.reading.vocabulary, np.asarray(given.reading.ids, np.int32))
        part.probability(length)[:] = np.nan  # what the model expected is not known
        if given.annotations:
            write_annotations(part.part, given.annotations)
        for number, one in enumerate(states):
            tiles = part.tiles(one.signal, one.layer, spec.units, length)
            for start, values in _parts(one.values):
                tiles.put(start, values.T.astype(tiles.dtype))
                report((number + (start + len(values)) / length) / len(states), f"keeping {one.title}")
        part.exactness = {
            "brought_in": {one.place: one.title for one in states},
            "extent": {one.place: [seen[one.place].lowest, seen[one.place].highest] for one in states},
            "rounding": {one.place: seen[one.place].rounding for one in states},
            "transform": {one.place: one.transform for one in states if one.transform},
        }


def _run(given: _Given) -> Run:
    units, layers = max(one.values.shape[1] for one in given.states), max(one.layer for one in given.states)
    shape = StatesConfig(len(given.reading.vocabulary), given.cell, 1, units, layers, 0.0)
    arrays = {one.place: {"from": one.title, "sha256": given.seen[one.place].sha256} for one in given.states}
    config = describe(given.corpus, shape, TrainConfig(epochs=0))
    states = {"sha256": given.identity, "arrays": arrays}
    with ExitStack() as taken_back:
        with making_run(given.name) as run:
            run.write_settings({**config, "states": states}, given.reading.vocabulary)
            run.write_manifest()
            run.set_status("states only")
            if given.corpus.name:
                kept = keep_text(given.name, given.reading.text.encode())
                taken_back.callback(kept.unlink, missing_ok=True)
        taken_back.pop_all()
    return open_run(given.name)


def _notes(given: _Given, recordings: int) -> Iterator[str]:
    states, seen = given.states, given.seen
    rounded = max((seen[one.place].rounding for one in states), default=0.0)
    if rounded:
        yield f"values are rounded to float16, those of c to float32, by {rounded:.2g} at most"
    bounded = [one for one in states if np.isfinite(SIGNALS[one.signal].bounds[1])]
    wide = [one for one in bounded if max(-seen[one.place].lowest, seen[one.place].highest) > 1]
    if wide:
        yield (
            f"{wide[0].signal} of layer {wide[0].layer} goes beyond -1 and 1, which that of an LSTM never does: "
            "pictures show it as far as it goes"
        )
    if recordings > 1:
        yield f"signals with different layers or units are kept as {recordings} recordings: pages let one choose"
    if any(one.transform for one in states):
        told = ", ".join(f"{one.transform} to {one.place}" for one in states if one.transform)
        yield f"LSTMVis applies {told} before it asks whether a unit is on; here ask by the rule tanh for the same"
