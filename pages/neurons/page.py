"""What does one unit do? Its values over the text and in all, among those of its layer, its places, your own text."""

import streamlit as st

from app import controls, findings
from app.cached import cached
from app.charts.draw import draw
from app.claims import panel
from app.components.csv_file import frame_csv
from app.components.heatmap import text_heat_map
from app.labels import all_kept
from app.later import rest_of
from app.reading import offer_reading
from lstm_core.claims.labels import label_claims
from lstm_core.neurons.profile import NeuronQuery
from pages.neurons import frames
from pages.neurons.own_text import Colours, own_text
from pages.neurons.places import places
from pages.neurons.ranking import all_neurons
from pages.neurons.unit import beside, drawn, facts, other_signal, profile_of, relatives

WINDOW = 1000
START = "neurons-start"
PROBABILITY = "probability of what came"

st.title("Neurons")
st.caption("Pick one neuron and see where in the text it is high (red) and where it is low (blue).")
run = controls.current_run()
recording = controls.current_recording(run)
if recording is None:
    offer_reading(run)
    st.stop()

if isinstance(gave_up := recording.exactness.get("gave_up"), str):
    st.caption(
        f"This text was read one token at a time, because {gave_up} (parts of the text that are read side by side). "
        "The values are exact, it only took longer."
    )
finding = findings.best(recording, run)
signal, layer, unit = controls.place(recording, finding.place if finding else None, key="neurons")
query = NeuronQuery(signal, layer, unit)
profile = profile_of(recording, query)
words = run.kind == "word"
noun = "words" if words else "characters"

st.subheader("Over the text")
colour = "this neuron"
if not recording.brought_in:
    colour = st.segmented_control(
        "Colour the text by",
        ["this neuron", PROBABILITY],
        default="this neuron",
        key="neurons-colour",
        bind="query-params",
        required=True,
    )
kept = len(recording.positions)
beginning = findings.beginning(recording, finding) if finding else 0
start = st.slider("Where in the text", 0, max(kept - 1, 1), beginning, 10, key=START, bind=controls.bound(START))
stop = min(start + WINDOW, kept)
positions = recording.positions[start:stop]
tokens = [recording.vocabulary.tokens[number] for number in recording.tokens[positions]]
by_probability = colour == PROBABILITY
scale, low, high = (0.0, 0.5, 1.0), "0", "1"  # of a gate
if by_probability:
    low, high = "surprised (0)", "expected (1)"
    st.caption(f"Red: the network expected this {noun[:-1]}. Blue: it was surprised. Hover for the probability.")
elif (profile.edges[0], profile.edges[-1]) == (0, 1):
    st.caption("Red: the gate is near 1. Blue: it is near 0. Hover for the value.")
else:
    scale = (profile.reach[0], 0.0, profile.reach[1])
    low, high = f"{scale[0]:.3g}", f"{scale[2]:.3g}"
    low += " or less" if float(f"{profile.lowest:.3g}") < float(low) else ""
    high += " or more" if float(f"{profile.highest:.3g}") > float(high) else ""
    st.caption(
        "Red: above zero. Blue: below. A colour is full where only 1% of the values on its side of zero go further. "
        "Hover for the value."
    )
values = recording.probability[positions] if by_probability else recording.unit(signal, layer, unit)[start:stop]
text_heat_map(tokens, values, key="neurons-text", scale=scale, low=low, high=high, first=start, words=words)

left, right = st.columns([3, 2])
with left:
    st.subheader("How often it takes each value")
    height = 480 if beside(recording, signal) else 340  # as the column at its side
    alt = f"How often neuron {unit} takes each value"
    draw(drawn(recording, query, height), key="neurons-distribution", alt=alt)
    st.caption(
        "Bars: this neuron. Grey: all neurons of its layer. Orange: the Laplace distribution (a peak with two tails) "
        "that fits its bars best."
    )
    if profile.sampled < profile.total * recording.spec.units:
        st.caption(
            f"The line of all neurons is of a sample of {profile.sampled:,} values; the table below has them all."
        )
with right:
    st.subheader("In figures")
    first, second = st.columns(2)
    first.metric("Mean", f"{profile.mean:.3f}")
    second.metric("Spread", f"{profile.deviation:.3f}")
    first.metric("Lowest", f"{profile.lowest:.3f}")
    second.metric("Highest", f"{profile.highest:.3f}")
    first.metric("Near zero (within ±0.01)", f"{profile.near_zero_share:.1%}")
    second.metric(f"{noun.capitalize()} read", f"{profile.total:,}")
    if profile.outside:
        st.caption(f"{profile.outside:,} values lie outside the picture.")
    st.download_button(
        "Distribution as CSV", lambda: frame_csv(frames.histogram_frame(profile)),
        f"{run.name}-{signal}{layer}-neuron-{unit}.csv", "text/csv", key="neurons-histogram", on_click="ignore",
    )  # fmt: skip
    other_signal(recording, query)

rest_of("neurons", "Counting the values of all neurons …")
whole = all_neurons(run, recording, query)
labels = whole[1] if whole else None
if whole:
    facts(*whole, unit, noun)
places(profile, words=words)
relatives(recording, query, labels)
panel(cached(label_claims)(run, all_kept(run, recording)), "What the thesis says of single neurons, what we measure")

own_text(run, query, Colours(by_probability, scale, low, high))
