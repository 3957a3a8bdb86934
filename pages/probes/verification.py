"""Does a study's finding hold up? A linear reader beside a control task and the untrained network, the places and words
as dots, the surest neurons over time."""

import pandas as pd
import streamlit as st

from app.cached import cached
from app.charts.draw import draw
from app.charts.maps import plane
from app.charts.neurons import around_places
from app.claims import panel
from app.components.fields import Fields, show_rows
from app.components.table import number, percent, share, show, text, whole
from app.work import at_work, last_attempt, start_button
from lstm_core.claims.studies import study_claims
from lstm_core.probes.active import OnSets
from lstm_core.probes.studies import Selector, Study, StudyResult
from lstm_core.probes.verification import Followed, Verification, VerifyQuery, ahead, twin_query, twin_words, verify
from lstm_core.recordings.find import untrained_twin
from lstm_core.recordings.recording import Recording
from lstm_core.recordings.tags import tags_of
from lstm_core.stats.false_discovery import FALSE_SHARE
from lstm_core.stats.linear_probe import Probe
from lstm_core.stats.separation import Separation
from lstm_core.storage.files import home
from lstm_core.text.tagged import MEANINGS
from pages.probes.neuron import chance_of, period_sentence

SMALL = 256  # neurons whose test takes seconds: it is made unasked
_READERS = {
    "told rightly": share("Share of places that it has not seen, each kind counting half."),
    "from": percent("Lower end of the 95% interval; of dealt labels the worst of ten deals."),
    "to": percent("Upper end of the 95% interval; of dealt labels the best of ten deals."),
    "place by place": percent("Share told rightly where each place counts alike."),
}
_NOTHING: Fields = {
    ("word", "word"): text(),
    ("places", lambda one: sum(one.counts)): whole(),
    ("between", "apart.between"): percent("Share of the spread on both components that lies between the kinds."),
    ("chance", "apart.chance"): number("Of as much or more, with the kinds shifted along the text."),
    ("told rightly", "accuracy"): percent("By a reader, as above; 50% is guessing."),
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
    folder = home() / "probes" / "jobs" / f"{recording.fingerprint}-{signal}"
    if at_work(folder, "probes-twin"):
        return
    last_attempt(folder)
    st.caption(
        "Whether this was learned cannot be told yet: the untrained network has not read this text. It reads a whole "
        "book in some minutes, also when this page is closed."
    )
    start_button("Let the untrained network read it", folder, words, "probes-twin-go")


def _reader(found: Verification, twin: Verification | None) -> None:
    if (reader := found.reader) is None:
        return
    other = None if twin is None else twin.reader
    st.text(f"{reader_sentence(reader, found.dealt_by, other)} {reader_verdict(reader, ahead(found, twin))}")
    rows: list[tuple[object, ...]] = [("all neurons", reader.accuracy, *reader.interval, reader.right)]
    if reader.control is not None:
        every = reader.control.accuracies
        dealt = f"labels dealt out by {found.dealt_by}"
        rows.append((dealt, reader.control.accuracy, min(every), max(every), None))
    if other is not None:
        rows.append(("the untrained network", other.accuracy, *other.interval, other.right))
    rows.append(("always the commoner kind", 0.5, None, None, reader.majority))
    alt = "How often a reader of all neurons is right, beside what it must be compared with"
    made = pd.DataFrame(rows, columns=["who reads", *_READERS])
    show(made, columns=_READERS, key="probes-readers", alt=alt)


def _places(found: Verification, twin: Verification | None) -> None:
    if found.apart is None:
        return
    names = kind_names(found.query.study)
    st.markdown("**The places as dots**")
    st.caption("A dot is a place: what all neurons do there, on the two directions in which places differ most.")
    _beside(found.apart, None if twin is None else twin.apart, names, "probes-places")
    if found.nothing:
        st.caption(
            "What the part of the text alone tells: places of other words, each taken to be of the kind of the nearest "
            "place above."
        )
        alt = "The same for words at which there is nothing to find"
        show_rows(found.nothing, _NOTHING, key="probes-nothing", alt=alt)


def _beside(own: Separation, other: Separation | None, names: tuple[str, str], key: str) -> None:
    """Two planes, of the run and of its twin."""
    left, right = st.columns(2)
    for column, title, one in ((left, "This network", own), (right, "The untrained network", other)):
        if one is not None:
            with column:
                st.caption(title)
                alt = f"{title}: dots of {names[0]} and {names[1]} on two principal components"
                draw(plane(one, names), key=f"{key}-{title.split()[1]}", alt=alt)
                st.text(plane_sentence(one))


def _over_time(found: Verification, twin: Verification | None) -> None:
    if not found.followed:
        return
    st.markdown("**The surest neurons over time**")
    names = [f"layer {one.layer}: {one.unit}" for one in found.followed]
    chosen = st.segmented_control("Neuron", names, default=names[0], key="probes-followed", required=True)
    at = names.index(chosen) if chosen in names else 0
    one, other = found.followed[at], None if twin is None else twin.followed[at]
    figure = around_places(one, kind_names(found.query.study))
    if figure is not None:
        alt = f"Neuron {one.unit} of layer {one.layer} before and after places of both kinds"
        draw(figure, key="probes-around", alt=alt)
        st.caption("Means over the places of each kind; shaded: their standard errors. Grey: its mean elsewhere.")
    st.text(f"{around_sentence(one, other)} {period_sentence(one.period, one.rhythm)}")


def _words(found: Verification, twin: Verification | None) -> None:
    if (words := found.words) is None:
        return
    st.markdown("**The words as dots**")
    told = (
        f"{len(words.words):,} words of the study, each beside a word of the same part of speech that is about as "
        "frequent. A dot is a word: the mean of all neurons over its places."
    )
    st.text(told + (f" Too rare in this text: {', '.join(words.absent)}." if words.absent else ""))
    other = None if twin is None or twin.words is None else twin.words.apart
    _beside(words.apart, other, ("words of the study", "words as frequent"), "probes-words")
    if words.nothing is not None:
        st.caption(
            "Where there is nothing to find, the frequent words against others drawn alike, it is "
            f"{words.nothing.between:.0%}, with a probability of {chance_of(words.nothing.chance)}."
        )
    with st.expander("The words"):
        columns = {"beside it": text("Of the same part of speech, about as frequent.")}
        alt = "The words and those beside them"
        pairs = pd.DataFrame({"word": words.words, "beside it": words.controls})
        show(pairs, columns=columns, key="probes-word-pairs", alt=alt)


def kind_names(asked: Study) -> tuple[str, str]:
    """What both kinds of places are called: their first phrase, with its part of speech or one of its contexts."""
    one, other = (_kind(some) for some in (asked.positive, asked.negative))
    return (one, other) if one != other else ("first kind", "second kind")


def _kind(selectors: tuple[Selector, ...]) -> str:
    if not selectors:
        return ""
    first = selectors[0]
    more = " and others" if len(selectors) > 1 else ""
    if first.tags:
        return f"{first.phrase}: {MEANINGS.get(first.tags[0], first.tags[0]).split(':')[0]}{more}"
    return f"{first.phrase} as in “{first.contexts[0]}”{more}" if first.contexts else f"{first.phrase}{more}"


def plane_sentence(found: Separation) -> str:
    """How far apart the kinds lie, beside chance."""
    return (
        f"{found.between:.0%} of the spread lies between the kinds; as much or more by chance with a probability of "
        f"{chance_of(found.chance)}."
    )


def reader_sentence(reader: Probe, dealt_by: str, twin: Probe | None) -> str:
    """What a linear reader tells of places that it has not seen, beside what it must be compared with."""
    low, high = reader.interval
    told = (
        f"A simple reader of all neurons tells the two kinds apart in {100 * reader.accuracy:.0f} of 100 places that "
        f"it has not seen ({100 * low:.0f} to {100 * high:.0f}; guessing: 50)."
    )
    if reader.control is not None:
        told += (
            f" With labels dealt out at random by {dealt_by}, which it can only learn by heart, it would reach "
            f"{100 * reader.control.accuracy:.0f}."
        )
    if twin is not None:
        told += f" From the untrained network it reads {100 * twin.accuracy:.0f}."
    return told


def reader_verdict(reader: Probe, lead: tuple[float, float] | None) -> str:
    """What that means; `lead`: how far it is above the twin's, and the chance of so much."""
    if reader.interval[0] <= 0.5:
        return "So it cannot be said that the neurons together know the difference."
    told = []
    if reader.selectivity is not None:
        told.append(
            "more than labels learned by heart"
            if reader.selectivity > 0 and reader.control and reader.interval[0] > reader.control.accuracy
            else "no more than labels learned by heart would give"
        )
    if lead is not None:
        learned = lead[0] > 0 and lead[1] <= FALSE_SHARE
        beyond = "more than" if learned else "not surely more than"
        told.append(f"{beyond} a network knows that never learned (chance {chance_of(lead[1])})")
    return f"That is {' and '.join(told)}." if told else ""


def around_sentence(found: Followed, twin: Followed | None = None) -> str:
    """When a unit tells the kinds apart and how long it keeps that; beside the same unit before it learned."""
    both = found.around
    if both is None:
        return "The places are too few, or too near the ends of the text, to follow it over time."
    if both.onset is None:
        told = "Its means over both kinds differ at no single step beyond chance."
    else:
        left = "more than half of that is left to the end"
        if both.half_life is not None:
            left = f"half of that is left {both.half_life:.1f} steps later"
        told = f"From {_step(both.onset)} on it tells the kinds apart, most {_step(both.peak, at=True)}."
        told += f" Of the difference {left}."
    if both.one.memory is not None:
        told += f" What it stores would be half forgotten after {both.one.memory:.1f} steps, as its forget gate stands."
    if twin is not None and twin.around is not None:
        onset = twin.around.onset
        before = "did so at no step" if onset is None else f"did so from {_step(onset)} on"
        told += f" Before it learned, the same neuron {before}."
    return told


def _step(step: int, *, at: bool = False) -> str:
    if step == 0:
        return "at the place itself" if at else "the place itself"
    count = abs(step)
    return f"{count} step{'s' if count > 1 else ''} {'before' if step < 0 else 'after'} the place"
