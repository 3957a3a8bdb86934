"""Word similarity benchmarks: pairs of words with the similarity that people gave them, and where the files come from.

The 13 are those of wordvectors.org (Faruqui and Dyer 2014), which the paper's Table 4 uses. Knows files; no vectors.
"""

import csv
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lstm_core.text.catalogue import DataFile, Download, NamedText, PackageFile, Source
from lstm_core.text.corpus import decode_text
from lstm_core.text.lexicon import normal_form

_UPSTREAM = "https://raw.githubusercontent.com/mfaruqui/eval-word-vectors/94b3dd9fdbac7ed08dbee7179cd5ee464acf0594/data/word-sim/"
_GENSIM = "4.4.0"
MAX_PAIRS = 100_000


@dataclass(frozen=True, eq=False)
class Pairs:
    """N pairs of words, in lower case, with the score (N,) that people gave each; higher is more alike."""

    name: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    scores: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.scores)

    @cached_property
    def unordered(self) -> list[tuple[str, ...]]:
        """The two words of each pair in the order of the alphabet (N,)."""
        return [tuple(sorted(pair)) for pair in zip(self.first, self.second, strict=True)]

    @property
    def words(self) -> set[str]:
        return {*self.first, *self.second}


@dataclass(frozen=True)
class PairsDownload(Download):
    """A benchmark's file that is fetched only when a person asks."""

    def remedy(self, corpus: str) -> str:
        return f"fetch all benchmarks once with `python -m lstm_core similarity --fetch` (from {self.url})"


def parse_pairs(text: str, name: str) -> Pairs:
    """Pairs from a text of three columns: word, word, score, between tabs, commas, semicolons or blanks.

    Empty lines and those that begin with # are left out, and so is a first line whose third column is no number (a
    head). Raises ValueError that names the line for other columns or scores, and when there are fewer than 3 pairs.
    """
    rows: list[tuple[str, str, float]] = []
    headed = False
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        columns, where = _columns(line), f"{name}, line {number}"
        if len(columns) != 3 or not all(columns):
            what = f"{line[:60]!r} has {len(columns)} columns"
            raise ValueError(f"{where}: {what}, a benchmark has three: word, word, score")
        score = _number(columns[2])
        if score is None:
            if rows or headed:
                raise ValueError(f"{where}: {columns[2][:60]!r} is no finite number: the third column is a score")
            headed = True
            continue
        rows.append((normal_form(columns[0]), normal_form(columns[1]), score))
        if len(rows) > MAX_PAIRS:
            raise ValueError(f"{name} has more than {MAX_PAIRS:,} pairs: cut it first")
    if len(rows) < 3:
        raise ValueError(f"{name} has {len(rows)} pairs, a correlation needs at least 3")
    first, second, scores = zip(*rows, strict=True)
    return Pairs(name, first, second, np.array(scores))


def _columns(line: str) -> list[str]:
    for mark in "\t;,":
        if mark in line:
            return [part.strip() for part in line.strip().split(mark)]
    return line.split()


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def read_pairs(path: Path) -> Pairs:
    """A person's own benchmark file; raises ValueError when it is missing, not UTF-8 or not pairs."""
    if not path.is_file():
        raise ValueError(f"{path} is not there, or no file: correct the path")
    return parse_pairs(decode_text(path.read_bytes()), path.name)


# The 13 benchmarks ----------------------------------------------------------------------------------------------------


def _canonical(text: str) -> str:
    """The pairs of a file as one text, whatever form the file has: what its hash is of."""
    pairs = parse_pairs(text, "the file")
    rows = zip(pairs.first, pairs.second, pairs.scores.tolist(), strict=True)
    return "".join(f"{first}\t{second}\t{score:.10g}\n" for first, second, score in rows)


def _benchmark(row: dict[str, str]) -> NamedText:
    sources: list[Source] = [DataFile(f"word-sim/{row['file']}"), PairsDownload(_UPSTREAM + row["file"], row["sha256"])]
    if row["gensim"]:
        sources.append(PackageFile("gensim", _GENSIM, f"test/test_data/{row['gensim']}"))
    return NamedText(tuple(sources), row["sha256_of_pairs"], _canonical)


@dataclass(frozen=True)
class PaperScore:
    """A row of the paper's Table 4: pairs found and Spearman correlation of one set of vectors."""

    found: int
    rho: float


_ROWS = list(csv.DictReader(Path(__file__).with_suffix(".csv").read_text(encoding="utf-8").splitlines()))
BENCHMARKS = {row["name"]: _benchmark(row) for row in _ROWS}
# Source: the paper, Table 4: its own vectors of a model of the Lancaster-Oslo/Bergen corpus (38,981 words), then those
# it calls Metaoptimize and skip-gram: of Turian et al. 2010 and of Mikolov et al. 2013, as wordvectors.org gave them.
_OF_PAPER = ("paper", "metaoptimize", "skip_gram")
PAPER = {
    row["name"]: tuple(PaperScore(int(row[f"{one}_found"]), float(row[f"{one}_rho"])) for one in _OF_PAPER)
    for row in _ROWS
}


def benchmark(name: str) -> Pairs:
    """One of the 13; raises ValueError for another name, CorpusMissing with the remedy when it is not at hand."""
    if name not in BENCHMARKS:
        raise ValueError(f"no benchmark {name[:80]!r}: {', '.join(BENCHMARKS)}")
    text = BENCHMARKS[name].read(name, f"The benchmark {name} is not at hand.")
    return parse_pairs(text, name)


def fetch_benchmarks() -> list[Path]:
    """Download all 13, because a person asked; raises ValueError when one fails or is another file than expected."""
    downloads = [source for text in BENCHMARKS.values() for source in text.sources if isinstance(source, Download)]
    return [download.fetch() for download in downloads]
