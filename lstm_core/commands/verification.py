"""Whether findings of studies hold up, beside the untrained twin; the verb periods."""

import shlex
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lstm_core.commands.told import Json, progress, say
from lstm_core.runs.store import open_run

if TYPE_CHECKING:
    from lstm_core.probes.active import OnSets
    from lstm_core.probes.kept_studies import Outcome
    from lstm_core.probes.studies import StudyResult
    from lstm_core.probes.verification import Verification
    from lstm_core.recordings.recording import Recording
    from lstm_core.runs.run import Run
    from lstm_core.text.tagged import Tagged


def of_study(
    own: "StudyResult", recording: "Recording", on: "OnSets", tagged: "Tagged | None", keep_in: "Run | None" = None
) -> tuple[dict[str, Any], str]:
    """What the verb study adds: `twin`, what the same study finds in the untrained twin, and `verification`. Kept with
    the run `keep_in`.
    """
    from lstm_core.commands import study_told, verified_told
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
    told = verified_told.told(found, twin, typed)
    if of_twin is not None and asked.phrases:
        told = f"{told}\n{study_told.phrases_line(of_twin)} in the untrained twin"
    added = {
        "twin": None if of_twin is None else study_told.counts(of_twin),
        "verification": verified_told.summary(found, twin, typed),
    }
    return added, told


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
    from lstm_core.commands import verified_told
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
    say(verified_told.periods_summary(found, twin, typed), as_json, verified_told.periods_told(found, twin, typed))


def _typed(words: list[str] | None) -> str | None:
    return None if words is None else f"python -m lstm_core {shlex.join(words)}"
