"""Which moments of reading are alike to the network? Groups of its states, what they hold, how far it is grammar."""

import streamlit as st

from app import controls
from app.claims import panel
from lstm_core.clusters.states import kept_clusterings
from pages.clusters.choice import choose, offer
from pages.clusters.frames import example, sentence
from pages.clusters.members import on_the_map, one_cluster, pick
from pages.clusters.others import other_ways, side_by_side
from pages.clusters.overview import claims, downloads, headline, kept_result, shown, table, tags_explained

st.title("Clusters")
run = controls.current_run()
controls.only_letters(run, "Groups are made of the states of a model that reads letters", key="clusters")

told = st.container()
st.caption(
    "While it reads, the network's state is never the same twice. Moments at which it is nearly the same are put into "
    "one group (cluster), here by HDBSCAN, which leaves out what fits nowhere."
    + ("" if run.states_only else " Nobody tells it about words or grammar.")
)
kept = kept_clusterings(run)
query = choose(run, kept)
try:
    found = kept_result(run, query)
except ValueError as error:
    controls.tell("The kept result cannot be used.", error)
    offer(run, query, again=True)
    st.stop()
if found is None:
    st.info("These groups are not computed yet.")
    offer(run, query)
    st.stop()
try:
    view = shown(run, query)
except ValueError as error:
    headline(found, None)
    controls.tell("The text that these groups are made of is not at hand, so what they hold cannot be shown.", error)
    st.stop()
assert view is not None

best = example(view.rows)
if best:
    told.text(sentence(best, words=view.has_words, untold=not run.states_only))
headline(found, view.rows)
if not view.rows:
    st.info("No group was found: every moment is unlike the others. Finer groups may exist: choose a smaller size.")
    st.stop()

listed, shown_below = st.container(), st.container()
with shown_below:
    st.subheader("One group in its text")
    picked = pick(view, best)
with listed:
    st.subheader("The groups")
    tag = table(view, picked.number)
    tags_explained(view)
with shown_below:
    one_cluster(view, picked)
side_by_side(run, view, tag, kept)
on_the_map(run, view, picked.number)
other_ways(run, view)
st.subheader("To keep")
downloads(view)
panel(controls.tried("What the paper says cannot be compared.", claims, run) or [])
