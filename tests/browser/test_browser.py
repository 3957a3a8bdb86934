"""The real app in a real browser: deep links, a training watched, cancelled and resumed, hostile text shown as text."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from lstm_core.clusters.states import Clustering
from lstm_core.recordings.record import RecordQuery, corpus_text, record
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.text import corpus as corpora
from tests.browsing import ROW, Server, choose, healthy, holds, press, settled, table, tick, ticked
from tests.clusters_on_pages import book_clusters, book_run, book_text  # noqa: F401 - fixtures that are used by being here
from tests.opened_pages import PAGES

pytestmark = pytest.mark.browser
STARTING = 150_000  # milliseconds: a training is polite (nice) and may wait long for a core on a busy machine
HOSTILE = '<img src="http://example.invalid/x.png" onerror="alert(1)">![a](http://example.invalid/y.png) **b** $x$'


@pytest.fixture
def read_run(small_run: Callable[..., Run], words: Callable[..., str]) -> Run:
    corpora.keep_text("small", words(600).encode())
    run = small_run("small", weights=True)
    record(run, corpus_text(run, "small", 0, 1000), RecordQuery())
    return run


@pytest.mark.parametrize("where", PAGES)
def test_every_page_opens_from_a_deep_link(where: str, read_run: Run, server: Server, tab: Any) -> None:
    tab.goto(f"{server.address}/{where.removeprefix('home')}?run=small&neurons-unit=3")
    settled(tab)
    healthy(tab)
    assert tab.hosts == {"127.0.0.1"}


def test_the_unit_is_kept_in_the_address_and_its_value_shown_on_hover(
    read_run: Run, server: Server, tab: Any, wait_for: Callable[..., None]
) -> None:
    tab.goto(f"{server.address}/neurons?run=small&neurons-unit=3")
    settled(tab)
    holds(tab.get_by_label("Neuron (unit)"), "3")
    tab.get_by_label("Neuron (unit)").fill("5")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**neurons-unit=5**")
    from lstm_core.recordings.recording import Recording, find_recordings

    tokens = tab.locator(".text span[data-k]")
    token = tokens.nth(4).text_content().replace(" ", "blank")
    expected = f"4: {token} = {Recording.open(find_recordings()[0]).unit('h', 2, 5)[4]:.3f}"

    def told() -> bool:
        tokens.nth(3).hover()  # and away from what was drawn before the address changed
        tokens.nth(4).hover()
        return tab.locator(".now").first.text_content() == expected

    wait_for(told, 30, expected)
    healthy(tab)


@pytest.mark.parametrize(
    ("where", "alt"),
    [
        ("neurons", "How often neuron 3 takes each value"),
        ("neurons", "Value of neuron 3 at each of the characters"),
        ("training", re.compile("Training curves of .*small")),
    ],
)
def test_a_chart_is_drawn_and_named_and_nothing_for_it_is_fetched_from_elsewhere(
    where: str, alt: str | re.Pattern[str], read_run: Run, server: Server, tab: Any
) -> None:
    (read_run.folder / "metrics.jsonl").write_text(
        '{"step": 1, "epoch": 1.0, "train_loss": 1.5, "validation_loss": 1.4}\n'
        '{"step": 2, "epoch": 2.0, "train_loss": 1.3, "validation_loss": 1.2}\n'
    )
    tab.goto(f"{server.address}/{where}?run=small&neurons-unit=3")
    settled(tab)
    drawn = tab.get_by_role("figure", name=alt).locator(".trace path").first
    drawn.wait_for(state="attached")
    assert drawn.get_attribute("d").startswith("M")
    healthy(tab)
    assert tab.hosts == {"127.0.0.1"}


GROUPS = "groups with their sizes and what they hold"


def one_is_ticked(tab: Any, group: int) -> None:
    """Wait until a group's row is the one that is ticked."""
    ticked(tab, GROUPS).locator("td").first.filter(has_text=re.compile(f"^{group}$")).wait_for(state="attached")
    assert ticked(tab, GROUPS).count() == 1


def shows_words_of(tab: Any, found: Clustering, text: str, group: int) -> None:
    """Wait until the examples below the table are those of a group."""
    words = {text[slice(*place)] for place, label in zip(found.words, found.labels, strict=True) if label == group}
    tab.wait_for_function(
        "words => [...document.querySelectorAll('*')].some(e => e.shadowRoot && "
        "[...e.shadowRoot.querySelectorAll('.word')].some(word => words.includes(word.textContent)))",
        arg=sorted(words),
    )


def test_a_click_on_a_row_shows_its_group_and_the_address_keeps_it(
    found: Clustering, text: str, server: Server, tab: Any
) -> None:
    tab.goto(f"{server.address}/clusters?run=small")
    settled(tab)
    holds(tab.get_by_label("Group", exact=True), "1")
    one_is_ticked(tab, 1)
    for _ in range(2):  # the chosen row stays chosen
        tick(tab, GROUPS, 4)
        tab.wait_for_url("**clusters-cluster=4**")
        settled(tab)
        shows_words_of(tab, found, text, 4)
        holds(tab.get_by_label("Group", exact=True), "4")
        one_is_ticked(tab, 4)
    tab.get_by_label("Group", exact=True).fill("2")  # the table follows a choice that is made elsewhere
    tab.keyboard.press("Enter")
    one_is_ticked(tab, 2)
    tab.goto(f"{server.address}/clusters?run=small&clusters-cluster=3")  # so does the link, for somebody else
    settled(tab)
    one_is_ticked(tab, 3)
    tab.get_by_text("Chosen: cluster 3, number 4 of 5 in the table.").wait_for()
    healthy(tab)
    assert tab.hosts == {"127.0.0.1"}
    assert tab.locator("img[src*=example]").count() == 0  # the text holds Markdown


def test_a_sorted_table_is_chosen_from_by_keys(found: Clustering, text: str, server: Server, tab: Any) -> None:
    tab.goto(f"{server.address}/clusters?run=small")
    settled(tab)
    press(tab, GROUPS, 3.5 * ROW, -1)
    head = table(tab, GROUPS).locator("th", has_text="↑ moments")
    head.wait_for(state="attached")
    sizes = sorted((int(size), group) for group, size in enumerate(found.sizes))
    told = table(tab, GROUPS).locator("tbody td:nth-child(2)")
    assert [int(size) for size in told.all_text_contents()] == [size for size, _ in sizes]
    second = sizes[1][1]
    press(tab, GROUPS, 3.5 * ROW, 0)
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Shift+Space")
    tab.wait_for_url(f"**clusters-cluster={second}**")
    settled(tab)
    shows_words_of(tab, found, text, second)
    assert head.count() == 1  # what the page answers does not undo it
    healthy(tab)


@pytest.mark.parametrize("where", ["neurons", "writing"])
def test_fault_19_hostile_text_stays_text(where: str, read_run: Run, server: Server, tab: Any) -> None:
    tab.goto(f"{server.address}/{where}?run=small")
    settled(tab)
    label = "Type anything and watch this neuron" if where == "neurons" else "Beginning"
    tab.get_by_label(label).fill(HOSTILE)
    tab.keyboard.press("Control+Enter")
    if where == "writing":
        tab.get_by_role("button", name="Write", exact=True).click()
        tab.wait_for_selector("[data-testid=stCode]")
        assert HOSTILE in tab.locator("[data-testid=stCode]").inner_text()
    else:
        tab.wait_for_function("text => [...document.querySelectorAll('*')].some(e => e.shadowRoot && "
                              "e.shadowRoot.textContent.includes(text)) || document.body.textContent.includes(text)",
                              arg=HOSTILE)  # fmt: skip
    settled(tab)
    healthy(tab)
    assert tab.locator("img[src*=example]").count() == 0
    assert tab.hosts == {"127.0.0.1"}


@pytest.mark.kill
def test_a_training_is_started_watched_cancelled_resumed_and_survives_the_server(
    server: Server, tab: Any, words: Callable[..., str], wait_for: Callable[..., None]
) -> None:
    corpora.keep_text("long", words(60_000).encode())
    tab.goto(f"{server.address}/training")
    settled(tab)
    tab.get_by_label("Name of the run").fill("watched")
    tab.keyboard.press("Enter")
    choose(tab, "Text", "long")
    tab.get_by_text("Shape and recipe").click()
    tab.get_by_label("Epochs").fill("200")
    tab.keyboard.press("Enter")
    settled(tab)
    tab.get_by_role("button", name="Start training").click()
    tab.get_by_text("tokens/s").wait_for(timeout=STARTING)
    run = open_run("watched")
    wait_for(lambda: run.is_training, 120, "the training")

    before = run.log().points[-1]["step"]
    tab.reload()
    settled(tab)
    tab.get_by_text("tokens/s").wait_for(timeout=STARTING)

    server.stop()  # training goes on without its server, and is found again by a new one
    assert run.is_training
    server.start()
    wait_for(server.is_up, 120, "the app again")
    tab.goto(f"{server.address}/training")
    settled(tab)
    tab.get_by_text("tokens/s").wait_for(timeout=STARTING)
    wait_for(lambda: run.log().points[-1]["step"] > before, 120, "progress")

    tab.get_by_role("button", name="Cancel").click()
    tab.get_by_text("watched: cancelled").wait_for()
    stopped = run.log().points[-1]["step"]
    tab.get_by_role("button", name="Resume").click()
    wait_for(lambda: run.is_training, 120, "the training again")
    wait_for(lambda: run.log().points[-1]["step"] > stopped, 120, "progress after resuming")
    healthy(tab)
    run.request_cancel()
    wait_for(lambda: not run.is_training, 120, "the end of the training")
