"""Taggers as they ship and as one trains them: what they say, where they are kept, what their neurons do."""

import json
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_core.clusters.states import ClusterQuery, cluster
from lstm_core.neurons.profile import NeuronQuery, profile
from lstm_core.probes.active import OnQuery, on_sets
from lstm_core.probes.match import MatchQuery, match
from lstm_core.recordings.annotations import read_annotations
from lstm_core.recordings.find import longest
from lstm_core.tagging import reports
from lstm_core.tagging.label_run import (
    CHECKPOINT,
    WEIGHTS,
    LabelRun,
    label_runs,
    new_label_run,
    open_label_run,
    predicted,
    shares,
    train_label_run,
)
from lstm_core.tagging.model import new_network
from lstm_core.tagging.recorded import layer_names, record_states, signals_of
from lstm_core.tagging.reports import perceptron_shares
from lstm_core.tagging.settings import BEST_TAGGER, LabelTraining, NetworkConfig
from lstm_core.tagging.tag import PAIRS, following, measure, tag, tag_text, with_tags, words_of
from lstm_core.tagging.words import TESTS, Labelled, encode, tagged, tagging_texts
from lstm_core.text.tags import tag_text as perceptron_tags

pytestmark = pytest.mark.numeric

SENTENCES = [
    [("They", "PRP"), ("are", "VBP"), ("early", "JJ"), ("birds", "NNS")],
    [("They", "PRP"), ("are", "VBP"), ("early", "RB"), ("today", "NN"), (".", ".")],
    [("She", "PRP"), ("sings", "VBZ"), ("!", ".")],
] * 12
TEXTS = dict.fromkeys(("train", "development", "masc", "treebank", "ewt"), tagged(SENTENCES))
SMALL = NetworkConfig("lstm", 2, 6, character_filters=3, hidden=5, dropout=0.1)
QUICK = LabelTraining(epochs=4, batch=40, learning_rate=0.03, patience=4, least=2)


@pytest.fixture
def trained(models: Path) -> LabelRun:
    """A small tagger of one's own; none ships."""
    return reports.made_tagger("mine", SMALL, QUICK, TEXTS)


def test_a_tagger_is_trained_measured_and_found_again(trained: LabelRun, home: Path) -> None:
    assert trained.folder == home / "taggers" / "mine" and not trained.shipped
    assert [run.name for run in label_runs("taggers")] == ["mine"]
    assert open_label_run("taggers", "mine").config == SMALL and trained.training == QUICK
    results = trained.results()
    assert results["architecture"] == "bilstm-characters"
    assert results["accuracy"]["treebank"]["count"] == 12 * 12 and results["accuracy"]["treebank"]["unknown"] == 0
    assert "| MASC, held-out files | 144 |" in (trained.folder / "CARD.md").read_text()
    assert not (trained.folder / CHECKPOINT).exists()
    assert len((trained.folder / "metrics.jsonl").read_text().splitlines()) == 4


def test_weights_as_int8_rows_change_little(trained: LabelRun) -> None:
    size = sum(value.numel() for value in trained.network().parameters())
    assert (trained.folder / WEIGHTS).stat().st_size < 2 * size + 4000
    assert trained.results()["accuracy"]["development"]["right"] == pytest.approx(
        trained.results()["development_before_rounding"], abs=0.02
    )


def test_training_that_was_ended_goes_on_to_the_same_weights(trained: LabelRun, home: Path) -> None:
    texts = tagged(SENTENCES)
    run = new_label_run(home / "other", "mine", SMALL, QUICK, texts, "a corpus")
    steps = train_label_run(run, texts, texts)
    next(steps), next(steps)
    steps.close()
    assert not run.finished and (run.folder / CHECKPOINT).is_file()
    with pytest.raises(ValueError, match="not trained to its end: go on with"):
        run.network()
    assert [one.epoch for one in train_label_run(run, texts, texts)] == [1, 2, 3, 4]
    assert run.fingerprint == trained.fingerprint
    assert [one.epoch for one in train_label_run(run, texts, texts)] == [1, 2, 3, 4]  # nothing is left to do


@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_damaged_weights_are_refused_by_name(trained: LabelRun, damage: str) -> None:
    path = trained.folder / WEIGHTS
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content if damage == "flip" else content[: len(content) // 2])
    if damage == "remove":
        path.unlink()
    with pytest.raises(ValueError, match=r"weights\.safetensors"):
        open_label_run("taggers", "mine").network()


def test_settings_of_another_program_are_refused(trained: LabelRun) -> None:
    path = trained.folder / "config.json"
    stored = json.loads(path.read_text())
    path.write_text(json.dumps({**stored, "network": {**stored["network"], "wings": 2}}))
    with pytest.raises(ValueError, match=r"config\.json does not hold a NetworkConfig"):
        _ = open_label_run("taggers", "mine").config
    assert label_runs("taggers") == []
    with pytest.raises(ValueError, match="there is no tagger theirs; at hand: none"):
        open_label_run("taggers", "theirs")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cell": "cnn"}, "choose one of rnn, gru, lstm"),
        ({"directions": 3}, "choose 1 .* or 2"),
        ({"hidden": 0}, "whole number from 1"),
        ({"dropout": 1.0}, r"must be in \[0, 1\)"),
        ({"pooling": "first"}, "choose one of last, both, mean"),
    ],
)
def test_settings_that_make_no_network_are_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(SMALL, **change)


# Tagging --------------------------------------------------------------------------------------------------------------


def test_an_empty_text_one_word_and_10000_words(trained: LabelRun) -> None:
    for text in ("", " \n "):
        assert (tag(text, trained).tokens, tag(text, trained).tags, tag(text, trained).probabilities.shape[0]) == (
            (),
            (),
            0,
        )
        assert len(tag_text(text, trained)) == 0
    one = tag("They", trained)
    assert (one.tokens, one.tags) == (("They",), ("PRP",))
    long = tag([["They", "are"] * 5000], trained)
    assert len(long.tags) == 10_000 and long.probabilities.sum(axis=1) == pytest.approx(np.ones(10_000), rel=1e-5)


def test_sentences_are_read_apart(trained: LabelRun) -> None:
    found, alone = tag("She sings! They are early birds.", trained), tag("They are early birds.", trained)
    assert found.sentence.tolist() == [0] * 3 + [1] * 5
    np.testing.assert_allclose(found.probabilities[3:], alone.probabilities, rtol=1e-5)


def test_tags_stand_where_those_of_the_perceptron_stand(trained: LabelRun) -> None:
    """So that a network can take its place, such as for the tables of clusters."""
    text = 'They said: "Don’t sing!" She sings... They are early\nbirds today.'
    ours, other = tag_text(text, trained), perceptron_tags(text)
    for field in ("start", "stop", "sentence"):
        np.testing.assert_array_equal(getattr(ours, field), getattr(other, field))
    assert tuple(ours.tag) == tag(text, trained).tags


def test_shares_are_counted_by_hand() -> None:
    given = Labelled([["a", "b"], ["c"]], ["NN", "DT", "XX"])
    found = shares("a text", given, ["NN", "NN", "NN"], [True, True, False], {"a"})
    told = {"title": "a text", "count": 2, "right": 0.5, "unknown": 1, "right_unknown": 0.0, "right_mapped": 0.5}
    assert asdict(found) == told


def test_an_abbreviation_may_have_the_tag_that_the_training_text_gives_it() -> None:
    given = Labelled([["Mr.", "X", "etc.", ".", "U.S."]], ["NNP", "NNP", "NNP", "NNP", "NNP"])
    found = shares("a text", given, ["NN", "NN", "NN", "NN", "NNP"], [True] * 5, set())
    assert (found.right, found.right_mapped) == (0.2, 0.4)


# The taggers that ship ------------------------------------------------------------------------------------------------

SHIPPED = [run.name for run in label_runs("taggers")]


def test_three_cells_in_one_and_two_directions_ship_and_the_best_with_letters() -> None:
    assert set(SHIPPED) == {"rnn", "birnn", "gru", "bigru", "lstm", "bilstm", BEST_TAGGER}
    assert sum(path.stat().st_size for run in label_runs("taggers") for path in run.folder.rglob("*")) < 3.5 * 2**20
    for run in label_runs("taggers"):
        assert (
            run.shipped and run.config.architecture == run.name and ("bi" in run.name) == (run.config.directions == 2)
        )


@pytest.mark.parametrize("name", SHIPPED)
def test_one_direction_cannot_use_the_word_that_follows(name: str) -> None:
    """PROTOCOLS L2: the same tag and probabilities to the bit in one direction; two directions tell "that man" from
    "that he", "more bread" from "more often".
    """
    run = open_label_run("taggers", name)
    found = following(run)
    assert [one.same for one in found] == [run.config.directions == 1] * len(PAIRS)
    birds, today = (tag(text, run) for text in (PAIRS[0].first, PAIRS[0].second))
    assert np.array_equal(birds.probabilities[:3], today.probabilities[:3]) == (run.config.directions == 1)
    if run.config.directions == 2:
        assert [one.tags for one in found[2:]] == [("DT", "IN"), ("JJR", "RBR")]


def test_the_best_finds_an_adverb_more_probable_before_today_than_before_birds() -> None:
    """The training text has one such adverb: the tag stays, and the two-directional GRU has it the other way round."""
    for name in (BEST_TAGGER, "bilstm", "birnn"):
        birds, today = following(open_label_run("taggers", name))[0].probability
        assert today > birds


def test_the_best_is_above_the_perceptron_of_the_same_text_on_three_tests() -> None:
    """On the treebank only with the tag sets mapped: MASC tags its many abbreviations otherwise."""
    ours, peer = open_label_run("taggers").results()["accuracy"], perceptron_shares()
    above = {
        key: {name for name in TESTS if ours[name][key] > getattr(peer[name], key)} for key in ("right", "right_mapped")
    }
    assert all(ours[name]["count"] == peer[name].count for name in TESTS)
    assert above == {"right": {"masc", "ewt"}, "right_mapped": {"masc", "treebank", "ewt"}}


@pytest.mark.needs_data
def test_the_figures_that_ship_come_out_again_on_a_part() -> None:
    """Of the best, every tenth sentence of the held-out files: within four standard errors of the figure for all."""
    run, texts = open_label_run("taggers"), tagging_texts()
    start, part = 0, Labelled([], [])
    for number, text in enumerate(texts["masc"].texts):
        if number % 10 == 0:
            part.texts.append(text)
            part.labels.extend(texts["masc"].labels[start : start + len(text)])
        start += len(text)
    small = {**dict.fromkeys(texts, part), "train": texts["train"]}
    found = measure(small, partial(predicted, run.network(), run.known))["masc"]
    stored = run.results()["accuracy"]["masc"]["right"]
    assert found.right == pytest.approx(stored, abs=4 * (stored * (1 - stored) / found.count) ** 0.5)


# States ---------------------------------------------------------------------------------------------------------------


def test_the_states_of_a_tagger_are_a_recording_like_any_other(trained: LabelRun) -> None:
    """By letters: at a blank the state after the word before it, so that clusters have one moment a word."""
    text = "\nThey are early birds today. She sings! " * 40
    made = record_states(text, trained, "states")
    assert made.run.status == "states only" and layer_names(trained) == ("layer 1, forward", "layer 1, backward")
    (recording,) = made.recordings
    assert (recording.spec.layers, recording.names, recording.spec.units) == ((1, 2), ("h", "c"), 5)
    assert recording.exactness["brought_in"]["h-2"] == "mine: h of layer 1, backward"
    read = [word for sentence in words_of(text) for word in sentence]
    expected = signals_of(trained.network(), encode(trained.known, words_of(text)))
    ends = [at for at in range(len(text) - 1) if not text[at].isspace() and text[at + 1].isspace()]
    after = [number for number, word in enumerate(read) if word not in ("today", "sings")]  # a mark follows these
    for (signal, layer), values in expected.items():
        found = recording.window(signal, layer, 0, len(text))
        np.testing.assert_allclose(found[:, np.array(ends) + 1], values[after].T, atol=1e-3)
        assert not found[:, 0].any()
    assert read_annotations(recording.folder)[0].label(text.index("She")) == tag(text, trained).tags[6]
    # neurons, probes and clusters open on it
    assert profile(recording, NeuronQuery("h", 2, 3)).total == len(text)
    on = on_sets(longest(made.run, ("h",)), OnQuery("h", threshold=-1.0))
    assert len(match(on, MatchQuery(1, 5)).units) == 10
    query = ClusterQuery(layer=2, min_cluster_size=8, min_samples=2)
    found_clusters = cluster(made.run, query)
    assert len(found_clusters.positions) == sum(letter.isspace() for letter in text)
    # whose tables the tagger's own tags can stand in
    retagged = with_tags(found_clusters, text, trained)
    np.testing.assert_array_equal(retagged.words, found_clusters.words)
    names = [retagged.tag_names[code] for code in retagged.tags[1:7].tolist()]
    assert names == [tag(text, trained).tags[number] for number in (0, 1, 2, 3, 5, 6)]
    with pytest.raises(ValueError, match="have no parts of speech"):
        with_tags(replace(found_clusters, tag_names=()), text, trained)


def test_states_by_words_have_one_token_a_word_and_an_untrained_twin(trained: LabelRun) -> None:
    text = "They are early birds today. " * 9
    (recording,) = record_states(text, trained, "states", by="words").recordings
    assert recording.text(0, 6) == ["They", "are", "early", "birds", "today", "."] and len(recording.tokens) == 54
    (control,) = record_states(text, trained, "twin", by="words", untrained=True).recordings
    expected = signals_of(new_network(SMALL, trained.known, QUICK.seed), encode(trained.known, words_of(text)))
    np.testing.assert_allclose(control.window("h", 1, 0, 54), expected["h", 1].T, atol=1e-3)
    assert not np.allclose(recording.window("h", 1, 0, 54), expected["h", 1].T, atol=0.05)


def test_what_cannot_be_recorded_is_said(trained: LabelRun, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="no words: there is nothing to record"):
        record_states(" ", trained, "states")
    with pytest.raises(ValueError, match="by 'pages' are unknown: choose one of letters, words"):
        record_states("They", trained, "states", by="pages")  # type: ignore[arg-type]
    monkeypatch.setattr("lstm_core.tagging.recorded.MOST_LETTERS", 3)
    with pytest.raises(ValueError, match="has 4 letters, the limit is 3"):
        record_states("They", trained, "states")
