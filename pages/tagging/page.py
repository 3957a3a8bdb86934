"""Networks that name the part of speech of each word: why one direction is not enough, and what their states hold."""

import streamlit as st

from app.controls import tell
from lstm_core.storage.files import check_inventory, read_json
from lstm_core.tagging.label_run import Kind, LabelRun, label_runs
from pages.tagging.figures import figures, whole_texts
from pages.tagging.frames import in_order
from pages.tagging.sentence import sentences, states, typed

TABS = ("Two sentences", "Hidden states", "How well they do", "Whole texts")


def at_hand(kind: Kind) -> list[LabelRun]:
    """The trained networks of a kind, simple ones first; those whose files are damaged are told and left out."""
    found = []
    for run in label_runs(kind):
        try:
            check_inventory(run.folder, read_json(run.folder / "manifest.json"), hashes=True)
        except (ValueError, OSError) as error:
            tell("A network cannot be used.", error)
            continue
        found.append(run)
    return sorted(found, key=lambda run: (in_order(run.config), run.name))


st.title("Tagging")
st.caption(
    "Networks that name the part of speech of every word: noun, verb, adjective. Some read a sentence one way, from "
    "left to right, so they must decide before they have seen what follows. Others read it both ways. Type two "
    "sentences that begin alike and see who can tell them apart."
)
tab = st.segmented_control("Show", TABS, default=TABS[0], key="tagging-tab", bind="query-params", required=True)
if tab == "Whole texts":
    whole_texts(at_hand("classifiers"))
    st.stop()
runs = at_hand("taggers")
if not runs:
    st.info("No tagger is at hand. Train one (some minutes), then open this page again:")
    st.code("python -m lstm_core train-tagger bilstm", language="sh")
    st.stop()
if tab == "How well they do":
    figures(runs)
    st.stop()
first, second = typed()
if tab == "Hidden states":
    states(runs, first, second)
else:
    sentences(runs, first, second)
