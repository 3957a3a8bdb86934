"""Texts as token ids: splits, vocabularies, named corpora, downloads; and what bad input is told."""

import codecs
import gzip
import hashlib
import http.server
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_core.text import corpus as corpora
from lstm_core.text.catalogue import RECIPES, CorpusMissing, DataFile, Download, NamedText, Recipe
from lstm_core.text.corpus import (
    END,
    RARE,
    UNKNOWN,
    Vocabulary,
    corpus_of,
    decode_text,
    describe_corpus,
    fetch_corpus,
    keep_text,
    read_corpus,
    split_text,
)

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=200)  # lone surrogates and NUL too


# Splits ---------------------------------------------------------------------------------------------------------------


@given(st.text("ab c\n", min_size=40, max_size=400))
def test_last_five_percent_is_validation(text: str) -> None:
    corpus = corpus_of(text, "any")
    boundary = int(np.floor(len(text) * 0.95 + 1e-9))
    assert corpus.splits == {"train": (0, boundary), "validation": (boundary, len(text))}
    assert corpus.vocabulary.decode(corpus.part("train")) == text[:boundary]
    assert corpus.vocabulary.decode(corpus.part("validation")) == text[boundary:]


@given(st.text("ab c\n", min_size=40, max_size=400))
def test_first_five_percent_is_validation_where_the_recipe_says_so(text: str) -> None:
    corpus = corpus_of(text, "any", split="first 5 %")
    boundary = int(np.floor(len(text) * 0.05 + 1e-9))
    assert corpus.splits == {"train": (boundary, len(text)), "validation": (0, boundary)}


def test_characters_stand_in_code_point_order() -> None:
    corpus = corpus_of("zebra Äpfel 💡\n" * 10, "any")
    assert list(corpus.vocabulary.tokens) == sorted(set("zebra Äpfel 💡\n"))


def test_words_seen_less_than_rare_times_in_training_are_unknown() -> None:
    text = "often often often twice twice " * 1 + "often " * 60 + "late " * 10
    corpus = corpus_of(text, "any", "word")
    counts = Counter(split_text(text, "words")[: corpus.splits["train"][1]])
    assert set(corpus.vocabulary.tokens) == {UNKNOWN, END} | {w for w, n in counts.items() if n >= RARE}
    assert "twice" not in corpus.vocabulary.index
    assert corpus.vocabulary.decode(corpus.ids[:6]) == f"often often often {UNKNOWN} {UNKNOWN} often"


def test_words_keep_apostrophes_and_hyphens_and_end_their_paragraphs() -> None:
    assert split_text("Don't go, well-known\nman -- no.\n\nNext", "words") == [
        "Don't", "go", ",", "well-known", "man", "--", "no", ".", END, "Next", END,
    ]  # fmt: skip


def test_spaced_text_ends_each_line() -> None:
    assert split_text(" a <unk> b \n\n c \n", "spaces") == ["a", "<unk>", "b", END, END, "c", END]


@pytest.mark.parametrize("text", ["", "a", " " * 39, "\n\n\n"])
@pytest.mark.parametrize("kind", ["char", "word"])
def test_fault_15_too_short_a_text_is_refused_with_both_sides(text: str, kind: Any) -> None:
    count = len(split_text(text, "characters" if kind == "char" else "words"))
    with pytest.raises(ValueError, match=f"the text has {count} tokens, training and validation need at least 40"):
        corpus_of(text, "any", kind)


def test_blank_text_of_enough_length_is_a_corpus_of_one_token() -> None:
    assert corpus_of(" " * 100, "any").vocabulary.tokens == (" ",)


# Vocabulary -----------------------------------------------------------------------------------------------------------


def test_vocabulary_refuses_nothing_and_a_token_twice() -> None:
    with pytest.raises(ValueError, match="at least one token"):
        Vocabulary((), "characters")
    with pytest.raises(ValueError, match="lists a token twice"):
        Vocabulary(("a", "b", "a"), "characters")


def test_ids_name_the_token_that_is_not_known() -> None:
    with pytest.raises(ValueError, match="'z' is not in the vocabulary of 2 tokens"):
        Vocabulary(("a", "b"), "characters").ids(["a", "z"])


@given(ANY_TEXT)
def test_fault_17_characters_stay_aligned_whatever_the_text(text: str) -> None:
    vocabulary = Vocabulary(("\n", " ", "a", "e", '"'), "characters")
    encoding = vocabulary.encode(text)
    assert encoding.tokens == tuple(text)
    assert len(encoding.ids) == len(text)
    for position, character in enumerate(text):
        known = character in vocabulary.index
        assert (position in encoding.unknown) != known
        if known:
            assert vocabulary.tokens[encoding.ids[position]] == character
    assert len(vocabulary.decode(encoding.ids)) == len(text)


@given(ANY_TEXT)
def test_fault_17_words_stay_aligned_whatever_the_text(text: str) -> None:
    vocabulary = Vocabulary((UNKNOWN, END, "a", "the"), "words")
    encoding = vocabulary.encode(text)
    assert list(encoding.tokens) == [token for token in split_text(text.replace("\n", " "), "words") if token != END]
    for position, token in enumerate(encoding.tokens):
        assert (position in encoding.unknown) == (token not in vocabulary.index)


def test_fault_18_unknown_tokens_are_counted_and_fall_back_on_their_plain_form() -> None:
    characters = Vocabulary((" ", '"', "-", "a", "e"), "characters")
    encoding = characters.encode("“é—Ω💡a")
    assert [characters.tokens[number] for number in encoding.ids] == ['"', "e", "-", " ", " ", "a"]
    assert encoding.unknown == (0, 1, 2, 3, 4)
    words = Vocabulary((UNKNOWN, "the", "cat"), "words")
    encoding = words.encode("The cat Sat")
    assert [words.tokens[number] for number in encoding.ids] == ["the", "cat", UNKNOWN]
    assert encoding.unknown == (0, 2)


@given(st.lists(st.text(min_size=1, max_size=5), unique=True, min_size=1), st.data())
def test_ids_and_tokens_are_inverse(tokens: list[str], data: st.DataObject) -> None:
    vocabulary = Vocabulary(tuple(tokens), "spaces")
    ids = data.draw(st.lists(st.integers(0, len(tokens) - 1)))
    assert vocabulary.ids([tokens[number] for number in ids]).tolist() == ids


# Encodings and sizes --------------------------------------------------------------------------------------------------


@given(st.text(max_size=100), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_fault_17_text_is_decoded_from_utf_8_and_marked_utf_16(text: str, encoding: str) -> None:
    text = text.removeprefix("\ufeff")
    content = text.encode(encoding)
    assert decode_text(content) == text.replace("\r\n", "\n")


@given(st.text("aé", max_size=20), st.booleans())
def test_fault_17_the_first_bad_byte_is_named(start: str, mark: bool) -> None:
    before = (codecs.BOM_UTF8 if mark else b"") + start.encode()
    with pytest.raises(ValueError, match=rf"byte {len(before)} \(0xff\) is not UTF-8: save the text as UTF-8"):
        decode_text(before + b"\xff tail")


def test_fault_17_cut_utf_16_is_refused_with_its_byte() -> None:
    with pytest.raises(ValueError, match=r"byte 6 .* is not UTF-16"):
        decode_text("ab".encode("utf-16-le").join([codecs.BOM_UTF16_LE, b"c"]))


def test_fault_16_a_text_past_the_limit_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    class Huge(bytes):
        def __len__(self) -> int:
            return 200 * 2**20

        def decode(self, *_: Any) -> str:
            raise AssertionError("was decoded")

    with pytest.raises(ValueError, match="the text has 200 MiB, the limit is 64 MiB: cut it first"):
        decode_text(Huge(b"text"))


# A person's own texts -------------------------------------------------------------------------------------------------


def test_kept_text_is_a_corpus_of_its_name(words: Callable[..., str], home: Path) -> None:
    text = words(100)
    keep_text("my-notes", text.encode("utf-16"))
    assert "my-notes" in corpora.corpus_names()
    corpus = read_corpus("my-notes")
    assert corpus.vocabulary.decode(corpus.ids) == text
    assert corpus.fingerprint == hashlib.sha256(text.encode()).hexdigest()
    assert describe_corpus("my-notes")["at_hand"] is True


def test_a_text_file_is_a_corpus_by_its_path(words: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_text(words(100))
    assert len(read_corpus(str(tmp_path / "book.txt"), "word").vocabulary) > 5


def test_a_text_file_is_named_by_its_whole_path(
    words: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "book.txt").write_text(words(100))
    monkeypatch.chdir(tmp_path)
    corpus = read_corpus("book.txt")
    monkeypatch.chdir("/")
    assert read_corpus(corpus.name).fingerprint == corpus.fingerprint


def test_a_kept_text_goes_before_a_file_of_its_name(
    words: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "book").write_text(words(100, seed=1))
    keep_text("book", words(100).encode())
    monkeypatch.chdir(tmp_path)
    corpus = read_corpus("book")
    assert (corpus.name, corpus.vocabulary.decode(corpus.ids)) == ("book", words(100))


def test_fault_16_a_file_past_the_limit_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "huge.txt").open("wb") as file:
        file.truncate(200 * 2**20)
    monkeypatch.setattr(Path, "read_bytes", lambda self: pytest.fail("was read"))
    with pytest.raises(ValueError, match="the text has 200 MiB, the limit is 64 MiB: cut it first"):
        read_corpus(str(tmp_path / "huge.txt"))


@pytest.mark.parametrize("name", ["../escape", "a/b", "..", "", "a" * 65, "war-and-peace", "a\0b", "ä"])
def test_fault_20_texts_are_not_kept_under_unsafe_or_taken_names(name: str, home: Path) -> None:
    with pytest.raises(ValueError, match=r"is not usable|choose another"):
        keep_text(name, b"text")
    assert not home.exists()


@pytest.mark.parametrize("name", ["nothing", "../../nothing", "a\0b", "x" * 10_000, "", "/", "."])
def test_fault_28_an_unknown_corpus_is_told_what_there_is(name: str) -> None:
    with pytest.raises(CorpusMissing, match=r"no corpus or text file .* war-and-peace"):
        read_corpus(name)


# Named corpora --------------------------------------------------------------------------------------------------------


def test_war_and_peace_comes_with_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LSTM_DATA", raising=False)
    corpus = read_corpus("war-and-peace")
    assert (len(corpus.ids), len(corpus.vocabulary), corpus.kind) == (3_202_699, 80, "char")
    assert corpus.splits["train"] == (0, 3_202_699 * 95 // 100)
    assert corpus.fingerprint == "b3915739c79334a8fbcdbdbfdb5dc0f57e67175bf2b1b7dbdb55e03f538a8d06"
    text = corpus.vocabulary.decode(corpus.ids)
    assert hashlib.sha256(text.encode()).hexdigest() == corpus.fingerprint
    assert text.startswith("BOOK ONE: 1805")


@pytest.mark.needs_data
def test_unicode_war_and_peace_has_the_papers_size() -> None:
    corpus = read_corpus("war-and-peace-unicode")
    assert (len(corpus.ids), len(corpus.vocabulary)) == (3_201_543, 104)


@pytest.mark.needs_data
@pytest.mark.parametrize(
    ("name", "sizes", "types"),
    [("wikitext-2", (2_088_628, 217_646, 245_569), 33_278), ("ptb", (929_589, 73_760, 82_430), 10_000)],
)
def test_word_corpora_have_their_published_sizes(name: str, sizes: tuple[int, ...], types: int) -> None:
    corpus = read_corpus(name)
    assert tuple(len(corpus.part(split)) for split in ("train", "validation", "test")) == sizes
    assert (len(corpus.vocabulary), corpus.kind) == (types, "word")


@pytest.mark.needs_data
def test_brown_has_its_size_and_validates_on_its_first_five_percent() -> None:
    corpus = read_corpus("brown")
    assert len(corpus.ids) == 5_943_980
    assert corpus.splits["validation"] == (0, 5_943_980 * 5 // 100)


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Adds a corpus "planted" whose text has a given hash and sources."""
    monkeypatch.setenv("LSTM_DATA", str(tmp_path / "sets"))

    def add(content: bytes, *sources: Any) -> None:
        text = NamedText(sources, hashlib.sha256(content).hexdigest())
        monkeypatch.setitem(RECIPES, "planted", Recipe("A planted text", "public domain", "char", {"text": text}))

    return add


def test_fault_28_a_missing_corpus_says_what_to_get_and_where(recipe: Any) -> None:
    recipe(b"x" * 100, DataFile("some/file.txt"), Download("http://127.0.0.1:9/file.txt", "0" * 64))
    with pytest.raises(CorpusMissing) as error:
        read_corpus("planted")
    for words in ("A planted text", "public domain", "LSTM_DATA", "some/file.txt", "http://127.0.0.1:9/file.txt",
                  "`python -m lstm_core corpora --fetch planted`"):  # fmt: skip
        assert words in str(error.value)
    assert describe_corpus("planted")["at_hand"] is False
    assert "some/file.txt" in str(describe_corpus("planted")["remedy"])


def flipped(position: int) -> Callable[[bytes], bytes]:
    return lambda b: b[:position] + bytes([b[position] ^ 0xFF]) + b[position + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda b: b[:-20],
        lambda b: b"not gzip",
        lambda b: gzip.compress(b"other text"),
        *(flipped(position) for position in range(10, 30)),
    ],
)
def test_fault_28_a_damaged_data_file_is_not_used(recipe: Any, tmp_path: Path, damage: Any) -> None:
    content = b"a text of forty tokens and more than that"
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "file.gz").write_bytes(gzip.compress(content))
    recipe(content, DataFile("file.gz"))
    assert read_corpus("planted").vocabulary.decode(read_corpus("planted").ids) == content.decode()
    (tmp_path / "sets" / "file.gz").write_bytes(damage(gzip.compress(content)))
    with pytest.raises(CorpusMissing, match=r"cannot be read|holds another text"):
        read_corpus("planted")


# Downloads, from a server on this machine -----------------------------------------------------------------------------

BODY = b"a text that is longer than forty tokens, to be sure"


@pytest.fixture
def server() -> Iterator[str]:
    """Serves BODY at /whole, half of what it announces at /cut, other bytes at /other."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path not in ("/whole", "/cut", "/other"):
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(BODY)))
            self.end_headers()
            content = BODY.upper() if self.path == "/other" else BODY
            self.wfile.write(content[: len(BODY) // 2] if self.path == "/cut" else content)

        def log_message(self, *_: Any) -> None:
            pass

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=listening.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    listening.server_close()


def test_a_whole_download_is_kept_and_read(recipe: Any, server: str) -> None:
    recipe(BODY, Download(f"{server}/whole", hashlib.sha256(BODY).hexdigest()))
    with pytest.raises(CorpusMissing):
        read_corpus("planted")
    (kept,) = fetch_corpus("planted")
    assert kept.read_bytes() == BODY
    assert read_corpus("planted").vocabulary.decode(read_corpus("planted").ids) == BODY.decode()


@pytest.mark.parametrize("path", ["/cut", "/other", "/gone"])
def test_fault_28_nothing_is_kept_of_a_download_that_fails(recipe: Any, server: str, path: str, home: Path) -> None:
    recipe(BODY, Download(f"{server}{path}", hashlib.sha256(BODY).hexdigest()))
    with pytest.raises(ValueError, match=f"download of {server}{path} failed, nothing was kept"):
        fetch_corpus("planted")
    assert [file for file in home.rglob("*") if file.is_file()] == []


def test_fault_28_a_server_that_is_not_there_is_said(recipe: Any, home: Path) -> None:
    recipe(BODY, Download("http://127.0.0.1:9/whole", hashlib.sha256(BODY).hexdigest()))
    with pytest.raises(ValueError, match="nothing was kept"):
        fetch_corpus("planted")
    assert [file for file in home.rglob("*") if file.is_file()] == []


def test_corpora_without_a_download_say_so() -> None:
    with pytest.raises(ValueError, match=r"ptb .* offers no download of its train: set LSTM_DATA"):
        fetch_corpus("ptb")
    with pytest.raises(ValueError, match="no named corpus 'nothing': war-and-peace"):
        fetch_corpus("nothing")
