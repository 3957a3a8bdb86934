"""What simple tables achieve, under the training curves: read where it is kept, else offered to be computed."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from app.controls import KINDS, tell
from lstm_core.runs.baseline import NgramQuery, NgramResult, baseline_folder, kept_baseline
from lstm_core.runs.run import Run
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


def comparable_tables(runs: Sequence[Run]) -> NgramResult | None:
    """The n-gram models of the text that all these runs read, with the same tokens; None where there are none."""
    texts = {_text(run) for run in runs}
    result = kept_baseline(*texts.pop(), QUERY) if len(texts) == 1 else None
    same = result is not None and all(run.model_config.vocabulary == result.vocabulary for run in runs)
    return result if same else None


def lines(result: NgramResult) -> list[tuple[str, float]]:
    """Label and validation score of each method at its best order."""
    digits = 2 if result.kind == "char" else 0
    found = [(score.model, score.scores["validation"]) for score in result.best()]
    return [(f"{model.order}-gram, {_NAMES[model.method]}: {value:.{digits}f}", value) for model, value in found]


def hint(runs: Sequence[Run]) -> None:
    """Why runs of several texts have no dashed lines."""
    if len({_text(run) for run in runs}) > 1:
        st.caption("These runs read different texts: choose runs of one text to compare them with simple tables.")


def explain(result: NgramResult) -> None:
    """The dashed lines in words."""
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
        try:
            jobs.start(folder, ["baseline", "--kind", kind, "--", name])
        except (ValueError, OSError) as error:
            tell("It was not started.", error)
            return
        st.rerun()


def _missing() -> dict[Path, tuple[str, str, Kind]]:
    """Folder and text of all that is not computed yet."""
    texts = dict.fromkeys(_text(run) for run in list_runs() if run.log().points)
    return {baseline_folder(*text, QUERY): text for text in texts if all(text) and kept_baseline(*text, QUERY) is None}


def _text(run: Run) -> tuple[str, str, Kind]:
    corpus = run.config["corpus"]
    return str(corpus.get("name") or ""), str(corpus.get("fingerprint") or ""), run.kind
