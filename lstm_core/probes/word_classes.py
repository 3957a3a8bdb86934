"""Units of a class of words, as of law: higher at its words than at others of the same part of speech that are as
frequent, also at words of the class that did not choose them; and how far such units are on together.

Source: the article, which names three units for words of law and institutions and sees them overlap. A word counts
once, however often it stands: a unit that follows one common word follows no class. Also a set of words as vectors:
does it lie apart from words of the same part of speech that are as frequent? The article shows its words on two
principal components and no others. W words, U units, T steps, D values.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_core.probes.active import WINDOW, OnSets, Unit
from lstm_core.probes.similar_units import jaccards, overlaps
from lstm_core.probes.studies import Telling, confirmed, tells_apart, values_at
from lstm_core.recordings.recording import Recording
from lstm_core.stats.separation import Separation, separation
from lstm_core.storage.frames import Framed
from lstm_core.storage.progress import Progress, silent
from lstm_core.text.tagged import Tagged

Floats = NDArray[np.float64]

FEWEST = 5  # places of a word
WORDS = 8  # of a class, at least
OF_A_SET = 4  # words, at least
AVERAGED = 200  # places of a word of which its vector in a set is the mean, evenly spaced
NEAREST = 10  # words as frequent, of which one is drawn
BESIDE = 3  # words as frequent beside each word of the class
SHUFFLES = 20  # of what is of the class
MOST = 12  # units whose overlap is looked at
TOLD = 5  # words at which a unit is on most often


@dataclass(frozen=True)
class ClassUnit:
    """A unit with what it tells (see `Telling`), at which share of the places of the class and of the words beside it
    the unit is on, and the words of the class at which it is on most often.
    """

    telling: Telling
    on_class: float
    on_beside: float
    words: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class WordClass(Framed, rows="units"):
    """The `words` of a class that a text has often enough, and those `beside` it; `absent` ones are too rare.

    `units`: those that half of the words chose, the surest first. `shuffled` are confirmed on average where as many
    words are dealt out at random. `together`: confirmed units that are higher at the class, at most MOST; `overlap`
    (S, S), the Jaccard index of the steps at which each two of them are on, and `by_chance` (S, S), what it would be if
    they had nothing to do with each other.
    """

    words: tuple[str, ...]
    beside: tuple[str, ...]
    absent: tuple[str, ...]
    units: tuple[ClassUnit, ...]
    shuffled: float
    together: tuple[Unit, ...]
    overlap: Floats
    by_chance: Floats

    @property
    def confirmed(self) -> tuple[ClassUnit, ...]:
        return tuple(one for one in self.units if one.telling.verdict == "confirmed")

    @property
    def overlaps_more(self) -> tuple[float, float]:
        """The mean Jaccard index of two different units, and that by chance; 0 where there are fewer than two."""
        pairs = np.triu_indices(len(self.together), 1)
        if not len(pairs[0]):
            return 0.0, 0.0
        return float(self.overlap[pairs].mean()), float(self.by_chance[pairs].mean())


def word_class(
    recording: Recording, on: OnSets, words: Sequence[str], tagged: Tagged | None = None, *, report: Progress = silent
) -> WordClass:
    """Which units are selective for a class of words. Without `tagged` the words beside it are as frequent, no more.

    Words in the order of the alphabet, so that court and courts are in one half. Raises ValueError for a recording of
    letters and for fewer than WORDS words that stand FEWEST times.
    """
    if recording.vocabulary.splitter == "characters":
        raise ValueError("a class of words is looked for word by word: choose a run of words")
    known = _known(recording, tagged)
    own = sorted({word for word in words if word in known})
    absent = tuple(word for word in dict.fromkeys(words) if word not in known)
    if len(own) < WORDS:
        raise ValueError(f"{len(own)} of the words stand {FEWEST} times or more in the text: {WORDS} are needed")
    draw, taken = np.random.default_rng(0), set(words)
    for _ in range(BESIDE):
        taken |= set(matched(known, own, taken, draw).values())
    beside = sorted(taken - set(words))
    places = _Places.of(recording, on, [*own, *beside], report)
    mine = np.arange(len(own) + len(beside)) < len(own)
    telling, _ = tells_apart(places.means[mine], places.means[~mine], on.units)
    numbers = [on.index[one.layer, one.unit] for one in telling]
    on_class, on_beside = (places.share(some, numbers).tolist() for some in (mine, ~mine))
    units = tuple(
        ClassUnit(one, on_class[at], on_beside[at], places.words(mine, number, own))
        for at, (one, number) in enumerate(zip(telling, numbers, strict=True))
    )
    shuffled = 0
    for _ in range(SHUFFLES):
        dealt = draw.permutation(mine)
        shuffled += confirmed(places.means[dealt], places.means[~dealt], on.units)
    report(1.0, "done")
    higher = [
        number
        for number, one in zip(numbers, telling, strict=True)
        if one.verdict == "confirmed" and one.sign > 0 and on.counts[number]
    ][:MOST]
    together = tuple(on.units[number] for number in higher)
    overlap = _overlap(on, np.array(higher, dtype=np.int64))
    return WordClass(tuple(own), tuple(beside), absent, units, shuffled / SHUFFLES, together, *overlap)


def _known(recording: Recording, tagged: Tagged | None) -> dict[str, tuple[int, int]]:
    """How often each word of letters stands, if FEWEST times or more, and the code of its commonest tag (0 without)."""
    counts = np.bincount(recording.tokens, minlength=len(recording.vocabulary))
    tags: dict[int, Counter[int]] = {}
    if tagged is not None:
        for token, code in zip(recording.tokens[tagged.start].tolist(), tagged.code.tolist(), strict=True):
            tags.setdefault(token, Counter())[code] += 1
    return {
        word: (int(count), tags[number].most_common(1)[0][0] if number in tags else 0)
        for number, (word, count) in enumerate(zip(recording.vocabulary.tokens, counts, strict=True))
        if count >= FEWEST and word.isalpha()
    }


@dataclass(frozen=True, eq=False)
class _Places:
    """Of some words: the mean of each unit over their places (W, U), at how many each unit is on (W, U), how many they
    are (W,).
    """

    means: NDArray[np.float32]
    on: Floats
    counts: Floats

    @classmethod
    def of(cls, recording: Recording, on: OnSets, words: Sequence[str], report: Progress) -> "_Places":
        row = np.full(len(recording.vocabulary), -1)
        row[[recording.vocabulary.index[word] for word in words]] = np.arange(len(words))
        of_step = row[recording.tokens]  # (T,)
        sums, times = np.zeros((len(words), len(on.units))), np.zeros((len(words), len(on.units)))
        for start in range(0, len(of_step), WINDOW):
            stop = min(start + WINDOW, len(of_step))
            at = np.flatnonzero(of_step[start:stop] >= 0)
            if not len(at):
                continue
            query = on.query
            parts = [recording.window(query.signal, layer, start, stop)[:, at] for layer in query.layers]
            np.add.at(sums, of_step[start + at], np.concatenate(parts).T)
            np.add.at(times, of_step[start + at], on.on(start, stop)[at])
            report(0.9 * stop / len(of_step), "words")
        counts = np.bincount(of_step[of_step >= 0], minlength=len(words)).astype(np.float64)
        return cls((sums / counts[:, None]).astype(np.float32), times, counts)

    def share(self, some: NDArray[np.bool_], units: Sequence[int]) -> Floats:
        """At which share of the places of some words units are on."""
        return np.asarray(self.on[some][:, units].sum(axis=0) / self.counts[some].sum())

    def words(self, some: NDArray[np.bool_], unit: int, names: Sequence[str]) -> tuple[str, ...]:
        """The words of some, by `names`, at which a unit is on most often, never those at which it is never on."""
        shares = self.on[some, unit] / self.counts[some]
        return tuple(names[at] for at in np.argsort(-shares, kind="stable")[:TOLD].tolist() if shares[at])


def _overlap(on: OnSets, numbers: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Jaccard indices of some units (S, S), and what they would be if their steps had nothing to do with each other."""
    if not len(numbers):
        return np.zeros((0, 0)), np.zeros((0, 0))
    packed = np.zeros((len(on), -(-len(numbers) // 64) * 8), np.uint8)
    for start in range(0, len(on), WINDOW):
        part = np.packbits(on.on(start, min(start + WINDOW, len(on)))[:, numbers], axis=1, bitorder="little")
        packed[start : start + len(part), : part.shape[1]] = part
    among = OnSets(on.query, tuple(on.units[number] for number in numbers.tolist()), packed.view(np.uint64))
    counts = on.counts[numbers].astype(np.float64)
    both = counts[:, None] * counts[None, :] / len(on)
    return jaccards(overlaps(among)), both / (counts[:, None] + counts[None, :] - both)


# A set of words as vectors --------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class WordSet:
    """A set of `words` that the text has, each beside one of the `controls`: a word with the same commonest tag that is
    about as frequent. `apart`: their vectors; `nothing`: those of the controls and of other controls for these.
    `absent` words of the set are too rare, or have no control.
    """

    words: tuple[str, ...]
    controls: tuple[str, ...]
    absent: tuple[str, ...]
    apart: Separation
    nothing: Separation | None


def word_set(
    recording: Recording,
    signal: str,
    layers: Sequence[int],
    words: Sequence[str],
    tagged: Tagged | None,
    *,
    seed: int = 0,
) -> WordSet:
    """The vector of a word is the mean of the states at its last step over its places.

    Raises ValueError without tags and for fewer than OF_A_SET words that stand FEWEST times.
    """
    if tagged is None:
        raise ValueError("the text is not tagged, so words like those of the set cannot be found")
    between = recording.text(0, len(recording.tokens))
    of_text = tagged.words("".join(between) if recording.vocabulary.splitter == "characters" else between)
    known = _kinds(of_text, tagged)
    draw = np.random.default_rng(seed)
    pairs = matched(known, list(dict.fromkeys(words)), set(words), draw)
    if len(pairs) < OF_A_SET:
        raise ValueError(f"{len(pairs)} of its words stand {FEWEST} times or more in the text: {OF_A_SET} are needed")
    controls = list(pairs.values())
    others = matched(known, controls, {*words, *controls}, draw)
    stops: dict[str, list[int]] = {word: [] for word in (*pairs, *controls, *others.values())}
    for word, stop in zip(of_text, tagged.stop.tolist(), strict=True):
        if word in stops:
            stops[word].append(stop)
    means = {word: _mean(recording, signal, layers, own) for word, own in stops.items()}
    one, other, third = (np.array([means[word] for word in some]) for some in (pairs, controls, others.values()))
    absent = tuple(word for word in dict.fromkeys(words) if word not in pairs)
    nothing = separation(other, third) if len(third) >= OF_A_SET else None
    return WordSet(tuple(pairs), tuple(controls), absent, separation(one, other), nothing)


def matched(
    known: Mapping[str, tuple[int, int]], words: Sequence[str], taken: set[str], draw: np.random.Generator
) -> dict[str, str]:
    """For each word that is `known` (how often, which tag) another with its tag, drawn of the NEAREST by the logarithm
    of how often they stand; the commonest choose first, none is drawn twice, and none of `taken`.
    """
    left = {word: kind for word, kind in known.items() if word not in taken}
    found = {}
    for word in sorted((word for word in words if word in known), key=lambda word: (-known[word][0], word)):
        count, tag = known[word]
        near = sorted((abs(np.log(other / count)), name) for name, (other, its) in left.items() if its == tag)
        if near := near[:NEAREST]:
            found[word] = near[int(draw.integers(len(near)))][1]
            del left[found[word]]
    return found


def _kinds(of_text: Sequence[str], tagged: Tagged) -> dict[str, tuple[int, int]]:
    """How often each word of letters alone stands, and the code of its commonest tag; those that stand FEWEST times."""
    counts = Counter(zip(of_text, tagged.code.tolist(), strict=True))
    total, best = Counter[str](), dict[str, tuple[int, int]]()
    for (word, code), count in counts.items():
        total[word] += count
        best[word] = max(best.get(word, (0, 0)), (count, -code))
    often = [(word, count) for word, count in total.items() if count >= FEWEST and word.isalpha()]
    return {word: (count, -best[word][1]) for word, count in often}


def _mean(recording: Recording, signal: str, layers: Sequence[int], stops: Sequence[int]) -> Floats:
    """The vector (D,) of a word from where its places stop."""
    few = np.unique(np.linspace(0, len(stops) - 1, AVERAGED).round().astype(int)).tolist()
    return values_at(recording, signal, layers, [stops[at] - 1 for at in few]).mean(axis=0, dtype=np.float64)
