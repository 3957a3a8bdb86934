"""What the page Probes shows, as frames and as sentences. Pure: knows nothing of Streamlit."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import pandas as pd

from lstm_core.probes.active import OnSets, Unit
from lstm_core.probes.match import MOSTLY, RARELY, Match, Matches, Selective
from lstm_core.probes.similar_units import SimilarUnits
from lstm_core.probes.studies import StudyResult
from lstm_core.recordings.recording import Recording

LETTERS, WORDS = 40, 8  # at either side of a place
LONGEST = 60  # tokens of a place, of which the middle is left out
BEGINNING = 1_000_000  # tokens of which a page's first phrase is one
LEAD = 50  # steps of text before a place to which a page is linked
LEAST = 4  # letters of a word that a page begins with


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
    return _sound((" " if words else "").join(tokens).replace("\n", "⏎"))


def plain(tokens: Sequence[str], words: bool) -> str:
    """Tokens as a person would type them."""
    return _sound((" " if words else "").join(tokens).replace("\n", " "))


def _sound(text: str) -> str:
    """A text without halves of characters, which a page cannot be told; a foreign vocabulary may have some."""
    return text.encode("utf-8", "replace").decode()


def sentence(found: Matches, chance: float, phrase: str, neurons: int) -> str:
    """What a query found, for people."""
    count = len(found.units)
    verb = "neuron is" if count == 1 else "neurons are"
    told = f"{count:,} of {neurons:,} {verb} on through “{phrase}” at this place; "
    return told + f"a place drawn at random has {chance:.1f}."


def selective_sentence(found: Selective, phrase: str, neurons: int, places: int, twin: Selective | None) -> str:
    """How many units are on for a phrase and almost nowhere else, beside chance and the untrained network."""
    count = len(found.units)
    told = f"{count:,} of {neurons:,}" if count else f"None of {neurons:,}"
    verb, looked_at = "is" if count <= 1 else "are", f"{found.places:,} of " if found.places < places else ""
    told += f" neurons {verb} on for “{phrase}” and almost nowhere else: at {MOSTLY:.0%} or more of {looked_at}its "
    told += (
        f"{places:,} {'place' if places == 1 else 'places'}, at {RARELY:.0%} or less of all others. By chance, at as "
    )
    told += f"many places drawn at random, {found.by_chance:.1f} would be"
    return told + ("." if twin is None else f"; in the untrained network {len(twin.units):,} are.")


def nearest_sentence(on: OnSets, found: Selective) -> str:
    """The unit that tells a phrase from all else best."""
    layer, unit = on.units[found.nearest]
    return (
        f"Nearest to that comes neuron {unit} of layer {layer}: it is on at {found.at_phrase[found.nearest]:.0%} of "
        f"the phrase's places and at {found.elsewhere[found.nearest]:.1%} of all others."
    )


def twin_sentence(found: Selective, twin: Selective | None) -> str:
    """What to know of the comparison with the untrained network; nothing where there is nothing to say."""
    if twin is None:
        return (
            "Whether this was learned cannot be told: no untrained network has read the same text. Where the model has "
            "an untrained twin, `python -m lstm_core record` lets it."
        )
    if twin.on_share >= found.on_share / 2:
        return ""
    return (
        f"The untrained network's neurons are hardly ever on, {twin.on_share:.1%} of the time against "
        f"{found.on_share:.1%}: to compare both alike, let a neuron be on by its own highest values."
    )


def unit_frame(on: OnSets, found: Matches, told: Selective, limit: int = 200) -> pd.DataFrame:
    """The selected units: at which share of the phrase's places each follows the pattern, and at which share of other
    places as long. Those that are on for the phrase and hardly ever else come first.
    """
    numbers = [on.index[unit] for unit in found.units]
    share, elsewhere = told.at_phrase[numbers], told.elsewhere[numbers]
    order = np.argsort(elsewhere - share, kind="stable")[:limit].tolist()
    return pd.DataFrame(
        {
            "which": unit_name(found.units[at]),
            "layer": found.units[at][0],
            "neuron": found.units[at][1],
            "at this phrase": float(share[at]),
            "elsewhere": float(elsewhere[at]),
            "on in all": int(on.counts[numbers[at]]) / len(on),
        }
        for at in order
    )


def unit_name(unit: Unit) -> str:
    """A unit in a list of many."""
    return f"layer {unit[0]}: neuron {unit[1]}"


def neuron_link(recording: Recording, signal: str, unit: Mapping[Hashable, object], step: int) -> dict[str, str]:
    """The query of a link to the page Neurons: a row of `unit_frame`, its text a little before a step."""
    return {
        "run": recording.spec.run,
        "recording": recording.fingerprint,
        "neurons-signal": signal,
        "neurons-layer": str(unit["layer"]),
        "neurons-unit": str(unit["neuron"]),
        "neurons-start": str(max(step - LEAD, 0) // 10 * 10),
    }


def match_frame(recording: Recording, found: Sequence[Match]) -> pd.DataFrame:
    """The runs in their text."""
    words = in_words(recording)
    around = WORDS if words else LETTERS
    return pd.DataFrame(
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
    )


def similar_frame(found: SimilarUnits) -> pd.DataFrame:
    """The units most like one."""
    return pd.DataFrame(
        {
            "layer": one.layer,
            "neuron": one.unit,
            "overlap": one.jaccard,
            "correlation": one.correlation,
            "steps later": one.lag,
            "both on (steps)": one.shared,
            "by chance (steps)": one.by_chance,
        }
        for one in found.found
    )


# Studies --------------------------------------------------------------------------------------------------------------


def phrases_sentence(found: StudyResult, neurons: int) -> str:
    """How many units are on through phrases, beside chance."""
    chance = found.expected_by_chance
    return (
        f"{found.matched:,} of {neurons:,} neurons are on through at least one phrase; at places drawn at random "
        f"{chance.matched:.1f} are. {found.selective:,} are on through one phrase alone, at random "
        f"{chance.selective:.1f}."
    )


def phrase_frame(found: StudyResult) -> pd.DataFrame:
    """The phrases, those with most neurons of their own first."""
    every = [unit for one in found.phrases for unit in one.units]
    alone = {unit for unit in set(every) if every.count(unit) == 1}
    made = pd.DataFrame(
        {
            "phrase": one.phrase,
            "places": one.places,
            "neurons": len(one.units),
            "of it alone": len(alone & set(one.units)),
        }
        for one in found.phrases
    )
    return made.sort_values(["of it alone", "places"], ascending=False, kind="stable", ignore_index=True)


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


def telling_frame(found: StudyResult, limit: int = 200) -> pd.DataFrame:
    """The units that the first half chose."""
    return pd.DataFrame(
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
    )
