"""Matches one below the other, their tokens as cells that begin in one column, coloured by a row of values."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from lstm_core.probes.match import Match
from lstm_core.recordings.recording import Recording
from pages.probes import rows
from pages.probes.rows import StripRow

_HTML = """
<div class="matches">
<div class="legend"></div>
<div class="scroller"><table role="grid">
<thead><tr><th class="side"><div><span>in common</span><span>others</span><span>place</span></div></th>
<th>before</th><th>the match and what follows</th></tr></thead>
<tbody></tbody></table></div>
<div class="now" aria-live="polite"></div>
</div>
"""
_FOLDER = Path(__file__).parent
_CSS = "\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in ("tokens.css", "matches.css"))
_JS = "\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in ("tokens.js", "matches.js"))

_component = st.components.v2.component("matches", html=_HTML, css=_CSS, js=_JS)

LETTERS, WORDS = (20, 60), (4, 14)  # tokens before a match, and from its first on


def matches(
    recording: Recording,
    found: Sequence[Match],
    colours: Sequence[StripRow],
    colour: int,
    *,
    key: str,
    alt: str,
    chosen: int | None,
    go: Callable[[int], None],
) -> None:
    """Draw runs, the first of them set off from the others. `chosen`: the step at which the one begins that is marked;
    `go` is called with that of a row which a person chooses.
    """
    first = recording.spec.span[0]
    data = told(recording, found, colours, colour)
    places = [line["place"] for line in data["lines"]]

    def gone() -> None:
        value = st.session_state[key]["go"]
        if type(value) is int and value in places:
            go(value - first)

    _component(
        key=key, data={**data, "alt": alt, "chosen": None if chosen is None else first + chosen}, on_go_change=gone
    )


def told(recording: Recording, found: Sequence[Match], colours: Sequence[StripRow], colour: int) -> dict[str, Any]:
    """The runs as JSON for matches.js; places are those of the whole text."""
    words = recording.vocabulary.splitter != "characters"
    before, after = WORDS if words else LETTERS
    first, length = recording.spec.span[0], len(recording.tokens)
    spans = [(max(one.start - before, 0), min(one.start + after, length)) for one in found]
    heads, values = rows.told(colours, spans)
    return {
        "lines": [
            {
                "tokens": recording.text(start, stop),
                "values": of_line,
                "first": first + start,
                "place": first + one.start,
                "start": one.start - start,
                "stop": min(one.stop, stop) - start,
                "cut": one.stop > stop,
                "skip": before - (one.start - start),
                "shared": one.shared,
                "others": one.either - one.shared,
            }
            for one, (start, stop), of_line in zip(found, spans, values, strict=True)
        ],
        "rows": heads,
        "colour": colour,
        "before": before,
        "width": before + after,
        "words": words,
    }
