"""The paper's Table 3 with ours beside it, and what is known of words seen once or never."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.components.table import number, share, show, text, whole
from app.components.tag_names import MEANINGS
from lstm_core.word_vectors.rare_words import HeldOut, TagAgreement
from lstm_core.word_vectors.report import WordReport, plain

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
    held = pd.DataFrame(
        {
            "read in": f"{one.contexts} place" + "s" * (one.contexts > 1),
            "words": one.words,
            "its own places": one.own,
            "other words' places": one.others,
            "by chance": one.chance,
        }
        for one in enough
    )
    if enough:
        alt = "Reciprocal ranks of words that training never read"
        show(held, columns=_NEVER, key="embeddings-never", alt=alt)
    if few := [one for one in held_out if one.words < ENOUGH]:
        told = ", ".join(f"{one.words} in {one.contexts}" for one in few)
        st.caption(f"Too few words stand in more places than these to tell (words in places: {told}).")
