"""What the neurons of a layer follow: as it is kept, or the offer to look for it, which takes a while."""

from pathlib import Path

import streamlit as st

from app.work import at_work, last_attempt, start_button
from lstm_core.neurons.label_search import Labels
from lstm_core.neurons.profile import NeuronQuery
from lstm_core.recordings.find import untrained_twin
from lstm_core.recordings.recording import Recording
from lstm_core.runs.run import Run
from lstm_core.storage.files import home

_QUESTION = "What do they follow: quotation marks, line ends, parts of speech? "


def job_folder(run: Run, query: NeuronQuery) -> Path:
    """Where the job that looks for labels lives."""
    return home() / "labels" / "jobs" / f"{run.fingerprint[:20]}-{query.signal}-{query.layer}"


def command(run: Run, query: NeuronQuery) -> list[str]:
    """The verb that looks for labels, as a person would type it."""
    return ["label", "--signal", query.signal, "--layer", str(query.layer), "--", run.name]


def offer(run: Run, recording: Recording, query: NeuronQuery, kept: Labels | None, *, others: bool) -> None:
    """The offer to look for labels where none are kept (`others`: some of another text are shown), or none beside the
    untrained network that is at hand now; or the progress of that work. When it ends the page is drawn again."""
    folder = job_folder(run, query)
    if at_work(folder, f"neurons-{folder.name}"):
        return
    if kept is not None and (kept.twin or untrained_twin(recording, kept.query.signal, (kept.query.layer,)) is None):
        if not kept.twin and not run.untrained_twin_of:
            st.caption(
                "Whether this was learned cannot be told: no untrained network has read the same text. Where the "
                "model has an untrained twin, `python -m lstm_core record` lets it."
            )
        return
    last_attempt(folder)
    if kept is None:
        st.caption(
            ("What do they follow in the text shown here? " if others else _QUESTION)
            + "Every neuron can be tried with "
            "everything we can name. For a text of 30,000 letters that takes about a minute; it goes on when this "
            "page is closed, and the result is kept."
        )
        start_button("Find what they follow", folder, command(run, query), f"neurons-go-{folder.name}")
    else:
        st.caption("The untrained network has read this text since: what it follows as well was not learned.")
        start_button("Compare with the untrained network", folder, command(run, query), f"neurons-again-{folder.name}")
