"""Files that nobody vouches for: never run, refused by name, bounded in time and memory; names that lead nowhere."""

import io
import json
import pickle
import resource
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from lstm_core.exchange import quarantine
from lstm_core.exchange.quarantine import bounded_memory, read_tensors, tensors_of
from lstm_core.exchange.weights import import_run, read_dictionary, read_vocabulary, safe_file_name
from lstm_core.text.corpus import Vocabulary
from tests.foreign_models import made


class Bomb:
    """Touches a file when unpickled."""

    def __init__(self, target: Path):
        self.target = target

    def __reduce__(self) -> Any:
        return Path.touch, (self.target,)


class Whole(torch.nn.Linear):
    """A module of somebody's own, saved whole."""

    payload: Any = None


def saved(thing: Any, **options: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(thing, buffer, **options)
    return buffer.getvalue()


def whole(target: Path) -> Whole:
    module = Whole(2, 2)
    module.payload = Bomb(target)
    return module


HOSTILE: dict[str, Callable[[Path], bytes]] = {
    "pickle": lambda target: pickle.dumps(Bomb(target)),
    "torch": lambda target: saved(Bomb(target)),
    "state": lambda target: saved({**made().state_dict(), "encoder.weight": Bomb(target)}),
    "module": lambda target: saved(whole(target)),
    "old format": lambda target: saved(Bomb(target), _use_new_zipfile_serialization=False),
}


@pytest.mark.parametrize("content", list(HOSTILE))
@pytest.mark.parametrize("ending", [".pt", ".pth", ".pkl", ".bin", ".safetensors", ".PT"])
def test_fault_09_a_hostile_pickle_is_never_run_and_refused(
    ending: str, content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read here, where the bomb could be loaded: in another process its class would not even be found."""
    target, path = tmp_path / "was-here", tmp_path / f"model{ending}"
    path.write_bytes(HOSTILE[content](target))
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    with pytest.raises(ValueError, match=r"model\.\w+.* not a supported format"):
        quarantine.check_file(path)
        tensors_of(path)
    assert not target.exists()
    if ending == ".pkl":
        pickle.loads(pickle.dumps(Bomb(target)))  # the bomb is live: the refusal above is what kept it
        assert target.exists()


@pytest.mark.parametrize("content", ["torch", "module"])
def test_fault_09_the_process_of_its_own_refuses_too(content: str, tmp_path: Path, home: Path) -> None:
    target, path = tmp_path / "was-here", tmp_path / "model.pt"
    path.write_bytes(HOSTILE[content](target))
    with pytest.raises(ValueError, match=r"model\.pt holds objects \(\S+\) that are not tensors: .* save the weights"):
        import_run("theirs", path, Vocabulary(("a",), "characters"))
    assert not target.exists()
    assert not home.exists()


class Declares:
    """A tensor that claims another size than its values have."""

    def __init__(self, *size: int, stride: tuple[int, ...]):
        self.size, self.stride = size, stride

    def __reduce__(self) -> Any:
        values = torch.ones(4)
        return torch._utils._rebuild_tensor_v2, (
            values._typed_storage(),
            0,
            self.size,
            self.stride,
            False,
            OrderedDict(),
        )


@pytest.mark.parametrize("declared", [Declares(2**33, stride=(1,)), Declares(2**20, 2**13, stride=(0, 0))])
def test_fault_09_a_huge_size_is_refused_before_the_memory_is_taken(declared: Declares, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(saved({"encoder.weight": declared}))
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # the most of any child of other tests
    with pytest.raises(ValueError, match=r"model\.pt"):
        read_tensors(path)
    most = max(before, 2 * 2**20)  # KiB; 32 GiB are declared
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= most


def test_memory_is_bounded_while_a_file_is_read() -> None:
    with bounded_memory(2**28), pytest.raises(MemoryError):
        bytearray(2**30)
    assert len(bytearray(2**30)) == 2**30


def repacked(
    change: Callable[[str, bytes], tuple[str, bytes]] | None = None, *extra: tuple[str, bytes], **how: Any
) -> bytes:
    """The zip file of a model, packed anew."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(saved(made().state_dict()))) as before,
        zipfile.ZipFile(buffer, "w", how.get("compression", zipfile.ZIP_STORED)) as after,
    ):
        for name in before.namelist():
            after.writestr(*(change(name, before.read(name)) if change else (name, before.read(name))))
        for name, content in extra:
            after.writestr(name, content)
    return buffer.getvalue()


def bomb() -> bytes:
    """A file a thousand times as large unpacked."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model/data.pkl", b"")
        with archive.open("model/data/0", "w", force_zip64=True) as part:
            for _ in range(64):
                part.write(bytes(2**20))
    return buffer.getvalue()


def overstated() -> bytes:
    """A zip file whose list says that a part is larger than the whole."""
    content = bytearray(repacked())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 20 : entry + 28] = struct.pack("<LL", 2**31, 2**31)
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (bomb, "it is compressed"),
        (lambda: repacked(compression=zipfile.ZIP_DEFLATED), "it is compressed"),
        (overstated, "it claims to hold more than its"),
        (lambda: repacked(None, ("model/code/x.py", b"")), r"holds a program \(TorchScript\)"),
        (lambda: repacked(None, ("other/data.pkl", b"")), "its list of tensors is missing or huge"),
        (lambda: repacked(lambda name, part: (name, part + bytes(2**22 if name.endswith(".pkl") else 0))), "or huge"),
        (lambda: repacked(lambda name, part: (name.replace(".pkl", ".p"), part)), "missing or huge"),
        (lambda: repacked(None, *((f"model/{n}", b"") for n in range(10_001))), "its list of parts is not torch's"),
        (lambda: repacked()[:-30], "is cut or damaged"),
        (lambda: repacked()[:1], "no zip file of torch"),
        (lambda: b"", "no zip file of torch"),
        (lambda: repacked(lambda name, part: (name, part if ".pkl" in name else part[: len(part) // 2])), "model.pt"),
        (lambda: saved([torch.ones(2)]), "holds no tensors by name"),
        (lambda: saved({}), "holds no tensors by name"),
        (lambda: saved({"model": {"a": torch.ones(2)}, "epoch": 3}), "holds model, which is no tensor"),
        (lambda: saved({5: torch.ones(2)}), "holds 5, which is no tensor"),
    ],
)
def test_a_zip_file_that_is_no_state_dict_is_refused(content: Callable[[], bytes], says: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(content())
    with pytest.raises(ValueError, match=says):
        tensors_of(path)


def crafted(header: Any, body: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def tensor(start: int, stop: int, shape: list[int], dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, stop]}


TWICE = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        crafted({}, length=2**63),
        crafted(b"[" * 5000),
        crafted({"a": tensor(0, 8, [2]), "b": tensor(4, 12, [2])}, bytes(12)),
        crafted({"a": tensor(0, 8, [2**62, 2**62])}, bytes(8)),
        crafted({"a": tensor(0, 2**40, [2**38])}, bytes(8)),
        crafted({"a": tensor(0, 8, [2], "OBJECT")}, bytes(8)),
        crafted({"a": tensor(0, 8, [2])}, bytes(80)),
        crafted(TWICE, bytes(8)),
        crafted({"a": tensor(0, 4, [1])}, np.float32("nan").tobytes()),
        crafted({"a": tensor(0, 4, [2], "BF16")}, b"\x80\x7f\xc0\x7f"),
        crafted({"a": tensor(0, 8, [1], "I64")}, bytes(8)),
        crafted({}),
    ],
)
def test_fault_10_crafted_safetensors_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "crafted.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"crafted\.safetensors"):
        tensors_of(path)


def test_fault_10_a_crafted_file_is_refused_by_the_process_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "crafted.safetensors"
    path.write_bytes(crafted({"a": tensor(0, 2**40, [2**38])}, bytes(8)))
    with pytest.raises(ValueError, match=r"crafted\.safetensors is not a supported format: no whole safetensors file"):
        read_tensors(path)


def test_a_file_too_large_missing_or_none_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(quarantine.subprocess, "run", fail)
    with (tmp_path / "large.pt").open("wb") as file:
        file.truncate(quarantine.MAX_FILE_BYTES + 1)
    (tmp_path / "folder.pt").mkdir()
    cases = {
        "large.pt": "large.pt has 4.1 GiB, the limit is 4.1 GiB",
        "folder.pt": "no file",
        "nowhere.pt": "not there",
        "model.tar": "not a supported format",
        "model": "no ending",
    }
    for name, says in cases.items():
        with pytest.raises(ValueError, match=says):
            read_tensors(tmp_path / name)


@pytest.mark.parametrize(
    ("failure", "says"), [("raise TimeoutExpired", "not read within 300 s"), ("1", "its share of")]
)
def test_a_reading_that_ends_badly_is_told(
    failure: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(words: list[str], **_: Any) -> Any:
        if failure != "1":
            raise quarantine.subprocess.TimeoutExpired(words, 300)
        return quarantine.subprocess.CompletedProcess(words, -9, stderr="")

    (tmp_path / "model.pt").write_bytes(saved(made().state_dict()))
    monkeypatch.setattr(quarantine.subprocess, "run", ended)
    with pytest.raises(ValueError, match=says):
        read_tensors(tmp_path / "model.pt")


# Names ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["..", "../theirs", "/etc/theirs", "a/b", "a\\b", "", "x" * 65, "\0", "con:"])
def test_fault_20_a_run_name_that_leads_elsewhere_is_refused(name: str, tmp_path: Path, home: Path) -> None:
    torch.save(made().state_dict(), tmp_path / "model.pt")
    with pytest.raises(ValueError, match="is not usable"):
        import_run(name, tmp_path / "model.pt", Vocabulary(("a",), "characters"))
    assert not home.exists()


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("../../etc/model.pt", "model.pt"),
        ("..\\..\\model.pt", "model.pt"),
        ("..", "file"),
        ("", "file"),
        (".pt", "pt"),
        ("my model é.pt", "my_model__.pt"),
        ("x" * 300 + ".pt", "x" * 97 + ".pt"),
        ("a\0b.pt", "a_b.pt"),
    ],
)
def test_fault_20_the_name_of_an_upload_leads_nowhere(given_name: str, kept: str) -> None:
    assert safe_file_name(given_name) == kept


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=some.text(max_size=200))
def test_fault_20_any_name_of_an_upload_stays_in_its_folder(name: str, tmp_path: Path) -> None:
    path = tmp_path / safe_file_name(name)
    assert path.resolve().parent == tmp_path.resolve()
    path.touch()
    path.unlink()


# Vocabularies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "splitter", "tokens"),
    [
        ("v.json", b'["a", "\\n", "<unk>"]', "characters", ("a", "\n", "<unk>")),
        ("v.json", b'["the", "<eos>"]', "spaces", ("the", "<eos>")),
        ("v.json", b'{"splitter": "words", "tokens": ["a", "b"]}', "words", ("a", "b")),
        ("v.txt", b"the\r\n<eos>\r\n", "spaces", ("the", "<eos>")),
        ("v.txt", b"a\n \n\xc3\xa9", "characters", ("a", " ", "é")),
        ("v.txt", "a\u2028b\nc\x0bd".encode(), "spaces", ("a\u2028b", "c\x0bd")),
    ],
)
def test_a_vocabulary_keeps_its_order(
    name: str, content: bytes, splitter: str, tokens: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    found = read_vocabulary(tmp_path / name)
    assert (found.tokens, found.splitter) == (tokens, splitter)
    assert read_vocabulary(tmp_path / name, "char").splitter == "characters"
    assert read_vocabulary(tmp_path / name, "word").splitter in ("spaces", "words")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("v.json", b'["a", "b", "a"]', "v.json lists 'a' twice, as 0 and 2"),
        ("v.json", b'["a", 5]', "v.json: token 1 is '5': each must be text"),
        ("v.json", b'["a", ""]', "v.json: token 1 is ''"),
        ("v.json", b'["a", "\\ud800"]', "v.json: token 1 is"),
        ("v.json", b"[]", "v.json lists no tokens"),
        ("v.json", b'{"a": 0}', "v.json holds no list"),
        ("v.json", b'{"splitter": "words"}', "v.json holds no list"),
        ("v.json", b"[" * 100_000, "v.json is not JSON"),
        ("v.json", b'["a"', "v.json is not JSON"),
        ("v.json", b"\xff", r"v.json: byte 0 \(0xff\) is not UTF-8"),
        ("v.txt", b"a\n\nb", "v.txt: token 1 is ''.* needs a JSON list"),
        ("v.txt", b"", "v.txt: token 0 is ''"),
        ("v.txt", b"a\na", "v.txt lists 'a' twice, as 0 and 1"),
    ],
)
def test_fault_11_a_vocabulary_that_is_none_is_told_by_file_and_token(
    name: str, content: bytes, says: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=says):
        read_vocabulary(tmp_path / name)


def test_a_dictionary_needs_all_three_texts(tmp_path: Path) -> None:
    for name in ("train", "valid"):
        (tmp_path / f"{name}.txt").write_text("a b\n")
    with pytest.raises(ValueError, match=r"test\.txt is missing: a dictionary is made of train\.txt, valid\.txt and"):
        read_dictionary(tmp_path)
    (tmp_path / "test.txt").write_bytes(b"a\xff\n")
    with pytest.raises(ValueError, match=r"test\.txt is not UTF-8"):
        read_dictionary(tmp_path)
