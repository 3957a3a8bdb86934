"""Other ways to group points, on lumps whose answer is known; agreement against scikit-learn and by hand."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from lstm_core.clusters import alternatives as rivals
from lstm_core.clusters.spanning_tree import spanning_tree
from lstm_core.clusters.states import (
    CLUSTERS,
    NOISE,
    Clustering,
    ClusterQuery,
    Points,
    keep_map,
    labels_of,
    map_of,
    read_map,
)
from lstm_core.runs.run import Run
from lstm_core.stats import tsne as projection

TRUTH = np.random.default_rng(0).integers(4, size=900)
STATES = (20 * np.eye(30)[TRUTH] + np.random.default_rng(1).normal(size=(900, 30))).astype(np.float16)
TEXT = "He would go " * 300


def found() -> Clustering:
    """Clusters of the lumps, each point at a blank of the text, the word's tag that of its lump."""
    labels, strength, persistence = labels_of(spanning_tree(STATES, 5), 30)
    stops = np.array([at for at, character in enumerate(TEXT) if character == " "])
    starts = np.array([TEXT.rfind(" ", 0, stop) + 1 for stop in stops.tolist()])
    query = ClusterQuery(min_cluster_size=30, min_samples=5)
    words = np.stack((starts, stops), axis=1)
    return Clustering(
        query, "run", "weights", "text", "t", (0, len(TEXT)), stops, labels, strength, persistence, words,
        TRUTH.astype(np.int16), ("MD", "PRP", "VB", "NN"),
    )  # fmt: skip


@pytest.mark.parametrize(
    "way",
    [
        lambda states: rivals.k_means(states, 4),
        lambda states: rivals.ward(states, 4),
        lambda states: rivals.after_pca(states, 30, 5),
    ],
)
def test_every_method_finds_plain_lumps(way) -> None:
    labels = way(STATES.astype(np.float32))
    score, share = rivals.agreement(labels, TRUTH.astype(np.int32))
    assert score == 1 and share > 0.95


def test_ward_of_a_sample_puts_the_others_with_the_nearest_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rivals, "SAMPLED", 100)
    assert rivals.agreement(rivals.ward(STATES.astype(np.float32), 4), TRUTH.astype(np.int32)) == (1, 1)


def test_agreement_by_hand() -> None:
    a = np.array([0, 0, 1, 1, NOISE, 0], np.int32)
    assert rivals.agreement(a, np.array([1, 1, 0, 0, 0, NOISE], np.int32)) == (1, 4 / 6)
    score, share = rivals.agreement(a, np.full(6, NOISE, np.int32))
    assert math.isnan(score) and share == 0
    # of 6 pairs a puts 2 together, b 1, both 1: expected 2 * 1 / 6, at most (2 + 1) / 2
    assert rivals.agreement(a[:4], np.array([0, 1, 2, 2], np.int32))[0] == pytest.approx((1 - 2 / 6) / (1.5 - 2 / 6))


def test_a_comparison_of_lumps() -> None:
    ours = found()
    points = Points(STATES, ours.positions, np.zeros(len(TEXT), np.int32), "f")
    told: list[float] = []
    result = rivals.compare(
        ours, points, TEXT, controls=[("twin", ours)], rounds=2, report=lambda share, word: told.append(share)
    )
    names = [row.name for row in result.rows]
    assert names[0].startswith("HDBSCAN (ours") and "k-means, 4 clusters" in names and "Ward, 4 clusters" in names
    first = result.rows[0]
    assert (first.clusters, first.modal_f1) == (4, pytest.approx(1, abs=0.03))
    assert result.controls == (replace(first, name="twin"),)
    table = np.array(result.agreement)
    assert table.shape == (len(names), len(names))
    np.testing.assert_allclose(table, table.T)
    np.testing.assert_allclose(np.diag(table), 1)
    assert min(result.stability) > 0.99 and len(result.stability) == 2
    assert told == sorted(told) and result.rows[0].clusters == 4
    assert all(row.seconds > 0 for row in result.rows[1:])


def test_nothing_is_compared_with_noise() -> None:
    ours = replace(found(), labels=np.full(900, NOISE, np.int32), persistence=np.zeros(0))
    points = Points(STATES, ours.positions, np.zeros(len(TEXT), np.int32), "f")
    with pytest.raises(ValueError, match="there are 0 clusters"):
        rivals.compare(ours, points, TEXT)


def test_a_map_keeps_lumps_together(small_run) -> None:
    run: Run = small_run(weights=True)
    ours = found()
    points = Points(STATES, ours.positions, np.zeros(len(TEXT), np.int32), "f")
    made = map_of(points, count=300)
    apart = np.linalg.norm(made.places[:, None] - made.places[None], axis=2) + 1e9 * np.eye(300)
    assert (TRUTH[made.points][apart.argmin(1)] == TRUTH[made.points]).mean() > 0.99
    np.testing.assert_array_equal(made.places, map_of(points, count=300).places)
    assert read_map(run, ours) is None
    CLUSTERS.keep(ours)
    path = keep_map(ours, made)
    kept = read_map(run, ours)
    assert kept is not None
    np.testing.assert_array_equal(kept.points, made.points)
    np.testing.assert_allclose(kept.places, made.places, rtol=2e-3, atol=1e-3)
    path.write_bytes(b"PK\x03\x04")
    assert read_map(run, ours) is None


def test_too_few_points_for_a_map() -> None:
    with pytest.raises(ValueError, match="at least 10"):
        projection.tsne(np.zeros((9, 3)))


def test_a_comparison_is_kept_with_its_run(small_run) -> None:
    run: Run = small_run(weights=True)
    ours = replace(found(), query=found().query.of(run), weights=run.fingerprint)
    points = Points(STATES, ours.positions, np.zeros(len(TEXT), np.int32), "f")
    result = rivals.compare(ours, points, TEXT, controls=[("twin", ours)], rounds=1)
    assert rivals.read_comparison(run, ours.query) is None
    rivals.COMPARISONS.keep(result, run)
    assert rivals.read_comparison(run, ours.query) == result
    assert rivals.read_comparison(run, replace(ours.query, min_samples=6)) is None
    (run.results_folder / "rivals-h.json").write_text(json.dumps({"weights": run.fingerprint}))
    with pytest.raises(ValueError, match="is damaged"):
        rivals.read_comparison(run, ours.query)
