"""The word similarity benchmarks of a run: measured, kept, told. Knows runs and where results are kept."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from lstm_core.storage.frames import Framed
from lstm_core.storage.progress import Progress, silent
from lstm_core.storage.results import Results, hashed
from lstm_core.text.catalogue import CorpusMissing
from lstm_core.text.lexicon import MOMENTS
from lstm_core.word_vectors.benchmarks import BENCHMARKS, Pairs, benchmark
from lstm_core.word_vectors.similarity import (
    Judged,
    Score,
    Stratum,
    by_frequency,
    candidate_cosines,
    candidate_queries,
    cross_fit,
    judge,
    score,
)
from lstm_core.word_vectors.vectors import (
    EmbeddingQuery,
    EmbeddingTable,
    embeddings,
    most_directions,
    state_means,
    text_fingerprint,
)

if TYPE_CHECKING:
    from lstm_core.runs.run import Run
Vectors = Literal["paper", "best"]

SCHEMA = 4


@dataclass(frozen=True)
class SimilarityQuery:
    """Which vectors are judged, of which text (the run's own when empty).

    "paper": the mean of the last layer's h behind the word. "best": what cross-fitting chooses for each benchmark among
    the moments, layers and adjustments of `similarity.candidate_queries`; `layers` to choose from, none = all.
    """

    vectors: Vectors = "best"
    layers: tuple[int, ...] = ()
    text: str = ""

    def of(self, run: "Run") -> "SimilarityQuery":
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
    run: "Run",
    query: SimilarityQuery = SimilarityQuery(),
    *,
    benchmarks: Sequence[Pairs] = (),
    report: Progress = silent,
) -> SimilarityResult:
    """Judge a run's vectors by benchmarks, those at hand unless others are given.

    Makes the vectors where they are not kept. Raises ValueError for what the run does not have.
    """
    query = query.of(run)
    benchmarks = benchmarks or at_hand()[0]
    judged, table = _judged(run, query, benchmarks, report)
    scores = tuple(map(score, judged))
    strata = {one.pairs.name: tuple(by_frequency(one, table)) for one in judged}
    fingerprint = text_fingerprint(run, query.text)
    return SimilarityResult(query, run.name, run.fingerprint, fingerprint, len(table), scores, strata)


def _judged(
    run: "Run", query: SimilarityQuery, benchmarks: Sequence[Pairs], report: Progress
) -> tuple[list[Judged], EmbeddingTable]:
    if query.vectors == "paper":
        table = embeddings(run, EmbeddingQuery(layers=query.layers, text=query.text), report=report)
        return [judge(table, pairs) for pairs in benchmarks], table
    states = EmbeddingQuery(layers=query.layers, moments=MOMENTS).states
    means = state_means(run, states, query.text, report=report)
    queries = candidate_queries(query.layers, below=min(most_directions(table.vectors) for table in means.values()))
    cosines = candidate_cosines(means, queries, benchmarks)
    return cross_fit(cosines, benchmarks, [one.title for one in queries]), next(iter(means.values()))


# What is kept ---------------------------------------------------------------------------------------------------------


def read_similarity(run: "Run", query: SimilarityQuery = SimilarityQuery()) -> SimilarityResult | None:
    """The kept result for a run's present weights, the one that came with it first; None where no whole one is."""
    query = query.of(run)
    return SIMILARITY.read(run, query=query, text_fingerprint=text_fingerprint(run, query.text))


def _key(one: Any) -> str:
    return hashed([one.query, one.weights, one.text_fingerprint, SCHEMA])


def _sound(found: SimilarityResult) -> bool:
    ranges = {tuple((one.least, one.most) for one in rows) for rows in found.strata.values()}
    return len(ranges) <= 1 and found.strata.keys() == {one.task for one in found.scores}


SIMILARITY = Results("similarity/{key}.json", SimilarityResult, SCHEMA, key=_key, sound=_sound)
