"""Work handed to a process of its own: the button that starts it, its progress, how it ended, the button to stop it."""

import re
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.controls import tell
from lstm_core.storage import jobs
from lstm_core.storage.progress import Progress


def at_work(folder: Path, key: str) -> bool:
    """Draw the progress of a folder's job; False where none is at work. When it ends the page is drawn again."""
    if not jobs.is_alive(folder):
        return False
    st.fragment(_progress, run_every="2s")(folder, key)
    return True


def last_attempt(folder: Path) -> None:
    """Say how the last job of a folder ended where it left no result."""
    last = jobs.find(folder)
    if last is not None and last.exit == -signal.SIGTERM:
        st.caption("It was stopped. When it is started again it goes on from about there.")
    elif last is not None and last.exit != 0:
        tell("The last attempt ended without a result.", jobs.last_line(folder)[:300] or "It was ended from outside.")


def start_button(
    label: str, folder: Path, words: Sequence[str], key: str, then: Callable[[], object] = lambda: None
) -> None:
    """The button that starts `python -m lstm_core WORDS` as a folder's job; `then` is called when it is started."""
    if st.button(label, type="primary", key=key):
        begin(folder, words, then=then)


def begin(
    folder: Path, words: Sequence[str], failed: str = "It was not started.", then: Callable[[], object] = lambda: None
) -> None:
    """Start `python -m lstm_core WORDS` as a folder's job and draw the page anew; or say that it has `failed`."""
    try:
        jobs.start(folder, words)
    except (ValueError, OSError) as error:
        tell(failed, error)
    else:
        then()
        st.rerun()


def shown_by(bar: DeltaGenerator) -> Progress:
    """What shows on a bar how far work is that is done here and now."""
    return lambda share, word: bar.progress(min(share, 1.0), word)


def _progress(folder: Path, key: str) -> None:
    if not jobs.is_alive(folder):
        st.rerun()
    share, word = told(jobs.last_line(folder))
    st.progress(share, word)
    st.button("Stop", key=f"{key}-stop", on_click=jobs.stop, args=(folder,))


def told(line: str) -> tuple[float, str]:
    """Share done and what is being done, of a line of progress such as " 40% nearest neighbours"."""
    found = re.fullmatch(r"(\d+)% (.+)", line.strip())
    return (min(int(found[1]) / 100, 1.0), f"{found[2]}: {found[1]}%") if found else (0.0, "starting")
