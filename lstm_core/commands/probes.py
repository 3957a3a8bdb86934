"""Verbs that ask by example: match, similar-units, study."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from lstm_core.commands.options import Layer, Recorded, Signal, layers_of
from lstm_core.commands.report import Told, picked, progress, table
from lstm_core.commands.verification import of_study, study_document, study_lines
from lstm_core.runs.store import open_run

Layers = Annotated[str, typer.Option(help="For example 1,2; all when left out.")]
Rule = Annotated[str, typer.Option(help="raw, tanh (as LSTMVis), two-sided or quantile: when a neuron is on.")]
Threshold = Annotated[float, typer.Option(help="Of the rule.")]
AROUND = 40  # letters shown at either side of a match


def match(
    name: Recorded,
    phrase: Annotated[str, typer.Option(help="A phrase that stands in the text it has read.")],
    occurrence: Annotated[int, typer.Option(help="Which of its occurrences, from 1.", min=1)] = 1,
    before: Annotated[int, typer.Option(help="Steps before the phrase at which the neurons are off.")] = 0,
    after: Annotated[int, typer.Option(help="Steps behind it.")] = 0,
    limit: Annotated[int, typer.Option(help="Candidates as in LSTMVis: 1000 (fast) or 10000; 0 = all.")] = 0,
    count: Annotated[int, typer.Option(help="Matches that are told.")] = 50,
    signal: Signal = "h",
    layers: Layers = "",
    rule: Rule = "raw",
    threshold: Threshold = 0.3,
) -> Told:
    """Which neurons are on through a phrase, and where else in the text they are."""
    from lstm_core.probes.match import MatchQuery, occurrences
    from lstm_core.probes.match import match as matched

    recording, on, seconds = _on_sets(name, signal, layers, rule, threshold)
    spans = occurrences(recording, phrase)
    if occurrence > len(spans):
        raise ValueError(f"{phrase[:80]!r} stands {len(spans)} times in {recording.title}: there is no {occurrence}.")
    began = time.perf_counter()
    found = matched(on, MatchQuery(*spans[occurrence - 1], before, after, limit, count))
    took = time.perf_counter() - began
    between = "" if recording.vocabulary.splitter == "characters" else " "
    rows: list[dict[str, Any]] = []
    for one in found.found:
        parts = (one.start - AROUND, one.start), (one.start, one.stop), (one.stop, one.stop + AROUND)
        text = [between.join(recording.text(*part)) for part in parts]
        rows.append({**picked(one, "start", "stop", "shared", "either", "jaccard"), "text": text})
    about = {"run": name, "text": recording.title, "phrase": phrase, "span": spans[occurrence - 1]}
    times = {"seconds": took, "index_seconds": seconds}
    result = {**about, "occurrences": len(spans), **picked(found, "units", "candidates"), "matches": rows, **times}
    head = (
        f"{len(found.units)} of {len(on.units):,} neurons are on through {phrase!r}, occurrence {occurrence} of "
        f"{len(spans)} in {recording.title}"
    )
    lines = [
        f"{row['shared']:5} {row['either']:5}  {row['text'][0][-AROUND:]:>{AROUND}}[{row['text'][1]}]"
        f"{row['text'][2][:AROUND]}".replace("\n", "⏎")
        for row in rows
    ]
    return Told(result, [head, "both either", *lines])


def similar_units(
    name: Recorded,
    unit: Annotated[int, typer.Option(help="From 0.")],
    layer: Layer = 0,
    lag: Annotated[int, typer.Option(help="Steps that others may be earlier or later, at most.")] = 0,
    count: Annotated[int, typer.Option(help="Neurons that are told.")] = 20,
    by: Annotated[str, typer.Option(help="overlap (Jaccard index) or correlation.")] = "overlap",
    signal: Signal = "h",
    rule: Rule = "raw",
    threshold: Threshold = 0.3,
) -> Told:
    """Which neurons, of any layer, are on when a neuron is on, or some steps earlier or later."""
    from lstm_core.probes.similar_units import UnitsQuery
    from lstm_core.probes.similar_units import similar_units as similar

    recording, on, _ = _on_sets(name, signal, "", rule, threshold)
    found = similar(on, UnitsQuery(layer or recording.spec.layers[-1], unit, lag, count, by))  # type: ignore[arg-type]
    rows = [{**vars(one), "jaccard": one.jaccard} for one in found.found]
    query = found.query
    figures = picked(found, "layer: query.layer", "unit: query.unit", "on", "steps")
    result = {"run": name, "text": recording.title, **figures, "units": rows}
    on_at = f"{found.on:,} of {found.steps:,} steps of {recording.title}"
    head = f"neuron {query.unit} of layer {query.layer} is on at {on_at}"
    columns = (
        "{layer:d} neuron {unit:d} {lag:d} Jaccard {jaccard:.3f} {correlation:.3f} both {shared:,d} {by_chance:,.1f}"
    )
    return Told(result, [head, *table(rows, columns)])


def study(
    name: Recorded,
    file: Annotated[Path, typer.Argument(help="A study, such as studies/left.toml.")],
    signal: Signal = "h",
    layers: Layers = "",
    rule: Rule = "raw",
    threshold: Threshold = 0.3,
    verification: Annotated[bool, typer.Option(help="Whether it holds up, beside the untrained twin.")] = True,
    with_run: Annotated[bool, typer.Option("--with-run", help="Keep the figures in the run's own folder.")] = False,
) -> Told:
    """Which neurons are on through phrases, and which tell places of a text apart: chosen on one half of the places,
    confirmed on the other. Then whether that holds up."""
    from lstm_core.probes import studies
    from lstm_core.recordings.tags import tags_of

    if with_run and not verification:
        raise ValueError("--with-run keeps the verification too: leave --no-verification out")
    asked = studies.read_study(file)
    recording, on, _ = _on_sets(name, signal, layers, rule, threshold)
    tagged = tags_of(recording, report=progress) if asked.by_tag else None
    found = studies.study(recording, on, asked, tagged, report=progress)
    result, lines = study_document(found), study_lines(found)
    if verification:
        added, more = of_study(found, recording, on, tagged, open_run(name) if with_run else None)
        result, lines = {**result, **added}, [*lines, *more]
    return Told(result, lines)


def _on_sets(name: str, signal: str, layers: str, rule: str, threshold: float) -> tuple[Any, Any, float]:
    """The longest recording that can be asked, its on-sets, and the seconds that these took."""
    from lstm_core.probes.active import OnQuery, on_sets
    from lstm_core.recordings.find import longest

    query = OnQuery(signal, layers_of(layers), rule, threshold)  # type: ignore[arg-type]
    recording = longest(open_run(name), (signal,))
    began = time.perf_counter()
    on = on_sets(recording, query, report=progress)
    return recording, on, time.perf_counter() - began
