"""What is at hand of the reading of each run, all over the same tokens; the offer to let those read that have not."""

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import streamlit as st

from app.cached import cached, machine_rate
from app.work import at_work, last_attempt, start_button
from lstm_core.neurons.compare import (
    Activity,
    CompareQuery,
    Passage,
    activity_at_hand,
    distributions_at_hand,
    passage_of,
    recording_at_hand,
    signals_of,
)
from lstm_core.neurons.distributions import DistributionQuery, Distributions
from lstm_core.recordings.recording import Recording
from lstm_core.recordings.writer import dtype_of
from lstm_core.runs.cost import LOADING, duration, reading_seconds
from lstm_core.runs.run import Run
from lstm_core.storage.files import home

SIGNALS = CompareQuery().signals
NOTHING = Passage("", "", (0, 0))  # where the text is not at hand
QUICK = 0.3  # seconds after which a bar is drawn

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, eq=False)
class Reading:
    """A run and the passage; its `recording`, None where there is none; `stamp`: when figures were kept."""

    run: Run
    passage: Passage
    recording: Recording | None
    stamp: int

    def has(self, signal: str, layer: int) -> bool:
        """Whether the run has such a signal and layer."""
        config = self.run.model_config
        return layer <= config.layers and signal in signals_of(self.run, (signal,))

    def activity(self) -> tuple[Activity, ...]:
        """Mean |activation| and near-zero share of each signal and layer; none where they are not at hand."""
        return cached(_activity)(self.run, self.passage, self.recording, self.stamp)

    def distributions(self, query: DistributionQuery) -> Distributions | None:
        """How the values of all units of a layer are distributed, None where it is not at hand."""
        if not self.has(query.signal, query.layer):
            return None
        return cached(_distributions)(self.run, self.passage, query, self.recording, self.stamp)


def passage(runs: Sequence[Run]) -> Passage:
    """The tokens that all read; raises ValueError as `passage_of` does."""
    return cached(_passage)(tuple(runs), max(map(_at, runs), default=0))


def readings(runs: Sequence[Run], read: Passage) -> list[Reading]:
    """What is at hand of each run."""
    kept = [recording_at_hand(run, read, signals_of(run, SIGNALS)) if run.has_weights else None for run in runs]
    return [Reading(run, read, one, _at(run)) for run, one in zip(runs, kept, strict=True)]


def _at(run: Run) -> int:
    files = (*(run.folder / "results").glob("activity.json"), *(run.folder / "results/distributions").glob("*"))
    return max((path.stat().st_mtime_ns for path in files), default=0)


def _passage(runs: tuple[Run, ...], stamp: int) -> Passage:
    return passage_of(runs)


def _activity(run: Run, passage: Passage, recording: Recording | None, stamp: int) -> tuple[Activity, ...]:
    return activity_at_hand(run, passage, SIGNALS)


def _distributions(
    run: Run, passage: Passage, query: DistributionQuery, recording: Recording | None, stamp: int
) -> Distributions | None:
    return distributions_at_hand(run, passage, query)


def each(things: Iterable[T], do: Callable[[T], R], what: str) -> list[R]:
    """What `do` makes of each thing, with a bar where that takes more than a moment."""
    waiting, begun = list(things), time.monotonic()
    place, made = st.empty(), []
    for number, thing in enumerate(waiting):
        if time.monotonic() - begun > QUICK:
            place.progress(number / len(waiting), f"{what}: {number} of {len(waiting)}")
        made.append(do(thing))
    place.empty()
    return made


# The offer to read ----------------------------------------------------------------------------------------------------


def job_folder(runs: Sequence[Run], passage: Passage) -> Path:
    """Where the job lives that lets runs read a passage."""
    words = [passage.fingerprint, *map(str, passage.span), *sorted(run.fingerprint for run in runs)]
    return home() / "compare" / "jobs" / hashlib.sha256(" ".join(words).encode()).hexdigest()[:20]


def command(runs: Sequence[Run]) -> list[str]:
    """The verb that lets them read, as a person would type it."""
    return ["compare", "--", *(run.name for run in runs)]


def cost(runs: Sequence[Run], passage: Passage, rate: float) -> tuple[float, int]:
    """About how many seconds and bytes it takes that runs read a passage, on a machine of so many multiply-adds a
    second."""
    tokens, seconds, size = passage.span[1] - passage.span[0], float(LOADING), 0
    for run in runs:
        shape = run.model_config
        seconds += reading_seconds(shape, tokens, rate, scored=True) + 1
        widths = sum(np.dtype(dtype_of(signal)).itemsize for signal in signals_of(run, SIGNALS))
        size += shape.layers * shape.hidden * tokens * widths
    return seconds, size


def offer(found: Sequence[Reading]) -> None:
    """Where runs with weights have not read the passage: what it costs, the button, or the progress; else nothing."""
    runs = [one.run for one in found]
    missing = [one.run for one in found if one.run.has_weights and one.recording is None and not one.activity()]
    if not missing:
        return
    passage = found[0].passage
    folder = job_folder(runs, passage)
    key = f"sweep-{folder.name}"
    if at_work(folder, key):
        return
    last_attempt(folder)
    noun = "letters" if runs[0].kind == "char" else "words"
    seconds, size = cost(missing, passage, machine_rate())
    st.info(
        f"{len(missing)} of {len(runs)} runs have not read the text yet, so what their neurons do is not known. "
        f"Let them read {passage.span[1] - passage.span[0]:,} {noun} that none was trained on: about "
        f"{duration(seconds)} and {size / 2**20:,.0f} MiB on this machine. It goes on when this page is closed."
    )
    start_button("Let them read it", folder, command(runs), f"{key}-go")
