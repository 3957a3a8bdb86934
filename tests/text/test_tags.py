"""Words and tags of any text: exact places, NLTK's own tags, the word before a blank, weights that are damaged."""

import json
import lzma
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_core.storage.files import ROOT, sha256_of
from lstm_core.text import tags
from lstm_core.text.tagged import NONE, Tagged, not_followed_by_whitespace, words_before
from lstm_core.text.tags import TAGGER, WEIGHTS, read_tagger, tag_text, tag_tokens

HOSTILE = "\"'`’‘“”«»„,!?…—–-$%#@&*()[]{}<> \n\t\u00a0\x1c\x85dDtTsSnN’'cCé\u0301😀/:;."
PIECES = st.sampled_from(
    ["can't", "don’t", "'tis", "’Twas", "gonna", "cannot", "d'ye", "--", "—", '"', "``", "''", "O'Neil", "...", "Mr.",
     "well-known", "$3.88", "U.S.", "said", "\n\n", " ", "\n", "'ll", "more'n", "lemme", "N'T", "e.g.", "?!", "x" * 300]
)  # fmt: skip
TEXTS = st.text(max_size=60) | st.text(HOSTILE, max_size=60) | st.lists(PIECES, max_size=20).map("".join)


def tokens_of(text: str) -> list[str]:
    return [text[start:stop] for sentence in tags.sentences_of(text) for start, stop, _ in sentence]


@given(TEXTS)
def test_every_character_that_is_not_blank_is_in_exactly_one_token(text: str) -> None:
    spans = [(start, stop) for sentence in tags.sentences_of(text) for start, stop, _ in sentence]
    assert all(start < stop for start, stop in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    inside = [at for start, stop in spans for at in range(start, stop)]
    assert inside == [at for at in range(len(text)) if not text[at].isspace()]


@given(TEXTS)
def test_a_token_is_shown_to_the_tagger_as_it_is_spelled(text: str) -> None:
    """But for quotes, dashes, dots and apostrophes, whose typographic forms are undone here by another rule."""
    alike = {ord(mark): "'" for mark in "`’ʼ‘"} | {ord("“"): "''", ord("”"): "''", ord('"'): "''"}
    alike |= {ord("—"): "--", ord("–"): "--", ord("…"): "..."}
    for sentence in tags.sentences_of(text):
        for start, stop, shown in sentence:
            assert text[start:stop].translate(alike) == shown.translate(alike)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \n\t ", []),
        ("Don't! I can’t, he cannot.", ["Do", "n't", "!", "I", "ca", "n’t", ",", "he", "can", "not", "."]),
        ('"Well--he said," "no."', ['"', "Well", "--", "he", "said", ",", '"', '"', "no", ".", '"']),
        ("“Pierre’s well-known—Anna’s”", ["“", "Pierre", "’s", "well-known", "—", "Anna", "’s", "”"]),
        ("I'm gonna go; they've", ["I", "'m", "gon", "na", "go", ";", "they", "'ve"]),
        (
            "Wait… Mr. Smith's (old) dogs' tails",
            ["Wait", "…", "Mr.", "Smith", "'s", "(", "old", ")", "dogs", "'", "tails"],
        ),
        ("'What?' ‘Go,’ he", ["'", "What", "?", "'", "‘", "Go", ",", "’", "he"]),
    ],
)
def test_words_are_those_of_the_penn_treebank(text: str, words: list[str]) -> None:
    assert tokens_of(text) == words


def test_a_very_long_line_is_tagged_in_full() -> None:
    text = "the old prince said nothing and " * 2000 + "x" * 20_000
    tagged = tag_text(text)
    assert sum(map(len, tagged.words(text))) == len(text.replace(" ", ""))


SAMPLE = (
    'CHAPTER I\n\n"Well, Prince," said Anna Pavlovna--she didn\'t look up--"so Genoa and Lucca can\'t be saved?"\n'
    "Pierre's brother looked at the well-known house. He's old. It was his father's  house.\n\n"
    " Dogs' tails won't wag.\n"
)


def test_tags_are_those_of_the_class_of_nltk() -> None:
    """A sentence at a time, as spelled by hand in Penn Treebank form, by NLTK's class with the shipped weights."""
    by_hand = (
        "CHAPTER I\n`` Well , Prince , '' said Anna Pavlovna -- she did n't look up -- '' so Genoa and Lucca ca n't be "
        "saved ? ''\nPierre 's brother looked at the well-known house .\nHe 's old .\nIt was his father 's house .\n"
        "Dogs ' tails wo n't wag ."
    )
    tagger = read_tagger(TAGGER / WEIGHTS)
    assert type(tagger).__module__ == "nltk.tag.perceptron"
    expected = [tag for sentence in by_hand.split("\n") for _, tag in tagger.tag(sentence.split(" "))]
    assert tag_text(SAMPLE).tag.tolist() == expected
    assert tag_text(SAMPLE).counts()["NN"] == expected.count("NN")
    assert list(tag_text(SAMPLE).counts().values()) == sorted(tag_text(SAMPLE).counts().values(), reverse=True)


def test_a_sentence_that_anyone_can_tag_is_tagged_right() -> None:
    text = "The old man's dog would not have looked at them, but she was walking quickly."
    assert " ".join(tag_text(text).tag) == "DT JJ NN POS NN MD RB VB VBN IN PRP , CC PRP VBD VBG RB ."


def test_progress_runs_from_the_start_to_all() -> None:
    shares: list[float] = []
    tag_text("Yes. " * 2500, report=lambda share, word: shares.append(share))
    assert shares == pytest.approx([0, 0.4, 0.8, 1], abs=0.001)


# The word before a blank ----------------------------------------------------------------------------------------------


def before(text: str) -> list[tuple[str, str]]:
    """Word and tag before each blank of a text; an empty pair where there is none."""
    tagged = tag_text(text)
    blanks = np.array([at for at, mark in enumerate(text) if mark.isspace()])
    found = words_before(tagged, text, blanks)
    return [(text[a:b], tag) for a, b, tag in zip(found.start, found.stop, found.tag.tolist(), strict=True)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("She didn't go ", [("She", "PRP"), ("didn't", "VBD"), ("go", "VB")]),
        ("You can’t see ", [("You", "PRP"), ("can’t", "MD"), ("see", "VB")]),
        ("They don't know ", [("They", "PRP"), ("don't", "VBP"), ("know", "VB")]),
        ("Anna's house ", [("'s", "POS"), ("house", "NN")]),
        ("He's old, said Pierre. ", [("'s", "VBZ"), (",", ","), ("said", "VBD"), (".", ".")]),
        ("a well-known man\n", [("a", "DT"), ("well-known", "JJ"), ("man", "NN")]),
        ("They cannot see ", [("They", "PRP"), ("not", "RB"), ("see", "VB")]),
        ("\n It was\n\n his  house ", [("", ""), ("", ""), ("It", "PRP"), ("was", "VBD"), ("", ""), ("", ""),
                                      ("his", "PRP$"), ("", ""), ("house", "NN")]),
    ],
)  # fmt: skip
def test_the_word_of_a_blank_is_the_token_that_ends_there(text: str, expected: list[tuple[str, str]]) -> None:
    assert before(text) == expected


def test_n_t_without_its_verb_keeps_its_own_tag() -> None:
    text = "n't go "
    tagged = Tagged(np.array([0, 4]), np.array([3, 6]), np.zeros(2, np.int32), np.array([1, 0], np.int16), ("VB", "RB"))
    found = words_before(tagged, text, np.array([3, 6]))
    assert found.tag.tolist() == ["RB", "VB"] and found.token.tolist() == [0, 1]


@given(TEXTS)
def test_every_token_before_a_blank_is_found_there_by_search(text: str) -> None:
    tagged = tag_text(text)
    blanks = np.array([at for at, mark in enumerate(text) if mark.isspace()], dtype=np.int64)
    stops = tagged.stop.tolist()
    found = words_before(tagged, text, blanks)
    assert found.token.tolist() == [stops.index(at) if at in stops else NONE for at in blanks]
    assert [at for at, tag in zip(blanks, found.tag, strict=True) if not tag] == [
        at for at in blanks if at not in stops
    ]


@pytest.mark.parametrize("position", [-1, 0, 3, 99])
def test_only_blanks_have_a_word_before_them(position: int) -> None:
    with pytest.raises(ValueError, match=f"position {position} is .*give positions of blanks"):
        words_before(tag_text("it is"), "it is", np.array([2, position]))


def test_the_share_of_words_without_a_blank_behind_them_is_counted() -> None:
    """Words: I, said, do, n't, well-known, man. Without a blank: said (comma), do (n't), and man (full stop)."""
    text = "I said, don't well-known man."
    assert not_followed_by_whitespace(tag_text(text), text) == 3 / 6
    assert not_followed_by_whitespace(tag_text("-- ! "), "-- ! ") is None


@pytest.mark.needs_data
@pytest.mark.parametrize("edition", ["war-and-peace", "war-and-peace-unicode"])
def test_16_percent_of_the_words_of_war_and_peace_have_no_blank_behind_them(edition: str) -> None:
    """About 16 % (paper, section 4.2); .1610 in plain ASCII, .1606 with typographic marks."""
    from lstm_core.text.catalogue import RECIPES

    text = RECIPES[edition].texts["text"].read(edition)[:250_000]
    spans = [(start, stop) for sentence in tags.sentences_of(text) for start, stop, _ in sentence]
    start, stop = np.array(spans).T
    tagged = Tagged(start, stop, np.zeros(len(spans), np.int32), np.zeros(len(spans), np.int16), ("?",))
    assert not_followed_by_whitespace(tagged, text) == pytest.approx(0.161, abs=0.0005)


# Texts that are split into words --------------------------------------------------------------------------------------


def test_words_of_a_word_text_are_tagged_one_by_one_and_end_their_sentences() -> None:
    tokens = ["<eos>", "she", "was", "old", ".", "<eos>", "<eos>", "he", "didn't", "go", "<unk>"]
    tagged = tag_tokens(tokens)
    assert tagged.words(tokens) == [token for token in tokens if token != "<eos>"]
    assert tagged.start.tolist() == [1, 2, 3, 4, 7, 8, 9, 10]
    assert (tagged.stop - tagged.start == 1).all()
    assert tagged.sentence.tolist() == [0] * 4 + [1] * 4
    assert tagged.tag.tolist()[:7] == ["PRP", "VBD", "JJ", ".", "PRP", "VBD", "VB"]


def test_a_word_that_penn_treebank_text_splits_has_the_tag_of_its_first_part() -> None:
    tokens = ["it", "can't", "be", "Anna's", "well", "@-@", "known", "house"]
    apart = "it ca n't be Anna 's well - known house".split(" ")  # noqa: SIM905
    tags_apart = [tag for _, tag in read_tagger(TAGGER / WEIGHTS).tag(apart)]
    assert tag_tokens(tokens).tag.tolist() == [tags_apart[at] for at in (0, 1, 3, 4, 6, 7, 8, 9)]


# Weights --------------------------------------------------------------------------------------------------------------


def document() -> dict[str, Any]:
    """A small tagger as stored."""
    return {"classes": ["DT", "NN"], "step": 0.5, "tagdict": {"the": 0}, "features": ["bias"], "weights": [[1, 4]]}


def test_weights_are_read_as_they_are_stored(tmp_path: Path) -> None:
    path = tmp_path / "weights.json.xz"
    path.write_bytes(lzma.compress(json.dumps(document()).encode()))
    tagger = read_tagger(path)
    assert tagger.model.weights == {"bias": {"NN": 2.0}}
    assert tagger.tag(["the", "house"]) == [("the", "DT"), ("house", "NN")]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no xz",
        lzma.compress(b"["),
        lzma.compress(b"[" * 100_000),
        lzma.compress(json.dumps(document()).encode())[:-20],
        lzma.compress(b"[]"),
        *(lzma.compress(json.dumps(document() | changes).encode()) for changes in (
            {"classes": []}, {"classes": 7}, {"classes": [1, 2]}, {"weights": [[9, 1]]}, {"weights": [[0]]},
            {"weights": []}, {"step": "a"}, {"tagdict": {"the": 5}}, {"features": [["a"]]}, {"weights": [["DT", 1]]},
            {"weights": [[0, "x"]]}, {"step": None}, {"step": float("nan")}, {"tagdict": []},
        )),
    ],
    ids=range(20),
)  # fmt: skip
def test_damaged_weights_are_refused_by_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "weights.json.xz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"weights\.json\.xz is damaged .*restore it from the program's files"):
        read_tagger(path)


def test_missing_weights_and_a_bomb_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"nothing\.xz is missing: restore it"):
        read_tagger(tmp_path / "nothing.xz")
    monkeypatch.setattr(tags, "_MAX_WEIGHTS_BYTES", 50)
    (tmp_path / "large.xz").write_bytes(lzma.compress(json.dumps(document()).encode()))
    with pytest.raises(ValueError, match=r"large\.xz is damaged"):
        read_tagger(tmp_path / "large.xz")


def test_the_shipped_weights_are_small_and_those_that_were_measured() -> None:
    assert (TAGGER / WEIGHTS).stat().st_size <= 1_000_000
    assert tags.tagger_accuracy()["weights_sha256"] == sha256_of(TAGGER / WEIGHTS)
    card = (TAGGER / "CARD.md").read_text(encoding="utf-8")
    for row in tags.tagger_accuracy()["accuracy"].values():
        assert f"| {row['title']} | {row['tokens']:,} | {row['ours']:.4f} | {row['nltk']:.4f} |" in card


def test_tagging_needs_no_data_and_no_network() -> None:
    """A process that may not open a connection and has neither LSTM_DATA nor NLTK's folders."""
    code = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise AssertionError('a connection was opened')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse\n"
        "from lstm_core.text.tags import tag_text\n"
        "assert 'nltk' not in sys.modules\n"
        "print(*tag_text('She saw it.').tag)\n"
    )
    environment = {"PATH": "", "HOME": "/nowhere", "NLTK_DATA": "/nowhere"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("PRP VBD PRP .\n", "")
