"""Which place of a text the page Probes asks about: a phrase that is typed, or a span that is selected; in the URL."""

import re
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from app.cached import cached
from app.controls import bound, tell
from lstm_core.probes.match import LONGEST, Span, places_of, tokens_of
from lstm_core.recordings.recording import Recording
from pages.probes import frames, strip

PHRASE, OCCURRENCE, PLACE, AT = "probes-phrase", "probes-occurrence", "probes-place", "probes-at"
_OF = "probes-of"  # the recording that the places are those of


@dataclass(frozen=True)
class ChosenSpan:
    """The span that is asked about, what stands there, as it is shown and as ids of tokens, and the spans of all places
    where the same stands.
    """

    span: Span
    phrase: str
    tokens: tuple[int, ...]
    spans: tuple[Span, ...]


def choice(recording: Recording) -> ChosenSpan | None:
    """The fields for a phrase, which of its places, and a span; None, and a hint, where they name no place."""
    if st.session_state.get(_OF, recording.fingerprint) != recording.fingerprint:  # another text, with other places
        st.session_state[PLACE], st.session_state[AT] = "", None
    st.session_state[_OF] = recording.fingerprint
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        phrase, which, back, forth, span, there = (st.container(width=width) for width in _WIDTHS)
    with span:
        selected = _selected(recording)
    with there:
        _go_to(recording)
    tokens = _tokens(recording, selected, phrase)
    if tokens is None:
        return None
    spans = places_of(recording, tokens)
    if not spans:
        st.info("The text that was read does not have this phrase.")
        return None
    with which:
        at = _which(spans, selected, recording.spec.span[0])
    for box, label, step, icon in ((back, "Previous", -1, "arrow_back"), (forth, "Next", 1, "arrow_forward")):
        box.button(
            label, key=f"probes-{label.lower()}", icon=f":material/{icon}:", disabled=not 0 <= at + step < len(spans),
            on_click=_step_to, args=(at + step, spans, recording.spec.span[0]),
        )  # fmt: skip
    shown = frames.shown(recording.text(*(selected or spans[at])), frames.in_words(recording))
    return ChosenSpan(selected or spans[at], shown, tokens, tuple(spans))


_WIDTHS: tuple[int | Literal["content"], ...] = (220, 150, "content", "content", 150, 180)


def looked_at(recording: Recording, asked: Span) -> int:
    """The step around which the text is shown: the one that was gone to, else the first of the span."""
    at = st.session_state.get(AT)
    first = recording.spec.span[0]
    return int(at) - first if at is not None and 0 <= int(at) - first < len(recording.tokens) else asked[0]


def select(recording: Recording, span: Span) -> None:
    """Make a span of steps what is asked about."""
    first = recording.spec.span[0]
    st.session_state[PLACE] = f"{first + span[0]}-{first + span[1]}"
    st.session_state[AT] = None


def go_to(recording: Recording, step: int) -> None:
    """Show the text around a step."""
    st.session_state[AT] = recording.spec.span[0] + step


def span_of(written: str, recording: Recording) -> Span:
    """The steps of a span as a person writes it, "120-124" in places of the whole text, its end left out.

    Raises ValueError where it is none, reversed, beyond what was read or longer than a strip.
    """
    found = re.fullmatch(r"\s*([0-9]{1,12})\s*[-–]\s*([0-9]{1,12})\s*", written)
    if not found:
        raise ValueError(f"{written[:80]!r} is not the first and the last place of a span, such as 120-124")
    start, stop = int(found[1]), int(found[2])
    first, last = recording.spec.span[0], recording.spec.span[0] + len(recording.tokens)
    if start >= stop:
        raise ValueError(f"the span {start:,}-{stop:,} ends before it begins: give the smaller number first")
    if start < first or stop > last:
        raise ValueError(f"the span {start:,}-{stop:,} is not within what was read, {first:,}-{last:,}")
    if stop - start > strip.width(recording):
        raise ValueError(
            f"the span {start:,}-{stop:,} has {stop - start:,} steps: choose at most {strip.width(recording)}"
        )
    return start - first, stop - first


def _selected(recording: Recording) -> Span | None:
    """The span that the field or the link names, None for the phrase."""
    written = st.text_input(
        "Span", key=PLACE, bind="query-params", max_chars=30, placeholder="click below",
        help="First place and end, for example 120-124. It is filled in when you select in the text below; empty: the "
        "phrase is asked about.",
    )  # fmt: skip
    if not written.strip():
        return None
    try:
        return span_of(written, recording)
    except ValueError as error:
        tell("This span cannot be asked about, so the phrase is.", error)
        return None


def _go_to(recording: Recording) -> None:
    first = recording.spec.span[0]
    st.number_input(
        "Go to place", first, first + max(len(recording.tokens) - 1, 0), None, key=AT, bind=bound(AT),
        placeholder="of the text", help="Shows the text there; what is asked about stays. Counted in the whole text.",
    )  # fmt: skip


def _tokens(
    recording: Recording, selected: Span | None, box: st.delta_generator.DeltaGenerator
) -> tuple[int, ...] | None:
    """What is looked for, as ids: the selected tokens, else the phrase."""
    if selected:
        st.session_state[PHRASE] = frames.plain(recording.text(*selected), frames.in_words(recording))[:LONGEST]
    typed = box.text_input(
        "A phrase of the text", cached(frames.first_phrase)(recording), max_chars=LONGEST + 1, key=PHRASE,
        bind="query-params", on_change=_anew,
    )  # fmt: skip
    if selected:
        return tuple(recording.tokens[slice(*selected)].tolist())
    if not typed.strip():
        st.caption("Type a word or more of the text, or select a span in it.")
        return None
    try:
        return tokens_of(recording, typed)
    except ValueError as error:
        tell("This phrase cannot be looked for.", error)
        return None


def _anew() -> None:
    """Another phrase was typed."""
    st.session_state[PLACE], st.session_state[AT], st.session_state[OCCURRENCE] = "", None, 1


def _which(spans: list[Span], selected: Span | None, first: int) -> int:
    """The number of the place, from 0; of a selected span the last one that does not begin behind it."""
    if selected:
        before = sum(start <= selected[0] for start, _ in spans)
        st.session_state[OCCURRENCE] = max(before, 1)
    elif st.session_state.get(OCCURRENCE, 1) > len(spans):
        st.session_state[OCCURRENCE] = len(spans)
    label = f"Which of {len(spans):,} places" if len(spans) > 1 else "Its only place"
    which = st.number_input(
        label, 1, len(spans), 1, key=OCCURRENCE, bind=bound(OCCURRENCE),
        on_change=lambda: _step_to(int(st.session_state[OCCURRENCE]) - 1, spans, first),
    )  # fmt: skip
    return min(max(int(which), 1), len(spans)) - 1


def _step_to(at: int, spans: list[Span], first: int) -> None:
    """Ask about another of the phrase's places: as a span where one was selected."""
    at = min(max(at, 0), len(spans) - 1)
    st.session_state[OCCURRENCE] = at + 1
    if st.session_state.get(PLACE):
        start, stop = spans[at]
        st.session_state[PLACE] = f"{first + start}-{first + stop}"
    st.session_state[AT] = None
