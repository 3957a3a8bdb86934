"""Verbs that make recordings, and keep recordings and runs in order: record, recordings, remove, verify."""

from dataclasses import asdict, fields
from typing import Annotated, Any

import typer

from lstm_core.commands.options import Yes, layers_of
from lstm_core.commands.report import Told, confirm, foretell, places, progress
from lstm_core.recordings.find import recordings_of, remove_run
from lstm_core.recordings.recording import RecordingSpec, counted, kept_recordings, recordings_folder, remove_recording
from lstm_core.recordings.recording import verify as verify_recording
from lstm_core.runs.cost import reading_seconds
from lstm_core.runs.store import list_runs, open_run, unreadable_runs
from lstm_core.storage.files import check_name


def record(
    name: Annotated[str, typer.Argument(help="Name of the run.")],
    text: Annotated[str, typer.Option(help="Corpus name or text file; the run's own corpus when left out.")] = "",
    start: Annotated[int, typer.Option(help="First token.")] = 0,
    tokens: Annotated[int, typer.Option(help="How many; 0 = to the end.")] = 0,
    signals: Annotated[str, typer.Option(help="For example h,c,o; all when left out.")] = "",
    layers: Annotated[str, typer.Option(help="For example 1,3; all when left out.")] = "",
    positions: Annotated[str, typer.Option(help="all, whitespace or none.")] = "all",
    sequential: Annotated[bool, typer.Option(help="One token at a time, the slow reference.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before using the disk.")] = False,
) -> Told:
    """Read a text with a run and keep its signals on disk."""
    from lstm_core.recordings import record as recording

    run = open_run(name)
    source = recording.corpus_text(run, text, start, tokens)
    if positions not in ("all", "whitespace", "none"):
        raise ValueError(f"positions {positions!r} is unknown: choose all, whitespace or none")
    query = recording.RecordQuery(
        tuple(filter(None, signals.split(","))),
        layers_of(layers),
        positions,  # type: ignore[arg-type]
        "sequential" if sequential else "parallel",
    )
    needed = recording.bytes_needed(run, source, query)
    foretell(lambda rate: reading_seconds(run.model_config, len(source.ids), rate), needed)
    confirm("Record it?", yes)
    made = recording.record(run, source, query, report=progress)
    result = {"recording": made.fingerprint, "bytes": made.bytes, "tokens": len(made.tokens), **asdict(made.spec)}
    lines = [f"recorded {made.title} as {made.fingerprint}"]
    if unknown := made.exactness.get("unknown_tokens"):
        lines.append(f"{unknown:,} of {len(made.tokens):,} tokens are not in the run's vocabulary and were replaced")
    if gave_up := made.exactness.get("gave_up"):
        lines.append(f"read one token at a time because {gave_up}")
    return Told({**result, "exactness": made.exactness}, lines)


def recordings(
    key: Annotated[str, typer.Option("--remove", help="Remove the recording of this key.")] = "",
    yes: Yes = False,
) -> Told:
    """List the recordings, newest first: what each holds and how large it is. Or remove one."""
    if key:
        return _remove_recording(key, yes)
    kept = kept_recordings()
    weights = {run.name: run.fingerprint for run in list_runs()}
    rows, lines = [], []
    for one in kept:
        spec = asdict(one.spec) if one.spec else dict.fromkeys(field.name for field in fields(RecordingSpec))
        shown_with = [name for name, fingerprint in weights.items() if fingerprint == spec["weights"]]
        rows.append({"key": one.key, **spec, "bytes": one.bytes, "shown_with": shown_with, "problem": one.problem})
        lines.append(f"{one.key:20} {one.bytes / 2**20:>10,.1f} MiB  {_contents(one.spec)}")
        if one.problem:
            lines.append(f"{'':20} cannot be opened: {one.problem}")
        elif not shown_with:
            lines.append(f"{'':20} no run has these weights any more: no page shows it")
    text = "\n".join([*lines, counted(kept)]) if kept else "no recordings yet: make one with `record NAME`"
    return Told(rows, text)


def remove(
    name: Annotated[str, typer.Argument(help="A run of yours, or a recording's key.")],
    yes: Yes = False,
) -> Told:
    """Remove a run with its recordings, or one recording, and say what that freed."""
    if (recordings_folder() / check_name(name)).is_dir():
        return _remove_recording(name, yes)
    made = recordings_of(open_run(name))
    what = f"{name} and {counted(made)}" if made else name
    confirm(f"Remove {what}?", yes)
    freed = remove_run(name)
    result = {"removed": name, "bytes": freed, "recordings": [kept.key for kept in made]}
    return Told(result, f"removed {what}, freed {freed / 2**20:,.1f} MiB")


def verify(
    name: Annotated[str, typer.Argument(help="A run or a recording's key; everything when left out.")] = "",
) -> Told:
    """Compare every file of runs and recordings with its hash; exit 2 when one is damaged."""
    results: dict[str, str] = {}
    folders = recordings_folder().glob("[!.]*/") if not name else [recordings_folder() / check_name(name)]
    for folder in folders:
        if folder.is_dir():
            results[folder.name] = _outcome(lambda folder=folder: verify_recording(folder))
    for run in list_runs() if not name else [] if results else [open_run(name)]:
        results[run.name] = _outcome(run.verify)
    if not name:
        results |= unreadable_runs()
    lines = [f"{key:28} {value}" for key, value in results.items()] or ["nothing to verify"]
    return Told(results, lines, 2 if any(value != "ok" for value in results.values()) else 0)


def _remove_recording(key: str, yes: bool) -> Told:
    confirm(f"Remove the recording {key}?", yes)
    freed = remove_recording(key)
    return Told({"removed": key, "bytes": freed}, f"removed {key}, freed {freed / 2**20:,.1f} MiB")


def _contents(spec: RecordingSpec | None) -> str:
    """What a recording holds, on one line."""
    if spec is None:
        return "?"
    kept = {"all": "", "none": ", probabilities only"}.get(spec.positions, f", at {spec.positions}")
    layers = ",".join(map(str, spec.layers))
    return f"{spec.run:28} {spec.text} {places(spec.span)}  {','.join(spec.signals)} of layers {layers}{kept}"


def _outcome(check: Any) -> str:
    try:
        check()
    except (ValueError, OSError) as error:
        return str(error)
    except (KeyError, TypeError, AttributeError) as error:
        return f"its manifest does not list files ({error!r}): damaged"
    return "ok"
