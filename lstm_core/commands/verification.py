"""Whether findings of studies hold up, beside the untrained twin; the verb periods."""

import shlex
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated, Any

import typer

from lstm_core.commands.options import Layer, Recorded, Signal
from lstm_core.commands.report import Told, picked, progress, table
from lstm_core.neurons.periods import Periods, PeriodsQuery, UnitPeriod
from lstm_core.neurons.periods import periods as found_in
from lstm_core.probes import kept_studies, studies
from lstm_core.probes import verification as verified
from lstm_core.probes import word_classes as classes
from lstm_core.probes.active import OnSets, on_sets
from lstm_core.probes.kept_studies import Outcome
from lstm_core.probes.studies import StudyResult
from lstm_core.probes.verification import Followed, Verification, ahead
from lstm_core.recordings.find import longest, untrained_twin
from lstm_core.recordings.recording import Recording
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.stats.linear_probe import Probe
from lstm_core.stats.separation import Separation
from lstm_core.stats.timing import Contrast
from lstm_core.text.tagged import Tagged

SHOWN = 20  # neurons told to a person
TELLING_COLUMNS = (
    "{layer:d} neuron {unit:d} {value} AUROC {chosen_with:.2f} confirmed {confirmed_with:.2f} p {chance:.2g} {verdict}"
)
FOLLOWED_COLUMNS = (
    "{layer:d} neuron {unit:d} from step {onset:d} most at {peak:d} {half_life:.1f} {memory:.1f} {period:.1f} {p:.2g}"
)
PERIOD_COLUMNS = (
    "neuron {unit:d} period {steps:.1f} {strength:.1f} {chance:.2g} {adjusted:.2g} rhythm {rhythm steps:.1f} "
    "strength {rhythm strength:.1f} chance {rhythm chance:.2g} adjusted {rhythm_adjusted:.2g}"
)


def of_study(
    own: StudyResult, recording: Recording, on: OnSets, tagged: Tagged | None, keep_in: Run | None = None
) -> tuple[dict[str, Any], list[str]]:
    """What the verb study adds: `twin`, what the same study finds in the untrained twin, and `verification`. Kept with
    the run `keep_in`.
    """
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
        "twin": of_twin and {**_counts(of_twin), "chosen": len(of_twin.telling)},
        "verification": {
            **_verification(found),
            "ahead_of_twin": lead and {"accuracy": lead[0], "chance": lead[1]},
            "twin": twin and _verification(twin),
            "twin_command": None if twin else typed,
        },
    }
    return added, lines


def _outcome(
    found: StudyResult, verified: Verification, recording: Recording, on: OnSets, tagged: Tagged | None
) -> Outcome:
    """The figures of a study and of the class of words that it lists, if it does and the text has enough of them."""
    of_class = None
    if found.study.words:
        with suppress(ValueError):
            of_class = classes.word_class(recording, on, found.study.words, tagged, report=progress)
    return kept_studies.outcome(found, verified, of_class)


def periods(
    name: Recorded,
    layer: Layer = 0,
    signal: Signal = "h",
    steps: Annotated[int, typer.Option(help="Of the beginning of the text; 0 = all.", min=0)] = 0,
) -> Told:
    """Which neurons of a layer are periodic beyond chance, and which have a rhythm that loses step."""
    recording = longest(open_run(name), (signal,))
    query = PeriodsQuery(signal, layer or recording.spec.layers[-1], steps)
    found = found_in(recording, query, report=progress)
    other = untrained_twin(recording, signal, (query.layer,))
    twin = found_in(other, query, report=progress) if other else None
    typed = _typed(verified.twin_words(recording, signal))
    result = {**_periods(found), "twin": twin and _periods(twin), "twin_command": None if twin else typed}
    return Told(result, _periods_lines(found, twin, typed))


def _typed(words: list[str] | None) -> str | None:
    return None if words is None else f"python -m lstm_core {shlex.join(words)}"


# A study --------------------------------------------------------------------------------------------------------------


def _counts(found: StudyResult) -> dict[str, Any]:
    """How many units a study found: what stands beside another run's."""
    counts = {"on_three_phrases": found.of_phrases(3), "confirmed": len(found.confirmed), "null": dict(found.null)}
    return {**picked(found, "run", "matched", "selective", "expected_by_chance"), **counts}


def study_document(found: StudyResult) -> dict[str, Any]:
    """A study's result as one document."""
    return {
        **picked(found, "study: study.name", "text", "positives", "negatives"),
        "phrases": [picked(one, "phrase", "places", "units") for one in found.phrases],
        **picked(found, "tells_apart: telling", "smallest_chance: smallest"),
        **_counts(found),
    }


def study_lines(found: StudyResult) -> list[str]:
    lines = [f"{found.study.name}: {found.study.question}", f"{found.run} on {found.text}"]
    if found.phrases:
        phrases = [{"neurons": len(one.units), **vars(one)} for one in found.phrases]
        lines += [_phrases_line(found), *table(phrases, "{neurons:d} {places:d} {phrase}")]
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


def _phrases_line(found: StudyResult) -> str:
    """How many units are on through its phrases, beside chance."""
    chance = found.expected_by_chance
    return (
        f"{found.matched} neurons are on through a phrase (by chance {chance.matched:.1f}), {found.selective} of "
        f"them through one phrase alone (by chance {chance.selective:.1f}), {found.of_phrases(3)} through three"
    )


# Whether it holds up --------------------------------------------------------------------------------------------------


def _verification(found: Verification) -> dict[str, Any]:
    words = found.words
    return {
        **picked(found, "run", "confirmed", "why_not: why"),
        **dict(zip(("positives", "negatives"), found.counts, strict=True)),
        "apart": _separation(found.apart),
        "reader": found.reader and _reader(found.reader, found.dealt_by),
        "nothing": [
            {**picked(one, "word", "places: counts", "accuracy"), "apart": _separation(one.apart)}
            for one in found.nothing
        ],
        "units": [_followed(one) for one in found.followed],
        "words": words
        and {
            **picked(words, "words", "controls", "absent"),
            "apart": _separation(words.apart),
            "nothing": _separation(words.nothing),
        },
    }


def _separation(found: Separation | None) -> dict[str, Any] | None:
    return picked(found, "between", "chance", "variance_of_components: shares") if found else None


def _reader(found: Probe, dealt_by: str) -> dict[str, Any]:
    control = found.control
    return {
        "places": len(found.kinds),
        **picked(found, "accuracy", "interval", "right", "majority", "selectivity"),
        "control": control and {**asdict(control), "accuracy": control.accuracy, "by": dealt_by},
    }


def _followed(found: Followed) -> dict[str, Any]:
    timing = found.around and _contrast(found.around)
    return {**picked(found, "layer", "unit", "confirmed: sure", "period", "rhythm"), "timing": timing}


def _contrast(found: Contrast) -> dict[str, Any]:
    return {
        **picked(found, "onset", "peak", "half_life", "memory: one.memory", "lags: one.lags"),
        "positive": picked(found.one, "mean", "error", "events"),
        "negative": picked(found.other, "mean", "error", "events"),
    }


def _verification_lines(found: Verification, twin: Verification | None, twin_typed: str | None) -> list[str]:
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


def _apart_told(found: Separation) -> str:
    return f"{found.between:.1%} of the variance on two components lies between the kinds (p {found.chance:.2g})"


def _reader_told(found: Probe, dealt_by: str) -> str:
    low, high = found.interval
    told = f"a linear reader tells {found.accuracy:.3f} of the places rightly ({low:.3f} to {high:.3f})"
    if found.control is None:
        return told
    return f"{told}, with labels dealt by {dealt_by} ({found.control.types}) {found.control.accuracy:.3f}"


def _followed_row(found: Followed) -> dict[str, Any]:
    around, period = found.around, found.period
    return {
        **picked(found, "layer", "unit"),
        **(picked(around, "onset", "peak", "half_life", "memory: one.memory") if around else {}),
        **(picked(period, "period: steps", "p: chance") if period else {}),
    }


# Periods --------------------------------------------------------------------------------------------------------------


def _periods(found: Periods) -> dict[str, Any]:
    return {
        **picked(found, "run", "text", "layer: query.layer", "signal: query.signal", "steps", "still"),
        "periodic": len(found.periodic),
        "rhythmic": len(found.rhythmic),
        "units": [_period(one) for one in found.found],
    }


def _period(one: UnitPeriod) -> dict[str, Any]:
    rhythm = one.rhythm and {**asdict(one.rhythm), "adjusted": one.rhythm_adjusted}
    return {**picked(one, "unit", "adjusted", "periodic", "rhythmic"), **asdict(one.period), "rhythm": rhythm}


def _periods_lines(found: Periods, twin: Periods | None, twin_typed: str | None) -> list[str]:
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


def _period_row(one: UnitPeriod) -> dict[str, Any]:
    rhythm = {} if one.rhythm is None else {f"rhythm {name}": value for name, value in vars(one.rhythm).items()}
    return {**vars(one), **vars(one.period), **rhythm}


def _no_twin(twin_typed: str | None) -> str:
    return f"no untrained twin read this text{f': {twin_typed} lets it' if twin_typed else ''}"
