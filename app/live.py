"""Trainings that are at work: their progress, and the buttons that cancel and resume them."""

import streamlit as st

from app.controls import duration
from lstm_core import jobs
from lstm_core.run import Run, list_runs, remove_run


def _at_work(run: Run) -> bool:
    return not run.shipped and (jobs.is_alive(run.folder) or run.is_training)


def any_at_work() -> bool:
    """Whether some run is being trained now."""
    return any(_at_work(run) for run in list_runs())


def trainings_at_work() -> None:
    """Every unfinished run with its progress; drawn again every two seconds while one is at work."""
    st.fragment(_draw, run_every="2s" if any_at_work() else None)()


def _draw() -> None:
    mine = [run for run in list_runs() if not run.shipped]
    unfinished = [run for run in mine if _at_work(run) or run.status not in ("finished", "untrained")]
    was_at_work = st.session_state.get("at_work", set())
    now_at_work = {run.name for run in unfinished if _at_work(run)}
    st.session_state["at_work"] = now_at_work
    if was_at_work != now_at_work:
        st.rerun()
    if not unfinished:
        st.caption("No training is at work. Start one below.")
    for run in unfinished:
        with st.container(border=True):
            _row(run, working=run.name in now_at_work)


def _row(run: Run, *, working: bool) -> None:
    points = run.log().points
    epochs = run.train_config.epochs
    done = min(points[-1]["epoch"] / epochs, 1.0) if points and epochs else 0.0
    left, right = st.columns([4, 1], vertical_alignment="center")
    if working and points:
        last = points[-1]
        left.progress(
            done,
            f"{run.name}: epoch {last['epoch']:.2f} of {epochs}, loss {last['train_loss']:.3f} nats, "
            f"{last['tokens_per_second']:,.0f} tokens/s, {duration(last['time_left'])} left",
        )
    elif working:
        left.progress(0.0, f"{run.name}: starting")
    else:
        left.progress(done, f"{run.name}: {run.status} at {done:.0%}")
        if (line := jobs.last_line(run.folder)) and run.status.startswith(("died", "not started")):
            left.text(line[:300])
    if working:
        if right.button("Cancel", key=f"cancel-{run.name}", help="Stops at the next step and keeps a checkpoint."):
            run.request_cancel()
            st.toast("Asked it to stop; it saves a checkpoint first.")
    else:
        if right.button("Resume", key=f"resume-{run.name}", disabled=run.status.startswith("diverged")):
            try:
                jobs.start(run.folder, ["train", run.name])
            except ValueError as error:
                st.error(str(error))
            st.rerun()
        if right.button("Remove", key=f"remove-{run.name}"):
            remove_run(run.name)
            st.rerun()
