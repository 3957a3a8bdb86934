"""What word vectors know beside the paper: planted neighbours whose answer is known, a small run's own report kept."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lstm_core.commands.words import report_lines
from lstm_core.runs.run import Run
from lstm_core.text.corpus import keep_text, read_corpus
from lstm_core.word_vectors.report import (
    PAPER_TABLE,
    REPORTS,
    WordReport,
    on_words_drawn,
    paper_table,
    plain,
    read_report,
    word_report,
)
from lstm_core.word_vectors.vectors import EmbeddingTable, embeddings

NEAR_PRINCE = ("princess", "pwince", "platon", "king", "queen")  # three of the paper's five, one without its accent


def planted() -> tuple[EmbeddingTable, list[str]]:
    """prince with five words in its direction, two of them far away, and ten others elsewhere."""
    others = tuple(f"other{n}" for n in range(10))
    words = ("prince", *NEAR_PRINCE, *others)
    rng = np.random.default_rng(0)
    vectors = np.zeros((len(words), 6), dtype=np.float32)
    vectors[:6, 0] = (1, 1, 1, 1, 30, 30)
    vectors[1:6, 1] = (0.01, 0.02, 0.03, 0.4, 0.5)
    vectors[6:, 2:] = 0.2 * rng.normal(size=(10, 4))
    tags = ["NN", "NN", "NN", "VB", "NN", ""] + ["JJ"] * 10
    counts = np.arange(1, len(words) + 1)
    return EmbeddingTable("t", words, counts, counts + 1, vectors), tags


def test_a_row_of_the_papers_table_counts_what_is_the_same() -> None:
    table, tags = planted()
    row = paper_table(table, tags)[list(PAPER_TABLE).index("prince")]
    assert {one.word for one in row.neighbours} == set(NEAR_PRINCE)
    assert (row.word, row.averaged, row.counted, row.paper_counted) == ("prince", 1, 2, 1926)
    assert row.overlap == 3
    assert row.by_euclid == 3  # king and queen are thirty times as far
    assert (row.tag, row.same_tag) == ("NN", 3)


def test_a_word_that_the_text_lacks_has_no_neighbours() -> None:
    table, tags = planted()
    rows = paper_table(table, tags)
    assert [row.word for row in rows] == list(PAPER_TABLE)
    assert all((row.counted, row.neighbours, row.overlap) == (0, (), 0) for row in rows[1:])


def test_shares_over_words_drawn_are_means_of_the_rows() -> None:
    table, tags = planted()
    drawn, by_euclid, same_tag = on_words_drawn(table, tags, count=1000)
    assert drawn == 15  # all that have a tag
    units = table.vectors / np.linalg.norm(table.vectors, axis=1, keepdims=True)
    both, alike = [], []
    for row in range(15 + 1):
        if not tags[row]:
            continue
        near = [k for k in np.argsort(-(units @ units[row]), kind="stable") if k != row][:5]
        far = [k for k in np.argsort(np.linalg.norm(table.vectors - table.vectors[row], axis=1)) if k != row][:5]
        both.append(len(set(near) & set(far)) / 5)
        alike.append(np.mean([tags[k] == tags[row] for k in near]))
    assert by_euclid == pytest.approx(np.mean(both)) and same_tag == pytest.approx(np.mean(alike))


def test_without_any_tag_nothing_can_be_drawn() -> None:
    table, tags = planted()
    with pytest.raises(ValueError, match="read a longer text"):
        on_words_drawn(table, [""] * len(tags))


def test_accents_are_folded() -> None:
    assert plain("platón") == "platon" and plain("naïve") == "naive" and plain("don’t") == "don’t"


def test_the_paper_table_is_the_papers() -> None:
    assert len(PAPER_TABLE) == 15 and all(len(set(near)) == 5 for _, near in PAPER_TABLE.values())
    assert [count for count, _ in PAPER_TABLE.values()] == [1926, 1069, 201, 120, 100, 61, 41, 4, 3, 2, 1, 1, 1, 1, 1]


def test_a_text_without_strange_words_is_measured_without_them(
    small_run: Callable[..., Run], words: Callable[..., str]
) -> None:
    keep_text("plain", words(400).encode())
    run = small_run("plain", read_corpus("plain"), weights=True)
    made = word_report(run)
    assert made.held_out == () and made.agreement is None and made.drawn > 0
    REPORTS.keep(made)
    assert read_report(run) == made
    assert "seen once" not in "\n".join(report_lines(made))


def test_the_words_are_those_that_the_model_read(small_run: Callable[..., Run], words: Callable[..., str]) -> None:
    """A vocabulary without é: what training never read stands in the table as the model has it."""
    keep_text("book", words(600).encode())
    run = small_run("mine", read_corpus("book"), weights=True)
    keep_text("book", (words(600) + 6 * "he said éclair to the éclair \n").encode())
    run.config["corpus"]["fingerprint"] = read_corpus("book").fingerprint
    made = word_report(run)
    assert made.types["words"] == len(embeddings(run)) and made.drawn > 0


@pytest.fixture
def run(small_run: Callable[..., Run], words: Callable[..., str]) -> Run:
    once = "the tall soldier slowly opened a gate and she quickly ran home \n"
    rare = "".join(f"he said zebra {words(130, seed)} " for seed in range(3))  # each in a passage of its own
    keep_text("book", (words(8000) + once + rare).encode())
    return small_run("mine", read_corpus("book"), weights=True)


def test_the_report_of_a_run_is_kept_and_read_back(run: Run) -> None:
    made = word_report(run)
    assert made.agreement is not None and made.agreement.words > 0 and [one.contexts for one in made.held_out] == [1, 2]
    assert made.types["words"] >= made.types["vocabulary"] > 0 and 0 <= made.same_tag <= 1
    assert read_report(run) is None
    REPORTS.keep(made)
    assert read_report(run) == made
    path = REPORTS.keep(replace(made, drawn=1), run)
    assert isinstance(found := read_report(run), WordReport) and found.drawn == 1  # what came with the run comes first
    path.write_text(path.read_text()[:-40])
    assert read_report(run) == made
