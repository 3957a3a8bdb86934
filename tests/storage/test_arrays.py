"""Arrays packed in a file: as they are in a plain one, smaller, and refused when cut, changed or swollen."""

import json
import lzma
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from lstm_core.storage import arrays as module
from lstm_core.storage.arrays import load_arrays, save_arrays


def counts() -> dict[str, np.ndarray]:
    draw = np.random.default_rng(0)
    return {"counts": draw.poisson(0.5, (50, 200)).astype(np.uint32), "edges": np.linspace(-1, 1, 201)}


def test_what_is_packed_is_what_a_plain_file_holds(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.safetensors", tmp_path / "a.safetensors.xz"
    for path in (plain, packed):
        save_arrays(path, counts(), {"total": "7"})
    assert packed.stat().st_size < plain.stat().st_size / 5
    (one, notes), (other, told) = load_arrays(plain), load_arrays(packed)
    assert notes == told and notes["total"] == "7" and one.keys() == other.keys()
    assert all((one[name] == other[name]).all() and one[name].dtype == other[name].dtype for name in one)


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.999])
def test_a_cut_file_is_refused_by_name(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a.safetensors.xz"
    save_arrays(path, counts())
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(ValueError, match=r"a\.safetensors\.xz is not a whole safetensors file"):
        load_arrays(path)


def test_any_changed_byte_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors.xz"
    save_arrays(path, counts())
    content = path.read_bytes()
    for at in np.random.default_rng(1).integers(0, len(content) - 12, 40).tolist():
        path.write_bytes(content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :])
        with pytest.raises(ValueError, match=r"a\.safetensors\.xz"):
            load_arrays(path)


def test_a_file_that_swells_past_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.safetensors.xz"
    save_arrays(path, {"zeros": np.zeros(2**20, np.int8)})
    assert path.stat().st_size < 2**12 and len(load_arrays(path)[0]["zeros"]) == 2**20
    monkeypatch.setattr(module, "MOST_UNPACKED", 2**20)
    with pytest.raises(ValueError, match="holds more than 1 MiB"):
        load_arrays(path)


def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    header, values = save({"a": np.zeros(2, np.float32)}).split(b"}}", 1)
    text = header[8:] + b"}}"
    twice = text[:-1] + b"," + json.dumps(json.loads(text.decode())).encode()[1:]
    content = len(twice).to_bytes(8, "little") + twice + values.lstrip(b" ")
    path = tmp_path / "a.safetensors.xz"
    path.write_bytes(lzma.compress(content))
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        load_arrays(path)
