"""The page Tagging in a real browser, with the taggers that ship: two sentences, the states, the address; text stays
text.
"""

import re
from typing import Any

import pytest

from tests.browsing import Server, healthy, holds, settled

pytestmark = pytest.mark.browser
HOSTILE = '<img src="http://example.invalid/x.png" onerror="alert(1)">![a](http://example.invalid/y.png) **b** $x$'
TAGS = "The tag of each word by every network"


def test_two_sentences_their_states_and_the_address(server: Server, tab: Any) -> None:
    tab.goto(f"{server.address}/tagging")
    settled(tab)
    tags = tab.get_by_label(TAGS)
    tags.locator("td").first.wait_for()  # the network library is loaded once the page is there
    assert tags.locator("tbody th[scope=row]").all_text_contents() == [
        "They",
        "are",
        "early",
        "birds",
        "They",
        "are",
        "early",
        "today",
    ]
    tab.get_by_text(re.compile("differ by exactly nothing")).wait_for()
    tags.locator("td").first.hover()
    tab.get_by_text(re.compile("^They · tanh RNN, one way: pronoun")).wait_for()
    field = tab.get_by_label("Second sentence")
    field.fill("They are early houses")
    field.press("Enter")
    tags.get_by_text("houses", exact=True).wait_for()
    tab.wait_for_url("**tagging-second=They+are+early+houses**")
    tab.get_by_role("button", name="We saw her house / We saw her today").click()
    tab.wait_for_url("**tagging-second=We+saw+her+today**")
    healthy(tab)
    tab.get_by_role("radio", name="Hidden states").click()
    tab.locator(".strips .values").first.wait_for()
    tab.wait_for_url("**tagging-tab=Hidden+states**")
    settled(tab)
    assert tab.locator(".strips").count() == 2  # forward and backward
    tab.get_by_text(re.compile("^Forward: at the 3 words before the change the states are the same")).wait_for()
    values = tab.locator(".strips .values").first
    values.focus()
    tab.keyboard.press("ArrowRight")
    tab.get_by_text(re.compile("after We, neuron 1: ")).wait_for()
    tab.goto(tab.url)
    settled(tab)
    holds(tab.get_by_label("First sentence"), "We saw her house")
    tab.locator(".strips .values").first.wait_for()
    healthy(tab)


def test_text_that_is_typed_stays_text(server: Server, tab: Any) -> None:
    tab.goto(f"{server.address}/tagging")
    settled(tab)
    field = tab.get_by_label("First sentence")
    field.fill(HOSTILE)
    field.press("Enter")
    tab.get_by_label(TAGS).locator("th", has_text="img").first.wait_for()
    tab.get_by_role("radio", name="Hidden states").click()
    tab.locator(".strips .values").first.wait_for()
    settled(tab)
    healthy(tab)
    assert tab.hosts <= {"127.0.0.1", ""} and tab.locator("img[src*=invalid]").count() == 0
