"""A phrase: which neurons are on through it, where else in the text they are, and what is known of the words there."""

from collections.abc import Sequence

import streamlit as st

from app.cached import cached, twin_on_sets
from app.components.csv_file import frame_csv
from app.components.table import Choice, Columns, number, share, show, whole
from app.controls import bound, current_run, tell
from app.registry import entry
from lstm_core.probes.active import OnQuery, OnSets
from lstm_core.probes.match import (
    FAST,
    PRECISE,
    Match,
    Matches,
    MatchQuery,
    Selective,
    SelectiveQuery,
    by_chance,
    match,
    places_of,
    selective,
)
from lstm_core.recordings.annotations import FILE, Annotation, read_annotations
from lstm_core.recordings.find import untrained_twin
from lstm_core.recordings.recording import Recording
from pages.probes import frames, rows
from pages.probes.matches import matches
from pages.probes.place import ChosenSpan, choice, go_to, looked_at, select
from pages.probes.rows import StripRow
from pages.probes.speech import modified, offer, tagged
from pages.probes.strip import ShownPart, strip, width

COLOUR, NEURON = "probes-colour", "probes-neuron"
MOST_OFF = 20  # steps before or after
_LIMITS = {"all of the text": 0, "as LSTMVis, precise": PRECISE, "as LSTMVis, fast": FAST}
_UNITS: Columns = {
    "which": None,
    "layer": whole(),
    "neuron": whole(),
    "at this phrase": share("At which share of the phrase's places it is on all the way through.", 0),
    "elsewhere": share("At which share of other places as long, anywhere in the text."),
    "on in all": share("At which share of all steps of the text it is on."),
}
_MATCHES: Columns = {
    "in common": whole("How many of the phrase's neurons are on through this place too."),
    "others": whole("Neurons that are on through only one of both."),
    "overlap": number("In common, over all that are on through either (Jaccard index).", 2),
    "before": st.column_config.TextColumn(alignment="right"),
    "steps": whole("How many steps it is long."),
    "place": whole("Counted in the whole text."),
}


def phrase(recording: Recording, on: OnSets) -> None:
    """The section with the field, the text around the place, the neurons of the phrase, and the places where they are
    on.
    """
    asked = choice(recording)
    if asked is None:
        return
    query = _query(asked)
    told = cached(_measured)(recording, on, asked.tokens, query.before, query.after)
    _sentences(on, told, _twin(recording, on.query, asked, query), asked)
    found = cached(match)(on, query)
    others = [one for one in found.found if one.stop <= query.start or one.start >= query.stop]
    at = looked_at(recording, asked.span)
    marked = next(((one.start, one.stop) for one in others if one.start == at), None)
    colours, colour = _colours(recording, on, found)
    strip(
        recording, ShownPart(at, asked.span, marked), colours, colour, key="probes-strip",
        select=lambda span: select(recording, span), go=lambda step: go_to(recording, step),
    )  # fmt: skip
    if marked and marked[1] - marked[0] <= width(recording):
        label = "Ask about the place that is underlined"
        st.button(label, on_click=select, args=(recording, marked), key="probes-ask")
    st.subheader("Its neurons")
    st.text(frames.sentence(found, float(cached(by_chance)(on, query).sum()), asked.phrase, len(on.units)))
    if not found.units:
        st.caption("Lower the threshold, select another span, or ask for fewer steps off before and after it.")
        return
    _neurons(recording, on, found, told, at)
    st.subheader("Where else they are on together")
    if not others:
        st.caption("Nowhere else in the text.")
        return
    own = Match(query.start, query.stop, len(found.units), len(found.units))
    alt = f"The phrase, and the {len(others)} places where most of these neurons are on"
    matches(
        recording, [own, *others], colours, colour, key="probes-rows", alt=alt, chosen=at,
        go=lambda step: go_to(recording, step),
    )  # fmt: skip
    st.caption("The phrase itself is on top. Click a row to see more of the text there.")
    _as_table(recording, others)
    if not any(row.name == rows.SPEECH for row in colours):
        offer(recording)


def _query(asked: ChosenSpan) -> MatchQuery:
    with (
        st.expander("Only neurons that it switches on; how many places are compared"),
        st.container(horizontal=True, gap="medium", vertical_alignment="bottom"),
    ):
        before = st.number_input(
            "Off before it", 0, MOST_OFF, 0, key="probes-before", bind=bound("probes-before"), width=130,
            help="Only neurons that are off for so many steps before the phrase: those that it switches on.",
        )  # fmt: skip
        after = st.number_input(
            "Off after it", 0, MOST_OFF, 0, key="probes-after", bind=bound("probes-after"), width=130,
            help="Only neurons that are off for so many steps behind the phrase.",
        )  # fmt: skip
        limit = st.selectbox(
            "Places to compare", list(_LIMITS), key="probes-limit", bind="query-params", width=210,
            help="LSTMVis, an older tool, stops after 1,000 or 10,000 places; here all of the text can be compared.",
        )  # fmt: skip
    off_before, off_after = (min(max(int(steps), 0), MOST_OFF) for steps in (before, after))
    return MatchQuery(*asked.span, off_before, off_after, _LIMITS.get(limit or "", 0))


# What colours the text ------------------------------------------------------------------------------------------------


def _colours(recording: Recording, on: OnSets, found: Matches) -> tuple[list[StripRow], int]:
    """What is known of each token, and the number of what colours it."""
    made = [rows.neurons_on(on, found.units)]
    made += [] if recording.brought_in else [rows.probability(recording)]
    speech = tagged(recording)
    made += [rows.parts_of_speech(speech)] if speech else []
    try:
        made += [rows.annotated(one) for one in cached(_annotations)(recording, modified(recording, FILE))]
    except ValueError as error:
        tell("What was noted of this text cannot be read.", error)
    names = rows.told_apart([row.name for row in made])
    # Of a list the options are not read as Markdown: names of annotations are not ours.
    chosen = st.selectbox("Colour the text by", names, key=COLOUR, bind="query-params", width=220)
    return made, names.index(chosen) if chosen in names else 0


def _annotations(recording: Recording, stamp: int) -> tuple[Annotation, ...]:
    return read_annotations(recording.folder)


# What was found -------------------------------------------------------------------------------------------------------


def _measured(recording: Recording, on: OnSets, tokens: Sequence[int], before: int, after: int) -> Selective:
    return selective(on, SelectiveQuery(tuple(places_of(recording, tokens)), before, after))


def _twin(recording: Recording, query: OnQuery, asked: ChosenSpan, off: MatchQuery) -> Selective | None:
    """The same of the untrained network, None where it has not read the same text."""
    other = untrained_twin(recording, query.signal, query.layers)
    if other is None:
        return None
    return cached(_measured)(other, twin_on_sets(other, query), asked.tokens, off.before, off.after)


def _sentences(on: OnSets, told: Selective, twin: Selective | None, asked: ChosenSpan) -> None:
    st.text(frames.selective_sentence(told, asked.phrase, len(on.units), len(asked.spans), twin))
    if not told.units:
        st.text(frames.nearest_sentence(on, told))
    if not current_run().untrained_twin_of and (note := frames.twin_sentence(told, twin)):
        st.caption(note)


def _neurons(recording: Recording, on: OnSets, found: Matches, told: Selective, at: int) -> None:
    """The table of the phrase's neurons, and the way from one of them to the page Neurons."""
    st.caption("Those that are on for this phrase and hardly anywhere else come first.")
    made = frames.unit_frame(on, found, told)
    names = made["which"].tolist()
    if st.session_state.get(NEURON, names[0]) not in names:
        st.session_state[NEURON] = names[0]
    table = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox("One of them", names, key=NEURON, bind="query-params", width=220)
        unit = made.to_dict("records")[names.index(chosen) if chosen in names else 0]
        st.page_link(
            entry("neurons").page(), label="See it at this place on the page Neurons", icon=entry("neurons").icon,
            query_params=frames.neuron_link(recording, on.query.signal, unit, at),
        )  # fmt: skip
    with table:
        alt = f"The {len(made)} neurons that are on through the phrase"
        show(made, columns=_UNITS, key="probes-units", alt=alt, choice=Choice("which", unit["which"], _take))


def _take(name: str) -> None:
    st.session_state[NEURON] = name


def _as_table(recording: Recording, others: Sequence[Match]) -> None:
    made = frames.match_frame(recording, others)
    with st.expander("The same places as a table"):
        alt = f"The {len(made)} places where most of these neurons are on"
        show(made, columns=_MATCHES, key="probes-matches", alt=alt)
        st.download_button(
            "Places as CSV", lambda: frame_csv(made), f"{recording.spec.run}-matches.csv", "text/csv",
            key="probes-matches-csv", on_click="ignore",
        )  # fmt: skip
