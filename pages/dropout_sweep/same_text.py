"""The same text, coloured by the matching neuron of each run."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app.cached import cached
from app.components.heatmap import text_heat_map
from app.controls import bound, tell
from lstm_core.neurons.correlated import Counterpart
from lstm_core.neurons.profile import reach_of
from lstm_core.recordings.recording import Recording
from pages.dropout_sweep import frames
from pages.dropout_sweep.place import Place
from pages.dropout_sweep.readings import Reading

WINDOWS = {"word": 100, "char": 500}  # tokens that are coloured


def same_text(
    found: Sequence[Reading], names: Sequence[str], place: Place, matched: Sequence[Counterpart | None]
) -> None:
    """The same tokens, coloured by the matching unit of each run that has a recording."""
    st.subheader("The same text, read by each of them")
    shown = [number for number, one in enumerate(matched) if one is not None]
    if not shown:
        st.caption("No run here has its weights and has read the text: the values at each word are not at hand.")
        return
    mine = names[place.reference]
    st.caption(
        f"Neuron {place.unit} of {mine}, and of every other run the neuron whose values go most with it, or most "
        "against it (highest |correlation| over the whole text). By chance: the best where the values are moved to "
        "other places of the text. Red: above zero. Blue: below. Each has its own scale: a colour is full where only "
        "1% of the values on its side of zero go further."
    )
    folder, kind = found[shown[0]].folder, found[shown[0]].run.kind
    assert folder is not None
    window = WINDOWS[kind]
    kept = cached(_length)(folder)
    most = max(kept - 1, 1)
    start = int(st.slider("Where in the text", 0, most, 0, 10, key="sweep-start", bind=bound("sweep-start")))
    start = min(max(start, 0), most)
    for number in shown:
        one, unit = found[number], matched[number]
        assert unit is not None and one.folder is not None
        own = number == place.reference
        told = f"neuron {place.unit}, the chosen one" if own else frames.match_sentence(unit)
        st.text(f"{names[number]}: {told}")
        if unit.unit is None and not own:
            continue
        asked = place.unit if own or unit.unit is None else unit.unit
        try:
            tokens, values, reach = cached(_values)(one.folder, place.signal, place.layer, asked, start, start + window)
        except ValueError as error:  # it was removed since it was found
            tell("This recording cannot be used any more.", error)
            continue
        text_heat_map(
            tokens,
            values,
            key=f"sweep-text-{number}",
            scale=(reach[0], 0.0, reach[1]),
            low=f"{reach[0]:.3g}",
            high=f"{reach[1]:.3g}",
            first=start,
            words=kind == "word",
        )


def _length(folder: Path) -> int:
    return len(Recording.open(folder).positions)


def _values(
    folder: Path, signal: str, layer: int, unit: int, start: int, stop: int
) -> tuple[list[str], NDArray[np.float32], tuple[float, float]]:
    recording = Recording.open(folder)
    values = recording.unit(signal, layer, unit)
    return recording.text(start, stop), values[start:stop], reach_of(values)
