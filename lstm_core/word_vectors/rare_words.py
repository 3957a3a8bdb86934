"""Words seen once, and words never seen in training: how much their vectors know (paper, section 5; P16).

Knows tables of vectors, lexicons and tags. V words, K neighbours.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_core.runs.run import Run
from lstm_core.stats import intervals
from lstm_core.storage.frames import Framed
from lstm_core.text.lexicon import Lexicon, has_dash, lexicon, whole_word_counts
from lstm_core.text.tagged import Tagged, words_before
from lstm_core.word_vectors.spelling import LEAD, TAIL, context_at, drawn_contexts, spell
from lstm_core.word_vectors.vectors import EmbeddingTable

Rows = NDArray[np.int64]

NEIGHBOURS = 5
SUFFIX = 6  # letters of an ending that the spelling-only guess looks at, at most
ANSWERS = 32  # other contexts that the vector of a word held out is the mean over, at most
ROWS = 512  # words whose cosines are in memory at once


@dataclass(frozen=True)
class TagAgreement(Framed):
    """How often the guessed part of speech of a word seen once is the one it has, as shares in [0, 1] of `words`.

    `neighbours`: what most of the nearest words are, with its 95 % interval; `majority`: always `majority_tag`, the
    commonest among these very words; `spelling`: what most words with the same ending are, written with a capital as
    it is or with none. `only_neighbours` and
    `only_spelling` count the words that one guess gets right and the other does not.
    """

    words: int
    neighbours: float
    low: float
    high: float
    majority: float
    majority_tag: str
    spelling: float
    only_neighbours: int
    only_spelling: int


@dataclass(frozen=True)
class HeldOut(Framed):
    """How surely `words` words are found by their spelling in `contexts` contexts each: mean reciprocal rank in (0, 1].

    `own`: in contexts of their own; `others`: in contexts of other words; `chance`: a random order of the table.
    """

    contexts: int
    words: int
    own: float
    others: float
    chance: float


def word_tags(found: Lexicon, tagged: Tagged, text: str) -> list[str]:
    """The commonest tag of each word (V,) where a blank follows it, the first in the alphabet of equally common ones;
    "" for a word that no token ends with.
    """
    code = words_before(tagged, text, found.blank).code
    counts = np.zeros((len(found.words), len(tagged.names)), dtype=np.int64)
    known = code >= 0
    np.add.at(counts, (found.number[known], code[known]), 1)
    return [tagged.names[row.argmax()] if row.any() else "" for row in counts]


def capitals(found: Lexicon, text: str) -> NDArray[np.bool_]:
    """Which words (V,) have a capital at most of their places before a blank: a network of letters reads them."""
    first = (text[start:blank].lstrip("’'—-")[:1] for start, blank in zip(found.start, found.blank, strict=True))
    upper = np.fromiter((letter.isupper() for letter in first), dtype=np.float64, count=len(found.start))
    return np.bincount(found.number, upper, len(found.words)) * 2 > found.averaged


def tag_agreement(
    table: EmbeddingTable, tags: Sequence[str], capital: NDArray[np.bool_], *, count: int = NEIGHBOURS
) -> TagAgreement | None:
    """Guess the tag of every word that stands once in the text from its `count` neighbours by cosine.

    `tags` (V,) of the table's words, "" for none: such words, and those joined by an em-dash, neither are guessed nor
    guess; `capital` (V,) as `capitals`. Of tags equally common among the neighbours the one of the nearest counts. None
    when fewer than two words with tags, or none of them seen once, are left. Raises ValueError for tags of another
    number of words.
    """
    if len(tags) != len(table):
        raise ValueError(f"the table has {len(table)} words, {len(tags)} tags are given")
    usable = np.array([bool(tag) for tag in tags]) & ~table.with_dash
    rows, others = np.flatnonzero(usable & (table.counted == 1)), np.flatnonzero(usable)
    if not len(rows) or len(others) < 2:
        return None
    by_vector = _neighbour_tags(table, tags, rows, others, count)
    by_ending = _ending_tags(table.words, tags, capital, rows, others)
    truth = [tags[row] for row in rows.tolist()]
    tag, most = Counter(truth).most_common(1)[0]
    right = np.array([guess == is_ for guess, is_ in zip(by_vector, truth, strict=True)])
    spelled = np.array([guess == is_ for guess, is_ in zip(by_ending, truth, strict=True)])
    share = float(right.mean())
    low, high = intervals.of_share(share, len(rows))
    return TagAgreement(
        words=len(rows),
        neighbours=share,
        low=low,
        high=high,
        majority=most / len(rows),
        majority_tag=tag,
        spelling=float(spelled.mean()),
        only_neighbours=int((right & ~spelled).sum()),
        only_spelling=int((spelled & ~right).sum()),
    )


def _neighbour_tags(table: EmbeddingTable, tags: Sequence[str], rows: Rows, others: Rows, count: int) -> list[str]:
    units = table.unit_vectors[others]
    count = min(count, len(others) - 1)
    guesses = []
    for begin in range(0, len(rows), ROWS):
        part = rows[begin : begin + ROWS]
        cosines = table.unit_vectors[part] @ units.T
        cosines[np.arange(len(part)), np.searchsorted(others, part)] = -np.inf
        close = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        for row, near in zip(cosines, close, strict=True):
            voted = [tags[others[column]] for column in near[np.argsort(-row[near], kind="stable")].tolist()]
            guesses.append(Counter(voted).most_common(1)[0][0])  # the first, the nearest, of those equally common
    return guesses


def _ending_tags(
    words: Sequence[str], tags: Sequence[str], capital: NDArray[np.bool_], rows: Rows, others: Rows
) -> list[str]:
    """The commonest tag among the other words with the same ending, the longest that NEIGHBOURS others have, and with
    the same kind of first letter."""
    by_ending: dict[tuple[bool, str], Counter[str]] = {}
    for row in others.tolist():
        for ending in _endings(words[row]):
            by_ending.setdefault((bool(capital[row]), ending), Counter())[tags[row]] += 1
    guesses = []
    for row in rows.tolist():
        for ending in _endings(words[row]):
            votes = by_ending[bool(capital[row]), ending] - Counter([tags[row]])
            if votes.total() >= NEIGHBOURS or not ending:
                break
        guesses.append(min((-times, tag) for tag, times in votes.items())[1] if votes else "")
    return guesses


def _endings(word: str) -> list[str]:
    """The endings of a word, the longest first, the empty one last."""
    return [word[len(word) - length :] for length in range(min(SUFFIX, len(word)), -1, -1)]


# Words that training never saw ----------------------------------------------------------------------------------------


def held_out_words(text: str, train: tuple[int, int]) -> list[str]:
    """The words of a text that its training part [start, stop) does not hold, blank behind them or not."""
    words = [word for word in lexicon(text).words if not has_dash(word)]
    counts = whole_word_counts(text[slice(*train)], words)
    return [word for word, count in zip(words, counts.tolist(), strict=True) if not count]


def held_out_spelling(
    run: Run, table: EmbeddingTable, text: str, words: Sequence[str], contexts: Sequence[int] = (1, 2, 4, 8)
) -> list[HeldOut]:
    """How well the spelling of a word in a few contexts finds the vector that the word has in others.

    `table` is of `text` and this run. Of each word's occurrences before a blank, drawn in random order, k are read for
    the question and others for the answer, which takes the word's place in the table; the rank of the answer is counted
    among all words by cosine. No character is read for both: an answer stands in another passage than the question.
    One result a number of contexts k, of the words that have an answer for it.
    """
    found = lexicon(text)
    rng = np.random.default_rng(0)
    number = {word: row for row, word in enumerate(found.words)}
    places = {word: np.flatnonzero(found.number == number[word]) for word in words if word in number}
    places = {word: rng.permutation(at) for word, at in places.items() if table.row(word) is not None}
    model = run.load_model()
    results = []
    for k in contexts:
        split = {word: (at[:k], _apart(at[k:], at[:k], found)[:ANSWERS]) for word, at in places.items()}
        chosen = [word for word, (_, answering) in split.items() if len(answering)]
        if not chosen:
            continue
        asking, answering = (
            [[context_at(text, found.start[n], found.blank[n]) for n in split[word][part]] for word in chosen]
            for part in (0, 1)
        )
        foreign = drawn_contexts(text, k * len(chosen))
        strange = [foreign[k * n : k * (n + 1)] for n in range(len(chosen))]
        answers, *asked = (
            spell(run, table, chosen, given, model=model).vectors for given in (answering, asking, strange)
        )
        ranks = [_ranks(table, chosen, vectors, answers) for vectors in asked]
        right, wrong = (float(np.mean(1 / rank)) for rank in ranks)
        results.append(HeldOut(k, len(chosen), right, wrong, float(np.mean(1 / np.arange(1, len(table) + 1)))))
    return results


def _apart(at: NDArray[np.int64], others: NDArray[np.int64], found: Lexicon) -> NDArray[np.int64]:
    """Those of the occurrences `at` (N,) whose passages share no character with that of any of the others (M,)."""
    distance = np.abs(found.start[at][:, None] - found.start[others])  # (N, M)
    longest = int((found.blank - found.start)[np.concatenate((at, others))].max(initial=0))
    return at[(distance >= LEAD + longest + TAIL).all(axis=1)]


def _ranks(
    table: EmbeddingTable, words: Sequence[str], asked: NDArray[np.float32], answers: NDArray[np.float32]
) -> NDArray[np.float64]:
    """The rank of each answer (W, D) among all words by its cosine with what was asked (W, D); ties at their mean."""
    asked, answers = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (asked, answers))
    ranks = []
    for word, question, answer in zip(words, asked, answers, strict=True):
        others = np.delete(table.unit_vectors @ question, table.index[word])
        own = question @ answer
        ranks.append(1 + (others > own).sum() + (others == own).sum() / 2)
    return np.array(ranks)
