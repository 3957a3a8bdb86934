"""The same moments grouped by other methods, with other settings and by other models, beside the groups shown."""

import pandas as pd
import streamlit as st

from app.components.table import number, percent, show, text, whole
from app.controls import tell
from lstm_core.clusters.alternatives import Alternatives, read_comparison
from lstm_core.runs.run import Run
from pages.clusters.result import ShownClusters

COLUMNS = {
    "way": text("The method with its settings, or the network whose moments were grouped."),
    "groups": whole("How many groups it made."),
    "noise": percent("Share of the moments that it left in no group."),
    "few words": percent("Share of the groups that are one or two words, or punctuation."),
    "tells parts of speech": number("F1 of its best group for each, as a mean over the common ones."),
    "tells modal verbs": number("F1 of its best group for can, would and the like."),
    "agreement with ours": number("Adjusted Rand index: 1 the same groups, 0 no more than by chance."),
}


def other_ways(run: Run, view: ShownClusters) -> None:
    """What other ways to group make of the same moments; nothing where they were not compared."""
    try:
        compared = read_comparison(run, view.found.query)
    except ValueError as error:
        tell("The comparison with other methods cannot be used.", error)
        return
    if compared is None:
        return
    st.subheader("Would another method find the same?")
    least = min(compared.stability, default=float("nan"))
    st.caption(
        "Agreement is 1 where two ways put the same moments together, 0 where they agree by chance (adjusted Rand "
        "index, over the moments that both put somewhere). With only "
        f"{compared.kept:.0%} of the moments, drawn {len(compared.stability)} times, ours agrees with itself by "
        f"{least:.2f} at least. How well a way tells parts of speech is the F1 of its best group for each, as a mean "
        "over the common ones. The last lines are other networks: the untrained twin has learned nothing."
    )
    alt = "Ways to group the same moments, and other networks"
    show(frame(compared), columns=COLUMNS, key="clusters-rivals", alt=alt)


def frame(compared: Alternatives) -> pd.DataFrame:
    """One row a way, then one a model; agreement with ours is missing for other models, whose moments are others."""
    scores = [*compared.agreement[0], *[float("nan")] * len(compared.controls)]
    return pd.DataFrame(
        {
            "way": row.name,
            "groups": row.clusters,
            "noise": row.noise_share,
            "few words": row.few_word_share,
            "tells parts of speech": row.tag_f1,
            "tells modal verbs": row.modal_f1,
            "agreement with ours": score,
        }
        for row, score in zip((*compared.rows, *compared.controls), scores, strict=True)
    )
