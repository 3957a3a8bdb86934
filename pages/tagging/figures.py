"""How well the networks do: right tags on three texts, what they mix up, how they learned; and of whole texts: does a
second direction help, what does a hidden state represent there, what is said of a text of one's own.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from app.cached import cached
from app.charts.draw import draw
from app.charts.training import tagger_curves
from app.claims import panel
from app.components.fields import Fields, show_rows
from app.components.table import Columns, percent, share, show, text, whole
from app.controls import MAX_TYPED
from lstm_core.claims.claim import Verdict
from lstm_core.claims.tagging import tagging_claims
from lstm_core.runs.cells import CELLS
from lstm_core.tagging.classify import Classification, Poolings, answer, classify, read_figures
from lstm_core.tagging.label_run import LabelRun, Share
from lstm_core.tagging.reports import Confusion, confusion, kept_confusion, log_of, perceptron_shares
from lstm_core.tagging.settings import POOLINGS, NetworkConfig
from lstm_core.tagging.words import TESTS, tagging_texts
from lstm_core.text.tagged import MEANINGS
from pages.tagging.frames import Cell, CellRow, architecture, plain, sound, titles_of
from pages.tagging.grid import grid, influence_grids
from pages.tagging.sentence import titled, with_torch

Measured = tuple[str, int | None, Mapping[str, Share]]  # name, parameters, kept shares by text
TEXTS = {"masc": "many kinds", "treebank": "newspaper", "ewt": "internet"}
PERCEPTRON = "perceptron of NLTK"
_NEW = "Right tags of words that its training text does not have."
_ACCURACY: Fields = {
    ("network", "name"): text(),
    ("parameters", "parameters"): whole("Numbers that it learned."),
    **{(title, f"{name}.right"): percent() for name, title in TEXTS.items()},
    **{(f"new words: {title}", f"{name}.right_unknown"): percent(_NEW) for name, title in TEXTS.items()},
}
_MISTAKES: Columns = {
    "times": whole(),
    "of these": percent("Of all words to which people gave that tag."),
    "of all mistakes": percent(),
}
EXAMPLE = (
    "The jury said on Friday that the mayor had not taken part in the election, and the council voted for a new one."
)
SHORT = ["The", "jury", "said", "it", "was", "over"]
MEANING = """
- **Forward**: the state after a word is a summary of the text so far, kept for one purpose: to name the kind of the
  whole text at the end. The **last** state has read all of it; the earlier ones only prepare it.
- **Backward**: the state at the *first* word has read all of it, from the end. The backward state at the *last* word
  has read that one word and nothing else: to judge by it adds next to nothing.
- **The mean** of all states lets every word have its say, also one that the last state has long forgotten.

So a second direction makes sense only where each direction is judged at *its own* end, or all states are; and since
the last forward state has read every word already, it has less to add than in tagging. How much, is a matter of
measuring:
"""
_POOLINGS: Columns = {
    "judged by": text(width=440),
    "right": share(),
    "from": percent("95 % interval of the mean over seeds."),
    "to": percent(),
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
    found: list[Measured] = []
    for name, run in zip(titles_of(runs), runs, strict=True):
        parameters = run.results().get("parameters")
        found.append((name, parameters if type(parameters) is int else None, run.accuracy()))
    shares = next((shares for _, _, shares in found if shares), None)
    if shares is None:
        st.caption(
            "None of these networks was measured: `python -m lstm_core train-tagger NAME` does so where it trains."
        )
        return
    if perceptron := perceptron_shares():
        found.append((PERCEPTRON, None, perceptron))
    alt = "Share of right tags of every network on three texts"
    rows = [{"name": name, "parameters": parameters, **shares} for name, parameters, shares in found]
    show_rows(rows, _ACCURACY, key="tagging-accuracy", alt=alt)
    parts = [
        f"{title}: {shares[text].title}, {shares[text].count:,} words, {shares[text].unknown:,} of them new"
        for text, title in TEXTS.items()
        if text in shares
    ]
    st.text(f"The texts are {'; '.join(parts)}." if parts else "")
    told = "No network learned from these words. New words: those that the training text does not have."
    if perceptron:
        told += (
            " The perceptron is NLTK's, a tagger without hidden states that looks at the words around one, trained on "
            "the same text and measured on the same words."
        )
    st.caption(told)
    if mapped := mapped_sentence(found):
        st.caption(mapped)


def _confusion(runs: Sequence[LabelRun]) -> None:
    st.subheader("What one mixes up")
    run = titled(runs, len(runs) - 1, key="tagging-confused")
    found = kept_confusion(run) or _counted(run)
    if found is None:
        return
    rows, columns = confusion_rows(found)
    right = sum(row[place] for place, row in enumerate(found.counts))
    st.text(f"{found.text}: {right:,} of {found.total:,} words tagged rightly. The tags that are mixed up most:")
    alt = "Tags mixed up with each other"
    grid({"": rows}, columns, corner="people say", key="tagging-confusion", alt=alt, numbers=True)
    st.caption(
        "A row holds the words that people gave a tag, a column those that the network gave one; the number is the "
        "share of the row in per cent. Blue: right. Red: mixed up."
    )
    show(mistake_frame(found), columns=_MISTAKES, key="tagging-mistakes", alt="The commonest mistakes")


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
    logs = {name: log for name, run in zip(titles_of(runs), runs, strict=True) if (log := log_of(run))}
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


def mapped_sentence(found: Sequence[Measured]) -> str:
    """The shares of the last two that also count what MASC calls an abbreviation; empty where they were not counted."""
    parts = []
    for kind, title in TEXTS.items():
        mapped = [(name, shares[kind].right_mapped) for name, _, shares in found[-2:] if kind in shares]
        told = [f"{name} {share:.1%}" for name, share in mapped if share is not None]
        if told and kind != "masc":
            parts.append(f"{title}: {', '.join(told)}")
    if not parts:
        return ""
    return (
        "The training text tags most capitalised abbreviations (“Mr.”, “Corp.”) as common nouns, the other two texts "
        f"as names. With either counted as right there: {'; '.join(parts)}."
    )


def confusion_rows(found: Confusion, most: int = 14) -> tuple[list[CellRow], list[str]]:
    """The tags that are mixed up most: a row for what people say, a column for what the tagger says, in each cell the
    share of the row in per cent. Returns the columns too.
    """
    wrong = _wrong(found)
    chosen = np.sort(np.argsort(-(wrong.sum(axis=0) + wrong.sum(axis=1)), kind="stable")[:most]).tolist()
    rows = []
    for row in chosen:
        cells = tuple(_count_cell(found, row, column, sum(found.counts[row])) for column in chosen)
        rows.append(CellRow(f"{plain(found.names[row])} ({found.names[row]})", cells))
    return rows, [found.names[column] for column in chosen]


def _wrong(found: Confusion) -> NDArray[np.int64]:
    counts = np.array(found.counts)
    return counts - np.diag(counts.diagonal())


def _count_cell(found: Confusion, row: int, column: int, total: int) -> Cell:
    count = found.counts[row][column]
    share = count / total if total else 0.0
    said = "rightly" if row == column else f"as {plain(found.names[column])}"
    told = f"{plain(found.names[row])}: {count:,} of {total:,} tagged {said} ({share:.1%})"
    text = "" if not count else "<1" if share < 0.005 else f"{100 * share:.0f}"
    tint = 0.0 if not count else share if row == column else min(1.0, 0.15 + 3 * share)
    return Cell(text, share=tint, told=told, wrong=row != column)


def mistake_frame(found: Confusion, most: int = 12) -> pd.DataFrame:
    """The commonest mistakes."""
    wrong = _wrong(found)
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    pairs = np.column_stack(np.unravel_index(order, wrong.shape)).tolist()
    return pd.DataFrame(
        {
            "people say": MEANINGS.get(found.names[row], found.names[row]),
            "it says": MEANINGS.get(found.names[column], found.names[column]),
            "times": int(wrong[row, column]),
            "of these": float(wrong[row, column] / sum(found.counts[row])),
            "of all mistakes": float(wrong[row, column] / wrong.sum()),
        }
        for row, column in pairs
        if wrong[row, column]
    )


def whole_texts(runs: Sequence[LabelRun]) -> None:
    """The question of the lecture notes in words and figures, and what classifiers say of a text."""
    st.subheader("Does it make sense to read a whole text both ways?")
    st.markdown(MEANING)
    found = kept_poolings()
    if found is None:
        st.caption("The figures are not at hand: restore models/classifiers from the program's files.")
    else:
        for sentence in answer(found):
            st.text(f"LSTM, {sentence}.")
        alt = "Right kinds by every kind of classifier"
        show(pooling_frame(found), columns=_POOLINGS, key="tagging-poolings", alt=alt)
        st.caption(
            f"Which of {found.classes} kinds a piece of {found.corpus} is of: {found.pieces['train']:,} pieces to "
            f"learn from, {found.pieces['test']:,} of other documents for the test, {len(found.seeds)} seeds. Whether "
            "sentences speak well or ill, the other common task, was not measured."
        )
    st.subheader("Your own text")
    if not runs:
        st.caption("No classifier is at hand.")
        return
    text = st.text_area("A passage", EXAMPLE, key="tagging-passage", max_chars=MAX_TYPED, bind="query-params") or ""
    text = sound(text[:MAX_TYPED])
    if not text.strip():
        st.caption("Type at least one word.")
    elif with_torch():
        said = [(run.config, cached(classify)(text, run)) for run in runs]
        show(class_frame(said), key="tagging-classes", alt="The kinds of text that each guesses")
        _states(runs[-1])


def _states(run: LabelRun) -> None:
    """Which words each state of a classifier has read, measured; a bar marks those that have read all."""
    st.subheader("What each state has read")
    st.caption(
        f"Measured on a short text by the network “{architecture(run.config)}”: how far the state at the word "
        "of a row moves when the word of a column is replaced by another. 0: it has not read that word. A bar marks "
        "the state that has read all: the last one forward, the first one backward."
    )
    influence_grids(SHORT, run, key="tagging-whole", judged=True)


def class_frame(found: Sequence[tuple[NetworkConfig, Classification]], most: int = 3) -> pd.DataFrame:
    """The most probable kinds of a text, by classifier."""
    rows = []
    for config, one in found:
        best = np.argsort(-one.probabilities, kind="stable")[:most].tolist()
        guesses = [f"{one.names[code].replace('_', ' ')} {one.probabilities[code]:.0%}" for code in best]
        none = [""] * (most - len(guesses))
        rows.append((architecture(config), POOLINGS[config.pooling or "last"], *guesses, *none))
    return pd.DataFrame(rows, columns=["network", "judged by", *(f"guess {rank}" for rank in range(1, most + 1))])


def pooling_frame(found: Poolings) -> pd.DataFrame:
    """The kinds of classifiers with their share of right kinds, beside what needs no network."""
    rows: list[tuple[object, ...]] = []
    for row in found.scored:
        network = f"{CELLS[row.cell].kind}, {'both ways' if row.directions == 2 else 'one way'}"
        rows.append((network, POOLINGS[row.pooling], row.mean, *row.interval))  # type: ignore[index]
    rows.append(("words in no order (naive Bayes)", "", found.words, None, None))
    rows.append(("always the commonest kind", "", found.chance, None, None))
    return pd.DataFrame(rows, columns=["network", "judged by", "right", "from", "to"])
