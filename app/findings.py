"""Neurons that follow something a person can see, as the labels have them: the cards on Home, which lead to the neuron,
and where the page Neurons begins."""

from dataclasses import dataclass

import streamlit as st

from app import registry
from app.cached import cached, corpus
from app.controls import DEFAULT_RUN
from app.labels import all_kept, all_that_came
from lstm_core.neurons.label_search import FeatureBest, Labels
from lstm_core.neurons.labels import FINDINGS, best_unit, example
from lstm_core.recordings.recording import Recording
from lstm_core.recordings.tags import recorded_text
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run

_TITLES = {
    "inside quotation marks": "A neuron that knows when someone is speaking",
    "the end of the line is near": "A neuron that counts to the end of the line",
    "a capital letter comes next": "A neuron that expects a name",
    "inside a capitalised word": "A neuron that knows it is inside a name",
    "a paragraph has just begun": "A neuron that marks a new paragraph",
}


@dataclass(frozen=True)
class Finding:
    """The unit that tells a feature best, and the labels of its layer."""

    labels: Labels
    best: FeatureBest

    @property
    def place(self) -> tuple[str, int, int]:
        """Signal, layer and unit."""
        return self.labels.query.signal, self.labels.query.layer, self.best.unit or 0


def cards() -> None:
    """One card for each of three features, by the labels that came with the default run; a hint where none did."""
    try:
        kept = all_that_came(open_run(DEFAULT_RUN))
    except ValueError:
        kept = []
    # What the untrained twin has as well was not learned: the widest lead over it comes first.
    found = sorted(_findings(kept), key=lambda one: (one.best.control or 0.5) - (one.best.chosen_with or 0.0))[:3]
    if not found:
        st.caption("The findings come with the trained model, which is not at hand here.")
        return
    for column, finding in zip(st.columns(len(found)), found, strict=True):
        with column.container(border=True, height="stretch"):
            _card(finding)


def _card(finding: Finding) -> None:
    (_, layer, unit), best = finding.place, finding.best
    st.markdown(f"**{_TITLES[best.feature]}**")
    when = best.feature if best.feature.startswith("inside") else f"when {best.feature}"
    control = (
        "" if best.control is None else f"; the best neuron of that layer in the untrained twin: {best.control:.2f}"
    )
    st.caption(
        f"Neuron {unit} of layer {layer} is {'high' if best.sign == 1 else 'low'} {when}. It tells the two cases apart "
        f"with a score of {best.score:.2f} (1 is perfect, .5 is chance{control}; {best.total:,} letters it was not "
        "chosen on)."
    )
    if st.button("Look at it", key=f"finding-{layer}-{unit}", icon=":material/neurology:"):
        _show(finding)


def _show(finding: Finding) -> None:
    """Go to the neurons page with this finding chosen, where its feature begins in the text that was read for it."""
    start, stop = finding.labels.span
    try:
        text = corpus(finding.labels.text)
        first = example(text.vocabulary.decode(text.ids[start:stop].tolist()), "characters", finding.best.feature)
    except ValueError:  # the text is not at hand
        first = 0
    chosen = zip(("signal", "layer", "unit", "start"), (*finding.place, first), strict=True)
    st.session_state.update({"run": DEFAULT_RUN} | {f"neurons-{name}": value for name, value in chosen})
    st.switch_page(registry.entry("neurons").page())


def best(recording: Recording, run: Run) -> Finding | None:
    """The best finding of a run that the recording can show, or None."""
    names, layers = recording.spec.signals, recording.spec.layers
    kept = [one for one in all_kept(run, recording) if one.query.signal in names and one.query.layer in layers]
    return max(_findings(kept), key=lambda one: one.best.chosen_with or 0.0, default=None)


def beginning(recording: Recording, finding: Finding) -> int:
    """Where a recording is shown first: a little before the feature begins."""
    return cached(_beginning)(recording, finding.best.feature)


def _beginning(recording: Recording, feature: str) -> int:
    return example(recorded_text(recording), recording.vocabulary.splitter, feature, recording.positions)


def _findings(kept: list[Labels]) -> list[Finding]:
    found = [best_unit(kept, feature) for feature in FINDINGS]
    return [Finding(*one) for one in found if one is not None and one[1].unit is not None]
