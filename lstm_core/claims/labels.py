"""What the thesis says of single units (PROTOCOLS T6) beside the labels that are kept of a run. Nothing is computed
anew."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lstm_core.claims.training import Claim
from lstm_core.neurons.label_search import ENOUGH, LEAST, STRETCHES, FeatureBest, Labels
from lstm_core.stats.paired_test import LEARNED, UNKNOWN

if TYPE_CHECKING:
    from lstm_core.runs.run import Run

SIGNALS = ("h", "c")  # those that the thesis looks at
QUOTES = "inside quotation marks"
SOURCE = "thesis, section 5.1"
ASKED = (1 + LEAST) / 2  # AUROC
OTHERS = {
    "inside brackets": "some neurons could be active when the words are between brackets (expected, not shown)",
    "a number comes next": "a certain neuron predicts that the next token will be a number",
    "the sentence is about to end": "a certain neuron predicts <eos>, the end of the sentence",
}
_DIFFERS = "the thesis shows pictures of single neurons, no score; we ask for an AUROC of"


def label_claims(run: "Run", kept: Sequence[Labels]) -> list[Claim]:
    """T6 from the labels of some signals and layers of a run; empty where none are kept, and for an untrained twin."""
    kept = [labels for labels in kept if labels.query.signal in SIGNALS]
    if not kept or run.untrained_twin_of:
        return []
    first = {labels.query.signal: labels for labels in kept if labels.query.layer == 1}
    why = _why(run, kept)
    return [
        _first_layer(first, kept, why),
        _same_unit(kept, "the thesis shows one neuron: we ask what its cell state follows best"),
        *(_claim(says, feature, kept, "asked as in the first row, of all layers") for feature, says in OTHERS.items()),
    ]


def _why(run: "Run", kept: Sequence[Labels]) -> str:
    reads = "letters" if run.kind == "char" else "words"
    told = f"{_DIFFERS} {ASKED:g} on text that the neuron was not chosen on, beyond chance"
    told += (
        ", and more than the untrained twin's best neuron, chosen alike" if any(labels.twin for labels in kept) else ""
    )
    return f"{told}. The thesis: words of WikiText-2, two layers of 2,000; here {reads} of {kept[0].text}"


def _first_layer(first: dict[str, Labels], kept: Sequence[Labels], why: str) -> Claim:
    """The quotation unit of h in layer 1, and beside it the best anywhere."""
    says = "a neuron of the first layer, its negative values mostly close to -1, is active between quotation marks"
    claim = _claim(says, QUOTES, [first["h"]] if "h" in first else [], why)
    labels, best = _best(QUOTES, kept)
    if labels is None or best is None or best.unit is None:
        return claim
    told = f". Best of all layers and signals: {_place(labels, best)}, AUROC {best.score:.3f}"
    return replace(claim, measured=claim.measured + told)


def _claim(says: str, feature: str, kept: Sequence[Labels], why: str) -> Claim:
    """Of the best unit of all that are kept."""
    labels, best = _best(feature, kept)
    if labels is None or best is None:
        return Claim("T6", SOURCE, says, "not computed", why, None)
    return Claim("T6", SOURCE, says, _told(labels, best), why, None if best.unit is None else _holds(labels, best))


def _best(feature: str, kept: Sequence[Labels]) -> tuple[Labels, FeatureBest] | tuple[None, None]:
    """The labels with the best unit for a feature, as the first half of the text has it, and what they say of it."""
    found = [(labels, best) for labels in kept for best in labels.features if best.feature == feature]
    return max(found, key=lambda pair: pair[1].chosen_with or 0.0, default=(None, None))


def _place(labels: Labels, best: FeatureBest) -> str:
    return f"neuron {best.unit} of layer {labels.query.layer} ({labels.query.signal})"


def _told(labels: Labels, best: FeatureBest) -> str:
    rate = f"{best.positives:,} of {best.total:,} held-out positions"
    if best.unit is None:
        least = f"a half needs {ENOUGH} in {STRETCHES} stretches, and as many without"
        return f"{best.feature}: too rare to tell, {rate} ({least})"
    side = "low" if best.sign == -1 else "high"
    told = f"{_place(labels, best)} is {side} {_when(best.feature)}: AUROC {best.score:.3f}, {rate}"
    told += "" if best.probability is None or best.probability <= labels.query.chance else ", not beyond chance"
    return told if best.control is None else f"{told}; untrained {best.control:.3f} ({best.outcome or 'not tested'})"


def _when(feature: str) -> str:
    return feature if feature.startswith("inside") else f"where {feature}"


def _holds(labels: Labels, best: FeatureBest) -> bool:
    sure = best.probability is not None and best.probability <= labels.query.chance
    return sure and (best.score or 0.0) >= ASKED and best.outcome in (LEARNED, UNKNOWN)


def _same_unit(kept: Sequence[Labels], why: str) -> Claim:
    """Whether the unit of h that marks quotations best, in any layer, follows them in c."""
    says = "the cell state of the same neuron is active between quotation marks too"
    labels, best = _best(QUOTES, [one for one in kept if one.query.signal == "h"])
    if labels is None or best is None:
        return Claim("T6", SOURCE, says, "not computed", why, None)
    if best.unit is None:
        return Claim("T6", SOURCE, says, _told(labels, best), why, None)
    cells = [one for one in kept if one.query == replace(labels.query, signal="c")]
    if not cells:
        return Claim("T6", SOURCE, says, f"{_place(labels, best)}: its c was not computed", why, None)
    label = cells[0].units[best.unit].label
    measured = f"{_place(labels, best)}, the best of all layers in h. In c the same neuron follows: "
    return Claim("T6", SOURCE, says, measured + (label or "nothing that we can name"), why, label == QUOTES)
