"""A kept map with its groups: read, joined and cut once, then from the cache; what the thesis says of such maps."""

from dataclasses import dataclass, replace

import streamlit as st

from app.cached import cached
from app.charts import sweep as charts
from app.charts.draw import draw
from app.claims import panel
from app.components.table import number, show, text, whole
from lstm_core.claims import word_map as wordmap_claims
from lstm_core.claims.dropout import ToldApart, by_dropout, told_apart
from lstm_core.claims.word_map import FOUND, GROUPS, Beside, Grouped, Maps
from lstm_core.clusters import word_map as maps
from lstm_core.clusters.word_groups import Group, Labels, table
from lstm_core.clusters.word_map import WordMap, WordMapQuery
from lstm_core.runs.run import Run
from lstm_core.runs.store import list_runs
from lstm_core.stats.linkage import Joins, Linkage, joins
from lstm_core.storage.results import Stamp
from pages.word_map import frames

_COLUMNS = {
    "list": text("What we call it; the thesis has numbers."),
    "the thesis": text("The group's words in Table 5.1.", 330),
    "here": text("The commonest words of the group that is most like it.", 330),
    "group": whole(f"Its number at {GROUPS} groups by single linkage."),
    "Jaccard": number("Shared words over all words of both, from 0 to 1.", 2),
    "by chance": number("The same where words are dealt to the groups at random, on average.", 2),
    "so it is": text(f"Found: Jaccard of at least {FOUND}, a bound of ours."),
}


@dataclass(frozen=True, eq=False)
class ShownMap:
    """A map, the group of each of its words (P,), and what the groups hold, the largest first."""

    found: WordMap
    labels: Labels
    rows: tuple[Group, ...]


def kept_queries(run: Run) -> list[WordMapQuery]:
    """The maps at hand for a run's present weights; damaged ones are passed over."""
    return cached(_kept)(run, maps.WORD_MAPS.stamp(run))


def kept_map(run: Run, query: WordMapQuery) -> WordMap | None:
    """The kept map of a query (`WordMapQuery.of`), None where there is none that can be used.

    Raises ValueError when it is of another text that is not at hand.
    """
    found = cached(_read)(run, query, maps.WORD_MAPS.stamp(run))
    return found if found is not None and len(found.words) > 1 else None


def is_damaged(run: Run, query: WordMapQuery) -> bool:
    """Whether there is a file of a query's map, asked where `kept_map` found none: it cannot be used."""
    return maps.WORD_MAPS.there(run, query=query)


def shown(run: Run, query: WordMapQuery, linkage: Linkage, groups: int) -> ShownMap:
    """A kept map cut into so many groups, fewer where it has fewer words."""
    return cached(_shown)(run, query, linkage, groups, maps.WORD_MAPS.stamp(run))


def beside(run: Run, query: WordMapQuery) -> Beside:
    """What the thesis says beside the maps of a run that are like `query` in all but signal, layer and part of text."""
    others = [other for other in list_runs() if run.sweep and other.sweep and other.sweep["name"] == run.sweep["name"]]
    others = [other for other in others if not other.untrained_twin_of] or [run]
    sweep = tuple((other, maps.WORD_MAPS.stamp(other)) for other in others)
    return cached(_beside)(run, query, maps.WORD_MAPS.stamp(run), sweep)


def _kept(run: Run, stamp: Stamp) -> list[WordMapQuery]:
    return maps.kept_maps(run)


def _read(run: Run, query: WordMapQuery, stamp: Stamp) -> WordMap | None:
    return maps.read_map(run, query)


def _whole(run: Run, query: WordMapQuery, stamp: Stamp) -> WordMap:
    found = cached(_read)(run, query, stamp)
    assert found is not None, "asked only for a map that `kept_map` found"
    return found


def _joined(run: Run, query: WordMapQuery, linkage: Linkage, stamp: Stamp) -> Joins:
    return joins(_whole(run, query, stamp).places, linkage)


def _shown(run: Run, query: WordMapQuery, linkage: Linkage, groups: int, stamp: Stamp) -> ShownMap:
    found = _whole(run, query, stamp)
    labels = cached(_joined)(run, query, linkage, stamp).cut_at_most(groups)
    return ShownMap(found, labels, table(found, labels))


# Beside the thesis ----------------------------------------------------------------------------------------------------


def _grouped(run: Run, query: WordMapQuery, stamp: Stamp) -> Grouped | None:
    """A map in the groups at which the thesis' statements are measured, None where it is not kept."""
    found = cached(_read)(run, query, stamp)
    if found is None or len(found.words) < 2:
        return None
    return Grouped(found, cached(_joined)(run, query, "single", stamp).cut_at_most(GROUPS))


def _told(run: Run, query: WordMapQuery, stamp: Stamp) -> ToldApart | None:
    one = _grouped(run, query, stamp)
    return None if one is None else told_apart(one.found, one.labels, run.name, run.model_config.dropout)


def _beside(run: Run, query: WordMapQuery, stamp: Stamp, sweep: tuple[tuple[Run, Stamp], ...]) -> Beside:
    first = replace(query, signal="h", layer=1)
    kept = cached(_kept)(run, stamp)

    def like(**changed: object) -> Grouped | None:
        other = replace(first, **changed)  # type: ignore[arg-type]
        return _grouped(run, other, stamp) if other in kept else None

    parts = (like(split=part) for part in ("test", "validation", "train") if part != query.split)
    another = next((one for one in parts if one is not None), None)
    second = {f"{signal}2": like(signal=signal, layer=2) for signal in "hc"}
    told = [cached(_told)(other, first, of_other) for other, of_other in sweep]
    return wordmap_claims.beside(
        Maps(h1=like(), c1=like(signal="c"), another=another, **second), [one for one in told if one is not None]
    )


def the_thesis(run: Run, query: WordMapQuery) -> None:
    """Table 5.1 and all statements; computed once for the maps at hand."""
    with st.spinner("Comparing with the thesis"):
        found = beside(run, query)
    if found.lists:
        st.subheader("The groups of Table 5.1")
        st.caption(
            "The thesis lists the words of eight groups of its own network (hidden state of layer 1, dropout .7). Here "
            f"are the groups of this one that are most like them, at {GROUPS} groups by single linkage. Words that "
            "stand here fewer than 5 times are not compared."
        )
        alt = "Table 5.1 of the thesis beside the groups found here"
        show(frames.list_frame(found.lists), columns=_COLUMNS, key="wordmap-lists", alt=alt)
    if len({dropout for kind in ("brackets", "quotes") for dropout, _ in by_dropout(found.sweep, kind)}) > 1:
        st.subheader("Marks that open and close, over dropout")
        draw(charts.marks(found.sweep), key="wordmap-dropout", alt="How well marks are told apart, over dropout")
        st.caption(
            f"{len(found.sweep):,} runs of one sweep over the same words. 1: no group holds both opening and closing "
            "marks. 0: as many do as when the marks are dealt to their places at random."
        )
    panel(found.claims)
    st.caption(
        "T7, words coloured by the value of a neuron or by how expected they were, is what the page Neurons does. "
        "Every bound above is ours: the thesis shows pictures."
    )
