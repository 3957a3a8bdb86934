"""How long the page Neurons takes to show another unit, in a real browser: its charts, and all there is on the page.

And how much of the server's processor time that costs, for units never seen and for the same again.
Starts the app as `make app` does, opens the page, waits until it is complete and then types other units into its number
field, one after another. Shows the runs and recordings at hand ($LSTM_HOME).
"""

import argparse
import json
import os
import random
import time
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

from chromium import CHROMIUM, FLAGS
from first_chart import server
from machine import machine
from playwright.sync_api import Page, sync_playwright

LIMITS = {"charts": 1.0, "cpu_new": 0.25, "cpu_seen": 0.15}  # seconds
CHARTS = """unit => document.querySelector(
  `[data-testid=stPlotlyChart][aria-label="How often neuron ${unit} takes each value"] .trace`)"""
AT_REST = "[data-testid=stApp][data-test-script-state=notRunning]"


def cpu_seconds(group: int) -> float:
    """Processor time that the processes of a group have used."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            ticks += (int(fields[11]) + int(fields[12])) * (int(fields[2]) == group)
    return ticks / os.sysconf("SC_CLK_TCK")


def seconds_to_show(page: Page, unit: int, group: int) -> dict[str, float]:
    """From the Enter key to the unit's charts, and to the end of the page's script; processor time of the server."""
    field = page.get_by_label("Neuron (unit)")
    field.fill(str(unit))
    start, used = time.perf_counter(), cpu_seconds(group)
    field.press("Enter")
    page.wait_for_function(CHARTS, arg=unit, timeout=60_000, polling=10)
    charts = time.perf_counter() - start
    page.wait_for_selector(AT_REST, timeout=60_000)
    whole = time.perf_counter() - start
    return {"charts": round(charts, 2), "whole_page": round(whole, 2), "cpu": round(cpu_seconds(group) - used, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--run", default="", help="the run whose page is opened; the first one when left out")
    options = parser.parse_args()
    result: dict[str, Any] = {"benchmark": "another unit", "machine": machine(), "limits_seconds": LIMITS}
    with sync_playwright() as playwright, server() as (address, group):
        page = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS).new_page()
        page.goto(f"{address}/neurons{f'?run={options.run}' * bool(options.run)}")
        page.locator(".st-key-neurons-mine").get_by_role("group").wait_for(timeout=120_000)  # the last of the page
        page.wait_for_selector(AT_REST)
        last = int(page.get_by_label("Neuron (unit)").get_attribute("max") or 0)
        units = random.Random(0).sample(range(last), options.repeats)
        new, seen = ([seconds_to_show(page, unit, group) for unit in units] for _ in range(2))
        page.context.browser.close()
    medians = {
        name: {event: round(median(one[event] for one in visits), 2) for event in visits[0]}
        for name, visits in (("new", new), ("seen", seen))
    }
    kept = medians["new"]["charts"] <= LIMITS["charts"]
    kept &= all(medians[name]["cpu"] <= LIMITS[f"cpu_{name}"] for name in medians)
    print(
        json.dumps(
            result | {"units": units, "new": new, "seen": seen, "medians": medians, "within_limits": kept}, indent=1
        )
    )


if __name__ == "__main__":
    main()
