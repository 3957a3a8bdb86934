"""Which units are on for a phrase and almost nowhere else, beside what chance gives and the untrained twin.

Source: the article, which finds a few such units for each of its idioms and does not say how many other places would
have. Here as many places of the same length, drawn at random, are measured in the same way. U units, N places.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_core.probes.active import OnSets, Unit
from lstm_core.probes.match import Span, followers
from lstm_core.storage.frames import Framed

MOSTLY = 0.9  # share of a phrase's places at which a unit of it is on, at least
RARELY = 0.01  # share of all other places at which it is on, at most
LOOKED_AT = 500  # places of a phrase, evenly spaced where it stands more often
SAMPLE = 5000  # other places, evenly spaced
DRAWS = 100  # of as many places at random


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
