"""The verb that maps the words of a text by what a run did at them: wordmap."""

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lstm_core.commands.report import Json, foretell, places, progress, say, table
from lstm_core.runs.cost import word_map_seconds
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.text.corpus import read_corpus

if TYPE_CHECKING:
    from lstm_core.clusters.word_map import WordMap, WordMapQuery

PRINTED = 10  # words of a group that are told


def wordmap(
    name: Annotated[str, typer.Argument(help="Name of a run of words.")],
    signal: Annotated[str, typer.Option(help="h, c or another signal of the cell.")] = "h",
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
    as_json: Json = False,
) -> None:
    """Place words by their activations (t-SNE), group them and say what the groups hold; the map is kept. About a
    minute for 18,000 words, as in the thesis.
    """
    from lstm_core.clusters import word_groups
    from lstm_core.clusters import word_map as maps
    from lstm_core.stats.linkage import checked, joins

    run, way = open_run(name), checked(linkage)
    if clusters < 1:
        raise ValueError(f"{clusters} groups are none: choose 1 or more")
    query = maps.WordMapQuery(signal, layer, tokens, split, text=text)
    found = _map(run, query, recompute, with_run)
    labels = joins(found.places, way).cut_at_most(clusters)
    whole = word_groups.summary(found, labels, way, least=least)
    lines = map_lines(whole)
    if against_signal or against_split:
        other = _map(
            run, replace(query, signal=against_signal or signal, split=against_split or split), recompute, with_run
        )
        agreed = word_groups.agree(found, labels, other, joins(other.places, way).cut_at_most(clusters))
        about = {"signal": other.query.signal, "split": other.query.split}
        whole["agreement"] = {**about, **asdict(agreed)}
        score = "cannot be compared" if agreed.index is None else f"agrees with adjusted Rand index {agreed.index:.3f}"
        lines.append(f"the map of {about['signal']} over {about['split']} {score} (n = {agreed.of:,} {agreed.things})")
    say(whole, as_json, lines)


def _map(run: Run, query: "WordMapQuery", recompute: bool, with_run: bool) -> "WordMap":
    """The kept map of a query; where there is none it is made and kept."""
    from lstm_core.clusters import word_map as maps

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
    from lstm_core.clusters.word_groups import FREQUENT

    groups = [{**row, "words": _words(row["words"])} for row in whole["table"]]
    rare = f"none of its words stands here {FREQUENT} times"
    lists = [{**row, "words": rare if row["jaccard"] is None else ", ".join(row["words"])} for row in whole["lists"]]
    row = whole["runs"]
    return [
        f"{whole['signal']} of layer {whole['layer']} of {whole['run']} over {whole['text']} {places(whole['span'])}: "
        f"{whole['words']:,} words, {whole['different_words']:,} different ones",
        f"{whole['groups']:,} groups by {whole['linkage']} linkage, the largest has {whole['largest_share']:.1%}; "
        f"{len(whole['table']):,} have at least {whole['least']:,} words",
        *table(groups, {"number: group": "d", "size": ",d", "words: words (share of all their times)": ""}),
        "",
        *table(
            lists, {"name: list": "", "jaccard: Jaccard": ".2f", "chance: by chance": ".2f", "group": "d", "words": ""}
        ),
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
