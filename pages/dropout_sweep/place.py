"""Which neuron is looked at in all runs: of a signal and layer of one of them, and its match in each of the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from app.cached import cached
from app.controls import bound, tell
from lstm_core.neurons.correlated import Counterpart, RelatedQuery, counterpart
from lstm_core.neurons.distributions import DistributionQuery
from lstm_core.recordings.recording import Recording
from lstm_core.runs.cells import SIGNALS
from pages.dropout_sweep.readings import Reading, each


@dataclass(frozen=True)
class Place:
    """The signal and layer looked at, the unit, and the run whose unit it is (its place among the readings)."""

    signal: str
    layer: int
    unit: int
    reference: int


def choose_place(found: Sequence[Reading], names: Sequence[str], at_hand: Sequence[tuple[str, int]]) -> Place:
    """The choice of signal, layer, neuron and whose neuron it is; at first the most unusual of the middle run."""
    signals = {SIGNALS[signal].title: signal for signal, _ in at_hand}
    first = next(iter(signals))
    row = st.columns([2, 1, 1, 1], vertical_alignment="bottom")
    title = row[0].segmented_control(
        "Signal", list(signals), default=first, key="sweep-signal", bind="query-params", required=True
    )
    signal = signals.get(title or first, signals[first])
    layers = sorted({layer for name, layer in at_hand if name == signal})
    layer = row[1].selectbox("Layer", layers, key="sweep-layer", bind="query-params") or layers[0]
    having = [number for number, one in enumerate(found) if one.has(signal, int(layer))]
    able = [number for number in having if found[number].folder is not None] or having or list(range(len(found)))
    options = [names[number] for number in able]
    whose = row[2].selectbox(
        "Neuron of", options, len(options) // 2, key="sweep-whose", bind="query-params",
        help="The run whose neuron is looked for in the others.",
    )  # fmt: skip
    reference = able[options.index(whose)] if whose in options else able[0]
    units = found[reference].run.model_config.hidden
    spread = found[reference].distributions(DistributionQuery(signal, layer))
    unusual = int(spread.ranking()[0]) if spread is not None else 0
    unit = row[3].number_input("Neuron (unit)", 0, units - 1, unusual, 1, key="sweep-unit", bind=bound("sweep-unit"))
    return Place(signal, int(layer), min(max(int(unit), 0), units - 1), reference)


def matches(found: Sequence[Reading], place: Place) -> list[Counterpart | None]:
    """The matching unit of each run, None where the run has no recording; of the reference itself that unit."""
    mine = found[place.reference].folder
    query = RelatedQuery(place.signal, place.layer, place.unit)

    def matched(one: Reading) -> Counterpart | None:
        if mine is None or one.folder is None or not one.has(place.signal, place.layer):
            return None
        try:
            return cached(_match)(mine, query, one.folder)
        except ValueError as error:  # removed, or made anew of other tokens, since it was found
            tell(f"The recording of {one.run.name} cannot be used.", error)
            return None

    return each(found, matched, "Looking for the matching neurons")


def _match(one: Path, query: RelatedQuery, other: Path) -> Counterpart | None:
    return counterpart(Recording.open(one), query, Recording.open(other))
