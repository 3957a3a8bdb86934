"""The commonest words on a plane by part of speech; the paper's Table 3 beside ours; words seen once or never."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.charts.draw import draw, draw_to_choose
from app.charts.maps import among, word_map
from app.components.table import number, share, show, text, whole
from app.components.tag_names import MEANINGS
from lstm_core.storage.frames import frame_of
from lstm_core.word_vectors.neighbours import neighbours
from lstm_core.word_vectors.rare_words import HeldOut, TagAgreement
from lstm_core.word_vectors.report import WordReport, plain
from lstm_core.word_vectors.sample import WordSample
from lstm_core.word_vectors.vectors import EmbeddingQuery

ENOUGH = 20  # words held out that a mean is shown of
_WORDS = {
    "word": text(width=120),
    "times here": whole("How often it stands in the text."),
    "in the paper": whole("How often the paper counted it."),
    "nearest in the paper": text(width=330),
    "nearest here": text(width=330),
    "in both": text(width=200),
}
_NEVER = {
    "words": whole("Those that stand in more places than that."),
    "its own places": number(digits=2),
    "other words' places": number(digits=2),
    "by chance": number(digits=4),
}


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
        lines = sample.frame().loc[chosen_words, ["words", "counted", "tags"]]
        lines = lines.set_axis(["word", "times in the text", "part of speech"], axis=1)
        st.dataframe(lines, hide_index=True, key="embeddings-map-words", alt="The words drawn around on the map")


def marked(sample: WordSample, query: EmbeddingQuery, word: str) -> tuple[int, ...]:
    """The rows of a word and of those of the sample nearest to it; none when it is not in the sample."""
    table = sample.table(query)
    row = table.row(word) if table is not None else None
    if table is None or row is None:
        return ()
    return (row, *(table.index[one.word] for one in neighbours(table, sample.words[row])))


def paper_table(report: WordReport, *, same_text: bool) -> None:
    """Fifteen words with their neighbours in the paper and here; `same_text`: both are of War and Peace."""
    st.subheader("The paper's fifteen words")
    alt = "The paper's Table 3 beside the neighbours found here"
    show(paper_frame(report), columns=_WORDS, key="embeddings-paper", alt=alt)
    there = [row for row in report.rows if row.neighbours]
    if not same_text:
        st.caption(
            "The paper's counts and neighbours are of War and Peace, this model read another text: few can be the same."
        )
    st.caption(
        f"{sum(row.overlap for row in there)} of {sum(len(row.neighbours) for row in there)} neighbours are the "
        f"paper's own. Of {report.drawn:,} words drawn at random {report.same_tag:.0%} of the neighbours are the same "
        f"part of speech; {report.by_euclid:.0%} of them are found by distance as well as by direction."
    )


def paper_frame(report: WordReport) -> pd.DataFrame:
    """The words of the paper's Table 3, one a row."""
    theirs = [{plain(word) for word in row.paper_neighbours} for row in report.rows]
    return pd.DataFrame(
        {
            "word": row.word,
            "times here": row.counted,
            "in the paper": row.paper_counted,
            "nearest in the paper": ", ".join(row.paper_neighbours),
            "nearest here": ", ".join(one.word for one in row.neighbours) or "not in this text",
            "in both": ", ".join(one.word for one in row.neighbours if plain(one.word) in known),
        }
        for row, known in zip(report.rows, theirs, strict=True)
    )


def once_and_never(report: WordReport) -> None:
    """How much is known of a word from one place, or from its letters alone; nothing of a text without such words."""
    if report.agreement is None and not report.held_out:
        return
    st.subheader("Words seen once, words never seen")
    left, right = st.columns(2)
    if report.agreement is not None:
        with left:
            _once(report.agreement)
    if report.held_out:
        with right:
            _never(report.held_out)


def _once(found: TagAgreement) -> None:
    st.caption(
        f"{found.words:,} words stand only once in the text. Their part of speech, guessed from the nearest words, "
        "is right for:"
    )
    meaning = MEANINGS.get(found.majority_tag, found.majority_tag).split(":")[0]
    right = {
        "the nearest words": found.neighbours,
        "its ending and whether it has a capital": found.spelling,
        f"nothing: always “{meaning}”": found.majority,
    }
    made = pd.DataFrame(right.items(), columns=["guessed from", "right"])
    alt = "Parts of speech of words seen once, guessed in three ways"
    show(made, columns={"right": share()}, key="embeddings-once", alt=alt)


def _never(held_out: Sequence[HeldOut]) -> None:
    st.caption(
        "Words that training never read, spelled to the network: how near their own vector comes out (mean "
        "reciprocal rank: 1 is always first, 0.5 second)."
    )
    enough = [one for one in held_out if one.words >= ENOUGH]
    if enough:
        held = frame_of(enough).set_axis(["read in", *_NEVER], axis=1)
        held["read in"] = [f"{one.contexts} place" + "s" * (one.contexts > 1) for one in enough]
        alt = "Reciprocal ranks of words that training never read"
        show(held, columns=_NEVER, key="embeddings-never", alt=alt)
    if few := [one for one in held_out if one.words < ENOUGH]:
        told = ", ".join(f"{one.words} in {one.contexts}" for one in few)
        st.caption(f"Too few words stand in more places than these to tell (words in places: {told}).")
