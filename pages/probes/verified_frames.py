"""Whether a study's finding holds up, as frames and sentences. Pure: knows nothing of Streamlit."""

import pandas as pd

from lstm_core.neurons.periods import HILL, Periods
from lstm_core.probes.studies import Selector, Study
from lstm_core.probes.verification import Followed, Nothing, Verification, ahead
from lstm_core.probes.word_classes import WordSet
from lstm_core.stats.false_discovery import FALSE_SHARE
from lstm_core.stats.separation import Separation
from lstm_core.stats.spectrum import Period, Rhythm
from lstm_core.text.tagged import MEANINGS

WORDS = ("words of the study", "words as frequent")


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


# Vectors --------------------------------------------------------------------------------------------------------------


def plane_sentence(found: Separation) -> str:
    """How far apart the kinds lie, beside chance."""
    return (
        f"{found.between:.0%} of the spread lies between the kinds; as much or more by chance with a probability of "
        f"{_chance(found.chance)}."
    )


def nothing_frame(found: tuple[Nothing, ...]) -> pd.DataFrame:
    """Where there is nothing to find."""
    return pd.DataFrame(
        {
            "word": one.word,
            "places": sum(one.counts),
            "between": one.apart.between,
            "chance": one.apart.chance,
            "told rightly": one.accuracy,
        }
        for one in found
    )


def words_sentence(found: WordSet) -> str:
    """What was compared with what."""
    told = (
        f"{len(found.words):,} words of the study, each beside a word of the same part of speech that is about as "
        "frequent. A dot is a word: the mean of all neurons over its places."
    )
    if found.absent:
        told += f" Too rare in this text: {', '.join(found.absent)}."
    return told


def control_words_sentence(found: Separation) -> str:
    """The same where there is nothing: words that were drawn, against others."""
    return (
        "Where there is nothing to find, the frequent words against others drawn alike, it is "
        f"{found.between:.0%}, with a probability of {_chance(found.chance)}."
    )


def word_frame(found: WordSet) -> pd.DataFrame:
    """The words and the one that stands beside each."""
    return pd.DataFrame({"word": found.words, "beside it": found.controls})


# The reader -----------------------------------------------------------------------------------------------------------


def reader_sentence(found: Verification, twin: Verification | None) -> str:
    """What a linear reader tells of places that it has not seen, beside what it must be compared with."""
    reader = found.reader
    if reader is None:
        return ""
    low, high = reader.interval
    told = (
        f"A simple reader of all neurons tells the two kinds apart in {100 * reader.accuracy:.0f} of 100 places that "
        f"it has not seen ({100 * low:.0f} to {100 * high:.0f}; guessing: 50)."
    )
    if reader.control is not None:
        told += (
            f" With labels dealt out at random by {found.dealt_by}, which it can only learn by heart, it would reach "
            f"{100 * reader.control.accuracy:.0f}."
        )
    if twin is not None and twin.reader is not None:
        told += f" From the untrained network it reads {100 * twin.reader.accuracy:.0f}."
    return told


def reader_verdict(found: Verification, twin: Verification | None) -> str:
    """What that means."""
    reader, lead = found.reader, ahead(found, twin)
    if reader is None:
        return ""
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
        told.append(f"{beyond} a network knows that never learned (chance {_chance(lead[1])})")
    return f"That is {' and '.join(told)}." if told else ""


def reader_frame(found: Verification, twin: Verification | None) -> pd.DataFrame:
    """The reader, its control task, guessing, the twin's."""
    rows: list[tuple[object, ...]] = []
    if reader := found.reader:
        rows.append(("all neurons", reader.accuracy, *reader.interval, reader.right))
        if reader.control is not None:
            every = reader.control.accuracies
            dealt = f"labels dealt out by {found.dealt_by}"
            rows.append((dealt, reader.control.accuracy, min(every), max(every), None))
        if twin is not None and twin.reader is not None:
            other = twin.reader
            rows.append(("the untrained network", other.accuracy, *other.interval, other.right))
        rows.append(("always the commoner kind", 0.5, None, None, reader.majority))
    return pd.DataFrame(rows, columns=["who reads", "told rightly", "from", "to", "place by place"])


# Over time ------------------------------------------------------------------------------------------------------------


def around_sentence(found: Followed, twin: Followed | None = None) -> str:
    """When a unit tells the kinds apart and how long it keeps that; beside the same unit before it learned."""
    both = found.around
    if both is None:
        return "The places are too few, or too near the ends of the text, to follow it over time."
    if both.onset is None:
        told = "Its means over both kinds differ at no single step beyond chance."
    else:
        told = f"From {_step(both.onset)} on it tells the kinds apart, most {_step(both.peak, at=True)}."
    if both.onset is not None:
        left = "more than half of that is left to the end" if both.half_life is None else (
            f"half of that is left {both.half_life:.1f} steps later"
        )  # fmt: skip
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


def period_sentence(found: Period | None, rhythm: Rhythm | None = None) -> str:
    """A unit's strongest period with its chance, and its rhythm; empty where it has none to speak of."""
    if found is None:
        return ""
    surely = "by itself that is a period" if found.chance <= FALSE_SHARE else "so it is not periodic"
    told = (
        f"Its strongest period is {found.steps:,.1f} steps, {found.strength:.0f} times as strong as those around it; a "
        f"neuron without any would have one as strong with a probability of {_chance(found.chance)}, {surely}."
    )
    if rhythm is not None and rhythm.strength >= HILL and rhythm.chance <= FALSE_SHARE:
        told += (
            f" It has a rhythm that loses step now and then: about every {rhythm.steps:.1f} steps, "
            f"{rhythm.strength:.1f} times as strong as slower and faster ones (chance {_chance(rhythm.chance)})."
        )
    return told


def periods_sentence(found: Periods, twin: Periods | None) -> str:
    """How many units of a layer are periodic, or have a rhythm, beside the untrained network."""
    told = (
        f"{len(found.periodic):,} of {len(found.found):,} neurons of layer {found.query.layer} are periodic over "
        f"{found.steps:,} steps; {len(found.rhythmic):,} have a rhythm that loses step now and then."
    )
    if found.rhythmic and (best := found.rhythmic[0].rhythm) is not None:
        told += f" The strongest comes about every {best.steps:.1f} steps."
    if twin is not None:
        told += f" Of the untrained network {len(twin.periodic):,} are periodic, {len(twin.rhythmic):,} have a rhythm."
    if found.still:
        told += f" {found.still:,} never change."
    return told


def period_frame(found: Periods, least: int = 5, most: int = 20) -> pd.DataFrame:
    """The units that are periodic or have a rhythm, and others whose period stands out most to make up a few."""
    first = [*found.periodic, *(one for one in found.rhythmic if not one.periodic)]
    others = [one for one in found.found if not (one.periodic or one.rhythmic)]
    shown = [*first[:most], *others[: max(least - len(first), 0)]]
    return pd.DataFrame(
        {
            "neuron": one.unit,
            "what": " and ".join(word for word, so in (("periodic", one.periodic), ("rhythm", one.rhythmic)) if so)
            or "neither",
            "period (steps)": one.period.steps,
            "adjusted": one.adjusted,
            "rhythm (steps)": None if one.rhythm is None else one.rhythm.steps,
            "strength": None if one.rhythm is None else one.rhythm.strength,
            "its adjusted": None if one.rhythm is None else one.rhythm_adjusted,
        }
        for one in shown
    )


def _chance(value: float) -> str:
    return "less than 0.0001" if value < 0.0001 else f"{value:.2g}"
