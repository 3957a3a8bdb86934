"""Pages opened in process, as a deep link opens them, with only the test's own runs at hand."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from app import registry
from app.later import SEEN

ENTRY = Path(__file__).resolve().parent.parent / "app" / "streamlit_app.py"
PAGES = tuple(entry.name for entry in registry.PAGES)

# Every AppTest looks for components in all packages that are installed, which takes as long as a page does.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


@pytest.fixture(autouse=True)
def nothing_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Only the test's own runs are at hand, and nothing is left in a cache."""
    monkeypatch.setattr("lstm_core.storage.files.SHIPPED", tmp_path / "shipped")
    monkeypatch.chdir(ENTRY.parent.parent)
    st.cache_data.clear()
    st.cache_resource.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


def opened(page: str, **query: str) -> AppTest:
    """A page as a deep link opens it, with what the browser asks for once it has drawn the rest."""
    app = AppTest.from_file(str(ENTRY), default_timeout=120)
    app.session_state[SEEN] = {page}
    if page != "home":
        app._page_hash = calc_hash(page)  # as Streamlit names a page by its address, before a first run
    for name, value in query.items():
        app.query_params[name.replace("_", "-") if name != "run" else name] = value
    app.run()
    assert not app.exception, app.exception
    return app


def table_with(app: AppTest, column: str) -> Any:
    """The first table on the page with a column of this name, as a frame; the numbers of its ticked rows are
    `attrs["ticked"]`."""
    part = _part_with(app, column)
    made = part.value
    made.attrs["ticked"] = list(app.session_state[part.key]["selection"]["rows"]) if part.proto.selection_mode else []
    return made


def tick(app: AppTest, column: str, *rows: int) -> AppTest:
    """The page once a person ticked these rows (none: took the tick away) of the first table with such a column."""
    told = {"selection": {"rows": rows, "columns": [], "cells": []}}
    states = app._tree.get_widget_states()
    states.widgets.add(id=_part_with(app, column).proto.id, string_value=json.dumps(told))
    return app._run(states)


def _part_with(app: AppTest, column: str) -> Any:
    for part in app.dataframe:
        if column in part.value:
            return part
    raise AssertionError(f"no table on the page has a column {column!r}")


def said(app: AppTest) -> str:
    """All text for people on the page."""
    parts = [*app.caption, *app.info, *app.warning, *app.error, *app.toast, *app.text, *app.markdown, *app.code]
    return "\n".join(str(part.value) for part in parts)
