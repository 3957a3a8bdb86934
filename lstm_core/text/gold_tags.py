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

from lstm_core.storage.files import data_folder
from lstm_core.text.tagged import plain_word

Sentence = list[tuple[str, str]]  # (word, tag)

PENN = frozenset(
    re.findall(
        r"\S+",
        "# $ '' ( ) , . : CC CD DT EX FW IN JJ JJR JJS LS MD NN NNP NNPS NNS PDT POS PRP PRP$ RB RBR RBS RP SYM TO UH "
        "VB VBD VBG VBN VBP VBZ WDT WP WP$ WRB ``",
    )
)
MASC = "nltk_data/corpora/masc_tagged.zip"
TREEBANK = "nltk_data/corpora/treebank.zip"
EWT = ("pos_gold/en_ewt-ud-dev.conllu.gz", "pos_gold/en_ewt-ud-test.conllu.gz")
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
