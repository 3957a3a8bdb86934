"""How long the page Neurons takes to show another unit, in a real browser: its charts, and all there is on the page.

Starts the app as `make app` does, opens the page, waits until it is complete and then types other units into its number
field, one after another. The limit holds for the charts. Shows the runs and recordings at hand ($LSTM_HOME).
"""

import argparse
import json
import random
import time
from statistics import median
from typing import Any

from chromium import CHROMIUM, FLAGS
from first_chart import server
from machine import machine
from playwright.sync_api import Page, sync_playwright

LIMIT = 1.0  # seconds
CHARTS = """unit => document.querySelector(
  `[data-testid=stPlotlyChart][aria-label="How often neuron ${unit} takes each value"] .trace`)"""
AT_REST = "[data-testid=stApp][data-test-script-state=notRunning]"


def seconds_to_show(page: Page, unit: int) -> tuple[float, float]:
    """From the Enter key to the unit's charts, and to the end of the page's script."""
    field = page.get_by_label("Neuron (unit)")
    field.fill(str(unit))
    start = time.perf_counter()
    field.press("Enter")
    page.wait_for_function(CHARTS, arg=unit, timeout=60_000, polling=10)
    charts = time.perf_counter() - start
    page.wait_for_selector(AT_REST, timeout=60_000)
    return round(charts, 2), round(time.perf_counter() - start, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--run", default="", help="the run whose page is opened; the first one when left out")
    options = parser.parse_args()
    result: dict[str, Any] = {"benchmark": "another unit", "machine": machine(), "limit_seconds": LIMIT}
    with sync_playwright() as playwright, server() as address:
        page = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS).new_page()
        page.goto(f"{address}/neurons{f'?run={options.run}' * bool(options.run)}")
        page.locator(".st-key-neurons-mine").get_by_role("group").wait_for(timeout=120_000)  # the last of the page
        page.wait_for_selector(AT_REST)
        last = int(page.get_by_label("Neuron (unit)").get_attribute("max") or 0)
        units = random.Random(0).sample(range(last), options.repeats)
        times = [seconds_to_show(page, unit) for unit in units]
        page.context.browser.close()
    charts, rest = (list(part) for part in zip(*times, strict=True))
    result |= {"units": units, "charts": charts, "whole_page": rest}
    result |= {"charts_median": median(charts), "whole_page_median": median(rest)}
    print(json.dumps(result | {"within_limit": median(charts) <= LIMIT}, indent=1))


if __name__ == "__main__":
    main()
