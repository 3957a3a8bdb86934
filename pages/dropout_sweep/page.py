"""What does dropout do to a network? Runs side by side: their scores, their neurons, the same text read by each."""

import streamlit as st

from app.controls import tell
from lstm_core.neurons.compare import check_runs, comparison
from lstm_core.runs.sweep import beyond_dropout, sweeps
from pages.dropout_sweep import overview
from pages.dropout_sweep.readings import NOTHING, each, offer, passage, readings
from pages.dropout_sweep.sweeps import at_work, choose, making, start_form

st.title("Dropout sweep")
st.caption(
    "While a network learns, dropout silences a share of its neurons at random, anew at every step, so that none "
    "relies on another. Here the same network is trained with more and more of it (a sweep): what does that do?"
)
known = {sweep.name: sweep for sweep in sweeps()}
if not known:
    st.info(
        "No sweep is at hand yet. Start one below: each recipe tells what it costs, the tiny one is the quickest. Or "
        "pick runs by name and set them side by side."
    )
chosen = choose(known)
if not known and not chosen.runs and not chosen.making:
    st.subheader("Start a sweep")
    start_form()
if chosen.making:
    making(chosen.making)
    st.stop()
if not chosen.runs:
    if known:
        st.caption("Pick runs above, and what they have in common and what not is shown here.")
    st.stop()
runs, joined = chosen.runs, chosen.sweep is not None
training = chosen.sweep is not None and at_work(chosen.sweep)
try:
    check_runs(runs)
except ValueError as error:
    tell("These runs cannot be set side by side.", error)
    st.stop()
try:
    with st.spinner("Looking for the text"):
        read = passage(runs)
except ValueError as error:
    tell("What their neurons do cannot be shown, because the text that they would read is not at hand.", error)
    read = NOTHING
found = readings(runs, read)
try:
    activity = each(found, lambda one: one.activity(), "Measuring how active the neurons are")
except ValueError as error:
    tell("A recording cannot be used.", error)
    st.stop()
compared = comparison(runs, read, activity)
names = overview.names(compared)
for sentence in (overview.score_sentence(compared), overview.size_sentence(compared)):
    if sentence:
        st.text(sentence)
if read != NOTHING and not training:  # while it goes on their weights change
    offer(found)
others = beyond_dropout(runs)
if others:
    st.caption(f"These runs differ in more than dropout ({', '.join(others)}): what goes with it may come from that.")

overview.scores(compared, joined=joined)
at_hand = overview.places(compared)
if at_hand:
    overview.sizes(compared, joined=joined)
    overview.near_zero(compared, joined=joined)
    st.subheader("A closer look")
    place = overview.choose_place(found, names, at_hand)
    matched = overview.matches(found, place)
    overview.overlay(found, names, place, matched)
    overview.same_text(found, names, place, matched)
for row, run in zip(compared.rows, runs, strict=True):
    if row.note and run.figures_only:
        st.text(f"{row.run}: {row.note}")
if not others and any(row.best is not None for row in compared.rows):
    overview.thesis(compared, runs)
overview.table(compared, [str(run.config["corpus"].get("name") or "") for run in runs])
if st.toggle("Start another sweep", key="sweep-new", bind="query-params"):
    start_form()
