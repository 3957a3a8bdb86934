"""The pages: one line each."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

FOLDER = Path(__file__).resolve().parent.parent / "pages"


@dataclass(frozen=True)
class Entry:
    """A page's folder and URL name, its title and icon, whether it is about one model (shows the picker), and the name
    that its address had `before`, under which links still open it."""

    name: str
    title: str
    icon: str
    about_a_model: bool = True
    before: str = ""

    def page(self) -> StreamlitPage:
        """The page as Streamlit knows it."""
        path = FOLDER / self.name / "page.py"
        return st.Page(path, title=self.title, icon=self.icon, url_path=self.name, default=self is PAGES[0])

    def former(self) -> StreamlitPage:
        """The page of the former address: it leads on, with all that the address asks for."""
        return st.Page(_leads_to(self.name), title=f"{self.title} ", url_path=self.before, visibility="hidden")


PAGES = (
    Entry("home", "Home", ":material/home:", about_a_model=False),
    Entry("training", "Training", ":material/trending_down:", about_a_model=False),
    Entry("neurons", "Neurons", ":material/neurology:"),
    Entry("probes", "Probes", ":material/search:"),
    Entry("tagging", "Tagging", ":material/sell:", about_a_model=False),
    Entry("dropout_sweep", "Dropout sweep", ":material/tune:", about_a_model=False, before="sweep"),
    Entry("clusters", "Clusters", ":material/bubble_chart:"),
    Entry("word_map", "Word map", ":material/grain:", about_a_model=False, before="wordmap"),
    Entry("word_vectors", "Word vectors", ":material/scatter_plot:", before="embeddings"),
    Entry("writing", "Writing", ":material/edit_note:"),
)


@cache
def _leads_to(name: str) -> Callable[[], None]:
    def forward() -> None:
        st.switch_page(entry(name).page(), query_params=st.query_params.to_dict())

    forward.__name__ = f"to_{name}"
    return forward


def entry(name: str) -> Entry:
    """The page of that name."""
    return next(entry for entry in PAGES if entry.name == name)


def link(name: str, label: str) -> None:
    """A link to a page by name, with its icon."""
    st.page_link(entry(name).page(), label=label, icon=entry(name).icon)
