"""Verbs that bring in states of models which are not here, and take states out: import-states and those of LSTMVis."""

from pathlib import Path
from typing import Annotated, Any

import typer

from lstm_core.commands.options import kind_of, layers_of
from lstm_core.commands.report import Json, progress, say
from lstm_core.recordings.find import longest
from lstm_core.runs.store import open_run


def import_states(
    files: Annotated[list[str], typer.Argument(help="Arrays (tokens, units), .npy: layers 1, 2, ... or c:2=FILE.")],
    tokens: Annotated[Path, typer.Option(help="Their tokens: JSON list, one a line, or the text itself.")],
    name: Annotated[str, typer.Option(help="Name of the run to be made.")],
    signal: Annotated[
        str, typer.Option(help="What FILE holds where it does not say: h, c, i, f, g, o, r, z, n.")
    ] = "h",
    vocabulary: Annotated[Path | None, typer.Option(help="What numbers in --tokens stand for, as for import.")] = None,
    kind: Annotated[str, typer.Option(help="char or word; as the vocabulary looks when left out.")] = "",
    as_json: Json = False,
) -> None:
    """Bring in what the units of any model did while it read a text: a run without weights, and its recording."""
    from lstm_core.exchange.state_files import read_states, read_tokens
    from lstm_core.exchange.states import bring_in
    from lstm_core.exchange.weights import read_vocabulary

    states = read_states(files, signal)
    known = read_vocabulary(vocabulary, kind_of(kind)) if vocabulary else None
    _tell(bring_in(name, states, read_tokens(tokens, states[0].length, known), report=progress), as_json)


def import_lstmvis(
    folder: Annotated[Path, typer.Argument(help="A project folder of LSTMVis, with its lstm.yml.")],
    name: Annotated[str, typer.Option(help="Name of the run to be made.")],
    types: Annotated[list[str] | None, typer.Option("--type", help="What a type in lstm.yml is, as state=h.")] = None,
    as_json: Json = False,
) -> None:
    """Bring in the states, text and annotations of a LSTMVis project: a run without weights, and its recordings."""
    from lstm_core.exchange.lstmvis import import_project

    given = dict(_pair(text) for text in types or [])
    _tell(import_project(folder, name, given, report=progress), as_json)


def export_lstmvis(
    name: Annotated[str, typer.Argument(help="Name of a run with a recording.")],
    folder: Annotated[Path, typer.Argument(help="The project folder to be made.")],
    signals: Annotated[str, typer.Option(help="For example h,c; these two when left out.")] = "",
    layers: Annotated[str, typer.Option(help="For example 1,3; all when left out.")] = "",
    as_json: Json = False,
) -> None:
    """Write the longest recording of a run as a project folder for LSTMVis."""
    from lstm_core.exchange.lstmvis import export_project

    wanted, numbers = tuple(filter(None, signals.split(","))), layers_of(layers)
    recording = longest(open_run(name), wanted, numbers)
    made = export_project(recording, folder, signals=wanted, layers=numbers, report=progress)
    result = {"run": name, "recording": recording.fingerprint, "folder": str(made), "tokens": len(recording.tokens)}
    say(result, as_json, f"wrote {recording.title} as read by {name} to {made}")


def _pair(text: str) -> tuple[str, str]:
    theirs, equals, ours = text.partition("=")
    if not (theirs and equals and ours):
        raise ValueError(f"--type {text!r} does not say what a type is: give for example state=h")
    return theirs, ours


def _tell(made: Any, as_json: bool) -> None:
    """Say what was brought in, and what can be done with it."""
    run = made.run
    recordings = [
        {
            "recording": one.fingerprint, "bytes": one.bytes, "tokens": len(one.tokens), "units": one.spec.units,
            "signals": one.spec.signals, "layers": one.spec.layers, "text": one.spec.text,
        }
        for one in made.recordings
    ]  # fmt: skip
    lines = [f"brought in {run.name}: {run.model_config.architecture}, {len(run.vocabulary):,} different tokens"]
    lines += [
        f"  {one['tokens']:,} tokens, {', '.join(one['signals'])} of layers {', '.join(map(str, one['layers']))}, "
        f"{one['units']:,} units, {one['bytes'] / 2**20:,.1f} MiB"
        for one in recordings
    ]  # fmt: skip
    lines += [f"  {note}" for note in made.notes]
    lines.append(f"look at it on the pages Neurons and Probes, or: python -m lstm_core units {run.name}")
    say({**run.summary(), "recordings": recordings, "notes": made.notes}, as_json, "\n".join(lines))
