"""Sets of sentences in which people have labelled the sense of a word, or whether a phrase is meant literally.

Sources: CoarseWSD-20 (Loureiro et al. 2021), SemEval-2022 task 2 A (Tayyar Madabushi et al. 2022), and the four words
of senseval as NLTK distributes them (Leacock et al. 1993, 1998; Bruce and Wiebe 1994). They are read from `$LSTM_DATA`
and never kept; figures are. Knows texts; knows nothing of models.
"""

import csv
import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from lstm_core.storage.files import data_folder
from lstm_core.text.catalogue import CorpusMissing
from lstm_core.text.corpus import END, split_text

LEAST = 4  # places of a sense in each part; a sense with fewer is left out
LARGEST = 2**26  # bytes of a file that is read
EVERY_PHRASE = "any phrase"  # all phrases of a set as one: chosen on some of them, tested on others


@dataclass(frozen=True)
class Example:
    """A text, cut into tokens, in which the word or phrase at [start, stop) has a labelled sense.

    `test`: whether it judges what others have chosen.
    """

    word: str
    sense: str
    tokens: tuple[str, ...]
    start: int
    stop: int
    test: bool


@dataclass(frozen=True)
class LabelledSet:
    """A set as it was read. `lost` of its rows have no label or not the word that they are about."""

    name: str
    examples: tuple[Example, ...]
    lost: int = 0

    def by_word(self) -> dict[str, tuple[Example, ...]]:
        """The examples of each word that has two senses with LEAST examples in each part; of those senses alone."""
        found: dict[str, list[Example]] = {}
        for one in self.examples:
            found.setdefault(one.word, []).append(one)
        kept = {word: with_enough(some) for word, some in found.items()}
        return {word: some for word, some in kept.items() if some}


@dataclass(frozen=True)
class Source:
    """Where a set lies below `$LSTM_DATA`, what it is, under which licence, and how it is read."""

    title: str
    licence: str
    path: str
    read: Callable[[Path], tuple[list[Example], int]]


def with_enough(examples: list[Example] | tuple[Example, ...]) -> tuple[Example, ...]:
    """Those of senses that have LEAST examples in each part; none where fewer than two senses do."""
    counts = Counter((one.sense, one.test) for one in examples)
    senses = {one.sense for one in examples}
    kept = {sense for sense in senses if min(counts[sense, False], counts[sense, True]) >= LEAST}
    return tuple(one for one in examples if one.sense in kept) if len(kept) > 1 else ()


def read_set(name: str) -> LabelledSet:
    """A set by name. Raises ValueError for an unknown name or a damaged file, CorpusMissing where it is not at hand."""
    source = SETS.get(name)
    if source is None:
        raise ValueError(f"no labelled set {name[:80]!r}: choose {', '.join(SETS)}")
    folder = data_folder()
    path = folder / source.path if folder else None
    if path is None or not path.exists():
        raise CorpusMissing(
            f"{name} ({source.title}; licence: {source.licence}) is not at hand. "
            f"To get it: set LSTM_DATA to a folder that holds {source.path}."
        )
    try:
        examples, lost = source.read(path)
    except (OSError, BadZipFile, zlib.error, KeyError, IndexError, csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read as {source.title} ({error!r}): get it again") from None
    if not examples:
        raise ValueError(f"{path} holds no example of {source.title}: get it again")
    return LabelledSet(name, tuple(examples), lost)


def in_halves(examples: list[Example]) -> list[Example]:
    """The later half of each sense of each word becomes the test: neighbours, which are alike, are not in both."""
    total = Counter((one.word, one.sense) for one in examples)
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for one in examples:
        key = one.word, one.sense
        found.append(replace(one, test=seen[key] >= (total[key] + 1) // 2))
        seen[key] += 1
    return found


# CoarseWSD-20 ---------------------------------------------------------------------------------------------------------


def _coarsewsd(folder: Path) -> tuple[list[Example], int]:
    """A folder a word: "position TAB tokens" a line, the number of the sense in another file."""
    examples, lost = [], 0
    for of_word in sorted(path for path in folder.iterdir() if path.is_dir()):
        senses = json.loads(_text(of_word / "classes_map.txt"))
        for part in ("train", "test"):
            lines = _text(of_word / f"{part}.data.txt").rstrip("\n").split("\n")
            labels = _text(of_word / f"{part}.gold.txt").split()
            if len(lines) != len(labels):
                raise ValueError(
                    f"{of_word.name}: {len(lines)} sentences in {part}, {len(labels)} labels: get it again"
                )
            for line, label in zip(lines, labels, strict=True):
                place, _, sentence = line.partition("\t")
                tokens = tuple(sentence.split())
                if place.isdecimal() and int(place) < len(tokens) and label in senses:
                    sense = senses[label].removeprefix(f"{of_word.name}_")
                    at = int(place)
                    examples.append(Example(of_word.name, sense, tokens, at, at + 1, part == "test"))
                else:
                    lost += 1
    return examples, lost


# SemEval-2022 task 2 A ------------------------------------------------------------------------------------------------

_MEANT = {"0": "idiomatic", "1": "literal"}


def _semeval(folder: Path) -> tuple[list[Example], int]:
    """English rows: the phrases of the training rows each in halves, and once more all of them as one word, with the
    development rows, whose phrases are others, as its test. The evaluation rows come without labels.
    """
    gold = {row["ID"]: row["Label"] for row in _rows(folder / "dev_gold.csv")}
    parts = (
        [(row, row["Label"]) for row in _rows(folder / "train_zero_shot.csv")],
        [(row, gold.get(row["ID"], "")) for row in _rows(folder / "dev.csv")],
    )
    phrases, every, lost = [], [], 0
    for number, part in enumerate(parts):
        for row, label in part:
            if row["Language"] != "EN":
                continue
            found = _phrase_example(row, label)
            if found is None:
                lost += 1
                continue
            phrases.append(found)
            every.append(replace(found, word=EVERY_PHRASE, test=number == 1))
    return [*every, *in_halves(phrases)], lost


def _phrase_example(row: dict[str, str], label: str) -> Example | None:
    """A row with the sentence before its own; None where it has no label or its sentence not the phrase."""
    before = _running(row["Previous"])
    tokens = _running(row["Target"])
    place = phrase_in(tokens, row["MWE"])
    if label not in _MEANT or place is None:
        return None
    start, stop = place[0] + len(before), place[1] + len(before)
    return Example(row["MWE"].lower(), _MEANT[label], (*before, *tokens), start, stop, False)


def _running(text: str) -> list[str]:
    return [token for token in split_text(text, "words") if token != END]


def phrase_in(tokens: list[str], phrase: str) -> tuple[int, int] | None:
    """Where a phrase stands first: as it is but for capitals, its last word also in the plural, hyphens as blanks."""
    wanted = re.split(r"[\s-]+", phrase.lower().strip())
    parts = [(part, at) for at, token in enumerate(tokens) for part in re.split(r"-+", token.lower()) if part]
    for first in range(len(parts) - len(wanted) + 1):
        here = [part for part, _ in parts[first : first + len(wanted)]]
        if here[:-1] == wanted[:-1] and here[-1] in _forms(wanted[-1]):
            return parts[first][1], parts[first + len(wanted) - 1][1] + 1
    return None


def _forms(word: str) -> set[str]:
    plural = word[:-1] + "ies" if word.endswith("y") else word
    return {word, f"{word}s", f"{word}es", f"{word}'s", f"{word}’s", plural}


def _rows(path: Path) -> Iterator[dict[str, str]]:
    rows = csv.DictReader(_text(path).splitlines(keepends=True))
    for row in rows:
        yield {key: value or "" for key, value in row.items() if isinstance(key, str)}


# senseval -------------------------------------------------------------------------------------------------------------

_WORDS = ("hard", "interest", "line", "serve")
_INSTANCE = re.compile(r"<instance\b.*?</instance>", re.DOTALL)
_ANSWER = re.compile(r'<answer\b[^>]*\bsenseid="([^"]+)"')
_TOKEN = re.compile(r"<(/?)head>|<wf\b(?:[^>\"']|\"[^\"]*\"|'[^']*')*>([^<]*)</wf>")
_NAMED = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}


def _senseval(path: Path) -> tuple[list[Example], int]:
    """Files that resemble XML, read by patterns: no entity but the five predefined ones is ever looked up."""
    examples, lost = [], 0
    with ZipFile(path) as packed:
        for word in _WORDS:
            name = f"senseval/{word}.pos"
            if packed.getinfo(name).file_size > LARGEST:
                raise ValueError(f"{path}: {name} is larger than {LARGEST // 2**20} MiB: that is not senseval")
            for instance in _INSTANCE.findall(packed.read(name).decode("utf-8", "replace")):
                found = _instance(word, instance)
                if found is None:
                    lost += 1
                else:
                    examples.append(found)
    return in_halves(examples), lost


def _instance(word: str, text: str) -> Example | None:
    """One labelled place; None where it has no label or no word marked. Of several labels the first counts."""
    answer = _ANSWER.search(text)
    tokens: list[str] = []
    start = stop = -1
    for found in _TOKEN.finditer(text):
        if found[2] is not None:
            tokens.append(re.sub("|".join(_NAMED), lambda name: _NAMED[name[0]], found[2].strip()))
        elif found[1]:
            stop = len(tokens)
        else:
            start = len(tokens)
    if answer is None or not 0 <= start < stop:
        return None
    return Example(word, answer[1], tuple(tokens), start, stop, False)


def _text(path: Path) -> str:
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{path} is larger than {LARGEST // 2**20} MiB: that is not a labelled set")
    return path.read_text(encoding="utf-8-sig")


SETS: dict[str, Source] = {
    "coarsewsd": Source(
        "CoarseWSD-20, 20 ambiguous nouns in Wikipedia", "CC BY-NC 4.0", "word_sense/CoarseWSD-20", _coarsewsd
    ),
    "semeval": Source(
        "SemEval-2022 task 2 A, phrases meant literally or not", "GPL-3", "idioms/semeval2022_task2_a", _semeval
    ),
    "senseval": Source(
        "senseval: hard, interest, line and serve in news", "distributed with permission",
        "nltk_data/corpora/senseval.zip", _senseval,
    ),
}  # fmt: skip
