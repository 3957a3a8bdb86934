"""What the thesis says of single units (PROTOCOLS T6) beside the labels that are kept of a run, and the article of one
that codes sentence chunks (A5). Nothing is computed anew."""

from collections.abc import Sequence
from dataclasses import replace

from lstm_core.claims.claim import CLAIMS, Claim, Verdict, measures
from lstm_core.neurons.chunk_tuning import TunedUnits
from lstm_core.neurons.label_search import ENOUGH, LEAST, STRETCHES, FeatureBest, Labels
from lstm_core.neurons.labels import SEARCHED, best_unit
from lstm_core.runs.run import Run
from lstm_core.stats.paired_test import LEARNED, UNKNOWN

QUOTES = CLAIMS["T6-quotes"].figures["feature"]
ASKED = (1 + LEAST) / 2  # AUROC


def label_claims(run: Run, kept: Sequence[Labels]) -> list[Verdict]:
    """T6 from the labels of some signals and layers of a run; empty where none are kept, and for an untrained twin."""
    kept = [labels for labels in kept if labels.query.signal in SEARCHED]
    if not kept or run.untrained_twin_of:
        return []
    return [_first_layer(run, kept), _same_unit(kept), *(measure(kept) for measure in OTHERS.values())]


@measures("T6-quotes")
def _first_layer(claim: Claim, run: Run, kept: Sequence[Labels]) -> Verdict:
    """The quotation unit of h in layer 1, and beside it the best anywhere."""
    beyond = ", and more than the untrained twin's best neuron, chosen alike" if any(one.twin for one in kept) else ""
    told, holds = _of_best([one for one in kept if (one.query.signal, one.query.layer) == ("h", 1)], QUOTES)
    best = best_unit(kept, QUOTES)
    if best is not None and best[1].unit is not None:
        told += f". Best of all layers and signals: {_place(*best)}, AUROC {best[1].score:.3f}"
    reads = "letters" if run.kind == "char" else "words"
    return claim.judged(told, holds, least=ASKED, beyond=beyond, reads=reads, text=kept[0].text)


def _best_of_all(claim: Claim, kept: Sequence[Labels]) -> Verdict:
    return claim.judged(*_of_best(kept, claim.figures["feature"]))


OTHERS = {
    CLAIMS[name].figures["feature"]: measures(name)(_best_of_all) for name in ("T6-brackets", "T6-number", "T6-end")
}


def _of_best(kept: Sequence[Labels], feature: str) -> tuple[str, bool | None]:
    """What the best unit of all that are kept does, and whether that is enough."""
    found = best_unit(kept, feature)
    if found is None:
        return "not computed", None
    return _told(*found), None if found[1].unit is None else _holds(*found)


def _place(labels: Labels, best: FeatureBest) -> str:
    return f"neuron {best.unit} of layer {labels.query.layer} ({labels.query.signal})"


def _told(labels: Labels, best: FeatureBest) -> str:
    rate = f"{best.positives:,} of {best.total:,} held-out positions"
    if best.unit is None:
        least = f"a half needs {ENOUGH} in {STRETCHES} stretches, and as many without"
        return f"{best.feature}: too rare to tell, {rate} ({least})"
    side = "low" if best.sign == -1 else "high"
    when = best.feature if best.feature.startswith("inside") else f"where {best.feature}"
    told = f"{_place(labels, best)} is {side} {when}: AUROC {best.score:.3f}, {rate}"
    told += "" if best.probability is None or best.probability <= labels.query.chance else ", not beyond chance"
    return told if best.control is None else f"{told}; untrained {best.control:.3f} ({best.outcome or 'not tested'})"


def _holds(labels: Labels, best: FeatureBest) -> bool:
    sure = best.probability is not None and best.probability <= labels.query.chance
    return sure and (best.score or 0.0) >= ASKED and best.outcome in (LEARNED, UNKNOWN)


@measures("T6-same")
def _same_unit(claim: Claim, kept: Sequence[Labels]) -> Verdict:
    """Whether the unit of h that marks quotations best, in any layer, follows them in c."""
    found = best_unit([one for one in kept if one.query.signal == "h"], QUOTES)
    if found is None:
        return claim.judged("not computed", None)
    labels, best = found
    if best.unit is None:
        return claim.judged(_told(labels, best), None)
    cells = [one for one in kept if one.query == replace(labels.query, signal="c")]
    if not cells:
        return claim.judged(f"{_place(labels, best)}: its c was not computed", None)
    label = cells[0].units[best.unit].label
    measured = f"{_place(labels, best)}, the best of all layers in h. In c the same neuron follows: "
    return claim.judged(measured + (label or "nothing that we can name"), label == QUOTES)


@measures("A5")
def chunk_claim(claim: Claim, found: TunedUnits | None) -> Verdict:
    """Over all units of a layer; no verdict where they were not looked at, and of another layer than the second."""
    if found is None:
        return claim.judged("not measured: look at all neurons of the layer", None)
    best = found.beyond_twin if found.beyond_twin is not None else found.both
    told = (
        f"layer {found.query.layer}: {len(found.coding):,} of {len(found.units):,} neurons follow a kind of chunk (by "
        f"chance {found.coding_by_chance:.1f}), {len(found.both):,} of them also tell the one before (by chance "
        f"{found.beyond_word_by_chance:.1f})"
    )
    if found.twin is not None:
        told += (
            f"; untrained {len(found.twin.coding):,} and {len(found.twin.both):,}; {len(best):,} do both better than "
            "any of it"
        )
    if best:
        one = max(best, key=lambda one: one.beyond_word)
        told += f", neuron {one.unit} most: {one.beyond_word:.1%} of its variance"
    asked = found.query.layer == claim.figures["layer"] and found.twin is not None
    return claim.judged(told, bool(best) if asked else None)
