"""The page Dropout sweep in a real browser: a view kept in the address; a sweep started, watched and read."""

from collections.abc import Callable
from typing import Any

import pytest

from lstm_core.neurons.compare import compare
from lstm_core.runs.sweep import open_sweep
from tests.browsing import Server, choose, healthy, holds, settled
from tests.small_sweeps import small_book, small_sweep, with_weights  # noqa: F401 - a fixture that is used by being here

pytestmark = pytest.mark.browser


def named(tab: Any, name: str) -> Any:
    """A row of a chart, by its name in the legend."""
    return tab.locator(f'.js-plotly-plot .legendtext[data-unformatted="{name}"]').first


def test_a_view_is_chosen_shared_and_opened_again(
    book: Any,
    server: Server,
    tab: Any,
) -> None:
    made = small_sweep(book, "mine", (0.0, 0.3, 0.6))
    compare([with_weights(run, scale) for run, scale in zip(made.runs, (3.0, 1.0, 0.1), strict=True)])
    tab.goto(f"{server.address}/dropout_sweep?sweep-of=mine")  # before the sweep that ships
    settled(tab)
    for name in ("layer 1", "bits per character", "dropout 0.3"):
        named(tab, name).wait_for(state="attached")
    assert tab.locator(".js-plotly-plot .trace path").first.get_attribute("d").startswith("M")
    tab.get_by_role("button", name="cell state").or_(tab.get_by_role("radio", name="cell state")).first.click()
    tab.wait_for_url("**sweep-signal=cell*")
    settled(tab)
    tab.get_by_label("Neuron (unit)").fill("6")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**sweep-unit=6**")
    settled(tab)
    tab.get_by_text("dropout 0.3: neuron 6, the chosen one").wait_for()
    told = tab.get_by_text("dropout 0: neuron").inner_text()
    shared = tab.url
    tab.goto("about:blank")
    tab.goto(shared)
    settled(tab)
    tab.get_by_text("dropout 0.3: neuron 6, the chosen one").wait_for()
    assert tab.get_by_text("dropout 0: neuron").inner_text() == told
    tab.goto(f"{server.address}/dropout_sweep?sweep-of=runs+of+my+choice&sweep-runs=mine-d60&sweep-runs=mine-d00")
    settled(tab)
    named(tab, "dropout 0.6").wait_for(state="attached")
    assert named(tab, "dropout 0.3").count() == 0
    healthy(tab)
    assert tab.hosts == {"127.0.0.1"} and tab.errors == []


@pytest.mark.slow
def test_a_sweep_is_started_watched_and_reads_the_text(
    book: Any,
    server: Server,
    tab: Any,
    wait_for: Callable[..., None],
) -> None:
    tab.goto(f"{server.address}/dropout_sweep?sweep-new=true")
    settled(tab)
    choose(tab, "Recipe", "Tiny: one small layer, a first try in about a minute")
    choose(tab, "Text", "book")
    tab.get_by_label("Dropouts", exact=True).fill("0, 0.5, 0.8")
    tab.keyboard.press("Enter")
    tab.get_by_text("3 trainings of LSTM 1 x 128").wait_for()
    settled(tab)
    tab.get_by_role("button", name="Start the sweep").click()
    tab.get_by_text("runs finished").wait_for()
    holds(tab.get_by_label("What to compare"), "my-sweep")
    wait_for(lambda: all(run.status == "finished" for run in open_sweep("my-sweep").runs), 240, "the three runs")
    tab.get_by_role("button", name="Let them read it").wait_for(timeout=120_000)
    settled(tab)
    tab.get_by_role("button", name="Let them read it").click()
    tab.get_by_text("The same text, read by each of them").wait_for(timeout=120_000)
    named(tab, "layer 1").wait_for(state="attached")
    healthy(tab)
    assert tab.hosts == {"127.0.0.1"} and tab.errors == []
