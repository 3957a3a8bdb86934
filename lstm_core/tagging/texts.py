"""Texts that people labelled, as a network is trained and tested on: tagged sentences, pieces of documents by kind.

Knows `tag_gold` and files below `$LSTM_DATA`; knows no network.
"""

import random
import re
from dataclasses import dataclass

from lstm_core.text.gold_tags import Sentence, archive, lines_of, read_ewt, read_masc, read_treebank
from lstm_core.text.tag_brown import BROWN

TESTS = {
    "masc": "MASC, held-out files",
    "treebank": "Penn Treebank, NLTK sample",
    "ewt": "UD English-EWT, development and test",
}
LEAST_WORDS = 40  # of a piece of a document: whole sentences, until there are so many words
SPLIT_SEED = 4
SHARE = 0.15  # of the documents of each kind for tests, and as many to choose on


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


def genre_texts() -> dict[str, Labelled]:
    """The Brown corpus in pieces of LEAST_WORDS words or a few more, each with the kind of text that its document is
    (15 kinds): "train", "development", "test". No document is in two of them. Raises ValueError where the corpus is not
    at hand.
    """
    with archive(BROWN) as found:
        kinds = dict(line.split() for line in lines_of(found, "brown/cats.txt") if line.strip())
        documents = {name: _words(lines_of(found, f"brown/{name}")) for name in sorted(kinds)}
    chance, parts = random.Random(SPLIT_SEED), {"test": Labelled([], [], True), "development": Labelled([], [], True)}
    parts["train"] = Labelled([], [], True)
    for kind in sorted(set(kinds.values())):
        names = [name for name in sorted(kinds) if kinds[name] == kind]
        chance.shuffle(names)
        count = max(1, round(SHARE * len(names)))
        for name, chosen in (
            ("test", names[:count]),
            ("development", names[count : 2 * count]),
            ("train", names[2 * count :]),
        ):
            made = [piece for document in chosen for piece in pieces(documents[document])]
            parts[name].texts.extend(made)
            parts[name].labels.extend([kind] * len(made))
    return parts


def _words(lines: list[str]) -> list[list[str]]:
    """The sentences of a document of the tagged Brown corpus."""
    return [[re.sub(r"/[^/]*$", "", token) for token in line.split()] for line in lines if line.strip()]


def pieces(sentences: list[list[str]], least: int = LEAST_WORDS) -> list[list[str]]:
    """Sentences joined until there are `least` words; what is left over at the end is left out."""
    made: list[list[str]] = []
    piece: list[str] = []
    for sentence in sentences:
        piece = piece + sentence
        if len(piece) >= least:
            made.append(piece)
            piece = []
    return made
