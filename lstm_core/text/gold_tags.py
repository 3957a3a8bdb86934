"""Texts that people tagged, read from data sets at hand: MASC, the NLTK sample of the Penn Treebank, UD English-EWT.

All come out in Penn Treebank tags. Knows files below `$LSTM_DATA` and tag sets; knows no tagger.
"""

import gzip
import html
import random
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lstm_core.storage.files import data_folder
from lstm_core.text.catalogue import RECIPES
from lstm_core.text.corpus import Corpus
from lstm_core.text.tagged import NONE, Tagged, plain_word

Sentence = list[tuple[str, str]]  # (word, tag)

_PENN = """
    # $ '' ( ) , . : CC CD DT EX FW IN JJ JJR JJS LS MD NN NNP NNPS NNS PDT POS PRP PRP$ RB RBR RBS RP SYM TO UH
    VB VBD VBG VBN VBP VBZ WDT WP WP$ WRB ``
"""
PENN = frozenset(_PENN.split())
MASC = "nltk_data/corpora/masc_tagged.zip"
TREEBANK = "nltk_data/corpora/treebank.zip"
EWT = ("pos_gold/en_ewt-ud-dev.conllu.gz", "pos_gold/en_ewt-ud-test.conllu.gz")
BROWN = "nltk_data/corpora/brown.zip"
UNIVERSAL = "nltk_data/taggers/universal_tagset.zip"
_SYNCHRONOUS = 4  # words in a row that must be equal where two texts are taken to go on together
_FAR = (12, 100, 4000)  # words looked ahead in either text for that, nearest first
SPLIT_SEED = 4
SHARES = {"test": 0.1, "development": 0.1}  # of the files; the rest is for training

_SLIPS = {"PP": "PRP", "PRN": "PRP"}  # personal pronouns that MASC spells otherwise
_BRACKETS = {"-LRB-": "(", "-RRB-": ")", "-LCB-": "{", "-RCB-": "}", "-LSB-": "[", "-RSB-": "]"}
_EWT_TAGS = {**_BRACKETS, "HYPH": ":", "NFP": ":"}
_MARKS = (
    (re.compile(r"\.{2,}|[:;]|-+|[–—…]"), ":"),
    (re.compile(r"[.!?]+"), "."),
    (re.compile(r","), ","),
    (re.compile(r"[(\[{<]"), "("),
    (re.compile(r"[)\]}>]"), ")"),
    (re.compile(r"``|[“«]"), "``"),
    (re.compile(r"''|[”»]"), "''"),
    (re.compile(r"#"), "#"),
    (re.compile(r"[$€£¥]"), "$"),
    (re.compile(r"[=+*/\\|~^_@]+"), "SYM"),
)


def tag_of_mark(word: str) -> str:
    """The Penn tag that a mark has whatever stands around it; empty for words and for marks that are ambiguous."""
    return next((tag for pattern, tag in _MARKS if pattern.fullmatch(word)), "")


@dataclass(frozen=True)
class MascSplit:
    """MASC in Penn tags. `left_out` are files of the treebank sample, `dropped` sentences that could not be cleaned."""

    train: list[Sentence]
    development: list[Sentence]
    test: list[Sentence]
    files: dict[str, int]
    left_out: tuple[str, ...]
    dropped: int


def read_masc() -> MascSplit:
    """MASC, split by file: 10 % of the files for tests, 10 % to choose on, the rest to train on.

    The files `wsj_0001` to `wsj_0199` are left out, as the treebank sample holds them too. What cleaning does is said
    at `clean`. Raises ValueError that says how to get the corpus where it is not at hand.
    """
    with archive(MASC) as found:
        names = sorted(name for name in found.namelist() if re.fullmatch(r"masc_tagged/\w+/[^/]+\.txt", name))
        left_out = tuple(name for name in names if re.search(r"/wsj_0[01]\d\d\.", name))
        names = [name for name in names if name not in left_out]
        random.Random(SPLIT_SEED).shuffle(names)
        parts: dict[str, list[Sentence]] = {}
        files, dropped = {}, 0
        for part, number in [*((part, round(share * len(names))) for part, share in SHARES.items()), ("train", None)]:
            chosen, names = names[:number], names[number:] if number else []
            cleaned = [clean(line) for name in chosen for line in lines_of(found, name)]
            files[part] = len(chosen)
            dropped += cleaned.count(None)
            parts[part] = [sentence for sentence in cleaned if sentence]
    return MascSplit(**parts, files=files, left_out=left_out, dropped=dropped)


def clean(line: str) -> Sentence | None:
    """A line of MASC in Penn tags; None where it cannot be had.

    Marks take the tag that their form decides (MASC calls many of them NN), straight double quotes open and close in
    turn, HTML entities are resolved. A sentence with a tag outside the Penn set, with a token that has no tag, or with
    a typographic apostrophe on its own (its word was torn apart: "region ’ s") is dropped.
    """
    sentence: Sentence = []
    for word, tag in opened_and_closed(html.unescape(token).rpartition("_")[::2] for token in line.split()):
        tag = tag_of_mark(word) or _SLIPS.get(tag, tag)
        if not word or tag not in PENN or word in ("’", "‘"):
            return None
        sentence.append((plain_word(word), tag))
    return sentence


def opened_and_closed(tokens: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The tokens with straight double quotes as Penn Treebank text has them: `` and '' in turn."""
    quotes = 0
    for word, tag in tokens:
        if word == '"':
            quotes += 1
            word = "``" if quotes % 2 else "''"
        yield word, tag


def read_treebank() -> list[Sentence]:
    """The NLTK sample of the Penn Treebank: `wsj_0001` to `wsj_0199`, without its traces."""
    with archive(TREEBANK) as found:
        names = sorted(name for name in found.namelist() if re.fullmatch(r"treebank/combined/wsj_\d+\.mrg", name))
        trees = [tree for name in names for tree in re.split(r"(?m)^(?=\()", found.read(name).decode("utf-8"))]
    leaves = [re.findall(r"\(([^\s()]+) ([^\s()]+)\)", tree) for tree in trees]
    sentences = [[(word, tag) for tag, word in found if tag != "-NONE-"] for found in leaves]
    return [
        [(_unescaped(word), _BRACKETS.get(tag, tag)) for word, tag in sentence] for sentence in sentences if sentence
    ]


def read_ewt() -> list[Sentence]:
    """UD English-EWT, development and test, by its column of Penn tags (XPOS).

    Its HYPH and NFP become ":", its brackets are spelled as in Penn Treebank text. Its tags ADD, AFX, GW and XX have
    no Penn tag; they stay as they are and `scored` leaves them out.
    """
    sentences = []
    for name in EWT:
        text = _unpacked(name).decode("utf-8")
        for block in text.split("\n\n"):
            rows = [line.split("\t") for line in block.split("\n") if line[:1].isdigit()]
            tokens = [(row[1], _EWT_TAGS.get(row[4], row[4])) for row in rows if row[0].isdigit()]
            if tokens:
                sentences.append([(plain_word(word), tag) for word, tag in opened_and_closed(tokens)])
    return sentences


def scored(gold: str) -> bool:
    """Whether a gold tag is one that the tagger could give."""
    return gold in PENN


def _unescaped(word: str) -> str:
    return _BRACKETS.get(word, word.replace("\\/", "/").replace("\\*", "*"))


def lines_of(found: zipfile.ZipFile, name: str) -> list[str]:
    """The lines of a text in an archive."""
    return found.read(name).decode("utf-8").splitlines()


def _found(name: str) -> Path:
    folder = data_folder()
    path = folder / name if folder else None
    if path is None or not path.is_file():
        raise ValueError(f"{name} is not at hand: set LSTM_DATA to a folder that holds it")
    return path


def archive(name: str) -> zipfile.ZipFile:
    """A zip below `$LSTM_DATA`; raises ValueError that says how to get it where it is missing or damaged."""
    path = _found(name)
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} cannot be read ({error}): fetch it again") from None


def _unpacked(name: str) -> bytes:
    path = _found(name)
    try:
        return gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path} cannot be read ({error}): fetch it again") from None


# The Brown corpus -----------------------------------------------------------------------------------------------------


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
    return Tagged.of(rows, (row[3] for row in rows))


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
