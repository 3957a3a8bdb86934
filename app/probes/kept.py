"""Studies of which figures are kept: of models that cannot come along, over several seeds of one shape."""

from collections.abc import Callable, Sequence
from statistics import mean
from typing import Any

import streamlit as st

from app.table import Column, Line, show
from lstm_core.over_seeds import interval
from lstm_core.probes.kept_studies import Apart, KeptStudy, Outcome, read_kept
from lstm_core.runs import list_runs

_ABOUT = {
    "phrases": "Neurons that are on through at least half of the places of a phrase.",
    "alone": "Of these, neurons that are on through none of the other phrases.",
    "chance": "What the same finds at places drawn at random.",
    "confirmed": "Neurons that tell both kinds of places apart, chosen on one half of the places and confirmed on the "
    "other.",
    "reader": "How often a linear reader of all neurons tells the kinds apart on parts of the text that it was not "
    "fitted to; 50% is guessing.",
    "words": "How much of the spread between the words lies between the class and words as frequent, and how probable "
    "so much is by chance.",
    "class": "Neurons that are higher or lower at words of the class than at words as frequent, confirmed on the half "
    "of the words that did not choose them.",
}


def kept(name: str) -> None:
    """The section about one study: every model of which figures are kept, beside its untrained twin."""
    for title, some in kept_groups(name).items():
        st.subheader(f"Study {name}: {title}")
        st.text(some[0].question)
        st.caption(f"Figures that are kept of {some[0].text}, also of models that could not come along.")
        st.text("\n".join(sentences(some)))
        rows = [line(one) for one in some]
        there = {key for row in rows for key, value in row.items() if value is not None}
        columns = [column for column in _COLUMNS if column.name in there]
        show(rows, columns, key=f"probes-kept-{title}", alt=f"What the study {name} found in each model")


def all_kept() -> None:
    """The same where nothing has been read here: one of the studies of which figures are kept."""
    names = sorted({name for run in list_runs() for name in read_kept(run)})
    if not names:
        return
    st.subheader("Studies of other models")
    kept(st.selectbox("Study", names, key="probes-kept", bind="query-params", width=320) or names[0])


def kept_groups(name: str) -> dict[str, list[KeptStudy]]:
    """What is kept of a study, by runs of one shape and text; title -> results in the order of names."""
    found: dict[str, list[KeptStudy]] = {}
    for run in list_runs():
        one = read_kept(run).get(name)
        if one is not None and run.status != "untrained":
            shape = run.model_config
            title = f"{shape.architecture}, dropout {shape.dropout:g}, of {run.config['corpus']['name']}"
            found.setdefault(title, []).append(one)
    return found


_COLUMNS = (
    Column("model", width=24),
    Column("through a phrase", "whole", help=_ABOUT["phrases"]),
    Column("of one alone", "whole", help=_ABOUT["alone"]),
    Column("alone, by chance", "number", 1, help=_ABOUT["chance"]),
    Column("alone, untrained", "whole"),
    Column("places", help="Of the first kind and of the second."),
    Column("confirmed", "whole", help=_ABOUT["confirmed"]),
    Column("confirmed, by chance", "number", 2, help="The same with the kinds dealt out at random."),
    Column("confirmed, untrained", "whole"),
    Column("reader", "percent", 1, _ABOUT["reader"]),
    Column("reader, untrained", "percent", 1),
    Column("words apart", "percent", 1, _ABOUT["words"]),
    Column("chance of it", "number", 3),
    Column("apart, untrained", "percent", 1),
    Column("of the class", "whole", help=_ABOUT["class"]),
    Column("class, by chance", "number", 2, help="The same with the words dealt out at random."),
    Column("class, untrained", "whole"),
)


def line(one: KeptStudy) -> Line:
    """A row of the table; None where the study does not ask for it."""
    found, twin = one.found, one.twin
    made: dict[str, object] = {"model": one.run}
    if one.phrases:
        made |= {
            "through a phrase": found.matched, "of one alone": found.selective,
            "alone, by chance": found.by_chance.selective, "alone, untrained": _of(twin, "selective"),
        }  # fmt: skip
    if one.positives:
        made |= {
            "places": f"{one.positives} / {one.negatives}", "confirmed": found.confirmed,
            "confirmed, by chance": found.by_chance.confirmed, "confirmed, untrained": _of(twin, "confirmed"),
            "reader": found.reader, "reader, untrained": _of(twin, "reader"),
        }  # fmt: skip
    if found.words is not None:
        made |= {
            "words apart": found.words.between, "chance of it": found.words.chance,
            "apart, untrained": _of(_of(twin, "words"), "between"),
        }  # fmt: skip
    if found.class_units is not None:
        made |= {
            "of the class": found.class_units, "class, by chance": found.class_shuffled,
            "class, untrained": _of(twin, "class_units"),
        }  # fmt: skip
    return made


def _of(found: Outcome | Apart | None, figure: str) -> Any:
    return None if found is None else getattr(found, figure)


def sentences(some: Sequence[KeptStudy]) -> list[str]:
    """In plain words, over all models of the group."""
    made = []
    if some[0].phrases:
        made.append(
            f"{_over(some, lambda found: found.selective)} neurons are on through one of {some[0].phrases} phrases "
            f"alone; by chance {mean(one.found.by_chance.selective for one in some):.1f}"
            f"{_untrained(some, lambda found: found.selective)}."
        )
    if some[0].positives:
        made.append(
            f"{_over(some, lambda found: found.confirmed)} of {some[0].units:,} neurons tell {some[0].positives} "
            f"places of the first kind from {some[0].negatives} of the second on places that did not choose them; by "
            f"chance {mean(one.found.by_chance.confirmed for one in some):.1f}"
            f"{_untrained(some, lambda found: found.confirmed)}."
        )
    if some[0].found.class_units is not None:
        made.append(
            f"{_over(some, lambda found: found.class_units)} of {some[0].units:,} neurons are higher or lower at the "
            f"words of the class than at others as frequent; by chance "
            f"{mean(one.found.class_shuffled or 0.0 for one in some):.1f}"
            f"{_untrained(some, lambda found: found.class_units)}."
        )
    return made


def _over(some: Sequence[KeptStudy], of: Callable[[Outcome], int | None]) -> str:
    """The figure of one model, or the mean of several with the interval over their seeds."""
    values = [float(of(one.found) or 0) for one in some]
    if len(values) == 1:
        return f"{values[0]:,.0f}"
    low, high = interval(values)
    return f"{mean(values):,.0f} (mean of {len(values)} seeds, {max(0.0, low):,.0f} to {high:,.0f} at 95%)"


def _untrained(some: Sequence[KeptStudy], of: Callable[[Outcome], int | None]) -> str:
    values = [float(of(one.twin) or 0) for one in some if one.twin is not None]
    return f", before anything was learned {mean(values):,.1f}" if values else ""
