"""Recording: every signal of a model over a whole text, exact and parallel in time, straight to memory maps.

How: a text is cut into B streams that are read side by side, each from a zero state. Then every stream but the first
is read again from the state in which the one before it ended, until its states agree with those of the first reading;
from there on both readings are the same. A stream that never agrees has a new end, so the next one is read again. A
model that does not forget its start within a stream (a chaotic one, or one whose forget gates stay at 1) does not
forget rounding either: it is read again in sequence, one token at a time.

    first reading     |0 ------->|0 ------->|0 ------->|0 ------->
    second            |          |end0 =>ok |end1 ==>ok|end2 =>ok
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstm_core.corpus import Corpus, Encoding, Vocabulary, read_corpus
from lstm_core.files import inventory, write_json
from lstm_core.model import LanguageModel, SignalReader, State, chosen, joined
from lstm_core.recording import MANIFEST, SCHEMA, Recording, RecordingSpec, recordings_folder
from lstm_core.run import Run, score_of
from lstm_core.settings import SIGNALS

CHUNK = 64  # tokens of a stream read at once
SEAM = 64  # chunks of each stream whose states are kept for comparison
STREAM = 4000  # tokens a stream has at least, where the text is long enough
STREAMS = 128
ROUNDS = 3
AGREE = 1e-6
FADED = 1e-3  # a difference at a stream's start that is larger at its end has not been forgotten
MAX_TYPED = 2000  # characters of a text typed on a page
MAX_BYTES = 64 * 2**30
SPARE_BYTES = 2**30

Report = Callable[[float, str], object]
Reader = Literal["parallel", "sequential"]


@dataclass(frozen=True)
class RecordQuery:
    """What to record; empty `signals` or `layers` mean all. `positions` as in RecordingSpec."""

    signals: tuple[str, ...] = ()
    layers: tuple[int, ...] = ()
    positions: Literal["all", "whitespace", "none"] = "all"
    reader: Reader = "parallel"


@dataclass(frozen=True)
class Text:
    """Token ids with a name and the fingerprint of where they come from; `span` is their place in that source."""

    name: str
    ids: NDArray[np.int32]
    fingerprint: str
    span: tuple[int, int]


def silent(share: float, word: str) -> None:
    """A report that tells nobody."""


def spec_of(run: Run, text: Text, query: RecordQuery = RecordQuery()) -> RecordingSpec:
    """What the recording will be; raises ValueError for a signal or layer that the model does not have."""
    config = run.model_config
    signals = query.signals or SIGNALS[config.cell]
    layers = query.layers or tuple(range(1, config.layers + 1))
    if unknown := set(signals) - set(SIGNALS[config.cell]):
        raise ValueError(f"{config.cell} has signals {', '.join(SIGNALS[config.cell])}, not {sorted(unknown)[0]}")
    if outside := [layer for layer in layers if not 1 <= layer <= config.layers]:
        raise ValueError(f"the model has {config.layers} layers, the query asks for {outside[0]} (counted from 1)")
    if not len(text.ids):
        raise ValueError("the text is empty: there is nothing to read")
    ordered = tuple(signal for signal in SIGNALS[config.cell] if signal in signals)
    return RecordingSpec(
        run.name,
        run.fingerprint,
        text.name,
        text.fingerprint,
        text.span,
        config.cell,
        config.hidden,
        ordered,
        tuple(sorted(set(layers))),
        query.positions,
    )


def bytes_needed(run: Run, text: Text, query: RecordQuery = RecordQuery()) -> int:
    """Size of the recording on disk: 2 bytes a value, 4 for the cell state."""
    spec = spec_of(run, text, query)
    kept = len(_kept(text.ids, run.vocabulary, query.positions))
    widths = sum(4 if signal == "c" else 2 for signal in spec.signals)
    positions = 0 if query.positions == "all" else 8 * kept
    return kept * len(spec.layers) * spec.units * widths + 8 * len(text.ids) + positions


def record(run: Run, text: Text, query: RecordQuery = RecordQuery(), *, report: Report = silent) -> Recording:
    """Read a text with a run and keep its signals on disk; an equal recording that is there already is opened.

    Equal to the sequential pass within 1e-5 (h and gates) and 1e-5 max(1, |c|) before storage, checked at every seam.
    Raises ValueError when the disk lacks the space or the size is past the limit (64 GiB).
    """
    spec = spec_of(run, text, query)
    folder = recordings_folder() / spec.key
    if (folder / MANIFEST).is_file():
        return Recording.open(folder)
    _check_space(recordings_folder(), bytes_needed(run, text, query))
    part = Path(tempfile.mkdtemp(dir=recordings_folder(), prefix=f".{spec.key}."))
    try:
        write_json(part / "vocabulary.json", {"splitter": run.vocabulary.splitter, "tokens": run.vocabulary.tokens})
        np.save(part / "tokens.npy", text.ids)
        kept = _kept(text.ids, run.vocabulary, query.positions)
        if query.positions != "all":
            np.save(part / "positions.npy", kept)

        def store(name: str, dtype: type, shape: tuple[int, ...]) -> NDArray[Any]:
            return np.lib.format.open_memmap(part / f"{name}.npy", mode="w+", dtype=dtype, shape=shape)

        exactness = _read(run.load_model(), text.ids, kept, spec, store, query.reader, report)[1]
        for path in part.iterdir():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
        files = inventory(part, sorted(path.name for path in part.iterdir()))
        stored = {"schema": SCHEMA, "spec": vars(spec), "exactness": exactness, "files": files}
        write_json(part / MANIFEST, stored)
        part.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Recording.open(folder)


def read(run: Run, text: Text, query: RecordQuery = RecordQuery(), *, model: LanguageModel | None = None) -> Recording:
    """The same in memory and in float32, for a short text that a person typed."""
    spec = spec_of(run, text, query)
    kept = _kept(text.ids, run.vocabulary, query.positions)
    arrays: dict[str, NDArray[Any]] = {}

    def store(name: str, dtype: type, shape: tuple[int, ...]) -> NDArray[Any]:
        arrays[name] = np.empty(shape, np.float32 if dtype is np.float16 else dtype)
        return arrays[name]

    signals, exactness = _read(model or run.load_model(), text.ids, kept, spec, store, query.reader, silent)
    return Recording(spec, run.vocabulary, text.ids, kept, arrays["probability"], signals, exactness)


def _kept(ids: NDArray[np.int32], vocabulary: Vocabulary, positions: str) -> NDArray[np.int64]:
    if positions == "all":
        return np.arange(len(ids))
    if positions == "none":
        return np.arange(0)
    blanks = [number for number, token in enumerate(vocabulary.tokens) if token in (" ", "\n")]
    return np.flatnonzero(np.isin(ids, blanks))


def _check_space(folder: Path, needed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if needed > MAX_BYTES:
        raise ValueError(
            f"this recording needs {needed / 2**30:.1f} GiB, the limit is {MAX_BYTES / 2**30:.0f}: "
            "choose a shorter span or fewer signals"
        )
    if needed + SPARE_BYTES > free:
        raise ValueError(
            f"this recording needs {needed / 2**30:.1f} GiB, {folder} has {free / 2**30:.1f} GiB free: "
            "choose a shorter span or fewer signals, or remove a recording"
        )


def _read(
    model: LanguageModel,
    ids: NDArray[np.int32],
    kept: NDArray[np.int64],
    spec: RecordingSpec,
    store: Callable[[str, type, tuple[int, ...]], NDArray[Any]],
    reader: Reader,
    report: Report,
) -> tuple[dict[tuple[str, int], NDArray[Any]], dict[str, Any]]:
    keys = [(signal, layer) for signal in spec.signals for layer in spec.layers]
    signals = {
        (s, k): store(f"{s}-{k}", np.float32 if s == "c" else np.float16, (spec.units, len(kept))) for s, k in keys
    }
    probability = store("probability", np.float32, (len(ids),))
    probability[:1] = np.nan
    with _threads(torch.get_num_threads()) as pool:
        streams = _Streams(model, ids, kept, signals, probability, report, pool)
        return signals, streams.parallel() if reader == "parallel" else streams.sequential()


@contextmanager
def _threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """Threads whose torch operations each stay on their own thread.

    Each reads a share of the streams. Sharing every operation out instead would cost a wake-up an operation, which for
    the small ones of a step is more than the work.
    """
    with ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        yield pool
    torch.set_num_threads(count)  # the initializer has changed what new threads get


class _Streams:
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
        self.readers = [SignalReader(model) for _ in range(1 if self.device.type != "cpu" else torch.get_num_threads())]
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


def corpus_text(run: Run, source: str = "", start: int = 0, count: int = 0) -> Text:
    """A span of a corpus or text file (the run's own corpus when `source` is empty) in the run's vocabulary.

    `count` 0 = to the end. Raises ValueError when the span lies outside the text.
    """
    own = run.config["corpus"]["name"]
    corpus = read_corpus(source or own, run.kind)
    ids = corpus.ids
    if corpus.vocabulary.tokens != run.vocabulary.tokens:
        ids = run.vocabulary.encode(corpus.vocabulary.decode(ids)).ids
    stop = start + count if count else len(ids)
    if not 0 <= start < stop <= len(ids):
        raise ValueError(f"span [{start:,}, {stop:,}) is not within the {len(ids):,} tokens of {corpus.name}")
    return Text(corpus.name, np.ascontiguousarray(ids[start:stop]), corpus.fingerprint, (start, stop))


def typed_text(run: Run, text: str) -> tuple[Text, Encoding]:
    """What a person typed, in the run's vocabulary; the encoding says which tokens were replaced."""
    encoding = run.vocabulary.encode(text)
    fingerprint = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return Text("your text", encoding.ids, fingerprint, (0, len(encoding.ids))), encoding


def evaluate(run: Run, corpus: Corpus, *, report: Report = silent, lead: int = 50_000) -> dict[str, Any]:
    """Score the validation split exactly as P4 says, and keep it as results/evaluation.json.

    One stream with the state carried in: reading starts `lead` tokens before the split (or at the text's start), far
    more than the model remembers. Losses in nats per token; halves are given because the book's end is harder.
    """
    if corpus.fingerprint != run.config["corpus"]["fingerprint"]:
        raise ValueError(f"{run.name} was made for another text than {corpus.name}: its fingerprint differs")
    start, stop = corpus.splits["validation"]
    begin = max(0, start - lead)
    text = Text(corpus.name, corpus.ids[begin:stop], corpus.fingerprint, (begin, stop))
    spec = spec_of(run, text, RecordQuery(positions="none"))
    arrays: dict[str, NDArray[Any]] = {}

    def store(name: str, dtype: type, shape: tuple[int, ...]) -> NDArray[Any]:
        return arrays.setdefault(name, np.empty(shape, dtype))

    exactness = _read(run.load_model(), text.ids, np.arange(0), spec, store, "parallel", report)[1]
    losses = -np.log(arrays["probability"][max(start, 1) - begin :].astype(np.float64))
    halves = np.array_split(losses, 2)
    measure = "bits_per_character" if run.kind == "char" else "perplexity"

    def scores(part: NDArray[np.float64]) -> dict[str, Any]:
        loss = float(part.mean())
        return {"loss": loss, measure: score_of(loss, run.kind), "tokens": len(part)}

    result = {
        "weights": run.fingerprint,
        "validation": scores(losses),
        "first_half": scores(halves[0]),
        "second_half": scores(halves[1]),
        "exactness": exactness,
    }
    write_json(run.folder / "results" / "evaluation.json", result)
    return result
