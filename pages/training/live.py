"""What changes while the page is open: trainings at work, and what simple tables achieve, kept or offered."""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from app.cached import open_recording
from app.controls import KINDS
from app.work import begin
from lstm_core.recordings.find import recordings_of, remove_run
from lstm_core.recordings.recording import counted
from lstm_core.runs.baseline import NgramQuery, NgramResult, baseline_folder, kept_baseline
from lstm_core.runs.cost import duration
from lstm_core.runs.run import ENDED, Run, score_of
from lstm_core.runs.store import list_runs
from lstm_core.storage import jobs
from lstm_core.text.catalogue import Kind
from lstm_core.text.ngram import Method

QUERY = NgramQuery()
_NAMES: dict[Method, str] = {
    "laplace": "one added",
    "add-k": "a little added",
    "back-off": "back-off",
    "interpolation": "interpolated",
}
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
        begin(run.folder, ["train", run.name], "It could not be resumed.")
    with st.popover("Remove"):
        made = recordings_of(run)
        st.caption("Its training and all its files are lost" + (f", and {counted(made)} of it." if made else "."))
        if st.button("Remove it for good", key=f"remove-{run.name}"):
            open_recording.clear()  # the space of a file that is still open is not freed
            remove_run(run.name)
            st.rerun()


# What simple tables achieve -------------------------------------------------------------------------------------------


def comparable_tables(runs: Sequence[Run]) -> NgramResult | None:
    """The n-gram models of the text that all these runs read, with the same tokens; None where there are none."""
    texts = {_text(run) for run in runs}
    result = kept_baseline(*texts.pop(), QUERY) if len(texts) == 1 else None
    same = result is not None and all(run.model_config.vocabulary == result.vocabulary for run in runs)
    return result if same else None


def table_lines(result: NgramResult) -> list[tuple[str, float]]:
    """Label and validation score of each method at its best order."""
    digits = 2 if result.kind == "char" else 0
    found = [(score.model, score.scores["validation"]) for score in result.best()]
    return [(f"{model.order}-gram, {_NAMES[model.method]}: {value:.{digits}f}", value) for model, value in found]


def explain(result: NgramResult | None, runs: Sequence[Run]) -> None:
    """The dashed lines in words; or why runs of several texts have none."""
    if len({_text(run) for run in runs}) > 1:
        st.caption("These runs read different texts: choose runs of one text to compare them with simple tables.")
    if result is None:
        return
    best = min(result.best(), key=lambda score: score.fitted)
    noun, before, value = KINDS[result.kind], best.model.order - 1, best.scores["validation"]
    reached = f"{value:.3f} bits per character" if result.kind == "char" else f"a perplexity of {value:.1f}"
    flattering = (
        "" if "validation" in result.held_out else " Its settings were chosen on this very text: a bit too good."
    )
    st.caption(
        f"Dashed: what simple tables achieve on the same text. The best ({best.model.order}-gram) looks up the last "
        f"{before} {noun} in a table of what followed them in the training text, or fewer where it never saw them: "
        f"{reached}.{flattering} "
        "A model whose dots lie below a line knows more than that table holds."
    )


def offers() -> None:
    """A button for each text that runs were trained on and no table was made of; follows the ones at work."""
    st.fragment(_offers, run_every="2s" if any(map(jobs.is_alive, _missing())) else None)()


def _offers() -> None:
    missing = _missing()
    counting = {folder.name for folder in missing if jobs.is_alive(folder)}
    before = st.session_state.get("counting", set())
    st.session_state["counting"] = counting
    if before != counting:
        st.rerun()
    if not missing:
        return
    with st.expander("Compare with what simple tables achieve (n-grams)", expanded=bool(counting)):
        st.caption("Counting a text takes from some seconds to some minutes; the result is kept.")
        for folder, (name, _, kind) in missing.items():
            _offer(folder, name, kind)


def _offer(folder: Path, name: str, kind: Kind) -> None:
    left, right = st.columns([4, 1], vertical_alignment="center")
    left.text(f"{name}, {KINDS[kind]}")
    job = jobs.find(folder)
    if jobs.is_alive(folder):
        right.caption(jobs.last_line(folder)[:60] or "starting")
        return
    if job is not None and job.exit == 0:
        left.caption("This text is no longer the one that the run was trained on: there is nothing to compare with.")
        return
    if job is not None:
        left.text(jobs.last_line(folder)[:300])
    if right.button("Compute", key=f"baseline-{folder.name}"):
        begin(folder, ["baseline", "--kind", kind, "--", name])


def _missing() -> dict[Path, tuple[str, str, Kind]]:
    """Folder and text of all that is not computed yet."""
    texts = dict.fromkeys(_text(run) for run in list_runs() if run.log().points)
    return {baseline_folder(*text, QUERY): text for text in texts if all(text) and kept_baseline(*text, QUERY) is None}


def _text(run: Run) -> tuple[str, str, Kind]:
    corpus = run.config["corpus"]
    return str(corpus.get("name") or ""), str(corpus.get("fingerprint") or ""), run.kind
