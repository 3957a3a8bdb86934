"""Word maps set by hand on the text of a small run of words, and how tests of the page Word map read what it shows."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lstm_core.clusters.word_map import WORD_MAPS, WordMap, WordMapQuery
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.storage.files import write_json
from lstm_core.text.corpus import Corpus, keep_text, read_corpus

HOSTILE = '![x](http://example.invalid/y.png) <img/src="http://example.invalid/z.png"> **b** $x$'
CLASSES = (("the", "a"), ("he", "she", "it"), ("river", "house", "gate"), (",",), (".",))
CENTRES = np.array([(0, 0), (40, 0), (0, 40), (40, 40), (20, 90)])
COUNT = 400
QUERY = WordMapQuery(tokens=COUNT)


@pytest.fixture(name="book")
def small_book() -> Corpus:
    """1,200 words of a small stock, begun with Markdown and HTML."""
    chance = np.random.default_rng(4)
    stock = [word for words in CLASSES for word in words] + ["(", ")"]
    keep_text("book", f"{HOSTILE} {' '.join(chance.choice(stock, 1200))}\n".encode())
    return read_corpus("book", "word")


@pytest.fixture(name="run")
def book_run(small_run: Callable[..., Run], book: Corpus) -> Run:
    return small_run("mine", book, weights=True)


def class_of(word: str) -> int:
    return next((number for number, words in enumerate(CLASSES) if word in words), 0)


def planted(run: Run, query: WordMapQuery = QUERY, *, spread: float = 1.0) -> WordMap:
    """A map of the first words of a part of the run's text, each near the centre of its class."""
    book = read_corpus("book", "word")
    start, stop = book.span(query.split, query.tokens)
    tokens = [book.vocabulary.tokens[number] for number in book.ids[start:stop]]
    noise = np.random.default_rng(0).normal(size=(len(tokens), 2))
    places = CENTRES[[class_of(token) for token in tokens]] + spread * noise
    types, words = np.unique(tokens, return_inverse=True)
    return WordMap(
        query, run.name, run.fingerprint, "book", str(run.config["corpus"]["fingerprint"]), (start, stop),
        tuple(map(str, types)), words.astype(np.int32), places.astype(np.float32), 1.0,
    )  # fmt: skip


@pytest.fixture(name="found")
def kept_book_map(run: Run) -> WordMap:
    """The planted map of h of layer 1, as it is read again."""
    made = planted(run)
    WORD_MAPS.keep(made)
    return made


def keep_others(run: Run, *changes: dict[str, Any]) -> None:
    """Keep planted maps of other queries."""
    for change in changes:
        WORD_MAPS.keep(planted(run, replace(QUERY, **change)))


def figures_of(run: Run) -> Run:
    """The run as it is when its weights and vocabulary are left out."""
    config = run.config | {"figures_of": run.fingerprint}
    for name in ("weights.safetensors", "vocabulary.json", "manifest.json"):
        (run.folder / name).unlink(missing_ok=True)
    write_json(run.folder / "config.json", config)
    return open_run(run.name)


def canvas(app: AppTest) -> dict[str, Any]:
    """What the map is told, its arrays as arrays."""
    for part in app.get("bidi_component"):
        told = json.loads(part.proto.json)
        if "grid" in told:
            for name, kind in (("grid", "<u2"), ("words", "<u4"), ("groups", "<u2")):
                told[name] = np.frombuffer(base64.b64decode(told[name]), kind).astype(np.int64)
            return dict(told)
    raise AssertionError("there is no map on the page")
