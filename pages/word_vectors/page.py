"""What does a word resemble to the network, and how far do people agree? Vectors of words from a model of letters."""

import streamlit as st

from app import controls
from app.cached import commonest_words
from app.claims import panel
from lstm_core.claims.words import word_claims
from lstm_core.word_vectors.report import read_report
from lstm_core.word_vectors.vectors import DEFINITIONS, defined
from pages.word_vectors import lookup, quality
from pages.word_vectors.source import Vectors, downloads, judgements, offer, vectors
from pages.word_vectors.vocabulary import on_a_map, once_and_never, paper_table

TITLES = {"paper": "The word itself", "best": "The word and its surroundings"}
EXPLAINED = {
    "paper": "The state right after the word, as in the paper.",
    "best": "Also the state before it and after the next word; what all words share is taken off.",
}

st.title("Word vectors")
run = controls.current_run()
controls.only_letters(run, "The vectors are made of the states of a model that reads letters", key="embeddings")
told = st.container()
st.caption(
    "This network has only ever seen letters. The mean of its state behind every “soldier” of the text is a vector for "
    "that word; words with similar vectors are similar to the network."
)
try:
    sample = commonest_words(run)
    queries = {name: defined(name, run) for name in DEFINITIONS}
    kinds = {name: vectors(run, query, sample) for name, query in queries.items()}
    if sample and not all(one and one.whole for one in kinds.values()):  # all of the same words: each knows the others'
        kinds = {name: vectors(run, query, sample, whole=False) for name, query in queries.items()}
    judged = judgements(run)
except ValueError as error:
    controls.tell("Words of this model cannot be shown.", error)
    st.stop()
at_hand: dict[str, tuple[str, Vectors]] = {name: (TITLES[name], one) for name, one in kinds.items() if one is not None}

if not at_hand:
    st.info("The vectors of this model's words are not made yet.")
    offer(run, ["words", "--", run.name], "Make the vectors", key="all")
    st.stop()
first = next(iter(at_hand.values()))[1]
asked = lookup.ask(first.table)
near = lookup.results(run, [(title, EXPLAINED[name], one) for name, (title, one) in at_hand.items()], asked, sample)
answer = near[-1 if first.table.row(asked.word) is not None else 0] if near else ()  # a strange word's letters alone
if answer:
    told.text(f"To this network “{asked.word}” is like {', '.join(one.word for one in answer[:5])}.")
if not all(one.whole for _, one in at_hand.values()) and sample:
    with st.expander(f"These are the {len(first.table):,} commonest of {sample.total:,} words. Make all"):
        words = ["embed", "--vectors", "best", "--", run.name]
        offer(run, words, "Make the vectors of all words", key="whole")
lookup.analogies(at_hand[max(at_hand, key=list(DEFINITIONS).index)][1])
lookup.other_states(run, asked, sample)

st.subheader("Do people agree?")
if judged.best and judged.paper:
    st.caption(
        "In 13 benchmarks people said how alike two words are. Each dot tells how far vectors put the pairs into the "
        "same order (1: the same, 0: no relation); lines are 95\u00a0% intervals."
    )
    quality.headline(judged.best, judged.paper, judged.peers)
    quality.table(judged.best, judged.paper, judged.peers)
    quality.by_frequency(judged.best)
else:
    quality.offer_to_compare(run)
quality.own([(title, one) for title, one in at_hand.values()])

report = read_report(run)
if report is not None:
    paper_table(report, same_text=run.config["corpus"]["name"].startswith("war-and-peace"))
    once_and_never(report)
if sample is not None:
    on_a_map(sample, TITLES, queries, asked.word)
downloads(at_hand, run.name)
panel(word_claims(run, report, judged.paper, judged.best))
