"""Moments of reading in their text, one a line, set like a concordance: the point stands below the point."""

from collections.abc import Sequence

import streamlit as st

from lstm_core.clusters.contents import Excerpt
from lstm_core.clusters.states import Clustering
from pages.clusters.frames import sign, visible

_CSS = """
ol { list-style: none; margin: 0; padding: 0; font-family: var(--st-code-font, monospace); font-size: 0.85rem;
     line-height: 1.7; color: var(--st-text-color); }
li { display: grid; grid-template-columns: minmax(0, 42ch) max-content minmax(0, 24ch);
     justify-content: start; white-space: pre; }
li:hover { background: var(--st-secondary-background-color); }
.before { display: flex; justify-content: flex-end; overflow: hidden; }
.after { overflow: hidden; }
.context { opacity: 0.75; }
.word { font-weight: 700; color: var(--st-link-color); }
.at { font-weight: 700; background: color-mix(in srgb, var(--st-primary-color) 22%, transparent); border-radius: 3px; }
"""
_HTML = """
<ol></ol>
"""
_JS = """
export default function ({ data, parentElement }) {
  const part = (name, text) => {
    const made = document.createElement("span")
    made.className = name
    made.textContent = text
    return made
  }
  const lines = data.lines.map(line => {
    const made = document.createElement("li"), before = part("before", "")
    made.title = line.place
    before.append(part("context", line.before), part("word", line.word))
    made.append(before, part("at", `[${line.at}]`), part("after context", line.after))
    return made
  })
  const list = parentElement.querySelector("ol")
  list.setAttribute("aria-label", data.alt)
  list.replaceChildren(...lines)
}
"""

_component = st.components.v2.component("concordance", html=_HTML, css=_CSS, js=_JS)


def lines(found: Clustering, excerpts: Sequence[Excerpt]) -> list[dict[str, str]]:
    """Each excerpt cut where it is drawn differently: what is before the word, the word, the point, what follows."""
    told = []
    for one in excerpts:
        start, stop = found.words[one.point].tolist() if len(found.words) else (one.position, one.position)
        length = one.position - start if start < stop else 0
        cut = max(len(one.before) - length, 0)
        told.append(
            {
                "before": visible(one.before[:cut]),
                "word": visible(one.before[cut:]),
                "at": sign(one.at),
                "after": visible(one.after),
                "place": f"character {found.span[0] + one.position:,} of the text",
            }
        )
    return told


def concordance(found: Clustering, excerpts: Sequence[Excerpt], *, key: str, alt: str) -> None:
    """Draw excerpts of a clustering's text. Nothing in them is read as Markdown or HTML."""
    _component(key=key, data={"lines": lines(found, excerpts), "alt": alt})
