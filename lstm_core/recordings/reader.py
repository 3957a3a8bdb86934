"""Reading a text with a model: as streams side by side, exactly as one stream would.

How: a text is cut into B streams that are read side by side, each from a zero state. Then every stream but the first
is read again from the state in which the one before it ended, until its states agree with those of the first reading;
from there on both readings are the same. A stream that never agrees has a new end, so the next one is read again, in
another round. A model that in a good part of the streams does not forget their start (a chaotic one, or one whose
forget gates stay at 1) does not forget rounding either: it is read again in sequence, one token at a time.

    first reading     |0 ------->|0 ------->|0 ------->|0 ------->
    second            |          |end0 =>ok |end1 ====>|end2 =>ok
    third             |          |          |          |end2' =>ok
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstm_core.runs.model import LanguageModel, SignalReader, State, chosen, joined
from lstm_core.storage.progress import Progress
from lstm_core.storage.tiles import TILE, Tiles

CHUNK = 64  # tokens of a stream read at once
SEAM_STEP = 1.1  # states are kept for comparison before chunks 0, 1, 2 ... 20, 22, 24 ...
SPAN = 16  # chunks from one report to the next at most
STREAM = 4000  # tokens a stream has at least, where the text is long enough
STREAMS = 64  # more are no faster
WAITING = 2**29  # bytes of signals that wait in memory at most; fewer streams are read where they would be more
THREADS = torch.get_num_threads()  # as the process starts; a reading under way lowers what torch says
ROUNDS = 8
AGREE = 3e-6  # a trained model's cell states differ by up to 2e-6 from rounding alone
FADED = 1e-3  # a difference at a stream's start that is larger at its end has not been forgotten
LASTING = 0.2  # share of streams that may not forget their start
Reader = Literal["parallel", "sequential"]
Target = NDArray[Any] | Tiles  # (U, P)


@contextmanager
def threads(count: int = THREADS) -> Iterator[ThreadPoolExecutor]:
    """Threads whose torch operations each stay on their own thread.

    Each reads a share of the streams. Sharing every operation out instead would cost a wake-up an operation, which for
    the small ones of a step is more than the work.
    """
    try:
        with ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield pool
    finally:
        torch.set_num_threads(THREADS)  # the initializer has changed what new threads get


class Streams:
    """One text being read as streams side by side, and where the signals go."""

    def __init__(
        self,
        model: LanguageModel,
        ids: NDArray[np.int32],
        kept: NDArray[np.int64],
        signals: dict[tuple[str, int], Target],
        probability: NDArray[np.float32],
        report: Progress,
        pool: ThreadPoolExecutor,
    ):
        self.pool = pool
        self.model, self.device = model, model.decoder.weight.device
        self.probability, self.report = probability, report
        self.total = len(ids)
        token = sum(target.shape[0] * target.dtype.itemsize for target in signals.values()) if len(kept) else 0
        self.count = max(1, min(STREAMS, self.total // STREAM, WAITING // max(1, TILE * token)))
        unit = TILE if self.total >= 8 * TILE * self.count else CHUNK  # streams that begin with a tile write whole ones
        self.length = -(-self.total // (self.count * unit)) * unit
        self.count = -(-self.total // self.length)
        padded = np.zeros(self.count * self.length + 1, dtype=np.int64)
        padded[: self.total] = ids
        self.ids = torch.from_numpy(padded).to(self.device)
        self.seams: dict[int, State] = {}  # states of all streams before chunk n, as read last
        self.ends: State = model.zero_state(self.count)
        shares = min(1 if self.device.type != "cpu" else THREADS, self.count)
        self.readers = [SignalReader(model) for _ in range(shares)]
        self.blocks = [_Block(kept, signals, -(-self.count // shares)) for _ in range(shares)]
        self.steps = 0
        self.difference = 0.0  # largest, where streams were taken to agree
        self.lasting = 0  # streams whose end still depends on the state at their start

    def parallel(self) -> dict[str, Any]:
        """Read side by side, then again until every seam agrees; says how."""
        self._first()
        waiting = list(range(1, self.count))
        for _ in range(ROUNDS):
            if not waiting or self.lasting > LASTING * self.count:
                break
            self.lasting = 0
            waiting = [stream + 1 for stream in self._again(waiting) if stream + 1 < self.count]
        if waiting or self.lasting > LASTING * self.count:
            gave_up = f"{self.lasting or len(waiting)} of {self.count} streams never agreed"
            return {**self.sequential(), "gave_up": gave_up}
        return self._exactness("parallel")

    def sequential(self) -> dict[str, Any]:
        """Read the whole text as one stream, one token at a time."""
        self.count, self.length = 1, -(-self.total // CHUNK) * CHUNK
        self.ids = torch.nn.functional.pad(self.ids[: self.total], (0, self.length + 1 - self.total))
        self.seams, self.steps = {}, 0
        self._first()
        return self._exactness("sequential")

    def _exactness(self, reader: Reader) -> dict[str, Any]:
        return {
            "reader": reader,
            "streams": self.count,
            "tokens_read": self.steps,
            "largest_difference_at_seams": self.difference,
        }

    def _first(self) -> None:
        state = self.model.zero_state(self.count)
        streams = list(range(self.count))
        seams = _seams(self.length // CHUNK)
        for start, stop in _spans(self.length // CHUNK):
            if self.count > 1 and start in seams:
                self.seams[start] = state
            state = self._advance(streams, start, stop, state)
            self.report(0.9 * stop * CHUNK / self.length, "reading")
        self.ends = state
        self._flush()

    def _again(self, streams: list[int]) -> list[int]:
        """Read streams again from the ends of those before them; returns those whose own end moved."""
        state = chosen(self.ends, [stream - 1 for stream in streams])
        agreed = [0] * len(streams)  # seams in a row at which a stream agreed
        moved: list[int] = []
        for start, stop in _spans(self.length // CHUNK):
            if start in self.seams:
                before = chosen(self.seams[start], streams)
                _assign(self.seams[start], streams, state)
                near, worst = _agreement(before, state)
                agreed = [count + 1 if ok else 0 for count, ok in zip(agreed, near, strict=True)]
                for count, difference in zip(agreed, worst, strict=True):
                    if count == 2:
                        self.difference = max(self.difference, difference)
                going = [k for k, count in enumerate(agreed) if count < 2]
                if len(going) < len(streams):
                    streams, state = [streams[k] for k in going], chosen(state, going)
                    agreed = [agreed[k] for k in going]
            if not streams:
                break
            state = self._advance(streams, start, stop, state)
            self.report(0.9 + 0.1 * start * CHUNK / self.length, f"checking {len(streams)} seams")
        self._flush()
        if not streams:
            return moved
        near, worst = _agreement(chosen(self.ends, streams), state)
        for stream, ok, difference in zip(streams, near, worst, strict=True):
            if ok:
                self.difference = max(self.difference, difference)
            else:
                moved.append(stream)
                self.lasting += difference > FADED
        _assign(self.ends, streams, state)
        return moved

    def _flush(self) -> None:
        list(self.pool.map(_Block.flush, self.blocks))

    def _advance(self, streams: list[int], start: int, stop: int, state: State) -> State:
        """Read chunks [start, stop) of some streams, each thread its share; returns the states after them, in order."""
        self.steps += len(streams) * CHUNK * (stop - start)
        shares = [list(part) for part in np.array_split(np.arange(len(streams)), len(self.readers)) if len(part)]
        readings = [
            self.pool.submit(
                self._read_share, reader, block, [streams[k] for k in share], start, stop, chosen(state, share)
            )
            for reader, block, share in zip(self.readers, self.blocks, shares, strict=False)
        ]
        return joined([reading.result() for reading in readings])

    def _read_share(
        self, reader: SignalReader, block: "_Block", streams: list[int], start: int, stop: int, state: State
    ) -> State:
        """Read chunks [start, stop) of some streams and store their signals, on this thread alone."""
        for chunk in range(start, stop):
            state = self._read_chunk(reader, block, streams, chunk, state)
        return state

    def _read_chunk(self, reader: SignalReader, block: "_Block", streams: list[int], chunk: int, state: State) -> State:
        starts = [stream * self.length + chunk * CHUNK for stream in streams]
        at = torch.tensor(starts, device=self.device)[:, None] + torch.arange(CHUNK + 1, device=self.device)
        window = self.ids[at]  # (B, CHUNK + 1)
        layers, after = reader.advance(window[:, :-1], state)
        chance = reader.log_probability(layers[-1]["h"], window[:, 1:]).exp().cpu().numpy()
        for row, start in enumerate(starts):
            count = max(0, min(CHUNK, self.total - 1 - start))
            self.probability[start + 1 : start + 1 + count] = chance[row, :count]
        block.add(starts, layers)
        return after


class _Block:
    """Signals of some streams that wait in memory until they fill a tile of what they are written to."""

    def __init__(self, kept: NDArray[np.int64], targets: dict[tuple[str, int], Target], streams: int):
        self.kept, self.targets = kept, targets if len(kept) else {}
        self.streams = streams
        self.waiting: dict[tuple[str, int], Tensor] = {}
        self.starts: list[int] = []
        self.filled = 0

    def add(self, starts: list[int], layers: Sequence[dict[str, Tensor]]) -> None:
        """Keep one chunk of the streams that begin at `starts`; what does not go on where the last ended is written."""
        if self.filled == TILE or starts != [start + self.filled for start in self.starts]:
            self.flush()
            self.starts = starts
        for (name, layer), target in self.targets.items():
            if (name, layer) not in self.waiting:
                dtype = torch.float16 if target.dtype == np.float16 else torch.float32
                self.waiting[name, layer] = torch.empty(self.streams, TILE, target.shape[0], dtype=dtype)
            block = self.waiting[name, layer][: len(starts)]
            block[:, self.filled : self.filled + CHUNK] = layers[layer - 1][name]
        self.filled += CHUNK

    def flush(self) -> None:
        """Write what waits, a stream at a time."""
        for row, start in enumerate(self.starts if self.filled else ()):
            a, b = np.searchsorted(self.kept, [start, start + self.filled])
            at = torch.from_numpy(self.kept[a:b] - start)
            for key, target in self.targets.items():
                values = self.waiting[key][row, : self.filled]  # (filled, U)
                columns = (values if len(at) == self.filled else values[at]).t().contiguous().numpy()  # (U, b - a)
                if isinstance(target, Tiles):
                    target.put(a, columns)
                else:
                    target[:, a:b] = columns
        self.starts, self.filled = [], 0


def _seams(chunks: int) -> list[int]:
    """Chunks before which states are kept: dense where streams agree first, so that memory grows as log(chunks)."""
    found = [0]
    while found[-1] < chunks:
        found.append(max(found[-1] + 1, int(found[-1] * SEAM_STEP)))
    return found[:-1]


def _spans(chunks: int) -> list[tuple[int, int]]:
    """Runs of chunks that are read without waiting for the other threads: from seam to seam, at most SPAN chunks."""
    seams = [*_seams(chunks), chunks]
    borders = [border for a, b in pairwise(seams) for border in range(a, b, SPAN)]
    return list(pairwise([*borders, chunks]))


def _agreement(one: State, other: State) -> tuple[list[bool], list[float]]:
    """Which streams of two states agree (within AGREE, relative for values above 1), and their largest difference."""
    worst = torch.stack(
        [
            ((a - b).abs() / torch.clamp(b.abs(), min=1)).amax(1)
            for memory, against in zip(one, other, strict=True)
            for a, b in zip(memory, against, strict=True)
        ]
    ).amax(0)
    return (worst <= AGREE).tolist(), worst.tolist()


def _assign(state: State, streams: list[int], values: State) -> None:
    for memory, new in zip(state, values, strict=True):
        for part, value in zip(memory, new, strict=True):
            part[streams] = value
