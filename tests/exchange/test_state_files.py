"""Files in which people bring states: arrays and tokens are read as they are, hostile or damaged ones are refused."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_core.exchange.state_files import read_array, read_states, read_tokens
from lstm_core.recordings.recording import find_recordings
from lstm_core.text.corpus import Vocabulary
from tests.exchange.test_states import TEXT, values

pytestmark = pytest.mark.usefixtures("models")


class Bomb:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return Path.touch, (Path("touched"),)  # type: ignore[return-value]


def test_fault_09_objects_in_an_array_are_never_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bomb = np.array([[Bomb()]], dtype=object)
    np.save("objects.npy", bomb, allow_pickle=True)
    Path("pickle.npy").write_bytes(pickle.dumps(Bomb()))
    for name, says in (
        ("objects", "holds Python objects, which are never read"),
        ("pickle", "is not a whole .npy file"),
    ):
        with pytest.raises(ValueError, match=rf"{name}\.npy {says}"):
            read_array(Path(f"{name}.npy"))
        with pytest.raises(ValueError, match=says):
            read_tokens(Path(f"{name}.npy"), 1, Vocabulary(("a",), "spaces"))
    assert not Path("touched").exists()


@pytest.mark.parametrize("share", [0, 0.001, 0.01, 0.5, 0.999])
def test_a_cut_array_is_refused_by_name(share: float, tmp_path: Path) -> None:
    np.save(tmp_path / "h.npy", values())
    whole = (tmp_path / "h.npy").read_bytes()
    (tmp_path / "h.npy").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ValueError, match=r"h\.npy is (empty|not a whole \.npy file)"):
        read_array(tmp_path / "h.npy")
    for name in ("nothing.npy", "h.npz", "h"):
        with pytest.raises(ValueError, match=r"is not there|not a supported format"):
            read_array(tmp_path / name)


def test_arrays_are_the_next_layers_or_what_is_typed_before_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.npy", "b.npy", "c.npy", "c:9=d.npy"):
        np.save(name, values())
    found = read_states(["a.npy", "c:1=b.npy", "c.npy", "c:9=d.npy"])
    assert [(one.place, one.title) for one in found] == [
        ("h-1", "a.npy"), ("c-1", "b.npy"), ("h-2", "c.npy"), ("h-3", "c:9=d.npy"),
    ]  # fmt: skip
    assert [one.place for one in read_states(["a.npy", "b.npy"], "o")] == ["o-1", "o-2"]
    assert isinstance(found[0].values, np.memmap)


@pytest.mark.parametrize(
    ("name", "content", "tokens"),
    [
        ("t.txt", "the\ngreen\nriver\n", ["the", "green", "river"]),
        ("t.txt", "a\nb", ["a", "\n", "b"]),
        ("t.txt", "früh\n", ["f", "r", "ü", "h"]),
        ("t.txt", "a\r\nb\r\nc d", ["a", "b", "c d"]),
        ("t.txt", "the green river", ["the", "green", "river"]),
        ("t.txt", "the green\nriver runs\n", ["the", "green", "<eos>", "river", "runs", "<eos>"]),
        ("t.json", '["the", "\\n", "the"]', ["the", "\n", "the"]),
        ("t.json", "[1, 0, 1]", ["b", "a", "b"]),
        ("t.txt", "x", ["x"]),
    ],
)
def test_tokens_are_cut_as_there_are_states_for_them(
    name: str, content: str, tokens: list[str], tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content.encode())
    reading = read_tokens(tmp_path / name, len(tokens), Vocabulary(("a", "b"), "spaces"))
    assert [reading.vocabulary.tokens[number] for number in reading.ids] == tokens


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("t.txt", b"", "t.txt has 0 lines, 0 characters, 0 words"),
        (
            "t.txt",
            b"a b\nc",
            "t.txt has 2 lines, 5 characters, 3 words, 5 words and ends of lines; the states are of 4 ",
        ),
        ("t.txt", b"a\n\nb\nc", r"token 1 is '': each must be text"),
        ("t.txt", b"\xff\x00\x00a", "t.txt: byte 0"),
        ("t.json", b'["a"]', "t.json has 1 tokens, the states are of 4"),
        ("t.json", b'["a", "", "b", "c"]', "t.json: token 1 is ''"),
        ("t.json", b'["a", "\\ud800", "b", "c"]', "t.json: token 1 is"),
        ("t.json", b'["a", 3, "b", "c"]', "t.json: token 1 is 3"),
        ("t.json", b'{"a": 1}', "t.json holds no list"),
        ("t.json", b"[[[", "t.json is not JSON"),
        ("t.json", b"[0, 1, 2, 0]", r"token 2 is number 2, the vocabulary has 2"),
        ("t.json", b"[0, 1, -1, 0]", r"token 2 is number -1"),
    ],
)
def test_fault_15_17_tokens_that_do_not_fit_are_told(name: str, content: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=says):
        read_tokens(tmp_path / name, 4, Vocabulary(("a", "b"), "spaces"))


def test_numbers_need_a_vocabulary_and_may_be_an_array(tmp_path: Path) -> None:
    np.save(tmp_path / "ids.npy", np.array([1, 0, 1]))
    with pytest.raises(ValueError, match="holds numbers: say what they stand for, with --vocabulary FILE"):
        read_tokens(tmp_path / "ids.npy", 3)
    assert read_tokens(tmp_path / "ids.npy", 3, Vocabulary(("a", "b"), "spaces")).ids.tolist() == [1, 0, 1]
    np.save(tmp_path / "ids.npy", np.array([[1.0, 0.0]]))
    with pytest.raises(ValueError, match=r"is float64 of shape \(1, 2\), expected is one whole number a token"):
        read_tokens(tmp_path / "ids.npy", 3, Vocabulary(("a", "b"), "spaces"))


def test_fault_16_a_text_past_the_limit_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: Any) -> None:
    with (tmp_path / "t.txt").open("wb") as file:
        file.truncate(2**26 + 1)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail("was read"))
    with pytest.raises(ValueError, match=r"t\.txt: the text has 64 MiB, the limit is 64 MiB"):
        read_tokens(tmp_path / "t.txt", 4)


def test_the_verb_brings_in_several_layers_and_says_what_it_kept(cli: Any, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text(TEXT)
    for number in (1, 2):
        np.save(tmp_path / f"h{number}.npy", values(number))
    typed = ("import-states", str(tmp_path / "h1.npy"), str(tmp_path / "h2.npy"), "--tokens", str(tmp_path / "t.txt"))
    code, out, _ = cli(*typed, "--name", "theirs", "--json")
    told = json.loads(out)
    assert code == 0 and (told["status"], told["recordings"][0]["layers"]) == ("states only", [1, 2])
    assert told["recordings"][0]["recording"] == find_recordings()[0].name
    code, out, _ = cli(*typed, "--name", "twice")
    assert code == 0 and "740 tokens, h of layers 1, 2, 5 units" in out and "values are rounded to float16" in out
    code, out, err = cli(*typed, "--name", "theirs")
    assert (code, out) == (2, "") and "there already" in err
