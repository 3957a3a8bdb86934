"""Which vectors are at hand for a run: of all words of its text or the commonest; to make others; to keep them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import streamlit as st

from app.cached import corpus, machine_rate, sample_vectors, word_vectors
from app.components.table import download
from app.controls import tried
from app.work import at_work, last_attempt, start_button
from lstm_core.runs.cost import LOADING, duration, reading_seconds
from lstm_core.runs.run import Run
from lstm_core.storage.files import home
from lstm_core.word_vectors import vectors as formats
from lstm_core.word_vectors.benchmark_scores import PEERS, Peers, SimilarityQuery, SimilarityResult, read_similarity
from lstm_core.word_vectors.sample import WordSample
from lstm_core.word_vectors.vectors import EmbeddingQuery, EmbeddingTable

_FIXED = (
    " They are one fixed choice of states. What the benchmarks call best is chosen anew for each of them: the figures "
    "there are not those of this file."
)
SOME = 100  # lines by which a file's size is told


@dataclass(frozen=True, eq=False)
class Vectors:
    """Vectors as the page has them: `whole` where every word of the text is among them."""

    table: EmbeddingTable
    whole: bool


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


def offer(run: Run, words: list[str], label: str, *, key: str) -> None:
    """Offer the verb `words` that makes what is missing, or draw its progress."""
    folder = home() / "words" / "jobs" / f"{key}-{run.fingerprint[:20]}"
    if at_work(folder, f"words-{key}"):
        return
    text = tried("The text that the vectors are made of is not at hand.", corpus, run.config["corpus"]["name"], "char")
    if text is None:
        return
    last_attempt(folder)
    seconds = LOADING + reading_seconds(run.model_config, len(text.ids), machine_rate())
    st.caption(
        f"The model reads all {len(text.ids):,} characters of {text.title} for it: about {duration(seconds)} on this "
        "machine, less where it has read them before. The work goes on when this page is closed; what it makes is kept."
    )
    start_button(label, folder, words, f"words-{key}-go")


def downloads(kinds: dict[str, tuple[str, Vectors]], run: str) -> None:
    """Buttons for word2vec's text format and for the projector's pair of files, made when they are clicked.

    `kinds`: a title and the vectors by the name of their definition.
    """
    st.subheader("To keep")
    titles = {title: name for name, (title, _) in kinds.items()}
    chosen = st.segmented_control(
        "Vectors", list(titles), default=next(iter(titles)), key="embeddings-keep", bind="query-params", required=True
    )
    name = titles[chosen or next(iter(titles))]
    vectors = kinds[name][1]
    table = vectors.table
    with st.container(horizontal=True):
        for label, written, ending in (
            ("word2vec text format", formats.word2vec_lines, ".txt"),
            ("Projector: vectors", formats.projector_lines, "-vectors.tsv"),
            ("Projector: words", formats.projector_labels, "-words.tsv"),
        ):
            told, file = f"{label} ({_size(written, table)})", f"{run}-{name}{ending}"
            download(told, _content(written, table), file, key=f"embeddings-keep-{ending}", kind="text/plain")
    st.caption(
        f"{len(table):,} words of {table.vectors.shape[1]:,} values"
        + ("." if vectors.whole else ", the commonest of the text: make the vectors of all words for more.")
        + (_FIXED if name == "best" else "")
        + " The first opens in gensim and other programs, the other two in the TensorBoard projector."
    )


def _size(written: Callable[[EmbeddingTable], Iterator[str]], table: EmbeddingTable) -> str:
    """About how large the file is, by its first lines: all of it is made only when it is asked for."""
    first = [len(line.encode()) for line in islice(written(table), SOME)]
    size = sum(first) / len(first) * len(table)
    return f"{size / 1e6:.0f} MB" if size >= 1e6 else f"{max(size / 1e3, 1):.0f} kB"


def _content(written: Callable[[EmbeddingTable], Iterator[str]], table: EmbeddingTable) -> Callable[[], str]:
    return lambda: "".join(written(table))
