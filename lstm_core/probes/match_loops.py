"""Compiled loops over the bits of units: how many of some are on at each step, and which follow a pattern of runs."""

from typing import Any

import numpy as np

from lstm_core.stats.compiled import I32, I64, U64, compiled, given, int32, int64, made, uint64

_PAIRS, _BITS = 0x3333333333333333, 0x5555555555555555
_NIBBLES, _BYTES = 0x0F0F0F0F0F0F0F0F, 0x0101010101010101


@compiled((uint64,))
def _ones(word: Any) -> Any:
    """How many bits of a word are set."""
    word = word - ((word >> uint64(1)) & uint64(_BITS))
    word = (word & uint64(_PAIRS)) + ((word >> uint64(2)) & uint64(_PAIRS))
    word = (word + (word >> uint64(4))) & uint64(_NIBBLES)
    return int64((word * uint64(_BYTES)) >> uint64(56))


@compiled((given(uint64, 2), given(uint64, 1), made(int32, 1)))
def count_on(bits: U64, mask: U64, counts: I32) -> None:
    """How many units of `mask` (W,) are on at each step of `bits` (T, W): `counts` (T,)."""
    words = np.flatnonzero(mask)
    for step in range(len(bits)):
        found = 0
        for word in words:
            found += _ones(bits[step, word] & mask[word])
        counts[step] = found


_PLACES, _FOUND = (given(int64, 1), given(int64, 1)), (made(int64, 1), made(int64, 1))


@compiled((given(uint64, 2), *_PLACES, int64, int64, given(uint64, 1), *_FOUND))
def follow(bits: U64, starts: I64, stops: I64, before: int, after: int, mask: U64, shared: I64, either: I64) -> None:
    """Of the units that are on through all of [start, stop), off in the `before` steps before it and in the `after`
    steps behind it: how many are in `mask` (W,), `shared` (N,), and how many are in either, `either` (N,).

    What lies beyond the ends of the text counts as off.
    """
    length, words = bits.shape
    for n in range(len(starts)):
        in_both = in_either = 0
        for word in range(words):
            found = ~uint64(0)
            for step in range(starts[n], stops[n]):
                found &= bits[step, word]
            for step in range(max(starts[n] - before, 0), starts[n]):
                found &= ~bits[step, word]
            for step in range(stops[n], min(stops[n] + after, length)):
                found &= ~bits[step, word]
            in_both += _ones(found & mask[word])
            in_either += _ones(found | mask[word])
        shared[n], either[n] = in_both, in_either
