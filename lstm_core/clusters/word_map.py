"""A map of words: every word of a text is the vector of its activations, placed on a plane by t-SNE (thesis, 5.2).

Knows runs, recordings and what is kept of maps; how words are grouped is `linkage`'s and what groups hold is
`word_groups`'. P words of the text, W different ones, U units.
"""

import time
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_core.recordings.find import find
from lstm_core.recordings.recording import Recording
from lstm_core.runs.cells import CELLS
from lstm_core.runs.run import Run
from lstm_core.stats.tsne import PERPLEXITY, tsne
from lstm_core.storage.frames import Framed
from lstm_core.storage.progress import Progress, silent
from lstm_core.storage.results import Fields, Results, hashed
from lstm_core.text.corpus import read_corpus

SCHEMA = 1
LEVELS = 65_534  # steps across the grid of places: sixteen bits a coordinate, finer than half a float on a wide map
READING = 0.1  # share of the time that reading the text takes, about


@dataclass(frozen=True)
class WordMapQuery:
    """Words of a text (the run's own when `text` is empty) by the activations of one signal and layer.

    `tokens` of a split from its token `start`, fewer where it ends. Layers count from 1, 0 is the last. `perplexity`:
    about how many neighbours count.
    """

    signal: str = "h"
    layer: int = 1
    tokens: int = 18_000
    split: str = "train"
    start: int = 0
    text: str = ""
    perplexity: float = PERPLEXITY
    seed: int = 0

    def of(self, run: Run) -> "WordMapQuery":
        """The query with its defaults filled in for a run; raises ValueError for what the run does not have."""
        shape = run.model_config
        if run.kind != "word":
            raise ValueError(
                f"{run.name} reads characters, the map is of words: choose a run of words, "
                f"or group its states after each word with `python -m lstm_core cluster {run.name}`"
            )
        if self.signal not in CELLS[shape.cell].signals:
            known = ", ".join(CELLS[shape.cell].signals)
            raise ValueError(
                f"{run.name} is of cell {shape.cell}, whose signals are {known}: there is no {self.signal!r}"
            )
        if not 0 <= self.layer <= shape.layers:
            raise ValueError(f"{run.name} has {shape.layers} layers, not layer {self.layer} (layers count from 1)")
        if self.tokens < 10 or self.start < 0:
            raise ValueError(f"{self.tokens} tokens from {self.start} are no map: choose at least 10, from 0 or later")
        if not self.perplexity >= 1:
            raise ValueError(f"perplexity {self.perplexity:g} is too low: choose 1 or more, 5 to 50 are usual")
        own = self.text == run.config["corpus"]["name"]
        return replace(self, layer=self.layer or shape.layers, text="" if own else self.text)


@dataclass(frozen=True, eq=False)
class WordMap(Framed, columns=("positions", "tokens", "places")):
    """Words on a plane: `words` (P,) in the order of the text as numbers in `types` (W), `places` (P, 2).

    `span` are the tokens of the text that they are. It holds its own words, for a run may come without its vocabulary.
    """

    query: WordMapQuery
    run: str
    weights: str
    text: str
    text_fingerprint: str
    span: tuple[int, int]
    types: tuple[str, ...]
    words: NDArray[np.int32]
    places: NDArray[np.float32]
    seconds: float

    @property
    def fingerprint(self) -> str:
        """Identifies what was asked for."""
        return key_of(self.query, self.weights)

    @cached_property
    def positions(self) -> NDArray[np.int64]:
        """Where in the text the words stand (P,)."""
        return np.arange(*self.span)

    @cached_property
    def tokens(self) -> list[str]:
        """The words as they are written (P,)."""
        return [self.types[number] for number in self.words]

    @cached_property
    def times(self) -> NDArray[np.int64]:
        """How often each of the different words stands in the map (W,)."""
        return np.bincount(self.words, minlength=len(self.types))


def key_of(query: WordMapQuery, weights: str) -> str:
    """Names a map: hash of what was asked for and of whose weights."""
    return hashed({**vars(query), "weights": weights, "schema": SCHEMA})


def word_map(run: Run, query: WordMapQuery = WordMapQuery(), *, report: Progress = silent) -> WordMap:
    """Make the map of a run; reads the text first where no recording holds the activations. The same for a seed.

    Raises ValueError for what the run cannot give and for fewer than 10 words.
    """
    query, begun, rest = query.of(run), time.perf_counter(), 1 - READING
    recording, first, count = recording_for(run, query, report=lambda share, word: report(READING * share, word))
    made = map_of(recording, query, first, count, report=lambda share, word: report(READING + rest * share, word))
    return replace(made, seconds=round(time.perf_counter() - begun, 1))


def recording_for(run: Run, query: WordMapQuery, *, report: Progress = silent) -> tuple[Recording, int, int]:
    """A recording that holds the activations of a query (`WordMapQuery.of`), made where there is none; its first
    position of the map and how many positions that has."""
    from lstm_core.recordings.record import RecordQuery, corpus_text, record  # loads torch

    start, stop = read_corpus(run.source(query.text), run.kind).span(query.split, query.tokens, query.start)
    text, count = corpus_text(run, query.text, start, stop - start), stop - start
    of = run.fingerprint, (query.signal,), (query.layer,)
    for recording in find(*of, text=text.fingerprint, span=(start, stop), positions="all"):
        first = start - recording.spec.span[0]
        if np.array_equal(recording.tokens[first : first + count], text.ids):
            return recording, first, count
    return record(run, text, RecordQuery((query.signal,), (query.layer,)), report=report), 0, count


def map_of(recording: Recording, query: WordMapQuery, first: int, count: int, *, report: Progress = silent) -> WordMap:
    """The map of `count` positions of a recording from its position `first`, all of whose positions are kept."""
    spec, stop = recording.spec, first + count
    values = recording.window(query.signal, query.layer, first, stop)  # (U, P)
    places = tsne(values.T, query.seed, perplexity=query.perplexity, report=report)
    types, words = np.unique(recording.tokens[first:stop], return_inverse=True)
    return WordMap(
        query=query,
        run=spec.run,
        weights=spec.weights,
        text=spec.text,
        text_fingerprint=spec.text_fingerprint,
        span=(spec.span[0] + first, spec.span[0] + stop),
        types=tuple(recording.vocabulary.tokens[number] for number in types),
        words=words.astype(np.int32),
        places=_placed(*_on_grid(places)),
        seconds=0.0,
    )


# What is kept ---------------------------------------------------------------------------------------------------------


def read_map(run: Run, query: WordMapQuery) -> WordMap | None:
    """The kept map of a query for a run's present weights and text; None where there is none or it is damaged.

    Raises ValueError for what the run does not have.
    """
    query = query.of(run)
    if not WORD_MAPS.there(run, query=query):  # its text need not be at hand
        return None
    text = read_corpus(query.text, "word").fingerprint if query.text else str(run.config["corpus"].get("fingerprint"))
    return WORD_MAPS.read(run, query=query, text_fingerprint=text)


def kept_maps(run: Run) -> list[WordMapQuery]:
    """The queries whose maps are at hand for a run's present weights: those that came with it, then your own."""
    return list(dict.fromkeys(one.query for one in WORD_MAPS.all(run)))


def _sound(found: WordMap) -> bool:
    start, stop = found.span
    whole = found.words.shape == (stop - start,) and found.places.shape == (stop - start, 2)
    return whole and found.words.min(initial=0) >= 0 and found.words.max(initial=-1) < len(found.types)


def _packed(fields: Fields) -> Fields:
    grid, frame = _on_grid(fields["places"])
    return {**{name: value for name, value in fields.items() if name != "places"}, "grid": grid, "frame": frame}


def _unpacked(stored: Fields, asked: Any) -> Fields:
    fields = {name: value for name, value in stored.items() if name not in ("grid", "frame")}
    return {**fields, "places": _placed(stored["grid"], stored["frame"])}


WORD_MAPS = Results(
    "wordmaps/{key}.safetensors",
    WordMap,
    SCHEMA,
    key=lambda one: key_of(one.query, one.weights),
    sound=_sound,
    pack=_packed,
    unpack=_unpacked,
)


def _on_grid(places: NDArray[np.floating]) -> tuple[NDArray[np.uint16], NDArray[np.float64]]:
    """Places (P, 2) as steps from a corner, and the frame (3,): the corner's two coordinates and the step's length.

    The step is a power of two, so that what is read again is exactly what was kept.
    """
    low = places.min(axis=0).astype(np.float64)
    extent = max(float((places - low).max()), float(np.finfo(np.float32).tiny))
    step = float(2.0 ** np.ceil(np.log2(extent / LEVELS)))
    corner = np.floor(low / step) * step
    return np.round((places - corner) / step).astype(np.uint16), np.array([*corner, step])


def _placed(grid: NDArray[np.uint16], frame: NDArray[np.float64]) -> NDArray[np.float32]:
    return (frame[:2] + grid * frame[2]).astype(np.float32)
