"""Verbs that bring models, and states of models that are not here, in and out: import, export, ship and others."""

import json
from pathlib import Path
from typing import Annotated

import typer

from lstm_core.commands.options import kind_of, layers_of
from lstm_core.commands.report import Told, picked, progress
from lstm_core.exchange import weights as foreign
from lstm_core.exchange.lstmvis import export_project, import_project
from lstm_core.exchange.state_files import read_states, read_tokens
from lstm_core.exchange.states import Brought, bring_in
from lstm_core.exchange.weights import read_vocabulary
from lstm_core.recordings.find import longest
from lstm_core.runs.cells import CELLS
from lstm_core.runs.store import open_run
from lstm_core.text.corpus import read_corpus

_NAMED = ", ".join(name for name, cell in CELLS.items() if cell.look_alikes)


def import_model(
    file: Annotated[Path, typer.Argument(help="Weights: a .pt or .pth state_dict, or .safetensors.")],
    name: Annotated[str, typer.Option(help="Name of the run to be made.")],
    vocabulary: Annotated[Path | None, typer.Option(help="Tokens in order: JSON list, or one a line.")] = None,
    dictionary: Annotated[Path | None, typer.Option(help="Instead: a folder with train, valid and test.txt.")] = None,
    text: Annotated[str, typer.Option(help="Corpus name or text file that it reads unless told otherwise.")] = "",
    mapping: Annotated[Path | None, typer.Option(help="JSON: their name of a tensor -> ours, null = left out.")] = None,
    cell: Annotated[str, typer.Option(help=f"One of {', '.join(CELLS)}; needed for {_NAMED}.")] = "",
    kind: Annotated[str, typer.Option(help="char or word; as the vocabulary looks when left out.")] = "",
) -> Told:
    """Make a run of a model that another program trained: recurrent layers between encoder and decoder."""
    if (vocabulary is None) == (dictionary is None):
        raise ValueError("a model needs its tokens in order: give one of --vocabulary FILE and --dictionary FOLDER")
    if vocabulary is not None:
        tokens = foreign.read_vocabulary(vocabulary, kind_of(kind))
    elif dictionary is not None:
        tokens = foreign.read_dictionary(dictionary)
    query = foreign.ImportQuery(cell, foreign.read_mapping(mapping) if mapping else {}, text)
    run = foreign.import_run(name, file, tokens, query)
    lines = [
        f"imported {file.name} as {name}: {run.model_config.architecture}, {len(tokens):,} tokens",
        f"see whether it is whole: python -m lstm_core evaluate {name} --text FILE",
    ]
    return Told(run.summary(), lines)


def export_model(
    name: Annotated[str, typer.Argument(help="Name of the run.")],
    file: Annotated[Path, typer.Argument(help="Where to: a name that ends in .pt, .pth or .safetensors.")],
) -> Told:
    """Write the weights of a run for other programs, and its vocabulary beside them."""
    weights, tokens = foreign.export_run(open_run(name), file)
    result = {"run": name, "weights": str(weights), "vocabulary": str(tokens)}
    return Told(result, f"wrote {weights} and {tokens}")


def ship(
    name: Annotated[str, typer.Argument(help="Name of a finished run of yours.")],
    figures: Annotated[bool, typer.Option("--figures", help="Without weights: settings, log and results.")] = False,
) -> Told:
    """Make a run part of the program: int8 weights, exact score, card and untrained twin below models/."""
    from lstm_core.exchange.ship import ship as copy
    from lstm_core.exchange.ship import ship_figures

    run = open_run(name)
    if figures:
        made = ship_figures(run)
        return Told(made.summary(), f"{name} is part of the program with its figures, without its weights")
    result = copy(run, read_corpus(run.config["corpus"]["name"], run.kind), report=progress)
    return Told(result, json.dumps(result, indent=1))


def import_states(
    files: Annotated[list[str], typer.Argument(help="Arrays (tokens, units), .npy: layers 1, 2, ... or c:2=FILE.")],
    tokens: Annotated[Path, typer.Option(help="Their tokens: JSON list, one a line, or the text itself.")],
    name: Annotated[str, typer.Option(help="Name of the run to be made.")],
    signal: Annotated[
        str, typer.Option(help="What FILE holds where it does not say: h, c, i, f, g, o, r, z, n.")
    ] = "h",
    vocabulary: Annotated[Path | None, typer.Option(help="What numbers in --tokens stand for, as for import.")] = None,
    kind: Annotated[str, typer.Option(help="char or word; as the vocabulary looks when left out.")] = "",
) -> Told:
    """Bring in what the units of any model did while it read a text: a run without weights, and its recording."""
    states = read_states(files, signal)
    known = read_vocabulary(vocabulary, kind_of(kind)) if vocabulary else None
    return _brought(bring_in(name, states, read_tokens(tokens, states[0].length, known), report=progress))


def import_lstmvis(
    folder: Annotated[Path, typer.Argument(help="A project folder of LSTMVis, with its lstm.yml.")],
    name: Annotated[str, typer.Option(help="Name of the run to be made.")],
    types: Annotated[list[str] | None, typer.Option("--type", help="What a type in lstm.yml is, as state=h.")] = None,
) -> Told:
    """Bring in the states, text and annotations of a LSTMVis project: a run without weights, and its recordings."""
    given = dict(_pair(text) for text in types or [])
    return _brought(import_project(folder, name, given, report=progress))


def export_lstmvis(
    name: Annotated[str, typer.Argument(help="Name of a run with a recording.")],
    folder: Annotated[Path, typer.Argument(help="The project folder to be made.")],
    signals: Annotated[str, typer.Option(help="For example h,c; these two when left out.")] = "",
    layers: Annotated[str, typer.Option(help="For example 1,3; all when left out.")] = "",
) -> Told:
    """Write the longest recording of a run as a project folder for LSTMVis."""
    wanted, numbers = tuple(filter(None, signals.split(","))), layers_of(layers)
    recording = longest(open_run(name), wanted, numbers)
    made = export_project(recording, folder, signals=wanted, layers=numbers, report=progress)
    result = {"run": name, "recording": recording.fingerprint, "folder": str(made), "tokens": len(recording.tokens)}
    return Told(result, f"wrote {recording.title} as read by {name} to {made}")


def _pair(text: str) -> tuple[str, str]:
    theirs, equals, ours = text.partition("=")
    if not (theirs and equals and ours):
        raise ValueError(f"--type {text!r} does not say what a type is: give for example state=h")
    return theirs, ours


def _brought(made: Brought) -> Told:
    """What was brought in, and what can be done with it."""
    run = made.run
    parts = ("bytes", "units: spec.units", "signals: spec.signals", "layers: spec.layers", "text: spec.text")
    recordings = [
        {"recording": one.fingerprint, "tokens": len(one.tokens), **picked(one, *parts)} for one in made.recordings
    ]
    lines = [f"brought in {run.name}: {run.model_config.architecture}, {len(run.vocabulary):,} different tokens"]
    for one in made.recordings:
        signals, layers = ", ".join(one.spec.signals), ", ".join(map(str, one.spec.layers))
        size = f"{one.spec.units:,} units, {one.bytes / 2**20:,.1f} MiB"
        lines.append(f"  {len(one.tokens):,} tokens, {signals} of layers {layers}, {size}")
    lines += [f"  {note}" for note in made.notes]
    lines.append(f"look at it on the pages Neurons and Probes, or: python -m lstm_core units {run.name}")
    return Told({**run.summary(), "recordings": recordings, "notes": made.notes}, lines)
