"""Whole texts: what a hidden state represents there, whether a second direction helps, and a text of one's own."""

from collections.abc import Sequence

import streamlit as st

from app.cached import cached
from app.components.table import Columns, percent, share, show, text
from app.controls import MAX_TYPED
from lstm_core.tagging.classify import answer, classify
from lstm_core.tagging.label_run import LabelRun
from lstm_core.tagging.recorded import influence
from pages.tagging import frames, whole_frames
from pages.tagging.figures import kept_poolings
from pages.tagging.grid import grid
from pages.tagging.sentence import with_torch

EXAMPLE = (
    "The jury said on Friday that the mayor had not taken part in the election, and the council voted for a new one."
)
SHORT = ["The", "jury", "said", "it", "was", "over"]
MEANING = """
- **Forward**: the state after a word is a summary of the text so far, kept for one purpose: to name the kind of the
  whole text at the end. The **last** state has read all of it; the earlier ones only prepare it.
- **Backward**: the state at the *first* word has read all of it, from the end. The backward state at the *last* word
  has read that one word and nothing else: to judge by it adds next to nothing.
- **The mean** of all states lets every word have its say, also one that the last state has long forgotten.

So a second direction makes sense only where each direction is judged at *its own* end, or all states are; and since
the last forward state has read every word already, it has less to add than in tagging. How much, is a matter of
measuring:
"""
_COLUMNS: Columns = {
    "judged by": text(width=440),
    "right": share(),
    "from": percent("95 % interval of the mean over seeds."),
    "to": percent(),
}


def whole_texts(runs: Sequence[LabelRun]) -> None:
    """The question of the lecture notes in words and figures, and what classifiers say of a text."""
    st.subheader("Does it make sense to read a whole text both ways?")
    st.markdown(MEANING)
    found = kept_poolings()
    if found is None:
        st.caption("The figures are not at hand: restore models/classifiers from the program's files.")
    else:
        for sentence in answer(found):
            st.text(f"LSTM, {sentence}.")
        alt = "Right kinds by every kind of classifier"
        show(whole_frames.pooling_frame(found), columns=_COLUMNS, key="tagging-poolings", alt=alt)
        st.caption(
            f"Which of {found.classes} kinds a piece of {found.corpus} is of: {found.pieces['train']:,} pieces to "
            f"learn from, {found.pieces['test']:,} of other documents for the test, {len(found.seeds)} seeds. Whether "
            "sentences speak well or ill, the other common task, was not measured."
        )
    st.subheader("Your own text")
    if not runs:
        st.caption("No classifier is at hand.")
        return
    text = st.text_area("A passage", EXAMPLE, key="tagging-passage", max_chars=MAX_TYPED, bind="query-params") or ""
    text = frames.sound(text[:MAX_TYPED])
    if not text.strip():
        st.caption("Type at least one word.")
    elif with_torch():
        said = [(run.config, cached(classify)(text, run)) for run in runs]
        show(whole_frames.class_frame(said), key="tagging-classes", alt="The kinds of text that each guesses")
        _states(runs[-1])


def _states(run: LabelRun) -> None:
    """Which words each state of a classifier has read, measured; a bar marks those that have read all."""
    st.subheader("What each state has read")
    st.caption(
        f"Measured on a short text by the network “{frames.architecture(run.config)}”: how far the state at the word "
        "of a row moves when the word of a column is replaced by another. 0: it has not read that word. A bar marks "
        "the state that has read all: the last one forward, the first one backward."
    )
    found = cached(influence)(SHORT, run)
    for column, (way, moved) in zip(st.columns(2), found.items(), strict=False):
        with column:
            st.markdown(f"**{way.capitalize()}**")
            judged = len(SHORT) - 1 if way == "forward" else 0
            grid(
                [frames.influence_group(SHORT, moved, judged)], SHORT, corner="state at", key=f"tagging-whole-{way}",
                alt=f"How far each state read {way} depends on each word", numbers=True,
            )  # fmt: skip
