"""Vectors of other states: another signal, other layers, other moments of reading."""

import streamlit as st

from app.cached import machine_rate
from app.controls import bound, tell
from lstm_core.runs.cells import CELLS, SIGNALS
from lstm_core.runs.run import Run
from lstm_core.text.lexicon import MOMENTS
from lstm_core.word_vectors.sample import WordSample
from lstm_core.word_vectors.vectors import EmbeddingQuery
from pages.word_vectors.lookup import Asked, found, told
from pages.word_vectors.source import offer, vectors

_MOMENTS = {
    "before the word": "before",
    "right after it": "after",
    "after the next word": "next",
    "after the ten words at either side": "around",
    "after the five words at either side": "near",
    "after the hundred words at either side": "wide",
}
MOST_REMOVED = 50  # directions


def other_states(run: Run, asked: Asked, sample: WordSample | None) -> None:
    """The choice of states, and what the word asked for resembles by them; the offer to make what is not at hand."""
    with st.expander("Vectors of other states"):
        query = _choose(run)
        if query is None:
            st.caption("Choose at least one layer and one moment.")
            return
        try:
            have = vectors(run, query, sample)
        except ValueError as error:
            tell("These vectors cannot be made.", error)
            return
        if have is None:
            words = ["embed", "--signal", query.signal, "--layers", ",".join(map(str, query.layers))]
            words += ["--moments", ",".join(query.moments), "--", run.name]
            offer(run, words, "Make these vectors", machine_rate(), key="-".join(["states", *words[2:7:2]]))
            return
        if not asked.word:
            return
        try:
            near = found(run, have, asked)
        except ValueError as error:
            tell("This word cannot be looked up.", error)
            return
        told(have.counted(near, sample), asked, key="embeddings-near-others")
        if not have.whole:
            st.caption(f"Among the {len(have.table):,} commonest words.")


def _choose(run: Run) -> EmbeddingQuery | None:
    signals = {SIGNALS[signal].title: signal for signal in CELLS[run.model_config.cell].signals}
    layers = list(range(1, run.model_config.layers + 1))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        signal = st.selectbox(
            "Signal", list(signals), list(signals.values()).index("h"), key="embeddings-signal", bind="query-params",
            width=220,
        )  # fmt: skip
        chosen = st.pills(
            "Layers", layers, selection_mode="multi", default=layers[-1:], key="embeddings-layers", bind="query-params"
        )
        moments = st.pills(
            "Moments", list(_MOMENTS), selection_mode="multi", default=["right after it"], key="embeddings-moments",
            bind="query-params",
        )  # fmt: skip
        centred = st.toggle(
            "Take off what all words share", key="embeddings-centred", bind="query-params",
            help="The mean of all vectors, and as many directions of largest variance as chosen beside.",
        )  # fmt: skip
        removed = st.number_input(
            "Directions off", 0, MOST_REMOVED, 0, key="embeddings-removed", bind=bound("embeddings-removed"), width=140,
            disabled=not centred,
        )  # fmt: skip
        whitened = st.toggle(
            "Even out", key="embeddings-whitened", bind="query-params", disabled=not centred or removed > 0,
            help="Differences that a few strong ones would drown count as much as the rest (whitening).",
        )  # fmt: skip
    if not chosen or not moments:
        return None
    return EmbeddingQuery(
        signals[signal],
        tuple(sorted(int(layer) for layer in chosen)),
        tuple(moment for moment in MOMENTS if moment in {_MOMENTS[title] for title in moments}),
        centred,
        min(int(removed), run.model_config.hidden // 2) if centred else 0,
        bool(whitened and centred and not removed),
    ).of(run)
