"""Small widgets that pages share. Each keeps its choice in the URL, so that a view can be sent to someone."""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal, ParamSpec, TypeVar

import streamlit as st
from streamlit.errors import StreamlitAPIException

from app import registry
from app.cached import open_recording, runs_to_show
from lstm_core.recordings.recording import Recording, damaged, find_recordings
from lstm_core.runs.cells import SIGNALS
from lstm_core.runs.run import Run
from lstm_core.runs.settings import Preset
from lstm_core.runs.store import list_runs, open_run
from lstm_core.text.catalogue import Kind
from lstm_core.text.corpus import corpus_names

DEFAULT_RUN = "war-and-peace-char"
MAX_TYPED = 2000  # characters of a text that is read while a person types
KINDS = {"char": "letters", "word": "words"}

P = ParamSpec("P")
V = TypeVar("V")


def model_picker(*, shown: bool) -> None:
    """The sidebar's choice of a model, kept from page to page; a link may name one in `?run=`."""
    names = runs_to_show()
    asked = st.query_params.get("run")
    kept = st.session_state.get("chosen_run")
    linked = asked in names and asked != st.session_state.get("linked_run")
    st.session_state["linked_run"] = asked
    if linked:
        st.session_state["run"] = asked
    elif "run" not in st.session_state:
        first = next((name for name in (asked, kept, DEFAULT_RUN) if name in names), names[0] if names else None)
        st.session_state["run"] = first
    elif st.session_state["run"] not in names:
        st.session_state["run"] = names[0] if names else None
    if asked and asked not in names:
        st.info("The link names a model that is not here; showing another one.", icon=":material/info:")
        del st.query_params["run"]
    if shown and names:
        st.sidebar.selectbox("Model", names, key="run", help="Train your own on the page Training.")
        st.query_params["run"] = st.session_state["run"]
    st.session_state["chosen_run"] = st.session_state["run"]


def current_run() -> Run:
    """The chosen run; where there is none the page ends with a hint."""
    name = st.session_state.get("chosen_run")
    if name is None:
        st.info("No trained model is at hand yet. Train one on the page **Training**; the smallest takes a minute.")
        registry.link("training", "Go to Training")
        st.stop()
    return open_run(name)


def only_with_weights(run: Run, why: str) -> None:
    """For pages that need the model itself: where nothing of it is here but its states, say why and end the page."""
    if run.states_only:
        st.info(f"This model has no weights: only what its neurons did over one text was brought in. {why}.")
        st.stop()


def only_letters(run: Run, why: str, *, key: str) -> None:
    """For pages about models of letters: where the chosen one reads words, say why it must not and end the page."""
    if run.kind == "char":
        return
    st.info(f"This model reads words. {why}: choose one.")
    letters = [other.name for other in list_runs() if other.kind == "char" and other.has_weights]
    for name in letters[:3]:
        st.button(f"Show {name}", key=f"{key}-run-{name}", on_click=st.session_state.update, args=({"run": name},))
    st.stop()


def current_recording(run: Run) -> Recording | None:
    """The chosen recording of a run (a picker where there are several, those of every position first), or None."""
    found = []
    for folder in find_recordings(run.fingerprint):
        recording = tried("A recording cannot be used.", open_recording, folder)
        if recording is not None and folder in damaged:
            tell("A recording is damaged: make it again.", damaged[folder])
        if recording is not None and len(recording.positions):
            found.append(recording)
    if not found:
        return None
    found.sort(key=lambda recording: recording.spec.positions != "all")  # blanks alone make no text to look at
    if len(found) == 1:
        return found[0]
    name, blanks = f"recording-{run.name}", {"all": ""}
    titles = {one.fingerprint: one.title + blanks.get(one.spec.positions, ", blanks only") for one in found}
    _begin_with_link("recording", list(titles), found[0].fingerprint, name)
    key = st.sidebar.selectbox("Text it has read", list(titles), format_func=titles.__getitem__, key=name)
    _keep_in_link("recording", key)
    return next(recording for recording in found if recording.fingerprint == key)


def place(recording: Recording, first: tuple[str, int, int] | None, *, key: str) -> tuple[str, int, int]:
    """Signal, layer (from 1) and unit (from 0), each in the URL below `key`; at first those given."""
    spec = recording.spec
    start = first or (spec.signals[0], spec.layers[-1], 0)
    signal = _signal(spec.signals, start[0], f"{key}-signal", brought_in=recording.brought_in)
    left, right = st.columns(2)
    layers, about = list(spec.layers), "Layer 1 reads the text, the last layer makes the guess."
    layer = left.selectbox("Layer", layers, layers.index(start[1]), key=f"{key}-layer", bind="query-params", help=about)
    with right:
        unit = whole_number("Neuron (unit)", 0, spec.units - 1, start[2], key=f"{key}-unit")
    tell_origin(recording, signal, layer)
    return signal, layer, unit


def tell_origin(recording: Recording, signal: str, layer: int) -> None:
    """What a layer's states were called where they were brought in from. Not in the list of layers: its words would
    stand in the address, and a link that names the number alone would be dropped.
    """
    if origin := recording.origin(signal, layer):
        st.text(f"Layer {layer}: {origin}")


def _begin_with_link(parameter: str, options: Sequence[str], first: str, key: str) -> None:
    """Set the widget `key` to what the URL asks for, once; to `first` where it has no choice of the options yet.

    For options that the URL holds otherwise than they are shown: a widget bound to it would put its whole label there.
    """
    asked = st.query_params.get(parameter)
    if asked in options and asked != st.session_state.get(f"{parameter}-asked"):
        st.session_state[key] = asked
    elif st.session_state.get(key) not in options:
        st.session_state[key] = first


def _keep_in_link(parameter: str, chosen: str) -> None:
    """Put a choice into the URL; what is put there was not asked for by a person."""
    st.query_params[parameter] = st.session_state[f"{parameter}-asked"] = chosen


def _signal(signals: Sequence[str], first: str, name: str, *, brought_in: bool) -> str:
    """The choice of a signal by its letter and name, with what each means; its letter is in the URL below `name`.

    `brought_in`: from a model that is not here, of which nobody knows that its signals are what they are called.
    """
    _begin_with_link(name, signals, first, name)
    titles = {signal: f"{signal}: {SIGNALS[signal].title}" for signal in signals}
    chosen = st.segmented_control("Signal", signals, format_func=titles.__getitem__, key=name, required=True) or first
    _keep_in_link(name, chosen)
    if brought_in:
        st.caption(
            f"These values were brought in as **{chosen}** ({SIGNALS[chosen].title}) of a model that is not here. Only "
            "who made them can tell what they are."
        )
        return chosen
    st.caption(f"**{chosen}** is {SIGNALS[chosen].meaning}.")
    with st.expander("What are these signals?"):
        rows = [f"| **{signal}** | {SIGNALS[signal].title} | {SIGNALS[signal].meaning} |" for signal in signals]
        st.markdown("\n".join(["| signal | name | what it is |", "| --- | --- | --- |", *rows]))
    return chosen


def tell(sentence: str, reason: object) -> None:
    """A mistake and its reason. The reason may quote what a person typed, so it is never read as Markdown."""
    st.error(sentence)
    st.text(str(reason))


def tried(sentence: str, make: Callable[P, V], *args: P.args, **options: P.kwargs) -> V | None:
    """What `make` gives; where it cannot (ValueError, OSError) the mistake is told with `sentence` before it: None."""
    try:
        return make(*args, **options)
    except (ValueError, OSError) as error:
        tell(sentence, error)
        return None


def one_of(label: str, options: Mapping[str, V], first: V, *, key: str, about: str | None = None) -> V:
    """One choice among named values, `about` which a mark tells; nothing is drawn where there is only one."""
    values = list(options.values())
    if len(values) == 1:
        return values[0]
    start = next((title for title, value in options.items() if value == first), next(iter(options)))
    chosen = st.segmented_control(
        label, list(options), default=start, key=key, bind="query-params", required=True, help=about
    )
    return options.get(chosen or start, options[start])


def whole_number(label: str, least: int, most: int, first: int, step: int = 1, *, key: str, **options: Any) -> int:
    """A whole number from `least` to `most`, in the URL below its key; `options` are those of `st.number_input`."""
    number = st.number_input(label, least, most, first, step, key=key, bind=bound(key), **options)
    return min(max(int(number), least), most)


def text_and_kind(preset: Preset, *, key: str) -> tuple[str, Kind]:
    """Which text a model is trained on, and whether it reads letters or words; at first those of a preset. `key` has a
    place for what is chosen: "start-{}-small".
    """
    left, right = st.columns(2)
    names = corpus_names()
    source = left.selectbox("Text", names, names.index(preset.corpus), key=key.format("corpus"))
    kind = right.segmented_control(
        "It reads",
        list(KINDS),
        default=preset.kind,
        key=key.format("kind"),
        format_func=KINDS.__getitem__,
        required=True,
    )
    return source, "word" if kind == "word" else "char"


def bound(key: str) -> Literal["query-params"] | None:
    """What binds a number field to the URL, `bind=bound(key)`; what a link holds there must be a finite number.

    Streamlit drops other bad values itself; at INFINITY or 1e999 it ends the page. These are taken out of the address,
    and the page begins anew; where that is refused, as the field was bound before, it is not bound this once.
    """
    try:
        if math.isfinite(float(st.query_params.get(key, "0"))):
            return "query-params"
    except ValueError:
        return "query-params"
    with suppress(StreamlitAPIException):
        del st.query_params[key]
        st.rerun()
    return None
