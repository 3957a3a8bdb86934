"""The findings of the default model as cards that lead to the neuron."""

import streamlit as st

from app import registry
from app.controls import DEFAULT_RUN
from lstm_core.neurons.findings import Finding, read_findings
from lstm_core.runs.store import open_run


def cards() -> None:
    """One card a finding stored with the default run; a hint when there are none."""
    try:
        stored = read_findings(open_run(DEFAULT_RUN))
    except ValueError:
        stored = ()
    # What the untrained twin has as well was not learned: the widest lead over it comes first.
    found = sorted(stored, key=lambda finding: (finding.control or 0.5) - finding.chosen_with)[:3]
    if not found:
        st.caption("The findings come with the trained model, which is not at hand here.")
        return
    for column, finding in zip(st.columns(len(found)), found, strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{_TITLES[finding.feature]}**")
            way = "high" if finding.sign > 0 else "low"
            control = finding.control
            st.caption(
                f"Neuron {finding.unit} of layer {finding.layer} is {way} when {_WHEN[finding.feature]}. "
                f"It tells the two cases apart with a score of {finding.auroc:.2f} (1 is perfect, .5 is chance"
                + (f"; the best neuron of the untrained twin: {control:.2f}" if control is not None else "")
                + f"; {finding.total:,} letters it was not chosen on)."
            )
            if st.button("Look at it", key=f"finding-{finding.layer}-{finding.unit}", icon=":material/neurology:"):
                show(finding)


def show(finding: Finding) -> None:
    """Go to the neurons page with this finding chosen."""
    st.session_state["run"] = DEFAULT_RUN
    st.session_state["neurons-signal"] = finding.signal
    st.session_state["neurons-layer"] = finding.layer
    st.session_state["neurons-unit"] = finding.unit
    st.session_state["neurons-start"] = finding.example
    st.switch_page(registry.entry("neurons").page())


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
