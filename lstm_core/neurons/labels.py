"""The labels of a layer's units, kept for the next time: by weights, text, span, signal and layer.

What a label is and how it is found, see label_search. Knows recordings and runs; knows no pages.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lstm_core.neurons.features import plain_features
from lstm_core.neurons.label_search import FeatureBest, LabelQuery, Labels, Row, UnitLabel, find_labels
from lstm_core.recordings.find import untrained_twin
from lstm_core.recordings.recording import Recording, RecordingSpec
from lstm_core.storage.documents import restored
from lstm_core.storage.files import home, read_json, write_bytes
from lstm_core.storage.progress import Progress, silent
from lstm_core.text.corpus import Splitter
from lstm_core.text.marks import Tokens

if TYPE_CHECKING:
    from lstm_core.runs.run import Run

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
SCHEMA = 2  # goes up when the same recording would get other labels, or they are kept otherwise
_DAMAGED = (ValueError, LookupError, TypeError, AttributeError)  # what reading a document of another kind may raise


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
    folder: Path | None = None,
    report: Progress = silent,
) -> Labels:
    """The labels of a recording, beside those of its untrained twin where that is recorded alike; kept for next time.

    What was kept is made anew when the twin's recording has come to hand since. Raises ValueError as `find_labels`.
    """
    twin = untrained_twin(recording, query.signal, (query.layer,))
    found = None if recompute else read_labels(recording, query)
    if found is None or (twin is not None and found.twin != twin.spec.weights):
        found = find_labels(recording, query, twin=twin, report=report)
        keep_labels(found, folder)
    return found


def keep_labels(found: Labels, folder: Path | None = None) -> Path:
    """Write labels for the next time: below `$LSTM_HOME`, or in a folder that is shipped with a run."""
    path = (folder or home() / "labels") / _file(found, found.query)
    rows = {"units": _columns(UnitLabel, found.units), "features": _columns(FeatureBest, found.features)}
    document = {"schema": SCHEMA, **asdict(found), **rows}
    write_bytes(path, json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())
    return path


def read_labels(recording: Recording, query: LabelQuery) -> Labels | None:
    """The labels kept for a recording's weights, text, span and positions; None where there are none, or damaged."""
    return labels_for(recording.spec, query)


def labels_for(spec: RecordingSpec, query: LabelQuery) -> Labels | None:
    """The same for a recording that need not be at hand."""
    for folder in (home() / "labels", *_shipped(spec)):
        try:
            return _restored(read_json(folder / _file(spec, query)), spec.units, query)
        except _DAMAGED:
            continue
    return None


def stand_in(run: "Run", query: LabelQuery) -> Labels | None:
    """The labels that came with a run, of whichever text it read for them (of several the longest); None without."""
    found = []
    for path in sorted(results_folder(run).glob("*.json")):
        try:
            stored = read_json(path)
            if stored["query"] != asdict(query):  # of another place: not worth a look
                continue
            labels = _restored(stored, run.model_config.hidden, query)
        except _DAMAGED:
            continue
        if labels.weights == run.fingerprint and labels.positions == "all":
            found.append(labels)
    return max(found, key=lambda labels: labels.span[1] - labels.span[0], default=None)


def labels_at_hand(run: "Run", spec: RecordingSpec, signal: str, layer: int) -> Labels | None:
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


def results_folder(run: "Run") -> Path:
    """Where the labels lie that come with a run."""
    return run.folder / "results" / "labels"


def _shipped(spec: RecordingSpec) -> Iterator[Path]:
    from lstm_core.runs.store import open_run

    try:
        run = open_run(spec.run)
    except ValueError:
        return
    if run.fingerprint == spec.weights:
        yield results_folder(run)


def _file(of: Labels | RecordingSpec, query: LabelQuery) -> str:
    """The name of what is kept: a hash of all that decides it but the twin."""
    from lstm_core.text.tags import tagger_fingerprint

    content = [SCHEMA, tagger_fingerprint(), of.weights, of.text_fingerprint, of.span, of.positions, asdict(query)]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:20] + ".json"


def _columns(kind: type[Row], rows: Sequence[Row]) -> dict[str, Any]:
    """Rows as lists of one field each, which is a third of the size; texts by their number among `names`."""
    columns: dict[str, Any] = {}
    for name in (one.name for one in fields(kind)):
        values = [getattr(row, name) for row in rows]
        if any(isinstance(value, str) for value in values):
            names = sorted(set(values))
            columns[name] = {"names": names, "numbers": [names.index(value) for value in values]}
        else:
            columns[name] = values
    return columns


def _rows(kind: type[Row], columns: Any) -> tuple[Row, ...]:
    """The other way."""
    lists = [
        [column["names"][number] for number in column["numbers"]] if isinstance(column, dict) else column
        for column in columns.values()
    ]
    return tuple(restored(kind, dict(zip(columns, row, strict=True))) for row in zip(*lists, strict=True))


def _restored(stored: Any, units: int, query: LabelQuery) -> Labels:
    """Labels of so many units from their document; raises one of _DAMAGED when it is another."""
    rows: dict[str, Any] = {
        "units": _rows(UnitLabel, stored["units"]), "features": _rows(FeatureBest, stored["features"])
    }  # fmt: skip
    plain = {one.name: one.type for one in fields(Labels) if one.name not in rows}
    if stored["schema"] != SCHEMA or {*stored} != {"schema", *plain, *rows}:
        raise ValueError("it holds something else")
    found = Labels(**rows, **{name: restored(kind, stored[name], name) for name, kind in plain.items()})
    if [unit.unit for unit in found.units] != list(range(units)) or found.query != query:
        raise ValueError("it holds the labels of other units")
    if any(value != value for row in (*found.units, *found.features) for value in vars(row).values()):
        raise ValueError("some values are no numbers")
    return found
