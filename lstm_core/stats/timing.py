"""When does a unit begin after events, and when does it forget?

Source: the article's timing of a chunk unit, with the test that it lacks. N events, T steps, L lags.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_core.stats.separation import BEGUN, Floats
from lstm_core.storage.frames import Framed


@dataclass(frozen=True, eq=False)
class Timing(Framed, columns=("lags", "mean", "error")):
    """A unit around so many `events`: its `mean` (L,) and `error` (L,), the standard error, at each of `lags` (L,)
    steps after them; what is `usual`, its mean over the steps that are not around an event.

    `onset` is the first lag at which it is off the usual beyond chance (Student's t, BEGUN over all L), `peak` that of
    the largest difference, `half_life` how many steps later half of that is left; None where it never comes to that.
    `memory` is the half-life that its forget gate alone implies: after how many steps it lets half of the cell state
    through, on average over the events.
    """

    lags: NDArray[np.int64]
    mean: Floats
    error: Floats
    usual: float
    onset: int | None
    peak: int
    half_life: float | None
    memory: float | None
    events: int


def timing(
    values: NDArray[np.floating],
    events: Sequence[int],
    *,
    before: int = 10,
    after: int = 30,
    forget: NDArray[np.floating] | None = None,
    usual: float | None = None,
) -> Timing:
    """A unit's values (T,) around events (their last steps), and its forget gate (T,) where there is one.

    Events nearer than `before` or `after` to an end of the text are left out; where all steps are around one, the usual
    value is the median, unless it is given. Raises ValueError with fewer than two.
    """
    lags = np.arange(-before, after + 1)
    there = np.array([event for event in events if before <= event < len(values) - after], dtype=np.int64)
    if len(there) < 2:
        raise ValueError(f"{len(there)} events with {before} steps before and {after} behind them: two are needed")
    around = values[there[:, None] + lags].astype(np.float64)  # (N, L)
    mean, error = around.mean(axis=0), around.std(axis=0, ddof=1) / np.sqrt(len(there))
    if usual is None:
        usual = _usual(values, events, before, after)
    memory = None
    if forget is not None:
        memory = _memory(forget[there[:, None] + lags[before + 1 :]].astype(np.float64))
    course = _course(np.abs(mean - usual), error, len(there), lags)
    return Timing(lags, mean, error, usual, *course, memory, len(there))


def _course(off: Floats, error: Floats, events: int, lags: NDArray[np.int64]) -> tuple[int | None, int, float | None]:
    """Onset, peak and half-life of a difference (L,) with its standard error, over so many events."""
    from scipy.special import stdtrit

    surely = stdtrit(events - 1, 1 - BEGUN / 2 / len(lags))
    loud, top = np.flatnonzero(off > surely * np.maximum(error, 1e-12)), int(off.argmax())
    return int(lags[loud[0]]) if len(loud) else None, int(lags[top]), _half_life(off[top:])


def _usual(values: NDArray[np.floating], events: Sequence[int], before: int, after: int) -> float:
    """The mean of a unit's values (T,) that are not around an event; the median of all where there are no such."""
    elsewhere = np.ones(len(values), bool)
    for event in events:
        elsewhere[max(event - before, 0) : event + after + 1] = False
    return float(values[elsewhere].mean(dtype=np.float64)) if elsewhere.any() else float(np.median(values))


def _memory(forget: Floats) -> float | None:
    """After how many steps a forget gate (N, L) lets half through: between steps, and beyond the last, as a thing that
    fades by the same share a step. None where it keeps all.
    """
    kept = np.append(1.0, np.cumprod(forget, axis=1).mean(axis=0))
    logs = np.log(np.maximum(kept, 1e-300))  # (L + 1,)
    low = np.flatnonzero(logs <= np.log(0.5))
    if not len(low):
        return float(np.log(0.5) / logs[-1] * (len(logs) - 1)) if logs[-1] < 0 else None
    step = int(low[0])
    return float(step - 1 + (logs[step - 1] - np.log(0.5)) / (logs[step - 1] - logs[step]))


def _half_life(fading: Floats) -> float | None:
    """After how many steps half of the first value is left, between steps by the straight line; None where never."""
    low = np.flatnonzero(fading <= fading[0] / 2)
    if not len(low) or fading[0] == 0:
        return None
    step = int(low[0])
    above, below = fading[step - 1], fading[step]
    return float(step - 1 + (above - fading[0] / 2) / (above - below))


@dataclass(frozen=True, eq=False)
class Contrast:
    """A unit around events of two kinds, at the same lags: `one` and `other`. `onset` is the first lag at which it
    differs between them beyond chance (Student's t, BEGUN over all lags), `peak` that of the largest difference,
    `half_life` how many steps later half of that is left; None where it never comes to that.
    """

    one: Timing
    other: Timing
    onset: int | None
    peak: int
    half_life: float | None


def contrast(
    values: NDArray[np.floating],
    one: Sequence[int],
    other: Sequence[int],
    *,
    before: int = 10,
    after: int = 30,
    forget: NDArray[np.floating] | None = None,
) -> Contrast:
    """A unit's values (T,) around events of two kinds; usual is what it does around neither. Raises as `timing`."""
    usual = _usual(values, [*one, *other], before, after)
    first, second = (
        timing(values, events, before=before, after=after, forget=gate, usual=usual)
        for events, gate in ((one, forget), (other, None))
    )
    off, error = np.abs(first.mean - second.mean), np.hypot(first.error, second.error)
    return Contrast(first, second, *_course(off, error, min(first.events, second.events), first.lags))
