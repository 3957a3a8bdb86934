"""The tokens that several runs read alike, and what is at hand of a run's reading: a recording, or kept figures.

Knows runs, texts and recordings by their files; loads no torch and records nothing.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from lstm_core.neurons.distributions import DistributionQuery, Distributions, distributions, read_distributions
from lstm_core.recordings.recording import MANIFEST, Recording, damaged, find_recordings
from lstm_core.runs.run import Run
from lstm_core.storage.files import read_json
from lstm_core.storage.frames import Framed
from lstm_core.storage.results import Results
from lstm_core.text.corpus import read_corpus


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
    layers = list(range(1, run.model_config.layers + 1))
    for folder in find_recordings(run.fingerprint):
        try:
            spec = read_json(folder / MANIFEST)["spec"]
            same = (spec["text_fingerprint"], tuple(spec["span"])) == (passage.fingerprint, passage.span)
            whole = spec["positions"] == "all" and spec["layers"] == layers and set(signals) <= set(spec["signals"])
            if same and whole and folder not in damaged:
                found = Recording.open(folder)
                if found.vocabulary == run.vocabulary:
                    return found
        except (ValueError, KeyError, TypeError):
            continue
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
