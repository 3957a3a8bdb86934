"""Two sentences that a person types, tagged by every network, side by side; the hidden states of one network over both,
direction by direction, and what each of them represents.
"""

import sys
from collections.abc import Sequence
from importlib import import_module

import numpy as np
import streamlit as st

from app.cached import cached
from app.components.table import percent, show, text
from app.controls import MAX_TYPED
from app.later import afterwards
from lstm_core.tagging.label_run import LabelRun
from lstm_core.tagging.recorded import SentenceStates, as_words_come, sentence_states
from lstm_core.tagging.tag import PAIRS, tag, words_of
from pages.tagging import frames
from pages.tagging.grid import block, grid, influence_grids, strips

FIRST, SECOND = "tagging-first", "tagging-second"
MOST_WORDS = 60  # of a sentence that are shown
_COLUMNS = {
    "moves": percent("The largest change of the probability of a tag, before the word that differs.", 2),
    "word": text("Where it changes most."),
    "as": text("The tag whose probability changes most."),
    "in the first": percent("How probable that tag is in the first sentence."),
    "in the second": percent("How probable it is in the second sentence."),
}

Words = list[list[str]]
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


def with_torch() -> bool:
    """Whether networks can read already; where not, what draws them is loaded once the browser has drawn the rest."""
    if "torch" not in sys.modules:
        afterwards("Loading the networks …", lambda: import_module("torch"))
        return False
    return True


def titled(runs: Sequence[LabelRun], start: int, *, key: str) -> LabelRun:
    """The choice of one network by its title."""
    titles = frames.titles_of(runs)
    title = st.selectbox("Network", titles, start, key=key, bind="query-params", width=320)
    return runs[titles.index(title)] if title in titles else runs[start]


def typed() -> tuple[Words, Words]:
    """The fields for both sentences and the examples; what was typed, split into sentences of words."""
    found: list[Words] = []
    boxes = (("First sentence", PAIRS[0].first, FIRST), ("Second sentence", PAIRS[0].second, SECOND))
    for column, (label, start, key) in zip(st.columns(2), boxes, strict=True):
        text = column.text_input(label, start, key=key, max_chars=MAX_TYPED, bind="query-params") or ""
        found.append(words(text))
    with st.container(horizontal=True, gap="small"):
        for number, pair in enumerate(PAIRS):
            title, taken = f"{pair.first} / {pair.second}", {FIRST: pair.first, SECOND: pair.second}
            take = st.session_state.update
            st.button(title, key=f"tagging-example-{number}", type="tertiary", on_click=take, args=(taken,))
    return found[0], found[1]


def words(text: str) -> Words:
    """A text as sentences of words, MOST_WORDS of its first MAX_TYPED letters; says what is left out."""
    if len(text) >= MAX_TYPED:
        st.caption(f"Only the first {MAX_TYPED:,} characters are read.")
    sentences = cached(words_of)(frames.sound(text[:MAX_TYPED]))
    count = sum(map(len, sentences))
    if count > MOST_WORDS:
        st.caption(f"The first {MOST_WORDS} of {count:,} words are read.")
    kept, left = [], MOST_WORDS
    for sentence in sentences:
        if left > 0:
            kept.append(sentence[:left])
            left -= len(kept[-1])
    return kept


def flat(text: Words) -> list[str]:
    """All words of a text."""
    return [word for sentence in text for word in sentence]


def sentences(runs: Sequence[LabelRun], first: Words, second: Words) -> None:
    """Tags of both texts by every network, and what the word that differs changes before it."""
    if not (first or second):
        st.caption("Type a sentence, a word will do.")
        return
    if not with_torch():
        return
    configs = [run.config for run in runs]
    names = frames.titles_of(runs)
    one, other = first or second, second or first
    where = frames.differs(flat(one), flat(other))
    pair = [[cached(tag)(text, run) for run in runs] for text in (one, other)]
    groups, moved = frames.tag_groups(pair, where, names), None
    if not (first and second):
        groups.popitem()
    elif not where.any:
        st.text("Both sentences are the same: change a word near the end of one.")
    elif not where.before:
        st.text("The sentences differ from their first word on: begin both alike to see what a later word changes.")
    else:
        moved = frames.moved_frame(pair, where, configs)
        ends = (_at(flat(first), where.before), _at(flat(second), where.before))
        st.text(frames.why_sentence(moved, ends, configs))
    grid(groups, names, corner="word", key="tagging-tags", alt="The tag of each word by every network")
    st.caption(
        "The darker a cell, the surer the network; the percentage is the probability that it gives to its tag. "
        "Outlined: the same word is tagged otherwise in the other sentence. A bar beside a word: here the sentences "
        "differ. Point at a cell for the next best tags."
    )
    if moved is not None:
        st.subheader("What the later word changes before it")
        for example in PAIRS:
            if (first, second) == (cached(words_of)(example.first), cached(words_of)(example.second)):
                st.text(frames.example_sentence(example, pair, configs))
        alt = "By how much each network changes what it says of earlier words"
        show(moved, columns=_COLUMNS, key="tagging-moved", alt=alt)


def _at(tokens: Sequence[str], place: int) -> str:
    return tokens[place] if place < len(tokens) else "the end"


def states(runs: Sequence[LabelRun], first: Words, second: Words) -> None:
    """Heat maps of the states, their difference, tags as the words come in, which words each state has read."""
    start = next((number for number, run in enumerate(runs) if run.name == "bilstm"), len(runs) - 1)
    run = titled(runs, start, key="tagging-network")
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
        "neuron: red above zero, blue below. The words come in from top to bottom; a state read backward came in from "
        "below."
    )
    where = frames.differs(read[0].tokens, read[-1].tokens)
    if where.any:
        for sentence in frames.state_sentences(read[0], read[-1], where):
            st.text(sentence)
    for way in read[0].states:
        st.markdown(f"**{WAYS[way]}**")
        blocks = [
            block(" ".join(part.tokens), part.tokens, part.states[way], where.places(number))
            for number, part in enumerate(read)
        ]
        if where.any and where.lengths[0] == where.lengths[1]:
            pairs = [a if a == b else f"{a}/{b}" for a, b in zip(read[0].tokens, read[1].tokens, strict=True)]
            apart = np.clip(read[1].states[way] - read[0].states[way], -1, 1)
            blocks.append(block("The second less the first", pairs, apart, where.places(0)))
        strips(blocks, key=f"tagging-states-{way}")
    if where.lengths[0] != where.lengths[1]:
        st.caption("The sentences have different numbers of words: their difference is told above, not drawn.")


def _coming(run: LabelRun, read: Sequence[SentenceStates]) -> None:
    st.subheader("The tags, as the words come in")
    st.caption(
        "Each row: what the network says when it has read that far and no further. Outlined: it changed its mind."
    )
    for number, part in enumerate(read):
        found = cached(as_words_come)(list(part.tokens), run)
        st.text(f"{' '.join(part.tokens)}: {frames.coming_sentence(found)}")
        alt = "Tags of the words read so far, a row for each further word"
        rows = frames.coming_rows(found)
        grid({"": rows}, part.tokens, corner="read so far", key=f"tagging-coming-{number}", alt=alt)


def _meaning(run: LabelRun, read: SentenceStates) -> None:
    st.subheader("What does each hidden state represent?")
    st.markdown(MEANING)
    st.caption(
        "Measured on the first sentence: how far the state at the word of a row moves when the word of a column is "
        "replaced by another (the neuron that moves most, from 0 to 2). A 0 is exactly nothing: the state has not read "
        "that word."
    )
    influence_grids(read.tokens, run, key="tagging-influence")
