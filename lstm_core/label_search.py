"""What each unit of a layer follows: the feature of the text that its value tells best, or none that is beyond chance.

Chosen on the first half of a recording, scored on the second. Pure functions of recordings; knows nothing of models or
pages. U units, F features, P positions.

Strength. How surely a value tells a feature is told by ranks, so that no unit's scale or saturation matters: the AUROC
for features that hold or do not (ties count half), Spearman's correlation for ordered ones (not Pearson's, which a few
large values of a cell state would decide). To be compared, both are put on a scale of strength from -1 to 1 with 0 for
chance: 2 AUROC - 1, and the correlation itself.

Chance. Neighbouring steps are alike, so that two slow series agree by accident far more often than coin tosses would.
So features are shifted against the values, around the end of the held-out half to its beginning: every shift keeps both
series as they are but for one seam and undoes what ties them. All shifts are tried, by Fourier transform, for the one
feature that each unit was given on the first half. A score counts in units of the spread that it has over its own
shifts, and is held against the largest of all units at each shift: a share of at most `chance` of the shifts may reach
it. Bounding the largest bounds the probability that any unit of the layer gets a label by accident (family-wise), and
needs no fine p-values of single units, which Benjamini-Hochberg over hundreds of units would; the text itself, shift 0,
counts too (an exact permutation test).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_core.features import Feature, features_of
from lstm_core.follow import same_reading
from lstm_core.ranks import Floats, Shifts, centred_ranks, strengths, targets_of
from lstm_core.recording import Recording

LEAST = 0.5  # strength on the held-out half that makes a label: an AUROC of .75, a correlation of .5
CHANCE = 0.05
TIE = 0.02  # strength, an AUROC of .01: within it the simpler feature names the unit
ENOUGH = 20  # positions of each half that have the feature, and that lack it
STRETCHES = 5  # times that it begins in each half: one long quotation says little
BLOCK = 2**22  # values ranked at a time, unless one unit has more

Report = Callable[[float, str], object]


@dataclass(frozen=True)
class LabelQuery:
    """Which units get labels, and from which strength on, in [0, 1], with which probability of any by accident."""

    signal: str = "h"
    layer: int = 1
    least: float = LEAST
    chance: float = CHANCE


@dataclass(frozen=True)
class UnitLabel:
    """What one unit follows. `label` is `feature` where the held-out half bears it out, else "".

    `feature` and `sign` (+1: the value is high where the feature is) are the best of the first half, `score` how they
    do on the second: an AUROC in [0, 1], or where `measure` is "correlation" Spearman's in [-1, 1], both turned by
    `sign`, so that below .5 or 0 the unit points the other way there. `probability`: share of circular shifts at which
    some unit of the layer reaches as much. `positives` of `total` held-out positions have the feature (an ordered one
    is not 0 there). `second` is the runner-up with its own score, "" where there is none; `control` the same feature's
    best unit in the untrained twin, chosen and scored alike, None without a twin.
    """

    unit: int
    label: str
    feature: str
    measure: str
    sign: int
    score: float
    probability: float
    positives: int
    total: int
    second: str
    second_measure: str
    second_score: float | None
    control: float | None

    @property
    def beyond_twin(self) -> bool:
        """Whether it has a label that it bears out better than any unit of the untrained twin; False without a twin."""
        return bool(self.label) and self.control is not None and self.score > self.control


@dataclass(frozen=True)
class FeatureBest:
    """The unit that tells one feature best, chosen with its sign on the first half where it scores `chosen_with`.

    `score`, `control` and `positives` of `total` as in UnitLabel; `probability`: share of circular shifts at which the
    best unit of some feature reaches as much. Where one half has or lacks the feature too rarely to tell, `unit` and
    what follows from it are None.
    """

    feature: str
    definition: str
    measure: str
    positives: int
    total: int
    unit: int | None = None
    sign: int | None = None
    chosen_with: float | None = None
    score: float | None = None
    probability: float | None = None
    control: float | None = None


@dataclass(frozen=True)
class Labels:
    """The labels of all units of one signal and layer, unit by unit, and the best unit of each feature.

    `twin` names the weights of the untrained twin that stands beside, "" for none.
    """

    run: str
    weights: str
    text: str
    text_fingerprint: str
    span: tuple[int, int]
    positions: str
    query: LabelQuery
    twin: str
    units: tuple[UnitLabel, ...]
    features: tuple[FeatureBest, ...]

    @property
    def labelled(self) -> tuple[UnitLabel, ...]:
        """The units that have a label."""
        return tuple(unit for unit in self.units if unit.label)


# Search ---------------------------------------------------------------------------------------------------------------


def find_labels(
    recording: Recording,
    query: LabelQuery = LabelQuery(),
    *,
    twin: Recording | None = None,
    features: Sequence[Feature] | None = None,
    report: Report = lambda share, word: None,
) -> Labels:
    """Labels for all units of a signal and layer, which are read a few at a time.

    `twin`: the untrained twin's recording of the same positions with the same signal and layer. `features`: others
    than those of the text, one value a token read, the simpler first. Raises ValueError for a signal or layer that the
    recording or its twin's lacks, for a twin that read otherwise, and when no feature is frequent
    enough in either half.
    """
    recording.signal(query.signal, query.layer)
    if twin is not None:
        twin.signal(query.signal, query.layer)
        if not same_reading(recording, twin):
            raise ValueError(f"the recording is of {recording.title}, its twin's of {twin.title}: record both alike")
    features = features_of(recording, report=report) if features is None else features
    columns = [_Column(feature, np.asarray(recording.positions)) for feature in features]
    search = _Search([column for column in columns if column.enough], query)
    if not search.columns:
        raise ValueError(
            f"none of {len(features)} features is found at {ENOUGH} positions, in {STRETCHES} stretches, of each half: "
            f"{len(recording.positions):,} positions are recorded, read more text"
        )
    first, held, probabilities = search.scores(recording, report)
    controls = search.controls(twin, report) if twin is not None else [None] * len(search.columns)
    units = tuple(
        search.unit_label(unit, first[unit], held[unit], probability, controls)
        for unit, probability in enumerate(probabilities)
    )
    best = dict(zip(search.columns, search.best_units(recording, first, held, controls), strict=True))
    spec = recording.spec
    return Labels(
        spec.run,
        spec.weights,
        spec.text,
        spec.text_fingerprint,
        spec.span,
        spec.positions,
        query,
        "" if twin is None else twin.spec.weights,
        units,
        tuple(best.get(column) or column.described() for column in columns),
    )


class _Column:
    """A feature at the kept positions where it is asked: which they are, and its targets, on either half."""

    def __init__(self, feature: Feature, positions: NDArray[np.int64]):
        self.feature = feature
        asked = np.ones(len(positions), bool) if feature.where is None else feature.where[positions]
        early, late = self.halves = np.array_split(np.flatnonzero(asked), 2)
        values = feature.values[positions[early]], feature.values[positions[late]]
        self.positives, self.total = int(np.count_nonzero(values[1])), len(late)
        self.enough = all(map(_is_frequent, values))
        self.first, self.held = targets_of(values)

    @property
    def measure(self) -> str:
        return "correlation" if self.feature.ordered else "AUROC"

    def shown(self, strength: float) -> float:
        """A strength in the feature's own measure."""
        return float(strength if self.feature.ordered else (1 + strength) / 2)

    def described(self) -> FeatureBest:
        """What is known without any unit."""
        return FeatureBest(self.feature.name, self.feature.definition, self.measure, self.positives, self.total)


class _Search:
    """The search among features that are frequent enough. Where a feature is asked decides which values are ranked
    with each other, so that those of the same places make a group, and a family of their own to be bounded.
    """

    def __init__(self, columns: list[_Column], query: LabelQuery):
        self.columns, self.query = columns, query
        places = [id(column.feature.where) for column in columns]
        self.groups = [[n for n, place in enumerate(places) if place == one] for one in dict.fromkeys(places)]
        self.group_of = {number: group for group, numbers in enumerate(self.groups) for number in numbers}

    def scores(self, recording: Recording, report: Report) -> tuple[Floats, Floats, list[float]]:
        """Strengths (U, F) on the first half and on the second, and for each unit the probability of what it chose."""
        first, held = np.zeros((2, recording.spec.units, len(self.columns)))
        families = _Families(len(self.groups))
        for start, early, late in self._ranked(recording, report):
            units = range(start, start + len(early[0]))
            for group, numbers in enumerate(self.groups):
                where = np.ix_(units, numbers)
                first[where] = strengths(early[group], [self.columns[number].first for number in numbers])
                held[where] = strengths(late[group], [self.columns[number].held for number in numbers])
            for unit in units:
                number, group = self.chosen(first[unit]), self.group_of[self.chosen(first[unit])]
                sign = _sign(first[unit, number])
                families.add(unit, group, late[group][unit - start], self.columns[number].held, sign)
        return first, held, families.probabilities()

    def _ranked(
        self, recording: Recording, report: Report
    ) -> Iterator[tuple[int, list[NDArray[np.int64]], list[NDArray[np.int64]]]]:
        """A few units at a time: the number of the first, and ranks (B, n) on either half for each group."""
        units, signal = recording.spec.units, recording.signal(self.query.signal, self.query.layer)
        step = min(32, max(1, BLOCK // max(1, len(recording.positions))))
        for start in range(0, units, step):
            report(start / units, f"units of {self.query.signal} in layer {self.query.layer}")
            values = [signal[unit] for unit in range(start, min(start + step, units))]
            early, late = (
                [
                    np.stack([centred_ranks(row[self.columns[numbers[0]].halves[half]]) for row in values])
                    for numbers in self.groups
                ]
                for half in (0, 1)
            )
            yield start, early, late

    def chosen(self, first: Floats) -> int:
        """The column that a unit's strengths (F,) speak for: the simplest of those within TIE of the best."""
        size = np.abs(first)
        return int(np.flatnonzero(size >= size.max() - TIE)[0])

    def unit_label(
        self, unit: int, first: Floats, held: Floats, probability: float, controls: Sequence[float | None]
    ) -> UnitLabel:
        number = self.chosen(first)
        column, sign = self.columns[number], _sign(first[number])
        strength, name = float(sign * held[number]), column.feature.name
        second = int(np.argmax(np.where(np.arange(len(first)) == number, -1, np.abs(first))))
        runner, alone = self.columns[second], len(first) == 1
        return UnitLabel(
            unit,
            name if strength >= self.query.least and probability <= self.query.chance else "",
            name,
            column.measure,
            sign,
            column.shown(strength),
            probability,
            column.positives,
            column.total,
            "" if alone else runner.feature.name,
            "" if alone else runner.measure,
            None if alone else runner.shown(_sign(first[second]) * held[second]),
            controls[number],
        )

    def controls(self, twin: Recording, report: Report) -> list[float | None]:
        """For each feature how the best unit of the first half does on the second, in the feature's measure."""
        first, held, _ = self.scores(twin, report)
        best = np.abs(first).argmax(axis=0)
        return [
            column.shown(_sign(first[unit, number]) * held[unit, number])
            for number, (column, unit) in enumerate(zip(self.columns, best, strict=True))
        ]

    def best_units(
        self, recording: Recording, first: Floats, held: Floats, controls: Sequence[float | None]
    ) -> list[FeatureBest]:
        """The best unit of each feature, in the order of the columns."""
        signal, best = recording.signal(self.query.signal, self.query.layer), np.abs(first).argmax(axis=0).tolist()
        families = _Families(len(self.groups))
        for number, (column, unit) in enumerate(zip(self.columns, best, strict=True)):
            ranks = centred_ranks(signal[unit][column.halves[1]])
            families.add(number, self.group_of[number], ranks, column.held, _sign(first[unit, number]))
        return [
            replace(
                column.described(),
                unit=unit,
                sign=_sign(first[unit, number]),
                chosen_with=column.shown(abs(first[unit, number])),
                score=column.shown(_sign(first[unit, number]) * held[unit, number]),
                probability=probability,
                control=controls[number],
            )
            for number, (column, unit, probability) in enumerate(
                zip(self.columns, best, families.probabilities(), strict=True)
            )
        ]


class _Families:
    """One family of pairs to be bounded for each group of places; the probabilities of all together (Bonferroni)."""

    def __init__(self, groups: int):
        self.shifts = [Shifts() for _ in range(groups)]
        self.members: list[list[int]] = [[] for _ in range(groups)]

    def add(self, member: int, group: int, row: NDArray[np.int64], target: NDArray[Any], sign: int) -> None:
        self.members[group].append(member)
        self.shifts[group].add(row, target, sign)

    def probabilities(self) -> list[float]:
        """By member, which count from 0."""
        used = sum(map(bool, self.members))
        found = {
            member: min(1.0, used * probability)
            for members, shifts in zip(self.members, self.shifts, strict=True)
            for member, probability in zip(members, shifts.probabilities(), strict=True)
        }
        return [found[member] for member in range(len(found))]


def _is_frequent(values: NDArray[Any]) -> bool:
    """Whether a feature differs from its commonest value at ENOUGH positions, and does so anew STRETCHES times."""
    if not len(values):
        return False
    found, counts = np.unique(values, return_counts=True)
    other = values != found[counts.argmax()]
    return bool(other.sum() >= ENOUGH and np.count_nonzero(np.diff(other, prepend=False) & other) >= STRETCHES)


def _sign(strength: float) -> int:
    return 1 if strength >= 0 else -1
