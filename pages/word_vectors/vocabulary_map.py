"""The commonest words on a plane, coloured by part of speech."""

import streamlit as st

from app.charts.draw import draw, draw_to_choose
from app.charts.maps import among, word_map
from lstm_core.word_vectors.neighbours import neighbours
from lstm_core.word_vectors.sample import WordSample
from lstm_core.word_vectors.vectors import EmbeddingQuery


@st.fragment
def on_a_map(sample: WordSample, titles: dict[str, str], queries: dict[str, EmbeddingQuery], word: str) -> None:
    """The map, drawn when asked for; `titles` name the definitions of vectors, `queries` tell them for the run."""
    st.subheader("The commonest words on a map")
    if not st.toggle("Draw the map", key="embeddings-map", bind="query-params", help="The page opens sooner without."):
        return
    names = {
        title: name for name, title in titles.items()
        if name in sample.places and sample.table(queries[name]) is not None
    }  # fmt: skip
    if not names:
        st.caption("The map is of other vectors: make them again.")
        return
    chosen = st.segmented_control(
        "Placed by", list(names), default=next(iter(names)), key="embeddings-map-by", bind="query-params", required=True
    )
    vectors = names[chosen or next(iter(names))]
    left, right = st.columns([3, 1])
    with left:
        alt = f"The {len(sample.words):,} commonest words by part of speech, like ones near each other"
        chosen_words = draw_to_choose(word_map(sample, vectors), key="embeddings-map-figure", alt=alt)
    rows = marked(sample, queries[vectors], word)
    if rows:
        with right:
            texts = [sample.words[row] for row in rows]
            alt = f"Where {texts[0]} and its nearest lie on the map"
            draw(among(sample.places[vectors], rows, texts[0], texts), key="embeddings-map-marked", alt=alt)
            st.caption("The word asked for, and its nearest among these.")
    st.caption(
        f"The {len(sample.words):,} commonest of {sample.total:,} words; near each other where their vectors are alike "
        "(t-SNE: who is whose neighbour can be trusted, distances between far groups cannot). Coloured by their "
        "commonest part of speech. Point at a dot to read it, draw around dots to list them."
    )
    if chosen_words:
        lines = {
            "word": [sample.words[row] for row in chosen_words],
            "times in the text": sample.counted[chosen_words],
            "part of speech": [sample.tags[row] for row in chosen_words],
        }
        st.dataframe(lines, hide_index=True, key="embeddings-map-words", alt="The words drawn around on the map")


def marked(sample: WordSample, query: EmbeddingQuery, word: str) -> tuple[int, ...]:
    """The rows of a word and of those of the sample nearest to it; none when it is not in the sample."""
    table = sample.table(query)
    row = table.row(word) if table is not None else None
    if table is None or row is None:
        return ()
    return (row, *(table.index[one.word] for one in neighbours(table, sample.words[row])))
