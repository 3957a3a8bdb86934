"""Which vectors are at hand for a run: those of all words of its text, or of the commonest, which come with it."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from app.cached import corpus, sample_vectors, word_vectors
from app.controls import tell
from app.work import at_work, last_attempt, start_button
from lstm_core.runs.cost import LOADING, duration, reading_seconds
from lstm_core.runs.run import Run
from lstm_core.storage.files import home
from lstm_core.word_vectors.benchmark_scores import PEERS, Peers, SimilarityQuery, SimilarityResult, read_similarity
from lstm_core.word_vectors.neighbours import Neighbour
from lstm_core.word_vectors.sample import WordSample
from lstm_core.word_vectors.vectors import EmbeddingQuery, EmbeddingTable


@dataclass(frozen=True, eq=False)
class Vectors:
    """Vectors as the page has them: `whole` where every word of the text is among them."""

    table: EmbeddingTable
    whole: bool

    def counted(self, found: tuple[Neighbour, ...], sample: WordSample | None) -> pd.DataFrame:
        """Neighbours: word, value, how often it stands in the text, part of speech if known."""
        tags = dict(zip(sample.words, sample.tags, strict=True)) if sample else {}
        rows = [(one.word, one.value, one.counted, tags.get(one.word, "")) for one in found]
        return pd.DataFrame(rows, columns=["word", "value", "times", "tag"])


def vectors(run: Run, query: EmbeddingQuery, sample: WordSample | None, *, whole: bool = True) -> Vectors | None:
    """The vectors of a query (`EmbeddingQuery.of`): of all words where they are kept and may be (`whole`), else of the
    sample, else None. Raises ValueError for more directions off than the words have."""
    kept = word_vectors(run, query) if whole else None
    if kept is not None:
        return Vectors(kept, True)
    table = sample_vectors(run, sample, query) if sample else None
    return Vectors(table, False) if table is not None else None


@dataclass(frozen=True)
class Judgements:
    """What benchmarks say: of the paper's vectors of a run, of its best, of other methods on the same text."""

    paper: SimilarityResult | None
    best: SimilarityResult | None
    peers: Peers | None


def judgements(run: Run) -> Judgements:
    """What is kept of a run; raises ValueError for one without a text of its own."""
    paper, best = (read_similarity(run, SimilarityQuery(kind)) for kind in ("paper", "best"))  # type: ignore[arg-type]
    return Judgements(paper, best, PEERS.read(run))


# What is not at hand --------------------------------------------------------------------------------------------------


def offer(run: Run, words: list[str], label: str, rate: float, *, key: str) -> None:
    """Offer the verb `words` that makes what is missing, or draw its progress; `rate` as of `cost.matrix_rate`."""
    folder = home() / "words" / "jobs" / f"{key}-{run.fingerprint[:20]}"
    if at_work(folder, f"words-{key}"):
        return
    try:
        text = corpus(run.config["corpus"]["name"], "char")
    except ValueError as error:
        tell("The text that the vectors are made of is not at hand.", error)
        return
    last_attempt(folder)
    seconds = LOADING + reading_seconds(run.model_config, len(text.ids), rate)
    st.caption(
        f"The model reads all {len(text.ids):,} characters of {text.title} for it: about {duration(seconds)} on this "
        "machine, less where it has read them before. The work goes on when this page is closed; what it makes is kept."
    )
    start_button(label, folder, words, f"words-{key}-go")
