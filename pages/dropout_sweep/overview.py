"""All runs in figures over dropout: how well they guess, how active their neurons are, how many stay near zero."""

from collections.abc import Sequence

import streamlit as st

from app.charts import sweep as figures
from app.charts.draw import draw
from app.components.csv_file import frame_csv
from app.components.table import Columns, number, percent, show, text, whole
from lstm_core.neurons.compare import Comparison
from lstm_core.runs.cells import SIGNALS
from pages.dropout_sweep import frames

TRENDS = {
    "layer": whole(),
    "Spearman": number(
        "Rank correlation of size and dropout: -1 where more dropout always means less, 1 where it always means more, "
        "0 no order.",
        2,
    ),
    "p": text(
        "How often chance alone gives a correlation at least as far from 0: the share of all orders of the runs "
        "(two-sided permutation test, exact for up to 10 runs, by drawn orders beyond)."
    ),
    "runs": whole("How many runs it is of (n)."),
}


def scores(found: Comparison, *, joined: bool) -> None:
    """The score of each run over its dropout, unless they must not be held against each other."""
    st.subheader("How well do they guess?")
    if not found.scores_compare:
        st.warning(
            "These runs were trained on different texts or have different vocabularies: their scores must not be held "
            "against each other. The table at the end has them one by one."
        )
        return
    measure = frames.score_name(found)
    scored = {row.dropout for row in found.rows if row.best is not None}
    if len(scored) < 2:
        st.caption(
            "All that have a score have the same dropout: the table at the end has them."
            if scored
            else "No run has ended an epoch yet."
        )
        return
    draw(figures.scores(found, joined=joined), key="sweep-scores", alt=f"{measure} over dropout")
    meaning = (
        "between how many equally likely words a model wavers"
        if measure == "perplexity"
        else "how many yes-or-no questions it would still need to know the next letter"
    )
    st.caption(f"{measure.capitalize()}: {meaning}, on text that it was not trained on. Of the weights that were kept.")


def sizes(found: Comparison, *, joined: bool) -> None:
    """Mean |activation| over dropout, a picture a signal, with the rank correlations."""
    st.subheader("How active are the neurons?")
    noun = "letters" if found.measure == "bits_per_character" else "words"
    start, stop = found.span
    st.text(f"While reading {stop - start:,} {noun} of {found.text}, from {start:,} on, the same for all.")
    signals = list(dict.fromkeys(signal for signal, _ in frames.places(found)))
    for column, signal in zip(st.columns(max(len(signals), 1)), signals, strict=False):
        with column:
            alt = f"Mean size of the {SIGNALS[signal].title} over dropout"
            draw(figures.sizes(found.rows, signal, joined=joined), key=f"sweep-sizes-{signal}", alt=alt)
    alt = "How the mean size goes with dropout"
    show(frames.trend_frame(found), columns=TRENDS, key="sweep-trends", alt=alt)
    st.caption("The size is the mean of |value| over all neurons and all tokens (mean absolute activation).")


def near_zero(found: Comparison, *, joined: bool) -> None:
    """Share of units near zero over dropout."""
    st.subheader("How many neurons stay near zero?")
    signals = list(dict.fromkeys(signal for signal, _ in frames.places(found)))
    figure = figures.near_zero(found.rows, signals, joined=joined)
    draw(figure, key="sweep-near-zero", alt="Share of the neurons that stay near zero, over dropout")
    units = sorted({one.units for row in found.rows for one in row.activity})
    st.caption(
        "A neuron counts where more than 90% of its values lie within ±0.01: it hardly does anything. "
        f"Each layer has {', '.join(f'{count:,}' for count in units)} neurons."
    )


def table(found: Comparison, texts: Sequence[str], name: str) -> None:
    """All figures of all runs, and as a file."""
    st.subheader("All figures")
    made = frames.frame(found, texts)
    alt = f"{len(made)} runs with their scores and activities"
    show(made, columns=columns(found), key="sweep-table", alt=alt)
    st.download_button(
        "Table as CSV", lambda: frame_csv(made), f"{name}.csv", "text/csv", key="sweep-csv", on_click="ignore"
    )


def columns(found: Comparison) -> Columns:
    """Those of `frames.frame`."""
    own = {
        "dropout": number(digits=2),
        "seed": whole(),
        "parameters": whole(),
        "epochs": number(digits=1),
        frames.score_name(found): number("On the validation part of its own text. Lower is better."),
    }
    for signal, layer in frames.places(found):
        of = f"{SIGNALS[signal].title} of layer {layer}"
        own |= {
            f"|{signal}{layer}|": number(f"Mean absolute value of the {of}.", 4),
            f"{signal}{layer} near zero": percent(f"Share of its neurons near zero: {of}."),
        }
    return own
