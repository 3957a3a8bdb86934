"""The labels of a layer's units, kept for the next time: by weights, text, span, signal and layer.

What a label is and how it is found, see label_search. Knows recordings and runs; knows no pages.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_core.neurons.features import plain_features
from lstm_core.neurons.label_search import FeatureBest, LabelQuery, Labels, UnitLabel, find_labels
from lstm_core.recordings.find import untrained_twin
from lstm_core.recordings.recording import Recording, RecordingSpec
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.storage.progress import Progress, silent
from lstm_core.storage.results import Fields, Results, hashed
from lstm_core.text.corpus import Splitter
from lstm_core.text.marks import Tokens
from lstm_core.text.tags import tagger_fingerprint

SEARCHED = ("h", "c")  # whose best units are told: of two as good the one of h, which is easier to read
FINDINGS = (  # features that a person can see in a text, for which one unit is told
    "inside quotation marks",
    "the end of the line is near",
    "a capital letter comes next",
    "inside a capitalised word",
    "a paragraph has just begun",
)
LEAD = 200  # tokens shown before an example
MARGIN = 0.01  # strength by which one of c must be better: h lies between -1 and 1
SCHEMA = 2  # goes up when the same recording would get other labels


def labels_of(recording: Recording, signal: str, layer: int) -> tuple[UnitLabel, ...]:
    """The labels of all units of a signal and layer, unit by unit: those kept, or made now and kept.

    Raises ValueError as `find_labels` does.
    """
    return kept_or_made(recording, LabelQuery(signal, layer)).units


def kept_or_made(
    recording: Recording,
    query: LabelQuery,
    *,
    recompute: bool = False,
    into: Run | None = None,
    report: Progress = silent,
) -> Labels:
    """The labels of a recording, beside those of its untrained twin where that is recorded alike; kept for next time:
    below `$LSTM_HOME`, or with a run. What was kept is made anew when the twin's recording has come to hand since.

    Raises ValueError as `find_labels`.
    """
    twin = untrained_twin(recording, query.signal, (query.layer,))
    found = None if recompute else read_labels(recording, query)
    if found is None or (twin is not None and found.twin != twin.spec.weights):
        found = find_labels(recording, query, twin=twin, report=report)
        LABELS.keep(found, into)
    return found


def read_labels(recording: Recording, query: LabelQuery) -> Labels | None:
    """The labels kept for a recording's weights, text, span and positions; None where there are none, or damaged."""
    return labels_for(recording.spec, query)


def labels_for(spec: RecordingSpec, query: LabelQuery) -> Labels | None:
    """The same for a recording that need not be at hand."""
    of = {name: getattr(spec, name) for name in ("weights", "text_fingerprint", "span", "positions")}
    found = LABELS.read(_run(spec), query=query, **of)
    return found if found is not None and len(found.units) == spec.units else None


def stand_in(run: Run, query: LabelQuery) -> Labels | None:
    """The labels that came with a run, of whichever text it read for them (of several the longest); None without."""
    came = LABELS.all(run, own=False, query=query, positions="all")
    found = [labels for labels in came if len(labels.units) == run.model_config.hidden]
    return max(found, key=lambda labels: labels.span[1] - labels.span[0], default=None)


def labels_at_hand(run: Run, spec: RecordingSpec, signal: str, layer: int) -> Labels | None:
    """What the units follow: as kept for what a recording read, else as it came with the run; None without either."""
    query = LabelQuery(signal, layer)
    return labels_for(spec, query) or stand_in(run, query)


def best_unit(kept: Sequence[Labels], feature: str) -> tuple[Labels, FeatureBest] | None:
    """The labels with the best unit for a feature, as the first half of the text has it, and what they say of it.

    `kept` are of SEARCHED signals and of some layers. The unit is None where the feature is too rare to tell.
    """
    found = [(labels, best) for labels in kept for best in labels.features if best.feature == feature]

    def strength(pair: tuple[Labels, FeatureBest]) -> float:
        return (pair[1].chosen_with or 0.0) - MARGIN * SEARCHED.index(pair[0].query.signal)

    return max(found, key=strength, default=None)


def example(tokens: Tokens, splitter: Splitter, feature: str, positions: NDArray[np.int64] | None = None) -> int:
    """A position up to LEAD before one of the second half, on which units are scored, where a feature begins.

    Of `positions` where not all tokens were kept. The start of the half where the feature begins nowhere.
    """
    (found,) = plain_features(tokens, splitter, (feature,))
    mask = found.values if positions is None else found.values[positions]
    half = len(mask) // 2
    starts = np.flatnonzero(np.diff(mask[half:].astype(int)) == 1)
    return max(0, half + (int(starts[len(starts) // 2]) if len(starts) else 0) - LEAD)


def _run(spec: RecordingSpec) -> Run | None:
    """The run of a recording where it has the same weights still: labels may have come with it."""
    try:
        run = open_run(spec.run)
    except ValueError:
        return None
    return run if run.fingerprint == spec.weights else None


# What is kept ---------------------------------------------------------------------------------------------------------


def _key(one: Any) -> str:
    """All that decides labels but the twin."""
    of = [one.weights, one.text_fingerprint, one.span, one.positions, one.query]
    return hashed([SCHEMA, tagger_fingerprint(), *of], in_order=False)


def _sound(found: Labels) -> bool:
    told = (value for row in (*found.units, *found.features) for value in vars(row).values())
    in_order = all(unit.unit == number for number, unit in enumerate(found.units))
    return in_order and all(value == value for value in told)  # NaN is unlike itself


def _rows(stored: Fields, asked: Any) -> Fields:
    """With rows of the columns that were kept first: a list a field, texts by their number among `names`."""
    found = dict(stored)
    for name in ("units", "features"):
        if isinstance(kept := stored[name], dict):
            columns = [
                [column["names"][number] for number in column["numbers"]] if isinstance(column, dict) else column
                for column in kept.values()
            ]
            found[name] = [dict(zip(kept, row, strict=True)) for row in zip(*columns, strict=True)]
    return found


LABELS = Results("labels/{key}.json.xz", Labels, SCHEMA, key=_key, sound=_sound, unpack=_rows, own_first=True)
