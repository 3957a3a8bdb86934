"""Match queries: the units that are on in a span of text, and where else in the text they are on.

Source: the article (LSTMVis), with its matching step by step: an on-pattern selects units, runs where most of them are
on are candidates, candidates are ranked by their own units. LSTMVis stops at a number of candidates; without a limit
the ranking here is that of all runs of the text. Also which units are on for a phrase and almost nowhere else, beside
what chance gives. T steps, S selected units, U units, N places.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_core.probes.active import OnSets, Unit
from lstm_core.recordings.recording import Recording
from lstm_core.storage.frames import Framed
from lstm_core.text.corpus import END, UNKNOWN, split_text

Span = tuple[int, int]  # start and stop, in steps of the text

FAST, PRECISE = 1000, 10_000  # LSTMVis's limits
SPANS = 1000  # looked at at a time
LONGEST = 500  # characters of a phrase
SHORTEST = 2  # steps of a run, unless the span itself is shorter
MOSTLY = 0.9  # share of a phrase's places at which a unit of it is on, at least
RARELY = 0.01  # share of all other places at which it is on, at most
LOOKED_AT = 500  # places of a phrase, evenly spaced where it stands more often
SAMPLE = 5000  # other places, evenly spaced
DRAWS = 100  # of as many places at random


@dataclass(frozen=True)
class MatchQuery:
    """Where else units are on as they are in the span [start, stop).

    Selected are the units that are off in the `before` steps before it, on through all of it, and off in the `after`
    steps behind it. `limit` candidates are looked at as LSTMVis does (FAST or PRECISE), 0: all. `count` are returned.
    """

    start: int
    stop: int
    before: int = 0
    after: int = 0
    limit: int = 0
    count: int = 50


@dataclass(frozen=True)
class Match:
    """A run [start, stop) of the text: of the units that follow the pattern here, `shared` are among those selected;
    `either` are here or selected.
    """

    start: int
    stop: int
    shared: int
    either: int

    @property
    def jaccard(self) -> float:
        """Shared units over those in either set, in [0, 1]."""
        return self.shared / self.either if self.either else 0.0


@dataclass(frozen=True)
class Matches(Framed, rows="found"):
    """The selected `units` and the best runs: those with most units in common, then fewest others, then the longest,
    then the first. `candidates` were looked at.
    """

    query: MatchQuery
    units: tuple[Unit, ...]
    found: tuple[Match, ...]
    candidates: int


def match(on: OnSets, query: MatchQuery) -> Matches:
    """Carry out a match query. Raises ValueError for a span that is not within the text and for negative numbers."""
    start, stop, length = query.start, query.stop, len(on)
    if not 0 <= start < stop <= length:
        raise ValueError(f"the span [{start}, {stop}) is not within the {length:,} steps of the text")
    if min(query.before, query.after, query.limit) < 0 or query.count < 1:
        raise ValueError("steps before and after and the limit are 0 or more, the count is 1 or more")
    selected = selection(on, query)
    if not len(selected):
        return Matches(query, (), (), 0)
    mask = on.mask(selected)
    runs = _Runs(on, mask, len(selected), stop - start)
    best, looked_at = _ranked(runs, query)
    return Matches(query, tuple(on.units[number] for number in selected.tolist()), best, looked_at)


def selection(on: OnSets, query: MatchQuery) -> NDArray[np.int64]:
    """The numbers of the units that a query selects (S,)."""
    inside = on.on(query.start, query.stop).all(axis=0)
    before = on.on(max(query.start - query.before, 0), query.start).any(axis=0)
    after = on.on(query.stop, min(query.stop + query.after, len(on))).any(axis=0)
    return np.flatnonzero(inside & ~before & ~after)


def followers(
    on: OnSets, spans: Sequence[Span] | NDArray[np.int64], before: int = 0, after: int = 0
) -> NDArray[np.bool_]:
    """Which units follow the pattern at each of some spans within the text (N, U)."""
    starts, stops = np.array(spans, np.int64).reshape(-1, 2).T
    found = np.full((len(starts), on.bits.shape[1]), ~np.uint64(0))
    for step in range((stops - starts).max(initial=0)):
        found &= on.bits[np.minimum(starts + step, stops - 1)]  # of a shorter span its last step once more
    for step in range(1, before + 1):
        there = starts >= step
        found[there] &= ~on.bits[starts[there] - step]
    for step in range(after):
        there = stops + step < len(on)
        found[there] &= ~on.bits[stops[there] + step]
    return np.unpackbits(found.view(np.uint8), axis=1, count=len(on.units), bitorder="little").astype(bool)


def by_chance(on: OnSets, query: MatchQuery, sample: int = 5000) -> NDArray[np.float64]:
    """At which share of spans as long as that of the query, all along the text, each unit follows its pattern (U,).

    Their sum is how many units such a span selects on average. At most `sample` spans are looked at.
    """
    length = query.stop - query.start
    starts = np.unique(np.linspace(0, len(on) - length, sample).astype(np.int64))
    times = np.zeros(len(on.units), np.int64)
    for first in range(0, len(starts), SPANS):
        some = starts[first : first + SPANS]
        times += followers(on, np.column_stack([some, some + length]), query.before, query.after).sum(axis=0)
    return times / len(starts)


def occurrences(recording: Recording, phrase: str) -> list[Span]:
    """Where a phrase stands in what a recording has read: `places_of` its `tokens_of`; raises ValueError as these."""
    return places_of(recording, tokens_of(recording, phrase))


def tokens_of(recording: Recording, phrase: str) -> tuple[int, ...]:
    """A phrase as ids of tokens: letters as they are; of a model of words, words and marks as its text was cut.

    Raises ValueError for a phrase without a token, one of more than LONGEST characters, and one with tokens that the
    model does not know; it says which.
    """
    if len(phrase) > LONGEST:
        raise ValueError(f"the phrase has more than {LONGEST} characters: give a shorter one")
    words = recording.vocabulary.splitter != "characters"
    tokens = split_text(phrase, recording.vocabulary.splitter) if words else list(phrase)
    tokens = tokens[: -1 if words and tokens[-1:] == [END] else None]
    if not tokens:
        raise ValueError("the phrase is empty: give a word or more of the text")
    number = recording.vocabulary.index
    if unknown := [token for token in dict.fromkeys(tokens) if token not in number]:
        named = ", ".join(repr(token[:80]) for token in unknown[:5]) + (" and others" if len(unknown) > 5 else "")
        hint = f"; {UNKNOWN} stands for every word that it does not know" if UNKNOWN in number else ""
        raise ValueError(f"{named} {'is' if len(unknown) == 1 else 'are'} not among the tokens of the model{hint}")
    return tuple(number[token] for token in tokens)


def places_of(recording: Recording, tokens: Sequence[int]) -> list[Span]:
    """Where tokens stand in this order in what a recording has read: spans of steps, that do not overlap.

    A blank among letters stands also for a line break, and a line break for a blank.
    """
    number, read = recording.vocabulary.index, recording.tokens
    asked = list(tokens)
    if recording.vocabulary.splitter == "characters" and " " in number and "\n" in number:
        read = np.where(read == number["\n"], number[" "], read)
        asked = [number[" "] if token == number["\n"] else token for token in asked]
    places = np.flatnonzero(read[: max(len(read) - len(asked) + 1, 0)] == asked[0])
    for offset, token in enumerate(asked[1:], 1):
        places = places[read[places + offset] == token]
    spans: list[Span] = []
    for place in places.tolist():
        if not spans or place >= spans[-1][1]:
            spans.append((place, place + len(asked)))
    return spans


@dataclass(frozen=True, eq=False)
class _Runs:
    """The candidates: maximal runs of steps where at least k of the selected units are on."""

    on: OnSets
    mask: NDArray[np.uint64]
    selected: int
    span: int  # its length

    def levels(self) -> Iterator[NDArray[np.int64]]:
        """Runs (N, 2), start and stop, for k = S, S - 1, ..., 1; of each level those that no higher one had."""
        from lstm_core.probes.match_loops import count_on  # loads numba

        counts = np.zeros(len(self.on), np.int32)
        count_on(self.on.bits, self.mask, counts)
        higher = np.zeros(0, np.int64)
        for level in range(self.selected, 0, -1):
            runs = self._of(counts >= level)
            keys = runs[:, 0] * (len(counts) + 1) + runs[:, 1]
            yield runs[~np.isin(keys, higher)]
            higher = keys

    def first(self, limit: int) -> NDArray[np.int64]:
        """As many runs as LSTMVis looks at: level by level until the limit is reached, cut there."""
        found: list[NDArray[np.int64]] = []
        for runs in self.levels():
            found.append(runs)
            if sum(map(len, found)) >= limit:
                break
        return np.concatenate(found)[:limit]

    def _of(self, high: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The maximal runs (N, 2) of True, without those that touch an end of the text and those too short."""
        steps = np.flatnonzero(high[1:] != high[:-1]) + 1
        steps = steps[int(high[0]) :]  # the end of a run that begins with the text
        runs = steps[: len(steps) // 2 * 2].reshape(-1, 2)  # the last start, of a run that ends with it, is left out
        length = runs[:, 1] - runs[:, 0]
        return runs[(length >= SHORTEST) | (length == self.span)]


def _ranked(runs: _Runs, query: MatchQuery) -> tuple[tuple[Match, ...], int]:
    """The best of all runs, or of the first `limit`, and how many were looked at. A run of a level shares at most so
    many units as the level says: once the last of the best has more, no further level has anything to add.
    """
    from lstm_core.probes.match_loops import follow  # loads numba

    best, looked_at = np.zeros((0, 4), np.int64), 0
    for below, found in enumerate([runs.first(query.limit)] if query.limit else runs.levels()):
        if len(best) == query.count and best[-1, 2] > runs.selected - below:
            break
        shared, either = np.zeros(len(found), np.int64), np.zeros(len(found), np.int64)
        starts, stops = np.ascontiguousarray(found[:, 0]), np.ascontiguousarray(found[:, 1])
        follow(runs.on.bits, starts, stops, query.before, query.after, runs.mask, shared=shared, either=either)
        looked_at += len(found)
        best = np.concatenate([best, np.column_stack([found, shared, either])])
        order = np.lexsort((best[:, 0], best[:, 0] - best[:, 1], best[:, 3], -best[:, 2]))
        best = best[order[: query.count]]
    return tuple(Match(*row) for row in best.tolist()), looked_at


# Units of a phrase alone ----------------------------------------------------------------------------------------------


# The article finds a few such units for each of its idioms and does not say how many other places would have. Here as
# many places of the same length, drawn at random, are measured in the same way.


@dataclass(frozen=True)
class SelectiveQuery:
    """The N places of a phrase as spans of one length. On at a place is a unit that is on through all of it, off in the
    `before` steps before it and off in the `after` steps behind it.
    """

    spans: tuple[Span, ...]
    before: int = 0
    after: int = 0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Selective(Framed, columns=("at_phrase", "elsewhere")):
    """At which share of the phrase's `places` each unit is on, and at which share of other places as long (U,).

    `units` are on at MOSTLY or more of the former and at RARELY or less of the latter; `by_chance` so many are, on
    average, where the phrase's places are drawn at random. `on_share`: at which share of all steps a unit is on, the
    mean of all units.
    """

    places: int
    at_phrase: NDArray[np.float64]
    elsewhere: NDArray[np.float64]
    units: tuple[Unit, ...]
    by_chance: float
    on_share: float

    @property
    def nearest(self) -> int:
        """The number u of the unit that comes nearest: whose two shares are farthest apart."""
        return int(np.argmax(self.at_phrase - self.elsewhere))


def selective(on: OnSets, query: SelectiveQuery) -> Selective:
    """Measure a phrase. Raises ValueError where it has no place, places of several lengths, or some beyond the text."""
    lengths = {stop - start for start, stop in query.spans}
    if len(lengths) != 1 or min(lengths) < 1:
        raise ValueError(
            f"the places of a phrase are all of one length of 1 or more, not of {sorted(lengths) or 'none'}"
        )
    (length,) = lengths
    starts = np.sort([start for start, _ in query.spans])
    if starts.min() < 0 or starts.max() + length > len(on):
        raise ValueError(f"a place of the phrase is not within the {len(on):,} steps of the text")
    others = _Others.of(on, length, query)
    looked_at = starts[np.unique(np.linspace(0, len(starts) - 1, LOOKED_AT).astype(np.int64))]
    at_phrase, elsewhere = _on_at(on, looked_at, length, query).mean(axis=0), others.away_from(starts)
    found = _both(at_phrase, elsewhere)
    draw, count = np.random.default_rng(query.seed), 0
    for _ in range(DRAWS):
        drawn = np.sort(draw.integers(0, len(on) - length + 1, len(looked_at)))
        count += int(_both(_on_at(on, drawn, length, query).mean(axis=0), others.away_from(drawn)).sum())
    units = tuple(on.units[number] for number in np.flatnonzero(found).tolist())
    on_share = float(on.counts.sum() / max(len(on) * len(on.units), 1))
    return Selective(len(looked_at), at_phrase, elsewhere, units, count / DRAWS, on_share)


@dataclass(frozen=True, eq=False)
class _Others:
    """Places of one length all along the text, by their first step (N,), and which units are on there (N, U)."""

    starts: NDArray[np.int64]
    on: NDArray[np.bool_]
    times: NDArray[np.int64]  # that each unit is on (U,)
    length: int

    @classmethod
    def of(cls, on: OnSets, length: int, query: SelectiveQuery) -> "_Others":
        starts = np.unique(np.linspace(0, len(on) - length, SAMPLE).astype(np.int64))
        there = _on_at(on, starts, length, query)
        return cls(starts, there, there.sum(axis=0), length)

    def away_from(self, starts: NDArray[np.int64]) -> NDArray[np.float64]:
        """At which share of those that overlap none of some other places each unit is on (U,); 0 where all do.

        `starts` ascend.
        """
        following = np.searchsorted(starts, self.starts - self.length + 1)  # the first that ends behind their beginning
        beyond = np.append(starts, np.iinfo(np.int64).max)[following]
        overlap = beyond < self.starts + self.length
        return (self.times - self.on[overlap].sum(axis=0)) / max(int((~overlap).sum()), 1)


def _on_at(on: OnSets, starts: NDArray[np.int64], length: int, query: SelectiveQuery) -> NDArray[np.bool_]:
    return followers(on, np.column_stack([starts, starts + length]), query.before, query.after)


def _both(at_phrase: NDArray[np.float64], elsewhere: NDArray[np.float64]) -> NDArray[np.bool_]:
    return (at_phrase >= MOSTLY) & (elsewhere <= RARELY)
