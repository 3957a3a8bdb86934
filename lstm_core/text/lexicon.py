"""The words of a text as the paper counts them (section 5): which there are, where each stands, how often.

Knows texts; knows nothing of models or vectors. N occurrences, V words.
"""

import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

BLANKS = " \n"  # what a recording at whitespace positions keeps
_HEADING = re.compile(
    r"^[ \t]*(?:book [a-z]+:.*|chapter [ivxlcdm\d]+[ \t]*|(?:first|second) epilogue\b.*)$", re.IGNORECASE | re.MULTILINE
)
_ENDS = "’—"


@dataclass(frozen=True, eq=False)
class Lexicon:
    """The words of a text that a blank follows directly at least once, in order of first appearance.

    `counted` is how often each stands in the text in any case, blank or not (the figures of the paper's Table 3);
    `empty` how many runs before a blank hold marks alone, which the paper's 15,750 count as one more word.
    """

    words: tuple[str, ...]  # (V,)
    number: NDArray[np.int32]  # (N,) the word of each occurrence before a blank
    start: NDArray[np.int64]  # (N,) position of its first character
    blank: NDArray[np.int64]  # (N,) position of the blank behind it, ascending
    counted: NDArray[np.int64]  # (V,)
    empty: int

    @cached_property
    def averaged(self) -> NDArray[np.int64]:
        """Occurrences before a blank of each word (V,): the states that its vector is the mean of."""
        return np.bincount(self.number, minlength=len(self.words)).astype(np.int64)

    @property
    def types(self) -> dict[str, int]:
        """The three figures of the paper: `words`, those `with_dash` of them, and the `vocabulary` that remains."""
        words = len(self.words) + (self.empty > 0)
        dashed = sum(map(has_dash, self.words))
        return {"words": words, "with_dash": dashed, "vocabulary": words - dashed}


def has_dash(word: str) -> bool:
    """Whether it is words that an em-dash joins, which the paper leaves out of neighbours."""
    return "—" in word


def normal_form(word: str) -> str:
    """A word as lexicons spell it: lower case, accents composed (NFC), typographic apostrophe and dash, none of them at
    its ends.
    """
    return _plain(word).strip(_ENDS)


def _plain(run: str) -> str:
    return unicodedata.normalize("NFC", run.lower().replace("--", "—").replace("'", "’"))


def lexicon(text: str) -> Lexicon:
    """The words of a text. Source: paper, section 5; the rule that gives its 17,510, 1,760 and 15,750 to the digit.

    A word is a run of letters, apostrophes and em-dashes ("--" is one) that a blank or line break follows directly; a
    hyphen splits; accents and vowel signs belong to their letters. Apostrophes and dashes at its ends are taken off,
    capitals made small. Headings of books, chapters and epilogues do not count. Raises ValueError when there is no such
    word.
    """
    numbers: dict[str, int] = {}
    number, start, blank = array("i"), array("q"), array("q")  # a long text has millions: 20 bytes each
    empty = 0
    for run in _runs(text):
        stop = run.end()
        if stop == len(text) or text[stop] not in BLANKS:
            continue
        if word := normal_form(run.group()):
            number.append(numbers.setdefault(word, len(numbers)))
            start.append(run.start())
            blank.append(stop)
        else:
            empty += 1
    if not number:
        raise ValueError("the text has no word with a blank behind it: give a text of words and blanks")
    words = tuple(numbers)
    places = np.array(start, dtype=np.int64), np.array(blank, dtype=np.int64)
    return Lexicon(words, np.array(number, dtype=np.int32), *places, whole_word_counts(text, words), empty)


def _patterns(text: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Runs of what a text's words consist of, and their pieces: letters with their combining marks, or a sign."""
    signs = sorted(set("".join(set(text)).lower()) | set(text))
    marks = "".join(sign for sign in signs if unicodedata.category(sign).startswith("M"))
    letters = f"[^\\W\\d_]+[{marks}]*" if marks else r"[^\W\d_]+"
    return re.compile(f"(?:{letters}|[’'—]|--)+"), re.compile(f"(?:{letters})+|[’'—]|--")


def _runs(text: str) -> Iterator[re.Match[str]]:
    """Runs of what words consist of, outside headings."""
    begin, run = 0, _patterns(text)[0]
    for heading in _HEADING.finditer(text):
        yield from run.finditer(text, begin, heading.start())
        begin = heading.end()
    yield from run.finditer(text, begin)


def whole_word_counts(text: str, words: Sequence[str]) -> NDArray[np.int64]:
    """How often each word stands in the text as a whole word, in any case and in headings too (V,).

    A whole word begins and ends where its letters do: "don’t" holds "don", "t" and "don’t".
    """
    pattern, piece = _patterns(text)
    lengths = sorted({len(piece.findall(word)) for word in words})
    runs = Counter(run.group() for run in pattern.finditer(text))
    found: Counter[str] = Counter()
    for run, times in runs.items():
        pieces = piece.findall(_plain(run))
        for length in lengths:
            for at in range(len(pieces) - length + 1):
                found["".join(pieces[at : at + length])] += times
    return np.array([found[word] for word in words], dtype=np.int64)


# Where a model is looked at for a word --------------------------------------------------------------------------------

MOMENTS = ("before", "after", "next", "around", "near", "wide")
# Moments behind the words around one: so many at either side, and whether common ones count less.
AROUND = {"around": (10, True), "near": (5, False), "wide": (100, True)}
_COMMON = 1e-3  # the share of a text that a word has whose weight is a half


def weights_of_words(averaged: NDArray[np.integer]) -> NDArray[np.float64]:
    """How much each word (V,) counts among those around another, from its occurrences: the commoner, the less.

    Source: a / (a + p), "A simple but tough-to-beat baseline for sentence embeddings", Arora et al. 2017.
    """
    return _COMMON / (_COMMON + averaged / max(int(averaged.sum()), 1))


def moments(text: str, start: NDArray[np.integer], blank: NDArray[np.integer]) -> dict[str, NDArray[np.int64]]:
    """Positions in the text at which a model is looked at for words (N,), by name.

    `start` (N,) is where each word begins, `blank` (N,) the blank behind it. "after" is that blank (the paper's);
    "before" the last blank before the word, -1 where there is none: the state before any text; "next" the blank behind
    the word that follows, the word's own for the last of the text.
    """
    characters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    is_blank = np.isin(characters, [ord(character) for character in BLANKS])
    blanks = np.flatnonzero(is_blank)
    ends = blanks[(blanks > 0) & ~is_blank[blanks - 1]]  # blanks with something before them
    padded = np.concatenate(([-1], blanks))
    following = np.searchsorted(ends, blank, side="right")
    there = following < len(ends)
    later = np.array(blank, dtype=np.int64)
    later[there] = ends[following[there]]
    return {"before": padded[np.searchsorted(blanks, start)], "after": np.array(blank, dtype=np.int64), "next": later}
