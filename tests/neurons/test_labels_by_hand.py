"""A model whose weights are set by hand so that one unit follows quotation marks: from its reading to its label."""

import json
from typing import Any

import torch

from lstm_core.text.corpus import keep_text, read_corpus
from tests.neurons.test_labels import story


def test_a_model_whose_unit_follows_quotes_by_hand_set_weights_is_found_from_its_reading(
    cli: Any, small_run: Any
) -> None:
    """An opening mark sets the cell of unit 5 to 1, a closing one to 0, nothing else changes it; the rest is drawn."""
    spoken = story(400)
    for mark in "“”" * spoken.count('"'):
        spoken = spoken.replace('"', mark, 1)
    keep_text("spoken", spoken.encode())
    corpus = read_corpus("spoken")
    size, unit, hidden = len(corpus.vocabulary), 5, 8
    opening, closing = (corpus.vocabulary.tokens.index(mark) for mark in "“”")

    def by_hand(model: Any) -> None:
        parts = dict(model.named_parameters())
        parts["encoder.weight"].copy_(torch.eye(size))
        inputs, forget, new, output = (gate * hidden + unit for gate in range(4))
        for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
            for row in (inputs, forget, new, output):
                parts[f"rnn.0.{name}"][row] = 0
        bias, weight = parts["rnn.0.bias_ih_l0"], parts["rnn.0.weight_ih_l0"]
        bias[inputs], bias[forget], bias[new], bias[output] = -20, 20, 20, 20
        weight[inputs, opening], weight[forget, opening], weight[forget, closing] = 40, -40, -40

    small_run("spoken", corpus, weights=by_hand, embedding=size, layers=1, hidden=hidden)
    assert cli("record", "spoken", "--signals", "h,c", "--yes")[0] == 0
    for signal in "hc":
        (found,) = json.loads(cli("label", "spoken", "--signal", signal, "--json")[1])
        (best,) = [one for one in found["features"] if one["feature"] == "inside quotation marks"]
        assert (best["unit"], best["sign"], found["units"][unit]["label"]) == (unit, 1, "inside quotation marks")
        assert best["score"] > 0.99
        listed = json.loads(cli("units", "spoken", "--signal", signal, "--json")[1])["units"]
        assert {one["unit"]: one["label"] for one in listed}[unit] == "inside quotation marks"
