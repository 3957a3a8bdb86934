"""What a page leaves for the moment when the browser has drawn the rest: the first chart does not wait for it."""

from collections.abc import Callable

import streamlit as st

SEEN = "pages-seen"  # those whose lower part was asked for in this session


def afterwards(caption: str, work: Callable[[], object]) -> None:
    """Show `caption`; when the browser has drawn the page and asks again, do `work` and draw the page anew."""
    asked = False

    def part() -> None:
        nonlocal asked
        st.caption(caption)
        if asked:
            work()
            st.rerun()
        asked = True

    st.fragment(part, run_every="1s")()


def rest_of(page: str, caption: str) -> None:
    """End the script here at a session's first look at `page`; the browser asks for the rest once it drew this much."""
    seen = st.session_state.setdefault(SEEN, set())
    if page in seen:
        return
    afterwards(caption, lambda: seen.add(page))
    st.stop()
