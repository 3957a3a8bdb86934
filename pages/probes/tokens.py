"""Tokens of a text, coloured by a row of values: a strip around a place, in which a person selects a span by the mouse
or by keys, and matches one below the other, their tokens as cells that begin in one column.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from lstm_core.probes.match import Match, Span
from lstm_core.recordings.recording import Recording
from pages.probes.frames import StripRow, in_words, told_rows
from pages.probes.place import go_to, select, width

BEFORE_AND_FROM = {False: (20, 60), True: (4, 14)}  # letters and words of a match: before it, and from its first on


def _component(name: str, html: str) -> ComponentRenderer:
    css, js = (
        "\n".join((Path(__file__).parent / f"{part}.{kind}").read_text(encoding="utf-8") for part in ("tokens", name))
        for kind in ("css", "js")
    )
    return st.components.v2.component(name, html=html, css=css, js=js)


_STRIP = """
<div class="strip">
<div class="bar"><button data-do="earlier">← Earlier</button><button data-do="later">Later →</button>
<div class="legend"></div></div>
<div class="tokens" role="listbox" aria-multiselectable="true"></div>
<div class="now" aria-live="polite"></div>
<div class="hint" role="status"></div>
</div>
"""
_MATCHES = """
<div class="matches">
<div class="legend"></div>
<div class="scroller"><table role="grid">
<thead><tr><th class="side"><div><span>in common</span><span>others</span><span>place</span></div></th>
<th>before</th><th>the match and what follows</th></tr></thead>
<tbody></tbody></table></div>
<div class="now" aria-live="polite"></div>
</div>
"""
_strip, _matches = _component("strip", _STRIP), _component("matches", _MATCHES)


@dataclass(frozen=True, eq=False)
class Coloured:
    """A text that was read, what is known of each of its tokens, and the number of the row that colours them."""

    recording: Recording
    known: Sequence[StripRow]
    colour: int = 0

    @property
    def first(self) -> int:
        """Where it begins, in the whole text."""
        return self.recording.spec.span[0]

    def told(self, spans: Sequence[Span]) -> tuple[dict[str, Any], list[list[list[float | None]]]]:
        """As JSON for both scripts, and the values over each span: a list a span, in it one a row."""
        heads, values = told_rows(self.known, spans)
        return {"rows": heads, "colour": self.colour, "words": in_words(self.recording)}, values

    def go(self, key: str) -> None:
        """Show the text around the place that a person chose in a component."""
        value = st.session_state[key]["go"]
        if type(value) is int and 0 <= value - self.first < len(self.recording.tokens):
            go_to(self.recording, value - self.first)


def strip(text: Coloured, at: int, asked: Span, marked: Span | None, *, key: str) -> None:
    """Draw the text around a step, a span selected and another one marked: a span that a person selects is asked about,
    and they can go on to more of the text.
    """

    def selected() -> None:
        value = st.session_state[key]["span"]
        if not (isinstance(value, list) and len(value) == 2 and all(type(part) is int for part in value)):
            return
        start, stop = value[0] - text.first, value[1] - text.first
        if 0 <= start < stop <= len(text.recording.tokens) and stop - start <= width(text.recording):
            select(text.recording, (start, stop))

    _strip(
        key=key, data=told_strip(text, at, asked, marked), on_span_change=selected, on_go_change=lambda: text.go(key)
    )


def told_strip(text: Coloured, at: int, asked: Span, marked: Span | None = None) -> dict[str, Any]:
    """The strip as JSON for strip.js; places are those of the whole text."""
    wide, length, first = width(text.recording), len(text.recording.tokens), text.first
    start = max(0, min(at - wide // 3, length - wide))
    stop = min(start + wide, length)
    told, (values,) = text.told([(start, stop)])
    return told | {
        "tokens": text.recording.text(start, stop),
        "first": first + start,
        "values": values,
        "selected": [part - start for part in asked],
        "marked": None if marked is None else [part - start for part in marked],
        "earlier": first + max(start - wide + wide // 3, 0) if start else None,
        "later": first + min(stop + wide // 3, length - 1) if stop < length else None,
        "alt": f"The text from place {first + start:,} on: choose the first and the last token of a span",
    }


def matches(text: Coloured, found: Sequence[Match], chosen: int, *, key: str, alt: str) -> None:
    """Draw runs, the first of them set off from the others, the one that begins at the step `chosen` marked; the text
    is shown around one that a person chooses.
    """
    data = told_matches(text, found) | {"alt": alt, "chosen": text.first + chosen}
    _matches(key=key, data=data, on_go_change=lambda: text.go(key))


def told_matches(text: Coloured, found: Sequence[Match]) -> dict[str, Any]:
    """The runs as JSON for matches.js; places are those of the whole text."""
    before, after = BEFORE_AND_FROM[in_words(text.recording)]
    spans = [(max(one.start - before, 0), min(one.start + after, len(text.recording.tokens))) for one in found]
    told, values = text.told(spans)
    lines = [
        {
            "tokens": text.recording.text(start, stop),
            "values": of_line,
            "first": text.first + start,
            "place": text.first + one.start,
            "start": one.start - start,
            "stop": min(one.stop, stop) - start,
            "cut": one.stop > stop,
            "skip": before - (one.start - start),
            "shared": one.shared,
            "others": one.either - one.shared,
        }
        for one, (start, stop), of_line in zip(found, spans, values, strict=True)
    ]
    return told | {"lines": lines, "before": before, "width": before + after}
