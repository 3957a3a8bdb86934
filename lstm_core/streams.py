"""Reading a text with a model: as streams side by side, exactly as one stream would.

How: a text is cut into B streams that are read side by side, each from a zero state. Then every stream but the first
is read again from the state in which the one before it ended, until its states agree with those of the first reading;
from there on both readings are the same. A stream that never agrees has a new end, so the next one is read again. A
model that does not forget its start within a stream (a chaotic one, or one whose forget gates stay at 1) does not
forget rounding either: it is read again in sequence, one token at a time.

    first reading     |0 ------->|0 ------->|0 ------->|0 ------->
    second            |          |end0 =>ok |end1 ==>ok|end2 =>ok
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstm_core.model import LanguageModel, SignalReader, State, chosen, joined

CHUNK = 64  # tokens of a stream read at once
SEAM = 64  # chunks of each stream whose states are kept for comparison
STREAM = 4000  # tokens a stream has at least, where the text is long enough
STREAMS = 128
THREADS = torch.get_num_threads()  # as the process starts; a reading under way lowers what torch says
ROUNDS = 3
AGREE = 1e-6
FADED = 1e-3  # a difference at a stream's start that is larger at its end has not been forgotten

Report = Callable[[float, str], object]
Reader = Literal["parallel", "sequential"]


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
        signals: dict[tuple[str, int], NDArray[Any]],
        probability: NDArray[np.float32],
        report: Report,
        pool: ThreadPoolExecutor,
    ):
        self.pool = pool
        self.model, self.device = model, model.decoder.weight.device
        self.readers = [SignalReader(model) for _ in range(1 if self.device.type != "cpu" else THREADS)]
        self.kept, self.signals, self.probability, self.report = kept, signals, probability, report
        self.total = len(ids)
        self.count = max(1, min(STREAMS, self.total // STREAM))
        chunks = -(-self.total // (self.count * CHUNK))
        self.length = chunks * CHUNK
        self.count = -(-self.total // self.length)
        padded = np.zeros(self.count * self.length + 1, dtype=np.int64)
        padded[: self.total] = ids
        self.ids = torch.from_numpy(padded).to(self.device)
        self.seams: list[State] = []  # states of all streams before chunk n, as read last
        self.ends: State = model.zero_state(self.count)
        self.steps = 0
        self.difference = 0.0  # largest, where streams were taken to agree
        self.lasting = 0  # streams whose end still depends on the state at their start

    def parallel(self) -> dict[str, Any]:
        """Read side by side, then again until every seam agrees; says how."""
        self._first()
        waiting = list(range(1, self.count))
        for _ in range(ROUNDS):
            if not waiting or self.lasting:
                break
            waiting = [stream + 1 for stream in self._again(waiting) if stream + 1 < self.count]
        if waiting or self.lasting:
            gave_up = f"{self.lasting or len(waiting)} of {self.count} streams never agreed"
            return {**self.sequential(), "gave_up": gave_up}
        return self._exactness("parallel")

    def sequential(self) -> dict[str, Any]:
        """Read the whole text as one stream, one token at a time."""
        self.count, self.length = 1, -(-self.total // CHUNK) * CHUNK
        self.ids = torch.nn.functional.pad(self.ids[: self.total], (0, self.length + 1 - self.total))
        self.seams, self.steps = [], 0
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
        for chunk in range(self.length // CHUNK):
            if chunk < SEAM and self.count > 1:
                self.seams.append(state)
            state = self._advance(streams, chunk, state)
            self.report(0.9 * (chunk + 1) * CHUNK / self.length, "reading")
        self.ends = state

    def _again(self, streams: list[int]) -> list[int]:
        """Read streams again from the ends of those before them; returns those whose own end moved."""
        state = chosen(self.ends, [stream - 1 for stream in streams])
        agreed = [0] * len(streams)  # seams in a row at which a stream agreed
        moved: list[int] = []
        for chunk in range(self.length // CHUNK):
            if chunk < len(self.seams):
                before = chosen(self.seams[chunk], streams)
                _assign(self.seams[chunk], streams, state)
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
                return moved
            state = self._advance(streams, chunk, state)
            self.report(0.9 + 0.1 * chunk * CHUNK / self.length, f"checking {len(streams)} seams")
        near, worst = _agreement(chosen(self.ends, streams), state)
        for stream, ok, difference in zip(streams, near, worst, strict=True):
            if ok:
                self.difference = max(self.difference, difference)
            else:
                moved.append(stream)
                self.lasting += difference > FADED
        _assign(self.ends, streams, state)
        return moved

    def _advance(self, streams: list[int], chunk: int, state: State) -> State:
        """Read one chunk of some streams, each thread its share of them; returns the states after it, in order."""
        self.steps += len(streams) * CHUNK
        shares = [list(part) for part in np.array_split(np.arange(len(streams)), len(self.readers)) if len(part)]
        readings = [
            self.pool.submit(self._read_share, reader, [streams[k] for k in share], chunk, chosen(state, share))
            for reader, share in zip(self.readers, shares, strict=False)
        ]
        return joined([reading.result() for reading in readings])

    def _read_share(self, reader: SignalReader, streams: list[int], chunk: int, state: State) -> State:
        """Read one chunk of some streams and store its signals, on this thread alone."""
        starts = [stream * self.length + chunk * CHUNK for stream in streams]
        at = torch.tensor(starts, device=self.device)[:, None] + torch.arange(CHUNK + 1, device=self.device)
        window = self.ids[at]  # (B, CHUNK + 1)
        layers, after = reader.advance(window[:, :-1], state)
        chance = reader.log_probability(layers[-1]["h"], window[:, 1:]).exp().cpu().numpy()
        for row, start in enumerate(starts):
            count = max(0, min(CHUNK, self.total - 1 - start))
            self.probability[start + 1 : start + 1 + count] = chance[row, :count]
        if len(self.kept):
            self._store(starts, layers)
        return after

    def _store(self, starts: list[int], layers: Sequence[dict[str, Tensor]]) -> None:
        bounds = np.searchsorted(self.kept, [[start, start + CHUNK] for start in starts])  # (B, 2) columns
        wanted = [
            self.kept[a:b] - start + row * CHUNK for row, (start, (a, b)) in enumerate(zip(starts, bounds, strict=True))
        ]
        rows = np.concatenate(wanted)
        if not len(rows):
            return
        index = None if len(rows) == len(starts) * CHUNK else torch.from_numpy(rows).to(self.device)

        for (name, layer), target in self.signals.items():
            value = layers[layer - 1][name]
            if target.dtype == np.float16:
                value = value.half()
            flat = value.reshape(-1, target.shape[0])
            columns = (flat if index is None else flat[index]).t().contiguous().cpu().numpy()  # (U, kept of the chunk)
            taken = 0
            for a, b in bounds:
                target[:, a:b] = columns[:, taken : taken + b - a]
                taken += b - a


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
