"""The units of a layer as a table, the most unusual first: for people and as one document."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from lstm_core.neurons.distributions import DistributionQuery, Distributions, distributions, read_distributions
from lstm_core.neurons.label_search import LabelQuery, Labels
from lstm_core.neurons.labels import labels_for, stand_in
from lstm_core.neurons.shapes import SHAPES, laplace_distance, shapes
from lstm_core.recordings.find import find
from lstm_core.runs.settings import SIGNALS
from lstm_core.storage.progress import Progress, silent

if TYPE_CHECKING:
    from lstm_core.runs.run import Run

SHOWN = 20  # units in the table for people


def distributions_at_hand(run: "Run", query: DistributionQuery, *, report: Progress = silent) -> Distributions:
    """Those over the longest recording of the signal and layer by the run's weights, else those kept with the run. A
    recording of all positions comes before one of those after blanks alone.

    Raises ValueError for a signal or layer that the run does not have, and where nothing is at hand.
    """
    shape = run.model_config
    if query.signal not in SIGNALS[shape.cell]:
        known = ", ".join(SIGNALS[shape.cell])
        raise ValueError(f"{run.name} is of cell {shape.cell}, whose signals are {known}: there is no {query.signal!r}")
    if not 1 <= query.layer <= shape.layers:
        raise ValueError(f"{run.name} has {shape.layers} layers, not layer {query.layer} (layers count from 1)")
    usable = [
        recording for recording in find(run.fingerprint, (query.signal,), (query.layer,)) if len(recording.positions)
    ]
    if usable:
        longest = max(usable, key=lambda one: (one.spec.positions == "all", len(one.positions)))
        return distributions(longest, query, report=report)
    if kept := read_distributions(run, query):
        return kept
    raise ValueError(
        f"{run.name} has no recording of {query.signal} of layer {query.layer}: "
        f"make one with `python -m lstm_core record {run.name} --signals {query.signal}`"
    )


def labels_at_hand(run: "Run", found: Distributions) -> Labels | None:
    """What the same units follow: as kept for that text, else as it came with the run; None where neither is there."""
    query = LabelQuery(found.query.signal, found.query.layer)
    return labels_for(found.source, query) or stand_in(run, query)


def summary(found: Distributions, labels: Labels | None = None) -> dict[str, Any]:
    """One document: what was counted, the layer's own figures, a row a unit. Divergences are in bits, shares and the
    distance from the Laplace fit in [0, 1]; `near_zero` units are set aside, after all others. `label`, its `score` and
    whether it was `learned` (see leads; "" unknown) are of the text that `labels` names, null where none are at hand.
    """
    kinds, distance = shapes(found), laplace_distance(found)
    count = Counter(kinds.tolist())
    rows = [
        {
            "unit": unit,
            "divergence": float(found.divergence[unit]),
            "unit_from_mean": float(found.unit_from_mean[unit]),
            "mean_from_unit": float(found.mean_from_unit[unit]),
            "near_zero": bool(found.set_aside[unit]),
            "near_zero_share": float(found.near_zero_share[unit]),
            "shape": str(kinds[unit]),
            "mean": float(found.mean[unit]),
            "mean_abs": float(found.mean_abs[unit]),
            "laplace_distance": float(distance[unit]),
            **_label(labels, unit),
        }
        for unit in found.ranking().tolist()
    ]
    source = found.source
    return {
        "run": source.run,
        "signal": found.query.signal,
        "layer": found.query.layer,
        "text": source.text,
        "span": list(source.span),
        "positions": source.positions,
        "values_per_unit": found.total,
        "mean_abs": found.layer_mean_abs,
        "near_zero_share": found.set_aside_share,
        "shapes": {name: count[name] for name in SHAPES},
        "labels": labels and {"text": labels.text, "span": list(labels.span)},
        "units": rows,
    }


def _label(labels: Labels | None, unit: int) -> dict[str, Any]:
    if labels is None:
        return dict.fromkeys(("label", "score", "learned"))
    found = labels.units[unit]
    return {"label": found.label, "score": found.score, "learned": found.outcome if found.label else ""}


def _follows(row: dict[str, Any]) -> str:
    learned = f", {row['learned']}" * bool(row["learned"])
    return f"  {row['label']} ({row['score']:.3f}{learned})" if row["label"] else ""


def told(found: Distributions, labels: Labels | None = None) -> str:
    """The same for people, with the first of the units."""
    whole = summary(found, labels)
    start, stop = whole["span"]
    where = "" if whole["positions"] == "all" else f" at {whole['positions']} only"
    kinds = ", ".join(f"{count:,} {name}" for name, count in whole["shapes"].items())
    lines = [
        f"{whole['signal']} of layer {whole['layer']} of {whole['run']} over {whole['text']} "
        f"[{start:,} to {stop:,}){where}, "
        f"{whole['values_per_unit']:,} values of each of {len(whole['units']):,} units",
        f"{kinds}; mean |value| {whole['mean_abs']:.4f}",
        "  unit  divergence  unit from mean  mean from unit  near zero  Laplace fit off by      mean  shape"
        + ("      follows" if labels else ""),
    ]
    lines += [
        f"{row['unit']:6}  {row['divergence']:10.3f}  {row['unit_from_mean']:14.3f}  {row['mean_from_unit']:14.3f}  "
        f"{row['near_zero_share']:9.1%}  {row['laplace_distance']:18.3f}  {row['mean']:8.3f}  {row['shape']:9}"
        + _follows(row)
        for row in whole["units"][:SHOWN]
    ]
    return "\n".join(lines)
