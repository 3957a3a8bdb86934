"""A tagged text: tokens with their places and tags, and the word before a blank. Knows arrays; knows no tagger."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_core.storage.frames import Framed

NONE = -1  # no token
_PLAIN = str.maketrans({"‘": "`", "’": "'", "ʼ": "'", "“": "``", "”": "''", "—": "--", "–": "--", "…": "..."})
# The Penn Treebank's tags in plain words: the short name before the colon, examples after it.
MEANINGS = {
    "CC": "conjunction: and, but, or",
    "CD": "number: two, 1805",
    "DT": "article or pointer: the, a, this",
    "EX": "there, as in “there is”",
    "FW": "foreign word: mon, cher",
    "IN": "preposition: of, in, that, because",
    "JJ": "adjective: old, happy",
    "JJR": "adjective, comparing: older",
    "JJS": "adjective, highest: oldest",
    "LS": "mark of a list: 1., a)",
    "MD": "modal verb: can, would",
    "NN": "noun: house, time",
    "NNS": "noun, several: houses",
    "NNP": "name: Pierre, Moscow",
    "NNPS": "name, several: Rostovs",
    "PDT": "word before an article: all the, such a",
    "POS": "possessive ending: ’s in “Anna’s house”",
    "PRP": "pronoun: he, she, it",
    "PRP$": "possessive pronoun: his, their",
    "RB": "adverb: not, slowly, just",
    "RBR": "adverb, comparing: sooner",
    "RBS": "adverb, highest: soonest",
    "RP": "particle: up in “get up”",
    "SYM": "sign: +, %",
    "TO": "to",
    "UH": "exclamation: oh, yes, well",
    "VB": "verb, base form: go, be",
    "VBD": "verb, past: said, went",
    "VBG": "verb in -ing: looking",
    "VBN": "verb, past participle: gone, seen",
    "VBP": "verb, present: I am, they go",
    "VBZ": "verb, present with he or she: is, goes",
    "WDT": "which or that, opening a clause",
    "WP": "who or what",
    "WP$": "whose",
    "WRB": "when, where, why or how",
    ".": "end of a sentence: . ! ?",
    ",": "comma",
    ":": "colon, semicolon or dash",
    "``": "opening quotation mark",
    "''": "closing quotation mark",
    '"': "quotation mark",
    "(": "opening bracket",
    ")": "closing bracket",
    "-LRB-": "opening bracket",
    "-RRB-": "closing bracket",
    "$": "sign of money: $, £",
    "#": "the sign #",
    "HYPH": "hyphen",
    "NFP": "stray punctuation",
    "AFX": "affix: pre-, anti-",
    "ADD": "address on the net",
}


def plain_word(word: str) -> str:
    """A word as the tagger is shown it: typographic quotes, dashes and dots as Penn Treebank text spells them."""
    return word.translate(_PLAIN)


@dataclass(frozen=True, eq=False)
class Tagged(Framed, columns=("start", "stop", "sentence", "tag")):
    """The N tokens of a text in order: token n is text[start[n]:stop[n]] exactly, and no two overlap.

    For a text that is split into words, start and stop count words, and a token is one word. `sentence` counts from 0
    and never falls; `code` is an index into `names`, the tags.
    """

    start: NDArray[np.int64]  # (N,)
    stop: NDArray[np.int64]  # (N,)
    sentence: NDArray[np.int32]  # (N,)
    code: NDArray[np.int16]  # (N,)
    names: tuple[str, ...]

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int, int, str]], names: Iterable[str]) -> "Tagged":
        """From start, stop, sentence and tag of each token; `names` are the tags that there may be."""
        names = tuple(sorted(set(names)))
        codes = {name: code for code, name in enumerate(names)}
        table = np.array([(*places, codes[tag]) for *places, tag in rows], dtype=np.int64).reshape(-1, 4)
        start, stop, sentence, code = table.T.copy()
        return cls(start, stop, sentence.astype(np.int32), code.astype(np.int16), names)

    def __len__(self) -> int:
        return len(self.start)

    @cached_property
    def tag(self) -> NDArray[np.str_]:
        """The tag of each token (N,)."""
        return self.tags_of_codes(self.code)

    def tags_of_codes(self, codes: NDArray[Any]) -> NDArray[np.str_]:
        """Tags by code, "" for a negative one; same shape."""
        return np.array([*self.names, ""])[codes]

    def words(self, text: str | Sequence[str]) -> list[str]:
        """The tokens as they stand in the text that was tagged (N,)."""
        if isinstance(text, str):
            return [text[start:stop] for start, stop in zip(self.start.tolist(), self.stop.tolist(), strict=True)]
        return [text[start] for start in self.start.tolist()]

    def counts(self) -> dict[str, int]:
        """How many tokens have each tag that occurs, the commonest first."""
        found = np.bincount(self.code, minlength=len(self.names))
        return {self.names[code]: int(found[code]) for code in np.argsort(-found, kind="stable") if found[code]}

    def ending_at(self, positions: NDArray[np.integer]) -> NDArray[np.int64]:
        """For each position (P,) the token that stops exactly there, NONE where none does."""
        at = np.searchsorted(self.stop, positions)
        there = at < len(self)
        there[there] = self.stop[at[there]] == np.asarray(positions)[there]
        return np.where(there, at, NONE)


@dataclass(frozen=True, eq=False)
class WordsBefore:
    """The words before P blanks. `token` is the token that ends there, `code` the tag by the rule, NONE where none is.

    text[start:stop] is what to show: the token, for n't the whole verb ("don't"); empty where there is no word.
    """

    token: NDArray[np.int64]  # (P,)
    code: NDArray[np.int16]  # (P,)
    start: NDArray[np.int64]  # (P,)
    stop: NDArray[np.int64]  # (P,)
    tag: NDArray[np.str_]  # (P,) "" where there is no word


def words_before(tagged: Tagged, text: str, positions: NDArray[np.integer]) -> WordsBefore:
    """The word of each whitespace point (paper, section 4.2): the token that ends where the blank stands.

    - n't takes the verb's tag (don't: that of "do", VBP; can't: that of "ca", MD), and the whole is shown;
    - every other token keeps its own: 's is POS or VBZ, whatever it hangs on, and "not" of "cannot" is RB;
    - punctuation is a token of its own: after "said," the word is the comma;
    - a hyphenated word is one token;
    - where the blank follows another blank, a line break or nothing (blank lines, indents, the start), there is none.

    `positions` (P,) index `text`, in any order. Raises ValueError when one is outside or not on a blank.
    """
    positions = np.asarray(positions, dtype=np.int64)
    wrong = [at for at in positions.tolist() if not (0 <= at < len(text) and text[at].isspace())]
    if wrong:
        what = repr(text[wrong[0]]) if 0 <= wrong[0] < len(text) else "outside the text"
        raise ValueError(f"position {wrong[0]} is {what}: give positions of blanks and line breaks")
    token = tagged.ending_at(positions)
    found = np.flatnonzero(token != NONE)
    start, stop = np.zeros_like(positions), np.zeros_like(positions)
    start[found], stop[found] = tagged.start[token[found]], tagged.stop[token[found]]
    code = np.full(len(positions), NONE, dtype=np.int16)
    code[found] = tagged.code[token[found]]
    for at in found.tolist():
        if plain_word(text[start[at] : stop[at]]).lower() == "n't" and token[at]:
            verb = token[at] - 1
            if tagged.stop[verb] == start[at]:
                start[at], code[at] = tagged.start[verb], tagged.code[verb]
    return WordsBefore(token, code, start, stop, tagged.tags_of_codes(code))


def not_followed_by_whitespace(tagged: Tagged, text: str) -> float | None:
    """Share of words, in [0, 1], with no blank, line break or end of text behind them (paper, section 4.2: about 16 %).

    Words are tokens that hold a letter or a digit. None for a text without words.
    """
    tokens = zip(tagged.words(text), tagged.stop.tolist(), strict=True)
    words = [stop for token, stop in tokens if any(map(str.isalnum, token))]
    glued = sum(stop < len(text) and not text[stop].isspace() for stop in words)
    return glued / len(words) if words else None
