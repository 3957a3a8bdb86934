"""What the thesis says of maps of words (sections 5.2.1 and 5.2.2, PROTOCOLS T8 and T9) beside maps of a run.

Pure functions of maps and of the groups of their words; knows neither models nor files. Every bound that decides
whether a statement holds is ours, for the thesis shows pictures and gives no figures; each is told beside its claim.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lstm_core.claims.marks import Told, brackets_claim, quotes_claim
from lstm_core.claims.training import Claim
from lstm_core.clusters.word_groups import (
    ALSO_NAMED,
    FREQUENT,
    TABLE_5_1,
    GroupMatch,
    Labels,
    agree,
    matches,
    runs,
    table,
)
from lstm_core.clusters.word_map import WordMap
from lstm_core.stats.linkage import joins

GROUPS = 100  # at which the statements are measured, by single linkage, whatever else is looked at
FOUND = 0.5  # Jaccard index from which a list counts as found
PURE = 0.9  # share of a group that a mark makes up where the group is its own
ALIKE = 0.5  # adjusted Rand index from which two maps count as alike
ONE_BLOB = 0.9  # share of the words in the largest group that counts as almost everything
BEYOND = 0.5  # of the neighbours that shuffling would part, the share that stay together where groups are runs
MARKS = ("commas", "semicolons", "colons", "full stops")
SECOND = ("months", "have", "be")

_FIRST, _SECOND = "thesis, section 5.2.1", "thesis, section 5.2.2"
_HOW = f"{GROUPS} groups by single linkage"


@dataclass(frozen=True, eq=False)
class Grouped:
    """A map and the group of each of its words (P,)."""

    found: WordMap
    labels: Labels


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
    claims: tuple[Claim, ...]
    sweep: tuple[Told, ...] = ()


def grouped(found: WordMap) -> Grouped:
    """A map with the groups at which the statements are measured; one a word where there are fewer words."""
    return Grouped(found, joins(found.places, "single").cut_at_most(GROUPS))


def beside(maps: Maps, sweep: Sequence[Told] = ()) -> Beside:
    """All statements beside the maps. `sweep`: what h1 says of marks, and the same map of runs with other dropouts."""
    ordered = tuple(sorted(sweep, key=lambda told: told.dropout))
    lists = matches(maps.h1.found, maps.h1.labels, TABLE_5_1) if maps.h1 else ()
    claims = (
        _table(lists),
        *_marks(ordered),
        _punctuation(maps.h1),
        _same_signals(maps),
        _same_parts(maps),
        _blob(maps.h2),
        _second_layer(maps.h2),
        _consecutive(maps.c2),
    )
    return Beside(lists, claims, ordered)


def is_found(match: GroupMatch) -> bool | None:
    """Whether a list has a group of its own here; None where its words do not stand on the map often enough."""
    return None if match.jaccard is None else match.jaccard >= FOUND


def _untold(source: str, says: str, missing: str, name: str = "T9") -> Claim:
    return Claim(name, source, says, f"Cannot be told: {missing}", "", None)


def _no_map(signal: str, layer: int) -> str:
    state = {"h": "hidden state (h)", "c": "cell state (c)"}[signal]
    return f"the map of the {state} of layer {layer} is not at hand. Make it above."


# One map of the first layer -------------------------------------------------------------------------------------------


def _table(lists: Sequence[GroupMatch]) -> Claim:
    says = "eight groups of layer 1 hold words that belong together: the, pronouns, conjunctions, be, possessives, ..."
    if not lists:
        return _untold("thesis, Table 5.1", says, _no_map("h", 1), "T8")
    return Claim(
        "T8",
        "thesis, Table 5.1",
        says,
        _lists_told(lists),
        "its model: 2 layers of 2,000, dropout .7, WikiText-2. Found = Jaccard index of at least "
        f"{FOUND} with the most frequent words of a group, a bound of ours, for the thesis gives none; {_HOW}. We ask "
        "for every list: one that is not found refutes it, where one cannot be told it cannot be said to hold",
        _all_found(lists),
    )


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


def _all_found(lists: Sequence[GroupMatch]) -> bool | None:
    return _every([is_found(row) for row in lists])


def _every(found: Sequence[bool | None]) -> bool | None:
    """Whether all are true; None where one cannot be told and none is false, and where there are none."""
    if False in found:
        return False
    return None if None in found or not found else True


def _marks(told: Sequence[Told]) -> list[Claim]:
    """Of marks that open and close, by what the maps at hand say of them."""
    claims = [brackets_claim(told, _HOW), quotes_claim(told, _HOW)]
    return claims if told else [_untold(one.source, one.says, _no_map("h", 1)) for one in claims]


def _punctuation(one: Grouped | None) -> Claim:
    says = "commas, semicolons, colons and full stops are in groups of their own"
    if one is None:
        return _untold(_FIRST, says, _no_map("h", 1))
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
        owned.append(2 * most > times and most >= PURE * size)
    why = (
        f"own = more than half of a mark stand in one group and make up at least {PURE:.0%} of it, ours; {_HOW}. We "
        "ask for every mark"
    )
    return Claim("T9", _FIRST, says, "; ".join(parts), why, _every(owned))


def _home(one: Grouped, mark: str) -> tuple[int, int, int]:
    """How often a word stands in the group where it is most often, that group's size and its number."""
    rows = table(one.found, one.labels)
    homes = [(word.times, row.size, row.number) for row in rows for word in row.words if word.word == mark]
    return max(homes, key=lambda home: (home[0], -home[2]))


# Two maps -------------------------------------------------------------------------------------------------------------


def _same_signals(maps: Maps) -> Claim:
    says = "in layer 1 the cell state groups words as the hidden state does"
    return _alike(says, maps.h1, maps.c1, _no_map("h", 1) if maps.h1 is None else _no_map("c", 1))


def _same_parts(maps: Maps) -> Claim:
    says = "in layer 1 words of another part of the text are grouped as those of the training text"
    lost = "the map of the hidden state of layer 1 over another part of the text is not at hand. Make it above."
    return _alike(says, maps.h1, maps.another, _no_map("h", 1) if maps.h1 is None else lost)


def _alike(says: str, one: Grouped | None, other: Grouped | None, lost: str) -> Claim:
    if one is None or other is None:
        return _untold(_FIRST, says, lost)
    told = agree(one.found, one.labels, other.found, other.labels)
    if told.index is None:
        return _untold(_FIRST, says, f"no word stands {FREQUENT} times on both maps.")
    return Claim(
        "T9",
        _FIRST,
        says,
        f"adjusted Rand index {told.index:.2f} (1 the same, 0 as by chance), n = {told.of:,} {told.things}",
        f"the thesis: very similar, fairly similar, by the eye. We ask for at least {ALIKE}; {_HOW}",
        told.index >= ALIKE,
    )


# The second layer -----------------------------------------------------------------------------------------------------


def _blob(one: Grouped | None) -> Claim:
    says = "in layer 2 single linkage puts almost all words by their hidden state into one group"
    if one is None:
        return _untold(_SECOND, says, _no_map("h", 2))
    words = len(one.labels)
    share = int((one.labels == 0).sum()) / words
    why = f"almost all = at least {ONE_BLOB:.0%}, ours; {_HOW}"
    return Claim("T9", _SECOND, says, f"{share:.1%} of {words:,} words are in the largest", why, share >= ONE_BLOB)


def _second_layer(one: Grouped | None) -> Claim:
    says = "in layer 2 there are groups of months, of have and of be"
    if one is None:
        return _untold(_SECOND, says, _no_map("h", 2))
    lists = {name: {**TABLE_5_1, **ALSO_NAMED}[name] for name in SECOND}
    found = matches(one.found, one.labels, lists)
    why = f"found = Jaccard index of at least {FOUND}, ours; of the hidden state; {_HOW}"
    return Claim("T9", _SECOND, says, _lists_told(found), why, _all_found(found))


def _consecutive(one: Grouped | None) -> Claim:
    says = "in layer 2 the cell state's groups are runs of consecutive words"
    if one is None:
        return _untold(_SECOND, says, _no_map("c", 2))
    if len(one.labels) < 2:
        return _untold(_SECOND, says, "the map has one word.")
    told = runs(one.labels)
    beyond = (told.share - told.shuffled) / (1 - told.shuffled) if told.shuffled < 1 else 0.0
    return Claim(
        "T9",
        _SECOND,
        says,
        f"{told.share:.1%} of {told.pairs:,} words share a group with the word before, {told.shuffled:.1%} when "
        "shuffled",
        f"of the pairs that shuffling parts, {max(beyond, 0):.0%} stay together; we ask for {BEYOND:.0%}; {_HOW}",
        beyond >= BEYOND,
    )
