"""A map that is not at hand: what it would cost, the button that starts it, its progress, how it ended."""

from pathlib import Path

import streamlit as st

from app.cached import corpus, machine_rate
from app.controls import tell
from app.work import at_work, last_attempt, start_button
from lstm_core.clusters.word_map import WordMapQuery, key_of
from lstm_core.runs.cost import duration, word_map_seconds
from lstm_core.runs.run import Run
from lstm_core.storage.files import home

FEWEST = 10  # words of a map


def job_folder(run: Run, query: WordMapQuery) -> Path:
    """Where the job of a query (`WordMapQuery.of`) lives."""
    return home() / "wordmaps" / "jobs" / key_of(query, run.fingerprint)


def command(run: Run, query: WordMapQuery) -> list[str]:
    """The verb that makes a map, as a person would type it."""
    words = ["wordmap", "--signal", query.signal, "--layer", str(query.layer), "--tokens", str(query.tokens)]
    return [*words, "--split", query.split, "--", run.name]


def words_of(run: Run, query: WordMapQuery) -> int:
    """How many words the map will have; raises ValueError when the text is not at hand."""
    start, stop = corpus(run.source(query.text), run.kind).span(query.split, query.tokens, query.start)
    return stop - start


def offer(run: Run, query: WordMapQuery, *, again: bool = False) -> None:
    """Draw the offer to make a map, or the progress of that work. When it ends the page is drawn again."""
    folder = job_folder(run, query)
    if at_work(folder, f"wordmap-{folder.name}"):
        return
    last_attempt(folder)
    if not run.has_weights:
        st.info("This model's weights are not here, so the map cannot be made again: choose another map or model.")
        return
    try:
        words = words_of(run, query)
    except ValueError as error:
        tell("The text that this map is made of is not at hand.", error)
        return
    if words < FEWEST:
        st.info(f"This part of the text has {words:,} words: too few for a map. Choose another part or model.")
        return
    seconds = word_map_seconds(run.model_config, words, machine_rate())
    st.caption(
        f"The model reads {words:,} words of the text, then they are moved about on a plane until those with like "
        f"states are near each other (t-SNE): about {duration(seconds)} on this machine. "
        "The work goes on when this page is closed, and the map is kept."
    )
    label = "Make it again" if again else "Make this map"
    start_button(label, folder, command(run, query), f"wordmap-go-{folder.name}")
