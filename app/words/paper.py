"""The paper's Table 3 with ours beside it, and what is known of words seen once or never."""

from collections.abc import Sequence

import streamlit as st

from app.clusters.tags import MEANINGS
from app.table import Column, Line, show
from lstm_core.word_vectors.rare_words import HeldOut, TagAgreement
from lstm_core.word_vectors.report import WordReport, plain

ENOUGH = 20  # words held out that a mean is shown of


def paper_table(report: WordReport, *, same_text: bool) -> None:
    """Fifteen words with their neighbours in the paper and here; `same_text`: both are of War and Peace."""
    st.subheader("The paper's fifteen words")
    rows: list[Line] = []
    for row in report.rows:
        theirs = {plain(word) for word in row.paper_neighbours}
        rows.append(
            {
                "word": row.word,
                "times here": row.counted,
                "in the paper": row.paper_counted,
                "nearest in the paper": ", ".join(row.paper_neighbours),
                "nearest here": ", ".join(one.word for one in row.neighbours) or "not in this text",
                "in both": ", ".join(one.word for one in row.neighbours if plain(one.word) in theirs),
            }
        )
    columns = [
        Column("word"),
        Column("times here", "whole", help="How often it stands in the text."),
        Column("in the paper", "whole", help="How often the paper counted it."),
        Column("nearest in the paper", width=30),
        Column("nearest here", width=30),
        Column("in both", width=16),
    ]
    show(rows, columns, key="embeddings-paper", alt="The paper's Table 3 beside the neighbours found here")
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
    rows: list[Line] = [
        {"guessed from": "the nearest words", "right": found.neighbours},
        {"guessed from": "its ending and whether it has a capital", "right": found.spelling},
        {"guessed from": f"nothing: always “{meaning}”", "right": found.majority},
    ]
    show(
        rows, [Column("guessed from"), Column("right", "share")], key="embeddings-once",
        alt="Parts of speech of words seen once, guessed in three ways",
    )  # fmt: skip


def _never(held_out: Sequence[HeldOut]) -> None:
    st.caption(
        "Words that training never read, spelled to the network: how near their own vector comes out (mean "
        "reciprocal rank: 1 is always first, 0.5 second)."
    )
    enough = [one for one in held_out if one.words >= ENOUGH]
    held: list[Line] = [
        {
            "read in": f"{one.contexts} place" + "s" * (one.contexts > 1),
            "words": one.words,
            "its own places": one.own,
            "other words' places": one.others,
            "by chance": one.chance,
        }
        for one in enough
    ]
    columns = [
        Column("read in"), Column("words", "whole", help="Those that stand in more places than that."),
        Column("its own places", "number", 2), Column("other words' places", "number", 2),
        Column("by chance", "number", 4),
    ]  # fmt: skip
    if held:
        show(held, columns, key="embeddings-never", alt="Reciprocal ranks of words that training never read")
    if few := [one for one in held_out if one.words < ENOUGH]:
        told = ", ".join(f"{one.words} in {one.contexts}" for one in few)
        st.caption(f"Too few words stand in more places than these to tell (words in places: {told}).")
