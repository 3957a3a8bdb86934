"""Clusterings set by hand on the text of a small run, and how tests of the page Clusters read what it shows."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lstm_core.clusters import states as clusters
from lstm_core.clusters.states import NOISE, Clustering, ClusterQuery
from lstm_core.runs.run import Run
from lstm_core.text.corpus import keep_text, read_corpus
from tests.opened_pages import table_with

HOSTILE = "![x](http://example.invalid/y.png)**b** he <b>said</b> $x$ "
TAGS = ("DT", "JJ", "MD", "NN", "PRP", "VB", "VBD", ",", ".")
TAG_OF = {
    "the": "DT", "a": "DT", "old": "JJ", "green": "JJ", "would": "MD", "could": "MD", "should": "MD", "river": "NN",
    "house": "NN", "he": "PRP", "she": "PRP", "go": "VB", "said": "VBD", ",": ",", ".": ".",
}  # fmt: skip
GROUPS = [("the",), ("would", "could", "should"), (",", "."), (), ("old", "river", "go")]  # () = line breaks


@pytest.fixture(name="text")
def book_text() -> str:
    """2,400 words of a small stock with commas, full stops, line breaks and Markdown."""
    chance = np.random.default_rng(4)
    words = [word for word in TAG_OF if word not in ",."]
    told = []
    for number in range(2400):
        word = str(chance.choice(words))
        told.append(word + ("" if number % 7 else ",") + ("\n" if number % 9 == 0 else " "))
    return HOSTILE + "".join(told)


@pytest.fixture(name="run")
def book_run(small_run: Callable[..., Run], text: str) -> Run:
    keep_text("book", text.encode())
    return small_run("small", read_corpus("book", "char"), weights=True)


def planted(run: Run, text: str, signal: str = "h", groups: Sequence[Sequence[str]] = GROUPS) -> Clustering:
    """Blanks in groups by the word before; those after words of no group are noise."""
    corpus = read_corpus("book", "char")
    positions = np.array([place for place, character in enumerate(text) if character.isspace()], np.int64)
    words, labels, tags = [], [], []
    for place in positions.tolist():
        start = place
        while start and not text[start - 1].isspace():
            start -= 1
        word = text[start:place]
        if word.endswith(","):
            start, word = place - 1, ","
        words.append((start, place))
        tags.append(TAGS.index(TAG_OF[word]) if word in TAG_OF else NOISE)
        group = next((number for number, group in enumerate(groups) if word in group), NOISE)
        labels.append(groups.index(()) if text[place] == "\n" and () in groups else group)
    query = ClusterQuery(signal=signal).of(run)
    return Clustering(
        query, run.name, run.fingerprint, "book", corpus.fingerprint, (0, len(text)), positions,
        np.array(labels, np.int32), np.linspace(0, 1, len(labels)).astype(np.float32), np.full(len(groups), 0.3),
        np.array(words), np.array(tags, np.int16), TAGS,
    )  # fmt: skip


@pytest.fixture(name="found")
def book_clusters(run: Run, text: str) -> Clustering:
    """The clustering of the hidden state, kept."""
    made = planted(run, text)
    clusters.CLUSTERS.keep(made)
    return made


def words_in(found: Clustering, text: str, group: int) -> list[str]:
    return [text[a:b] for (a, b), label in zip(found.words.tolist(), found.labels.tolist(), strict=True)
            if label == group]  # fmt: skip


def table_of(app: AppTest) -> Any:
    return table_with(app, "commonest words")


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def shown_lines(app: AppTest, which: int = 0) -> list[dict[str, str]]:
    """The lines of the concordances on the page."""
    told = [json.loads(part.proto.json) for part in app.get("bidi_component")]
    return [one["lines"] for one in told if "lines" in one][which]
