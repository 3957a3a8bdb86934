"""What several runs know of labelled senses, as one: means with the least and the most of the runs. Told to people."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lstm_core.probes.sense_sets import EVERY_PHRASE, SETS
from lstm_core.probes.senses import GUESSERS, Senses, SetSenses, WordSenses
from lstm_core.stats.linear_probe import Scores


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
class SetTogether:
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

    def ahead_of(self, other: str, name: str = "at_word") -> Ahead:
        """One guesser beside another by their balanced accuracies, word by word, without EVERY_PHRASE."""
        from scipy.stats import binomtest

        single = [one for one in self.words if one.word != EVERY_PHRASE]
        differences = [one.scores[name].balanced.mean - one.scores[other].balanced.mean for one in single]
        better, of = sum(value > 0 for value in differences), sum(value != 0 for value in differences)
        return Ahead(better, of, float(binomtest(better, of).pvalue) if of else 1.0)


def together(every: Sequence[Senses]) -> tuple[SetTogether, ...]:
    """Several runs, set by set in the order of SETS; without a set where no word is known to all runs that have it."""
    found = []
    for name in SETS:
        having = [(one, part) for one in every for part in one.sets if part.name == name]
        if having and (made := _together(name, having)):
            found.append(made)
    return tuple(found)


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

    def over_words(value: Callable[[WordSenses], float]) -> Range:
        return range_of([float(np.mean([value(one) for one in words])) for words in runs])

    def share(value: Callable[[WordSenses], float]) -> Range:
        means = [np.mean([value(one) for one in words]) / count for words, count in zip(runs, units, strict=True)]
        return range_of([float(mean) for mean in means])

    def scores(name: str) -> ScoreRanges:
        def of(part: Callable[[Scores], float]) -> Range:
            return over_words(lambda one: part(one.scores[name]))

        return ScoreRanges(of(lambda s: s.accuracy), of(lambda s: s.balanced), of(lambda s: s.macro_f1))

    return WordTogether(
        title,
        over_words(lambda one: len(one.senses)).mean,
        over_words(lambda one: one.train).mean,
        over_words(lambda one: one.test).mean,
        share(lambda one: one.units.confirmed),
        share(lambda one: one.twin_units.confirmed),
        share(lambda one: one.units.shuffled),
        {name: scores(name) for name in GUESSERS},
    )


def range_of(values: Sequence[float]) -> Range:
    """Mean, least and most; raises ValueError for none."""
    return Range(float(np.mean(values)), float(min(values)), float(max(values)))


# Told -----------------------------------------------------------------------------------------------------------------


def summary(every: Sequence[Senses]) -> dict[str, Any]:
    """The runs one by one and together, as JSON."""
    return {"runs": [asdict(one) for one in every], "together": [asdict(part) for part in together(every)]}


def told(every: Sequence[Senses]) -> str:
    """The same for people: of each word the balanced accuracies, then units."""
    lines = []
    for part in together(every):
        lines += [
            f"{SETS[part.name].title}: {', '.join(part.runs)}",
            f"{_share(part.unknown_tokens)} of the words are unknown to the model, the labelled word itself at "
            f"{_share(part.unknown_places)} of the places, which are left out",
            "balanced accuracy on places that were not trained on; share of neurons confirmed",
            f"{'':18} senses  places  common  before   words neurons  at end    twin | confirm    twin shuffle",
        ]
        lines += [_line(one) for one in (*part.words, part.mean)]
        for other in ("twin_at_word", "words_before"):
            ahead = part.ahead_of(other)
            lines.append(
                f"neurons better than {GUESSERS[other]}: {ahead.words} of {ahead.of} words (chance {ahead.chance:.2g})"
            )
        lines.append("")
    lines += [f"{name}: {meaning}" for name, meaning in _COLUMNS]
    return "\n".join(lines)


_COLUMNS = (
    ("common", GUESSERS["majority"]),
    ("before", GUESSERS["words_before"]),
    ("words", GUESSERS["words"]),
    ("neurons", GUESSERS["at_word"]),
    ("at end", GUESSERS["at_end"]),
    ("twin", GUESSERS["twin_at_word"]),
)


def _line(one: WordTogether) -> str:
    names = ("majority", "words_before", "words", "at_word", "at_end", "twin_at_word")
    values = "".join(f"{one.scores[name].balanced.mean:8.2f}" for name in names)
    shares = "".join(f"{share.mean:8.1%}" for share in (one.confirmed, one.twin_confirmed, one.shuffled))
    return f"{one.word:18.18} {one.senses:6.1f} {one.test:7.0f}{values} | {shares}"


def _share(one: Range) -> str:
    return f"{one.mean:.1%}" + (f" ({one.least:.1%} to {one.most:.1%})" if one.least < one.most else "")
