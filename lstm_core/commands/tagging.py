"""Verbs about networks that label text: tag, classify, train-tagger, tagger-states."""

import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from lstm_core.commands.report import Told, picked, progress, table
from lstm_core.runs.cells import CELLS, DEFAULT
from lstm_core.tagging import classify as classifying
from lstm_core.tagging.classify import Poolings, answer
from lstm_core.tagging.label_run import label_runs, open_label_run
from lstm_core.tagging.recorded import layer_names, record_states
from lstm_core.tagging.reports import made_tagger
from lstm_core.tagging.settings import LabelTraining, NetworkConfig
from lstm_core.tagging.tag import Following, following
from lstm_core.tagging.tag import tag as tagged
from lstm_core.tagging.words import tagging_texts
from lstm_core.text.corpus import decode_text

Text = Annotated[str, typer.Argument(help="The text itself, in quotes; - reads it from standard input.")]


def tag(
    text: Text = "",
    tagger: Annotated[str, typer.Option(help="Its name, as bilstm-characters; all at hand when left out.")] = "",
    pairs: Annotated[
        bool, typer.Option("--pairs", help="Pairs of sentences that differ after a word, instead.")
    ] = False,
) -> Told:
    """Tag the words of a text with their parts of speech, by networks of one and of two directions."""
    runs = [open_label_run("taggers", tagger)] if tagger else label_runs("taggers")
    if not runs:
        raise ValueError("no tagger is at hand: train one with `python -m lstm_core train-tagger NAME`")
    if pairs:
        rows = [_following(one, run.name) for run in runs for one in following(run)]
        lines = [
            f"{row['name']:18} {row['word']:6} {row['first']:22} {row['tags'][0]:5} {row['probability'][0]:6.3f}   "
            f"{row['second']:22} {row['tags'][1]:5} {row['probability'][1]:6.3f}{'   undecided' * (not row['decided'])}"
            for row in rows
        ]
        head = "tag of the word in either sentence, and how probable the tags of the second one are in either"
        return Told({"pairs": rows}, [head, *lines])
    found = [(run, tagged(_read(text), run)) for run in runs]
    result = [
        {
            "name": run.name,
            **picked(one, "architecture", "tokens", "tags", "sentences: sentence"),
            "probabilities": [dict(zip(one.names, row, strict=True)) for row in one.probabilities.tolist()],
        }
        for run, one in found
    ]
    lines = [
        f"{run.name:18} "
        + " ".join(
            f"{word}/{given} ({row.max():.2f})"
            for word, given, row in zip(one.tokens, one.tags, one.probabilities, strict=True)
        )
        for run, one in found
    ]
    return Told({"taggers": result}, lines)


def classify(
    text: Text = "",
    figures: Annotated[bool, typer.Option("--figures", help="One direction or two: what was measured.")] = False,
) -> Told:
    """Say which of 15 kinds of text a passage is of (news, romance, learned ...), by its last states or their mean."""
    if figures:
        return _figures(classifying.read_figures())
    runs = label_runs("classifiers")
    if not runs:
        raise ValueError("no classifier is at hand: restore models/classifiers from the program's files")
    found = [classifying.classify(_read(text), run) for run in runs]
    result = [
        {
            **picked(one, "name", "architecture", "judged_by: pooling", "tokens", "label"),
            "probabilities": dict(zip(one.names, one.probabilities.tolist(), strict=True)) if one.tokens else {},
        }
        for one in found
    ]
    lines = []
    for one in found:
        best = sorted(zip(one.probabilities.tolist(), one.names, strict=True), reverse=True)[:3] if one.tokens else []
        lines.append(f"{one.name:20} " + ("  ".join(f"{name} {share:.2f}" for share, name in best) or "no words"))
    return Told({"classifiers": result}, lines)


def train_tagger(
    name: Annotated[str, typer.Argument(help="Name of the tagger; one that is there already goes on.")],
    cell: Annotated[str, typer.Option(help=f"One of {', '.join(CELLS)}.")] = DEFAULT,
    directions: Annotated[int, typer.Option(help="1: left to right; 2: also right to left.")] = 2,
    characters: Annotated[bool, typer.Option("--characters", help="Read the letters of each word too.")] = False,
    embedding: Annotated[int, typer.Option(help="Size of the word embeddings.")] = 32,
    hidden: Annotated[int, typer.Option(help="Units of each direction.")] = 64,
    layers: Annotated[int, typer.Option(help="Recurrent layers.")] = 1,
    epochs: Annotated[int, typer.Option(help="At most.")] = 5,
    seed: Annotated[int, typer.Option(help="Of the first weights, the order and the dropout.")] = 1,
) -> Told:
    """Train a tagger on MASC, choose its best epoch on files apart, and measure it on three other texts."""
    config = NetworkConfig(cell, directions, embedding, 64 * characters, hidden, layers)
    training, say = LabelTraining(epochs=epochs, seed=seed), partial(print, file=sys.stderr, flush=True)
    run = made_tagger(name, config, training, tagging_texts(), report=progress, say=say)
    results = run.results()
    rows = [f"{row['title']:40} {row['count']:8,} {row['right']:7.4f}" for row in results["accuracy"].values()]
    return Told({**picked(run, "name", "folder"), **results}, [f"{run.name}: right tags", *rows])


def tagger_states(
    text: Annotated[str, typer.Option(help="A text file, or the text itself.")],
    name: Annotated[str, typer.Option(help="Of the run to be made; TAGGER-states when left out.")] = "",
    tagger: Annotated[str, typer.Option(help="Whose neurons.")] = "bilstm-characters",
    by: Annotated[str, typer.Option(help="letters: for all pages; words: a word or mark is a token.")] = "letters",
    untrained: Annotated[bool, typer.Option("--untrained", help="Before it learned anything, as a control.")] = False,
) -> Told:
    """Let a tagger read a text and keep what its neurons do, each direction as a layer of its own: the pages Neurons,
    Probes and Clusters then show it like any other.
    """
    run, path = open_label_run("taggers", tagger), Path(text)
    is_file = len(text) < 1000 and path.is_file()
    made = record_states(
        decode_text(path.read_bytes()) if is_file else text,
        run,
        name or f"{run.name}-states{'-untrained' * untrained}",
        by=by,  # type: ignore[arg-type]
        untrained=untrained,
        report=progress,
    )
    names = {str(layer): what for layer, what in enumerate(layer_names(run), 1)}
    tokens = len(made.recordings[0].tokens)
    result: dict[str, Any] = {**made.run.summary(), "tagger": run.name, "layers": names, "tokens": tokens}
    result["recordings"] = [one.fingerprint for one in made.recordings]
    lines = [f"{made.run.name}: {tokens:,} {by} as read by {run.name}"]
    lines += [f"  layer {layer} of the recording: {what}" for layer, what in names.items()]
    lines.append(f"  look at it on the page Neurons, or: python -m lstm_core units {made.run.name}")
    return Told(result, lines)


def _read(text: str) -> str:
    return sys.stdin.read() if text == "-" else text


def _following(one: Following, name: str) -> dict[str, Any]:
    told = picked(one, "architecture", "tags", "probability", "same")
    word = one.pair.first.split()[one.pair.position]
    return {**asdict(one.pair), "name": name, "word": word, "of": one.pair.tags[1], **told}


def _figures(found: Poolings) -> Told:
    rows = [{**asdict(row), **picked(row, "mean", "interval")} for row in found.scored]
    answers = {cell: answer(found, cell) for cell in dict.fromkeys(row.cell for row in found.scored)}
    shown = [{**row, "low": row["interval"][0], "high": row["interval"][1]} for row in rows]
    columns = "{cell} {directions:d} judged by {pooling} right {mean:.1%} {low:.1%} {high:.1%}"
    lines = [
        f"which of {found.classes} kinds a piece of {found.corpus} is of: {found.pieces['train']:,} pieces to learn "
        f"from, {found.pieces['test']:,} of other documents for the test, {len(found.seeds)} seeds",
        f"always the commonest kind {found.chance:.1%}, naive Bayes over the words in no order {found.words:.1%}",
        *table(shown, columns),
        *(f"{cell}: {line}" for cell, told in answers.items() for line in told),
    ]
    return Told({**asdict(found), "scored": rows, "answer": answers}, lines)
