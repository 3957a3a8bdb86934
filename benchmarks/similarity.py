"""How near a run's word vectors come to human judgement beside word2vec and fastText of the gensim library.

All are made of the very same text. Every method's options are chosen by the same cross-fitting: ours the moments,
layers and adjustments, the library's its dimensions, windows and epochs with the same adjustments. Pairs of methods are
compared on the pairs of words that both have. Takes a quarter of an hour, most of it the library's, on a text of half
a million words; fewer options with --quick. With --scratch what the library found is kept, for a run that is not
trained yet or a benchmark that was stopped. Needs the benchmarks: `python -m lstm_core similarity --fetch`, or
$LSTM_DATA.
"""

import argparse
import hashlib
import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from gensim.models import FastText, Word2Vec
from machine import machine
from numpy.typing import NDArray

from lstm_core.runs.run import Run
from lstm_core.runs.store import list_runs, open_run
from lstm_core.text.corpus import read_corpus
from lstm_core.text.lexicon import MOMENTS, normal_form
from lstm_core.text.sentences import sentence_spans
from lstm_core.word_vectors.benchmark_scores import PEERS, SCHEMA, Peer, Peers, at_hand, peer
from lstm_core.word_vectors.benchmarks import PAPER as PAPER_SCORES
from lstm_core.word_vectors.benchmarks import Pairs
from lstm_core.word_vectors.neighbours import neighbours
from lstm_core.word_vectors.similarity import (
    adjusted,
    candidate_cosines,
    candidate_queries,
    cross_fit,
    judge,
    mean_rho,
    on_common_pairs,
    score,
)
from lstm_core.word_vectors.vectors import PAPER, EmbeddingQuery, EmbeddingTable, State, embeddings, state_means

WORD = re.compile(r"[^\W\d_]+(?:[’'][^\W\d_]+)*")
LONGEST = 10_000  # words of a sentence that the library reads
Candidates = tuple[list[str], list[NDArray[np.float64]]]  # names (C,), their cosines (C, N) of each benchmark


def sentences(text: str) -> list[list[str]]:
    """The text as lists of words, spelled as in our tables."""
    found = [[normal_form(word) for word in WORD.findall(text[start:stop])] for start, stop in sentence_spans(text)]
    return [words[at : at + LONGEST] for words in found for at in range(0, len(words), LONGEST)]


def ours(run: Run, layers: Sequence[int], benchmarks: Sequence[Pairs]) -> Candidates:
    """Our candidates."""
    states = EmbeddingQuery(layers=tuple(layers), moments=MOMENTS).states
    queries = candidate_queries(layers)
    means = state_means(run, states)
    return [query.title for query in queries], candidate_cosines(means, queries, benchmarks)


def library(
    kind: str, read: list[list[str]], options: Sequence[tuple[int, int, int]], benchmarks: Sequence[Pairs], workers: int
) -> Candidates:
    """Those of one method of the library."""
    tables: dict[State, EmbeddingTable] = {}
    for size, window, epochs in options:
        start = time.perf_counter()
        shape = {"vector_size": size, "window": window, "epochs": epochs, "min_count": 1, "seed": 1, "workers": workers}
        model = (FastText if kind == "fastText" else Word2Vec)(read, sg=int(kind != "CBOW"), **shape)
        words = tuple(model.wv.index_to_key)
        counts = np.array([model.wv.get_vecattr(word, "count") for word in words])
        name = f"{kind}, {size} values, window {window}, {epochs} epochs"
        vectors = np.asarray(model.wv.vectors, dtype=np.float32)
        tables[name, 1, "after"] = EmbeddingTable(name, words, counts, counts, vectors)
        print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
    plain = [EmbeddingQuery(name, (1,)) for name, _, _ in tables]
    queries = adjusted(plain)
    return [query.title for query in queries], candidate_cosines(tables, queries, benchmarks)


def library_kept(
    folder: Path,
    kind: str,
    read: list[list[str]],
    options: Sequence[tuple[int, int, int]],
    benchmarks: Sequence[Pairs],
    workers: int,
) -> Candidates:
    """Those of one method of the library, from a folder that holds what was found before."""
    about = [kind, options, [(pairs.name, len(pairs)) for pairs in benchmarks], len(adjusted([PAPER])), read]
    path = folder / f"{kind}-{hashlib.sha256(json.dumps(about).encode()).hexdigest()[:12]}.npz"
    if not path.is_file():
        names, cosines = library(kind, read, options, benchmarks, workers)
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(path, np.array(names), *cosines)
    with np.load(path, allow_pickle=False) as arrays:
        found = [arrays[name] for name in arrays.files]
    return found[0].tolist(), found[1:]


def judged_beside(name: str, method: Candidates, best: Candidates, benchmarks: Sequence[Pairs]) -> Peer:
    """A method's own scores, and ours beside it on common pairs; both cross-fitted each time."""
    common = [on_common_pairs(a, b) for a, b in zip(best[1], method[1], strict=True)]
    first, second = (
        cross_fit([pair[side] for pair in common], benchmarks, names) for side, (names, _) in enumerate((best, method))
    )
    alone = cross_fit(method[1], benchmarks, method[0])
    return peer(name, method[0], alone, list(zip(first, second, strict=True)))


def told(found: Peer) -> dict[str, Any]:
    """A peer's figures as one document, without the list of its options."""
    document = asdict(found)
    return {"mean": mean_rho(found.scores), "above": found.above, **document, "options": len(document.pop("options"))}


def query_milliseconds(words: int = 40_000, values: int = 512) -> float:
    """Median time of a neighbour query over a table of that size."""
    count = np.ones(words, dtype=np.int64)
    vectors = np.random.default_rng(0).normal(size=(words, values)).astype(np.float32)
    table = EmbeddingTable("random", tuple(f"w{n}" for n in range(words)), count, count, vectors)

    def times() -> Iterator[float]:
        for row in range(21):
            start = time.perf_counter()
            neighbours(table, f"w{row}")
            yield 1000 * (time.perf_counter() - start)

    return float(np.median(list(times())))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", default="war-and-peace-char")
    parser.add_argument("--layers", default="", help="of ours, for example 2,3; all when left out")
    parser.add_argument("--peers", default="skip-gram,CBOW,fastText", help="skip-gram:100+300:3:10+30 has its own grid")
    parser.add_argument("--dimensions", default="100,300")
    parser.add_argument("--windows", default="3,10")
    parser.add_argument("--epochs", default="5,30")
    parser.add_argument("--workers", type=int, default=1, help="threads of the library; with one it repeats itself")
    parser.add_argument("--quick", action="store_true", help="one set of options of the library: 100 values, 3, 5")
    parser.add_argument("--twin", action="store_true", help="also the untrained twin, which reads the whole text first")
    parser.add_argument("--scratch", type=Path, help="a folder that keeps what the library found")
    parser.add_argument("--corpus", default="", help="only read this text with the library, for --scratch")
    parser.add_argument("--with-run", action="store_true", help="keep the peers in the run's own folder, for the page")
    parser.add_argument("--json", action="store_true")
    words = parser.parse_args()
    benchmarks, missing = at_hand()
    print("\n".join(missing), file=sys.stderr)
    usual = [row.replace(",", "+") for row in (words.dimensions, words.windows, words.epochs)]
    corpus = read_corpus(words.corpus or open_run(words.run).config["corpus"]["name"], "char")
    read = sentences(corpus.vocabulary.decode(corpus.ids.tolist()))
    theirs: dict[str, Candidates] = {}
    for one in words.peers.split(","):
        kind, *own = one.split(":")
        grid = [[int(value) for value in row.split("+")] for row in own or usual]
        options = [(100, 3, 5)] if words.quick else list(product(*grid))
        arguments = kind, read, options, benchmarks, words.workers
        theirs[kind] = library_kept(words.scratch, *arguments) if words.scratch else library(*arguments)
    if words.corpus:
        return
    run = open_run(words.run)
    layers = [int(layer) for layer in words.layers.split(",") if layer] or list(range(1, run.model_config.layers + 1))

    start = time.perf_counter()
    plain = embeddings(run, PAPER)
    seconds = time.perf_counter() - start
    best = ours(run, layers, benchmarks)
    methods: dict[str, Candidates] = {}
    for twin in (other for other in list_runs() if words.twin and other.untrained_twin_of == run.name):
        methods["untrained twin"] = ours(twin, layers, benchmarks)
    found = [judged_beside(name, method, best, benchmarks) for name, method in (methods | theirs).items()]
    if words.with_run:
        print(PEERS.keep(Peers(run.name, run.fingerprint, tuple(layers), tuple(found), SCHEMA), run), file=sys.stderr)
    of_paper = [score(judge(plain, pairs)) for pairs in benchmarks]
    of_best = [score(judged) for judged in cross_fit(best[1], benchmarks, best[0])]
    result: dict[str, Any] = {
        **machine(),
        "run": run.name,
        "text": corpus.name,
        "running_words": sum(map(len, read)),
        "vectors_seconds": round(seconds, 1),
        "query_ms_40000x512": round(query_milliseconds(), 1),
        "paper's own corpus": {pairs.name: asdict(PAPER_SCORES[pairs.name][0]) for pairs in benchmarks},
        "ours, as the paper": {"mean": mean_rho(of_paper), "scores": [asdict(one) for one in of_paper]},
        "ours, best": {"mean": mean_rho(of_best), "scores": [asdict(one) for one in of_best]},
        "peers": {one.name: told(one) for one in found},
    }
    print(json.dumps(result) if words.json else json.dumps(result, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
