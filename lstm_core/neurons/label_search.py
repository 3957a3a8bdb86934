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

Learned. What the untrained twin's best unit for the same feature, chosen alike, does as well was not learned. Whether a
unit does it better beyond chance is asked of all units of the layer, with a label or without: a label depends on the
held-out half, on which they are tested. See leads.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from lstm_core.neurons.features import Feature, features_of
from lstm_core.recordings.find import same_reading
from lstm_core.recordings.recording import Recording
from lstm_core.stats.paired_test import LEARNED, UNKNOWN, by_block, influence, outcomes, p_value, standard_error
from lstm_core.stats.ranks import Floats, Shifts, centred_ranks, strengths, targets_of
from lstm_core.storage.frames import Framed
from lstm_core.storage.progress import Progress, silent

LEAST = 0.5  # strength on the held-out half that makes a label: an AUROC of .75, a correlation of .5
CHANCE = 0.05
TIE = 0.02  # strength, an AUROC of .01: within it the simpler feature names the unit
ENOUGH = 20  # positions of each half that have the feature, and that lack it
STRETCHES = 5  # times that it begins in each half: one long quotation says little
WORDS = 5  # different words of each half that carry it, where it is a feature of words
BLOCK = 2**22  # values ranked at a time, unless one unit has more
DIGITS = 7  # that are kept of a score and a probability


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
    best unit in the untrained twin, chosen and scored alike, None without a twin. `error` is the standard error of the
    difference between the two scores, `lead_chance` the chance of such a lead, adjusted for all units of the layer,
    `outcome` what follows from it (see leads), UNKNOWN without a twin.
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
    error: float | None = None
    lead_chance: float | None = None
    outcome: str = UNKNOWN

    @property
    def learned(self) -> bool:
        """Whether it has a label that it bears out better than any unit of the untrained twin, beyond chance."""
        return bool(self.label) and self.outcome == LEARNED


@dataclass(frozen=True)
class FeatureBest:
    """The unit that tells one feature best, chosen with its sign on the first half where it scores `chosen_with`.

    `score`, `control`, `error` and `positives` of `total` as in UnitLabel; `probability`: share of circular shifts at
    which the best unit of some feature reaches as much; `lead_chance` and `outcome` are adjusted for all features.
    Where one half has or lacks the feature too rarely to tell, `unit` and what follows from it are None.
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
    error: float | None = None
    lead_chance: float | None = None
    outcome: str = UNKNOWN


@dataclass(frozen=True)
class Labels(Framed, rows="units"):
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
    report: Progress = silent,
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
    scores = search.scores(recording, report)
    units = [search.unit_label(scores, unit) for unit in range(recording.spec.units)]
    bests, sums = search.best_units(recording, scores)
    if twin is not None:
        controls, control_sums = search.best_units(twin, search.scores(twin, report))
        units = _beside(units, scores.sums, [controls[n] for n in scores.chosen], control_sums[scores.chosen])
        bests = _beside(bests, sums, controls, control_sums)
    best = dict(zip(search.columns, bests, strict=True))
    read = ("run", "weights", "text", "text_fingerprint", "span", "positions")
    return Labels(
        **{name: getattr(recording.spec, name) for name in read},
        query=query,
        twin="" if twin is None else twin.spec.weights,
        units=tuple(units),
        features=tuple(best.get(column) or column.described() for column in columns),
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
        if feature.words is not None:
            places = positions[early], positions[late]
            carried = [feature.words[at][held.astype(bool)] for at, held in zip(places, values, strict=True)]
            self.enough &= all(len(np.unique(words)) >= WORDS for words in carried)
        self.first, self.held = targets_of(values)

    @property
    def measure(self) -> str:
        return "correlation" if self.feature.ordered else "AUROC"

    def shown(self, strength: float) -> float:
        """A strength in the feature's own measure."""
        return round(float(strength if self.feature.ordered else (1 + strength) / 2), DIGITS)

    def described(self) -> FeatureBest:
        """What is known without any unit."""
        return FeatureBest(self.feature.name, self.feature.definition, self.measure, self.positives, self.total)


@dataclass(frozen=True, eq=False)
class _Scores:
    """Strengths (U, F) on the first half and on the second; for each unit the column that it chose, the probability of
    its score there, and the influences on that score by block (U, BLOCKS), turned by the sign.
    """

    first: Floats
    held: Floats
    chosen: list[int]
    probabilities: list[float]
    sums: Floats


class _Search:
    """The search among features that are frequent enough. Where a feature is asked decides which values are ranked
    with each other, so that those of the same places make a group, and a family of their own to be bounded.
    """

    def __init__(self, columns: list[_Column], query: LabelQuery):
        self.columns, self.query = columns, query
        places = [id(column.feature.where) for column in columns]
        self.groups = [[n for n, place in enumerate(places) if place == one] for one in dict.fromkeys(places)]
        self.group_of = {number: group for group, numbers in enumerate(self.groups) for number in numbers}

    def scores(self, recording: Recording, report: Progress) -> _Scores:
        """Those of all units."""
        first, held = np.zeros((2, recording.spec.units, len(self.columns)))
        families, chosen, sums = _Families(len(self.groups)), [], []
        for start, early, late in self._ranked(recording, report):
            units = range(start, start + len(early[0]))
            for group, numbers in enumerate(self.groups):
                where = np.ix_(units, numbers)
                first[where] = strengths(early[group], [self.columns[number].first for number in numbers])
                held[where] = strengths(late[group], [self.columns[number].held for number in numbers])
            for unit in units:
                number = self.chosen(first[unit])
                group, sign, target = self.group_of[number], _sign(first[unit, number]), self.columns[number].held
                ranks = late[group][unit - start]
                families.add(unit, group, ranks, target, sign)
                chosen.append(number)
                sums.append(sign * by_block(influence(ranks, target)))
        return _Scores(first, held, chosen, families.p_values(), np.array(sums))

    def _ranked(
        self, recording: Recording, report: Progress
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

    def unit_label(self, scores: _Scores, unit: int) -> UnitLabel:
        """The label of a unit, without its control."""
        first, held, number = scores.first[unit], scores.held[unit], scores.chosen[unit]
        column, sign, probability = self.columns[number], _sign(first[number]), scores.probabilities[unit]
        strength, name = float(sign * held[number]), column.feature.name
        second = int(np.argmax(np.where(np.arange(len(first)) == number, -1, np.abs(first))))
        runner, alone = self.columns[second], len(first) == 1
        return UnitLabel(
            unit=unit,
            label=name if strength >= self.query.least and probability <= self.query.chance else "",
            feature=name,
            measure=column.measure,
            sign=sign,
            score=column.shown(strength),
            probability=round(probability, DIGITS),
            positives=column.positives,
            total=column.total,
            second="" if alone else runner.feature.name,
            second_measure="" if alone else runner.measure,
            second_score=None if alone else runner.shown(_sign(first[second]) * held[second]),
            control=None,
        )

    def best_units(self, recording: Recording, scores: _Scores) -> tuple[list[FeatureBest], Floats]:
        """The best unit of each feature on the first half, without its control, in the order of the columns; and the
        influences on its score by block (F, BLOCKS), turned by its sign."""
        first, signal = scores.first, recording.signal(self.query.signal, self.query.layer)
        best = np.abs(first).argmax(axis=0).tolist()
        signs = [_sign(first[unit, number]) for number, unit in enumerate(best)]
        families, sums = _Families(len(self.groups)), []
        for number, (column, unit, sign) in enumerate(zip(self.columns, best, signs, strict=True)):
            ranks = centred_ranks(signal[unit][column.halves[1]])
            families.add(number, self.group_of[number], ranks, column.held, sign)
            sums.append(sign * by_block(influence(ranks, column.held)))
        found = [
            replace(
                column.described(),
                unit=best[number],
                sign=signs[number],
                chosen_with=column.shown(abs(first[best[number], number])),
                score=column.shown(signs[number] * scores.held[best[number], number]),
                probability=round(probability, DIGITS),
            )
            for number, (column, probability) in enumerate(zip(self.columns, families.p_values(), strict=True))
        ]
        return found, np.array(sums)


Row = TypeVar("Row", UnitLabel, FeatureBest)


def _beside(rows: Sequence[Row], sums: Floats, controls: Sequence[FeatureBest], control_sums: Floats) -> list[Row]:
    """The rows with the twin's best unit for the same feature, row by row, and whether they lead it; `sums` of both
    (rows, BLOCKS)."""
    scores = ([one.score or 0.0 for one in some] for some in (rows, controls))  # every row has one
    leads = [own - other for own, other in zip(*scores, strict=True)]
    errors = [standard_error(one) for one in sums - control_sums]
    chances, told = outcomes(leads, [p_value(*pair) for pair in zip(leads, errors, strict=True)])
    return [
        replace(
            row, control=control.score, error=round(error, DIGITS), lead_chance=round(value, DIGITS), outcome=outcome
        )
        for row, control, error, value, outcome in zip(rows, controls, errors, chances.tolist(), told, strict=True)
    ]


class _Families:
    """One family of pairs to be bounded for each group of places; the probabilities of all together (Bonferroni)."""

    def __init__(self, groups: int):
        self.shifts = [Shifts() for _ in range(groups)]
        self.members: list[list[int]] = [[] for _ in range(groups)]

    def add(self, member: int, group: int, row: NDArray[np.int64], target: NDArray[Any], sign: int) -> None:
        self.members[group].append(member)
        self.shifts[group].add(row, target, sign)

    def p_values(self) -> list[float]:
        """By member, which count from 0."""
        used = sum(map(bool, self.members))
        found = {
            member: min(1.0, used * probability)
            for members, shifts in zip(self.members, self.shifts, strict=True)
            for member, probability in zip(members, shifts.p_values(), strict=True)
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
