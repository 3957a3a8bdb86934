"""Sweeps: which runs stand side by side, how far the training of a sweep is, and the form that starts one."""

from contextlib import suppress
from dataclasses import dataclass, replace

import streamlit as st

from app.cached import corpus, corpus_facts, machine_rate
from app.controls import KINDS, tell, text_and_kind
from app.work import last_attempt, start_button
from lstm_core.runs.cost import duration, training_bytes, training_seconds
from lstm_core.runs.run import Run
from lstm_core.runs.settings import PRESETS, ModelConfig, Preset, TrainConfig
from lstm_core.runs.store import list_runs
from lstm_core.runs.sweep import (
    DROPOUTS,
    Plan,
    Sweep,
    cores,
    open_sweep,
    standing,
    sweeps,
    sweeps_folder,
    threads_for,
)
from lstm_core.storage import jobs
from lstm_core.text.catalogue import Kind
from lstm_core.text.corpus import Corpus

OWN = "runs of my choice"
NEXT = "sweep-next"  # in the session: the sweep that was started just now, shown next
MOST = 24  # runs side by side; more would not be told apart
RECIPES = ("sweep", "tiny", "sweep-full")
USUAL = ", ".join(f"{dropout:g}" for dropout in DROPOUTS)
MOST_SEEDS, MOST_EPOCHS = 5, 500


@dataclass(frozen=True)
class ChosenRuns:
    """The runs, the sweep they are where they are one, and its name where it is still being made (no runs then)."""

    runs: tuple[Run, ...]
    sweep: Sweep | None = None
    making: str = ""


def choose(known: dict[str, Sweep]) -> ChosenRuns:
    """The choice; the shipped sweep first, then one's own, then runs by name."""
    making = [
        path.name for path in sorted(sweeps_folder().glob("*/")) if path.name not in known and jobs.is_alive(path)
    ]
    first = sorted(known, key=lambda name: not known[name].shipped)
    options = [*first, *making, OWN]
    if st.session_state.get(NEXT) in options:
        st.session_state["sweep-of"] = st.session_state.pop(NEXT)
    name = options[0]
    if len(options) > 1:
        name = st.selectbox("What to compare", options, key="sweep-of", bind="query-params", width=480) or options[0]
    if name == OWN:
        return ChosenRuns(tuple(_picked()))
    return ChosenRuns((), making=name) if name in making else ChosenRuns(known[name].runs, known[name])


def _picked() -> list[Run]:
    """Runs by name, in the order in which they were chosen; the first says which text all read."""
    runs = {run.name: run for run in list_runs()}
    names = st.multiselect(
        "Runs to set side by side", list(runs), key="sweep-runs", bind="query-params", max_selections=MOST,
        help="All that read letters, or all that read words. They read the text of the first one.",
    )  # fmt: skip
    return [runs[name] for name in names if name in runs][:MOST]


# Training -------------------------------------------------------------------------------------------------------------


def at_work(sweep: Sweep) -> bool:
    """Draw where the training of a sweep stands, nothing of one that is finished; returns whether it goes on."""
    if sweep.shipped:
        return False
    now, folder = standing(sweep), sweeps_folder() / sweep.name
    if jobs.is_alive(folder) or now.working or now.waiting:
        _progress(sweep.name, now.finished, sorted(now.working))
        return True
    if not now.stopped and len(sweep.runs) == len(sweep.plan.members):
        return False
    st.info(f"{now.finished} of {len(sweep.plan.members)} runs of this sweep are finished. What is there is shown.")
    for name, what in now.stopped.items():
        st.text(f"{name}: {what}")
    last_attempt(folder)
    start_button("Go on with it", folder, ["sweep", "--", sweep.name], f"sweep-on-{sweep.name}")
    return False


@st.fragment(run_every="2s")
def _progress(name: str, finished: int, working: list[str]) -> None:
    """Drawn every two seconds; the whole page is drawn again when a run begins or ends."""
    sweep, folder = open_sweep(name), sweeps_folder() / name
    now, alive = standing(sweep), jobs.is_alive(folder)
    if (now.finished, sorted(now.working)) != (finished, working) or not (alive or now.working or now.waiting):
        st.rerun()
    left = f"about {duration(now.time_left)} left" if now.time_left else "the time left is not known yet"
    st.progress(
        min(now.share, 1.0),
        f"Training: {now.share:.0%}, {now.finished} of {len(sweep.plan.members)} runs finished, {left}",
    )
    st.text(f"At work: {', '.join(now.working) or 'none yet, it is starting'}")
    if alive:
        st.button("Stop", key=f"sweep-stop-{name}", on_click=jobs.stop, args=(folder,))
        st.caption("It goes on when this page is closed. Stopped, each run keeps what it has and can go on later.")


@st.fragment(run_every="2s")
def making(name: str) -> None:
    """The progress of a sweep whose runs are still being made."""
    there = False
    with suppress(ValueError):
        there = bool(open_sweep(name).runs)
    if there or not jobs.is_alive(sweeps_folder() / name):
        st.rerun()
    st.progress(0.0, "The runs are being made")


# Starting one ---------------------------------------------------------------------------------------------------------


def start_form() -> None:
    """Choose a recipe, see what all trainings cost together, start them."""
    left, right = st.columns(2)
    recipe = left.selectbox(
        "Recipe", RECIPES, format_func=lambda key: PRESETS[key].title, key="sweep-preset"
    ) or RECIPES[0]  # fmt: skip
    preset = PRESETS[recipe]
    name = right.text_input("Name of the sweep", "my-sweep", key="sweep-name", max_chars=60).strip()
    source, kind = text_and_kind(preset, key=f"sweep-{{}}-{recipe}")
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
    folder = sweeps_folder() / plan.name
    last_attempt(folder)
    words = command(plan, recipe, source, kind, training.epochs)
    show_next = {NEXT: plan.name}
    start_button("Start the sweep", folder, words, "sweep-go", lambda: st.session_state.update(show_next))


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
    """How many trainings of what, about how long together, how much disk: as many at a time as the cores have room for,
    each at its share of the machine's rate.
    """
    tokens, epochs = len(text.part("train")), "1 epoch" if training.epochs == 1 else f"{training.epochs} epochs"
    count, threads = len(plan.members), threads_for(training, 0) or cores()
    side_by_side = min(max(1, cores() // threads), count)
    seconds = training_seconds(model, training, tokens, machine_rate() / side_by_side) * count / side_by_side
    return (
        f"{count} trainings of {model.architecture} with {model.parameters:,} parameters, {epochs} of {tokens:,} "
        f"{KINDS[text.kind]} each: about {duration(seconds)} on this machine and "
        f"{training_bytes(model) * count / 2**20:,.0f} MiB of disk. It goes on when this page is closed, and can be "
        "stopped and resumed."
    )


def command(plan: Plan, recipe: str, source: str, kind: Kind, epochs: int) -> list[str]:
    """The verb that trains it, as a person would type it."""
    dropouts = ",".join(f"{dropout:g}" for dropout in plan.dropouts)
    words = ["sweep", "--preset", recipe, "--corpus", source, "--kind", kind, "--dropouts", dropouts]
    return [*words, "--seeds", str(len(plan.seeds)), "--epochs", str(epochs), "--", plan.name]
