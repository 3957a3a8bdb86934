"""What a neuron does around the parts of a sentence, as sentences and a frame. Pure: knows nothing of
Streamlit."""

import pandas as pd

from lstm_core.neurons.chunk_tuning import TunedUnit, TunedUnits
from lstm_core.text.chunks import MEANINGS, NAMES

_SEVERAL = {**{kind: f"{name}s" for kind, name in NAMES.items()}, "SBAR": "words that open a clause"}


def verdict(one: TunedUnit, twin: TunedUnit | None) -> str:
    """What a neuron follows, beside chance and beside itself before the training, for people."""
    name, meaning = _SEVERAL[one.kind], MEANINGS[one.kind].partition(": ")[2]
    if not one.coding:
        return (
            f"What the first half of the text suggests, that it follows {name} ({meaning}), the second half does "
            f"not confirm: a word inside and one outside are told apart in {one.score:.0%} of pairs, and 50% is "
            "guessing."
        )
    told = (
        f"It follows {name} ({meaning}): its value is {'higher' if one.sign > 0 else 'lower'} there. Chosen on the "
        f"first half of the text; on the second half this holds for {one.score:.0%} of the pairs of a word inside and "
        f"one outside (50% is guessing; so much comes by chance with a probability {_told(one.chance)})."
    )
    if twin is not None:
        told += f" Before the training, the same neuron told what it followed best in {twin.score:.0%} of pairs."
    return told


def _told(chance: float) -> str:
    return "below 0.001" if chance < 0.001 else f"of {chance:.2g}"


def memory(one: TunedUnit, twin: TunedUnit | None) -> str:
    """What is left of the chunk before, and how fast it goes."""
    if one.remembering:
        told = (
            "At the end of a part it still tells which kind of part came before it, also among equal words: that "
            f"explains {one.beyond_word:.1%} of its variance there"
        )
        told += f" (before the training {max(twin.beyond_word, 0):.1%})." if twin is not None else "."
    else:
        told = "At the end of a part it does not tell which kind of part came before it."
    if one.half_life is not None:
        told += f" Half of its difference is gone {one.half_life:.1f} words after the part ends."
    elif one.seen:
        told += f" Half of its difference is still there {one.seen} words after the part ends."
    return told


def tuned_frame(found: TunedUnits, limit: int = 200) -> pd.DataFrame:
    """The units of a layer, the best first."""
    return pd.DataFrame(
        {
            "neuron": one.unit,
            "follows": NAMES[one.kind],
            "value": "higher" if one.sign > 0 else "lower",
            "pairs": one.score,
            "chance": one.chance,
            "untrained": one.control,
            "part before": one.beyond_word,
            "half gone (words)": one.half_life,
            "verdict": _verdict(one),
        }
        for one in found.units[:limit]
    )


def _verdict(one: TunedUnit) -> str:
    if not one.coding:
        return "not confirmed"
    return "follows it, and tells the part before" if one.remembering else "follows it"


def counts_sentence(found: TunedUnits) -> str:
    """How many units of a layer do so, beside chance and the twin."""
    told = (
        f"{len(found.coding):,} of {len(found.units):,} neurons follow a part of the sentence (by chance "
        f"{found.coding_by_chance:.1f} would); {len(found.both):,} of them also tell the part before (by chance "
        f"{found.beyond_word_by_chance:.1f})."
    )
    if found.twin is not None and found.beyond_twin is not None:
        told += (
            f" Of the untrained network {len(found.twin.coding):,} and {len(found.twin.both):,} do, more faintly: "
            f"{len(found.beyond_twin):,} neurons do both better than any of it."
        )
    return told
