"""What taggers say of a text: its words, their tags, and how probable each tag is.

Knows texts and folders of taggers; knows no pages. N words, K tags.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lstm_core.storage.frames import Framed
from lstm_core.storage.progress import Progress, silent
from lstm_core.tagging.label_run import LabelRun, Share, shares
from lstm_core.tagging.words import TESTS, Labelled, encode
from lstm_core.text.gold_tags import PENN
from lstm_core.text.tagged import Tagged, plain_word, words_before
from lstm_core.text.tags import sentences_of, shipped_tagger

if TYPE_CHECKING:
    from lstm_core.clusters.states import Clustering
ADVERB = ("RB", "RBR", "RBS")
ADJECTIVE = ("JJ", "JJR", "JJS")


@dataclass(frozen=True, eq=False)
class Tagging(Framed, columns=("tokens", "sentence", "tags")):
    """What a tagger says of N words. `probabilities` (N, K) of the tags `names` (K,); `sentence` (N,) counts from 0."""

    architecture: str
    tokens: tuple[str, ...]
    sentence: NDArray[np.int32]
    names: tuple[str, ...]
    probabilities: NDArray[np.float32]

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """The most probable tag of each word (N,)."""
        return tuple(self.names[code] for code in self.probabilities.argmax(axis=1).tolist()) if self.tokens else ()

    def probability(self, position: int, tags: Sequence[str]) -> float:
        """How probable it is, in [0, 1], that a word has one of some tags."""
        columns = [self.names.index(tag) for tag in tags if tag in self.names]
        return float(self.probabilities[position, columns].sum(dtype=np.float64))


def words_of(text: str) -> list[list[str]]:
    """The sentences of a text as taggers read them: the words and marks of each (Penn Treebank style)."""
    return [[word for _, _, word in sentence] for sentence in sentences_of(text) if sentence]


def tag(text: str | Sequence[Sequence[str]], run: LabelRun, *, report: Progress = silent) -> Tagging:
    """What a tagger says of a text, or of sentences that are split into words already. An empty text has no words.

    Each sentence is read from its own beginning and, in two directions, from its own end.
    """
    from lstm_core.tagging.model import probabilities

    sentences = words_of(text) if isinstance(text, str) else [list(sentence) for sentence in text]
    given = encode(run.known, [[plain_word(word) for word in sentence] for sentence in sentences])
    return Tagging(
        run.config.architecture,
        tuple(word for sentence in sentences for word in sentence),
        np.repeat(np.arange(len(sentences), dtype=np.int32), given.lengths),
        run.known.labels,
        probabilities(run.network(), given, report=report),
    )


def tag_text(text: str, run: LabelRun, *, report: Progress = silent) -> Tagged:
    """The tags of any text in place of those of `tags.tag_text`: words, places and sentences are the same."""
    sentences = [tokens for tokens in sentences_of(text) if tokens]
    found = tag([[word for _, _, word in tokens] for tokens in sentences], run, report=report)
    bounds = [(start, stop) for tokens in sentences for start, stop, _ in tokens]
    places = np.array(bounds, dtype=np.int64).reshape(-1, 2)
    code = found.probabilities.argmax(axis=1) if len(places) else np.zeros(0)
    return Tagged(places[:, 0], places[:, 1], found.sentence, code.astype(np.int16), found.names)


def with_tags(found: "Clustering", text: str, run: LabelRun) -> "Clustering":
    """A clustering of the moments after words with the tags of a network in place of the perceptron's, `text` as
    `clusters.text_of`. Raises ValueError for one of all moments, which has no tags.
    """
    if not found.tag_names:
        raise ValueError("groups of all moments have no parts of speech: choose those after words (whitespace)")
    tagged = tag_text(text, run)
    before = words_before(tagged, text, found.positions)
    words = np.stack((before.start, before.stop), axis=1)
    return replace(found, words=words, tags=before.code.astype(np.int16), tag_names=tagged.names)


def measure(texts: dict[str, Labelled], tags_of: Callable[[Labelled], Sequence[str]]) -> dict[str, Share]:
    """The shares of right tags among those that a tagger gives to the words of the development part and the texts of
    TESTS, by name; `texts` as `tagging_texts`.
    """
    seen = {word for text in texts["train"].texts for word in text}
    found = {}
    for name, title in {"development": "MASC, files to choose on", **TESTS}.items():
        given = texts[name]
        found[name] = shares(title, given, tags_of(given), [tag in PENN for tag in given.labels], seen)
    return found


def perceptron_tags(given: Labelled) -> list[str]:
    """The tags that NLTK's perceptron gives as it ships here, trained on the very same text (`tools.perceptron`)."""
    perceptron = shipped_tagger()
    return [tag for text in given.texts for _, tag in perceptron.tag(text)]


@dataclass(frozen=True)
class FollowingPair:
    """Two sentences of one length that are the same up to a word, at `position`, and differ after it: in the first the
    word has one of the first `tags`, in the second one of the second. `decided`: whether the training text has both
    often enough to tell.
    """

    first: str
    second: str
    position: int
    tags: tuple[tuple[str, ...], tuple[str, ...]]
    decided: bool = True


# The first is that of the lecture notes; the training text has one adverb "early" of this kind.
PAIRS = (
    FollowingPair("They are early birds", "They are early today", 2, (ADJECTIVE, ADVERB), decided=False),
    FollowingPair("We saw her house", "We saw her today", 2, (("PRP$",), ("PRP",))),
    FollowingPair("I know that man well", "I know that he left", 2, (("DT",), ("IN",))),
    FollowingPair("They eat more bread", "They eat more often", 2, (("JJR",), ("RBR",))),
)


@dataclass(frozen=True)
class Following(Framed):
    """What a tagger says of the word of a pair: its tag in the first and the second sentence, and how probable the tag
    of the second sentence is in either (all in [0, 1]).
    """

    architecture: str
    pair: FollowingPair
    tags: tuple[str, str]
    probability: tuple[float, float]

    @property
    def same(self) -> bool:
        """Whether both sentences have the same tag and the same probability to the bit."""
        return self.tags[0] == self.tags[1] and self.probability[0] == self.probability[1]


def following(run: LabelRun, pairs: Sequence[FollowingPair] = PAIRS) -> list[Following]:
    """Does a tagger use what follows a word? One direction cannot (lecture notes; PROTOCOLS L2)."""
    found = []
    for pair in pairs:
        first, second = tag(pair.first, run), tag(pair.second, run)
        at, wanted = pair.position, pair.tags[1]
        told = (first.probability(at, wanted), second.probability(at, wanted))
        found.append(Following(run.config.architecture, pair, (first.tags[at], second.tags[at]), told))
    return found
