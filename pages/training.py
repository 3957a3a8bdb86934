"""Watch models learn: all runs with their curves, those at work now, and a form that starts a new one."""

import pandas as pd
import streamlit as st

from app import charts
from app.claims import panel
from app.live import trainings_at_work
from app.starting import start_form, upload_form
from lstm_core.claims import training_claims
from lstm_core.run import list_runs
from lstm_core.settings import Kind

st.title("Training")
st.caption("A model learns by guessing the next letter of a long text, again and again. The curve is how wrong it is.")

st.subheader("At work now")
trainings_at_work()

st.subheader("All runs")
runs = [run for run in list_runs() if not run.untrained_twin_of]
if runs:
    rows = [run.summary() for run in runs]
    table = [
        {
            "run": row["name"],
            "architecture": row["architecture"],
            "parameters": row["parameters"],
            "text": row["corpus"],
            "dropout": row["dropout"],
            "status": row["status"],
            "bits per character": row["validation"].get("bits_per_character"),
            "perplexity": row["validation"].get("perplexity"),
        }
        for row in rows
    ]
    rows_shown = pd.DataFrame(table).dropna(axis="columns", how="all")
    three = st.column_config.NumberColumn(format="%.3f")
    st.dataframe(
        rows_shown,
        hide_index=True,
        column_config={
            "bits per character": three,
            "perplexity": three,
            "parameters": st.column_config.NumberColumn(format="localized"),
        },
    )
    names = [run.name for run in runs if run.log().points]
    shown = st.multiselect("Curves of", names, default=names[-6:], key="training-curves")
    kinds: dict[Kind, str] = {"char": "Character models", "word": "Word models"}
    for kind, title in kinds.items():
        logs = {run.name: run.log() for run in runs if run.name in shown and run.kind == kind}
        if not logs:
            continue
        st.markdown(f"**{title}**: thin lines while training (with dropout), dots on text it never trained on.")
        book = any(run.config["corpus"]["name"].startswith("war-and-peace") for run in runs if run.name in logs)
        known = [("paper, War and Peace: 1.660", 1.66)] if kind == "char" and book else []
        st.plotly_chart(charts.curves(logs, kind, known), key=f"training-curve-{kind}", alt="training curves")
        for name, log in logs.items():
            if log.unreadable:
                st.caption(f"{log.unreadable} lines of {name}'s log could not be read and are left out.")
    for run in runs:
        if run.shipped:
            panel(training_claims(run))
else:
    st.caption("No run yet.")

start_form()
upload_form()
