"""What groups of words on a map hold, and how far they are those of the thesis (section 5.2).

Pure functions of a map and of the group of each of its words; knows nothing of models. P words, W different ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_core.clusters.alternatives import agreement
from lstm_core.clusters.word_map import WordMap
from lstm_core.stats.ranks import Mask
from lstm_core.text.marks import QUOTES, in_quotes

Labels = NDArray[np.int32]

FREQUENT = 5  # times that a word must stand on a map for its share in a group to say anything
ROUNDS = 20  # in which the words of a map are dealt to its groups anew
DEALS = 1000  # in which opening and closing marks are dealt anew, to see what chance tells apart
PRINTED = 10  # words of a group that Table 5.1 shows at most: the most frequent ones
# Table 5.1: the words of eight groups (dropout .7, hidden state of the first layer), in order of frequency.
TABLE_5_1: dict[str, tuple[str, ...]] = {
    "the": ("the", "<unk>", "of", "with", "The", "for", "that", "@.@", "season", "Cullen"),
    "pronouns": ("she", "he", "He", "it", "She", "they", "It", "who", "They"),
    "conjunctions": ("and", "but", "or", "so", "nor"),
    "be": ("was", "is", "were", "be", "being", "are", "been", "became", "remained", "become"),
    "possessives": ("'s", "his", "her", "their", "'", "its", "Her", "His", "elder", "Its"),
    "in, into": ("in", "In", "during", "into", "During", "throughout", "By"),
    "=": ("=",),
    "have": ("had", "has", "have", "having"),
}
# What its sections 5.2.1 and 5.2.2 say of other groups, without lists.
ALSO_NAMED: dict[str, tuple[str, ...]] = {
    "months": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    "commas": (",",),
    "semicolons": (";",),
    "colons": (":",),
    "full stops": (".",),
}  # fmt: skip


@dataclass(frozen=True)
class Word:
    """A word in a group: how many `times`, and which `share` that is of all its times on the map."""

    word: str
    times: int
    share: float


@dataclass(frozen=True)
class Group:
    """A group by its number, its size in words of the text, and its different words, the most frequent first."""

    number: int
    size: int
    words: tuple[Word, ...]


def table(found: WordMap, labels: Labels, *, least: int = 1) -> tuple[Group, ...]:
    """The groups of at least `least` words, the largest first. `labels` (P,) as `Joins.cut` gives them."""
    number, word, times = _counted(found, labels)
    sizes = np.bincount(labels)
    order = np.lexsort((word, -times, number))  # equally frequent words in the order of `types`
    ends = np.searchsorted(number[order], np.arange(len(sizes) + 1))
    total = found.times
    rows = []
    for group in np.flatnonzero(sizes >= least).tolist():
        inside = order[ends[group] : ends[group + 1]]
        words = (Word(found.types[word[at]], int(times[at]), float(times[at] / total[word[at]])) for at in inside)
        rows.append(Group(group, int(sizes[group]), tuple(words)))
    return tuple(sorted(rows, key=lambda row: (-row.size, row.number)))


def _counted(found: WordMap, labels: Labels) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Group, word and how often, for every word of every group."""
    if labels.shape != found.words.shape:
        raise ValueError(f"there are {len(labels):,} groups for {len(found.words):,} words: cut the joins of this map")
    width = len(found.types)
    both, times = np.unique(labels.astype(np.int64) * width + found.words, return_counts=True)
    return both // width, both % width, times


# Beside the thesis: groups of a kind (T8) -----------------------------------------------------------------------------


@dataclass(frozen=True)
class GroupMatch:
    """The group that is most like a list of words. `jaccard`: shared words over all words of both, in [0, 1], and what
    it is on average where the words of the map are dealt to the groups by `chance`.

    Of the list only the words that stand on the map at least FREQUENT times are compared (`wanted`), the others are
    `missing`; with none left there is no figure. Of a group, `words`: those that stand there more often than elsewhere,
    at least FREQUENT times on the map, of these the PRINTED most frequent, as the thesis prints them, or as many as are
    wanted where that is more.
    """

    name: str
    wanted: tuple[str, ...]
    missing: tuple[str, ...]
    group: int | None
    words: tuple[str, ...]
    jaccard: float | None
    chance: float | None


def matches(found: WordMap, labels: Labels, lists: Mapping[str, Sequence[str]]) -> tuple[GroupMatch, ...]:
    """For each list of words the group with the highest Jaccard index, beside chance from ROUNDS deals.

    More than half of a word's times and not any of them: a group of everything holds every word. The most frequent
    ones and not all: that is how the lists of the thesis were cut.
    """
    seen = dict(zip(found.types, found.times.tolist(), strict=True))
    wanted = {name: tuple(word for word in words if seen.get(word, 0) >= FREQUENT) for name, words in lists.items()}
    at_home = _at_home(found, labels)
    rng = np.random.default_rng(0)
    deals = [_at_home(found, rng.permutation(labels)) for _ in range(ROUNDS)]
    rows = []
    for name, words in lists.items():
        asked = wanted[name]
        score, group = _best(asked, at_home)
        missing = tuple(word for word in words if word not in asked)
        held = _printed(at_home[group], asked) if group is not None else ()
        chance = float(np.mean([_best(asked, deal)[0] for deal in deals]))
        rows.append(GroupMatch(name, asked, missing, group, held, *((score, chance) if asked else (None, None))))
    return tuple(rows)


def _at_home(found: WordMap, labels: Labels) -> dict[int, tuple[str, ...]]:
    """The words of each group that a list may be compared with, the most frequent first."""
    number, word, times = _counted(found, labels)
    kept = (2 * times > found.times[word]) & (found.times[word] >= FREQUENT)
    number, word, times = number[kept], word[kept], times[kept]
    homes: dict[int, list[str]] = {}
    for at in np.lexsort((word, -times)):
        homes.setdefault(int(number[at]), []).append(found.types[word[at]])
    return {group: tuple(words) for group, words in homes.items()}


def _printed(words: tuple[str, ...], wanted: Sequence[str]) -> tuple[str, ...]:
    return words[: max(PRINTED, len(wanted))]


def _best(wanted: Sequence[str], at_home: Mapping[int, tuple[str, ...]]) -> tuple[float, int | None]:
    """The highest Jaccard index of a list with the words of a group, and that group; of equal ones the largest."""
    asked = set(wanted)
    compared = {group: set(_printed(words, wanted)) for group, words in at_home.items()}
    scores = {group: len(asked & words) / len(asked | words) for group, words in compared.items()}
    best = max(sorted(scores), key=scores.__getitem__, default=None)
    return (scores[best], best) if best is not None and scores[best] else (0.0, None)


# Beside the thesis: marks, runs of words, two maps (T9) ---------------------------------------------------------------


@dataclass(frozen=True)
class MarksApart:
    """Whether groups tell opening marks from closing ones; each figure in [0, 1], None where a kind is missing.

    `homogeneity` is 1 where no group holds both kinds, `completeness` is 1 where each kind is in one group; `v_measure`
    is their harmonic mean (Rosenberg and Hirschberg 2007). A mark alone in its group is with none of the other kind,
    whatever it is: hence `chance`, the mean homogeneity where the kinds are dealt to the same marks at random, and `p`,
    the share of the deals with at least as much as was found.
    """

    opening: int
    closing: int
    homogeneity: float | None
    completeness: float | None
    v_measure: float | None
    chance: float | None = None
    p: float | None = None

    @property
    def beyond(self) -> float | None:
        """Homogeneity beyond chance: 1 where no group holds both kinds, 0 where it is as when dealt at random; None
        also where no deal puts two kinds together.
        """
        if self.homogeneity is None or self.chance is None or self.chance > 1 - 1e-9:
            return None
        return (self.homogeneity - self.chance) / (1 - self.chance)


def brackets(found: WordMap) -> tuple[Mask, Mask]:
    """Where round brackets open and where they close (P,)."""
    return np.isin(found.tokens, ("(", "-LRB-")), np.isin(found.tokens, (")", "-RRB-"))


def quotes(found: WordMap) -> tuple[Mask, Mask]:
    """Where quotation marks open and where they close (P,); straight ones in turn, anew in every paragraph.

    A map that begins inside a paragraph may have those of its first paragraph the wrong way round.
    """
    inside = in_quotes(found.tokens)
    opening, closing = np.zeros((2, len(inside)), dtype=bool)
    for at, token in enumerate(found.tokens):
        if token in QUOTES:
            kind = QUOTES[token][1]
            opens = bool(inside[at]) if kind is None else kind
            opening[at], closing[at] = opens, not opens
    return opening, closing


def apart(labels: Labels, opening: Mask, closing: Mask) -> MarksApart:
    """How well the groups of the marks tell the two kinds apart."""
    counts = int(opening.sum()), int(closing.sum())
    if not all(counts):
        return MarksApart(*counts, None, None, None)
    groups, at = np.unique(np.concatenate((labels[opening], labels[closing])), return_inverse=True)
    opens = np.repeat((1, 0), counts)  # (N,) marks
    deals = np.random.default_rng(0).permuted(np.tile(opens, (DEALS, 1)), axis=1)
    of_group = (at[:, None] == np.arange(len(groups))).astype(np.float64)  # (N, G)
    first = np.vstack([opens, deals]) @ of_group  # (1 + DEALS, G) opening marks in each group
    sizes = of_group.sum(axis=0)
    of_groups, of_kinds = _entropy(sizes), _entropy(np.array(counts, dtype=np.float64))
    shared = np.maximum(0.0, of_groups + of_kinds - _entropy(np.concatenate([first, sizes - first], axis=1)))
    found, *dealt = (shared / of_kinds).tolist()
    completeness = float(shared[0] / of_groups) if of_groups else 1.0
    v_measure = 2 * found * completeness / (found + completeness) if found + completeness else 0.0
    p = (1 + sum(one >= found - 1e-12 for one in dealt)) / (1 + DEALS)
    return MarksApart(*counts, found, completeness, v_measure, sum(dealt) / DEALS, p)


def _entropy(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the shares (..., N) of the last axis, in nats."""
    shares = counts / counts.sum(axis=-1, keepdims=True)
    return -(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=-1)


@dataclass(frozen=True)
class Runs:
    """How often a word is in the group of the word before it: `share` of the pairs of neighbours, in [0, 1], beside
    the `shuffled` share, which is expected of the same groups with the words in any order."""

    share: float
    shuffled: float
    pairs: int


def runs(labels: Labels) -> Runs:
    """Whether groups are runs of consecutive words; `labels` (P,) in the order of the text.

    Raises ValueError for fewer than two words.
    """
    count = len(labels)
    if count < 2:
        raise ValueError(f"{count} words have no neighbours: give at least 2")
    sizes = np.bincount(labels).astype(np.int64)
    together = int((sizes * (sizes - 1)).sum()) / (count * (count - 1))
    return Runs(float(np.mean(labels[1:] == labels[:-1])), together, count - 1)


@dataclass(frozen=True)
class MapAgreement:
    """The adjusted Rand index of two groupings (1 the same, 0 as by chance) of `of` things, None where there are none;
    `things`: the "words of the text" one by one, or the different "words"."""

    index: float | None
    of: int
    things: str


def agree(one: WordMap, labels: Labels, other: WordMap, others: Labels) -> MapAgreement:
    """How far two maps group alike. Maps of the same words of one text (h and c, two runs) are compared word by word;
    those of other texts by the words that stand at least FREQUENT times on both, each in the group where it is most
    often.
    """
    if (one.text_fingerprint, one.span) == (other.text_fingerprint, other.span) and one.tokens == other.tokens:
        return MapAgreement(agreement(labels, others)[0], len(labels), "words of the text")
    homes, other_homes = _homes(one, labels), _homes(other, others)
    common = [word for word in homes if word in other_homes]
    a, b = (np.array([of[word] for word in common], dtype=np.int32) for of in (homes, other_homes))
    return MapAgreement(agreement(a, b)[0] if common else None, len(common), "words")


def _homes(found: WordMap, labels: Labels) -> dict[str, int]:
    """The group where each frequent word is most often; of equal ones the largest."""
    number, word, times = _counted(found, labels)
    order = np.lexsort((-number, times))
    return {found.types[word[at]]: int(number[at]) for at in order if found.times[word[at]] >= FREQUENT}


# As one document ------------------------------------------------------------------------------------------------------


def summary(found: WordMap, labels: Labels, linkage: str, *, least: int = 1) -> dict[str, Any]:
    """One document: of what the map is, its groups of at least `least` words, and what is measured beside the thesis.

    Shares and indices are in [0, 1], None where the text does not have what they need.
    """
    lists = {**TABLE_5_1, **ALSO_NAMED}
    sizes = np.bincount(labels)
    return {
        "run": found.run,
        "signal": found.query.signal,
        "layer": found.query.layer,
        "text": found.text,
        "span": list(found.span),
        "words": len(found.words),
        "different_words": len(found.types),
        "perplexity": found.query.perplexity,
        "seed": found.query.seed,
        "seconds": found.seconds,
        "linkage": linkage,
        "groups": len(sizes),
        "largest_share": float(sizes.max() / sizes.sum()),
        "least": least,
        "table": [asdict(group) for group in table(found, labels, least=least)],
        "lists": [asdict(match) for match in matches(found, labels, lists)],
        "brackets": asdict(apart(labels, *brackets(found))),
        "quotes": asdict(apart(labels, *quotes(found))),
        "runs": asdict(runs(labels)),
    }
