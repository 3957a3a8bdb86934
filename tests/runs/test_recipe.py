"""The thesis' recipe is that of the word-language-model example, written out here by hand; the sizes of both sweeps."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
import torch

from lstm_core.runs.evaluate import evaluate
from lstm_core.runs.model import LanguageModel, build
from lstm_core.runs.run import Run
from lstm_core.runs.settings import PRESETS
from lstm_core.runs.train import train
from lstm_core.storage.arrays import load_arrays, scale_rows
from lstm_core.text.corpus import read_corpus

Make = Callable[..., Run]
EPOCHS = 12


def test_the_full_sweep_trains_as_the_example_does(small_run: Make, corpus: Any) -> None:
    """Its loop: SGD without momentum at 20, norm clipped at .25, divided by 4 where validation is no better than the
    best so far, the best model kept, the state dropped at the start of an epoch."""
    recipe = asdict(replace(PRESETS["sweep-full"].training, epochs=EPOCHS, precision="float32", threads=1))
    assert (recipe["batch"], recipe["bptt"], PRESETS["sweep-full"].training.epochs) == (20, 35, 40)
    run = small_run(training=recipe)
    ends = [report for report in train(run, corpus, report_seconds=0) if report.validation_loss is not None]

    model = LanguageModel(run.model_config)
    model.load_state_dict(build(run.model_config, run.train_config.seed).state_dict())
    text = torch.from_numpy(corpus.part("train").astype(np.int64))
    rows = len(text) // 20
    text = text[: rows * 20].view(20, rows).t()
    rate, best, losses, rates, kept = 20.0, None, [], [], {}
    for _ in range(EPOCHS):
        state = None
        for start in range(0, rows - 1, 35):
            piece = text[start : start + 36]
            logits, state = model(piece[:-1], state)
            state = tuple(tuple(part.detach() for part in memory) for memory in state)
            model.zero_grad()
            torch.nn.functional.cross_entropy(logits.flatten(0, 1), piece[1:].flatten()).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 0.25)
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter -= rate * parameter.grad
        loss = evaluate(model, corpus.ids, *corpus.splits["validation"])
        losses.append(loss)
        if best is None or loss < best:
            best, kept = loss, {name: value.detach().numpy().copy() for name, value in model.named_parameters()}
        else:
            rate /= 4.0
        rates.append(rate)
    assert 1 < len(set(rates)) < EPOCHS  # else nothing is said about the division
    assert [report.rate for report in ends] == pytest.approx(rates)
    np.testing.assert_allclose([report.validation_loss for report in ends], losses, rtol=1e-4)
    for name, value in load_arrays(run.folder / "weights.safetensors")[0].items():
        np.testing.assert_allclose(value, kept[name], atol=1e-3, err_msg=name)


def test_the_full_sweep_is_the_thesis_model_with_dropout_at_all_three_places() -> None:
    preset = PRESETS["sweep-full"]
    config = preset.model_config(33_278)
    assert (preset.corpus, preset.kind, config.architecture, config.embedding) == (
        "wikitext-2", "word", "LSTM 2 x 2000", 400
    )  # fmt: skip
    assert (config.parameters, config.tied, config.dropout == config.embedding_dropout > 0) == (
        131_132_478,
        False,
        True,
    )


def test_nine_models_of_the_small_sweep_take_less_than_10_mib() -> None:
    """As they are shipped: int8 by row with a scale, biases in float32."""
    corpus = read_corpus("war-and-peace", "word")
    preset = PRESETS["sweep"]
    assert (preset.corpus, preset.kind, len(corpus.vocabulary)) == ("war-and-peace", "word", 9473)
    model = build(preset.model_config(len(corpus.vocabulary)), 1)
    stored = scale_rows({name: value.detach().numpy() for name, value in model.named_parameters()})
    size = sum(array.nbytes for array in stored.values())
    assert round(9 * size / 2**20, 2) == 9.83
