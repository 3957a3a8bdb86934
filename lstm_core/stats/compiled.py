"""How functions are compiled to machine code (numba), and the types of what they are given.

Compiled once on a machine, by the first import of the module they are in, which takes some seconds.
"""

from typing import Any

import numpy as np
from numba import float32, float64, int32, int64, njit, types, uint8, uint16, uint32, uint64
from numpy.typing import NDArray

__all__ = ["float32", "float64", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
U16 = NDArray[np.uint16]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]


def compiled(*signatures: Any, **settings: Any) -> Any:
    """A function compiled for these arguments, run without the interpreter's lock; kept where a disk lets it."""
    try:
        return njit(list(signatures), nogil=True, cache=True, **settings)
    except RuntimeError:  # neither this folder nor the person's cache can be written to
        return njit(list(signatures), nogil=True, **settings)


def given(number: Any, dimensions: int) -> Any:
    """An array that is read."""
    return types.Array(number, dimensions, "C", readonly=True)


def made(number: Any, dimensions: int) -> Any:
    """An array that is written to."""
    return types.Array(number, dimensions, "C")


def some(number: Any, count: int) -> Any:
    """So many numbers."""
    return types.UniTuple(number, count)
