"""The pages of the workbench: one line each."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

FOLDER = Path(__file__).resolve().parent.parent / "pages"


@dataclass(frozen=True)
class Entry:
    """A page's script and URL name, its title and icon, and whether it is about one model (shows the picker)."""

    name: str
    title: str
    icon: str
    about_a_model: bool = True

    def page(self) -> StreamlitPage:
        """The page as Streamlit knows it."""
        path = FOLDER / f"{self.name}.py"
        return st.Page(path, title=self.title, icon=self.icon, url_path=self.name, default=self is PAGES[0])


PAGES = (
    Entry("home", "Home", ":material/home:", about_a_model=False),
    Entry("training", "Training", ":material/trending_down:", about_a_model=False),
    Entry("neurons", "Neurons", ":material/neurology:"),
    Entry("probes", "Probes", ":material/search:"),
    Entry("tagging", "Tagging", ":material/sell:", about_a_model=False),
    Entry("sweep", "Dropout sweep", ":material/tune:", about_a_model=False),
    Entry("clusters", "Clusters", ":material/bubble_chart:"),
    Entry("wordmap", "Word map", ":material/grain:", about_a_model=False),
    Entry("embeddings", "Word vectors", ":material/scatter_plot:"),
    Entry("writing", "Writing", ":material/edit_note:"),
)


def entry(name: str) -> Entry:
    """The page of that name."""
    return next(entry for entry in PAGES if entry.name == name)


def link(name: str, label: str) -> None:
    """A link to a page by name, with its icon."""
    st.page_link(entry(name).page(), label=label, icon=entry(name).icon)
