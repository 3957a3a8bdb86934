"""Runs side by side: dropout, scores, and how active their units are while all of them read the same text.

What they read, and what is at hand of their reading (recordings, or kept figures), is told here too. Knows runs and
recordings; loads torch only to record what is missing. Axes: U units, P positions.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lstm_core.neurons.distributions import DistributionQuery, Distributions, distributions, read_distributions
from lstm_core.recordings.find import find
from lstm_core.recordings.recording import Recording, damaged
from lstm_core.runs.cells import CELLS
from lstm_core.runs.run import ENDED, Run
from lstm_core.runs.settings import MEASURES
from lstm_core.stats.permutation import order
from lstm_core.storage.frames import Framed
from lstm_core.storage.progress import Progress, silent
from lstm_core.storage.results import Results
from lstm_core.text.corpus import CorpusMissing, read_corpus

if TYPE_CHECKING:
    from lstm_core.recordings.record import Text


@dataclass(frozen=True)
class CompareQuery:
    """What all runs read: the first `tokens` of a split of a text (the first run's own when `text` is empty).

    18,000 as in the thesis, section 5.1.1.
    """

    text: str = ""
    split: str = "validation"
    tokens: int = 18_000
    signals: tuple[str, ...] = ("h", "c")


@dataclass(frozen=True)
class Passage:
    """Tokens [start, stop) of a text, which its fingerprint identifies; `text` is its name for people."""

    text: str = field(compare=False)
    fingerprint: str
    span: tuple[int, int]


@dataclass(frozen=True)
class Activity:
    """How active the units of one signal and layer are: mean |value|, share of the units that are near zero."""

    signal: str
    layer: int
    units: int
    mean_abs: float
    near_zero_share: float


@dataclass(frozen=True)
class KeptActivity(Framed, rows="activity"):
    """The activity of a run with these `weights` over tokens [start, stop) of the text of that fingerprint."""

    weights: str
    text: str
    span: tuple[int, int]
    activity: tuple[Activity, ...]


ACTIVITY = Results("activity.json", KeptActivity, own=None)


@dataclass(frozen=True)
class RunRow:
    """One run. `best` and `last` validation score in the run's measure (None where no epoch has ended); `epochs` done.

    `best` is that of the weights that were kept. `activity` is empty where the run has neither weights nor figures of
    this text; `note` says so.
    """

    run: str
    kind: str
    dropout: float
    seed: int
    parameters: int
    epochs: float
    status: str
    best: float | None
    last: float | None
    activity: tuple[Activity, ...]
    note: str = ""


@dataclass(frozen=True)
class Trend:
    """Spearman's correlation of mean |value| with dropout over `runs` runs (thesis, section 5.1.2: it falls), and the
    two-sided `p` of its permutation test (see `orders.order`).

    None below 3 runs or where all are equal.
    """

    signal: str
    layer: int
    runs: int
    rho: float | None
    p: float | None


@dataclass(frozen=True)
class Comparison(Framed, rows="rows"):
    """Runs that read tokens [start, stop) of the same text; `scores_compare` is False where their validation texts or
    vocabularies differ, so that the scores must not be held against each other.
    """

    text: str
    span: tuple[int, int]
    measure: str
    rows: tuple[RunRow, ...]
    trends: tuple[Trend, ...]
    scores_compare: bool

    @property
    def unfinished(self) -> tuple[str, ...]:
        """Runs whose training has not come to its end: their figures say nothing of dropout yet."""
        return tuple(row.run for row in self.rows if row.status not in ENDED)


def compare(
    runs: Sequence[Run], query: CompareQuery = CompareQuery(), *, report: "Progress" = silent, with_runs: bool = False
) -> Comparison:
    """The runs side by side; what is missing is recorded first, and kept.

    `with_runs` keeps the activity in the folders of the runs too (results/activity.json), from which it is read when
    their weights are not at hand. Raises ValueError for no runs, runs of letters beside runs of words, and a split that
    the text does not have.
    """
    passage = passage_of(check_runs(runs), query)
    texts: dict[tuple[str, ...], Text] = {}
    found, notes = [], {}
    for number, run in enumerate(runs):

        def told(share: float, word: str, number: int = number, run: Run = run) -> None:
            report((number + share) / len(runs), f"{run.name}: {word}")

        wanted = signals_of(run, query.signals)
        activity = _kept(run, passage, wanted)
        if run.has_weights and not activity:
            try:
                recording = _recording(run, passage, wanted, texts, told)
            except CorpusMissing as error:
                notes[run.name] = str(error)
            else:
                activity = activities(recording, wanted, report=told)
                if with_runs:
                    ACTIVITY.keep(KeptActivity(run.fingerprint, passage.fingerprint, passage.span, activity), run)
        found.append(activity)
        told(1, "compared")
    return comparison(runs, passage, found, notes)


def check_runs(runs: Sequence[Run]) -> Sequence[Run]:
    """The same runs; raises ValueError for none, and for runs of letters beside runs of words."""
    if not runs:
        raise ValueError("name at least one run to compare")
    first = runs[0]
    if other := next((run for run in runs if run.kind != first.kind), None):
        raise ValueError(f"{first.name} and {other.name} cannot read the same tokens: one reads letters, one words")
    return runs


def signals_of(run: Run, signals: Sequence[str]) -> tuple[str, ...]:
    """Those of the signals that the run has."""
    return tuple(signal for signal in signals if signal in CELLS[run.model_config.cell].signals)


def comparison(
    runs: Sequence[Run], passage: Passage, found: Sequence[tuple[Activity, ...]], notes: dict[str, str] | None = None
) -> Comparison:
    """The runs side by side with the activity that each has over a passage, none where it is not at hand."""
    rows = [
        _row(run, activity, (notes or {}).get(run.name) or ("" if activity else _lack(run)))
        for run, activity in zip(runs, found, strict=True)
    ]
    trained_on = {(run.config["corpus"]["fingerprint"], run.model_config.vocabulary) for run in runs}
    same = len(trained_on) == 1
    return Comparison(passage.text, passage.span, MEASURES[runs[0].kind], tuple(rows), _trends(rows), same)


def _lack(run: Run) -> str:
    if run.has_weights:
        return "it has not read this text yet"
    if run.states_only:
        return "it has no weights: only its states over another text are here"
    return "its weights are not here, nor figures of this text" if run.figures_only else "it has no weights yet"


def activity_at_hand(run: Run, passage: Passage, signals: Sequence[str]) -> tuple[Activity, ...]:
    """The activity of a run over a passage as it was kept, or of a recording that is there; none otherwise."""
    wanted = signals_of(run, signals)
    kept = _kept(run, passage, wanted)
    if kept or not run.has_weights:
        return kept
    recording = recording_at_hand(run, passage, wanted)
    return activities(recording, wanted) if recording is not None else ()


def activities(recording: Recording, signals: Sequence[str], *, report: "Progress" = silent) -> tuple[Activity, ...]:
    """The activity of some signals of all layers of a recording, exact, at memory that does not grow with the text."""
    places = [(signal, layer) for signal in signals for layer in recording.spec.layers]
    found = []
    for number, (signal, layer) in enumerate(places):
        found.append(_activity(distributions(recording, DistributionQuery(signal, layer))))
        report((number + 1) / len(places), f"counting {signal} of layer {layer}")
    return tuple(found)


def _activity(found: Distributions) -> Activity:
    signal, layer = found.query.signal, found.query.layer
    return Activity(signal, layer, len(found.mean_abs), found.layer_mean_abs, found.set_aside_share)


def _recording(
    run: Run, passage: Passage, signals: tuple[str, ...], texts: dict[tuple[str, ...], "Text"], report: "Progress"
) -> Recording:
    """A recording of the run over the passage that has the signals: one that is there, else it is made.

    `texts`: the passage as each vocabulary has it, which is filled on the way.
    """
    from lstm_core.recordings.record import RecordQuery, corpus_text, record

    if found := recording_at_hand(run, passage, signals):
        return found
    start, stop = passage.span
    if run.vocabulary.tokens not in texts:
        text = corpus_text(run, passage.text, start, stop - start)
        if text.fingerprint != passage.fingerprint:
            raise CorpusMissing(f"{passage.text} is not the text that the others read: it has changed since")
        texts[run.vocabulary.tokens] = text
    return record(run, texts[run.vocabulary.tokens], RecordQuery(signals=signals), report=report)


def _kept(run: Run, passage: Passage, signals: tuple[str, ...]) -> tuple[Activity, ...]:
    """The activity, or the distributions, that came with the run where they are of this text and these signals."""
    layers = range(1, run.model_config.layers + 1)
    kept = ACTIVITY.read(run, text=passage.fingerprint, span=passage.span)
    found = kept.activity if kept else ()
    if {(one.signal, one.layer) for one in found} >= {(signal, layer) for signal in signals for layer in layers}:
        return tuple(one for one in found if one.signal in signals)
    counted = []
    for query in (DistributionQuery(signal, layer) for signal in signals for layer in layers):
        if (one := kept_distributions(run, passage, query)) is None:
            return ()
        counted.append(_activity(one))
    return tuple(counted)


def _row(run: Run, activity: tuple[Activity, ...], note: str) -> RunRow:
    measure, points = MEASURES[run.kind], run.log().points
    scores = [point["validation_score"] for point in points if point.get("validation_score") is not None]
    return RunRow(
        run=run.name,
        kind=run.kind,
        dropout=run.model_config.dropout,
        seed=run.train_config.seed,
        parameters=run.model_config.parameters,
        epochs=points[-1]["epoch"] if points else 0.0,
        status=run.status,
        best=run.validation.get(measure),
        last=scores[-1] if scores else None,
        activity=activity,
        note=note,
    )


def _trends(rows: Sequence[RunRow]) -> tuple[Trend, ...]:
    pairs: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for row in rows:
        for one in row.activity:
            pairs.setdefault((one.signal, one.layer), []).append((one.mean_abs, row.dropout))
    tested = {place: order(*np.array(some).T) for place, some in pairs.items()}
    return tuple(Trend(*place, found.pairs, found.rho, found.p) for place, found in tested.items())


# What several runs read alike, and what is at hand of it --------------------------------------------------------------


def passage_of(runs: Sequence[Run], query: CompareQuery = CompareQuery()) -> Passage:
    """The tokens of a query. With nothing asked for, and runs without weights among them: what most of these have
    figures of, since they cannot read anything else; their text need not be at hand.

    Raises ValueError where the text is not at hand or has no such split.
    """
    if query == CompareQuery():
        kept = Counter(one for run in runs if run.figures_only for one in kept_passages(run))
        if kept:
            return kept.most_common(1)[0][0]
    first = runs[0]
    corpus = read_corpus(first.source(query.text), first.kind)
    return Passage(corpus.name, corpus.fingerprint, corpus.span(query.split, query.tokens))


def kept_passages(run: Run) -> list[Passage]:
    """What figures came with a run: of its activity, and of its distributions."""
    name, own = run.config["corpus"].get("name", ""), run.config["corpus"].get("fingerprint")
    found = []
    if kept := ACTIVITY.read(run):
        title = name if kept.text == own else f"another text ({kept.text[:8]})"
        found.append(Passage(title, kept.text, kept.span))
    distributed = read_distributions(run, DistributionQuery("h", 1))
    if distributed is not None and distributed.source.positions == "all":
        source = distributed.source
        title = name if source.text_fingerprint == own else source.text
        found.append(Passage(title, source.text_fingerprint, source.span))
    return list(dict.fromkeys(found))


def recording_at_hand(run: Run, passage: Passage, signals: Sequence[str]) -> Recording | None:
    """The run's recording over a passage, all its tokens, with these signals of all its layers, the newest that can be
    opened and is not known to be damaged; None where there is none, or it was cut into other tokens."""
    layers = range(1, run.model_config.layers + 1)
    for found in find(run.fingerprint, signals, layers, text=passage.fingerprint, span=passage.span, positions="all"):
        same = found.spec.span == passage.span and found.vocabulary == run.vocabulary
        if same and found.folder not in damaged:
            return found
    return None


def kept_distributions(run: Run, passage: Passage, query: DistributionQuery) -> Distributions | None:
    """Those that came with a run where they are of this passage."""
    found = read_distributions(run, query)
    if found is None:
        return None
    source = found.source
    same = (source.text_fingerprint, source.span, source.positions) == (passage.fingerprint, passage.span, "all")
    return found if same else None


def distributions_at_hand(run: Run, passage: Passage, query: DistributionQuery) -> Distributions | None:
    """How the values of all units are distributed over a passage: as kept, or counted in its recording, else None.

    Raises ValueError as `distributions` does.
    """
    kept = kept_distributions(run, passage, query)
    if kept is not None:
        return kept
    recording = recording_at_hand(run, passage, (query.signal,)) if run.has_weights else None
    return distributions(recording, query) if recording is not None else None
