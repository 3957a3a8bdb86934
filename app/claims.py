"""The panel "the source says / we measure / why different"."""

from collections.abc import Sequence

import streamlit as st

from lstm_core.claims.claim import Verdict

_VERDICT = {True: ":green-badge[holds here]", False: ":red-badge[does not hold here]", None: ":gray-badge[no verdict]"}


def panel(claims: Sequence[Verdict], title: str = "What the source says, what we measure") -> None:
    """One row a claim; nothing when there is none."""
    if not claims:
        return
    st.subheader(title)
    for claim in claims:
        with st.container(border=True):
            left, middle, right = st.columns(3)
            left.caption(f"{claim.id} · {claim.source} says")
            left.text(claim.says)
            middle.caption("we measure")
            middle.text(claim.measured)
            middle.markdown(_VERDICT[claim.holds])
            right.caption("why different")
            right.text(claim.why)
