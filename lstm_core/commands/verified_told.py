"""Whether a study's finding holds up, beside the untrained twin: as JSON and in words."""

from dataclasses import asdict
from typing import Any

from lstm_core.neurons.periods import Periods, UnitPeriod
from lstm_core.probes.verification import Followed, Verification, ahead
from lstm_core.probes.word_sets import WordSet
from lstm_core.stats.probe import Probe
from lstm_core.stats.separation import Separation
from lstm_core.stats.spectrum import Period, Rhythm
from lstm_core.stats.timing import Contrast


def summary(found: Verification, twin: Verification | None, twin_typed: str | None) -> dict[str, Any]:
    """The result as JSON with its `twin`'s, None where no untrained twin read the same text: `twin_command` lets it."""
    lead = ahead(found, twin)
    return {
        **_summary(found),
        "ahead_of_twin": None if lead is None else {"accuracy": lead[0], "chance": lead[1]},
        "twin": None if twin is None else _summary(twin),
        "twin_command": twin_typed if twin is None else None,
    }


def _summary(found: Verification) -> dict[str, Any]:
    return {
        "run": found.run,
        "positives": found.counts[0],
        "negatives": found.counts[1],
        "confirmed": found.confirmed,
        "apart": _separation(found.apart),
        "reader": None if found.reader is None else _reader(found.reader, found.dealt_by),
        "nothing": [
            {"word": one.word, "places": list(one.counts), "apart": _separation(one.apart), "accuracy": one.accuracy}
            for one in found.nothing
        ],
        "units": [_followed(one) for one in found.followed],
        "words": None if found.words is None else _words(found.words),
        "why_not": list(found.why),
    }


def _separation(found: Separation | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"between": found.between, "chance": found.chance, "variance_of_components": list(found.shares)}


def _reader(found: Probe, dealt_by: str) -> dict[str, Any]:
    control = found.control
    return {
        "places": len(found.kinds),
        "accuracy": found.accuracy,
        "interval": list(found.interval),
        "right": found.right,
        "majority": found.majority,
        "control": None if control is None else {**asdict(control), "accuracy": control.accuracy, "by": dealt_by},
        "selectivity": found.selectivity,
    }


def _followed(found: Followed) -> dict[str, Any]:
    return {
        "layer": found.layer,
        "unit": found.unit,
        "confirmed": found.sure,
        "timing": None if found.around is None else _contrast(found.around),
        "period": None if found.period is None else asdict(found.period),
        "rhythm": None if found.rhythm is None else asdict(found.rhythm),
    }


def _contrast(found: Contrast) -> dict[str, Any]:
    return {
        "onset": found.onset,
        "peak": found.peak,
        "half_life": found.half_life,
        "memory": found.one.memory,
        "lags": found.one.lags.tolist(),
        "positive": {"mean": found.one.mean.tolist(), "error": found.one.error.tolist(), "events": found.one.events},
        "negative": {
            "mean": found.other.mean.tolist(), "error": found.other.error.tolist(), "events": found.other.events,
        },
    }  # fmt: skip


def _words(found: WordSet) -> dict[str, Any]:
    return {
        "words": list(found.words),
        "controls": list(found.controls),
        "absent": list(found.absent),
        "apart": _separation(found.apart),
        "nothing": _separation(found.nothing),
    }


def told(found: Verification, twin: Verification | None, twin_typed: str | None) -> str:
    """The same for people."""
    lines = ["", "Does it hold up?"]
    if twin is not None:
        lines.append(f"{found.confirmed} neurons confirmed; in the untrained twin {twin.confirmed}")
    for name, one in (("", found), ("untrained twin: ", twin)):
        if one is None:
            continue
        if one.apart is not None:
            lines.append(f"{name}places: {_apart_told(one.apart)}")
        if one.reader is not None:
            lines.append(f"{name}{_reader_told(one.reader, one.dealt_by)}")
        if one.words is not None:
            lines.append(f"{name}{len(one.words.words)} words: {_apart_told(one.words.apart)}")
            if one.words.nothing is not None:
                lines.append(f"{name}their controls against others: {_apart_told(one.words.nothing)}")
    if (lead := ahead(found, twin)) is not None:
        lines.append(f"reader ahead of the twin's by {lead[0]:+.3f} (p {lead[1]:.2g})")
    for of_word in found.nothing:
        more = "" if of_word.accuracy is None else f", reader {of_word.accuracy:.3f}"
        lines.append(f"{of_word.word!r}, each of the nearest place's kind: {_apart_told(of_word.apart)}{more}")
    lines += [_unit_told(one) for one in found.followed]
    lines += found.why
    if twin is None:
        lines.append(f"no untrained twin read this text{f': {twin_typed} lets it' if twin_typed else ''}")
    return "\n".join(lines)


def _apart_told(found: Separation) -> str:
    return f"{found.between:.1%} of the variance on two components lies between the kinds (p {found.chance:.2g})"


def _reader_told(found: Probe, dealt_by: str) -> str:
    low, high = found.interval
    told = f"a linear reader tells {found.accuracy:.3f} of the places rightly ({low:.3f} to {high:.3f})"
    if found.control is None:
        return told
    return f"{told}, with labels dealt by {dealt_by} ({found.control.types}) {found.control.accuracy:.3f}"


def _unit_told(found: Followed) -> str:
    told = f"layer {found.layer} neuron {found.unit:5}"
    if (around := found.around) is not None:
        told += f"  from step {_of(around.onset, 'd')}, most at {around.peak}, half-life {_of(around.half_life, '.1f')}"
        told += f", memory {_of(around.one.memory, '.1f')} steps"
    if found.period is not None:
        told += f"; strongest period {found.period.steps:.1f} steps (p {found.period.chance:.2g})"
    return told


def _of(value: float | None, how: str) -> str:
    return "-" if value is None else format(value, how)


# Periods --------------------------------------------------------------------------------------------------------------


def periods_summary(found: Periods, twin: Periods | None, twin_typed: str | None) -> dict[str, Any]:
    """The periods of a layer as JSON, with how many its twin has."""
    return {
        **_periods(found),
        "twin": None if twin is None else _periods(twin),
        "twin_command": twin_typed if twin is None else None,
    }


def _periods(found: Periods) -> dict[str, Any]:
    return {
        "run": found.run,
        "text": found.text,
        "layer": found.query.layer,
        "signal": found.query.signal,
        "steps": found.steps,
        "still": found.still,
        "periodic": len(found.periodic),
        "rhythmic": len(found.rhythmic),
        "units": [_period(one) for one in found.found],
    }


def _period(one: UnitPeriod) -> dict[str, Any]:
    rhythm = None if one.rhythm is None else {**asdict(one.rhythm), "adjusted": one.rhythm_adjusted}
    return {
        "unit": one.unit,
        **asdict(one.period),
        "adjusted": one.adjusted,
        "periodic": one.periodic,
        "rhythm": rhythm,
        "rhythmic": one.rhythmic,
    }


def periods_told(found: Periods, twin: Periods | None, twin_typed: str | None) -> str:
    """The same for people."""
    lines = [
        f"{len(found.periodic)} of {len(found.found)} neurons of layer {found.query.layer} ({found.query.signal}) are "
        f"periodic over {found.steps:,} steps of {found.text}, {len(found.rhythmic)} have a rhythm that loses step"
    ]
    if twin is not None:
        lines.append(f"in the untrained twin {len(twin.periodic)} and {len(twin.rhythmic)} of {len(twin.found)}")
    else:
        lines.append(f"no untrained twin read this text{f': {twin_typed} lets it' if twin_typed else ''}")
    if found.still:
        lines.append(f"{found.still} never change")
    shown = [*found.rhythmic, *(one for one in found.found if not one.rhythmic)][:20]
    lines.append("neuron  period  strength  chance  adjusted   rhythm  strength  chance  adjusted")
    return "\n".join([*lines, *(f"{one.unit:6}{_told(one.period, one.adjusted)}{_rhythm_told(one)}" for one in shown)])


def _told(one: Period | Rhythm, adjusted: float) -> str:
    return f" {one.steps:7.1f} {one.strength:9.1f} {one.chance:7.2g} {adjusted:9.2g} "


def _rhythm_told(one: UnitPeriod) -> str:
    return "" if one.rhythm is None else _told(one.rhythm, one.rhythm_adjusted)
