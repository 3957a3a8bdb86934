"""Verbs that analyse the states of a run: findings, units, cluster, rivals."""

from collections import Counter
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lstm_core.commands.report import Json, foretell, places, progress, say, table
from lstm_core.runs.cost import clustering_seconds
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run

if TYPE_CHECKING:
    from lstm_core.neurons.distributions import DistributionQuery, Distributions
    from lstm_core.neurons.label_search import FeatureBest, Labels

SHOWN = 20  # units in the table for people
UNIT_COLUMNS = {
    "unit": "d",
    "divergence": ".3f",
    "unit_from_mean": ".3f",
    "mean_from_unit": ".3f",
    "near_zero_share: near zero": ".1%",
    "laplace_distance: Laplace fit off by": ".3f",
    "mean": ".3f",
    "shape": "",
    "label: follows": "",
    "score": ".3f",
    "learned": "",
}
FINDING_COLUMNS = {
    "feature": "",
    "signal": "",
    "layer": "d",
    "unit": "d",
    "sign": "+d",
    "auroc: AUROC": ".3f",
    "control: untrained": ".3f",
    "positives": ",d",
    "total": ",d",
}
ALTERNATIVE_COLUMNS = {
    "name": "",
    "clusters": "d",
    "noise_share: noise": ".1%",
    "few_word_share: few-word": ".1%",
    "tag_f1: tag F1": ".3f",
    "modal_f1: modal F1": ".3f",
    "agreement: agrees with ours": ".3f",
    "seconds": ".0f",
}


def findings(
    name: Annotated[str, typer.Argument(help="Name of a character run with a recording of its signal h or c.")],
    as_json: Json = False,
) -> None:
    """Name the units that follow direct speech, line ends and capitals best, as `label` finds them."""
    from lstm_core.neurons import labels
    from lstm_core.neurons.label_search import LabelQuery
    from lstm_core.recordings.find import find

    run = open_run(name)
    if run.kind != "char":
        raise ValueError(f"{name} reads words, the features are of characters: choose a character run")
    usable = (one for one in find(run.fingerprint) if one.whole and set(labels.SEARCHED) & set(one.names))
    recording = next(usable, None)
    if recording is None:
        raise ValueError(
            f"{name} has no recording of its signals h or c at all positions: "
            f"make one with `python -m lstm_core record {name} --signals h,c`"
        )
    places = [(signal, layer) for layer in recording.spec.layers for signal in labels.SEARCHED]
    kept = [
        labels.kept_or_made(recording, LabelQuery(*place), report=progress)
        for place in places
        if place[0] in recording.names
    ]
    bests = [labels.best_unit(kept, feature) for feature in labels.FINDINGS]
    text = "".join(recording.text(0, len(recording.tokens)))
    found = [_finding(*one, text) for one in bests if one is not None and one[1].unit is not None]
    result = {"weights": run.fingerprint, "text": recording.title, "findings": found}
    say(result, as_json, [f"{name} over {recording.title}", *table(found, FINDING_COLUMNS)])


def _finding(labels: "Labels", best: "FeatureBest", text: str) -> dict[str, Any]:
    from lstm_core.neurons.labels import example

    return {
        "feature": best.feature,
        "signal": labels.query.signal,
        "layer": labels.query.layer,
        "unit": best.unit,
        "sign": best.sign,
        "chosen_with": best.chosen_with,
        "auroc": best.score,
        "control": best.control,
        "positives": best.positives,
        "total": best.total,
        "example": example(text, "characters", best.feature),
    }


def units(
    name: Annotated[str, typer.Argument(help="Name of a run with a recording of the signal.")],
    layer: Annotated[int, typer.Option(help="From 1; 0 = the last.")] = 0,
    signal: Annotated[str, typer.Option(help="h, c or another signal of the cell.")] = "h",
    with_run: Annotated[
        bool, typer.Option("--with-run", help="Keep the distributions in the run's own folder.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Rank the units of a layer by how unlike the rest their values are distributed, over the longest text recorded."""
    from lstm_core.neurons.distributions import DISTRIBUTIONS, DistributionQuery
    from lstm_core.neurons.labels import labels_at_hand

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
    say(whole, as_json, [*head, *table(rows, UNIT_COLUMNS)])


def cluster(
    name: Annotated[str, typer.Argument(help="Name of a run.")],
    data: Annotated[str, typer.Option(help="whitespace: after every word; full: at every token.")] = "whitespace",
    signal: Annotated[str, typer.Option(help="h, o or another signal of the cell.")] = "h",
    layer: Annotated[int, typer.Option(help="From 1; 0 = the last.")] = 0,
    tokens: Annotated[int, typer.Option(help="How many of the text; 0 = as the paper, -1 = all.")] = 0,
    size: Annotated[int, typer.Option(help="Points that make a cluster, at least.")] = 100,
    samples: Annotated[int, typer.Option(help="The neighbour whose distance is a point's core distance.")] = 10,
    tagger: Annotated[str, typer.Option(help="Whose parts of speech are told, as bilstm-characters.")] = "",
    recompute: Annotated[bool, typer.Option("--recompute", help="Even where the result is at hand.")] = False,
    with_run: Annotated[bool, typer.Option("--with-run", help="Keep the result in the run's own folder.")] = False,
    as_json: Json = False,
) -> None:
    """Group the states of a run by HDBSCAN and say what the groups hold; kept for the page Clusters."""
    from lstm_core.claims.clusters import told_marks
    from lstm_core.clusters import contents as cluster_table
    from lstm_core.clusters import states as clusters

    run = open_run(name)
    query = clusters.ClusterQuery(data, signal, layer, tokens, size, samples)  # type: ignore[arg-type]
    found = _clusters(run, query, recompute=recompute, with_run=with_run)
    if tagger:
        from lstm_core.tagging import label_run as taggers
        from lstm_core.tagging import tag

        found = tag.with_tags(found, clusters.text_of(run, found), taggers.open_label_run("taggers", tagger))
    text = clusters.text_of(run, found)
    whole = cluster_table.summary(found, text)
    if len(found.tags):
        whole["marks"] = told_marks(found, text)
    best = [{"tag": tag, **one} for tag, one in list(whole["best_by_tag"].items())[:12]]
    head = [
        f"{whole['points']:,} points of {name}, {data} data, {signal} of layer {whole['layer']}: {whole['clusters']} "
        f"clusters, {whole['noise_share']:.1%} of the points in none",
        f"{whole['few_word_share']:.1%} of the clusters hold one or two words or follow punctuation",
        "the cluster that tells a tag best",
    ]
    columns = {"tag": "", "cluster": "d", "precision": ".1%", "recall": ".1%", "size: points": ",d"}
    say(whole, as_json, [*head, *table(best, columns)])


def rivals(
    name: Annotated[str, typer.Argument(help="Name of a run.")],
    signal: Annotated[str, typer.Option(help="h, o or another signal of the cell.")] = "h",
    control: Annotated[list[str] | None, typer.Option(help="Other runs over the same text, such as its twin.")] = None,
    recompute: Annotated[bool, typer.Option("--recompute", help="Even where the result is at hand.")] = False,
    as_json: Json = False,
) -> None:
    """Set our clusters beside those of other methods, parameters, samples and models; kept in the run's results."""
    from lstm_core.clusters import alternatives as others
    from lstm_core.clusters import states as clusters

    run = open_run(name)
    query = clusters.ClusterQuery(signal=signal).of(run)
    result = None if recompute else others.read_comparison(run, query)
    if result is None:
        models = [(other, _clusters(open_run(other), replace(query, layer=0))) for other in control or []]
        found = _clusters(run, query)
        points = clusters.points_of(clusters.recording_for(run, query), query)
        text = clusters.text_of(run, found)
        result = others.compare(found, points, text, controls=models, report=progress)
        others.COMPARISONS.keep(result, run)
    agreed = [*result.agreement[0], *[None] * len(result.controls)]
    rows = [
        {**asdict(row), "agreement": score, "seconds": None if score is None else row.seconds}
        for row, score in zip((*result.rows, *result.controls), agreed, strict=True)
    ]
    scores = ", ".join(f"{score:.3f}" for score in result.stability)
    last = f"of {result.kept:.0%} of the points, labels agree with ours by {scores}"
    say(result, as_json, [*table(rows, ALTERNATIVE_COLUMNS), last])


def _clusters(run: Run, query: Any, *, recompute: bool = False, with_run: bool = False) -> Any:
    """The kept clusters of a query; where there are none they are made, with their map, and kept."""
    from lstm_core.clusters import states as clusters
    from lstm_core.recordings.record import own_corpus

    found = None if recompute else clusters.read_clustering(run, query)
    if found is None:
        count, tokens = clusters.moments(own_corpus(run), query.of(run))
        foretell(lambda rate: clustering_seconds(run.model_config, count, tokens, rate))
        found = clusters.cluster(run, query, report=progress)
        into = run if with_run else None
        clusters.CLUSTERS.keep(found, into)
        if recompute or clusters.read_map(run, found) is None:
            points = clusters.points_of(clusters.recording_for(run, found.query), found.query)
            clusters.keep_map(found, clusters.map_of(points), into)
    return found


def distributions_at_hand(run: Run, query: "DistributionQuery") -> "Distributions":
    """Those over the longest recording of the signal and layer by the run's weights, else those kept with the run. A
    recording of all positions comes before one of those after blanks alone.

    Raises ValueError for a signal or layer that the run does not have, and where nothing is at hand.
    """
    from lstm_core.neurons.distributions import distributions, read_distributions
    from lstm_core.recordings.find import find
    from lstm_core.runs.cells import CELLS

    shape = run.model_config
    if query.signal not in CELLS[shape.cell].signals:
        known = ", ".join(CELLS[shape.cell].signals)
        raise ValueError(f"{run.name} is of cell {shape.cell}, whose signals are {known}: there is no {query.signal!r}")
    if not 1 <= query.layer <= shape.layers:
        raise ValueError(f"{run.name} has {shape.layers} layers, not layer {query.layer} (layers count from 1)")
    usable = [
        recording for recording in find(run.fingerprint, (query.signal,), (query.layer,)) if len(recording.positions)
    ]
    if usable:
        longest = max(usable, key=lambda one: (one.spec.positions == "all", len(one.positions)))
        return distributions(longest, query, report=progress)
    if kept := read_distributions(run, query):
        return kept
    raise ValueError(
        f"{run.name} has no recording of {query.signal} of layer {query.layer}: "
        f"make one with `python -m lstm_core record {run.name} --signals {query.signal}`"
    )


def units_document(found: "Distributions", labels: "Labels | None" = None) -> dict[str, Any]:
    """One document: what was counted, the layer's own figures, a row a unit. Divergences are in bits, shares and the
    distance from the Laplace fit in [0, 1]; `near_zero` units are set aside, after all others. `label`, its `score` and
    whether it was `learned` (see leads; "" unknown) are of the text that `labels` names, null where none are at hand.
    """
    from lstm_core.neurons.shapes import SHAPES, laplace_distance, shapes

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


def _label(labels: "Labels | None", unit: int) -> dict[str, Any]:
    if labels is None:
        return dict.fromkeys(("label", "score", "learned"))
    found = labels.units[unit]
    return {"label": found.label, "score": found.score, "learned": found.outcome if found.label else ""}
