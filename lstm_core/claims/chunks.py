"""What the article says of a unit that codes sentence chunks (PROTOCOLS A5) beside what is found. Pure."""

from lstm_core.claims.training import Claim
from lstm_core.neurons.chunk_tuning import TunedUnits


def chunk_claim(found: TunedUnits | None, layer: int = 2) -> Claim:
    """A5 over all units of a layer; no verdict where they were not looked at, and of another layer than the second."""
    says = (
        "a neuron of the second layer codes the current and the previous chunk of the sentence; its timing and decay "
        "were looked at in a small sample"
    )
    why = (
        "chosen on one half of the text and confirmed on the other; the chunk before must be told among chunks of one "
        "kind that end in the same word, and better than any neuron of the untrained network tells it; the article: "
        "1,300 neurons of a model of the Wall Street Journal, no figures given"
    )
    if found is None:
        return Claim("A5", "article", says, "not measured: look at all neurons of the layer", why, None)
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
    verdict = bool(best) if found.query.layer == layer and found.twin is not None else None
    return Claim("A5", "article", says, told, why, verdict)
