"""The verb that says what units follow: label."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lstm_core.commands.report import Json, places, progress, say, table
from lstm_core.runs.store import open_run

if TYPE_CHECKING:
    from lstm_core.neurons.label_search import FeatureBest, Labels

FEATURE_COLUMNS = {
    "feature": "",
    "unit": ">",
    "score": ".3f",
    "measure": "",
    "control: twin": ".3f",
    "positives": ",d",
    "total: of": ",d",
    "verdict": "",
}


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
            into=run if with_run else None,
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
    say(found, as_json, [line for one in found for line in _lines(one)])


def _lines(found: "Labels") -> list[str]:
    """How many units have which label, and the best unit of each feature."""
    from lstm_core.stats.paired_test import LEADS, LEARNED, NOT_AHEAD

    head = [
        f"{found.run}, {found.query.signal} of layer {found.query.layer}, over {found.text} {places(found.span)}: "
        f"{len(found.labelled)} of {len(found.units)} units have a label"
    ]
    if found.twin:
        count = Counter(unit.outcome for unit in found.labelled)
        beside = ", ".join(f"{count[outcome]} {outcome}" for outcome in (LEARNED, LEADS, NOT_AHEAD))
        head.append(f"beside the best unit of its untrained twin: {beside}")
    kinds = Counter(unit.label for unit in found.labelled).most_common()
    return [
        *head,
        *table([{"units": count, "label": label} for label, count in kinds], {"units": "d", "label": ""}),
        "",
        "the best unit of each feature, on held-out positions",
        *table([_best(one, found.query.chance) for one in found.features], FEATURE_COLUMNS),
        "",
    ]


def _best(best: "FeatureBest", chance: float) -> dict[str, Any]:
    if best.unit is None or best.score is None or best.probability is None:
        return {**vars(best), "unit": None, "score": None, "verdict": "too rare to tell"}
    beyond = "" if best.probability <= chance else "not beyond chance"
    verdict = ", ".join(filter(None, (beyond, best.outcome)))
    return {**vars(best), "unit": f"{'-' * (best.sign != 1)}{best.unit}", "verdict": verdict}
