"""How well the networks tag: right tags on three texts, what they mix up, how they learned."""

from collections.abc import Sequence

import streamlit as st

from app.cached import cached
from app.charts.draw import draw
from app.charts.training import tagger_curves
from app.claims import panel
from app.components.table import Columns, percent, show, whole
from lstm_core.claims.claim import Verdict
from lstm_core.claims.tagging import tagging_claims
from lstm_core.tagging.classify import Poolings, read_figures
from lstm_core.tagging.label_run import LabelRun
from lstm_core.tagging.reports import Confusion, confusion, kept_confusion, log_of, perceptron_shares
from lstm_core.tagging.words import TESTS, tagging_texts
from pages.tagging import frames
from pages.tagging.choice import titled
from pages.tagging.grid import grid
from pages.tagging.sentence import with_torch

_NEW = "Right tags of words that its training text does not have."
_MISTAKES: Columns = {
    "times": whole(),
    "of these": percent("Of all words to which people gave that tag."),
    "of all mistakes": percent(),
}
_ACCURACY: Columns = {
    "parameters": whole("Numbers that it learned."),
    **{title: percent() for title in frames.TEXTS.values()},
    **{f"new words: {title}": percent(_NEW) for title in frames.TEXTS.values()},
}


def figures(runs: Sequence[LabelRun]) -> None:
    """The table of all networks, the confusion of one, the training curves, what the lecture notes say."""
    _accuracy(runs)
    _confusion(runs)
    _curves(runs)
    if with_torch():
        panel(cached(_claims)(tuple(runs)), "What the lecture notes say, what we measure")


def kept_poolings() -> Poolings | None:
    """The figures of classifiers, None where they are not at hand."""
    try:
        return read_figures()
    except ValueError:
        return None


def _claims(runs: tuple[LabelRun, ...]) -> list[Verdict]:
    return tagging_claims(runs, kept_poolings())


def _accuracy(runs: Sequence[LabelRun]) -> None:
    st.subheader("Right tags")
    found: list[frames.Measured] = []
    for name, run in zip(frames.titles_of(runs), runs, strict=True):
        parameters = run.results().get("parameters")
        found.append((name, parameters if type(parameters) is int else None, run.accuracy()))
    shares = next((shares for _, _, shares in found if shares), None)
    if shares is None:
        st.caption(
            "None of these networks was measured: `python -m lstm_core train-tagger NAME` does so where it trains."
        )
        return
    if perceptron := perceptron_shares():
        found.append((frames.PERCEPTRON, None, perceptron))
    alt = "Share of right tags of every network on three texts"
    show(frames.accuracy_frame(found), columns=_ACCURACY, key="tagging-accuracy", alt=alt)
    st.text(frames.texts_sentence(shares))
    told = "No network learned from these words. New words: those that the training text does not have."
    if perceptron:
        told += (
            " The perceptron is NLTK's, a tagger without hidden states that looks at the words around one, trained on "
            "the same text and measured on the same words."
        )
    st.caption(told)
    if mapped := frames.mapped_sentence(found):
        st.caption(mapped)


def _confusion(runs: Sequence[LabelRun]) -> None:
    st.subheader("What one mixes up")
    run = titled(list(runs), frames.titles_of(runs), len(runs) - 1, key="tagging-confused")
    found = kept_confusion(run)
    if found is None:
        found = _counted(run)
    if found is None:
        return
    group, columns = frames.confusion_group(found)
    right = sum(row[place] for place, row in enumerate(found.counts))
    st.text(f"{found.text}: {right:,} of {found.total:,} words tagged rightly. The tags that are mixed up most:")
    grid(
        [group],
        columns,
        corner="people say",
        key="tagging-confusion",
        alt="Tags mixed up with each other",
        numbers=True,
    )
    st.caption(
        "A row holds the words that people gave a tag, a column those that the network gave one; the number is the "
        "share of the row in per cent. Blue: right. Red: mixed up."
    )
    show(frames.mistake_frame(found), columns=_MISTAKES, key="tagging-mistakes", alt="The commonest mistakes")


def _counted(run: LabelRun) -> Confusion | None:
    """The confusion counted now, where a person asks for it and the text is at hand."""
    if not st.toggle("Count its mistakes now (some seconds)", key="tagging-count", bind="query-params"):
        st.caption("No count of this network's mistakes is kept.")
        return None
    if not with_torch():
        return None
    try:
        with st.spinner("Tagging the held-out files"):
            return cached(_confused)(run)
    except ValueError as error:
        st.caption("The text that people tagged is not at hand.")
        st.text(str(error))
        return None


def _confused(run: LabelRun) -> Confusion:
    return confusion(run, tagging_texts()["masc"], TESTS["masc"])


def _curves(runs: Sequence[LabelRun]) -> None:
    logs = {name: log for name, run in zip(frames.titles_of(runs), runs, strict=True) if (log := log_of(run))}
    if not logs:
        return
    st.subheader("How they learned")
    for column, value, about in zip(
        st.columns(2), ("development", "train_loss"),
        ("Right tags on files kept apart, after each pass over the text", "What is left to learn"), strict=True,
    ):  # fmt: skip
        with column:
            st.caption(about)
            draw(tagger_curves(logs, value), key=f"tagging-curves-{value}", alt=f"{about}, for every network")
