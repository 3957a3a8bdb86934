"""What changes while the page is open: trainings at work, the buttons that cancel and resume them, and the curves."""

from collections.abc import Callable

import streamlit as st

from app.cached import open_recording
from app.controls import tell
from lstm_core.recordings.find import recordings_of, remove_run
from lstm_core.recordings.recording import counted
from lstm_core.runs.cost import duration
from lstm_core.runs.run import ENDED, Run, score_of
from lstm_core.runs.store import list_runs
from lstm_core.storage import jobs

_MEASURE = {"char": "bits per character", "word": "perplexity"}


def _at_work(run: Run) -> bool:
    return not run.shipped and (jobs.is_alive(run.folder) or run.is_training)


def kept_fresh(draw: Callable[[], None]) -> None:
    """Draw a part of the page, again every two seconds while some run is being trained."""
    at_work = any(_at_work(run) for run in list_runs())
    st.fragment(draw, run_every="2s" if at_work else None)()


def trainings_at_work() -> None:
    """Every unfinished run with its progress. To be drawn by `kept_fresh`; a start or an end draws the whole page."""
    mine = [run for run in list_runs() if not run.shipped]
    unfinished = [run for run in mine if _at_work(run) or run.status not in ENDED]
    was_at_work = st.session_state.get("at_work", set())
    now_at_work = {run.name for run in unfinished if _at_work(run)}
    st.session_state["at_work"] = now_at_work
    if was_at_work != now_at_work:
        st.rerun()
    if not unfinished:
        st.caption("No training is at work. Start one below.")
    for run in unfinished:
        with st.container(border=True):
            left, right = st.columns([4, 1], vertical_alignment="center")
            with left:
                _progress(run, working=run.name in now_at_work)
            with right:
                _buttons(run, working=run.name in now_at_work)


def _progress(run: Run, *, working: bool) -> None:
    points, epochs = run.log().points, run.train_config.epochs
    done = min(points[-1]["epoch"] / epochs, 1.0) if points and epochs else 0.0
    if working and points:
        last = points[-1]
        st.progress(
            done,
            f"{run.name}: pass {last['epoch']:.2f} of {epochs} over the text, "
            f"{score_of(last['train_loss'], run.kind):.3f} {_MEASURE[run.kind]}, "
            f"{last['tokens_per_second']:,.0f} tokens/s, {duration(last['time_left'])} left",
        )
    elif working:
        st.progress(0.0, f"{run.name}: starting")
    else:
        st.progress(done, f"{run.name}: {run.status} at {done:.0%}")
        if run.status.startswith("diverged"):
            st.caption("The error grew past all bounds and cannot be resumed: start again with a lower learning rate.")
        elif run.status.startswith(("died", "not started")):
            st.text(jobs.last_line(run.folder)[:300])


def _buttons(run: Run, *, working: bool) -> None:
    if working:
        if st.button("Cancel", key=f"cancel-{run.name}", help="Stops at the next step and keeps a checkpoint."):
            run.request_cancel()
            st.toast("Asked it to stop; it saves a checkpoint first.")
        return
    if st.button("Resume", key=f"resume-{run.name}", disabled=run.status.startswith("diverged")):
        try:
            jobs.start(run.folder, ["train", run.name])
        except ValueError as error:
            tell("It could not be resumed.", error)
            return
        st.rerun()
    with st.popover("Remove"):
        made = recordings_of(run)
        st.caption("Its training and all its files are lost" + (f", and {counted(made)} of it." if made else "."))
        if st.button("Remove it for good", key=f"remove-{run.name}"):
            open_recording.clear()  # the space of a file that is still open is not freed
            remove_run(run.name)
            st.rerun()
