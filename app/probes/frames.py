"""What the page Probes shows, as lines of its tables and as sentences. Pure: knows nothing of Streamlit."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lstm_core.probes.match import Match, Matches, MatchQuery
from lstm_core.probes.on_sets import OnSets
from lstm_core.probes.studies import StudyResult
from lstm_core.probes.units import SimilarUnits
from lstm_core.recording import Recording

LETTERS, WORDS = 40, 8  # at either side of a place
LONGEST = 60  # tokens of a place, of which the middle is left out
BEGINNING = 1_000_000  # tokens of which a page's first phrase is one
LEAST = 4  # letters of a word that a page begins with
Lines = list[dict[str, object]]


def in_words(recording: Recording) -> bool:
    """Whether the tokens are words."""
    return recording.vocabulary.splitter != "characters"


def first_phrase(recording: Recording) -> str:
    """What a page begins with: the commonest word of the text that has LEAST letters."""
    read = recording.text(0, BEGINNING)
    names = read if in_words(recording) else "".join(read).split()
    common = Counter(name for name in names if len(name) >= LEAST and name.isalpha())
    return common.most_common(1)[0][0] if common else (names[0] if names else "")


def shown(tokens: Sequence[str], words: bool) -> str:
    """Tokens as one text, line breaks visible; of many the first and the last."""
    if len(tokens) > LONGEST:
        tokens = [*tokens[: LONGEST // 2], " … ", *tokens[-LONGEST // 2 :]]
    return (" " if words else "").join(tokens).replace("\n", "⏎")


def in_text(recording: Recording, query: MatchQuery) -> str:
    """The place that a query is about, in its text."""
    words = in_words(recording)
    around = WORDS if words else LETTERS
    before, here, after = (
        shown(recording.text(start, stop), words)
        for start, stop in (
            (query.start - around, query.start), (query.start, query.stop), (query.stop, query.stop + around),
        )
    )  # fmt: skip
    return f"… {before} [{here}] {after} …"


def sentence(found: Matches, chance: float, phrase: str, neurons: int) -> str:
    """What a query found, for people."""
    count = len(found.units)
    verb = "neuron is" if count == 1 else "neurons are"
    told = f"{count:,} of {neurons:,} {verb} on through “{phrase}” at this place; "
    return told + f"a place drawn at random has {chance:.1f}."


def unit_lines(
    on: OnSets, found: Matches, there: NDArray[np.bool_], elsewhere: NDArray[np.float64], limit: int = 200
) -> Lines:
    """The selected units: at how many of the phrase's N occurrences each follows the pattern (`there`, N by U), and at
    which share of all spans as long (`elsewhere`, U). Those that are on for the phrase and hardly ever else come first.
    """
    numbers = [on.index[unit] for unit in found.units]
    share = there[:, numbers].mean(axis=0)
    order = np.argsort(-(share - elsewhere[numbers]), kind="stable")[:limit].tolist()
    return [
        {
            "layer": found.units[at][0],
            "neuron": found.units[at][1],
            "at this phrase": float(share[at]),
            "elsewhere": float(elsewhere[numbers[at]]),
            "on in all": int(on.counts[numbers[at]]) / len(on),
        }
        for at in order
    ]


def match_lines(recording: Recording, found: Sequence[Match]) -> Lines:
    """The runs in their text."""
    words = in_words(recording)
    around = WORDS if words else LETTERS
    return [
        {
            "in common": one.shared,
            "others": one.either - one.shared,
            "overlap": one.jaccard,
            "before": shown(recording.text(one.start - around, one.start), words),
            "steps": one.stop - one.start,
            "here": shown(recording.text(one.start, one.stop), words),
            "after": shown(recording.text(one.stop, one.stop + around), words),
            "place": recording.spec.span[0] + one.start,
        }
        for one in found
    ]


def similar_lines(found: SimilarUnits) -> Lines:
    """The units most like one."""
    return [
        {
            "layer": one.layer,
            "neuron": one.unit,
            "overlap": one.jaccard,
            "steps later": one.lag,
            "both on": one.shared,
            "by chance": one.by_chance,
        }
        for one in found.found
    ]


# Studies --------------------------------------------------------------------------------------------------------------


def phrases_sentence(found: StudyResult, neurons: int) -> str:
    """How many units are on through phrases, beside chance."""
    chance = found.expected_by_chance
    return (
        f"{found.matched:,} of {neurons:,} neurons are on through at least one phrase; at places drawn at random "
        f"{chance.matched:.1f} are. {found.selective:,} are on through one phrase alone, at random "
        f"{chance.selective:.1f}."
    )


def phrase_lines(found: StudyResult) -> Lines:
    """The phrases, those with most neurons of their own first."""
    every = [unit for one in found.phrases for unit in one.units]
    alone = {unit for unit in set(every) if every.count(unit) == 1}
    rows: Lines = [
        {
            "phrase": one.phrase,
            "places": one.places,
            "neurons": len(one.units),
            "of it alone": len(alone & set(one.units)),
        }
        for one in found.phrases
    ]
    return sorted(rows, key=lambda row: (-int(str(row["of it alone"])), -int(str(row["places"]))))


def kinds_sentence(found: StudyResult) -> str:
    """How many units tell the two kinds of places apart, for people."""
    if not (found.positives and found.negatives):
        return (
            f"The text that was read has {found.positives:,} places of the first kind and {found.negatives:,} of the "
            "second: let the model read more of it, or ask for others."
        )
    confirmed, few = len(found.confirmed), sum(one.verdict == "too few to tell" for one in found.telling)
    told = (
        f"{found.positives:,} places of the first kind, {found.negatives:,} of the second. On the first half of them "
        f"{len(found.telling):,} neurons tell the kinds apart; on the second half {confirmed:,} of these still do. "
        f"With shuffled kinds {found.expected_by_chance.confirmed:.1f} would."
    )
    if few:
        told += f" For {few:,} the places are too few: even without a mistake chance does it with {found.smallest:.2g}."
    return told


def null_sentence(found: StudyResult) -> str:
    """What the same finds where there is nothing to find."""
    parts = ", ".join(f"{count:,} for “{word}”" for word, count in found.null)
    return f"Neurons confirmed where there is nothing to tell (a word's places dealt out in turn): {parts}."


def telling_lines(found: StudyResult, limit: int = 200) -> Lines:
    """The units that the first half chose."""
    return [
        {
            "layer": one.layer,
            "neuron": one.unit,
            "value": "higher" if one.sign > 0 else "lower",
            "first half": one.chosen_with,
            "second half": one.confirmed_with,
            "chance": one.chance,
            "verdict": one.verdict,
        }
        for one in found.telling[:limit]
    ]
