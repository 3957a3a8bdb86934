"""Clusters of hidden states: HDBSCAN over the moments at which a model has read a text (the paper, section 4).

Knows recordings and what is kept of clusterings; what the clusters hold is `cluster_table`'s. The only module that
loads hdbscan. P points (moments of reading), U units, C clusters.
"""

import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lstm_core.recordings.find import find
from lstm_core.recordings.recording import Recording
from lstm_core.runs.run import Run
from lstm_core.stats.tsne import tsne
from lstm_core.storage.files import home
from lstm_core.storage.frames import Framed
from lstm_core.storage.progress import Progress, silent
from lstm_core.storage.results import Fields, Results, hashed
from lstm_core.text.corpus import Corpus, read_corpus
from lstm_core.text.tagged import not_followed_by_whitespace, words_before
from lstm_core.text.tags import tag_text

Data = Literal["whitespace", "full"]

NOISE = -1
SCHEMA = 1
SPANS = {"whitespace": 250_000, "full": 50_000}  # characters of the training text, paper sections 4.1 and 4.2
SETTINGS = {"paper": (100, 10), "finer": (50, 10), "coarser": (200, 10)}  # min_cluster_size, min_samples


@dataclass(frozen=True)
class ClusterQuery:
    """Which moments of which signal are grouped, and how.

    `data`: "whitespace" = steps whose input is a blank or a line break, "full" = all of them. `layer` counts from 1, 0
    is the last. `tokens` = how many of the text's first tokens, 0 as many as the paper read, -1 all there are.
    """

    data: Data = "whitespace"
    signal: str = "h"
    layer: int = 0
    tokens: int = 0
    min_cluster_size: int = 100
    min_samples: int = 10

    def of(self, run: Run) -> "ClusterQuery":
        """The query with its defaults filled in for a run; raises ValueError for what the run does not have."""
        if self.data not in SPANS:
            raise ValueError(f"data {self.data!r} is unknown: choose whitespace or full")
        if run.kind != "char":
            raise ValueError(f"{run.name} reads words; clusters are those of a model of characters: choose one")
        if self.min_cluster_size < 2 or self.min_samples < 1:
            raise ValueError("a cluster has at least 2 points and a point at least 1 neighbour")
        if self.tokens < -1:
            raise ValueError(f"{self.tokens} tokens cannot be read: give a number, 0 as many as the paper, -1 for all")
        return replace(self, layer=self.layer or run.model_config.layers, tokens=self.tokens or SPANS[self.data])


@dataclass(frozen=True, eq=False)
class Points:
    """The states that are grouped: `states` (P, U) of the moments at `positions` (P,) of the text `tokens` (T,)."""

    states: NDArray[np.floating]
    positions: NDArray[np.int64]
    tokens: NDArray[np.int32]
    fingerprint: str


@dataclass(frozen=True, eq=False)
class Tree(Framed, columns=("edges", "weights")):
    """A minimum spanning tree of N points: `edges` (N - 1, 2), `weights` (N - 1,) ascending, `core` (N,) distances; and
    the `seconds` it took.
    """

    edges: NDArray[np.int64]
    weights: NDArray[np.float64]
    core: NDArray[np.float64]
    seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class Clustering(Framed, columns=("positions", "labels", "strength")):
    """Which cluster each of P points is in. `labels` (P,) from 0, NOISE for none; `strength` (P,) in [0, 1] how surely.

    `positions` (P,) in the text, `persistence` (C,) how long each cluster lasts while the cut falls (hdbscan's
    stability, in [0, 1]). `words` (P, 2) are start and stop of the word before each blank, equal where there is none;
    `tags` (P,) its part of speech as an index into `tag_names`, NOISE for none; both empty for full data. `facts`:
    `tree_seconds` the tree took when it was made, the share of words that no blank follows.
    """

    query: ClusterQuery
    run: str
    weights: str
    text: str
    text_fingerprint: str
    span: tuple[int, int]
    positions: NDArray[np.int64]
    labels: NDArray[np.int32]
    strength: NDArray[np.float32]
    persistence: NDArray[np.float64]
    words: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    tags: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))
    tag_names: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Identifies what was asked for."""
        return key_of(self.query, self.weights, self.text_fingerprint)

    @property
    def of_points(self) -> dict[str, Any]:
        """What decides its points, however they are grouped."""
        query = replace(self.query, min_cluster_size=0, min_samples=0)
        return {"query": query, "weights": self.weights, "text_fingerprint": self.text_fingerprint}

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """Points of each cluster (C,)."""
        return np.bincount(self.labels[self.labels >= 0], minlength=len(self.persistence))

    @property
    def noise_share(self) -> float:
        """Share of the points in no cluster, in [0, 1]; NaN without points."""
        return float(np.mean(self.labels == NOISE)) if len(self.labels) else float("nan")


def key_of(query: ClusterQuery, weights: str, text_fingerprint: str) -> str:
    """Names a clustering: hash of all that decides it."""
    return hashed({**vars(query), "weights": weights, "text": text_fingerprint, "schema": SCHEMA})


def cluster(run: Run, query: ClusterQuery = ClusterQuery(), *, report: Progress = silent) -> Clustering:
    """Group the states of a run over its own text. Reads the text first where no recording holds the states.

    The spanning tree, which costs nearly all of the time, is kept in `$LSTM_HOME/trees`: other values of
    `min_cluster_size` then take a second. Raises ValueError for what the run cannot give and for too few points.
    """
    query = query.of(run)
    recording = recording_for(run, query, report=report)
    points = points_of(recording, query)
    tree = tree_of(points, query.min_samples, report=report)
    labels, strength, persistence = labels_of(tree, query.min_cluster_size)
    found = Clustering(
        query=query,
        run=run.name,
        weights=run.fingerprint,
        text=recording.spec.text,
        text_fingerprint=recording.spec.text_fingerprint,
        span=(recording.spec.span[0], recording.spec.span[0] + len(points.tokens)),
        positions=points.positions,
        labels=labels,
        strength=strength,
        persistence=persistence,
        facts={"tree_seconds": round(tree.seconds, 1)},
    )
    return _with_words(found, recording, report) if query.data == "whitespace" else found


def recording_for(run: Run, query: ClusterQuery, *, report: Progress = silent) -> Recording:
    """A recording that holds the states of a query (`ClusterQuery.of`), made where there is none."""
    from lstm_core.recordings.record import RecordQuery, corpus_text, record  # loads torch

    text = corpus_text(run)
    if 0 < query.tokens < len(text.ids):
        text = corpus_text(run, count=query.tokens)
    of = run.fingerprint, (query.signal,), (query.layer,)
    for recording in find(*of, text=text.fingerprint, span=text.span, positions=query.data):
        if recording.spec.span[0] == text.span[0]:
            return recording
    asked = RecordQuery((query.signal,), (query.layer,), "whitespace" if query.data == "whitespace" else "all")
    return record(run, text, asked, report=report)


def moments(corpus: Corpus, query: ClusterQuery) -> tuple[int, int]:
    """How many moments of a text are grouped, and how many characters are read for it."""
    ids = corpus.ids if query.tokens <= 0 else corpus.ids[: query.tokens]
    if query.data == "full":
        return len(ids), len(ids)
    blank = np.array([token.isspace() for token in corpus.vocabulary.tokens])
    return int(blank[ids].sum()), len(ids)


def points_of(recording: Recording, query: ClusterQuery) -> Points:
    """The states (P, U) of a query (`ClusterQuery.of`) in a recording; raises ValueError when it does not hold them."""
    spec = recording.spec
    if spec.positions not in ("all", query.data):
        raise ValueError(f"the recording keeps {spec.positions} positions, not those of {query.data} data")
    stop = len(recording.tokens) if query.tokens < 0 else min(query.tokens, len(recording.tokens))
    last = int(np.searchsorted(recording.positions, stop))
    positions = np.asarray(recording.positions[:last], dtype=np.int64)
    values = recording.signal(query.signal, query.layer)[:, :last]
    if query.data == "whitespace" and spec.positions == "all":
        blank = np.array([token.isspace() for token in recording.vocabulary.tokens])
        kept = blank[recording.tokens[positions]]
        positions, values = positions[kept], values[:, kept]
    content = [spec.weights, spec.text_fingerprint, spec.span[0], stop, query.data, query.signal, query.layer, SCHEMA]
    return Points(np.ascontiguousarray(values.T), positions, np.asarray(recording.tokens[:stop]), hashed(content))


def tree_of(points: Points, min_samples: int, *, report: Progress = silent) -> Tree:
    """The exact spanning tree of the points' mutual reachability, kept for the next call."""
    import torch
    from filelock import FileLock

    from lstm_core.clusters.spanning_tree import spanning_tree

    folder = home() / "trees"
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{points.fingerprint}-{min_samples}"

    def make() -> Tree:
        start, store = time.perf_counter(), folder / f"{name}.part.npz"
        device = "cuda" if torch.cuda.is_available() else "cpu"
        tree = spanning_tree(points.states, min_samples, device=device, store=store, report=report)
        tree = replace(tree, seconds=time.perf_counter() - start)
        TREES.keep(tree, points=points.fingerprint, min_samples=min_samples)
        store.unlink(missing_ok=True)
        return tree

    with FileLock(folder / f"{name}.lock"):  # a second job over the same points waits for the first one's tree
        return TREES.read(None, points=points.fingerprint, min_samples=min_samples) or make()


def labels_of(tree: Tree, min_cluster_size: int) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float64]]:
    """Labels (P,), strengths (P,) and persistences (C,) that the hdbscan library gives to a spanning tree.

    Clusters are numbered by size, the largest is 0. Fewer points than `min_cluster_size` are all noise.
    """
    import warnings

    from scipy.sparse import csr_matrix

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", (SyntaxWarning, FutureWarning))  # the library's own
        from hdbscan import HDBSCAN

    n = len(tree.core)
    if n < min_cluster_size:
        return np.full(n, NOISE, np.int32), np.zeros(n, np.float32), np.zeros(0)
    weights = np.maximum(tree.weights, 1e-300)  # equal points: a weight of 0 would be no edge
    a, b = tree.edges.T
    graph = csr_matrix(
        (np.concatenate((weights, weights)), (np.concatenate((a, b)), np.concatenate((b, a)))), shape=(n, n)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        model = HDBSCAN(metric="precomputed", min_cluster_size=min_cluster_size, min_samples=1).fit(graph)
    persistence = np.asarray(model.cluster_persistence_, dtype=np.float64)
    order = np.argsort(-np.bincount(model.labels_[model.labels_ >= 0], minlength=len(persistence)), kind="stable")
    number = np.empty(len(order) + 1, np.int32)
    number[order], number[-1] = np.arange(len(order)), NOISE
    strength = np.nan_to_num(model.probabilities_, nan=1.0).astype(np.float32)  # among equal points all are sure
    return number[model.labels_], strength, persistence[order]


def _with_words(found: Clustering, recording: Recording, report: Progress) -> Clustering:
    """The clustering with the word before each blank and its part of speech."""
    text = "".join(recording.text(0, found.span[1] - found.span[0]))
    tagged = tag_text(text, report=report)
    before = words_before(tagged, text, found.positions)
    return replace(
        found,
        words=np.stack((before.start, before.stop), axis=1),
        tags=before.code.astype(np.int16),
        tag_names=tagged.names,
        facts={**found.facts, "not_followed_by_whitespace": not_followed_by_whitespace(tagged, text)},
    )


def text_of(run: Run, found: Clustering) -> str:
    """The text that a clustering's positions index; raises ValueError when it is not at hand or has changed."""
    corpus = read_corpus(run.config["corpus"]["name"], "char")
    if corpus.fingerprint != found.text_fingerprint:
        raise ValueError(f"{corpus.name} is not the text any more that {run.name} has read: compute the clusters again")
    start, stop = found.span
    if not 0 <= start <= stop <= len(corpus.ids):
        raise ValueError(f"the clusters are of tokens {start:,} to {stop:,} of {len(corpus.ids):,}: compute them again")
    return corpus.vocabulary.decode(corpus.ids[start:stop].tolist())


@dataclass(frozen=True, eq=False)
class Map(Framed, columns=("points", "places")):
    """A uniform sample of a clustering's points on a plane: `points` (M,) numbers, ascending, `places` (M, 2)."""

    points: NDArray[np.int64]
    places: NDArray[np.float32]


def map_of(points: Points, *, count: int = 6000) -> Map:
    """A map of points by t-SNE; raises ValueError for fewer than 10 points."""
    chosen = np.sort(np.random.default_rng(0).permutation(len(points.states))[:count])
    return Map(chosen, tsne(points.states[chosen]))


# What is kept ---------------------------------------------------------------------------------------------------------


def kept_clusterings(run: Run) -> list[ClusterQuery]:
    """The queries whose results are at hand for a run's present weights: those that came with it, then your own."""
    found = []
    for query in CLUSTERS.queries(run):
        with suppress(ValueError):
            found.append(query.of(run))
    return list(dict.fromkeys(found))


def read_clustering(run: Run, query: ClusterQuery) -> Clustering | None:
    """The kept result of a query for a run's present weights, of its text as it is or was; None without.

    Raises ValueError when its file is damaged and no sound one of your own stands beside the one that came with it.
    """
    query, text = query.of(run), str(run.config["corpus"].get("fingerprint"))
    found = CLUSTERS.read(run, query=query, text_fingerprint=text)
    return found or next(CLUSTERS.all(run, query=query), None)


def keep_map(found: Clustering, made: Map, into: Run | None = None) -> Path:
    """Keep the map of a clustering's points for all clusterings of them, below `$LSTM_HOME` or with a run."""
    return MAPS.keep(made, into, **found.of_points)


def read_map(run: Run, found: Clustering) -> Map | None:
    """The kept map of a clustering's points, or None where there is none or it cannot be read."""
    made = MAPS.read(run, **found.of_points)
    return made if made is not None and made.points.max(initial=0) < len(found.labels) else None


def _key(one: Any) -> str:
    return key_of(one.query, one.weights, one.text_fingerprint)


def _sound(found: Clustering) -> bool:
    points, length, words = len(found.labels), found.span[1] - found.span[0], found.words
    return (
        len(found.positions) == points == len(found.strength)
        and words.shape == (len(found.tags), 2)
        and len(words) == (points if found.query.data == "whitespace" else 0)
        and _within(found.labels, NOISE, len(found.persistence))
        and _within(found.tags, NOISE, len(found.tag_names))
        and _within(found.positions, 0, length)
        and _within(words, 0, length + 1)
        and bool((words[:, 0] <= words[:, 1]).all())
        and bool(np.isfinite(found.persistence).all())
    )


def _unpacked(stored: Fields, asked: Any) -> Fields:
    """Positions, words and strengths of a clustering as it was kept first: by steps, lengths and 255ths."""
    if "steps" not in stored:
        return stored
    positions = np.cumsum(stored["steps"].astype(np.int64))
    stops = positions[: len(stored["before"])] - stored["before"]
    words = np.stack((stops - stored["length"], stops), axis=1)
    fields = {name: value for name, value in stored.items() if name not in ("steps", "before", "length", "points")}
    return {**fields, "positions": positions, "words": words, "strength": stored["strength"].astype(np.float32) / 255}


CLUSTERS = Results(
    "clusters/{key}.safetensors.xz",
    Clustering,
    SCHEMA,
    key=_key,
    older="clusters/{key}.npz",
    sound=_sound,
    unpack=_unpacked,
    remedy="compute the clusters again",
)
MAPS = Results(
    "clusters/maps/{key}.safetensors.xz",
    Map,
    SCHEMA,
    key=_key,
    older="clusters/{key}.map.npz",
    sound=lambda found: found.places.shape == (len(found.points), 2),
)
TREES = Results(
    "trees/{points}-{min_samples}.safetensors",
    Tree,
    SCHEMA,
    older="trees/{points}-{min_samples}.npz",
    sound=lambda found: len(found.edges) == len(found.weights) == len(found.core) - 1,
)


def _within(values: NDArray[Any], least: int, end: int) -> bool:
    return bool(values.min(initial=least) >= least and values.max(initial=least) < max(end, least + 1))
