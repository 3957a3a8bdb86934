"""The commonest words of a run's text with their vectors, parts of speech and places on a map: what a page opens with.

Small enough to come with a run, so that words can be looked up before anybody has made the vectors of all of them.
V words, U units.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lstm_core.storage.arrays import Arrays, load_arrays, restore_rows, save_arrays, scale_rows
from lstm_core.storage.files import home
from lstm_core.storage.progress import Progress, silent
from lstm_core.word_vectors.vectors import (
    DEFINITIONS,
    PAPER,
    EmbeddingQuery,
    EmbeddingTable,
    State,
    defined,
    joined,
    recordings_for,
    state_means,
    text_fingerprint,
)

if TYPE_CHECKING:
    from lstm_core.runs.run import Run

COMMON = 2000  # words
_COUNTS = ("averaged", "counted", "code")


@dataclass(frozen=True, eq=False)
class WordSample:
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
        return joined(tables, query)


def word_sample(run: "Run", *, count: int = COMMON, report: Progress = silent) -> WordSample:
    """Take the sample: vectors are made where none are kept, the whole text is tagged, two maps are drawn (t-SNE).

    Raises ValueError for a run of words, and for a text of fewer than 10 words.
    """
    from lstm_core.stats.tsne import tsne

    asked = {name: defined(name, run) for name in DEFINITIONS}
    states = dict.fromkeys(state for query in asked.values() for state in query.states)
    whole = state_means(run, states, report=report)
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


def tags_of_words(run: "Run", text: str = "", *, report: Progress = silent) -> list[str]:
    """The commonest part of speech of each word of the tables of a text (V,), "" for none. Reads a long text for a
    minute a million characters, and keeps what it found with the recording that the vectors were made of.
    """
    from lstm_core.recordings.tags import recorded_text, tags_of
    from lstm_core.text.lexicon import lexicon
    from lstm_core.word_vectors.rare_words import word_tags

    state = PAPER.of(run).states[0]
    recording = recordings_for(run, {state[:2]}, text, report=report)[state[:2]]
    read = recorded_text(recording)
    assert isinstance(read, str)
    return word_tags(lexicon(read), tags_of(recording, report=report), read)


# What is kept ---------------------------------------------------------------------------------------------------------


def keep_sample(found: WordSample, run: "Run", folder: Path | None = None) -> Path:
    """Write the sample whole or not at all: below `$LSTM_HOME`, or in a folder that comes with the run."""
    path = _path(run, folder or home() / "words")
    arrays: Arrays = {name: getattr(found, name).astype(np.int32) for name in _COUNTS}
    arrays |= {f"map {name}": places.astype(np.float16) for name, places in found.places.items()}
    arrays |= {
        f"mean {name}": array
        for name, array in scale_rows({_named(state): values for state, values in found.means.items()}).items()
    }
    notes = {"words": "\n".join(found.words), "tags": "\n".join(found.tag_names), "total": str(found.total)}
    save_arrays(path, arrays, notes)
    return path


def read_sample(run: "Run") -> WordSample | None:
    """The kept sample of a run's present weights and text, the one that came with it first, or None."""
    for folder in (results_folder(run), home() / "words"):
        try:
            arrays, notes = load_arrays(_path(run, folder))
            part = {
                kind: {name.removeprefix(kind): array for name, array in arrays.items() if name.startswith(kind)}
                for kind in ("map ", "mean ")
            }
            averaged, counted, code = (arrays[name].astype(np.int64) for name in _COUNTS)
            return WordSample(
                run=run.name,
                words=tuple(notes["words"].split("\n")),
                averaged=averaged,
                counted=counted,
                code=code,
                tag_names=tuple(notes["tags"].split("\n")),
                means={_state(name): values for name, values in restore_rows(part["mean "]).items()},
                places={name: places.astype(np.float32) for name, places in part["map "].items()},
                total=int(notes["total"]),
            )
        except (ValueError, KeyError):
            continue
    return None


def results_folder(run: "Run") -> Path:
    """Where what is known of a run's words lies when it comes with the run."""
    return run.folder / "results" / "words"


def _path(run: "Run", folder: Path) -> Path:
    content = json.dumps([run.fingerprint, text_fingerprint(run)])
    return folder / f"{hashlib.sha256(content.encode()).hexdigest()[:20]}.safetensors.xz"


def _named(state: State) -> str:
    return "-".join(map(str, state))


def _state(name: str) -> State:
    signal, layer, moment = name.split("-")
    return signal, int(layer), moment
