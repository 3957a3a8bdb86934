"""All runs in figures over dropout: how well they guess, how active their neurons are, how many stay near zero, beside
what the thesis says; and one neuron in all runs: its match in each, the values that they take, the same text.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from app.cached import cached
from app.charts import sweep as figures
from app.charts.draw import draw
from app.claims import panel
from app.components.csv_file import frame_csv
from app.components.fields import Fields, show_rows, table_of
from app.components.heatmap import text_heat_map
from app.components.table import number, percent, show, text, whole
from app.controls import bound, tell
from lstm_core.claims.dropout import map_claims, mapped_query, marks, sweep_claims
from lstm_core.neurons.compare import Comparison, Trend
from lstm_core.neurons.correlated import Counterpart, RelatedQuery, counterpart
from lstm_core.neurons.distributions import DistributionQuery
from lstm_core.neurons.profile import reach_of
from lstm_core.runs.cells import SIGNALS
from lstm_core.runs.run import Run
from lstm_core.stats.permutation import LEAST, SURE
from pages.dropout_sweep.readings import Reading, each

MEAN, SAME, MATCHED = "all neurons of the layer", "one neuron, by its number", "one neuron and its matches"
WINDOWS = {"word": 100, "char": 500}  # tokens that are coloured


def _way(trend: Trend) -> str:
    if trend.rho is None or trend.p is None:
        return "cannot be told" + (": at least 3 dropouts are needed" if trend.runs < LEAST else ": all are equal")
    way = "falls" if trend.rho < 0 else "rises" if trend.rho > 0 else "neither falls nor rises"
    return way if trend.p < SURE else f"{way}, but that may be chance"


TRENDS: Fields = {
    ("signal", lambda trend: f"{SIGNALS[trend.signal].title} ({trend.signal})"): text(),
    ("layer", "layer"): whole(),
    ("with more dropout", _way): text(),
    ("Spearman", "rho"): number(
        "Rank correlation of size and dropout: -1 where more dropout always means less, 1 where it always means more, "
        "0 no order.",
        2,
    ),
    ("p", lambda trend: None if trend.p is None else f"{trend.p:.2g}"): text(
        "How often chance alone gives a correlation at least as far from 0: the share of all orders of the runs "
        "(two-sided permutation test, exact for up to 10 runs, by drawn orders beyond)."
    ),
    ("runs", "runs"): whole("How many runs it is of (n)."),
}


_RUN: Fields = {
    ("run", "run"): text(),
    ("dropout", "dropout"): number(digits=2),
    ("seed", "seed"): whole(),
    ("trained on", "text"): text(),
    ("parameters", "parameters"): whole(),
    ("epochs", "epochs"): number(digits=1),
    ("status", "status"): text(),
}


def scores(found: Comparison, *, joined: bool) -> None:
    """The score of each run over its dropout, unless they must not be held against each other."""
    st.subheader("How well do they guess?")
    if not found.scores_compare:
        st.warning(
            "These runs were trained on different texts or have different vocabularies: their scores must not be held "
            "against each other. The table at the end has them one by one."
        )
        return
    measure = score_name(found)
    scored = {row.dropout for row in found.rows if row.best is not None}
    if len(scored) < 2:
        st.caption(
            "All that have a score have the same dropout: the table at the end has them."
            if scored
            else "No run has ended an epoch yet."
        )
        return
    draw(figures.scores(found, joined=joined), key="sweep-scores", alt=f"{measure} over dropout")
    meaning = (
        "between how many equally likely words a model wavers"
        if measure == "perplexity"
        else "how many yes-or-no questions it would still need to know the next letter"
    )
    st.caption(f"{measure.capitalize()}: {meaning}, on text that it was not trained on. Of the weights that were kept.")


def sizes(found: Comparison, *, joined: bool) -> None:
    """Mean |activation| over dropout, a picture a signal, with the rank correlations."""
    st.subheader("How active are the neurons?")
    noun = "letters" if found.measure == "bits_per_character" else "words"
    start, stop = found.span
    st.text(f"While reading {stop - start:,} {noun} of {found.text}, from {start:,} on, the same for all.")
    signals = list(dict.fromkeys(signal for signal, _ in places(found)))
    for column, signal in zip(st.columns(max(len(signals), 1)), signals, strict=False):
        with column:
            alt = f"Mean size of the {SIGNALS[signal].title} over dropout"
            draw(figures.sizes(found.rows, signal, joined=joined), key=f"sweep-sizes-{signal}", alt=alt)
    alt = "How the mean size goes with dropout"
    show_rows(found.trends, TRENDS, key="sweep-trends", alt=alt)
    st.caption("The size is the mean of |value| over all neurons and all tokens (mean absolute activation).")


def near_zero(found: Comparison, *, joined: bool) -> None:
    """Share of units near zero over dropout."""
    st.subheader("How many neurons stay near zero?")
    signals = list(dict.fromkeys(signal for signal, _ in places(found)))
    figure = figures.near_zero(found.rows, signals, joined=joined)
    draw(figure, key="sweep-near-zero", alt="Share of the neurons that stay near zero, over dropout")
    units = sorted({one.units for row in found.rows for one in row.activity})
    st.caption(
        "A neuron counts where more than 90% of its values lie within ±0.01: it hardly does anything. "
        f"Each layer has {', '.join(f'{count:,}' for count in units)} neurons."
    )


def table(found: Comparison, texts: Sequence[str]) -> None:
    """All figures of all runs, and as a file; `texts`: what each was trained on. What is not at hand is missing."""
    st.subheader("All figures")
    score = number("On the validation part of its own text. Lower is better.")
    fields: Fields = {**_RUN, (score_name(found), "best"): score}
    for signal, layer in places(found):
        of = f"{SIGNALS[signal].title} of layer {layer}"
        size, share = number(f"Mean absolute value of the {of}.", 4), percent(f"Share of its neurons near zero: {of}.")
        fields[f"|{signal}{layer}|", f"{signal}{layer}.mean_abs"] = size
        fields[f"{signal}{layer} near zero", f"{signal}{layer}.near_zero_share"] = share
    rows = [
        vars(row) | {"text": text} | {f"{one.signal}{one.layer}": one for one in row.activity}
        for row, text in zip(found.rows, texts, strict=True)
    ]
    made = table_of(rows, fields)
    columns = {name: shown for (name, _), shown in fields.items()}
    show(made, columns=columns, key="sweep-table", alt=f"{len(made)} runs with their scores and activities")
    st.download_button(
        "Table as CSV", lambda: frame_csv(made), "sweep.csv", "text/csv", key="sweep-csv", on_click="ignore"
    )


def thesis(found: Comparison, runs: Sequence[Run]) -> None:
    """The panel: T1, T4 and T5; T9 where word maps of several runs are kept."""
    claims = sweep_claims(found, runs)
    if not claims:
        return
    query = mapped_query(runs)
    told = []
    if query is not None:
        told = each(runs, lambda run: cached(marks)(run, query), "Grouping the words on their maps")
    panel([*claims, *map_claims([one for one in told if one is not None])], "What the thesis says, what we measure")
    if query is None and runs[0].kind == "word":
        st.caption(
            "What the thesis says of brackets and quotation marks over dropout needs word maps: "
            "`python -m lstm_core wordmap RUN` makes one of a run."
        )


def places(found: Comparison) -> list[tuple[str, int]]:
    """The signals and layers that at least one run has figures of."""
    return list(dict.fromkeys((one.signal, one.layer) for row in found.rows for one in row.activity))


def score_name(found: Comparison) -> str:
    """The measure for people."""
    return found.measure.replace("_", " ")


def score_sentence(found: Comparison) -> str:
    """Which run guesses best and which worst, where that can be said."""
    scored = [(row.best, row.dropout) for row in found.rows if row.best is not None]
    if len(scored) < 2 or not found.scores_compare:
        return ""
    if found.unfinished:
        return (
            f"{len(found.unfinished)} of {len(found.rows)} runs are not trained to the end: how well they guess says "
            "nothing of dropout yet."
        )
    measure = score_name(found)
    (best, at), (worst, worst_at) = min(scored), max(scored)
    return (
        f"Dropout {at:g} guesses best ({measure} {best:.4g}), dropout {worst_at:g} worst ({worst:.4g}), "
        f"of {len(scored)} runs."
    )


def size_sentence(found: Comparison) -> str:
    """Whether the neurons are quieter with more dropout, by the trends that are told from chance."""
    tested = [trend for trend in found.trends if trend.rho is not None and trend.p is not None]
    if not tested or found.unfinished:
        return ""
    sure = [trend for trend in tested if (trend.p or 0) < SURE]
    falls, rises = sum((one.rho or 0) < 0 for one in sure), sum((one.rho or 0) > 0 for one in sure)
    of = f"of {len(tested)} signals and layers"
    if falls == len(tested):
        return f"The more dropout, the quieter the neurons: their mean size falls in {falls} {of}, beyond chance."
    if rises == len(tested):
        return f"The more dropout, the louder the neurons: their mean size rises in {rises} {of}, beyond chance."
    return f"With dropout the mean size of the neurons falls in {falls} and rises in {rises} {of}, beyond chance."


def names(found: Comparison) -> list[str]:
    """What to call each run: its dropout where that tells the runs apart, else its name."""
    dropouts = [row.dropout for row in found.rows]
    if len(set(dropouts)) == len(dropouts):
        return [f"dropout {dropout:g}" for dropout in dropouts]
    return [row.run for row in found.rows]


@dataclass(frozen=True)
class Place:
    """The signal and layer looked at, the unit, and the run whose unit it is (its place among the readings)."""

    signal: str
    layer: int
    unit: int
    reference: int


def choose_place(found: Sequence[Reading], names: Sequence[str], at_hand: Sequence[tuple[str, int]]) -> Place:
    """The choice of signal, layer, neuron and whose neuron it is; at first the most unusual of the middle run."""
    signals = {SIGNALS[signal].title: signal for signal, _ in at_hand}
    first = next(iter(signals))
    row = st.columns([2, 1, 1, 1], vertical_alignment="bottom")
    title = row[0].segmented_control(
        "Signal", list(signals), default=first, key="sweep-signal", bind="query-params", required=True
    )
    signal = signals.get(title or first, signals[first])
    layers = sorted({layer for name, layer in at_hand if name == signal})
    layer = row[1].selectbox("Layer", layers, key="sweep-layer", bind="query-params") or layers[0]
    having = [number for number, one in enumerate(found) if one.has(signal, int(layer))]
    able = [number for number in having if found[number].recording is not None] or having or list(range(len(found)))
    options = [names[number] for number in able]
    whose = row[2].selectbox(
        "Neuron of", options, len(options) // 2, key="sweep-whose", bind="query-params",
        help="The run whose neuron is looked for in the others.",
    )  # fmt: skip
    reference = able[options.index(whose)] if whose in options else able[0]
    units = found[reference].run.model_config.hidden
    spread = found[reference].distributions(DistributionQuery(signal, layer))
    unusual = int(spread.ranking()[0]) if spread is not None else 0
    unit = row[3].number_input("Neuron (unit)", 0, units - 1, unusual, 1, key="sweep-unit", bind=bound("sweep-unit"))
    return Place(signal, int(layer), min(max(int(unit), 0), units - 1), reference)


def matches(found: Sequence[Reading], place: Place) -> list[Counterpart | None]:
    """The matching unit of each run, None where the run has no recording; of the reference itself that unit."""
    mine = found[place.reference].recording
    query = RelatedQuery(place.signal, place.layer, place.unit)

    def matched(one: Reading) -> Counterpart | None:
        if mine is None or one.recording is None or not one.has(place.signal, place.layer):
            return None
        try:
            return cached(counterpart)(mine, query, one.recording)
        except ValueError as error:  # removed, or made anew of other tokens, since it was found
            tell(f"The recording of {one.run.name} cannot be used.", error)
            return None

    return each(found, matched, "Looking for the matching neurons")


def overlay(
    found: Sequence[Reading], names: Sequence[str], place: Place, matched: Sequence[Counterpart | None]
) -> None:
    """How often values are taken in each run: the mean of the layer, one unit by number, or a unit and its matches."""
    st.subheader("Which values do they take?")
    options = [MEAN, SAME, *([MATCHED] if any(matched) else [])]
    chosen = st.segmented_control(
        "Values of", options, default=MEAN, key="sweep-values", bind="query-params", required=True
    )
    kind = chosen or MEAN
    query = DistributionQuery(place.signal, place.layer)
    spreads = each(found, lambda one: one.distributions(query), "Counting the values")
    curves = []
    for one, name, spread, match in zip(found, names, spreads, matched, strict=True):
        number = {MEAN: None, SAME: place.unit, MATCHED: match.unit if match else None}[kind]
        if spread is None or (number is None) != (kind == MEAN) or (number or 0) >= len(spread.counts):
            continue
        title = f"{name}: neuron {number}" if kind == MATCHED else name
        curves.append(figures.curve(title, one.run.model_config.dropout, spread, number))
    if not curves:
        st.caption("No run has figures of these values.")
        return
    alt = f"How often the {SIGNALS[place.signal].title} of layer {place.layer} takes each value, in {len(curves)} runs"
    draw(figures.overlay(curves, place.signal), key="sweep-overlay", alt=alt)
    meaning = {
        SAME: f"Neuron {place.unit} of each run: the same number, not the same task.",
        MATCHED: "In each run the neuron that goes most with the chosen one.",
    }.get(kind, "The mean of all neurons of the layer.")
    lacking = len(found) - len(curves)
    st.caption(
        f"{meaning} From blue (little dropout) to red (much). Drag over the picture to look closer; click a name to "
        "hide it." + f" {lacking} of the runs have no such figures and are left out." * bool(lacking)
    )


def same_text(
    found: Sequence[Reading], names: Sequence[str], place: Place, matched: Sequence[Counterpart | None]
) -> None:
    """The same tokens, coloured by the matching unit of each run that has a recording."""
    st.subheader("The same text, read by each of them")
    shown = [
        (at, one.recording, match)
        for at, (one, match) in enumerate(zip(found, matched, strict=True))
        if one.recording is not None and match is not None
    ]
    if not shown:
        st.caption("No run here has its weights and has read the text: the values at each word are not at hand.")
        return
    mine = names[place.reference]
    st.caption(
        f"Neuron {place.unit} of {mine}, and of every other run the neuron whose values go most with it, or most "
        "against it (highest |correlation| over the whole text). By chance: the best where the values are moved to "
        "other places of the text. Red: above zero. Blue: below. Each has its own scale: a colour is full where only "
        "1% of the values on its side of zero go further."
    )
    kind = found[0].run.kind
    most = max(len(shown[0][1].positions) - 1, 1)
    start = int(st.slider("Where in the text", 0, most, 0, 10, key="sweep-start", bind=bound("sweep-start")))
    start = min(max(start, 0), most)
    stop = start + WINDOWS[kind]
    for at, recording, match in shown:
        own = at == place.reference
        unit = place.unit if own else match.unit
        st.text(f"{names[at]}: {f'neuron {unit}, the chosen one' if own else match_sentence(match)}")
        if unit is None:
            continue
        try:
            values = recording.unit(place.signal, place.layer, unit)
        except ValueError as error:  # it was removed since it was found
            tell("This recording cannot be used any more.", error)
            continue
        low, high = reach_of(values)
        text_heat_map(
            recording.text(start, stop),
            values[start:stop],
            key=f"sweep-text-{at}",
            scale=(low, 0.0, high),
            low=f"{low:.3g}",
            high=f"{high:.3g}",
            first=start,
            words=kind == "word",
        )


def match_sentence(found: Counterpart) -> str:
    """Which unit matches, how well, whether it points the other way, and what chance gives."""
    if found.unit is None or found.correlation is None:
        return "no neuron: all have the same value all over the text"
    way = ", the other way round" if found.correlation < 0 else ""
    chance = "" if found.chance is None else f"; by chance {found.chance:.2f}"
    return f"neuron {found.unit}, correlation {found.correlation:+.2f}{way}{chance}"
