"""Which part of a sentence a neuron follows: its value around noun phrases, verb phrases and so on."""

import streamlit as st

from app.cached import cached
from app.charts.draw import draw
from app.charts.neurons import around_chunks
from app.claims import panel
from app.components.table import Columns, number, percent, show, text, whole
from lstm_core.claims.labels import chunk_claim
from lstm_core.neurons.chunk_tuning import TunedQuery, TunedUnit, TunedUnits, tuned_units
from lstm_core.neurons.tuning import Tuning, TuningQuery, tuning
from lstm_core.recordings.find import untrained_twin
from lstm_core.recordings.recording import Recording
from lstm_core.recordings.tags import TAGS, chunks_of, is_gold, tags_of
from pages.probes.tuning_frames import counts_sentence, memory, tuned_frame, verdict

QUICK = 50_000  # steps of a tagged text that are looked at unasked: about a second
PACE = 8_000  # words that are tagged in a second
SIDES = ("its beginning", "its end")
_COLUMNS: Columns = {
    "neuron": whole(),
    "value": text("Whether it is higher or lower inside such a part than elsewhere."),
    "pairs": percent(
        "Pairs of a word inside and one outside that it orders so, on the half of the text that did not choose it (50% "
        "is guessing)."
    ),
    "chance": number(
        "How probable so many are if it follows nothing, adjusted for all neurons (Benjamini and Hochberg).", 4
    ),
    "untrained": percent("The same of the untrained network's best neuron for this part."),
    "part before": percent(
        "Of its variance at the ends of parts of one kind, with the same last word, the share that the kind of the "
        "part before explains, less what it explains by chance."
    ),
    "half gone (words)": number("How long after the end of such a part half of its difference is gone.", 1),
}


def sentence_parts(recording: Recording, signal: str, layer: int, unit: int) -> None:
    """The section with the curves of a unit by kind of chunk, and all units of its layer where a person asks."""
    st.subheader("Which part of a sentence does it follow?")
    words = len(recording.tokens) // (1 if recording.vocabulary.splitter != "characters" else 5)
    gold = is_gold(recording)
    tagged = gold or TAGS.there(recording)
    st.caption(
        "Its mean value around the parts of a sentence: noun phrases (the old prince), verb phrases (had gone), "
        "prepositions (of, to) and so on, "
        + ("as people divided this text." if gold else "found by rules from parts of speech.")
        + ("" if tagged else f" The words of this text must be tagged first, once: about {max(1, words // PACE):,} s.")
    )
    if not st.toggle(
        "Look at the parts of sentences", tagged and words <= QUICK, key="probes-parts", bind="query-params"
    ):
        return
    if not tagged:
        bar = st.progress(0.0, "tagging the words")
        tags_of(recording, report=lambda share, word: bar.progress(min(share, 1.0), "tagging the words"))
        bar.empty()
    try:
        with st.spinner("Looking at the parts of sentences"):
            curves = cached(_curves)(recording, TuningQuery(signal, layer, unit))
            one, before = cached(_one)(recording, signal, layer, unit)
    except ValueError as error:
        st.caption(f"This text cannot be looked at so: {error}")
        return
    st.text(verdict(one, before))
    st.text(memory(one, before))
    side = st.segmented_control(
        "Distance from", SIDES, default=SIDES[0], key="probes-parts-from", bind="query-params", required=True
    )
    figure = around_chunks(curves, one.kind, ending=side == SIDES[1])
    draw(figure, key="probes-parts-curves", alt=f"Mean value of neuron {unit} around the parts of sentences")
    st.caption(
        "The lines are means over all parts of a kind (how many stands in brackets), with twice their standard error; "
        "dashed: the mean over all words."
    )
    _all(recording, signal, layer)


def _all(recording: Recording, signal: str, layer: int) -> None:
    """All units of the layer beside the untrained twin's, where a person asks for them."""
    small = len(recording.tokens) * recording.spec.units <= 10**6
    found = None
    if st.toggle(f"Look at all neurons of layer {layer}", small, key="probes-parts-all", bind="query-params"):
        with st.spinner("Looking at all neurons", show_time=True):
            found = cached(_layer)(recording, signal, layer)
        st.text(counts_sentence(found))
        alt = "The neurons that follow a part of the sentence best"
        show(tuned_frame(found), columns=_COLUMNS, key="probes-parts-units", alt=alt)
    panel([chunk_claim(found)], "What the article says, what we measure")


def _curves(recording: Recording, query: TuningQuery) -> Tuning:
    return tuning(recording, cached(chunks_of)(recording), query)


def _one(recording: Recording, signal: str, layer: int, unit: int) -> tuple[TunedUnit, TunedUnit | None]:
    """A unit, and the same unit before the training where that is recorded."""
    chunked, query = cached(chunks_of)(recording), TunedQuery(signal, layer, (unit,))
    twin = untrained_twin(recording, signal, (layer,))
    before = None if twin is None else tuned_units(twin, chunked, query).units[0]
    return tuned_units(recording, chunked, query).units[0], before


def _layer(recording: Recording, signal: str, layer: int) -> TunedUnits:
    twin = untrained_twin(recording, signal, (layer,))
    return tuned_units(recording, cached(chunks_of)(recording), TunedQuery(signal, layer), twin=twin)
