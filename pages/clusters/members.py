"""One cluster: which one, its moments in their text and on the map, its words and parts of speech."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from app.charts.draw import draw, draw_to_choose
from app.charts.maps import among, kinds_map
from app.components.table import share, show
from app.components.tag_names import MEANINGS
from app.controls import whole_number
from lstm_core.clusters.contents import ClusterRow, Excerpt, members
from lstm_core.clusters.states import NOISE, Clustering, read_map
from lstm_core.runs.run import Run
from lstm_core.storage.frames import frame_of
from pages.clusters import frames
from pages.clusters.frames import sign, visible
from pages.clusters.overview import CHOSEN, ShownClusters, columns

_SAMPLES = (12, 25, 50, 100)
_SAMPLE, _OF = "clusters-sample", "clusters-of"


@dataclass(frozen=True)
class Picked:
    """The cluster that is shown (`number` NOISE: the moments in none), how many of its members, which sample."""

    number: int
    count: int
    seed: int


def pick(view: ShownClusters, first: ClusterRow | None) -> Picked:
    """The choice of a cluster and of a sample; the cluster `first` where none is asked for."""
    count, start = len(view.rows), first.cluster if first else 0
    if st.session_state.get(_OF, view.found.fingerprint) != view.found.fingerprint:
        st.session_state[CHOSEN] = start  # numbers of another clustering mean nothing here
    st.session_state[_OF] = view.found.fingerprint
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        about = "-1: moments in no group."
        number = whole_number("Group", NOISE, count - 1, start, key=CHOSEN, width=140, help=about)
        size = st.segmented_control(
            "Examples", _SAMPLES, default=_SAMPLES[0], key="clusters-examples", bind="query-params", required=True
        )
        about = "The same number gives the same examples."
        seed = whole_number("Sample", 0, 10_000, 0, key=_SAMPLE, width=140, help=about)
        st.button("Another sample", on_click=_another, key="clusters-another")
    return Picked(number, size or _SAMPLES[0], seed)


def one_cluster(view: ShownClusters, picked: Picked) -> None:
    """A cluster: a sample of its members in their text, its words, its parts of speech."""
    chosen = picked.number
    row = view.rows[chosen] if chosen != NOISE else None
    if row is not None:
        st.text(_facts(row, view.has_words))
    excerpts = members(view.found, view.text, chosen, picked.count, picked.seed)
    if not excerpts:
        st.caption("Every moment is in some group.")
        return
    concordance(view.found, excerpts, key="clusters-members", alt=f"Examples of group {chosen} in their text")
    total = row.size if row is not None else int((view.found.labels == NOISE).sum())
    st.caption(
        f"{len(excerpts):,} of {total:,} moments, drawn at random. The brackets are the moment itself: ␣ a blank, "
        "⏎ a line break." + (" Bold: the word before it." if view.has_words else "")
    )
    if row is not None:
        _contents(row, view.has_words)


def _another() -> None:
    st.session_state[_SAMPLE] = (st.session_state[_SAMPLE] + 1) % 10_001


def _facts(row: ClusterRow, words: bool) -> str:
    two, after, breaks = map(frames.percent, (row.two_words, row.punctuation, row.line_breaks))
    of_words = f"one of two words {two}, after punctuation {after}; " if words else ""
    return f"Group {row.cluster}: {row.size:,} moments, strength {row.strength:.2f}; {of_words}line breaks {breaks}."


def _contents(row: ClusterRow, words: bool) -> None:
    left, right = st.columns([2, 3])
    with left:
        _shares("word before" if words else "character read", row.words if words else row.characters)
    with right:
        if not words:
            _shares("character next", row.following)
        elif row.tags:
            made = frame_of(row.tags)[["tag", "precision", "recall"]]
            made.insert(1, "meaning", made["tag"].map(MEANINGS))
            show(made, columns=columns(), key="clusters-of-tags", alt=f"Parts of speech in group {row.cluster}")


def _shares(name: str, shares: Sequence[tuple[str, float]]) -> None:
    if shares:
        told = [(visible(sign(value)), share) for value, share in shares]
        made = pd.DataFrame(told, columns=[name, "share of the group"])
        alt = f"The commonest values of {name} in the group"
        show(made, columns={"share of the group": share()}, key=f"clusters-of-{name}", alt=alt)


@st.fragment
def on_the_map(run: Run, view: ShownClusters, chosen: int) -> None:
    """All moments on a plane, the chosen group beside it, those that are drawn around; nothing where no map is kept."""
    made = read_map(run, view.found)
    if made is None:
        return
    st.subheader("All moments on a map")
    if not st.toggle(
        "Draw the map", key="clusters-map-drawn", bind="query-params", help="6,000 dots; the page opens sooner without."
    ):
        return
    labels = view.found.labels[made.points]
    moments = [view.text[slice(*_near(view, point))] for point in made.points.tolist()]
    groups = ["in no group" if label == NOISE else f"group {label}" for label in labels.tolist()]
    hover = [f"{moment}, {group}" for moment, group in zip(moments, groups, strict=True)]
    names = [f"{row.cluster}: {_name(row)}" for row in view.rows]
    left, right = st.columns([3, 1])
    with left:
        alt = f"{len(labels):,} moments of reading, like ones near each other, coloured by group"
        around = draw_to_choose(kinds_map(made.places, labels, hover, names=names), key="clusters-map", alt=alt)
    with right:
        name = "in no group" if chosen == NOISE else f"group {chosen}"
        figure = among(made.places, np.flatnonzero(labels == chosen), name)
        draw(figure, key="clusters-map-chosen", alt=f"Where the moments {name} lie on the map")
        st.caption("The chosen group alone.")
    st.caption(
        f"{len(labels):,} moments drawn at random; near each other where the network's states are alike (t-SNE: who "
        "is whose neighbour can be trusted, distances between far groups cannot). Grey: other groups, and noise. Draw "
        "around dots to list them."
    )
    if around:
        lines = pd.DataFrame({"moment": moments, "group": groups, "position": view.found.positions[made.points]})
        alt = "The moments drawn around on the map"
        st.dataframe(lines.iloc[around], hide_index=True, key="clusters-map-moments", alt=alt)


def _near(view: ShownClusters, point: int) -> tuple[int, int]:
    """Start and stop in the text of what names a moment: the word before it, else the characters up to it."""
    start, stop = view.found.words[point].tolist() if view.has_words else (0, 0)
    place = int(view.found.positions[point])
    return (start, stop) if start < stop else (max(place - 12, 0), place + 1)


def _name(row: ClusterRow) -> str:
    """A few words for a legend."""
    return ", ".join(visible(word) for word, _ in row.words[:2]) or sign(row.characters[0][0])


# A concordance: the point stands below the point ----------------------------------------------------------------------

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
        cut = max(len(one.before) - (one.position - start if start < stop else 0), 0)
        parts = {"before": visible(one.before[:cut]), "word": visible(one.before[cut:]), "at": sign(one.at)}
        place = f"character {found.span[0] + one.position:,} of the text"
        told.append(parts | {"after": visible(one.after), "place": place})
    return told


def concordance(found: Clustering, excerpts: Sequence[Excerpt], *, key: str, alt: str) -> None:
    """Draw excerpts of a clustering's text. Nothing in them is read as Markdown or HTML."""
    _component(key=key, data={"lines": lines(found, excerpts), "alt": alt})
