"""The real app on a free port and a tab of a real browser, for tests: fixtures, and what one does with a page."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.chromium import CHROMIUM, FLAGS

HEAD, ROW = 35, 33  # pixels of the head of a table and of a row; so wide is the box with its tick
ROOT = Path(__file__).resolve().parent.parent


class Server:
    """The app on a free loopback port, ended by its own process group."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        words = ["streamlit", "run", "app", "--server.port", str(self.port), "--server.headless", "true"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", *words, "--server.address", "127.0.0.1"],
            cwd=ROOT,
            env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def is_up(self) -> bool:
        assert self.process.poll() is None, "the app ended by itself"
        try:
            with urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture
def server(home: Path, wait_for: Callable[..., None]) -> Iterator[Server]:
    made = Server()
    wait_for(made.is_up, 60, "the app")
    yield made
    made.stop()


@pytest.fixture
def tab() -> Iterator[Any]:
    """A browser tab that collects page errors, dialogs and the hosts it asked."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not Path(CHROMIUM).is_file():
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        tab = browser.new_page(viewport={"width": 1280, "height": 1800})
        tab.set_default_timeout(60_000)
        tab.errors, tab.hosts = [], set()
        tab.on("pageerror", lambda error: tab.errors.append(str(error)))
        tab.on("dialog", lambda dialog: (tab.errors.append("dialog"), dialog.dismiss()))
        tab.on("request", lambda request: tab.hosts.add(request.url.split("/")[2].split(":")[0]))
        yield tab
        browser.close()


def settled(tab: Any) -> None:
    """Wait until the page is connected, has a title, and its script has run."""
    tab.wait_for_selector("h1")  # before it stands the script has not begun, which looks like having ended
    tab.wait_for_selector("[data-testid=stApp][data-test-connection-state=CONNECTED]")
    tab.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def holds(field: Any, value: str) -> None:
    """Wait until a field has a value: it is drawn with its first one before the address is read."""
    from playwright.sync_api import expect

    expect(field).to_have_value(value, timeout=30_000)


def choose(tab: Any, label: str, option: str) -> None:
    """Choose from a list; it is opened again where a run of the script closed it."""
    from playwright.sync_api import TimeoutError as Missed

    box, wanted = tab.get_by_label(label, exact=True), tab.get_by_role("option", name=option, exact=True)
    for _ in range(10):
        settled(tab)
        if box.input_value() == option:
            return
        if not wanted.is_visible():
            box.click()
        try:
            wanted.click(timeout=5_000)
        except Missed:
            tab.keyboard.press("Escape")
    assert box.input_value() == option


def table(tab: Any, alt: str) -> Any:
    """The table that has `alt` in its name, drawn; `tbody tr` are its rows, those in sight, as a reader has them."""
    found = tab.get_by_role("region", name=alt).first
    found.scroll_into_view_if_needed()
    found.locator("tbody tr").first.wait_for(state="attached")
    return found


def press(tab: Any, alt: str, across: float, row: int) -> None:
    """Press the mouse on a table, so many pixels from its left edge, on a row in sight, from 0; -1 is the head."""
    table(tab, alt).click(position={"x": across, "y": HEAD + ROW * (row + 0.5)})


def tick(tab: Any, alt: str, row: int) -> None:
    """Tick a row of a table in sight, from 0."""
    press(tab, alt, ROW / 2, row)


def ticked(tab: Any, alt: str) -> Any:
    """The rows of a table that are ticked, of those in sight."""
    return table(tab, alt).locator("tr[aria-selected=true]")


def healthy(tab: Any) -> None:
    assert tab.query_selector("[data-testid=stException]") is None
    assert tab.get_by_text("Page not found").count() == 0
    assert tab.errors == []
