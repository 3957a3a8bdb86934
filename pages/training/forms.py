"""The forms of the page: start a run, add a text of one's own, bring in a model, or the states of one alone."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import streamlit as st

from app import registry
from app.cached import corpus, corpus_facts, machine_rate
from app.controls import tell, text_and_kind, tried
from app.work import begin, shown_by
from lstm_core.exchange.quarantine import SAFE, TORCH
from lstm_core.exchange.state_files import read_array, read_tokens
from lstm_core.exchange.states import Brought, States, bring_in
from lstm_core.exchange.weights import ImportQuery, import_run, read_vocabulary, safe_file_name
from lstm_core.runs.cells import CELLS, SIGNALS
from lstm_core.runs.cost import duration, training_bytes, training_seconds
from lstm_core.runs.run import Run
from lstm_core.runs.settings import PRESETS, ModelConfig, Precision, Preset, TrainConfig
from lstm_core.runs.store import create_run, new_folder
from lstm_core.storage.progress import Progress, silent
from lstm_core.text.corpus import MAX_TEXT_BYTES, Corpus, corpus_names, keep_text

Fields = Mapping[str, tuple[str, float, float, dict[str, Any]]]  # label, least, most, and what else the field takes
_SILENCED = "Share of the neurons that are silenced at random while training."
_SHAPE: Fields = {
    "layers": ("Layers", 1, 6, {}),
    "hidden": ("Units a layer", 8, 2048, {}),
    "embedding": ("Embedding", 4, 2048, {"help": "Numbers that stand for one letter or word."}),
    "dropout": ("Dropout", 0.0, 0.9, {"step": 0.05, "help": _SILENCED}),
}
_RECIPE: Fields = {
    "epochs": ("Epochs", 1, 500, {}),
    "batch": ("Streams (batch)", 1, 512, {"help": "Places of the text that are read side by side."}),
    "bptt": ("Window (BPTT)", 2, 512, {"help": "Over how many letters or words an error is traced back."}),
    "seed": ("Seed", 0, 10_000, {"help": "The same number gives the same start."}),
    "learning_rate": ("Learning rate", 1e-5, 50.0, {"format": "%.4f"}),
}
MAX_WEIGHTS_BYTES = 512 * 2**20
MAX_STATES_BYTES = 500 * 2**20  # of all layers; 512 MiB the browser would call 1 GB
_KINDS = {
    "": f"{' or '.join(cell.title for cell in CELLS.values() if not cell.look_alikes)} (its file tells which)",
    **{name: cell.kind for name, cell in CELLS.items() if cell.look_alikes},
}


def start_form() -> None:
    """Choose a preset, change what you like, see what it costs, start it."""
    st.subheader("Start a training")
    names = list(PRESETS)
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    name = left.selectbox(
        "Recipe", names, names.index("tiny"), format_func=lambda key: PRESETS[key].title, key="start-preset"
    )
    cost = right.empty()  # beside the choice: what it takes, known once its text and shape are
    preset = PRESETS[name]
    run_name = st.text_input("Name of the run", f"my-{name}", key=f"start-name-{name}", max_chars=64)
    source, kind = text_and_kind(preset, key=f"start-{{}}-{name}")
    facts = corpus_facts(source)
    st.caption(f"{facts['title']}. Licence: {facts['licence']}.")
    if not facts["at_hand"]:
        st.warning("This text is not at hand.")
        st.text(str(facts["remedy"]))
        return
    try:
        text = corpus(source, kind)
        model, training = _settings(name, preset, text)
    except ValueError as error:
        tell("These settings do not go together.", error)
        return
    tokens = len(text.part("train"))
    seconds = training_seconds(model, training, tokens, machine_rate())
    cost.markdown(f"takes **about {duration(seconds)}** on this machine with {model.parameters:,} parameters")
    epochs = "1 epoch" if training.epochs == 1 else f"{training.epochs} epochs"
    st.caption(
        f"{model.architecture}, {epochs} of {tokens:,} tokens, {training_bytes(model) / 2**20:,.0f} MiB on disk."
    )
    if st.button("Start training", type="primary", key="start-go"):
        run = tried("It was not started.", create_run, run_name.strip(), text, model, training)
        if run is not None:
            begin(run.folder, ["train", run.name])


def _settings(name: str, preset: Preset, text: Corpus) -> tuple[ModelConfig, TrainConfig]:
    """Shape and recipe, with the preset's own values filled in; raises ValueError for what does not go together."""
    shape, recipe, cells = preset.model_config(len(text.vocabulary)), preset.training, list(CELLS)
    with st.expander("Shape and recipe"):
        above, below = st.columns(5), st.columns(6)
        cell = above[0].selectbox(
            "Cell", cells, cells.index(shape.cell), lambda cell: CELLS[cell].title, key=f"start-cell-{name}"
        )
        of_shape = _numbers(_SHAPE, shape, name, above[1:])
        of_recipe = _numbers(_RECIPE, recipe, name, below)
        precision = below[5].selectbox(
            "Arithmetic",
            get_args(Precision),
            key=f"start-precision-{name}",
            help="bfloat16 has fewer digits and is quicker on processors that multiply it. Auto takes it there, and "
            "float32 everywhere else.",
        )
    return replace(shape, cell=cell, **of_shape), replace(recipe, precision=precision, **of_recipe)


def _numbers(fields: Fields, first: ModelConfig | TrainConfig, name: str, columns: Sequence[Any]) -> dict[str, Any]:
    """A field for each setting, in a column each, with the values of `first` filled in."""
    chosen = {}
    for (setting, (label, least, most, more)), column in zip(fields.items(), columns, strict=False):
        key, kind = f"start-{setting.removeprefix('learning_')}-{name}", type(least)
        chosen[setting] = kind(column.number_input(label, least, most, kind(getattr(first, setting)), key=key, **more))
    return chosen


def upload_form() -> None:
    """Add a text file; it is then among the texts above."""
    with st.expander("Add a text of your own"):
        file = st.file_uploader("A plain text file (UTF-8)", type=["txt"], key="upload-file")
        name = st.text_input("Call it", key="upload-name", max_chars=64)
        if not st.button("Keep it", key="upload-go", disabled=file is None or not name.strip()) or file is None:
            return
        if file.size > MAX_TEXT_BYTES:
            st.error(f"The file has {file.size / 2**20:.0f} MiB, the limit is {MAX_TEXT_BYTES // 2**20} MiB.")
            return
        if name.strip() in corpus_names():
            st.error("There is a text of that name already: choose another name.")
            return
        if tried("The text was not kept.", keep_text, name.strip(), file.getvalue()) is not None:
            corpus_facts.clear()
            st.toast("Kept: it is now in the list of texts.")
            st.rerun()


def import_form() -> None:
    """Take a file of weights and the list of their letters or words, or what the neurons of a model did; it is then
    among the runs.
    """
    if brought := st.session_state.pop("just-brought", None):
        said, *lines = brought
        st.success(said)
        st.text("\n".join(lines))
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
        weights = _uploader("The weights (.pt, .pth or .safetensors)", "weights", (*TORCH, *SAFE), MAX_WEIGHTS_BYTES)
        tokens = _uploader(
            "Its letters or words (.json with a list, or .txt with one a line)", "tokens", (".json", ".txt")
        )
        cell = st.selectbox("Kind of network", list(_KINDS), format_func=_KINDS.__getitem__, key="import-cell")
        name = st.text_input("Call the model", key="import-name", max_chars=64).strip()
        lacking = weights is None or tokens is None or not name
        if not st.button("Bring it in", key="import-go", disabled=lacking) or lacking:
            return
        with st.spinner("Reading the file and checking every tensor"):
            run = tried("The model was not brought in.", _imported, name, weights, tokens, cell)
        if run is not None:
            _choose("The model is here. Let it read a text, and look at what each of its neurons does.", run)


def _choose(said: str, run: Run, *notes: str) -> None:
    """Draw the page anew with a run that was brought in chosen, and say so."""
    st.session_state.update({"run": run.name, "chosen_run": run.name, "just-brought": (said, run.name, *notes)})
    st.rerun()


def _uploader(
    label: str, key: str, endings: Sequence[str], most: int = MAX_TEXT_BYTES, *, several: bool = False
) -> Any:
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
        label = "A table for each layer, the first layer first (.npy)"
        files = _uploader(label, "states", (".npy",), MAX_STATES_BYTES, several=True)
        if len(files) > 1:
            st.text("\n".join(f"Layer {number}: {file.name}" for number, file in enumerate(files, 1)))
        tokens = _uploader(
            "The text that it read (.txt with the text or a token a line, or .json with a list of tokens)",
            "states-tokens",
            (".txt", ".json"),
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
        made = tried("The states were not brought in.", _brought, name, files, tokens, signal, shown_by(bar))
        if made is None:
            bar.empty()
            return
        said = "The states are here. The pages Neurons, Probes and, of a text of letters, Clusters can show them."
        _choose(said, made.run, *made.notes)


def _brought(name: str, files: Sequence[Any], tokens: Any, signal: str, report: Progress = silent) -> Brought:
    """The run made of uploaded arrays, the first layer first; raises ValueError before anything is written."""
    new_folder(name)
    _check_size("the upload", sum(file.size for file in files), MAX_STATES_BYTES, "import-states")
    _check_size(safe_file_name(tokens.name), tokens.size, MAX_TEXT_BYTES, "import-states")
    with tempfile.TemporaryDirectory(prefix="lstm-workbench-") as folder:
        *tables, text = _kept(Path(folder), [*files, tokens])
        states = [States(signal, layer, read_array(path), path.name) for layer, path in enumerate(tables, 1)]
        return bring_in(name, states, read_tokens(text, states[0].length), report=report)
