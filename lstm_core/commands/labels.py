"""The verb that says what units follow: label."""

from dataclasses import asdict
from typing import Annotated

import typer

from lstm_core.commands.told import Json, progress, say
from lstm_core.runs.store import open_run


def label(
    name: Annotated[str, typer.Argument(help="Name of a run with a recording.")],
    signal: Annotated[str, typer.Option(help="h, c, o or another signal of the cell.")] = "h",
    layer: Annotated[int, typer.Option(help="From 1; 0 = the last.")] = 0,
    recompute: Annotated[bool, typer.Option("--recompute", help="Even where the result is at hand.")] = False,
    with_run: Annotated[bool, typer.Option("--with-run", help="Keep the result in the run's own folder.")] = False,
    as_json: Json = False,
) -> None:
    """Find what each unit follows: quotation marks, brackets, numbers, line ends, parts of speech and more; for every
    recording of the run that has the signal, and kept.
    """
    from lstm_core.neurons import labels
    from lstm_core.neurons.label_search import LabelQuery
    from lstm_core.recordings.find import find

    run = open_run(name)
    query = LabelQuery(signal, layer or run.model_config.layers)
    found = [
        labels.kept_or_made(
            recording,
            query,
            recompute=recompute,
            folder=labels.results_folder(run) if with_run else None,
            report=progress,
        )
        for recording in find(run.fingerprint, (signal,), (query.layer,))
        if len(recording.positions)
    ]
    if not found:
        raise ValueError(
            f"{name} has no recording of {signal} in layer {query.layer}: "
            f"make one with `python -m lstm_core record {name} --signals {signal}`"
        )
    say([asdict(one) for one in found], as_json, "\n\n".join(map(labels.told, found)))
