"""The spanning tree against scipy on all distances, hdbscan and scikit-learn; degenerate points; stop and go on."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from scipy.spatial.distance import cdist

from lstm_core.clusters import spanning_tree as mst
from lstm_core.clusters.distances import Rounding, Space
from lstm_core.clusters.spanning_tree import spanning_tree
from lstm_core.clusters.states import Tree

pytestmark = pytest.mark.numeric


def brute(points: NDArray[np.floating], min_samples: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sorted weights and core distances from the whole table of distances."""
    apart = cdist(points.astype(np.float64), points.astype(np.float64))
    core = np.partition(apart, min_samples, axis=1)[:, min_samples]
    mutual = np.maximum(apart, np.maximum(core[:, None], core[None]))
    above = np.triu(mutual + 1, 1)  # plus 1: scipy takes a weight of 0 for no edge
    return np.sort(minimum_spanning_tree(above).data) - 1, core


def partition(tree: Tree, cut: float) -> NDArray[np.int64]:
    kept = tree.edges[tree.weights <= cut]
    n = len(tree.core)
    graph = coo_array((np.ones(len(kept)), (kept[:, 0], kept[:, 1])), shape=(n, n))
    return connected_components(graph, directed=False)[1]


def same_partition(a: NDArray[np.int64], b: NDArray[np.int64]) -> bool:
    """Equal up to the names of the parts."""
    return len(set(zip(a.tolist(), b.tolist(), strict=True))) == len(set(a.tolist())) == len(set(b.tolist()))


def clustered(n: int, width: int, seed: int) -> NDArray[np.float32]:
    """Points around a few centres of very different density."""
    chance = np.random.default_rng(seed)
    centres = 4 * chance.normal(size=(7, width))
    which = chance.integers(7, size=n)
    return (centres[which] + (0.05 + 0.3 * which[:, None]) * chance.normal(size=(n, width))).astype(np.float32)


@cache
def cases() -> dict[str, NDArray[np.floating]]:
    chance = np.random.default_rng(1)
    random = chance.normal(size=(2500, 24)).astype(np.float32)
    copies = np.concatenate((random[:700], np.repeat(random[:5], 30, axis=0)))
    far = random[:900] + np.where(np.arange(900) % 2, 0, 1000.0)[:, None]
    return {
        "random": random,
        "clustered": clustered(3000, 40, 2),
        "half precision": clustered(2600, 512, 3).astype(np.float16),
        "float64": clustered(800, 10, 4).astype(np.float64),
        "30 copies of some points": copies[chance.permutation(len(copies))],
        "one point, many times": np.ones((300, 8), np.float32),
        "far from the origin": (random[:800] + 500).astype(np.float32),
        "two lumps far apart": far.astype(np.float32),
        "one far away": np.concatenate((random[:600], np.full((1, 24), 1e4, np.float32))),
        "grid": np.stack(np.meshgrid(np.arange(30.0), np.arange(20.0)), axis=-1).reshape(-1, 2),
        "all equally far": np.eye(200, dtype=np.float32),
        "on a line": np.linspace(0, 1, 500)[:, None] ** 2,
        "a value that never changes": np.pad(random[:500], ((0, 0), (0, 3)), constant_values=7.0),
        "few": random[:12],
    }


@cache
def brute_of(name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return brute(cases()[name], 10)


@pytest.mark.parametrize("dtype", ["quick", "float64"])
@pytest.mark.parametrize("name", list(cases()))
def test_it_is_the_minimum_by_brute_force(name: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    points = cases()[name]
    if dtype == "float64":  # what points that lie too close together for quick products get
        monkeypatch.setattr(mst, "quick_rounding", lambda points, k: Rounding(torch.float64, points.shape[1]))
    tree = spanning_tree(points, 10)
    weights, core = brute_of(name)
    np.testing.assert_allclose(tree.core, core, rtol=0, atol=1e-6)
    np.testing.assert_allclose(tree.weights, weights, rtol=0, atol=1e-6)
    mutual = np.maximum(
        np.linalg.norm(np.subtract(*points[tree.edges.T].astype(np.float64)), axis=1), tree.core[tree.edges].max(1)
    )
    np.testing.assert_allclose(tree.weights, mutual, rtol=0, atol=1e-6)
    assert len(tree.edges) == len(points) - 1
    assert len(set(partition(tree, np.inf).tolist())) == 1


@cache
def large() -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Many points, and the weights of their tree by brute force."""
    points = clustered(5000, 64, 5)
    return points, brute(points, 5)[0]


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_either_quick_type_gives_the_same(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    points, weights = large()
    monkeypatch.setattr(mst, "quick_rounding", lambda points, k: Rounding(getattr(torch, dtype), points.shape[1]))
    np.testing.assert_allclose(spanning_tree(points, 5).weights, weights, rtol=0, atol=1e-6)


def test_points_too_close_for_quick_products_are_told_apart() -> None:
    """Lumps a ten-thousandth wide, ten apart: bfloat16 and float32 products give 0 for everything in a lump."""
    chance = np.random.default_rng(6)
    points = (10 * np.eye(8)[chance.integers(8, size=1200)] + 1e-4 * chance.normal(size=(1200, 8))).astype(np.float64)
    tree = spanning_tree(points, 10)
    np.testing.assert_allclose(tree.weights, brute(points, 10)[0], rtol=0, atol=1e-8)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("width", [1, 3, 8, 200])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_products_stay_within_their_threshold(dtype: torch.dtype, width: int, scale: float) -> None:
    """Values just above halves of the last digit are rounded the farthest: the worst there are."""
    chance = torch.Generator().manual_seed(width)
    sign = torch.randint(0, 2, (512, width), generator=chance) * 2.0 - 1
    unit = torch.finfo(dtype).eps / 2
    near = torch.rand(512, width, generator=chance, dtype=torch.float64)
    points = scale * sign * (1 + unit * (1 + 1e-3 * near)) * 2.0 ** -torch.randint(0, 3, (512, width), generator=chance)
    points = torch.cat((points, -points))  # so that their centre is 0
    space = Space(points, Rounding(dtype, width))
    half = (space.rows @ space.other(space.rows).T)[: len(points), : len(points)].double()
    apart = torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist")
    own = (space.length[: len(points), None], space.moved[: len(points), None])
    assert bool((half <= space.threshold(*own, apart).double()).all())
    for other in range(0, len(points), 97):
        assert bool((space.at_least(half[:, other]) <= apart[:, other] * (1 + 1e-9) + 1e-12 * scale).all())


@pytest.mark.parametrize("scale", [1e-25, 1e-12, 1e15, 1e28])
@pytest.mark.parametrize("dtype", ["bfloat16", "float32", "float64"])
def test_any_scale(scale: float, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    points = scale * clustered(700, 5, 12).astype(np.float64)
    monkeypatch.setattr(mst, "quick_rounding", lambda points, k: Rounding(getattr(torch, dtype), points.shape[1]))
    tree, (weights, core) = spanning_tree(points, 5, neighbours=7), brute(points / scale, 5)
    np.testing.assert_allclose(tree.core / scale, core, rtol=1e-9)
    np.testing.assert_allclose(tree.weights / scale, weights, rtol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_points_that_rounding_moves_the_farthest(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists of few neighbours around values that bfloat16 rounds by half of its last digit."""
    chance = np.random.default_rng(seed)
    lumps = (1 + 2**-8) * chance.choice([-1, 1], size=(1500, 1)) + 0.1 * chance.normal(size=(1500, 1))
    monkeypatch.setattr(mst, "quick_rounding", lambda points, k: Rounding(torch.bfloat16, points.shape[1]))
    tree, (weights, core) = spanning_tree(lumps, 5, neighbours=7), brute(lumps, 5)
    np.testing.assert_allclose(tree.core, core, rtol=0, atol=1e-9)
    np.testing.assert_allclose(tree.weights, weights, rtol=0, atol=1e-9)


@given(
    seed=st.integers(0, 10_000),
    n=st.integers(4, 150),
    width=st.integers(1, 6),
    k=st.integers(1, 3),
    kinds=st.integers(2, 40),
)
@settings(max_examples=25, deadline=None)
def test_any_small_set_of_points(seed: int, n: int, width: int, k: int, kinds: int) -> None:
    """Points on few places, so with many copies and many equal distances."""
    points = np.random.default_rng(seed).integers(kinds, size=(n, width)).astype(np.float32)
    tree = spanning_tree(points, k, neighbours=k + 2)
    weights, core = brute(points, k)
    np.testing.assert_allclose(tree.core, core, rtol=0, atol=1e-6)
    np.testing.assert_allclose(tree.weights, weights, rtol=0, atol=1e-6)


def test_partitions_are_those_of_hdbscan_at_every_cut() -> None:
    import hdbscan

    points = clustered(2200, 48, 7)
    library = hdbscan.HDBSCAN(
        min_cluster_size=20, min_samples=10, gen_min_span_tree=True, approx_min_span_tree=False
    ).fit(points.astype(float))
    table = library.minimum_spanning_tree_.to_numpy()
    theirs = Tree(table[:, :2].astype(np.int64), table[:, 2], np.zeros(len(points)))
    tree = spanning_tree(points, 10)
    np.testing.assert_allclose(tree.weights, np.sort(theirs.weights), rtol=0, atol=1e-6)
    for cut in np.quantile(tree.weights, np.linspace(0, 1, 40)) + 1e-7:
        assert same_partition(partition(tree, cut), partition(theirs, cut))


def test_core_distances_are_those_of_scikit_learn_with_one_sample_more() -> None:
    from sklearn.neighbors import NearestNeighbors

    points = clustered(900, 30, 8)
    table, _ = NearestNeighbors(n_neighbors=11).fit(points.astype(np.float64)).kneighbors()
    np.testing.assert_allclose(spanning_tree(points, 11).core, table[:, -1], atol=1e-6)  # kneighbors() leaves self out


class Stopped(Exception):
    pass


@pytest.mark.slow
def test_a_call_that_goes_on_keeps_the_type_it_began_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points, store = clustered(5000, 16, 13), tmp_path / "tree.npz"
    monkeypatch.setattr(mst, "SAVE_EVERY", -1.0)

    def stop(done: float, word: str) -> None:
        if done >= 0.4:
            raise Stopped

    for dtype, report in ((torch.bfloat16, stop), (torch.float32, None)):
        monkeypatch.setattr(mst, "quick_rounding", lambda points, k, dtype=dtype: Rounding(dtype, points.shape[1]))
        if report:
            with pytest.raises(Stopped):
                spanning_tree(points, 5, store=store, report=report)
            continue
        work = mst._Work(points, 5, 32, "cpu", store, None)
        assert work.rounding.dtype == torch.bfloat16
    np.testing.assert_allclose(spanning_tree(points, 5, store=store).weights, brute(points, 5)[0], rtol=0, atol=1e-6)


def test_a_full_disk_costs_no_more_than_what_could_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points, told = clustered(3000, 8, 14), []
    monkeypatch.setattr(mst, "SAVE_EVERY", -1.0)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mst.np, "savez", full)
    store = tmp_path / "tree.npz"
    tree = spanning_tree(points, 5, store=store, report=lambda done, word: told.append(word))
    np.testing.assert_allclose(tree.weights, brute(points, 5)[0], rtol=0, atol=1e-6)
    assert any("No space left on device" in word for word in told)


@cache
def whole_tree() -> tuple[NDArray[np.float32], Tree]:
    points = clustered(9000, 16, 9)
    return points, spanning_tree(points, 10)


@pytest.mark.parametrize("share", [0.2, 0.45, 0.6, 0.9])
def test_a_stopped_call_goes_on(share: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points, expected = whole_tree()
    monkeypatch.setattr(mst, "SAVE_EVERY", -1.0)
    told: list[float] = []

    def stop(done: float, word: str) -> None:
        told.append(done)
        if done >= share:
            raise Stopped

    store = tmp_path / "tree.npz"
    with pytest.raises(Stopped):
        spanning_tree(points, 10, store=store, report=stop)
    before, told = told, []
    resumed = spanning_tree(points, 10, store=store, report=lambda done, word: told.append(done))
    np.testing.assert_array_equal(resumed.weights, expected.weights)
    assert min(told) > before[0]  # it did not begin again


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"\x80\x04cos\nsystem\n."])
def test_a_damaged_store_is_begun_again(content: bytes, tmp_path: Path) -> None:
    points = clustered(300, 8, 10)
    store = tmp_path / "tree.npz"
    store.write_bytes(content)
    np.testing.assert_array_equal(spanning_tree(points, 3, store=store).weights, spanning_tree(points, 3).weights)


def test_the_store_of_other_points_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mst, "SAVE_EVERY", -1.0)

    def stop(done: float, word: str) -> None:
        if done >= 0.5:
            raise Stopped

    store, points = tmp_path / "tree.npz", clustered(3000, 8, 11)
    with pytest.raises(Stopped):
        spanning_tree(points, 3, store=store, report=stop)
    other = points[::-1].copy() * 2
    np.testing.assert_allclose(spanning_tree(other, 3, store=store).weights, brute(other, 3)[0], atol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_counted(bad: float) -> None:
    points = np.zeros((30, 4), np.float32)
    points[[3, 7], 1] = bad
    with pytest.raises(ValueError, match="2 of 30 points have values that are not finite"):
        spanning_tree(points, 3)


@pytest.mark.parametrize(("n", "min_samples", "needed"), [(10, 10, 11), (0, 1, 2), (5, 0, 2)])
def test_too_few_points_are_refused(n: int, min_samples: int, needed: int) -> None:
    with pytest.raises(ValueError, match=f"at least {needed}"):
        spanning_tree(np.zeros((n, 3), np.float32), min_samples)
