"""A sweep that is not finished: who is at work, how long it takes, the buttons to stop it and to go on."""

import streamlit as st

from app.controls import tell
from app.work import last_attempt, start_button
from lstm_core.runs.cost import duration
from lstm_core.runs.sweep import Sweep, SweepProgress, open_sweep, standing, sweeps_folder
from lstm_core.storage import jobs


def at_work(sweep: Sweep) -> bool:
    """Draw where the training of a sweep stands, nothing of one that is finished; returns whether it goes on."""
    if sweep.shipped:
        return False
    now, folder = standing(sweep), sweeps_folder() / sweep.name
    if jobs.is_alive(folder) or now.working or now.waiting:
        st.fragment(_progress, run_every="2s")(sweep.name, _mark(now))
        return True
    if not now.stopped and len(sweep.runs) == len(sweep.plan.members):
        return False
    st.info(f"{now.finished} of {len(sweep.plan.members)} runs of this sweep are finished. What is there is shown.")
    for name, what in now.stopped.items():
        st.text(f"{name}: {what}")
    last_attempt(folder)
    start_button("Go on with it", folder, ["sweep", "--", sweep.name], f"sweep-on-{sweep.name}")
    return False


def _mark(now: SweepProgress) -> tuple[int, tuple[str, ...]]:
    return now.finished, tuple(sorted(now.working))


def _progress(name: str, drawn: tuple[int, tuple[str, ...]]) -> None:
    """Drawn every two seconds; the whole page is drawn again when a run begins or ends."""
    sweep, folder = open_sweep(name), sweeps_folder() / name
    now, alive = standing(sweep), jobs.is_alive(folder)
    if _mark(now) != drawn or not (alive or now.working or now.waiting):
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


def making(name: str) -> None:
    """The progress of a sweep whose runs are still being made."""
    st.fragment(_making, run_every="2s")(name)


def _making(name: str) -> None:
    if not jobs.is_alive(sweeps_folder() / name) or _is_there(name):
        st.rerun()
    st.progress(0.0, "The runs are being made")


def _is_there(name: str) -> bool:
    try:
        return bool(open_sweep(name).runs)
    except ValueError:
        return False


def started(name: str, words: list[str]) -> bool:
    """Start the job of a sweep; tells why where it cannot be."""
    try:
        jobs.start(sweeps_folder() / name, words)
    except (ValueError, OSError) as error:
        tell("It was not started.", error)
        return False
    return True
