"""Places in the text where one neuron is high, usual and low, as a table."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.components.table import Columns, number, show
from lstm_core.neurons.profile import Context, NeuronProfile

_COLUMNS: Columns = {"value": number(), "before": st.column_config.TextColumn(alignment="right")}
AROUND = 8  # words at each side, which fit beside each other
_NAMES = {0.9: "high", 0.5: "middle", 0.1: "low"}


def places(profile: NeuronProfile, *, words: bool) -> None:
    """The places with the highest values, those near some quantiles, and those with the lowest."""
    st.subheader("Where it is highest, usual and lowest")
    kinds = {
        "highest": ("The highest values of all.", profile.top),
        **{
            _NAMES[one.quantile]: (
                f"Near {one.value:.3f}: {one.quantile:.0%} of its values are lower or the same.", one.contexts
            )
            for one in profile.between
        },
        "lowest": ("The lowest values of all.", profile.bottom),
    }  # fmt: skip
    chosen = st.segmented_control(
        "Which places", list(kinds), default="highest", key="neurons-places", bind="query-params", required=True
    )
    caption, contexts = kinds[chosen or "highest"]
    st.caption(caption)
    alt = f"Where the values of neuron {profile.query.unit} are {chosen}, in the text"
    show(_frame(contexts, words), columns=_COLUMNS, key="neurons-contexts", alt=alt)


def _frame(contexts: Sequence[Context], words: bool) -> pd.DataFrame:
    """Blanks and line breaks made visible; of words fewer than of letters."""
    joint, around = (" ", AROUND) if words else ("", None)
    return pd.DataFrame(
        {
            "value": context.value,
            "before": joint.join(context.before[-around:] if around else context.before).replace("\n", "⏎"),
            "here": {" ": "␣", "\n": "⏎"}.get(context.token, context.token),
            "after": joint.join(context.after[:around]).replace("\n", "⏎"),
        }
        for context in contexts
    )
