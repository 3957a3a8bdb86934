"""A run's training log as an event file of TensorBoard, for people who watch their trainings there.

Knows the log and the file; never trains. The package `tensorboard` is an extra and is imported when a log is written.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lstm_core.runs.run import Log, Run, score_of
from lstm_core.runs.settings import MEASURES
from lstm_core.storage.files import write_bytes

FILE = "events.out.tfevents.lstm-workbench"  # one name, so that writing again replaces instead of adding a second file
MISSING = "TensorBoard is not installed: pip install -e '.[tensorboard]' (in the folder of the program)"
PLAIN = {"rate": "learning_rate", "gradient_norm": "gradient_norm", "tokens_per_second": "tokens_per_second"}


@dataclass(frozen=True)
class Events:
    """What was written: the file, how many reports of the log (steps), how many values, how many lines were no use."""

    path: Path
    reports: int
    values: int
    unreadable: int


def write_events(run: Run, folder: Path) -> Events:
    """Write the log of `run` into `folder`/<name of the run>, which TensorBoard shows as one run beside the others.

    Losses are in nats per token (`train/loss`, `validation/loss`), the scores beside them in bits per character or as
    perplexity; `learning_rate`, `gradient_norm`, `tokens_per_second` as logged. The step is the log's. The wall time
    is when the run was made plus its seconds of training: pauses before a resume are left out. Written again, the file
    grows by what is new (a TensorBoard that has it open goes on reading) and is replaced where the log was rewritten.
    Raises ValueError when `tensorboard` is missing, the log is empty, or the folder cannot be written.
    """
    log = run.log()
    content, reports, values = _content(log, run)
    if not values:
        raise ValueError(f"{run.name} has no training log: train it first, or choose a run that was trained here")
    path = folder / run.name / FILE
    try:
        before = path.read_bytes() if path.is_file() else b""
        if before and content.startswith(before):
            with path.open("ab") as file:
                file.write(content[len(before) :])
        else:
            write_bytes(path, content)
    except OSError as error:
        raise ValueError(f"cannot write to {path.parent}: {error.strerror}; choose another folder with --out") from None
    return Events(path, reports, values, log.unreadable + len(log.points) - reports)


def scalars(point: dict[str, Any], run: Run) -> Iterator[tuple[str, float]]:
    """Tag and value of all that one point of the log measures; what it lacks is left out."""
    for part in ("train", "validation"):
        if (loss := _number(point, f"{part}_loss")) is not None:
            yield f"{part}/loss", loss
            yield f"{part}/{MEASURES[run.kind]}", score_of(loss, run.kind)
    for key, tag in PLAIN.items():
        if (value := _number(point, key)) is not None:
            yield tag, value


def _content(log: Log, run: Run) -> tuple[bytes, int, int]:
    """The bytes of the event file, the same for the same log, and how many reports and values they hold."""
    try:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.record_writer import RecordWriter
    except ImportError:
        raise ValueError(MISSING) from None
    made = _made(run)
    file, reports, values = io.BytesIO(), 0, 0
    records = RecordWriter(file)
    records.write(Event(wall_time=made, file_version="brain.Event:2").SerializeToString())
    for point in log.points:
        found = [Summary.Value(tag=tag, simple_value=value) for tag, value in scalars(point, run)]
        seconds = _number(point, "seconds")
        if not found or seconds is None:
            continue
        event = Event(wall_time=made + seconds, step=point["step"], summary=Summary(value=found))
        records.write(event.SerializeToString())
        reports, values = reports + 1, values + len(found)
    return file.getvalue(), reports, values


def _made(run: Run) -> float:
    """When the run was made, in seconds since 1970."""
    try:
        return datetime.fromisoformat(run.config["created"]).timestamp()
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{run.name}: config.json does not say when the run was made: restore it") from None


def _number(point: dict[str, Any], key: str) -> float | None:
    """What the point says under that key, if it is a number."""
    value = point.get(key)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
