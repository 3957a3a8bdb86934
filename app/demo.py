"""The demo: what the pages show of the shipped model, recorded once and kept. Knows nothing of Streamlit."""

from collections.abc import Callable

from lstm_core.recordings.recording import MANIFEST, find_recordings, recordings_folder
from lstm_core.runs.cells import CELLS
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.storage.files import read_json
from lstm_core.storage.progress import Progress
from lstm_core.text.corpus import read_corpus

LENGTH = 30_000  # tokens, from the start of the validation split: text the model was not trained on
RUNS: dict[str, tuple[str, ...]] = {  # the signals each is recorded with; () = all
    "war-and-peace-char": (),
    "war-and-peace-char-untrained": ("h",),
}


def prepare(report: Progress, say: Callable[[str], object] = print) -> None:
    """Record the runs of the demo, unless that was done before; `say` gets whole lines, `report` share done and a word.

    A run that cannot be recorded (not at hand, its text missing, disk full) is named with the reason and left out:
    the workbench is of use without it.
    """
    for name, signals in RUNS.items():
        try:
            _prepare(name, signals, report, say)
        except Exception as error:
            say(f"Demo: {name} is left out: {error}")


def _prepare(name: str, signals: tuple[str, ...], report: Progress, say: Callable[[str], object]) -> None:
    run = open_run(name)
    if not run.has_weights:
        raise ValueError(f"it has no weights ({run.status})")
    start, end = read_corpus(run.config["corpus"]["name"], run.kind).splits["validation"]
    span = (start, min(start + LENGTH, end))
    if _is_kept(run, span, signals or CELLS[run.model_config.cell].signals):
        say(f"Demo: the recording of {name} is there.")
        return
    # Here, not above: loading torch takes longer than everything else of a second start.
    from lstm_core.recordings.record import RecordQuery, bytes_needed, corpus_text, record

    text, query = corpus_text(run, "", start, span[1] - start), RecordQuery(signals)
    say(
        f"Demo: {name} reads {len(text.ids):,} tokens of {text.name}, once: "
        f"{bytes_needed(run, text, query) / 2**20:,.0f} MiB, kept in {recordings_folder()}"
    )
    record(run, text, query, report=report)
    report(1.0, "kept")


def _is_kept(run: Run, span: tuple[int, int], signals: tuple[str, ...]) -> bool:
    """Whether a whole recording has these signals of every layer at every position of the span."""
    layers = list(range(1, run.model_config.layers + 1))
    specs = [read_json(folder / MANIFEST)["spec"] for folder in find_recordings(run.fingerprint)]
    return any(
        tuple(spec["span"]) == span
        and spec["text_fingerprint"] == run.config["corpus"]["fingerprint"]
        and spec["positions"] == "all"
        and spec["layers"] == layers
        and set(spec["signals"]) >= set(signals)
        for spec in specs
    )
