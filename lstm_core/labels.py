"""The labels of a layer's units, kept for the next time: by weights, text, span, signal and layer.

What a label is and how it is found, see label_search. Knows recordings and runs; knows no pages.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from lstm_core.files import home, read_json, write_json
from lstm_core.follow import same_reading, twins_of
from lstm_core.label_search import FeatureBest, LabelQuery, Labels, Report, UnitLabel, find_labels
from lstm_core.recording import Recording, RecordingSpec, opened_recordings

if TYPE_CHECKING:
    from lstm_core.run import Run

SCHEMA = 1  # goes up when the same recording would get other labels


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
    report: Report = lambda share, word: None,
) -> Labels:
    """The labels of a recording, beside those of its untrained twin where that is recorded alike; kept for next time.

    What was kept is made anew when the twin's recording has come to hand since. Raises ValueError as `find_labels`.
    """
    twin = twin_recording(recording, query)
    found = None if recompute else read_labels(recording, query)
    if found is None or (twin is not None and found.twin != twin.spec.weights):
        found = find_labels(recording, query, twin=twin, report=report)
        keep_labels(found, folder)
    return found


def recordings_to_label(weights: str, query: LabelQuery) -> Iterator[Recording]:
    """The recordings of these weights with a signal and layer, newest first."""
    for recording in opened_recordings(weights):
        if (query.signal, query.layer) in recording.signals and len(recording.positions):
            yield recording


def twin_recording(recording: Recording, query: LabelQuery) -> Recording | None:
    """What an untrained twin of the run did at the same positions, None when no such recording is at hand."""
    for twin in twins_of(recording.spec.run):
        for other in opened_recordings(twin.fingerprint):
            if same_reading(recording, other) and (query.signal, query.layer) in other.signals:
                return other
    return None


def keep_labels(found: Labels, folder: Path | None = None) -> Path:
    """Write labels for the next time: below `$LSTM_HOME`, or in a folder that is shipped with a run."""
    path = (folder or home() / "labels") / _file(found, found.query)
    write_json(path, asdict(found))
    return path


def read_labels(recording: Recording, query: LabelQuery) -> Labels | None:
    """The labels kept for a recording's weights, text, span and positions; None where there are none, or damaged."""
    for folder in (home() / "labels", *_shipped(recording)):
        try:
            return _restored(read_json(folder / _file(recording.spec, query)), recording, query)
        except (ValueError, KeyError, TypeError):
            continue
    return None


def results_folder(run: "Run") -> Path:
    """Where the labels lie that come with a run."""
    return run.folder / "results" / "labels"


def _shipped(recording: Recording) -> Iterator[Path]:
    from lstm_core.runs import open_run

    try:
        run = open_run(recording.spec.run)
    except ValueError:
        return
    if run.fingerprint == recording.spec.weights:
        yield results_folder(run)


def _file(of: Labels | RecordingSpec, query: LabelQuery) -> str:
    """The name of what is kept: a hash of all that decides it but the twin."""
    from lstm_core.tags import tagger_fingerprint

    content = [SCHEMA, tagger_fingerprint(), of.weights, of.text_fingerprint, of.span, of.positions, asdict(query)]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:20] + ".json"


def _restored(stored: Any, recording: Recording, query: LabelQuery) -> Labels:
    """Labels from their document; raises ValueError, KeyError or TypeError when it is another."""
    units = tuple(UnitLabel(**row) for row in stored["units"])
    features = tuple(FeatureBest(**row) for row in stored["features"])
    numbers = [unit.unit for unit in units]
    sound = all(map(_is_sound, units)) and all(map(_is_sound, features))
    if not sound or numbers != list(range(recording.spec.units)) or stored["query"] != asdict(query):
        raise ValueError("it holds the labels of other units")
    names = {name: stored[name] for name in ("run", "weights", "text", "text_fingerprint", "positions", "twin")}
    if {*map(type, names.values())} != {str}:
        raise TypeError("a name is no text")
    return Labels(**names, span=tuple(stored["span"]), query=query, units=units, features=features)


def _is_sound(row: UnitLabel | FeatureBest) -> bool:
    """Whether every value is of its field's kind."""
    return all(isinstance(getattr(row, one.name), get_type_hints(type(row))[one.name]) for one in fields(row))


# Told -----------------------------------------------------------------------------------------------------------------


def told(found: Labels) -> str:
    """Labels for people: how many units have which, and the best unit of each feature."""
    kinds = Counter(unit.label for unit in found.labelled)
    start, stop = found.span
    lines = [
        f"{found.run}, {found.query.signal} of layer {found.query.layer}, over {found.text} [{start:,} to {stop:,}): "
        f"{len(found.labelled)} of {len(found.units)} units have a label"
        + (
            f", {sum(unit.beyond_twin for unit in found.units)} beyond any unit of the untrained twin"
            * bool(found.twin)
        )
    ]
    lines += [f"{count:5}  {label}" for label, count in kinds.most_common()]
    lines += ["", f"{'the best unit of each feature':58} {'unit':>5} {'score':>6}  {'twin':>5}  in held-out positions"]
    for best in found.features:
        where = f"{best.positives:,} of {best.total:,}"
        if best.unit is None or best.score is None or best.probability is None:
            lines.append(f"{best.feature:58} {'':5} too rare to tell       {where}")
            continue
        twin = "" if best.control is None else f"{best.control:.3f}"
        sign = "" if best.sign == 1 else "-"
        chance = "" if best.probability <= found.query.chance else ", not beyond chance"
        score = f"{best.score:.3f}" + " r" * (best.measure == "correlation")
        lines.append(f"{best.feature:58} {sign + str(best.unit):>5} {score:7} {twin:>5}  {where}{chance}")
    return "\n".join(lines)
