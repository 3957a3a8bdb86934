"""Does a finding hold up? Are vectors of words set apart, when does a unit begin and forget, is it periodic.

Source: the article's PCA of word vectors, its timing of a chunk unit, its search for periods, each with the test that
it lacks. Knows arrays only. N vectors or events, D values, T steps, L lags.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 1000  # relabellings, or surrogates
BEGUN = 0.05  # chance that any lag of a unit that knows nothing of the events says it has begun
SMOOTH = 25  # neighbouring frequencies of which the background of a spectrum is the median, at either side
SLOWEST = 5  # of the frequencies of a text, from which on a peak is looked for: slower ones are drift


# Vectors of words -----------------------------------------------------------------------------------------------------


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
    one: NDArray[np.floating], other: NDArray[np.floating], *, draws: int = DRAWS, seed: int = 0
) -> Separation:
    """Whether two kinds of vectors, (N, D) and (M, D), lie apart on the first two principal components of all.

    The components are of all vectors alike, so that relabelling them gives what chance would. Raises ValueError with
    fewer than two of a kind.
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
    draw = np.random.default_rng(seed)
    as_far = sum(_between(places, draw.permutation(first)) >= found * (1 - 1e-12) for _ in range(draws))
    return Separation(places, first, (shares[0], shares[1]), found, (as_far + 1) / (draws + 1))


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
    """A unit around events: its `mean` (L,) and `error` (L,), the standard error, at each of `lags` (L,) steps after
    them; what is `usual`, its mean over the steps that are not around an event.

    `onset` is the first lag at which it is off the usual beyond chance (Student's t, BEGUN over all L), `peak` that of
    the largest difference, `half_life` how many steps later half of that is left; None where it never comes to that.
    `memory` is the half-life that its forget gate alone implies in those steps: log(1/2) / log(mean f).
    """

    lags: NDArray[np.int64]
    mean: Floats
    error: Floats
    usual: float
    onset: int | None
    peak: int
    half_life: float | None
    memory: float | None


def timing(
    values: NDArray[np.floating],
    events: Sequence[int],
    *,
    before: int = 10,
    after: int = 30,
    forget: NDArray[np.floating] | None = None,
) -> Timing:
    """A unit's values (T,) around events (their last steps), and its forget gate (T,) where there is one.

    Events nearer than `before` or `after` to an end of the text are left out; where all steps are around one, the usual
    value is the median. Raises ValueError with fewer than two.
    """
    from scipy.special import stdtrit

    lags = np.arange(-before, after + 1)
    there = np.array([event for event in events if before <= event < len(values) - after], dtype=np.int64)
    if len(there) < 2:
        raise ValueError(f"{len(there)} events with {before} steps before and {after} behind them: two are needed")
    around = values[there[:, None] + lags].astype(np.float64)  # (N, L)
    mean, error = around.mean(axis=0), around.std(axis=0, ddof=1) / np.sqrt(len(there))
    elsewhere = np.ones(len(values), bool)
    for event in events:
        elsewhere[max(event - before, 0) : event + after + 1] = False
    usual = float(values[elsewhere].mean(dtype=np.float64)) if elsewhere.any() else float(np.median(values))
    off = np.abs(mean - usual)
    surely = stdtrit(len(there) - 1, 1 - BEGUN / 2 / len(lags))
    loud = np.flatnonzero(off > surely * np.maximum(error, 1e-12))
    top = int(off.argmax())
    memory = None
    if forget is not None:
        kept = float(forget[there[:, None] + lags[before:]].mean(dtype=np.float64))
        memory = float(np.log(0.5) / np.log(kept)) if 0 < kept < 1 else None
    onset = int(lags[loud[0]]) if len(loud) else None
    return Timing(lags, mean, error, usual, onset, int(lags[top]), _half_life(off[top:]), memory)


def _half_life(fading: Floats) -> float | None:
    """After how many steps half of the first value is left, between steps by the straight line; None where never."""
    low = np.flatnonzero(fading <= fading[0] / 2)
    if not len(low) or fading[0] == 0:
        return None
    step = int(low[0])
    above, below = fading[step - 1], fading[step]
    return float(step - 1 + (above - fading[0] / 2) / (above - below))


# Periods --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Period:
    """The strongest period of a unit, in steps: its power over the background there (the median of the frequencies
    around it), and the chance that the strongest of a unit without one is as strong.
    """

    steps: float
    strength: float
    chance: float


def period(values: NDArray[np.floating], *, draws: int = DRAWS, seed: int = 0) -> Period:
    """The strongest period of a unit's values (T,), with its chance.

    Surrogates have random phases and the background of the unit's spectrum, without its peaks: one with all of the
    spectrum would have the very peak that is tested. Their power at a frequency is then the background times an
    exponential variable. Raises ValueError for a text of fewer than 200 steps and for a unit that never changes.
    """
    if len(values) < 200:
        raise ValueError(f"{len(values)} steps are too few to look for periods in: give 200 or more")
    centred = values.astype(np.float64) - values.mean(dtype=np.float64)
    if not centred.any():
        raise ValueError("the unit never changes: it has no period")
    power = np.square(np.abs(np.fft.rfft(centred * np.hanning(len(centred)))))[SLOWEST:-1]
    relative = power / _background(power)
    strongest = int(relative.argmax())
    draw = np.random.default_rng(seed)
    count = 0
    for _ in range(draws):
        noise = np.square(np.abs(_hann(draw.standard_normal((2, len(power) + 2)))))
        count += float((noise / _background(noise)).max()) >= relative[strongest]
    frequency = (SLOWEST + strongest) / len(values)
    return Period(1 / frequency, float(relative[strongest]), (count + 1) / (draws + 1))


def _hann(parts: Floats) -> NDArray[np.complex128]:
    """White spectrum as the window sees it: neighbouring frequencies are mixed (-1/4, 1/2, -1/4)."""
    white = parts[0] + 1j * parts[1]
    return np.asarray(white[1:-1] / 2 - (white[:-2] + white[2:]) / 4)


def _background(power: Floats) -> Floats:
    """The median of the frequencies around each, brought to the mean of an exponential variable (n,)."""
    from scipy.ndimage import median_filter

    return np.asarray(median_filter(power, size=2 * SMOOTH + 1, mode="reflect")) / np.log(2)
