"""Entry script: page settings, the page that was asked for, the model picker where the page is about a model."""

from pathlib import Path

import streamlit as st

from app import controls
from app.charts.draw import kept_as
from app.registry import PAGES

# An icon of our own: Streamlit would fetch a named one from the network.
ICON = Path(__file__).parent / "icon.png"
st.set_page_config(page_title="LSTM workbench", page_icon=str(ICON), layout="wide")
page = st.navigation([*(entry.page() for entry in PAGES), *(entry.former() for entry in PAGES if entry.before)])
controls.model_picker(shown=any(entry.about_a_model for entry in PAGES if entry.title == page.title))
page.run()
kept_as()
