"""Training a run longer than it was made for, with the same settings or another dropout."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lstm_core.runs.card import card
from lstm_core.runs.run import Run
from lstm_core.runs.store import extend_run
from lstm_core.runs.train import _Loop, train
from lstm_core.storage.arrays import load_arrays

Make = Callable[..., Run]


def test_a_finished_run_given_more_epochs_goes_on_from_its_end(small_run: Make, corpus: Any) -> None:
    run = small_run(training={"epochs": 1, "schedule": "constant"})
    list(train(run, corpus))
    end = run.log().points[-1]["step"]
    longer = extend_run(run, 3)
    steps = [report.step for report in train(longer, corpus, report_seconds=0)]
    assert steps[0] == end + 1
    assert steps[-1] == 3 * end
    straight = small_run("straight", training={"epochs": 3, "schedule": "constant"})
    list(train(straight, corpus))
    one, other = (load_arrays(r.folder / "checkpoint" / "checkpoint.safetensors")[0] for r in (longer, straight))
    assert all(np.array_equal(one[name], other[name]) for name in other)


def test_fewer_epochs_than_a_run_has_begun_are_refused(small_run: Make, corpus: Any) -> None:
    run = small_run(training={"epochs": 2})
    list(train(run, corpus))
    with pytest.raises(ValueError, match="trained for 2 epochs, 1 are fewer"):
        extend_run(run, 1)


def test_a_training_may_end_sooner_at_the_rate_of_its_new_length(small_run: Make, corpus: Any) -> None:
    run = small_run(training={"epochs": 6})
    for report in train(run, corpus, report_seconds=0):
        if report.epoch >= 1.5:
            run.request_cancel()
    shorter = extend_run(run, 2)
    reports = list(train(shorter, corpus, report_seconds=0))
    assert reports[-1].epoch == 2
    assert shorter.status == "finished"
    assert reports[-1].rate < report.rate / 2  # the cosine has reached its end


def test_another_dropout_holds_from_the_next_epoch_on_and_both_are_told(small_run: Make, corpus: Any) -> None:
    run = small_run(training={"epochs": 1, "schedule": "constant"}, dropout=0.5)
    list(train(run, corpus))
    changed = extend_run(run, 2, dropout=0.25)
    assert (changed.model_config.dropout, changed.train_config.epochs) == (0.25, 2)
    assert changed.config["earlier"] == [{"epochs": 1, "dropout": 0.5}]
    loop = _Loop(changed, corpus, 0, 60)
    assert (loop.model.dropout.probability, loop.progress.step) == (0.25, run.log().points[-1]["step"])
    list(train(changed, corpus))
    assert changed.status == "finished"
    again = extend_run(Run(run.folder), 3, dropout=0.0)
    assert again.config["earlier"] == [{"epochs": 1, "dropout": 0.5}, {"epochs": 2, "dropout": 0.25}]
    assert "Dropout was 0.5 until epoch 1, 0.25 until epoch 2, 0 from there on." in card(again)


def test_a_dropout_that_stays_leaves_no_trace_and_one_beyond_its_bounds_is_refused(small_run: Make) -> None:
    run = small_run(dropout=0.5)
    assert "earlier" not in extend_run(run, dropout=0.5).config
    assert "Dropout was" not in card(run)
    with pytest.raises(ValueError, match=r"dropout is 1.0, it must be in \[0, 1\)"):
        extend_run(run, dropout=1.0)


def test_a_run_given_more_epochs_can_still_be_read_and_verified(small_run: Make, corpus: Any) -> None:
    run = small_run(training={"epochs": 1})
    list(train(run, corpus))
    longer = extend_run(run, 3)
    longer.load_model()
    longer.verify()
    extend_run(small_run("new"), 3).verify()  # without weights there is no manifest yet
