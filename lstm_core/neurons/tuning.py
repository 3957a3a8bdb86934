"""A unit around chunks (noun phrases, verb phrases ...): its mean value word by word, when it begins, how fast it
forgets. The article's "activation timing and decay rate" of its chunk unit.

All is counted in words: a unit's value at a word is that of the step at which the word has been read. Knows recordings
and chunks; knows no models. N words, L distances.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lstm_core.recordings.recording import Recording
from lstm_core.stats.timing import timing
from lstm_core.storage.frames import Framed, together
from lstm_core.text.chunks import Chunked

if TYPE_CHECKING:
    from pandas import DataFrame

Floats = NDArray[np.float64]

EVENTS = 50  # chunks that timing needs
BEFORE, AFTER = 5, 10  # words around a chunk
FAR = 20  # words behind a chunk after which a unit is thought to be as usual


@dataclass(frozen=True)
class TuningQuery:
    """A unit of a signal and layer, and the distances from a chunk, in words, at which it is looked at."""

    signal: str = "h"
    layer: int = 1
    unit: int = 0
    distances: tuple[int, int] = (-BEFORE, AFTER)


@dataclass(frozen=True, eq=False)
class TuningCurve(Framed, columns=("begin", "begin_error", "end", "end_error")):
    """A unit around the `chunks` of one kind: mean and standard error (over chunks) at each distance (L,) from their
    first word, and from their last.
    """

    kind: str
    chunks: int
    begin: Floats
    begin_error: Floats
    end: Floats
    end_error: Floats


@dataclass(frozen=True, eq=False)
class Tuning(Framed):
    """The curves of a unit by kind of chunk, the commonest first; `usual`: its mean over all words."""

    query: TuningQuery
    distances: NDArray[np.int64]
    usual: float
    curves: tuple[TuningCurve, ...]

    def frame(self) -> "DataFrame":
        """A row for each distance from the chunks of each kind, and its mean and standard error there."""
        return together({one.kind: one.frame().assign(distance=self.distances) for one in self.curves}, "kind")


def tuning(recording: Recording, chunked: Chunked, query: TuningQuery) -> Tuning:
    """A unit around the chunks of each kind; those nearer to an end of the text than the distances are left out.

    Raises ValueError for a unit that the recording lacks and for distances in the wrong order.
    """
    low, high = query.distances
    if not low <= high or max(-low, high) >= len(chunked):
        raise ValueError(f"the distances {low} to {high} do not fit a text of {len(chunked):,} words")
    kept = recording.unit(query.signal, query.layer, query.unit)
    recording.require_whole()
    values = kept[chunked.step].astype(np.float64)
    distances = np.arange(low, high + 1)
    curves = []
    for kind in chunked.counts():
        begins, ends = chunked.of_kind(kind)
        whole = (begins + low >= 0) & (ends + high < len(values))
        if whole.sum() > 1:
            around = [values[events[whole][:, None] + distances] for events in (begins, ends)]
            (begin, begin_error), (end, end_error) = map(_mean_and_error, around)
            curves.append(TuningCurve(kind, int(whole.sum()), begin, begin_error, end, end_error))
    return Tuning(query, distances, float(values.mean()), tuple(curves))


def _mean_and_error(around: Floats) -> tuple[Floats, Floats]:
    return around.mean(axis=0), around.std(axis=0, ddof=1) / np.sqrt(len(around))


class Around:
    """Where the timing of a kind is looked at: `begins` of chunks that had none of their kind for `seen` words, `ends`
    of those behind which none comes for as long, and the words that lie so far behind the last one (`far`).

    `seen` is FAR, less where fewer than EVENTS chunks have so much room: noun phrases follow each other closely.
    """

    def __init__(self, chunked: Chunked, kind: str):
        begins, ends = chunked.of_kind(kind)
        gaps = begins[1:] - ends[:-1] - 1
        self.seen = int(min(FAR, np.sort(gaps)[-EVENTS])) if len(gaps) >= EVENTS else 0
        self.begins, self.ends = begins[1:][gaps >= self.seen], ends[:-1][gaps >= self.seen]
        last = np.full(len(chunked), -1, np.int64)
        inside = np.zeros(len(chunked) + 1, np.int64)
        np.add.at(inside, begins, 1)
        np.add.at(inside, ends + 1, -1)
        last[ends] = ends
        since = np.arange(len(chunked)) - np.maximum.accumulate(last)
        self.far = (np.cumsum(inside[:-1]) == 0) & (since >= self.seen) & (np.maximum.accumulate(last) >= 0)

    def of(self, values: NDArray[np.float32]) -> tuple[int | None, int | None, float | None]:
        """Onset, peak and half-life of a unit's values at words (N,)."""
        if not self.seen or not self.far.any():
            return None, None, None
        usual = float(values[self.far].mean(dtype=np.float64))
        before = min(BEFORE, self.seen)
        try:
            rise = timing(values, self.begins.tolist(), before=before, after=AFTER, usual=usual)
            fall = timing(values, self.ends.tolist(), before=0, after=self.seen, usual=usual)
        except ValueError:  # all chunks are near the ends of the text
            return None, None, None
        return rise.onset, fall.peak, fall.half_life
