"""Joining points of a plane: equal to scipy's linkage, in little memory, with exactly the groups that are asked for."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist
from sklearn.metrics import adjusted_rand_score

from lstm_core.stats.linkage import Linkage, joins

pytestmark = pytest.mark.numeric

BOTH: Any = pytest.mark.parametrize("way", ["single", "ward"])


def clumps(count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.uniform(-60, 60, (25, 2))[rng.integers(0, 25, count)] + rng.normal(size=(count, 2))


@BOTH
def test_two_thousand_points_are_joined_as_scipy_joins_them(way: Linkage) -> None:
    points = clumps(2000)
    found, reference = joins(points, way), linkage(points, way)
    np.testing.assert_allclose(found.heights, reference[:, 2], rtol=1e-9)
    for groups in (1, 2, 7, 25, 300, 1999, 2000):
        theirs = fcluster(reference, groups, "maxclust")
        assert adjusted_rand_score(theirs, found.cut(groups)) == 1, groups
        assert len(set(theirs)) == groups


@BOTH
@given(
    points=st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=12),
    groups=st.integers(1, 12),
)
def test_points_on_a_grid_with_ties_and_twins_are_cut_into_exactly_as_many_groups(
    way: Linkage, points: list[tuple[int, int]], groups: int
) -> None:
    places = np.array(points, dtype=float)
    made = joins(places, way)
    assert (np.diff(made.heights) >= 0).all()
    if groups <= len(points):
        labels = made.cut(groups)
        sizes = np.bincount(labels)
        assert len(sizes) == groups and (np.diff(sizes) <= 0).all()
    if way == "single" and len(points) > 1:  # heights of single linkage do not depend on how ties are broken
        np.testing.assert_allclose(made.heights, linkage(pdist(places), "single")[:, 2])


def test_ward_joins_the_pair_that_adds_least_to_the_squared_error() -> None:
    """Every join by brute force over all pairs of groups, on points without ties."""
    points = np.random.default_rng(3).normal(size=(30, 2))
    made = joins(points, "ward")

    def error(members: list[int]) -> float:
        return float(((points[members] - points[members].mean(axis=0)) ** 2).sum())

    groups = [[number] for number in range(30)]
    for height, (a, b) in zip(made.heights, made.pairs, strict=True):
        costs = {
            (i, j): error(groups[i] + groups[j]) - error(groups[i]) - error(groups[j])
            for i in range(len(groups))
            for j in range(i)
        }
        (i, j), least = min(costs.items(), key=lambda item: item[1])
        assert height == pytest.approx(np.sqrt(2 * least))
        assert {a in groups[i], b in groups[i]} == {a in groups[j], b in groups[j]} == {True, False}
        groups = [group for number, group in enumerate(groups) if number not in (i, j)] + [groups[i] + groups[j]]


@BOTH
def test_memory_stays_far_below_that_of_all_pairs(way: Linkage) -> None:
    points = clumps(3000)
    tracemalloc.start()
    joins(points, way).cut(40)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < pdist(points[:2]).itemsize * 3000 * 2999 / 2 / 10


@BOTH
def test_points_are_not_written_to_and_their_order_does_not_matter(way: Linkage) -> None:
    points = clumps(400)
    before, order = points.copy(), np.random.default_rng(1).permutation(400)
    straight, mixed = joins(points, way).cut(30), joins(points[order], way).cut(30)
    np.testing.assert_array_equal(points, before)
    assert adjusted_rand_score(straight[order], mixed) == 1


def test_the_largest_group_is_0_and_of_equal_ones_the_first() -> None:
    line = np.array([[0, 0], [50, 0], [100, 0], [101, 0], [102, 0]], dtype=float)
    assert joins(line, "single").cut(3).tolist() == [1, 2, 0, 0, 0]


@pytest.mark.parametrize(
    ("points", "way", "says"),
    [
        (np.zeros((0, 2)), "single", "at least one point"),
        (np.zeros((4, 3)), "ward", "two coordinates"),
        (np.full((4, 2), np.nan), "ward", "not finite"),
        (np.zeros((4, 2)), "average", "choose single or ward"),
    ],
)
def test_mistakes_name_the_remedy(points: np.ndarray, way: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        joins(points, way)


@pytest.mark.parametrize("groups", [0, 5])
def test_a_number_of_groups_that_cannot_be_is_refused(groups: int) -> None:
    with pytest.raises(ValueError, match="choose 1 to 4"):
        joins(np.zeros((4, 2)), "single").cut(groups)
