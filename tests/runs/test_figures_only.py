"""Runs without weights: listed, shown as what they are, refused where weights are needed; their figures stay."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lstm_core.exchange.ship import ship_figures
from lstm_core.recordings.recording import recordings_folder
from lstm_core.runs.card import card
from lstm_core.runs.run import Run
from lstm_core.runs.store import extend_run, list_runs, open_run
from lstm_core.storage import files

Make = Callable[..., Run]
Verb = Callable[..., tuple[int, str, str]]


def trained(run: Run) -> Run:
    """As after a training: a log, a result of the weights, an array beside it, finished."""
    (run.folder / "metrics.jsonl").write_text('{"step": 9, "epoch": 2.0, "seconds": 60, "validation_loss": 1.5}\n')
    files.write_json(run.folder / "results" / "some.json", {"weights": run.fingerprint, "value": 3})
    (run.folder / "results" / "arrays").mkdir()
    (run.folder / "results" / "arrays" / "small.npz").write_bytes(b"123")
    run.set_status("finished")
    return run


@pytest.fixture
def figures(small_run: Make, models: Path) -> Run:
    """Figures of a run `mine` in models/; the run itself is gone."""
    run = trained(small_run("mine", weights=True))
    made = ship_figures(run)
    run.folder.rename(run.folder.with_name("elsewhere"))
    return made


def test_figures_are_shipped_without_weights_and_vocabulary_and_stay_those_of_the_weights(
    figures: Run, models: Path
) -> None:
    was = open_run("elsewhere")
    assert (figures.folder, figures.shipped) == (models / "mine", True)
    kept = {str(path.relative_to(figures.folder)) for path in figures.folder.rglob("*") if path.is_file()}
    assert kept == {"CARD.md", "config.json", "manifest.json", "metrics.jsonl", "status.json", "results/some.json",
                    "results/arrays/small.npz"}  # fmt: skip
    assert figures.fingerprint == was.fingerprint == files.sha256_of(was.folder / "weights.safetensors")
    assert figures.results() == was.results() != {}
    assert figures.validation == was.validation
    assert "Neither text nor weights are stored here" in card(figures)
    assert "Neither" not in card(was)
    figures.verify()
    config = figures.folder / "config.json"
    config.write_text(config.read_text().replace('"seed": 1', '"seed": 2'))
    with pytest.raises(ValueError, match=r"config\.json does not match its sha256"):
        Run(figures.folder).verify()


def test_figures_are_figures_without_a_log_too(figures: Run) -> None:
    (figures.folder / "metrics.jsonl").unlink()
    assert (Run(figures.folder).status, Run(figures.folder).validation) == ("figures only", {})


def test_they_are_listed_as_figures_only(figures: Run, cli: Verb) -> None:
    assert (figures.status, figures.has_weights, figures.figures_only) == ("figures only", False, True)
    assert "mine" in [run.name for run in list_runs()]
    code, out, _ = cli("runs")
    line = next(line for line in out.splitlines() if line.startswith("mine"))
    assert code == 0
    assert "figures only" in line
    assert open_run("elsewhere").status == "finished"


@pytest.mark.parametrize(
    "typed",
    [
        ("evaluate", "mine"),
        ("record", "mine", "--yes"),
        ("generate", "mine"),
        ("export", "mine", "mine.pt"),
        ("embed", "mine"),
        ("cluster", "mine"),
        ("train", "new", "--start-from", "mine"),
    ],
    ids=lambda typed: typed[0],
)
def test_verbs_that_need_weights_refuse_them(
    small_run: Make, cli: Verb, typed: tuple[str, ...], corpus: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from lstm_core.text.corpus import keep_text, read_corpus

    monkeypatch.chdir(tmp_path)
    keep_text("book", corpus.vocabulary.decode(corpus.ids).encode())
    run = trained(small_run("mine", read_corpus("book"), weights=True))
    (run.folder / "weights.safetensors").unlink()
    shape = ("--corpus", "book", "--hidden", "8", "--embedding", "6", "--layers", "2") if typed[0] == "train" else ()
    code, out, err = cli(*typed, *shape)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1] == (
        "lstm_core: mine has figures only, its weights are not here: choose another run or train one"
    )
    assert not list(recordings_folder().glob(".*/"))


def test_shipped_figures_cannot_be_trained_on(small_run: Make, corpus: Any) -> None:
    from lstm_core.runs.train import train

    run = trained(small_run("mine", weights=True))
    (run.folder / "weights.safetensors").unlink()
    files.write_json(run.folder / "config.json", {**run.config, "figures_of": "ab" * 32})
    run = open_run("mine")
    with pytest.raises(ValueError, match="mine has figures only and cannot go on: train another with its settings"):
        next(train(run, corpus))
    with pytest.raises(ValueError, match="mine has figures only and cannot go on"):
        extend_run(run, 5)


def test_lost_weights_are_figures_whose_results_are_known_by_the_manifest_and_verify_misses_them(
    small_run: Make,
) -> None:
    run = trained(small_run("mine", weights=True))
    before = run.fingerprint
    (run.folder / "weights.safetensors").unlink()
    run = open_run("mine")
    assert (run.status, run.fingerprint, set(run.results())) == ("figures only", before, {"some"})
    with pytest.raises(ValueError, match=r"weights\.safetensors is missing"):
        run.verify()
    for content in ('{"weights.safetensors": 3}', "{}", '{"weights.safetensors": {"sha256": null}}'):
        (run.folder / "manifest.json").write_text(content)
        assert len(run.fingerprint) == 64
        assert run.fingerprint != before


def test_a_run_that_was_never_trained_is_no_figures(small_run: Make) -> None:
    run = small_run("mine")
    assert (run.status, run.figures_only) == ("not started", False)
    run.set_status("cancelled")
    assert (run.status, run.figures_only) == ("cancelled", False)
    with pytest.raises(ValueError, match="mine has no weights yet: train it first"):
        run.load_model()


@pytest.mark.parametrize("status", ["cancelled", "diverged at step 3"])
def test_only_figures_of_finished_runs_are_shipped(small_run: Make, models: Path, status: str) -> None:
    run = trained(small_run("mine", weights=True))
    run.set_status(status)
    with pytest.raises(ValueError, match="only a finished run can be shipped: train it to its end"):
        ship_figures(run)
    assert not models.exists()


def test_ship_with_figures_says_what_it_did(small_run: Make, models: Path, cli: Verb) -> None:
    trained(small_run("mine", weights=True))
    code, out, err = cli("ship", "mine", "--figures")
    assert (code, out) == (0, "mine is part of the program with its figures, without its weights\n"), err
    assert Run(models / "mine").figures_only
