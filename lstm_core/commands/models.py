"""Verbs that bring models in and out: import, export, ship."""

import json
from pathlib import Path
from typing import Annotated

import typer

from lstm_core.commands.options import kind_of
from lstm_core.commands.report import Json, progress, say
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
    as_json: Json = False,
) -> None:
    """Make a run of a model that another program trained: recurrent layers between encoder and decoder."""
    from lstm_core.exchange import weights as foreign

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
    say(run.summary(), as_json, "\n".join(lines))


def export_model(
    name: Annotated[str, typer.Argument(help="Name of the run.")],
    file: Annotated[Path, typer.Argument(help="Where to: a name that ends in .pt, .pth or .safetensors.")],
    as_json: Json = False,
) -> None:
    """Write the weights of a run for other programs, and its vocabulary beside them."""
    from lstm_core.exchange import weights as foreign

    weights, tokens = foreign.export_run(open_run(name), file)
    result = {"run": name, "weights": str(weights), "vocabulary": str(tokens)}
    say(result, as_json, f"wrote {weights} and {tokens}")


def ship(
    name: Annotated[str, typer.Argument(help="Name of a finished run of yours.")],
    figures: Annotated[bool, typer.Option("--figures", help="Without weights: settings, log and results.")] = False,
    as_json: Json = False,
) -> None:
    """Make a run part of the program: int8 weights, exact score, card and untrained twin below models/."""
    from lstm_core.exchange.ship import ship as copy
    from lstm_core.exchange.ship import ship_figures

    run = open_run(name)
    if figures:
        made = ship_figures(run)
        say(made.summary(), as_json, f"{name} is part of the program with its figures, without its weights")
        return
    result = copy(run, read_corpus(run.config["corpus"]["name"], run.kind), report=progress)
    say(result, as_json, json.dumps(result, indent=1))
