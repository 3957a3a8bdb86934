"""Points of a plane joined bottom-up, by single or Ward's linkage, and cut into any number of groups.

Exact, in memory that grows with the points and not with their pairs. The only module that loads fastcluster, for Ward:
its single linkage is exact too, but looks at all pairs. Knows points only. P points.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Linkage = Literal["single", "ward"]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Joins:
    """In which order groups are joined, the nearest first: `pairs` (P - 1, 2) names a point of either group, `heights`
    (P - 1,) their distance, never falling, as scipy's `linkage` gives it.
    """

    pairs: NDArray[np.int64]
    heights: Floats

    def cut(self, groups: int) -> NDArray[np.int32]:
        """The group of every point (P,) when so many are left; 0 is the largest, of equal ones the first to appear.

        Where several joins are at one distance, those that come first are made, so that there are exactly `groups`.
        Raises ValueError unless 1 <= groups <= P.
        """
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        points = len(self.heights) + 1
        if not 1 <= groups <= points:
            raise ValueError(f"{points:,} points cannot be cut into {groups:,} groups: choose 1 to {points:,}")
        a, b = self.pairs[: points - groups].T
        joined = coo_array((np.ones(len(a), np.int8), (a, b)), shape=(points, points))
        found = connected_components(joined, directed=False)[1]
        _, first, sizes = np.unique(found, return_index=True, return_counts=True)
        number = np.empty(groups, np.int32)
        number[np.lexsort((first, -sizes))] = np.arange(groups)
        return number[found]

    def cut_at_most(self, groups: int) -> NDArray[np.int32]:
        """The same where there may be fewer points than groups: then every point is a group of its own."""
        return self.cut(min(groups, len(self.heights) + 1))


def checked(linkage: str) -> Linkage:
    """The linkage of that name; raises ValueError that says which there are."""
    if linkage not in _WAYS:
        raise ValueError(f"linkage {linkage!r} is unknown: choose {' or '.join(_WAYS)}")
    return linkage  # type: ignore[return-value]


def joins(points: NDArray[np.floating], linkage: Linkage) -> Joins:
    """All joins of `points` (P, 2). About a tenth of a second (single) or one second (Ward) for 18,000 points.

    Raises ValueError for no points, for places that are not finite, and for another linkage than single or ward.
    """
    way = _WAYS[checked(linkage)]
    places = np.array(points, dtype=np.float64)
    if places.ndim != 2 or places.shape[1] != 2 or not len(places):
        raise ValueError(f"places are {places.shape}, joining needs at least one point of two coordinates")
    if not np.isfinite(places).all():
        raise ValueError("places hold values that are not finite: make the map again")
    pairs, heights = way(places)
    order = np.argsort(heights, kind="stable")
    return Joins(pairs[order], heights[order])


def _single(places: Floats) -> tuple[NDArray[np.int64], Floats]:
    """The edges of the minimum spanning tree, which holds every join of single linkage.

    It is looked for among the sides of a Delaunay triangulation, which hold it (Shamos and Hoey 1975); points at one
    place are joined first. Where there is no triangulation, as on a line, among all pairs.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import minimum_spanning_tree
    from scipy.spatial import Delaunay, QhullError

    order = np.lexsort(places.T)
    new = np.append(True, (np.diff(places[order], axis=0) != 0).any(axis=1))
    first = order[new]  # (D,) one point of each place
    again = order[~new], first[np.cumsum(new) - 1][~new]
    distinct = places[first]
    try:
        found = Delaunay(distinct)
    except (QhullError, ValueError):  # ValueError: fewer than four places
        found = None
    if found is None or len(found.coplanar):  # left out for want of digits
        return _prim(places)
    corners = found.simplices.astype(np.int64)
    sides = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    sides.sort(axis=1)
    a, b = np.divmod(np.unique(sides[:, 0] * len(first) + sides[:, 1]), len(first))
    lengths = np.hypot(*(distinct[a] - distinct[b]).T)
    tree = minimum_spanning_tree(coo_array((lengths, (a, b)), shape=(len(first), len(first)))).tocoo()
    pairs = np.column_stack([np.append(first[tree.row], again[0]), np.append(first[tree.col], again[1])])
    return pairs, np.append(tree.data, np.zeros(len(again[0])))


def _prim(places: Floats) -> tuple[NDArray[np.int64], Floats]:
    """The same by Prim's way, in memory of the points alone."""
    count = len(places)
    x, y = places.T.copy()
    waiting, nearest, squared = np.arange(count), np.zeros(count, np.int64), np.full(count, np.inf)
    pairs, heights = np.empty((count - 1, 2), np.int64), np.empty(count - 1)
    newest = 0  # where the point that was joined last stands among those still waiting
    for step in range(count - 1):
        last = count - 1 - step
        point, at = waiting[newest], (x[newest], y[newest])
        for row in (waiting, nearest, squared, x, y):  # the last one takes its place
            row[newest] = row[last]
        distance = (x[:last] - at[0]) ** 2 + (y[:last] - at[1]) ** 2
        closer = distance < squared[:last]
        nearest[:last][closer] = point
        np.minimum(squared[:last], distance, out=squared[:last])
        newest = int(squared[:last].argmin())
        pairs[step], heights[step] = (nearest[newest], waiting[newest]), squared[newest]
    return pairs, np.sqrt(heights)


def _ward(places: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Ward's joins, in memory of the points alone."""
    from fastcluster import linkage_vector

    if len(places) == 1:
        return np.empty((0, 2), np.int64), np.empty(0)
    found = linkage_vector(places, "ward")
    point = np.arange(2 * len(places) - 1)  # of each group one of its points; groups are numbered from P on
    for number, group in enumerate(found[:, 0].astype(np.int64).tolist(), len(places)):
        point[number] = point[group]
    return point[found[:, :2].astype(np.int64)], found[:, 2]


_WAYS: dict[str, Callable[[Floats], tuple[NDArray[np.int64], Floats]]] = {"single": _single, "ward": _ward}
