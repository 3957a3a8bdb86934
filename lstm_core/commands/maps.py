"""Verbs that group what a run did at the tokens of a text: cluster, rivals, wordmap."""

from dataclasses import asdict, replace
from typing import Annotated, Any

import typer

from lstm_core.claims.clusters import told_marks
from lstm_core.clusters import alternatives as others
from lstm_core.clusters import contents as cluster_table
from lstm_core.clusters import states as clusters
from lstm_core.clusters import word_groups
from lstm_core.clusters import word_map as maps
from lstm_core.clusters.word_groups import FREQUENT
from lstm_core.clusters.word_map import WordMap, WordMapQuery
from lstm_core.commands.options import Layer, Recompute, Signal, WithRun
from lstm_core.commands.report import Told, foretell, places, progress, table
from lstm_core.runs.cost import clustering_seconds, word_map_seconds
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.stats.linkage import checked, joins
from lstm_core.tagging import label_run as taggers
from lstm_core.tagging import tag
from lstm_core.text.corpus import read_corpus

PRINTED = 10  # words of a group that are told


def cluster(
    name: Annotated[str, typer.Argument(help="Name of a run.")],
    data: Annotated[str, typer.Option(help="whitespace: after every word; full: at every token.")] = "whitespace",
    signal: Annotated[str, typer.Option(help="h, o or another signal of the cell.")] = "h",
    layer: Layer = 0,
    tokens: Annotated[int, typer.Option(help="How many of the text; 0 = as the paper, -1 = all.")] = 0,
    size: Annotated[int, typer.Option(help="Points that make a cluster, at least.")] = 100,
    samples: Annotated[int, typer.Option(help="The neighbour whose distance is a point's core distance.")] = 10,
    tagger: Annotated[str, typer.Option(help="Whose parts of speech are told, as bilstm-characters.")] = "",
    recompute: Recompute = False,
    with_run: WithRun = False,
) -> Told:
    """Group the states of a run by HDBSCAN and say what the groups hold; kept for the page Clusters."""
    run = open_run(name)
    query = clusters.ClusterQuery(data, signal, layer, tokens, size, samples)  # type: ignore[arg-type]
    found = _clusters(run, query, recompute=recompute, with_run=with_run)
    if tagger:
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
    columns = "{tag} {cluster:d} {precision:.1%} {recall:.1%} points {size:,d}"
    return Told(whole, [*head, *table(best, columns)])


def rivals(
    name: Annotated[str, typer.Argument(help="Name of a run.")],
    signal: Annotated[str, typer.Option(help="h, o or another signal of the cell.")] = "h",
    control: Annotated[list[str] | None, typer.Option(help="Other runs over the same text, such as its twin.")] = None,
    recompute: Recompute = False,
) -> Told:
    """Set our clusters beside those of other methods, parameters, samples and models; kept in the run's results."""
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
    columns = (
        "{name} {clusters:d} noise {noise_share:.1%} few-word {few_word_share:.1%} tag F1 {tag_f1:.3f} "
        "modal F1 {modal_f1:.3f} agrees with ours {agreement:.3f} {seconds:.0f}"
    )
    return Told(result, [*table(rows, columns), last])


def _clusters(run: Run, query: Any, *, recompute: bool = False, with_run: bool = False) -> Any:
    """The kept clusters of a query; where there are none they are made, with their map, and kept."""
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


def wordmap(
    name: Annotated[str, typer.Argument(help="Name of a run of words.")],
    signal: Signal = "h",
    layer: Annotated[int, typer.Option(help="From 1; 0 = the last.")] = 1,
    tokens: Annotated[int, typer.Option(help="How many words of the text.")] = 18_000,
    split: Annotated[str, typer.Option(help="Part of the text: train, validation or test.")] = "train",
    text: Annotated[str, typer.Option(help="Corpus name or text file; the run's own when left out.")] = "",
    linkage: Annotated[str, typer.Option(help="How groups are joined: single or ward.")] = "single",
    clusters: Annotated[int, typer.Option(help="How many groups; where there are fewer words, one a word.")] = 100,
    least: Annotated[int, typer.Option(help="Words that a group has to hold to be listed.")] = 10,
    against_signal: Annotated[str, typer.Option(help="Say how far the map of this signal groups alike.")] = "",
    against_split: Annotated[str, typer.Option(help="Say how far the map of this part of the text does.")] = "",
    recompute: Annotated[bool, typer.Option("--recompute", help="Even where the map is at hand.")] = False,
    with_run: Annotated[bool, typer.Option("--with-run", help="Keep the map in the run's own folder.")] = False,
) -> Told:
    """Place words by their activations (t-SNE), group them and say what the groups hold; the map is kept. About a
    minute for 18,000 words, as in the thesis.
    """
    run, way = open_run(name), checked(linkage)
    if clusters < 1:
        raise ValueError(f"{clusters} groups are none: choose 1 or more")
    query = maps.WordMapQuery(signal, layer, tokens, split, text=text)
    found = _map(run, query, recompute, with_run)
    labels = joins(found.places, way).cut_at_most(clusters)
    whole = word_groups.summary(found, labels, way, least=least)
    lines = map_lines(whole)
    if against_signal or against_split:
        asked = replace(query, signal=against_signal or signal, split=against_split or split)
        other = _map(run, asked, recompute, with_run)
        agreed = word_groups.agree(found, labels, other, joins(other.places, way).cut_at_most(clusters))
        about = {"signal": other.query.signal, "split": other.query.split}
        whole["agreement"] = {**about, **asdict(agreed)}
        score = "cannot be compared" if agreed.index is None else f"agrees with adjusted Rand index {agreed.index:.3f}"
        lines.append(f"the map of {about['signal']} over {about['split']} {score} (n = {agreed.of:,} {agreed.things})")
    return Told(whole, lines)


def _map(run: Run, query: WordMapQuery, recompute: bool, with_run: bool) -> WordMap:
    """The kept map of a query; where there is none it is made and kept."""
    kept = None if recompute else maps.read_map(run, query)
    if kept is None:
        start, stop = read_corpus(run.source(query.text), run.kind).span(query.split, query.tokens, query.start)
        foretell(lambda rate: word_map_seconds(run.model_config, stop - start, rate))
    found = kept or maps.word_map(run, query, report=progress)
    if kept is None or with_run:
        maps.WORD_MAPS.keep(found, run if with_run else None)
    return found


def map_lines(whole: dict[str, Any]) -> list[str]:
    """A map for people, with the most frequent words of every group."""
    groups = [{**row, "words": _words(row["words"])} for row in whole["table"]]
    rare = f"none of its words stands here {FREQUENT} times"
    lists = [{**row, "words": rare if row["jaccard"] is None else ", ".join(row["words"])} for row in whole["lists"]]
    row = whole["runs"]
    return [
        f"{whole['signal']} of layer {whole['layer']} of {whole['run']} over {whole['text']} {places(whole['span'])}: "
        f"{whole['words']:,} words, {whole['different_words']:,} different ones",
        f"{whole['groups']:,} groups by {whole['linkage']} linkage, the largest has {whole['largest_share']:.1%}; "
        f"{len(whole['table']):,} have at least {whole['least']:,} words",
        *table(groups, "group {number:d} {size:,d} words (share of all their times) {words}"),
        "",
        *table(lists, "list {name} Jaccard {jaccard:.2f} by chance {chance:.2f} {group:d} {words}"),
        *(_apart(name, whole[name]) for name in ("brackets", "quotes")),
        f"neighbours in the text share a group {row['share']:.1%} of the time, shuffled {row['shuffled']:.1%}",
    ]


def _words(words: list[dict[str, Any]]) -> str:
    shown = ", ".join(f"{word['word']} ({word['share']:.0%})" for word in words[:PRINTED])
    return shown if len(words) <= PRINTED else f"{shown}, and {len(words) - PRINTED:,} more"


def _apart(name: str, row: dict[str, Any]) -> str:
    marks = f"{name}, {row['opening']:,} that open and {row['closing']:,} that close"
    if row["v_measure"] is None:
        return f"{marks}: nothing to tell apart"
    return f"{marks}: told apart with V-measure {row['v_measure']:.3f} (1 = always)"
