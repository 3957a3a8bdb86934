"""Count the modules that a query passes on its way to the picture, for three pages, each drawn in a process of its own.

A module counts when a function of it runs, the script of the page too; what importing runs does not count. It needs a
recording, see `RECORD`. What a first trip keeps is read by the next, which may pass fewer: compare second ones.
"""

import argparse
import json
import logging
import multiprocessing
import os
import sys
import threading
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = tuple(f"{ROOT / name}{os.sep}" for name in ("lstm_core", "app", "pages"))
RUN = "war-and-peace-char"
RECORD = f"python -m lstm_core record {RUN} --start 3042564 --tokens 30000 --signals h,c --yes"
TRIPS: dict[str, tuple[str, dict[str, str]]] = {  # a page and what its address asks for
    "neurons": ("neurons", {"neurons-signal": "h", "neurons-layer": "3", "neurons-unit": "7"}),
    "clusters": ("clusters", {}),
    "study": ("probes", {"probes-tab": "A study", "probes-study": "left"}),
}


class Passed:
    """The project's modules whose functions run, in any thread; a profile function."""

    def __init__(self) -> None:
        self.modules: set[str] = set()
        self.local = threading.local()  # how many modules this thread is loading, one within the other

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if event not in ("call", "return"):
            return
        code, caller = frame.f_code, frame.f_back
        loading = getattr(self.local, "loading", 0)
        if code.co_name == "<module>" and caller and "importlib._bootstrap" in caller.f_code.co_filename:
            self.local.loading = loading + (1 if event == "call" else -1)
        elif event == "call" and not loading and code.co_filename.startswith(FOLDERS):
            self.modules.add(".".join(Path(code.co_filename).relative_to(ROOT).with_suffix("").parts))


def trip(name: str) -> list[str]:
    """The modules that the page of a trip passes until all of it is drawn; ValueError where it ends early."""
    from streamlit.testing.v1 import AppTest
    from streamlit.util import calc_hash

    from app import later, registry

    logging.disable(logging.WARNING)  # Streamlit warns that no browser is there
    page, query = TRIPS[name]
    app = AppTest.from_file(str(ROOT / "app" / "streamlit_app.py"), default_timeout=600)
    app._page_hash = calc_hash(registry.entry(page).name)  # as the address names it, wherever its script lies
    app.session_state[later.SEEN] = {page}
    app.query_params.update({"run": RUN, **query})
    passed = Passed()
    threading.setprofile(passed)  # of the thread that runs the script
    app.run()
    threading.setprofile(None)
    if any(button.key == "reading-go" for button in app.button):
        raise ValueError(f"{name}: {RUN} has not read a text yet. Record one: {RECORD}")
    if ended := [*app.exception, *app.error]:
        raise ValueError(f"{name}: the page ended with {ended[0].value!r}")
    return sorted(passed.modules)


def main() -> None:
    """Print the figures of all trips."""
    parser = argparse.ArgumentParser(description="Count the modules that a query passes on its way to the picture.")
    parser.add_argument("--list", action="store_true", help="the names of the modules too")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    asked = parser.parse_args()
    os.chdir(ROOT)
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        try:
            trips = dict(zip(TRIPS, pool.imap(trip, TRIPS), strict=True))
        except ValueError as error:
            sys.exit(str(error))
    if asked.json:
        print(json.dumps({name: {"count": len(of), "modules": of} for name, of in trips.items()}, indent=1))
        return
    for name, modules in trips.items():
        print("\n  ".join([f"{name:10} {len(modules):3} modules", *(modules if asked.list else ())]))


if __name__ == "__main__":
    main()
