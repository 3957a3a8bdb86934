"""How the values of all units of a layer are distributed, which units are unlike the rest (thesis, section 5.1), and
which shape each distribution has: near zero, bimodal, one-sided, Laplace or none of these.

Pure functions of a recording; knows nothing of models or pages. U units, P positions kept, 200 bins.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lstm_core.recordings.recording import Recording, RecordingSpec
from lstm_core.runs.cells import SIGNALS
from lstm_core.runs.run import Run
from lstm_core.stats.counts import PER_UNIT, Tally, TallyQuery, tally
from lstm_core.storage.frames import Framed
from lstm_core.storage.progress import Progress, silent
from lstm_core.storage.results import Results

Floats = NDArray[np.float64]

BINS = 200
CELL_INTERVAL = (0.001, 0.999)  # quantiles of the layer between which the cell state is counted
SET_ASIDE = 0.9  # thesis: a unit with a larger share of values near zero is not analysed
ADDED = 0.5  # to every count, so that a bin without values has no infinite divergence

NEAR_ZERO, BIMODAL, ONE_SIDED, LAPLACE, OTHER = "near-zero", "bimodal", "one-sided", "Laplace", "other"
SHAPES = (NEAR_ZERO, BIMODAL, ONE_SIDED, LAPLACE, OTHER)
VALLEY = 0.5  # of the lower of two peaks: between two modes values are at most so frequent
MODE_SHARE = 0.05  # of the values: so many lie at either side of the valley
BEYOND_CHANCE = 4.0  # standard deviations of the difference of two counts by which the lower peak exceeds the valley
RESOLUTION = 16  # of the range of the middle 80 % of the values: a peak is so wide, or three bins
SIDE_SHARE = 0.95  # of the values that are farther than .01 from the middle
LAPLACE_DISTANCE = 0.05  # a normal distribution is .042 away from its Laplace fit, a uniform one .07
_erf = np.frompyfunc(math.erf, 1, 1)  # scipy's is quicker, but to load it takes a page ten times as long as this


@dataclass(frozen=True)
class DistributionQuery:
    """One signal of one layer (layers from 1)."""

    signal: str
    layer: int


SHOWN = ("near_zero_share", "mean", "deviation", "mean_abs", "median", "spread", "lowest", "highest")  # of each unit


@dataclass(frozen=True, eq=False, kw_only=True)
class Distributions(Tally, Framed, columns=(*SHOWN, "divergence", "set_aside")):
    """The values of all units of a signal of a layer; `source` says of which weights, text and positions.

    Bins of h, g and n divide [-1, 1], those of gates [0, 1], those of the cell state the interval between the 0.1 and
    99.9 % quantiles of all its values in the layer: what lies `below` and `above` is counted apart. `lower` and
    `upper` are counted from 0, for gates from .5.
    """

    query: DistributionQuery
    source: RecordingSpec

    @cached_property
    def near_zero_share(self) -> Floats:
        """Share of each unit's values within [-.01, .01] (U,)."""
        return self.near_zero / self.total

    @cached_property
    def set_aside(self) -> NDArray[np.bool_]:
        """Units (U,) that are near zero in more than 90 % of the positions."""
        return self.near_zero_share > SET_ASIDE

    @cached_property
    def shares(self) -> Floats:
        """Each unit's distribution over the bins (U, BINS), with half a value added to every bin; rows sum to 1.

        Of the cell state only what lies within the interval (thesis: "values outside of the interval are not used").
        """
        filled = self.counts + ADDED
        return filled / filled.sum(axis=1, keepdims=True)

    @cached_property
    def average(self) -> Floats:
        """The mean of the units' distributions (BINS,): of every unit, near zero or not, as in the thesis."""
        return self.shares.mean(axis=0)

    @cached_property
    def unit_from_mean(self) -> Floats:
        """Kullback-Leibler divergence of each unit's distribution from the mean one (U,), in bits."""
        return (self.shares * np.log2(self.shares / self.average)).sum(axis=1)

    @cached_property
    def mean_from_unit(self) -> Floats:
        """The other direction: divergence of the mean distribution from each unit's (U,), in bits."""
        return (self.average * np.log2(self.average / self.shares)).sum(axis=1)

    @cached_property
    def divergence(self) -> Floats:
        """The sum of both directions (U,), in bits: the higher, the more unusual the unit."""
        return self.unit_from_mean + self.mean_from_unit

    def ranking(self) -> NDArray[np.int64]:
        """All units (U,), the most unusual first; those near zero, which are set aside, after the others."""
        return np.lexsort((-self.divergence, self.set_aside))

    @property
    def layer_mean_abs(self) -> float:
        """Mean |value| over all units and positions (thesis, figure 5.7)."""
        return float(self.mean_abs.mean())

    @property
    def set_aside_share(self) -> float:
        """Share of the units that are near zero."""
        return float(self.set_aside.mean())


def bounds_in(recording: Recording, signal: str, layer: int) -> tuple[float, float]:
    """Between which values a signal of a recording lies: what was brought in need not keep to the bounds of a cell."""
    low, high = SIGNALS[signal].bounds
    extent = recording.exactness.get("extent", {}).get(f"{signal}-{layer}", (low, high))
    return (low, high) if low <= extent[0] and extent[1] <= high else (-np.inf, np.inf)


def distributions(
    recording: Recording, query: DistributionQuery, *, workers: int = 0, report: Progress = silent
) -> Distributions:
    """Count all values of a signal of a layer exactly, in memory that does not grow with the text.

    `workers` threads (0: as many as there are cores, at most 4). Raises ValueError where the recording lacks the signal
    or layer, kept no position, or holds values that are not finite.
    """
    low, high = bounds_in(recording, query.signal, query.layer)
    if np.isinf(low):
        asked = TallyQuery(CELL_INTERVAL, True, BINS, 0.0, workers=workers)
    else:
        asked = TallyQuery((low, high), False, BINS, (low + high) / 2, workers=workers)
    found = tally(recording.signal(query.signal, query.layer), asked, report=report)
    return Distributions(**vars(found), query=query, source=recording.spec)


# Shapes: the rules are tried in the order of SHAPES, and the first that holds names the shape -------------------------


def shapes(found: Distributions) -> NDArray[np.str_]:
    """The shape of each unit (U,), one of SHAPES.

    near-zero: more than 90 % of the values in [-.01, .01] (thesis). bimodal: two peaks with a valley between them at
    most half as high as the lower one, beyond chance, and at least 5 % of the values at either side. one-sided: of the
    values farther than .01 from the middle (0, or .5 of a gate) 95 % are at one side. Laplace: the fitted Laplace
    distribution is at most .05 away and nearer than the normal distribution of the same mean and deviation.
    """
    distance = laplace_distance(found)
    rules = [
        found.set_aside,
        _bimodal(found),
        np.maximum(found.lower, found.upper) >= SIDE_SHARE * np.maximum(found.lower + found.upper, 1),
        (distance <= LAPLACE_DISTANCE) & (distance < normal_distance(found)),
    ]
    return np.select(rules, SHAPES[:-1], OTHER)


def laplace_distance(found: Distributions) -> Floats:
    """Kolmogorov-Smirnov distance (U,), in [0, 1], of each unit from its Laplace distribution, at the bins' edges.

    The fit is that of maximum likelihood: the median and the mean distance from it, both exact over all values.
    """
    return _distance(found, laplace_below(found.edges, found.median[:, None], found.spread[:, None]))


def laplace_below(edges: Floats, median: Floats | float, spread: Floats | float) -> Floats:
    """Share of a Laplace distribution below each edge, by its median and the mean distance from it; they broadcast."""
    steps = (edges - median) / _positive(spread)
    tail = np.exp(-np.abs(steps)) / 2
    return np.where(steps < 0, tail, 1 - tail)


def normal_distance(found: Distributions) -> Floats:
    """The same of each unit from the normal distribution of its mean and deviation."""
    steps = (found.edges - found.mean[:, None]) / _positive(found.deviation)[:, None]
    return _distance(found, (1 + _erf(steps / np.sqrt(2)).astype(np.float64)) / 2)


def _distance(found: Distributions, expected: Floats) -> Floats:
    """Largest difference (U,) between expected and found shares of values below each edge (U, BINS + 1)."""
    return np.abs(_until(found) / found.total - expected).max(axis=1)


def _until(found: Distributions) -> NDArray[np.int64]:
    """Number of values below each edge (U, BINS + 1), with the last edge itself."""
    return np.cumsum(np.column_stack([found.below, found.counts]), axis=1)


def _positive(scale: Floats | float) -> Floats:
    return np.maximum(scale, np.finfo(np.float64).tiny)


def _bimodal(found: Distributions) -> NDArray[np.bool_]:
    until, bins = _until(found), found.counts.shape[1]
    rows = np.arange(len(until))[:, None]
    first, last = ((until <= share * found.total).sum(axis=1) for share in (0.1, 0.9))
    half = np.maximum(1, (last - first) // (2 * RESOLUTION))[:, None]  # bins at each side of one
    places = np.arange(bins)
    after, before = np.minimum(places + half + 1, bins), np.maximum(places - half, 0)
    height = until[rows, after] - until[rows, before]  # (U, BINS) values in and around each bin
    left = np.maximum.accumulate(height, axis=1)
    right = np.maximum.accumulate(height[:, ::-1], axis=1)[:, ::-1]
    lower = np.minimum(left, right)  # of the highest peak at or before, and at or after each bin
    deep = (height <= VALLEY * lower) & (lower - height >= BEYOND_CHANCE * np.sqrt(lower + height))
    enough = MODE_SHARE * found.total
    return (deep & (until[:, :-1] >= enough) & (found.total - until[:, 1:] >= enough)).any(axis=1)


# What is kept --------------------------------------------------------------------------------------------------------


def counted(recording: Recording, query: DistributionQuery, *, workers: int = 0) -> Distributions:
    """The same, kept with the recording, so that its values are counted once. Raises ValueError as `distributions`."""

    asked = {"query": query, "source": recording.spec, "total": len(recording.positions)}
    return DISTRIBUTIONS.read_or_compute(recording, lambda: distributions(recording, query, workers=workers), **asked)


def read_distributions(run: Run, query: DistributionQuery) -> Distributions | None:
    """Those kept with a run; None where there are none, where they are damaged, or of other weights than the run has.

    A run that comes without weights has those that its results are of.
    """
    found = DISTRIBUTIONS.read(run, query=query)
    return None if found is None or (run.has_weights and found.source.weights != run.fingerprint) else found


def _sound(found: Distributions) -> bool:
    units = (found.source.units,)
    wanted = dict.fromkeys(PER_UNIT, units) | {"edges": (BINS + 1,), "counts": (*units, BINS)}
    return found.total > 0 and all(getattr(found, name).shape == shape for name, shape in wanted.items())


DISTRIBUTIONS = Results(  # of a run, or of a recording
    "distributions/{query.signal}-{query.layer}.safetensors.xz",
    Distributions,
    own=None,
    sound=_sound,
    unpack=lambda stored, asked: {"query": asked.query, **stored},  # the first files left it to their names
)
