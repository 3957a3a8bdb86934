"""The page Word vectors in a real browser: a word that does not occur, kept in the address; tables shown whole."""

from collections.abc import Callable
from typing import Any

import pytest

from lstm_core.runs.run import Run
from lstm_core.text.corpus import keep_text, read_corpus
from lstm_core.word_vectors.neighbours import nearest
from lstm_core.word_vectors.report import PAPER_TABLE, REPORTS, word_report
from lstm_core.word_vectors.sample import keep_sample, word_sample
from lstm_core.word_vectors.spelling import spell_unknown
from lstm_core.word_vectors.vectors import defined, embeddings
from tests.browsing import ROW, Server, healthy, holds, settled, table

pytestmark = pytest.mark.browser
STRANGE = "zebrine"


@pytest.fixture
def run(small_run: Callable[..., Run], words: Callable[..., str]) -> Run:
    keep_text("book", (words(900) + " the tall soldier slowly opened a gate \n").encode())
    run = small_run("small", read_corpus("book"), weights=True)
    keep_sample(word_sample(run, count=12), run)
    REPORTS.keep(word_report(run))
    for kind in ("paper", "best"):
        embeddings(run, defined(kind, run))
    return run


def shows_neighbours(tab: Any, expected: list[str]) -> None:
    first = table(tab, "words nearest to the one asked for")
    tab.wait_for_function(
        "([table, words]) => "
        "[...table.querySelectorAll('tbody td:first-child')].map(e => e.textContent).join() === words",
        arg=[first.element_handle(), ",".join(expected)],
    )


def test_a_word_that_does_not_occur_is_typed_shared_and_opened_again(
    run: Run,
    server: Server,
    tab: Any,
) -> None:
    table = embeddings(run)
    assert table.row(STRANGE) is None
    vector = spell_unknown(run, table, [STRANGE]).vectors[0]
    expected = [one.word for one in nearest(table, vector)]
    tab.goto(f"{server.address}/word_vectors?run=small")
    settled(tab)
    tab.get_by_label("Any word, also one that you make up").fill(STRANGE)
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"**embeddings-word={STRANGE}**")
    tab.get_by_text(f"“{STRANGE}” is like {', '.join(expected)}.").wait_for()
    shows_neighbours(tab, expected)
    shared = tab.url
    tab.goto("about:blank")
    tab.goto(shared)
    settled(tab)
    holds(tab.get_by_label("Any word, also one that you make up"), STRANGE)
    shows_neighbours(tab, expected)
    healthy(tab)
    assert tab.hosts <= {"127.0.0.1", ""}


def test_all_of_the_papers_words_are_in_sight(run: Run, server: Server, tab: Any) -> None:
    tab.goto(f"{server.address}/word_vectors?run=small")
    settled(tab)
    shown = table(tab, "The paper's Table 3 beside the neighbours found here")
    shown.locator("tbody tr").nth(len(PAPER_TABLE) - 1).wait_for(state="attached")
    assert shown.bounding_box()["height"] >= ROW * (1 + len(PAPER_TABLE))
    healthy(tab)


def test_a_hostile_word_stays_text(run: Run, server: Server, tab: Any) -> None:
    word = "<b>**a**</b>$x$"
    tab.goto(f"{server.address}/word_vectors?run=small")
    settled(tab)
    tab.get_by_label("Any word, also one that you make up").fill(word)
    tab.keyboard.press("Enter")
    tab.get_by_text(f"“{word}” is like").wait_for()
    settled(tab)
    healthy(tab)
