"""The verbs about the senses of words: senses, word-class."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lstm_core.commands.told import Json, progress, say
from lstm_core.recordings.recording import Recording
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run

if TYPE_CHECKING:
    from lstm_core.probes.senses import Senses


def senses(
    names: Annotated[list[str], typer.Argument(help="Names of runs of words, for example of several seeds.")],
    labelled: Annotated[str, typer.Option("--set", help="coarsewsd, semeval or senseval; all when left out.")] = "",
    recompute: Annotated[bool, typer.Option("--recompute", help="Even where the result is at hand.")] = False,
    with_run: Annotated[bool, typer.Option("--with-run", help="Keep the result in the run's own folder.")] = False,
    as_json: Json = False,
) -> None:
    """Do a run's neurons tell labelled meanings of words apart? Chosen and trained on some places, tested on others,
    beside what the words alone, shuffled labels and the untrained twin achieve; several runs together.
    """
    from lstm_core.probes import senses_over_seeds as labelled_told

    found = [_senses(open_run(name), labelled, recompute, with_run) for name in names]
    say(labelled_told.summary(found), as_json, labelled_told.told(found))


def _senses(run: Run, labelled: str, recompute: bool, with_run: bool) -> "Senses":
    """What is kept of a run, with the sets that were asked for and are at hand measured and kept too."""
    from lstm_core.probes import senses as results
    from lstm_core.probes.sense_sets import SETS, LabelledSet, read_set
    from lstm_core.text.catalogue import CorpusMissing

    kept = results.read_senses(run)
    there = {part.name for part in kept.sets} if kept and not recompute else set()
    given: list[LabelledSet] = []
    missing: list[CorpusMissing] = []
    for name in [labelled] if labelled else SETS:
        try:
            given += [] if name in there else [read_set(name)]
        except CorpusMissing as error:
            missing.append(error)
    if missing and (labelled or not (given or there)):
        raise missing[0]
    for one in missing:
        print(one, file=sys.stderr)
    if given:
        kept = results.with_sets_of(results.senses(run, given=given, report=progress), kept)
    assert kept is not None  # measured now or there
    if given or with_run:
        results.keep_senses(kept, run.folder / "results" if with_run else None)
    return kept


def word_class(
    name: Annotated[str, typer.Argument(help="Name of a run of words with a recording of all positions.")],
    words: Annotated[str, typer.Option(help="For example court,judge,law: eight or more.")] = "",
    study: Annotated[
        Path | None, typer.Option(help="Or a study that lists words, such as studies/ptb-legal.toml.")
    ] = None,
    signal: Annotated[str, typer.Option(help="h, c or another signal of the cell.")] = "h",
    threshold: Annotated[float, typer.Option(help="From which value on a neuron is on.")] = 0.3,
    as_json: Json = False,
) -> None:
    """Which neurons are higher at a class of words than at others as frequent: chosen on half of the words, confirmed
    on the others; and how far they are on together.
    """
    from lstm_core.probes import word_classes as classes
    from lstm_core.probes.active import OnQuery, on_sets
    from lstm_core.probes.studies import read_study
    from lstm_core.recordings.find import longest, untrained_twin
    from lstm_core.recordings.tags import tags_of

    asked = [*filter(None, words.split(",")), *(read_study(study).words if study else ())]
    if not asked:
        raise ValueError("name the words of the class: --words court,judge,law or --study FILE")
    recording = longest(open_run(name), (signal,))
    query = OnQuery(signal, threshold=threshold).of(recording)
    tagged = tags_of(recording, report=progress)

    def of(one: Recording) -> classes.WordClass:
        return classes.word_class(one, on_sets(one, query, report=progress), asked, tagged, report=progress)

    other = untrained_twin(recording, query.signal, query.layers)
    found, twin = of(recording), of(other) if other else None
    result = {"run": name, "text": recording.title, **classes.summary(found), "twin": twin and classes.summary(twin)}
    say(result, as_json, f"{name} on {recording.title}\n{classes.told(found, twin)}")
