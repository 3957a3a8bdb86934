"""The exact minimum spanning tree of mutual reachability for many wide vectors, by blocked matrix products.

Knows points and distances; nothing of clusters, runs or pages. The mutual reachability of two points is the largest of
their distance and both core distances; a point's core distance is that to its `min_samples`-th neighbour, the point
itself not counted (Campello, Moulavi, Sander 2013; the `hdbscan` library counts so, scikit-learn counts one more).

How, with every pair of points multiplied twice and nothing kept of most of them:

1. Products of low precision list the nearest neighbours of every point, with a bound below which none was missed.
   Distances in the lists are evaluated again in float64; only those decide. Core distances are then exact.
2. The lists' edges give a spanning tree that is nearly the minimum. Its leaves are put in the order in which it joins
   them, so that the heaviest edge between any two points is the largest gap between their places.
3. A second pass over all pairs finds those that are nearer than that heaviest edge. The minimum spanning tree of the
   first tree and these pairs is that of all pairs: no other pair is lighter than the path it would close to a circle.
"""

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstm_core.clusters.distances import GROUP, PART, Nearest, Rounding, Space, block_of, quick_rounding
from lstm_core.clusters.states import Tree
from lstm_core.storage.files import UNREADABLE, replacing
from lstm_core.storage.progress import Progress, silent

CHUNK = 1024  # pairs whose distances are evaluated at a time: they fit into the processor's cache
BRIDGES = 1 << 14  # points at most that look for a way out of their component, per round
VERSION = 2  # of what is kept: goes up when older files would mislead
SAVE_EVERY = 120.0  # seconds of work that a stop may cost


def spanning_tree(
    points: NDArray[np.floating],
    min_samples: int = 10,
    *,
    neighbours: int = 32,
    device: str = "cpu",
    store: Path | None = None,
    report: Progress = silent,
) -> Tree:
    """The exact minimum spanning tree of `points` (N, D) under mutual reachability with Euclidean distances.

    `neighbours` are listed for each point; more of them make the first tree better. `store`: a file (`.npz`) that keeps
    what is done, so that a stopped call over the same points goes on; remove it when the tree is safe. `report` is told
    the share that is done and what is being done. Memory grows with N, not with N^2: 576,683 points of 512 values in
    half precision took 5.3 GiB at the most, reading them included. Where products of float64 cannot tell two distances
    apart (some 1e-7 of the points' spread) either may win.

    Raises ValueError for fewer than `min_samples` + 1 points and for values that are NaN or infinite.
    """
    if points.ndim != 2:
        raise ValueError(f"points are a table (points, values), not of shape {points.shape}")
    n = len(points)
    if min_samples < 1 or n <= min_samples:
        raise ValueError(f"{n} points have no {min_samples}-th neighbour: give at least {max(min_samples, 1) + 1}")
    if bad := sum(int((~np.isfinite(points[i : i + PART])).any(1).sum()) for i in range(0, n, PART)):
        raise ValueError(f"{bad} of {n} points have values that are not finite numbers (NaN or infinite)")
    work = _Work(points, min_samples, min(max(neighbours, min_samples + 2), n - 1), device, store, report)
    work.list_neighbours()
    work.first_tree()
    work.all_pairs()
    order = np.argsort(work.weights, kind="stable")
    return Tree(work.edges[order].astype(np.int64), work.weights[order], work.core)


class _Work:
    """A tree in the making. N points, k listed neighbours."""

    def __init__(
        self, points: NDArray[np.floating], min_samples: int, k: int, device: str, store: Path | None, report: Progress
    ):
        self.points = torch.from_numpy(np.ascontiguousarray(points)).to(device)
        self.n, self.k, self.min_samples, self.store = len(points), k, min_samples, store
        self.report = report
        about = (VERSION, GROUP, block_of(self.points), points.shape, points.dtype, min_samples, k)
        key = hashlib.sha256(str(about).encode())
        for start in range(0, self.n, PART):
            key.update(np.ascontiguousarray(points[start : start + PART]).tobytes())
        self.key, self.saved = key.hexdigest(), time.monotonic()
        self.state: dict[str, Any] = self._stored()
        self.rounding = quick_rounding(self.points, min_samples)
        if self.state:  # products of two types are not to be compared
            self.rounding = Rounding(getattr(torch, str(self.state["dtype"])), self.points.shape[1])

    # what is kept for a call that goes on

    def _stored(self) -> dict[str, Any]:
        try:
            with np.load(self.store or "", allow_pickle=False) as file:
                state = {name: file[name] for name in file.files}
        except UNREADABLE:
            return {}
        return state if str(state.get("key")) == self.key else {}

    def _save(self, *, now: bool = False, **state: Any) -> None:
        if self.store and (now or time.monotonic() - self.saved > SAVE_EVERY):
            about = {"key": np.array(self.key), "dtype": np.array(str(self.rounding.dtype).removeprefix("torch."))}
            try:
                with replacing(self.store) as part, part.open("wb") as file:
                    np.savez(file, allow_pickle=False, **about, **state)
            except OSError as error:  # a stop would cost more then, the work itself does not
                self.report(0.0, f"what is done could not be kept ({error})")
            self.saved = time.monotonic()

    # 1. neighbours

    def list_neighbours(self) -> None:
        """Fill `near` (N, k) ids and `apart` (N, k) exact distances, ascending, and the `core` distances (N,)."""
        if "lengths" in self.state:
            self.core = self.state["core"]
            return
        space = Space(self.points, self.rounding)
        lists = Nearest(len(space.rows), self.k, self.rounding.dtype, self.points.device)
        done = 0
        if "near" in self.state:
            done = int(self.state["done"])
            lists.near[:] = torch.from_numpy(self.state["near"])
            lists.half[:] = torch.from_numpy(self.state["half"])
        for step, first in enumerate(space.blocks):
            if step < done:
                continue
            turned = space.other(space.rows[first : first + space.block])
            for second in space.blocks[step:]:
                half = turned @ space.rows[second : second + space.block].T
                if first == second:
                    half.fill_diagonal_(torch.inf)
                else:
                    lists.offer(first, half.T, second)
                lists.offer(second, half, first)
            share = 1 - (1 - (step + 1) / len(space.blocks)) ** 2
            self.report(0.5 * share, "nearest neighbours")
            self._save(done=step + 1, near=lists.near.numpy(force=True), half=lists.half.double().numpy(force=True))
        self.state = {}
        near, bound = lists.near[: self.n].long(), space.at_least(lists.half[: self.n, -1])
        del space, lists
        near, apart = self._sorted(near)
        if self.k < self.n - 1 and (unsure := (apart[:, self.min_samples - 1] > bound).nonzero()[:, 0]).numel():
            near[unsure], apart[unsure] = self._sorted(self._listed_in_float64(unsure), unsure)
        self.near, self.apart = near.numpy(force=True), apart.numpy(force=True)
        self.core = self.apart[:, self.min_samples - 1].copy()

    def _sorted(self, near: Tensor, owners: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """`near` (m, k) by exact distance from the points `owners` (m,), all when left out, and those distances."""
        owners = torch.arange(self.n, device=near.device) if owners is None else owners
        apart = self._distances(owners.repeat_interleave(self.k), near.reshape(-1)).reshape(-1, self.k)
        apart, order = apart.sort(dim=1)
        return near.gather(1, order), apart

    def _distances(self, a: Tensor, b: Tensor) -> Tensor:
        """Euclidean distances (m,) in float64 of the pairs a (m,), b (m,), from the points as they came."""
        found = torch.empty(len(a), dtype=torch.float64, device=self.points.device)
        for start in range(0, len(a), CHUNK):
            where = slice(start, start + CHUNK)
            ends = (self.points.index_select(0, end[where]).double() for end in (a, b))
            found[where] = torch.linalg.vector_norm(next(ends).sub_(next(ends)), dim=1)
        return found

    def _listed_in_float64(self, owners: Tensor) -> Tensor:
        """The k nearest (m, k) of points that lie too close together for the quick products."""
        space = Space(self.points, Rounding(torch.float64, self.points.shape[1]))
        found = torch.empty(len(owners), self.k, dtype=torch.int64, device=owners.device)
        for start in range(0, len(owners), GROUP * 4):
            some = owners[start : start + GROUP * 4]
            half = space.other(space.rows[some]) @ space.rows.T
            half[torch.arange(len(some)), some] = torch.inf
            half = half[:, : self.n]
            found[start : start + GROUP * 4] = half.topk(self.k, largest=False).indices
            self.report(0.5, f"neighbours of {len(owners):,} points that lie very close together")
        return found

    # 2. a first tree

    def first_tree(self) -> None:
        """Fill `edges` (N - 1, 2) and `weights` (N - 1,) with a spanning tree that is nearly the minimum."""
        if "lengths" in self.state:
            self.edges, self.lengths = self.state["edges"], self.state["lengths"]
            self.weights = self._mutual(self.edges[:, 0], self.edges[:, 1], self.lengths)
            return
        a, b = np.repeat(np.arange(self.n, dtype=np.int32), self.k), self.near.reshape(-1).astype(np.int32)
        self._join(a, b, self.apart.reshape(-1))
        del self.near, self.apart
        space = Space(self.points, self.rounding)
        core = torch.from_numpy(self.core).to(self.points.device)
        halves = (core / space.scale).square() / 2
        padded = torch.nn.functional.pad(halves, (0, len(space.rows) - self.n)).to(self.rounding.dtype)
        chance = np.random.default_rng(0)
        while len(self.edges) < self.n - 1:
            label = _components(self.n, self.edges)
            counts = np.bincount(label)
            small = np.flatnonzero(np.arange(len(counts)) != counts.argmax())
            each = max(1, min(64, BRIDGES // len(small)))
            mixed = chance.permutation(self.n)
            mixed = mixed[np.argsort(label[mixed], kind="stable")]  # by component, any order within
            rank = np.arange(self.n) - np.repeat(np.cumsum(counts) - counts, counts)
            owners = mixed[(rank < each) & (label[mixed] != counts.argmax())]
            found = self._ways_out(space, owners, torch.from_numpy(label).to(core.device), padded)
            apart = self._distances(torch.from_numpy(owners).to(core.device), found).numpy(force=True)
            partners = found.numpy(force=True)
            self._join(owners, partners, apart)
            self.report(0.5, f"joining {len(small):,} groups")
        self._save(now=True, done=0, core=self.core, edges=self.edges, lengths=self.lengths)
        self.state = {}

    def _ways_out(self, space: Space, owners: NDArray[Any], label: Tensor, core: Tensor) -> Tensor:
        """For each of the points `owners` (m,) a point (m,) of another component that is about the nearest."""
        found = torch.empty(len(owners), dtype=torch.int64, device=label.device)
        for start in range(0, len(owners), 512):
            some = torch.from_numpy(owners[start : start + 512]).to(label.device)
            best = torch.full((len(some),), torch.inf, dtype=self.rounding.dtype, device=label.device)
            where = torch.zeros(len(some), dtype=torch.int64, device=label.device)
            turned = space.other(space.rows[some])
            for first in space.blocks:
                stop = min(first + space.block, self.n)
                half = torch.maximum(turned @ space.rows[first:stop].T, core[first:stop])
                half.masked_fill_(label[some][:, None] == label[first:stop], torch.inf)
                value, place = half.min(1)
                nearer = value < best
                best, where = torch.where(nearer, value, best), torch.where(nearer, place + first, where)
            found[start : start + 512] = where
        return found

    def _mutual(self, a: NDArray[Any], b: NDArray[Any], apart: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.maximum(apart, np.maximum(self.core[a], self.core[b]))

    def _join(self, a: NDArray[Any], b: NDArray[Any], apart: NDArray[np.float64]) -> None:
        """Make `edges` the minimum spanning forest of themselves and the pairs a (m,), b (m,), which are `apart` (m,).

        Core distances make many edges equally heavy; of those the shorter is taken. `lengths` and `weights` go along.
        """
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import minimum_spanning_tree

        if hasattr(self, "edges"):
            a, b = np.concatenate((self.edges[:, 0], a)), np.concatenate((self.edges[:, 1], b))
            apart = np.concatenate((self.lengths, apart))
        by_row = np.argsort(a, kind="stable")
        a, b, apart = a[by_row], b[by_row], apart[by_row]
        weights = self._mutual(a, b, apart)
        order = np.lexsort((apart, weights))
        rank = np.empty(len(a))
        rank[order] = np.arange(1, len(a) + 1)  # no weight of 0, which would be no edge, and no ties
        begin = np.concatenate(([0], np.cumsum(np.bincount(a, minlength=self.n))))
        kept = minimum_spanning_tree(csr_array((rank, b, begin), shape=(self.n, self.n))).data
        chosen = order[np.sort(kept).astype(np.int64) - 1]
        self.edges = np.stack((a[chosen], b[chosen]), axis=1).astype(np.int32)
        self.weights, self.lengths = weights[chosen], apart[chosen]

    # 3. all pairs

    def all_pairs(self) -> None:
        """Make the tree the minimum: find every pair lighter than the heaviest edge between its points, join again."""
        order, weights = _leaves(self.n, self.edges, self.weights)
        space = Space(self.points, self.rounding, order)
        beyond = len(space.rows) - self.n
        ids = torch.from_numpy(order).to(self.points.device)
        core = torch.from_numpy(np.pad(self.core[order], (0, beyond))).to(ids.device)
        gaps = _Gaps(torch.from_numpy(np.pad(weights, (0, beyond + 1))).to(ids.device))
        done, found = int(self.state.get("done", 0)), [self.state["lighter"]] if "lighter" in self.state else []
        for step, first in enumerate(space.blocks):
            if step < done:
                continue
            for x, y, between in self._perhaps_lighter(space, first, gaps, core):
                x, y = ids[x], ids[y]
                lighter = self._distances(x, y) < between
                found.append(torch.stack((x[lighter], y[lighter])).int().numpy(force=True))
            share = 1 - (1 - (step + 1) / len(space.blocks)) ** 2
            self.report(0.5 + 0.5 * share, "all pairs")
            self._save(
                done=step + 1,
                core=self.core,
                edges=self.edges,
                lengths=self.lengths,
                lighter=np.concatenate(found, axis=1) if found else np.zeros((2, 0), np.int32),
            )
        a, b = np.concatenate(found, axis=1) if found else np.zeros((2, 0), np.int32)
        apart = self._distances(torch.from_numpy(a).to(ids.device), torch.from_numpy(b).to(ids.device))
        self._join(a, b, apart.numpy(force=True))

    def _perhaps_lighter(
        self, space: Space, first: int, gaps: "_Gaps", core: Tensor
    ) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Pairs with one point in the block at `first` and the other in it or after it whose product and whose core
        distances (padded N,) allow them to be lighter than the heaviest edge between them: places and that weight (m,).
        """
        size = space.block
        turned = space.other(space.rows[first : first + size])
        to_end = gaps.to_end(first, size)
        longest, moved = (one.reshape(-1, size).amax(1) for one in (space.length, space.moved))
        groups = torch.arange(size, device=core.device).reshape(-1, GROUP)
        for second in range(first, len(space.rows), size):
            half = turned @ space.rows[second : second + size].T
            side = first // size if longest[first // size] <= longest[second // size] else second // size
            bounds = longest[side], moved[side]  # of either end of a pair: the nearer ones are tighter
            if second == first:
                x, y = (half < _between(space.threshold(*bounds, gaps.gap[first : first + size - 1]))).nonzero().T
                x, y = x[x < y], y[x < y]
            else:
                edge = torch.tensor((first + size - 1, second), device=core.device)[:, None]
                of_rows = space.threshold(*bounds, torch.maximum(to_end, gaps.between(*edge)))
                of_columns = space.threshold(*bounds, gaps.from_start(second, size))
                lows = half.reshape(-1, GROUP, size).amin(1)
                group, y = (lows < torch.maximum(of_rows[::GROUP, None], of_columns)).nonzero().T
                rows = groups[group]
                below = half[rows, y[:, None]] < torch.maximum(of_rows[rows], of_columns[y][:, None])
                hit, member = below.nonzero().T
                x, y = rows[hit, member], y[hit]
            x, y = x + first, y + second
            heaviest = gaps.between(x, y)
            lighter = torch.maximum(core[x], core[y]) < heaviest
            if lighter.any():
                yield x[lighter], y[lighter], heaviest[lighter]


class _Gaps:
    """The heaviest edge on the way between two leaves: the largest of the gaps between their places."""

    def __init__(self, gap: Tensor):
        """`gap` (N,): the weight that joins places x and x + 1."""
        self.gap = gap
        self.levels = [gap]  # the largest of 1, 2, 4, ... gaps from each place on
        while (step := 1 << (len(self.levels) - 1)) * 2 <= len(gap):
            half = self.levels[-1]
            self.levels.append(torch.maximum(half, torch.cat((half[step:], half[-1:].expand(step)))))
        self.table = torch.stack(self.levels)

    def between(self, x: Tensor, y: Tensor) -> Tensor:
        """The heaviest edge between the places x (m,) and y (m,), x < y."""
        level = torch.log2((y - x).double()).long()
        return torch.maximum(self.table[level, x], self.table[level, y - (1 << level)])

    def to_end(self, first: int, size: int) -> Tensor:
        """From each place of a block to its last: (size,), never growing."""
        inner = self.gap[first : first + size - 1]
        return torch.nn.functional.pad(inner.flip(0).cummax(0).values.flip(0), (0, 1))

    def from_start(self, first: int, size: int) -> Tensor:
        """From a block's first place to each: (size,), never falling."""
        return torch.nn.functional.pad(self.gap[first : first + size - 1].cummax(0).values, (1, 0))


def _between(gap: Tensor) -> Tensor:
    """The largest of `gap` (m - 1,) at [x, y) for places x < y, 0 elsewhere: (m, m)."""
    reached = gap.expand(len(gap) + 1, -1).triu().cummax(1).values
    return torch.nn.functional.pad(reached, (1, 0)).triu(1)


def _components(n: int, edges: NDArray[Any]) -> NDArray[np.int32]:
    """The component (N,) that each point is in, numbered from 0."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(edges), np.int8), (edges[:, 0], edges[:, 1])), shape=(n, n))
    return connected_components(graph, directed=False)[1]


def _leaves(n: int, edges: NDArray[Any], weights: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Points (N,) in an order in which the tree joins neighbours, and the weights (N - 1,) at which it does.

    The heaviest edge on the way between two points is then the largest weight between their places.
    """
    parent, last, after, gap = list(range(n)), list(range(n)), [-1] * n, [0.0] * n  # a set's root is its first leaf
    order = np.argsort(weights, kind="stable")
    for (a, b), weight in zip(edges[order].tolist(), weights[order].tolist(), strict=True):
        while parent[a] != a:
            parent[a] = a = parent[parent[a]]
        while parent[b] != b:
            parent[b] = b = parent[parent[b]]
        end = last[a]
        after[end], gap[end] = b, weight
        parent[b], last[a] = a, last[b]
    first = set(range(n)) - set(after)
    leaves, gaps = [first.pop()], []
    while after[leaves[-1]] >= 0:
        gaps.append(gap[leaves[-1]])
        leaves.append(after[leaves[-1]])
    return np.array(leaves), np.array(gaps)
