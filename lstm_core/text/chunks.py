"""The chunks of a text that a model has read: noun phrases, verb phrases and so on, and the step at which each word of
them has been read.

Gold ones are those of the CoNLL-2000 corpus, read in the model's own spelling; elsewhere rules find them from our tags.
N words, K chunks, T tokens.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lstm_core.text.conll2000 import PARTS, Row, read_conll2000, spans_of
from lstm_core.text.corpus import END, UNKNOWN, Vocabulary
from lstm_core.text.tagged import NONE

NAME = "conll2000"
MEANINGS = {
    "NP": "noun phrase: the old prince",
    "VP": "verb phrase: had been expected to come",
    "PP": "preposition: of, to, because of",
    "ADVP": "adverb phrase: very slowly",
    "ADJP": "adjective phrase: quite happy",
    "SBAR": "word that opens a clause: that, if",
    "PRT": "particle: up in “get up”",
    "INTJ": "exclamation: oh, well",
    "CONJP": "conjunction of several words: as well as",
    "LST": "mark of a list: 1., a)",
    "UCP": "phrases of unlike kinds, joined",
}
NAMES = {kind: meaning.partition(":")[0] for kind, meaning in MEANINGS.items()}
_NUMERAL = re.compile(r"[-+]?\d[\d,.:]*(?:\\?/\d+)?|%")  # what the Penn Treebank text for language models writes as N
_MARKS = {"``": '"', "''": '"', "`": "'", "-LRB-": "(", "-RRB-": ")", "-LCB-": "{", "-RCB-": "}"}


@dataclass(frozen=True, eq=False)
class Chunked:
    """N words of a text in order. `step` (N,): the step of the recording at which a word has been read, for letters
    that of its last; `word` (N,): equal words have equal numbers; `sentence` (N,) never falls; `kind` (N,): index into
    `names`, NONE outside all chunks; `first` (N,): whether a chunk begins here. `key` identifies the content.
    """

    step: NDArray[np.int64]
    word: NDArray[np.int64]
    sentence: NDArray[np.int64]
    kind: NDArray[np.int64]
    first: NDArray[np.bool_]
    names: tuple[str, ...]
    key: str = ""

    def __len__(self) -> int:
        """Words."""
        return len(self.step)

    @cached_property
    def begins(self) -> NDArray[np.int64]:
        """The first word of each chunk (K,)."""
        return np.flatnonzero(self.first)

    @cached_property
    def ends(self) -> NDArray[np.int64]:
        """The last word of each chunk (K,)."""
        ended = np.append(self.first[1:] | (self.kind[1:] == NONE), True)
        return np.flatnonzero((self.kind != NONE) & ended)

    def of_kind(self, name: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """First and last words of the chunks of a kind; of none where the text lacks it."""
        number = self.names.index(name) if name in self.names else NONE - 1
        return self.begins[self.kind[self.begins] == number], self.ends[self.kind[self.ends] == number]

    def counts(self) -> dict[str, int]:
        """How many chunks of each kind there are, the commonest first."""
        found = np.bincount(self.kind[self.begins], minlength=len(self.names))
        return {self.names[kind]: int(found[kind]) for kind in np.argsort(-found, kind="stable") if found[kind]}


def _chunked(
    words: Sequence[str], step: NDArray[np.int64], sentence: NDArray[np.int64], chunks: NDArray[np.int64],
    kinds: Sequence[str], key: str,
) -> Chunked:  # fmt: skip
    """From the number of the chunk that each word is in (N,), NONE outside, and the kind of each chunk (K,)."""
    names = tuple(sorted(set(kinds)))
    kind_of = np.array([*map(names.index, kinds), NONE], np.int64)
    first = (chunks != NONE) & (np.diff(chunks, prepend=NONE) != 0)
    number = np.unique(np.array(words, dtype=str), return_inverse=True)[1].astype(np.int64)
    return Chunked(step, number, sentence, kind_of[chunks], first, names, key)


# Gold -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class GoldText:
    """The CoNLL-2000 corpus as a model reads it: `ids` (T,), and its chunks. Of its `words`, `unread` are marks that
    the vocabulary lacks and that are left out, `unknown` stand for words that it lacks (of letters: have one it lacks).
    """

    ids: NDArray[np.int32]
    chunked: Chunked
    words: int
    unread: int
    unknown: int
    fingerprint: str


def gold_text(vocabulary: Vocabulary) -> GoldText:
    """The training part and the test part behind it, spelled as `spelled` says; for letters joined by blanks.

    END stands behind each sentence where the vocabulary is of a text with a sentence a line. Raises ValueError where
    the corpus is not at hand.
    """
    sentences = [sentence for part in PARTS for sentence in read_conll2000(part)]
    fingerprint = hashlib.sha256(repr([[row[0] for row in one] for one in sentences]).encode()).hexdigest()
    spelling = _letters if vocabulary.splitter == "characters" else _word
    tokens: list[str] = []
    rows: list[tuple[str, int, int, int]] = []
    kinds: list[str] = []
    unread = unknown = 0
    for number, sentence in enumerate(sentences):
        for (word, _, _), chunk in zip(sentence, _chunk_numbers(sentence, kinds), strict=True):
            piece, known = spelling(word, vocabulary)
            if not piece:
                unread += 1
                continue
            tokens += piece
            unknown += not known
            rows.append((word, len(tokens) - 1, number, chunk))
            if spelling is _letters:
                tokens.append(" ")
        if vocabulary.splitter == "spaces" and END in vocabulary.index:
            tokens.append(END)
    ids = vocabulary.encode_tokens(tokens).ids
    step, sentence_of, chunk_of = np.array([places for _, *places in rows], np.int64).reshape(-1, 3).T.copy()
    chunked = _chunked([row[0] for row in rows], step, sentence_of, chunk_of, kinds, f"gold {hash_of(ids)}")
    return GoldText(ids, chunked, sum(map(len, sentences)), unread, unknown, fingerprint)


def hash_of(ids: NDArray[np.int32]) -> str:
    """Identifies tokens."""
    return hashlib.sha256(ids.tobytes()).hexdigest()[:20]


def _chunk_numbers(sentence: Sequence[Row], kinds: list[str]) -> list[int]:
    """The number of the chunk that each word is in, counted on from those in `kinds`, to which theirs are added."""
    found = [NONE] * len(sentence)
    for kind, start, stop in spans_of([chunk for _, _, chunk in sentence]):
        found[start:stop] = [len(kinds)] * (stop - start)
        kinds.append(kind)
    return found


def _word(word: str, vocabulary: Vocabulary) -> tuple[list[str], bool]:
    found = spelled(word, vocabulary)
    return [found] if found else [], found != UNKNOWN


def _letters(word: str, vocabulary: Vocabulary) -> tuple[list[str], bool]:
    letters = list(_plain(word))
    return letters, all(letter in vocabulary.index for letter in letters)


def spelled(word: str, vocabulary: Vocabulary) -> str:
    """A word of Penn Treebank text as a vocabulary of words spells it: as it is, in lower case, or with the marks of
    ordinary text; a number or % as N in a vocabulary that writes all numbers so; else UNKNOWN. "" for a mark that the
    vocabulary lacks: its text was made without such marks, so that UNKNOWN in their place would be strange to it.
    """
    for found in (word, word.lower(), _plain(word), _plain(word).lower()):
        if found in vocabulary.index:
            return found
    if _NUMERAL.fullmatch(word) and "N" in vocabulary.index and not any(map(str.isdigit, vocabulary.tokens)):
        return "N"
    return UNKNOWN if any(letter.isalnum() for letter in _plain(word)) else ""


def _plain(word: str) -> str:
    return _MARKS.get(word, word.replace("\\/", "/").replace("\\*", "*"))
