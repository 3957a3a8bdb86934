"""Tiles against a plain array: every window, every unit, writes of any length."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from lstm_core.storage.tiles import TILE, Tiles, new_tiles


@pytest.mark.parametrize("positions", [0, 1, TILE - 1, TILE, TILE + 1, 3 * TILE + 7])
def test_what_is_put_in_pieces_is_read_by_unit_and_by_window(tmp_path: Path, positions: int) -> None:
    path, draw = tmp_path / "h-1.npy", np.random.default_rng(0)
    values = draw.normal(size=(5, positions)).astype(np.float32)
    made = new_tiles(path, np.float32, 5, positions)
    start = 0
    while start < positions:
        stop = min(positions, start + int(draw.integers(1, 2 * TILE + 3)))
        made.put(start, values[:, start:stop])
        start = stop
    found = Tiles(path, positions)
    assert (found.shape, found.dtype) == ((5, positions), np.float32)
    np.testing.assert_array_equal(np.asarray(found), values)
    for unit in range(5):
        np.testing.assert_array_equal(found[unit], values[unit])
    for _ in range(50):
        a, b = sorted(draw.integers(0, positions + 1, 2))
        np.testing.assert_array_equal(found[:, a:b], values[:, a:b])
    assert np.load(path).sum() == pytest.approx(values.sum(), abs=1e-3)  # the rest of the last tile is zero


def test_a_window_reads_its_tiles_only(tmp_path: Path) -> None:
    found = new_tiles(tmp_path / "c-1.npy", np.float32, 8, 1000 * TILE)
    tracemalloc.start()
    found[:, 500 * TILE : 501 * TILE]
    assert tracemalloc.get_traced_memory()[1] < 4 * found.tiles[0].nbytes
    tracemalloc.stop()


def test_what_is_no_array_of_tiles_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "h-1.npy"
    for array in (np.zeros((5, 300), np.float16), np.zeros((1, 5, TILE)), np.zeros((2, 5, TILE - 1))):
        np.save(path, array)
        with pytest.raises(ValueError, match=rf"300 positions expect tiles of {TILE}"):
            Tiles(path, 300)
    with pytest.raises(TypeError, match="tiles are read by unit"):
        new_tiles(path, np.float32, 5, 300)[:, ::2]
