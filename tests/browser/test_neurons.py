"""The page Neurons in a real browser: what was learned is in sight, a link with no number in it does no harm, and a
text that was typed is read though the server had not loaded torch."""

import re
from typing import Any

import pytest

from lstm_core.recordings.recording import Recording, find_recordings
from lstm_core.runs.run import Run
from tests.browser.test_browser import read_run  # noqa: F401 - a fixture that is used by being here
from tests.browsing import Server, healthy, settled, table
from tests.pages.test_neurons import planted_labels

pytestmark = pytest.mark.browser


def test_a_link_with_infinity_opens_with_labels_and_becomes_a_sound_one(
    read_run: Run,  # noqa: F811
    server: Server,
    tab: Any,
) -> None:
    planted_labels(Recording.open(find_recordings()[0]), into=read_run)
    tab.goto(f"{server.address}/neurons?run=small&neurons-signal=h&neurons-layer=2&neurons-unit=INFINITY")
    settled(tab)
    cells = table(tab, "neurons with their distributions, the most unusual first").locator("td")
    cells.filter(has_text=re.compile("^not sure$")).wait_for(state="attached")
    healthy(tab)
    assert cells.filter(has_text=re.compile("^no lead$")).count() == 1
    tab.get_by_text("What the thesis says of single neurons, what we measure").wait_for()
    tab.wait_for_function("() => !location.search.includes('INFINITY')")
    field = tab.get_by_label("Neuron (unit)")
    field.fill("2")
    field.press("Enter")
    tab.wait_for_url("**neurons-unit=2**")  # bound again
    settled(tab)
    tab.get_by_text("this lead is beyond chance (p = 0.012").wait_for()
    healthy(tab)
    assert tab.errors == []


def test_the_typed_text_is_read_by_itself_once_the_page_is_shown(
    read_run: Run,  # noqa: F811
    server: Server,
    tab: Any,
) -> None:
    tab.goto(f"{server.address}/neurons?run=small")
    coloured = tab.locator(".st-key-neurons-mine")
    coloured.get_by_role("group").wait_for()
    assert coloured.get_by_role("group").inner_text().startswith('"They are early birds,"')
    settled(tab)
    assert tab.get_by_text("Loading the model").count() == 0
    field = tab.get_by_label("Type anything and watch this neuron")
    field.fill("the river")
    field.press("Control+Enter")
    tab.wait_for_function("() => document.querySelector('.st-key-neurons-mine') !== null")
    coloured.get_by_text("the river", exact=False).wait_for()
    healthy(tab)
