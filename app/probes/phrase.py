"""A phrase: which neurons are on through it, and where else in the text they are."""

import streamlit as st

from app.cached import cached
from app.clusters.frames import table_csv
from app.controls import bound, tell
from app.probes import frames
from app.table import Column, show
from lstm_core.probes.match import FAST, PRECISE, MatchQuery, by_chance, followers, match, occurrences
from lstm_core.probes.on_sets import OnSets
from lstm_core.recording import Recording

MOST = 500  # occurrences that are looked at
_LIMITS = {"all of the text": 0, "as LSTMVis, precise": PRECISE, "as LSTMVis, fast": FAST}
_UNITS = (
    Column("layer", "whole"),
    Column("neuron", "whole"),
    Column("at this phrase", "share", 0, "At which share of the phrase's occurrences it is on all the way through."),
    Column("elsewhere", "share", 1, "At which share of places as long, anywhere in the text."),
    Column("on in all", "share", 1, "At which share of all steps of the text it is on."),
)
_MATCHES = (
    Column("in common", "whole", help="How many of the phrase's neurons are on through this place too."),
    Column("others", "whole", help="Neurons that are on through only one of both."),
    Column("overlap", "number", 2, "In common, over all that are on through either (Jaccard index)."),
    Column("before", width=60, end=True),
    Column("here"),
    Column("after", width=60),
    Column("place", "whole", help="Counted in the whole text."),
)


def phrase(recording: Recording, on: OnSets) -> None:
    """The section with the field, the neurons of the phrase, and the places where they are on."""
    asked = _ask(recording)
    if asked is None:
        return
    typed, spans, query = asked
    found, chance = cached(match)(on, query), cached(by_chance)(on, query)
    st.text(frames.in_text(recording, query))
    st.text(frames.sentence(found, float(chance.sum()), typed, len(on.units)))
    if not found.units:
        st.caption("Lower the threshold, or ask for fewer steps off before and after it.")
        return
    lines = frames.unit_lines(on, found, followers(on, spans[:MOST], query.before, query.after), chance)
    st.subheader("Its neurons")
    st.caption("Those that are on for this phrase and hardly anywhere else come first.")
    show(lines, _UNITS, key="probes-units", alt=f"The {len(lines)} neurons that are on through the phrase")
    st.subheader("Where else they are on together")
    others = [one for one in found.found if one.stop <= query.start or one.start >= query.stop]
    if not others:
        st.caption("Nowhere else in the text.")
        return
    rows = frames.match_lines(recording, others)
    show(rows, _MATCHES, key="probes-matches", alt=f"The {len(rows)} places where most of these neurons are on")
    st.download_button(
        "Places as CSV", lambda: table_csv(rows), f"{recording.spec.run}-matches.csv", "text/csv",
        key="probes-matches-csv", on_click="ignore",
    )  # fmt: skip


def _ask(recording: Recording) -> tuple[str, list[tuple[int, int]], MatchQuery] | None:
    """The phrase, where it stands, and the query of one of these places; None where it does not stand in the text."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        typed = st.text_input(
            "A phrase of the text", cached(frames.first_phrase)(recording), max_chars=200, key="probes-phrase",
            bind="query-params", width=240,
        )  # fmt: skip
        try:
            spans = occurrences(recording, typed)
        except ValueError as error:
            tell("This phrase cannot be looked for.", error)
            return None
        if not spans:
            st.info("The text that was read does not have this phrase.")
            return None
        which = st.number_input(
            f"Which of its {len(spans):,} places", 1, len(spans), 1, key="probes-occurrence",
            bind=bound("probes-occurrence"), width=150,
        )  # fmt: skip
        before = st.number_input(
            "Off before it", 0, 20, 0, key="probes-before", bind=bound("probes-before"), width=110,
            help="Only neurons that are off for so many steps before the phrase: those that it switches on.",
        )  # fmt: skip
        after = st.number_input(
            "Off after it", 0, 20, 0, key="probes-after", bind=bound("probes-after"), width=110,
            help="Only neurons that are off for so many steps behind the phrase.",
        )  # fmt: skip
        limit = st.selectbox(
            "Places to compare", list(_LIMITS), key="probes-limit", bind="query-params", width=190,
            help="LSTMVis, an older tool, stops after 1,000 or 10,000 places; here all of the text can be compared.",
        )  # fmt: skip
    place = spans[min(int(which), len(spans)) - 1]
    return typed, spans, MatchQuery(*place, int(before), int(after), _LIMITS.get(limit or "", 0))
