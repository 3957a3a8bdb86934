"""Benchmarks: the forms of a file, what is wrong in one, the 13 and where they come from."""

from pathlib import Path

import numpy as np
import pytest

from lstm_core.text.catalogue import CorpusMissing, Download
from lstm_core.text.corpus import read_corpus
from lstm_core.text.lexicon import lexicon
from lstm_core.word_vectors.benchmarks import (
    BENCHMARKS,
    PAPER,
    PairsDownload,
    benchmark,
    fetch_benchmarks,
    parse_pairs,
    read_pairs,
)

SIZES = [353, 203, 252, 30, 65, 2034, 3000, 287, 771, 130, 999, 144, 3500]
FOUND = {  # PROTOCOLS P15, in the order of the paper's table
    "brown": "316/184/227/29/60/669/2522/263/732/110/997/136/3105",
    "war-and-peace-unicode": "152/87/120/11/22/286/1394/103/432/83/668/130/2398",
}


@pytest.mark.parametrize(
    "text",
    [
        "Car\tauto\t9\ncat\tdon't\t2.5\nsun\tmoon\t1e0",
        "word1,word2,score\ncar, auto ,9\n\ncat,don't,2.5\nsun,moon,1\n",
        "# mean of ten people\ncar auto 9\ncat  don't 2.5\n sun moon 1\n",
        "car;auto;9\ncat;don’t;2.5\nsun;moon;1",
    ],
)
def test_all_forms_of_three_columns_give_the_same_pairs(text: str) -> None:
    pairs = parse_pairs(text, "mine")
    assert (pairs.first, pairs.second) == (("car", "cat", "sun"), ("auto", "don’t", "moon"))
    assert pairs.scores.tolist() == [9, 2.5, 1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a b 1\na b\n", "line 2: 'a b' has 2 columns"),
        ("a\t\t1\n", "line 1: .* has 3 columns"),
        ("a b 1\na c high\n", "line 2: 'high' is no finite number"),
        ("a b score\na c score\n", "line 2: 'score' is no finite number"),
        ("a b 1\na c nan\n", "line 2: 'nan' is no finite number"),
        ("a b 1\na c 2\n", "2 pairs, a correlation needs at least 3"),
        ("", "0 pairs"),
    ],
)
def test_what_is_wrong_in_a_file_is_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_pairs(text, "mine")


def test_a_file_of_ones_own_is_read_or_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    with pytest.raises(ValueError, match=r"own.csv is not there"):
        read_pairs(path)
    path.write_bytes("a,b,1\na,c,2\nb,c,3\n".encode("utf-16"))
    assert read_pairs(path).unordered == [("a", "b"), ("a", "c"), ("b", "c")]
    path.write_bytes(b"a,b,1\n\xff,c,2\n")
    with pytest.raises(ValueError, match="byte 6"):
        read_pairs(path)


def test_too_many_pairs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lstm_core.word_vectors.benchmarks.MAX_PAIRS", 3)
    with pytest.raises(ValueError, match="more than 3 pairs"):
        parse_pairs("a b 1\n" * 4, "mine")


@pytest.mark.needs_data
def test_the_thirteen_have_their_sizes() -> None:
    assert list(BENCHMARKS) == list(PAPER)
    assert [len(benchmark(name)) for name in BENCHMARKS] == SIZES


@pytest.mark.needs_data
@pytest.mark.parametrize("corpus", sorted(FOUND))
def test_pairs_found_are_those_of_the_protocol(corpus: str) -> None:
    text = read_corpus(corpus, "char")
    words = set(lexicon(text.vocabulary.decode(text.ids.tolist())).words)
    both = [
        sum(a in words and b in words for a, b in zip(pairs.first, pairs.second, strict=True))
        for pairs in map(benchmark, BENCHMARKS)
    ]
    assert "/".join(map(str, both)) == FOUND[corpus]


@pytest.mark.needs_data
def test_the_library_bundles_the_same_pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of that name with a file in the library's own form: a head of comments, other capitals."""
    pairs = benchmark("SimLex-999")
    package = tmp_path / "gensim" / "test" / "test_data"
    package.mkdir(parents=True)
    (tmp_path / "gensim" / "__init__.py").write_text("raise ImportError('never imported')")
    rows = zip(pairs.first, pairs.second, pairs.scores.tolist(), strict=True)
    content = "# SimLex\n# Word 1\tWord 2\tHuman (mean)\n" + "".join(f"{a.title()}\t{b}\t{s}\n" for a, b, s in rows)
    (package / "simlex999.txt").write_text(content)
    monkeypatch.delenv("LSTM_DATA")
    monkeypatch.syspath_prepend(str(tmp_path))
    again = benchmark("SimLex-999")
    assert again.unordered == pairs.unordered and np.array_equal(again.scores, pairs.scores)
    (package / "simlex999.txt").write_text(content.replace("1.58", "1.59"))
    with pytest.raises(CorpusMissing, match="holds another text"):
        benchmark("SimLex-999")


def test_one_that_is_not_at_hand_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LSTM_DATA", raising=False)
    with pytest.raises(CorpusMissing, match=r"set LSTM_DATA .*EN-MC-30.txt; or fetch all .*similarity --fetch"):
        benchmark("MC-30")
    with pytest.raises(ValueError, match="no benchmark 'MC-31': WS-353, "):
        benchmark("MC-31")


@pytest.mark.needs_data
def test_a_download_is_used_and_a_wrong_one_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    upstream = Path(os.environ["LSTM_DATA"]) / "word-sim" / "EN-MC-30.txt"
    right = next(source for source in BENCHMARKS["MC-30"].sources if isinstance(source, Download))
    wrong = next(source for source in BENCHMARKS["RG-65"].sources if isinstance(source, Download))

    def retrieve(url: str, known_hash: str, path: Path, fname: str) -> str:
        from lstm_core.storage.files import sha256_of

        path.mkdir(parents=True, exist_ok=True)
        (path / fname).write_bytes(upstream.read_bytes())
        if sha256_of(path / fname) != known_hash.removeprefix("sha256:"):
            raise ValueError("hash of downloaded file does not match")
        return str(path / fname)

    expected = benchmark("MC-30")
    monkeypatch.delenv("LSTM_DATA")
    monkeypatch.setattr("pooch.retrieve", retrieve)
    assert isinstance(right, PairsDownload) and right.fetch().is_file()
    assert benchmark("MC-30").unordered == expected.unordered
    with pytest.raises(ValueError, match="nothing was kept"):
        wrong.fetch()
    assert not wrong.find().exists()
    with pytest.raises(ValueError, match=r"EN-WS-353-ALL.txt failed"):
        fetch_benchmarks()
