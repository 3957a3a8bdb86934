"""Word vectors from a character model: the mean state behind, before or one word after each word of a text.

Source: the paper, section 5. Knows runs and recordings; finding neighbours is `neighbours`'. V words, D values,
U units, N occurrences.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_core.recordings.find import find
from lstm_core.recordings.recording import Recording
from lstm_core.runs.cells import CELLS
from lstm_core.runs.run import Run
from lstm_core.storage.frames import Framed
from lstm_core.storage.progress import Progress, silent
from lstm_core.storage.results import Fields, Results, hashed
from lstm_core.text.corpus import read_corpus
from lstm_core.text.lexicon import AROUND, MOMENTS, has_dash, lexicon, moments, normal_form
from lstm_core.word_vectors.means import mean_around, mean_states

State = tuple[str, int, str]  # signal, layer, moment

SCHEMA = 1
LINE = 6  # digits of a value in an exported file
LEAST_VARIANCE = 1e-6  # of a direction that is whitened, beside the largest


@dataclass(frozen=True)
class EmbeddingQuery:
    """Which states make a word's vector. As it stands it is the paper's: the last layer's h behind the word.

    `layers` count from 1, none = the last. `moments` are of "before" (the blank before the word: what its context
    predicts), "after" (the blank behind it), "next" (the blank behind the word that follows), "around" (the blanks
    behind the ten words at either side, common ones counting less: `lexicon.weights_of_words`), "near" (behind the five
    words at either side, all counting alike) and "wide" (behind the hundred at either side, common ones counting less:
    what the passage is about). The mean states of several layers or moments are joined, each at length 1. `centred`:
    the mean over the words is taken off each of them; `removed`: so are the directions of largest variance, that many
    (Mu and Viswanath 2018); `whitened`: instead, every direction is brought to the same variance.
    `text` is a corpus or a file, the run's own when empty.
    """

    signal: str = "h"
    layers: tuple[int, ...] = ()
    moments: tuple[str, ...] = ("after",)
    centred: bool = False
    removed: int = 0
    whitened: bool = False
    text: str = ""

    def of(self, run: Run) -> "EmbeddingQuery":
        """The query with its layers filled in for a run; raises ValueError for what the run does not have."""
        cell, count = run.model_config.cell, run.model_config.layers
        if run.kind != "char":
            raise ValueError(f"{run.name} reads words and has vectors of its own; choose a model of characters")
        if self.signal not in CELLS[cell].signals:
            raise ValueError(f"{cell} has signals {', '.join(CELLS[cell].signals)}, not {self.signal[:80]}")
        if outside := [layer for layer in self.layers if not 1 <= layer <= count]:
            raise ValueError(f"the model has {count} layers, the query asks for {outside[0]} (layers count from 1)")
        if not self.moments or (unknown := set(self.moments) - set(MOMENTS)):
            named = sorted(unknown)[0] if self.moments else "none"
            raise ValueError(f"moments are {', '.join(MOMENTS)}, the query asks for {named[:80]}")
        if self.removed < 0 or (self.removed and not self.centred):
            raise ValueError(f"{self.removed} directions cannot be taken off: give 0 or more, of centred vectors")
        if self.whitened and (self.removed or not self.centred):
            raise ValueError("whitened vectors are centred ones without directions taken off: ask for one of both")
        return replace(self, layers=tuple(sorted(set(self.layers))) or (count,))

    @property
    def states(self) -> tuple[State, ...]:
        """The means that are joined, in order."""
        return tuple((self.signal, layer, moment) for layer in self.layers for moment in self.moments)

    @property
    def title(self) -> str:
        """The query on one line."""
        off = f", centred, {self.removed} directions off" if self.removed else ", centred" if self.centred else ""
        off = ", whitened" if self.whitened else off
        layers = ",".join(map(str, self.layers)) or "last"
        return f"{self.signal} of layer {layers}, {' + '.join(self.moments)}{off}"


PAPER = EmbeddingQuery()
BEST = EmbeddingQuery(moments=("before", "after", "next"), centred=True, removed=10)
DEFINITIONS = {"paper": PAPER, "best": BEST}


def defined(name: str, run: Run) -> EmbeddingQuery:
    """The vectors of a name among DEFINITIONS for a run; fewer directions are taken off where it has few units.

    Raises ValueError for another name and for what the run does not have.
    """
    if name not in DEFINITIONS:
        raise ValueError(f"vectors {name[:80]!r} are unknown: choose {' or '.join(DEFINITIONS)}")
    query = DEFINITIONS[name].of(run)
    return replace(query, removed=min(query.removed, run.model_config.hidden // 8))


@dataclass(frozen=True, eq=False)
class Adjustment:
    """What is done to the vectors of one state: their mean (U,) is taken off, the rest goes through `turn` (U, U)."""

    mean: NDArray[np.float32]
    turn: NDArray[np.float32]

    def __call__(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """`values` (N, U) adjusted."""
        return np.asarray((np.asarray(values, dtype=np.float32) - self.mean) @ self.turn, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class EmbeddingTable(Framed, columns=("words", "averaged", "counted", "vectors")):
    """Vectors of words. `averaged` occurrences before a blank are what each is the mean of, `counted` are in the text.

    `adjustments`, one a state, are what was done to the means before they were joined.
    """

    title: str
    words: tuple[str, ...]  # (V,)
    averaged: NDArray[np.int64]  # (V,)
    counted: NDArray[np.int64]  # (V,)
    vectors: NDArray[np.float32]  # (V, D)
    query: EmbeddingQuery = PAPER
    adjustments: tuple[Adjustment, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        found = (len(self.averaged), len(self.counted), len(self.vectors))
        if set(found) != {len(self.words)} or self.vectors.ndim != 2:
            raise ValueError(f"{len(self.words)} words have {found[0]} and {found[1]} counts and {found[2]} vectors")

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def index(self) -> dict[str, int]:
        """Word -> row."""
        return {word: row for row, word in enumerate(self.words)}

    @cached_property
    def unit_vectors(self) -> NDArray[np.float32]:
        """The vectors at length 1 (V, D); zeros stay zeros."""
        return _at_length_one(self.vectors)

    @cached_property
    def with_dash(self) -> NDArray[np.bool_]:
        """Which words are words joined by an em-dash (V,)."""
        return np.array([has_dash(word) for word in self.words], dtype=bool)

    def row(self, word: str) -> int | None:
        """The row of a word in any spelling that `normal_form` makes equal, else None."""
        found = self.index.get(word)
        return self.index.get(normal_form(word)) if found is None else found

    def placed(self, means: Sequence[NDArray[np.floating]]) -> NDArray[np.float32]:
        """Vectors (N, D) among this table's from the mean states of other words, one array (N, U) a state in order.

        Raises ValueError when there are more or fewer of them than the table has states.
        """
        if len(means) != len(self.query.states):
            raise ValueError(f"the table joins {len(self.query.states)} states, {len(means)} are given")
        return _joined(means, self.adjustments)


def embeddings(run: Run, query: EmbeddingQuery = PAPER, *, report: Progress = silent) -> EmbeddingTable:
    """The vectors of all words of a text. Reads the text first where no recording holds the states.

    The mean of each state is kept below `$LSTM_HOME`, by weights, text, signal, layer and moment: whatever else a query
    says then takes seconds. In memory are the means (V U 8 bytes: 72 MB for 17,400 words and 512 units) and 64 MB of
    states at a time; on disk a recording of the blanks, 2 bytes a blank, unit, layer and signal (4 of c).
    Raises ValueError for what the run does not have and for a text without words.
    """
    query = query.of(run)
    return joined(state_means(run, query.states, query.text, report=report), query)


def kept_embeddings(run: Run, query: EmbeddingQuery = PAPER) -> EmbeddingTable | None:
    """The same where all that it needs is kept, else None: takes a second at most."""
    query = query.of(run)
    fingerprint = text_fingerprint(run, query.text)
    found = {state: _kept(run, fingerprint, state) for state in query.states}
    whole = {state: table for state, table in found.items() if table is not None}
    return joined(whole, query) if len(whole) == len(found) else None


def state_means(
    run: Run, states: Iterable[State], text: str = "", *, report: Progress = silent
) -> dict[State, EmbeddingTable]:
    """The table of mean states (V, U) of each state asked for; what is not kept, or damaged, is made and kept."""
    states = list(dict.fromkeys(states))
    fingerprint = text_fingerprint(run, text)
    found = {state: _kept(run, fingerprint, state) for state in states}
    if missing := [state for state, table in found.items() if table is None]:
        found.update(_make(run, missing, text, report))
    return {state: table for state, table in found.items() if table is not None}


def _make(run: Run, states: list[State], text: str, report: Progress) -> Iterator[tuple[State, EmbeddingTable]]:
    recordings = recordings_for(run, {state[:2] for state in states}, text, report=report)
    first = next(iter(recordings.values()))
    read = "".join(first.text(0, len(first.tokens)))
    report(0.0, "counting words")
    words = lexicon(read)
    where = moments(read, words.start, words.blank)
    for done, state in enumerate(states):
        signal, layer, moment = state
        report(done / len(states), f"mean {signal} of layer {layer}, {moment}")
        asked = recordings[signal, layer], signal, layer, where["after" if moment in AROUND else moment]
        if moment in AROUND:
            means = mean_around(*asked, words.number, len(words.words), *AROUND[moment])
        else:
            means = mean_states(*asked, words.number, len(words.words))
        query = EmbeddingQuery(signal, (layer,), (moment,), text=text)
        table = EmbeddingTable(run.name, words.words, words.averaged, words.counted, means, query)
        MEANS.keep(table, weights=run.fingerprint, text_fingerprint=first.spec.text_fingerprint)
        yield state, table
    report(1.0, "done")


def recordings_for(
    run: Run, signals: set[tuple[str, int]], text: str = "", *, report: Progress = silent
) -> dict[tuple[str, int], Recording]:
    """Recordings of a whole text, by signal and layer, that hold its blanks; those that lack are read at once."""
    from lstm_core.recordings.record import RecordQuery, corpus_text, record  # loads torch

    source = corpus_text(run, text)
    if source.fingerprint != text_fingerprint(run, text):
        raise ValueError(
            f"{source.name} is not the text that {run.name} was made with: its fingerprint differs. Put that text "
            f"back, or name this one with --text {source.name}"
        )
    found: dict[tuple[str, int], Recording] = {}
    for recording in find(run.fingerprint, text=source.fingerprint, span=source.span, positions="whitespace"):
        if np.array_equal(recording.tokens, source.ids):
            found |= dict.fromkeys(signals & recording.signals.keys(), recording)
    if missing := signals - found.keys():
        names, layers = (tuple(sorted(set(some))) for some in zip(*missing, strict=True))
        found |= dict.fromkeys(missing, record(run, source, RecordQuery(names, layers, "whitespace"), report=report))
    return found


# Joining --------------------------------------------------------------------------------------------------------------


def joined(means: dict[State, EmbeddingTable], query: EmbeddingQuery) -> EmbeddingTable:
    """The table of a query (`EmbeddingQuery.of`) from the means of its states; one plain state stands as it is."""
    parts = [means[state] for state in query.states]
    adjustments = tuple(Spread.of(part.vectors).adjustment(query) for part in parts) if query.centred else ()
    vectors = _joined([part.vectors for part in parts], adjustments)
    return replace(parts[0], vectors=vectors, query=query, adjustments=adjustments)


def most_directions(values: NDArray[np.floating]) -> int:
    """How many directions the centred `values` (N, U) have at most."""
    return min(len(values) - 1, values.shape[1])


@dataclass(frozen=True, eq=False)
class Spread:
    """How N values (N, U) lie: their mean (U,), and their directions, columns (U, U) of falling variance (U,)."""

    mean: NDArray[np.float64]
    directions: NDArray[np.float64]
    variances: NDArray[np.float64]
    count: int

    @classmethod
    def of(cls, values: NDArray[np.floating]) -> "Spread":
        mean = values.mean(axis=0, dtype=np.float64)
        rest = values - mean
        variances, directions = np.linalg.eigh(rest.T @ rest / len(values))  # ascending
        return cls(mean, directions[:, ::-1], variances[::-1], len(values))

    def adjustment(self, query: EmbeddingQuery) -> Adjustment:
        """What a query asks for. Raises ValueError when it would leave nothing.

        Whitened: directions with less than a millionth of the largest variance are taken off, which noise would fill.
        """
        if query.removed >= min(self.count - 1, len(self.mean)):
            raise ValueError(
                f"{self.count} vectors of {len(self.mean)} values, centred and without {query.removed} directions: "
                "nothing is left, take off fewer"
            )
        if query.whitened:
            there = self.variances > LEAST_VARIANCE * self.variances[0]
            turn = self.directions[:, there] / np.sqrt(self.variances[there]) @ self.directions[:, there].T
        else:
            off = self.directions[:, : query.removed]
            turn = np.eye(len(self.mean)) - off @ off.T
        return Adjustment(self.mean.astype(np.float32), turn.astype(np.float32))


def _joined(means: Sequence[NDArray[np.floating]], adjustments: Sequence[Adjustment]) -> NDArray[np.float32]:
    values = [take(part) for take, part in zip(adjustments, means, strict=True)] if adjustments else list(means)
    if len(values) == 1:
        return np.asarray(values[0], dtype=np.float32)
    return np.concatenate([_at_length_one(part) for part in values], axis=1)


def _at_length_one(values: NDArray[np.floating]) -> NDArray[np.float32]:
    length = np.linalg.norm(values, axis=1, keepdims=True)
    return (values / np.where(length > 0, length, 1)).astype(np.float32)


# What is kept ---------------------------------------------------------------------------------------------------------


def text_fingerprint(run: Run, text: str = "") -> str:
    """Identifies the text that vectors are of; raises ValueError for a run that has none of its own."""
    own: str = run.config["corpus"]["fingerprint"]
    return own if own and not text else read_corpus(run.source(text), "char").fingerprint


def _kept(run: Run, fingerprint: str, state: State) -> EmbeddingTable | None:
    """The means that were kept, None where there are none or they are damaged."""
    signal, layer, moment = state
    of = {"weights": run.fingerprint, "text_fingerprint": fingerprint}
    return MEANS.read(None, title=run.name, query=EmbeddingQuery(signal, (layer,), (moment,)), **of)


def _unpacked(stored: Fields, asked: Any) -> Fields:
    fields = {name: value for name, value in stored.items() if name != "run"}  # as the title was called first
    return {**fields, "title": asked.title, "query": asked.query, "words": listed(stored["words"])}


def listed(words: Any) -> Any:
    """Words as a list, of lines as they were kept first."""
    return words.split("\n") if isinstance(words, str) else words


def _key(one: Any) -> str:
    return hashed([*one.query.states[0], one.weights, one.text_fingerprint, SCHEMA])


MEANS = Results("embeddings/{key}.safetensors", EmbeddingTable, SCHEMA, key=_key, unpack=_unpacked)  # one a state


# For other programs ---------------------------------------------------------------------------------------------------


def word2vec_lines(table: EmbeddingTable) -> Iterator[str]:
    """The table in the text format of word2vec: a line with both sizes, then a word and its values a line."""
    yield f"{len(table)} {table.vectors.shape[1]}\n"
    for word, vector in zip(table.words, table.vectors, strict=True):
        yield f"{word} {' '.join(_written(vector))}\n"


def projector_lines(table: EmbeddingTable) -> Iterator[str]:
    """The vectors as the TensorBoard projector reads them: values between tabs, a word a line, no head."""
    for vector in table.vectors:
        yield "\t".join(_written(vector)) + "\n"


def projector_labels(table: EmbeddingTable) -> Iterator[str]:
    """What the projector shows beside them: a head, then word, count and occurrences averaged between tabs."""
    yield "word\tcount\taveraged\n"
    for word, counted, averaged in zip(table.words, table.counted, table.averaged, strict=True):
        yield f"{word}\t{counted}\t{averaged}\n"


def _written(vector: NDArray[np.float32]) -> list[str]:
    return [f"{value:.{LINE}g}" for value in vector.tolist()]
