"""Runs removed together with their recordings."""

import shutil
from contextlib import suppress

from lstm_core.recordings.recording import Kept, kept_recordings, remove_recording
from lstm_core.runs.folder import RunBusy
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run, runs_folder
from lstm_core.storage import files
from lstm_core.storage.files import size_of


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
