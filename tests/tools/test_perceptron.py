"""Training the tagger: NLTK's own training by other means, files that can be read back, texts that people tagged."""

import json
import lzma
import random
from pathlib import Path
from typing import Any

import pytest

from lstm_core.text import gold_tags as tag_gold
from lstm_core.text.gold_tags import PENN, clean, opened_and_closed, read_ewt, read_masc, read_treebank, tag_of_mark
from lstm_core.text.tags import TAGGER, WEIGHTS, new_tagger, read_tagger, tagger_accuracy
from tools import perceptron
from tools.perceptron import PACKINGS, Packing, accuracy, packed, passes

SENTENCES = [
    [("the", "DT"), ("old", "JJ"), ("man", "NN"), ("runs", "VBZ"), (".", ".")],
    [("he", "PRP"), ("runs", "VBZ"), ("the", "DT"), ("house", "NN"), (".", ".")],
    [("old", "JJ"), ("runs", "NNS"), ("were", "VBD"), ("the", "DT"), ("best", "JJS"), (".", ".")],
    [("man", "VB"), ("the", "DT"), ("boats", "NNS"), ("!", ".")],
] * 6


def test_passes_are_those_of_nltk_with_the_same_shuffling() -> None:
    for count, made in enumerate(passes(SENTENCES, 4, seed=11), 1):
        own = new_tagger()
        random.seed(11)
        own.train(SENTENCES, nr_iter=count)
        assert made.model.weights == own.model.weights
        assert (made.tagdict, made.classes) == (own.tagdict, own.classes)
        assert made.tagdict["the"] == "DT"


def test_a_packed_tagger_is_read_back_rounded_and_without_its_small_weights(tmp_path: Path) -> None:
    *_, tagger = passes(SENTENCES, 3, seed=1)
    path = tmp_path / "weights.json.xz"
    path.write_bytes(packed(tagger, Packing(0.0, 0.001)))
    whole = read_tagger(path)
    assert whole.tagdict == tagger.tagdict and whole.classes == tagger.classes
    assert {key for key, row in whole.model.weights.items() if row} == {
        key for key, row in tagger.model.weights.items() if row
    }
    for feature, row in whole.model.weights.items():
        assert row == pytest.approx(tagger.model.weights[feature])  # NLTK rounds averages to three places
    path.write_bytes(packed(tagger, Packing(0.4, 0.25)))
    for feature, row in read_tagger(path).model.weights.items():
        kept = {
            name: round(value * 4) / 4 for name, value in tagger.model.weights[feature].items() if abs(value) >= 0.4
        }
        assert row == kept != {}


def test_accuracy_counts_what_has_a_penn_tag() -> None:
    tagger = new_tagger()
    tagger.decode_json_params(({}, {"a": "DT", "b": "NN", "c": "NN"}, ["DT", "NN"]))
    assert accuracy(tagger, [[("a", "DT"), ("b", "VB")], [("c", "ADD"), ("c", "NN")]]) == 2 / 3


def test_training_chooses_on_the_development_part_and_writes_the_same_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = tag_gold.MascSplit(
        SENTENCES, SENTENCES[:3], SENTENCES[3:], dict.fromkeys(("train", "development", "test"), 1), (), 0
    )
    monkeypatch.setattr(perceptron, "read_masc", lambda: split)
    monkeypatch.setattr(perceptron, "read_treebank", lambda: SENTENCES[:2])
    monkeypatch.setattr(perceptron, "read_ewt", lambda: SENTENCES[2:4])
    monkeypatch.setattr(perceptron, "nltk_own_tagger", lambda: read_tagger(TAGGER / WEIGHTS))
    for name in ("one", "other"):
        perceptron.train(tmp_path / name, most=3, say=lambda line: None)
    one, other = ((tmp_path / name / WEIGHTS).read_bytes() for name in ("one", "other"))
    assert one == other
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == ["results", WEIGHTS]
    results = json.loads((tmp_path / "one" / "results" / "accuracy.json").read_text())
    assert len(results["development_by_pass"]) == 3 and len(results["development_by_packing"]) == len(PACKINGS)
    assert results["packing"]["bytes"] == len(one)
    assert results["packing"]["development"] == max(row["development"] for row in results["development_by_packing"])
    shipped = read_tagger(tmp_path / "one" / WEIGHTS)
    assert results["accuracy"]["masc"]["ours"] == accuracy(shipped, SENTENCES[3:])
    assert "| MASC, held-out files |" in perceptron.card(results)


# Texts that people tagged ---------------------------------------------------------------------------------------------


def test_a_line_of_masc_is_cleaned_by_hand() -> None:
    line = "\"_NN He_PRP &amp;_CC we_PP said_VBD —_NN no_DT ]_NN \"_'' ..._... ’s_POS"
    assert clean(line) == [
        ("``", "``"), ("He", "PRP"), ("&", "CC"), ("we", "PRP"), ("said", "VBD"), ("--", ":"), ("no", "DT"),
        ("]", ")"), ("''", "''"), ("...", ":"), ("'s", "POS"),
    ]  # fmt: skip
    assert clean("") == []


@pytest.mark.parametrize("line", ["he_XYZ goes_VBZ", "region_NN ’_NN s_VBZ", "bare he_PRP", "_NN", "polishing_VBG|NN"])
def test_a_line_that_cannot_be_cleaned_is_dropped(line: str) -> None:
    assert clean(line) is None


def test_straight_quotes_open_and_close_in_turn() -> None:
    assert [word for word, _ in opened_and_closed([('"', ""), ("a", ""), ('"', ""), ('"', "")])] == [
        "``",
        "a",
        "''",
        "``",
    ]


def test_marks_have_one_tag_and_ambiguous_ones_none() -> None:
    assert [tag_of_mark(mark) for mark in ["?!", "....", ";", "—", "{", "»", "“", "€", "*"]] == [
        ".", ":", ":", ":", "(", "''", "``", "$", "SYM",
    ]  # fmt: skip
    assert [tag_of_mark(word) for word in ["'", '"', "&", "%", "a", ""]] == [""] * 6


def test_a_corpus_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("", str(tmp_path)):
        monkeypatch.setenv("LSTM_DATA", folder)
        with pytest.raises(ValueError, match=r"masc_tagged\.zip is not at hand: set LSTM_DATA to a folder"):
            read_masc()
    (tmp_path / "pos_gold").mkdir()
    (tmp_path / "pos_gold" / "en_ewt-ud-dev.conllu.gz").write_bytes(b"no gzip")
    with pytest.raises(ValueError, match=r"en_ewt-ud-dev\.conllu\.gz cannot be read .*: fetch it again"):
        read_ewt()
    (tmp_path / "nltk_data" / "corpora").mkdir(parents=True)
    (tmp_path / tag_gold.TREEBANK).write_bytes(b"no zip")
    with pytest.raises(ValueError, match=r"treebank\.zip cannot be read .*: fetch it again"):
        read_treebank()


@pytest.mark.needs_data
def test_masc_is_split_by_file_and_shares_nothing_with_the_treebank() -> None:
    split = read_masc()
    assert split.files == {"test": 36, "development": 36, "train": 286}
    assert {part: sum(map(len, getattr(split, part))) for part in split.files} == {
        "test": 40_956, "development": 43_239, "train": 470_106,
    }  # fmt: skip
    assert len(split.left_out) == 34 and all("wsj_0" in name for name in split.left_out)
    tags = {tag for part in (split.train, split.development, split.test) for sentence in part for _, tag in sentence}
    assert tags <= PENN
    runs = [
        {tuple(word for word, _ in sentence[at : at + 12]) for sentence in part for at in range(len(sentence) - 11)}
        for part in (split.train, read_treebank())
    ]
    assert len(runs[0]) > 100_000 and not runs[0] & runs[1]


@pytest.mark.needs_data
def test_the_treebank_sample_is_read_whole() -> None:
    sentences = read_treebank()
    assert len(sentences) == 3914  # as its README says
    assert sentences[0][:3] == [("Pierre", "NNP"), ("Vinken", "NNP"), (",", ",")]
    assert {tag for sentence in sentences for _, tag in sentence} <= PENN
    assert not [word for sentence in sentences for word, _ in sentence if word.startswith("-LRB")]


@pytest.mark.needs_data
def test_the_measured_accuracies_come_out_again_on_a_part() -> None:
    """Every twentieth sentence, within four standard errors of the figure for all."""
    tagger, own = read_tagger(TAGGER / WEIGHTS), perceptron.nltk_own_tagger()
    texts: dict[str, Any] = {"masc": read_masc().test, "treebank": read_treebank(), "ewt": read_ewt()}
    for key, sentences in texts.items():
        stored, part = tagger_accuracy()["accuracy"][key], sentences[::20]
        tokens = sum(map(len, part))
        for name, one in (("ours", tagger), ("nltk", own)):
            error = 4 * (stored[name] * (1 - stored[name]) / tokens) ** 0.5
            assert accuracy(one, part) == pytest.approx(stored[name], abs=error)


@pytest.mark.slow
def test_the_shipped_file_is_packed_as_the_training_packs() -> None:
    content = (TAGGER / WEIGHTS).read_bytes()
    results = tagger_accuracy()
    packing = Packing(results["packing"]["threshold"], results["packing"]["step"])
    again = packed(read_tagger(TAGGER / WEIGHTS), packing)
    assert json.loads(lzma.decompress(again)) == json.loads(lzma.decompress(content))
