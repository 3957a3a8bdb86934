"""Texts as token ids: vocabularies, and corpora with their splits.

Knows nothing of models, runs or pages.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lstm_core.storage.files import NAME, check_name, home, write_bytes
from lstm_core.text.catalogue import RECIPES, CorpusMissing, Download, Kind, Recipe

UNKNOWN = "<unk>"
END = "<eos>"
RARE = 3  # word types of running text seen less often than this become UNKNOWN, as in WikiText-2
MAX_TEXT_BYTES = 64 * 2**20

Splitter = Literal["characters", "words", "spaces"]
Ends = Literal["last 5 %", "first 5 %"]
_WORD = re.compile(r"<unk>|<eos>|\w+(?:['’-]\w+)*|--+|[^\w\s]")
_PLAIN = str.maketrans(
    {"“": '"', "”": '"', "‘": "'", "’": "'", "—": "-", "–": "-", "\t": " ", "\r": "\n", "\u00a0": " "}
)


def split_text(text: str, splitter: Splitter) -> list[str]:
    """The tokens of a text.

    "characters": every code point. "words": runs of word characters with inner apostrophes and hyphens, other marks
    one by one, END after each paragraph (blank-line separated). "spaces": already split by blanks, END after each
    line, as WikiText-2 and the Penn Treebank text are distributed.
    """
    if splitter == "characters":
        return list(text)
    if splitter == "spaces":
        return [token for line in text.removesuffix("\n").split("\n") for token in (*line.split(), END)]
    paragraphs = (_WORD.findall(paragraph) for paragraph in re.split(r"\n\s*\n", text))
    return [token for paragraph in paragraphs if paragraph for token in (*paragraph, END)]


@dataclass(frozen=True)
class Encoding:
    """A text as ids (T,), its tokens as written, and how many of them the vocabulary does not have."""

    ids: NDArray[np.int32]
    tokens: tuple[str, ...]
    unknown: tuple[int, ...]  # positions of replaced tokens


@dataclass(frozen=True)
class Vocabulary:
    """Ordered tokens; a token's id is its position."""

    tokens: tuple[str, ...]
    splitter: Splitter

    def __post_init__(self) -> None:
        if not self.tokens:
            raise ValueError("a vocabulary needs at least one token: the text is empty")
        if len(self.index) != len(self.tokens):
            raise ValueError("the vocabulary lists a token twice")

    @cached_property
    def index(self) -> dict[str, int]:
        """Token -> id."""
        return {token: number for number, token in enumerate(self.tokens)}

    def __len__(self) -> int:
        return len(self.tokens)

    def ids(self, tokens: Sequence[str]) -> NDArray[np.int32]:
        """Ids of tokens that are all known or have UNKNOWN to fall back on; raises ValueError that names one."""
        default = self.index.get(UNKNOWN)
        found = [self.index.get(token, default) for token in tokens]
        if None in found:
            raise ValueError(f"{tokens[found.index(None)]!r} is not in the vocabulary of {len(self)} tokens")
        return np.array(found, dtype=np.int32)

    def encode(self, text: str) -> Encoding:
        """Any text as ids, one id a token; tokens outside the vocabulary are replaced and listed.

        A character falls back on its plain form (typographic quote or dash, accented letter), then on the blank; a word
        on its lower-case form, then on UNKNOWN. Positions stay aligned with `split_text`.
        """
        return self.encode_tokens(list(text) if self.splitter == "characters" else _WORD.findall(text))

    def encode_tokens(self, tokens: Sequence[str]) -> Encoding:
        """The same for a text that is split already."""
        ids = np.empty(len(tokens), dtype=np.int32)
        unknown = []
        for position, token in enumerate(tokens):
            number = self.index.get(token)
            if number is None:
                unknown.append(position)
                number = self._nearest(token)
            ids[position] = number
        return Encoding(ids, tuple(tokens), tuple(unknown))

    def _nearest(self, token: str) -> int:
        if self.splitter == "characters":
            candidates = [token.translate(_PLAIN), unicodedata.normalize("NFKD", token)[0], " "]
        else:
            candidates = [token.lower(), token.translate(_PLAIN), UNKNOWN]
        return next((self.index[c] for c in candidates if c in self.index), 0)

    def decode(self, ids: Iterable[int]) -> str:
        """Text from ids; words are joined by blanks."""
        return ("" if self.splitter == "characters" else " ").join(self.tokens[number] for number in ids)


@dataclass(frozen=True, eq=False)
class Corpus:
    """Token ids of a whole text, the splits as [start, stop) ranges of it, and a fingerprint of its source."""

    name: str
    kind: Kind
    vocabulary: Vocabulary
    ids: NDArray[np.int32]
    splits: dict[str, tuple[int, int]]
    fingerprint: str
    title: str = ""
    licence: str = ""

    def part(self, split: str) -> NDArray[np.int32]:
        """Ids of one split ("train", "validation", where there is one "test")."""
        start, stop = self.splits[split]
        return self.ids[start:stop]

    def span(self, split: str, tokens: int, first: int = 0) -> tuple[int, int]:
        """Where at most so many tokens of a split stand, from its `first` on; raises ValueError when there are none."""
        if split not in self.splits:
            raise ValueError(f"{self.name} has no split {split!r}: choose one of {', '.join(self.splits)}")
        if tokens < 1:
            raise ValueError(f"{tokens} tokens cannot be read: choose 1 or more")
        begin, end = self.splits[split]
        if begin + first >= end:
            raise ValueError(f"the {split} split of {self.name} has {end - begin:,} tokens, none at {first:,}")
        return begin + first, min(begin + first + tokens, end)


# Named corpora and a person's own texts ------------------------------------------------------------------------------


def corpus_names() -> list[str]:
    """All corpora by name: the named ones, then a person's own texts."""
    own = sorted(path.stem for path in texts_folder().glob("*.txt"))
    return [*RECIPES, *(name for name in own if name not in RECIPES)]


def texts_folder() -> Path:
    """Where a person's own texts are kept, one `.txt` each."""
    return home() / "texts"


def decode_text(content: bytes) -> str:
    """Text from bytes: UTF-8, or UTF-16 with its mark; raises ValueError that names the first bad byte."""
    check_size(len(content))
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"byte {error.start} ({content[error.start]:#04x}) is not {encoding.upper()}: save the text as UTF-8"
        ) from None
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def check_size(size: int) -> None:
    """Raise ValueError where a text of so many bytes is too large to be read."""
    if size > MAX_TEXT_BYTES:
        raise ValueError(
            f"the text has {size / 2**20:.0f} MiB, the limit is {MAX_TEXT_BYTES // 2**20} MiB: cut it first"
        )


def keep_text(name: str, content: bytes) -> Path:
    """Keep a person's own text under a name of their choice, as UTF-8; it is then a corpus of that name."""
    check_name(name, "text name")
    if name in RECIPES:
        raise ValueError(f"{name} is the name of a built-in corpus: choose another")
    path = texts_folder() / f"{name}.txt"
    write_bytes(path, decode_text(content).encode())
    return path


def read_corpus(name: str, kind: Kind | None = None) -> Corpus:
    """The corpus of that name, or of a text file at that path, as characters or words.

    Raises CorpusMissing when its text is not at hand, ValueError when it is unknown or too short to split.
    """
    if recipe := RECIPES.get(name):
        what = f"{name} ({recipe.title}; licence: {recipe.licence}) is not at hand."
        texts = {split: text.read(name, what) for split, text in recipe.texts.items()}
        kind = kind or recipe.kind
        if recipe.split == "as given":
            return _given_splits(name, recipe, texts, kind)
        return corpus_of(texts["text"], name, kind, recipe.split, title=recipe.title, licence=recipe.licence)
    path = _own_text(name)
    if path is None:
        raise CorpusMissing(f"no corpus or text file {name[:200]!r}; corpora: {', '.join(corpus_names())}")
    check_size(path.stat().st_size)
    text = decode_text(path.read_bytes())
    name = name if path.parent == texts_folder() else str(path.resolve())  # found again from any folder
    return corpus_of(text, name, kind or "char", title=path.name, licence="your own text")


def _own_text(name: str) -> Path | None:
    """A person's own text of that name, else the text file at that path, else None."""
    kept = [texts_folder() / f"{name}.txt"] if NAME.fullmatch(name) else []
    try:
        return next((path for path in (*kept, Path(name)) if path.is_file()), None)
    except OSError:  # a name longer than the file system takes
        return None


def corpus_of(
    text: str, name: str, kind: Kind = "char", split: Ends = "last 5 %", *, title: str = "", licence: str = ""
) -> Corpus:
    """A corpus from running text; validation is its last (paper, 3.1) or first (LOB) 5 % of tokens.

    The vocabulary is every character of the text in code point order (paper), or the words that occur at least RARE
    times in the training part, in order of first appearance. Raises ValueError below 40 tokens.
    """
    splitter: Splitter = "characters" if kind == "char" else "words"
    tokens = split_text(text, splitter)
    if len(tokens) < 40:
        raise ValueError(f"the text has {len(tokens)} tokens, training and validation need at least 40")
    boundary = len(tokens) * 95 // 100 if split == "last 5 %" else len(tokens) * 5 // 100
    ranges = [(0, boundary), (boundary, len(tokens))]
    train, validation = ranges if split == "last 5 %" else ranges[::-1]
    if kind == "char":
        vocabulary = Vocabulary(tuple(sorted(set(tokens))), splitter)
    else:
        counts = Counter(tokens[slice(*train)])
        kept = [token for token, count in counts.items() if count >= RARE and token not in (UNKNOWN, END)]
        vocabulary = Vocabulary((UNKNOWN, END, *kept), splitter)
    ids, splits = vocabulary.ids(tokens), {"train": train, "validation": validation}
    return Corpus(name, kind, vocabulary, ids, splits, fingerprint_of(text), title=title, licence=licence)


def _given_splits(name: str, recipe: Recipe, texts: dict[str, str], kind: Kind) -> Corpus:
    """A corpus whose splits are separate texts; the vocabulary is that of the training text, in order of appearance."""
    splitter: Splitter = "characters" if kind == "char" else "spaces"
    parts = {split: split_text(text, splitter) for split, text in texts.items()}
    known = dict.fromkeys(token for part in (parts.values() if kind == "char" else [parts["train"]]) for token in part)
    vocabulary = Vocabulary(tuple(known), splitter)
    splits = dict(zip(parts, pairwise(accumulate(map(len, parts.values()), initial=0)), strict=True))
    ids = np.concatenate([vocabulary.ids(part) for part in parts.values()])
    fingerprint = hashlib.sha256("\f".join(texts.values()).encode()).hexdigest()
    return Corpus(name, kind, vocabulary, ids, splits, fingerprint, title=recipe.title, licence=recipe.licence)


def fingerprint_of(text: str) -> str:
    """Identifies a text, whatever is in it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def fetch_corpus(name: str) -> list[Path]:
    """Download what a named corpus needs, because a person asked; raises ValueError where no download is offered."""
    recipe = RECIPES.get(name)
    if recipe is None:
        raise ValueError(f"no named corpus {name[:80]!r}: {', '.join(RECIPES)}")
    found = []
    for split, text in recipe.texts.items():
        downloads = [source for source in text.sources if isinstance(source, Download)]
        if not downloads:
            others = "; or ".join(source.remedy(name) for source in text.sources)
            raise ValueError(f"{name} ({recipe.licence}) offers no download of its {split}: {others}")
        found.append(downloads[0].fetch())
    return found


def describe_corpus(name: str) -> dict[str, str | bool]:
    """Name, title, licence, kind and note of a corpus, whether it is at hand, and the remedy where it is not."""
    path, remedy = texts_folder() / f"{name}.txt", ""
    recipe = RECIPES.get(name) or Recipe(path.name, "your own text", "char", {})
    try:
        for text in recipe.texts.values():
            text.read(name)
    except CorpusMissing as error:
        remedy = str(error).strip()
    told = {key: getattr(recipe, key) for key in ("title", "licence", "kind", "note")}
    return {"name": name, **told, "at_hand": not remedy and (name in RECIPES or path.is_file()), "remedy": remedy}
