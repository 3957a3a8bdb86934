"""How fast `record` reads a text, and that its memory does not grow with the text.

Peers, at batch 1 on the same weights: `cells`, the loop one writes to see the gates (a step a token, a cell a layer,
all six signals kept in memory), and `plain`, torch's own nn.LSTM, which shows no gate. Ours also computes the
probability of every token, writes everything to disk and hashes it; the peers do not. Needs about 20 KiB of disk a
token, below $TMPDIR.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import machine
from torch import Tensor, nn

from lstm_core.recordings.record import corpus_text, record
from lstm_core.recordings.recording import Recording
from lstm_core.runs.cells import CELLS
from lstm_core.runs.model import LanguageModel
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run


@torch.inference_mode()
def cells(model: LanguageModel, ids: Tensor) -> Tensor:
    """Signals (L, S, T, U) in the order of SIGNALS, one token and one layer at a time."""
    config = model.config
    modules = [nn.LSTMCell(layer.input_size, config.hidden) for layer in model.rnn]  # type: ignore[arg-type]
    for cell, layer in zip(modules, model.rnn, strict=True):
        cell.load_state_dict({name.removesuffix("_l0"): value for name, value in layer.state_dict().items()})
    kept = torch.empty(config.layers, len(CELLS["lstm"].signals), len(ids), config.hidden)
    states = [(torch.zeros(1, config.hidden), torch.zeros(1, config.hidden)) for _ in modules]
    for t, x in enumerate(model.encoder(ids)[:, None]):
        for k, cell in enumerate(modules):
            h, c = states[k]
            gates = nn.functional.linear(x, cell.weight_ih, cell.bias_ih)
            gates += nn.functional.linear(h, cell.weight_hh, cell.bias_hh)
            i, f, g, o = gates.chunk(4, 1)
            i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
            c = f * c + i * g
            h = o * c.tanh()
            states[k], x = (h, c), h
            kept[k, :, t] = torch.cat((h, c, i, f, g, o))
    return kept


@torch.inference_mode()
def plain(model: LanguageModel, ids: Tensor) -> Tensor:
    """The last layer's h (T, U) from nn.LSTM in one call."""
    config = model.config
    stack = nn.LSTM(config.embedding, config.hidden, config.layers)
    stack.load_state_dict(
        {f"{name[:-1]}{k}": value for k, layer in enumerate(model.rnn) for name, value in layer.state_dict().items()}
    )
    return stack(model.encoder(ids)[:, None])[0][:, 0]


def timed(read: Callable[[LanguageModel, Tensor], Tensor], model: LanguageModel, ids: Tensor) -> tuple[float, Tensor]:
    """Tokens per second, and what was read."""
    read(model, ids[:20])
    start = time.perf_counter()
    found = read(model, ids)
    return len(ids) / (time.perf_counter() - start), found


def speed(run: Run, tokens: int, peer_tokens: int) -> dict[str, Any]:
    """Tokens per second of ours and of the peers, which run before and after; the faster time of each counts."""
    text, model = corpus_text(run, "", 0, tokens), run.load_model()
    ids = torch.from_numpy(text.ids[:peer_tokens].astype(np.int64))
    rates: dict[str, list[float]] = {"cells": [], "plain": []}

    def peers() -> tuple[Tensor, Tensor]:
        rate, signals = timed(cells, model, ids)
        rates["cells"].append(rate)
        rate, top = timed(plain, model, ids)
        rates["plain"].append(rate)
        return signals, top

    peers()
    start = time.perf_counter()
    recording = record(run, text)
    ours = tokens / (time.perf_counter() - start)
    for thread in set(threading.enumerate()) - {threading.current_thread()}:
        thread.join()  # the recording's hashes, checked in the background, must not slow the peers
    signals, top = peers()
    best = {name: max(values) for name, values in rates.items()}
    return {
        "tokens": tokens,
        "bytes": recording.bytes,
        "ours_tokens_per_second": round(ours),
        "peers_tokens_per_second": {name: [round(value) for value in values] for name, values in rates.items()},
        "times_cells": round(ours / best["cells"], 2),
        "times_plain": round(ours / best["plain"], 2),
        "largest_difference": largest_difference(recording, signals, top),
        "exactness": recording.exactness,
    }


def largest_difference(recording: Recording, signals: Tensor, top: Tensor) -> dict[str, float]:
    """Between what we stored (float16, float32 for c) and what the peers read; shows that all read the same."""
    layers, _, steps, _ = signals.shape
    of_cells = [
        np.abs(recording.window(name, k + 1, 0, steps).T - signals[k, s].numpy()).max()
        for k in range(layers)
        for s, name in enumerate(CELLS["lstm"].signals)
    ]
    of_plain = np.abs(recording.window("h", layers, 0, steps).T - top.numpy()).max()
    return {"cells": float(max(of_cells)), "plain": float(of_plain)}


def memory(run: Run, tokens: int) -> dict[str, Any]:
    """Peak memory of a process of its own that records that much."""
    words = [sys.executable, __file__, "--measure-memory", str(run.folder), "--tokens", str(tokens)]
    with tempfile.TemporaryDirectory() as folder:
        ended = subprocess.run(words, env={**os.environ, "LSTM_HOME": folder}, capture_output=True, text=True)
    if ended.returncode:
        raise SystemExit(ended.stderr)
    return json.loads(ended.stdout)


def measure_memory(run: Run, tokens: int) -> dict[str, Any]:
    """Record, and watch this process: memory of its own (which must be had) apart from pages of the mapped files
    (which the system takes back when it needs them)."""
    text, ended = corpus_text(run, "", 0, tokens), threading.Event()
    before, peak = own_memory(), 0

    def watch() -> None:
        nonlocal peak
        while not ended.wait(0.02):
            peak = max(peak, own_memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    recording = record(run, text)
    ended.set()
    watcher.join()
    return {
        "tokens": tokens,
        "recording_mib": round(recording.bytes / 2**20),
        "own_mib_before": round(before / 2**20),
        "own_mib_peak": round(peak / 2**20),
        "with_mapped_pages_mib_peak": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10),
    }


def own_memory() -> int:
    """Bytes of resident anonymous memory of this process (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=250_000)
    parser.add_argument("--run", default="war-and-peace-char", help="long memories make more of the text be read twice")
    parser.add_argument("--peer-tokens", type=int, default=3_000)
    parser.add_argument("--memory-tokens", type=int, nargs="*", default=[300_000, 600_000], help="none to leave it out")
    parser.add_argument("--measure-memory", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure_memory:
        print(json.dumps(measure_memory(Run(options.measure_memory), options.tokens)))
        return
    run = open_run(options.run)
    result: dict[str, Any] = {"benchmark": "recording", "machine": machine()}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LSTM_HOME"] = folder
        result["run"] = {"name": run.name, "architecture": run.model_config.architecture}
        result["speed"] = speed(run, options.tokens, min(options.peer_tokens, options.tokens))
        result["memory"] = [memory(run, tokens) for tokens in options.memory_tokens]
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
