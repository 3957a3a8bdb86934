"""Studies of which figures are kept: of models that cannot come along, over several seeds of one model."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import mean
from typing import Any

import pandas as pd
import streamlit as st

from app.components.table import Columns, number, percent, show, text, whole
from lstm_core.probes.kept_studies import KeptStudy, KindsApart, Outcome, identity, read_kept
from lstm_core.probes.studies import Study
from lstm_core.runs.cells import SIGNALS
from lstm_core.runs.run import Run
from lstm_core.runs.store import list_runs
from lstm_core.stats import intervals

Found = list[tuple[Run, KeptStudy]]


def kept(asked: Study) -> bool:
    """The section about what a study asks for: all models of which figures are kept. Returns whether there are any."""
    return _groups([(run, one) for run, one in _all() if one.asked == identity(asked)])


def all_kept() -> None:
    """The same where nothing can be asked here: one of the studies of which figures are kept."""
    found = _all()
    names = sorted({one.study for _, one in found})
    if not names:
        return
    st.subheader("Studies of other models")
    name = st.selectbox("Study", names, key="probes-kept", bind="query-params", width=320) or names[0]
    _groups([(run, one) for run, one in found if one.study == name])


def _all() -> Found:
    return [(run, one) for run in list_runs() if run.status != "untrained" for one in read_kept(run).values()]


def _groups(found: Found) -> bool:
    for place, some in enumerate(groups(found)):
        run, first = some[0]
        st.subheader(f"{first.study}: {run.model_config.architecture}, of {run.config['corpus']['name']}")
        st.text(first.question)
        signal = SIGNALS[first.on.signal].title if first.on.signal in SIGNALS else first.on.signal
        st.caption(
            f"Figures that are kept of {first.text}, also of models that could not come along. A neuron is on by its "
            f"{signal} ({first.on.rule}, {first.on.threshold:g})."
        )
        results = [one for _, one in some]
        st.text("\n".join(sentences(results)))
        alt = f"What the study {first.study} found"
        show(frame(results), columns=_COLUMNS, key=f"probes-kept-{first.study}-{place}", alt=alt)
    return bool(found)


def groups(found: Found) -> list[Found]:
    """What may stand side by side: runs that differ in their seed alone, one of each, in the order given."""
    made: dict[object, dict[int, tuple[Run, KeptStudy]]] = {}
    for run, one in found:
        recipe = replace(run.train_config, seed=0, threads=0)
        counts = (one.units, one.positives, one.negatives, one.phrases, one.found.class_units is None)
        alike = (run.model_config, recipe, run.config["corpus"]["fingerprint"], one.asked, one.text, one.on, counts)
        made.setdefault(alike, {}).setdefault(run.train_config.seed, (run, one))
    return [list(some.values()) for some in made.values()]


_UNTRAINED = "The same before anything was learned."
_COLUMNS: Columns = {
    "through a phrase": whole("Neurons that are on through at least half of the places of a phrase."),
    "of one alone": whole("Of these, neurons that are on through none of the other phrases."),
    "alone, by chance": number("The same at places drawn at random.", 1),
    "alone, untrained": whole(_UNTRAINED),
    "places": text("Of the first kind and of the second."),
    "confirmed": whole(
        "Neurons that tell both kinds of places apart, chosen on one half of the places and confirmed on the other."
    ),
    "confirmed, by chance": number("The same with the kinds dealt out at random.", 2),
    "confirmed, untrained": whole(_UNTRAINED),
    "null words": whole("Neurons confirmed for words whose places are dealt out in turn: there is nothing to find."),
    "reader": percent(
        "How often a linear reader of all neurons tells the kinds apart on parts of the text that it was not fitted "
        "to; 50% is guessing."
    ),
    "reader, dealt": percent("The same of kinds that were dealt out by word: what the words alone give."),
    "reader, untrained": percent(_UNTRAINED),
    "words apart": percent("How much of the spread between the words lies between the class and words as frequent."),
    "apart, chance": number("How probable so much is by chance."),
    "apart, untrained": percent(_UNTRAINED),
    "of the class": whole(
        "Neurons that are higher or lower at words of the class than at words as frequent, confirmed on the half of "
        "the words that did not choose them."
    ),
    "class, by chance": number("The same with the words dealt out at random.", 2),
    "class, untrained": whole(_UNTRAINED),
}


def frame(some: Sequence[KeptStudy]) -> pd.DataFrame:
    """A model a row, without the columns that the study does not ask for."""
    return pd.DataFrame([_row(one) for one in some]).dropna(axis="columns", how="all")


def _row(one: KeptStudy) -> dict[str, object]:
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
            "null words": sum(count for _, count in found.null) if found.null else None,
            "reader": found.reader, "reader, dealt": found.control, "reader, untrained": _of(twin, "reader"),
        }  # fmt: skip
    return made | {
        "words apart": _of(found.words, "between"), "apart, chance": _of(found.words, "chance"),
        "apart, untrained": _of(_of(twin, "words"), "between"), "of the class": found.class_units,
        "class, by chance": found.class_shuffled, "class, untrained": _of(twin, "class_units"),
    }  # fmt: skip


def _of(found: Outcome | KindsApart | None, figure: str) -> Any:
    return None if found is None else getattr(found, figure)


def sentences(some: Sequence[KeptStudy]) -> list[str]:
    """In plain words, over all models of a group."""
    first, made = some[0], []
    if first.phrases:
        made.append(
            f"{_over(some, lambda found: found.selective)} neurons are on through one of {first.phrases} phrases "
            f"alone; by chance {mean(one.found.by_chance.selective for one in some):.1f}"
            f"{_untrained(some, lambda found: found.selective)}."
        )
    if first.positives:
        made.append(
            f"{_over(some, lambda found: found.confirmed)} of {first.units:,} neurons tell {first.positives} "
            f"places of the first kind from {first.negatives} of the second on places that did not choose them; by "
            f"chance {mean(one.found.by_chance.confirmed for one in some):.1f}"
            f"{_untrained(some, lambda found: found.confirmed)}."
        )
    if first.found.class_units is not None:
        made.append(
            f"{_over(some, lambda found: found.class_units)} of {first.units:,} neurons are higher or lower at the "
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
    low, high = intervals.of_mean(values)
    return f"{mean(values):,.0f} (mean of {len(values)} seeds, {max(0.0, low):,.0f} to {high:,.0f} at 95%)"


def _untrained(some: Sequence[KeptStudy], of: Callable[[Outcome], int | None]) -> str:
    values = [float(value) for one in some if one.twin is not None and (value := of(one.twin)) is not None]
    return f", before anything was learned {mean(values):,.1f}" if values else ""
