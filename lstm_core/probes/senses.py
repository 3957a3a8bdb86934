"""What the units of a run of words know of labelled senses: measured, kept, set beside what other runs know.

Every figure stands beside what it must beat: the commonest sense, the words alone without a network, shuffled labels,
and the untrained twin. Figures only are kept, none of the sentences. N places, U units of all layers.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lstm_core.probes.active import Unit
from lstm_core.probes.sense_sets import SETS, Example, LabelledSet, read_set, with_enough
from lstm_core.probes.studies import confirmed, tells_apart
from lstm_core.runs.run import Run
from lstm_core.stats.linear_probe import Scores, Whole, bags_of_words, held_out, majority, standardised
from lstm_core.stats.ranks import Mask
from lstm_core.storage.frames import Framed, together
from lstm_core.storage.progress import Progress, silent
from lstm_core.storage.results import Results
from lstm_core.text.corpus import END, UNKNOWN, Vocabulary

if TYPE_CHECKING:
    from pandas import DataFrame

    from lstm_core.runs.model import LanguageModel

Values = NDArray[np.float32]
Models = tuple["LanguageModel", "LanguageModel"]  # a run's own and its untrained twin

SCHEMA = 1
MOST = 200  # places of a sense in each part: a few words of CoarseWSD-20 have more than all the others together
LOOKED_AT = 150  # of them, at which units are tested one by one
SHUFFLES = 10  # of labels
BATCH = 4096  # tokens that are read at once, about
LONGEST = 300  # tokens of a sentence; of a longer one those before the end of the labelled word, and what fits behind
_HYPHEN = "@-@"  # as WikiText-2 writes one inside a word

# What guesses the sense, by the name under which its scores are kept.
GUESSERS: dict[str, str] = {
    "majority": "the commonest sense, everywhere",
    "words_before": "a linear probe of which words stand before it, without a network",
    "words": "a linear probe of which words the whole text has, without a network",
    "at_word": "a linear probe of all neurons at the word",
    "at_end": "a linear probe of all neurons at the end of the text",
    "twin_at_word": "the untrained twin's neurons at the word",
    "twin_at_end": "the untrained twin's neurons at the end of the text",
}


@dataclass(frozen=True)
class UnitCounts:
    """How many units tell the commonest sense from the others at the word: `chosen` on training places, `confirmed` on
    test places, with too few places to tell `undecided`. Where labels are shuffled within each part, `shuffled` are
    confirmed on average.
    """

    chosen: int
    confirmed: int
    undecided: int
    shuffled: float


@dataclass(frozen=True)
class WordSenses:
    """A word: its senses, the commonest first, how many places train and test, `unknown` places left out as the model
    does not have the word, and the scores by the names of GUESSERS.
    """

    word: str
    senses: tuple[str, ...]
    train: int
    test: int
    unknown: int
    units: UnitCounts
    twin_units: UnitCounts
    scores: dict[str, Scores]


@dataclass(frozen=True)
class SetSenses(Framed, rows="words"):
    """A set: `tokens` that were read, of which the model does not have `unknown_tokens`; labelled `places`, at
    `unknown_places` of which it does not have the word itself; `lost` rows of the set without a usable label; `few`:
    words left out, as too few of their places could be used.
    """

    name: str
    words: tuple[WordSenses, ...]
    tokens: int
    unknown_tokens: int
    places: int
    unknown_places: int
    lost: int
    few: int


@dataclass(frozen=True)
class Senses(Framed):
    """What a run with so many `units` knows of each set."""

    run: str
    weights: str
    architecture: str
    units: int
    sets: tuple[SetSenses, ...]
    schema: int = SCHEMA

    def frame(self) -> "DataFrame":
        """A row for each word of each set."""
        return together({one.name: one.frame() for one in self.sets}, "set")


# Labelled sentences as a model of words reads them -------------------------------------------------------------------


@dataclass(frozen=True)
class EncodedExample:
    """A sentence in a model's vocabulary: ids, of which the labelled word ends at `place`; `unknown` of them stand for
    words that the model does not have, and `known` says whether it has all of the labelled word.
    """

    ids: tuple[int, ...]
    place: int
    unknown: int
    known: bool


@dataclass(frozen=True, eq=False)
class SenseStates:
    """The signal h of all layers, (N, L U) each: at the labelled word, and at the last token."""

    at_word: NDArray[np.float32]
    at_end: NDArray[np.float32]


def encoded(vocabulary: Vocabulary, example: Example) -> EncodedExample:
    """A labelled sentence in a vocabulary; words are replaced as `Vocabulary.encode_tokens` does, after `pieces`."""
    tokens: list[str] = [END] if END in vocabulary.index else []
    places: list[int] = []  # where the pieces of the labelled word are
    for number, token in enumerate(example.tokens):
        made = pieces(vocabulary, token)
        if example.start <= number < example.stop:
            places += range(len(tokens), len(tokens) + len(made))
        tokens += made
    first = max(0, places[-1] + 1 - LONGEST)
    encoding = vocabulary.encode_tokens(tokens[first : first + LONGEST])
    strange = {first + at for at in encoding.unknown}
    ids = tuple(encoding.ids.tolist())
    return EncodedExample(ids, places[-1] - first, len(strange), not strange.intersection(places))


def pieces(vocabulary: Vocabulary, token: str) -> list[str]:
    """A word as the vocabulary writes it: as it is, without or with a capital (some sets have none), else cut at its
    hyphens or before its 's where the vocabulary cuts there. What it does not have stays as it is.
    """
    index = vocabulary.index
    for form in (token, token.lower(), token.capitalize(), token.upper()):
        if form in index and form not in (UNKNOWN, END):
            return [form]
    if _HYPHEN in index and "-" in token[1:-1]:
        parts = re.split(r"(?<=\w)-(?=\w)", token)
        if len(parts) > 1:
            return [piece for n, part in enumerate(parts) for piece in ([_HYPHEN] * (n > 0) + pieces(vocabulary, part))]
    of = re.fullmatch(r"(.*\w)(['’]s)", token)
    if of and "'s" in index:
        return [*pieces(vocabulary, of[1]), "'s"]
    return [token]


def states(model: "LanguageModel", sentences: Sequence[EncodedExample]) -> SenseStates:
    """Read sentences side by side, those of like length together: padding behind one changes nothing before it."""
    import torch

    from lstm_core.recordings.reader import THREADS, threads
    from lstm_core.runs.model import SignalReader

    width = model.config.layers * model.config.hidden
    found = SenseStates(np.empty((len(sentences), width), np.float32), np.empty((len(sentences), width), np.float32))
    batches = _batches([len(one.ids) for one in sentences])
    readers = [SignalReader(model) for _ in range(THREADS)]

    def read(share: int) -> None:
        for batch in batches[share::THREADS]:
            some = [sentences[at] for at in batch]
            ids = np.zeros((len(some), max(len(one.ids) for one in some)), np.int64)
            for row, one in zip(ids, some, strict=True):
                row[: len(one.ids)] = one.ids
            layers, _ = readers[share].advance(torch.from_numpy(ids), model.zero_state(len(some)))
            rows = torch.arange(len(some))
            moments = ([one.place for one in some], [len(one.ids) - 1 for one in some])
            for target, at in zip((found.at_word, found.at_end), moments, strict=True):
                values = torch.cat([signals["h"][rows, torch.tensor(at)] for signals in layers], dim=1)
                target[batch] = values.numpy()

    with threads() as pool:
        list(pool.map(read, range(THREADS)))
    return found


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Numbers of sentences in batches of about BATCH tokens, the shortest first."""
    order = sorted(range(len(lengths)), key=lambda at: lengths[at])
    ends = np.cumsum([lengths[at] for at in order])
    grouped = groupby(zip(order, ends.tolist(), strict=True), key=lambda pair: pair[1] // BATCH)
    return [[at for at, _ in some] for _, some in grouped]


# Measuring ------------------------------------------------------------------------------------------------------------


def senses(run: Run, *, given: Sequence[LabelledSet] = (), report: Progress = silent) -> Senses:
    """Read labelled sets, all of SETS unless some are `given`, with a run and its untrained twin, and measure.

    The twin is drawn from the run's own settings. Raises ValueError for a run of letters or without weights, and where
    no word of a set is left; CorpusMissing for a set that is not at hand.
    """
    from lstm_core.runs.model import build  # loads torch

    if run.kind != "word":
        raise ValueError(f"{run.name} reads letters, senses are labelled word by word: choose a run of words")
    models = run.load_model(), build(run.model_config, run.train_config.seed).eval()
    every = list(given) or list(map(read_set, SETS))
    done = []
    for number, one in enumerate(every):

        def told(share: float, word: str, first: int = number) -> None:
            report((first + share) / len(every), word)

        done.append(_of_set(run, models, one, told))
    config = run.model_config
    return Senses(run.name, run.fingerprint, config.architecture, config.layers * config.hidden, tuple(done))


def _of_set(run: Run, models: "tuple[LanguageModel, LanguageModel]", asked: LabelledSet, report: Progress) -> SetSenses:
    by_word = asked.by_word()
    found, tokens, unknown_tokens, places, unknown = [], 0, 0, 0, 0
    units = [(layer, n) for layer in range(1, run.model_config.layers + 1) for n in range(run.model_config.hidden)]
    for number, (word, examples) in enumerate(by_word.items()):
        report(number / len(by_word), f"{asked.name}: {word}")
        sentences = [(one, encoded(run.vocabulary, one)) for one in at_most(examples)]
        tokens += sum(len(made.ids) for _, made in sentences)
        unknown_tokens += sum(made.unknown for _, made in sentences)
        places += len(sentences)
        unknown += sum(not made.known for _, made in sentences)
        known = [(one, made) for one, made in sentences if made.known]
        left = set(with_enough([one for one, _ in known]))
        kept = [(one, made) for one, made in known if one in left]
        if kept:
            found.append(_of_word(word, kept, len(sentences) - len(known), models, units))
    if not found:
        raise ValueError(f"{run.name} knows no word of {asked.name} in enough places: choose a run with more words")
    few = len({one.word for one in asked.examples}) - len(found)
    return SetSenses(asked.name, tuple(found), tokens, unknown_tokens, places, unknown, lost=asked.lost, few=few)


def at_most(examples: Sequence[Example], most: int = MOST) -> list[Example]:
    """At most so many examples of each sense in each part, evenly spaced, in order."""
    kinds: dict[tuple[str, bool], list[int]] = {}
    for number, one in enumerate(examples):
        kinds.setdefault((one.sense, one.test), []).append(number)
    kept = {kind[at] for kind in kinds.values() for at in spaced(len(kind), most).tolist()}
    return [one for number, one in enumerate(examples) if number in kept]


def spaced(count: int, most: int) -> Whole:
    """At most so many of the numbers below `count`, evenly spaced: some sets are sorted by sense or by source."""
    return np.linspace(0, count - 1, min(count, most)).astype(np.int64)


def _of_word(
    word: str, kept: Sequence[tuple[Example, EncodedExample]], unknown: int, models: Models, units: Sequence[Unit]
) -> WordSenses:
    examples = [one for one, _ in kept]
    train = [one.sense for one in examples if not one.test]
    names = sorted(set(train), key=lambda name: (-train.count(name), name))
    labels = np.array([names.index(one.sense) for one in examples])
    test = np.array([one.test for one in examples])
    ours, twins = (states(model, [made for _, made in kept]) for model in models)
    scores = {"majority": majority(labels[~test], labels[test])}
    whole, before = [one.tokens for one in examples], [one.tokens[: one.stop] for one in examples]
    for name, texts in (("words_before", before), ("words", whole)):
        train_texts, test_texts = ([texts[at] for at in np.flatnonzero(part).tolist()] for part in (~test, test))
        train_words, test_words = bags_of_words(train_texts, test_texts)
        scores[name] = held_out(train_words, labels[~test], test_words, labels[test])
    for prefix, made in (("", ours), ("twin_", twins)):
        for moment in ("at_word", "at_end"):
            values: Values = getattr(made, moment)
            train_values, test_values = standardised(values[~test], values[test])
            scores[prefix + moment] = held_out(train_values, labels[~test], test_values, labels[test])
    counted, twin_counted = (unit_counts(made.at_word, labels == 0, test, units) for made in (ours, twins))
    places = int((~test).sum()), int(test.sum())
    return WordSenses(word, tuple(names), *places, unknown, counted, twin_counted, scores)


def unit_counts(values: Values, first: Mask, test: Mask, units: Sequence[Unit]) -> UnitCounts:
    """Which units of `values` (N, U) tell the places `first` (N,) from the others: chosen where `test` (N,) is not,
    confirmed where it is, as in a study; and the same with labels shuffled within each part.
    """
    telling = tells_apart(_places(values, first, test), _places(values, ~first, test), units)[0]
    verdicts = [one.verdict for one in telling]
    draw, shuffled = np.random.default_rng(0), 0
    for _ in range(SHUFFLES):
        dealt = first.copy()
        for part in (~test, test):
            dealt[part] = draw.permutation(first[part])
        shuffled += confirmed(_places(values, dealt, test), _places(values, ~dealt, test), units)
    counts = len(telling), verdicts.count("confirmed"), verdicts.count("too few to tell")
    return UnitCounts(*counts, shuffled / SHUFFLES)


def _places(values: Values, kind: Mask, test: Mask) -> Values:
    """The places of a kind, training before test ones and as many of these as of those: a study's first half chooses
    and its second confirms.
    """
    parts = np.flatnonzero(kind & ~test), np.flatnonzero(kind & test)
    count = min(LOOKED_AT, *map(len, parts))
    return values[np.concatenate([part[spaced(len(part), count)] for part in parts])]


# What is kept ---------------------------------------------------------------------------------------------------------


def _sound(found: Senses) -> bool:
    scored = all(word.scores.keys() == GUESSERS.keys() for part in found.sets for word in part.words)
    return scored and all(part.name in SETS and part.words and part.tokens and part.places for part in found.sets)


SENSES = Results("senses.json", Senses, SCHEMA, own="senses/{weights:.20}.json", sound=_sound)


def read_senses(run: Run) -> Senses | None:
    """What is kept for a run's present weights, of each set what came with it first; None where nothing whole is."""
    found = None
    for one in SENSES.all(run):
        found = one if found is None else with_sets_of(found, one)
    return found


def with_sets_of(found: Senses, before: Senses | None) -> Senses:
    """A result with the sets that an earlier one of the same weights has and it has not, in the order of SETS."""
    if before is None or before.weights != found.weights:
        return found
    made = {part.name: part for part in (*before.sets, *found.sets)}
    return replace(found, sets=tuple(made[name] for name in SETS if name in made))
