"""Verbs about several runs at once: sweep, compare."""

from dataclasses import asdict, replace
from typing import Annotated, Any

import typer

from lstm_core.commands.options import dropouts_of, kind_of, preset_of
from lstm_core.commands.report import Told, asked_to_end, picked, places, progress, scores, table
from lstm_core.neurons import compare as comparing
from lstm_core.neurons.compare import CompareQuery, Comparison, RunRow
from lstm_core.runs import sweep as sweeping
from lstm_core.runs.settings import PRESETS
from lstm_core.runs.sweep import runs_named


def sweep(
    name: Annotated[str, typer.Argument(help="Name of the sweep; one that is there goes on where it stopped.")],
    preset: Annotated[str, typer.Option(help=f"One of {', '.join(PRESETS)}; sweep when left out.")] = "",
    corpus: Annotated[str, typer.Option(help="Corpus name or text file; the preset's own when left out.")] = "",
    kind: Annotated[str, typer.Option(help="char or word; the preset's when left out.")] = "",
    dropouts: Annotated[str, typer.Option(help="For example 0,.4,.8; 0 to .8 in steps of .1 when left out.")] = "",
    seeds: Annotated[int, typer.Option(help="How many seeds, each for all dropouts.")] = 1,
    workers: Annotated[int, typer.Option(help="Trainings at a time; 0 = as many as the cores have room for.")] = 0,
    epochs: Annotated[int | None, typer.Option(help="More than a sweep has trains it longer.")] = None,
) -> Told:
    """Train one configuration at several dropouts, all with the same seed: runs NAME-d00, NAME-d10 and so on.

    An interrupted sweep goes on with what is unfinished. Ctrl-C and SIGTERM leave a checkpoint of every run.
    """
    if workers < 0 or seeds < 1:
        raise ValueError(f"{workers} workers and {seeds} seeds cannot be: choose 0 or more workers, 1 or more seeds")
    known = next((one for one in sweeping.sweeps() if one.name == name), None)
    if known is None or preset or corpus or kind:
        chosen, text = preset_of(preset or "sweep", corpus, kind_of(kind))
        training = replace(chosen.training, threads=sweeping.threads_for(chosen.training, workers))
        first = training.seed
        plan = sweeping.Plan(name, dropouts_of(dropouts) or sweeping.DROPOUTS, tuple(range(first, first + seeds)))
        if known is None and epochs is not None:
            training = replace(training, epochs=epochs)
        known = sweeping.make_sweep(plan, text, chosen.model_config(len(text.vocabulary)), training)
    else:
        first = min(known.plan.seeds)
        given = dropouts_of(dropouts) or known.plan.dropouts
        plan = sweeping.Plan(name, given, tuple(range(first, first + seeds)))
    known = sweeping.complete(known, plan, epochs=epochs)
    last = None
    for last in sweeping.train_sweep(known, workers=workers, cancelled=asked_to_end()):
        left = "" if last.time_left is None else f", {last.time_left / 60:.1f} min left"
        stopped = f", {len(last.stopped)} stopped" if last.stopped else ""
        at_work = ", ".join(last.working) or "none"
        progress(last.share, f"at work: {at_work}; {last.waiting} waiting, {last.finished} finished{stopped}{left}")
    rows = [{**run.summary(), "seed": run.train_config.seed} for run in known.runs]
    stopped_runs = last.stopped if last else {}
    finished = len(rows) - len(stopped_runs)
    lines = [
        f"{row['name']:28} dropout {row['dropout']:<5g} {row['status']:22} {scores(row['validation'])}" for row in rows
    ]
    lines += [f"{run}: {what}" for run, what in stopped_runs.items()]
    lines.append(f"{finished} of {len(rows)} runs of {name} are finished")
    if stopped_runs:
        lines.append(f"go on with: python -m lstm_core sweep {name} (one that diverged needs another learning rate)")
    result = {"sweep": name, **asdict(known.plan), "finished": finished, "stopped": stopped_runs, "runs": rows}
    return Told(result, lines)


def compare(
    names: Annotated[list[str], typer.Argument(help="Runs; a sweep's name stands for its runs.")],
    text: Annotated[str, typer.Option(help="Corpus or text file that all read; the first run's when left out.")] = "",
    split: Annotated[str, typer.Option(help="validation, train or test.")] = "validation",
    tokens: Annotated[int, typer.Option(help="How many from its start, at most.")] = 18_000,
    with_run: Annotated[bool, typer.Option("--with-run", help="Keep the figures in the runs' folders too.")] = False,
) -> Told:
    """Set runs side by side: dropout, score, mean |activation| and near-zero units while they read the same text.

    What is not recorded yet is recorded first.
    """
    query = CompareQuery(text, split, tokens)
    found = comparing.compare(runs_named(names), query, report=progress, with_runs=with_run)
    return Told(compare_document(found), compare_lines(found))


def compare_document(found: Comparison) -> dict[str, Any]:
    """A row a run, with mean |value| and near-zero share by signal and layer."""
    rows = [
        {
            **{key: value for key, value in vars(row).items() if key not in ("activity", "best", "last")},
            found.measure: row.best,
            f"last_{found.measure}": row.last,
            "mean_abs": _by_place(row, "mean_abs"),
            "near_zero_share": _by_place(row, "near_zero_share"),
        }
        for row in found.rows
    ]
    return {**picked(found, "text", "span", "scores_compare", "trends"), "runs": rows}


def _by_place(row: RunRow, name: str) -> dict[str, dict[str, float]]:
    """One figure of a row: signal -> layer -> value."""
    found: dict[str, dict[str, float]] = {}
    for one in row.activity:
        found.setdefault(one.signal, {})[str(one.layer)] = getattr(one, name)
    return found


def compare_lines(found: Comparison) -> list[str]:
    """The comparison for people."""
    at = list(dict.fromkeys((one.signal, one.layer) for row in found.rows for one in row.activity))
    columns = f"{{run}} {{dropout:g}} {found.measure.replace('_', ' ')} {{best:.3f}} {{last:.3f}}"
    for place, layer in at:
        columns += f" |{place}| layer {layer} {{{place}{layer}:.4f}} near 0 {{{place}{layer} zero:.1%}}"
    rows = []
    for row in found.rows:
        cells = {f"{one.signal}{one.layer}": one.mean_abs for one in row.activity}
        cells |= {f"{one.signal}{one.layer} zero": one.near_zero_share for one in row.activity}
        rows.append({**vars(row), **cells})
    trends = [
        f"Spearman of mean |{one.signal}| of layer {one.layer} with dropout: "
        + ("undefined" if one.rho is None else f"{one.rho:+.2f}, permutation p {one.p:.2g}")
        + f" (n = {one.runs})"
        for one in found.trends
    ]
    measure = found.measure.replace("_", " ")
    differ = f"Their texts or vocabularies differ: do not compare {measure} between them."
    return [
        f"mean |value| and share of near-zero units over {found.text} {places(found.span)}",
        *table(rows, columns + "{note}"),
        *trends,
        *([] if found.scores_compare else [differ]),
    ]
