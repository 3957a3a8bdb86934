"""Shipping a run: small weights that score alike, a card, an untrained twin; or nothing at all."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lstm_core.exchange import ship as shipping
from lstm_core.exchange.ship import ship
from lstm_core.recordings.record import evaluate
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.storage.arrays import load_arrays
from lstm_core.text.corpus import corpus_of

Make = Callable[..., Run]


def finished(run: Run) -> Run:
    (run.folder / "metrics.jsonl").write_text('{"step": 1, "validation_loss": 1.5}\n')
    run.set_status("finished")
    return run


def knowing(corpus: Any, *, outlier: float) -> Callable[[Any], None]:
    """Plants a model that knows the frequencies of the tokens in one column of its decoder.

    The unit of that column stays near tanh 1; the unit of column 0 stays at 0, so that an outlier there costs nothing
    until the row is rounded.
    """
    counts = np.bincount(corpus.ids, minlength=len(corpus.vocabulary)) + 1
    logs = torch.from_numpy(np.log(counts / counts.sum())).float()

    def plant(model: Any) -> None:
        for value in model.parameters():
            value.zero_()
        units = model.config.hidden
        bias = model.rnn[-1].bias_ih_l0
        bias[[1, 2 * units + 1, 3 * units + 1]] = 20.0  # gates i and o open, g at 1; f closed below
        bias[units : 2 * units] = -20.0
        model.decoder.weight[:, 1] = logs / np.tanh(1)
        model.decoder.weight[:, 0] = outlier

    return plant


def test_a_shipped_run_is_small_and_scores_as_the_run_did(small_run: Make, corpus: Any, models: Path) -> None:
    run = finished(small_run("mine", weights=knowing(corpus, outlier=0)))
    result = ship(run, corpus, into=models)
    shipped = Run(models / "mine")
    assert shipped.shipped
    assert load_arrays(shipped.folder / "weights.safetensors")[0]["rnn.0.weight_ih_l0"].dtype == np.int8
    assert result["before_rounding"]["bits_per_character"] == pytest.approx(
        result["validation"]["bits_per_character"], abs=shipping.LOST_BITS
    )
    assert shipped.results() == {"evaluation": result}
    assert (shipped.status, shipped.validation) == (
        "finished",
        {"bits_per_character": result["validation"]["bits_per_character"]},
    )
    shipped.verify()
    assert sorted(path.name for path in models.iterdir()) == ["mine", "mine-untrained"]
    twin = Run(models / "mine-untrained")
    assert (twin.status, twin.untrained_twin_of) == ("untrained", "mine")
    assert not (twin.folder / "vocabulary.json").exists()
    assert twin.vocabulary == Run(models / "mine").vocabulary
    twin.load_model()
    ship(run, corpus, into=models)  # again, over the first


def test_scoring_a_shipped_run_again_keeps_its_score_before_rounding(
    small_run: Make, corpus: Any, models: Path
) -> None:
    made = ship(finished(small_run("mine", weights=True)), corpus, into=models)
    shipped = Run(models / "mine")
    assert evaluate(shipped, corpus)["before_rounding"] == made["before_rounding"]
    assert shipped.results() == {"evaluation": made}


@pytest.mark.parametrize("kind", ["char", "word"])
def test_weights_that_lose_by_rounding_are_refused_and_nothing_is_written(
    small_run: Make, words: Any, models: Path, kind: Any
) -> None:
    corpus = corpus_of(words(600) + " the" * 600, "small", kind)
    run = finished(small_run("mine", corpus, weights=knowing(corpus, outlier=2000)))
    with pytest.raises(ValueError, match=r"int8 weights score .*, the run itself .*: too much is lost"):
        ship(run, corpus, into=models)
    assert list(models.iterdir()) == []


@pytest.mark.parametrize("status", ["cancelled", "training", "diverged at step 3", ""])
def test_only_finished_runs_are_shipped(small_run: Make, corpus: Any, models: Path, status: str) -> None:
    run = small_run("mine", weights=True)
    if status:
        run.set_status(status)
    with pytest.raises(ValueError, match="only a finished run can be shipped: train it to its end"):
        ship(run, corpus, into=models)
    assert not models.exists()


def test_a_shipped_run_is_not_shipped_again(small_run: Make, corpus: Any, models: Path) -> None:
    run = finished(small_run("mine", weights=True))
    ship(run, corpus, into=models)
    with pytest.raises(ValueError, match="mine came with the program already"):
        ship(Run(models / "mine"), corpus, into=models)
    assert open_run("mine").folder == run.folder


def test_the_card_says_what_the_run_is_and_how_well_it_does(small_run: Make, corpus: Any, models: Path) -> None:
    result = ship(finished(small_run("mine", weights=True)), corpus, into=models)
    card = (models / "mine" / "CARD.md").read_text()
    for words in ("# mine\n", "LSTM 2 x 8", corpus.fingerprint, "AdamW", "| its second half |"):
        assert words in card
    for part, name in (
        ("validation", "validation split"),
        ("before_rounding", "before the weights were rounded to int8"),
    ):
        score = result[part]["bits_per_character"]
        assert f"| {name} | {score:.4f} | {result[part]['tokens']:,} |" in card


def test_of_a_long_log_the_ends_of_epochs_and_even_steps_are_kept(small_run: Make, tmp_path: Path) -> None:
    run, target = small_run(), Run(tmp_path / "copy")
    lines = [{"step": step, "validation_loss": 1.5 if step % 700 == 699 else None} for step in range(5000)]
    (run.folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    target.folder.mkdir()
    shipping.copy_log(run, target)
    kept = [json.loads(line) for line in (target.folder / "metrics.jsonl").read_text().splitlines()]
    steps = [line["step"] for line in kept]
    assert steps == sorted(steps) and (steps[0], steps[-1]) == (0, 4999)
    assert 200 <= len(kept) <= 207 and max(np.diff(steps)) <= 26
    assert [line for line in kept if line["validation_loss"]] == [line for line in lines if line["validation_loss"]]
    (run.folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines[:200]))
    shipping.copy_log(run, target)
    assert (target.folder / "metrics.jsonl").read_bytes() == (run.folder / "metrics.jsonl").read_bytes()
