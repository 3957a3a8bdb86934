"""Verbs about texts alone: corpora, baseline, tags, vocabulary."""

import sys
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from lstm_core.commands.options import kind_of
from lstm_core.commands.report import Told, progress, table
from lstm_core.recordings.recording import Recording, find_recordings
from lstm_core.recordings.tags import recorded_text, tags_of
from lstm_core.runs import baseline as ngrams
from lstm_core.runs.store import list_runs
from lstm_core.text import corpus as corpora_module
from lstm_core.text.lexicon import lexicon
from lstm_core.text.ngram import NgramModel
from lstm_core.text.tagged import Tagged, not_followed_by_whitespace
from lstm_core.text.tags import tag_text, tag_tokens, tagger_accuracy


def corpora(
    fetch: Annotated[str, typer.Option(help="Download this corpus, checked by its hash.")] = "",
) -> Told:
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
    return Told(rows, lines)


def baseline(
    corpus: Annotated[str, typer.Argument(help="Corpus name or text file.")],
    order: Annotated[int, typer.Option(help="The highest; 8 for characters, 5 for words when left out.")] = 0,
    kind: Annotated[str, typer.Option(help="char or word; the corpus' own when left out.")] = "",
) -> Told:
    """Score n-gram models of a text, what simple tables of the last few tokens achieve; kept below LSTM_HOME."""
    text, query = corpora_module.read_corpus(corpus, kind_of(kind)), ngrams.NgramQuery(order)
    result = ngrams.kept_baseline(text.name, text.fingerprint, text.kind, query)
    if result is None:
        result = ngrams.baseline(text, query, report=progress)
        ngrams.BASELINES.keep(result)
    best = {score.model.method: score.model.order for score in result.best()}
    rows = [
        {**vars(score.model), **score.scores, "best": "*" * (score in result.best()), "choices": _choices(score.model)}
        for score in result.scores
    ]
    head = (
        f"{result.corpus}: n-gram models of {result.counted:,} tokens, {result.vocabulary:,} types; "
        f"{result.measure.replace('_', ' ')}; chosen on {result.fitted_on}, held out: {', '.join(result.held_out)}"
    )
    columns = "{method} {order:d}" + "".join(f"{{{split}:.4f}}" for split in result.tokens) + "{best} {choices}"
    return Told({**asdict(result), "best": best}, [head, *table(rows, columns)])


def tags(
    text: Annotated[str, typer.Argument(help="A run, a corpus, a text file or the key of a recording.")],
    show: Annotated[int, typer.Option(help="How many sentences to print.")] = 3,
) -> Told:
    """Tag a text with parts of speech: how many words of each tag, and the first sentences."""
    title, read, tagged = _tagged(text)
    glued = not_followed_by_whitespace(tagged, read) if isinstance(read, str) else None
    ends = np.searchsorted(tagged.sentence, np.arange(max(0, show) + 1))
    pairs = [f"{word}/{tag}" for word, tag in zip(tagged.words(read)[: ends[-1]], tagged.tag[: ends[-1]], strict=True)]
    result: dict[str, Any] = {
        "text": title,
        "words": len(tagged),
        "sentences": int(tagged.sentence[-1]) + 1 if len(tagged) else 0,
        "tags": tagged.counts(),
        "not_followed_by_whitespace": glued,
        "first": [" ".join(pairs[a:b]) for a, b in pairwise(ends.tolist()) if a < b],
        "tagger": tagger_accuracy(),
    }
    accuracies = ", ".join(f"{row['ours']:.3f} on {row['title']}" for row in result["tagger"]["accuracy"].values())
    lines = [
        f"{title}: {result['words']:,} words and marks in {result['sentences']:,} sentences",
        "  ".join(f"{tag} {count:,}" for tag, count in result["tags"].items()),
        *([] if glued is None else [f"{glued:.1%} of the words have no blank or line break behind them"]),
        *result["first"],
        f"share of right tags: {accuracies}",
    ]
    return Told(result, lines)


def vocabulary(
    corpus: Annotated[str, typer.Argument(help="Corpus name or text file.")],
) -> Told:
    """Count the words of a text as the paper does: those before a blank, and those of them that an em-dash joins."""
    text = corpora_module.read_corpus(corpus, "char")
    types = lexicon(text.vocabulary.decode(text.ids.tolist())).types
    told = f"{types['words']:,} words, {types['with_dash']:,} with a dash, {types['vocabulary']:,} remain"
    return Told(types, told)


def _choices(model: NgramModel) -> str:
    if model.method == "add-k":
        return f"k {model.added:.4g}"
    if model.method == "back-off":
        return "discounts " + " ".join(f"{discount:.2f}" for discount in model.discounts)
    if model.method == "interpolation":
        return "mean weights of orders 0 up " + " ".join(f"{share:.3f}" for share in model.shares)
    return ""


def what_to_tag(name: str) -> tuple[str, str | list[str]]:
    """The text behind a run's name (what it was trained on), a corpus' name or a path, with the name of the text.

    A run of words, or a corpus that comes as words, gives its tokens. Raises ValueError where there is none.
    """
    run = next((run for run in list_runs() if run.name == name), None)
    path = Path(name)
    if run is None and name not in corpora_module.corpus_names() and path.is_file():
        return path.name, corpora_module.decode_text(path.read_bytes())
    corpus = (
        corpora_module.read_corpus(run.config["corpus"]["name"], run.kind) if run else corpora_module.read_corpus(name)
    )
    if corpus.kind == "char":
        return corpus.name, corpus.vocabulary.decode(corpus.ids.tolist())
    return corpus.name, [corpus.vocabulary.tokens[number] for number in corpus.ids.tolist()]


def _tagged(name: str) -> tuple[str, str | list[str], Tagged]:
    """Title, text and tags of what `what_to_tag` finds, or of the recording of that key, which then keeps them."""
    folder = next((folder for folder in find_recordings() if folder.name == name), None)
    if folder is not None:
        recording = Recording.open(folder)
        return recording.title, recorded_text(recording), tags_of(recording, report=progress)
    title, text = what_to_tag(name)
    tagged = tag_text(text, report=progress) if isinstance(text, str) else tag_tokens(text, report=progress)
    return title, text, tagged
