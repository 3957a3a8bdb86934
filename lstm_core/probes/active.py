"""Which units are on at which step of a text, one bit each: made once a threshold, then asked as often as one likes.

T steps, U units of all chosen layers side by side, W words of 64 bits.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lstm_core.recordings.recording import Recording
from lstm_core.storage.progress import Progress, silent

Rule = Literal["raw", "tanh", "two-sided", "quantile"]
Unit = tuple[int, int]  # layer from 1, unit from 0

RULES: dict[Rule, str] = {
    "raw": "its value is at least the threshold",
    "tanh": "as in LSTMVis, an older tool: the hyperbolic tangent of its value is at least the threshold",
    "two-sided": "its value is at least the threshold away from zero",
    "quantile": "its value is among its own highest: at 0.9 the highest tenth, more where values repeat",
}
WINDOW = 4096  # steps read at a time
SAMPLE = 200_000  # steps that a quantile is taken of, evenly spaced


@dataclass(frozen=True)
class OnQuery:
    """When a unit is on: `rule` and `threshold`, for a signal of some layers (none = all)."""

    signal: str = "h"
    layers: tuple[int, ...] = ()
    rule: Rule = "raw"
    threshold: float = 0.3

    def of(self, recording: Recording) -> "OnQuery":
        """The query with its layers filled in. Raises ValueError for what the recording lacks, and for a threshold that
        its rule cannot have.
        """
        spec = recording.spec
        layers = tuple(sorted(set(self.layers))) or tuple(spec.layers)
        for layer in layers:
            recording.signal(self.signal, layer)
        if self.rule not in RULES:
            raise ValueError(f"the rule {self.rule[:80]!r} is unknown: choose {', '.join(RULES)}")
        if not np.isfinite(self.threshold):
            raise ValueError(f"the threshold {self.threshold} is not a finite number")
        if self.rule in ("tanh", "quantile") and not 0 < self.threshold < 1:
            raise ValueError(f"a threshold by {self.rule} lies between 0 and 1, not at {self.threshold}")
        if self.rule == "two-sided" and self.threshold <= 0:
            raise ValueError(f"a distance from zero is above 0, not {self.threshold}")
        recording.require_whole()
        return OnQuery(self.signal, layers, self.rule, self.threshold)


@dataclass(frozen=True, eq=False)
class OnSets:
    """Bit u of row t of `bits` (T, W) is set where unit u is on at step t of a recording; `units` (U,) names each u."""

    query: OnQuery
    units: tuple[Unit, ...]
    bits: NDArray[np.uint64]
    recording: str = ""  # its fingerprint

    @property
    def key(self) -> tuple[str, OnQuery]:
        """Identifies the content; the key of every cache."""
        return self.recording, self.query

    def __len__(self) -> int:
        """Steps of the text."""
        return len(self.bits)

    @cached_property
    def index(self) -> dict[Unit, int]:
        """Layer and unit -> u."""
        return {unit: number for number, unit in enumerate(self.units)}

    @cached_property
    def by_unit(self) -> NDArray[np.uint64]:
        """The same by unit (U, ceil(T / 64)): bit t of row u."""
        found = np.zeros((len(self.units), -(-len(self) // 64) * 8), np.uint8)
        for start in range(0, len(self), WINDOW):
            on = self.on(start, min(start + WINDOW, len(self)))
            packed = np.packbits(on, axis=0, bitorder="little").T  # (U, bytes)
            found[:, start // 8 : start // 8 + packed.shape[1]] = packed
        return found.view(np.uint64)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """At how many steps each unit is on (U,)."""
        return np.bitwise_count(self.by_unit).sum(axis=1, dtype=np.int64)

    def on(self, start: int, stop: int) -> NDArray[np.bool_]:
        """Which units are on at steps [start, stop): (n, U)."""
        part = np.ascontiguousarray(self.bits[start:stop]).view(np.uint8)
        return np.unpackbits(part, axis=1, count=len(self.units), bitorder="little").astype(bool)

    def mask(self, units: NDArray[np.integer]) -> NDArray[np.uint64]:
        """The bits (W,) of some units, by their number u."""
        on = np.zeros(self.bits.shape[1] * 64, bool)
        on[units] = True
        return np.packbits(on, bitorder="little").view(np.uint64)


def on_sets(recording: Recording, query: OnQuery, *, report: Progress = silent) -> OnSets:
    """Read a recording once and keep a bit a step and unit: T U / 8 bytes, twice that once asked by unit.

    Raises ValueError as `OnQuery.of`.
    """
    query = query.of(recording)
    length, count = len(recording.tokens), recording.spec.units
    units = tuple((layer, unit) for layer in query.layers for unit in range(count))
    limits = np.concatenate([_limits(recording, query, layer) for layer in query.layers])
    bits = np.zeros((length, -(-len(units) // 64) * 8), np.uint8)
    for start in range(0, length, WINDOW):
        stop = min(start + WINDOW, length)
        values = np.concatenate([recording.window(query.signal, layer, start, stop) for layer in query.layers])
        if query.rule == "two-sided":
            np.abs(values, out=values)
        packed = np.packbits((values >= limits[:, None]).T, axis=1, bitorder="little")
        bits[start:stop, : packed.shape[1]] = packed
        report(stop / length, "which neurons are on")
    return OnSets(query, units, bits.view(np.uint64), recording.fingerprint)


def _limits(recording: Recording, query: OnQuery, layer: int) -> NDArray[np.float32]:
    """From which value on each unit of a layer is on (units,)."""
    units, length = recording.spec.units, len(recording.tokens)
    if query.rule == "quantile":
        step = max(1, length // SAMPLE)
        rows = (recording.unit(query.signal, layer, unit)[::step] for unit in range(units))
        return np.array([np.quantile(row, query.threshold, method="inverted_cdf") for row in rows], np.float32)
    limit = np.arctanh(query.threshold) if query.rule == "tanh" else query.threshold
    found = np.float32(limit)
    least = found if found >= limit else np.nextafter(found, np.float32(np.inf))  # as comparing with the float64
    return np.full(units, least, np.float32)
