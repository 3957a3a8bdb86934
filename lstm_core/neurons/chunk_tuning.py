"""Which kind of chunk (noun phrase, verb phrase ...) each unit of a layer follows, whether it still tells the chunk
before, and for how long: is there a unit as the article's, and how many would chance and an untrained network give?

The kind is chosen on the first half of the text and confirmed on the second, by the AUROC of words inside a chunk of
the kind against all others. Its chance comes from shifting the kinds against the values, around the end of that half to
its beginning, by every number of words: both keep their own rhythm, and only what ties them is undone. Knows recordings
and chunks; knows no models. U units, K kinds, N words.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lstm_core.neurons.tuning import Around
from lstm_core.recordings.recording import Recording
from lstm_core.stats.false_discovery import FALSE_SHARE, adjusted
from lstm_core.stats.paired_test import BLOCKS, LEARNED, UNKNOWN, by_block, influence, outcomes, p_value, standard_error
from lstm_core.stats.ranks import centred_ranks, strengths
from lstm_core.stats.variance_explained import SHUFFLES, remembered
from lstm_core.storage.frames import Framed
from lstm_core.storage.progress import Progress, silent
from lstm_core.text.chunks import Chunked

Floats = NDArray[np.float64]

ENOUGH = 20  # chunks of a kind in each half of the text
LEAST = 0.01  # share of the words: a rarer kind is made of a few words, such as the particles up and out
BLOCK = 16  # units ranked at a time


@dataclass(frozen=True)
class TunedQuery:
    """The units of a signal and layer (none = all)."""

    signal: str = "h"
    layer: int = 1
    units: tuple[int, ...] = ()


@dataclass(frozen=True)
class TunedUnit:
    """What a unit follows. `kind` and `sign` (+1: it is higher inside such chunks) are chosen on the first half of the
    text with an AUROC of `chosen_with`; `score` is theirs on the second half, in [0, 1] and turned by the sign,
    `chance` that of such a score, adjusted for all units (Benjamini and Hochberg).

    `previous`: share of its variance at the last words of chunks of one kind that the kind of the chunk before
    explains, less what it does by chance; `beyond_word`: the same among chunks of one kind that end in the same word,
    so that nothing is left that the word itself tells. Both are of the second half, with their adjusted chance.

    In words: `onset` after the chunk begins (below 0: before), `half_life` after it ends, from `peak` words behind its
    last word on; None where it never is off its usual value, or never comes back half of the way within `seen` words.

    `control`: score of the untrained twin's best unit for the kind, chosen alike; `outcome`: whether this one leads it
    beyond chance (see leads).
    """

    unit: int
    kind: str
    sign: int
    chosen_with: float
    score: float
    chance: float
    previous: float
    previous_chance: float
    beyond_word: float
    beyond_word_chance: float
    onset: int | None = None
    peak: int | None = None
    half_life: float | None = None
    seen: int = 0
    control: float | None = None
    outcome: str = UNKNOWN

    @property
    def coding(self) -> bool:
        """Whether the second half confirms the kind."""
        return self.chance <= FALSE_SHARE and self.score > 0.5

    @property
    def remembering(self) -> bool:
        """Whether it tells the chunk before, whatever the kind of this one and its last word."""
        return max(self.previous_chance, self.beyond_word_chance) <= FALSE_SHARE

    @property
    def learned(self) -> bool:
        """Whether it does better than any unit of the untrained twin, beyond chance."""
        return self.coding and self.outcome == LEARNED


@dataclass(frozen=True)
class TunedUnits(Framed, rows="units"):
    """All units that were asked, the best first; how many are confirmed on average where there is nothing to find: with
    the kinds shifted (`coding_by_chance`), with the chunks before shifted among all chunks of a kind, and among those
    that end in the same word. `chunks`: how many of each kind there are. `twin`: the same of the untrained twin.
    """

    query: TunedQuery
    run: str
    text: str
    words: int
    chunks: tuple[tuple[str, int], ...]
    units: tuple[TunedUnit, ...]
    coding_by_chance: float
    previous_by_chance: float
    beyond_word_by_chance: float
    twin: "TunedUnits | None" = None

    @property
    def coding(self) -> tuple[TunedUnit, ...]:
        return tuple(one for one in self.units if one.coding)

    @property
    def both(self) -> tuple[TunedUnit, ...]:
        """Those that code the current chunk and the one before."""
        return tuple(one for one in self.units if one.coding and one.remembering)

    @property
    def beyond_twin(self) -> tuple[TunedUnit, ...] | None:
        """Those of them that code the current chunk better than any unit of the twin, beyond chance, and tell the one
        before better than any, beyond the word; None without a twin.
        """
        if self.twin is None:
            return None
        most = max(one.beyond_word for one in self.twin.units)
        return tuple(one for one in self.both if one.learned and one.beyond_word > most)


def tuned_units(
    recording: Recording,
    chunked: Chunked,
    query: TunedQuery = TunedQuery(),
    *,
    twin: Recording | None = None,
    seed: int = 0,
    report: Progress = silent,
) -> TunedUnits:
    """What each unit follows, ranked by score; `twin`: what the untrained twin did over the same text.

    Raises ValueError for what the recording or its twin's lacks, and when no kind of chunk is frequent enough.
    """
    if twin is not None and not np.array_equal(recording.tokens, twin.tokens):
        raise ValueError(f"the recording is of {recording.title}, its twin's of {twin.title}: record both alike")
    found = _Layer(recording, chunked, query, seed, report)
    if twin is None:
        return found.result
    other = _Layer(twin, chunked, replace(query, units=()), seed, report)
    return replace(_beside(found, other), twin=other.result)


class _Layer:
    """The units of a layer: their strengths on either half (U, K), what they chose, and the result."""

    def __init__(self, recording: Recording, chunked: Chunked, query: TunedQuery, seed: int, report: Progress):
        recording.signal(query.signal, query.layer)
        recording.require_whole()
        self.recording, self.chunked, self.query = recording, chunked, query
        self.units = query.units or tuple(range(recording.spec.units))
        if outside := [unit for unit in self.units if not 0 <= unit < recording.spec.units]:
            raise ValueError(f"unit {outside[0]} is not in 0 to {recording.spec.units - 1}")
        self.half = len(chunked) // 2
        self.stop = self.half + _quickly_shifted(len(chunked) - self.half)
        self.kinds = [kind for kind in chunked.counts() if self._frequent(kind)]
        if not self.kinds:
            raise ValueError(f"no kind of chunk is frequent in each half of {len(chunked):,} words")
        inside = [chunked.kind == chunked.names.index(kind) for kind in self.kinds]
        self.early, self.late = [one[: self.half] for one in inside], [one[self.half : self.stop] for one in inside]
        self._search(np.random.default_rng(seed), report)
        report(0.9, "the chunk before")
        self.result = self._result(seed)

    def _frequent(self, kind: str) -> bool:
        begins, _ = self.chunked.of_kind(kind)
        early = int((begins < self.half).sum())
        words = np.count_nonzero(self.chunked.kind == self.chunked.names.index(kind))
        return bool(words >= LEAST * len(self.chunked) and min(early, len(begins) - early) >= ENOUGH)

    def row(self, unit: int) -> NDArray[np.floating]:
        """A unit's values at all words (N,), as they are kept."""
        return np.asarray(self.recording.signal(self.query.signal, self.query.layer)[unit])[self.chunked.step]

    def _search(self, draw: np.random.Generator, report: Progress) -> None:
        """Strengths, choices, chances and timing of all units, a few at a time."""
        shape = len(self.units), len(self.kinds)
        self.first, self.held, self.chances = np.zeros(shape), np.zeros(shape), np.ones(shape[0])
        self.chosen, self.signs = np.zeros(shape[0], np.int64), np.ones(shape[0], np.int64)
        self.sums = np.zeros((shape[0], BLOCKS))
        self.timing: list[tuple[int | None, int | None, float | None]] = []
        around = [Around(self.chunked, kind) for kind in self.kinds]
        self.seen = [one.seen for one in around]
        ends = self._last_words()
        self.at_ends = np.zeros((shape[0], len(ends)), np.float32)
        waves = [np.conj(np.fft.rfft(one)) for one in self.late]
        moved = [(int(draw.integers(self.half)), int(draw.integers(len(self.late[0])))) for _ in range(SHUFFLES)]
        shifted = [np.roll(one, by) for by, _ in moved for one in self.early]
        by_chance = np.ones((SHUFFLES, shape[0]))
        for start in range(0, shape[0], BLOCK):
            report(0.9 * start / shape[0], f"units of {self.query.signal} in layer {self.query.layer}")
            numbers = range(start, min(start + BLOCK, shape[0]))
            rows = [self.row(self.units[number]) for number in numbers]
            early, late = (
                np.stack([centred_ranks(row[part]) for row in rows])
                for part in (slice(None, self.half), slice(self.half, self.stop))
            )
            self.held[numbers] = strengths(late, self.late)
            both = strengths(early, [*self.early, *shifted]).reshape(len(rows), -1, shape[1])
            self.first[numbers] = both[:, 0]
            for at, number in enumerate(numbers):
                wave = np.fft.rfft(late[at])
                for turn, strength in enumerate(both[at]):
                    kind, sign = _choice(strength)
                    products = sign * np.fft.irfft(wave * waves[kind], late.shape[1])
                    if turn:
                        by_chance[turn - 1, number] = _reached(products, moved[turn - 1][1])
                        continue
                    self.chosen[number], self.signs[number] = kind, sign
                    self.chances[number] = _reached(products, 0)
                    self.sums[number] = sign * by_block(influence(late[at], self.late[kind]))
                    self.timing.append(around[kind].of(rows[at].astype(np.float32)))
                self.at_ends[number] = rows[at][ends]
        self.by_chance = float(np.mean([(adjusted(one) <= FALSE_SHARE).sum() for one in by_chance]))

    def _last_words(self) -> NDArray[np.int64]:
        """The last words of the chunks of the second half that follow another one of their sentence."""
        begins, ends, sentence = self.chunked.begins, self.chunked.ends, self.chunked.sentence
        follows = np.append(False, sentence[begins[1:]] == sentence[begins[:-1]]) & (begins >= self.half)
        self.before = self.chunked.kind[begins[np.flatnonzero(follows) - 1]]
        return ends[follows]

    def _result(self, seed: int) -> TunedUnits:
        chunked, ends = self.chunked, self._last_words()
        kinds = chunked.kind[ends]
        words = np.unique(np.stack([kinds, chunked.word[ends]]), axis=1, return_inverse=True)[1].reshape(-1)
        given_kind, given_word = (remembered(self.at_ends, self.before, strata, seed=seed) for strata in (kinds, words))
        del self.at_ends
        chances = adjusted(self.chances)
        rows = []
        for number, unit in enumerate(self.units):
            kind, sign = int(self.chosen[number]), int(self.signs[number])
            onset, peak, half_life = self.timing[number]
            rows.append(
                TunedUnit(
                    unit=unit,
                    kind=self.kinds[kind],
                    sign=sign,
                    chosen_with=float(1 + sign * self.first[number, kind]) / 2,
                    score=float(1 + sign * self.held[number, kind]) / 2,
                    chance=float(chances[number]),
                    previous=float(given_kind.share[number] - given_kind.by_chance[number]),
                    previous_chance=float(given_kind.chance[number]),
                    beyond_word=float(given_word.share[number] - given_word.by_chance[number]),
                    beyond_word_chance=float(given_word.chance[number]),
                    onset=onset,
                    peak=peak,
                    half_life=half_life,
                    seen=self.seen[kind],
                )
            )
        spec = self.recording.spec
        return TunedUnits(
            query=self.query,
            run=spec.run,
            text=self.recording.title,
            words=len(chunked),
            chunks=tuple(chunked.counts().items()),
            units=tuple(sorted(rows, key=lambda one: (-one.score, one.unit))),
            coding_by_chance=self.by_chance,
            previous_by_chance=given_kind.confirmed_by_chance,
            beyond_word_by_chance=given_word.confirmed_by_chance,
        )

    def best(self, kind: int) -> tuple[float, Floats]:
        """Of the unit that tells a kind best on the first half: its score on the second, its influences by block."""
        number = int(np.abs(self.first[:, kind]).argmax())
        sign = 1 if self.first[number, kind] >= 0 else -1
        ranks = centred_ranks(self.row(self.units[number])[self.half : self.stop])
        sums = sign * by_block(influence(ranks, self.late[kind]))
        return float(1 + sign * self.held[number, kind]) / 2, sums


def _beside(found: _Layer, twin: _Layer) -> TunedUnits:
    """The result beside the twin's best unit for each kind."""
    best = [twin.best(kind) for kind in range(len(found.kinds))]
    by_unit = {one.unit: one for one in found.result.units}
    rows = [by_unit[unit] for unit in found.units]
    controls = [best[kind] for kind in found.chosen.tolist()]
    leads = [row.score - control for row, (control, _) in zip(rows, controls, strict=True)]
    errors = [standard_error(own - others) for own, (_, others) in zip(found.sums, controls, strict=True)]
    _, told = outcomes(leads, [p_value(*pair) for pair in zip(leads, errors, strict=True)])
    beside = [
        replace(row, control=control, outcome=outcome)
        for row, (control, _), outcome in zip(rows, controls, told, strict=True)
    ]
    return replace(found.result, units=tuple(sorted(beside, key=lambda one: (-one.score, one.unit))))


def _quickly_shifted(words: int) -> int:
    """The largest number up to this of which a Fourier transform is quick: at most some thousandths are left out."""
    from scipy.fft import prev_fast_len

    return int(prev_fast_len(words, real=True)) if words else 0


def _choice(strength: Floats) -> tuple[int, int]:
    """The kind of the largest strength (K,), and its sign."""
    kind = int(np.abs(strength).argmax())
    return kind, 1 if strength[kind] >= 0 else -1


def _reached(products: Floats, shift: int) -> float:
    """Share of all shifts, this one too, at which the sum of products is as large."""
    edge = 1e-9 * float(np.abs(products).max())
    return float((products >= products[shift] - edge).mean())
