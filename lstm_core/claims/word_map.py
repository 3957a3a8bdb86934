"""What the thesis says of maps of words (sections 5.2.1 and 5.2.2, PROTOCOLS T8 and T9) beside maps of a run.

Pure functions of maps and of the groups of their words; knows neither models nor files. Every bound that decides
whether a statement holds is ours, for the thesis shows pictures and gives no figures; each is told beside its claim.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from lstm_core.claims.claim import CLAIMS, MEASURES, Claim, Verdict, measures
from lstm_core.claims.dropout import GROUPS, ToldApart, brackets_claim, quotes_claim
from lstm_core.clusters import word_groups
from lstm_core.clusters.word_groups import ALSO_NAMED, FREQUENT, TABLE_5_1, GroupMatch, Labels
from lstm_core.clusters.word_map import WordMap
from lstm_core.stats.linkage import joins

FOUND: float = CLAIMS["T8"].figures["found"]  # Jaccard index from which a list counts as found
ASKED = ("T8", "T9-punctuation", "T9-signals", "T9-parts", "T9-blob", "T9-second", "T9-runs")  # of maps, in this order
MARKS = ("commas", "semicolons", "colons", "full stops")
SECOND = ("months", "have", "be")
MAPS = {
    "h1": "hidden state (h) of layer 1",
    "c1": "cell state (c) of layer 1",
    "h2": "hidden state (h) of layer 2",
    "c2": "cell state (c) of layer 2",
    "another": "hidden state of layer 1 over another part of the text",
}
HOW = f"{GROUPS} groups by single linkage"


@dataclass(frozen=True, eq=False)
class Grouped:
    """A map and the group of each of its words (P,)."""

    found: WordMap
    labels: Labels

    @cached_property
    def lists(self) -> tuple[GroupMatch, ...]:
        """The lists of Table 5.1 with the groups most like them."""
        return word_groups.matches(self.found, self.labels, TABLE_5_1)


@dataclass(frozen=True, eq=False)
class Maps:
    """The maps of one run that the statements are about, None where they are not at hand: hidden state `h` and cell
    state `c` of layers 1 and 2 over one part of the text, and h of layer 1 over `another` part."""

    h1: Grouped | None = None
    c1: Grouped | None = None
    h2: Grouped | None = None
    c2: Grouped | None = None
    another: Grouped | None = None


@dataclass(frozen=True)
class Beside:
    """The lists of Table 5.1 with the groups most like them (none without h of layer 1), and all statements; `sweep`:
    how marks are told apart by runs of a sweep, those with least dropout first."""

    lists: tuple[GroupMatch, ...]
    claims: tuple[Verdict, ...]
    sweep: tuple[ToldApart, ...] = ()


def grouped(found: WordMap) -> Grouped:
    """A map with the groups at which the statements are measured; one a word where there are fewer words."""
    return Grouped(found, joins(found.places, "single").cut_at_most(GROUPS))


def beside(maps: Maps, sweep: Sequence[ToldApart] = ()) -> Beside:
    """All statements beside the maps. `sweep`: what h1 says of marks, and the same map of runs with other dropouts."""
    ordered = tuple(sorted(sweep, key=lambda told: told.dropout))
    table_5_1, *others = (_asked(name, maps) for name in ASKED)
    claims = (table_5_1, brackets_claim(ordered, HOW), quotes_claim(ordered, HOW), *others)
    return Beside(maps.h1.lists if maps.h1 else (), claims, ordered)


def is_found(match: GroupMatch) -> bool | None:
    """Whether a list has a group of its own here; None where its words do not stand on the map often enough."""
    return None if match.jaccard is None else match.jaccard >= FOUND


def _asked(name: str, maps: Maps) -> Verdict:
    """One statement beside the maps that it is about, no verdict where one is missing."""
    claim, given = CLAIMS[name], {place: getattr(maps, place) for place in CLAIMS[name].figures["maps"]}
    for place, one in given.items():
        if one is None:
            told = f"Cannot be told: the map of the {MAPS[place]} is not at hand. Make it above."
            return claim.judged(told, None, how=HOW)
    return MEASURES[name](*given.values())


@measures("T8")
def _table(claim: Claim, one: Grouped) -> Verdict:
    return claim.judged(_lists_told(one.lists), _every([is_found(row) for row in one.lists]), how=HOW)


def _lists_told(lists: Sequence[GroupMatch]) -> str:
    parts = []
    for wanted, word in ((True, "found"), (False, "not found")):
        named = [f"{row.name} {row.jaccard:.2f}" for row in lists if is_found(row) is wanted]
        if named:
            parts.append(f"{word}: {', '.join(named)}")
    if untold := [row.name for row in lists if is_found(row) is None]:
        parts.append(f"cannot be told, since their words do not occur {FREQUENT} times: {', '.join(untold)}")
    chances = [row.chance for row in lists if row.chance is not None]
    bound = f" (Jaccard index, by chance at most {max(chances):.2f})" if chances else ""
    return "; ".join(parts) + bound


def _every(found: Sequence[bool | None]) -> bool | None:
    """Whether all are true; None where one cannot be told and none is false, and where there are none."""
    if False in found:
        return False
    return None if None in found or not found else True


@measures("T9-punctuation")
def _punctuation(claim: Claim, one: Grouped) -> Verdict:
    parts: list[str] = []
    owned: list[bool | None] = []
    for name in MARKS:
        (mark,) = ALSO_NAMED[name]
        times = one.found.tokens.count(mark)
        if times < FREQUENT:
            parts.append(f"{name}: cannot be told, there are {times}")
            owned.append(None)
            continue
        most, size, number = _home(one, mark)
        parts.append(f"{name}: {most / times:.0%} of {times:,} in group {number}, {most / size:.0%} of what it holds")
        owned.append(2 * most > times and most >= claim.figures["pure"] * size)
    return claim.judged("; ".join(parts), _every(owned), how=HOW)


def _home(one: Grouped, mark: str) -> tuple[int, int, int]:
    """How often a word stands in the group where it is most often, that group's size and its number."""
    rows = word_groups.table(one.found, one.labels)
    homes = [(word.times, row.size, row.number) for row in rows for word in row.words if word.word == mark]
    return max(homes, key=lambda home: (home[0], -home[2]))


def _alike(claim: Claim, one: Grouped, other: Grouped) -> Verdict:
    told = word_groups.agree(one.found, one.labels, other.found, other.labels)
    if told.index is None:
        return claim.judged(f"Cannot be told: no word stands {FREQUENT} times on both maps.", None, how=HOW)
    index = f"adjusted Rand index {told.index:.2f} (1 the same, 0 as by chance), n = {told.of:,} {told.things}"
    return claim.judged(index, told.index >= claim.figures["alike"], how=HOW)


measures("T9-signals")(_alike)
measures("T9-parts")(_alike)


@measures("T9-blob")
def _blob(claim: Claim, one: Grouped) -> Verdict:
    words = len(one.labels)
    share = int((one.labels == 0).sum()) / words
    return claim.judged(f"{share:.1%} of {words:,} words are in the largest", share >= claim.figures["share"], how=HOW)


@measures("T9-second")
def _second_layer(claim: Claim, one: Grouped) -> Verdict:
    found = word_groups.matches(one.found, one.labels, {name: {**TABLE_5_1, **ALSO_NAMED}[name] for name in SECOND})
    return claim.judged(_lists_told(found), _every([is_found(row) for row in found]), how=HOW)


@measures("T9-runs")
def _consecutive(claim: Claim, one: Grouped) -> Verdict:
    if len(one.labels) < 2:
        return claim.judged("Cannot be told: the map has one word.", None, how=HOW)
    told = word_groups.runs(one.labels)
    beyond = (told.share - told.shuffled) / (1 - told.shuffled) if told.shuffled < 1 else 0.0
    measured = (
        f"{told.share:.1%} of {told.pairs:,} words share a group with the word before, {told.shuffled:.1%} when "
        f"shuffled: of the pairs that shuffling parts, {max(beyond, 0):.0%} stay together"
    )
    return claim.judged(measured, beyond >= claim.figures["least"], how=HOW)
