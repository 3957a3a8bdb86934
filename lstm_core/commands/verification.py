"""Whether findings of studies hold up, beside the untrained twin; the verb periods."""

import shlex
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lstm_core.commands.report import Json, progress, say, table
from lstm_core.runs.store import open_run

if TYPE_CHECKING:
    from lstm_core.neurons.periods import Periods, UnitPeriod
    from lstm_core.probes.active import OnSets
    from lstm_core.probes.kept_studies import Outcome
    from lstm_core.probes.studies import StudyResult
    from lstm_core.probes.verification import Followed, Verification
    from lstm_core.recordings.recording import Recording
    from lstm_core.runs.run import Run
    from lstm_core.stats.linear_probe import Probe
    from lstm_core.stats.separation import Separation
    from lstm_core.stats.timing import Contrast
    from lstm_core.text.tagged import Tagged

SHOWN = 20  # neurons told to a person
TELLING_COLUMNS = {
    "layer": "d",
    "unit: neuron": "d",
    "value": "",
    "chosen_with: AUROC": ".2f",
    "confirmed_with: confirmed": ".2f",
    "chance: p": ".2g",
    "verdict": "",
}
FOLLOWED_COLUMNS = {
    "layer": "d",
    "neuron": "d",
    "onset: from step": "d",
    "peak: most at": "d",
    "half_life": ".1f",
    "memory": ".1f",
    "period": ".1f",
    "p": ".2g",
}
PERIOD_COLUMNS = {
    "unit: neuron": "d",
    "steps: period": ".1f",
    "strength": ".1f",
    "chance": ".2g",
    "adjusted": ".2g",
    "rhythm steps: rhythm": ".1f",
    "rhythm strength: strength": ".1f",
    "rhythm chance: chance": ".2g",
    "rhythm_adjusted: adjusted": ".2g",
}


def of_study(
    own: "StudyResult", recording: "Recording", on: "OnSets", tagged: "Tagged | None", keep_in: "Run | None" = None
) -> tuple[dict[str, Any], list[str]]:
    """What the verb study adds: `twin`, what the same study finds in the untrained twin, and `verification`. Kept with
    the run `keep_in`.
    """
    from lstm_core.probes import kept_studies, studies
    from lstm_core.probes import verification as verified
    from lstm_core.probes.active import on_sets
    from lstm_core.recordings.find import untrained_twin

    asked = own.study
    query = verified.VerifyQuery(asked, on.query.signal, on.query.layers)
    found = verified.verify(recording, query, tagged, report=progress)
    other = untrained_twin(recording, query.signal, query.layers)
    twin = of_twin = twin_on = None
    if other is not None:
        twin = verified.verify(other, verified.twin_query(found), tagged, report=progress)
        twin_on = on_sets(other, on.query, report=progress)
        of_twin = studies.study(other, twin_on, asked, tagged, report=progress)
    if keep_in is not None:
        of_run = _outcome(own, found, recording, on, tagged)
        kept = _outcome(of_twin, twin, other, twin_on, tagged) if other and of_twin and twin and twin_on else None
        kept_studies.keep(keep_in, own, on, of_run, kept)
    typed = _typed(verified.twin_words(recording, on.query.signal))
    lines = _verification_lines(found, twin, typed)
    if of_twin is not None and asked.phrases:
        lines.append(f"{_phrases_line(of_twin)} in the untrained twin")
    lead = verified.ahead(found, twin)
    added = {
        "twin": None if of_twin is None else _counts(of_twin),
        "verification": {
            **_verification(found),
            "ahead_of_twin": None if lead is None else {"accuracy": lead[0], "chance": lead[1]},
            "twin": None if twin is None else _verification(twin),
            "twin_command": typed if twin is None else None,
        },
    }
    return added, lines


def _outcome(
    found: "StudyResult", verified: "Verification", recording: "Recording", on: "OnSets", tagged: "Tagged | None"
) -> "Outcome":
    """The figures of a study and of the class of words that it lists, if it does and the text has enough of them."""
    from lstm_core.probes import kept_studies
    from lstm_core.probes import word_classes as classes

    of_class = None
    if found.study.words:
        with suppress(ValueError):
            of_class = classes.word_class(recording, on, found.study.words, tagged, report=progress)
    return kept_studies.outcome(found, verified, of_class)


def periods(
    name: Annotated[str, typer.Argument(help="Name of a run with a recording of all positions.")],
    layer: Annotated[int, typer.Option(help="From 1; 0 = the last.")] = 0,
    signal: Annotated[str, typer.Option(help="h, c or another signal of the cell.")] = "h",
    steps: Annotated[int, typer.Option(help="Of the beginning of the text; 0 = all.", min=0)] = 0,
    as_json: Json = False,
) -> None:
    """Which neurons of a layer are periodic beyond chance, and which have a rhythm that loses step."""
    from lstm_core.neurons.periods import PeriodsQuery
    from lstm_core.neurons.periods import periods as found_in
    from lstm_core.probes import verification as verified
    from lstm_core.recordings.find import longest, untrained_twin

    recording = longest(open_run(name), (signal,))
    query = PeriodsQuery(signal, layer or recording.spec.layers[-1], steps)
    found = found_in(recording, query, report=progress)
    other = untrained_twin(recording, signal, (query.layer,))
    twin = None if other is None else found_in(other, query, report=progress)
    typed = _typed(verified.twin_words(recording, signal))
    result = {
        **_periods(found),
        "twin": None if twin is None else _periods(twin),
        "twin_command": typed if twin is None else None,
    }
    say(result, as_json, _periods_lines(found, twin, typed))


def _typed(words: list[str] | None) -> str | None:
    return None if words is None else f"python -m lstm_core {shlex.join(words)}"


# A study --------------------------------------------------------------------------------------------------------------


def _counts(found: "StudyResult") -> dict[str, Any]:
    """How many units a study found: what stands beside another run's."""
    return {
        "run": found.run,
        "matched": found.matched,
        "selective": found.selective,
        "on_three_phrases": found.of_phrases(3),
        "chosen": len(found.telling),
        "confirmed": len(found.confirmed),
        "null": dict(found.null),
        "expected_by_chance": found.expected_by_chance,
    }


def study_document(found: "StudyResult") -> dict[str, Any]:
    """A study's result as one document."""
    counts = _counts(found)
    del counts["chosen"]
    return {
        "study": found.study.name,
        "text": found.text,
        "positives": found.positives,
        "negatives": found.negatives,
        "phrases": [{"phrase": one.phrase, "places": one.places, "units": one.units} for one in found.phrases],
        "tells_apart": found.telling,
        "smallest_chance": found.smallest,
        **counts,
    }


def study_lines(found: "StudyResult") -> list[str]:
    """The same for people."""
    lines = [f"{found.study.name}: {found.study.question}", f"{found.run} on {found.text}"]
    if found.phrases:
        phrases = [{"neurons": len(one.units), "places": one.places, "phrase": one.phrase} for one in found.phrases]
        lines += [_phrases_line(found), *table(phrases, {"neurons": "d", "places": "d", "phrase": ""})]
    if found.study.positive:
        verdicts = [one.verdict for one in found.telling]
        rows = [{**vars(one), "value": "higher" if one.sign > 0 else "lower"} for one in found.telling[:SHOWN]]
        lines += [
            f"{found.positives} places against {found.negatives}: {len(found.telling)} neurons chosen on the first "
            f"half, {verdicts.count('confirmed')} confirmed on the second (by chance "
            f"{found.expected_by_chance.confirmed:.2f}), {verdicts.count('too few to tell')} too few to tell; so few "
            f"places reach a chance of {found.smallest:.1g} at best",
            *table(rows, TELLING_COLUMNS),
        ]
    return lines + [f"{count} neurons confirmed for {word!r}, dealt out in turn" for word, count in found.null]


def _phrases_line(found: "StudyResult") -> str:
    """How many units are on through its phrases, beside chance."""
    chance = found.expected_by_chance
    return (
        f"{found.matched} neurons are on through a phrase (by chance {chance.matched:.1f}), {found.selective} of "
        f"them through one phrase alone (by chance {chance.selective:.1f}), {found.of_phrases(3)} through three"
    )


# Whether it holds up --------------------------------------------------------------------------------------------------


def _verification(found: "Verification") -> dict[str, Any]:
    reader, words = found.reader, found.words
    return {
        "run": found.run,
        "positives": found.counts[0],
        "negatives": found.counts[1],
        "confirmed": found.confirmed,
        "apart": _separation(found.apart),
        "reader": None if reader is None else _reader(reader, found.dealt_by),
        "nothing": [
            {"word": one.word, "places": one.counts, "apart": _separation(one.apart), "accuracy": one.accuracy}
            for one in found.nothing
        ],
        "units": [_followed(one) for one in found.followed],
        "words": None
        if words is None
        else {
            **{name: getattr(words, name) for name in ("words", "controls", "absent")},
            "apart": _separation(words.apart),
            "nothing": _separation(words.nothing),
        },
        "why_not": found.why,
    }


def _separation(found: "Separation | None") -> dict[str, Any] | None:
    if found is None:
        return None
    return {"between": found.between, "chance": found.chance, "variance_of_components": found.shares}


def _reader(found: "Probe", dealt_by: str) -> dict[str, Any]:
    control = found.control
    return {
        "places": len(found.kinds),
        "accuracy": found.accuracy,
        "interval": found.interval,
        "right": found.right,
        "majority": found.majority,
        "control": None if control is None else {**asdict(control), "accuracy": control.accuracy, "by": dealt_by},
        "selectivity": found.selectivity,
    }


def _followed(found: "Followed") -> dict[str, Any]:
    return {
        "layer": found.layer,
        "unit": found.unit,
        "confirmed": found.sure,
        "timing": None if found.around is None else _contrast(found.around),
        "period": found.period,
        "rhythm": found.rhythm,
    }


def _contrast(found: "Contrast") -> dict[str, Any]:
    return {
        "onset": found.onset,
        "peak": found.peak,
        "half_life": found.half_life,
        "memory": found.one.memory,
        "lags": found.one.lags,
        "positive": {"mean": found.one.mean, "error": found.one.error, "events": found.one.events},
        "negative": {
            "mean": found.other.mean,
            "error": found.other.error,
            "events": found.other.events,
        },
    }


def _verification_lines(found: "Verification", twin: "Verification | None", twin_typed: str | None) -> list[str]:
    from lstm_core.probes.verification import ahead

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
    lines += table([_followed_row(one) for one in found.followed], FOLLOWED_COLUMNS) if found.followed else []
    lines += found.why
    if twin is None:
        lines.append(_no_twin(twin_typed))
    return lines


def _apart_told(found: "Separation") -> str:
    return f"{found.between:.1%} of the variance on two components lies between the kinds (p {found.chance:.2g})"


def _reader_told(found: "Probe", dealt_by: str) -> str:
    low, high = found.interval
    told = f"a linear reader tells {found.accuracy:.3f} of the places rightly ({low:.3f} to {high:.3f})"
    if found.control is None:
        return told
    return f"{told}, with labels dealt by {dealt_by} ({found.control.types}) {found.control.accuracy:.3f}"


def _followed_row(found: "Followed") -> dict[str, Any]:
    around, period = found.around, found.period
    return {
        "layer": found.layer,
        "neuron": found.unit,
        **({} if around is None else {"onset": around.onset, "peak": around.peak, "half_life": around.half_life}),
        **({} if around is None else {"memory": around.one.memory}),
        **({} if period is None else {"period": period.steps, "p": period.chance}),
    }


# Periods --------------------------------------------------------------------------------------------------------------


def _periods(found: "Periods") -> dict[str, Any]:
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


def _period(one: "UnitPeriod") -> dict[str, Any]:
    rhythm = None if one.rhythm is None else {**asdict(one.rhythm), "adjusted": one.rhythm_adjusted}
    return {
        "unit": one.unit,
        **asdict(one.period),
        "adjusted": one.adjusted,
        "periodic": one.periodic,
        "rhythm": rhythm,
        "rhythmic": one.rhythmic,
    }


def _periods_lines(found: "Periods", twin: "Periods | None", twin_typed: str | None) -> list[str]:
    lines = [
        f"{len(found.periodic)} of {len(found.found)} neurons of layer {found.query.layer} ({found.query.signal}) are "
        f"periodic over {found.steps:,} steps of {found.text}, {len(found.rhythmic)} have a rhythm that loses step"
    ]
    if twin is not None:
        lines.append(f"in the untrained twin {len(twin.periodic)} and {len(twin.rhythmic)} of {len(twin.found)}")
    else:
        lines.append(_no_twin(twin_typed))
    if found.still:
        lines.append(f"{found.still} never change")
    shown = [*found.rhythmic, *(one for one in found.found if not one.rhythmic)][:SHOWN]
    return lines + table([_period_row(one) for one in shown], PERIOD_COLUMNS)


def _period_row(one: "UnitPeriod") -> dict[str, Any]:
    rhythm = {} if one.rhythm is None else {f"rhythm {name}": value for name, value in vars(one.rhythm).items()}
    return {**vars(one), **vars(one.period), **rhythm}


def _no_twin(twin_typed: str | None) -> str:
    return f"no untrained twin read this text{f': {twin_typed} lets it' if twin_typed else ''}"
