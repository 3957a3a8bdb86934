"""The network: torch's own modules by hand, packed against one at a time, what a direction can and cannot know."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from lstm_core.runs.cells import CELLS
from lstm_core.tagging.model import (
    WINDOW,
    LabelNetwork,
    TrainingState,
    accuracy,
    new_network,
    probabilities,
    rate_share,
    train,
    weights_of,
)
from lstm_core.tagging.recorded import signals_of
from lstm_core.tagging.settings import LabelTraining, NetworkConfig
from lstm_core.tagging.words import WordList, batch_of, encode, labels_of

pytestmark = pytest.mark.numeric

KNOWN = WordList(("they", "are", "early", "birds", "today", "run"), tuple("abdeilnorstuy"), ("JJ", "NN", "RB"))
TEXTS = [["they", "are", "early", "birds"], ["run"], ["today", "they", "run"], ["early"] * 9, []]
SHAPES = [(cell, directions) for cell in CELLS for directions in (1, 2)]
SMALL: dict[str, Any] = {"embedding": 5, "hidden": 4}


def network_of(seed: int = 1, **shape: Any) -> LabelNetwork:
    return new_network(NetworkConfig(**{**SMALL, **shape}), KNOWN, seed).eval()


def by_hand(network: LabelNetwork, text: list[str]) -> torch.Tensor:
    """Logits (T, K) or (K,) of one text: the layers on its words, not packed, no padding."""
    words = network.embedding(torch.tensor([KNOWN.word(word) for word in text]))
    if network.config.character_filters:
        spelled = []
        for word in text:
            letters = network.letters(torch.tensor([0, 0, *KNOWN.spelling(word), 0, 0]))
            windows = torch.stack([letters[at : at + WINDOW].T.flatten() for at in range(len(word) + 2)])
            spelled.append(torch.relu(network.filters(windows)).amax(dim=0))
        words = torch.cat([words, torch.stack(spelled)], dim=1)
    states = network.layers(words[:, None])[0][:, 0]
    half = network.config.hidden
    pooled = {
        None: states,
        "last": states[-1],
        "both": torch.cat([states[-1, :half], states[0, half:]]),
        "mean": states.mean(dim=0),
    }
    found: torch.Tensor = network.decoder(pooled[network.config.pooling])
    return found


@pytest.mark.parametrize(("cell", "directions"), SHAPES)
@pytest.mark.parametrize("more", [{}, {"character_filters": 3}, {"layers": 2}])
def test_packed_texts_come_out_as_torch_reads_each_alone(cell: str, directions: int, more: dict[str, int]) -> None:
    network = network_of(cell=cell, directions=directions, **more)
    given = encode(KNOWN, TEXTS)
    found = probabilities(network, given)
    for start, text in zip(given.starts, TEXTS[:4], strict=False):
        expected = torch.softmax(by_hand(network, text), dim=1).detach()
        np.testing.assert_allclose(found[start : start + len(text)], expected, rtol=1e-5)


@pytest.mark.parametrize(("cell", "directions"), SHAPES)
@pytest.mark.parametrize("pooling", ["last", "both", "mean"])
def test_a_text_is_judged_by_the_states_that_the_pooling_names(cell: str, directions: int, pooling: str) -> None:
    if pooling == "both" and directions == 1:
        with pytest.raises(ValueError, match="the network has one: choose last"):
            network_of(cell=cell, directions=1, pooling="both")
        return
    network = network_of(cell=cell, directions=directions, pooling=pooling)
    found = probabilities(network, encode(KNOWN, TEXTS))
    for row, text in zip(found, TEXTS[:4], strict=False):
        np.testing.assert_allclose(row, torch.softmax(by_hand(network, text), dim=0).detach(), rtol=1e-5)
    assert np.isnan(found[4]).all()


@pytest.mark.parametrize(("cell", "directions"), SHAPES)
def test_gradients_of_a_packed_batch_are_those_of_torch_text_by_text(cell: str, directions: int) -> None:
    labels = ["RB", "NN", "JJ"] * 6
    network = network_of(cell=cell, directions=directions, character_filters=3)
    given = encode(KNOWN, TEXTS, labels[: sum(map(len, TEXTS))])
    batch = batch_of(given, np.arange(4))
    wanted = torch.from_numpy(labels_of(given, batch)).flatten()
    nn.functional.cross_entropy(network(batch).flatten(0, 1), wanted, ignore_index=-1, reduction="sum").backward()
    packed = {name: value.grad.clone() for name, value in network.named_parameters()}
    network.zero_grad()
    for start, text in zip(given.starts, TEXTS[:4], strict=False):
        own = torch.from_numpy(given.labels[start : start + len(text)].astype(np.int64))
        nn.functional.cross_entropy(by_hand(network, text), own, reduction="sum").backward()
    for name, value in network.named_parameters():
        torch.testing.assert_close(packed[name], value.grad, rtol=1e-4, atol=1e-6)
        assert value.grad.abs().max() > 0


@pytest.mark.parametrize("cell", CELLS)
def test_one_direction_knows_nothing_of_what_follows_to_the_bit(cell: str) -> None:
    """PROTOCOLS L1: later words changed, the length the same."""
    one, other = ["they", "are", "early", "birds", "run"], ["they", "are", "early", "today", "they"]
    for directions in (1, 2):
        network = network_of(cell=cell, directions=directions)
        found = [probabilities(network, encode(KNOWN, [text]))[:3] for text in (one, other)]
        assert np.array_equal(*found) == (directions == 1)
        first = probabilities(network, encode(KNOWN, [["they", "birds"]]))[0]
        again = probabilities(network, encode(KNOWN, [["they", "early"]]))[0]
        assert np.array_equal(first, again) == (directions == 1)


@pytest.mark.parametrize(("cell", "directions"), SHAPES)
@pytest.mark.parametrize("layers", [1, 2])
def test_recorded_states_are_what_the_network_judges_by(cell: str, directions: int, layers: int) -> None:
    network = network_of(cell=cell, directions=directions, layers=layers)
    given = encode(KNOWN, TEXTS)
    found = signals_of(network, given)
    assert {signal for signal, _ in found} == set(CELLS[cell].state)
    assert {layer for _, layer in found} == set(range(1, layers * directions + 1))
    last = np.concatenate([found["h", layers * directions - way] for way in reversed(range(directions))], axis=1)
    for number, text in enumerate(TEXTS[:4]):
        states = network.states(batch_of(given, np.array([number]))).detach()[0]
        np.testing.assert_allclose(last[given.starts[number] :][: len(text)], states, atol=1e-6)


def test_a_text_of_10000_words_and_one_of_one_word_are_read_together() -> None:
    network = network_of(cell="lstm", character_filters=3)
    found = probabilities(network, encode(KNOWN, [["early", "birds"] * 5000, ["run"]]))
    assert found.shape == (10_001, 3)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(found[-1:], torch.softmax(by_hand(network, ["run"]), dim=1).detach(), rtol=1e-5)


# Training -------------------------------------------------------------------------------------------------------------


def learnable() -> Any:
    """ "early" is an adverb before "today" and an adjective before "birds": 60 sentences."""
    texts = [["they", "are", "early", word] for word in ("birds", "today")] * 30
    labels = [tag for text in texts for tag in ("NN", "RB", "RB" if text[3] == "today" else "JJ", "NN")]
    return encode(KNOWN, texts, labels)


QUICK = LabelTraining(epochs=6, batch=24, learning_rate=0.05, patience=6, forget=0.0)


@pytest.mark.parametrize("cell", CELLS)
def test_only_two_directions_learn_what_the_next_word_decides(cell: str) -> None:
    shares = {}
    for directions in (1, 2):
        network = new_network(NetworkConfig(cell, directions, 8, hidden=8, dropout=0.0), KNOWN, 1)  # type: ignore[arg-type]
        list(train(network, learnable(), learnable(), QUICK))
        shares[directions] = accuracy(network, learnable())
    assert shares == {1: 0.875, 2: 1.0}


def test_training_that_is_resumed_after_any_epoch_ends_in_the_same_weights() -> None:
    def fresh() -> LabelNetwork:
        return new_network(NetworkConfig(**SMALL, dropout=0.4, character_filters=2), KNOWN, 7)

    whole, progress = fresh(), TrainingState()
    losses = [one.train_loss for one in train(whole, learnable(), learnable(), QUICK, progress)]
    assert losses[-1] < losses[0] / 2
    first, kept = fresh(), TrainingState()
    steps = train(first, learnable(), learnable(), QUICK, kept)
    next(steps), next(steps)
    again = fresh()
    again.load_state_dict(first.state_dict())
    later = list(
        train(again, learnable(), learnable(), QUICK, TrainingState(list(kept.reports), kept.best, kept.moments))
    )
    assert [one.train_loss for one in later] == losses[2:]
    for name, values in weights_of(whole).items():
        np.testing.assert_array_equal(values, weights_of(again)[name])


def test_it_ends_when_the_development_part_no_longer_improves() -> None:
    network = new_network(NetworkConfig(**SMALL), KNOWN, 1)
    never = encode(KNOWN, [["they"]], ["RB"])
    found = list(train(network, encode(KNOWN, [["they"]] * 4, ["NN"] * 4), never, LabelTraining(epochs=30, patience=3)))
    best = [one.development for one in found].index(max(one.development for one in found))
    assert len(found) == best + 1 + 3 < 30


def test_the_rate_rises_to_the_highest_and_falls_to_nearly_nothing() -> None:
    shares = [rate_share(LabelTraining(epochs=4), step, 50) for step in range(200)]
    assert max(shares) == pytest.approx(1, abs=0.01) and shares.index(max(shares)) in (9, 10)
    assert shares == [*sorted(shares[:10]), *sorted(shares[10:], reverse=True)] and 0 < shares[-1] < 0.01
