"""What the page Probes asks about, in the URL: when a neuron counts as on, and which place of a text, a phrase that is
typed or a span that is selected.
"""

import re
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from app.cached import cached, on_sets
from app.controls import bound, tell
from lstm_core.probes.active import RULES, OnQuery, OnSets, Rule
from lstm_core.probes.match import LONGEST, Span, places_of, tokens_of
from lstm_core.recordings.recording import Recording
from lstm_core.runs.cells import SIGNALS
from pages.probes import frames

PHRASE, OCCURRENCE, PLACE, AT = "probes-phrase", "probes-occurrence", "probes-place", "probes-at"
_OF = "probes-of"  # the recording that the places are those of
_WIDTHS: tuple[int | Literal["content"], ...] = (220, 150, "content", "content", 150, 180)
LETTERS, WORDS = 300, 60  # tokens of a strip, and the longest span
_RULES: dict[str, tuple[Rule, float, float, float]] = {  # the threshold at first, the least and the highest
    "value": ("raw", 0.3, -10.0, 10.0),
    "value, as LSTMVis": ("tanh", 0.3, 0.01, 0.99),
    "distance from zero": ("two-sided", 0.3, 0.01, 10.0),
    "its own highest values": ("quantile", 0.9, 0.01, 0.999),
}


def when_on(recording: Recording) -> OnSets:
    """The choice of a signal, its layers, a rule and a threshold, and what they make."""
    with st.expander("When is a neuron on?"), st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        signals = {SIGNALS[signal].title: signal for signal in recording.names}
        signal = st.selectbox("Signal", list(signals), key="probes-signal", bind="query-params", width=180)
        title = st.selectbox(
            "A neuron is on by", list(_RULES), key="probes-rule", bind="query-params", width=240,
            help="\n".join(f"- {name}: {RULES[rule]}" for name, (rule, *_) in _RULES.items()),
        )  # fmt: skip
        rule, first, low, high = _RULES[title or "value"]
        key = f"probes-threshold-{rule}"
        threshold = st.number_input("Threshold", low, high, first, 0.05, key=key, bind=bound(key), width=150)
        layers = st.pills(
            "Layers", list(recording.spec.layers), selection_mode="multi", default=list(recording.spec.layers),
            key="probes-layers", bind="query-params",
        )  # fmt: skip
    chosen = tuple(sorted(int(layer) for layer in layers)) if layers else ()
    query = OnQuery(signals[signal or next(iter(signals))], chosen, rule, min(max(threshold, low), high))
    return on_sets(recording, query)


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
        phrase, which, back, forth, span, there = (st.container(width=wide) for wide in _WIDTHS)
    with span:
        selected = _selected(recording)
    first = recording.spec.span[0]
    there.number_input(
        "Go to place", first, first + max(len(recording.tokens) - 1, 0), None, key=AT, bind=bound(AT),
        placeholder="of the text", help="Shows the text there; what is asked about stays. Counted in the whole text.",
    )  # fmt: skip
    tokens = _tokens(recording, selected, phrase)
    if tokens is None:
        return None
    spans = places_of(recording, tokens)
    if not spans:
        st.info("The text that was read does not have this phrase.")
        return None
    with which:
        at = _which(recording, spans, selected)
    for box, label, step, icon in ((back, "Previous", -1, "arrow_back"), (forth, "Next", 1, "arrow_forward")):
        box.button(
            label, key=f"probes-{label.lower()}", icon=f":material/{icon}:", disabled=not 0 <= at + step < len(spans),
            on_click=_step_to, args=(recording, at + step, spans),
        )  # fmt: skip
    shown = frames.shown(recording.text(*(selected or spans[at])), frames.in_words(recording))
    return ChosenSpan(selected or spans[at], shown, tokens, tuple(spans))


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


def width(recording: Recording) -> int:
    """How many tokens a strip shows."""
    return WORDS if frames.in_words(recording) else LETTERS


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
    if stop - start > width(recording):
        raise ValueError(f"the span {start:,}-{stop:,} has {stop - start:,} steps: choose at most {width(recording)}")
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


def _tokens(
    recording: Recording, selected: Span | None, box: st.delta_generator.DeltaGenerator
) -> tuple[int, ...] | None:
    """What is looked for, as ids: the selected tokens, else the phrase."""
    if selected:
        st.session_state[PHRASE] = frames.plain(recording.text(*selected), frames.in_words(recording))[:LONGEST]
    typed = box.text_input(
        "A phrase of the text", cached(frames.first_phrase)(recording), max_chars=LONGEST + 1, key=PHRASE,
        bind="query-params", on_change=st.session_state.update, args=({PLACE: "", AT: None, OCCURRENCE: 1},),
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


def _which(recording: Recording, spans: list[Span], selected: Span | None) -> int:
    """The number of the place, from 0; of a selected span the last one that does not begin behind it."""
    if selected:
        st.session_state[OCCURRENCE] = max(sum(start <= selected[0] for start, _ in spans), 1)
    elif st.session_state.get(OCCURRENCE, 1) > len(spans):
        st.session_state[OCCURRENCE] = len(spans)
    label = f"Which of {len(spans):,} places" if len(spans) > 1 else "Its only place"
    which = st.number_input(
        label, 1, len(spans), 1, key=OCCURRENCE, bind=bound(OCCURRENCE),
        on_change=lambda: _step_to(recording, int(st.session_state[OCCURRENCE]) - 1, spans),
    )  # fmt: skip
    return min(max(int(which), 1), len(spans)) - 1


def _step_to(recording: Recording, at: int, spans: list[Span]) -> None:
    """Ask about another of the phrase's places: as a span where one was selected."""
    at = min(max(at, 0), len(spans) - 1)
    st.session_state[OCCURRENCE] = at + 1
    if st.session_state.get(PLACE):
        select(recording, spans[at])
    st.session_state[AT] = None
