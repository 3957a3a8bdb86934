"""The page Probes in a real browser: a phrase that is typed or selected, a neuron, a study; the address keeps what is
shown, and text stays text.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from lstm_core.probes.active import OnQuery, on_sets
from lstm_core.probes.match import MatchQuery, match, occurrences
from lstm_core.recordings.annotations import Annotation, write_annotations
from lstm_core.recordings.record import RecordQuery, corpus_text, record
from lstm_core.recordings.recording import Recording
from lstm_core.runs.run import Run
from lstm_core.text import corpus as corpora
from tests.browsing import Server, choose, healthy, holds, settled, table, tick
from tests.commands.test_probes import stronger
from tests.pages.test_probes import recording  # noqa: F401 - a fixture that is used by being here

pytestmark = pytest.mark.browser
HOSTILE = '<img src="http://example.invalid/x.png" onerror="alert(1)">![a](http://example.invalid/y.png) **b** $x$'


def token(tab: Any, recording: Recording, step: int) -> Any:  # noqa: F811
    """A token of the strip, by its step."""
    return tab.locator(".tokens").locator("span[data-k]").nth(step - strip_begins(tab, recording))


def strip_begins(tab: Any, recording: Recording) -> int:  # noqa: F811
    label = tab.locator(".tokens").get_attribute("aria-label")
    return int(re.search(r"place ([\d,]+) on", label)[1].replace(",", "")) - recording.spec.span[0]


def selected(tab: Any) -> str:
    return "".join(tab.locator(".tokens span[aria-selected=true]").all_text_contents()).replace("\u00a0", " ")


def test_a_phrase_a_neuron_and_a_study_are_shown_and_kept_in_the_address(
    recording: Recording,  # noqa: F811
    server: Server,
    tab: Any,
) -> None:
    tab.goto(f"{server.address}/probes?run=small&probes-phrase=house")
    settled(tab)
    tab.get_by_text(re.compile("on through “house” at this place")).wait_for()
    places = tab.get_by_label(re.compile("The phrase, and the .* places where most of these neurons are on"))
    places.locator("tbody tr").first.wait_for()
    field = tab.get_by_label("A phrase of the text")
    field.fill("river")
    field.press("Enter")
    tab.get_by_text(re.compile("on through “river” at this place")).wait_for()
    tab.wait_for_url("**probes-phrase=river**")
    healthy(tab)
    tab.get_by_role("radio", name="A neuron").click()
    table(tab, "The neurons most like this one")
    tab.wait_for_url("**probes-tab=A+neuron**")
    healthy(tab)
    tab.get_by_role("radio", name="A study").click()
    settled(tab)
    choose(tab, "Study", "charge")
    tab.get_by_role("heading", name="Do neurons tell being in charge from a charge").wait_for()
    healthy(tab)
    assert tab.errors == []


def test_a_span_is_selected_by_clicks_by_drawing_and_by_keys_and_a_link_shows_the_same(
    recording: Recording,  # noqa: F811
    server: Server,
    tab: Any,
) -> None:
    tab.goto(f"{server.address}/probes?run=small&probes-phrase=house")
    settled(tab)
    assert selected(tab) == "house"
    text = "".join(recording.text(0, 1200))
    here = text.index("house")
    token(tab, recording, here + 9).click()  # the last one first
    tab.get_by_text(re.compile("now click the last letter")).wait_for()
    token(tab, recording, here + 1).click()
    tab.wait_for_url(f"**probes-place={here + 1}-{here + 10}**")
    settled(tab)
    wanted = text[here + 1 : here + 10].replace("\n", "⏎")
    assert selected(tab) == wanted
    tab.get_by_text(re.compile(f"on through “{re.escape(wanted)}” at this place")).wait_for()
    holds(tab.get_by_label("A phrase of the text"), wanted.replace("⏎", " "))

    token(tab, recording, here + 2).hover()
    tab.mouse.down()
    token(tab, recording, here + 3).hover()
    token(tab, recording, here + 4).hover()
    tab.mouse.up()
    tab.wait_for_url(f"**probes-place={here + 2}-{here + 5}**")
    settled(tab)

    token(tab, recording, here + 2).focus()
    for key in ("ArrowRight", "Enter", "ArrowRight", "Escape", "ArrowLeft", "Enter", "ArrowRight", "Space"):
        tab.keyboard.press(key)
    tab.wait_for_url(f"**probes-place={here + 3}-{here + 5}**")
    settled(tab)
    assert selected(tab) == text[here + 3 : here + 5]
    told = tab.get_by_text(re.compile("” at this place")).inner_text()
    healthy(tab)

    tab.goto(tab.url)
    settled(tab)
    assert selected(tab) == text[here + 3 : here + 5]
    assert tab.get_by_text(re.compile("” at this place")).inner_text() == told
    field = tab.get_by_label("A phrase of the text")
    field.fill("river")
    field.press("Enter")  # a phrase that is typed takes the place of the span
    tab.wait_for_function("() => !location.search.includes('probes-place')")
    settled(tab)
    assert selected(tab) == "river"
    healthy(tab)


def test_a_row_is_gone_to_asked_about_and_followed_to_the_page_neurons(
    recording: Recording,  # noqa: F811
    server: Server,
    tab: Any,
) -> None:
    tab.goto(f"{server.address}/probes?run=small&probes-phrase=house")
    settled(tab)
    start = "".join(recording.text(0, 1200)).index("house")
    query = MatchQuery(start, start + 5)
    found = match(on_sets(recording, OnQuery()), query)
    others = [one for one in found.found if one.stop <= query.start or one.start >= query.stop]
    rows = tab.get_by_label(re.compile("The phrase, and the")).locator("tbody tr")
    rows.nth(3).click()
    tab.wait_for_url(f"**probes-at={others[2].start}**")
    settled(tab)
    assert rows.nth(3).get_attribute("aria-selected") == "true"
    assert tab.locator(".tokens span.marked").count() == others[2].stop - others[2].start
    tab.get_by_text(re.compile("on through “house” at this place")).wait_for()  # what is asked about stays
    rows.nth(3).press("ArrowDown")
    rows.nth(4).press("ArrowRight")
    values = tab.locator(".matches .now").inner_text()
    assert values.startswith(f"{others[3].start:,}: ") and f"of {len(found.units)} neurons on · probability" in values
    rows.nth(4).press("Enter")
    tab.wait_for_url(f"**probes-at={others[3].start}**")
    settled(tab)
    tab.get_by_role("button", name="Ask about the place").click()
    tab.wait_for_url(f"**probes-place={others[3].start}-{others[3].stop}**")
    settled(tab)
    assert "probes-at" not in tab.url
    tab.get_by_label("Go to place", exact=True).fill("700")
    tab.get_by_label("Go to place", exact=True).press("Enter")
    tab.wait_for_url("**probes-at=700**")
    settled(tab)
    assert 0 < 700 - strip_begins(tab, recording) < 300

    line = table(tab, "neurons that are on through the phrase").locator("tbody tr").nth(1)
    layer, unit = (line.locator("td").nth(at).text_content() for at in (0, 1))
    tick(tab, "neurons that are on through the phrase", 1)
    tab.wait_for_url(f"**probes-neuron=layer+{layer}%3A+neuron+{unit}**")
    settled(tab)
    tab.get_by_role("link", name="See it at this place").click()
    tab.get_by_role("heading", name="Neurons", exact=True).wait_for()
    settled(tab)
    holds(tab.get_by_label("Neuron (unit)"), unit)
    holds(tab.get_by_label("Layer", exact=True), layer)
    tab.locator(".now").first.wait_for(state="attached")
    tab.locator(".text span[data-k]").nth(4).hover()
    assert tab.locator(".now").first.inner_text().startswith("654: ")
    healthy(tab)


STATE = """() => {
  const main = document.querySelector('[data-testid=stMain]')
  const inside = [...main.querySelectorAll('*')].filter(one => one.shadowRoot)
  return {
    fields: [...main.querySelectorAll('input, textarea')].map(one => one.type === 'checkbox' ? one.checked : one.value),
    chosen: [...main.querySelectorAll('[aria-checked], [aria-pressed], [aria-valuenow]')].map(one =>
      one.innerText + one.getAttribute('aria-checked') + one.getAttribute('aria-pressed') + one.ariaValueNow),
    text: main.innerText.replaceAll(/\\s+/g, ' '),
    parts: inside.flatMap(one =>
      [...one.shadowRoot.querySelectorAll('.tokens, .legend, tbody')].map(part => part.textContent)),
  }
}"""


def state(tab: Any) -> dict[str, Any]:
    """All that a person sees of the page: what fields hold, what is chosen, and all text."""
    settled(tab)
    return dict(tab.evaluate(STATE))


def fill(tab: Any, label: str, value: str) -> None:
    field = tab.get_by_label(label, exact=True)
    field.fill(value)
    field.press("Enter")
    settled(tab)


def test_every_choice_is_in_the_address_which_shows_the_same_again(
    recording: Recording,  # noqa: F811
    server: Server,
    tab: Any,
    wait_for: Callable[..., None],
) -> None:
    def opened_anew(*there: str) -> None:
        """The address shows the same in a browser that knows nothing of this visit."""
        for part in there:
            tab.wait_for_url(lambda url, part=part: part in url)
        settled(tab)
        context = tab.context.browser.new_context(viewport={"width": 1280, "height": 1800})
        other = context.new_page()
        other.set_default_timeout(60_000)
        other.goto(tab.url)
        settled(other)
        for name in ("When is a neuron on?", "Only neurons that it switches on"):
            if other.get_by_text(name).count() and tab.get_by_text(name).count():
                other.get_by_text(name).click()
        with suppress(AssertionError):
            wait_for(lambda: state(other) == state(tab), 30)
        before = state(tab)
        for name, now in state(other).items():
            assert now == before[name], name
        context.close()

    tab.goto(f"{server.address}/probes?run=small")
    settled(tab)
    tab.get_by_text("When is a neuron on?").click()
    tab.get_by_text("Only neurons that it switches on").click()
    choose(tab, "Signal", "cell state")
    choose(tab, "A neuron is on by", "distance from zero")
    fill(tab, "Threshold", "0.25")
    tab.get_by_test_id("stMain").get_by_role("button", name="1", exact=True).click()  # one layer less
    fill(tab, "A phrase of the text", "house")
    fill(tab, f"Which of {len(occurrences(recording, 'house'))} places", "3")
    fill(tab, "Off before it", "1")
    fill(tab, "Off after it", "2")
    choose(tab, "Places to compare", "as LSTMVis, fast")
    choose(tab, "Colour the text by", "probability")
    fill(tab, "Go to place", "700")
    phrase = ("probes-phrase=house", "probes-occurrence=3", "probes-before=1", "probes-after=2", "probes-at=700")
    opened_anew(*phrase, "probes-signal=cell", "probes-rule=", "probes-threshold-two-sided=0.25", "probes-layers=2",
                "probes-limit=", "probes-colour=probability")  # fmt: skip
    fill(tab, "Off before it", "0")
    fill(tab, "Off after it", "0")
    fill(tab, "Span", "31-33")
    tab.get_by_label("One of them").wait_for()
    tick(tab, "neurons that are on through the phrase", 1)
    settled(tab)
    opened_anew("probes-place=31-33")
    tab.get_by_role("radio", name="A neuron").click()
    settled(tab)
    choose(tab, "Layer", "2")
    fill(tab, "Neuron (unit)", "5")
    fill(tab, "Steps earlier or later", "2")
    slider = tab.get_by_test_id("stSlider").filter(has_text="Overlap of two that belong together")
    slider.locator("input, [role=slider]").first.press("ArrowLeft")
    tab.wait_for_url("**probes-least=0.45**")
    opened_anew("probes-tab=A+neuron", "probes-unit=5", "probes-lag=2")
    tab.get_by_text(re.compile("^Compare all")).click()
    tab.wait_for_url("**probes-all=false**")
    opened_anew()
    tab.get_by_role("radio", name="A study").click()
    settled(tab)
    choose(tab, "Study", "left")
    opened_anew("probes-tab=A+study", "probes-study=left")
    healthy(tab)


def test_fault_19_hostile_text_and_phrases_stay_text(small_run: Callable[..., Run], server: Server, tab: Any) -> None:
    corpora.keep_text("book", (f"the river {HOSTILE} runs over the house " * 30).encode())
    run = small_run("small", corpora.read_corpus("book"), weights=stronger)
    made = record(run, corpus_text(run, "book", 0, 1200), RecordQuery())
    text = "".join(made.text(0, 1200))
    assert made.folder is not None
    write_annotations(made.folder, [Annotation(HOSTILE, np.arange(1200, dtype=np.int32) % 2, (HOSTILE, "**c**"))])
    tab.goto(f"{server.address}/probes?run=small")
    settled(tab)
    field = tab.get_by_label("A phrase of the text")
    for phrase in (HOSTILE, "<script>alert(1)</script>", "**b** $x$", "a" * 10_000):
        field.fill(phrase)
        field.press("Enter")
        settled(tab)
        if phrase in text:
            tab.get_by_text(f"“{phrase}” at this place" if len(phrase) < 50 else "” at this place").wait_for()
            tab.locator(".tokens span[data-k]").first.wait_for()
        healthy(tab)
    tab.goto(f"{server.address}/probes?run=small&probes-phrase=river&probes-colour=probability")
    settled(tab)
    choose(tab, "Colour the text by", HOSTILE)
    settled(tab)
    assert tab.locator(".legend .kind").first.inner_text() == HOSTILE
    rows = tab.get_by_label(re.compile("The phrase, and the")).locator("tbody tr")
    rows.first.locator("td[data-k]").nth(20).hover()
    assert (
        f"{HOSTILE}" in tab.locator(".matches .now").inner_text()
        or "**c**" in tab.locator(".matches .now").inner_text()
    )
    tab.get_by_text("The same places as a table").click()
    table(tab, "places where most of these neurons are on")
    drawn = "".join(tab.locator(".tokens span[data-k]").all_text_contents()).replace("\u00a0", " ")
    assert drawn in text.replace("\n", "⏎") and "<img src" in drawn
    healthy(tab)
    assert (
        tab.locator("img[src*=example]").count() == 0 and tab.locator("strong", has_text=re.compile("^b$")).count() == 0
    )
    assert tab.hosts == {"127.0.0.1"}
