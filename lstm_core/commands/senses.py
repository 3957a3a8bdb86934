"""The verbs about the senses of words: senses, word-class."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from lstm_core.commands.options import Recompute, Signal, WithRun
from lstm_core.commands.report import Told, picked, progress, table
from lstm_core.probes import senses as results
from lstm_core.probes import word_classes as classes
from lstm_core.probes.active import OnQuery, on_sets
from lstm_core.probes.sense_sets import SETS, LabelledSet, read_set
from lstm_core.probes.senses import GUESSERS, Senses
from lstm_core.probes.senses_over_seeds import Range, SetTogether, together
from lstm_core.probes.studies import read_study
from lstm_core.probes.word_classes import WordClass
from lstm_core.recordings.find import longest, untrained_twin
from lstm_core.recordings.recording import Recording
from lstm_core.recordings.tags import tags_of
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.text.catalogue import CorpusMissing

SHOWN = 20  # neurons told to a person
# Of the balanced accuracies of a word: the guesser and its column.
GUESSES = {
    "majority": "common",
    "words_before": "before",
    "words": "words",
    "at_word": "neurons",
    "at_end": "at end",
    "twin_at_word": "twin",
}


def senses(
    names: Annotated[list[str], typer.Argument(help="Names of runs of words, for example of several seeds.")],
    labelled: Annotated[str, typer.Option("--set", help="coarsewsd, semeval or senseval; all when left out.")] = "",
    recompute: Recompute = False,
    with_run: WithRun = False,
) -> Told:
    """Do a run's neurons tell labelled meanings of words apart? Chosen and trained on some places, tested on others,
    beside what the words alone, shuffled labels and the untrained twin achieve; several runs together.
    """
    found = [_senses(open_run(name), labelled, recompute, with_run) for name in names]
    parts = together(found)
    return Told({"runs": found, "together": parts}, _senses_lines(parts))


def _senses(run: Run, labelled: str, recompute: bool, with_run: bool) -> Senses:
    """What is kept of a run, with the sets that were asked for and are at hand measured and kept too."""
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
        results.SENSES.keep(kept, run if with_run else None)
    return kept


def word_class(
    name: Annotated[str, typer.Argument(help="Name of a run of words with a recording of all positions.")],
    words: Annotated[str, typer.Option(help="For example court,judge,law: eight or more.")] = "",
    study: Annotated[
        Path | None, typer.Option(help="Or a study that lists words, such as studies/ptb-legal.toml.")
    ] = None,
    signal: Signal = "h",
    threshold: Annotated[float, typer.Option(help="From which value on a neuron is on.")] = 0.3,
) -> Told:
    """Which neurons are higher at a class of words than at others as frequent: chosen on half of the words, confirmed
    on the others; and how far they are on together.
    """
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
    result = {"run": name, "text": recording.title, **_class(found), "twin": twin and _class(twin)}
    return Told(result, [f"{name} on {recording.title}", *_class_lines(found, twin)])


def _class(found: WordClass) -> dict[str, Any]:
    plain, by_chance = found.overlaps_more
    figures = picked(found, "words", "beside", "absent", "units", "shuffled", "together", "overlap")
    overlaps = {"overlap_by_chance": found.by_chance, "mean_overlap": plain, "mean_overlap_by_chance": by_chance}
    return {**figures, "confirmed": len(found.confirmed), **overlaps}


def _class_lines(found: WordClass, twin: WordClass | None) -> list[str]:
    """A class for people, with what the untrained twin's units do at the same words."""
    plain, by_chance = found.overlaps_more
    rows = [
        {
            **vars(one.telling),
            **picked(one, "on_class", "on_beside"),
            "value": "higher" if one.telling.sign > 0 else "lower",
            "words": ", ".join(one.words),
        }
        for one in found.confirmed[:SHOWN]
    ]
    columns = (
        "{layer:d} neuron {unit:d} {value} AUROC {confirmed_with:.2f} p {chance:.2g} on at {on_class:.1%} "
        "beside {on_beside:.1%} {words}"
    )
    return [
        f"{len(found.words)} words beside {len(found.beside)} as frequent: {len(found.units)} neurons chosen on half "
        f"of the words, {len(found.confirmed)} confirmed on the others (by chance {found.shuffled:.2f})",
        *([f"{len(twin.confirmed)} confirmed in the untrained twin"] if twin else []),
        *([f"too rare or unknown: {', '.join(found.absent)}"] if found.absent else []),
        f"{len(found.together)} of them higher at the class are on together: overlap (Jaccard) {plain:.3f}, by chance "
        f"{by_chance:.3f}",
        *table(rows, columns),
    ]


def _senses_lines(parts: Sequence[SetTogether]) -> list[str]:
    """Labelled meanings for people: of each word the balanced accuracies, then shares of units."""
    shares = ("confirmed", "twin_confirmed", "shuffled")
    guesses = " ".join(f"{head} {{{name}:.2f}}" for name, head in GUESSES.items())
    columns = "{word} {senses:.1f} places {test:.0f} " + guesses
    columns += "{confirmed:.1%} twin's {twin_confirmed:.1%} {shuffled:.1%}"
    lines = []
    for part in parts:
        rows = [
            {
                **vars(one),
                **{name: one.scores[name].balanced.mean for name in GUESSES},
                **{name: getattr(one, name).mean for name in shares},
            }
            for one in (*part.words, part.mean)
        ]
        lines += [
            f"{SETS[part.name].title}: {', '.join(part.runs)}",
            f"{_share(part.unknown_tokens)} of the words are unknown to the model, the labelled word itself at "
            f"{_share(part.unknown_places)} of the places, which are left out",
            "balanced accuracy on places that were not trained on; share of neurons confirmed",
            *table(rows, columns),
        ]
        for other in ("twin_at_word", "words_before"):
            ahead = part.ahead_of(other)
            lines.append(
                f"neurons better than {GUESSERS[other]}: {ahead.words} of {ahead.of} words (chance {ahead.chance:.2g})"
            )
        lines.append("")
    return lines + [f"{head}: {GUESSERS[name]}" for name, head in GUESSES.items()]


def _share(one: Range) -> str:
    return f"{one.mean:.1%}" + (f" ({one.least:.1%} to {one.most:.1%})" if one.least < one.most else "")
