"""A word and what the network thinks it resembles: known or spelled, by these or other states; analogies."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from app import cached
from app.components.table import number, share, show, text, whole
from app.components.tag_names import MEANINGS
from app.controls import one_of, tell, tried, whole_number
from lstm_core.runs.cells import CELLS, SIGNALS
from lstm_core.runs.run import Run
from lstm_core.text.catalogue import CorpusMissing
from lstm_core.text.lexicon import MOMENTS
from lstm_core.word_vectors.neighbours import Metric, Neighbour, NeighbourQuery, analogy, nearest, neighbours
from lstm_core.word_vectors.sample import WordSample
from lstm_core.word_vectors.vectors import EmbeddingQuery, EmbeddingTable
from pages.word_vectors.source import Vectors, offer, vectors

LONGEST = 60  # letters of a word that is typed
FIRST = ("soldier", "loved", "prince", "house", "man")  # a word to begin with, the first that the table has
CONTEXT = "They said that the _ was there, and nothing more."
ANALOGIES = (("prince", "princess", "man"), ("man", "woman", "boy"), ("go", "went", "come"))  # to begin with
METRICS: dict[str, Metric] = {"direction (cosine)": "cosine", "distance (Euclid)": "euclid"}
_MOMENTS = {
    "before the word": "before",
    "right after it": "after",
    "after the next word": "next",
    "after the ten words at either side": "around",
    "after the five words at either side": "near",
    "after the hundred words at either side": "wide",
}
MOST_REMOVED = 50  # directions


@dataclass(frozen=True)
class Asked:
    """What a person looks for: a word, one context or none for it, and how neighbours are told."""

    word: str
    context: str
    query: NeighbourQuery


def ask(table: EmbeddingTable) -> Asked:
    """The search box with its choices, each kept in the URL."""
    first = next((word for word in FIRST if table.row(word) is not None), table.words[0])
    left, middle, right = st.columns([3, 2, 3], vertical_alignment="bottom")
    word = left.text_input(
        "Any word, also one that you make up", first, key="embeddings-word", bind="query-params", max_chars=LONGEST
    )
    count = middle.segmented_control(
        "How many", (5, 10, 25), default=5, key="embeddings-count", bind="query-params", required=True
    )
    with right:
        about = "The direction of a vector, as in the paper, or its place."
        metric = one_of("Alike by", METRICS, "cosine", key="embeddings-metric", about=about)
    context = ""
    if word.strip() and table.row(word.strip()) is None:
        context = st.text_input(
            "A sentence for it, with _ where the word stands", "", key="embeddings-context", bind="query-params",
            max_chars=400, placeholder=CONTEXT,
            help="The network reads the word in it letter by letter. Without one it is read in 16 places of the text.",
        )  # fmt: skip
    return Asked(word.strip(), context.strip(), NeighbourQuery(int(count or 5), metric))


def found(run: Run, vectors: Vectors, asked: Asked) -> tuple[Neighbour, ...]:
    """The neighbours of the word, which is spelled to the model where the table lacks it.

    Raises ValueError for what is not one word, and where there is no text to read it in.
    """
    if vectors.table.row(asked.word) is not None:
        return neighbours(vectors.table, asked.word, asked.query)
    sentence = _sentence(run, vectors.table, asked)
    return nearest(vectors.table, cached.spelled(run, vectors.table, asked.word, sentence), asked.query)


def _sentence(run: Run, table: EmbeddingTable, asked: Asked) -> str:
    """What an unknown word is read in: the person's sentence, places of the text (""), ours where that is missing."""
    if asked.context:
        return asked.context
    try:
        cached.spelled(run, table, asked.word, "")
    except CorpusMissing:
        return CONTEXT
    return ""


def results(
    run: Run, kinds: Sequence[tuple[str, str, Vectors]], asked: Asked, sample: WordSample | None
) -> list[tuple[Neighbour, ...]]:
    """Draw the neighbours by each kind of vectors (title, explanation, vectors) side by side; and give them."""
    if not asked.word:
        st.caption("Type a word.")
        return []
    near = []
    for place, (title, explanation, of) in zip(st.columns(len(kinds)), kinds, strict=True):
        with place:
            st.markdown(f"**{title}**")
            st.caption(explanation)
            one = tried("This word cannot be looked up.", found, run, of, asked)
            near.append(one or ())
            if one is not None:
                told(one, asked, sample, key=f"embeddings-near-{title}")
    table = kinds[0][2].table
    row = table.row(asked.word)
    if row is None:
        if any(near):
            st.caption(_unknown(run, kinds[0][2], asked))
            if len(kinds) > 1:
                st.caption(
                    "Its surroundings are those of the places where it was put, not its own: the second table says "
                    "more of them than of the word."
                )
    else:
        st.caption(
            f"The word stands {table.counted[row]:,} times in the text; its vector is the mean of the "
            f"{table.averaged[row]:,} times that a blank follows it."
        )
    return near


def _unknown(run: Run, vectors: Vectors, asked: Asked) -> str:
    among = "among the words of the text" if vectors.whole else f"among the {len(vectors.table):,} words at hand"
    strange = sorted(set(asked.word) - set(run.vocabulary.tokens))
    sentence = _sentence(run, vectors.table, asked)
    where = "in your sentence" if asked.context else f"in “{sentence}”" if sentence else "in 16 places of the text"
    told = f"This word is not {among}: the network has read it {where}, letter by letter."
    if strange:
        told += f" {len(strange)} of its characters are unknown to the network and were read as something else."
    return told


_NEIGHBOURS = {
    "alike": share("The cosine: 100% is the same direction.", 0),
    "apart": number("The distance of both vectors: 0 is the same place.", 2),
    "times": whole("How often it stands in the text."),
    "kind": text("Its commonest part of speech in the text, where it is known."),
}


def told(near: Sequence[Neighbour], asked: Asked, sample: WordSample | None = None, *, key: str) -> None:
    """Neighbours as a table; the commonest part of speech of those that the sample knows."""
    value = "alike" if asked.query.metric == "cosine" else "apart"
    tags = dict(zip(sample.words, sample.tags, strict=True)) if sample else {}
    kinds = [MEANINGS.get(tags.get(one.word, ""), "").split(":")[0] for one in near]
    made = pd.DataFrame([(one.word, one.value, one.counted) for one in near], columns=["word", value, "times"])
    if any(kinds):
        made["kind"] = kinds
    alt = f"The {len(made)} words nearest to the one asked for, the nearest first"
    show(made, columns=_NEIGHBOURS, key=key, alt=alt)


def analogies(vectors: Vectors) -> None:
    """Three words whose fourth is looked for."""
    with st.expander("Analogies: is king to queen as man to woman?"):
        st.caption(
            "The difference between the first two words is added to the third. That works where vectors hold meaning; "
            "see how far these do."
        )
        words, table = [], vectors.table
        firsts = next((one for one in ANALOGIES if all(word in table.index for word in one)), table.words[:3])
        for place, label, first in zip(st.columns(3), ("As", "is to", "so is"), firsts, strict=True):
            key = f"embeddings-analogy-{label.split()[0].lower()}"
            words.append(place.text_input(label, first, key=key, bind="query-params", max_chars=LONGEST).strip())
        if not all(words):
            st.caption("Type three words.")
            return
        query = NeighbourQuery()
        near = tried("This analogy cannot be drawn.", analogy, table, words[0], words[1], words[2], query)
        if near is not None:
            told(near, Asked("", "", query), key="embeddings-analogy")


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
            offer(run, words, "Make these vectors", key="-".join(["states", *words[2:7:2]]))
            return
        near = tried("This word cannot be looked up.", found, run, have, asked) if asked.word else None
        if near is not None:
            told(near, asked, sample, key="embeddings-near-others")
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
        key = "embeddings-removed"
        removed = whole_number("Directions off", 0, MOST_REMOVED, 0, key=key, width=140, disabled=not centred)
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
        min(removed, run.model_config.hidden // 2) if centred else 0,
        bool(whitened and centred and not removed),
    ).of(run)
