"""The verbs of word vectors on a small run: JSON, what is kept, files for other programs, errors with a remedy."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.text.catalogue import CorpusMissing
from lstm_core.text.corpus import keep_text, read_corpus
from lstm_core.word_vectors import benchmark_scores as similarity_result
from lstm_core.word_vectors import benchmarks as word_pairs
from lstm_core.word_vectors.benchmarks import Pairs
from lstm_core.word_vectors.report import REPORTS, read_report
from lstm_core.word_vectors.sample import read_sample
from lstm_core.word_vectors.similarity import judge, score
from lstm_core.word_vectors.vectors import defined, embeddings, kept_embeddings, recordings_for

Verb = Callable[..., tuple[int, str, str]]
STOCK = ("the", "a", "river", "house", "runs", "over", "green", "when", "you", "old", "absent")


@pytest.fixture
def run(small_run: Callable[..., Run], words: Callable[..., str], made_once: Callable[..., None]) -> Run:
    """A run that has read its text, and has no vectors yet."""

    def make() -> None:
        more = " cap--it the tall soldier slowly opened a gate \n" + 6 * "he said zebra to the zebra \n"
        keep_text("book", (words(900) + more).encode())
        recordings_for(small_run("mine", read_corpus("book"), weights=True), {("h", 2)})

    made_once("states of words", make)
    return open_run("mine")


def test_embed_makes_the_vectors_that_their_name_defines(run: Run, cli: Verb) -> None:
    for name in ("paper", "best"):
        code, out, _ = cli("embed", "mine", "--vectors", name, "--json")
        assert code == 0 and json.loads(out)["vectors"] == defined(name, run).title
        assert kept_embeddings(run, defined(name, run)) is not None


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> dict[str, Pairs]:
    """Two small benchmarks in place of the thirteen."""
    rng = np.random.default_rng(0)
    made = {}
    for name, count in (("MC-30", 30), ("RG-65", 65)):
        sides = [tuple(STOCK[n] for n in rng.integers(len(STOCK), size=count)) for _ in "ab"]
        made[name] = Pairs(name, *sides, rng.integers(5, size=count).astype(float))  # type: ignore[arg-type]
    monkeypatch.setattr(similarity_result, "BENCHMARKS", dict.fromkeys(made))
    monkeypatch.setattr(similarity_result, "benchmark", made.__getitem__)
    return made


def document(result: tuple[int, str, str]) -> Any:
    code, out, err = result
    assert code == 0, err
    return json.loads(out)


def test_vocabulary_gives_the_three_figures(cli: Verb, run: Run) -> None:
    found = document(cli("vocabulary", "book", "--json"))
    assert found == {"words": 21, "with_dash": 1, "vocabulary": 20}
    assert "21 words, 1 with a dash, 20 remain" in cli("vocabulary", "book")[1]


def test_embed_gives_sizes_and_files(cli: Verb, run: Run, tmp_path: Path) -> None:
    text, folder = tmp_path / "vectors.txt", tmp_path / "projector"
    found = document(cli("embed", "mine", "--word2vec", str(text), "--projector", str(folder), "--json"))
    table = embeddings(run)
    assert (found["words"], found["dims"]) == table.vectors.shape
    assert found["counts"] == {"averaged": table.averaged.sum(), "counted": table.counted.sum()}
    assert text.read_text().split("\n")[0] == f"{len(table)} 8"
    vectors = np.loadtxt(folder / "vectors.tsv", delimiter="\t")
    np.testing.assert_allclose(vectors, table.vectors, rtol=1e-5)
    labels = (folder / "words.tsv").read_text().splitlines()
    assert [line.split("\t")[0] for line in labels] == ["word", *table.words]
    wide = document(cli("embed", "mine", "--layers", "1,2", "--signal", "c", "--json"))
    assert wide["dims"] == 16 and wide["vectors"] == "c of layer 1,2, after"
    other = document(cli("embed", "mine", "--moments", "next,before", "--json"))
    assert other["dims"] == 16 and other["vectors"] == "h of layer 2, next + before"


def test_words_measures_once_and_keeps_what_the_page_shows(cli: Verb, run: Run) -> None:
    found = document(cli("words", "mine", "--json"))
    report, sample = read_report(run), read_sample(run)
    assert report is not None and sample is not None
    assert found["rows"] == json.loads(json.dumps([asdict(row) for row in report.rows]))
    assert found["agreement"]["words"] == report.agreement.words
    REPORTS.keep(replace(report, drawn=7))
    assert document(cli("words", "mine", "--json"))["drawn"] == 7
    assert "7 words drawn" in cli("words", "mine")[1]
    assert document(cli("words", "mine", "--with-run", "--json"))["drawn"] == 7  # what is at hand is put there too
    assert len(list((run.results_folder / "words").iterdir())) == 2
    assert document(cli("words", "mine", "--recompute", "--with-run", "--json"))["drawn"] == report.drawn
    assert len(list((run.results_folder / "words").iterdir())) == 2


def test_neighbours_of_words_known_and_not(cli: Verb, run: Run) -> None:
    found = document(cli("neighbours", "mine", "River", "rouse", "--count", "3", "--json"))
    assert [(row["word"], row["seen"], len(row["neighbours"])) for row in found] == [
        ("River", True, 3),
        ("rouse", False, 3),
    ]
    table = embeddings(run)
    cosines = table.unit_vectors @ table.unit_vectors[table.index["river"]]
    best = [table.words[row] for row in np.argsort(-cosines) if table.words[row] not in ("river", "cap—it")][:3]
    assert [one["word"] for one in found[0]["neighbours"]] == best
    told = cli("neighbours", "mine", "rouže", "--context", "the _ runs", "--metric", "euclid")[1]
    assert "rouže (not in the text, spelled)" in told and "read without ž" in told
    with_dash = document(cli("neighbours", "mine", "river", "--count", "99", "--with-dash", "--json"))
    assert "cap—it" in {one["word"] for one in with_dash[0]["neighbours"]}


def test_similarity_of_the_papers_vectors(cli: Verb, run: Run, benchmarks: dict[str, Pairs]) -> None:
    found = document(cli("similarity", "mine", "--vectors", "paper", "--json"))
    for row, (name, pairs) in zip(found, benchmarks.items(), strict=True):
        expected = score(judge(embeddings(run), pairs))
        assert (row["task"], row["pairs"], row["found"]) == (name, len(pairs), expected.found)
        assert row["missing"] == sum("absent" in pair for pair in pairs.unordered)
        assert (row["rho"], row["low"], row["high"]) == (expected.rho, expected.low, expected.high)


def test_similarity_is_kept_and_measured_the_same_again(
    cli: Verb, run: Run, benchmarks: dict[str, Pairs], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = document(cli("similarity", "mine", "--json"))
    assert all(len(row["chosen"]) == 10 and row["found"] + row["missing"] == row["pairs"] for row in first)
    assert document(cli("similarity", "mine", "--recompute", "--json")) == first
    assert document(cli("similarity", "mine", "--recompute", "--with-run", "--json")) == first
    shipped = [json.loads(path.read_text()) for path in (run.results_folder / "similarity").glob("*.json")]
    assert sorted(one["query"]["vectors"] for one in shipped) == ["best", "paper"]
    monkeypatch.setattr(similarity_result, "measure", lambda *_, **__: pytest.fail("it was at hand"))
    assert document(cli("similarity", "mine", "--json")) == first
    told = cli("similarity", "mine")[1].splitlines()
    assert told[0].startswith("mine: best vectors of 21 words")
    assert told[2].split()[:3] == ["MC-30", str(first[0]["found"]), str(first[0]["missing"])]
    for path in (run.results_folder / "similarity").glob("*.json"):
        path.write_text("{")
    assert document(cli("similarity", "mine", "--json")) == first  # from below LSTM_HOME
    assert document(cli("similarity", "mine", "--with-run", "--json")) == first  # and put with the run again
    assert all(json.loads(path.read_text()) for path in (run.results_folder / "similarity").glob("*.json"))


def test_a_benchmark_of_ones_own_comes_last_and_is_not_kept(
    cli: Verb, run: Run, benchmarks: dict[str, Pairs], tmp_path: Path, home: Path
) -> None:
    path = tmp_path / "own.tsv"
    path.write_text("river\thouse\t3\ngreen\told\t4\nyou\twhen\t1\nthe\ta\t9\n")
    found = document(cli("similarity", "mine", "--vectors", "paper", "--file", str(path), "--json"))
    assert [row["task"] for row in found] == [*benchmarks, "own.tsv"]
    assert found[-1]["found"] == 4 and not (home / "similarity").exists()


def test_a_benchmark_of_ones_own_needs_none_of_the_others(
    cli: Verb, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def none(name: str) -> Pairs:
        raise CorpusMissing(f"The benchmark {name} is not at hand.")

    monkeypatch.setattr(similarity_result, "benchmark", none)
    path = tmp_path / "own.tsv"
    path.write_text("river\thouse\t3\ngreen\told\t4\nyou\twhen\t1\nthe\ta\t9\n")
    (row,) = document(cli("similarity", "mine", "--vectors", "paper", "--file", str(path), "--json"))
    assert (row["task"], row["found"]) == ("own.tsv", 4)
    assert cli("similarity", "mine", "--vectors", "paper")[0] == 2


def test_benchmarks_that_are_not_at_hand_are_named(
    cli: Verb, run: Run, benchmarks: dict[str, Pairs], monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    def only(name: str) -> Pairs:
        if name == "RG-65":
            raise CorpusMissing("The benchmark RG-65 is not at hand.")
        return benchmarks[name]

    monkeypatch.setattr(similarity_result, "benchmark", only)
    code, out, err = cli("similarity", "mine", "--vectors", "paper", "--json")
    assert code == 0 and "RG-65 is not at hand" in err
    assert [row["task"] for row in json.loads(out)] == ["MC-30"]
    assert not (home / "similarity").exists()  # half a result is not kept


def test_fetch_downloads_all_because_it_was_asked_for(cli: Verb, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(word_pairs.PairsDownload, "fetch", lambda source: asked.append(source.url) or source.find())
    code, _, err = cli("similarity", "--fetch")
    assert code == 0 and len(asked) == 13 and err.count("kept as") == 13


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("embed", "mine", "--signal", "q"), "lstm has signals"),
        (("embed", "mine", "--layers", "7"), "the model has 2 layers"),
        (("embed", "mine", "--moments", "later"), "moments are before, after, next"),
        (("embed", "mine", "--vectors", "good"), "choose paper or best"),
        (("embed", "mine", "--text", "nowhere"), "no corpus or text file"),
        (("neighbours", "mine", "two words"), "is not one word"),
        (("neighbours", "mine", "river", "--metric", "l1"), "choose cosine or euclid"),
        (("neighbours", "mine", "rouse", "--context", "none"), "mark one with _"),
        (("similarity",), "name a run"),
        (("similarity", "mine", "--vectors", "good"), "choose paper or best"),
        (("similarity", "mine", "--file", "nowhere.txt"), "nowhere.txt is not there"),
        (("vocabulary", "nowhere"), "no corpus or text file"),
    ],
)
def test_mistakes_name_the_remedy(
    cli: Verb, run: Run, benchmarks: dict[str, Pairs], asked: tuple[str, ...], said: str
) -> None:
    code, out, err = cli(*asked)
    assert (code, out) == (2, "") and said in err


def test_a_run_that_reads_words_is_refused(cli: Verb, small_run: Callable[..., Run], words: Callable[..., str]) -> None:
    keep_text("book", words(900).encode())
    small_run("words", read_corpus("book", "word"), weights=True)
    for verb in ("embed", "similarity"):
        code, _, err = cli(verb, "words")
        assert code == 2 and "choose a model of characters" in err
