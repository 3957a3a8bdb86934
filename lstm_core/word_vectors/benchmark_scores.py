"""The word similarity benchmarks of a run: measured, kept, told. Knows runs and where results are kept.

Peers, other ways to make word vectors of the very same text, are trained by `benchmarks/similarity.py`; the program
itself does not need the library that does it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from lstm_core.runs.run import Run
from lstm_core.storage.frames import Framed, frame_of, together
from lstm_core.storage.progress import Progress, silent
from lstm_core.storage.results import Results, hashed
from lstm_core.text.catalogue import CorpusMissing
from lstm_core.text.lexicon import MOMENTS
from lstm_core.word_vectors import similarity, vectors
from lstm_core.word_vectors.benchmarks import BENCHMARKS, Pairs, benchmark
from lstm_core.word_vectors.similarity import Judged, Score, ScoreDifference, Stratum
from lstm_core.word_vectors.vectors import EmbeddingQuery, EmbeddingTable, text_fingerprint

if TYPE_CHECKING:
    from pandas import DataFrame

Vectors = Literal["paper", "best"]

SCHEMA = 4  # of peers too: goes up when the options, or how the best of them are chosen, change


@dataclass(frozen=True)
class SimilarityQuery:
    """Which vectors are judged, of which text (the run's own when empty).

    "paper": the mean of the last layer's h behind the word. "best": what cross-fitting chooses for each benchmark among
    the moments, layers and adjustments of `similarity.candidate_queries`; `layers` to choose from, none = all.
    """

    vectors: Vectors = "best"
    layers: tuple[int, ...] = ()
    text: str = ""

    def of(self, run: Run) -> "SimilarityQuery":
        """The query with its layers filled in; raises ValueError for what the run does not have."""
        if self.vectors not in ("paper", "best"):
            raise ValueError(f"vectors {self.vectors!r} are unknown: choose paper or best")
        every = tuple(range(1, run.model_config.layers + 1)) if self.vectors == "best" else ()
        return replace(self, layers=EmbeddingQuery(layers=self.layers or every).of(run).layers)


@dataclass(frozen=True)
class SimilarityResult(Framed, rows="scores"):
    """Scores of the benchmarks in the paper's order, and apart by how often the rarer word stands in the text."""

    query: SimilarityQuery
    run: str
    weights: str
    text_fingerprint: str
    words: int
    scores: tuple[Score, ...]
    strata: dict[str, tuple[Stratum, ...]]

    def rows(self) -> list[dict[str, Any]]:
        """One document a benchmark: task, pairs, found, missing, rho, low, high, and what was chosen."""
        return [{**asdict(one), "missing": one.missing} for one in self.scores]


def at_hand() -> tuple[list[Pairs], list[str]]:
    """The benchmarks at hand, and for each of the others what to do; raises CorpusMissing when there is none."""
    found, missing = [], []
    for name in BENCHMARKS:
        try:
            found.append(benchmark(name))
        except CorpusMissing as error:
            missing.append(str(error))
    if not found:
        raise CorpusMissing(missing[0])
    return found, missing


def measure(
    run: Run, query: SimilarityQuery = SimilarityQuery(), *, benchmarks: Sequence[Pairs] = (), report: Progress = silent
) -> SimilarityResult:
    """Judge a run's vectors by benchmarks, those at hand unless others are given.

    Makes the vectors where they are not kept. Raises ValueError for what the run does not have.
    """
    query = query.of(run)
    benchmarks = benchmarks or at_hand()[0]
    judged, table = _judged(run, query, benchmarks, report)
    scores = tuple(map(similarity.score, judged))
    strata = {one.pairs.name: tuple(similarity.by_frequency(one, table)) for one in judged}
    fingerprint = text_fingerprint(run, query.text)
    return SimilarityResult(query, run.name, run.fingerprint, fingerprint, len(table), scores, strata)


def _judged(
    run: Run, query: SimilarityQuery, benchmarks: Sequence[Pairs], report: Progress
) -> tuple[list[Judged], EmbeddingTable]:
    if query.vectors == "paper":
        table = vectors.embeddings(run, EmbeddingQuery(layers=query.layers, text=query.text), report=report)
        return [similarity.judge(table, pairs) for pairs in benchmarks], table
    states = EmbeddingQuery(layers=query.layers, moments=MOMENTS).states
    means = vectors.state_means(run, states, query.text, report=report)
    most = min(vectors.most_directions(table.vectors) for table in means.values())
    queries = similarity.candidate_queries(query.layers, below=most)
    cosines = similarity.candidate_cosines(means, queries, benchmarks)
    return similarity.cross_fit(cosines, benchmarks, [one.title for one in queries]), next(iter(means.values()))


# What is kept ---------------------------------------------------------------------------------------------------------


def read_similarity(run: Run, query: SimilarityQuery = SimilarityQuery()) -> SimilarityResult | None:
    """The kept result for a run's present weights, the one that came with it first; None where no whole one is."""
    query = query.of(run)
    return SIMILARITY.read(run, query=query, text_fingerprint=text_fingerprint(run, query.text))


def _key(one: Any) -> str:
    return hashed([one.query, one.weights, one.text_fingerprint, SCHEMA])


def _sound(found: SimilarityResult) -> bool:
    ranges = {tuple((one.least, one.most) for one in rows) for rows in found.strata.values()}
    return len(ranges) <= 1 and found.strata.keys() == {one.task for one in found.scores}


SIMILARITY = Results("similarity/{key}.json", SimilarityResult, SCHEMA, key=_key, sound=_sound)


# Other methods' vectors of the same text ------------------------------------------------------------------------------


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
        means = {number: similarity.mean_rho(one.scores) for number, one in enumerate(self.peers)}
        known = {number: mean for number, mean in means.items() if mean is not None}
        return self.peers[max(known, key=known.__getitem__)] if known else None


def peer(name: str, options: Sequence[str], alone: Sequence[Judged], common: Sequence[tuple[Judged, Judged]]) -> Peer:
    """A peer from what it says of all its pairs, and from ours and its on the common pairs, a pair a benchmark."""
    rows = tuple(similarity.compare(ours, theirs) for ours, theirs in common)
    return Peer(name, tuple(options), tuple(map(similarity.score, alone)), rows)


PEERS = Results("similarity-peers.json", Peers, SCHEMA, own=None)  # of other weights or options they count as none
