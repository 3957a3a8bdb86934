"""What the article says of a unit that codes sentence chunks (PROTOCOLS A5) beside what is found. Pure."""

from lstm_core.claims.claim import Claim, Verdict, measures
from lstm_core.neurons.chunk_tuning import TunedUnits


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
