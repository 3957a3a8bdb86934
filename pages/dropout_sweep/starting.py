"""The form that starts a sweep: which network, which text, which dropouts, and what that costs."""

from dataclasses import replace

import streamlit as st

from app.cached import corpus, corpus_facts, machine_rate
from app.controls import KINDS, tell
from app.work import last_attempt
from lstm_core.runs.cost import duration, training_bytes, training_seconds
from lstm_core.runs.settings import PRESETS, ModelConfig, Preset, TrainConfig
from lstm_core.runs.sweep import DROPOUTS, Plan, cores, sweeps, sweeps_folder, threads_for
from lstm_core.text.catalogue import Kind
from lstm_core.text.corpus import Corpus, corpus_names
from pages.dropout_sweep.choice import NEXT
from pages.dropout_sweep.training import started

RECIPES = ("sweep", "tiny", "sweep-full")
USUAL = ", ".join(f"{dropout:g}" for dropout in DROPOUTS)
MOST_SEEDS, MOST_EPOCHS = 5, 500


def start_form() -> None:
    """Choose a recipe, see what all trainings cost together, start them."""
    left, right = st.columns(2)
    recipe = left.selectbox(
        "Recipe", RECIPES, format_func=lambda key: PRESETS[key].title, key="sweep-preset"
    ) or RECIPES[0]  # fmt: skip
    preset = PRESETS[recipe]
    name = right.text_input("Name of the sweep", "my-sweep", key="sweep-name", max_chars=60).strip()
    source, kind = _text(recipe, preset)
    row = st.columns([3, 1, 1])
    typed = row[0].text_input(
        "Dropouts", USUAL, key="sweep-dropouts", max_chars=200,
        help="Shares of the neurons that are silenced at random while it learns; one network is trained for each.",
    )  # fmt: skip
    seeds = row[1].number_input(
        "Seeds", 1, MOST_SEEDS, 1, key="sweep-seeds", help="How many networks for each dropout, drawn anew each time."
    )
    epochs = row[2].number_input("Epochs", 1, MOST_EPOCHS, preset.training.epochs, key=f"sweep-epochs-{recipe}")
    facts = corpus_facts(source)
    if not facts["at_hand"]:
        st.warning("This text is not at hand.")
        st.text(str(facts["remedy"]))
        return
    try:
        plan = _plan(name, typed, min(int(seeds), MOST_SEEDS), preset)
        text = corpus(source, kind)
        model = preset.model_config(len(text.vocabulary))
        training = replace(preset.training, epochs=min(int(epochs), MOST_EPOCHS))
    except ValueError as error:
        tell("These settings do not go together.", error)
        return
    st.caption(told_cost(plan, text, model, training))
    last_attempt(sweeps_folder() / plan.name)
    words = command(plan, recipe, source, kind, training.epochs)
    if st.button("Start the sweep", type="primary", key="sweep-go") and started(plan.name, words):
        st.session_state[NEXT] = plan.name
        st.rerun()


def _text(recipe: str, preset: Preset) -> tuple[str, Kind]:
    left, right = st.columns(2)
    names = corpus_names()
    source = left.selectbox("Text", names, names.index(preset.corpus), key=f"sweep-corpus-{recipe}") or preset.corpus
    kind = right.segmented_control(
        "It reads", list(KINDS), default=preset.kind, key=f"sweep-kind-{recipe}", format_func=lambda kind: KINDS[kind],
        required=True,
    )  # fmt: skip
    return source, "word" if kind == "word" else "char"


def _plan(name: str, typed: str, seeds: int, preset: Preset) -> Plan:
    """The plan as typed; raises ValueError for what is no number, cannot be, or is taken."""
    try:
        dropouts = tuple(float(part) for part in typed.replace(",", " ").split())
    except ValueError:
        raise ValueError(f"dropouts {typed!r} are not numbers: type for example 0, 0.4, 0.8") from None
    first = preset.training.seed
    plan = Plan(name, dropouts, tuple(range(first, first + seeds)))
    if any(sweep.name == name for sweep in sweeps()):
        raise ValueError(f"a sweep named {name} is there already: choose another name, or it in the list above")
    return plan


def told_cost(plan: Plan, text: Corpus, model: ModelConfig, training: TrainConfig) -> str:
    """How many trainings of what, how long together, how much disk."""
    tokens, epochs = len(text.part("train")), "1 epoch" if training.epochs == 1 else f"{training.epochs} epochs"
    seconds, size = cost(plan, tokens, model, training, machine_rate())
    return (
        f"{len(plan.members)} trainings of {model.architecture} with {model.parameters:,} parameters, {epochs} of "
        f"{tokens:,} {KINDS[text.kind]} each: about {duration(seconds)} on this machine and {size / 2**20:,.0f} MiB "
        "of disk. It goes on when this page is closed, and can be stopped and resumed."
    )


def cost(plan: Plan, tokens: int, model: ModelConfig, training: TrainConfig, rate: float) -> tuple[float, int]:
    """About how many seconds and bytes a sweep takes on a machine that does `rate` multiply-adds a second in all.

    As many trainings at a time as the cores have room for, each at its share of the rate.
    """
    threads = threads_for(training, 0) or cores()
    side_by_side = min(max(1, cores() // threads), len(plan.members))
    each = training_seconds(model, training, tokens, rate / side_by_side)
    return each * len(plan.members) / side_by_side, training_bytes(model) * len(plan.members)


def command(plan: Plan, recipe: str, source: str, kind: Kind, epochs: int) -> list[str]:
    """The verb that trains it, as a person would type it."""
    dropouts = ",".join(f"{dropout:g}" for dropout in plan.dropouts)
    words = ["sweep", "--preset", recipe, "--corpus", source, "--kind", kind, "--dropouts", dropouts]
    return [*words, "--seeds", str(len(plan.seeds)), "--epochs", str(epochs), "--", plan.name]
