"""Which recordings are at hand: of some weights, over a text, with some signals; and the twin's beside one."""

from collections.abc import Collection, Iterator

from lstm_core.recordings.recording import Recording, opened_recordings
from lstm_core.runs.run import Run


def find(
    weights: str,
    signals: Collection[str] = (),
    layers: Collection[int] = (),
    *,
    text: str = "",
    span: tuple[int, int] | None = None,
    positions: str = "",
) -> Iterator[Recording]:
    """The recordings of these weights, newest first, that hold all that is asked for; what is left out may be any.

    `text` is the fingerprint of what was read, `span` [start, stop) has to lie within what was. `signals` and `layers`
    have to be there; `positions` is "all" or, where others may be missing, "whitespace".
    """
    for recording in opened_recordings(weights):
        spec = recording.spec
        of_text = text in ("", spec.text_fingerprint)
        of_span = span is None or (spec.span[0] <= span[0] and span[1] <= spec.span[1])
        has = set(signals) <= set(spec.signals) and set(layers) <= set(spec.layers)
        kept = positions == "" or spec.positions in ("all", positions)
        if of_text and of_span and has and kept:
            yield recording


def longest(
    run: Run, signals: Collection[str] = (), layers: Collection[int] = (), *, other_than: str = ""
) -> Recording:
    """The longest recording of a run that kept these signals and layers at all positions, of any text but `other_than`.

    Raises ValueError that says how to make one.
    """
    found = (one for one in find(run.fingerprint, signals, layers) if one.whole)
    usable = [one for one in found if not other_than or one.spec.text != other_than]
    if not usable:
        what = f" of {', '.join(signals)}" if signals else ""
        remedy = f", or ask for --text {other_than}" if other_than else ""
        raise ValueError(
            f"{run.name} has no recording{what} at all positions: make one with "
            f"`python -m lstm_core record {run.name} --signals {','.join(signals) or 'h,c'}`{remedy}"
        )
    return max(usable, key=lambda one: (len(one.tokens), len(one.names)))


def same_reading(recording: Recording, other: Recording) -> bool:
    """Whether two recordings are of the same positions of the same text."""
    compared = ("text_fingerprint", "span", "positions")
    return all(getattr(recording.spec, name) == getattr(other.spec, name) for name in compared)


def twins_of(run: str) -> Iterator[Run]:
    """The untrained twins of a run that are at hand."""
    from lstm_core.runs.store import list_runs

    return (other for other in list_runs() if other.untrained_twin_of == run)


def untrained_twin(recording: Recording, signal: str, layers: Collection[int] = ()) -> Recording | None:
    """The control of a recording: what an untrained twin of its run did at the same positions; None where no recording
    of it has the signal of these layers (of none: of all that were recorded).
    """
    for twin in twins_of(recording.spec.run):
        for other in find(twin.fingerprint, (signal,), layers or recording.spec.layers):
            if same_reading(recording, other):
                return other
    return None
