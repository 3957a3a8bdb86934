"""The forms of the training page: start a run, and add a text of one's own."""

from dataclasses import replace

import streamlit as st

from app.cached import corpus, corpus_facts
from lstm_core import jobs
from lstm_core.corpus import MAX_TEXT_BYTES, corpus_names, keep_text
from lstm_core.estimate import matrix_rate, training_bytes, training_seconds
from lstm_core.run import create_run
from lstm_core.settings import PRESETS, ModelConfig, TrainConfig

machine_rate = st.cache_data(matrix_rate, ttl=3600, show_spinner=False)


def start_form() -> None:
    """Choose a preset, change what you like, see what it costs, start it."""
    st.subheader("Start a training")
    presets = list(PRESETS)
    name = st.selectbox("Recipe", presets, presets.index("tiny"), format_func=lambda key: PRESETS[key].title, key="start-preset")  # fmt: skip
    preset = PRESETS[name]
    defaults = ModelConfig(vocabulary=1, **preset.model)
    settings = preset.training
    names = corpus_names()
    columns = st.columns(3)
    run_name = columns[0].text_input("Name of the run", f"my-{name}", key=f"start-name-{name}", max_chars=64)
    source = columns[1].selectbox("Text", names, names.index(preset.corpus), key=f"start-corpus-{name}")
    kind = columns[2].segmented_control("It reads", ["char", "word"], default=preset.kind, key=f"start-kind-{name}",
                                        format_func={"char": "letters", "word": "words"}.get, required=True)  # fmt: skip
    facts = corpus_facts(source)
    st.caption(f"{facts['title']}. Licence: {facts['licence']}.")
    if not facts["at_hand"]:
        st.warning(facts["remedy"])
        return
    with st.expander("Shape and recipe"):
        columns = st.columns(5)
        cells = ["lstm", "gru", "rnn"]
        cell = columns[0].selectbox("Cell", cells, format_func=str.upper, key=f"start-cell-{name}")
        layers = columns[1].number_input("Layers", 1, 6, defaults.layers, key=f"start-layers-{name}")
        hidden = columns[2].number_input("Units a layer", 8, 2048, defaults.hidden, key=f"start-hidden-{name}")
        embedding = columns[3].number_input("Embedding", 4, 2048, defaults.embedding, key=f"start-embedding-{name}")
        dropout = columns[4].number_input("Dropout", 0.0, 0.9, defaults.dropout, 0.05, key=f"start-dropout-{name}")
        columns = st.columns(5)
        epochs = columns[0].number_input("Epochs", 1, 500, settings.epochs, key=f"start-epochs-{name}")
        batch = columns[1].number_input("Streams (batch)", 1, 512, settings.batch, key=f"start-batch-{name}")
        bptt = columns[2].number_input("Window (BPTT)", 2, 512, settings.bptt, key=f"start-bptt-{name}")
        rate = columns[3].number_input("Learning rate", 1e-5, 50.0, float(settings.learning_rate), format="%.4f", key=f"start-rate-{name}")  # fmt: skip
        seed = columns[4].number_input("Seed", 0, 10_000, settings.seed, key=f"start-seed-{name}")
    try:
        text = corpus(source, kind)
        model = preset.model_config(
            len(text.vocabulary),
            cell=cell,
            layers=int(layers),
            hidden=int(hidden),
            embedding=int(embedding),
            dropout=float(dropout),  # fmt: skip
        )
        training: TrainConfig = replace(
            settings, epochs=int(epochs), batch=int(batch), bptt=int(bptt), learning_rate=float(rate), seed=int(seed)
        )
    except ValueError as error:
        st.error(str(error))
        return
    tokens = len(text.part("train"))
    seconds = training_seconds(model, training, tokens, machine_rate())
    about = f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"  # fmt: skip
    st.caption(
        f"{model.architecture}, {model.parameters:,} parameters, {tokens:,} tokens an epoch: about {about} on this "
        f"machine, {training_bytes(model) / 2**20:,.0f} MiB on disk."
    )
    if st.button("Start training", type="primary", key="start-go"):
        try:
            run = create_run(run_name.strip(), text, model, training)
            jobs.start(run.folder, ["train", run.name])
        except ValueError as error:
            st.error(str(error))
            return
        st.rerun()


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
        try:
            keep_text(name.strip(), file.getvalue())
        except (ValueError, OSError) as error:
            st.error(str(error))
            return
        corpus_facts.clear()
        st.success("Kept. Choose it under Text above.")
