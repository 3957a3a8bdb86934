"""How long a whole word map takes: from a run and its text to groups beside the thesis, part by part.

A run given by --run (of a named corpus or a text file), or a freshly initialised 2x96 word model over War and Peace,
which takes as long as a trained one. The text is read, the words are placed (t-SNE), joined by single and by Ward's
linkage, cut, counted, kept and read again. With --peer-words N scikit-learn's t-SNE and joining (what the thesis used)
place and join the first N of the same words and ours do too, since the library compares all pairs and needs minutes for
more. All below a folder of its own in $TMPDIR, so that no recording is at hand already. 18,000 words are a minute on
two free cores; --quick takes 2,000.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from machine import machine
from numpy.typing import NDArray

from lstm_core.claims.word_map import GROUPS, Maps, beside, grouped
from lstm_core.clusters.word_groups import summary
from lstm_core.clusters.word_map import WORD_MAPS, WordMapQuery, map_of, read_map, recording_for
from lstm_core.runs.model import build
from lstm_core.runs.run import Run
from lstm_core.runs.settings import PRESETS, ModelConfig
from lstm_core.runs.store import create_run, open_run
from lstm_core.stats.linkage import checked, joins
from lstm_core.stats.tsne import tsne
from lstm_core.text.corpus import read_corpus

R = TypeVar("R")
WAYS = ("single", "ward")


class Clock:
    """Seconds by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def time(self, name: str, work: Callable[[], R]) -> R:
        """What the work returns; its seconds are kept."""
        start = time.perf_counter()
        made = work()
        self.seconds[name] = round(time.perf_counter() - start, 3)
        return made


def fresh_run() -> Run:
    """The small word model of the sweep over War and Peace, before it learned anything."""
    preset = PRESETS["sweep"]
    corpus = read_corpus(preset.corpus, preset.kind)
    config = ModelConfig(len(corpus.vocabulary), **preset.model)
    run = create_run("fresh", corpus, config, preset.training)
    run.save_weights({name: value.detach().numpy() for name, value in build(config, 1).named_parameters()})
    return run


def mapped(run: Run, query: WordMapQuery) -> tuple[dict[str, Any], NDArray[np.floating]]:
    """Seconds of every part of a map, what it holds; and the words as vectors (P, U)."""
    clock = Clock()
    recording, first, count = clock.time("reading", lambda: recording_for(run, query))
    found = clock.time("placing", lambda: map_of(recording, query, first, count))
    joined = {way: clock.time(f"joining_{way}", lambda way=way: joins(found.places, checked(way))) for way in WAYS}
    labels = clock.time("cutting", lambda: joined["single"].cut_at_most(GROUPS))
    whole = clock.time("counting", lambda: summary(found, labels, "single", least=10))
    clock.time("beside_the_thesis", lambda: beside(Maps(h1=grouped(found))))
    clock.time("keeping", lambda: WORD_MAPS.keep(found))
    again = clock.time("reading_again", lambda: read_map(run, query))
    told = {
        "words": count,
        "different_words": len(found.types),
        "groups": whole["groups"],
        "largest_share": round(whole["largest_share"], 3),
        "seconds": clock.seconds,
        "whole_seconds": round(sum(clock.seconds.values()), 2),
        "read_again_the_same": again is not None and bool(np.array_equal(again.places, found.places)),
    }
    return told, recording.window(query.signal, query.layer, first, first + count).T


def with_peer(vectors: NDArray[np.floating], words: int) -> dict[str, Any]:
    """Seconds of ours and of scikit-learn's for the first words."""
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.manifold import TSNE

    clock, some = Clock(), np.ascontiguousarray(vectors[:words], dtype=np.float64)
    places = clock.time("ours_placing", lambda: tsne(some))
    theirs = TSNE(perplexity=30, init="pca", random_state=0)
    clock.time("peer_placing", lambda: theirs.fit_transform(some))
    groups = min(GROUPS, len(some))
    for way in WAYS:
        clock.time(f"ours_joining_{way}", lambda way=way: joins(places, checked(way)).cut(groups))
        peer = AgglomerativeClustering(groups, linkage=way)
        clock.time(f"peer_joining_{way}", lambda peer=peer: peer.fit(places))
    parts = ("placing", *(f"joining_{way}" for way in WAYS))
    ratios = {name: round(clock.seconds[f"peer_{name}"] / clock.seconds[f"ours_{name}"], 2) for name in parts}
    return {"words": len(some), "seconds": clock.seconds, "ratio": ratios}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", help="a run of words; a fresh 2x96 model over War and Peace when left out")
    parser.add_argument("--tokens", type=int, default=18_000)
    parser.add_argument("--signal", default="h")
    parser.add_argument("--layer", type=int, default=1)
    parser.add_argument("--peer-words", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="2,000 words")
    words = parser.parse_args()
    tokens = 2000 if words.quick else words.tokens
    given = open_run(words.run) if words.run else None
    result: dict[str, Any] = {"benchmark": "wordmap", "machine": machine()}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LSTM_HOME"] = str(Path(folder))
        run = given or fresh_run()
        shape = run.model_config.architecture
        result |= {"run": run.name, "model": shape, "signal": words.signal, "layer": words.layer}
        told, vectors = mapped(run, WordMapQuery(words.signal, words.layer, tokens).of(run))
        result |= told
        if words.peer_words:
            result["peer"] = with_peer(vectors, words.peer_words)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
