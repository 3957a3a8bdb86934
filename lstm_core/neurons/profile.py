"""What one unit does over a recording: the distribution of its values, and places where it is high, usual and low.

Pure functions of a recording; knows nothing of models or pages.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_core.neurons.distributions import BINS, CELL_INTERVAL, bounds_in, laplace_below
from lstm_core.recordings.recording import Recording
from lstm_core.stats.counts import NEAR_ZERO
from lstm_core.storage.frames import Framed

QUANTILES = (0.9, 0.5, 0.1)  # contexts are shown near these, too
GOLDEN = (5**0.5 - 1) / 2  # its multiples, without their whole parts, never come close to each other


@dataclass(frozen=True)
class NeuronQuery:
    """One unit of one signal of one layer (layers from 1, units from 0); `contexts` places at either end and each
    quantile between."""

    signal: str
    layer: int
    unit: int
    contexts: int = 12


@dataclass(frozen=True)
class Context:
    """A place in the text: its position in the recording's tokens, the unit's value there, the tokens around it."""

    position: int
    value: float
    before: tuple[str, ...]
    token: str
    after: tuple[str, ...]


@dataclass(frozen=True)
class Between:
    """Places where a unit's value is nearest to `value`, below which a share of `quantile` of its values lies."""

    quantile: float
    value: float
    contexts: tuple[Context, ...]


@dataclass(frozen=True, eq=False)
class NeuronProfile(Framed):
    """Values of one unit. `counts` (BINS,) over `edges` (BINS + 1,); `layer_share` is the mean share per bin of
    `sampled` values of the layer.

    Bins are right-open, the last one closed (thesis 5.1.1): 0 falls in [0, .01) of h. `outside` values lie beyond the
    edges (cell state only, whose edges are the 0.1 and 99.9 % points of its layer). `median` and `spread`, the mean
    distance from it, make the Laplace distribution that fits best. `reach` is how far the values go below and above
    zero, see `reach_of`. `between` are places near the QUANTILES.
    """

    query: NeuronQuery
    counts: NDArray[np.int64]
    edges: NDArray[np.float64]
    layer_share: NDArray[np.float64]
    sampled: int
    outside: int
    total: int
    mean: float
    deviation: float
    median: float
    spread: float
    lowest: float
    highest: float
    near_zero_share: float
    reach: tuple[float, float]
    top: tuple[Context, ...]
    between: tuple[Between, ...]
    bottom: tuple[Context, ...]

    @property
    def laplace_share(self) -> NDArray[np.float64]:
        """Share of values (BINS,) that the Laplace distribution of greatest likelihood has in each bin."""
        return np.diff(laplace_below(self.edges, self.median, self.spread))


@dataclass(frozen=True, eq=False)
class LayerSample:
    """How a sample of a layer's values is distributed: edges (BINS + 1,), shares (BINS,), and of how many values."""

    edges: NDArray[np.float64]
    shares: NDArray[np.float64]
    size: int


def profile(recording: Recording, query: NeuronQuery, sample: LayerSample | None = None) -> NeuronProfile:
    """The profile of a unit beside a sample of its layer, for which a page need not wait: `distributions` has all.

    `sample`: `layer_sample` of the unit's signal and layer where it is at hand.
    Raises ValueError when the recording lacks the signal, layer or unit, or kept nothing.
    """
    values = recording.unit(query.signal, query.layer, query.unit)
    if not len(values):
        raise ValueError("the recording kept no position: there is nothing to show")
    sample = sample or layer_sample(recording, query.signal, query.layer)
    counts = np.histogram(values, sample.edges)[0]
    median = float(np.median(values))
    return NeuronProfile(
        query=query,
        counts=counts,
        edges=sample.edges,
        layer_share=sample.shares,
        sampled=sample.size,
        outside=len(values) - int(counts.sum()),
        total=len(values),
        mean=float(values.mean(dtype=np.float64)),
        deviation=float(values.std(dtype=np.float64)),
        median=median,
        spread=float(np.abs(values - median).mean(dtype=np.float64)),
        lowest=float(values.min()),
        highest=float(values.max()),
        near_zero_share=float(np.mean(np.abs(values) <= NEAR_ZERO)),
        reach=reach_of(values),
        top=contexts(recording, values, query.contexts),
        between=tuple(contexts_near(recording, values, quantile, query.contexts) for quantile in QUANTILES),
        bottom=contexts(recording, -values, query.contexts, sign=-1),
    )


def reach_of(values: NDArray[np.float32]) -> tuple[float, float]:
    """How far values (P,) go below and above zero, without their extremes: (low, high), low < 0 < high.

    Of the values on either side of zero 99 % lie within; a side that is hardly used reaches a tenth of the other one.
    """
    below, above = (
        float(np.quantile(part, 0.99)) if len(part) else 0.0 for part in (-values[values < 0], values[values > 0])
    )
    least = max(below, above, 1e-6) / 10
    return -max(below, least), max(above, least)


def contexts(
    recording: Recording, values: NDArray[np.float32], count: int, *, around: int = 40, sign: int = 1
) -> tuple[Context, ...]:
    """The `count` places with the largest `values` (P,), no two within `around` tokens; `around` tokens at each side.

    Source: "top K contexts", Kadar et al. 2017. `sign` -1 reports the values with their sign turned back.
    """
    pool = min(len(values), count * (2 * around + 1))  # no place can shadow more than this
    order = np.argpartition(-values, pool - 1)[:pool]
    order = order[np.argsort(-values[order], kind="stable")]
    return _first_places(recording, sign * values, order, count, around)


def contexts_near(
    recording: Recording, values: NDArray[np.float32], quantile: float, count: int, *, around: int = 40
) -> Between:
    """The `count` places whose `values` (P,) are nearest to a quantile of them, in [0, 1]; apart as in `contexts`.

    Equally near ones are taken from all over the text, in an order that is always the same.
    """
    value = float(np.quantile(values, quantile, method="inverted_cdf"))
    distance = np.abs(values - np.float32(value))
    pool = min(len(values), count * (2 * around + 1))
    near = np.flatnonzero(distance <= np.partition(distance, pool - 1)[pool - 1])  # with all that are as near
    scattered = np.modf(near * GOLDEN)[0]
    order = near[np.lexsort((scattered, distance[near]))]
    return Between(quantile, value, _first_places(recording, values, order, count, around))


def _first_places(
    recording: Recording, values: NDArray[np.float32], order: NDArray[np.int64], count: int, around: int
) -> tuple[Context, ...]:
    """The first `count` places of an order of positions, without those within `around` tokens of an earlier one."""
    found: list[Context] = []
    taken: list[int] = []
    for index in order:
        position = int(recording.positions[index])
        if len(found) == count:
            break
        if any(abs(position - other) <= around for other in taken):
            continue
        taken.append(position)
        before = tuple(recording.text(position - around, position))
        after = tuple(recording.text(position + 1, position + 1 + around))
        token = recording.text(position, position + 1)[0]
        found.append(Context(position, float(values[index]), before, token, after))
    return tuple(found)


def layer_sample(recording: Recording, signal: str, layer: int, values: int = 2_000_000) -> LayerSample:
    """Of evenly spaced windows of 64 positions of all units of a layer, about so many `values` at most."""
    count = len(recording.positions)
    step = max(64, count * recording.spec.units * 64 // values)
    windows = [
        recording.window(signal, layer, start, min(start + 64, count)).ravel() for start in range(0, count, step)
    ]
    sample = np.concatenate(windows)
    ends = bounds_in(recording, signal, layer)
    if np.isinf(ends).any():
        low, high = np.quantile(sample, CELL_INTERVAL)
        ends = low, max(high, low + 1e-6)
    edges = np.linspace(*ends, BINS + 1)
    return LayerSample(edges, np.histogram(sample, edges)[0] / max(sample.size, 1), sample.size)
