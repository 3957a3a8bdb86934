"""Which words are alike to a network while it reads? The words of a text on a map, in groups to look into."""

import streamlit as st

from app.controls import tell
from pages.word_map import choice, groups
from pages.word_map.frames import sentence
from pages.word_map.result import is_damaged, kept_map, kept_queries, shown, the_thesis

st.title("Word map")
headline = st.container()
st.caption(
    "When a network of words reads a word, all its neurons take values. Words at which they take nearly the same are "
    "near each other on this map. Nobody tells the network what words mean; the groups show what it made of them."
)
run = choice.pick_run()
kept = kept_queries(run)
query = choice.choose(run, kept)
try:
    found = kept_map(run, query)
except ValueError as error:
    tell("The text that this map is made of is not at hand.", error)
    st.stop()
if found is None:
    damaged = is_damaged(run, query)
    if damaged:
        st.error("The kept map cannot be used: it is damaged or of another text.")
    else:
        st.info("This map is not made yet.")
    choice.offer(run, query, again=damaged)
    if kept:
        st.caption("At hand for this model:")
        st.text("\n".join(sorted(map(choice.told, kept))))
    st.stop()

linkage, number = groups.cut(len(found.words))
view = shown(run, query, linkage, number)
headline.text(sentence(view.rows, len(view.labels)))
with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
    passing = groups.filters(view)
    chosen = groups.marked(view, (linkage, number))
inside = groups.on_the_map(view, passing, chosen)
name = groups.file_name(found, linkage, number)
groups.in_the_lasso(view, inside, name)
groups.one_group(view, chosen)
groups.table(view, passing, chosen)
groups.downloads(view, passing, name)
groups.share_link(run, query, linkage, number, chosen)
the_thesis(run, query)
