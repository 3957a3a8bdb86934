"""What a network that labels text reads: texts that people labelled, numbers for their words and letters, batches.

Knows words, arrays and the corpora below `$LSTM_DATA`; knows nothing of models. N words, S texts, W different words,
C letters of the longest, B texts of a batch, T words of its longest.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_core.text.gold_tags import Sentence, read_ewt, read_masc, read_treebank

UNKNOWN = 0  # the number of every word, or letter but one, that is not known
NO_LETTER, START, STOP, UNKNOWN_LETTER = range(4)
LETTERS = 20  # read of a word: of a longer one the first few and the last
_HEAD = 6
NOT_SCORED = -1
TESTS = {
    "masc": "MASC, held-out files",
    "treebank": "Penn Treebank, NLTK sample",
    "ewt": "UD English-EWT, development and test",
}


@dataclass(frozen=True)
class Labelled:
    """S texts with a label for each of their words, or (`of_texts`) for each of themselves."""

    texts: list[list[str]]
    labels: list[str]
    of_texts: bool = False


def tagged(sentences: list[Sentence]) -> Labelled:
    """Sentences with the tags of their words."""
    return Labelled(
        [[word for word, _ in sentence] for sentence in sentences],
        [tag for sentence in sentences for _, tag in sentence],
    )


def means_same(word: str, given: str, found: str) -> bool:
    """Whether two tags of a word mean the same by the one known difference between the tag sets of these texts: MASC
    tags most capitalised abbreviations NN ("Mr.", "Corp.": 859 of 918 in the training files), the treebank and UD NNP.
    """
    abbreviated = len(word) > 1 and word[0].isupper() and word[-1] == "."
    return given == found or (abbreviated and (given, found) == ("NNP", "NN"))


def tagging_texts() -> dict[str, Labelled]:
    """ "train", "development" and "masc" are the fixed split of MASC, "treebank" and "ewt" the other tests of TESTS.

    Raises ValueError that says how to get a corpus that is not at hand.
    """
    split = read_masc()
    return {
        "train": tagged(split.train),
        "development": tagged(split.development),
        "masc": tagged(split.test),
        "treebank": tagged(read_treebank()),
        "ewt": tagged(read_ewt()),
    }


def folded(word: str) -> str:
    """A word as the list of words has it: each digit is a 0."""
    return re.sub(r"\d", "0", word)


@dataclass(frozen=True)
class WordList:
    """The words, letters and labels that a network knows. `words` are numbered from 1, `letters` from 4."""

    words: tuple[str, ...]
    letters: tuple[str, ...]
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in ("words", "letters", "labels"):
            found = getattr(self, name)
            if len(set(found)) < len(found) or not all(isinstance(one, str) for one in found):
                raise ValueError(f"the list of {name} names something twice, or what is no text")
        object.__setattr__(self, "_word", {word: number for number, word in enumerate(self.words, 1)})
        object.__setattr__(self, "_letter", {letter: number for number, letter in enumerate(self.letters, 4)})

    def word(self, word: str) -> int:
        """The number of a word as it is, else of it in lower case, else UNKNOWN."""
        known: dict[str, int] = self._word  # type: ignore[attr-defined]
        word = folded(word)
        return known.get(word) or known.get(word.lower(), UNKNOWN)

    def spelling(self, word: str) -> list[int]:
        """The letters of a word between marks for its start and stop, LETTERS + 2 at most."""
        known: dict[str, int] = self._letter  # type: ignore[attr-defined]
        kept = word if len(word) <= LETTERS else word[:_HEAD] + word[_HEAD - LETTERS :]
        return [START, *(known.get(letter, UNKNOWN_LETTER) for letter in kept), STOP]


def word_list(texts: Iterable[Sequence[str]], labels: Iterable[str], least: int) -> WordList:
    """The words that stand at least so often in some texts, all letters that do ten times, and the labels, sorted."""
    letters, counts = Counter[str](), Counter[str]()
    for word, count in Counter(word for text in texts for word in text).items():
        counts[folded(word)] += count
        for letter in word:
            letters[letter] += count
    kept = sorted((word for word, count in counts.items() if count >= least), key=lambda word: (-counts[word], word))
    return WordList(
        tuple(kept),
        tuple(sorted(letter for letter, count in letters.items() if count >= 10)),
        tuple(sorted(set(labels))),
    )


@dataclass(frozen=True, eq=False)
class Encoded:
    """S texts of N words in numbers. `types` (N,) tells which of the W different words each is, `word` (W,) and
    `spelling` (W, C) what a network reads of these, `starts` (S + 1,) where texts begin. `labels`, NOT_SCORED where
    there is none, are those of the words (N,), or of the texts (S,) where `of_texts`.
    """

    types: NDArray[np.int32]
    word: NDArray[np.int32]
    spelling: NDArray[np.int16]
    starts: NDArray[np.int64]
    labels: NDArray[np.int16]
    of_texts: bool = False

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Words of each text (S,)."""
        return np.diff(self.starts)


def encode(
    known: WordList, texts: Sequence[Sequence[str]], labels: Sequence[str] = (), *, of_texts: bool = False
) -> Encoded:
    """Texts as numbers. `labels`: one for each word of all texts in order, or one for each text; those that the list
    of words does not know are NOT_SCORED. Raises ValueError where there are more or fewer of them.
    """
    wanted = len(texts) if of_texts else sum(map(len, texts))
    if labels and len(labels) != wanted:
        raise ValueError(f"there are {len(labels):,} labels for {wanted:,} {'texts' if of_texts else 'words'}")
    number: dict[str, int] = {}
    types = np.array([number.setdefault(word, len(number)) for text in texts for word in text], dtype=np.int32)
    spelled = [known.spelling(word) for word in number]
    spelling = np.zeros((len(number), max(map(len, spelled), default=2)), dtype=np.int16)
    for row, letters in zip(spelling, spelled, strict=True):
        row[: len(letters)] = letters
    code = {label: at for at, label in enumerate(known.labels)}
    return Encoded(
        types,
        np.array([known.word(word) for word in number], dtype=np.int32),
        spelling,
        np.concatenate([[0], np.cumsum([len(text) for text in texts], dtype=np.int64)]).astype(np.int64),
        np.array([code.get(label, NOT_SCORED) for label in labels], dtype=np.int16),
        of_texts,
    )


@dataclass(frozen=True, eq=False)
class Batch:
    """Texts side by side, as a network reads them: `words` (B, T) and `types` (B, T), numbers in the U different words
    of the batch whose `spelling` (U, C) it has; behind a text's end, at `lengths` (B,), they mean nothing.
    `texts` (B,) says which texts they are.
    """

    words: NDArray[np.int64]
    types: NDArray[np.int64]
    spelling: NDArray[np.int64]
    lengths: NDArray[np.int64]
    texts: NDArray[np.int64]


def places_of(given: Encoded, texts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where the words (B, T) of some texts lie among all, and whether there is one."""
    lengths = given.lengths[texts]
    steps = np.arange(lengths.max())
    there = steps < lengths[:, None]
    return np.where(there, given.starts[texts][:, None] + steps, 0), there


def batch_of(given: Encoded, texts: NDArray[np.int64], hidden: NDArray[np.bool_] | None = None) -> Batch:
    """Some texts, none of them empty, as a batch; words at `hidden` places (N,) are read as unknown ones."""
    places, there = places_of(given, texts)
    used, types = np.unique(
        np.where(there, given.types[places], given.types[given.starts[texts[0]]]), return_inverse=True
    )
    words = np.where(there, given.word[given.types[places]], UNKNOWN)
    if hidden is not None:
        words[hidden[places] & there] = UNKNOWN
    spelling = given.spelling[used]
    spelling = spelling[:, : max(2, int((spelling != NO_LETTER).sum(axis=1).max()))]
    types = types.reshape(words.shape).astype(np.int64)
    return Batch(words.astype(np.int64), types, spelling.astype(np.int64), given.lengths[texts], texts)


def batches(
    lengths: NDArray[np.int64], most: int, shuffle: np.random.Generator | None = None
) -> list[NDArray[np.int64]]:
    """Which texts are read together: those of like length, `most` words with what fills up the shorter; empty ones in
    none. In the order of length, or shuffled: the texts of equal length, then the batches.
    """
    order = np.arange(len(lengths)) if shuffle is None else shuffle.permutation(len(lengths))
    order = order[np.argsort(lengths[order], kind="stable")]
    order = order[lengths[order] > 0]
    made, start = [], 0
    while start < len(order):
        stop = start + 1
        while stop < len(order) and (stop + 1 - start) * lengths[order[stop]] <= most:
            stop += 1
        made.append(order[start:stop])
        start = stop
    if shuffle is not None:
        made = [made[number] for number in shuffle.permutation(len(made))]
    return made


def labels_of(given: Encoded, batch: Batch) -> NDArray[np.int64]:
    """The labels of a batch: of its words (B, T), NOT_SCORED behind a text's end, or of its texts (B,)."""
    if given.of_texts:
        return given.labels[batch.texts].astype(np.int64)
    places, there = places_of(given, batch.texts)
    return np.where(there, given.labels[places], NOT_SCORED).astype(np.int64)
