"""Word similarity benchmarks: pairs of words with the similarity that people gave them, and where the files come from.

The 13 are those of wordvectors.org (Faruqui and Dyer 2014), which the paper's Table 4 uses. Knows files; no vectors.
"""

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
    heads = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        columns = _columns(line)
        if len(columns) != 3 or not all(columns):
            raise ValueError(
                f"{name}, line {number}: {line[:60]!r} has {len(columns)} columns, "
                "a benchmark has three: word, word, score"
            )
        score = _number(columns[2])
        if score is None and not rows and not heads:
            heads += 1
            continue
        if score is None:
            raise ValueError(
                f"{name}, line {number}: {columns[2][:60]!r} is no finite number: the third column is a score"
            )
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


def _benchmark(file: str, of_file: str, of_pairs: str, bundled: str = "") -> NamedText:
    sources: list[Source] = [DataFile(f"word-sim/{file}"), PairsDownload(_UPSTREAM + file, of_file)]
    if bundled:
        sources.append(PackageFile("gensim", _GENSIM, f"test/test_data/{bundled}"))
    return NamedText(tuple(sources), of_pairs, _canonical)


BENCHMARKS: dict[str, NamedText] = {
    "WS-353": _benchmark(
        "EN-WS-353-ALL.txt",
        "ce12919b240af45bdf46d243601eaca2b6212b159b5e7e9b435ee7ee40c5619c",
        "6bfa2dad6c73ca71ba0395fbe6f8ce9b59683844f02a85fd402eb690f35656ee",
        "wordsim353.tsv",
    ),
    "WS-353-SIM": _benchmark(
        "EN-WS-353-SIM.txt",
        "f1da938998863c94e53f72f984a5c6e215f0b46c323aae8f0f4930703a339107",
        "7879a937f418a9785e8b3bac5e83b4a0e2ab17796271b5ffe9512d9cb1b029c0",
    ),
    "WS-353-REL": _benchmark(
        "EN-WS-353-REL.txt",
        "66a7c88100624d0a391605ff61ce84e11d11ee620d51ec0298da49592838f8fa",
        "e54bdb70da7f3b8bba80dddc1d81e01f309452e4dd757f0b5b5584c2ca0f3f93",
    ),
    "MC-30": _benchmark(
        "EN-MC-30.txt",
        "33ee05911496ff83d95cac351d0746c6f63b9181b605cb7d307f4daa8864511b",
        "6701a74df1bac99ff7f74722fdf0517c65e6c616b06a84bae3da9aa0f19a06bf",
    ),
    "RG-65": _benchmark(
        "EN-RG-65.txt",
        "c243f3a91c3f5d8cf67f21a67f6fb80bde8b6bb060851a6a48e6f2d68ec98c9f",
        "339794319a7d4890768c0f847becf5de8ff1a24168603e67f5c8341fc4358ebc",
    ),
    "Rare-Word": _benchmark(
        "EN-RW-STANFORD.txt",
        "5108d54dfc746f44f9c3d7e31d2857c37cf71430bc1594175a61a3b89bb0ae1f",
        "37264288ce0d17c48198ae74672968106480d408a1468c7fb3eb31c11ddbd40a",
    ),
    "MEN": _benchmark(
        "EN-MEN-TR-3k.txt",
        "888b13580faa362c7b11da0a670258cf1b1eb4bf0ecbcd418918729a3bd3f43a",
        "a910e301d16311c93703a0af0733de19a38060a476b0a81aa2aeda863da5ce2f",
    ),
    "MTurk-287": _benchmark(
        "EN-MTurk-287.txt",
        "a9ae3a9decb75a9700fe0cf18b048c1344774d9f40e0196baf8e34d4cd9d1ce5",
        "3905e8f175013d23267c9c0186cc349ed85a3bc234639f8dc4e6ce63917b9b34",
    ),
    "MTurk-771": _benchmark(
        "EN-MTurk-771.txt",
        "04dc297c9e86b6fa7cf8ef0e4ba2e2c8d3399ec68d92fb7a53c0b4aae27198b5",
        "df8d1bcaa0b6f94aaeb0a0fbddf8b9f003eb70a1e1f2b3f50aaf86d4ff3d6819",
    ),
    "YP-130": _benchmark(
        "EN-YP-130.txt",
        "7643fdbc6158c3424061e2cba450c71285767266ff9f3db947bfc1f1f5ce67ab",
        "99ac996170c55221ae002d8c4a9f94acb4f10acfeba8ee54aeaa8d77d704222f",
    ),
    "SimLex-999": _benchmark(
        "EN-SIMLEX-999.txt",
        "405394ffb7d25f6d0e3c041f87c9f27d29dc6b047506769953e85c4523b11685",
        "405394ffb7d25f6d0e3c041f87c9f27d29dc6b047506769953e85c4523b11685",
        "simlex999.txt",
    ),
    "Verb-144": _benchmark(
        "EN-VERB-143.txt",
        "7259e19961c81912aa4c72de0102e480b2ad2bb9f4ce97d036fbde8e1a403001",
        "18251f49a1b7003dfadaa62ccd8176a8e8173ccfe4d69227757794e2453a756e",
    ),
    "SimVerb-3500": _benchmark(
        "EN-SimVerb-3500.txt",
        "9d84274e7ad029fd3cf69dd0516e9ade624bbef9bd4e2050f6cc1fa01471e0f5",
        "2464a2b1b9128ca28b482ad438231fc94961b32cc5b75787549f931460b934c9",
    ),
}


@dataclass(frozen=True)
class PaperScore:
    """A row of the paper's Table 4: pairs found and Spearman correlation of one set of vectors."""

    found: int
    rho: float


# Source: the paper, Table 4: its own vectors of a model of the Lancaster-Oslo/Bergen corpus (38,981 words), then those
# it calls Metaoptimize and skip-gram: of Turian et al. 2010 and of Mikolov et al. 2013, as wordvectors.org gave them.
PAPER: dict[str, tuple[PaperScore, PaperScore, PaperScore]] = {
    name: (PaperScore(*row[0:2]), PaperScore(*row[2:4]), PaperScore(*row[4:6]))
    for name, row in {
        "WS-353": (290, 0.1376, 351, 0.1013, 353, 0.6392),
        "WS-353-SIM": (164, 0.2265, 201, 0.1507, 203, 0.6962),
        "WS-353-REL": (215, 0.1384, 252, 0.0929, 252, 0.6094),
        "MC-30": (25, 0.1808, 30, -0.1351, 30, 0.6258),
        "RG-65": (48, 0.2051, 64, -0.0182, 65, 0.5386),
        "Rare-Word": (604, 0.1500, 1159, 0.1085, 1435, 0.3878),
        "MEN": (2317, 0.1800, 2915, 0.0908, 2999, 0.6462),
        "MTurk-287": (232, 0.3681, 284, 0.0922, 286, 0.6698),
        "MTurk-771": (689, 0.0920, 770, 0.1016, 771, 0.5679),
        "YP-130": (111, 0.1311, 124, 0.0690, 130, 0.3992),
        "SimLex-999": (948, 0.0827, 998, 0.0095, 998, 0.3131),
        "Verb-144": (144, 0.3437, 144, 0.0553, 144, 0.2728),
        "SimVerb-3500": (3052, 0.0098, 3447, 0.0009, 3492, 0.2172),
    }.items()
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
