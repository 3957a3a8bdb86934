"""Chunks: the CoNLL-2000 corpus as models spell it, rules on sentences by hand, agreement as it is counted."""

import gzip
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_core.recordings.record import Text, record
from lstm_core.recordings.tags import chunks_by_rules, gold_recording, tags_of
from lstm_core.text.chunks import Chunked, gold_text, spelled
from lstm_core.text.conll2000 import (
    BASELINE_F1,
    CONLL2000,
    agreement,
    commonest,
    iob_of,
    read_conll2000,
    rules_agreement,
    spans_of,
)
from lstm_core.text.corpus import Vocabulary, corpus_of, read_corpus
from lstm_core.text.tagged import NONE

TRAIN = """The DT B-NP
pound NN I-NP
fell VBD B-VP
1\\/2 CD B-NP
% NN I-NP
, , O
`` `` O
he PRP B-NP
said VBD B-VP
. . O

Anna NNP B-NP
's POS B-NP
-LRB- ( I-NP
near-record JJ I-NP
deficits NNS I-NP
-RRB- ) O
grew VBD B-VP

"""
TEST = "Up RB I-ADVP\nthe DT I-NP\nhill NN I-NP\n\n"


def keep_conll(folder: Path, train: str = TRAIN, test: str = TEST) -> None:
    """A corpus of a few sentences in the place of the real one."""
    path = folder / CONLL2000
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("conll2000/train.txt", train)
        file.writestr("conll2000/test.txt", test)


@pytest.fixture
def conll(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    keep_conll(tmp_path)
    monkeypatch.setenv("LSTM_DATA", str(tmp_path))
    return tmp_path


def words_of(chunked: Chunked, kind: str) -> list[tuple[int, int]]:
    begins, ends = chunked.of_kind(kind)
    return list(zip(begins.tolist(), ends.tolist(), strict=True))


# The corpus -----------------------------------------------------------------------------------------------------------


def test_the_corpus_is_read_in_sentences_of_words_tags_and_chunks(conll: Path) -> None:
    first, second = read_conll2000("train")
    assert first[:3] == [("The", "DT", "B-NP"), ("pound", "NN", "I-NP"), ("fell", "VBD", "B-VP")]
    assert (len(first), len(second), len(read_conll2000("test"))) == (10, 7, 1)


def test_a_corpus_that_is_missing_cut_or_another_is_said(conll: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = conll / CONLL2000
    with pytest.raises(ValueError, match="no part 'all'"):
        read_conll2000("all")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="fetch it again"):
        read_conll2000("train")
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("conll2000/train.txt", "The DT Q-NP\n")
    with pytest.raises(ValueError, match="'The DT Q-NP' is not a word"):
        read_conll2000("train")
    with pytest.raises(ValueError, match="no test part"):
        read_conll2000("test")
    monkeypatch.delenv("LSTM_DATA")
    with pytest.raises(ValueError, match="set LSTM_DATA"):
        read_conll2000("train")


# Agreement ------------------------------------------------------------------------------------------------------------


def test_chunks_are_counted_as_conll_counts_them() -> None:
    assert spans_of(["B-NP", "I-NP", "B-NP", "O", "I-VP", "I-NP", "I-NP"]) == [
        ("NP", 0, 2), ("NP", 2, 3), ("VP", 4, 5), ("NP", 5, 7)
    ]  # fmt: skip
    assert spans_of([]) == []


def test_agreement_by_hand() -> None:
    gold = [["B-NP", "I-NP", "B-VP", "O"], ["B-NP", "B-NP"]]
    found = [["B-NP", "I-NP", "B-VP", "I-VP"], ["B-NP", "I-NP"]]
    result = agreement(gold, found)
    assert {kind: (one.gold, one.found, one.both) for kind, one in result.items()} == {
        "": (4, 3, 1), "NP": (3, 2, 1), "VP": (1, 1, 0)
    }  # fmt: skip
    assert result["NP"].precision == 1 / 2 and result["NP"].recall == 1 / 3 and result["NP"].f1 == pytest.approx(0.4)
    assert result["VP"].f1 == 0


def test_the_baseline_is_the_commonest_chunk_tag_of_each_part_of_speech(conll: Path) -> None:
    usual = commonest(read_conll2000("train"))
    assert usual["NN"] == "I-NP" and usual["VBD"] == "B-VP" and usual["."] == "O"


@pytest.mark.needs_data
def test_the_baseline_is_the_published_one_and_the_rules_are_better() -> None:
    """Tjong Kim Sang and Buchholz 2000: precision 72.58, recall 82.14, F1 77.07."""
    found = rules_agreement()
    baseline, rules = found["baseline"][""], found["rules"]
    assert round(baseline.f1, 4) == BASELINE_F1
    assert (round(baseline.precision, 4), round(baseline.recall, 4)) == (0.7258, 0.8214)
    assert round(rules[""].f1, 3) == 0.893
    assert all(rules[kind].f1 > found["baseline"][kind].f1 for kind in ("NP", "VP", "PP", "ADVP", "SBAR", "ADJP"))


# Rules ----------------------------------------------------------------------------------------------------------------


def bracketed(text: str) -> tuple[list[str], list[str], list[str]]:
    """Words, tags and chunk tags of "[NP the/DT man/NN] [VP went/VBD] ./."."""
    words, tags, iob = [], [], []
    kind, begins = "", False
    for token in text.split():
        if token.startswith("["):
            kind, begins = token[1:], True
            continue
        word, _, tag = token.rstrip("]").rpartition("/")
        words.append(word)
        tags.append(tag)
        iob.append(f"{'B' if begins else 'I'}-{kind}" if kind else "O")
        begins, kind = False, "" if token.endswith("]") else kind
    return words, tags, iob


@pytest.mark.parametrize(
    "text",
    [
        "[NP He/PRP] [VP reckons/VBZ] [NP the/DT current/JJ account/NN deficit/NN] [VP will/MD narrow/VB] ./.",
        "[NP Trade/NN figures/NNS] [VP are/VBP widely/RB expected/VBN to/TO take/VB] [NP another/DT sharp/JJ dive/NN]",
        "[PP because/IN of/IN] [NP all/PDT the/DT very/RB old/JJ men/NNS]",
        "[SBAR because/IN] [NP they/PRP] [VP came/VBD] [PP to/TO] [NP us/PRP]",
        "[SBAR since/IN] [NP he/PRP] [VP went/VBD] [PP since/IN] [NP Monday/NNP]",
        "[NP Anna/NNP] [NP 's/POS new/JJ house/NN] [VP was/VBD] [ADJP quite/RB cold/JJ] ,/, [ADVP really/RB]",
        "[NP oil/NN and/CC gas/NN] and/CC [NP the/DT rising/VBG prices/NNS]",
        "[NP She/PRP] [VP got/VBD] [PRT up/RP] [ADVP when/WRB] [NP the/DT man/NN] [VP gave/VBD] [PRT in/RP]",
        "[NP shares/NNS] [VP closed/VBD] [PRT up/IN] [PP at/IN] [NP $/$ 5/CD] [NP yesterday/NN]",
        "[NP the/DT man/NN] [NP who/WP] [VP did/VBD n't/RB come/VB]",
        "[PP According/VBG] [PP to/TO] [NP this/DT] ,/, [PP such/JJ as/IN] [NP the/DT poor/JJ]",
        "./.",
    ],
)
def test_rules_on_sentences_by_hand(text: str) -> None:
    words, tags, iob = bracketed(text)
    assert iob_of(words, tags) == iob


def test_rules_want_a_tag_a_word() -> None:
    assert iob_of([], []) == []
    with pytest.raises(ValueError, match="2 words have 1 tags"):
        iob_of(["a", "b"], ["DT"])


# A model's spelling ---------------------------------------------------------------------------------------------------

TREEBANK = Vocabulary(("<unk>", "<eos>", "N", "the", "pound", "fell", "he", "said", "anna", "'s", "grew"), "spaces")


def test_words_are_spelled_as_the_vocabulary_does() -> None:
    novel = Vocabulary(("<unk>", "The", "N", "10", '"', "(", "s"), "words")
    assert [spelled(word, TREEBANK) for word in ("The", "1\\/2", "%", "1,000.5", ",", "-LRB-", "cat", "19th")] == [
        "the", "N", "N", "N", "", "", "<unk>", "<unk>"
    ]  # fmt: skip
    assert [spelled(word, novel) for word in ("The", "the", "``", "-LRB-", "11", "N", "%", ",")] == [
        "The", "<unk>", '"', "(", "<unk>", "N", "", ""
    ]  # fmt: skip


def test_the_text_of_a_treebank_model_keeps_its_words_aligned(conll: Path) -> None:
    gold = gold_text(TREEBANK)
    read = [TREEBANK.tokens[number] for number in gold.ids]
    assert " ".join(read) == ("the pound fell N N he said <eos> anna 's <unk> <unk> grew <eos> <unk> the <unk> <eos>")
    assert (gold.words, gold.unread, gold.unknown) == (20, 5, 4)
    assert [read[step] for step in gold.chunked.step] == [word for word in read if word != "<eos>"]
    assert words_of(gold.chunked, "NP") == [(0, 1), (3, 4), (5, 5), (7, 7), (8, 10), (13, 14)]
    assert words_of(gold.chunked, "VP") == [(2, 2), (6, 6), (11, 11)]
    assert words_of(gold.chunked, "ADVP") == [(12, 12)] and words_of(gold.chunked, "SBAR") == []
    assert gold.chunked.sentence.tolist() == [0] * 7 + [1] * 5 + [2] * 3
    assert gold.chunked.counts() == {"NP": 6, "VP": 3, "ADVP": 1}


def test_the_text_of_a_model_of_letters_ends_each_word_at_its_last(conll: Path) -> None:
    letters = Vocabulary(tuple(sorted(set("ThepoundflSaidAnr'\"s(-dctg)wUhi .,%/12"))), "characters")
    gold = gold_text(letters)
    text = letters.decode(gold.ids)
    assert text.startswith("The pound fell 1/2 % , \" he said . Anna 's ( near-record deficits ) grew Up the hill")
    assert len(gold.chunked) == gold.words == 20 and gold.unread == gold.unknown == 0
    stops = gold.chunked.step + 1
    assert [text[:stop].split(" ")[-1] for stop in stops] == text.split()
    assert text[gold.chunked.step[0]] == "e"


@pytest.mark.needs_data
def test_nearly_all_sentences_are_spelled_as_the_penn_treebank_text_spells_them() -> None:
    """It is of the same newspaper: an independent check of every rule of the spelling."""
    vocabulary = read_corpus("ptb").vocabulary
    gold = gold_text(vocabulary)
    path = Path(os.environ["LSTM_DATA"]) / "ptb/ptb.train.txt.gz"
    lines = {line.strip() for line in gzip.decompress(path.read_bytes()).decode().split("\n")}
    sentences = vocabulary.decode(gold.ids).removesuffix(" <eos>").split(" <eos> ")
    assert len(sentences) > 10_900 and np.mean([sentence in lines for sentence in sentences]) > 0.99
    assert gold.words == 259_104 and gold.unknown / len(gold.chunked) < 0.05


# Recordings -----------------------------------------------------------------------------------------------------------


def test_a_run_reads_the_corpus_once(conll: Path, small_run: Callable[..., Any], words: Callable[..., str]) -> None:
    run = small_run("mine", corpus_of(words(600), "by words", "word"), weights=True)
    made, gold = gold_recording(run)
    assert np.array_equal(made.tokens, gold.ids) and made.names == ("h",) and made.spec.text == "conll2000"
    assert made.exactness["unknown_tokens"] == gold.unknown
    again, _ = gold_recording(run)
    assert again.folder == made.folder


@pytest.mark.parametrize("kind", ["char", "word"])
def test_rules_give_each_word_of_a_recording_its_chunk_and_step(small_run: Callable[..., Any], kind: str) -> None:
    text = "The old house stood over a river . When he came , you said the house runs . \n" * 20
    corpus = corpus_of(text, "small", kind)  # type: ignore[arg-type]
    run = small_run("small", corpus, weights=True)
    recording = record(run, Text("small", corpus.ids, corpus.fingerprint, (0, len(corpus.ids))))
    chunked = chunks_by_rules(recording, tags_of(recording))
    read = recording.text(0, len(recording.tokens))
    begin, end = words_of(chunked, "NP")[0]
    assert (begin, end) == (0, 2)
    if kind == "word":
        assert [read[step] for step in chunked.step[:5]] == ["The", "old", "house", "stood", "over"]
    else:
        assert "".join(read[: chunked.step[2] + 1]) == "The old house"
    assert (chunked.kind[chunked.begins] != NONE).all() and len(chunked.begins) == len(chunked.ends)
    assert chunked.word[0] != chunked.word[1] and len(set(chunked.word.tolist())) < 30
