"""The forms of the training page: start a run, and add a text of one's own."""

from dataclasses import replace
from typing import get_args

import streamlit as st

from app.cached import corpus, corpus_facts, machine_rate
from app.controls import KINDS, tell
from lstm_core.runs.cells import CELLS
from lstm_core.runs.cost import duration, training_bytes, training_seconds
from lstm_core.runs.settings import PRESETS, ModelConfig, Precision, Preset, TrainConfig
from lstm_core.runs.store import create_run
from lstm_core.storage import jobs
from lstm_core.text.catalogue import Kind
from lstm_core.text.corpus import MAX_TEXT_BYTES, Corpus, corpus_names, keep_text


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
    source, kind = _text(name, preset)
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
        try:
            run = create_run(run_name.strip(), text, model, training)
            jobs.start(run.folder, ["train", run.name])
        except ValueError as error:
            tell("It was not started.", error)
            return
        st.rerun()


def _text(name: str, preset: Preset) -> tuple[str, Kind]:
    """Which text, and whether the model reads its letters or its words."""
    left, right = st.columns(2)
    names = corpus_names()
    source = left.selectbox("Text", names, names.index(preset.corpus), key=f"start-corpus-{name}")
    kind = right.segmented_control(
        "It reads",
        list(KINDS),
        default=preset.kind,
        key=f"start-kind-{name}",
        format_func=lambda kind: KINDS[kind],
        required=True,
    )
    return source, "word" if kind == "word" else "char"


def _settings(name: str, preset: Preset, text: Corpus) -> tuple[ModelConfig, TrainConfig]:
    """Shape and recipe, with the preset's own values filled in; raises ValueError for what does not go together."""
    shape, recipe = preset.model_config(len(text.vocabulary)), preset.training
    with st.expander("Shape and recipe"):
        row = st.columns(5)
        cell = row[0].selectbox(
            "Cell",
            list(CELLS),
            list(CELLS).index(shape.cell),
            format_func=lambda cell: CELLS[cell].title,
            key=f"start-cell-{name}",
        )
        layers = row[1].number_input("Layers", 1, 6, shape.layers, key=f"start-layers-{name}")
        hidden = row[2].number_input("Units a layer", 8, 2048, shape.hidden, key=f"start-hidden-{name}")
        embedding = row[3].number_input(
            "Embedding",
            4,
            2048,
            shape.embedding,
            key=f"start-embedding-{name}",
            help="Numbers that stand for one letter or word.",
        )
        dropout = row[4].number_input(
            "Dropout",
            0.0,
            0.9,
            shape.dropout,
            0.05,
            key=f"start-dropout-{name}",
            help="Share of the neurons that are silenced at random while training.",
        )
        below = st.columns(6)
        epochs = below[0].number_input("Epochs", 1, 500, recipe.epochs, key=f"start-epochs-{name}")
        batch = below[1].number_input(
            "Streams (batch)",
            1,
            512,
            recipe.batch,
            key=f"start-batch-{name}",
            help="Places of the text that are read side by side.",
        )
        bptt = below[2].number_input(
            "Window (BPTT)",
            2,
            512,
            recipe.bptt,
            key=f"start-bptt-{name}",
            help="Over how many letters or words an error is traced back.",
        )
        seed = below[3].number_input(
            "Seed", 0, 10_000, recipe.seed, key=f"start-seed-{name}", help="The same number gives the same start."
        )
        rate = below[4].number_input(
            "Learning rate", 1e-5, 50.0, float(recipe.learning_rate), format="%.4f", key=f"start-rate-{name}"
        )
        precision = below[5].selectbox(
            "Arithmetic",
            get_args(Precision),
            key=f"start-precision-{name}",
            help="bfloat16 has fewer digits and is quicker on processors that multiply it. Auto takes it there, and "
            "float32 everywhere else.",
        )
    model = replace(
        shape, cell=cell, layers=int(layers), hidden=int(hidden), embedding=int(embedding), dropout=float(dropout)
    )
    training = replace(
        recipe,
        epochs=int(epochs),
        batch=int(batch),
        bptt=int(bptt),
        seed=int(seed),
        learning_rate=float(rate),
        precision=precision,
    )
    return model, training


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
        try:
            keep_text(name.strip(), file.getvalue())
        except (ValueError, OSError) as error:
            tell("The text was not kept.", error)
            return
        corpus_facts.clear()
        st.toast("Kept: it is now in the list of texts.")
        st.rerun()
