"""Verbs about word vectors: embed, neighbours, words, similarity."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from lstm_core.commands.options import Recompute, WithRun, layers_of
from lstm_core.commands.report import Told, progress, table
from lstm_core.runs.store import open_run
from lstm_core.storage.files import write_bytes
from lstm_core.text.catalogue import CorpusMissing
from lstm_core.word_vectors import benchmark_scores as results
from lstm_core.word_vectors import benchmarks as word_pairs
from lstm_core.word_vectors import neighbours as near
from lstm_core.word_vectors import report as word_report
from lstm_core.word_vectors import sample as word_sample
from lstm_core.word_vectors import spelling
from lstm_core.word_vectors import vectors as embeddings
from lstm_core.word_vectors.benchmark_scores import SimilarityResult
from lstm_core.word_vectors.benchmarks import PAPER
from lstm_core.word_vectors.report import WordReport, plain
from lstm_core.word_vectors.similarity import mean_rho


def embed(
    name: Annotated[str, typer.Argument(help="Name of a character run.")],
    vectors: Annotated[str, typer.Option(help="paper, or best: three moments, centred, ten directions off.")] = "paper",
    signal: Annotated[str, typer.Option(help="h, c, o or another signal of the cell.")] = "h",
    layers: Annotated[str, typer.Option(help="For example 1,3; those of the vectors when left out.")] = "",
    moments: Annotated[str, typer.Option(help="For example before,next; those of the vectors when left out.")] = "",
    text: Annotated[str, typer.Option(help="Corpus name or text file; the run's own corpus when left out.")] = "",
    word2vec: Annotated[Path | None, typer.Option(help="Also write them here in word2vec's text format.")] = None,
    projector: Annotated[Path | None, typer.Option(help="Also write vectors.tsv and words.tsv to this folder.")] = None,
) -> Told:
    """Make vectors of all words of a text from a run's states, and keep them below LSTM_HOME."""
    run = open_run(name)
    query = embeddings.defined(vectors, run)
    query = replace(query, signal=signal, layers=layers_of(layers) or query.layers, text=text)
    if moments:
        query = replace(query, moments=tuple(moments.split(",")))
    table = embeddings.embeddings(run, query, report=progress)
    if word2vec:
        write_bytes(word2vec, "".join(embeddings.word2vec_lines(table)).encode())
    if projector:
        write_bytes(projector / "vectors.tsv", "".join(embeddings.projector_lines(table)).encode())
        write_bytes(projector / "words.tsv", "".join(embeddings.projector_labels(table)).encode())
    counts = {"averaged": int(table.averaged.sum()), "counted": int(table.counted.sum())}
    result = {"run": name, "words": len(table), "dims": table.vectors.shape[1], "counts": counts}
    lines = f"{len(table):,} words of {table.vectors.shape[1]:,} values: {table.query.title}"
    return Told({**result, "vectors": table.query.title}, lines)


def neighbours(
    name: Annotated[str, typer.Argument(help="Name of a character run.")],
    words: Annotated[list[str], typer.Argument(help="Words; one that the text lacks is spelled to the model.")],
    count: Annotated[int, typer.Option()] = 5,
    metric: Annotated[str, typer.Option(help="cosine or euclid.")] = "cosine",
    vectors: Annotated[str, typer.Option(help="paper or best.")] = "paper",
    context: Annotated[
        list[str] | None, typer.Option(help="Text with _ where an unknown word goes; again for more.")
    ] = None,
    with_dash: Annotated[bool, typer.Option("--with-dash", help="Also words joined by an em-dash.")] = False,
) -> Told:
    """Find the words whose vectors are nearest to those of some words, known or not."""
    run = open_run(name)
    query = near.NeighbourQuery(count, metric, with_dash)  # type: ignore[arg-type]
    table = embeddings.embeddings(run, embeddings.defined(vectors, run), report=progress)
    strange = [word for word in words if table.row(word) is None]
    spelled = spelling.spell_unknown(run, table, strange, context or []) if strange else None
    rows, lines = [], []
    for word in words:
        if spelled and word in strange:
            found = near.nearest(table, spelled.vectors[strange.index(word)], query)
        else:
            found = near.neighbours(table, word, query)
        unknown = [character for character in (spelled.unknown if spelled else ()) if character in word]
        rows.append({"word": word, "seen": word not in strange, "unknown": unknown, "neighbours": found})
        lines.append(word if word not in strange else f"{word} (not in the text, spelled)")
        lines += [f"  {one.value:7.3f}  {one.word} ({one.counted:,})" for one in found]
        if unknown:
            lines.append(f"  read without {' '.join(unknown)}, which the model does not know")
    return Told(rows, lines)


def words(
    name: Annotated[str, typer.Argument(help="Name of a character run.")],
    recompute: Recompute = False,
    with_run: WithRun = False,
) -> Told:
    """Measure what a run's word vectors know: the paper's Table 3, words seen once, words never seen; and take the
    commonest words with their vectors and maps, which the page shows first.
    """
    run = open_run(name)
    into = run if with_run else None
    kept, sample = (None, None) if recompute else (word_report.read_report(run), word_sample.read_sample(run))
    if sample is None or with_run:  # the page opens with it, whatever becomes of the rest
        word_sample.keep_sample(sample or word_sample.word_sample(run, report=progress), run, into)
    found = kept or word_report.word_report(run, report=progress)
    if kept is None or with_run:
        word_report.REPORTS.keep(found, into)
    return Told(found, report_lines(found))


def similarity(
    name: Annotated[str, typer.Argument(help="Name of a character run.")] = "",
    vectors: Annotated[str, typer.Option(help="paper, or best: options chosen by cross-fitting.")] = "best",
    layers: Annotated[str, typer.Option(help="For best: to choose from, for example 2,3; all when left out.")] = "",
    file: Annotated[Path | None, typer.Option(help="A benchmark of your own: word, word, score a line.")] = None,
    fetch: Annotated[bool, typer.Option("--fetch", help="Download the 13 benchmarks, checked by hash.")] = False,
    recompute: Recompute = False,
    with_run: WithRun = False,
) -> Told | None:
    """Compare a run's word vectors with human judgement: rank correlations on 13 benchmarks, kept below LSTM_HOME."""
    if fetch:
        for path in word_pairs.fetch_benchmarks():
            print(f"kept as {path}", file=sys.stderr)
    if not name:
        if fetch:
            return None
        raise ValueError("name a run whose vectors are judged: `python -m lstm_core runs` lists them")
    run = open_run(name)
    query = results.SimilarityQuery(vectors, layers_of(layers)).of(run)  # type: ignore[arg-type]
    into = run if with_run else None
    found = None if recompute or file else results.read_similarity(run, query)
    if found is None:
        try:
            benchmarks, missing = results.at_hand()
        except CorpusMissing as error:
            if file is None:
                raise
            benchmarks, missing = [], [str(error)]
        for line in missing:
            print(line, file=sys.stderr)
        own = [word_pairs.read_pairs(file)] if file else []
        found = results.measure(run, query, benchmarks=[*benchmarks, *own], report=progress)
        if not (file or missing):
            results.SIMILARITY.keep(found, into)
            if vectors == "best":  # whose states hold the paper's, which a page shows beside them
                results.SIMILARITY.keep(results.measure(run, results.SimilarityQuery("paper")), into)
    elif with_run:
        results.SIMILARITY.keep(found, into)
        if vectors == "best" and (paper := results.read_similarity(run, results.SimilarityQuery("paper"))):
            results.SIMILARITY.keep(paper, into)
    return Told(found.rows(), _benchmark_lines(found))


def _benchmark_lines(found: SimilarityResult) -> list[str]:
    rows = [{**row, "paper": PAPER[row["task"]][0].rho if row["task"] in PAPER else None} for row in found.rows()]
    mean = {"task": "mean", "rho": mean_rho(found.scores)}
    columns = "benchmark {task} {found:,d} {missing:,d} {rho:.3f} {low:.3f} {high:.3f} {paper:.3f}"
    head = (
        f"{found.run}: {found.query.vectors} vectors of {found.words:,} words, Spearman correlation with people (95 %)"
    )
    return [head, *table([*rows, mean], columns)]


def report_lines(found: WordReport) -> list[str]:
    """The paper's Table 3 and what is known of rare words, for people."""
    rows = []
    for row in found.rows:
        theirs = {plain(word) for word in row.paper_neighbours}
        near = ", ".join(one.word + "*" * (plain(one.word) in theirs) for one in row.neighbours)
        rows.append({**vars(row), "near": near or "not in this text"})
    columns = "{word} {counted:,d} in the paper {paper_counted:,d} nearest {near}"
    lines = [f"{found.run}: the five nearest words, those of the paper's Table 3 marked with *", *table(rows, columns)]
    lines.append(
        f"of {found.drawn:,} words drawn, {found.same_tag:.1%} of the neighbours have the word's part of speech, "
        f"{found.by_euclid:.1%} are found by Euclidean distance too"
    )
    if (agreement := found.agreement) is not None:
        lines.append(
            f"{agreement.words:,} words seen once: part of speech right by their neighbours {agreement.neighbours:.1%} "
            f"({agreement.low:.1%} to {agreement.high:.1%}), by ending and capital {agreement.spelling:.1%}, "
            f"always {agreement.majority_tag} {agreement.majority:.1%}"
        )
    return lines + [
        f"{one.words:,} words that training never saw, spelled in {one.contexts} contexts: mean reciprocal rank "
        f"{one.own:.3f}, in contexts of other words {one.others:.3f}, by chance {one.chance:.4f}"
        for one in found.held_out
    ]
