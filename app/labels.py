"""The labels that are kept of a recording, or came with a run: what several pages show of them."""

from app.cached import cached
from lstm_core.neurons import labels as core
from lstm_core.neurons.label_search import LabelQuery, Labels
from lstm_core.neurons.profile import NeuronQuery
from lstm_core.recordings.recording import Recording
from lstm_core.runs.run import Run
from lstm_core.storage.results import Stamp


def _read(recording: Recording, query: LabelQuery, stamp: Stamp) -> Labels | None:
    return core.read_labels(recording, query)


def kept_labels(run: Run, recording: Recording, query: NeuronQuery) -> Labels | None:
    """The labels of the layer's units over this recording where they are kept, else None."""
    return cached(_read)(recording, LabelQuery(query.signal, query.layer), core.LABELS.stamp(run))


def all_kept(run: Run, recording: Recording) -> list[Labels]:
    """The labels of all layers of h and c: of the recording where there are any, else as they came with the run. Never
    of two texts, whose scores do not compare."""
    places = _places(run)
    own = list(cached(_all_read)(recording, tuple(places), core.LABELS.stamp(run)))
    if len(own) == len(places):
        return own
    came = all_that_came(run)
    return own if len(own) >= len(came) else came


def _all_read(recording: Recording, places: tuple[tuple[str, int], ...], stamp: Stamp) -> tuple[Labels, ...]:
    found = (core.read_labels(recording, LabelQuery(*place)) for place in places)
    return tuple(labels for labels in found if labels)


def all_that_came(run: Run) -> list[Labels]:
    """The labels of all layers of h and c that came with the run."""
    return [labels for place in _places(run) if (labels := standing_in(run, *place))]


def _places(run: Run) -> list[tuple[str, int]]:
    return [(signal, layer) for signal in core.SEARCHED for layer in range(1, run.model_config.layers + 1)]


def standing_in(run: Run, signal: str, layer: int) -> Labels | None:
    """The labels of a layer's units that came with the run, of whichever text, else None."""
    return cached(core.stand_in)(run, LabelQuery(signal, layer))
