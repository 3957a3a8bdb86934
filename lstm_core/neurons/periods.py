"""Is a unit periodic? The spectrum of its values over the text, each frequency against those around it.

Source: the article, which looked for patterns of periodicity and found none; here a "no" is as calibrated as a "yes".
A period keeps step through all of the text: a line of the spectrum. A rhythm loses step, as lines of a text do that are
now a little longer, now shorter: a hill of the spectrum, seen in pieces of the text. U units, T steps, F frequencies.
"""

from dataclasses import dataclass

import numpy as np

from lstm_core.recordings.recording import Recording
from lstm_core.stats.false_discovery import FALSE_SHARE, adjusted
from lstm_core.stats.spectrum import Period, Pieces, Rhythm, Spectrum
from lstm_core.storage.frames import Framed
from lstm_core.storage.progress import Progress, silent

TOGETHER = 16  # units that are read at a time
HILL = 2.0  # times as strong as these is a rhythm, at least: a gentle hump is none


@dataclass(frozen=True)
class PeriodsQuery:
    """The units of a layer, over the first `steps` of a recording (0: all)."""

    signal: str = "h"
    layer: int = 1
    steps: int = 0


@dataclass(frozen=True)
class UnitPeriod:
    """A unit with its strongest period and rhythm (None where the text is short). `adjusted` are the chances of both
    adjusted for all units of the layer (Benjamini and Hochberg): the share of false ones among all at least as sure.
    """

    unit: int
    period: Period
    adjusted: float
    rhythm: Rhythm | None
    rhythm_adjusted: float

    @property
    def periodic(self) -> bool:
        return self.adjusted <= FALSE_SHARE

    @property
    def rhythmic(self) -> bool:
        return self.rhythm is not None and self.rhythm.strength >= HILL and self.rhythm_adjusted <= FALSE_SHARE


@dataclass(frozen=True)
class Periods(Framed, rows="found"):
    """The units of a layer, those with the surest period first, over so many `steps`; `still` units never change and
    are left out.
    """

    query: PeriodsQuery
    run: str
    text: str
    steps: int
    found: tuple[UnitPeriod, ...]
    still: int

    @property
    def periodic(self) -> tuple[UnitPeriod, ...]:
        return tuple(one for one in self.found if one.periodic)

    @property
    def rhythmic(self) -> tuple[UnitPeriod, ...]:
        """Those with a rhythm, the strongest first."""
        some = [(one.rhythm.strength, one) for one in self.found if one.rhythm is not None and one.rhythmic]
        return tuple(one for _, one in sorted(some, key=lambda pair: -pair[0]))


def periods(recording: Recording, query: PeriodsQuery, *, report: Progress = silent) -> Periods:
    """The strongest period of every unit of a layer. Raises ValueError for what the recording lacks, for one of some
    positions only, and as `Spectrum`.
    """
    signal = recording.signal(query.signal, query.layer)
    recording.require_whole()
    steps = min(query.steps or len(recording.tokens), len(recording.tokens))
    spectrum, pieces, units = Spectrum(steps), Pieces(steps), recording.spec.units
    found: list[tuple[int, Period, Rhythm | None]] = []
    for first in range(0, units, TOGETHER):
        part = np.asarray(signal[first : min(first + TOGETHER, units), 0:steps], dtype=np.float32)
        for unit, values in enumerate(part, first):
            one = spectrum.strongest(values)
            if one is not None:
                found.append((unit, one, pieces.strongest(values)))
        report(min(first + TOGETHER, units) / units, "periods")
    of_periods = adjusted([one.chance for _, one, _ in found]).tolist()
    of_rhythms = adjusted([1.0 if one is None else one.chance for _, _, one in found]).tolist()
    told = [
        UnitPeriod(unit, one, chance, other, its)
        for (unit, one, other), chance, its in zip(found, of_periods, of_rhythms, strict=True)
    ]
    told.sort(key=lambda one: (one.period.chance, -one.period.strength, one.unit))
    return Periods(query, recording.spec.run, recording.title, steps, tuple(told), units - len(found))
