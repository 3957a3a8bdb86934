"""Which neurons switch on for a phrase, and where else are they on? Which neurons are on together?"""

import streamlit as st

from app import controls
from app.reading import offer_reading
from pages.probes.kept import all_kept, senses
from pages.probes.neuron import neuron
from pages.probes.phrase import phrase
from pages.probes.place import when_on
from pages.probes.study import study

TABS = ("A phrase", "A neuron", "A study", "Meanings")

st.title("Probes")
run = controls.current_run()
st.caption(
    "Point at a phrase and see which neurons are on through it, and where else in the text they are on. Or point at a "
    "neuron and see which others go on and off with it. Or ask whether neurons tell two meanings of a word apart, "
    "at places that you name or in sentences whose meanings people have labelled."
)
tab = st.segmented_control("Begin with", TABS, default=TABS[0], key="probes-tab", bind="query-params", required=True)
if tab == "Meanings":  # of figures that are kept, also for models that have read nothing here
    senses(run)
    st.stop()
recording = controls.current_recording(run)
if recording is None or not recording.whole:
    if recording is None:
        offer_reading(run)
    else:
        offer_reading(run, "Of this text only the moments after words were kept.")
    if tab == "A study":
        all_kept()
    st.stop()
try:
    on = when_on(recording)
except ValueError as error:
    controls.tell("This cannot be looked at.", error)
    st.stop()
if tab == "A neuron":
    neuron(recording, on)
elif tab == "A study":
    study(recording, on)
else:
    phrase(recording, on)
