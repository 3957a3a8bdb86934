"""The hidden states of one network over both sentences, direction by direction, and what each of them represents."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app.cached import cached
from lstm_core.tagging.label_run import LabelRun
from lstm_core.tagging.recorded import SentenceStates, as_words_come, influence, sentence_states
from pages.tagging import frames
from pages.tagging.choice import titled
from pages.tagging.grid import grid
from pages.tagging.sentence import Words, flat, with_torch
from pages.tagging.strips import Block, strips

MOST = 16  # words of which states are drawn
WAYS = {
    "forward": "Read forward: a state has seen its word and those before it",
    "backward": "Read backward: a state has seen its word and those after it",
}
MEANING = """
- **Forward** (left to right): the state after a word is the network's summary of the sentence *from its beginning up to
  that word*, kept for one purpose: to name this word's part of speech, and those of the words still to come. It
  cannot hold anything of what follows.
- **Backward** (right to left): the state at a word is a summary of the sentence *from its end back to that word*: what
  is to come.
- **A tagger that reads both ways** puts the two side by side, twice as many numbers, and so knows the word in its whole
  sentence. That is why only such a tagger can tell *early* before *birds* from *early* before *today*.
"""


def states(runs: Sequence[LabelRun], first: Words, second: Words) -> None:
    """Heat maps of the states, their difference, tags as the words come in, which words each state has read."""
    start = next((number for number, run in enumerate(runs) if run.name == "bilstm"), len(runs) - 1)
    run = titled(list(runs), frames.titles_of(runs), start, key="tagging-network")
    one, other = (first or [[]])[0][:MOST], (second or [[]])[0][:MOST]
    if not one and not other:
        st.caption("Type a sentence, a word will do.")
        return
    if len(flat(first)) > MOST or len(flat(second)) > MOST or len(first) > 1 or len(second) > 1:
        st.caption(f"States are drawn for the first sentence of each field, {MOST} words at most.")
    if not with_torch():
        return
    read = [cached(sentence_states)(words, run) for words in (one, other) if words]
    _maps(run, read)
    _coming(run, read)
    _meaning(run, read[0])


def _maps(run: LabelRun, read: Sequence[SentenceStates]) -> None:
    st.subheader("The states, word by word")
    st.caption(
        f"Each row is what the {run.config.hidden} neurons of one direction say after a word, one small field a "
        f"neuron: red "
        "above zero, blue below. The words come in from top to bottom; a state read backward came in from below."
    )
    where = frames.differs(read[0].tokens, read[-1].tokens)
    if len(read) == 2 and where.any:
        for sentence in frames.state_sentences(read[0], read[1], where):
            st.text(sentence)
    for way in read[0].states:
        st.markdown(f"**{WAYS[way]}**")
        blocks = [
            Block(
                " ".join(part.tokens), part.tokens, part.states[way], where.places(number) if where.any else frozenset()
            )
            for number, part in enumerate(read)
        ]
        if len(read) == 2 and where.lengths[0] == where.lengths[1] and where.any:
            pairs = [a if a == b else f"{a}/{b}" for a, b in zip(read[0].tokens, read[1].tokens, strict=True)]
            apart = np.clip(read[1].states[way] - read[0].states[way], -1, 1)
            blocks.append(Block("The second less the first", tuple(pairs), apart, where.places(0)))
        strips(blocks, key=f"tagging-states-{way}")
    if len(read) == 2 and where.lengths[0] != where.lengths[1]:
        st.caption("The sentences have different numbers of words: their difference is told above, not drawn.")


def _coming(run: LabelRun, read: Sequence[SentenceStates]) -> None:
    st.subheader("The tags, as the words come in")
    st.caption(
        "Each row: what the network says when it has read that far and no further. Outlined: it changed its mind."
    )
    for number, part in enumerate(read):
        found = cached(as_words_come)(list(part.tokens), run)
        st.text(f"{' '.join(part.tokens)}: {frames.coming_sentence(found)}")
        grid(
            [frames.coming_group(found)], part.tokens, corner="read so far", key=f"tagging-coming-{number}",
            alt="Tags of the words read so far, a row for each further word",
        )  # fmt: skip


def _meaning(run: LabelRun, read: SentenceStates) -> None:
    st.subheader("What does each hidden state represent?")
    st.markdown(MEANING)
    st.caption(
        "Measured on the first sentence: how far the state at the word of a row moves when the word of a column is "
        "replaced by another (the neuron that moves most, from 0 to 2). A 0 is exactly nothing: the state has not read "
        "that word."
    )
    words = list(read.tokens)
    found = cached(influence)(words, run)
    for column, (way, moved) in zip(st.columns(2), found.items(), strict=False):
        with column:
            st.markdown(f"**{way.capitalize()}**")
            grid(
                [frames.influence_group(words, moved)], words, corner="state at", key=f"tagging-influence-{way}",
                alt=f"How far each state read {way} depends on each word", numbers=True,
            )  # fmt: skip
