"""How long each page takes to its first text, its coloured text and its first chart in a real browser.

Cold: the server has just started and served nobody, the browser has nothing cached. Warm: the same again in a new tab,
at once, while the script of the first visit may still work on what is below its chart. Served: again, once a visit was
served to its end; no limit holds for it. The peer is a Streamlit page of one line of text, opened in the same way: what
a page takes longer is its own. A page without a chart is timed to all it shows.
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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

from chromium import CHROMIUM, FLAGS
from machine import machine
from playwright.sync_api import Browser, BrowserContext, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
LIMITS = {"cold": 5.0, "warm": 2.0}  # seconds
EMPTY = "import streamlit as st\nst.title('Empty')\n"
WATCH = """() => {
  const seen = window.seen = {}, main = '[data-testid=stMain] '
  const inked = canvas => canvas && canvas.width > 300 &&
    canvas.getContext('2d').getImageData(0, canvas.height >> 1, canvas.width, 1).data.some(value => value)
  const look = () => {
    const parts = [...document.querySelectorAll(main + '[data-testid=stBidiComponentIsolated]')]
    const within = words => parts.map(part => part.shadowRoot?.querySelector(words)).find(Boolean)
    const app = document.querySelector('[data-testid=stApp][data-test-connection-state=CONNECTED]')
    const coming = parts.some(part => !part.shadowRoot?.firstChild) ||
      document.querySelector(`[data-testid=stPlotlyChart], ${main}[data-testid=stSkeleton]`)
    const found = {
      text: document.querySelector(main + 'h1'),
      coloured: within('.text span[data-k]'),
      chart: document.querySelector(main + '.js-plotly-plot .trace') || inked(within('.canvas canvas')),
    }
    found.all = found.chart || (app?.dataset.testScriptState === 'notRunning' && found.text && !coming)
    for (const name in found) if (found[name]) seen[name] ??= performance.now() / 1000
    if (!seen.all || performance.now() / 1000 < seen.all + 1) requestAnimationFrame(look)
    else window.done = true
  }
  look()
}"""


@contextmanager
def server(words: Sequence[str] = ("app", "--no-demo")) -> Iterator[str]:
    """The app (or another module that says its address) in a process group of its own; yields its address once it
    answers."""
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    child = subprocess.Popen([sys.executable, "-m", *words], cwd=ROOT, start_new_session=True, **pipes)
    try:
        assert child.stdout is not None
        address = next((found[0] for line in child.stdout if (found := re.search(r"http://\S+", line))), None)
        deadline = time.monotonic() + 60
        while address is None or not answers(address):
            if child.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the server did not start: try `python -m {' '.join(words)}`")
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


def seconds_to_show(context: BrowserContext, url: str) -> dict[str, float]:
    """From opening the address to its first "text", its "coloured" text and its first "chart", as far as it has them;
    "all" is the chart, else all it shows."""
    page = context.new_page()
    page.add_init_script(f"({WATCH})()")
    page.goto(url, wait_until="commit")
    page.wait_for_function("window.done", timeout=120_000, polling=50)
    seen = page.evaluate("window.seen")
    if page.locator("[data-testid=stException]").count():
        raise SystemExit(f"{url} shows an error: {page.locator('[data-testid=stException]').first.inner_text()[:300]}")
    page.close()
    return {name: round(seconds, 2) for name, seconds in seen.items()}


def come_to_rest(context: BrowserContext, url: str) -> None:
    """Open a page and wait until its script, which goes on below the first chart, has ended."""
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("h1")
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=120_000)
    page.close()


def measure(browser: Browser, name: str, repeats: int) -> dict[str, Any]:
    """Cold and warm times of a page, a fresh server and browser profile each time."""
    visits: dict[str, list[dict[str, float]]] = {"cold": [], "warm": [], "served": []}
    for _ in range(repeats):
        with server() as address:
            context = browser.new_context(viewport={"width": 1300, "height": 1000})
            url = f"{address}/{name.removeprefix('home')}"
            for state, seen in visits.items():
                if state == "served":
                    come_to_rest(context, url)
                seen.append(seconds_to_show(context, url))
            context.close()
    medians = {state: medians_of(seen) for state, seen in visits.items()}
    kept = all(medians[state]["all"] <= limit for state, limit in LIMITS.items())
    return {**visits, "medians": medians, "within_limits": kept}


def measure_empty(browser: Browser, repeats: int) -> dict[str, Any]:
    """Warm times of a Streamlit page of one line of text: a new tab, the same browser."""
    with TemporaryDirectory() as folder:
        script = Path(folder) / "empty.py"
        script.write_text(EMPTY)
        words = ["streamlit", "run", str(script), "--server.headless", "true", "--server.address", "127.0.0.1"]
        with server(words) as address:
            context = browser.new_context(viewport={"width": 1300, "height": 1000})
            seen = [seconds_to_show(context, address) for _ in range(repeats + 1)]
            context.close()
    return {"cold": seen[:1], "warm": seen[1:], "medians": {"warm": medians_of(seen[1:])}}


def medians_of(visits: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median of each event over the visits that had it."""
    names = {name: None for seen in visits for name in seen}
    return {name: median(seen[name] for seen in visits if name in seen) for name in names}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    pages = [path.parent.name for path in sorted((ROOT / "pages").glob("*/page.py"))]
    parser.add_argument("--pages", nargs="*", default=pages)
    options = parser.parse_args()
    result: dict[str, Any] = {"benchmark": "first chart", "machine": machine(), "limits_seconds": LIMITS, "pages": {}}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        result["empty_page"] = measure_empty(browser, options.repeats)
        for name in options.pages:
            result["pages"][name] = measure(browser, name, options.repeats)
        browser.close()
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
