"""Tables: what Python tells of them, and as a browser draws them: values for people, sorted, chosen, in parts."""

import json
import math
from collections.abc import Callable, Iterator
from functools import cmp_to_key
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.table import _CSS, _HTML, _JS, Choice, Column, told
from tests.app.test_drawing import chromium  # noqa: F401 - a fixture that is used by being here

HOSTILE = "<img src=x onerror=alert(1)><b>two  blanks"
NUMBERS = (12345, 0, -7, None, 3, 3, 1_000_000)
COLUMNS = (
    Column("word"),
    Column("count", "whole", help="How often it occurs."),
    Column("value", "number", 2),
    Column("precision", "percent"),
    Column("part", "share", 0),
)
LINES = [
    {"word": "w10", "count": 12345, "value": -0.001, "precision": 0.1234, "part": 0.25, "more": 1},
    {"word": "w9", "count": 0, "value": math.inf, "precision": math.nan, "part": 1.5, "more": 2},
    {"word": "", "count": -7, "value": -math.inf, "precision": 1.0, "part": 0.0, "more": 3},
    {"word": HOSTILE, "count": None, "value": 1234.567, "precision": 0.0, "part": None, "more": 4},
]

# What is told --------------------------------------------------------------------------------------------------------


@given(some.lists(some.one_of(some.none(), some.floats(), some.integers(-(2**53), 2**53))))
def test_numbers_arrive_as_they_are_and_what_is_missing_as_null(values: list[float | None]) -> None:
    made = told([{"x": value} for value in values], [Column("x", "number")])
    for value, (arrived,) in zip(values, json.loads(json.dumps(made, allow_nan=False))["rows"], strict=True):
        if value is None or math.isnan(value):
            assert arrived is None
        else:
            assert float(arrived) == value


@given(some.lists(some.text()))
def test_text_arrives_as_it_is_and_none_as_null(values: list[str]) -> None:
    made = told([{"x": value} for value in values], [Column("x")])
    assert [arrived or "" for (arrived,) in json.loads(json.dumps(made))["rows"]] == values


def test_numbers_of_numpy_are_told_as_numbers() -> None:
    line = {"a": np.int64(3), "b": np.float32(0.5), "c": 4.0}
    made = told([line], [Column("a", "whole"), Column("b", "percent"), Column("c", "whole")], Choice("a", 3, print))
    assert json.dumps([made["rows"], made["ids"], made["chosen"]]) == "[[[3, 0.5, 4]], [3], 3]"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (Column("x"), 3),
        (Column("x", "number"), "3"),
        (Column("x", "whole"), 3.5),
        (Column("x", "whole"), math.inf),
        (Column("x", "number"), True),
    ],
)
def test_a_value_of_another_kind_is_refused_with_its_place(column: Column, value: object) -> None:
    with pytest.raises(ValueError, match=f"row 1 has {value!r} as 'x', a column of kind '{column.kind}'"):
        told([{"x": None}, {"x": value}], [column])


def test_a_histogram_arrives_as_shares_and_what_is_none_is_refused() -> None:
    column = Column("x", "histogram", ends=(-1, 1))
    lines = [{"x": np.array([0.25, 0.123456, 0])}, {"x": (0, 1)}, {"x": None}]
    made = json.loads(json.dumps(told(lines, [column])))
    assert made["rows"] == [[[0.25, 0.1235, 0]], [[0, 1]], [None]]
    assert made["columns"][0]["ends"] == [-1, 1]
    for value in ("abc", 0.5, [], [0.5, 1.5], [-0.1], [math.nan], [["a"]], [[0.5]], [True]):
        with pytest.raises(ValueError, match=r"row 1 has .* as 'x': a histogram is a list of shares in \[0, 1\]"):
            told([{"x": None}, {"x": value}], [column])


def test_a_column_that_rows_lack_and_rows_that_share_an_id_are_refused() -> None:
    lines = [{"a": 1, "b": 1}, {"a": 2, "b": 1}]
    with pytest.raises(ValueError, match="row 0 has no 'c', it has a, b"):
        told(lines, [Column("c")])
    with pytest.raises(ValueError, match="row 0 has no 'c', it has a, b"):
        told(lines, [], Choice("c", 1, print))
    with pytest.raises(ValueError, match="2 rows have 1 values of 'b'"):
        told(lines, [], Choice("b", 1, print))
    assert told(lines, [], Choice("a", 3, print))["chosen"] is None


# As it is drawn ------------------------------------------------------------------------------------------------------

LOAD = """async ([html, css, js]) => {
  document.body.innerHTML = "<div id=host></div>"
  const root = document.querySelector("#host").attachShadow({ mode: "open" })
  root.innerHTML = `<style>${css}</style>${html}`
  const { default: render } = await import(URL.createObjectURL(new Blob([js], { type: "text/javascript" })))
  window.sent = []
  window.draw = data => {
    render({ data, parentElement: root, setTriggerValue: (name, value) => window.sent.push([name, value]) })
  }
}"""
DRAW = "data => window.draw(data)"


@pytest.fixture
def shown(chromium: Any) -> Iterator[Callable[..., Any]]:  # noqa: F811
    """Draws a table in a tab of a width; a mistake in the script fails the test."""
    tabs, errors = [], []

    def show(
        lines: list[dict[str, Any]], columns: Any = COLUMNS, choice: Choice | None = None, width: int = 900
    ) -> Any:
        tab = chromium.new_page(viewport={"width": width, "height": 700})
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tabs.append(tab)
        tab.evaluate(LOAD, [_HTML, _CSS, _JS])
        tab.evaluate(DRAW, {**told(lines, columns, choice), "alt": "Words"})
        if lines:  # those of a long table are drawn when the browser has nothing else to do
            tab.wait_for_selector("tbody tr", state="attached")
        return tab

    yield show
    for tab in tabs:
        tab.close()
    assert errors == []


def cells(tab: Any, column: int) -> list[str]:
    return [str(text) for text in tab.locator(f"tbody td:nth-child({column + 1})").all_text_contents()]


def selected(tab: Any) -> list[str]:
    return [str(text) for text in tab.locator("tr[aria-selected=true] td:first-child").all_text_contents()]


def numbered(count: int) -> list[dict[str, Any]]:
    return [{"id": number, "turned": -number} for number in range(count)]


TURNED = (Column("id", "whole"), Column("turned", "whole"))


@pytest.mark.browser
def test_values_are_shown_as_people_read_them(shown: Callable[..., Any]) -> None:
    tab = shown(LINES)
    assert cells(tab, 0) == ["w10", "w9", "—", HOSTILE]
    assert cells(tab, 1) == ["12,345", "0", "-7", "—"]
    assert cells(tab, 2) == ["0.00", "∞", "-∞", "1,234.57"]
    assert cells(tab, 3) == ["12.3%", "—", "100.0%", "0.0%"]
    assert cells(tab, 4) == ["25%", "150%", "0%", "—"]
    assert tab.locator("img, b").count() == 0
    bars = tab.locator("td.share").evaluate_all("all => all.map(one => one.style.getPropertyValue('--share'))")
    assert bars == ["25%", "100%", "0%"]  # no bar is longer than its cell
    assert tab.locator("td").evaluate_all("all => all.slice(0, 5).map(one => getComputedStyle(one).textAlign)") == [
        "start", "right", "right", "right", "right"]  # fmt: skip


@pytest.mark.browser
def test_a_histogram_is_drawn_as_bars_told_in_words_and_sorted_by_where_it_lies(shown: Callable[..., Any]) -> None:
    even, right, none = [0.05] * 20, [0.0] * 18 + [0.25, 0.75], [0.0] * 20
    lines = [{"n": number, "values": value} for number, value in enumerate((right, None, even, none))]
    tab = shown(lines, (Column("n", "whole"), Column("values", "histogram", 1, ends=(-1, 1))))
    told_words = [tab.get_by_role("img").nth(k).get_attribute("aria-label") for k in (0, 1)]
    assert told_words == ["mostly between 0.8 and 1.0", "mostly between -0.9 and 0.9"]
    heights = """all => all.map(one => [...one.getAttribute("d").matchAll(/M(\\S+) 20v-(\\S+?)h2/g)].map(
      found => [Number(found[1]), Number(found[2])]))"""
    drawn = tab.locator("path.bar").evaluate_all(heights)
    assert drawn[0] == [[36, pytest.approx(20 / 3)], [38, 20]]
    assert drawn[1] == [[2 * number, 20] for number in range(20)]
    assert drawn[2] == []
    assert tab.locator("path.zero").first.get_attribute("d") == "M20 0V20"  # in the middle of 20 bars
    assert cells(tab, 1)[1] == "—"
    tab.get_by_role("button", name="values").click()
    assert cells(tab, 0) == ["3", "2", "0", "1"]
    tab.get_by_role("button", name="values").click()
    assert cells(tab, 0) == ["0", "2", "3", "1"]


@pytest.mark.browser
@pytest.mark.parametrize("name", ["word", "count", "value"])
def test_a_head_sorts_up_then_down_stable_with_missing_last(name: str, shown: Callable[..., Any]) -> None:
    rng = np.random.default_rng(5)
    stock: dict[str, list[Any]] = {
        "word": ["w2", "w10", "w1", None], "count": [*NUMBERS], "value": [1.5, -2.0, math.inf, -math.inf, math.nan]
    }  # fmt: skip
    lines = [
        {"id": number, **{key: values[rng.integers(len(values))] for key, values in stock.items()}}
        for number in range(120)
    ]
    key = (lambda text: int(text[1:])) if name == "word" else float
    columns = (Column("id", "whole"), Column("word"), Column("count", "whole"), Column("value", "number"))
    tab = shown(lines, columns)
    head = tab.get_by_role("columnheader", name=name)
    present = [line for line in lines if line[name] is not None and line[name] == line[name]]
    missing = [line["id"] for line in lines if line not in present]
    assert missing
    for down, state in ((False, "ascending"), (True, "descending"), (False, "ascending")):
        head.get_by_role("button").click()
        compare = cmp_to_key(lambda a, b, sign=-1 if down else 1: sign * ((a > b) - (a < b)))
        expected = sorted(present, key=lambda line: compare(key(line[name])))
        assert cells(tab, 0) == [str(number) for number in [line["id"] for line in expected] + missing]
        assert head.get_attribute("aria-sort") == state
        assert tab.locator("[aria-sort]").count() == 1


@pytest.mark.browser
def test_a_click_on_a_row_chooses_it_once_whatever_the_order(shown: Callable[..., Any]) -> None:
    tab = shown(numbered(12), TURNED, Choice("id", 3, print))
    assert selected(tab) == ["3"]
    tab.get_by_role("button", name="turned").click()
    assert selected(tab) == ["3"]
    for _ in range(2):
        tab.get_by_role("gridcell", name="-10", exact=True).click()
    assert selected(tab) == ["10"]
    assert tab.evaluate("window.sent") == [["choose", 10]]
    tab.evaluate(DRAW, {**told(numbered(12), TURNED, Choice("id", 5, print)), "alt": "Words"})  # chosen elsewhere
    assert selected(tab) == ["5"]
    assert cells(tab, 0)[0] == "11"  # the order is the person's
    tab.evaluate(DRAW, {**told(numbered(12), TURNED, Choice("id", 99, print)), "alt": "Words"})
    assert selected(tab) == []


@pytest.mark.browser
def test_keys_move_and_choose(shown: Callable[..., Any]) -> None:
    tab = shown(numbered(5), TURNED, Choice("id", 1, print))
    focused = "() => document.querySelector('#host').shadowRoot.activeElement?.textContent"
    for _ in range(3):  # two heads, then the chosen row
        tab.keyboard.press("Tab")
    assert tab.evaluate(focused) == "1-1"
    for keys, at in (("ArrowDown", "2-2"), ("ArrowUp", "1-1"), ("ArrowUp", "00"), ("ArrowUp", "00"), ("End", "4-4")):
        tab.keyboard.press(keys)
        assert tab.evaluate(focused) == at
    assert tab.evaluate("window.sent") == []
    tab.keyboard.press("Enter")
    tab.keyboard.press("ArrowUp")
    tab.keyboard.press(" ")
    assert tab.evaluate("window.sent") == [["choose", 4], ["choose", 3]]
    tab.evaluate(DRAW, {**told(numbered(5), TURNED, Choice("id", 3, print)), "alt": "Words"})
    assert tab.evaluate(focused) == "3-3"  # what the page answers takes the focus from nobody
    tab.keyboard.press("Shift+Tab")
    tab.keyboard.press("Enter")  # on the second head
    assert cells(tab, 0) == ["4", "3", "2", "1", "0"]


@pytest.mark.browser
def test_a_table_without_a_choice_cannot_be_chosen_from(shown: Callable[..., Any]) -> None:
    tab = shown(numbered(3), TURNED)
    tab.get_by_role("cell", name="-1", exact=True).click()
    assert tab.evaluate("window.sent") == []
    assert tab.locator("[aria-selected], tbody [tabindex]").count() == 0


@pytest.mark.browser
def test_a_long_table_is_drawn_in_parts_as_far_as_its_chosen_row(shown: Callable[..., Any]) -> None:
    tab = shown(numbered(450), TURNED, Choice("id", 0, print))
    more = tab.locator(".more")
    assert len(cells(tab, 0)) == 200
    assert more.inner_text() == "Show 200 more: 200 of 450 rows"
    more.click()
    assert more.inner_text() == "Show 50 more: 400 of 450 rows"
    more.click()
    assert cells(tab, 0) == [str(number) for number in range(450)]
    assert not more.is_visible()
    tab.get_by_role("button", name="turned").click()  # in the whole table, not in the part that is drawn
    assert cells(tab, 0)[:2] == ["449", "448"]
    tab = shown(numbered(450), TURNED, Choice("id", 321, print))
    assert len(cells(tab, 0)) == 400
    box, row = (tab.locator(name).bounding_box() for name in (".scroller", "tr[aria-selected=true]"))
    assert box["y"] < row["y"] and row["y"] + row["height"] <= box["y"] + box["height"]
    head = tab.locator("th").first.bounding_box()
    assert head["y"] == pytest.approx(box["y"], abs=2)  # it stays while rows pass below it


@pytest.mark.browser
def test_what_a_column_means_is_told_to_mouse_keys_and_readers(shown: Callable[..., Any]) -> None:
    tab = shown(LINES)
    tip, count = tab.locator(".tip"), tab.get_by_role("button", name="count")
    assert not tip.is_visible()
    count.hover()
    assert tip.inner_text() == "How often it occurs."
    tab.get_by_role("button", name="word").hover()
    assert not tip.is_visible()
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    assert tip.is_visible()
    named = count.get_attribute("aria-describedby")
    assert tab.locator(f"#{named}").text_content() == "How often it occurs."


@pytest.mark.browser
@pytest.mark.parametrize("width", [900, 400])
def test_a_wide_table_scrolls_by_itself_and_a_long_text_goes_on_below(width: int, shown: Callable[..., Any]) -> None:
    lines = [{"text": "word " * 40, "sign": "x", **dict.fromkeys("abcdefgh", 0.5)}]
    columns = (Column("text", width=20), Column("sign"), *(Column(name, "share") for name in "abcdefgh"))
    tab = shown(lines, columns, width=width)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    inside, room = tab.locator(".scroller").evaluate("box => [box.scrollWidth, box.clientWidth]")
    assert inside > room
    heights = tab.locator(".words").evaluate_all("all => all.map(one => one.offsetHeight)")
    assert heights[0] > 5 * heights[1]
    assert tab.locator(".words").first.bounding_box()["width"] > 100  # not squeezed either


@pytest.mark.browser
def test_other_rows_replace_the_old_ones_and_keep_the_order_asked_for(shown: Callable[..., Any]) -> None:
    tab = shown(numbered(3), TURNED)
    tab.get_by_role("button", name="turned").click()
    tab.evaluate(DRAW, {**told(numbered(5), TURNED), "alt": "Words"})
    assert cells(tab, 0) == ["4", "3", "2", "1", "0"]
    tab.evaluate(DRAW, {**told(numbered(5), TURNED[:1]), "alt": "Words"})  # that column is gone
    assert cells(tab, 0) == ["0", "1", "2", "3", "4"]
    assert tab.locator("[aria-sort]").count() == 0
