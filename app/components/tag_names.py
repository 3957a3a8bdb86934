"""The Penn Treebank's tags in plain words, for people who have never met them."""

from collections.abc import Iterable

import pandas as pd

from lstm_core.text.tagged import MEANINGS


def named(tag: str) -> str:
    """A tag with what it means: "MD: modal verb: can, would"; the tag alone where nothing is known of it."""
    return f"{tag}: {MEANINGS[tag]}" if tag in MEANINGS else tag


def family(tag: str) -> str:
    """What a tag is a kind of: all verbs of any form are VB, all nouns and names NN, all adjectives JJ."""
    return tag[:2] if tag[:1].isalpha() else tag


def known(tags: Iterable[str]) -> pd.DataFrame:
    """One row for each of these tags, in alphabetical order."""
    return pd.DataFrame({"tag": tag, "meaning": MEANINGS.get(tag)} for tag in sorted(tags))
