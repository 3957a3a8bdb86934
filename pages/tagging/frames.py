"""What the page Tagging shows, as cells, frames and sentences. Pure: knows nothing of Streamlit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_core.runs.cells import CELLS
from lstm_core.tagging.label_run import LabelRun
from lstm_core.tagging.recorded import SentenceStates
from lstm_core.tagging.settings import NetworkConfig
from lstm_core.tagging.tag import FollowingPair, Tagging
from lstm_core.text.tagged import MEANINGS


@dataclass(frozen=True)
class Cell:
    """A cell: its text, a second line in `small`, its tint (`share` in [0, 1]), what hovering tells; `marked` cells are
    outlined. The tint of what is `wrong` is red, else it is the colour of the page.
    """

    text: str
    small: str = ""
    share: float = 0.0
    told: str = ""
    marked: bool = False
    wrong: bool = False


@dataclass(frozen=True)
class CellRow:
    """A named row of cells; the name of a `marked` one is set off."""

    name: str
    cells: tuple[Cell, ...]
    marked: bool = False


def architecture(config: NetworkConfig) -> str:
    """A network in plain words: "LSTM, both ways, with letters"."""
    ways = "both ways" if config.directions == 2 else "one way"
    return f"{CELLS[config.cell].kind}, {ways}{', with letters' * bool(config.character_filters)}"


def titles_of(runs: Sequence[LabelRun]) -> list[str]:
    """The title of each network; those of one shape by name too."""
    shapes = [architecture(run.config) for run in runs]
    return [
        shape if shapes.count(shape) == 1 else f"{shape} ({run.name})" for shape, run in zip(shapes, runs, strict=True)
    ]


def in_order(config: NetworkConfig) -> tuple[int, int, int]:
    """Sorts networks: one direction before two, simple cells before others, those that read letters last."""
    return config.character_filters, config.directions, list(CELLS).index(config.cell)


def plain(tag: str) -> str:
    """The short name of a tag in plain words: "adjective"."""
    return MEANINGS.get(tag, tag).split(":")[0]


def sound(text: str) -> str:
    """A text without halves of characters and without NUL, neither of which a page can be told."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


# Two sentences --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Differs:
    """Where two sentences differ: they share their first `before` words and their last `after` ones."""

    before: int
    after: int
    lengths: tuple[int, int]

    @property
    def any(self) -> bool:
        return self.before < max(self.lengths)

    def places(self, which: int) -> frozenset[int]:
        """The places of the first (0) or the second (1) sentence at which it is unlike the other."""
        return frozenset(range(self.before, self.lengths[which] - self.after))

    def twin(self, place: int, which: int) -> int | None:
        """The place in the other sentence of a word that both have."""
        if place < self.before:
            return place
        from_end = self.lengths[which] - place
        return self.lengths[1 - which] - from_end if from_end <= self.after else None


def differs(one: Sequence[str], other: Sequence[str]) -> Differs:
    """Where two sentences differ, as words."""
    before = _alike(one, other)
    after = _alike(list(reversed(one[before:])), list(reversed(other[before:])))
    return Differs(before, after, (len(one), len(other)))


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))))


def tag_groups(pair: Sequence[Sequence[Tagging]], where: Differs, names: Sequence[str]) -> dict[str, list[CellRow]]:
    """The tags of both sentences, `pair[sentence][tagger]`: a row a word, a cell a tagger. Cells of words that both
    sentences have are marked where the tag is another in the other sentence.
    """
    groups = {}
    for which, (taggings, others) in enumerate(zip(pair, reversed(pair), strict=True)):
        rows = []
        for place, word in enumerate(taggings[0].tokens):
            twin = where.twin(place, which)
            cells = []
            for one, other, name in zip(taggings, others, names, strict=True):
                tag = None if twin is None else other.tags[twin]
                cell = _tag_cell(one, place, f" · {name}", tag)
                moved = f" · in the other sentence {plain(tag)}" if tag and cell.marked else ""
                cells.append(replace(cell, told=cell.told + moved))
            rows.append(CellRow(word, tuple(cells), place in where.places(which)))
        groups[f"{('First', 'Second')[which]} sentence"] = rows
    return groups


def _tag_cell(one: Tagging, place: int, said: str, other: str | None) -> Cell:
    """The tag of a word, how probable it is and which come next; marked where it is not the other one."""
    tag, share = one.tags[place], float(one.probabilities[place].max())
    told = f"{one.tokens[place]}{said}: {ranked(one, place)}"
    return Cell(plain(tag), f"{tag} {share:.0%}", share, told, other not in (None, tag))


def ranked(one: Tagging, place: int, most: int = 3) -> str:
    """The most probable tags of a word."""
    row = one.probabilities[place]
    best = np.argsort(-row, kind="stable")[:most].tolist()
    return ", ".join(f"{plain(one.names[code])} {row[code]:.1%}" for code in best)


def moved_frame(pair: Sequence[Sequence[Tagging]], where: Differs, configs: Sequence[NetworkConfig]) -> pd.DataFrame:
    """What each tagger says differently of the words before the one that differs: of which word the most, the tag whose
    probability moves farthest, and that in both sentences.
    """
    rows = []
    for first, second, config in zip(*pair, configs, strict=True):
        apart = np.abs(first.probabilities[: where.before] - second.probabilities[: where.before])
        place, code = (int(at) for at in np.unravel_index(apart.argmax(), apart.shape))
        most = float(apart[place, code])
        said: list[object] = ["", "", None, None]
        if most:
            shares = (float(one.probabilities[place, code]) for one in (first, second))
            said = [first.tokens[place], plain(first.names[code]), *shares]
        rows.append((architecture(config), most, *said))
    return pd.DataFrame(rows, columns=["network", "moves", "word", "as", "in the first", "in the second"])


def why_sentence(moved: pd.DataFrame, words: tuple[str, str], configs: Sequence[NetworkConfig]) -> str:
    """What the two sentences show, in words and with the measured figures."""
    pairs = list(zip(moved["moves"].tolist(), configs, strict=True))
    one_way, both_ways = ([most for most, config in pairs if config.directions == ways] for ways in (1, 2))
    told = f"The sentences are alike up to “{words[0]}” / “{words[1]}”. "
    if one_way:
        most = max(one_way)
        how = "by exactly nothing (0)" if most == 0 else f"by at most {most:.1g}"
        told += (
            f"Networks that read one way have not seen that word when they tag those before it: their tags and "
            f"probabilities there differ {how}. "
        )
    if both_ways:
        told += (
            "Those that read both ways also come from the end of the sentence: the probability of a tag before it "
            f"moves by up to {max(both_ways):.0%} (the least moved of them: {min(both_ways):.1%})."
        )
    return told


def example_sentence(
    example: FollowingPair, pair: Sequence[Sequence[Tagging]], configs: Sequence[NetworkConfig]
) -> str:
    """What people say of the word of an example, how probable its second tag is to each network, who is right."""
    at, (one, other) = example.position, example.tags
    word = example.first.split()[at]
    told, right = [], []
    for first, second, config in zip(*pair, configs, strict=True):
        shares = (first.probability(at, other), second.probability(at, other))
        told.append(f"{architecture(config)}: {shares[0]:.1%} and {shares[1]:.1%}")
        if first.tags[at] in one and second.tags[at] in other:
            right.append(architecture(config))
    return (
        f"People call “{word}” {an(plain(one[0]))} in the first sentence and {an(plain(other[0]))} in the second. How "
        f"probable {an(plain(other[0]))} is to each, in the first and in the second: {'; '.join(told)}. Right in both: "
        f"{'; '.join(right) or 'none'}."
    ) + ("" if example.decided else " (The text that they learned from has hardly any “early” of the second kind.)")


def an(noun: str) -> str:
    """A noun with its article."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


# States ---------------------------------------------------------------------------------------------------------------


def state_sentences(one: SentenceStates, other: SentenceStates, where: Differs) -> list[str]:
    """How far the states of both sentences lie apart at the words that both have, for each direction."""
    shared = (
        (where.before, "before the change", slice(where.before)),
        (where.after, "after it", slice(-where.after, None)),
    )
    told = []
    for way, states in one.states.items():
        parts = []
        for count, which, words in shared:
            if count:
                most = float(np.abs(states[words] - other.states[way][words]).max())
                same = "the states are the same to the bit (difference 0)"
                apart = same if most == 0 else f"a neuron differs by up to {most:.2f}"
                parts.append(f"at the {'word' if count == 1 else f'{count} words'} {which} {apart}")
        if parts:
            told.append(f"{way.capitalize()}: {', '.join(parts)}.")
    return told


def influence_rows(words: Sequence[str], moved: NDArray[np.float32], judged: int | None = None) -> list[CellRow]:
    """Which words the state at each word depends on: a row a state, a column a word; `judged` sets a row off."""
    most = float(moved.max(initial=0)) or 1.0
    rows = []
    for place, word in enumerate(words):
        cells = []
        for other, value in zip(words, moved[place].tolist(), strict=True):
            told = f"With another word for “{other}” the state at “{word}” moves by {value:.3g}"
            cells.append(Cell("0" if value == 0 else f"{value:.2f}", share=value / most, told=told))
        rows.append(CellRow(word, tuple(cells), place == judged))
    return rows


def coming_rows(found: Sequence[Tagging]) -> list[CellRow]:
    """The tags after each word that was read, having read no further; those are marked that were others before."""
    rows = []
    for count, one in enumerate(found):
        last, earlier = one.tokens[-1], found[count - 1].tags if count else ()
        read = f", having read up to “{last}”"
        cells = [_tag_cell(one, place, read, other) for place, other in enumerate([*earlier, None])]
        cells += [Cell("")] * (len(found) - len(cells))
        rows.append(CellRow(f"… {last}" if count else last, tuple(cells)))
    return rows


def coming_sentence(found: Sequence[Tagging]) -> str:
    """How far what was said of a word still moved when later words came."""
    moved, revised = 0.0, 0
    for place in range(len(found) - 1):
        said = [one.probabilities[place] for one in found[place:]]
        moved = max(moved, *(float(np.abs(now - said[0]).max()) for now in said[1:]))
        revised += found[place].tags[place] != found[-1].tags[place]
    if moved == 0:
        return "What it said of a word never changed when later words came: not by the smallest amount (0)."
    if moved < 1e-5:
        return f"What it said of a word did not change when later words came (by {moved:.0e} at most, rounding)."
    return (
        f"Later words moved the probability of a tag by up to {moved:.0%}; {revised} of {len(found)} tags ended as "
        "others than they began."
    )
