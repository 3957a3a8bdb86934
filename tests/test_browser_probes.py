"""The page Probes in a real browser: a phrase that is typed, a neuron, a study; the address keeps what is shown."""

import re
from typing import Any

import pytest
from browsing import Server, healthy, settled
from test_pages_probes import recording  # noqa: F401 - a fixture that is used by being here

from lstm_core.recording import Recording

pytestmark = pytest.mark.browser


def test_a_phrase_a_neuron_and_a_study_are_shown_and_kept_in_the_address(
    recording: Recording,  # noqa: F811
    server: Server,
    tab: Any,
) -> None:
    tab.goto(f"{server.address}/probes?run=small&probes-phrase=house")
    settled(tab)
    tab.get_by_text(re.compile("on through “house” at this place")).wait_for()
    places = tab.get_by_label(re.compile("places where most of these neurons are on"))
    places.locator("tbody tr").first.wait_for()
    field = tab.get_by_label("A phrase of the text")
    field.fill("river")
    field.press("Enter")
    tab.get_by_text(re.compile("on through “river” at this place")).wait_for()
    tab.wait_for_url("**probes-phrase=river**")
    healthy(tab)
    tab.get_by_role("radio", name="A neuron").click()
    tab.get_by_label("The neurons most like this one").locator("tbody tr").first.wait_for()
    tab.wait_for_url("**probes-tab=A+neuron**")
    healthy(tab)
    tab.get_by_role("radio", name="A study").click()
    tab.get_by_role("heading", name="Do neurons tell being in charge from a charge").wait_for()
    healthy(tab)
    assert tab.errors == []
