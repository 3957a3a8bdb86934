"""The vectors as files for other programs."""

from collections.abc import Callable, Iterator
from itertools import islice

import streamlit as st

from lstm_core.word_vectors.vectors import EmbeddingTable, projector_labels, projector_lines, word2vec_lines
from pages.word_vectors.source import Vectors

_FIXED = (
    " They are one fixed choice of states. What the benchmarks call best is chosen anew for each of them: the figures "
    "there are not those of this file."
)
SOME = 100  # lines by which a file's size is told


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
            ("word2vec text format", word2vec_lines, ".txt"),
            ("Projector: vectors", projector_lines, "-vectors.tsv"),
            ("Projector: words", projector_labels, "-words.tsv"),
        ):
            st.download_button(
                f"{label} ({_size(written, table)})", _content(written, table), f"{run}-{name}{ending}", "text/plain",
                key=f"embeddings-keep-{ending}", on_click="ignore",
            )  # fmt: skip
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
