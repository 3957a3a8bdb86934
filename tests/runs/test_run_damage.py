"""Run folders that are cut, changed, crafted or hostile: refused by name, never executed, never half-written."""

import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.storage import files
from lstm_core.storage.arrays import load_arrays, restore_rows, save_arrays

Make = Callable[..., Run]


@pytest.mark.parametrize("share", [0.0, None, 0.5, 0.999])
def test_fault_07_cut_weights_are_refused_by_name(small_run: Make, share: float | None) -> None:
    path = small_run(weights=True).folder / "weights.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[: 1 if share is None else int(len(content) * share)])
    with pytest.raises(ValueError, match=r"weights\.safetensors"):
        open_run("small").load_model()


@pytest.mark.parametrize("name", ["weights.safetensors", "config.json", "vocabulary.json"])
def test_fault_08_one_flipped_bit_is_refused(small_run: Make, name: str) -> None:
    run = small_run(weights=True)
    original = (run.folder / name).read_bytes()
    for position in np.random.default_rng(0).integers(0, len(original), 60):
        content = bytearray(original)
        content[position] ^= 1 << int(position % 8)
        (run.folder / name).write_bytes(content)
        with pytest.raises(ValueError, match=r"small"):
            open_run("small").load_model()
        with pytest.raises(ValueError, match=r"sha256"):
            run.check_manifest()
    (run.folder / name).write_bytes(original)
    open_run("small").load_model()


class Bomb:
    """Touches a file when unpickled."""

    def __init__(self, target: Path):
        self.target = target

    def __reduce__(self) -> Any:
        return Path.touch, (self.target,)


@pytest.mark.parametrize("as_what", ["pickle", "torch", "object array"])
def test_fault_09_a_hostile_pickle_is_never_run(small_run: Make, tmp_path: Path, as_what: str) -> None:
    run, target = small_run(weights=True), tmp_path / "was-here"
    bomb = tmp_path / "bomb"
    if as_what == "pickle":
        bomb.write_bytes(pickle.dumps(Bomb(target)))
    elif as_what == "torch":
        torch.save(Bomb(target), bomb)
    else:
        np.save(bomb.with_suffix(".npy"), np.array([Bomb(target)], dtype=object), allow_pickle=True)
        bomb.with_suffix(".npy").rename(bomb)
    for name in ("weights.pt", "model.pkl", "state.npy", "model.joblib"):  # beside the weights: not even looked at
        (run.folder / name).write_bytes(bomb.read_bytes())
    open_run("small").load_model()
    (run.folder / "weights.safetensors").write_bytes(bomb.read_bytes())
    run.write_manifest()
    with pytest.raises(ValueError, match=r"weights\.safetensors is not a whole safetensors file"):
        open_run("small").load_model()
    assert not target.exists()


def crafted(header: Any, body: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def tensor(start: int, stop: int, shape: list[int], dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, stop]}


@pytest.mark.parametrize(
    "content",
    [
        crafted({}, length=2**63),
        crafted({}, length=2**40),
        crafted(b"not json"),
        crafted(b"[" * 5000),
        crafted({"a": tensor(0, 8, [2]), "b": tensor(4, 12, [2])}, bytes(12)),
        crafted({"a": tensor(0, 8, [2]), "b": tensor(16, 24, [2])}, bytes(24)),
        crafted({"a": tensor(0, 8, [2**62, 2**62])}, bytes(8)),
        crafted({"a": tensor(8, 0, [2])}, bytes(8)),
        crafted({"a": tensor(0, 8, [-1])}, bytes(8)),
        crafted({"a": tensor(0, 2**40, [2**38])}, bytes(8)),
        crafted({"a": tensor(0, 8, [2], "OBJECT")}, bytes(8)),
        crafted({"a": tensor(0, 8, [2])}, bytes(80)),
        crafted(
            b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
            bytes(8),
        ),
        crafted({"a": tensor(0, 4, [1])}, np.float32("nan").tobytes()),
        crafted({"a": tensor(0, 8, [1], "F64")}, np.float64("inf").tobytes()),
        crafted({"a": tensor(0, 4, [2], "BF16")}, b"\x80\x7f\xc0\x7f"),
        crafted({"__metadata__": {"sha256": "0" * 64}, "a": tensor(0, 4, [1])}, bytes(4)),
    ],
)
def test_fault_10_crafted_safetensors_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "crafted.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"crafted\.safetensors"):
        load_arrays(path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"hidden": 9}, r"rnn\.0\.weight_ih_l0 is \(32, 6\), the settings expect \(36, 6\)"),
        ({"layers": 3}, r"lacks rnn\.2\.weight_ih_l0 \(32, 8\)"),
        ({"layers": 1}, r"holds rnn\.1\.bias_hh_l0, which the settings do not know"),
        ({"cell": "gru"}, r"rnn\.0\.weight_ih_l0 is \(32, 6\), the settings expect \(24, 6\)"),
        ({"tied": True, "embedding": 8}, r"encoder\.weight is \(\d+, 6\), the settings expect \(\d+, 8\)"),
        ({"vocabulary": 5}, r"encoder\.weight is \(\d+, 6\), the settings expect \(5, 6\)"),
    ],
)
def test_fault_11_weights_of_another_shape_name_the_layer_and_both_shapes(
    small_run: Make, change: dict[str, Any], says: str
) -> None:
    run = small_run(weights=True)
    files.write_json(run.folder / "config.json", {**run.config, "model": {**run.config["model"], **change}})
    run.write_manifest()
    with pytest.raises(ValueError, match=says):
        open_run("small").load_model()


def test_fault_11_a_vocabulary_of_another_run_is_refused(small_run: Make) -> None:
    run = small_run(weights=True)
    files.write_json(run.folder / "vocabulary.json", {"splitter": "characters", "tokens": ["a", "b"]})
    with pytest.raises(ValueError, match=r"vocabulary\.json has 2 tokens, config\.json says \d+"):
        _ = open_run("small").vocabulary


def test_fault_11_int8_without_its_scale_is_refused() -> None:
    for broken in ({"w": np.ones((2, 3), np.int8)}, {"w": np.ones((2, 3), np.int8), "w.scale": np.ones(3)},
                   {"w": np.ones((), np.int8), "w.scale": np.ones(())}):  # fmt: skip
        with pytest.raises(ValueError, match="int8"):
            restore_rows(broken)


def test_weights_that_are_not_there_or_lost_are_said(small_run: Make) -> None:
    run = small_run()
    assert not run.has_weights
    with pytest.raises(ValueError, match="small has no weights yet: train it first"):
        run.load_model()
    run = small_run("other", weights=True)
    (run.folder / "vocabulary.json").unlink()
    with pytest.raises(ValueError, match=r"vocabulary\.json is missing"):
        _ = open_run("other").vocabulary


@pytest.mark.parametrize("content", ["[]", '{"tokens": ["a"]}', '{"tokens": 5, "splitter": "characters"}'])
def test_a_vocabulary_that_lists_no_tokens_is_refused(small_run: Make, content: str) -> None:
    run = small_run(weights=True)
    (run.folder / "vocabulary.json").write_text(content)
    with pytest.raises(ValueError, match=r"vocabulary\.json does not list tokens"):
        _ = open_run("small").vocabulary


@pytest.mark.parametrize("text", ["ptb", {}, {"name": 3, "fingerprint": ""}, {"name": "ptb"}])
def test_settings_that_name_no_text_are_refused(small_run: Make, text: Any) -> None:
    run = small_run(weights=True)
    files.write_json(run.folder / "config.json", {**run.config, "corpus": text})
    with pytest.raises(ValueError, match=r"config\.json does not name its text"):
        open_run("small").summary()


# A kill inside a save -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [OSError("No space left on device"), KeyboardInterrupt()])
def test_fault_02_a_save_that_fails_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    path = tmp_path / "some.safetensors"
    save_arrays(path, {"a": np.arange(3)})
    before = path.read_bytes()

    def fail(*_: Any) -> None:
        raise failure

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(type(failure)):
        save_arrays(path, {"a": np.arange(4)})
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_fault_02_weights_saved_without_their_manifest_still_load(
    small_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill (or a page that opens the run) between the two files: the weights carry a hash of their own."""
    run = small_run(weights=True)
    new = {name: value.detach().numpy() * 2 for name, value in run.load_model().named_parameters()}
    monkeypatch.setattr(Run, "write_manifest", lambda self: None)
    run.save_weights(new)
    open_run("small").verify()
    for name, value in open_run("small").load_model().named_parameters():
        np.testing.assert_array_equal(value.detach().numpy(), new[name])
