"""All units of a layer as a ranking, as frames and as sentences for people. Pure: knows nothing of Streamlit.

U units. Shares are in [0, 1], divergences in bits.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from lstm_core.neurons.distributions import (
    BIMODAL,
    LAPLACE,
    NEAR_ZERO,
    ONE_SIDED,
    OTHER,
    SHAPES,
    Distributions,
    laplace_distance,
    shapes,
)
from lstm_core.neurons.label_search import Labels, UnitLabel
from lstm_core.neurons.profile import NeuronProfile
from lstm_core.stats.paired_test import LEADS, LEARNED, NOT_AHEAD, UNKNOWN

Floats = NDArray[np.float64]

BARS = 40  # of the small histograms
ALL, ANY, NONE = "all", "something", "nothing"
NAMES = {
    BIMODAL: "two peaks",
    ONE_SIDED: "one-sided",
    LAPLACE: "Laplace",
    OTHER: "other",
    NEAR_ZERO: "near zero",
}
_MEANINGS = {
    NEAR_ZERO: "near zero: more than 90% of its values lie within ±0.01",
    BIMODAL: "two peaks: its values gather around two places with few between them (bimodal)",
    ONE_SIDED: "one-sided: of its values that are not near the middle, 95% or more lie on one side",
    LAPLACE: "Laplace: one sharp peak, and the farther from it, the rarer the values",
    OTHER: "none of those that have a name here",
}
_VERDICTS = {LEARNED: "yes", LEADS: "not sure", NOT_AHEAD: "no lead", UNKNOWN: None}


@dataclass(frozen=True, eq=False)
class Ranking:
    """The units of a signal of a layer: their numbers in `order`, the most unusual first and those near zero last; of
    each unit (U,) its divergences, shape and so on; `bars` (U, BARS) are shares of its values between the `ends`."""

    order: NDArray[np.int64]
    divergence: Floats
    unit_from_mean: Floats
    mean_from_unit: Floats
    near_zero_share: Floats
    set_aside: NDArray[np.bool_]
    shape: NDArray[np.str_]
    laplace_distance: Floats
    bars: Floats
    ends: tuple[float, float]
    total: int

    def rank(self, unit: int) -> int:
        """From 1, the place of a unit."""
        return int(np.flatnonzero(self.order == unit)[0]) + 1


def ranking(found: Distributions) -> Ranking:
    """The ranking of the units by how unlike the mean of the layer their values are distributed."""
    units = len(found.near_zero)
    return Ranking(
        order=found.ranking(),
        divergence=found.divergence,
        unit_from_mean=found.unit_from_mean,
        mean_from_unit=found.mean_from_unit,
        near_zero_share=found.near_zero_share,
        set_aside=found.set_aside,
        shape=shapes(found),
        laplace_distance=laplace_distance(found),
        bars=found.counts.reshape(units, BARS, -1).sum(axis=2) / found.total,
        ends=(float(found.edges[0]), float(found.edges[-1])),
        total=found.total,
    )


def chosen_units(
    ranked: Ranking, labels: Labels | None, *, shape: str = ALL, label: str = ALL, near_zero: bool = False
) -> list[int]:
    """The units that pass the filters, in their order: of a shape (one of NAMES' values), with a label (ANY, NONE or
    its name). Those near zero are left out unless `near_zero` or their shape asks for them."""
    of_shape = {name: kind for kind, name in NAMES.items()}.get(shape)
    kept = [
        unit
        for unit in ranked.order.tolist()
        if (near_zero or of_shape == NEAR_ZERO or not ranked.set_aside[unit])
        and of_shape in (None, str(ranked.shape[unit]))
    ]
    if labels is None or label == ALL:
        return kept
    names = [unit.label for unit in labels.units]
    if label in (ANY, NONE):
        return [unit for unit in kept if bool(names[unit]) == (label == ANY)]
    return [unit for unit in kept if names[unit] == label]


def label_names(labels: Labels | None) -> list[str]:
    """What at least one unit follows, the commonest first."""
    return [name for name, _ in Counter(unit.label for unit in labels.labelled).most_common()] if labels else []


def unit_frame(ranked: Ranking, labels: Labels | None, units: ArrayLike) -> pd.DataFrame:
    """One row a unit; what it follows where labels are at hand."""
    at = np.asarray(units, np.int64)
    made: dict[str, object] = {
        "neuron": at,
        "values": list(ranked.bars[at].round(4)),
        "unlike the mean (bits)": ranked.divergence[at],
    }
    if labels is not None:
        found = [labels.units[unit] if labels.units[unit].label else None for unit in at.tolist()]
        made |= {
            "follows": [told(label) if label else None for label in found],
            "score": np.array([label.score if label else None for label in found], float),
            "untrained": np.array([label.control if label else None for label in found], float),
            "learned": [_VERDICTS[label.outcome] if label else None for label in found],
        }
    return pd.DataFrame(
        made
        | {
            "shape": [NAMES[shape] for shape in ranked.shape[at].tolist()],
            "near zero": ranked.near_zero_share[at],
            "it from mean (bits)": ranked.unit_from_mean[at],
            "mean from it (bits)": ranked.mean_from_unit[at],
        }
    )


def histogram_frame(profile: NeuronProfile) -> pd.DataFrame:
    """What the picture of a unit's distribution shows, a bin a row."""
    return pd.DataFrame(
        {
            "from": profile.edges[:-1],
            "to": profile.edges[1:],
            "values": profile.counts,
            "share of all neurons' values": profile.layer_share,
            "share of the Laplace fit": profile.laplace_share,
        }
    )


# Sentences ------------------------------------------------------------------------------------------------------------


def told(label: UnitLabel) -> str:
    """What a unit does and with what: "high: inside quotation marks", "falls: position in the line"."""
    words = ("rises", "falls") if label.measure == "correlation" else ("high", "low")
    return f"{words[label.sign < 0]}: {label.feature}"


def sentence(ranked: Ranking, labels: Labels | None) -> str:
    """What the units of the layer are, in a sentence or two."""
    units, aside = len(ranked.order), int(ranked.set_aside.sum())
    if labels is None:
        count = Counter(ranked.shape.tolist())
        kinds = ", ".join(f"{count[kind]:,} {NAMES[kind]}" for kind in SHAPES if count[kind])
        return f"{units:,} neurons by the shape of their distribution: {kinds}."
    named = len(labels.labelled)
    learned = sum(label.learned for label in labels.units)
    found = f"{named:,} of {units:,} neurons of this layer {_verb(named, 'follow')} something we can name"
    found += (
        f"; {learned:,} of them learned it: they lead the untrained network's best neuron, chosen alike, beyond chance."
        if (labels.twin)
        else "."
    )
    return f"{found} {aside:,} {_verb(aside, 'stay')} near zero." if aside else found


def _verb(count: int, verb: str) -> str:
    return f"{verb}s" if count == 1 else verb


def place_sentence(ranked: Ranking, unit: int) -> str:
    """How unusual a unit is: its rank and both divergences."""
    bits = (
        f"{ranked.divergence[unit]:.2f} bits from the mean of the layer: {ranked.unit_from_mean[unit]:.2f} it from the "
        f"mean, {ranked.mean_from_unit[unit]:.2f} the mean from it (Kullback-Leibler divergences)"
    )
    if ranked.set_aside[unit]:
        return f"Set aside, because it is near zero in {ranked.near_zero_share[unit]:.1%} of the text. It is {bits}."
    count = int((~ranked.set_aside).sum())
    return f"Number {ranked.rank(unit):,} of {count:,} by how unusual its values are; {bits}."


def shape_sentence(ranked: Ranking, unit: int) -> str:
    """The shape of a unit's distribution, and how far it is from a Laplace distribution."""
    return (
        f"Shape: {_MEANINGS[str(ranked.shape[unit])]}. The Laplace distribution that fits best is off by "
        f"{ranked.laplace_distance[unit]:.1%} of the values at most (Kolmogorov-Smirnov distance)."
    )


def follows_sentence(label: UnitLabel, noun: str) -> str:
    """What a unit follows, with its score, over how many `noun`, and the untrained twin's best."""
    tells = f"It {told(label)}" if label.measure == "correlation" else f"It is {told(label)}"
    if label.measure == "correlation":
        scored = f"rank correlation {label.score:.2f} over {label.total:,} {noun}"
    else:
        scored = f"AUROC {label.score:.3f}, where 0.5 is guessing, over {label.total:,} {noun}"
        scored += f", {label.positives:,} with it"
    scored += "; it was not chosen on them"
    if not label.label:
        return f"It follows nothing that we can name. Nearest comes {told(label)} ({scored})."
    if label.control is None:
        return f"{tells} ({scored})."
    digits = 2 if label.measure == "correlation" else 3
    best = f"The best neuron of an untrained network reaches {label.control:.{digits}f}"
    return f"{tells} ({scored}). {best}: {_verdict(label)}."


def _verdict(label: UnitLabel) -> str:
    """Whether a labelled unit learned what it follows, and how sure that is."""
    chance = "" if label.lead_chance is None else f" ({told_chance(label.lead_chance)})"
    return {
        LEARNED: f"this lead is beyond chance{chance}, so it was learned",
        LEADS: f"this one leads, but that may be chance{chance}",
        NOT_AHEAD: "this one is not ahead by more than 0.01, so it need not have been learned",
        UNKNOWN: "whether this one leads was not tested",
    }[label.outcome]


def told_chance(value: float) -> str:
    """The adjusted chance of a lead."""
    told = "below 0.0001" if value < 0.0001 else f"= {value:.2g}"
    return f"p {told}, adjusted for all neurons"


def stand_in_sentence(labels: Labels) -> str:
    """Which other part of a text labels are of."""
    start, stop = labels.span
    return (
        f"What they follow was found while the network read {labels.text}, tokens {start:,} to {stop:,}, not the text "
        "shown here: scores and their numbers below are of that reading."
    )
