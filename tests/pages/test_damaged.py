"""Results that are cut short, of other types or of another program end no page and no other reader."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st

from lstm_core.clusters import states as clusters
from lstm_core.clusters.alternatives import COMPARISONS, Alternatives, Figures
from lstm_core.neurons import labels
from lstm_core.neurons.distributions import DISTRIBUTIONS, DistributionQuery, distributions, read_distributions
from lstm_core.neurons.label_search import FeatureBest, LabelQuery, Labels, UnitLabel
from lstm_core.recordings.record import RecordQuery, corpus_text, record
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.storage.arrays import load_arrays, save_arrays
from lstm_core.storage.files import write_json
from lstm_core.word_vectors.benchmark_scores import (
    PEERS,
    SCHEMA,
    SIMILARITY,
    Peer,
    Peers,
    SimilarityQuery,
    SimilarityResult,
    read_similarity,
)
from lstm_core.word_vectors.neighbours import Neighbour
from lstm_core.word_vectors.rare_words import HeldOut, TagAgreement
from lstm_core.word_vectors.report import PAPER_TYPES, REPORTS, TableRow, WordReport
from lstm_core.word_vectors.sample import WordSample, keep_sample
from lstm_core.word_vectors.similarity import Score, Stratum
from lstm_core.word_vectors.similarity import ScoreDifference as Pair
from tests.clusters_on_pages import book_clusters, book_run, book_text, planted  # noqa: F401 - fixtures
from tests.opened_pages import nothing_shipped, opened  # noqa: F401 - a fixture that is used by being here

WRONG: tuple[Any, ...] = (None, "x", -7, 10**9, float("inf"), [], {}, True, [1, 2], {"a": 1})
SHOWN = {
    "evaluation.json": ("home", "training"), "labels": ("home", "neurons"),
    "clusters": ("clusters",), "rivals-h.json": ("clusters",), "similarity": ("word_vectors",),
    "similarity-peers.json": ("word_vectors",), "words": ("word_vectors",),
}  # fmt: skip


@pytest.fixture(autouse=True)
def default_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.findings.DEFAULT_RUN", "small")


@pytest.fixture
def full(run: Run, text: str, made_once: Callable[..., None]) -> Run:
    """A run with results of every kind in its own folder."""
    made_once("results of every kind", lambda: keep_results(run, text))
    return open_run(run.name)


def keep_results(run: Run, text: str) -> None:
    recording = record(run, corpus_text(run, "book", 0, 300), RecordQuery())
    spec, weights, units = recording.spec, run.fingerprint, run.model_config.hidden
    results = run.folder / "results"
    part = {"loss": 1.0, "bits_per_character": 1.5, "tokens": 100}
    parts = dict.fromkeys(("validation", "first_half", "second_half", "before_rounding"), part)
    write_json(results / "evaluation.json", {"weights": weights, "exactness": {}, **parts})
    rows = tuple(UnitLabel(unit, "x", "x", "AUROC", 1, 0.9, 0.01, 5, 50, "", "", None, 0.5) for unit in range(units))
    best = FeatureBest("inside quotation marks", "", "AUROC", 5, 50, 3, 1, 0.9, 0.9, 0.01, 0.5)
    kept = Labels(
        "small", weights, spec.text, spec.text_fingerprint, spec.span, "all", LabelQuery("h", 2), "", rows, (best,)
    )
    labels.LABELS.keep(kept, run)
    made = planted(run, text)
    clusters.CLUSTERS.keep(made, run)
    points = np.arange(len(made.labels))
    clusters.keep_map(made, clusters.Map(points, np.zeros((len(points), 2), np.float32)), run)
    figures = tuple(Figures(name, 5, 0.1, 0.5, 0.4, 0.3, 1.0) for name in ("ours", "HDBSCAN, at least 50"))
    tables = ((1.0, 0.5),) * 2
    COMPARISONS.keep(Alternatives(made.query, weights, figures, tables, tables, (0.9,), 0.8, ()), run)
    scores = tuple(Score(name, 30, 20, 0.4, 0.1, 0.6, ("h",)) for name in ("MC-30", "RG-65"))
    strata = {one.task: (Stratum(1, 10, 5, 0.3), Stratum(10, None, 5, None)) for one in scores}
    own = run.config["corpus"]["fingerprint"]
    for kind in ("paper", "best"):
        query = SimilarityQuery(kind).of(run)  # type: ignore[arg-type]
        SIMILARITY.keep(SimilarityResult(query, "small", weights, own, 20, scores, strata), run)
    less = tuple(Pair(one.task, 20, 0.4, 0.3, 0.1, 0.0, 0.2) for one in scores)
    PEERS.keep(Peers("small", weights, (2,), (Peer("skip-gram", ("one",), scores, less),), SCHEMA), run)
    row = TableRow("old", 9, 9, 20, (Neighbour("the", 0.5, 9, 9),), ("young",), 0, 1, "JJ", 1)
    agreement = TagAgreement(50, 0.4, 0.3, 0.5, 0.2, "NN", 0.3, 5, 4)
    never = HeldOut(1, 9, 0.5, 0.1, 0.01)
    report = WordReport("small", weights, own, PAPER_TYPES, (row,), 20, 0.8, 0.6, agreement, (never,))
    REPORTS.keep(report, run)
    counts, means = np.ones((2, 3), np.int64), {("h", 2, "after"): np.eye(3, units, dtype=np.float32)}
    sample = WordSample("small", ("the", "a", "old"), *counts, np.zeros(3, np.int64), ("DT",), means, {}, 3)
    keep_sample(sample, run, run)


def places(stored: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where values stand in a document; of a list the first."""
    yield at
    if isinstance(stored, dict | list):
        for key in stored if isinstance(stored, dict) else range(min(1, len(stored))):
            yield from places(stored[key], (*at, key))


def changed(stored: Any, at: tuple[Any, ...], value: Any) -> Any:
    whole = {"": copy.deepcopy(stored)}
    inner: Any = whole
    for key in ("", *at)[:-1]:
        inner = inner[key]
    inner[("", *at)[-1]] = value
    return whole[""]


def damages(content: bytes, path: Path, count: int, rng: np.random.Generator) -> Iterator[bytes]:
    """What may have become of a file: cut short, of another kind, and where it is JSON single values of other types."""
    yield from (content[:length] for length in (0, len(content) // 2, len(content) - 2))
    yield b"\xff\x00\xfe"
    if path.suffix == ".json":
        stored = json.loads(content)
        every = [(at, value) for at in places(stored) for value in WRONG]
        for number in rng.permutation(len(every))[:count]:
            yield json.dumps(changed(stored, *every[number])).encode()


def files(run: Run, kind: str) -> list[Path]:
    found = run.folder / "results" / kind
    return [found] if found.is_file() else sorted(path for path in found.rglob("*") if path.is_file())


def shown(page: str) -> None:
    st.cache_data.clear()
    st.cache_resource.clear()
    opened(page, clusters_map_drawn="true", embeddings_word="old")


def test_sound_results_are_shown(full: Run) -> None:
    assert {path.name for path in (full.folder / "results").iterdir()} == SHOWN.keys()
    for page in ("home", "training", "neurons", "clusters", "word_vectors"):
        shown(page)


@pytest.mark.parametrize("kind", SHOWN)
def test_damaged_results_end_no_page(kind: str, full: Run) -> None:
    rng = np.random.default_rng(len(kind))
    for path in files(full, kind):
        content = path.read_bytes()
        for damaged in damages(content, path, 4, rng):
            path.write_bytes(damaged)
            for page in SHOWN[kind]:
                shown(page)
        path.unlink()
        path.mkdir()  # a folder in its place
        for page in SHOWN[kind]:
            shown(page)
        path.rmdir()
        path.write_bytes(content)


@pytest.mark.parametrize("span", [(0, 10**9), (-7, 20_000), (9, 3)])
def test_clusters_of_more_than_the_text_end_no_page(span: tuple[int, int], full: Run) -> None:
    (made,) = clusters.CLUSTERS.all(full)
    clusters.CLUSTERS.keep(replace(made, span=span), full)
    shown("clusters")


def test_benchmarks_apart_by_other_frequencies_are_none(full: Run) -> None:
    query = SimilarityQuery("best")
    made = read_similarity(full, query)
    assert made is not None
    for strata in ({**made.strata, "MC-30": (Stratum(7, 9, 5, 0.3),)}, {"MC-30": ()}):
        SIMILARITY.keep(replace(made, strata=strata), full)
        assert read_similarity(full, query) is None
        shown("word_vectors")


@pytest.mark.parametrize("name", ["total", "source"])
@pytest.mark.parametrize("value", ["", "{", "5", "[]", "null", '{"span": 3}', "-1", "1e999", "nan"])
def test_damaged_distributions_are_none(name: str, value: str, full: Run) -> None:
    recording = record(full, corpus_text(full, "book", 0, 300), RecordQuery(("h",), (2,)))
    query = DistributionQuery("h", 2)
    path = DISTRIBUTIONS.keep(distributions(recording, query), full)
    assert read_distributions(full, query) is not None
    arrays, notes = load_arrays(path)
    if (name, value) != ("total", "5"):
        save_arrays(path, arrays, {**{key: notes[key] for key in ("total", "source")}, name: value})
        assert read_distributions(full, query) is None
    path.write_bytes(path.read_bytes()[:-9])
    assert read_distributions(full, query) is None
