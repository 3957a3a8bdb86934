"""The groups of a map: how they are made, which are shown, the one that is marked, the words in the lasso."""

from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from app.cached import cached
from app.components.csv_file import frame_csv
from app.components.table import Choice, download, share, show, text, whole
from app.controls import bound, one_of, whole_number
from lstm_core.claims.word_map import GROUPS
from lstm_core.clusters.word_groups import Group, Labels
from lstm_core.clusters.word_map import WordMap, WordMapQuery
from lstm_core.runs.run import Run
from lstm_core.stats.linkage import Linkage
from pages.word_map import frames
from pages.word_map.canvas import Mask, dots, told
from pages.word_map.choice import address
from pages.word_map.result import ShownMap

NONE = -1
MOST = 500  # groups on the slider
FEWEST = 2
LARGEST = 1_000_000
TYPED = 100  # letters of a word that is looked for
LINKAGES: dict[str, Linkage] = {"single": "single", "ward": "ward"}
CHOSEN, NUMBER = "wordmap-group", "wordmap-groups"
MAP, _OF = "wordmap-canvas", "wordmap-of"

_WORDS = {
    "times": whole("How often it stands here."),
    "share of all its times": share("Of all its places on the map."),
    "groups": text("The groups it stands in here, the commonest first."),
}
_GROUPS = {
    "group": whole("Groups are numbered by size."),
    "size": whole("How many dots it has."),
    "different": whole("How many different words those are."),
    "words": text("The commonest first.", 560),
    "of it": whole("How often the word that is looked for stands there."),
}


@dataclass(frozen=True)
class Filter:
    """Which groups are shown: of at least so many words, holding a word ("": any); and the groups that pass."""

    word: str
    rows: tuple[Group, ...]


def cut(words: int) -> tuple[Linkage, int]:
    """The choice of linkage and of the number of groups, at most one a word."""
    most = min(MOST, words)
    with st.container(horizontal=True, gap="large", vertical_alignment="bottom"):
        about = (
            "Single: groups whose nearest dots are nearest are joined first, which finds islands. "
            "Ward: groups are kept compact, which cuts islands and the mainland to pieces."
        )
        linkage = one_of("Joined by (linkage)", LINKAGES, "single", key="wordmap-linkage", about=about)
        number = most
        if most > FEWEST:
            number = st.slider(
                "Number of groups", FEWEST, most, min(GROUPS, most), key=NUMBER, bind=bound(NUMBER), width=420,
            )  # fmt: skip
    return linkage, min(max(int(number), FEWEST), most)


def filters(view: ShownMap) -> Filter:
    """Which groups are shown on the map and in the table."""
    about = "Smaller groups stay grey on the map and are left out of the table."
    least = whole_number("At least this many words", 1, LARGEST, 1, 5, key="wordmap-least", width=220, help=about)
    word = st.text_input(
        "Holding the word", key="wordmap-word", bind="query-params", max_chars=TYPED, width=220,
        help="Only groups in which it stands.",
    )  # fmt: skip
    word = (word or "").strip()[:TYPED]
    return Filter(word, frames.chosen_groups(view.rows, least=least, word=word))


def marked(view: ShownMap, cut_by: tuple[Linkage, int]) -> int | None:
    """The choice of a group to mark, which rows and dots make too; None for none, also once groups are cut anew."""
    last, of = len(view.rows) - 1, (view.found.fingerprint, *cut_by)
    if st.session_state.get(_OF, of) != of:
        st.session_state[CHOSEN] = NONE  # numbers of other groups mean nothing here
    st.session_state[_OF] = of
    number = whole_number("Marked group", NONE, last, NONE, key=CHOSEN, width=150, help="-1: none.")
    return None if number == NONE else number


def mark(number: int) -> None:
    """Mark another group; the marked one once more: none."""
    st.session_state[CHOSEN] = NONE if st.session_state.get(CHOSEN) == number else number


def _take(number: int) -> None:
    st.session_state[CHOSEN] = number


def on_the_map(view: ShownMap, passing: Filter, chosen: int | None) -> Mask:
    """All words as dots; returns which are in the lasso (P,)."""
    names = frames.names(passing.rows if chosen is None else [view.rows[chosen]])
    shown = None if len(passing.rows) == len(view.rows) else [row.number for row in passing.rows]
    alt = f"{len(view.labels):,} words as dots in {len(view.rows):,} groups"
    drawn = told(view.found, view.labels, names, chosen, shown)
    inside = dots(view.found, view.labels, drawn, key=MAP, alt=alt, choose=mark)
    st.caption(
        f"{len(view.labels):,} words of the text, each a dot, near each other where the network's states are alike "
        "(t-SNE: who is whose neighbour can be trusted, distances between far groups cannot). Colours tell groups "
        "apart and come back for others; a group that holds over half of all is grey. Point at a dot to read it in "
        "its text, click it to mark its group, drag to move, + and − zoom; so does the wheel after a click. "
        "⏎ is the end of a paragraph."
    )
    return inside


def table(view: ShownMap, passing: Filter, chosen: int | None) -> None:
    """The groups that pass the filters, one a row; a click marks its dots."""
    st.subheader("The groups")
    if not passing.rows:
        st.caption("No group passes these filters: choose a smaller size or another word.")
        return
    show(
        _groups(view, passing), columns=_GROUPS, key="wordmap-table", choice=Choice("group", chosen, _take),
        alt=f"{len(passing.rows)} groups with their commonest words",
    )  # fmt: skip
    st.caption(
        f"{len(passing.rows):,} of {len(view.rows):,} groups. Tick a row to mark its dots, click a column's name to "
        "sort."
    )


def _groups(view: ShownMap, passing: Filter) -> pd.DataFrame:
    numbers = [row.number for row in passing.rows]
    return cached(_group_frame)(view.found, view.labels, numbers, passing.word, passing.rows)


def _group_frame(
    found: WordMap, labels: Labels, numbers: list[int], word: str, _rows: tuple[Group, ...]
) -> pd.DataFrame:
    return frames.group_frame(_rows, word)


def one_group(view: ShownMap, chosen: int | None) -> None:
    """The words of the marked group by frequency."""
    if chosen is None:
        return
    row = view.rows[chosen]
    st.subheader(f"Group {row.number}")
    st.caption(
        f"{row.size:,} of {len(view.labels):,} words of the text ({row.size / len(view.labels):.1%}), "
        f"{len(row.words):,} different ones, by frequency."
    )
    alt = f"The words of group {row.number} by frequency"
    show(frames.word_frame(row), columns=_WORDS, key="wordmap-words-of", alt=alt)


def in_the_lasso(view: ShownMap, inside: Mask, name: str) -> None:
    """The words in the lasso by frequency, and as files."""
    count = int(inside.sum())
    if not count:
        st.caption("To list the words of any region: choose Lasso above the map and draw around dots.")
        return
    st.subheader("In the lasso")
    made = cached(frames.lasso_frame)(view.found, view.labels, inside)
    st.caption(f"{count:,} words of the text, {len(made):,} different ones, by frequency.")
    show(made, columns=_WORDS, key="wordmap-lasso", alt="The words in the lasso by frequency")
    key, named = "wordmap-lasso", f"{name}-lasso"
    places = partial(frames.words_csv, view.found, view.labels, inside)
    with st.container(horizontal=True):
        download("These words as CSV", lambda: frame_csv(made), f"{named}.csv", key=f"{key}-csv")
        lines = "".join(f"{word}\n" for word in made["word"])
        download("One a line as text", lambda: lines, f"{named}.txt", key=f"{key}-text", kind="text/plain")
        download("Their places as CSV", places, f"{named}-places.csv", key=f"{key}-places")


def downloads(view: ShownMap, passing: Filter, name: str) -> None:
    """The table and all words as CSV files."""
    words = partial(frames.words_csv, view.found, view.labels)
    with st.container(horizontal=True):
        groups = f"{name}-groups.csv"
        download("Table as CSV", lambda: frame_csv(_groups(view, passing)), groups, key="wordmap-csv-groups")
        download("All words as CSV", words, f"{name}.csv", key="wordmap-csv-words")


def share_link(run: Run, query: WordMapQuery, linkage: Linkage, groups: int, chosen: int | None) -> None:
    """The address of this view with nothing left to what is usual at the other end."""
    asked = address(run, query) | {"wordmap-linkage": linkage, NUMBER: str(groups)}
    if chosen is not None:
        asked[CHOSEN] = str(chosen)
    with st.expander("Share link"):
        st.code(f"{st.context.url or '/word_map'}?{urlencode(asked)}", language=None, wrap_lines=True)


def file_name(found: WordMap, linkage: Linkage, groups: int) -> str:
    """What files of this view are called."""
    query = found.query
    return f"{found.run}-{query.signal}{query.layer}-{query.split}-{linkage}-{groups}"
