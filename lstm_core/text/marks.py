"""Where in a text a reader would put a mark: inside quotation marks, at capitals, late in a line. T tokens.

Characters are a string, words a sequence of tokens. Knows texts; knows no sentences, no tags, no units.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_core.stats.ranks import Mask
from lstm_core.text.corpus import END, UNKNOWN

Tokens = str | Sequence[str]

# What a mark opens (True) or closes (False), by kind; None: either, in turn.
QUOTES: dict[str, tuple[str, bool | None]] = {
    '"': ('"', None), "“": ("“", True), "”": ("“", False), "«": ("«", True), "»": ("«", False),
    "``": ("`", True), "''": ("`", False),
}  # fmt: skip
BRACKETS = {"(": 1, "[": 1, "{": 1, "-LRB-": 1, "-LSB-": 1, ")": -1, "]": -1, "}": -1, "-RRB-": -1, "-RSB-": -1}
WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


# Of any tokens --------------------------------------------------------------------------------------------------------


def paragraph_breaks(tokens: Tokens) -> list[int]:
    """Where paragraphs end: at line breaks before a blank line, in a text of words at END."""
    if isinstance(tokens, str):
        return [found.start() for found in re.finditer(r"\n(?=\s*\n)", tokens)]
    return [at for at, token in enumerate(tokens) if token == END]


def in_quotes(tokens: Tokens) -> Mask:
    """Inside quotation marks: from the opening one to before the one that closes it, at most to the paragraph's end.

    Straight ones open and close in turn (thesis: parity), others by their kind; single ones are left alone, for
    apostrophes look the same.
    """

    def read(opened: frozenset[str], token: str) -> frozenset[str]:
        kind, opens = QUOTES[token]
        return opened | {kind} if (kind not in opened if opens is None else opens) else opened - {kind}

    return _inside(tokens, QUOTES, frozenset(), read)


def in_brackets(tokens: Tokens) -> Mask:
    """Inside round, square or curly brackets: from the opening one to before the one that closes it, at most to the
    paragraph's end. One that closes nothing is passed over."""
    return _inside(tokens, BRACKETS, 0, lambda depth, token: max(0, depth + BRACKETS[token]))


def _inside(tokens: Tokens, marks: Mapping[str, Any], closed: Any, read: Callable[[Any, str], Any]) -> Mask:
    """Where a state that marks change, and paragraphs end, is not empty or 0."""
    breaks, state = set(paragraph_breaks(tokens)), closed
    edges, states = [0], [False]
    for at, token in enumerate(tokens):
        if token in marks or at in breaks:
            state = closed if at in breaks else read(state, token)
            edges.append(at)
            states.append(bool(state))
    return np.repeat(np.array(states), np.diff([*edges, len(tokens)]))


def capital(tokens: Tokens) -> Mask:
    """This character is a capital letter, or this word begins with one."""
    return np.array([token[:1].isupper() for token in tokens], dtype=bool)


def before_capital(tokens: Tokens) -> Mask:
    """A capital letter comes next: a name or a new sentence is about to begin."""
    return _next(capital(tokens))


def before_number(tokens: Tokens) -> Mask:
    """The next character is a digit, or the next word holds one."""
    return _next(np.array([any(map(str.isdigit, token)) for token in tokens], dtype=bool))


def blank(text: str) -> Mask:
    """This character is a blank or a line break."""
    return np.array([character.isspace() for character in text], dtype=bool)


def punctuation(tokens: Tokens) -> Mask:
    """This token is a mark: no letter, no digit, no blank, and nothing that stands for a word or an end."""
    marks = [not any(c.isalnum() or c.isspace() for c in token) and token not in (END, UNKNOWN) for token in tokens]
    return np.array(marks, dtype=bool)


def _next(mask: Mask) -> Mask:
    """The same one token earlier; nothing is known of what comes after the last."""
    return np.append(mask[1:], np.zeros(min(1, len(mask)), dtype=bool))


# Of characters --------------------------------------------------------------------------------------------------------


def position_in_line(text: str) -> NDArray[np.int64]:
    """How many characters of the line have been read, this one too; a line break is the last of its line."""
    return since([found.start() for found in re.finditer("\n", text)], len(text))


def late_in_line(text: str, column: int = 55) -> Mask:
    """At least `column` characters after the last line break: where a wrapped line must soon end."""
    return position_in_line(text) > column


def paragraph_start(text: str, characters: int = 40) -> Mask:
    """Within the first characters of a paragraph."""
    mask = np.zeros(len(text), bool)
    for match in re.finditer(r"\n\s*\n", text):
        mask[match.end() : match.end() + characters] = True
    return mask


def inside_name(text: str) -> Mask:
    """Within a word that begins with a capital letter, after its first letter."""
    mask = np.zeros(len(text), bool)
    for match in re.finditer(r"\b[A-Z]\w+", text):
        mask[match.start() + 1 : match.end()] = True
    return mask


def position_in_word(text: str) -> NDArray[np.int64]:
    """How many letters of the word have been read, this one too; 0 outside words (don't and well-known are one)."""
    return ramp([found.span() for found in WORD.finditer(text)], len(text))


def since(ends: list[int], length: int) -> NDArray[np.int64]:
    """Tokens since the last of `ends` that lies before, or since the beginning."""
    before, positions = np.array([-1, *ends]), np.arange(length)
    return positions - before[np.searchsorted(before, positions) - 1]


def ramp(spans: Sequence[tuple[int, int]], length: int) -> NDArray[np.int64]:
    """1, 2, 3, ... within each of the spans [start, stop), 0 outside; they do not overlap."""
    found = np.zeros(length, dtype=np.int64)
    for start, stop in spans:
        found[start:stop] = np.arange(1, stop - start + 1)
    return found
