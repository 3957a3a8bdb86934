"""The form of the training page that brings in a model which another program trained."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from app import registry
from app.controls import tell
from lstm_core.corpus import MAX_TEXT_BYTES
from lstm_core.foreign import ImportQuery, import_run, read_vocabulary, safe_file_name
from lstm_core.quarantine import SAFE, TORCH
from lstm_core.run import Run
from lstm_core.runs import new_folder

MAX_WEIGHTS_BYTES = 512 * 2**20
CELLS = {"": "LSTM or GRU (its file tells which)", "rnn": "plain RNN with tanh"}


def import_form() -> None:
    """Take a file of weights and the list of their letters or words; the model is then among the runs."""
    if name := st.session_state.pop("just-imported", None):
        st.success("The model is here. Let it read a text, and look at what each of its neurons does.")
        st.text(name)
        registry.link("neurons", "Look into its neurons")
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
        cell = st.selectbox("Kind of network", list(CELLS), format_func=CELLS.__getitem__, key="import-cell")
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


def _uploader(label: str, endings: Sequence[str], most: int, key: str) -> Any:
    return st.file_uploader(label, type=list(endings), max_upload_size=most // 2**20, key=f"import-{key}")


def _imported(name: str, weights: Any, tokens: Any, cell: str) -> Run:
    """The run made of two uploads; raises ValueError before anything is written when one is too large."""
    new_folder(name)
    for file, most in ((weights, MAX_WEIGHTS_BYTES), (tokens, MAX_TEXT_BYTES)):
        if file.size > most:
            raise ValueError(
                f"{safe_file_name(file.name)} has {file.size / 2**20:.0f} MiB, the limit here is {most // 2**20} MiB: "
                "the command line takes larger ones, python -m lstm_core import"
            )
    with tempfile.TemporaryDirectory(prefix="lstm-workbench-") as folder:
        paths = []
        for part, file in (("weights", weights), ("tokens", tokens)):  # apart: both may have the same name
            path = Path(folder) / part / safe_file_name(file.name)
            path.parent.mkdir()
            path.write_bytes(file.getbuffer())
            paths.append(path)
        return import_run(name, paths[0], read_vocabulary(paths[1]), ImportQuery(cell))
