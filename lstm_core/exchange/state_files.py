"""Files in which people bring states: .npy arrays that are mapped, never loaded whole, and the tokens they belong to.

No object in a file is ever made: numbers and text alone come out. T tokens, U units.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_core.exchange.quarantine import shown
from lstm_core.exchange.states import OutsideText, States
from lstm_core.exchange.weights import content_of, encodes, json_of
from lstm_core.runs.cells import SIGNALS
from lstm_core.text.corpus import Splitter, Vocabulary, split_text

_PLACE = re.compile(r"([a-z]):(\d{1,4})=(.+)", re.DOTALL)


def read_array(path: Path) -> NDArray[Any]:
    """The array of a .npy file, mapped. Raises ValueError that names the file where it holds no whole array of numbers;
    one of Python objects is never read.
    """
    if path.suffix.lower() != ".npy":
        raise ValueError(
            f"{path.name}: {path.suffix or 'no ending'} is not a supported format: np.save makes a .npy file"
        )
    if not path.is_file():
        raise ValueError(f"{path} is not there, or no file: correct the path")
    if not path.stat().st_size:
        raise ValueError(f"{path.name} is empty: save it again")
    try:
        return np.lib.format.open_memmap(path, mode="r")
    except Exception as error:
        if "Python objects" in str(error):
            raise ValueError(
                f"{path.name} holds Python objects, which are never read: "
                "save numbers, np.save(file, array.astype('float32'))"
            ) from None
        raise ValueError(f"{path.name} is not a whole .npy file ({shown(error, 80)}): save it again") from None


def read_states(named: Sequence[str], signal: str = "h") -> list[States]:
    """Arrays from their files, as they are typed: FILE is the next layer of `signal`, `c:2=FILE` is c of layer 2.

    Raises ValueError as `read_array`.
    """
    found: list[States] = []
    for text in named:
        place = _PLACE.fullmatch(text) if not Path(text).is_file() else None
        if place and place[1] in SIGNALS:
            where, layer, path = place[1], int(place[2]), Path(place[3])
        else:
            where, layer, path = signal, 1 + sum(one.signal == signal for one in found), Path(text)
        found.append(States(where, layer, read_array(path), path.name))
    return found


def read_tokens(path: Path, length: int, vocabulary: Vocabulary | None = None) -> OutsideText:
    """The tokens of a text that `length` steps were made of.

    A .json file lists them as strings, or as numbers in `vocabulary`; a .npy file holds such numbers. In any other file
    each line is a token, or each character, or each word between blanks (with or without `<eos>` after each line):
    whichever gives as many. Raises ValueError that says how many there are where none does.
    """
    ending = path.suffix.lower()
    if ending == ".npy":
        return _numbered(read_array(path), length, vocabulary, path.name)
    if ending == ".json":
        listed = json_of(path)
        if not isinstance(listed, list):
            raise ValueError(f"{path.name} holds no list: give the tokens as a JSON list, in the order of the text")
        if listed and all(type(token) is int for token in listed):
            return _numbered(np.array(listed, dtype=object), length, vocabulary, path.name)
        _check_count(len(listed), length, path.name)
        return OutsideText(*_as_ids(listed, path.name), path.name)
    text = content_of(path)
    lines = text.removesuffix("\n").split("\n") if text else []
    characters = list(text) if len(text) == length else list(text.removesuffix("\n"))
    ways: dict[str, list[str]] = {
        "lines": lines, "characters": characters, "words": text.split(),
        "words and ends of lines": split_text(text, "spaces"),
    }  # fmt: skip
    for tokens in ways.values():
        if len(tokens) == length:
            return OutsideText(*_as_ids(tokens, path.name), path.name)
    counts = ", ".join(f"{len(tokens):,} {way}" for way, tokens in ways.items())
    raise ValueError(
        f"{path.name} has {counts}; the states are of {length:,} tokens: give the text that they belong to"
    )


def vocabulary_of(tokens: Sequence[str]) -> Vocabulary:
    """The different tokens of a text: characters in their order, others as they first appear."""
    splitter: Splitter = "characters" if all(len(token) == 1 for token in tokens) else "spaces"
    return Vocabulary(tuple(sorted(set(tokens)) if splitter == "characters" else dict.fromkeys(tokens)), splitter)


def _as_ids(tokens: Sequence[Any], where: str) -> tuple[Vocabulary, NDArray[np.int32]]:
    for number, token in enumerate(tokens):
        if not isinstance(token, str) or not token or not encodes(token):
            raise ValueError(f"{where}: token {number:,} is {shown(repr(token), 80)}: each must be text and not empty")
    if not tokens:
        raise ValueError(f"{where} has no tokens: there is nothing to look at")
    vocabulary = vocabulary_of(tokens)
    return vocabulary, vocabulary.ids(tokens)


def _numbered(ids: NDArray[Any], length: int, vocabulary: Vocabulary | None, where: str) -> OutsideText:
    if vocabulary is None:
        raise ValueError(f"{where} holds numbers: say what they stand for, with --vocabulary FILE")
    if ids.ndim != 1 or (ids.dtype != object and ids.dtype.kind not in "iu"):
        raise ValueError(f"{where} is {ids.dtype} of shape {ids.shape}, expected is one whole number a token")
    _check_count(len(ids), length, where)
    if len(ids) and not 0 <= ids.min() <= ids.max() < len(vocabulary):
        wrong = int(np.flatnonzero((ids < 0) | (ids >= len(vocabulary)))[0])
        raise ValueError(
            f"{where}: token {wrong:,} is number {ids[wrong]}, the vocabulary has {len(vocabulary):,} (counted from 0)"
        )
    return OutsideText(vocabulary, ids.astype(np.int32), where)


def _check_count(found: int, length: int, where: str) -> None:
    if found != length:
        told = f"{found:,} tokens, the states are of {length:,}"
        raise ValueError(f"{where} has {told}: give the text that they belong to")
