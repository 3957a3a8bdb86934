"""The page Word vectors: what it tells against the core's own answers; unknown words, missing data, odd input."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from app import cached
from app.charts.words import correlations
from lstm_core.runs.cells import SIGNALS
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.storage import files, jobs
from lstm_core.text.catalogue import CorpusMissing
from lstm_core.text.corpus import keep_text, read_corpus
from lstm_core.word_vectors.benchmark_scores import PEERS, SCHEMA, SIMILARITY, Peers, SimilarityQuery, measure, peer
from lstm_core.word_vectors.benchmarks import Pairs
from lstm_core.word_vectors.neighbours import NeighbourQuery, analogy, neighbours
from lstm_core.word_vectors.report import REPORTS, word_report
from lstm_core.word_vectors.sample import keep_sample, read_sample, word_sample
from lstm_core.word_vectors.similarity import judge, mean_rho, score
from lstm_core.word_vectors.spelling import spell_unknown
from lstm_core.word_vectors.vectors import (
    EmbeddingQuery,
    defined,
    embeddings,
    projector_labels,
    projector_lines,
    word2vec_lines,
)
from pages.word_vectors import quality
from pages.word_vectors.lookup import CONTEXT, METRICS
from pages.word_vectors.quality import frame
from pages.word_vectors.source import judgements
from tests.opened_pages import nothing_shipped, opened, said, table_with  # noqa: F401 - a fixture that is used by being here

STOCK = ("the", "a", "river", "house", "runs", "over", "green", "when", "you", "old", "absent")


@pytest.fixture
def run(small_run: Callable[..., Run], words: Callable[..., str]) -> Run:
    more = " cap--it the tall soldier slowly opened a gate \n" + 6 * "he said zebra to the zebra \n"
    keep_text("book", (words(900) + more).encode())
    return small_run("small", read_corpus("book"), weights=True)


@pytest.fixture
def sampled(run: Run, made_once: Callable[..., None]) -> Run:
    """A run with its commonest words and nothing else."""

    def make() -> None:
        keep_sample(word_sample(run, count=12), run)
        for path in (files.home() / "embeddings").glob("*"):
            path.unlink()

    made_once("commonest words", make)
    return open_run("small")


@pytest.fixture
def benchmarks() -> list[Pairs]:
    """Two small benchmarks in place of the thirteen."""
    rng = np.random.default_rng(0)
    made = []
    for name, count in (("MC-30", 30), ("RG-65", 65)):
        sides = [tuple(STOCK[n] for n in rng.integers(len(STOCK), size=count)) for _ in "ab"]
        made.append(Pairs(name, *sides, rng.integers(5, size=count).astype(float)))  # type: ignore[arg-type]
    return made


@pytest.fixture
def full(run: Run, benchmarks: list[Pairs], made_once: Callable[..., None]) -> Run:
    """A run of which everything is kept."""

    def make() -> None:
        keep_sample(word_sample(run, count=12), run)
        REPORTS.keep(word_report(run))
        for kind in ("paper", "best"):
            SIMILARITY.keep(measure(run, SimilarityQuery(kind), benchmarks=benchmarks))  # type: ignore[arg-type]
        plain = [judge(embeddings(run), pairs) for pairs in benchmarks]
        other = [judge(embeddings(run, EmbeddingQuery(moments=("next",))), pairs) for pairs in benchmarks]
        made = peer("skip-gram", ["one"], other, list(zip(plain, other, strict=True)))
        PEERS.keep(Peers(run.name, run.fingerprint, (2,), (made,), SCHEMA), run)

    made_once("all of words", make)
    return open_run("small")


def nearest_told(app: Any, which: int = 0) -> Any:
    """The table of neighbours by one kind of vectors."""
    tables = [part.value for part in app.dataframe if {"alike", "apart"} & set(part.value)]
    return list(tables[which].iloc[:, :2].itertuples(index=False, name=None))


def test_neighbours_are_those_of_both_kinds_of_vectors(full: Run) -> None:
    app = opened("word_vectors", **{"embeddings_word": "river"})
    for which, kind in enumerate(("paper", "best")):
        expected = neighbours(embeddings(full, defined(kind, full)), "river")
        assert [word for word, _ in nearest_told(app, which)] == [one.word for one in expected]
        np.testing.assert_allclose([value for _, value in nearest_told(app, which)], [one.value for one in expected])
    counted = embeddings(full).counted[embeddings(full).index["river"]]
    assert f"The word stands {counted:,} times in the text" in said(app)
    assert "To this network “river” is like " in said(app)


def test_by_distance_and_more_of_them(full: Run) -> None:
    app = opened("word_vectors", **{"embeddings_word": "River"})
    app.segmented_control(key="embeddings-count").set_value(10)
    app.segmented_control(key="embeddings-metric").set_value(list(METRICS)[1]).run()
    expected = neighbours(embeddings(full), "river", NeighbourQuery(10, "euclid"))
    assert [word for word, _ in nearest_told(app)] == [one.word for one in expected]


def test_an_unknown_word_is_spelled_in_the_persons_sentence(sampled: Run) -> None:
    app = opened("word_vectors", **{"embeddings_word": "rouse"})
    assert "not among the 12 words at hand: the network has read it in 16 places" in said(app)
    app.text_input(key="embeddings-context").set_value("the old _ over a house").run()
    sample = read_sample(sampled)
    assert sample is not None
    table = sample.table(defined("paper", sampled))
    assert table is not None
    vector = spell_unknown(sampled, table, ["rouse"], ["the old _ over a house"]).vectors[0]
    expected = table.unit_vectors @ (vector / np.linalg.norm(vector))
    order = np.argsort(-expected, kind="stable")[:5]
    assert [word for word, _ in nearest_told(app)] == [table.words[row] for row in order]
    assert "in your sentence" in said(app)
    app.text_input(key="embeddings-context").set_value("no place for it").run()
    assert not app.exception and "mark one with _" in said(app)


def test_characters_that_the_network_does_not_know_are_counted(sampled: Run) -> None:
    app = opened("word_vectors", **{"embeddings_word": "riv☃r€"})
    assert "2 of its characters are unknown to the network" in said(app)


def test_without_the_text_a_word_is_read_in_a_sentence_of_the_page(
    sampled: Run, home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise CorpusMissing("not here")

    monkeypatch.setattr("lstm_core.recordings.record.corpus_text", missing)
    app = opened("word_vectors", **{"embeddings_word": "rouse"})
    assert not app.exception and len(nearest_told(app)) == 5
    assert f"the network has read it in “{CONTEXT}”, letter by letter" in said(app)


def test_a_word_that_does_not_occur_is_told_by_its_own_letters(sampled: Run) -> None:
    """Its surroundings are borrowed: what is near by them is no answer to what the word is like."""
    known = opened("word_vectors", embeddings_word="river")
    spelled = opened("word_vectors", embeddings_word="rouse")
    for app, which, borrowed in ((known, 1, False), (spelled, 0, True)):
        words = ", ".join(word for word, _ in nearest_told(app, which))
        assert f"” is like {words}." in said(app)
        assert ("Its surroundings are those of the places where it was put" in said(app)) is borrowed


def test_what_is_refused_was_not_read(sampled: Run) -> None:
    app = opened("word_vectors", embeddings_word="two words")
    assert "is not one word" in said(app) and "the network has read it" not in said(app)


def test_two_models_of_the_same_weights_have_the_words_of_their_own_texts(
    small_run: Callable[..., Run], words: Callable[..., str]
) -> None:
    keep_text("one", (words(300) + "\nxylophone \n").encode())
    keep_text("two", (words(300) + "\nzither \nxylophone \n").encode())
    runs = []
    for name in ("one", "two"):
        run = small_run(name, read_corpus("two"), weights=True)
        run.config["corpus"] |= {"name": name, "fingerprint": read_corpus(name, "char").fingerprint}
        embeddings(run)
        keep_sample(word_sample(run, count=12), run)
        runs.append(run)
    assert runs[0].fingerprint == runs[1].fingerprint
    tables = [cached.word_vectors(run, defined("paper", run)) for run in runs]
    assert ["zither" in table.words for table in tables if table] == [False, True]
    samples = [cached.commonest_words(run) for run in runs]
    assert [sample.run for sample in samples if sample] == ["one", "two"]


def test_the_commonest_words_are_shown_until_all_are_made(sampled: Run) -> None:
    app = opened("word_vectors")
    assert any("These are the 12 commonest of 21 words" in part.label for part in app.expander)
    assert app.button(key="words-whole-go")
    for kind in ("paper", "best"):
        embeddings(sampled, defined(kind, sampled))
    app = opened("word_vectors")
    assert not [part for part in app.expander if "commonest of" in part.label]


def test_analogies_are_those_of_the_core(full: Run) -> None:
    app = opened("word_vectors")
    for key, word in (("as", "river"), ("is", "house"), ("so", "green")):
        app.text_input(key=f"embeddings-analogy-{key}").set_value(word)
    app.run()
    expected = analogy(embeddings(full, defined("best", full)), "river", "house", "green")
    assert [word for word, _ in nearest_told(app, 2)] == [one.word for one in expected]
    app.text_input(key="embeddings-analogy-so").set_value("absent").run()
    assert "'absent' is not among the 21 words" in said(app)


def test_vectors_of_other_states_are_offered_and_then_shown(full: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked() -> Any:
        app = opened("word_vectors", **{"embeddings_word": "river"})
        app.selectbox(key="embeddings-signal").set_value(SIGNALS["c"].title)
        app.pills(key="embeddings-layers").set_value([1]).run()
        return app

    started: list[list[str]] = []
    monkeypatch.setattr(jobs, "start", lambda folder, words: started.append(list(words)))
    asked().button(key="words-states-c-1-after-go").click().run()
    assert started == [["embed", "--signal", "c", "--layers", "1", "--moments", "after", "--", "small"]]
    expected = neighbours(embeddings(full, EmbeddingQuery("c", (1,))), "river")
    app = asked()
    assert [word for word, _ in nearest_told(app, 3)] == [one.word for one in expected]
    app.pills(key="embeddings-moments").set_value([]).run()
    assert "Choose at least one layer and one moment." in said(app)


# Benchmarks -----------------------------------------------------------------------------------------------------------


def test_benchmarks_are_told_as_they_were_measured(full: Run) -> None:
    app = opened("word_vectors")
    found = judgements(full)
    assert found.best is not None and found.paper is not None
    told = table_with(app, "best here").set_index("benchmark")
    for best, paper in zip(found.best.scores, found.paper.scores, strict=True):
        row = told.loc[best.task]
        assert (row["found"], row["missing"], row["best here"]) == (best.found, best.missing, best.rho)
        assert row["as the paper"] == paper.rho
    assert found.peers is not None
    (other,) = found.peers.peers
    for alone, beside in zip(other.scores, other.ours_less, strict=True):
        row = told.loc[alone.task]
        assert (row["skip-gram"], row["best less it"]) == (alone.rho, beside.difference) and beside.difference
        assert row["skip-gram: found"] == alone.found
    assert f"skip-gram: {other.above} of 2" in said(app)
    assert told.loc["MC-30", "the paper"] == 0.1808 and told.loc["RG-65", "word2vec"] == 0.5386
    assert told.loc["mean", "best here"] == pytest.approx(mean_rho(found.best.scores))
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["The best vectors here"] == f"{mean_rho(found.best.scores):.3f}"
    assert shown["In the paper"] == "0.173"
    assert list(table_with(app, "1 to 9 times")["benchmark"]) == ["MC-30", "RG-65"]


def test_the_figure_has_a_place_for_each_benchmark_and_one_for_the_mean(full: Run) -> None:
    found = judgements(full)
    assert found.best is not None and found.paper is not None and found.peers is not None
    drawn = correlations(found.best.scores, found.paper.scores, found.peers.peers)
    assert drawn.layout.xaxis.ticktext == ("MC-30", "RG-65", "mean")
    by_name = {row.name: row for row in drawn.data}
    assert list(by_name) == ["best, here", "as the paper, here", "skip-gram", "the paper's own"]
    best = by_name["best, here"]
    np.testing.assert_array_equal(best.y[:2], [one.rho for one in found.best.scores])
    np.testing.assert_array_equal(best.customdata[:2], [(one.low, one.high) for one in found.best.scores])
    assert best.y[2] == pytest.approx(mean_rho(found.best.scores)) and np.isnan(best.customdata[2]).all()
    assert all(row.x.tolist() == [0, 1, 2] for row in drawn.data)  # told together at the label that they belong to
    assert drawn.layout.scattermode == "group"  # and drawn beside each other


def test_means_leave_out_what_is_missing(full: Run) -> None:
    found = judgements(full)
    assert found.best is not None and found.paper is not None
    first, second = found.best.scores
    without = replace(found.best, scores=(replace(first, rho=None, low=None, high=None), second))
    rows = frame(without, found.paper, None)
    assert rows["best here"].isna()[0] and rows["95% interval"][0] == ""
    assert rows["best here"].iloc[-1] == second.rho and rows["found"].isna().iloc[-1]


def test_a_comparison_is_offered_with_the_download_that_it_needs(
    sampled: Run, benchmarks: list[Pairs], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(jobs, "start", lambda folder, words: started.append(list(words)))
    monkeypatch.setattr(quality, "at_hand", lambda: (benchmarks, []))
    app = opened("word_vectors")
    app.button(key="words-similarity-go").click().run()
    monkeypatch.setattr(quality, "at_hand", lambda: (benchmarks, ["fetch it"]))
    app = opened("word_vectors")
    assert "1 of the 13 benchmarks are not at hand" in said(app)
    app.button(key="words-similarity-go").click().run()
    assert started == [["similarity", "--", "small"], ["similarity", "--fetch", "--", "small"]]


def test_a_benchmark_of_ones_own_is_judged(full: Run) -> None:
    app = opened("word_vectors")
    content = "river\thouse\t3\ngreen\told\t4\nyou\twhen\t1\nthe\tabsent\t9\n"
    app.file_uploader(key="embeddings-own").set_value(("own.tsv", content.encode(), "text/plain")).run()
    words = [line.split("\t") for line in content.splitlines()]
    pairs = Pairs("own", *zip(*[row[:2] for row in words], strict=True), np.array([float(row[2]) for row in words]))
    told = table_with(app, "correlation")
    expected = [score(judge(embeddings(full, defined(kind, full)), pairs)) for kind in ("paper", "best")]
    assert list(told["correlation"]) == [one.rho for one in expected]
    assert list(told["found"]) == [3, 3] and list(told["missing"]) == [1, 1]


@pytest.mark.parametrize("content", [b"", b"a b\n", b"\xff\xfe\x00", b"a b c\nd e f\n", b"a\tb\tnan\n" * 5])
def test_a_file_that_is_no_benchmark_is_told_what_is_wrong(content: bytes, full: Run) -> None:
    app = opened("word_vectors")
    app.file_uploader(key="embeddings-own").set_value(("../x.txt", content, "text/plain")).run()
    assert not app.exception and "This file cannot be used." in said(app)


# Everything else ------------------------------------------------------------------------------------------------------


def test_a_run_without_vectors_is_offered_them(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(jobs, "start", lambda folder, words: started.append(list(words)))
    app = opened("word_vectors")
    app.button(key="words-all-go").click().run()
    assert started == [["words", "--", "small"]]


def test_an_analogy_to_begin_with_is_one_that_the_table_has(full: Run) -> None:
    app = opened("word_vectors")
    firsts = [app.text_input(key=f"embeddings-analogy-{key}").value for key in ("as", "is", "so")]
    table = embeddings(full, defined("best", full))
    expected = analogy(table, *firsts)
    assert [word for word, _ in nearest_told(app, 2)] == [one.word for one in expected]


def test_a_model_of_words_is_told_why_not(small_run: Callable[..., Run], words: Callable[..., str]) -> None:
    keep_text("book", words(900).encode())
    small_run("wordy", read_corpus("book", "word"), weights=True)
    assert "This model reads words." in said(opened("word_vectors"))


def test_files_hold_all_words(full: Run) -> None:
    app = opened("word_vectors")
    told = said(app)
    assert f"{len(embeddings(full)):,} words of 8 values." in told
    assert [button.label for button in app.get("download_button")] == [
        f"{name} ({max(len(''.join(written(embeddings(full)))) / 1000, 1):.0f} kB)"
        for name, written in (
            ("word2vec text format", word2vec_lines),
            ("Projector: vectors", projector_lines),
            ("Projector: words", projector_labels),
        )
    ]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.text(max_size=60))
def test_any_word_is_answered(sampled: Run, word: str) -> None:
    app = opened("word_vectors")
    app.text_input(key="embeddings-word").set_value(word).run()
    assert not app.exception


def test_where_one_kind_lacks_words_both_are_of_the_same(full: Run) -> None:
    """A word that only one of them knew would be told by its own places in one table and by borrowed ones beside."""
    sample = read_sample(full)
    assert sample is not None
    for path in (files.home() / "embeddings").glob("*.safetensors"):
        path.unlink()
    embeddings(full)  # the paper's of all words are kept, the best are not
    known = embeddings(full).words
    rare = next(word for word in known if word not in sample.words)
    app = opened("word_vectors", embeddings_word=rare)
    assert not app.exception
    assert f"is not among the {len(sample.words):,} words at hand" in said(app)
    assert f"These are the {len(sample.words):,} commonest of" in next(one.label for one in app.expander)
