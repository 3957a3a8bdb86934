"""Verbs that ask by example, and which chunks neurons follow: match, similar-units, study, chunks."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from lstm_core.claims.labels import chunk_claim
from lstm_core.commands.options import Layer, Recorded, Signal, layers_of
from lstm_core.commands.report import Told, picked, progress, table
from lstm_core.commands.verification import of_study, study_document, study_lines
from lstm_core.neurons.chunk_tuning import TunedQuery, tuned_units
from lstm_core.neurons.tuning import TuningQuery, tuning
from lstm_core.probes import studies
from lstm_core.probes.active import OnQuery, on_sets
from lstm_core.probes.match import MatchQuery, occurrences
from lstm_core.probes.match import match as matched
from lstm_core.probes.similar_units import UnitsQuery
from lstm_core.probes.similar_units import similar_units as similar
from lstm_core.recordings.find import longest, twins_of, untrained_twin
from lstm_core.recordings.tags import chunks_by_rules, gold_recording, tags_of
from lstm_core.runs.store import open_run
from lstm_core.text.chunks import NAME
from lstm_core.text.conll2000 import BASELINE_F1, rules_agreement
from lstm_core.text.tags import shipped_tagger

Layers = Annotated[str, typer.Option(help="For example 1,2; all when left out.")]
Rule = Annotated[str, typer.Option(help="raw, tanh (as LSTMVis), two-sided or quantile: when a neuron is on.")]
Threshold = Annotated[float, typer.Option(help="Of the rule.")]
AROUND = 40  # letters shown at either side of a match
CONLL2000, OWN = "conll2000", "own"  # the first is chunks.NAME, which would load more than --help needs
SHOWN = 20  # neurons told to a person
READ_BEFORE = "its text is from the Penn Treebank, which this run was trained on: it has read it before"


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
    query = OnQuery(signal, layers_of(layers), rule, threshold)  # type: ignore[arg-type]
    recording = longest(open_run(name), (signal,))
    began = time.perf_counter()
    on = on_sets(recording, query, report=progress)
    return recording, on, time.perf_counter() - began


def chunks(
    name: Annotated[str, typer.Argument(help="Name of a run.")],
    layer: Layer = 0,
    unit: Annotated[int, typer.Option(help="Tell the curve of this neuron, from 0, instead.")] = -1,
    text: Annotated[
        str, typer.Option(help="conll2000: chunks that people's trees gave. own: what the run has read.")
    ] = OWN,
    signal: Signal = "h",
) -> Told:
    """Which kind of sentence chunk (noun phrase, verb phrase ...) each neuron follows, whether it still tells the one
    before, and how fast it forgets; beside chance and the untrained twin. What is not recorded yet is, and kept.
    """
    if text not in (CONLL2000, OWN):
        raise ValueError(f"text {text[:80]!r} is unknown: choose {CONLL2000} or {OWN}")
    run = open_run(name)
    layer = layer or run.model_config.layers
    recording, chunked, source = _gold(run, signal) if text == CONLL2000 else _own(run, signal)
    if unit >= 0:
        curves = tuning(recording, chunked, TuningQuery(signal, layer, unit))
        found = tuned_units(recording, chunked, TunedQuery(signal, layer, (unit,)), report=progress)
        summary = {**_curves(curves), "run": name, **source, "tuned": _row(found.units[0])}
        return Told(summary, [*_units(found.units), *_curve_lines(curves)])
    twin = _twin(recording, signal, layer)
    found = tuned_units(recording, chunked, TunedQuery(signal, layer), twin=twin, report=progress)
    result = {**_summary(found), **source, "claim": chunk_claim(found)}
    return Told(result, [*_source_lines(source), *_lines(found)])


def _gold(run: Any, signal: str) -> tuple[Any, Any, dict[str, Any]]:
    recording, gold = gold_recording(run, (signal,), report=progress)
    source = {
        "chunks_from": "CoNLL-2000, by people",
        "corpus_words": gold.words,
        "unread_marks": gold.unread,
        "unknown_words": gold.unknown,
        "unknown_share": gold.unknown / len(gold.chunked),
        "note": READ_BEFORE if run.config["corpus"].get("name") == "ptb" else "",
    }
    return recording, gold.chunked, source


def _own(run: Any, signal: str) -> tuple[Any, Any, dict[str, Any]]:
    recording = longest(run, (signal,), other_than=NAME)
    chunked = chunks_by_rules(recording, tags_of(recording, report=progress))
    return recording, chunked, {"chunks_from": "rules over our tags", "rules": _rules()}


def _rules() -> dict[str, Any] | None:
    """How well the rules agree with the corpus, None where it is not at hand."""

    def tags(sentences: Any) -> list[list[str]]:
        return [[tag for _, tag in shipped_tagger().tag(list(sentence))] for sentence in sentences]

    try:
        found = rules_agreement(tags)
    except ValueError:
        return None
    scores = {
        name: {kind or "all": picked(one, "f1", "precision", "recall", "gold") for kind, one in some.items()}
        for name, some in found.items()
    }
    return {"baseline_published_f1": BASELINE_F1, **scores}


def _twin(recording: Any, signal: str, layer: int) -> Any:
    """What the untrained twin did over the same text, recorded where it is not; None where there is no twin."""
    from lstm_core.recordings.record import RecordQuery, Text, record

    found = untrained_twin(recording, signal, (layer,))
    spec = recording.spec
    for twin in twins_of(spec.run) if found is None else ():
        if twin.has_weights and twin.vocabulary == recording.vocabulary:
            unknown = int(recording.exactness.get("unknown_tokens", 0))
            read = Text(spec.text, recording.tokens, spec.text_fingerprint, spec.span, unknown)
            return record(twin, read, RecordQuery((signal,)), report=progress)
    return found


def _row(one: Any) -> dict[str, Any]:
    return {**asdict(one), **picked(one, "coding", "remembering", "learned")}


def _summary(found: Any) -> dict[str, Any]:
    by_chance = picked(found, *(f"{name}: {name}_by_chance" for name in ("coding", "previous", "beyond_word")))
    return {
        **picked(found, "run", "text", "signal: query.signal", "layer: query.layer", "words"),
        "chunks": dict(found.chunks),
        "coding": len(found.coding),
        "current_and_previous": len(found.both),
        "learned": sum(one.learned for one in found.units),
        "beyond_twin": None if found.beyond_twin is None else len(found.beyond_twin),
        "by_chance": by_chance,
        "units": [_row(one) for one in found.units],
        "twin": _summary(found.twin) if found.twin else None,
    }


def _source_lines(source: dict[str, Any]) -> list[str]:
    lines = [f"chunks: {source['chunks_from']}"]
    if "unknown_share" in source:
        lines.append(
            f"{source['unknown_share']:.1%} of the words are not in the run's vocabulary, {source['unread_marks']:,} "
            f"of {source['corpus_words']:,} words and marks were left out"
        )
    if rules := source.get("rules"):
        parts = [f"{name} {rules[name]['all']['f1']:.4f}" for name in ("baseline", "rules", "rules, our tags")]
        lines.append(f"F1 on the test part of CoNLL-2000: {', '.join(parts)}")
    if note := source.get("note"):
        lines.append(note)
    return lines


def _lines(found: Any) -> list[str]:
    place = f"{found.query.signal} of layer {found.query.layer}"
    head = f"{found.run}, {place}, {found.words:,} words of {found.text}"
    return [head, *_counts(found), *_units(found.units[:SHOWN])]


def _counts(found: Any) -> list[str]:
    most = max(found.units, key=lambda one: one.beyond_word)
    learned = more = ""
    if found.twin:
        learned = f", {sum(one.learned for one in found.units)} of them beyond its untrained twin"
        more = f", {len(found.beyond_twin)} of them both better than any of the twin"
    line = (
        f"{len(found.coding)} of {len(found.units)} neurons follow a kind of chunk (by chance "
        f"{found.coding_by_chance:.1f}){learned}; {len(found.both)} of them also tell the chunk before (by chance "
        f"{found.beyond_word_by_chance:.1f}){more}; neuron {most.unit} most: {most.beyond_word:.1%} of its variance"
    )
    return [line, *(f"untrained twin: {one}" for one in (_counts(found.twin) if found.twin else ()))]


def _units(units: Any) -> list[str]:
    rows = [
        {
            **vars(one),
            "kind": "-" * (one.sign <= 0) + one.kind,
            "half_life": one.half_life if one.half_life is not None else float(one.seen),
            "verdict": ", ".join(["more than that"] * (one.half_life is None) + ["not confirmed"] * (not one.coding)),
        }
        for one in units
    ]
    columns = (
        "neuron {unit:d} {kind} AUROC {score:.3f} twin's {control:.3f} before {previous:.1%} "
        "beyond the word {beyond_word:.1%} {onset:+d} {half_life:.1f} {verdict}"
    )
    return table(rows, columns)


def _curves(found: Any) -> dict[str, Any]:
    parts = ("kind", "chunks", "begin", "begin_error", "end", "end_error")
    return {**picked(found, "query", "distances", "usual"), "curves": [picked(one, *parts) for one in found.curves]}


def _curve_lines(found: Any) -> list[str]:
    distances = found.distances.tolist()
    rows = [
        {**picked(one, "kind", "chunks"), **dict(zip(map(str, distances), one.begin.tolist(), strict=True))}
        for one in found.curves
    ]
    columns = "".join(f"{distance:+d} {{{distance}:.3f}}" for distance in distances)
    head = f"mean value by words from the beginning of a chunk (all words: {found.usual:.3f})"
    return [head, *table(rows, "{kind} {chunks:,d}" + columns)]
