"""The page Word map in a real browser: words under the mouse; lasso and zoom stay when groups are marked."""

import csv
import re
from collections import Counter
from collections.abc import Callable
from math import cos, sin
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_core.clusters.word_map import WordMap
from pages.word_map.canvas import HEIGHT
from tests.browsing import Server, healthy, settled, table, tick, ticked
from tests.maps_on_pages import (  # noqa: F401 - fixtures that are used by being here
    CENTRES,
    CLASSES,
    book_run,
    class_of,
    kept_book_map,
    small_book,
)

pytestmark = pytest.mark.browser
LONE = 4  # the class whose dots stand far from all others
EDGE = 16  # as in canvas.js
CANVAS = ".st-key-wordmap-canvas canvas"


def pixel(found: WordMap, tab: Any, place: np.ndarray) -> tuple[float, float]:
    """Where a place of the whole map is in the window."""
    box = tab.locator(CANVAS).bounding_box()
    low, high = found.places.min(axis=0), found.places.max(axis=0)
    scale = min((box["width"] - 2 * EDGE) / (high - low)[0], (HEIGHT - 2 * EDGE) / (high - low)[1])
    right, up = (place - (low + high) / 2) * scale
    return float(box["x"] + box["width"] / 2 + right), float(box["y"] + HEIGHT / 2 - up)


def drawn(server: Server, tab: Any) -> None:
    tab.goto(f"{server.address}/word_map?wordmap-run=mine&wordmap-groups={len(CLASSES)}")
    settled(tab)
    tab.locator("canvas[aria-label]").wait_for()
    tab.get_by_text("Every bound above is ours").wait_for()  # the last of the page


def circled(found: WordMap, tab: Any) -> int:
    """Draw a lasso around the lone class; how many dots that are."""
    tab.get_by_role("button", name="Lasso").click()
    x, y = pixel(found, tab, CENTRES[LONE])
    tab.mouse.move(x + 60, y)
    tab.mouse.down()
    for turn in np.linspace(0, 2 * np.pi, 40).tolist():
        tab.mouse.move(x + 60 * cos(turn), y + 60 * sin(turn))
    tab.mouse.up()
    return sum(class_of(token) == LONE for token in found.tokens)


def told_at(tab: Any, x: float, y: float, wait_for: Callable[..., None]) -> str:
    """What stands beside the mouse at a place."""

    def told() -> bool:
        tab.mouse.move(x + 1, y)
        tab.mouse.move(x, y)
        return bool(tab.locator(".dots .told").is_visible())

    wait_for(told, 30, "a word under the mouse")
    return str(tab.locator(".dots .told").inner_text())


def test_a_word_is_told_with_its_neighbours_in_the_text(
    found: WordMap,
    server: Server,
    tab: Any,
    wait_for: Callable[..., None],
) -> None:
    drawn(server, tab)
    own = np.flatnonzero([class_of(token) == LONE for token in found.tokens])
    for at in own[:: len(own) // 3]:
        told = told_at(tab, *pixel(found, tab, found.places[at]), wait_for)
        position = int(re.search(r"word ([\d,]+) of the text", told)[1].replace(",", ""))  # type: ignore[index]
        assert found.tokens[position] == "."
        assert " ".join(found.tokens[max(position - 6, 0) : position + 7]).replace("<eos>", "⏎") in told
        off = np.subtract(pixel(found, tab, found.places[position]), pixel(found, tab, found.places[at]))
        assert np.hypot(*off) < 2
    healthy(tab)
    assert tab.hosts <= {"127.0.0.1", ""}  # the text holds Markdown and HTML
    assert tab.locator("img[src*=example]").count() == 0


def test_lasso_and_zoom_stay_when_a_group_is_marked_and_the_address_keeps_the_mark(
    found: WordMap,
    server: Server,
    tab: Any,
    wait_for: Callable[..., None],
) -> None:
    drawn(server, tab)
    expected = circled(found, tab)
    tab.get_by_text(f"{expected} dots in the lasso").wait_for()
    table(tab, "The words in the lasso by frequency")
    settled(tab)
    at = next(at for at, token in enumerate(found.tokens) if class_of(token) == 3)
    under = pixel(found, tab, found.places[at])
    box = tab.locator(CANVAS).bounding_box()
    tab.mouse.move(*under)
    tab.keyboard.down("Control")
    tab.mouse.wheel(0, -600)
    tab.keyboard.up("Control")
    tab.get_by_role("button", name="Show all").wait_for()
    before = told_at(tab, *under, wait_for)
    assert f"word {at:,} of the text" in before  # what is under the wheel stays there
    group = int(re.search(r"group (\d+)", before)[1])  # type: ignore[index]
    tick(tab, "groups with their commonest words", group)
    tab.wait_for_url(f"**wordmap-group={group}**")
    settled(tab)
    ticked(tab, "groups with their commonest words").locator("td").first.filter(has_text=str(group)).wait_for(
        state="attached"
    )
    assert tab.get_by_text(f"{expected} dots in the lasso").is_visible()
    assert tab.get_by_role("button", name="Show all").is_visible()
    tab.locator(CANVAS).scroll_into_view_if_needed()
    after = tab.locator(CANVAS).bounding_box()  # the page may have moved below the mouse
    there = under[0] + after["x"] - box["x"], under[1] + after["y"] - box["y"]
    assert told_at(tab, *there, wait_for) == before  # what was under the mouse still is
    assert table(tab, "The words in the lasso by frequency").locator("tbody td").nth(1).text_content() == str(expected)
    tab.get_by_role("button", name="Clear lasso").click()
    tab.get_by_text("choose Lasso above the map and draw around dots").wait_for()
    healthy(tab)


def test_words_in_the_lasso_are_a_file(found: WordMap, server: Server, tab: Any, tmp_path: Path) -> None:
    drawn(server, tab)
    circled(found, tab)
    button = tab.get_by_role("button", name="These words as CSV")
    button.wait_for()
    settled(tab)
    with tab.expect_download() as loading:
        button.click()
    loading.value.save_as(tmp_path / "lasso.csv")
    with (tmp_path / "lasso.csv").open(encoding="utf-8") as file:
        rows = {row["word"]: int(row["times"]) for row in csv.DictReader(file)}
    assert rows == Counter(token for token in found.tokens if class_of(token) == LONE)
    assert loading.value.suggested_filename == f"mine-h1-train-single-{len(CLASSES)}-lasso.csv"
    healthy(tab)


def test_a_click_on_a_dot_marks_its_group_and_once_more_none(found: WordMap, server: Server, tab: Any) -> None:
    drawn(server, tab)
    place = found.places[next(at for at, token in enumerate(found.tokens) if class_of(token) == LONE)]
    tab.mouse.click(*pixel(found, tab, place))
    tab.wait_for_url("**wordmap-group=**")
    settled(tab)
    words = table(tab, "by frequency")
    assert words.locator("tbody td").first.text_content() == "."
    tab.locator(CANVAS).scroll_into_view_if_needed()
    tab.mouse.move(0, 0)
    tab.mouse.click(*pixel(found, tab, place))
    words.wait_for(state="detached")
    healthy(tab)
