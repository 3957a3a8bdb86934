"""Studies of idioms and word senses: small files that say which places of a text stand for what, and which units tell
them apart, chosen on one half of the places and confirmed on the other.

Source: the article, whose units were chosen because they are on in a phrase and then shown to be on in it; here the
places that choose are not those that judge. U units, N places.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lstm_core.probes.active import OnSets, Unit
from lstm_core.probes.match import followers, occurrences
from lstm_core.recordings.recording import Recording
from lstm_core.stats.false_discovery import FALSE_SHARE, adjusted
from lstm_core.storage.documents import restored
from lstm_core.storage.frames import Framed
from lstm_core.storage.progress import Progress, silent
from lstm_core.text.tagged import NONE, Tagged

Span = tuple[int, int]
Values = NDArray[np.floating]
Verdict = Literal["confirmed", "not confirmed", "too few to tell"]

CHOSEN_BELOW = 0.05  # chance of a unit that one half chooses, or that of perfect order where it is higher
MATCHED = 0.5  # share of a phrase's occurrences through which a unit of it is on, at least
DRAWS = 100  # of places at random
SHUFFLES = 20  # of labels
EXACT = 60  # places of the smaller kind up to which the rank test is exact
LARGEST = 2**20  # bytes of a study's file


@dataclass(frozen=True)
class Selector:
    """Places of a text: where a phrase stands as whole words. With `tags`: if its last word has one of these parts of
    speech; with `contexts`: if it stands inside one of these longer phrases.
    """

    phrase: str
    tags: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Study:
    """What a file of a study says. `phrases` are looked at one by one; `positive` places are told from `negative` ones;
    `null` are words whose places are dealt out in turn, among which no unit should tell anything; `words` are single
    words of which each is one vector, told from words as frequent (see `verified`). `text` is how the name of the
    corpus that it was written for begins; it can be asked of any.
    """

    name: str
    question: str = ""
    phrases: tuple[str, ...] = ()
    positive: tuple[Selector, ...] = ()
    negative: tuple[Selector, ...] = ()
    null: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    text: str = ""

    def fits(self, text: str) -> bool:
        """Whether it was written for a text of that name."""
        return text.startswith(self.text)

    @property
    def by_tag(self) -> bool:
        """Whether it needs parts of speech: to choose places, or to find words like its own."""
        return bool(self.words) or any(one.tags for one in (*self.positive, *self.negative))


@dataclass(frozen=True)
class PhraseUnits:
    """A phrase, how often it stands in the text, and the units that are on through at least half of its places."""

    phrase: str
    places: int
    units: tuple[Unit, ...]


@dataclass(frozen=True)
class Telling:
    """A unit that one half of the places chose: whether it is higher at positive ones (`sign`), the share of pairs of a
    positive and a negative place that it orders so, on the half that chose it and on the other, and the chance of the
    latter, adjusted for all that were chosen (Benjamini and Hochberg).
    """

    layer: int
    unit: int
    sign: int
    chosen_with: float
    confirmed_with: float
    chance: float
    verdict: Verdict


@dataclass(frozen=True)
class ByChance:
    """What the same finds where there is nothing: units `matched` and `selective` at places drawn at random, units
    `confirmed` with labels shuffled.
    """

    matched: float
    selective: float
    confirmed: float


@dataclass(frozen=True)
class StudyResult(Framed, rows="telling"):
    """What a study found. `smallest` is the smallest chance that so few places could reach; `null` how many units were
    confirmed for each of the null words.
    """

    study: Study
    run: str
    text: str
    positives: int
    negatives: int
    phrases: tuple[PhraseUnits, ...]
    telling: tuple[Telling, ...]
    smallest: float
    null: tuple[tuple[str, int], ...]
    expected_by_chance: ByChance

    @property
    def matched(self) -> int:
        """Units of at least one phrase."""
        return len({unit for one in self.phrases for unit in one.units})

    @property
    def selective(self) -> int:
        """Units of exactly one phrase."""
        return self.of_phrases(1)

    def of_phrases(self, count: int) -> int:
        """Units of exactly so many phrases."""
        every = [unit for one in self.phrases for unit in one.units]
        return sum(every.count(unit) == count for unit in set(every))

    @property
    def confirmed(self) -> tuple[Telling, ...]:
        return tuple(one for one in self.telling if one.verdict == "confirmed")


def read_study(path: Path) -> Study:
    """A study from its file; raises ValueError that says what is wrong with it."""
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{path.name} is larger than {LARGEST // 2**20} MiB: that is no study")
    try:
        return parse_study(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, ValueError) as error:
        raise ValueError(f"{path.name} is not a study: {error}") from None


def parse_study(text: str) -> Study:
    """A study from the text of its file (TOML); raises ValueError."""
    found: Study = restored(Study, tomllib.loads(text), "the study")
    if not found.name.strip():
        raise ValueError("it has no name")
    if bool(found.positive) != bool(found.negative):
        raise ValueError("it has places of one kind only: give both [[positive]] and [[negative]], or neither")
    if not (found.phrases or found.positive or found.words):
        raise ValueError("it names no phrase: give phrases, words, or [[positive]] and [[negative]] places")
    if several := [word for word in found.words if len(word.split()) != 1]:
        raise ValueError(f"{several[0][:80]!r} of its words is not one word: list longer ones as phrases")
    return found


def places(recording: Recording, selector: Selector, tagged: Tagged | None = None) -> list[Span]:
    """Where a selector's places are, in order; none where the text lacks the phrase or the model a word of it.

    Raises ValueError for an empty phrase, and for tags where there is no tagged text.
    """
    spans = whole_words(recording, selector.phrase)
    if selector.tags:
        if tagged is None:
            raise ValueError(f"{selector.phrase!r} is chosen by part of speech, but the text is not tagged")
        ends = tagged.ending_at(np.array([stop for _, stop in spans], dtype=np.int64))
        tags = ["" if end == NONE else tagged.names[tagged.code[end]] for end in ends.tolist()]
        spans = [span for span, tag in zip(spans, tags, strict=True) if tag in selector.tags]
    if selector.contexts:
        wide = [span for context in selector.contexts for span in whole_words(recording, context)]
        spans = [span for span in spans if any(a <= span[0] and span[1] <= b for a, b in wide)]
    return spans


def both_kinds(recording: Recording, asked: Study, tagged: Tagged | None = None) -> tuple[list[Span], list[Span]]:
    """The positive and the negative places of a study, each in order; what is both is positive. Raises as `places`."""
    one, other = (
        {span for selector in some for span in places(recording, selector, tagged)}
        for some in (asked.positive, asked.negative)
    )
    return sorted(one), sorted(other - one)


def values_at(recording: Recording, signal: str, layers: Sequence[int], steps: Sequence[int]) -> NDArray[np.float32]:
    """The values of all units of some layers, one layer after the other, at some steps (N, U)."""
    found = np.zeros((len(steps), len(layers) * recording.spec.units), np.float32)
    for row, step in zip(found, steps, strict=True):
        row[:] = np.concatenate([recording.window(signal, layer, step, step + 1)[:, 0] for layer in layers])
    return found


def study(
    recording: Recording, on: OnSets, asked: Study, tagged: Tagged | None = None, *, report: Progress = silent
) -> StudyResult:
    """Carry out a study over a recording. Raises ValueError as `places`."""
    draw = np.random.default_rng(0)
    report(0.0, "phrases")
    spans = [whole_words(recording, phrase) for phrase in asked.phrases]
    phrases = tuple(
        PhraseUnits(phrase, len(some), tuple(on.units[n] for n in np.flatnonzero(_of_phrase(on, some)).tolist()))
        for phrase, some in zip(asked.phrases, spans, strict=True)
    )
    matched, selective = _at_random(on, spans, draw)
    report(0.3, "places")
    kinds = both_kinds(recording, asked, tagged)
    positive, negative = (_values(recording, on, some) for some in kinds)
    telling, smallest = tells_apart(positive, negative, on.units)
    report(0.6, "chance")
    shuffled = _shuffled(recording, on, kinds, draw)
    null = tuple((word, _dealt(recording, on, word)) for word in asked.null)
    report(1.0, "done")
    return StudyResult(
        study=asked,
        run=recording.spec.run,
        text=recording.title,
        positives=len(kinds[0]),
        negatives=len(kinds[1]),
        phrases=phrases,
        telling=telling,
        smallest=smallest,
        null=null,
        expected_by_chance=ByChance(matched, selective, shuffled),
    )


# Which units tell two kinds of places apart ---------------------------------------------------------------------------


def tells_apart(positive: Values, negative: Values, units: Sequence[Unit]) -> tuple[tuple[Telling, ...], float]:
    """The units that the first half of the places chooses, the surest first, with the verdict of the second half.

    Values (N, U) of each kind in the order of the text. Also the smallest chance that the second half could reach.
    """
    (one, other), (against, opposite) = _halves(positive), _halves(negative)
    smallest = 1 / comb(len(other) + len(opposite), len(other)) if len(other) and len(opposite) else 1.0
    if min(map(len, (one, other, against, opposite))) == 0:
        return (), smallest
    scores, chances = _rank_test(one, against)
    perfect = 1 / comb(len(one) + len(against), len(one))  # the smallest chance there is
    _, falls = _rank_test(-one, -against)
    chosen = np.flatnonzero(2 * np.minimum(chances, falls) <= max(CHOSEN_BELOW, 2 * perfect * (1 + 1e-9)))
    signs = np.where(scores[chosen] >= 0.5, 1, -1)
    later, _ = _rank_test(other, opposite)
    _, rises = _rank_test(other[:, chosen] * signs, opposite[:, chosen] * signs)
    turned = (np.where(signs > 0, half[chosen], 1 - half[chosen]) for half in (scores, later))
    columns = (column.tolist() for column in (chosen, signs, *turned, adjusted(rises)))
    found = []
    for number, sign, first, score, chance in zip(*columns, strict=True):
        verdict: Verdict = "confirmed" if chance <= FALSE_SHARE else "not confirmed"
        if verdict != "confirmed" and (score == 1 or smallest > FALSE_SHARE):
            verdict = "too few to tell"
        found.append(Telling(*units[int(number)], sign, first, score, chance, verdict))
    return tuple(sorted(found, key=lambda one: (one.chance, -one.confirmed_with, one.layer, one.unit))), smallest


def _halves(values: Values) -> tuple[Values, Values]:
    """The first half of the places and the second: neighbouring ones, which are alike, are not in both."""
    middle = (len(values) + 1) // 2
    return values[:middle], values[middle:]


def _rank_test(one: Values, other: Values) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of each unit: the share of pairs in which `one` is higher (ties half), and the chance of such a share or a larger
    one where both are alike (Mann and Whitney; exact for few places without ties).
    """
    from scipy.stats import mannwhitneyu, rankdata

    count = len(one) * len(other)
    ranks = rankdata(np.concatenate([one, other]), axis=0)
    score = (ranks[: len(one)].sum(axis=0) - len(one) * (len(one) + 1) / 2) / count
    ties = np.array([len(np.unique(column)) < len(column) for column in ranks.T], dtype=bool)
    chance = np.ones(score.shape)
    few = min(len(one), len(other)) <= EXACT
    for some, method in ((~ties & few, "exact"), (ties | (not few), "asymptotic")):
        if some.any():
            sides = ranks[: len(one), some], ranks[len(one) :, some]  # float64, in which the chance is computed
            with np.errstate(divide="ignore", invalid="ignore"):
                found = mannwhitneyu(*sides, alternative="greater", method=method, axis=0).pvalue
            chance[some] = np.where(np.isnan(found), 1.0, found)
    chance[(ranks == ranks[:1]).all(axis=0)] = 0.5  # always the same: neither way
    return score, chance


def confirmed(positive: Values, negative: Values, units: Sequence[Unit]) -> int:
    """How many units the second half of the places confirms (see `tells_apart`)."""
    return sum(one.verdict == "confirmed" for one in tells_apart(positive, negative, units)[0])


def _values(recording: Recording, on: OnSets, spans: Sequence[Span]) -> NDArray[np.float32]:
    """The values of all units at the last step of each span (N, U)."""
    return values_at(recording, on.query.signal, on.query.layers, [stop - 1 for _, stop in spans])


def _shuffled(recording: Recording, on: OnSets, kinds: Sequence[Sequence[Span]], draw: np.random.Generator) -> float:
    """How many units are confirmed on average with labels dealt out at random."""
    every = sorted([*kinds[0], *kinds[1]])
    if not (kinds[0] and kinds[1]):
        return 0.0
    values, count = _values(recording, on, every), 0
    for _ in range(SHUFFLES):
        positive = np.zeros(len(every), bool)
        positive[draw.permutation(len(every))[: len(kinds[0])]] = True
        count += confirmed(values[positive], values[~positive], on.units)
    return count / SHUFFLES


def _dealt(recording: Recording, on: OnSets, word: str) -> int:
    """How many units are confirmed where a word's places are dealt out in turn."""
    values = _values(recording, on, whole_words(recording, word))
    return confirmed(values[::2], values[1::2], on.units)


# Phrases --------------------------------------------------------------------------------------------------------------


def _of_phrase(on: OnSets, spans: Sequence[Span]) -> NDArray[np.bool_]:
    """Which units are on through at least half of a phrase's places (U,)."""
    if not spans:
        return np.zeros(len(on.units), bool)
    return np.asarray(followers(on, spans).mean(axis=0) >= MATCHED)


def _at_random(on: OnSets, spans: Sequence[Sequence[Span]], draw: np.random.Generator) -> tuple[float, float]:
    """How many units are matched and selective on average where each phrase's places are drawn at random."""
    matched = selective = 0
    lengths = [(some[0][1] - some[0][0], len(some)) for some in spans if some]
    for _ in range(DRAWS if lengths else 0):
        table = []
        for length, count in lengths:
            starts = draw.integers(0, len(on) - length + 1, count).tolist()
            table.append(_of_phrase(on, [(start, start + length) for start in starts]))
        times = np.sum(table, axis=0)
        matched += int((times > 0).sum())
        selective += int((times == 1).sum())
    return matched / DRAWS, selective / DRAWS


def whole_words(recording: Recording, phrase: str) -> list[Span]:
    """Where a phrase stands with no letter or digit directly before or behind it."""
    try:
        spans = occurrences(recording, phrase)
    except ValueError:
        if not phrase.strip():
            raise
        return []  # the model does not know one of its words
    if recording.vocabulary.splitter != "characters":
        return spans

    def inside(at: int) -> bool:
        return any(map(str.isalnum, recording.text(at, at + 1)))

    return [(start, stop) for start, stop in spans if not inside(start - 1) and not inside(stop)]
