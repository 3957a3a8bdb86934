"""How long work says how far it is: called with the share that is done, in [0, 1], and a word for people."""

from collections.abc import Callable

Progress = Callable[[float, str], object]


def silent(share: float, word: str) -> None:
    """Where nobody watches."""
