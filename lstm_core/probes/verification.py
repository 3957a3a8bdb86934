"""Does a study's finding hold up? Its places as vectors, read by a linear reader, its surest units over time; its words
as vectors. The same is asked of a run's untrained twin, at the same places.

Source: the article (PCA of a word set, a unit's timing and periods). U units, N places.
"""

import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lstm_core.probes.active import Unit
from lstm_core.probes.studies import Span, Study, both_kinds, tells_apart, values_at, whole_words
from lstm_core.probes.word_classes import WordSet, word_set
from lstm_core.recordings.find import find, same_reading, twins_of
from lstm_core.recordings.recording import Recording
from lstm_core.runs.cells import cell_of
from lstm_core.stats.linear_probe import FEWEST, Probe, lead, probe
from lstm_core.stats.separation import Separation, separation
from lstm_core.stats.spectrum import Period, Rhythm, period, rhythm
from lstm_core.stats.timing import Contrast, contrast
from lstm_core.storage.frames import Framed
from lstm_core.storage.progress import Progress, silent
from lstm_core.text.tagged import Tagged

MOST = 300  # places of a kind, evenly spaced where there are more
SUREST = 5  # units that are followed over time
MANY = 8  # phrases from which on each is a type of the control task
AROUND = {True: (10, 30), False: (40, 120)}  # steps before and after an event, of words and of letters


@dataclass(frozen=True)
class VerifyQuery:
    """A study's places in a signal of some layers. `units` are followed over time in place of the surest ones."""

    study: Study
    signal: str = "h"
    layers: tuple[int, ...] = (1,)
    units: tuple[Unit, ...] | None = None
    control: bool = True
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Nothing:
    """What the part of the text alone tells: places of a `word`, each of the kind of the study's place that is
    nearest in the text. `accuracy` is that of the reader, None where the places are too few.
    """

    word: str
    counts: tuple[int, int]
    apart: Separation
    accuracy: float | None


@dataclass(frozen=True, eq=False)
class Followed:
    """A unit around the places of both kinds, and its strongest period and rhythm, None where it never changes or the
    text is too short; `sure`: it was confirmed.
    """

    layer: int
    unit: int
    sure: bool
    around: Contrast | None
    period: Period | None
    rhythm: Rhythm | None


@dataclass(frozen=True, eq=False)
class Verification(Framed, rows="followed"):
    """What a study's places and words say of one run. `counts` are its places of both kinds, at all of which
    `confirmed` of its units tell the kinds apart by the study's own rule; for the rest up to MOST of each are used.
    `dealt_by` says what decided the labels of the reader's control task. None is what could not be told; `why` says
    why not.
    """

    query: VerifyQuery
    run: str
    counts: tuple[int, int]
    confirmed: int
    apart: Separation | None
    reader: Probe | None
    dealt_by: str
    nothing: tuple[Nothing, ...]
    followed: tuple[Followed, ...]
    words: WordSet | None
    why: tuple[str, ...]


def verify(
    recording: Recording, query: VerifyQuery, tagged: Tagged | None = None, *, report: Progress = silent
) -> Verification:
    """Ask a recording. Raises ValueError as `studies.places`, and for a signal or layer that the recording lacks."""
    asked, why = query.study, []
    report(0.0, "places")
    kinds = both_kinds(recording, asked, tagged)
    steps = [[stop - 1 for _, stop in some] for some in kinds]
    telling, _ = tells_apart(_at(recording, query, steps[0]), _at(recording, query, steps[1]), _units(recording, query))
    sure = [(one.layer, one.unit) for one in telling if one.verdict == "confirmed"]
    thinned = [evenly(some, MOST) for some in kinds]
    order = sorted([*thinned[0], *thinned[1]])
    of_first = set(thinned[0])
    labels = np.array([span in of_first for span in order], dtype=bool)
    values = _at(recording, query, [stop - 1 for _, stop in order])
    dealt_by, types = types_of(recording, order)
    apart = reader = None
    if asked.positive:
        apart = _apart(values, labels, [start for start, _ in order])
        report(0.1, "reader")
        try:
            reader = probe(values, labels, types if query.control else (), seed=query.seed)
        except ValueError as error:
            why.append(f"No reader: {error}.")
        if reader is not None and query.control and reader.control is None:
            why.append("No control task: all places are of one type.")
    report(0.7, "where there is nothing")
    nothing = [_nothing(recording, query, word, order, labels) for word in asked.null] if apart else []
    report(0.8, "over time")
    followed = tuple(
        _follow(recording, query.signal, unit, unit in sure, steps)
        for unit in (sure[:SUREST] if query.units is None else query.units)
    )
    if any(one.around is not None and one.around.one.memory is None for one in followed):
        why.append(_no_memory(recording))
    words = None
    if asked.words:
        report(0.9, "words")
        try:
            words = word_set(recording, query.signal, query.layers, asked.words, tagged, seed=query.seed)
        except ValueError as error:
            why.append(f"No set of words: {error}.")
    report(1.0, "done")
    return Verification(
        query=query,
        run=recording.spec.run,
        counts=(len(kinds[0]), len(kinds[1])),
        confirmed=len(sure),
        apart=apart,
        reader=reader,
        dealt_by=dealt_by,
        nothing=tuple(one for one in nothing if one is not None),
        followed=followed,
        words=words,
        why=tuple(why),
    )


# The untrained twin ---------------------------------------------------------------------------------------------------


def twin_query(found: Verification) -> VerifyQuery:
    """What its twin is asked: the same, of the same units over time, without a control task of its own."""
    return replace(found.query, units=tuple((one.layer, one.unit) for one in found.followed), control=False)


def recording_words(recording: Recording, run: str, signal: str) -> list[str]:
    """The verb that records a signal of a run over the same text, as a person would type it."""
    spec = recording.spec
    first, tokens = str(spec.span[0]), str(spec.span[1] - spec.span[0])
    options = ["--text", spec.text, "--start", first, "--tokens", tokens, "--signals", signal]
    return ["record", run, *options, "--yes"]


def twin_words(recording: Recording, signal: str) -> list[str] | None:
    """The same of its untrained twin; None where the run has none."""
    twin = next(twins_of(recording.spec.run), None)
    return None if twin is None else recording_words(recording, twin.name, signal)


def ahead(found: Verification, twin: Verification | None) -> tuple[float, float] | None:
    """How far the reader's accuracy is above that of the twin's, and the chance of so much where both are alike."""
    if found.reader is None or twin is None or twin.reader is None:
        return None
    return lead(found.reader, twin.reader)


# Its parts ------------------------------------------------------------------------------------------------------------


def evenly(places: Sequence[Span], most: int) -> list[Span]:
    """So many of some places, evenly spaced; all where there are no more."""
    if len(places) <= most:
        return list(places)
    return [places[at] for at in np.linspace(0, len(places) - 1, most).round().astype(int).tolist()]


def types_of(recording: Recording, places: Sequence[Span]) -> tuple[str, list[str]]:
    """What decides the type of a place in the control task, and the type of each: the word before it, or with MANY
    phrases or more its own.

    What stands at a place decides the state most, and what stood before it next: a reader that learns labels by heart
    can only hold on to these.
    """
    between = "" if recording.vocabulary.splitter == "characters" else " "
    own = [between.join(recording.text(*span)).casefold() for span in places]
    if len(set(own)) >= MANY:
        return "the phrase itself", own
    return "the word before", [word_before(recording, start) for start, _ in places]


def word_before(recording: Recording, start: int) -> str:
    """The word or mark that ends before a step, in small letters; empty at the beginning of the text."""
    if recording.vocabulary.splitter != "characters":
        return "".join(recording.text(start - 1, start)).casefold()
    before = "".join(recording.text(start - 60, start)).split()
    return before[-1].casefold() if before else ""


def _units(recording: Recording, query: VerifyQuery) -> list[Unit]:
    return [(layer, unit) for layer in query.layers for unit in range(recording.spec.units)]


def _at(recording: Recording, query: VerifyQuery, steps: Sequence[int]) -> NDArray[np.float32]:
    return values_at(recording, query.signal, query.layers, steps)


def _apart(values: NDArray[np.float32], labels: NDArray[np.bool_], where: Sequence[int]) -> Separation | None:
    if min(labels.sum(), (~labels).sum()) < 2:
        return None
    places = np.asarray(where)
    return separation(values[labels], values[~labels], where=[*places[labels], *places[~labels]])


def _nothing(
    recording: Recording, query: VerifyQuery, word: str, order: Sequence[Span], labels: NDArray[np.bool_]
) -> Nothing | None:
    """Kinds that lie in other parts of the text are so in its null words too; None where these lack a kind."""
    steps = [stop - 1 for _, stop in evenly(whole_words(recording, word), 2 * MOST)]
    starts = np.array([start for start, _ in order])
    behind = np.searchsorted(starts, steps).clip(1, len(starts) - 1)
    nearest = np.where(np.asarray(steps) - starts[behind - 1] <= starts[behind] - steps, behind - 1, behind)
    kinds = labels[nearest] if steps else np.zeros(0, bool)
    values = _at(recording, query, steps)
    apart = _apart(values, kinds, steps)
    if apart is None:
        return None
    counts = int(kinds.sum()), int((~kinds).sum())
    return Nothing(word, counts, apart, probe(values, kinds).accuracy if min(counts) >= FEWEST else None)


def _follow(recording: Recording, signal: str, unit: Unit, sure: bool, steps: Sequence[Sequence[int]]) -> Followed:
    before, after = AROUND[recording.vocabulary.splitter != "characters"]
    values = recording.unit(signal, *unit)
    gate = forget_gate(recording, unit[0])
    around, its_period = None, None
    forget = None if gate is None else gate.unit("f", *unit)
    with suppress(ValueError):  # too few places that far from the ends of the text
        around = contrast(values, *steps, before=before, after=after, forget=forget)
    with suppress(ValueError):  # it never changes, or the text is short
        its_period = period(values)
    return Followed(*unit, sure, around, its_period, rhythm(values))


def forget_gate(recording: Recording, layer: int) -> Recording | None:
    """A recording of the same run and steps that has the forget gate of a layer; None where there is none."""
    if ("f", layer) in recording.signals:
        return recording
    held = find(recording.spec.weights, ("f",), (layer,))
    return next((other for other in held if same_reading(recording, other)), None)


def _no_memory(recording: Recording) -> str:
    if "f" not in cell_of(recording.spec.cell).signals:
        return f"No memory span: a cell of kind {recording.spec.cell} has no forget gate."
    typed = shlex.join(recording_words(recording, recording.spec.run, "f"))
    return f"No memory span: the forget gate was not recorded, `python -m lstm_core {typed}` does it."
