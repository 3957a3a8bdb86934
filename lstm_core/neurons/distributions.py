"""How the values of all units of a layer are distributed, and which units are unlike the rest (thesis, section 5.1).

Pure functions of a recording; knows nothing of models or pages. U units, P positions kept, 200 bins.
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lstm_core.recordings.recording import Recording, RecordingSpec
from lstm_core.stats.counts import PER_UNIT, Tally, TallyQuery, tally
from lstm_core.storage.arrays import Arrays, load_arrays, save_arrays
from lstm_core.storage.progress import Progress, silent

if TYPE_CHECKING:
    from lstm_core.runs.run import Run
Floats = NDArray[np.float64]

BINS = 200
CELL_INTERVAL = (0.001, 0.999)  # quantiles of the layer between which the cell state is counted
SET_ASIDE = 0.9  # thesis: a unit with a larger share of values near zero is not analysed
ADDED = 0.5  # to every count, so that a bin without values has no infinite divergence
_COUNTED = ("counts", "below", "above", "near_zero", "lower", "upper")  # kept as uint32


@dataclass(frozen=True)
class DistributionQuery:
    """One signal of one layer (layers from 1)."""

    signal: str
    layer: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Distributions(Tally):
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


def bounds_of(signal: str) -> tuple[float, float]:
    """Between which values a signal lies: tanh in [-1, 1], the logistic function in [0, 1], `c` anywhere."""
    return {"h": (-1.0, 1.0), "g": (-1.0, 1.0), "n": (-1.0, 1.0), "c": (-np.inf, np.inf)}.get(signal, (0.0, 1.0))


def bounds_in(recording: Recording, signal: str, layer: int) -> tuple[float, float]:
    """The same in a recording: values that were brought in from elsewhere need not keep to the bounds of a signal."""
    low, high = bounds_of(signal)
    extent = recording.exactness.get("extent", {}).get(f"{signal}-{layer}", (low, high))
    return (low, high) if low <= extent[0] and extent[1] <= high else (-np.inf, np.inf)


def distributions(
    recording: Recording,
    query: DistributionQuery,
    *,
    workers: int = 0,
    report: Progress = silent,
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
    return Distributions(
        **{one.name: getattr(found, one.name) for one in fields(Tally)}, query=query, source=recording.spec
    )


# What is kept --------------------------------------------------------------------------------------------------------


def counted(recording: Recording, query: DistributionQuery, *, workers: int = 0) -> Distributions:
    """The same, kept with the recording, so that its values are counted once. Raises ValueError as `distributions`."""
    if recording.folder is None:
        return distributions(recording, query, workers=workers)
    path = recording.folder / "distributions" / _file(query)
    kept = _read(path, query)
    if kept is not None and kept.source == recording.spec and kept.total == len(recording.positions):
        return kept
    found = distributions(recording, query, workers=workers)
    with suppress(OSError):  # a full disk: then they are counted again next time
        _write(path, found)
    return found


def keep_distributions(found: Distributions, run: "Run") -> Path:
    """Write them to the run's results, whole or not at all, in place of others of the same signal and layer."""
    return _write(_path(run, found.query), found)


def read_distributions(run: "Run", query: DistributionQuery) -> Distributions | None:
    """Those kept with a run; None where there are none, where they are damaged, or of other weights than the run has.

    A run that comes without weights has those that its results are of.
    """
    found = _read(_path(run, query), query)
    return None if found is None or (run.has_weights and found.source.weights != run.fingerprint) else found


def _path(run: "Run", query: DistributionQuery) -> Path:
    return run.folder / "results" / "distributions" / _file(query)


def _file(query: DistributionQuery) -> str:
    return f"{query.signal}-{query.layer}.safetensors.xz"


def _write(path: Path, found: Distributions) -> Path:
    arrays: Arrays = {name: getattr(found, name) for name in ("edges", *PER_UNIT)}
    arrays |= {name: arrays[name].astype(np.uint32) for name in _COUNTED}
    save_arrays(path, arrays, {"total": str(found.total), "source": json.dumps(asdict(found.source))})
    return path


def _read(path: Path, query: DistributionQuery) -> Distributions | None:
    """Those of a file, None where it is not there or damaged."""
    try:
        arrays, notes = load_arrays(path)
        source = json.loads(notes["source"])
        source = RecordingSpec(**{**source, **{name: tuple(source[name]) for name in ("span", "signals", "layers")}})
        arrays |= {name: arrays[name].astype(np.int64) for name in _COUNTED}
        found = Distributions(**arrays, total=int(notes["total"]), query=query, source=source)
        shapes = {name: getattr(found, name).shape for name in ("edges", *PER_UNIT)}
    except (ValueError, KeyError, TypeError):
        return None
    units = (source.units,)
    wanted = dict.fromkeys(PER_UNIT, units) | {"edges": (BINS + 1,), "counts": (*units, BINS)}
    return found if shapes == wanted and found.total > 0 else None
