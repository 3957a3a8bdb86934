"""The findings of the default model as cards that lead to the neuron."""

import streamlit as st

from app import registry
from app.controls import DEFAULT_RUN
from lstm_core.run import open_run


def cards() -> None:
    """One card a finding stored with the default run; a hint when there are none."""
    try:
        stored = open_run(DEFAULT_RUN).results().get("findings", {"findings": []})
    except ValueError:
        stored = {"findings": []}
    found = sorted(stored["findings"], key=lambda finding: -finding["chosen_with"])[:3]
    if not found:
        st.caption("The findings come with the trained model, which is not at hand here.")
        return
    for column, finding in zip(st.columns(len(found)), found, strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{_TITLES[finding['feature']]}**")
            way = "high" if finding["sign"] > 0 else "low"
            control = finding["control"]
            st.caption(
                f"Neuron {finding['unit']} of layer {finding['layer']} is {way} when {_WHEN[finding['feature']]}. "
                f"It tells the two cases apart with a score of {finding['auroc']:.2f} (1 is perfect, .5 is chance"
                + (f"; the best neuron of the untrained twin: {control:.2f}" if control is not None else "")
                + f"; {finding['total']:,} letters it was not chosen on)."
            )
            registry.link(
                "neurons",
                "Look at it",
                {
                    "neurons-signal": finding["signal"],
                    "neurons-layer": str(finding["layer"]),
                    "neurons-unit": str(finding["unit"]),
                    "neurons-start": str(finding["example"]),
                },
            )


_TITLES = {
    "inside direct speech": "A neuron that knows when someone is speaking",
    "the end of the line is near": "A neuron that counts to the end of the line",
    "a capital letter comes next": "A neuron that expects a name",
    "inside a capitalised word": "A neuron that knows it is inside a name",
    "a paragraph has just begun": "A neuron that marks a new paragraph",
}
_WHEN = {
    "inside direct speech": "the text is inside quotation marks",
    "the end of the line is near": "the line is about to end",
    "a capital letter comes next": "a capital letter is about to come",
    "inside a capitalised word": "the letter belongs to a word with a capital",
    "a paragraph has just begun": "a paragraph has just begun",
}
