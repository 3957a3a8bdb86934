"""The text around a place as tokens, in which a person selects a span by the mouse or by keys."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from lstm_core.probes.match import Span
from lstm_core.recordings.recording import Recording
from pages.probes import rows
from pages.probes.rows import StripRow

_HTML = """
<div class="strip">
<div class="bar"><button data-do="earlier">← Earlier</button><button data-do="later">Later →</button>
<div class="legend"></div></div>
<div class="tokens" role="listbox" aria-multiselectable="true"></div>
<div class="now" aria-live="polite"></div>
<div class="hint" role="status"></div>
</div>
"""
_FOLDER = Path(__file__).parent
_CSS = "\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in ("tokens.css", "strip.css"))
_JS = "\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in ("tokens.js", "strip.js"))

_component = st.components.v2.component("strip", html=_HTML, css=_CSS, js=_JS)

LETTERS, WORDS = 300, 60  # tokens that are shown, and the longest span


@dataclass(frozen=True)
class ShownPart:
    """A part of the text around the step `at`; marked as selected is `selected`, otherwise marked is `marked`."""

    at: int
    selected: Span
    marked: Span | None = None


def width(recording: Recording) -> int:
    """How many tokens a strip shows."""
    return LETTERS if recording.vocabulary.splitter == "characters" else WORDS


def strip(
    recording: Recording,
    shown: ShownPart,
    colours: Sequence[StripRow],
    colour: int,
    *,
    key: str,
    select: Callable[[Span], None],
    go: Callable[[int], None],
) -> None:
    """Draw the strip, its tokens coloured by one of the rows. `select` is called with a span of steps that a person
    selects, `go` with the step around which more of the text is asked for.
    """
    first, length = recording.spec.span[0], len(recording.tokens)
    data = told(recording, shown, colours, colour)

    def selected() -> None:
        value = st.session_state[key]["span"]
        if not (isinstance(value, list) and len(value) == 2 and all(type(part) is int for part in value)):
            return
        start, stop = value[0] - first, value[1] - first
        if 0 <= start < stop <= length and stop - start <= width(recording):
            select((start, stop))

    def gone() -> None:
        value = st.session_state[key]["go"]
        if type(value) is int and 0 <= value - first < length:
            go(value - first)

    _component(key=key, data=data, on_span_change=selected, on_go_change=gone)


def told(recording: Recording, shown: ShownPart, colours: Sequence[StripRow], colour: int) -> dict[str, Any]:
    """The strip as JSON for strip.js; places are those of the whole text."""
    wide, length, first = width(recording), len(recording.tokens), recording.spec.span[0]
    start = max(0, min(shown.at - wide // 3, length - wide))
    stop = min(start + wide, length)
    heads, values = rows.told(colours, [(start, stop)])
    return {
        "tokens": recording.text(start, stop),
        "first": first + start,
        "rows": heads,
        "values": values[0] if values else [],
        "colour": colour,
        "selected": [part - start for part in shown.selected],
        "marked": None if shown.marked is None else [part - start for part in shown.marked],
        "earlier": first + max(start - wide + wide // 3, 0) if start else None,
        "later": first + min(stop + wide // 3, length - 1) if stop < length else None,
        "words": recording.vocabulary.splitter != "characters",
        "alt": f"The text from place {first + start:,} on: choose the first and the last token of a span",
    }
