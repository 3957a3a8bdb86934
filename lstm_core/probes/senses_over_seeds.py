"""What several runs know of labelled senses, as one: means with the least and the most of the runs. Told to people."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lstm_core.probes.sense_sets import EVERY_PHRASE, SETS
from lstm_core.probes.senses import GUESSERS, Senses, SetSenses, WordSenses
from lstm_core.stats.linear_probe import Scores
from lstm_core.storage.frames import Framed


@dataclass(frozen=True)
class Range:
    """The mean of some runs, and the least and the most of them."""

    mean: float
    least: float
    most: float


@dataclass(frozen=True)
class ScoreRanges:
    """Scores of several runs, see `linear.Scores`."""

    accuracy: Range
    balanced: Range
    macro_f1: Range


@dataclass(frozen=True)
class WordTogether:
    """A word in several runs, or the mean of all words. `confirmed` units are shares of all units of a run, in [0, 1],
    those of the untrained twin and of shuffled labels too; `senses` and places are means where words are.
    """

    word: str
    senses: float
    train: float
    test: float
    confirmed: Range
    twin_confirmed: Range
    shuffled: Range
    scores: dict[str, ScoreRanges]


@dataclass(frozen=True)
class Ahead:
    """At how many words `of` those with a difference one guesser is better than another; `chance`: how probable so many
    or so few are where both are alike (two-sided sign test).
    """

    words: int
    of: int
    chance: float


@dataclass(frozen=True)
class SetTogether(Framed, rows="words"):
    """A set in the runs that have it: its words that all of them know, their mean (without EVERY_PHRASE, whose places
    are those of the others), and the shares of words of the text and of labelled places that the runs do not know.
    """

    name: str
    runs: tuple[str, ...]
    words: tuple[WordTogether, ...]
    mean: WordTogether
    unknown_tokens: Range
    unknown_places: Range

    @property
    def chief(self) -> WordTogether:
        """What the set says in one line: EVERY_PHRASE where it has that, else the mean."""
        return next((one for one in self.words if one.word == EVERY_PHRASE), self.mean)

    def ahead_of(self, other: str) -> Ahead:
        """The neurons at the word beside another guesser by balanced accuracy, word by word, without EVERY_PHRASE."""
        from scipy.stats import binomtest

        single = [one for one in self.words if one.word != EVERY_PHRASE]
        differences = [one.scores["at_word"].balanced.mean - one.scores[other].balanced.mean for one in single]
        better, of = sum(value > 0 for value in differences), sum(value != 0 for value in differences)
        return Ahead(better, of, float(binomtest(better, of).pvalue) if of else 1.0)


def together(every: Sequence[Senses]) -> tuple[SetTogether, ...]:
    """Several runs, set by set in the order of SETS; without a set where no word is known to all runs that have it."""
    having = {name: [(one, part) for one in every for part in one.sets if part.name == name] for name in SETS}
    return tuple(made for name, some in having.items() if some and (made := _together(name, some)))


def _together(name: str, having: Sequence[tuple[Senses, SetSenses]]) -> SetTogether | None:
    by_word = [{word.word: word for word in part.words} for _, part in having]
    common = [word for word in by_word[0] if all(word in words for words in by_word)]
    if not common:
        return None
    units = [one.units for one, _ in having]
    single = [word for word in common if word != EVERY_PHRASE] or common
    rows = [[words[word] for words in by_word] for word in common]  # a word, a run
    return SetTogether(
        name,
        tuple(one.run for one, _ in having),
        tuple(_of_words(word, [[one] for one in row], units) for word, row in zip(common, rows, strict=True)),
        _of_words("mean", [[words[word] for word in single] for words in by_word], units),
        range_of([part.unknown_tokens / part.tokens for _, part in having]),
        range_of([part.unknown_places / part.places for _, part in having]),
    )


def _of_words(title: str, runs: Sequence[Sequence[WordSenses]], units: Sequence[int]) -> WordTogether:
    """One word or the mean of several: of each run a list of its words."""

    def means(value: Callable[[WordSenses], float]) -> list[float]:
        return [float(np.mean([value(one) for one in words])) for words in runs]

    def over_words(value: Callable[[WordSenses], float]) -> Range:
        return range_of(means(value))

    def share(value: Callable[[WordSenses], float]) -> Range:
        return range_of([mean / count for mean, count in zip(means(value), units, strict=True)])

    def scores(name: str) -> ScoreRanges:
        def of(part: Callable[[Scores], float]) -> Range:
            return over_words(lambda one: part(one.scores[name]))

        return ScoreRanges(of(lambda s: s.accuracy), of(lambda s: s.balanced), of(lambda s: s.macro_f1))

    return WordTogether(
        word=title,
        senses=over_words(lambda one: len(one.senses)).mean,
        train=over_words(lambda one: one.train).mean,
        test=over_words(lambda one: one.test).mean,
        confirmed=share(lambda one: one.units.confirmed),
        twin_confirmed=share(lambda one: one.twin_units.confirmed),
        shuffled=share(lambda one: one.units.shuffled),
        scores={name: scores(name) for name in GUESSERS},
    )


def range_of(values: Sequence[float]) -> Range:
    """Mean, least and most; raises ValueError for none."""
    return Range(float(np.mean(values)), float(min(values)), float(max(values)))
