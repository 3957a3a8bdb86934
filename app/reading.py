"""The offer to read a text with a run that has no recording yet: how much, what it costs, and the progress."""

from pathlib import Path

import streamlit as st

from app.cached import cached, corpus, corpus_facts
from app.controls import tell, tried
from app.work import shown_by
from lstm_core.runs.run import Run
from lstm_core.text.corpus import corpus_names

LENGTHS = (10_000, 30_000, 100_000, 250_000)


def offer_reading(run: Run, why: str = "This model has not read a text yet.") -> None:
    """A form that records the run over a span of a corpus, here and now, with a bar; then shows the page again."""
    if run.states_only:
        st.info(
            "This model has no weights: only what its neurons did over one text was brought in, and that recording is "
            "not here any more, or lacks what this page needs. Bring the states in again on the page **Training**."
        )
        return
    from lstm_core.recordings.record import RecordQuery, bytes_needed, corpus_text, record  # loads torch

    st.info(f"{why} Let it read one: every value of every neuron is then kept to look at.")
    own = run.config["corpus"]["name"]
    names = [name for name in corpus_names() if corpus_facts(name)["at_hand"]]
    if own not in names and Path(own).is_file():
        names.append(own)
    names.sort(key=lambda name: name != own)
    if not names:
        st.warning("No text is at hand. See the page Training for how to add one.")
        return
    source = st.selectbox("Text", names, key="reading-text")
    length = st.select_slider("How much of it", LENGTHS, value=30_000, format_func=lambda n: f"{n:,}", key="reading-n")
    try:
        own_words = run.imported and run.kind == "word"  # which may be cut otherwise than the corpus cuts its own
        whole = len(cached(corpus_text)(run, source).ids if own_words else corpus(source, run.kind).ids)
        text = cached(corpus_text)(run, source, 0, min(length, whole))
        needed = bytes_needed(run, text)
    except ValueError as error:
        tell("This text cannot be read.", error)
        return
    st.caption(f"{len(text.ids):,} tokens, all signals of all layers: {needed / 2**20:,.0f} MiB on disk.")
    if st.button("Read it", type="primary", key="reading-go"):
        bar = st.progress(0.0, "reading")
        if tried("The reading was ended.", record, run, text, RecordQuery(), report=shown_by(bar)) is not None:
            st.rerun()
