"""How fast a match query is answered and all pairs of units are compared, beside LSTMVis's way as we read it.

Planted on-sets: units that are on in runs, each at a rate of its own. The peer keeps values as dense float32 and
follows the protocol with array operations: threshold, sum over the selected units, runs level by level, each candidate
tested for all units. Both must find the same. The peer is timed on --peer-steps, ours there and on all --steps; making
the bits from values is timed apart.
"""

import argparse
import json
import time
from typing import Any

import numpy as np
from machine import machine
from numpy.typing import NDArray

from lstm_core.probes.active import OnQuery, OnSets
from lstm_core.probes.match import Match, MatchQuery, match
from lstm_core.probes.similar_units import UnitsQuery, overlaps, similar_units

PART = 4096  # steps made at a time
LENGTH = 4  # steps that a unit stays as it is, at least
THRESHOLD = 0.3


def planted(steps: int, units: int, kept: int, seed: int = 0) -> tuple[OnSets, NDArray[np.float32], float]:
    """On-sets of all steps, values (kept, units) of the first of them, and seconds that packing took."""
    draw = np.random.default_rng(seed)
    rates = draw.beta(1, 8, units)
    bits = np.zeros((steps, -(-units // 64) * 8), np.uint8)
    values = np.zeros((kept, units), np.float32)
    seconds = 0.0
    for start in range(0, steps, PART):
        count = min(PART, steps - start)
        on = np.repeat(draw.random((-(-count // LENGTH), units)) < rates, LENGTH, axis=0)[:count]
        on ^= draw.random(on.shape) < 0.02
        part = np.where(on, np.float32(0.9), np.float32(-0.9))
        began = time.perf_counter()
        packed = np.packbits(part >= THRESHOLD, axis=1, bitorder="little")
        bits[start : start + count, : packed.shape[1]] = packed
        seconds += time.perf_counter() - began
        if start < kept:
            values[start : start + count] = part[: kept - start]
    names = tuple((1, unit) for unit in range(units))
    return OnSets(OnQuery(), names, bits.view(np.uint64)), values, seconds


def dense(values: NDArray[np.float32], query: MatchQuery) -> list[Match]:
    """The peer: the protocol over dense values, without a limit, every level."""
    on = values >= THRESHOLD
    selected = on[query.start : query.stop].all(axis=0)
    sums = values[:, selected] >= THRESHOLD
    counts = sums.sum(axis=1)
    candidates: dict[tuple[int, int], None] = {}
    for level in range(int(selected.sum()), 0, -1):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], (counts >= level).astype(np.int8), [0]])))
        for start, stop in edges.reshape(-1, 2).tolist():
            long = stop - start >= 2 or stop - start == query.stop - query.start
            if start > 0 and stop < len(counts) and long:
                candidates[start, stop] = None
        if len(candidates) >= query.limit:
            break
    found = []
    for start, stop in list(candidates)[: query.limit]:
        here = (values[start:stop] >= THRESHOLD).all(axis=0)
        found.append(Match(start, stop, int((here & selected).sum()), int((here | selected).sum())))
    found.sort(key=lambda one: (-one.shared, one.either, one.start - one.stop, one.start))
    return found[: query.count]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=929_589)
    parser.add_argument("--units", type=int, default=1300)
    parser.add_argument("--peer-steps", type=int, default=200_000)
    parser.add_argument("--limit", type=int, default=1000, help="candidates, as LSTMVis's fast mode")
    parser.add_argument("--queries", type=int, default=7)
    words = parser.parse_args()
    kept = min(words.peer_steps, words.steps)
    on, values, packing = planted(words.steps, words.units, kept)
    first = OnSets(on.query, on.units, np.ascontiguousarray(on.bits[:kept]))
    match(first, MatchQuery(10, 12))  # loads the compiled loops
    places = np.random.default_rng(1).integers(10, kept - 10, words.queries).tolist()
    rows: list[dict[str, Any]] = []
    for place in places:
        limited = MatchQuery(place, place + 3, limit=words.limit)
        began = time.perf_counter()
        theirs = dense(values, limited)
        peer = time.perf_counter() - began
        began = time.perf_counter()
        ours = match(first, limited)
        mine = time.perf_counter() - began
        began = time.perf_counter()
        whole = match(on, MatchQuery(place, place + 3))
        full = time.perf_counter() - began
        rows.append(
            {
                "units": len(whole.units),
                "peer_ms": round(1000 * peer, 1),
                "ours_ms": round(1000 * mine, 1),
                "ours_whole_text_ms": round(1000 * full, 1),
                "equal": list(ours.found) == theirs,
            }
        )
    began = time.perf_counter()
    similar_units(on, UnitsQuery(1, 0))
    one = time.perf_counter() - began
    began = time.perf_counter()
    overlaps(on)
    pairs = time.perf_counter() - began
    result = {
        "benchmark": "match queries",
        "machine": machine(),
        "steps": words.steps,
        "units": words.units,
        "peer_steps": kept,
        "index_seconds": round(packing, 2),
        "queries": rows,
        "ratio": round(sum(row["peer_ms"] for row in rows) / sum(row["ours_ms"] for row in rows), 1),
        "longest_whole_text_ms": max(row["ours_whole_text_ms"] for row in rows),
        "one_unit_beside_all_seconds": round(one, 2),
        "all_pairs_seconds": round(pairs, 1),
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
