"""How long each page takes to its first text, its coloured text and its first chart in a real browser.

Cold: the server has just started and served nobody, the browser has nothing cached. Warm: the same again in a new tab,
once that visit was served to its end. Beside: from another page of the same tab, by the link in the sidebar. The peer
is a Streamlit page of one line of text, opened in the same way in the same run: what a page takes longer is its own. A
page without a chart is timed to all it shows.
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
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
LIMITS = {"cold": 6.0, "beside": 1.2}  # seconds to the first chart
BY_EMPTY = {"text": 1.3, "coloured": 1.3, "all": 2.6}  # of the empty page's first text, in a new tab
EMPTY = "import streamlit as st\nst.title('Empty')\n"
WATCH = """() => {
  const seen = window.seen = {}, main = '[data-testid=stMain] '
  const inked = canvas => canvas && canvas.width > 300 &&
    canvas.getContext('2d').getImageData(0, canvas.height >> 1, canvas.width, 1).data.some(value => value)
  const look = () => {
    const parts = [...document.querySelectorAll(main + '[data-testid=stBidiComponentIsolated]')]
    const within = words => parts.map(part => part.shadowRoot?.querySelector(words)).find(Boolean)
    const app = document.querySelector('[data-testid=stApp][data-test-connection-state=CONNECTED]')
    const title = document.querySelector(main + 'h1')?.innerText
    if (window.left && title === window.left) return requestAnimationFrame(look)
    const coming = parts.some(part => !part.shadowRoot?.firstChild) ||
      document.querySelector(`[data-testid=stPlotlyChart], ${main}[data-testid=stSkeleton]`)
    const found = {
      text: document.querySelector(main + 'h1'),
      coloured: within('.text span[data-k]'),
      chart: document.querySelector(main + '.js-plotly-plot .trace') || inked(within('.canvas canvas')),
    }
    found.all = found.chart || (app?.dataset.testScriptState === 'notRunning' && found.text && !coming)
    for (const name in found) if (found[name]) seen[name] ??= performance.now() / 1000 - (window.began ?? 0)
    if (!seen.all || performance.now() / 1000 - (window.began ?? 0) < seen.all + 1) requestAnimationFrame(look)
    else window.done = true
  }
  look()
}"""


@contextmanager
def server(words: Sequence[str] = ("app", "--no-demo")) -> Iterator[tuple[str, int]]:
    """The app (or another module that says its address) in a process group of its own; yields its address and the group
    once it answers.
    """
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
        yield address, child.pid
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
    "all" is the chart, else all it shows.
    """
    page = context.new_page()
    page.add_init_script(f"({WATCH})()")
    page.goto(url, wait_until="commit")
    return seen_by(page)


def seconds_beside(context: BrowserContext, address: str, name: str) -> dict[str, float]:
    """The same from the click on a page's link, in a tab that shows another page with a chart."""
    page = context.new_page()
    other = "training" if name != "training" else "neurons"
    page.goto(f"{address}/{other}")
    at_rest(page)
    link = page.locator(f"[data-testid=stSidebarNav] a[href$='/{name.removeprefix('home')}']")
    page.evaluate(
        f"""() => {{ document.addEventListener('click', () => {{
          window.left = document.querySelector('[data-testid=stMain] h1').innerText
          window.began = performance.now() / 1000; ({WATCH})() }}, {{capture: true, once: true}}) }}"""
    )
    link.click()
    return seen_by(page)


def seen_by(page: Page) -> dict[str, float]:
    """What a page that is watched has shown, and when; it is closed."""
    page.wait_for_function("window.done", timeout=120_000, polling=50)
    seen = page.evaluate("window.seen")
    if page.locator("[data-testid=stException]").count():
        raise SystemExit(f"{page.url} shows {page.locator('[data-testid=stException]').first.inner_text()[:300]}")
    page.close()
    return {name: round(seconds, 2) for name, seconds in seen.items()}


def at_rest(page: Page) -> None:
    """Wait until a page's script, which goes on below the first chart, has ended."""
    page.wait_for_selector("h1")
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=120_000)


def measure(browser: Browser, name: str, repeats: int, empty: float) -> dict[str, Any]:
    """Times of a page, a fresh server and browser profile each time; `empty` is the first text of the empty page."""
    visits: dict[str, list[dict[str, float]]] = {"cold": [], "warm": [], "beside": []}
    for _ in range(repeats):
        with server() as (address, _):
            context = browser.new_context(viewport={"width": 1300, "height": 1000})
            url = f"{address}/{name.removeprefix('home')}"
            visits["cold"].append(seconds_to_show(context, url))
            served = context.new_page()
            served.goto(url)
            at_rest(served)
            served.close()
            visits["warm"].append(seconds_to_show(context, url))
            visits["beside"].append(seconds_beside(context, address, name))
            context.close()
    medians = {state: medians_of(seen) for state, seen in visits.items()}
    ratios = {event: round(medians["warm"][event] / empty, 2) for event in BY_EMPTY if event in medians["warm"]}
    kept = all(medians[state]["all"] <= limit for state, limit in LIMITS.items())
    kept &= all(ratio <= BY_EMPTY[event] for event, ratio in ratios.items())
    return {**visits, "medians": medians, "by_empty": ratios, "within_limits": kept}


def measure_empty(browser: Browser, repeats: int) -> dict[str, Any]:
    """Warm times of a Streamlit page of one line of text: a new tab, the same browser."""
    with TemporaryDirectory() as folder:
        script = Path(folder) / "empty.py"
        script.write_text(EMPTY)
        words = ["streamlit", "run", str(script), "--server.headless", "true", "--server.address", "127.0.0.1"]
        with server(words) as (address, _):
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
    parser.add_argument("--repeats", type=int, default=5)
    pages = [path.parent.name for path in sorted((ROOT / "pages").glob("*/page.py"))]
    parser.add_argument("--pages", nargs="*", default=pages)
    options = parser.parse_args()
    result: dict[str, Any] = {
        "benchmark": "first chart",
        "machine": machine(),
        "limits_seconds": LIMITS,
        "limits_by_empty": BY_EMPTY,
        "pages": {},
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        result["empty_page"] = measure_empty(browser, options.repeats)
        empty = result["empty_page"]["medians"]["warm"]["text"]
        for name in options.pages:
            result["pages"][name] = measure(browser, name, options.repeats, empty)
        browser.close()
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
