"""Other ways to make word vectors of the very same text, judged by the same benchmarks: kept with a run, read back.

The peers are trained by `benchmarks/similarity.py`; the program itself does not need the library that does it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lstm_core.storage.frames import Framed, frame_of, together
from lstm_core.storage.results import Results
from lstm_core.word_vectors.similarity import Judged, Score, ScoreDifference, compare, mean_rho, score

if TYPE_CHECKING:
    from pandas import DataFrame

SCHEMA = 4  # goes up when the options, or how the best of them are chosen, change


@dataclass(frozen=True)
class Peer:
    """One method: its scores, and the run's own vectors less it on the pairs that both have, a row a benchmark.

    `options` are what its best were chosen among.
    """

    name: str
    options: tuple[str, ...]
    scores: tuple[Score, ...]
    ours_less: tuple[ScoreDifference, ...]

    @property
    def above(self) -> int:
        """On how many benchmarks the run's own vectors are above it, on common pairs."""
        return sum(row.difference > 0 for row in self.ours_less if row.difference is not None)


@dataclass(frozen=True)
class Peers(Framed):
    """The peers of the `best` vectors of a run, on which layers; made by which weights."""

    run: str
    weights: str
    layers: tuple[int, ...]
    peers: tuple[Peer, ...]
    schema: int

    def frame(self) -> "DataFrame":
        """A row for each benchmark of each peer."""
        return together({one.name: frame_of(one.scores) for one in self.peers}, "peer")

    @property
    def strongest(self) -> Peer | None:
        """The one with the highest mean correlation, None without any."""
        means = {number: mean_rho(one.scores) for number, one in enumerate(self.peers)}
        known = {number: mean for number, mean in means.items() if mean is not None}
        return self.peers[max(known, key=known.__getitem__)] if known else None


def peer(name: str, options: Sequence[str], alone: Sequence[Judged], common: Sequence[tuple[Judged, Judged]]) -> Peer:
    """A peer from what it says of all its pairs, and from ours and its on the common pairs, a pair a benchmark."""
    rows = tuple(compare(ours, theirs) for ours, theirs in common)
    return Peer(name, tuple(options), tuple(map(score, alone)), rows)


PEERS = Results("similarity-peers.json", Peers, SCHEMA, own=None)  # of other weights or options they count as none
