"""The commonest words of a run's text with their vectors, parts of speech and places on a map: what a page opens with.

Small enough to come with a run, so that words can be looked up before anybody has made the vectors of all of them.
V words, U units.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_core.recordings.tags import recorded_text, tags_of
from lstm_core.runs.run import Run
from lstm_core.stats.tsne import tsne
from lstm_core.storage.arrays import restore_rows, scale_rows
from lstm_core.storage.frames import Framed
from lstm_core.storage.progress import Progress, silent
from lstm_core.storage.results import Fields, Results, hashed
from lstm_core.text.lexicon import lexicon
from lstm_core.word_vectors import vectors
from lstm_core.word_vectors.rare_words import word_tags
from lstm_core.word_vectors.vectors import DEFINITIONS, PAPER, EmbeddingQuery, EmbeddingTable, State, listed

COMMON = 2000  # words


@dataclass(frozen=True, eq=False)
class WordSample(Framed, columns=("words", "averaged", "counted", "tags")):
    """The V commonest of a text's `total` words, the commonest first, without those joined by an em-dash.

    `code` is each word's commonest part of speech as an index into `tag_names`, -1 where it has none. `means` are the
    states that vectors are joined of, `places` where each word stands on the map of each definition of vectors.
    """

    run: str
    words: tuple[str, ...]  # (V,)
    averaged: NDArray[np.int64]  # (V,)
    counted: NDArray[np.int64]  # (V,)
    code: NDArray[np.int64]  # (V,)
    tag_names: tuple[str, ...]
    means: dict[State, NDArray[np.float32]]  # (V, U) each
    places: dict[str, NDArray[np.float32]]  # (V, 2) each
    total: int

    def __post_init__(self) -> None:
        lengths = {len(self.averaged), len(self.counted), len(self.code)}
        lengths |= {len(array) for array in (*self.means.values(), *self.places.values())}
        if lengths != {len(self.words)}:
            raise ValueError(f"{len(self.words)} words have arrays of {sorted(lengths)} rows")

    @cached_property
    def tags(self) -> list[str]:
        """The part of speech of each word (V,), "" where it has none."""
        return [(*self.tag_names, "")[code] for code in self.code.tolist()]

    def table(self, query: EmbeddingQuery) -> EmbeddingTable | None:
        """The vectors of a query (`EmbeddingQuery.of`) for these words, None when a state that they need is not here.

        What is centred is so by the mean of these words, not of all.
        """
        if not set(query.states) <= self.means.keys():
            return None
        tables = {
            state: EmbeddingTable(self.run, self.words, self.averaged, self.counted, self.means[state], query)
            for state in query.states
        }
        return vectors.joined(tables, query)


def word_sample(run: Run, *, count: int = COMMON, report: Progress = silent) -> WordSample:
    """Take the sample: vectors are made where none are kept, the whole text is tagged, two maps are drawn (t-SNE).

    Raises ValueError for a run of words, and for a text of fewer than 10 words.
    """
    asked = {name: vectors.defined(name, run) for name in DEFINITIONS}
    states = dict.fromkeys(state for query in asked.values() for state in query.states)
    whole = vectors.state_means(run, states, report=report)
    first = next(iter(whole.values()))
    rows = np.argsort(-first.counted, kind="stable")
    rows = rows[~first.with_dash[rows]][:count]
    report(0.0, "tagging the text")
    tags = tags_of_words(run, report=report)
    names = tuple(sorted(set(tags) - {""}))
    number = {name: code for code, name in enumerate(names)}
    found = WordSample(
        run=run.name,
        words=tuple(first.words[row] for row in rows.tolist()),
        averaged=first.averaged[rows],
        counted=first.counted[rows],
        code=np.array([number.get(tags[row], -1) for row in rows.tolist()], dtype=np.int64),
        tag_names=names,
        means={state: table.vectors[rows] for state, table in whole.items()},
        places={},
        total=len(first),
    )
    for name, query in asked.items():
        report(0.0, f"a map of the {name} vectors")
        table = found.table(query)
        assert table is not None
        found.places[name] = tsne(table.unit_vectors)
    return found


def tags_of_words(run: Run, *, report: Progress = silent) -> list[str]:
    """The commonest part of speech of each word of the tables of its text (V,), "" for none. Reads a long text for a
    minute a million characters, and keeps what it found with the recording that the vectors were made of.
    """
    state = PAPER.of(run).states[0]
    recording = vectors.recordings_for(run, {state[:2]}, report=report)[state[:2]]
    read = recorded_text(recording)
    assert isinstance(read, str)
    return word_tags(lexicon(read), tags_of(recording, report=report), read)


# What is kept ---------------------------------------------------------------------------------------------------------


def keep_sample(found: WordSample, run: Run, into: Run | None = None) -> Path:
    """Keep the sample of a run, below `$LSTM_HOME` or with it."""
    return SAMPLES.keep(found, into, weights=run.fingerprint, text_fingerprint=vectors.text_fingerprint(run))


def read_sample(run: Run) -> WordSample | None:
    """The kept sample of a run's present weights and text, the one that came with it first, or None."""
    return SAMPLES.read(run, run=run.name, text_fingerprint=vectors.text_fingerprint(run))


def _packed(fields: Fields) -> Fields:
    """Its arrays by name: places as half floats, means as int8 rows."""
    plain = {name: value for name, value in fields.items() if name not in ("means", "places")}
    places = {f"map {name}": places.astype(np.float16) for name, places in fields["places"].items()}
    means = scale_rows({"-".join(map(str, state)): values for state, values in fields["means"].items()})
    return plain | places | {f"mean {name}": array for name, array in means.items()}


def _unpacked(stored: Fields, asked: Any) -> Fields:
    part = {
        kind: {name.removeprefix(kind): array for name, array in stored.items() if name.startswith(kind)}
        for kind in ("map ", "mean ")
    }
    fields = {name: value for name, value in stored.items() if not name.startswith(("map ", "mean "))}
    tags = listed(fields.pop("tags", None) or fields.get("tag_names"))  # "tags", as it was called first
    means = {_state(name): values for name, values in restore_rows(part["mean "]).items()}
    words = listed(stored["words"])
    return {**fields, "run": asked.run, "words": words, "tag_names": tags, "means": means, "places": part["map "]}


def _state(name: str) -> State:
    signal, layer, moment = name.split("-")
    return signal, int(layer), moment


SAMPLES = Results(
    "words/{key}.safetensors.xz",
    WordSample,
    key=lambda one: hashed([one.weights, one.text_fingerprint]),
    pack=_packed,
    unpack=_unpacked,
)
