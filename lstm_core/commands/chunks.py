"""The verb that asks which kind of sentence chunk each neuron follows: chunks."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from lstm_core.commands.options import Layer, Signal
from lstm_core.commands.report import Told, picked, progress, table
from lstm_core.runs.store import open_run

CONLL2000, OWN = "conll2000", "own"  # the first is chunks.NAME, which would load more than --help needs
SHOWN = 20  # neurons told to a person
READ_BEFORE = "its text is from the Penn Treebank, which this run was trained on: it has read it before"


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
    from lstm_core.claims.chunks import chunk_claim
    from lstm_core.neurons.chunk_tuning import TunedQuery, tuned_units
    from lstm_core.neurons.tuning import TuningQuery, tuning

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
    from lstm_core.recordings.chunks import gold_recording

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
    from lstm_core.recordings.chunks import chunks_by_rules
    from lstm_core.recordings.find import longest
    from lstm_core.recordings.tags import tags_of
    from lstm_core.text.chunks import NAME

    recording = longest(run, (signal,), other_than=NAME)
    chunked = chunks_by_rules(recording, tags_of(recording, report=progress))
    return recording, chunked, {"chunks_from": "rules over our tags", "rules": _rules()}


def _rules() -> dict[str, Any] | None:
    """How well the rules agree with the corpus, None where it is not at hand."""
    from lstm_core.text.conll2000 import BASELINE_F1, rules_agreement
    from lstm_core.text.tags import shipped_tagger

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
    from lstm_core.recordings.find import twins_of, untrained_twin
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
