"""A chart on a page: words for screen readers, the picture to keep, dots that a person draws around."""

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.figures_on_pages import figures_on, rows


def page() -> None:
    from app.charts.draw import draw, draw_to_choose, kept_as
    from app.charts.figure import Axis, chart, dots

    kept_as()
    figure = chart(Axis("x"), Axis("y"), [dots("row", [0, 1], [1, 2], "#d6453d")])
    draw(figure, key="one", alt="What <it> shows, 1")
    draw_to_choose(figure, key="two", alt="A map")


@pytest.mark.parametrize("kind", ["PNG", "SVG"])
def test_a_chart_has_words_for_screen_readers_and_a_picture_to_keep(kind: Any) -> None:
    app = AppTest.from_function(page).run()
    app.segmented_control(key="charts-kept-as").set_value(kind).run()
    assert not app.exception
    one, two = (part.proto for part in app.get("plotly_chart"))
    assert (one.alt, two.alt, one.theme) == ("What <it> shows, 1", "A map", "streamlit")
    config = json.loads(one.config)
    assert config["toImageButtonOptions"]["format"] == kind.lower()
    assert config["toImageButtonOptions"]["filename"] == "What-it-shows-1"
    assert (config["displaylogo"], config["scrollZoom"]) == (False, False)
    assert rows(figures_on(app)[0])["row"].y.tolist() == [1, 2]
    assert (list(one.selection_mode), len(two.selection_mode)) == ([], 2)
