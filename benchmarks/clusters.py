"""How fast our spanning tree and clusters are beside the hdbscan library, and that both find the same.

The states after every word of the first 250,000 characters: 45,276 points of 512 values, fewer with --points. Ours runs
before and after the library, which takes a quarter of an hour and one core; ours uses the machine's threads. With
--permuted the library runs once more, over the rows in another order: no more than it agrees with itself can be asked.
"""

import argparse
import json
import sys
import time
from typing import Any

import hdbscan
import numpy as np
from machine import machine
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.metrics import adjusted_rand_score

from lstm_core.clusters.spanning_tree import spanning_tree
from lstm_core.clusters.states import ClusterQuery, labels_of, points_of, recording_for
from lstm_core.runs.store import open_run

CUTS = 200


def partition(edges: NDArray[Any], weights: NDArray[np.float64], cut: float) -> NDArray[np.int32]:
    """Components (P,) of a tree without the edges heavier than `cut`."""
    kept = edges[weights <= cut].astype(np.int64)
    n = len(weights) + 1
    graph = coo_array((np.ones(len(kept), np.int8), (kept[:, 0], kept[:, 1])), shape=(n, n))
    return connected_components(graph, directed=False)[1]


def same(a: NDArray[np.int32], b: NDArray[np.int32]) -> bool:
    """Equal partitions, up to the names of the parts."""
    pairs = len(np.unique(a.astype(np.int64) * (len(b) + 1) + b))
    return pairs == len(np.unique(a)) == len(np.unique(b))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", default="war-and-peace-char")
    parser.add_argument("--signal", default="h")
    parser.add_argument("--points", type=int, default=0, help="only the first so many")
    parser.add_argument("--permuted", action="store_true")
    parser.add_argument("--json", action="store_true")
    words = parser.parse_args()
    run = open_run(words.run)
    query = ClusterQuery(signal=words.signal).of(run)
    states = points_of(recording_for(run, query), query).states[: words.points or None]
    result: dict[str, Any] = {**machine(), "points": len(states), "values": states.shape[1]}
    print(f"{len(states):,} points of {states.shape[1]} values", file=sys.stderr)

    def ours() -> tuple[Any, NDArray[np.int32], float]:
        start = time.perf_counter()
        tree = spanning_tree(states, query.min_samples)
        labels = labels_of(tree, query.min_cluster_size)[0]
        return tree, labels, time.perf_counter() - start

    def library(rows: NDArray[np.int64]) -> tuple[Any, NDArray[np.int32], float]:
        wide = states[rows].astype(np.float64)
        start = time.perf_counter()
        model = hdbscan.HDBSCAN(
            min_cluster_size=query.min_cluster_size, min_samples=query.min_samples, gen_min_span_tree=True
        ).fit(wide)
        took = time.perf_counter() - start
        labels = np.empty(len(rows), np.int32)
        labels[rows] = model.labels_
        return model.minimum_spanning_tree_.to_numpy(), labels, took

    tree, labels, before = ours()
    print(f"ours {before:.1f} s", file=sys.stderr)
    theirs, their_labels, took = library(np.arange(len(states)))
    print(f"library {took:.1f} s", file=sys.stderr)
    _, _, after = ours()
    weights = np.sort(theirs[:, 2])
    cuts = np.quantile(tree.weights, np.linspace(0, 1, CUTS)) + 1e-7
    result |= {
        "ours_seconds": [round(before, 1), round(after, 1)],
        "library_seconds": round(took, 1),
        "ratio": round(took / np.mean([before, after]), 1),
        "largest_weight_difference": float(np.abs(weights - tree.weights).max()),
        "equal_partitions": sum(
            same(partition(tree.edges, tree.weights, cut), partition(theirs[:, :2], theirs[:, 2], cut)) for cut in cuts
        ),
        "cuts": CUTS,
        "clusters": [int(labels.max()) + 1, int(their_labels.max()) + 1],
        "ari_with_library": round(float(adjusted_rand_score(labels, their_labels)), 5),
    }
    if words.permuted:
        order = np.random.default_rng(0).permutation(len(states))
        again = library(order)[1]
        result["ari_of_library_with_itself"] = round(float(adjusted_rand_score(again, their_labels)), 5)
    print(json.dumps(result) if words.json else json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
