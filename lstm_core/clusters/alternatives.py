"""Other ways to group the same states, set against ours: methods, parameters, resampling, and models as controls.

What the paper asks for at its end, "comparing the effectiveness of different clustering algorithms". The only module
that loads scikit-learn. P points, U units, R ways to group them.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lstm_core.clusters.contents import best_by_tag, few_word_share, table
from lstm_core.clusters.states import NOISE, Clustering, ClusterQuery, Points, labels_of, tree_of
from lstm_core.runs.run import Run
from lstm_core.storage.frames import Framed
from lstm_core.storage.progress import Progress, silent
from lstm_core.storage.results import Results

Named = Sequence[tuple[str, Clustering]]

SAMPLED = 8000  # points that Ward's method joins; the rest go to the nearest mean: it needs all distances of its points
COMPONENTS = 50
PARAMETERS = ((50, 10), (200, 10), (100, 5), (100, 20))  # beside the query's own
KEPT = 0.8  # of the points, in each sample
COMMON = 0.01  # tags with at least this share of the points count in the mean F1


@dataclass(frozen=True)
class Figures:
    """What a grouping achieves. Shares in [0, 1]; `tag_f1`: mean over the common tags of the best cluster's F1;
    `seconds` on this machine, little where the spanning tree was at hand."""

    name: str
    clusters: int
    noise_share: float
    few_word_share: float
    tag_f1: float
    modal_f1: float
    seconds: float


@dataclass(frozen=True)
class Alternatives(Framed, rows="rows"):
    """Groupings of the same points. `agreement` (R, R): adjusted Rand index over the points that both put somewhere,
    in the order of `rows`; `shared` (R, R): the share of points that is. `stability`: the same index between our
    labels and those of samples of `kept` of the points, over the points in the sample that both put somewhere.
    """

    query: ClusterQuery
    weights: str
    rows: tuple[Figures, ...]
    agreement: tuple[tuple[float, ...], ...]
    shared: tuple[tuple[float, ...], ...]
    stability: tuple[float, ...]
    kept: float
    controls: tuple[Figures, ...]


def figures(name: str, found: Clustering, text: str, seconds: float = 0.0) -> Figures:
    """The figures of one grouping of whitespace points."""
    rows = table(found, text)
    best = {tag: share.f1 for tag, share in best_by_tag(rows).items()}
    counts = np.bincount(found.tags[found.tags >= 0], minlength=len(found.tag_names))
    common = [tag for tag, count in zip(found.tag_names, counts, strict=True) if count >= COMMON * len(found.tags)]
    mean = float(np.mean([best.get(tag, 0.0) for tag in common])) if common else float("nan")
    return Figures(name, len(rows), found.noise_share, few_word_share(rows), mean, best.get("MD", 0.0), seconds)


def compare(
    found: Clustering, points: Points, text: str, *, controls: Named = (), rounds: int = 5, report: Progress = silent
) -> Alternatives:
    """Group `points` in every other way and compare. k-means and Ward's method get as many clusters as we found.

    `controls`: clusterings of other models over the same text, by name. About ten spanning trees' time. Raises
    ValueError when there are no clusters to compare with.
    """
    from lstm_core.clusters.spanning_tree import spanning_tree  # loads torch

    count = len(found.persistence)
    if count < 2:
        raise ValueError(f"there are {count} clusters: nothing to compare other methods with")
    states = points.states.astype(np.float32)
    size, samples = found.query.min_cluster_size, found.query.min_samples
    ways: list[tuple[str, Callable[[], NDArray[np.int32]]]] = [
        (f"k-means, {count} clusters", lambda: k_means(states, count)),
        (f"Ward, {count} clusters", lambda: ward(states, count)),
        (f"HDBSCAN after PCA to {COMPONENTS}", lambda: after_pca(states, size, samples)),
        *(
            (f"HDBSCAN, at least {a} points, neighbour {b}", lambda a=a, b=b: labels_of(tree_of(points, b), a)[0])
            for a, b in PARAMETERS
            if (a, b) != (size, samples)
        ),
    ]
    labels, rows = [found.labels], [figures("HDBSCAN (ours, exact)", found, text)]
    steps = len(ways) + rounds
    for step, (name, way) in enumerate(ways):
        report(step / steps, name)
        start = time.perf_counter()
        labels.append(way())
        rows.append(figures(name, with_labels(found, labels[-1]), text, time.perf_counter() - start))
    stability = []
    for number in range(rounds):
        report((len(ways) + number) / steps, f"resampling {number + 1} of {rounds}")
        chosen = np.sort(np.random.default_rng(number).permutation(len(states))[: int(KEPT * len(states))])
        again = labels_of(spanning_tree(states[chosen], samples), size)[0]
        stability.append(agreement(found.labels[chosen], again)[0])
    pairs = [[agreement(a, b) for b in labels] for a in labels]
    return Alternatives(
        query=found.query,
        weights=found.weights,
        rows=tuple(rows),
        agreement=tuple(tuple(score for score, _ in row) for row in pairs),
        shared=tuple(tuple(share for _, share in row) for row in pairs),
        stability=tuple(stability),
        kept=KEPT,
        controls=tuple(figures(name, other, text) for name, other in controls),
    )


def read_comparison(run: Run, query: ClusterQuery) -> Alternatives | None:
    """The kept comparison for a run's present weights, or None; raises ValueError when its file is damaged."""
    return COMPARISONS.read(run, query=query.of(run))


def _sound(found: Alternatives) -> bool:
    sizes = {len(one) for table in (found.agreement, found.shared) for one in (table, *table)}
    return sizes == {len(found.rows)} != {0}


COMPARISONS = Results(
    "rivals-{query.signal}.json", Alternatives, own=None, sound=_sound, remedy="remove it and compare again"
)


def with_labels(found: Clustering, labels: NDArray[np.int32]) -> Clustering:
    """The clustering with other labels (P,) for the same points."""
    count = int(labels.max(initial=NOISE)) + 1
    return replace(found, labels=labels, strength=np.ones(len(labels), np.float32), persistence=np.zeros(count))


def k_means(states: NDArray[np.float32], count: int, seed: int = 0) -> NDArray[np.int32]:
    """Labels (P,) by k-means, the best of three starts."""
    from sklearn.cluster import KMeans

    return KMeans(count, n_init=3, random_state=seed).fit_predict(states).astype(np.int32)


def ward(states: NDArray[np.float32], count: int, seed: int = 0) -> NDArray[np.int32]:
    """Labels (P,) by Ward's agglomerative clustering of at most SAMPLED points; the others go to the nearest mean."""
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.neighbors import NearestCentroid

    chosen = np.sort(np.random.default_rng(seed).permutation(len(states))[:SAMPLED])
    own = AgglomerativeClustering(count, linkage="ward").fit_predict(states[chosen])
    found = NearestCentroid().fit(states[chosen], own).predict(states).astype(np.int32)
    found[chosen] = own
    return found


def after_pca(states: NDArray[np.float32], size: int, samples: int, seed: int = 0) -> NDArray[np.int32]:
    """Labels (P,) by HDBSCAN over the first COMPONENTS principal components."""
    from sklearn.decomposition import PCA

    from lstm_core.clusters.spanning_tree import spanning_tree  # loads torch

    flat = PCA(min(COMPONENTS, *states.shape), random_state=seed).fit_transform(states)
    return labels_of(spanning_tree(flat, samples), size)[0]


def agreement(a: NDArray[np.int32], b: NDArray[np.int32]) -> tuple[float, float]:
    """Adjusted Rand index of two labellings (P,) over the points that both put somewhere, and the share of those.

    NaN when there are none.
    """
    from sklearn.metrics import adjusted_rand_score

    both = (a != NOISE) & (b != NOISE)
    return (float(adjusted_rand_score(a[both], b[both])) if both.any() else float("nan")), float(both.mean())
