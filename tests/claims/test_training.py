"""The sources' claims beside what is measured here."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from lstm_core.claims.training import article_claims, training_claims
from lstm_core.runs.run import Run
from lstm_core.runs.settings import ModelConfig, TrainConfig
from lstm_core.runs.store import create_run
from lstm_core.storage import files
from lstm_core.text.corpus import corpus_of


@pytest.fixture
def paper_run(words: Callable[..., str]) -> Callable[..., Run]:
    """Makes a run of the paper's shape on a text of that name, with a score in its log."""

    def make(name: str = "war-and-peace", loss: float | None = None, kind: Any = "char", **shape: Any) -> Run:
        corpus = corpus_of(words(200), name, kind)
        run = create_run("paper", corpus, ModelConfig(len(corpus.vocabulary), **shape), TrainConfig())
        if loss is not None:
            (run.folder / "metrics.jsonl").write_text(f'{{"step": 1, "validation_loss": {loss}}}\n')
        return run

    return make


def test_the_papers_shape_is_recognised(paper_run: Any) -> None:
    shape, score = training_claims(paper_run())
    assert (shape.id, shape.holds) == ("P3", True)
    assert "LSTM 3 x 512" in shape.measured
    assert (score.id, score.holds, score.measured) == ("P4", None, "not trained yet")


@pytest.mark.parametrize(
    "change", [{"layers": 2}, {"hidden": 500}, {"cell": "gru"}, {"dropout": 0.4}, {"embedding": 9}]
)
def test_another_shape_is_not_the_papers(paper_run: Any, change: dict[str, Any]) -> None:
    assert training_claims(paper_run(**change))[0].holds is False


@pytest.mark.parametrize(
    ("corpus", "loss", "holds"),
    [
        ("war-and-peace", 1.15, True),  # 1.659 bits
        ("war-and-peace", 1.152, False),  # 1.662 bits
        ("war-and-peace-unicode", 1.15, True),
        ("brown", 1.15, None),  # another text says nothing about the claim
    ],
)
def test_the_papers_score_is_compared_on_its_book_only(
    paper_run: Any, corpus: str, loss: float, holds: bool | None
) -> None:
    claim = training_claims(paper_run(corpus, loss))[1]
    assert claim.holds is holds
    assert f"{loss / 0.693147:.3f} bits per character on {corpus}" in claim.measured


def test_brown_stands_beside_lob_and_is_never_told_as_lob(paper_run: Any) -> None:
    claim = training_claims(paper_run("brown", 1.1))[1]  # 1.587 bits, below the paper's
    assert (claim.id, claim.holds) == ("P5", None)
    assert "1.787" in claim.says and "LOB" in claim.says
    assert claim.measured.endswith("on brown")
    assert "another corpus" in claim.why


def test_word_runs_and_untrained_twins_claim_nothing(paper_run: Any, home: Path) -> None:
    run = paper_run()
    files.write_json(run.folder / "config.json", {**run.config, "untrained_twin_of": "other"})
    assert training_claims(Run(run.folder)) == []
    (run.folder / "config.json").unlink()
    assert training_claims(paper_run(kind="word")) == []


def test_the_article_s_model_stands_beside_what_is_published_of_its_size(paper_run: Any, home: Path) -> None:
    run = paper_run("ptb", 4.5, kind="word", hidden=650, layers=2)
    assert article_claims([run]) == []  # not ended
    run.set_status("finished")
    path, weights = run.folder / "results" / "evaluation.json", run.fingerprint
    for part in ("test", {"perplexity": "none"}, {}, {"perplexity": float("nan")}):
        files.write_json(path, {"weights": weights, "test": part})
        assert article_claims([Run(run.folder)]) == []
    files.write_json(path, {"weights": weights, "test": {"perplexity": 83.04}})
    (claim,) = article_claims([Run(run.folder)])
    assert claim.measured == "paper: perplexity 90.0 on the validation part, 83.0 on the test part"
    assert "86.2 (validation) and 82.7 (test)" in claim.why and claim.why.endswith("AdamW, 20 epochs, two tables")
    run.folder.rename(home / "runs" / "first")
    files.write_json(
        home / "runs" / "first" / "config.json", {**run.config, "training": {**asdict(TrainConfig(epochs=9))}}
    )
    other = paper_run("ptb", 4.6, kind="word", hidden=650, layers=2)
    other.set_status("finished")
    files.write_json(other.folder / "results" / "evaluation.json", {"weights": weights, "test": {"perplexity": 90}})
    told = article_claims([Run(home / "runs" / "first"), other])
    assert [claim.why.rpartition("here: ")[2] for claim in told] == [
        "AdamW, 9 epochs, two tables", "AdamW, 20 epochs, two tables"
    ]  # fmt: skip


def test_a_dropout_that_changed_on_the_way_is_told_and_is_not_the_papers(small_run: Any) -> None:
    run = small_run(embedding=256, hidden=512, layers=3, dropout=0.25)
    files.write_json(run.folder / "config.json", {**run.config, "earlier": [{"epochs": 15, "dropout": 0.5}]})
    shape = training_claims(Run(run.folder))[0]
    assert "dropout 0.5 until epoch 15, 0.25 from there" in shape.measured
    assert shape.holds is False
