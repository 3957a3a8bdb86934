"""Verbs that say what single units do: findings, units, label."""

from collections import Counter
from typing import Annotated, Any

import typer

from lstm_core.commands.options import Layer, Recompute, Signal, WithRun
from lstm_core.commands.report import Told, picked, places, progress, table
from lstm_core.neurons import labels
from lstm_core.neurons.distributions import (
    DISTRIBUTIONS,
    SHAPES,
    DistributionQuery,
    Distributions,
    distributions,
    laplace_distance,
    read_distributions,
    shapes,
)
from lstm_core.neurons.label_search import FeatureBest, LabelQuery, Labels
from lstm_core.neurons.labels import example, labels_at_hand
from lstm_core.recordings.find import find
from lstm_core.runs.cells import CELLS
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.stats.paired_test import LEADS, LEARNED, NOT_AHEAD

SHOWN = 20  # units in the table for people
UNIT_COLUMNS = (
    "{unit:d} {divergence:.3f} {unit_from_mean:.3f} {mean_from_unit:.3f} near zero {near_zero_share:.1%} "
    "Laplace fit off by {laplace_distance:.3f} {mean:.3f} {shape} follows {label} {score:.3f} {learned}"
)
FINDING_COLUMNS = (
    "{feature} {signal} {layer:d} {unit:d} {sign:+d} AUROC {auroc:.3f} untrained {control:.3f} "
    "{positives:,d} {total:,d}"
)
FEATURE_COLUMNS = "{feature} {unit:>} {score:.3f} {measure} twin {control:.3f} {positives:,d} of {total:,d} {verdict}"


def findings(
    name: Annotated[str, typer.Argument(help="Name of a character run with a recording of its signal h or c.")],
) -> Told:
    """Name the units that follow direct speech, line ends and capitals best, as `label` finds them."""
    run = open_run(name)
    if run.kind != "char":
        raise ValueError(f"{name} reads words, the features are of characters: choose a character run")
    usable = (one for one in find(run.fingerprint) if one.whole and set(labels.SEARCHED) & set(one.names))
    recording = next(usable, None)
    if recording is None:
        raise _not_recorded(name, "its signals h or c at all positions", "h,c")
    kept = [
        labels.kept_or_made(recording, LabelQuery(signal, layer), report=progress)
        for layer in recording.spec.layers
        for signal in labels.SEARCHED
        if signal in recording.names
    ]
    bests = [labels.best_unit(kept, feature) for feature in labels.FINDINGS]
    text = "".join(recording.text(0, len(recording.tokens)))
    found = [_finding(*one, text) for one in bests if one is not None and one[1].unit is not None]
    result = {"weights": run.fingerprint, "text": recording.title, "findings": found}
    return Told(result, [f"{name} over {recording.title}", *table(found, FINDING_COLUMNS)])


def _finding(labels: Labels, best: FeatureBest, text: str) -> dict[str, Any]:
    return {
        **picked(labels, "signal: query.signal", "layer: query.layer"),
        **picked(best, "feature", "unit", "sign", "chosen_with", "auroc: score", "control", "positives", "total"),
        "example": example(text, "characters", best.feature),
    }


def units(
    name: Annotated[str, typer.Argument(help="Name of a run with a recording of the signal.")],
    layer: Layer = 0,
    signal: Signal = "h",
    with_run: Annotated[
        bool, typer.Option("--with-run", help="Keep the distributions in the run's own folder.")
    ] = False,
) -> Told:
    """Rank the units of a layer by how unlike the rest their values are distributed, over the longest text recorded."""
    run = open_run(name)
    query = DistributionQuery(signal, layer or run.model_config.layers)
    found = distributions_at_hand(run, query)
    if with_run:
        DISTRIBUTIONS.keep(found, run)
    whole = units_document(found, labels_at_hand(run, found.source, signal, query.layer))
    kinds = ", ".join(f"{count:,} {name}" for name, count in whole["shapes"].items())
    where = "" if whole["positions"] == "all" else f" at {whole['positions']} only"
    head = [
        f"{signal} of layer {query.layer} of {name} over {whole['text']} {places(whole['span'])}{where}, "
        f"{whole['values_per_unit']:,} values of each of {len(whole['units']):,} units",
        f"{kinds}; mean |value| {whole['mean_abs']:.4f}",
    ]
    rows = [{**row, "score": row["score"] if row["label"] else None} for row in whole["units"][:SHOWN]]
    return Told(whole, [*head, *table(rows, UNIT_COLUMNS)])


def distributions_at_hand(run: Run, query: DistributionQuery) -> Distributions:
    """Those over the longest recording of the signal and layer by the run's weights, else those kept with the run. A
    recording of all positions comes before one of those after blanks alone.

    Raises ValueError for a signal or layer that the run does not have, and where nothing is at hand.
    """
    shape = run.model_config
    if query.signal not in CELLS[shape.cell].signals:
        known = ", ".join(CELLS[shape.cell].signals)
        raise ValueError(f"{run.name} is of cell {shape.cell}, whose signals are {known}: there is no {query.signal!r}")
    if not 1 <= query.layer <= shape.layers:
        raise ValueError(f"{run.name} has {shape.layers} layers, not layer {query.layer} (layers count from 1)")
    recorded = find(run.fingerprint, (query.signal,), (query.layer,))
    if usable := [one for one in recorded if len(one.positions)]:
        longest = max(usable, key=lambda one: (one.spec.positions == "all", len(one.positions)))
        return distributions(longest, query, report=progress)
    if kept := read_distributions(run, query):
        return kept
    raise _not_recorded(run.name, f"{query.signal} of layer {query.layer}", query.signal)


def _not_recorded(name: str, what: str, signals: str) -> ValueError:
    command = f"python -m lstm_core record {name} --signals {signals}"
    return ValueError(f"{name} has no recording of {what}: make one with `{command}`")


def units_document(found: Distributions, labels: Labels | None = None) -> dict[str, Any]:
    """One document: what was counted, the layer's own figures, a row a unit. Divergences are in bits, shares and the
    distance from the Laplace fit in [0, 1]; `near_zero` units are set aside, after all others. `label`, its `score` and
    whether it was `learned` (see leads; "" unknown) are of the text that `labels` names, null where none are at hand.
    """
    kinds, distance = shapes(found), laplace_distance(found)
    count = Counter(kinds.tolist())
    columns = {
        **picked(found, "divergence", "unit_from_mean", "mean_from_unit", "near_zero: set_aside", "near_zero_share"),
        **picked(found, "mean", "mean_abs"),
        **{"shape": kinds, "laplace_distance": distance},
    }
    rows = [
        {"unit": unit, **{name: values[unit].item() for name, values in columns.items()}, **_label(labels, unit)}
        for unit in found.ranking().tolist()
    ]
    return {
        **picked(found.source, "run", "text", "positions"),
        "span": list(found.source.span),
        **picked(found, "signal: query.signal", "layer: query.layer", "values_per_unit: total"),
        **picked(found, "mean_abs: layer_mean_abs", "near_zero_share: set_aside_share"),
        "shapes": {name: count[name] for name in SHAPES},
        "labels": labels and {"text": labels.text, "span": list(labels.span)},
        "units": rows,
    }


def _label(labels: Labels | None, unit: int) -> dict[str, Any]:
    if labels is None:
        return dict.fromkeys(("label", "score", "learned"))
    found = labels.units[unit]
    return {"label": found.label, "score": found.score, "learned": found.outcome if found.label else ""}


def label(
    name: Annotated[str, typer.Argument(help="Name of a run with a recording.")],
    signal: Annotated[str, typer.Option(help="h, c, o or another signal of the cell.")] = "h",
    layer: Layer = 0,
    recompute: Recompute = False,
    with_run: WithRun = False,
) -> Told:
    """Find what each unit follows: quotation marks, brackets, numbers, line ends, parts of speech and more; for every
    recording of the run that has the signal, and kept.
    """
    run = open_run(name)
    query = LabelQuery(signal, layer or run.model_config.layers)
    into = run if with_run else None
    found = [
        labels.kept_or_made(recording, query, recompute=recompute, into=into, report=progress)
        for recording in find(run.fingerprint, (signal,), (query.layer,))
        if len(recording.positions)
    ]
    if not found:
        raise _not_recorded(name, f"{signal} in layer {query.layer}", signal)
    return Told(found, [line for one in found for line in _lines(one)])


def _lines(found: Labels) -> list[str]:
    """How many units have which label, and the best unit of each feature."""
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
        *table([{"units": count, "label": label} for label, count in kinds], "{units:d} {label}"),
        "",
        "the best unit of each feature, on held-out positions",
        *table([_best(one, found.query.chance) for one in found.features], FEATURE_COLUMNS),
        "",
    ]


def _best(best: FeatureBest, chance: float) -> dict[str, Any]:
    if best.unit is None or best.score is None or best.probability is None:
        return {**vars(best), "unit": None, "score": None, "verdict": "too rare to tell"}
    beyond = "" if best.probability <= chance else "not beyond chance"
    verdict = ", ".join(filter(None, (beyond, best.outcome)))
    return {**vars(best), "unit": f"{'-' * (best.sign != 1)}{best.unit}", "verdict": verdict}
