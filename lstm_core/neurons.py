"""What one unit does over a recording: the distribution of its values and the places where it is highest and lowest.

Pure functions of a recording; knows nothing of models or pages.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_core.recording import Recording

BINS = 200
NEAR_ZERO = 0.01  # thesis, section 5.1.1: a value counts as near zero within [-.01, .01]


@dataclass(frozen=True)
class NeuronQuery:
    """One unit of one signal of one layer (layers from 1, units from 0); `contexts` places at either end."""

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


@dataclass(frozen=True, eq=False)
class NeuronProfile:
    """Values of one unit. `counts` (BINS,) over `edges` (BINS + 1,); `layer_share` is the layer's mean share per bin.

    Bins are right-open, the last one closed (thesis 5.1.1): 0 falls in [0, .01) of h. `outside` values lie beyond the
    edges (cell state only, whose edges are the 0.1 and 99.9 % points of its layer). `reach` is how far the values go
    below and above zero, see `reach_of`.
    """

    query: NeuronQuery
    counts: NDArray[np.int64]
    edges: NDArray[np.float64]
    layer_share: NDArray[np.float64]
    outside: int
    total: int
    mean: float
    deviation: float
    lowest: float
    highest: float
    near_zero_share: float
    reach: tuple[float, float]
    top: tuple[Context, ...]
    bottom: tuple[Context, ...]


def profile(recording: Recording, query: NeuronQuery) -> NeuronProfile:
    """The profile of a unit; raises ValueError when the recording lacks the signal, layer or unit, or kept nothing."""
    values = recording.unit(query.signal, query.layer, query.unit)
    if not len(values):
        raise ValueError("the recording kept no position: there is nothing to show")
    sample = _layer_sample(recording, query)
    edges = _edges(query.signal, sample)
    counts = np.histogram(values, edges)[0]
    layer = np.histogram(sample, edges)[0]
    return NeuronProfile(
        query,
        counts,
        edges,
        layer / max(sample.size, 1),
        len(values) - int(counts.sum()),
        len(values),
        float(values.mean(dtype=np.float64)),
        float(values.std(dtype=np.float64)),
        float(values.min()),
        float(values.max()),
        float(np.mean(np.abs(values) <= NEAR_ZERO)),
        reach_of(values),
        contexts(recording, values, query.contexts),
        contexts(recording, -values, query.contexts, sign=-1),
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
    found: list[Context] = []
    taken: list[int] = []
    pool = min(len(values), count * (2 * around + 1))  # no place can shadow more than this
    order = np.argpartition(-values, pool - 1)[:pool]
    for index in order[np.argsort(-values[order], kind="stable")]:
        position = int(recording.positions[index])
        if len(found) == count:
            break
        if any(abs(position - other) <= around for other in taken):
            continue
        taken.append(position)
        before = tuple(recording.text(position - around, position))
        after = tuple(recording.text(position + 1, position + 1 + around))
        token = recording.text(position, position + 1)[0]
        found.append(Context(position, float(sign * values[index]), before, token, after))
    return tuple(found)


def _layer_sample(recording: Recording, query: NeuronQuery, values: int = 2_000_000) -> NDArray[np.float32]:
    """Evenly spaced windows of 64 positions of all units of the layer, bounded in size."""
    count = len(recording.positions)
    step = max(64, count * recording.spec.units * 64 // values)
    windows = [
        recording.window(query.signal, query.layer, start, min(start + 64, count)).ravel()
        for start in range(0, count, step)
    ]
    return np.concatenate(windows)


def _edges(signal: str, sample: NDArray[np.float32]) -> NDArray[np.float64]:
    if signal == "c":
        low, high = np.quantile(sample, [0.001, 0.999])
        return np.linspace(low, max(high, low + 1e-6), BINS + 1)
    # bounds of tanh and of the logistic function
    bounds = {"h": (-1, 1), "g": (-1, 1), "n": (-1, 1)}.get(signal, (0, 1))
    return np.linspace(*bounds, BINS + 1)
