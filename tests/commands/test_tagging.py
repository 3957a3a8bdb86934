"""The verbs tag, classify, train-tagger and tagger-states."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lstm_core.commands import tagging as verbs
from lstm_core.tagging import reports
from lstm_core.tagging.label_run import label_runs
from lstm_core.tagging.settings import LabelTraining, NetworkConfig
from lstm_core.tagging.words import tagged

Verb = Callable[..., tuple[int, str, str]]
SENTENCES = [[("They", "PRP"), ("are", "VBP"), ("early", "JJ"), ("birds", "NNS")], [("today", "NN"), (".", ".")]] * 9
TEXTS = dict.fromkeys(("train", "development", "masc", "treebank", "ewt"), tagged(SENTENCES))


def test_tag_tells_tokens_tags_and_probabilities_of_every_tagger(cli: Verb) -> None:
    code, out, _ = cli("tag", "They are early birds", "--json")
    told = json.loads(out)["taggers"]
    assert code == 0 and len(told) == len(label_runs("taggers"))
    for one in told:
        assert {"architecture", "tokens", "tags", "probabilities"} <= one.keys()
        assert one["tokens"] == ["They", "are", "early", "birds"] and len(one["tags"]) == 4
        for given, row in zip(one["tags"], one["probabilities"], strict=True):
            assert given == max(row, key=lambda name: row[name]) and sum(row.values()) == pytest.approx(1, abs=1e-5)
    code, out, _ = cli("tag", "They are early birds", "--tagger", "gru")
    assert code == 0 and out.startswith("gru ") and "They/PRP" in out


def test_tag_of_nothing_is_nothing_and_standard_input_is_read(cli: Verb, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = cli("tag", "", "--tagger", "lstm", "--json")
    assert code == 0
    (told,) = json.loads(out)["taggers"]
    assert (told["tokens"], told["tags"], told["probabilities"]) == ([], [], [])
    monkeypatch.setattr("sys.stdin", io.StringIO("word " * 10_000))
    code, out, _ = cli("tag", "-", "--tagger", "lstm", "--json")
    assert code == 0 and len(json.loads(out)["taggers"][0]["tags"]) == 10_000


def test_pairs_are_the_same_in_one_direction_alone(cli: Verb) -> None:
    code, out, _ = cli("tag", "--pairs", "--json")
    rows = json.loads(out)["pairs"]
    assert code == 0 and {row["first"] for row in rows} >= {"They are early birds"}
    assert all(row["same"] == (not row["architecture"].startswith("bi")) for row in rows)
    code, out, _ = cli("tag", "--pairs", "--tagger", "bilstm")
    assert code == 0 and "They are early today" in out and "undecided" in out


def test_classify_tells_classes_and_the_figures(cli: Verb) -> None:
    code, out, _ = cli("classify", "The jury said on Friday that the election was over.", "--json")
    told = json.loads(out)["classifiers"]
    assert code == 0 and {one["judged_by"] for one in told} == {"last", "both", "mean"}
    assert all(len(one["probabilities"]) == 15 and one["label"] in one["probabilities"] for one in told)
    code, out, _ = cli("classify", "", "--json")
    assert code == 0 and all(one["label"] == "" for one in json.loads(out)["classifiers"])
    code, out, _ = cli("classify", "--figures", "--json")
    told = json.loads(out)
    assert code == 0 and told["classes"] == 15 and len(told["answer"]["lstm"]) == 4
    code, out, _ = cli("classify", "--figures")
    assert code == 0 and "naive Bayes" in out and "lstm: a second direction" in out


def test_a_tagger_is_trained_and_its_states_are_kept(
    cli: Verb, monkeypatch: pytest.MonkeyPatch, models: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(verbs, "tagging_texts", lambda: TEXTS)
    typed = ("train-tagger", "mine", "--cell", "gru", "--characters", "--hidden", "6", "--epochs", "2", "--json")
    code, out, err = cli(*typed)
    told = json.loads(out)
    assert code == 0 and told["architecture"] == "bigru-characters" and "epoch 2: loss" in err
    assert told["accuracy"]["ewt"]["count"] == 54
    file = tmp_path / "book.txt"
    file.write_text("They are early birds today. " * 30)
    for text, name in ((str(file), "mine-states"), ("They are early birds today. " * 2, "short")):
        code, out, _ = cli("tagger-states", "--tagger", "mine", "--text", text, "--name", name, "--json")
        told = json.loads(out)
        assert code == 0 and told["layers"] == {"1": "layer 1, forward", "2": "layer 1, backward"}
        assert (told["name"], told["tokens"]) == (name, 28 * (30 if name == "mine-states" else 2))
    code, out, _ = cli("units", "mine-states", "--layer", "2", "--json")
    assert code == 0 and json.loads(out)
    code, out, _ = cli("match", "mine-states", "--phrase", "early birds", "--threshold", "-1", "--json")
    assert code == 0 and {layer for layer, _ in json.loads(out)["units"]} == {1, 2}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("tag", "x", "--tagger", "theirs"), "there is no tagger theirs; at hand: bigru, "),
        (("tag", "x", "--tagger", "../x"), "name '../x' is not usable"),
        (("tagger-states", "--text", " "), "no words"),
        (("train-tagger", "mine", "--cell", "cnn"), "choose one of rnn, gru, lstm"),
        (("train-tagger", "mine", "--directions", "3"), "choose 1"),
    ],
)
def test_mistakes_become_one_line(cli: Verb, typed: tuple[str, ...], said: str) -> None:
    code, _, told = cli(*typed)
    assert code == 2 and said in told.splitlines()[-1]


def test_a_tagger_that_is_there_with_other_settings_is_not_trained_over(
    cli: Verb, monkeypatch: pytest.MonkeyPatch, models: Path
) -> None:
    monkeypatch.setattr(verbs, "tagging_texts", lambda: TEXTS)
    reports.made_tagger("mine", NetworkConfig("rnn", 1, 4, hidden=4), LabelTraining(epochs=1), TEXTS)
    code, _, told = cli("train-tagger", "mine")
    assert code == 2 and "mine is there already with other settings" in told
