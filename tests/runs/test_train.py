"""Training against a plain torch loop, its scores against brute force, and a resumed run against a straight one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lstm_core.runs import train as training
from lstm_core.runs.cells import CELLS
from lstm_core.runs.evaluate import evaluate
from lstm_core.runs.model import LanguageModel, build
from lstm_core.runs.run import Run
from lstm_core.runs.settings import ModelConfig, TrainConfig
from lstm_core.runs.train import rate_at, streams_of, train
from lstm_core.storage.arrays import load_arrays, save_arrays
from lstm_core.text.corpus import corpus_of

pytestmark = pytest.mark.numeric
Make = Callable[..., Run]
OPTIMISERS = {"sgd": torch.optim.SGD, "adagrad": torch.optim.Adagrad, "adamw": torch.optim.AdamW}


def finish(run: Run, corpus: Any, **options: Any) -> list[training.Report]:
    """Train to the end and give all reports, one a step."""
    return list(train(run, corpus, **{"report_seconds": 0, **options}))


def weights_of(run: Run) -> dict[str, np.ndarray]:
    """The last weights, those of the checkpoint."""
    arrays, _ = load_arrays(run.folder / "checkpoint" / "checkpoint.safetensors")
    return {name: array for name, array in arrays.items() if name.startswith(("model.", "optimiser.", "generator"))}


# How a text is cut, how the rate moves --------------------------------------------------------------------------------


@given(st.integers(2, 60), st.integers(1, 8))
def test_streams_are_the_text_column_by_column(tokens: int, batch: int) -> None:
    ids = np.arange(tokens, dtype=np.int32)
    if tokens // batch < 2:
        with pytest.raises(ValueError, match=f"{tokens} tokens cannot be cut into {batch} streams"):
            streams_of(ids, batch)
        return
    streams = streams_of(ids, batch)
    steps = tokens // batch
    assert streams.shape == (steps, batch)
    for stream in range(batch):
        assert streams[:, stream].tolist() == list(range(stream * steps, (stream + 1) * steps))


def test_one_cycle_rate_rises_over_a_tenth_and_falls_to_a_thousandth() -> None:
    config = TrainConfig(learning_rate=2.0)
    rates = [rate_at(config, step, 1000) for step in range(1000)]
    np.testing.assert_allclose(rates[:100], 2.0 * np.arange(1, 101) / 100)
    done = (np.arange(100, 1000) - 100) / 900
    np.testing.assert_allclose(rates[100:], 2.0 * (0.001 + 0.999 * np.cos(np.pi * done / 2) ** 2))
    assert max(rates) == 2.0
    assert rates[-1] < 0.0021


# Against a plain torch loop -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("optimiser", "clip", "precision"),
    [*((one, "norm", "float32") for one in OPTIMISERS), ("sgd", "value", "float32"), ("sgd", "norm", "bfloat16")],
)
def test_training_equals_a_plain_torch_loop(
    small_run: Make, corpus: Any, optimiser: str, clip: str, precision: str
) -> None:
    clips = {"clip_norm": 0.1} if clip == "norm" else {"clip_norm": 0.0, "clip_value": 0.01}
    settings = {"optimiser": optimiser, "learning_rate": 0.05, "schedule": "constant", "epochs": 2, **clips}
    settings |= {"weight_decay": 0.01, "precision": precision}
    if precision == "bfloat16" and not training.multiplies_bfloat16():
        with pytest.raises(ValueError, match="does not multiply bfloat16: choose float32, or auto"):
            small_run(training=settings)
        return
    run = small_run(training=settings)
    reports = finish(run, corpus)

    torch.manual_seed(0)
    model = LanguageModel(run.model_config)
    model.load_state_dict(build(run.model_config, run.train_config.seed).state_dict())
    stepper = OPTIMISERS[optimiser](model.parameters(), lr=0.05, weight_decay=0.01)
    text = torch.from_numpy(corpus.part("train").astype(np.int64))
    rows = len(text) // 8
    text, losses, clipped = text[: rows * 8].view(8, rows).t(), [], 0
    for _ in range(2):
        state = None
        for start in range(0, rows - 1, 20):
            piece = text[start : start + 21]
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
                logits, state = model(piece[:-1], state)
            assert logits.dtype == getattr(torch, precision)
            state = tuple(tuple(part.detach() for part in memory) for memory in state)
            flat = logits.float().reshape(-1, logits.shape[-1])
            loss = torch.nn.functional.cross_entropy(flat, piece[1:].reshape(-1))
            stepper.zero_grad()
            loss.backward()
            gradients = [parameter.grad for parameter in model.parameters()]
            if clip == "norm":
                norm = torch.stack([gradient.square().sum() for gradient in gradients]).sum().sqrt()
                clipped += bool(norm > 0.1)
                for gradient in gradients:
                    gradient.mul_((0.1 / (norm + 1e-6)).clamp(max=1))
            else:
                clipped += any((gradient.abs() > 0.01).any() for gradient in gradients)
                for gradient in gradients:
                    gradient.clamp_(-0.01, 0.01)
            stepper.step()
            losses.append(loss.item())
    assert clipped > 5  # else nothing is said about clipping
    np.testing.assert_allclose([report.train_loss for report in reports], losses, rtol=1e-4)
    found = weights_of(run)
    for name, value in model.named_parameters():
        np.testing.assert_allclose(found[f"model.{name}"], value.detach().numpy(), atol=2e-4, err_msg=name)


def test_training_learns_a_repeated_text(small_run: Make) -> None:
    corpus = corpus_of("abcd" * 400, "repeated")
    run = small_run(text=corpus, training={"epochs": 6, "learning_rate": 0.05})
    reports = finish(run, corpus)
    assert reports[0].train_loss == pytest.approx(np.log(4), abs=0.05)
    assert reports[-1].validation_loss < 0.05
    assert run.status == "finished"
    assert run.validation == {"bits_per_character": pytest.approx(reports[-1].validation_loss / np.log(2))}


def test_the_best_weights_are_kept_not_the_last(small_run: Make, corpus: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run = small_run(training={"epochs": 3})
    losses, seen = iter([2.0, 1.0, 3.0]), []

    def scored(model: LanguageModel, *_: Any, **__: Any) -> float:
        seen.append(model.decoder.weight.detach().numpy().copy())
        return next(losses)

    monkeypatch.setattr(training, "evaluate", scored)
    finish(run, corpus)
    np.testing.assert_array_equal(run.load_model().decoder.weight.detach().numpy(), seen[1])


def test_the_rate_falls_on_a_plateau_only(small_run: Make, corpus: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run = small_run(training={"epochs": 5, "schedule": "plateau", "factor": 0.5, "learning_rate": 0.1})
    losses = iter([2.0, 2.0, 1.5, 1.6, 1.4])
    monkeypatch.setattr(training, "evaluate", lambda *_, **__: next(losses))
    ends = [report for report in finish(run, corpus) if report.validation_loss is not None]
    assert [report.rate for report in ends] == [0.1, 0.05, 0.05, 0.025, 0.025]


def test_no_epochs_keep_the_weights_as_drawn(small_run: Make, corpus: Any) -> None:
    run = small_run(training={"epochs": 0})
    assert finish(run, corpus) == []
    assert run.status == "finished"
    expected = build(run.model_config, run.train_config.seed)
    for a, b in zip(run.load_model().parameters(), expected.parameters(), strict=True):
        assert torch.equal(a, b)


def test_reports_are_the_log(small_run: Make, corpus: Any) -> None:
    run = small_run()
    reports = finish(run, corpus)
    assert [vars(report) for report in reports] == list(run.log().points)
    for report in reports:
        assert report.train_score == pytest.approx(report.train_loss / np.log(2))
        assert (report.validation_score is None) == (report.validation_loss is None)
    assert reports[-1].validation_score == pytest.approx(reports[-1].validation_loss / np.log(2))
    assert [report.step for report in reports] == list(range(1, len(reports) + 1))
    windows = -(-(len(corpus.part("train")) // 8 - 1) // 20)
    assert [report.step for report in reports if report.validation_loss is not None] == [windows, 2 * windows]
    assert reports[-1].epoch == 2


# Scores ---------------------------------------------------------------------------------------------------------------


def planted(model: LanguageModel, p: np.ndarray) -> LanguageModel:
    """Predicts the distribution `p` whatever it reads."""
    with torch.no_grad():
        model.decoder.weight.zero_()
        model.decoder.bias.copy_(torch.from_numpy(np.log(p)))
    return model.eval()


@pytest.mark.parametrize("bounds", [(0, 50), (1, 50), (700, 900), (500, 4000), (3999, 4000)])
def test_evaluate_scores_the_cross_entropy_of_a_planted_distribution(bounds: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(7))
    ids = rng.choice(7, 4000, p=p).astype(np.int32)
    model = planted(build(ModelConfig(7, hidden=8, embedding=5, layers=1), 1), p)
    expected = -np.log(p[ids[max(1, bounds[0]) : bounds[1]]]).mean()
    assert evaluate(model, ids, *bounds) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_evaluate_equals_one_long_stream(cell: Any) -> None:
    """Four streams of 1,000 tokens with 500 to warm up, against all 4,700 read in order."""
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 7, 4700).astype(np.int32)
    model = build(ModelConfig(7, cell, hidden=8, embedding=5, layers=2), 1).eval()
    with torch.no_grad():
        logits = model(torch.from_numpy(ids[:-1].astype(np.int64))[:, None])[0][:, 0].double()
        losses = -torch.log_softmax(logits, 1)[torch.arange(4699), torch.from_numpy(ids[1:].astype(np.int64))]
    assert evaluate(model, ids, 700, 4700) == pytest.approx(float(losses[699:].mean()), rel=1e-6)
    assert evaluate(model, ids, 0, 4700) == pytest.approx(float(losses.mean()), rel=1e-6)


def test_evaluate_leaves_the_mode_of_the_model() -> None:
    model = build(ModelConfig(7, hidden=8, embedding=5, layers=1), 1)
    for mode in (True, False):
        model.train(mode)
        evaluate(model, np.zeros(50, np.int32), 0, 50)
        assert model.training is mode


# Resuming (fault 4: to the bit) ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(
    ("optimiser", "schedule", "rate"),
    [("sgd", "plateau", 1), ("adagrad", "constant", 0.05), ("adamw", "one-cycle", 0.01)],
)
@pytest.mark.parametrize("stops", [(1,), (7, 18, 23)], ids=["once", "thrice"])
def test_fault_04_resumed_equals_uninterrupted_to_the_bit(
    small_run: Make, corpus: Any, cell: str, optimiser: str, schedule: str, rate: float, stops: tuple[int, ...]
) -> None:
    shape = {"cell": cell, "dropout": 0.3, "embedding_dropout": 0.25}
    recipe = {"optimiser": optimiser, "schedule": schedule, "learning_rate": rate, "bptt": 30}
    straight = small_run("straight", training=recipe, **shape)
    finish(straight, corpus)
    broken = small_run("broken", training=recipe, **shape)
    for stop in stops:
        torch.manual_seed(stop)  # another process: the generator is elsewhere
        finish(broken, corpus, cancelled=lambda stop=stop: len(broken.log().points) >= stop)
        assert broken.status == "cancelled"
        assert len(broken.log().points) == stop
    finish(broken, corpus)
    assert broken.status == straight.status == "finished"
    one, two = weights_of(straight), weights_of(broken)
    assert set(one) == set(two)
    for name, array in one.items():
        np.testing.assert_array_equal(two[name], array, err_msg=name)
    for name, value in straight.load_model().named_parameters():
        assert torch.equal(dict(broken.load_model().named_parameters())[name], value)
    same = ("step", "epoch", "train_loss", "validation_loss", "rate", "gradient_norm")
    pairs = zip(straight.log().points, broken.log().points, strict=True)
    assert all(a[key] == b[key] for a, b in pairs for key in same)


def test_fault_03_cancelled_while_validating_loses_nothing_that_was_kept(small_run: Make, corpus: Any) -> None:
    straight = small_run("straight")
    finish(straight, corpus)
    run = small_run("broken")
    windows, asked = len(straight.log().points) // 2, []

    def in_validation() -> bool:
        asked.append(True)
        return len(asked) > windows

    finish(run, corpus, cancelled=in_validation, checkpoint_seconds=0)
    assert (run.status, len(run.log().points)) == ("cancelled", windows - 1)
    finish(run, corpus)
    for name, array in weights_of(straight).items():
        np.testing.assert_array_equal(weights_of(run)[name], array)


def test_a_cancel_file_stops_the_next_step_and_is_gone_then(small_run: Make, corpus: Any) -> None:
    run, steps = small_run(), 0
    for _ in train(run, corpus, report_seconds=0):
        steps += 1
        if steps == 3:
            run.request_cancel()
    assert (steps, run.status) == (3, "cancelled")
    assert not (run.folder / "cancel").exists()


def test_a_cancel_that_comes_before_the_first_step_is_heard(small_run: Make, corpus: Any) -> None:
    run = small_run()
    run.request_cancel()
    assert finish(run, corpus) == []
    assert run.status == "cancelled"


def test_training_goes_on_after_a_torn_line(small_run: Make, corpus: Any) -> None:
    run = small_run()
    finish(run, corpus, cancelled=lambda: len(run.log().points) >= 4)
    with (run.folder / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step": 5, "tra')
    finish(run, corpus)
    log = run.log()
    assert [point["step"] for point in log.points] == list(range(1, len(log.points) + 1))
    assert log.unreadable == 1


# Faults ---------------------------------------------------------------------------------------------------------------


def test_training_on_another_text_is_refused(small_run: Make, corpus: Any, words: Any) -> None:
    with pytest.raises(ValueError, match="small was made for another text than other"):
        finish(small_run(), corpus_of(words(600, seed=1), "other"))


@pytest.mark.parametrize("share", [0.0, None, 0.5, 0.999])
def test_fault_07_a_cut_checkpoint_is_refused_by_name(small_run: Make, corpus: Any, share: float | None) -> None:
    run = small_run()
    finish(run, corpus, cancelled=lambda: len(run.log().points) >= 4)
    path = run.folder / "checkpoint" / "checkpoint.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[: 1 if share is None else int(len(content) * share)])
    with pytest.raises(ValueError, match=r"checkpoint\.safetensors is not a whole"):
        finish(run, corpus)
    path.write_bytes(content)
    finish(run, corpus)
    assert run.status == "finished"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda a: a | {"model.decoder.bias": np.zeros(3, np.float32)},
            r"decoder\.bias is \(3,\), the settings expect",
        ),
        (lambda a: {k: v for k, v in a.items() if k != "model.rnn.1.bias_hh_l0"}, r"lacks rnn\.1\.bias_hh_l0 \(32,\)"),
        (lambda a: {k: v for k, v in a.items() if k != "generator"}, "is not a checkpoint"),
        (lambda a: {"x": np.zeros(3)}, "is not a checkpoint"),
    ],
)
def test_fault_11_a_checkpoint_that_does_not_fit_is_refused(
    small_run: Make, corpus: Any, change: Any, says: str
) -> None:
    run = small_run()
    finish(run, corpus, cancelled=lambda: len(run.log().points) >= 2)
    path = run.folder / "checkpoint" / "checkpoint.safetensors"
    arrays, notes = load_arrays(path)
    notes.pop("sha256")
    save_arrays(path, change(arrays), notes)
    with pytest.raises(ValueError, match=says):
        finish(run, corpus)


def test_a_checkpoint_of_an_earlier_version_is_resumed(small_run: Make, corpus: Any) -> None:
    run = small_run()
    finish(run, corpus, cancelled=lambda: len(run.log().points) >= 2)
    path = run.folder / "checkpoint" / "checkpoint.safetensors"
    arrays, notes = load_arrays(path)
    notes["progress"] = json.dumps({**json.loads(notes["progress"]), "last": 1.5})
    notes.pop("sha256")
    save_arrays(path, arrays, notes)
    finish(run, corpus)
    assert run.status == "finished"


@pytest.mark.parametrize("report_seconds", [0, 1e9], ids=["each_step", "each_epoch"])
def test_fault_26_a_loss_that_is_not_finite_ends_in_diverged_at_its_step(
    small_run: Make, corpus: Any, monkeypatch: pytest.MonkeyPatch, report_seconds: float
) -> None:
    run = small_run()
    forward, calls = LanguageModel.forward, []

    def poisoned(self: LanguageModel, *given: Any) -> Any:
        logits, state = forward(self, *given)
        if self.training:
            calls.append(True)
        return (logits * torch.nan if len(calls) == 5 else logits), state

    monkeypatch.setattr(LanguageModel, "forward", poisoned)
    finish(run, corpus, report_seconds=report_seconds)
    assert run.status == "diverged at step 5"
    assert all(np.isfinite(point["train_loss"]) for point in run.log().points)
    assert run.log().unreadable == 0


def test_fault_26_an_exploding_rate_diverges_and_a_cancel_keeps_no_bad_checkpoint(small_run: Make, corpus: Any) -> None:
    recipe = {"optimiser": "sgd", "schedule": "constant", "learning_rate": 1e38, "clip_norm": 0}
    run = small_run(training=recipe)
    finish(run, corpus)
    assert run.status.startswith("diverged at step ")
    for line in (run.folder / "metrics.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=pytest.fail)
    other, asked = small_run("other", training=recipe), []
    finish(other, corpus, report_seconds=1e9, cancelled=lambda: asked.append(True) or len(asked) > 5)
    assert other.status.startswith("diverged at step ")
    assert not (Path(other.folder) / "checkpoint").exists()


def test_fault_23_a_second_trainer_is_refused_and_the_first_goes_on(small_run: Make, corpus: Any) -> None:
    run = small_run()
    first = train(run, corpus, report_seconds=0)
    next(first)
    with pytest.raises(ValueError, match="small is being trained by another process: wait for it or cancel it"):
        next(train(Run(run.folder), corpus))
    assert run.status == "training"
    assert len(list(first)) > 10
    assert run.status == "finished"
