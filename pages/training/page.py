"""Watch models learn: all runs with their curves, those at work now, and a form that starts a new one."""

import pandas as pd
import streamlit as st

from app.charts.draw import draw
from app.charts.training import training_curves
from app.claims import panel
from app.components.table import number, show, text, whole
from app.controls import KINDS as NOUNS
from lstm_core.claims.training import article_claims, training_claims
from lstm_core.runs.card import card
from lstm_core.runs.run import Run
from lstm_core.runs.store import list_runs, open_run
from lstm_core.text.catalogue import Kind
from pages.training import live
from pages.training.forms import import_form, start_form, upload_form

KINDS: dict[Kind, str] = {"char": "Character models", "word": "Word models"}

COLUMNS = {
    "architecture": text("Kind of network: layers × units in each."),
    "parameters": whole("How many numbers it learns."),
    "text": text("What it was trained on."),
    "dropout": number("Share of the connections left out at random while it learns.", 2),
    "status": text(),
    "bits per character": number("Explained below. Lower is better."),
    "perplexity": number("Explained below. Lower is better."),
}


def trained_runs() -> list[Run]:
    """All runs but the untrained controls."""
    return [run for run in list_runs() if not run.untrained_twin_of]


def table() -> None:
    """Every run with its figures."""
    made = pd.DataFrame(row | row["validation"] for row in (run.summary() for run in trained_runs()))
    if made.empty:
        st.caption("No run yet.")
        return
    titles = {"name": "run", "corpus": "text", "bits_per_character": "bits per character"}
    there = made.rename(columns=titles).reindex(columns=["run", *COLUMNS]).dropna(axis="columns", how="all")
    show(there, columns=COLUMNS, key="training-runs", alt="All runs with their figures")
    for run in trained_runs():
        if changes := run.dropout_history:
            st.text(f"{run.name}: dropout {changes}.")
    st.caption(
        "Bits per character: how many yes-or-no questions the model would still need, on average, to know the next "
        "letter. Perplexity: between how many equally likely words it wavers. Lower is better; both on text that it "
        "was not trained on."
    )


def curves() -> None:
    """The curves of the chosen runs, one picture for characters and one for words."""
    logged = [run for run in trained_runs() if run.log().points]
    names = [run.name for run in logged]
    if not names:
        return
    first = [run.name for run in logged if not (run.sweep and run.shipped)] or names  # a sweep has a page of its own
    # A new run is a new list to choose from: the key makes the widget start afresh with it.
    shown = st.multiselect("Curves of", names, default=first[-6:], key=f"training-curves-{len(names)}")
    for kind, title in KINDS.items():
        runs = [run for run in trained_runs() if run.name in shown and run.kind == kind]
        if not runs:
            continue
        logs = {run.name: run.log() for run in runs}
        st.markdown(f"**{title}**: thin lines while training (with dropout), dots on text it never trained on.")
        book = kind == "char" and any(run.config["corpus"]["name"].startswith("war-and-peace") for run in runs)
        known = [("paper, War and Peace: 1.660", 1.66)] if book else []
        result = live.comparable_tables(runs)
        label = f"Compare with simple tables of the last {NOUNS[kind]}"
        if result is not None and not st.toggle(label, True, key=f"training-tables-{kind}"):
            result = None
        tables = live.table_lines(result) if result else []
        alt = f"Training curves of {', '.join(logs)}"
        draw(training_curves(logs, kind, known, tables), key=f"training-curve-{kind}", alt=alt)
        live.explain(result, runs)
        for name, log in logs.items():
            if log.unreadable:
                st.caption(f"{log.unreadable} lines of {name}'s log could not be read and are left out.")


def cards() -> None:
    """The card of one run: what it is, what it read, how well it does."""
    names = [run.name for run in list_runs()]
    if names:
        with st.expander("Model card: what a run is, what it was trained on, how well it does, what it is not for"):
            name = st.selectbox("Card of", names, key="training-card")
            st.markdown(card(open_run(name)))


st.title("Training")
st.caption("A model learns by guessing the next letter of a long text, again and again. The curve is how wrong it is.")
st.subheader("At work now")
live.kept_fresh(live.trainings_at_work)
st.subheader("All runs")
table()
live.kept_fresh(curves)
live.offers()
for run in trained_runs():
    if run.shipped:
        panel(training_claims(run), f"{run.name}: what the source says, what we measure")
panel(article_claims(trained_runs()), "The article's model: what it says, what we measure")
cards()
start_form()
upload_form()
import_form()
