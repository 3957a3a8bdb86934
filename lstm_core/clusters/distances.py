"""Half squared distances of many wide vectors by matrix products of low precision, with bounds of their errors.

Knows points; nothing of trees. Used to find which few distances are worth an exact evaluation.
"""

import time
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

GROUP = 32  # points whose smallest value is looked at before each of them is
PART = 1 << 14  # points that are prepared together
NOTHING, PADDING = 1e29, 1e30  # products of no neighbour yet, of places beyond the last point


@dataclass(frozen=True)
class Rounding:
    """What products of one type, over `width` values, can be trusted with. Lengths and distances of one unit."""

    dtype: torch.dtype
    width: int

    @property
    def parts(self) -> int:
        """Numbers of this type whose sum is a length to all its digits."""
        return {torch.bfloat16: 4, torch.float32: 2, torch.float64: 1}[self.dtype]

    @property
    def unit(self) -> float:
        """The largest relative error of rounding once."""
        return torch.finfo(self.dtype).eps / 2

    def threshold(self, length: Tensor, moved: Tensor, farthest: Tensor, distance: Tensor) -> Tensor:
        """The most that a product can give for a point of rounded `length` and one at most `distance` from it.

        Rounding has `moved` the point; the other by `farthest` at most, nor by more than a unit of its length, which is
        at most `distance` more. A sum of K terms errs by at most K units of float32 (of float64) of what is added; its
        result is rounded once more.
        """
        reach = length + moved + distance
        apart = distance + moved + torch.minimum(farthest, 1.01 * self.unit * reach)
        steps = (self.width + 2 * self.parts + 8) * min(self.unit, 2.0**-24)
        return (apart.square() / 2 + steps * (length + reach + farthest).square()) * (1 + 2 * self.unit)

    def at_least(self, length: Tensor, moved: Tensor, farthest: Tensor, half: Tensor) -> Tensor:
        """A lower bound of the distance whose product was `half`: what `threshold` keeps at or below it."""
        half = half.double()
        low, high = torch.zeros_like(half), (2 * half).sqrt()
        for _ in range(30):
            middle = (low + high) / 2
            within = self.threshold(length, moved, farthest, middle) <= half
            low, high = torch.where(within, middle, low), torch.where(within, high, middle)
        return low


class Space:
    """Points as they are multiplied: centred, scaled, rounded, with the halves of their squared lengths beside them.

    `rows` (N padded, K) hold -x, ones and the parts of |x|^2 / 2: one product of K values gives half the squared
    distance of two rounded points. All is in units of `scale`, a power of two that no point is longer than. `length`
    (N padded,) of the rounded points, `moved` (N padded,) how far rounding put each, `farthest` the most of that.
    """

    def __init__(self, points: Tensor, rounding: Rounding, order: NDArray[np.int64] | None = None):
        """`order` (N,): the points in the order of the rows, when it is another than theirs."""
        self.n, self.width, self.parts, self.rounding = len(points), rounding.width, rounding.parts, rounding
        self.block = block_of(points)
        padded = -(-self.n // self.block) * self.block
        self.rows = torch.zeros(padded, self.width + 2 * self.parts, dtype=rounding.dtype, device=points.device)
        self.length, self.moved = torch.zeros(2, padded, dtype=torch.float64, device=points.device)
        places = torch.arange(self.n) if order is None else torch.from_numpy(order)
        centre = _centre(points)
        parts = [slice(start, min(start + PART, self.n)) for start in range(0, self.n, PART)]
        longest = max(float((points[part].double() - centre).norm(dim=1).max()) for part in parts)
        self.scale = _power_of_two(longest)
        for where in parts:
            exact = (points[places[where].to(points.device)].double() - centre) / self.scale
            rounded = exact.to(rounding.dtype)
            self.length[where] = rounded.double().norm(dim=1)
            self.moved[where] = 1.01 * (exact - rounded.double()).norm(dim=1)
            self.rows[where, : self.width] = -rounded
            rest = self.length[where].square() / 2
            for part in range(self.parts):
                self.rows[where, self.width + self.parts + part] = rest.to(rounding.dtype)
                rest = rest - rest.to(rounding.dtype).double()
        self.rows[:, self.width : self.width + self.parts] = 1
        self.rows[self.n :, self.width + self.parts] = PADDING
        self.farthest = self.moved.max()

    @property
    def blocks(self) -> range:
        return range(0, len(self.rows), self.block)

    def other(self, rows: Tensor) -> Tensor:
        """What `rows` (m, K) are multiplied with from the other side."""
        x, ones, lengths = rows.split((self.width, self.parts, self.parts), dim=1)
        return torch.cat((-x, lengths, ones), dim=1)

    def threshold(self, length: Tensor, moved: Tensor, distance: Tensor) -> Tensor:
        """`Rounding.threshold` of a `distance` in the points' own units, a float32 that is never less."""
        exact = self.rounding.threshold(length, moved, self.farthest, distance / self.scale)
        return exact.float() * (1 + 2.0**-22)

    def at_least(self, half: Tensor) -> Tensor:
        """Lower bounds (N,), in the points' own units, of the distances whose products from each were `half` (N,)."""
        where = slice(0, self.n)
        return self.scale * self.rounding.at_least(self.length[where], self.moved[where], self.farthest, half)


def block_of(points: Tensor) -> int:
    """How many points are multiplied with as many at a time."""
    return min(2048 if points.device.type == "cpu" else 16384, -(-len(points) // GROUP) * GROUP)


def _power_of_two(longest: float) -> float:
    """The smallest power of two that is more than a length; 1 for none."""
    return float(2.0 ** np.frexp(longest)[1]) if longest > 0 else 1.0


def _centre(points: Tensor) -> Tensor:
    total = torch.zeros(points.shape[1], dtype=torch.float64, device=points.device)
    for part in points.split(PART):
        total += part.double().sum(0)
    return total / len(points)


class Nearest:
    """The k nearest so far of every point: `near` (N, k) ids and `half` (N, k) products, ascending."""

    def __init__(self, n: int, k: int, dtype: torch.dtype, device: torch.device):
        self.near = torch.zeros(n, k, dtype=torch.int32, device=device)
        self.half = torch.full((n, k), NOTHING, dtype=dtype, device=device)

    def offer(self, owner: int, half: Tensor, candidate: int) -> None:
        """Products (candidates, owners) of the points from `candidate` on with those from `owner` on."""
        count, owners = half.shape
        k = self.half.shape[1]
        mine = slice(owner, owner + owners)
        if half.stride(1) == 1:  # candidates that share a group lie so in memory that its smallest is found quickly
            groups, step, stride = half.reshape(-1, GROUP, owners), GROUP, 1
            lows = groups.amin(1).T
        else:
            by_owner = half.T.reshape(owners, GROUP, -1)
            groups, step, stride = by_owner.permute(2, 1, 0), 1, count // GROUP
            lows = by_owner.amin(1)
        worst, below = self.half[mine, -1], torch.lt
        if lows.shape[1] > k and bool((worst == NOTHING).all()):
            worst, below = lows.kthvalue(k).values.clamp(max=NOTHING), torch.le  # k groups have one each within it
        who, group = below(lows, worst[:, None]).nonzero().T
        values = groups[group, :, who]
        hit, member = below(values, worst[who, None]).nonzero().T
        if not len(hit):
            return
        value, who, place = values[hit, member], who[hit], group[hit] * step + member * stride
        counts = torch.bincount(who, minlength=owners)
        row = (counts > 0).cumsum(0) - 1
        column = torch.arange(len(who), device=who.device) - (counts.cumsum(0) - counts)[who] + k
        changed = counts.nonzero()[:, 0]
        shape = (len(changed), k + int(counts.max()))
        table = torch.full(shape, torch.inf, dtype=half.dtype, device=half.device)
        names = torch.zeros(shape, dtype=torch.int32, device=half.device)
        table[:, :k], names[:, :k] = self.half[mine][changed], self.near[mine][changed]
        table[row[who], column], names[row[who], column] = value, (place + candidate).int()
        best = table.topk(k, largest=False, sorted=True)
        self.half[owner + changed], self.near[owner + changed] = best.values, names.gather(1, best.indices)


def quick_rounding(points: Tensor, min_samples: int) -> Rounding:
    """The quickest type whose rounding still tells the neighbours of most points apart, by a sample of the points."""
    dtype = torch.float32
    if points.device.type == "cpu" and _quicker_in_bfloat16():
        dtype = torch.bfloat16
    rounding, exact = (Rounding(kind, points.shape[1]) for kind in (dtype, torch.float64))
    some = torch.linspace(0, len(points) - 1, min(64, len(points))).long().unique().to(points.device)
    centre = _centre(points)
    chosen = points[some].double() - centre
    apart = torch.cat([torch.cdist(chosen, part.double() - centre) for part in points.split(PART)], dim=1)
    scale = _power_of_two(float(apart.max()))
    chosen, core = chosen / scale, apart.kthvalue(min_samples + 1).values / scale
    moved = (chosen - chosen.to(dtype).double()).norm(dim=1)
    kept = rounding.at_least(chosen.norm(dim=1), moved, moved.max(), core.square() / 2)
    return rounding if bool((kept >= 0.9 * core).double().mean() >= 0.5) else exact


@cache
def _quicker_in_bfloat16() -> bool:
    """Whether the processor is. One that does not multiply bfloat16 is not timed: that alone would take a second."""
    there = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return bool(there) and _seconds(torch.bfloat16) * 1.5 < _seconds(torch.float32)


def _seconds(dtype: torch.dtype) -> float:
    """What a few products of this type take here."""
    a = torch.ones(512, 512, dtype=dtype)
    a @ a
    start = time.perf_counter()
    for _ in range(4):
        a @ a
    return time.perf_counter() - start
