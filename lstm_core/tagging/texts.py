"""Texts that people labelled, as a network is trained and tested on: tagged sentences, pieces of documents by kind.

Knows `tag_gold` and files below `$LSTM_DATA`; knows no network.
"""

from dataclasses import dataclass

from lstm_core.text.gold_tags import Sentence, read_ewt, read_masc, read_treebank

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
