"""How fast the distributions of all units are counted and compared, beside numpy.histogram unit by unit.

Planted recordings on disk, h as float16 and c as float32. The peer is a loop over the units, `numpy.histogram(values,
edges)`, over the very same values as float32 in memory and between the edges that ours found: it is spared the reading,
the search for the interval of c, means, medians and divergences, all of which are in our time. It runs before and after
ours, on some of the units, and its faster time counts. Two layers of 2,000 units over 245,569 tokens take 3 GiB of disk
a layer below $TMPDIR, one layer at a time; --quick is a fiftieth of that. With --memory-tokens the peak of the memory
of our own (mapped pages of the recording apart) is told for texts of those lengths.
"""

import argparse
import json
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from machine import machine
from numpy.typing import NDArray
from recording import own_memory

from lstm_core.neurons.distributions import DistributionQuery, Distributions, distributions
from lstm_core.recordings.recording import Recording, RecordingSpec
from lstm_core.storage.tiles import TILE, new_tiles
from lstm_core.text.corpus import Vocabulary

SCALES = {"h": 0.1, "c": 1.0}
TYPES = {"h": np.float16, "c": np.float32}


def planted(folder: Path, signal: str, units: int, tokens: int, seed: int) -> Recording:
    """A recording of one signal whose units are Laplace-distributed, each with a place and a scale of its own."""
    draw = np.random.default_rng(seed)
    places = draw.normal(0, SCALES[signal] / 2, (units, 1))
    scales = draw.gamma(4, SCALES[signal] / 4, (units, 1))
    made = new_tiles(folder / f"{signal}.npy", TYPES[signal], units, tokens)
    for start in range(0, tokens, 16 * TILE):
        values = places + scales * draw.laplace(size=(units, min(16 * TILE, tokens - start)))
        made.put(start, (np.clip(values, -1, 1) if signal == "h" else values).astype(TYPES[signal]))
    spec = RecordingSpec("planted", "", "planted", "", (0, tokens), "lstm", units, (signal,), (1,))
    nothing = np.zeros(tokens, np.int32)
    return Recording(spec, Vocabulary(("",), "words"), nothing, nothing, nothing, {(signal, 1): made})


def histograms(values: NDArray[np.float32], edges: NDArray[np.float64]) -> tuple[float, NDArray[np.int64]]:
    """The peer: seconds it takes, and counts (u, BINS)."""
    start = time.perf_counter()
    counts = [np.histogram(row, edges)[0] for row in values]
    return time.perf_counter() - start, np.array(counts)


def compared(recording: Recording, signal: str, peer_units: int) -> dict[str, Any]:
    """Seconds of ours for all units, of the peer for as many, and whether they count the same."""
    units = recording.spec.units
    query = DistributionQuery(signal, 1)
    rows = np.linspace(0, units - 1, min(peer_units, units)).astype(int)
    values = np.array([recording.unit(signal, 1, row) for row in rows.tolist()])

    def ours() -> tuple[float, Distributions]:
        start = time.perf_counter()
        found = distributions(recording, query)
        found.ranking()
        return time.perf_counter() - start, found

    first, found = ours()
    before, counts = histograms(values, found.edges)
    second, _ = ours()
    after, _ = histograms(values, found.edges)
    return {
        "ours_seconds": [round(first, 2), round(second, 2)],
        "peer_seconds": [round(took * units / len(rows), 2) for took in (before, after)],
        "peer_units": len(rows),
        "equal_counts": bool((found.counts[rows] == counts).all()),
    }


def own_peak(recording: Recording, signal: str) -> dict[str, Any]:
    """Memory of our own before and at its peak while the distributions are counted."""
    ended, before, peak = threading.Event(), own_memory(), 0

    def watch() -> None:
        nonlocal peak
        while not ended.wait(0.01):
            peak = max(peak, own_memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    distributions(recording, DistributionQuery(signal, 1))
    ended.set()
    watcher.join()
    tokens = len(recording.positions)
    return {"signal": signal, "tokens": tokens, "mib_before": before >> 20, "mib_peak": peak >> 20}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--units", type=int, default=2000)
    parser.add_argument("--tokens", type=int, default=245_569)
    parser.add_argument("--peer-units", type=int, default=100)
    parser.add_argument("--memory-tokens", type=int, nargs="*", default=[])
    parser.add_argument("--quick", action="store_true", help="one layer of 80 units, the peer on 20 of them")
    words = parser.parse_args()
    layers, units, peer_units = (1, 80, 20) if words.quick else (words.layers, words.units, words.peer_units)
    result: dict[str, Any] = {"benchmark": "distributions", "machine": machine()}
    result |= {"layers": layers, "units": units, "tokens": words.tokens, "parts": [], "memory": []}
    ours = peer = 0.0
    for layer in range(1, layers + 1):
        for signal in SCALES:
            with tempfile.TemporaryDirectory() as folder:
                part = compared(planted(Path(folder), signal, units, words.tokens, layer), signal, peer_units)
            ours, peer = ours + min(part["ours_seconds"]), peer + min(part["peer_seconds"])
            result["parts"].append({"layer": layer, "signal": signal, **part})
    result |= {"ours_seconds": round(ours, 2), "peer_seconds": round(peer, 2), "ratio": round(peer / ours, 1)}
    for tokens in words.memory_tokens:
        for signal in SCALES:
            with tempfile.TemporaryDirectory() as folder:
                result["memory"].append(own_peak(planted(Path(folder), signal, units, tokens, 0), signal))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
