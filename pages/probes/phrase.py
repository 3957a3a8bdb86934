"""A phrase: which neurons are on through it, where else in the text they are, and what is known of the words there."""

from collections.abc import Sequence

import streamlit as st

from app.cached import cached, twin_on_sets
from app.components.csv_file import frame_csv
from app.components.table import Choice, Columns, number, share, show, whole
from app.controls import bound, current_run, tell
from app.registry import entry
from app.work import at_work, last_attempt, start_button
from lstm_core.probes.active import OnSets
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
from lstm_core.recordings.tags import TAGS, kept_tags, tags_of
from lstm_core.storage.files import home
from lstm_core.storage.results import Stamp
from lstm_core.text.tagged import Tagged
from pages.probes import frames
from pages.probes.place import ChosenSpan, choice, looked_at, select, width
from pages.probes.tokens import Coloured, matches, strip

COLOUR, NEURON = "probes-colour", "probes-neuron"
MOST_OFF = 20  # steps before or after
LEAD = 50  # steps of text before a place to which the page Neurons is linked
QUICK = 40_000  # characters, whose parts of speech are found while a person waits; of words a fifth
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
    other, twin = untrained_twin(recording, on.query.signal, on.query.layers), None
    if other is not None:
        twin = cached(_measured)(other, twin_on_sets(other, on.query), asked.tokens, query.before, query.after)
    _sentences(on, told, twin, asked)
    found = cached(match)(on, query)
    others = [one for one in found.found if one.stop <= query.start or one.start >= query.stop]
    at = looked_at(recording, asked.span)
    marked = next(((one.start, one.stop) for one in others if one.start == at), None)
    text = _coloured(recording, on, found)
    strip(text, at, asked.span, marked, key="probes-strip")
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
    matches(text, [own, *others], at, key="probes-rows", alt=alt)
    st.caption("The phrase itself is on top. Click a row to see more of the text there.")
    _as_table(recording, others)
    if not any(row.name == frames.SPEECH for row in text.known):
        _offer_tags(recording)


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


def _coloured(recording: Recording, on: OnSets, found: Matches) -> Coloured:
    """What is known of each token, and the choice of what colours it."""
    made = [frames.neurons_on(on, found.units)]
    made += [] if recording.brought_in else [frames.probability(recording)]
    tagged = _tagged(recording)
    made += [frames.parts_of_speech(tagged)] if tagged else []
    try:
        path = recording.folder / FILE if recording.folder else None
        written = path.stat().st_mtime_ns if path and path.is_file() else 0
        made += [frames.annotated(one) for one in cached(_annotations)(recording, written)]
    except ValueError as error:
        tell("What was noted of this text cannot be read.", error)
    names = frames.told_apart([row.name for row in made])
    # Of a list the options are not read as Markdown: names of annotations are not ours.
    chosen = st.selectbox("Colour the text by", names, key=COLOUR, bind="query-params", width=220)
    return Coloured(recording, made, names.index(chosen) if chosen in names else 0)


def _annotations(recording: Recording, written: int) -> tuple[Annotation, ...]:
    return read_annotations(recording.folder)


def _tagged(recording: Recording) -> Tagged | None:
    """The tags of a recording, None where they are not kept and would take more than seconds: these are offered."""
    if found := cached(_kept_tags)(recording, TAGS.stamp(recording)):
        return found
    if len(recording.tokens) * (5 if frames.in_words(recording) else 1) > QUICK:
        return None
    with st.spinner("Looking for the parts of speech"):
        return cached(tags_of)(recording)


def _kept_tags(recording: Recording, stamp: Stamp) -> Tagged | None:
    return kept_tags(recording)


def _offer_tags(recording: Recording) -> None:
    """The offer to find the parts of speech of a long text, or the progress of that work."""
    folder = home() / "tags" / "jobs" / recording.fingerprint
    if not at_work(folder, f"probes-{folder.name}"):
        last_attempt(folder)
        st.caption("The text can be coloured by part of speech once these are found, which takes a minute or two.")
        start_button("Find the parts of speech", folder, ["tags", recording.fingerprint], f"probes-go-{folder.name}")


# What was found -------------------------------------------------------------------------------------------------------


def _measured(recording: Recording, on: OnSets, tokens: Sequence[int], before: int, after: int) -> Selective:
    return selective(on, SelectiveQuery(tuple(places_of(recording, tokens)), before, after))


def _sentences(on: OnSets, told: Selective, twin: Selective | None, asked: ChosenSpan) -> None:
    st.text(frames.selective_sentence(told, asked.phrase, len(on.units), len(asked.spans), twin))
    if not told.units:
        layer, unit = on.units[told.nearest]
        st.text(
            f"Nearest to that comes neuron {unit} of layer {layer}: it is on at {told.at_phrase[told.nearest]:.0%} of "
            f"the phrase's places and at {told.elsewhere[told.nearest]:.1%} of all others."
        )
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
            query_params={
                "run": recording.spec.run,
                "recording": recording.fingerprint,
                "neurons-signal": on.query.signal,
                "neurons-layer": str(unit["layer"]),
                "neurons-unit": str(unit["neuron"]),
                "neurons-start": str(max(at - LEAD, 0) // 10 * 10),
            },
        )  # fmt: skip
    with table:
        alt = f"The {len(made)} neurons that are on through the phrase"
        taken = Choice("which", unit["which"], lambda name: st.session_state.update({NEURON: name}))
        show(made, columns=_UNITS, key="probes-units", alt=alt, choice=taken)


def _as_table(recording: Recording, others: Sequence[Match]) -> None:
    made = frames.match_frame(recording, others)
    with st.expander("The same places as a table"):
        alt = f"The {len(made)} places where most of these neurons are on"
        show(made, columns=_MATCHES, key="probes-matches", alt=alt)
        st.download_button(
            "Places as CSV", lambda: frame_csv(made), f"{recording.spec.run}-matches.csv", "text/csv",
            key="probes-matches-csv", on_click="ignore",
        )  # fmt: skip
