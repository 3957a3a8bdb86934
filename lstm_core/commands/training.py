"""Verbs that train a run, score it and let it write: runs, train, evaluate, generate, tensorboard."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from lstm_core.commands.options import kind_of, preset_of
from lstm_core.commands.report import Told, asked_to_end, progress, scores
from lstm_core.runs import generate as writing
from lstm_core.runs.cells import CELLS
from lstm_core.runs.run import Run
from lstm_core.runs.settings import MEASURES, PRESETS
from lstm_core.runs.store import create_run, extend_run, list_runs, open_run
from lstm_core.runs.tensorboard import write_events
from lstm_core.storage.files import check_name, home
from lstm_core.text.catalogue import Kind
from lstm_core.text.corpus import Corpus, read_corpus


def runs() -> Told:
    """List all runs with their figures."""
    rows = [run.summary() for run in list_runs()]
    lines = []
    for row in rows:
        count = "?" if row["parameters"] is None else f"{row['parameters']:,}"
        lines.append(
            f"{row['name']:28} {row['architecture']:14} {count:>12} parameters  {row['corpus']:22} "
            f"{row['status']:12} {scores(row['validation'])}"
        )
    return Told(rows, lines or "no runs yet: train one with `python -m lstm_core train NAME`")


def train(
    name: Annotated[str, typer.Argument(help="Name of the run; an existing one is resumed.")],
    preset: Annotated[str, typer.Option(help=f"One of {', '.join(PRESETS)}; quick when left out.")] = "",
    corpus: Annotated[str, typer.Option(help="Corpus name or text file; the preset's own when left out.")] = "",
    kind: Annotated[str, typer.Option(help="char or word; the preset's, else the corpus' own, when left out.")] = "",
    cell: Annotated[str | None, typer.Option(help=f"One of {', '.join(CELLS)}.")] = None,
    layers: Annotated[int | None, typer.Option()] = None,
    hidden: Annotated[int | None, typer.Option()] = None,
    embedding: Annotated[int | None, typer.Option()] = None,
    dropout: Annotated[float | None, typer.Option(help="After each layer; of an existing run: from here on.")] = None,
    tied: Annotated[bool, typer.Option()] = False,
    epochs: Annotated[int | None, typer.Option(help="Of an existing run: in all, also fewer.")] = None,
    batch: Annotated[int | None, typer.Option()] = None,
    bptt: Annotated[int | None, typer.Option()] = None,
    rate: Annotated[float | None, typer.Option(help="Highest learning rate.")] = None,
    seed: Annotated[int | None, typer.Option()] = None,
    threads: Annotated[int | None, typer.Option(help="0 = as many as the machine has.")] = None,
    precision: Annotated[
        str | None, typer.Option(help="auto, float32 or bfloat16; auto is bfloat16 where the processor is quick at it.")
    ] = None,
    start_from: Annotated[str, typer.Option(help="A run of the same shape whose weights to begin with.")] = "",
) -> Told:
    """Train a run, or resume it from its checkpoint. Ctrl-C and SIGTERM leave a checkpoint.

    Settings that are left out are the preset's.
    """
    from lstm_core.runs import train as training

    settings = _given(batch=batch, bptt=bptt, learning_rate=rate, seed=seed, threads=threads, precision=precision)
    shape = _given(cell=cell, layers=layers, hidden=hidden, embedding=embedding, dropout=dropout, tied=tied or None)
    if check_name(name, "run name") not in [run.name for run in list_runs()]:
        settings |= _given(epochs=epochs)
        run, text = _new_run(name, preset, corpus, kind_of(kind), shape, settings, start_from)
    else:
        run = open_run(name)
        if run.shipped:
            raise ValueError(f"{name} came with the program and is finished: choose another name")
        run.check_trainable()
        if settings or shape.keys() - {"dropout"}:
            raise ValueError(
                f"{name} is there already with settings of its own: only --epochs and --dropout can be changed"
            )
        if epochs is not None or dropout is not None:
            run = extend_run(run, epochs, dropout=dropout)
        text = read_corpus(run.config["corpus"]["name"], run.kind)
    cancelled = asked_to_end()
    arithmetic = str(training.autocast_dtype(run.train_config) or "float32").removeprefix("torch.")
    for report in training.train(run, text, cancelled=cancelled):
        share = report.step / max(1, round(report.step / report.epoch * run.train_config.epochs))
        measure = MEASURES[run.kind].replace("_", " ")
        found = "" if report.validation_score is None else f", validation {report.validation_score:.3f}"
        progress(
            share,
            f"epoch {report.epoch:.2f}, {report.train_score:.3f}{found} {measure}, "
            f"{report.tokens_per_second:,.0f} tokens/s in {arithmetic}, {report.time_left / 60:.1f} min left",
        )
    return Told(run.summary(), f"{run.name}: {run.status} {run.validation}")


def evaluate(
    name: Annotated[str, typer.Argument(help="Name of the run.")],
    text: Annotated[str, typer.Option(help="A corpus or text file to score all of instead; not kept.")] = "",
) -> Told:
    """Score a run on its validation split, and its test split if there is one; kept as results/evaluation.json.

    They are read as one stream with the state carried in.
    """
    from lstm_core.recordings import record as recording

    run = open_run(name)
    if text:
        result = recording.score_text(run, recording.corpus_text(run, text))
    else:
        result = recording.evaluate(run, recording.own_corpus(run), report=progress)
    return Told(result, json.dumps(result, indent=1))


def generate(
    name: Annotated[str, typer.Argument(help="Name of the run.")],
    prompt: Annotated[str, typer.Option()] = "",
    tokens: Annotated[int, typer.Option()] = 300,
    temperature: Annotated[float, typer.Option(help="0 = always the most probable.")] = 0.7,
    seed: Annotated[int, typer.Option()] = 1,
) -> Told:
    """Let a run write."""
    run = open_run(name)
    query = writing.GenerateQuery(prompt, tokens, temperature, seed)
    joint = "" if run.kind == "char" else " "
    text = joint.join(writing.generate(run.load_model(), run.vocabulary, query))
    return Told({"run": name, "prompt": prompt, "text": text}, prompt + joint + text)


def tensorboard(
    name: Annotated[str, typer.Argument(help="Name of a run with a training log.")],
    out: Annotated[str, typer.Option(help="Folder for TensorBoard; tensorboard/ in LSTM_HOME when left out.")] = "",
) -> Told:
    """Write the training log of a run for TensorBoard; again to add what is new."""
    folder = Path(out) if out else home() / "tensorboard"
    written = write_events(open_run(name), folder)
    lines = [
        f"wrote {written.reports:,} reports of {name}, look at them with: tensorboard --logdir {quote(str(folder))}"
    ]
    if written.unreadable:
        lines.append(f"{written.unreadable:,} lines of its log could not be read and were left out")
    return Told(asdict(written), lines)


def _new_run(
    name: str, preset: str, corpus: str, kind: Kind | None, shape: dict[str, Any], settings: dict[str, Any], start: str
) -> tuple[Run, Corpus]:
    """A run of a preset with changes, and its corpus."""
    chosen, text = preset_of(preset, corpus, kind)
    model = chosen.model_config(len(text.vocabulary), **shape)
    training = replace(chosen.training, **settings)
    return create_run(name, text, model, training, start=open_run(start) if start else None), text


def _given(**settings: Any) -> dict[str, Any]:
    """The settings that a person named."""
    return {key: value for key, value in settings.items() if value is not None}
