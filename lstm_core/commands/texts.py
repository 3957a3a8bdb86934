"""Verbs about texts alone: corpora, baseline, tags, vocabulary."""

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from lstm_core.commands.options import kind_of
from lstm_core.commands.told import Json, progress, say
from lstm_core.text import corpus as corpora_module


def corpora(
    fetch: Annotated[str, typer.Option(help="Download this corpus, checked by its hash.")] = "",
    as_json: Json = False,
) -> None:
    """List the corpora: what each is, its licence, whether it is at hand, and how to get it."""
    if fetch:
        for path in corpora_module.fetch_corpus(fetch):
            print(f"kept as {path}", file=sys.stderr)
    rows = [corpora_module.describe_corpus(name) for name in corpora_module.corpus_names()]
    lines = [
        f"{row['name']:24} {'at hand' if row['at_hand'] else 'missing':8} {row['title']} ({row['licence']})"
        + (f"\n{'':33} {row['remedy']}" if row["remedy"] else "")
        for row in rows
    ]
    say(rows, as_json, "\n".join(lines))


def baseline(
    corpus: Annotated[str, typer.Argument(help="Corpus name or text file.")],
    order: Annotated[int, typer.Option(help="The highest; 8 for characters, 5 for words when left out.")] = 0,
    kind: Annotated[str, typer.Option(help="char or word; the corpus' own when left out.")] = "",
    as_json: Json = False,
) -> None:
    """Score n-gram models of a text, what simple tables of the last few tokens achieve; kept below LSTM_HOME."""
    from lstm_core.runs import baseline as ngrams

    text, query = corpora_module.read_corpus(corpus, kind_of(kind)), ngrams.NgramQuery(order)
    result = ngrams.kept_baseline(text.name, text.fingerprint, text.kind, query)
    if result is None:
        result = ngrams.baseline(text, query, report=progress)
        ngrams.keep_baseline(result)
    best = {score.model.method: score.model.order for score in result.best()}
    say({**asdict(result), "best": best}, as_json, ngrams.table(result))


def tags(
    text: Annotated[str, typer.Argument(help="A run, a corpus, a text file or the key of a recording.")],
    show: Annotated[int, typer.Option(help="How many sentences to print.")] = 3,
    as_json: Json = False,
) -> None:
    """Tag a text with parts of speech: how many words of each tag, and the first sentences."""
    from lstm_core.commands import tag_report

    result = tag_report.report_tags(text, show, report=progress)
    say(asdict(result), as_json, tag_report.lines(result))


def vocabulary(
    corpus: Annotated[str, typer.Argument(help="Corpus name or text file.")],
    as_json: Json = False,
) -> None:
    """Count the words of a text as the paper does: those before a blank, and those of them that an em-dash joins."""
    from lstm_core.text.lexicon import lexicon

    text = corpora_module.read_corpus(corpus, "char")
    types = lexicon(text.vocabulary.decode(text.ids.tolist())).types
    say(types, as_json, f"{types['words']:,} words, {types['with_dash']:,} with a dash, {types['vocabulary']:,} remain")
