"""How long each page takes to its first chart (or, where it has none, to all it shows) in a real browser.

Cold: the server has just started and served nobody, the browser has nothing cached. Warm: the same again in a new tab,
at once, while the script of the first visit may still work on what is below its chart. Served: again, once a visit was
served to its end; no limit holds for it.
Starts the app as `make app` does and ends it; shows the runs and recordings at hand ($LSTM_HOME).
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import urlopen

from chromium import CHROMIUM, FLAGS
from machine import machine
from playwright.sync_api import Browser, BrowserContext, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
LIMITS = {"cold": 5.0, "warm": 2.0}  # seconds
SHOWN = """() => {
  const parts = [...document.querySelectorAll('[data-testid=stMain] [data-testid=stBidiComponentIsolated]')]
  const inked = canvas => canvas && canvas.width > 300 &&
    canvas.getContext('2d').getImageData(0, canvas.height >> 1, canvas.width, 1).data.some(value => value)
  const drawn = parts.some(part => part.shadowRoot?.querySelector('.figure svg [data-name] path') ||
    inked(part.shadowRoot?.querySelector('.canvas canvas')))
  if (drawn || document.querySelector('[data-testid=stMain] .js-plotly-plot .main-svg')) return 'chart'
  const app = document.querySelector('[data-testid=stApp][data-test-connection-state=CONNECTED]')
  const main = document.querySelector('[data-testid=stMain] [data-testid=stElementContainer]')
  const empty = part => !part.shadowRoot?.firstChild || part.shadowRoot.querySelector('.figure svg:empty')
  const coming = parts.some(empty) ||
    document.querySelector('[data-testid=stPlotlyChart], [data-testid=stMain] [data-testid=stSkeleton]')
  return app?.dataset.testScriptState === 'notRunning' && main && !coming ? 'no chart' : false
}"""


@contextmanager
def server() -> Iterator[str]:
    """The app in a process group of its own, on the first free port; yields its address once it answers."""
    words = [sys.executable, "-m", "app", "--no-demo"]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    child = subprocess.Popen(words, cwd=ROOT, start_new_session=True, **pipes)
    try:
        assert child.stdout is not None
        address = next((found[0] for line in child.stdout if (found := re.search(r"http://\S+", line))), None)
        deadline = time.monotonic() + 60
        while address is None or not answers(address):
            if child.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("the app did not start: try `python -m app --no-demo`")
            time.sleep(0.05)
        yield address
    finally:
        os.killpg(child.pid, signal.SIGTERM)
        child.wait(30)


def answers(address: str) -> bool:
    """Whether the server is up."""
    try:
        with urlopen(f"{address}/_stcore/health", timeout=5) as reply:
            return reply.status == 200
    except OSError:
        return False


def seconds_to_show(context: BrowserContext, url: str) -> tuple[float, str]:
    """From opening the address to the first chart; and whether there was one."""
    page = context.new_page()
    start = time.perf_counter()
    page.goto(url, wait_until="commit")
    shown = page.wait_for_function(SHOWN, timeout=120_000, polling=20).json_value()
    seconds = time.perf_counter() - start
    if page.locator("[data-testid=stException]").count():
        raise SystemExit(f"{url} shows an error: {page.locator('[data-testid=stException]').first.inner_text()[:300]}")
    page.close()
    return seconds, shown


def come_to_rest(context: BrowserContext, url: str) -> None:
    """Open a page and wait until its script, which goes on below the first chart, has ended."""
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("h1")
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=120_000)
    page.close()


def measure(browser: Browser, name: str, repeats: int) -> dict[str, Any]:
    """Cold and warm times of a page, a fresh server and browser profile each time."""
    times: dict[str, list[float]] = {"cold": [], "warm": [], "served": []}
    shown = ""
    for _ in range(repeats):
        with server() as address:
            context = browser.new_context(viewport={"width": 1300, "height": 1000})
            url = f"{address}/{name.removeprefix('home')}"
            for state in times:
                if state == "served":
                    come_to_rest(context, url)
                seconds, shown = seconds_to_show(context, url)
                times[state].append(round(seconds, 2))
            context.close()
    medians = {f"{state}_median": median(values) for state, values in times.items()}
    kept = all(median(times[state]) <= limit for state, limit in LIMITS.items())
    return {"shows": shown, **times, **medians, "within_limits": kept}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--pages", nargs="*", default=[path.stem for path in sorted((ROOT / "pages").glob("*.py"))])
    options = parser.parse_args()
    result: dict[str, Any] = {"benchmark": "first chart", "machine": machine(), "limits_seconds": LIMITS, "pages": {}}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name in options.pages:
            result["pages"][name] = measure(browser, name, options.repeats)
        browser.close()
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
