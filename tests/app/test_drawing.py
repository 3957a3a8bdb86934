"""Figures as a browser draws them: every mark where its value belongs, values told, rows hidden, a zoom, a phone."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.drawing import _CSS, _HTML, _JS
from app.figure import BLUE, RED, Axis, Figure, Level, Series
from benchmarks.chromium import CHROMIUM, FLAGS

pytestmark = pytest.mark.browser
RNG = np.random.default_rng(0)
EPOCHS = np.linspace(0.1, 8, 60)
LOSSES = 2 + np.exp(-EPOCHS) + RNG.normal(0, 0.02, 60)
CURVES = Figure(
    Axis("epochs", digits=2, reading="epoch"),
    Axis("bits"),
    (
        Series("mine: training", EPOCHS, LOSSES, "thin line", (BLUE,)),
        Series("mine: validation", EPOCHS[9::10], LOSSES[9::10] + 0.1, "dots", (BLUE,)),
    ),
    (Level("paper: 2.5", 2.5, "dot"), Level("5-gram: 2.48", 2.48, "dash"), Level("far away", 99.0, "dash")),
)
BARS = Figure(
    Axis("", labels=tuple("The_river")),
    Axis("h of neuron 3"),
    (Series("h of neuron 3", np.arange(9), np.linspace(-0.4, 0.8, 9), "bars", (BLUE,) * 3 + (RED,) * 6),),
    legend=False,
)
INTERVALS = Figure(
    Axis("", (-0.5, 1.5), labels=("WS-353", "MEN")),
    Axis("correlation", digits=2),
    (
        Series(
            "ours", np.array([-0.2, 0.8]), np.array([0.3, 0.4]), "points", (BLUE,),
            np.array([0.2, 0.1]), np.array([0.5, 0.6]),
        ),
        Series("theirs", np.array([0.2, 1.2]), np.array([0.1, 0.2]), "points", (RED,)),
    ),
)  # fmt: skip
LOAD = """async ([html, css, js, told]) => {
  document.body.innerHTML = `<style>${css}</style>${html}`
  window.module ??= await import(URL.createObjectURL(new Blob([js], { type: "text/javascript" })))
  window.end = window.module.default({ data: told, parentElement: document.body })
}"""
AGAIN = "told => { window.module.default({ data: told, parentElement: document.body }) }"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    if not Path(CHROMIUM).is_file():
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def shown(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Draws a figure in a tab of a width; a mistake in the script fails the test."""
    tabs, errors = [], []

    def show(figure: Figure, width: int = 900, alt: str = "Training curves of mine") -> Any:
        tab = chromium.new_page(viewport={"width": width, "height": 700})
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tabs.append(tab)
        tab.evaluate(LOAD, [_HTML, _CSS, _JS, {**figure.told(), "alt": alt}])
        return tab

    yield show
    for tab in tabs:
        tab.close()
    assert errors == []


def ticks(tab: Any, axis: str) -> tuple[np.ndarray, np.ndarray]:
    """Values written along an axis (N,) and the pixels that their lines stand at (N,)."""
    found = tab.locator(f"svg .{axis}.tick").evaluate_all(
        "(all, axis) => all.map(one => [one.textContent, Number(one.getAttribute(axis))])", axis
    )
    values = np.array([float(text.rstrip("%")) / (100 if "%" in text else 1) for text, _ in found])
    return values, np.array([pixel for _, pixel in found]) - (4 if axis == "y" else 0)


def on_scale(tab: Any, axis: str, values: np.ndarray) -> np.ndarray:
    """Where values (N,) belong by the ticks that are written: a straight line through them."""
    return np.polyval(np.polyfit(*ticks(tab, axis), 1), values)


def corners(tab: Any, name: str) -> np.ndarray:
    """Corners (N, 2) of the line of a row, in pixels."""
    d = tab.locator(f'svg [data-name="{name}"] path').first.get_attribute("d")
    return np.array([[float(number) for number in pair] for pair in re.findall(r"[ML](\S+) ([\d.-]+)", d)])


def told(tab: Any) -> str:
    return str(tab.locator(".told").inner_text())


def test_lines_and_dots_stand_where_the_ticks_say(shown: Callable[..., Any]) -> None:
    tab = shown(CURVES)
    for axis in "xy":
        values, pixels = ticks(tab, axis)
        assert 3 <= len(values) <= 12
        np.testing.assert_allclose(on_scale(tab, axis, values), pixels, atol=0.01)  # evenly spaced, as are the values
    line = corners(tab, "mine: training")
    np.testing.assert_allclose(line[:, 0], on_scale(tab, "x", EPOCHS), atol=0.02)
    np.testing.assert_allclose(line[:, 1], on_scale(tab, "y", LOSSES), atol=0.02)
    dots = tab.locator('[data-name="mine: validation"] circle')
    heights = dots.evaluate_all("all => all.map(one => Number(one.getAttribute('cy')))")
    np.testing.assert_allclose(heights, on_scale(tab, "y", LOSSES[9::10] + 0.1), atol=0.02)


def test_bars_reach_from_zero_to_their_value_in_their_colour(shown: Callable[..., Any]) -> None:
    tab = shown(BARS)
    found = {}
    for path in tab.locator("[data-name] path").all():
        for corner in re.findall(r"M(\S+) (\S+)V(\S+)H(\S+)V(\S+)Z", path.get_attribute("d")):
            left, start, end, right, back = map(float, corner)
            assert start == back
            found[(left + right) / 2] = (start, end, path.get_attribute("fill"))
    bars = BARS.series[0]
    expected = on_scale(tab, "y", bars.y)
    kept = np.flatnonzero(bars.y)  # a bar of no height is not drawn
    assert [found[middle][2] for middle in sorted(found)] == [bars.colours[k] for k in kept]
    np.testing.assert_allclose([found[middle][1] for middle in sorted(found)], expected[kept], atol=0.02)
    np.testing.assert_allclose([start for start, _, _ in found.values()], on_scale(tab, "y", np.zeros(1))[0], atol=0.02)
    assert tab.locator(".x.tick").all_text_contents() == list("The_river")


def test_a_gap_in_the_values_is_a_gap_in_the_line(shown: Callable[..., Any]) -> None:
    row = Series("row", np.arange(5.0), np.array([1, 2, np.nan, 3, 4.0]), "line", (RED,))
    tab = shown(Figure(Axis("x"), Axis("y"), (row,)))
    assert re.sub(r"[\d. -]+", "", tab.locator("[data-name] path").get_attribute("d")) == "MLML"


def test_known_figures_have_a_line_and_a_label_that_covers_no_other(shown: Callable[..., Any]) -> None:
    tab = shown(CURVES)
    lines = tab.locator(".level").evaluate_all("all => all.map(one => Number(one.getAttribute('y1')))")
    np.testing.assert_allclose(sorted(lines), on_scale(tab, "y", np.array([2.5, 2.48])), atol=0.02)
    assert set(tab.locator(".label").all_text_contents()) == {"paper: 2.5", "5-gram: 2.48"}  # not what is out of sight
    boxes = [label.bounding_box() for label in tab.locator(".label").all()]
    assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"] + 4 or boxes[0]["x"] > boxes[1]["x"] + boxes[1]["width"]


def test_a_label_avoids_the_rows_where_it_can(shown: Callable[..., Any]) -> None:
    row = Series("row", np.arange(100.0), np.where(np.arange(100) > 40, 1.02, 2.0), "line", (RED,))
    tab = shown(Figure(Axis("x"), Axis("y", (0.9, 2.1)), (row,), (Level("known: 1", 1.0, "dot"),)))
    box, corner = tab.locator(".label").bounding_box(), tab.locator("svg").bounding_box()
    across, down = (corners(tab, "row") + np.array([corner["x"], corner["y"]])).T
    covered = (across > box["x"]) & (across < box["x"] + box["width"])
    covered &= (down > box["y"]) & (down < box["y"] + box["height"])
    assert not covered.any()


@pytest.mark.parametrize("k", [0, 9, 30, 59])
def test_the_mouse_tells_all_values_at_a_place(k: int, shown: Callable[..., Any]) -> None:
    tab = shown(CURVES)
    corner = tab.locator("svg").bounding_box()
    tab.mouse.move(corner["x"] + corners(tab, "mine: training")[k, 0] + 1, corner["y"] + 150)
    expected = [f"epoch {EPOCHS[k]:.2f}", f"mine: training: {LOSSES[k]:.3f}"]
    if k % 10 == 9:
        expected.append(f"mine: validation: {LOSSES[k] + 0.1:.3f}")
    assert told(tab).split("\n") == expected
    tab.mouse.move(2, 690)
    assert tab.locator(".told").is_hidden()


def test_the_arrow_keys_tell_one_value_after_the_other(shown: Callable[..., Any]) -> None:
    tab = shown(BARS)
    tab.locator("svg").focus()
    seen = []
    for key in ["ArrowRight"] * 10 + ["ArrowLeft"]:
        tab.keyboard.press(key)
        seen.append(told(tab).split("\n"))
    expected = [
        [letter, f"h of neuron 3: {value:.3f}"] for letter, value in zip(BARS.x.labels, BARS.series[0].y, strict=True)
    ]
    assert seen == [*expected, expected[-1], expected[-2]]


def test_shares_are_told_in_per_cent(shown: Callable[..., Any]) -> None:
    row = Series("neuron 3", np.array([0.0, 1.0]), np.array([0.1234, 0.5]), "bars", (RED,))
    tab = shown(Figure(Axis("value", reading="h", digits=1), Axis("share", digits=2, percent=True), (row,)))
    tab.locator("svg").focus()
    tab.keyboard.press("ArrowRight")
    assert told(tab).split("\n") == ["h 0.0", "neuron 3: 12.34%"]
    assert "20%" in tab.locator(".y.tick").all_text_contents()


def test_a_name_in_the_legend_hides_its_row_and_shows_it_again(shown: Callable[..., Any]) -> None:
    tab = shown(CURVES)
    name = tab.get_by_role("button", name="mine: validation")
    row = tab.locator('[data-name="mine: validation"]')
    assert (name.get_attribute("aria-pressed"), row.count()) == ("true", 1)
    name.click()
    assert (name.get_attribute("aria-pressed"), row.count()) == ("false", 0)
    tab.evaluate(AGAIN, {**CURVES.told(), "alt": "new values"})  # it stays hidden when the values change
    assert row.count() == 0
    tab.locator("svg").focus()
    tab.keyboard.press("ArrowRight")
    assert "validation" not in told(tab)
    name.click()
    assert row.count() == 1


def test_dragging_zooms_and_a_double_click_shows_all_again(shown: Callable[..., Any]) -> None:
    tab = shown(CURVES)
    corner = tab.locator("svg").bounding_box()
    before = corners(tab, "mine: training")
    left, right = on_scale(tab, "x", np.array([4.0, 6.0])) + corner["x"]
    tab.mouse.move(left, corner["y"] + 100)
    tab.mouse.down()
    tab.mouse.move(right, corner["y"] + 120, steps=4)
    tab.mouse.up()
    values, _ = ticks(tab, "x")
    assert values.min() >= 4
    assert values.max() <= 6
    inside = (EPOCHS >= 4) & (EPOCHS <= 6)
    line = corners(tab, "mine: training")
    box = tab.locator("#inside rect").evaluate("one => [one.y.baseVal.value, one.height.baseVal.value]")
    assert box[0] < line[inside, 1].min() < line[inside, 1].max() < box[0] + box[1]  # y goes along
    np.testing.assert_allclose(line[:, 1], on_scale(tab, "y", LOSSES), atol=0.05)
    tab.get_by_role("button", name="Show all").wait_for()
    tab.locator("svg").dblclick()
    np.testing.assert_allclose(corners(tab, "mine: training"), before)
    assert tab.get_by_role("button", name="Show all").is_hidden()


@pytest.mark.parametrize("figure", [CURVES, BARS], ids=["curves", "bars"])
def test_all_stays_in_sight_at_the_width_of_a_phone(figure: Figure, shown: Callable[..., Any]) -> None:
    tab = shown(figure, 340)
    edge = tab.locator("svg").bounding_box()
    for text in tab.locator("svg text").all():
        box = text.bounding_box()
        assert edge["x"] - 0.5 <= box["x"]
        assert box["x"] + box["width"] <= edge["x"] + edge["width"] + 0.5
        assert box["y"] + box["height"] <= edge["y"] + edge["height"] + 2
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    tab.set_viewport_size({"width": 800, "height": 700})
    tab.wait_for_function("document.querySelector('svg').clientWidth > 700")  # drawn anew, as wide as there is room


@pytest.mark.parametrize("words", [False, True])
def test_names_along_x_never_cover_each_other(words: bool, shown: Callable[..., Any]) -> None:
    names = tuple(("extraordinary" if words else "w") + str(k % 10) for k in range(40))
    row = Series("row", np.arange(40), np.ones(40), "bars", (RED,))
    for width in (900, 500, 340):
        tab = shown(Figure(Axis("", labels=names), Axis("y"), (row,)), width)
        boxes = [text.bounding_box() for text in tab.locator(".x.tick").all()]
        assert len(boxes) in (0, 40)
        assert all(a["x"] + a["width"] <= b["x"] + 4 for a, b in pairwise(boxes))
    assert not boxes


def test_text_of_a_figure_is_never_read_as_markup(shown: Callable[..., Any]) -> None:
    hostile = "<img src=x onerror=alert(1)><b>"
    row = Series(hostile, np.arange(2), np.ones(2), "bars", (RED,))
    axis = Axis(hostile, labels=(hostile, hostile))
    tab = shown(Figure(axis, Axis(hostile), (row,), (Level(hostile, 0.5, "dot"),)), alt=hostile)
    tab.locator("svg").focus()
    tab.keyboard.press("ArrowRight")
    assert hostile in told(tab)
    assert tab.locator("img, b:has(*)").count() == 0


def test_the_picture_that_is_kept_has_the_drawing_and_the_legend(shown: Callable[..., Any], tmp_path: Path) -> None:
    tab = shown(CURVES)
    with tab.expect_download() as waiting:
        tab.get_by_role("button", name="Save picture").click()
    assert waiting.value.suggested_filename == "Training-curves-of-mine.png"
    waiting.value.save_as(tmp_path / "kept.png")
    image = Image.open(tmp_path / "kept.png").convert("RGB")
    size = tab.locator("svg").bounding_box()
    assert image.width == 2 * round(size["width"])
    assert image.height > 2 * size["height"]  # the legend stands above
    colours = {colour for _, colour in image.getcolors(2**20)}
    assert tuple(bytes.fromhex(BLUE[1:])) in colours


def test_nothing_is_watched_once_the_figure_is_gone(shown: Callable[..., Any]) -> None:
    tab = shown(CURVES)
    tab.evaluate("window.end()")
    width = tab.locator("svg").get_attribute("width")
    tab.set_viewport_size({"width": 400, "height": 700})
    tab.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert tab.locator("svg").get_attribute("width") == width


def test_points_stand_apart_with_their_intervals_and_are_told_together(shown: Callable[..., Any]) -> None:
    tab = shown(INTERVALS)
    d = tab.locator('svg [data-name="ours"] path').get_attribute("d")
    lines = [[float(number) for number in found] for found in re.findall(r"M(\S+) ([\d.-]+)V([\d.-]+)", d)]
    ends = on_scale(tab, "y", np.array([[0.2, 0.5], [0.1, 0.6]]))
    np.testing.assert_allclose([line[1:] for line in lines], ends, atol=0.05)
    places = tab.locator('svg [data-name="ours"] circle').evaluate_all("all => all.map(one => +one.getAttribute('cx'))")
    np.testing.assert_allclose(places, [line[0] for line in lines], atol=0.01)
    assert tab.locator('svg [data-name="theirs"] path').get_attribute("d") == ""
    tab.locator("svg").focus()
    tab.keyboard.press("ArrowRight")
    assert told(tab).split("\n") == ["WS-353", "ours: 0.30 (0.20 to 0.50)", "theirs: 0.10"]
    tab.keyboard.press("ArrowRight")
    assert told(tab).split("\n")[0] == "MEN"
