"""Does a study's finding hold up? A linear reader beside a control task and the untrained network, the places and words
as dots, the surest neurons over time."""

from pathlib import Path

import streamlit as st

from app.cached import cached
from app.charts.draw import draw
from app.charts.maps import plane
from app.charts.neurons import around_places
from app.claims import panel
from app.components.table import Columns, number, percent, share, show, text, whole
from app.work import at_work, last_attempt, start_button
from lstm_core.claims.studies import study_claims
from lstm_core.probes.active import OnSets
from lstm_core.probes.studies import Study, StudyResult
from lstm_core.probes.verification import (
    Verification,
    VerifyQuery,
    twin_query,
    twin_words,
    verify,
)
from lstm_core.recordings.find import untrained_twin
from lstm_core.recordings.recording import Recording
from lstm_core.recordings.tags import tags_of
from lstm_core.stats.separation import Separation
from lstm_core.storage.files import home
from pages.probes import verified_frames as frames

SMALL = 256  # neurons whose test takes seconds: it is made unasked
_READERS = {
    "told rightly": share("Share of places that it has not seen, each kind counting half."),
    "from": percent("Lower end of the 95% interval; of dealt labels the worst of ten deals."),
    "to": percent("Upper end of the 95% interval; of dealt labels the best of ten deals."),
    "place by place": percent("Share told rightly where each place counts alike."),
}
_NOTHING: Columns = {
    "places": whole(),
    "between": percent("Share of the spread on both components that lies between the kinds."),
    "chance": number("Of as much or more, with the kinds shifted along the text."),
    "told rightly": percent("By a reader, as above; 50% is guessing."),
}


def verification(recording: Recording, on: OnSets, carried_out: StudyResult) -> None:
    """The section below a study's verdicts, and what the article says of them."""
    found = twin = None
    if carried_out.study.positive or carried_out.study.words:
        st.subheader("Does it hold up?")
        if st.toggle("Put it to the test", len(on.units) <= SMALL, key="probes-verify", bind="query-params"):
            found, twin = _put_to_the_test(recording, on, carried_out.study)
        else:
            st.caption("For a large network this takes a minute or two.")
    claims = study_claims(carried_out, len(on.units), found, twin)
    panel(claims, "What the article says, what we measure")


def _put_to_the_test(recording: Recording, on: OnSets, asked: Study) -> tuple[Verification, Verification | None]:
    query = VerifyQuery(asked, on.query.signal, on.query.layers)
    with st.spinner("Putting it to the test"):
        found = cached(_verified)(recording, query, recording)
        other = untrained_twin(recording, query.signal, query.layers)
        twin = None if other is None else cached(_verified)(other, twin_query(found), recording)
    if twin is None:
        _offer(recording, query.signal)
    elif asked.positive:
        st.text(
            f"{found.confirmed:,} neurons were confirmed; in the untrained network, by the same rule, "
            f"{twin.confirmed:,}."
        )
    _reader(found, twin)
    _places(found, twin)
    _over_time(found, twin)
    _words(found, twin)
    for why in found.why:
        st.text(why)
    return found, twin


def _verified(recording: Recording, query: VerifyQuery, tagged: Recording) -> Verification:
    return verify(recording, query, tags_of(tagged) if query.study.by_tag else None)


def _offer(recording: Recording, signal: str) -> None:
    """The offer to let the untrained network read the same text, or the progress of that."""
    words = twin_words(recording, signal)
    if words is None:
        st.caption("Whether this was learned cannot be told: the model has no untrained twin to compare it with.")
        return
    folder: Path = home() / "probes" / "jobs" / f"{recording.fingerprint}-{signal}"
    if at_work(folder, "probes-twin"):
        return
    last_attempt(folder)
    st.caption(
        "Whether this was learned cannot be told yet: the untrained network has not read this text. It reads a whole "
        "book in some minutes, also when this page is closed."
    )
    start_button("Let the untrained network read it", folder, words, "probes-twin-go")


def _reader(found: Verification, twin: Verification | None) -> None:
    if found.reader is None:
        return
    st.text(f"{frames.reader_sentence(found, twin)} {frames.reader_verdict(found, twin)}")
    alt = "How often a reader of all neurons is right, beside what it must be compared with"
    show(frames.reader_frame(found, twin), columns=_READERS, key="probes-readers", alt=alt)


def _places(found: Verification, twin: Verification | None) -> None:
    if found.apart is None:
        return
    names = frames.kind_names(found.query.study)
    st.markdown("**The places as dots**")
    st.caption("A dot is a place: what all neurons do there, on the two directions in which places differ most.")
    _beside(found.apart, None if twin is None else twin.apart, names, "probes-places")
    if found.nothing:
        st.caption(
            "What the part of the text alone tells: places of other words, each taken to be of the kind of the nearest "
            "place above."
        )
        alt = "The same for words at which there is nothing to find"
        show(frames.nothing_frame(found.nothing), columns=_NOTHING, key="probes-nothing", alt=alt)


def _beside(own: Separation, other: Separation | None, names: tuple[str, str], key: str) -> None:
    """Two planes, of the run and of its twin."""
    left, right = st.columns(2)
    for column, title, one in ((left, "This network", own), (right, "The untrained network", other)):
        if one is not None:
            with column:
                st.caption(title)
                alt = f"{title}: dots of {names[0]} and {names[1]} on two principal components"
                draw(plane(one, names), key=f"{key}-{title.split()[1]}", alt=alt)
                st.text(frames.plane_sentence(one))


def _over_time(found: Verification, twin: Verification | None) -> None:
    if not found.followed:
        return
    st.markdown("**The surest neurons over time**")
    names = [f"layer {one.layer}: {one.unit}" for one in found.followed]
    chosen = st.segmented_control("Neuron", names, default=names[0], key="probes-followed", required=True)
    at = names.index(chosen) if chosen in names else 0
    one, other = found.followed[at], None if twin is None else twin.followed[at]
    figure = around_places(one, frames.kind_names(found.query.study))
    if figure is not None:
        alt = f"Neuron {one.unit} of layer {one.layer} before and after places of both kinds"
        draw(figure, key="probes-around", alt=alt)
        st.caption("Means over the places of each kind; shaded: their standard errors. Grey: its mean elsewhere.")
    st.text(f"{frames.around_sentence(one, other)} {frames.period_sentence(one.period, one.rhythm)}")


def _words(found: Verification, twin: Verification | None) -> None:
    if (words := found.words) is None:
        return
    st.markdown("**The words as dots**")
    st.text(frames.words_sentence(words))
    other = None if twin is None or twin.words is None else twin.words.apart
    _beside(words.apart, other, frames.WORDS, "probes-words")
    if words.nothing is not None:
        st.caption(frames.control_words_sentence(words.nothing))
    with st.expander("The words"):
        columns = {"beside it": text("Of the same part of speech, about as frequent.")}
        alt = "The words and those beside them"
        show(frames.word_frame(words), columns=columns, key="probes-word-pairs", alt=alt)
