"""Two sentences that a person types, tagged by every network, side by side."""

import sys
from collections.abc import Sequence
from importlib import import_module

import streamlit as st

from app.cached import cached
from app.components.table import percent, show, text
from app.controls import MAX_TYPED
from app.later import afterwards
from lstm_core.tagging.label_run import LabelRun
from lstm_core.tagging.tag import PAIRS, tag, words_of
from pages.tagging import frames
from pages.tagging.grid import grid

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


def with_torch() -> bool:
    """Whether networks can read already; where not, what draws them is loaded once the browser has drawn the rest."""
    if "torch" not in sys.modules:
        afterwards("Loading the networks …", lambda: import_module("torch"))
        return False
    return True


def typed() -> tuple[Words, Words]:
    """The fields for both sentences and the examples; what was typed, split into sentences of words."""
    examples = {f"{pair.first} / {pair.second}": pair for pair in PAIRS}
    columns = st.columns(2)
    boxes = ((columns[0], "First sentence", FIRST), (columns[1], "Second sentence", SECOND))
    starts = (PAIRS[0].first, PAIRS[0].second)
    found: list[Words] = []
    for (column, label, key), start in zip(boxes, starts, strict=True):
        text = column.text_input(label, start, key=key, max_chars=MAX_TYPED, bind="query-params") or ""
        found.append(words(text))
    with st.container(horizontal=True, gap="small"):
        for number, (title, pair) in enumerate(examples.items()):
            st.button(
                title, key=f"tagging-example-{number}", type="tertiary", on_click=_take, args=(pair.first, pair.second)
            )
    return found[0], found[1]


def _take(first: str, second: str) -> None:
    st.session_state[FIRST], st.session_state[SECOND] = first, second


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
    if not (first and second):
        one = [cached(tag)(first or second, run) for run in runs]
        nothing = frames.Differs(len(one[0].tokens), 0, (len(one[0].tokens),) * 2)
        shown, why = frames.tag_groups([one, one], nothing, names)[:1], ""
    else:
        where = frames.differs(flat(first), flat(second))
        pair = [[cached(tag)(text, run) for run in runs] for text in (first, second)]
        shown, why = frames.tag_groups(pair, where, names), ""
        if not where.any:
            why = "Both sentences are the same: change a word near the end of one."
        elif not where.before:
            why = "The sentences differ from their first word on: begin both alike to see what a later word changes."
    if why:
        st.text(why)
    elif first and second:
        moved = frames.moved_frame(pair, where, configs)
        ends = (_at(flat(first), where.before), _at(flat(second), where.before))
        st.text(frames.why_sentence(moved, ends, configs))
    grid(shown, names, corner="word", key="tagging-tags", alt="The tag of each word by every network")
    st.caption(
        "The darker a cell, the surer the network; the percentage is the probability that it gives to its tag. "
        "Outlined: "
        "the same word is tagged otherwise in the other sentence. A bar beside a word: here the sentences differ. "
        "Point at "
        "a cell for the next best tags."
    )
    if first and second and not why:
        st.subheader("What the later word changes before it")
        for example in PAIRS:
            if (first, second) == (cached(words_of)(example.first), cached(words_of)(example.second)):
                st.text(frames.example_sentence(example, pair, configs))
        alt = "By how much each network changes what it says of earlier words"
        show(moved, columns=_COLUMNS, key="tagging-moved", alt=alt)


def _at(tokens: Sequence[str], place: int) -> str:
    return tokens[place] if place < len(tokens) else "the end"
