"""Does a finding hold up? Are vectors of words or places set apart, when does a unit begin and forget.

Source: the article's PCA of word vectors and its timing of a chunk unit, each with the test that it lacks. Knows arrays
only. N vectors or events, D values, T steps, L lags.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 1000  # relabellings
BEGUN = 0.05  # chance that any lag of a unit that knows nothing of the events says it has begun


# Vectors --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Separation:
    """Two kinds of vectors on their first two principal components: `places` (N, 2) with the `shares` of variance of
    both; `between`: the share of the places' variance that lies between the kinds, and its `chance` by relabelling.
    """

    places: Floats
    first: NDArray[np.bool_]
    shares: tuple[float, float]
    between: float
    chance: float


def separation(
    one: NDArray[np.floating],
    other: NDArray[np.floating],
    *,
    where: Sequence[int] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Separation:
    """Whether two kinds of vectors, (N, D) and (M, D), lie apart on the first two principal components of all.

    The components are of all vectors alike, so that relabelling them gives what chance would. Vectors of places of a
    text are alike where these are near each other, and so are kinds: with `where` each stands (N + M,), the kinds are
    not dealt out but shifted along the text, its end joined to its beginning. Raises ValueError with fewer than two of
    a kind.
    """
    if min(len(one), len(other)) < 2:
        raise ValueError(f"{len(one)} and {len(other)} vectors: give two or more of each kind")
    values = np.concatenate([one, other]).astype(np.float64)
    values -= values.mean(axis=0)
    left, strength, _ = np.linalg.svd(values, full_matrices=False)
    places = (left * strength)[:, :2]
    places = np.pad(places, [(0, 0), (0, 2 - places.shape[1])])
    total = float(np.square(strength).sum()) or 1.0
    shares = [float(value) for value in np.square(strength[:2]) / total] + [0.0, 0.0]
    first = np.arange(len(values)) < len(one)
    found = _between(places, first)
    others = list(_relabelled(first, where, draws, np.random.default_rng(seed)))
    as_far = sum(_between(places, kinds) >= found * (1 - 1e-12) for kinds in others)
    return Separation(places, first, (shares[0], shares[1]), found, (as_far + 1) / (len(others) + 1))


def _relabelled(
    first: NDArray[np.bool_], where: Sequence[int] | None, draws: int, draw: np.random.Generator
) -> Iterator[NDArray[np.bool_]]:
    """The kinds dealt out anew, or shifted along the text by every number of places there is, or by some of them."""
    if where is None:
        yield from (draw.permutation(first) for _ in range(draws))
        return
    order = np.argsort(np.asarray(where), kind="stable")
    shifts = np.arange(1, len(first))
    for shift in (shifts if len(shifts) <= draws else draw.choice(shifts, draws, replace=False)).tolist():
        kinds = np.empty_like(first)
        kinds[order] = np.roll(first[order], shift)
        yield kinds


def _between(places: Floats, first: NDArray[np.bool_]) -> float:
    """Share of the variance of places (N, 2) that lies between both kinds."""
    total = float(np.square(places - places.mean(axis=0)).sum())
    if total == 0:
        return 0.0
    means = [places[kind].mean(axis=0) - places.mean(axis=0) for kind in (first, ~first)]
    return sum(int(kind.sum()) * float(mean @ mean) for kind, mean in zip((first, ~first), means, strict=True)) / total


# Timing ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Timing:
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
    from scipy.special import stdtrit

    lags = np.arange(-before, after + 1)
    there = np.array([event for event in events if before <= event < len(values) - after], dtype=np.int64)
    if len(there) < 2:
        raise ValueError(f"{len(there)} events with {before} steps before and {after} behind them: two are needed")
    around = values[there[:, None] + lags].astype(np.float64)  # (N, L)
    mean, error = around.mean(axis=0), around.std(axis=0, ddof=1) / np.sqrt(len(there))
    if usual is None:
        usual = _usual(values, events, before, after)
    off = np.abs(mean - usual)
    surely = stdtrit(len(there) - 1, 1 - BEGUN / 2 / len(lags))
    loud = np.flatnonzero(off > surely * np.maximum(error, 1e-12))
    top = int(off.argmax())
    memory = None
    if forget is not None:
        memory = _memory(forget[there[:, None] + lags[before + 1 :]].astype(np.float64))
    onset = int(lags[loud[0]]) if len(loud) else None
    return Timing(lags, mean, error, usual, onset, int(lags[top]), _half_life(off[top:]), memory, len(there))


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
    from scipy.special import stdtrit

    usual = _usual(values, [*one, *other], before, after)
    first, second = (
        timing(values, events, before=before, after=after, forget=gate, usual=usual)
        for events, gate in ((one, forget), (other, None))
    )
    off = np.abs(first.mean - second.mean)
    error = np.maximum(np.hypot(first.error, second.error), 1e-12)
    surely = stdtrit(min(first.events, second.events) - 1, 1 - BEGUN / 2 / len(off))
    loud, top = np.flatnonzero(off > surely * error), int(off.argmax())
    onset = int(first.lags[loud[0]]) if len(loud) else None
    return Contrast(first, second, onset, int(first.lags[top]), _half_life(off[top:]))
