"""The forms of the training page that bring in a model which another program trained, or the states of one alone."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from app import registry
from app.controls import tell
from lstm_core.exchange.quarantine import SAFE, TORCH
from lstm_core.exchange.state_files import read_array, read_tokens
from lstm_core.exchange.states import Brought, States, bring_in
from lstm_core.exchange.weights import ImportQuery, import_run, read_vocabulary, safe_file_name
from lstm_core.runs.cells import CELLS, SIGNALS
from lstm_core.runs.run import Run
from lstm_core.runs.store import new_folder
from lstm_core.storage.progress import Progress, silent
from lstm_core.text.corpus import MAX_TEXT_BYTES

MAX_WEIGHTS_BYTES = 512 * 2**20
MAX_STATES_BYTES = 500 * 2**20  # of all layers; 512 MiB the browser would call 1 GB
_KINDS = {
    "": f"{' or '.join(cell.title for cell in CELLS.values() if not cell.look_alikes)} (its file tells which)",
    **{name: cell.kind for name, cell in CELLS.items() if cell.look_alikes},
}


def import_form() -> None:
    """Take a file of weights and the list of their letters or words, or what the neurons of a model did; it is then
    among the runs.
    """
    if brought := st.session_state.pop("just-brought", None):
        name, notes = brought
        st.success("The states are here. The pages Neurons, Probes and, of a text of letters, Clusters can show them.")
        st.text("\n".join((name, *notes)))
        registry.link("neurons", "Look into its neurons")
    if name := st.session_state.pop("just-imported", None):
        st.success("The model is here. Let it read a text, and look at what each of its neurons does.")
        st.text(name)
        registry.link("neurons", "Look into its neurons")
    _weights_form()
    _states_form()


def _weights_form() -> None:
    with st.expander("Bring a model that another program trained"):
        st.caption(
            "It needs two files: the numbers that the model learned (its weights, saved by PyTorch as a "
            "`state_dict`), and the letters or words it knows, in the order in which it numbers them. Whoever trained "
            "the model has both. The file is read in a separate process, and nothing in it is ever run as a program."
        )
        weights = _uploader("The weights (.pt, .pth or .safetensors)", (*TORCH, *SAFE), MAX_WEIGHTS_BYTES, "weights")
        tokens = _uploader(
            "Its letters or words (.json with a list, or .txt with one a line)",
            (".json", ".txt"),
            MAX_TEXT_BYTES,
            "tokens",
        )
        cell = st.selectbox("Kind of network", list(_KINDS), format_func=_KINDS.__getitem__, key="import-cell")
        name = st.text_input("Call the model", key="import-name", max_chars=64).strip()
        lacking = weights is None or tokens is None or not name
        if not st.button("Bring it in", key="import-go", disabled=lacking) or lacking:
            return
        try:
            with st.spinner("Reading the file and checking every tensor"):
                run = _imported(name, weights, tokens, cell)
        except (ValueError, OSError) as error:
            tell("The model was not brought in.", error)
            return
        for key in ("run", "chosen_run", "just-imported"):
            st.session_state[key] = run.name
        st.rerun()


def _uploader(label: str, endings: Sequence[str], most: int, key: str, *, several: bool = False) -> Any:
    return st.file_uploader(
        label, type=list(endings), max_upload_size=most // 2**20, key=f"import-{key}", accept_multiple_files=several
    )


def _imported(name: str, weights: Any, tokens: Any, cell: str) -> Run:
    """The run made of two uploads; raises ValueError before anything is written when one is too large."""
    new_folder(name)
    for file, most in ((weights, MAX_WEIGHTS_BYTES), (tokens, MAX_TEXT_BYTES)):
        _check_size(safe_file_name(file.name), file.size, most, "import")
    with tempfile.TemporaryDirectory(prefix="lstm-workbench-") as folder:
        paths = _kept(Path(folder), [weights, tokens])
        return import_run(name, paths[0], read_vocabulary(paths[1]), ImportQuery(cell))


def _check_size(what: str, size: int, most: int, verb: str) -> None:
    if size > most:
        raise ValueError(
            f"{what} has {size / 2**20:.0f} MiB, the limit here is {most // 2**20} MiB: "
            f"the command line takes larger ones, python -m lstm_core {verb}"
        )


def _kept(folder: Path, files: Sequence[Any]) -> list[Path]:
    """Uploads as files, each in a folder of its own: they may have the same name."""
    paths = []
    for number, file in enumerate(files):
        path = folder / str(number) / safe_file_name(file.name)
        path.parent.mkdir()
        path.write_bytes(file.getbuffer())
        paths.append(path)
    return paths


# States without their model -------------------------------------------------------------------------------------------


def _states_form() -> None:
    with st.expander("Bring what the neurons of any model did"):
        st.caption(
            "Of a model that this program does not know, also one that is no LSTM, it is enough to have what its "
            "neurons did while it read a text: a table of numbers for each layer, a row for each letter or word of the "
            "text and a column for each neuron (NumPy, `np.save`), and the text itself. Its neurons can then be looked "
            "at like those of any other. It cannot read another text, write or be trained: for that its weights are "
            "needed. Python objects in a file are never read."
        )
        files = _uploader("A table for each layer, the first layer first (.npy)", (".npy",), MAX_STATES_BYTES, "states",
                          several=True)  # fmt: skip
        if len(files) > 1:
            st.text("\n".join(f"Layer {number}: {file.name}" for number, file in enumerate(files, 1)))
        tokens = _uploader(
            "The text that it read (.txt with the text or a token a line, or .json with a list of tokens)",
            (".txt", ".json"),
            MAX_TEXT_BYTES,
            "states-tokens",
        )
        signal = st.selectbox(
            "What the numbers are",
            list(SIGNALS),
            format_func=lambda signal: f"{SIGNALS[signal].title} ({signal})" + ", or anything else" * (signal == "h"),
            key="import-signal",
        )
        name = st.text_input("Call the model", key="import-states-name", max_chars=64).strip()
        lacking = not files or tokens is None or not name
        if not st.button("Bring them in", key="import-states-go", disabled=lacking) or lacking:
            return
        bar = st.progress(0.0, "checking the numbers")
        try:
            made = _brought(name, files, tokens, signal, lambda share, word: bar.progress(min(share, 1.0), word))
        except (ValueError, OSError) as error:
            bar.empty()
            tell("The states were not brought in.", error)
            return
        st.session_state["just-brought"] = made.run.name, made.notes
        for key in ("run", "chosen_run"):
            st.session_state[key] = made.run.name
        st.rerun()


def _brought(name: str, files: Sequence[Any], tokens: Any, signal: str, report: Progress = silent) -> Brought:
    """The run made of uploaded arrays, the first layer first; raises ValueError before anything is written."""
    new_folder(name)
    _check_size("the upload", sum(file.size for file in files), MAX_STATES_BYTES, "import-states")
    _check_size(safe_file_name(tokens.name), tokens.size, MAX_TEXT_BYTES, "import-states")
    with tempfile.TemporaryDirectory(prefix="lstm-workbench-") as folder:
        *tables, text = _kept(Path(folder), [*files, tokens])
        states = [States(signal, layer, read_array(path), path.name) for layer, path in enumerate(tables, 1)]
        return bring_in(name, states, read_tokens(text, states[0].length), report=report)
