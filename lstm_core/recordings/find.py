"""Which recordings are at hand: of some weights, over a text, with some signals; and the twin's beside one. Also runs
removed together with their recordings.
"""

import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress

from lstm_core.recordings.recording import Kept, Recording, kept_recordings, opened_recordings, remove_recording
from lstm_core.runs.folder import RunBusy
from lstm_core.runs.run import Run
from lstm_core.runs.store import list_runs, open_run, runs_folder
from lstm_core.storage import files
from lstm_core.storage.files import size_of


def find(
    weights: str,
    signals: Collection[str] = (),
    layers: Collection[int] = (),
    *,
    text: str = "",
    span: tuple[int, int] | None = None,
    positions: str = "",
) -> Iterator[Recording]:
    """The recordings of these weights, newest first, that hold all that is asked for; what is left out may be any.

    `text` is the fingerprint of what was read, `span` [start, stop) has to lie within what was. `signals` and `layers`
    have to be there; `positions` is "all" or, where others may be missing, "whitespace".
    """
    for recording in opened_recordings(weights):
        spec = recording.spec
        of_text = text in ("", spec.text_fingerprint)
        of_span = span is None or (spec.span[0] <= span[0] and span[1] <= spec.span[1])
        has = set(signals) <= set(spec.signals) and set(layers) <= set(spec.layers)
        kept = positions == "" or spec.positions in ("all", positions)
        if of_text and of_span and has and kept:
            yield recording


def longest(
    run: Run, signals: Collection[str] = (), layers: Collection[int] = (), *, other_than: str = ""
) -> Recording:
    """The longest recording of a run that kept these signals and layers at all positions, of any text but `other_than`.

    Raises ValueError that says how to make one.
    """
    found = (one for one in find(run.fingerprint, signals, layers) if one.whole)
    usable = [one for one in found if not other_than or one.spec.text != other_than]
    if not usable:
        what = f" of {', '.join(signals)}" if signals else ""
        remedy = f", or ask for --text {other_than}" if other_than else ""
        raise ValueError(
            f"{run.name} has no recording{what} at all positions: make one with "
            f"`python -m lstm_core record {run.name} --signals {','.join(signals) or 'h,c'}`{remedy}"
        )
    return max(usable, key=lambda one: (len(one.tokens), len(one.names)))


def same_reading(recording: Recording, other: Recording) -> bool:
    """Whether two recordings are of the same positions of the same text."""
    compared = ("text_fingerprint", "span", "positions")
    return all(getattr(recording.spec, name) == getattr(other.spec, name) for name in compared)


def twins_of(run: str) -> Iterator[Run]:
    """The untrained twins of a run that are at hand."""
    return (other for other in list_runs() if other.untrained_twin_of == run)


def untrained_twin(recording: Recording, signal: str, layers: Collection[int] = ()) -> Recording | None:
    """The control of a recording: what an untrained twin of its run did at the same positions; None where no recording
    of it has the signal of these layers (of none: of all that were recorded).
    """
    for twin in twins_of(recording.spec.run):
        for other in find(twin.fingerprint, (signal,), layers or recording.spec.layers):
            if same_reading(recording, other):
                return other
    return None


def recordings_of(run: Run) -> list[Kept]:
    """What goes with a run when it is removed: recordings made under its name or with its weights.

    Not those whose weights another run has: it shows them.
    """
    weights = {}
    for folder in (*files.SHIPPED.glob("[!.]*/"), *runs_folder().glob("[!.]*/")):
        with suppress(ValueError, KeyError):  # a damaged run that has no weights either
            weights[folder] = Run(folder).fingerprint
    own = weights.pop(run.folder, None)
    others = set(weights.values())
    made = [(kept, kept.spec) for kept in kept_recordings() if kept.spec is not None]
    return [kept for kept, spec in made if (spec.run == run.name or spec.weights == own) and spec.weights not in others]


def remove_run(name: str) -> int:
    """Remove a person's own run and its recordings (`recordings_of`); returns the bytes freed.

    Raises ValueError for a shipped run, RunBusy while it is being trained.
    """
    run = open_run(name)
    if run.shipped:
        raise ValueError(f"{name} came with the program and stays")
    if run.is_training:
        raise RunBusy(f"{name} is being trained: cancel it first")
    freed = size_of(run.folder) + sum(remove_recording(kept.key) for kept in recordings_of(run))
    shutil.rmtree(run.folder)
    return freed
