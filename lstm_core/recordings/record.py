"""Recording: every signal of a model over a whole text, exact and parallel in time, straight to memory maps."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from lstm_core.recordings.reader import Reader, Streams, Target, threads
from lstm_core.recordings.recording import Recording, RecordingSpec, recordings_folder
from lstm_core.recordings.writer import building, bytes_of, dtype_of, sound
from lstm_core.runs.card import write_card
from lstm_core.runs.cells import CELLS
from lstm_core.runs.model import LanguageModel
from lstm_core.runs.run import Run, score_of
from lstm_core.runs.settings import MEASURES
from lstm_core.storage.files import write_json
from lstm_core.storage.progress import Progress, silent
from lstm_core.storage.tiles import Tiles
from lstm_core.text.catalogue import RECIPES
from lstm_core.text.corpus import Corpus, Encoding, Vocabulary, fingerprint_of, read_corpus, split_text


@dataclass(frozen=True)
class RecordQuery:
    """What to record; empty `signals` or `layers` mean all. `positions` as in RecordingSpec."""

    signals: tuple[str, ...] = ()
    layers: tuple[int, ...] = ()
    positions: Literal["all", "whitespace", "none"] = "all"
    reader: Reader = "parallel"


@dataclass(frozen=True)
class Text:
    """Token ids with a name and the fingerprint of where they come from; `span` is their place in that source.

    `unknown` of them stand for tokens that the run's vocabulary does not have.
    """

    name: str
    ids: NDArray[np.int32]
    fingerprint: str
    span: tuple[int, int]
    unknown: int = 0


def spec_of(run: Run, text: Text, query: RecordQuery = RecordQuery()) -> RecordingSpec:
    """What the recording will be; raises ValueError for a signal or layer that the model does not have."""
    config = run.model_config
    known = CELLS[config.cell].signals
    signals = query.signals or known
    layers = query.layers or tuple(range(1, config.layers + 1))
    if unknown := set(signals) - set(known):
        raise ValueError(f"{config.cell} has signals {', '.join(known)}, not {sorted(unknown)[0]}")
    if outside := [layer for layer in layers if not 1 <= layer <= config.layers]:
        raise ValueError(f"the model has {config.layers} layers, the query asks for {outside[0]} (counted from 1)")
    if not len(text.ids):
        raise ValueError("the text is empty: there is nothing to read")
    ordered = tuple(signal for signal in known if signal in signals)
    return RecordingSpec(
        run=run.name,
        weights=run.fingerprint,
        text=text.name,
        text_fingerprint=text.fingerprint,
        span=text.span,
        cell=config.cell,
        units=config.hidden,
        signals=ordered,
        layers=tuple(sorted(set(layers))),
        positions=query.positions,
    )


def bytes_needed(run: Run, text: Text, query: RecordQuery = RecordQuery()) -> int:
    """Size of the recording on disk: 2 bytes a value, 4 for the cell state, in whole tiles."""
    spec = spec_of(run, text, query)
    return bytes_of(spec, len(text.ids), len(_kept(text.ids, run.vocabulary, query.positions)))


def record(run: Run, text: Text, query: RecordQuery = RecordQuery(), *, report: Progress = silent) -> Recording:
    """Read a text with a run and keep its signals on disk; an equal recording that is there already is opened, one that
    is damaged is made anew.

    Equal to the sequential pass within 1e-5 (h and gates) and 1e-5 max(1, |c|) before storage, checked at every seam.
    Raises ValueError when the disk lacks the space or the size is past the limit (64 GiB).
    """
    spec = spec_of(run, text, query)
    folder = recordings_folder() / spec.key
    made = sound(folder)
    if made is not None and np.array_equal(made.tokens, text.ids):
        return made  # else the same source was cut into tokens otherwise
    kept = _kept(text.ids, run.vocabulary, query.positions)
    with building(spec, bytes_of(spec, len(text.ids), len(kept))) as part:
        part.begin(run.vocabulary, text.ids, None if query.positions == "all" else kept)
        probability = part.probability(len(text.ids))

        def store(signal: str, layer: int) -> Tiles:
            return part.tiles(signal, layer, spec.units, len(kept))

        part.exactness = _read(run.load_model(), text, kept, spec, store, probability, query.reader, report=report)[1]
    return Recording.open(folder)


def read(run: Run, text: Text, query: RecordQuery = RecordQuery(), *, model: LanguageModel | None = None) -> Recording:
    """The same in memory and in float32, for a short text that a person typed."""
    spec = spec_of(run, text, query)
    kept = _kept(text.ids, run.vocabulary, query.positions)
    probability = np.empty(len(text.ids), np.float32)

    def store(signal: str, layer: int) -> NDArray[Any]:
        return np.empty((spec.units, len(kept)), np.float32)

    given = model or run.load_model()
    signals, exactness = _read(given, text, kept, spec, store, probability, query.reader, report=silent)
    return Recording(spec, run.vocabulary, text.ids, kept, probability, signals, exactness)


def _kept(ids: NDArray[np.int32], vocabulary: Vocabulary, positions: str) -> NDArray[np.int64]:
    if positions == "all":
        return np.arange(len(ids))
    if positions == "none":
        return np.arange(0)
    blanks = [number for number, token in enumerate(vocabulary.tokens) if token in (" ", "\n")]
    return np.flatnonzero(np.isin(ids, blanks))


def _read(
    model: LanguageModel,
    text: Text,
    kept: NDArray[np.int64],
    spec: RecordingSpec,
    store: Callable[[str, int], Target],
    probability: NDArray[np.float32],
    reader: Reader,
    report: Progress,
) -> tuple[dict[tuple[str, int], Target], dict[str, Any]]:
    signals = {(signal, layer): store(signal, layer) for signal in spec.signals for layer in spec.layers}
    probability[:1] = np.nan
    with threads(torch.get_num_threads()) as pool:
        streams = Streams(model, text.ids, kept, signals, probability, report, pool)
        exactness = streams.parallel() if reader == "parallel" else streams.sequential()
    return signals, {**exactness, "unknown_tokens": text.unknown}


def corpus_text(run: Run, source: str = "", start: int = 0, count: int = 0) -> Text:
    """A span of a corpus or text file (the run's own corpus when `source` is empty) in the run's vocabulary.

    `count` 0 = to the end. Another text is cut into tokens as its own corpus is: WikiText-2 and the Penn Treebank at
    their blanks, running text into words and marks; an imported run cuts running text as its own vocabulary says.
    Raises ValueError when the span lies outside the text, or no text is named for a run that has none.
    """
    corpus = read_corpus(run.source(source), run.kind)
    ids, unknown = corpus.ids, np.arange(0)
    splitter = run.vocabulary.splitter if run.imported and corpus.name not in RECIPES else corpus.vocabulary.splitter
    if corpus.vocabulary.tokens != run.vocabulary.tokens or splitter != corpus.vocabulary.splitter:
        whole = corpus if run.kind == "char" else read_corpus(corpus.name, "char")  # with the words that are rare in it
        tokens = split_text(whole.vocabulary.decode(whole.ids), splitter)
        encoding = run.vocabulary.encode_tokens(tokens)
        ids, unknown = encoding.ids, np.array(encoding.unknown, np.int64)
    stop = start + count if count else len(ids)
    if not 0 <= start < stop <= len(ids):
        raise ValueError(f"span [{start:,}, {stop:,}) is not within the {len(ids):,} tokens of {corpus.name}")
    replaced = int(((unknown >= start) & (unknown < stop)).sum())
    return Text(corpus.name, np.ascontiguousarray(ids[start:stop]), corpus.fingerprint, (start, stop), replaced)


def typed_text(run: Run, text: str) -> tuple[Text, Encoding]:
    """What a person typed, in the run's vocabulary; the encoding says which tokens were replaced."""
    encoding = run.vocabulary.encode(text)
    span = 0, len(encoding.ids)
    return Text("your text", encoding.ids, fingerprint_of(text), span, len(encoding.unknown)), encoding


def evaluate(run: Run, corpus: Corpus, *, report: Progress = silent, lead: int = 50_000) -> dict[str, Any]:
    """Score the validation split exactly as P4 says, and the test split where the corpus has one.

    Kept as results/evaluation.json. One stream with the state carried in: reading starts `lead` tokens before the
    validation split (or at the text's start), far more than the model remembers. Losses in nats per token; halves of
    the validation split are given because the book's end is harder.
    """
    if corpus.fingerprint != run.config["corpus"]["fingerprint"]:
        raise ValueError(f"{run.name} was made for another text than {corpus.name}: its fingerprint differs")
    start, stop = corpus.splits["validation"]
    after, end = corpus.splits.get("test", (stop, stop))
    begin, end = max(0, start - lead), end if after == stop else stop  # a test split that lies elsewhere is left out
    text = Text(corpus.name, corpus.ids[begin:end], corpus.fingerprint, (begin, end))
    spec = spec_of(run, text, RecordQuery(positions="none"))
    probability = np.empty(len(text.ids), np.float32)

    def store(signal: str, layer: int) -> NDArray[Any]:
        return np.empty((spec.units, 0), dtype_of(signal))

    exactness = _read(run.load_model(), text, np.arange(0), spec, store, probability, "parallel", report=report)[1]
    losses = -np.log(probability[max(start, 1) - begin :].astype(np.float64))
    losses, tested = np.split(losses, [stop - max(start, 1)])
    halves = np.array_split(losses, 2)
    measure = MEASURES[run.kind]

    def scores(part: NDArray[np.float64]) -> dict[str, Any]:
        loss = float(part.mean())
        return {"loss": loss, measure: score_of(loss, run.kind), "tokens": len(part)}

    result = {
        "weights": run.fingerprint,
        "validation": scores(losses),
        "first_half": scores(halves[0]),
        "second_half": scores(halves[1]),
        **({"test": scores(tested)} if len(tested) else {}),
        "exactness": exactness,
    }
    kept = run.results().get("evaluation", {})
    if "before_rounding" in kept:  # of a shipped run: cannot be measured again
        result["before_rounding"] = kept["before_rounding"]
    write_json(run.folder / "results" / "evaluation.json", result)
    write_card(run)
    return result


def score_text(run: Run, text: Text) -> dict[str, Any]:
    """How well a run predicts all of a text but its first token, read as one stream from a zero state.

    `loss` in nats per token and its perplexity or bits per character, to be compared with what another program says of
    the same model. Raises ValueError for a text of one token.
    """
    if len(text.ids) < 2:
        raise ValueError(f"{text.name} has {len(text.ids)} tokens, a score needs at least 2")
    losses = -np.log(read(run, text, RecordQuery(positions="none")).probability[1:].astype(np.float64))
    loss = float(losses.mean())
    return {
        "weights": run.fingerprint,
        "text": text.name,
        "loss": loss,
        MEASURES[run.kind]: score_of(loss, run.kind),
        "tokens": len(losses),
        "unknown_tokens": text.unknown,
    }


def own_corpus(run: Run) -> Corpus:
    """The corpus that a run was made with, in the run's own vocabulary; raises ValueError when it has none."""
    if not run.imported:
        return read_corpus(run.source(), run.kind)
    text = corpus_text(run)
    corpus = read_corpus(text.name, run.kind)
    splits = corpus.splits
    if len(text.ids) != len(corpus.ids):  # cut at other places
        boundary = len(text.ids) * 95 // 100
        splits = {"train": (0, boundary), "validation": (boundary, len(text.ids))}
    return replace(corpus, vocabulary=run.vocabulary, ids=text.ids, splits=splits)
