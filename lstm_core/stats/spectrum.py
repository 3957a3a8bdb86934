"""Is a series periodic? Its spectrum, each frequency against those around it.

A period keeps step all along: a line of the spectrum. A rhythm loses step, as lines of a text do that are now a little
longer, now shorter: a hill of the spectrum, seen in pieces of the series. T steps, F frequencies.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FEWEST = 500  # steps
SLOWEST = 30  # times that a period fits into the text, at least: slower ones are drift
SIDE = 25  # frequencies at either side of which the background is the median, every second one
GAP = 3  # to the first of them: the window mixes nearer ones
SLOPE = 3  # they reach no further than this part of the frequency, where spectra fall steeply
AT_ONCE = 8  # frequencies with the same background
PIECE, LEAST_PIECE, PIECES = 1024, 128, 8  # steps of a piece at most and at least, and how many there are at least
SLOWEST_RHYTHM = 8  # times that a rhythm fits into a piece, at least
BESIDE = (1.4, 2.0)  # times as slow and as fast as a rhythm are those that it is compared with
ALIKE = 1.944  # neighbouring frequencies count as one, as the window mixes them


@dataclass(frozen=True)
class Period:
    """The strongest period of a unit, in steps: its power over that of the frequencies around it, and the chance that
    the strongest of a unit without one stands out as much.
    """

    steps: float
    strength: float
    chance: float


@dataclass(frozen=True)
class Rhythm:
    """The steepest hill of a unit's spectrum, in steps: its power over that of slower and of faster ones, whichever has
    more, and the chance of so much where the spectrum only falls or only rises.
    """

    steps: float
    strength: float
    chance: float


def period(values: NDArray[np.floating]) -> Period:
    """The strongest period of a unit's values (T,), with its chance.

    Raises ValueError for a text of fewer than FEWEST steps and for a unit that never changes.
    """
    found = Spectrum(len(values)).strongest(values)
    if found is None:
        raise ValueError("the unit never changes: it has no period")
    return found


def rhythm(values: NDArray[np.floating]) -> Rhythm | None:
    """The strongest rhythm of a unit's values (T,); None for a short text and for a unit that never changes."""
    return Pieces(len(values)).strongest(values)


class Spectrum:
    """How to look for the strongest period of units over T steps.

    A unit without a period has surrogates: the background of its spectrum with phases at random. At each frequency
    their power is the background times an exponential variable, whatever the unit. The background is not known but
    estimated: it is the median of m frequencies around, whose distribution is that of an order statistic. So the chance
    q that the power is r times that median or more is known exactly, and with F frequencies that the largest stands out
    as much 1 - (1 - q)^F; a little less, for the window makes neighbours alike.

    The last steps of a text, a few in a thousand, are left out so that its length has small factors only. Raises
    ValueError for fewer than FEWEST steps.
    """

    def __init__(self, steps: int):
        from scipy.fft import prev_fast_len

        if steps < FEWEST:
            raise ValueError(f"{steps:,} steps are too few to look for periods in: give {FEWEST} or more")
        self.length = prev_fast_len(steps, real=True)
        self.window = np.hanning(self.length + 1)[:-1]
        self.groups = list(_groups(self.length // 2 + 1))
        self.frequencies = sum(starts.size * AT_ONCE for starts, _ in self.groups)

    def strongest(self, values: NDArray[np.floating]) -> Period | None:
        """The strongest period of a unit's values (T,); None for a unit that never changes."""
        from scipy.fft import rfft

        used = values[: self.length].astype(np.float64)
        used -= used.mean()
        if not used.any() or np.abs(used).max() <= 1e-12 * np.abs(values).max():
            return None
        return self.strongest_of(np.square(np.abs(rfft(used * self.window))))

    def strongest_of(self, power: Floats) -> Period | None:
        """The same of a spectrum: power at all frequencies from 0 on."""
        best, at, ratio = 0.0, 0, 0.0
        for starts, around in self.groups:
            below = power[starts[:, None] + around]
            rank = around.size // 2  # counted from 1, the lower of both in the middle
            below.partition(rank - 1, axis=1)
            own = power[starts[:, None] + np.arange(AT_ONCE)]
            ratios = own / np.maximum(below[:, rank - 1 : rank], np.finfo(float).tiny)
            most = int(ratios.argmax())
            tail = log_tail(float(ratios.flat[most]), around.size)
            if tail < best:
                best, at, ratio = tail, int(starts[most // AT_ONCE]) + most % AT_ONCE, float(ratios.flat[most])
        if not at:
            return None
        alone = np.log1p(-np.exp(min(best, -1e-15)))
        return Period(self.length / at, ratio * float(np.log(2)), float(-np.expm1(self.frequencies * alone)))


def log_tail(ratio: float, around: int) -> float:
    """Natural log of the chance that an exponential variable is `ratio` times the lower median of `around` others, or
    more: of the mean of (1 - U)^ratio, where U is the order statistic of as many uniform variables.
    """
    from scipy.special import gammaln

    above = around - around // 2 + 1
    return float(gammaln(above + ratio) - gammaln(above) + gammaln(around + 1) - gammaln(around + 1 + ratio))


def _groups(frequencies: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Frequencies (n,), of which each stands for itself and the AT_ONCE - 1 behind it, and where around them (m,) the
    background is looked for: as far as SIDE lets, or less where the spectrum ends or is steep.
    """
    starts = np.arange(SLOWEST, frequencies, AT_ONCE)
    room = np.minimum(starts / SLOPE, frequencies - 1 - (starts + AT_ONCE - 1))
    sides = np.minimum((room - GAP) // 2 + 1, SIDE).astype(np.int64)
    for side in range(2, SIDE + 1):
        own = starts[sides == side]
        if own.size:
            away = GAP + 2 * np.arange(side)
            yield own, np.concatenate([-away[::-1], AT_ONCE - 1 + away])


class Pieces:
    """How to look for the strongest rhythm of units over T steps: in the mean spectrum of K pieces of the text.

    What only forgets, at whatever speeds, has a spectrum that falls; what only swings from step to step one that rises.
    A rhythm is higher than both the slower and the faster frequencies beside it. For each of both the chance is that of
    a ratio of means of exponential variables (Fisher's F), the larger one counts, and with F frequencies it is adjusted
    as that of a period.
    """

    def __init__(self, steps: int):
        self.piece = PIECE
        while self.piece > LEAST_PIECE and steps < PIECES * self.piece:
            self.piece //= 2
        self.count = steps // self.piece
        self.window = np.hanning(self.piece + 1)[:-1]
        at = np.arange(SLOWEST_RHYTHM, int(self.piece / 2 / BESIDE[0]) + 1)
        self.at = at
        self.slower = np.ceil(at / BESIDE[1]).astype(int), np.floor(at / BESIDE[0]).astype(int) + 1
        self.faster = np.ceil(at * BESIDE[0]).astype(int), np.minimum(at * BESIDE[1], self.piece / 2).astype(int) + 1

    def strongest(self, values: NDArray[np.floating]) -> Rhythm | None:
        """The strongest rhythm of a unit's values (T,); None with fewer than PIECES pieces, and where it never changes.

        Each piece counts alike: where a unit is lively for a while, that is not the mean.
        """
        from scipy.special import fdtrc

        if self.count < PIECES:
            return None
        parts = values[: self.count * self.piece].astype(np.float64).reshape(self.count, self.piece)
        parts -= parts.mean(axis=1, keepdims=True)
        power = np.square(np.abs(np.fft.rfft(parts * self.window, axis=1)))
        sums = power.sum(axis=1)
        lively = sums > 1e-12 * max(float(sums.max()), 1e-300)
        if lively.sum() < PIECES:
            return None
        mean = (power[lively] / sums[lively, None]).mean(axis=0)
        total, own, degrees = np.append(0.0, np.cumsum(mean)), mean[self.at], 2 * int(lively.sum())
        chances, ratios = np.zeros(len(own)), np.full(len(own), np.inf)
        for first, last in (self.slower, self.faster):
            wide = last - first
            ratio = own / np.maximum((total[last] - total[first]) / wide, 1e-300)
            chances = np.maximum(chances, fdtrc(degrees, degrees * np.maximum(wide / ALIKE, 1), ratio))
            ratios = np.minimum(ratios, ratio)
        best = int(np.lexsort((-ratios, chances))[0])
        chance = float(-np.expm1(len(own) * np.log1p(-min(float(chances[best]), 1 - 1e-15))))
        return Rhythm(self.piece / float(self.at[best]), float(ratios[best]), chance)
