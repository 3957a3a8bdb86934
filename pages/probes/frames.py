"""What the page Probes shows of a text and a phrase, as frames, as sentences, and as rows of values: what is known of
each token, by which the page colours and explains it. Pure: knows nothing of Streamlit. T tokens.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.charts.figure import GREY, LINES
from app.components.tag_names import named
from lstm_core.probes.active import OnSets, Unit
from lstm_core.probes.match import MOSTLY, RARELY, Match, Matches, Selective
from lstm_core.recordings.annotations import Annotation
from lstm_core.recordings.recording import Recording
from lstm_core.text.tagged import Tagged

LETTERS, WORDS = 40, 8  # at either side of a place
LONGEST = 60  # tokens of a place, of which the middle is left out
BEGINNING = 1_000_000  # tokens of which a page's first phrase is one
LEAST = 4  # letters of a word that a page begins with
Kind = Literal["count", "scale", "kinds"]
NEURONS, PROBABILITY, SPEECH, OTHER = "the phrase's neurons", "probability", "part of speech", "other"
_SPEECH = {
    "noun": ("NN", "NNS"),
    "verb": ("VB", "VBD", "VBG", "VBN", "VBP", "VBZ", "MD"),
    "name": ("NNP", "NNPS"),
    "adjective": ("JJ", "JJR", "JJS"),
    "pronoun": ("PRP", "PRP$", "WP", "WP$", "EX"),
    "adverb": ("RB", "RBR", "RBS", "RP", "WRB"),
    "preposition, conjunction": ("IN", "TO", "CC"),
    "article": ("DT", "PDT", "WDT"),
}


def in_words(recording: Recording) -> bool:
    """Whether the tokens are words."""
    return recording.vocabulary.splitter != "characters"


def first_phrase(recording: Recording) -> str:
    """What a page begins with: the commonest word of the text that has LEAST letters."""
    read = recording.text(0, BEGINNING)
    names = read if in_words(recording) else "".join(read).split()
    common = Counter(name for name in names if len(name) >= LEAST and name.isalpha())
    return common.most_common(1)[0][0] if common else (names[0] if names else "")


def shown(tokens: Sequence[str], words: bool) -> str:
    """Tokens as one text, line breaks visible; of many the first and the last."""
    if len(tokens) > LONGEST:
        tokens = [*tokens[: LONGEST // 2], " … ", *tokens[-LONGEST // 2 :]]
    return _sound((" " if words else "").join(tokens).replace("\n", "⏎"))


def plain(tokens: Sequence[str], words: bool) -> str:
    """Tokens as a person would type them."""
    return _sound((" " if words else "").join(tokens).replace("\n", " "))


def _sound(text: str) -> str:
    """A text without halves of characters, which a page cannot be told; a foreign vocabulary may have some."""
    return text.encode("utf-8", "replace").decode()


def sentence(found: Matches, chance: float, phrase: str, neurons: int) -> str:
    """What a query found, for people."""
    count = len(found.units)
    verb = "neuron is" if count == 1 else "neurons are"
    return (
        f"{count:,} of {neurons:,} {verb} on through “{phrase}” at this place; a place drawn at random has "
        f"{chance:.1f}."
    )


def selective_sentence(found: Selective, phrase: str, neurons: int, places: int, twin: Selective | None) -> str:
    """How many units are on for a phrase and almost nowhere else, beside chance and the untrained network."""
    count = len(found.units)
    told, verb = f"{count:,}" if count else "None", "is" if count <= 1 else "are"
    noun, looked_at = "place" if places == 1 else "places", f"{found.places:,} of " if found.places < places else ""
    untrained = "" if twin is None else f"; in the untrained network {len(twin.units):,} are"
    return (
        f"{told} of {neurons:,} neurons {verb} on for “{phrase}” and almost nowhere else: at {MOSTLY:.0%} or more of "
        f"{looked_at}its {places:,} {noun}, at {RARELY:.0%} or less of all others. By chance, at as many places drawn "
        f"at random, {found.by_chance:.1f} would be{untrained}."
    )


def twin_sentence(found: Selective, twin: Selective | None) -> str:
    """What to know of the comparison with the untrained network; nothing where there is nothing to say."""
    if twin is None:
        return (
            "Whether this was learned cannot be told: no untrained network has read the same text. Where the model has "
            "an untrained twin, `python -m lstm_core record` lets it."
        )
    if twin.on_share >= found.on_share / 2:
        return ""
    return (
        f"The untrained network's neurons are hardly ever on, {twin.on_share:.1%} of the time against "
        f"{found.on_share:.1%}: to compare both alike, let a neuron be on by its own highest values."
    )


def unit_frame(on: OnSets, found: Matches, told: Selective, limit: int = 200) -> pd.DataFrame:
    """The selected units: at which share of the phrase's places each follows the pattern, and at which share of other
    places as long. Those that are on for the phrase and hardly ever else come first.
    """
    numbers = [on.index[unit] for unit in found.units]
    layers, neurons = zip(*found.units, strict=True)
    made = pd.DataFrame(
        {
            "which": [f"layer {layer}: neuron {neuron}" for layer, neuron in found.units],
            "layer": layers,
            "neuron": neurons,
            "at this phrase": told.at_phrase[numbers],
            "elsewhere": told.elsewhere[numbers],
            "on in all": on.counts[numbers] / len(on),
        }
    )
    return made.iloc[np.argsort(made["elsewhere"] - made["at this phrase"], kind="stable")[:limit]]


def match_frame(recording: Recording, found: Sequence[Match]) -> pd.DataFrame:
    """The runs in their text."""
    words = in_words(recording)
    around = WORDS if words else LETTERS
    return pd.DataFrame(
        {
            "in common": one.shared,
            "others": one.either - one.shared,
            "overlap": one.jaccard,
            "before": shown(recording.text(one.start - around, one.start), words),
            "steps": one.stop - one.start,
            "here": shown(recording.text(one.start, one.stop), words),
            "after": shown(recording.text(one.stop, one.stop + around), words),
            "place": recording.spec.span[0] + one.start,
        }
        for one in found
    )


@dataclass(frozen=True, eq=False)
class StripRow:
    """A value a token, by `name`: `values` of the tokens [start, stop), NaN where there is none.

    "count": whole numbers from 0 to the upper of the `ends`; "scale": between the `ends`, which `low` and `high` name,
    powers of ten where `logarithmic`; "kinds": codes into `labels`, which `groups` sorts into those that have a colour
    of their own, a pair of a name and a colour each in `legend`.
    """

    name: str
    kind: Kind
    values: Callable[[int, int], NDArray[np.floating]]
    low: str = ""
    high: str = ""
    ends: tuple[float, float] = (0.0, 1.0)
    logarithmic: bool = False
    labels: tuple[str, ...] = ()
    groups: tuple[int, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()

    def told(self, used: Sequence[int]) -> dict[str, Any]:
        """As JSON for tokens.js; of kinds those that are `used`, ascending, in whose places the codes then are."""
        groups = sorted({self.groups[code] for code in used})
        told = {name: getattr(self, name) for name in ("name", "kind", "low", "high", "ends", "logarithmic")}
        return told | {
            "labels": [self.labels[code] for code in used],
            "groups": [groups.index(self.groups[code]) for code in used],
            "legend": [list(self.legend[group]) for group in groups],
        }


def neurons_on(on: OnSets, units: Sequence[Unit]) -> StripRow:
    """How many of some units are on."""
    numbers = [on.index[unit] for unit in units]

    def values(start: int, stop: int) -> NDArray[np.floating]:
        return on.on(start, stop)[:, numbers].sum(axis=1).astype(np.float64)

    high = f"all {len(units):,} on" if len(units) > 1 else "on"
    return StripRow(NEURONS, "count", values, "none on", high, (0, max(len(units), 1)))


def probability(recording: Recording) -> StripRow:
    """What the model gave to the token that came; of words, which are seldom expected, by powers of ten."""
    values = _part_of(recording.probability)
    if recording.vocabulary.splitter == "characters":
        return StripRow(PROBABILITY, "scale", values, "surprised (0)", "expected (1)")
    return StripRow(PROBABILITY, "scale", values, "surprised (0.0001 or less)", "expected (1)", (-4, 0), True)


def parts_of_speech(tagged: Tagged) -> StripRow:
    """The part of speech of the word that a token is or is part of."""
    kinds = [*_SPEECH, OTHER]
    of_tag = {tag: kinds.index(kind) for kind, tags in _SPEECH.items() for tag in tags}
    groups = tuple(of_tag.get(tag, len(_SPEECH)) for tag in tagged.names)
    legend = (*zip(_SPEECH, LINES, strict=True), (OTHER, GREY))

    def values(start: int, stop: int) -> NDArray[np.floating]:
        steps, found = np.arange(start, stop), np.full(stop - start, np.nan)
        word = np.searchsorted(tagged.start, steps, side="right") - 1  # the last that begins there or before
        there = np.flatnonzero(word >= 0)
        there = there[steps[there] < tagged.stop[word[there]]]
        found[there] = tagged.code[word[there]]
        return found

    return StripRow(SPEECH, "kinds", values, labels=tuple(map(named, tagged.names)), groups=groups, legend=legend)


def annotated(annotation: Annotation) -> StripRow:
    """What someone noted: a number, or a kind, of which the commonest have colours and the others share one."""
    values, labels = annotation.values, annotation.labels
    if not labels:
        sound = values[np.isfinite(values)]
        low, high = (float(sound.min()), float(sound.max())) if len(sound) else (0.0, 1.0)
        ends = (low, high if high > low else low + 1)
        return StripRow(annotation.name, "scale", _part_of(values), f"{ends[0]:.4g}", f"{ends[1]:.4g}", ends)
    common = np.argsort(-np.bincount(values, minlength=len(labels)), kind="stable")[: len(LINES)].tolist()
    groups = tuple(common.index(code) if code in common else len(common) for code in range(len(labels)))
    legend = (*zip((labels[code] for code in common), LINES, strict=False), (OTHER, GREY))
    return StripRow(annotation.name, "kinds", _part_of(values), labels=labels, groups=groups, legend=legend)


def _part_of(values: NDArray[Any]) -> Callable[[int, int], NDArray[np.floating]]:
    """The part of values (T,), without those that are not finite."""

    def part(start: int, stop: int) -> NDArray[np.floating]:
        found = np.asarray(values[start:stop], np.float64)
        return np.where(np.isfinite(found), found, np.nan)

    return part


def told_apart(names: Sequence[str]) -> list[str]:
    """Names of rows, each its own: a later one that is there already gets a number."""
    found: list[str] = []
    for name in names:
        number, own = 2, name
        while own in found:
            number, own = number + 1, f"{name} ({number})"
        found.append(own)
    return found


def told_rows(
    rows: Sequence[StripRow], spans: Sequence[tuple[int, int]]
) -> tuple[list[dict[str, Any]], list[list[list[float | None]]]]:
    """The rows as JSON, and their values over each of some parts of the text: a list a part, in it one a row."""
    heads, columns = [], []
    for row in rows:
        parts = [row.values(start, stop) for start, stop in spans]
        used: list[int] = []
        if row.kind == "kinds":
            every = np.concatenate([np.zeros(0), *parts])
            used = np.unique(every[~np.isnan(every)]).astype(np.int64).tolist()
            parts = [np.where(np.isnan(part), np.nan, np.searchsorted(used, part)) for part in parts]
        heads.append(row.told(used))
        whole = row.kind != "scale"
        columns.append([[_plain(value, whole) for value in part.tolist()] for part in parts])
    return heads, [list(values) for values in zip(*columns, strict=True)]


def _plain(value: float, whole: bool) -> float | None:
    if value != value:
        return None
    return int(value) if whole else float(f"{value:.3g}")
