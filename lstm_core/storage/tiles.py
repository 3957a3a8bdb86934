"""An array of units by positions on disk, quick to write a few hundred positions at a time and to read by unit.

In the order of the file: all units of the first 256 positions, unit by unit, then all units of the next 256, and so on.
"""

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

TILE = 256  # positions


class Tiles:
    """An array (U, P) kept as tiles (N, U, TILE): unit u at position p is at [p // TILE, u, p % TILE].

    A model that is read gives all units of a few hundred positions at once, a page looks at one unit over all of them.
    With rows as long as the text (U, P) every piece that is written goes to other pages of the file, each of them
    written to disk many times over: recordings larger than the system's write cache then took three times as long.
    The positions that the last tile has too many hold zeros.
    """

    def __init__(self, path: Path, positions: int, mode: Literal["r", "r+"] = "r"):
        """Open the array of a `.npy` file of tiles; raises ValueError when the file holds no such array.

        `mode`: "r" to read it, "r+" to write as well.
        """
        self.tiles: NDArray[Any] = np.load(path, mmap_mode=mode, allow_pickle=False)
        if self.tiles.ndim != 3 or self.tiles.shape[0] != tile_count(positions) or self.tiles.shape[2] != TILE:
            raise ValueError(f"{path} is {self.tiles.shape}, {positions} positions expect tiles of {TILE}")
        self.shape = (self.tiles.shape[1], positions)
        self.dtype = self.tiles.dtype
        self._path, self._begin = path, path.stat().st_size - self.tiles.nbytes

    def __getitem__(self, where: int | np.integer | tuple[slice, slice]) -> NDArray[Any]:
        """`[unit]` gives (P,), `[:, start:stop]` gives (U, stop - start), `[a:b, start:stop]` of some units; copies."""
        if not isinstance(where, tuple):
            return np.ascontiguousarray(self.tiles[:, where]).reshape(-1)[: self.shape[1]]
        units, span = where
        start, stop, step = span.indices(self.shape[1])
        if units.step not in (None, 1) or step != 1:
            raise TypeError("tiles are read by unit, [unit], or by a window of positions, [:, start:stop]")
        first, last = start // TILE, tile_count(max(start, stop))
        part = self.tiles[first:last, units]
        rows = part.transpose(1, 0, 2).reshape(part.shape[1], -1)
        return rows[:, start - first * TILE : stop - first * TILE]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:, :], dtype)

    def put(self, start: int, values: NDArray[Any]) -> None:
        """Write all units of some positions: `values` (U, n), of this dtype, at positions start to start + n.

        Raises OSError when the disk is full.
        """
        stop = start + values.shape[1]
        for tile in range(start // TILE, tile_count(stop)):
            a, b = max(start, tile * TILE), min(stop, (tile + 1) * TILE)
            part = values[:, a - start : b - start]
            if b - a < TILE:
                self.tiles[tile, :, a - tile * TILE : b - tile * TILE] = part
            else:
                with self._path.open("rb+") as file:  # faster than through the map: no page is read or cleared first
                    file.seek(self._begin + tile * self.tiles[0].nbytes)
                    file.write(np.ascontiguousarray(part).data)


def tile_count(positions: int) -> int:
    """Number of tiles that hold so many positions."""
    return -(-positions // TILE)


def new_tiles(path: Path, dtype: type, units: int, positions: int) -> Tiles:
    """Make a file of zeros and open it for writing."""
    shape = (tile_count(positions), units, TILE)
    np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
    return Tiles(path, positions, "r+")
