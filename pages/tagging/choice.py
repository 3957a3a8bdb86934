"""The networks that the page Tagging shows."""

import streamlit as st

from app.controls import tell
from lstm_core.storage.files import check_inventory, read_json
from lstm_core.tagging.label_run import Kind, LabelRun, label_runs
from pages.tagging.frames import in_order


def at_hand(kind: Kind) -> list[LabelRun]:
    """The trained networks of a kind, simple ones first; those whose files are damaged are told and left out."""
    found = []
    for run in label_runs(kind):
        try:
            check_inventory(run.folder, read_json(run.folder / "manifest.json"), hashes=True)
        except (ValueError, OSError) as error:
            tell("A network cannot be used.", error)
            continue
        found.append(run)
    return sorted(found, key=lambda run: (in_order(run.config), run.name))


def titled(runs: list[LabelRun], titles: list[str], start: int, *, key: str) -> LabelRun:
    """The choice of one network by its title."""
    title = st.selectbox("Network", titles, start, key=key, bind="query-params", width=320)
    return runs[titles.index(title)] if title in titles else runs[start]
