"""What a study found in a run, kept with it as figures: for runs whose text or weights cannot come along, and so that
several runs (such as three seeds of one model) stand side by side.

Figures only are kept, none of the text's places. Knows results of studies; knows no recordings.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from lstm_core.probes.active import OnQuery, OnSets
from lstm_core.probes.studies import ByChance, Study, StudyResult
from lstm_core.probes.verification import Verification
from lstm_core.probes.word_classes import WordClass
from lstm_core.runs.run import Run
from lstm_core.stats.separation import Separation
from lstm_core.storage.frames import Framed
from lstm_core.storage.results import Results, hashed


@dataclass(frozen=True)
class KindsApart:
    """The share, in [0, 1], of the variance of places or words that lies between two kinds, and its chance."""

    between: float
    chance: float


@dataclass(frozen=True)
class Outcome:
    """What a study found in one network.

    Units `matched` by a phrase, `selective` for one alone, on through `three`; `chosen` to tell places of two kinds
    apart, `confirmed`, and confirmed for each of the `null` words. `places` and `words` apart on principal components;
    `reader` is the balanced accuracy of a linear one, `control` that of the task dealt at random. Of units higher or
    lower at a class of words than beside it `class_units` are confirmed, with labels `class_shuffled` so many. None
    where a study does not ask for it, or the places are too few.
    """

    matched: int
    selective: int
    three: int
    chosen: int
    confirmed: int
    null: tuple[tuple[str, int], ...]
    by_chance: ByChance
    places: KindsApart | None
    reader: float | None
    control: float | None
    words: KindsApart | None
    class_units: int | None
    class_shuffled: float | None


@dataclass(frozen=True)
class KeptStudy(Framed):
    """A study's outcome in a run of so many `units` with these `weights`, and in its untrained twin where that read the
    same text; so many places of either kind and phrases that stand in the text. `asked` identifies what the study asks
    for, whatever its name; a unit is on by `on`: signal, layers, rule and threshold.
    """

    study: str
    question: str
    asked: str
    text: str
    run: str
    weights: str
    on: OnQuery
    units: int
    positives: int
    negatives: int
    phrases: int
    found: Outcome
    twin: Outcome | None


def outcome(found: StudyResult, verified: Verification, words: WordClass | None) -> Outcome:
    """The figures of a study, of what its verification says, and of its class of words."""
    reader, in_words = verified.reader, verified.words
    return Outcome(
        matched=found.matched,
        selective=found.selective,
        three=found.of_phrases(3),
        chosen=len(found.telling),
        confirmed=len(found.confirmed),
        null=found.null,
        by_chance=found.expected_by_chance,
        places=_apart(verified.apart),
        reader=None if reader is None else reader.accuracy,
        control=None if reader is None or reader.control is None else reader.control.accuracy,
        words=None if in_words is None else _apart(in_words.apart),
        class_units=None if words is None else len(words.confirmed),
        class_shuffled=None if words is None else words.shuffled,
    )


def _apart(found: Separation | None) -> KindsApart | None:
    return None if found is None else KindsApart(found.between, found.chance)


def identity(study: Study) -> str:
    """Identifies what a study asks for: its name and question may change."""
    return hashed(replace(study, name="", question=""), digits=64)


STUDIES = Results(  # a study has one file, the latest
    "studies/{key}.json", KeptStudy, own=None, key=lambda one: re.sub(r"[^A-Za-z0-9._-]", "-", one.study)
)


def keep(run: Run, found: StudyResult, on: OnSets, own: Outcome, twin: Outcome | None) -> Path:
    """Keep the figures of a study with its run."""
    kept = KeptStudy(
        study=found.study.name,
        question=found.study.question,
        asked=identity(found.study),
        text=found.text,
        run=found.run,
        weights=run.fingerprint,
        on=on.query,
        units=len(on.units),
        positives=found.positives,
        negatives=found.negatives,
        phrases=sum(one.places > 0 for one in found.phrases),
        found=own,
        twin=twin,
    )
    return STUDIES.keep(kept, run)


def read_kept(run: Run) -> dict[str, KeptStudy]:
    """What is kept for a run's present weights, by name of the study; what is damaged or of others is left out."""
    return {one.study: one for one in STUDIES.all(run)}
