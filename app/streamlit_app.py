"""Entry script: page registry, page settings, model picker, then the page that was asked for."""

from pathlib import Path

import streamlit as st

from app import controls

PAGES = (
    # file, title, icon, whether the page is about one model
    ("home", "Home", ":material/home:", False),
    ("training", "Training", ":material/trending_down:", False),
    ("neurons", "Neurons", ":material/neurology:", True),
    ("writing", "Writing", ":material/edit_note:", True),
)
FOLDER = Path(__file__).resolve().parent.parent / "pages"

st.set_page_config(page_title="LSTM workbench", page_icon=":material/neurology:", layout="wide")
pages = {
    st.Page(FOLDER / f"{name}.py", title=title, icon=icon, url_path="" if name == "home" else name): with_model
    for name, title, icon, with_model in PAGES
}
page = st.navigation(list(pages))
controls.model_picker(shown=pages[page])
page.run()
