"""A neuron: which others are on when it is on, or some steps earlier or later, which are on in groups, which of a layer
are periodic, and which part of a sentence it follows: its value around noun phrases, verb phrases and so on.
"""

from contextlib import suppress

import numpy as np
import pandas as pd
import streamlit as st

from app.cached import cached
from app.charts.draw import draw
from app.charts.neurons import around_chunks
from app.claims import panel
from app.components.fields import Fields, higher, show_rows
from app.components.table import Columns, number, percent, share, show, text, whole
from app.controls import bound, tell_origin
from lstm_core.claims.labels import chunk_claim
from lstm_core.claims.studies import neuron_wise_claim, period_claim
from lstm_core.neurons.chunk_tuning import TunedQuery, TunedUnit, TunedUnits, tuned_units
from lstm_core.neurons.periods import HILL, Periods, PeriodsQuery, UnitPeriod, periods
from lstm_core.neurons.tuning import Tuning, TuningQuery, tuning
from lstm_core.probes.active import OnSets, Unit
from lstm_core.probes.similar_units import MEASURES, UnitsQuery, groups, overlaps, similar_units
from lstm_core.recordings.find import untrained_twin
from lstm_core.recordings.recording import Recording
from lstm_core.recordings.tags import TAGS, chunks_of, is_gold, tags_of
from lstm_core.stats.false_discovery import FALSE_SHARE
from lstm_core.stats.spectrum import FEWEST, Period, Rhythm, period, rhythm
from lstm_core.text.chunks import MEANINGS, NAMES

MOST_LAG = 20  # steps
SMALL = 2 * 10**7  # values of a layer that are looked through for periods unasked: a second or two
_SIMILAR: Fields = {
    ("layer", "layer"): whole(),
    ("neuron", "unit"): whole(),
    ("overlap", "jaccard"): share("Steps at which both are on, over those at which at least one is (Jaccard index)."),
    ("correlation", "correlation"): number(
        "Of being on: 1 always together, 0 nothing to do with each other, below 0 the one when not the other.", 2
    ),
    ("steps later", "lag"): whole("How many steps later than this neuron it is looked at (earlier below 0)."),
    ("both on (steps)", "shared"): whole("At how many steps."),
    ("by chance (steps)", "by_chance"): number(
        "At how many they would be if they had nothing to do with each other.", 1
    ),
}
_GROUPS: Columns = {"group": whole(), "neurons": whole(), "which (layer: neuron)": text(width=700)}
_PERIODS: Fields = {
    ("neuron", "unit"): whole(),
    ("what", lambda one: " and ".join(["periodic"] * one.periodic + ["rhythm"] * one.rhythmic) or "neither"): text(
        "periodic, or with a rhythm: at most 5% of all so called are not."
    ),
    ("period (steps)", "period.steps"): number("Its strongest period: one that keeps step through the text.", 2),
    ("adjusted", "adjusted"): number(
        "Chance of so strong a period where there is none, adjusted for all neurons of the layer (Benjamini and "
        "Hochberg): at most 0.05 counts as periodic."
    ),
    ("rhythm (steps)", "rhythm.steps"): number("Its strongest rhythm: one that may lose step, as line ends do.", 1),
    ("strength", "rhythm.strength"): number(
        "Its power over that of slower and of faster ones, whichever has more; a rhythm has twice as much or more.", 1
    ),
    ("its adjusted", lambda one: one.rhythm_adjusted if one.rhythm else None): number(
        "Chance of so strong a rhythm where there is none, adjusted likewise."
    ),
}
QUICK = 50_000  # steps of a tagged text that are looked at unasked: about a second
PACE = 8_000  # words that are tagged in a second
SIDES = ("its beginning", "its end")
_SEVERAL = {**{kind: f"{name}s" for kind, name in NAMES.items()}, "SBAR": "words that open a clause"}
_TUNED: Fields = {
    ("neuron", "unit"): whole(),
    ("follows", lambda one: NAMES[one.kind]): text(),
    ("value", higher): text("Whether it is higher or lower inside such a part than elsewhere."),
    ("pairs", "score"): percent(
        "Pairs of a word inside and one outside that it orders so, on the half of the text that did not choose it (50% "
        "is guessing)."
    ),
    ("chance", "chance"): number(
        "How probable so many are if it follows nothing, adjusted for all neurons (Benjamini and Hochberg).", 4
    ),
    ("untrained", "control"): percent("The same of the untrained network's best neuron for this part."),
    ("part before", "beyond_word"): percent(
        "Of its variance at the ends of parts of one kind, with the same last word, the share that the kind of the "
        "part before explains, less what it explains by chance."
    ),
    ("half gone (words)", "half_life"): number(
        "How long after the end of such a part half of its difference is gone.", 1
    ),
    ("verdict", lambda one: _confirmed(one)): text(),
}
MOST = 200  # rows


def neuron(recording: Recording, on: OnSets) -> None:
    """The section with the unit, its period, those like it, and groups of units."""
    layers = sorted({layer for layer, _ in on.units})
    units = len(on.units) // len(layers)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        layer = st.selectbox("Layer", layers, len(layers) - 1, key="probes-layer", bind="query-params", width=120)
        first = _first(on, layer or layers[-1])
        unit = st.number_input(
            "Neuron (unit)", 0, units - 1, first, key="probes-unit", bind=bound("probes-unit"), width=160
        )
        lag = st.number_input(
            "Steps earlier or later", 0, MOST_LAG, 0, key="probes-lag", bind=bound("probes-lag"), width=180,
            help="Compare it with what the others do up to so many steps before and after.",
        )  # fmt: skip
        measure = st.selectbox(
            "Most alike by", MEASURES, key="probes-by", bind="query-params", width=150,
            help="Overlap counts the steps at which both are on; correlation those at which both are off as well.",
        )  # fmt: skip
    steps = min(int(lag), MOST_LAG, len(on) - 1)
    query = UnitsQuery(layer or layers[-1], min(int(unit), units - 1), steps, by=measure or MEASURES[0])
    found = cached(similar_units)(on, query)
    tell_origin(recording, on.query.signal, query.layer)
    st.text(
        f"Neuron {query.unit} of layer {query.layer} is on at {found.on:,} of {found.steps:,} steps "
        f"({found.on / found.steps:.1%}). {period_sentence(*cached(_period)(recording, on.query.signal, query))}"
    )
    sentence_parts(recording, on.query.signal, query.layer, query.unit)
    st.subheader("Neurons that are on when it is on")
    if not found.on:
        st.caption("It is never on, so no other can be on with it: lower the threshold or choose another neuron.")
        return
    show_rows(found.found, _SIMILAR, key="probes-similar", alt="The neurons most like this one")
    _together(on)
    all_periods(recording, on.query.signal, query.layer)


def _together(on: OnSets) -> None:
    st.subheader("Groups of neurons that are on together")
    small = len(on) * len(on.units) ** 2 < 10**11
    label = f"Compare all {len(on.units):,} neurons with each other"
    if not st.toggle(label, small, key="probes-all", bind="query-params"):
        return
    least = st.slider(
        "Overlap of two that belong together", 0.1, 1.0, 0.5, 0.05, key="probes-least", bind=bound("probes-least")
    )
    least = min(max(least, 0.1), 1.0)
    with st.spinner("Comparing all neurons with each other"):
        together = cached(_groups)(on, least)
    if not together:
        st.caption("No two neurons overlap so much: choose a lower overlap.")
        return
    inside = sum(map(len, together))
    st.caption(f"{inside:,} of {len(on.units):,} neurons are in {len(together):,} groups, the largest first.")
    made = pd.DataFrame(
        {"group": group, "neurons": len(some), "which (layer: neuron)": ", ".join(f"{a}: {b}" for a, b in some[:40])}
        for group, some in enumerate(together[:50], 1)
    )
    show(made, columns=_GROUPS, key="probes-groups", alt="Groups of neurons that are on together")


def _period(recording: Recording, signal: str, query: UnitsQuery) -> tuple[Period | None, Rhythm | None]:
    """The unit's strongest period and rhythm; None where it never changes, or the text is short."""
    values = recording.unit(signal, query.layer, query.unit)
    with suppress(ValueError):
        return period(values), rhythm(values)
    return None, None


def _first(on: OnSets, layer: int) -> int:
    """The unit of a layer that a page begins with: it is on about a tenth of the time."""
    share = [on.counts[on.index[unit]] / len(on) for unit in on.units if unit[0] == layer]
    return int(np.abs(np.array(share) - 0.1).argmin())


def _groups(on: OnSets, least: float) -> list[tuple[Unit, ...]]:
    return groups(on, cached(overlaps)(on), least)


# Periods --------------------------------------------------------------------------------------------------------------


def all_periods(recording: Recording, signal: str, layer: int) -> None:
    """The section with the periods of a layer's neurons."""
    st.subheader("Periods")
    steps = len(recording.tokens)
    if steps < FEWEST:
        st.caption(f"A text of {steps:,} steps is too short to look for periods: read {FEWEST} or more.")
        return
    few = steps * recording.spec.units <= SMALL
    claim = period_claim([])
    if st.toggle(f"Look for periods in all neurons of layer {layer}", few, key="probes-periods", bind="query-params"):
        query = PeriodsQuery(signal, layer)
        with st.spinner("Looking for periods"):
            found = cached(periods)(recording, query)
            other = untrained_twin(recording, signal, (layer,))
            twin = None if other is None else cached(periods)(other, query)
        st.text(periods_sentence(found, twin))
        alt = "The neurons with a period or a rhythm, or nearest to one"
        show_rows(told_periods(found), _PERIODS, key="probes-period-units", alt=alt)
        claim = period_claim([found], [] if twin is None else [twin])
    panel([neuron_wise_claim(), claim], "What the article says, what we measure")


def period_sentence(found: Period | None, rhythm: Rhythm | None = None) -> str:
    """A unit's strongest period with its chance, and its rhythm; empty where it has none to speak of."""
    if found is None:
        return ""
    surely = "by itself that is a period" if found.chance <= FALSE_SHARE else "so it is not periodic"
    told = (
        f"Its strongest period is {found.steps:,.1f} steps, {found.strength:.0f} times as strong as those around it; a "
        f"neuron without any would have one as strong with a probability of {chance_of(found.chance)}, {surely}."
    )
    if rhythm is not None and rhythm.strength >= HILL and rhythm.chance <= FALSE_SHARE:
        told += (
            f" It has a rhythm that loses step now and then: about every {rhythm.steps:.1f} steps, "
            f"{rhythm.strength:.1f} times as strong as slower and faster ones (chance {chance_of(rhythm.chance)})."
        )
    return told


def periods_sentence(found: Periods, twin: Periods | None) -> str:
    """How many units of a layer are periodic, or have a rhythm, beside the untrained network."""
    told = (
        f"{len(found.periodic):,} of {len(found.found):,} neurons of layer {found.query.layer} are periodic over "
        f"{found.steps:,} steps; {len(found.rhythmic):,} have a rhythm that loses step now and then."
    )
    if found.rhythmic and (best := found.rhythmic[0].rhythm) is not None:
        told += f" The strongest comes about every {best.steps:.1f} steps."
    if twin is not None:
        told += f" Of the untrained network {len(twin.periodic):,} are periodic, {len(twin.rhythmic):,} have a rhythm."
    if found.still:
        told += f" {found.still:,} never change."
    return told


def told_periods(found: Periods, least: int = 5, most: int = 20) -> list[UnitPeriod]:
    """The units that are periodic or have a rhythm, and others whose period stands out most to make up a few."""
    first = [*found.periodic, *(one for one in found.rhythmic if not one.periodic)]
    others = [one for one in found.found if not (one.periodic or one.rhythmic)]
    return [*first[:most], *others[: max(least - len(first), 0)]]


def chance_of(value: float) -> str:
    """A probability for people."""
    return "less than 0.0001" if value < 0.0001 else f"{value:.2g}"


def sentence_parts(recording: Recording, signal: str, layer: int, unit: int) -> None:
    """The section with the curves of a unit by kind of chunk, and all units of its layer where a person asks."""
    st.subheader("Which part of a sentence does it follow?")
    words = len(recording.tokens) // (1 if recording.vocabulary.splitter != "characters" else 5)
    gold = is_gold(recording)
    tagged = gold or TAGS.there(recording)
    st.caption(
        "Its mean value around the parts of a sentence: noun phrases (the old prince), verb phrases (had gone), "
        "prepositions (of, to) and so on, "
        + ("as people divided this text." if gold else "found by rules from parts of speech.")
        + ("" if tagged else f" The words of this text must be tagged first, once: about {max(1, words // PACE):,} s.")
    )
    if not st.toggle(
        "Look at the parts of sentences", tagged and words <= QUICK, key="probes-parts", bind="query-params"
    ):
        return
    if not tagged:
        bar = st.progress(0.0, "tagging the words")
        tags_of(recording, report=lambda share, word: bar.progress(min(share, 1.0), "tagging the words"))
        bar.empty()
    try:
        with st.spinner("Looking at the parts of sentences"):
            curves, one, before = cached(_looked_at)(recording, signal, layer, unit)
    except ValueError as error:
        st.caption(f"This text cannot be looked at so: {error}")
        return
    st.text(verdict(one, before))
    st.text(memory(one, before))
    side = st.segmented_control(
        "Distance from", SIDES, default=SIDES[0], key="probes-parts-from", bind="query-params", required=True
    )
    figure = around_chunks(curves, one.kind, ending=side == SIDES[1])
    draw(figure, key="probes-parts-curves", alt=f"Mean value of neuron {unit} around the parts of sentences")
    st.caption(
        "The lines are means over all parts of a kind (how many stands in brackets), with twice their standard error; "
        "dashed: the mean over all words."
    )
    _layer_section(recording, signal, layer)


def _layer_section(recording: Recording, signal: str, layer: int) -> None:
    """All units of the layer beside the untrained twin's, where a person asks for them."""
    small = len(recording.tokens) * recording.spec.units <= 10**6
    found = None
    if st.toggle(f"Look at all neurons of layer {layer}", small, key="probes-parts-all", bind="query-params"):
        with st.spinner("Looking at all neurons", show_time=True):
            found = cached(_layer)(recording, signal, layer)
        st.text(counts_sentence(found))
        alt = "The neurons that follow a part of the sentence best"
        show_rows(found.units[:MOST], _TUNED, key="probes-parts-units", alt=alt)
    panel([chunk_claim(found)], "What the article says, what we measure")


def _looked_at(recording: Recording, signal: str, layer: int, unit: int) -> tuple[Tuning, TunedUnit, TunedUnit | None]:
    """The curves of a unit, what it follows, and the same of it before the training where that is recorded."""
    chunked, query = cached(chunks_of)(recording), TunedQuery(signal, layer, (unit,))
    twin = untrained_twin(recording, signal, (layer,))
    before = None if twin is None else tuned_units(twin, chunked, query).units[0]
    one = tuned_units(recording, chunked, query).units[0]
    return tuning(recording, chunked, TuningQuery(signal, layer, unit)), one, before


def _layer(recording: Recording, signal: str, layer: int) -> TunedUnits:
    twin = untrained_twin(recording, signal, (layer,))
    return tuned_units(recording, cached(chunks_of)(recording), TunedQuery(signal, layer), twin=twin)


def verdict(one: TunedUnit, twin: TunedUnit | None) -> str:
    """What a neuron follows, beside chance and beside itself before the training, for people."""
    name, meaning = _SEVERAL[one.kind], MEANINGS[one.kind].partition(": ")[2]
    if not one.coding:
        return (
            f"What the first half of the text suggests, that it follows {name} ({meaning}), the second half does "
            f"not confirm: a word inside and one outside are told apart in {one.score:.0%} of pairs, and 50% is "
            "guessing."
        )
    chance = "below 0.001" if one.chance < 0.001 else f"of {one.chance:.2g}"
    told = (
        f"It follows {name} ({meaning}): its value is {'higher' if one.sign > 0 else 'lower'} there. Chosen on the "
        f"first half of the text; on the second half this holds for {one.score:.0%} of the pairs of a word inside and "
        f"one outside (50% is guessing; so much comes by chance with a probability {chance})."
    )
    if twin is not None:
        told += f" Before the training, the same neuron told what it followed best in {twin.score:.0%} of pairs."
    return told


def memory(one: TunedUnit, twin: TunedUnit | None) -> str:
    """What is left of the chunk before, and how fast it goes."""
    if one.remembering:
        told = (
            "At the end of a part it still tells which kind of part came before it, also among equal words: that "
            f"explains {one.beyond_word:.1%} of its variance there"
        )
        told += f" (before the training {max(twin.beyond_word, 0):.1%})." if twin is not None else "."
    else:
        told = "At the end of a part it does not tell which kind of part came before it."
    if one.half_life is not None:
        told += f" Half of its difference is gone {one.half_life:.1f} words after the part ends."
    elif one.seen:
        told += f" Half of its difference is still there {one.seen} words after the part ends."
    return told


def _confirmed(one: TunedUnit) -> str:
    if not one.coding:
        return "not confirmed"
    return "follows it, and tells the part before" if one.remembering else "follows it"


def counts_sentence(found: TunedUnits) -> str:
    """How many units of a layer do so, beside chance and the twin."""
    told = (
        f"{len(found.coding):,} of {len(found.units):,} neurons follow a part of the sentence (by chance "
        f"{found.coding_by_chance:.1f} would); {len(found.both):,} of them also tell the part before (by chance "
        f"{found.beyond_word_by_chance:.1f})."
    )
    if found.twin is not None and found.beyond_twin is not None:
        told += (
            f" Of the untrained network {len(found.twin.coding):,} and {len(found.twin.both):,} do, more faintly: "
            f"{len(found.beyond_twin):,} neurons do both better than any of it."
        )
    return told
