"""What this is, which models are at hand, and three findings to click."""

import streamlit as st

from app import findings, registry
from lstm_core.runs.store import list_runs
from lstm_core.runs.sweep import sweeps

ROW = 3  # pages side by side

st.title("What has the network learned?")
st.markdown(
    "A *recurrent network* (LSTM) reads a book one letter at a time and learns one thing only: to guess the next "
    "letter. Nobody tells it what a word is, or a sentence, or direct speech. Yet some of its **neurons** come to "
    "follow just such things. Here you can train such networks, look into every neuron while it reads, and let it "
    "write."
)

st.subheader("Three things to look at")
findings.cards()

st.subheader("What you can do")
pages = (
    ("neurons", "What does one neuron do? Colour a text by it, see where it is highest, type your own sentence."),
    ("probes", "Which neurons are on for a phrase, and where else? Do they tell two meanings of a word apart?"),
    ("tagging", "Why must a network read both ways? Type two sentences and see what each can tell of every word."),
    (
        "dropout_sweep",
        "What does dropout do? One network trained with more and more of it, side by side, on the same text.",
    ),
    ("clusters", "Which moments does the network hold alike? Those after would, could and should, say."),
    ("word_map", "Which words are alike to a network of words while it reads? Circle some on a map of the text."),
    ("word_vectors", "What does a word resemble to the network? Type any, also one that you make up."),
    ("writing", "Let the network write. Give it a beginning; it goes on in the style of what it read."),
    ("training", "Watch a network learn. Start one in a minute, compare several, on a book or on your own text."),
)
for start in range(0, len(pages), ROW):
    for column, (name, about) in zip(st.columns(ROW), pages[start : start + ROW], strict=False):
        with column:
            registry.link(name, f"**{registry.entry(name).title}**")
            st.caption(about)

st.subheader("Models at hand")
runs = [run for run in list_runs() if not run.untrained_twin_of]
for run in runs:
    if run.sweep:
        continue
    score = "".join(f", {value:.3f} {name.replace('_', ' ')}" for name, value in run.validation.items())
    source = run.config["corpus"]["name"]
    st.text(f"{run.name}  ·  {run.model_config.architecture}{f' on {source}' if source else ''}: {run.status}{score}")
for sweep in sweeps():
    shapes = ", ".join(sorted({run.model_config.architecture for run in sweep.runs}))
    dropouts = ", ".join(f"{dropout:g}" for dropout in sweep.plan.dropouts)
    st.text(f"{sweep.name}  ·  a sweep of {len(sweep.runs)} runs, {shapes}, dropout {dropouts}")
if not runs:
    st.caption("None yet. Train one on the page Training; the smallest takes about a minute.")
elif len(list_runs()) > len(runs):
    st.caption(
        "Most come with an untrained twin, the same network before it learned anything: what the twin does too was not "
        "learned."
    )
