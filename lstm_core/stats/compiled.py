"""How functions are compiled to machine code (numba), and the types of what they are given.

Compiled once on a machine, by the first import of the module they are in, which takes some seconds.
"""

from typing import TYPE_CHECKING, Any

from numba import float32, float64, int32, int64, njit, types, uint8, uint16, uint32, uint64

__all__ = [
    "compiled",
    "float32",
    "float64",
    "given",
    "int32",
    "int64",
    "made",
    "some",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
]

if TYPE_CHECKING:

    def compiled(*signatures: Any, **settings: Any) -> Any: ...

else:

    def compiled(*signatures, **settings):
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
