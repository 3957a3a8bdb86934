"""Verbs that analyse the states of a run: findings, units, cluster, rivals."""

import json
from dataclasses import asdict, replace
from typing import Annotated, Any

import typer

from lstm_core.commands.told import Json, progress, say
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.storage.files import write_json


def findings(
    name: Annotated[str, typer.Argument(help="Name of a character run with a recording of its signal h or c.")],
    as_json: Json = False,
) -> None:
    """Find the units that follow a few features of the text; kept as results/findings.json."""
    from lstm_core.neurons import findings as follow
    from lstm_core.recordings.find import twins_of

    run = open_run(name)
    if run.kind != "char":
        raise ValueError(f"{name} reads words, the features are of characters: choose a character run")
    recording = next(follow.usable_recordings(run.fingerprint), None)
    if recording is None:
        raise ValueError(
            f"{name} has no recording of its signals h or c at all positions: "
            f"make one with `python -m lstm_core record {name} --signals h,c`"
        )
    controls = [other for twin in twins_of(name) for other in follow.usable_recordings(twin.fingerprint)]
    control = next((other for other in controls if follow.comparable(recording, other)), None)
    found = [follow.best_unit(recording, feature, twin=control) for feature in follow.FEATURES]
    result = {"weights": run.fingerprint, "text": recording.title, "findings": [asdict(finding) for finding in found]}
    write_json(run.folder / "results" / "findings.json", result)
    say(result, as_json, json.dumps(result, indent=1))


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
    from lstm_core.commands import unit_table
    from lstm_core.neurons.distributions import DistributionQuery, keep_distributions

    run = open_run(name)
    query = DistributionQuery(signal, layer or run.model_config.layers)
    found = unit_table.distributions_at_hand(run, query, report=progress)
    if with_run:
        keep_distributions(found, run)
    labels = unit_table.labels_at_hand(run, found)
    say(unit_table.summary(found, labels), as_json, unit_table.told(found, labels))


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
    from lstm_core.clusters import contents as cluster_table
    from lstm_core.clusters import states as clusters

    run = open_run(name)
    query = clusters.ClusterQuery(data, signal, layer, tokens, size, samples)  # type: ignore[arg-type]
    found = _clusters(run, query, recompute=recompute, with_run=with_run)
    if tagger:
        from lstm_core.tagging import label_run as taggers
        from lstm_core.tagging import tag

        found = tag.with_tags(found, clusters.text_of(run, found), taggers.open_label_run("taggers", tagger))
    summary = cluster_table.summary(found, clusters.text_of(run, found))
    say(summary, as_json, cluster_table.told(summary))


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
        others.keep_comparison(run, result)
    say(result.as_json(), as_json, others.told(result))


def _clusters(run: Run, query: Any, *, recompute: bool = False, with_run: bool = False) -> Any:
    """The kept clusters of a query; where there are none they are made, with their map, and kept."""
    from lstm_core.claims.clusters import all_marks
    from lstm_core.clusters import states as clusters

    found = None if recompute else clusters.read_clustering(run, query)
    if found is None:
        found = clusters.cluster(run, query, report=progress)
        if len(found.tags):
            found = replace(found, facts={**found.facts, "marks": all_marks(found, clusters.text_of(run, found))})
        folder = clusters.results_folder(run) if with_run else None
        clusters.keep_clustering(found, folder)
        if recompute or clusters.read_map(run, found) is None:
            points = clusters.points_of(clusters.recording_for(run, found.query), found.query)
            clusters.keep_map(found, clusters.map_of(points), folder)
    return found
