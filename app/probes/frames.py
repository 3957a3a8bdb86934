"""What the page Probes shows, as lines of its tables and as sentences. Pure: knows nothing of Streamlit."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lstm_core.probes.match import Match, Matches
from lstm_core.probes.on_sets import OnSets
from lstm_core.probes.units import SimilarUnits
from lstm_core.recording import Recording

LETTERS, WORDS = 40, 8  # at either side of a place
LEAST = 4  # letters of a word that a page begins with
Lines = list[dict[str, object]]


def in_words(recording: Recording) -> bool:
    """Whether the tokens are words."""
    return recording.vocabulary.splitter != "characters"


def first_phrase(recording: Recording) -> str:
    """What a page begins with: the commonest word of the text that has LEAST letters."""
    if in_words(recording):
        names = recording.text(0, len(recording.tokens))
    else:
        names = "".join(recording.text(0, len(recording.tokens))).split()
    common = Counter(name for name in names if len(name) >= LEAST and name.isalpha())
    return common.most_common(1)[0][0] if common else (names[0] if names else "")


def shown(tokens: Sequence[str], words: bool) -> str:
    """Tokens as one text, line breaks visible."""
    return (" " if words else "").join(tokens).replace("\n", "⏎")


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
