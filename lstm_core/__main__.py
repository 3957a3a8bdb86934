"""The command line: `python -m lstm_core VERB ...`. Every verb takes --json; progress goes to stderr."""

import json
import signal
import sys
from dataclasses import asdict, fields, replace
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from lstm_core import corpus as corpora_module
from lstm_core.corpus import Corpus
from lstm_core.files import check_name, home, write_json
from lstm_core.recording import RecordingSpec, counted, kept_recordings, recordings_folder, remove_recording
from lstm_core.run import Run, create_run, extend_run, list_runs, open_run, recordings_of, remove_run, unreadable_runs
from lstm_core.settings import MEASURES, PRESETS, Kind

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def say(value: Any, as_json: bool, text: str) -> None:
    """Print a result: the JSON document, or the text for people."""
    print(json.dumps(value, ensure_ascii=False) if as_json else text)


def progress(share: float, word: str) -> None:
    """Show progress on stderr, one line that is written over on a terminal."""
    print(f"{share:4.0%} {word}", end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)


@app.command()
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


@app.command()
def runs(as_json: Json = False) -> None:
    """List all runs with their figures."""
    rows = [run.summary() for run in list_runs()]
    lines = []
    for row in rows:
        score = ", ".join(f"{value:.3f} {name.replace('_', ' ')}" for name, value in row["validation"].items())
        lines.append(
            f"{row['name']:28} {row['architecture']:12} {row['parameters']:>12,} parameters  {row['corpus']:22} "
            f"{row['status']:12} {score}"
        )
    say(rows, as_json, "\n".join(lines) or "no runs yet: train one with `python -m lstm_core train NAME`")


@app.command()
def train(
    name: Annotated[str, typer.Argument(help="Name of the run; an existing one is resumed.")],
    preset: Annotated[str, typer.Option(help=f"One of {', '.join(PRESETS)}; quick when left out.")] = "",
    corpus: Annotated[str, typer.Option(help="Corpus name or text file; the preset's own when left out.")] = "",
    kind: Annotated[str, typer.Option(help="char or word; the preset's, else the corpus' own, when left out.")] = "",
    cell: Annotated[str | None, typer.Option(help="rnn, gru or lstm.")] = None,
    layers: Annotated[int | None, typer.Option()] = None,
    hidden: Annotated[int | None, typer.Option()] = None,
    embedding: Annotated[int | None, typer.Option()] = None,
    dropout: Annotated[float | None, typer.Option(help="After each layer; of an existing run: from here on.")] = None,
    tied: Annotated[bool, typer.Option()] = False,
    epochs: Annotated[int | None, typer.Option(help="More than an existing run has trains it longer.")] = None,
    batch: Annotated[int | None, typer.Option()] = None,
    bptt: Annotated[int | None, typer.Option()] = None,
    rate: Annotated[float | None, typer.Option(help="Highest learning rate.")] = None,
    seed: Annotated[int | None, typer.Option()] = None,
    threads: Annotated[int | None, typer.Option(help="0 = as many as the machine has.")] = None,
    precision: Annotated[str | None, typer.Option(help="auto, float32 or bfloat16.")] = None,
    start_from: Annotated[str, typer.Option(help="A run of the same shape whose weights to begin with.")] = "",
    as_json: Json = False,
) -> None:
    """Train a run, or resume it from its checkpoint. Ctrl-C and SIGTERM leave a checkpoint.

    Settings that are left out are the preset's.
    """
    from lstm_core import train as training

    settings = _given(batch=batch, bptt=bptt, learning_rate=rate, seed=seed, threads=threads, precision=precision)
    shape = _given(cell=cell, layers=layers, hidden=hidden, embedding=embedding, dropout=dropout, tied=tied or None)
    if check_name(name, "run name") not in [run.name for run in list_runs()]:
        settings |= _given(epochs=epochs)
        run, text = _new_run(name, preset, corpus, _kind(kind), shape, settings, start_from)
    else:
        run = open_run(name)
        if run.shipped:
            raise ValueError(f"{name} came with the program and is finished: choose another name")
        run.check_trainable()
        if settings or shape.keys() - {"dropout"}:
            raise ValueError(
                f"{name} is there already with settings of its own: only --epochs can be raised and --dropout changed"
            )
        if epochs is not None or dropout is not None:
            run = extend_run(run, epochs, dropout=dropout)
        text = corpora_module.read_corpus(run.config["corpus"]["name"], run.kind)
    ended = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.append(True))
    for report in training.train(run, text, cancelled=lambda: bool(ended)):
        share = report.step / max(1, round(report.step / report.epoch * run.train_config.epochs))
        measure = MEASURES[run.kind].replace("_", " ")
        found = "" if report.validation_score is None else f", validation {report.validation_score:.3f}"
        progress(
            share,
            f"epoch {report.epoch:.2f}, {report.train_score:.3f}{found} {measure}, "
            f"{report.tokens_per_second:,.0f} tokens/s, {report.time_left / 60:.1f} min left",
        )
    say(run.summary(), as_json, f"{run.name}: {run.status} {run.validation}")


@app.command()
def evaluate(
    name: Annotated[str, typer.Argument(help="Name of the run.")],
    text: Annotated[str, typer.Option(help="A corpus or text file to score all of instead; not kept.")] = "",
    as_json: Json = False,
) -> None:
    """Score a run on its validation split as one stream with the state carried in; kept as results/evaluation.json."""
    from lstm_core import record as recording

    run = open_run(name)
    if text:
        result = recording.score_text(run, recording.corpus_text(run, text))
    else:
        result = recording.evaluate(run, recording.own_corpus(run), report=progress)
    say(result, as_json, json.dumps(result, indent=1))


@app.command("import")
def import_model(
    file: Annotated[Path, typer.Argument(help="Weights: a .pt or .pth state_dict, or .safetensors.")],
    name: Annotated[str, typer.Option(help="Name of the run to be made.")],
    vocabulary: Annotated[Path | None, typer.Option(help="Tokens in order: JSON list, or one a line.")] = None,
    dictionary: Annotated[Path | None, typer.Option(help="Instead: a folder with train, valid and test.txt.")] = None,
    text: Annotated[str, typer.Option(help="Corpus name or text file that it reads unless told otherwise.")] = "",
    mapping: Annotated[Path | None, typer.Option(help="JSON: their name of a tensor -> ours, null = left out.")] = None,
    cell: Annotated[str, typer.Option(help="lstm, gru or rnn (tanh); needed for rnn only.")] = "",
    kind: Annotated[str, typer.Option(help="char or word; as the vocabulary looks when left out.")] = "",
    as_json: Json = False,
) -> None:
    """Make a run of a model that another program trained: nn.LSTM, nn.GRU or nn.RNN between encoder and decoder."""
    from lstm_core import foreign

    if (vocabulary is None) == (dictionary is None):
        raise ValueError("a model needs its tokens in order: give one of --vocabulary FILE and --dictionary FOLDER")
    if vocabulary is not None:
        tokens = foreign.read_vocabulary(vocabulary, _kind(kind))
    elif dictionary is not None:
        tokens = foreign.read_dictionary(dictionary)
    query = foreign.ImportQuery(cell, foreign.read_mapping(mapping) if mapping else {}, text)
    run = foreign.import_run(name, file, tokens, query)
    lines = [
        f"imported {file.name} as {name}: {run.model_config.architecture}, {len(tokens):,} tokens",
        f"see whether it is whole: python -m lstm_core evaluate {name} --text FILE",
    ]
    say(run.summary(), as_json, "\n".join(lines))


@app.command("export")
def export_model(
    name: Annotated[str, typer.Argument(help="Name of the run.")],
    file: Annotated[Path, typer.Argument(help="Where to: a name that ends in .pt, .pth or .safetensors.")],
    as_json: Json = False,
) -> None:
    """Write the weights of a run for other programs, and its vocabulary beside them."""
    from lstm_core import foreign

    weights, tokens = foreign.export_run(open_run(name), file)
    result = {"run": name, "weights": str(weights), "vocabulary": str(tokens)}
    say(result, as_json, f"wrote {weights} and {tokens}")


@app.command()
def ship(
    name: Annotated[str, typer.Argument(help="Name of a finished run of yours.")],
    as_json: Json = False,
) -> None:
    """Make a run part of the program: int8 weights, exact score, card and untrained twin below models/."""
    from lstm_core.ship import ship as copy

    run = open_run(name)
    result = copy(run, corpora_module.read_corpus(run.config["corpus"]["name"], run.kind), report=progress)
    say(result, as_json, json.dumps(result, indent=1))


@app.command()
def record(
    name: Annotated[str, typer.Argument(help="Name of the run.")],
    text: Annotated[str, typer.Option(help="Corpus name or text file; the run's own corpus when left out.")] = "",
    start: Annotated[int, typer.Option(help="First token.")] = 0,
    tokens: Annotated[int, typer.Option(help="How many; 0 = to the end.")] = 0,
    signals: Annotated[str, typer.Option(help="For example h,c,o; all when left out.")] = "",
    layers: Annotated[str, typer.Option(help="For example 1,3; all when left out.")] = "",
    positions: Annotated[str, typer.Option(help="all, whitespace or none.")] = "all",
    sequential: Annotated[bool, typer.Option(help="One token at a time, the slow reference.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before using the disk.")] = False,
    as_json: Json = False,
) -> None:
    """Read a text with a run and keep its signals on disk."""
    from lstm_core import record as recording

    run = open_run(name)
    source = recording.corpus_text(run, text, start, tokens)
    if positions not in ("all", "whitespace", "none"):
        raise ValueError(f"positions {positions!r} is unknown: choose all, whitespace or none")
    query = recording.RecordQuery(
        tuple(filter(None, signals.split(","))),
        _layers(layers),
        positions,  # type: ignore[arg-type]
        "sequential" if sequential else "parallel",
    )
    needed = recording.bytes_needed(run, source, query)
    print(f"this recording needs {needed / 2**20:,.0f} MiB on disk", file=sys.stderr)
    if not yes and sys.stdin.isatty():
        typer.confirm("Record it?", abort=True, err=True)
    made = recording.record(run, source, query, report=progress)
    result = {"recording": made.fingerprint, "bytes": made.bytes, "tokens": len(made.tokens), **asdict(made.spec)}
    lines = [f"recorded {made.title} as {made.fingerprint}"]
    if unknown := made.exactness.get("unknown_tokens"):
        lines.append(f"{unknown:,} of {len(made.tokens):,} tokens are not in the run's vocabulary and were replaced")
    if gave_up := made.exactness.get("gave_up"):
        lines.append(f"read one token at a time because {gave_up}")
    say({**result, "exactness": made.exactness}, as_json, "\n".join(lines))


@app.command()
def baseline(
    corpus: Annotated[str, typer.Argument(help="Corpus name or text file.")],
    order: Annotated[int, typer.Option(help="The highest; 8 for characters, 5 for words when left out.")] = 0,
    kind: Annotated[str, typer.Option(help="char or word; the corpus' own when left out.")] = "",
    as_json: Json = False,
) -> None:
    """Score n-gram models of a text, what simple tables of the last few tokens achieve; kept below LSTM_HOME."""
    from lstm_core import baseline as ngrams

    text, query = corpora_module.read_corpus(corpus, _kind(kind)), ngrams.NgramQuery(order)
    result = ngrams.kept_baseline(text.name, text.fingerprint, text.kind, query)
    if result is None:
        result = ngrams.baseline(text, query, report=progress)
        ngrams.keep_baseline(result)
    best = {score.model.method: score.model.order for score in result.best()}
    say({**asdict(result), "best": best}, as_json, ngrams.table(result))


@app.command()
def findings(
    name: Annotated[str, typer.Argument(help="Name of a character run with a recording of its signal h or c.")],
    as_json: Json = False,
) -> None:
    """Find the units that follow a few features of the text; kept as results/findings.json."""
    from lstm_core import follow

    run = open_run(name)
    if run.kind != "char":
        raise ValueError(f"{name} reads words, the features are of characters: choose a character run")
    recording = next(follow.usable_recordings(run.fingerprint), None)
    if recording is None:
        raise ValueError(
            f"{name} has no recording of its signals h or c at all positions: "
            f"make one with `python -m lstm_core record {name} --signals h,c`"
        )
    twins = [other for other in list_runs() if other.untrained_twin_of == name]
    controls = [other for twin in twins for other in follow.usable_recordings(twin.fingerprint)]
    control = next((other for other in controls if follow.comparable(recording, other)), None)
    found = [follow.best_unit(recording, feature, twin=control) for feature in follow.FEATURES]
    result = {"weights": run.fingerprint, "text": recording.title, "findings": [asdict(finding) for finding in found]}
    write_json(run.folder / "results" / "findings.json", result)
    say(result, as_json, json.dumps(result, indent=1))


@app.command()
def generate(
    name: Annotated[str, typer.Argument(help="Name of the run.")],
    prompt: Annotated[str, typer.Option()] = "",
    tokens: Annotated[int, typer.Option()] = 300,
    temperature: Annotated[float, typer.Option(help="0 = always the most probable.")] = 0.7,
    seed: Annotated[int, typer.Option()] = 1,
    as_json: Json = False,
) -> None:
    """Let a run write."""
    from lstm_core import generate as writing

    run = open_run(name)
    query = writing.GenerateQuery(prompt, tokens, temperature, seed)
    joint = "" if run.kind == "char" else " "
    text = joint.join(writing.generate(run.load_model(), run.vocabulary, query))
    say({"run": name, "prompt": prompt, "text": text}, as_json, prompt + joint + text)


@app.command()
def tensorboard(
    name: Annotated[str, typer.Argument(help="Name of a run with a training log.")],
    out: Annotated[str, typer.Option(help="Folder for TensorBoard; tensorboard/ in LSTM_HOME when left out.")] = "",
    as_json: Json = False,
) -> None:
    """Write the training log of a run for TensorBoard; again to add what is new."""
    from lstm_core.tensorboard import write_events

    folder = Path(out) if out else home() / "tensorboard"
    written = write_events(open_run(name), folder)
    lines = [
        f"wrote {written.reports:,} reports of {name}, look at them with: tensorboard --logdir {quote(str(folder))}"
    ]
    if written.unreadable:
        lines.append(f"{written.unreadable:,} lines of its log could not be read and were left out")
    say({**asdict(written), "path": str(written.path)}, as_json, "\n".join(lines))


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="A run of yours, or a recording's key.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Remove a run with its recordings, or one recording, and say what that freed."""
    if (recordings_folder() / check_name(name)).is_dir():
        _remove_recording(name, yes, as_json)
        return
    made = recordings_of(open_run(name))
    what = f"{name} and {counted(made)}" if made else name
    _confirm(f"Remove {what}?", yes)
    freed = remove_run(name)
    result = {"removed": name, "bytes": freed, "recordings": [kept.key for kept in made]}
    say(result, as_json, f"removed {what}, freed {freed / 2**20:,.1f} MiB")


@app.command()
def recordings(
    key: Annotated[str, typer.Option("--remove", help="Remove the recording of this key.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """List the recordings, newest first: what each holds and how large it is. Or remove one."""
    if key:
        _remove_recording(key, yes, as_json)
        return
    kept = kept_recordings()
    weights = {run.name: run.fingerprint for run in list_runs()}
    rows, lines = [], []
    for one in kept:
        spec = asdict(one.spec) if one.spec else dict.fromkeys(field.name for field in fields(RecordingSpec))
        shown_with = [name for name, fingerprint in weights.items() if fingerprint == spec["weights"]]
        rows.append({"key": one.key, **spec, "bytes": one.bytes, "shown_with": shown_with, "problem": one.problem})
        lines.append(f"{one.key:20} {one.bytes / 2**20:>10,.1f} MiB  {_contents(one.spec)}")
        if one.problem:
            lines.append(f"{'':20} cannot be opened: {one.problem}")
        elif not shown_with:
            lines.append(f"{'':20} no run has these weights any more: no page shows it")
    text = "\n".join([*lines, counted(kept)]) if kept else "no recordings yet: make one with `record NAME`"
    say(rows, as_json, text)


@app.command()
def verify(
    name: Annotated[str, typer.Argument(help="A run or a recording's key; everything when left out.")] = "",
    as_json: Json = False,
) -> None:
    """Compare every file of runs and recordings with its hash; exit 2 when one is damaged."""
    from lstm_core.recording import verify as verify_recording

    results: dict[str, str] = {}
    folders = recordings_folder().glob("[!.]*/") if not name else [recordings_folder() / check_name(name)]
    for folder in folders:
        if folder.is_dir():
            results[folder.name] = _outcome(lambda folder=folder: verify_recording(folder))
    for run in list_runs() if not name else [] if results else [open_run(name)]:
        results[run.name] = _outcome(run.verify)
    if not name:
        results |= unreadable_runs()
    say(results, as_json, "\n".join(f"{key:28} {value}" for key, value in results.items()) or "nothing to verify")
    if any(value != "ok" for value in results.values()):
        raise SystemExit(2)


def _new_run(
    name: str, preset: str, corpus: str, kind: Kind | None, shape: dict[str, Any], settings: dict[str, Any], start: str
) -> tuple[Run, Corpus]:
    """A run of a preset with changes, and its corpus."""
    if preset and preset not in PRESETS:
        raise ValueError(f"preset {preset!r} is unknown: choose one of {', '.join(PRESETS)}")
    chosen = PRESETS[preset or "quick"]
    own = chosen.kind if preset or not corpus else None
    text = corpora_module.read_corpus(corpus or chosen.corpus, kind or own)
    model = chosen.model_config(len(text.vocabulary), **shape)
    training = replace(chosen.training, **settings)
    return create_run(name, text, model, training, start=open_run(start) if start else None), text


def _remove_recording(key: str, yes: bool, as_json: bool) -> None:
    _confirm(f"Remove the recording {key}?", yes)
    freed = remove_recording(key)
    say({"removed": key, "bytes": freed}, as_json, f"removed {key}, freed {freed / 2**20:,.1f} MiB")


def _confirm(question: str, yes: bool) -> None:
    """Ask a person at a terminal; ends the program where the answer is no."""
    if not yes and sys.stdin.isatty():
        typer.confirm(question, abort=True, err=True)


def _contents(spec: RecordingSpec | None) -> str:
    """What a recording holds, on one line."""
    if spec is None:
        return "?"
    kept = {"all": "", "none": ", probabilities only"}.get(spec.positions, f", at {spec.positions}")
    span = f"[{spec.span[0]:,} to {spec.span[1]:,})"
    layers = ",".join(map(str, spec.layers))
    return f"{spec.run:28} {spec.text} {span}  {','.join(spec.signals)} of layers {layers}{kept}"


def _given(**settings: Any) -> dict[str, Any]:
    """The settings that a person named."""
    return {key: value for key, value in settings.items() if value is not None}


def _outcome(check: Any) -> str:
    try:
        check()
    except (ValueError, OSError) as error:
        return str(error)
    except (KeyError, TypeError, AttributeError) as error:
        return f"its manifest does not list files ({error!r}): damaged"
    return "ok"


def _layers(layers: str) -> tuple[int, ...]:
    try:
        return tuple(int(layer) for layer in filter(None, layers.split(",")))
    except ValueError:
        raise ValueError(f"layers {layers!r} are not numbers: give for example 1,3") from None


def _kind(kind: str) -> Kind | None:
    if kind not in ("", "char", "word"):
        raise ValueError(f"kind {kind!r} is unknown: choose char or word")
    return kind or None  # type: ignore[return-value]


def main() -> None:
    """Run a verb; a mistake of the user becomes one line on stderr and exit code 2."""
    try:
        app()
    except (ValueError, OSError) as error:
        print(f"lstm_core: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
