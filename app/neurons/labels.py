"""What the neurons of a layer follow: as it is kept, or the offer to look for it, which takes a while."""

from pathlib import Path

import streamlit as st

from app.cached import cached
from app.work import at_work, last_attempt, start_button
from lstm_core.neurons import labels as core
from lstm_core.neurons.label_search import LabelQuery, Labels
from lstm_core.neurons.profile import NeuronQuery
from lstm_core.recordings.find import untrained_twin
from lstm_core.recordings.recording import Recording
from lstm_core.runs.run import Run
from lstm_core.storage.files import home
from lstm_core.storage.results import Stamp

_QUESTION = "What do they follow: quotation marks, line ends, parts of speech? "


def _read(recording: Recording, query: LabelQuery, stamp: Stamp) -> Labels | None:
    return core.read_labels(recording, query)


def kept_labels(run: Run, recording: Recording, query: NeuronQuery) -> Labels | None:
    """The labels of the layer's units over this recording where they are kept, else None."""
    return cached(_read)(recording, LabelQuery(query.signal, query.layer), core.LABELS.stamp(run))


def all_kept(run: Run, recording: Recording) -> list[Labels]:
    """The labels of all layers of h and c: of the recording where there are any, else as they came with the run. Never
    of two texts, whose scores do not compare."""
    places = _places(run)
    own = [labels for place in places if (labels := kept_labels(run, recording, NeuronQuery(*place, 0)))]
    if len(own) == len(places):
        return own
    came = all_that_came(run)
    return own if len(own) >= len(came) else came


def all_that_came(run: Run) -> list[Labels]:
    """The labels of all layers of h and c that came with the run."""
    return [labels for place in _places(run) if (labels := standing_in(run, *place))]


def _places(run: Run) -> list[tuple[str, int]]:
    return [(signal, layer) for signal in core.SEARCHED for layer in range(1, run.model_config.layers + 1)]


def standing_in(run: Run, signal: str, layer: int) -> Labels | None:
    """The labels of a layer's units that came with the run, of whichever text, else None."""
    return cached(core.stand_in)(run, LabelQuery(signal, layer))


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
