"""Gold tags of the Brown corpus at their places in its running text, and tag sets made comparable.

Knows the tagged corpus below `$LSTM_DATA` and texts; knows no tagger.
"""

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lstm_core.text.catalogue import RECIPES
from lstm_core.text.corpus import Corpus
from lstm_core.text.gold_tags import archive, lines_of
from lstm_core.text.tagged import NONE, Tagged

BROWN = "nltk_data/corpora/brown.zip"
UNIVERSAL = "nltk_data/taggers/universal_tagset.zip"
_SYNCHRONOUS = 4  # words in a row that must be equal where two texts are taken to go on together
_FAR = (12, 100, 4000)  # words looked ahead in either text for that, nearest first


def gold_tags(corpus: Corpus) -> Tagged:
    """The tags that people gave to the words of the corpus `brown`, at their places in its characters.

    The running text has all the words but lost quotes, brackets and most abbreviations ("NATO" became "J"). Both are
    walked through word by word; a word has its gold tag only where its letters stand in the text exactly, but for
    case, so every span spells the word that was tagged. Other words and all punctuation have no entry. Tags are the
    corpus' own without the marks for titles, headlines and foreign words (-TL, -HL, -NC, FW-), in capitals.
    `sentence` counts those of the tagged corpus. Raises ValueError for another corpus, and where the tagged one is
    not at hand.
    """
    if corpus.kind != "char" or corpus.fingerprint != RECIPES["brown"].texts["text"].sha256:
        raise ValueError(
            f"gold tags are known for the corpus brown as characters, not for {corpus.name} ({corpus.kind})"
        )
    text = corpus.vocabulary.decode(corpus.ids.tolist())
    gold = [(word, tag, number) for word, tag, number in _tagged_words() if re.search(r"\w", word)]
    there = [found for found in re.finditer(r"\S+", text) if re.search(r"\w", found[0])]
    rows = []
    for i, j in aligned([_letters(word) for word, _, _ in gold], [_letters(found[0]) for found in there]):
        word, tag, number = gold[i]
        at = there[j][0].lower().find(word.lower())
        if at >= 0 and len(there[j][0].lower()) == len(there[j][0]):
            rows.append((there[j].start() + at, there[j].start() + at + len(word), number, tag))
    names = tuple(sorted({row[3] for row in rows}))
    codes = {name: code for code, name in enumerate(names)}
    table = np.array([(a, b, number, codes[tag]) for a, b, number, tag in rows], dtype=np.int64).reshape(-1, 4)
    start, stop, sentence, code = table.T.copy()
    return Tagged(start, stop, sentence.astype(np.int32), code.astype(np.int16), names)


def aligned(one: list[str], other: list[str]) -> Iterator[tuple[int, int]]:
    """Index pairs of equal words, ascending in both lists, where the lists differ by what one leaves out or changes.

    Where they differ they go on together at the nearest place that has four equal words in a row in both; where there
    is none within 4,000 words, no more pairs come.
    """
    i = j = 0
    while i < len(one) and j < len(other):
        if one[i] == other[j]:
            yield i, j
            i, j = i + 1, j + 1
            continue
        together = next(filter(None, (_together(one, i, other, j, far) for far in _FAR)), None)
        if together is None:
            return
        i, j = together


def _together(one: list[str], i: int, other: list[str], j: int, far: int) -> tuple[int, int] | None:
    """The nearest places from i and j on, `far` words at most, where both lists go on with the same few words."""
    places: dict[tuple[str, ...], int] = {}
    for at in range(j, min(j + far, len(other) - _SYNCHRONOUS + 1)):
        places.setdefault(tuple(other[at : at + _SYNCHRONOUS]), at)
    starts = ((at, tuple(one[at : at + _SYNCHRONOUS])) for at in range(i, min(i + far, len(one))))
    found = [(at, places[words]) for at, words in starts if words in places]
    return min(found, key=sum, default=None)


def _letters(word: str) -> str:
    return re.sub(r"\W", "", word).lower()


def _tagged_words() -> Iterator[tuple[str, str, int]]:
    """Word, tag and sentence number of every token of the tagged corpus."""
    number = 0
    with archive(BROWN) as found:
        for name in sorted(name for name in found.namelist() if re.fullmatch(r"brown/c[a-r]\d\d", name)):
            for line in filter(str.strip, lines_of(found, name)):
                for token in line.split():
                    word, _, tag = token.rpartition("/")
                    yield word, base_tag(tag), number
                number += 1


def base_tag(tag: str) -> str:
    """A tag of the Brown corpus without its marks: `fw-nn-tl` is NN."""
    return re.sub(r"^FW-|(-TL|-HL|-NC)+$", "", tag.upper())


def universal(names: tuple[str, ...], tag_set: str) -> NDArray[np.str_]:
    """The universal tag of each tag, by the map of Petrov et al. (2012) for "en-ptb" or "en-brown"; X where unmapped.

    Raises ValueError where the maps are not at hand.
    """
    with archive(UNIVERSAL) as found:
        rows = [line.split("\t") for line in lines_of(found, f"universal_tagset/{tag_set}.map") if line]
    mapped = {row[0].upper(): row[1] for row in rows}
    return np.array([mapped.get(name.upper(), "X") for name in names])


def agreement(gold: Tagged, tagged: Tagged) -> tuple[int, float]:
    """How many gold words of the Brown corpus are tokens of `tagged`, and the share whose universal tags are equal."""
    at = tagged.ending_at(gold.stop)
    same = np.flatnonzero(at != NONE)
    same = same[tagged.start[at[same]] == gold.start[same]]
    ours = universal(tagged.names, "en-ptb")[tagged.code[at[same]]]
    theirs = universal(gold.names, "en-brown")[gold.code[same]]
    return len(same), float((ours == theirs).mean())
