"""Clusters of hidden states: HDBSCAN over the moments at which a model has read a text (the paper, section 4).

Knows recordings and what is kept of clusterings; what the clusters hold is `cluster_table`'s. The only module that
loads hdbscan. P points (moments of reading), U units, C clusters.
"""

import hashlib
import json
import time
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from lstm_core.recordings.find import find
from lstm_core.recordings.recording import Recording
from lstm_core.storage.documents import restored
from lstm_core.storage.files import UNREADABLE, home, read_json, replacing, write_json
from lstm_core.storage.progress import Progress, silent

if TYPE_CHECKING:
    from lstm_core.clusters.spanning_tree import Tree
    from lstm_core.runs.run import Run
Data = Literal["whitespace", "full"]

NOISE = -1
SCHEMA = 1
_NAMES = ("run", "weights", "text", "text_fingerprint")
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

    def of(self, run: "Run") -> "ClusterQuery":
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
class Clustering:
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
        """Identifies what was asked for; names the files it is kept in."""
        return key_of(self.query, self.weights, self.text_fingerprint)

    @property
    def map_name(self) -> str:
        """Names the file of the map, which does not depend on how the points are grouped."""
        points = replace(self.query, min_cluster_size=0, min_samples=0)
        return f"{key_of(points, self.weights, self.text_fingerprint)}.map.npz"

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
    content = {**asdict(query), "weights": weights, "text": text_fingerprint, "schema": SCHEMA}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:20]


def cluster(run: "Run", query: ClusterQuery = ClusterQuery(), *, report: Progress = silent) -> Clustering:
    """Group the states of a run over its own text. Reads the text first where no recording holds the states.

    The spanning tree, which costs nearly all of the time, is kept in `$LSTM_HOME/trees`: other values of
    `min_cluster_size` then take a second. Raises ValueError for what the run cannot give and for too few points.
    """
    query = query.of(run)
    recording = recording_for(run, query, report=report)
    points = points_of(recording, query)
    tree, seconds = tree_of(points, query.min_samples, report=report)
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
        facts={"tree_seconds": round(seconds, 1)},
    )
    return _with_words(found, recording, report) if query.data == "whitespace" else found


def recording_for(run: "Run", query: ClusterQuery, *, report: Progress = silent) -> Recording:
    """A recording that holds the states of a query (`ClusterQuery.of`), made where there is none."""
    from lstm_core.recordings.record import RecordQuery, corpus_text, record  # loads torch

    text = corpus_text(run)
    if 0 < query.tokens < len(text.ids):
        text = corpus_text(run, count=query.tokens)
    of = run.fingerprint, (query.signal,), (query.layer,)
    for recording in find(*of, text=text.fingerprint, span=text.span, positions=query.data):
        if recording.spec.span[0] == text.span[0]:
            return recording
    where: Literal["whitespace", "all"] = "whitespace" if query.data == "whitespace" else "all"
    asked = RecordQuery((query.signal,), (query.layer,), where)
    return record(run, text, asked, report=report)


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
    fingerprint = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:20]
    return Points(np.ascontiguousarray(values.T), positions, np.asarray(recording.tokens[:stop]), fingerprint)


def tree_of(points: Points, min_samples: int, *, report: Progress = silent) -> tuple["Tree", float]:
    """The exact spanning tree of the points' mutual reachability, kept for the next call, and the seconds it took."""
    import torch
    from filelock import FileLock

    from lstm_core.clusters.spanning_tree import Tree, spanning_tree

    folder = home() / "trees"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{points.fingerprint}-{min_samples}.npz"
    with FileLock(path.with_suffix(".lock")):  # a second job over the same points waits for the first one's tree
        try:
            with np.load(path, allow_pickle=False) as kept:
                return Tree(kept["edges"].astype(np.int64), kept["weights"], kept["core"]), float(kept["seconds"])
        except UNREADABLE:
            pass
        start, store = time.perf_counter(), path.with_suffix(".part.npz")
        device = "cuda" if torch.cuda.is_available() else "cpu"
        tree = spanning_tree(points.states, min_samples, device=device, store=store, report=report)
        seconds = time.perf_counter() - start
        with replacing(path) as part, part.open("wb") as file:
            np.savez(file, edges=tree.edges.astype(np.int32), weights=tree.weights, core=tree.core, seconds=seconds)
        store.unlink(missing_ok=True)
        return tree, seconds


def labels_of(
    tree: "Tree", min_cluster_size: int
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float64]]:
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
    from lstm_core.text.tagged import not_followed_by_whitespace, words_before
    from lstm_core.text.tags import tag_text

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


def text_of(run: "Run", found: Clustering) -> str:
    """The text that a clustering's positions index; raises ValueError when it is not at hand or has changed."""
    from lstm_core.text.corpus import read_corpus

    corpus = read_corpus(run.config["corpus"]["name"], "char")
    if corpus.fingerprint != found.text_fingerprint:
        raise ValueError(f"{corpus.name} is not the text any more that {run.name} has read: compute the clusters again")
    start, stop = found.span
    if not 0 <= start <= stop <= len(corpus.ids):
        raise ValueError(f"the clusters are of tokens {start:,} to {stop:,} of {len(corpus.ids):,}: compute them again")
    return corpus.vocabulary.decode(corpus.ids[start:stop].tolist())


# What is kept ---------------------------------------------------------------------------------------------------------


def kept_clusterings(run: "Run") -> list[ClusterQuery]:
    """The queries whose results are at hand for a run's present weights: those that came with it, then your own."""
    found = []
    for folder in _folders(run):
        for path in sorted(folder.glob("*.json")):
            try:
                stored = read_json(path)
                if stored["weights"] == run.fingerprint and path.with_suffix(".npz").is_file():
                    query = restored(ClusterQuery, stored["query"], "query")
                    found.append(query.of(run))
            except (ValueError, LookupError, TypeError):
                continue
    return list(dict.fromkeys(found))


def read_clustering(run: "Run", query: ClusterQuery) -> Clustering | None:
    """The kept result of a query for a run's present weights, or None.

    Raises ValueError when its files are damaged and no sound ones of your own stand beside those that came with it.
    """
    query = query.of(run)
    name = key_of(query, run.fingerprint, str(run.config["corpus"].get("fingerprint")))
    damage = None
    for folder in _folders(run):
        for path in folder.glob("*.json"):
            try:
                stored = read_json(path)
                asked_for = (stored["weights"], stored["query"]) == (run.fingerprint, asdict(query))
            except (ValueError, KeyError, TypeError) as error:
                if path.stem == name:  # of other results it does not matter here
                    damage = ValueError(f"{path} is damaged ({error}): compute the clusters again")
                continue
            if asked_for:
                try:
                    return _unpacked(stored, query, path.with_suffix(".npz"))
                except ValueError as error:
                    damage = error
    if damage:
        raise damage
    return None


def keep_clustering(found: Clustering, folder: Path | None = None) -> Path:
    """Write a result for the next time: below `$LSTM_HOME`, or in a folder that is shipped with a run."""
    folder = folder or home() / "clusters"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{found.fingerprint}.npz"
    words = found.words if len(found.words) else np.zeros((0, 2), np.int64)
    with replacing(path) as part, part.open("wb") as file:
        np.savez_compressed(
            file,
            steps=np.diff(found.positions, prepend=0).astype(np.uint32),
            labels=found.labels.astype(np.int32),
            strength=np.round(255 * found.strength).astype(np.uint8),
            persistence=found.persistence,
            before=(found.positions[: len(words)] - words[:, 1]).astype(np.int32),
            length=(words[:, 1] - words[:, 0]).astype(np.uint32),
            tags=found.tags.astype(np.int8),
        )
    about = {
        name: getattr(found, name)
        for name in ("run", "weights", "text", "text_fingerprint", "span", "tag_names", "facts")
    }
    write_json(path.with_suffix(".json"), {"query": asdict(found.query), **about, "points": len(found.labels)})
    return path


@dataclass(frozen=True, eq=False)
class Map:
    """A uniform sample of a clustering's points on a plane: `points` (M,) numbers, ascending, `places` (M, 2)."""

    points: NDArray[np.int64]
    places: NDArray[np.float32]


def map_of(points: Points, *, count: int = 6000, seed: int = 0) -> Map:
    """A map of points by t-SNE; raises ValueError for fewer than 10 points."""
    from lstm_core.stats.tsne import tsne

    chosen = np.sort(np.random.default_rng(seed).permutation(len(points.states))[:count])
    return Map(chosen, tsne(points.states[chosen], seed))


def keep_map(found: Clustering, made: Map, folder: Path | None = None) -> Path:
    """Write the map beside the kept clusterings of its points."""
    path = (folder or home() / "clusters") / found.map_name
    with replacing(path) as part, part.open("wb") as file:
        np.savez_compressed(file, points=made.points.astype(np.uint32), places=made.places.astype(np.float16))
    return path


def read_map(run: "Run", found: Clustering) -> Map | None:
    """The kept map of a clustering's points, or None where there is none or it cannot be read."""
    for folder in _folders(run):
        path = folder / found.map_name
        try:
            with np.load(path, allow_pickle=False) as kept:
                points, places = kept["points"].astype(np.int64), kept["places"].astype(np.float32)
        except UNREADABLE:
            continue
        if places.shape == (len(points), 2) and points.max(initial=0) < len(found.labels):
            return Map(points, places)
    return None


def results_folder(run: "Run") -> Path:
    """Where the clusterings lie that come with a run."""
    return run.folder / "results" / "clusters"


def _folders(run: "Run") -> tuple[Path, Path]:
    return results_folder(run), home() / "clusters"


def _unpacked(stored: dict[str, Any], query: ClusterQuery, path: Path) -> Clustering:
    try:
        with np.load(path, allow_pickle=False) as kept:
            positions = np.cumsum(kept["steps"].astype(np.int64))
            labels, persistence = kept["labels"].astype(np.int32), kept["persistence"].astype(np.float64)
            stops = positions[: len(kept["before"])] - kept["before"]
            words = np.stack((stops - kept["length"], stops), axis=1)
            strength, tags = (kept["strength"] / 255).astype(np.float32), kept["tags"].astype(np.int16)
        span: tuple[int, int] = restored(tuple[int, int], stored["span"], "span")
        names: tuple[str, ...] = restored(tuple[str, ...], stored["tag_names"], "tag_names")
        facts: dict[str, Any] = restored(dict[str, Any], stored["facts"], "facts")
        run, weights, text, fingerprint = (restored(str, stored[name], name) for name in _NAMES)
        points, length = len(labels), span[1] - span[0]
        if not (
            len(positions) == points == len(strength) == stored["points"]
            and len(words) == len(tags) == (points if query.data == "whitespace" else 0)
            and _within(labels, NOISE, len(persistence))
            and _within(tags, NOISE, len(names))
            and _within(positions, 0, length)
            and _within(words, 0, length + 1)
            and (words[:, 0] <= words[:, 1]).all()
            and np.isfinite(persistence).all()
        ):
            raise ValueError("its parts do not fit together")
        return Clustering(
            query=query,
            run=run,
            weights=weights,
            text=text,
            text_fingerprint=fingerprint,
            span=span,
            positions=positions,
            labels=labels,
            strength=strength,
            persistence=persistence,
            words=words,
            tags=tags,
            tag_names=names,
            facts=facts,
        )
    except UNREADABLE as error:
        raise ValueError(f"{path} is damaged ({error}): remove it and compute the clusters again") from None


def _within(values: NDArray[Any], least: int, end: int) -> bool:
    return bool(values.min(initial=least) >= least and values.max(initial=least) < max(end, least + 1))
