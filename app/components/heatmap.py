"""Text whose tokens are coloured red (high) and blue (low); hover shows the value."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

_CSS = """
.text { font-family: var(--st-code-font, monospace); font-size: 0.95rem; line-height: 1.75; white-space: pre-wrap;
        overflow-wrap: anywhere; color: var(--st-text-color); max-height: 26rem; overflow-y: auto; }
.text.words { white-space: normal; }
.text span { border-radius: 2px; padding: 1px 0; cursor: default; }
.text.words span { padding: 1px 3px; margin-right: 2px; display: inline-block; }
.text span:hover { outline: 2px solid var(--st-primary-color); outline-offset: -1px; }
.bar { position: sticky; top: 0; font-family: var(--st-font); font-size: 0.85rem; padding: 0.2rem 0 0.4rem;
       color: var(--st-text-color); min-height: 1.4rem; display: flex; gap: 1rem; align-items: center;
       flex-wrap: wrap; }
.scale { display: inline-block; width: 8rem; height: 0.7rem; border-radius: 3px;
         background: linear-gradient(90deg, rgba(45,115,220,.75), rgba(45,115,220,0), rgba(220,55,45,0),
         rgba(220,55,45,.75)); }
"""
_HTML = """
<div class="bar"><span class="low"></span><span class="scale"></span><span class="high"></span>
<span class="now" aria-live="polite"></span></div>
<div class="text" role="group" aria-label="text coloured by value"></div>
"""
_JS = """
export default function (component) {
  const { data, parentElement } = component
  const box = parentElement.querySelector(".text"), now = parentElement.querySelector(".now")
  parentElement.querySelector(".low").textContent = data.low
  parentElement.querySelector(".high").textContent = data.high
  box.className = data.words ? "text words" : "text"
  const spans = document.createDocumentFragment()
  data.tokens.forEach((token, k) => {
    const span = document.createElement("span"), v = data.colours[k]
    span.textContent = token === "\\n" ? "⏎\\n" : token
    if (v !== null) span.style.background = v >= 0 ? `rgba(220,55,45,${v * .75})` : `rgba(45,115,220,${-v * .75})`
    span.dataset.k = k
    spans.append(span)
  })
  box.replaceChildren(spans)
  now.textContent = ""  // it told a value of what was drawn before
  box.onmouseover = event => {
    const k = event.target.dataset.k
    if (k === undefined) return
    const token = data.tokens[k]
    const shown = token === " " ? "blank" : token === "\\n" ? "line break" : token
    now.textContent = `${data.first + Number(k)}: ${shown} = ${data.hover[k]}`
  }
}
"""

_component = st.components.v2.component("text_heat_map", html=_HTML, css=_CSS, js=_JS)
LIMIT = 4000  # tokens drawn at once


def text_heat_map(
    tokens: Sequence[str],
    values: np.ndarray,
    *,
    key: str,
    scale: tuple[float, float, float] = (-1.0, 0.0, 1.0),
    low: str = "low",
    high: str = "high",
    first: int = 0,
    words: bool = False,
) -> None:
    """Draw at most LIMIT tokens, coloured by where their value (NaN = uncoloured) stands on `scale`.

    `scale` is the value of full blue, of no colour and of full red; values past the ends have the colour of the end.
    `first` is the position of tokens[0].
    """
    tokens, values = list(tokens[:LIMIT]), np.asarray(values[:LIMIT], dtype=float)
    colours = np.interp(values, scale, (-1, 0, 1))
    told = {
        "colours": [None if np.isnan(value) else round(float(value), 2) for value in colours],
        "hover": ["—" if np.isnan(value) else f"{value:.3f}" for value in values],
    }
    _component(key=key, data={"tokens": tokens, "first": first, "low": low, "high": high, "words": words, **told})
