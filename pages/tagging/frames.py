"""What the page Tagging shows, as cells, frames and sentences. Pure: knows nothing of Streamlit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_core.runs.cells import CELLS
from lstm_core.tagging.label_run import LabelRun, Share
from lstm_core.tagging.recorded import SentenceStates
from lstm_core.tagging.reports import Confusion
from lstm_core.tagging.settings import NetworkConfig
from lstm_core.tagging.tag import FollowingPair, Tagging
from lstm_core.text.tagged import MEANINGS
from pages.tagging.cells import Cell, CellGroup, CellRow

Measured = tuple[str, int | None, Mapping[str, Share]]  # name, parameters, kept shares by text
TEXTS = {"masc": "many kinds", "treebank": "newspaper", "ewt": "internet"}
PERCEPTRON = "perceptron of NLTK"


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


def differs(one: Sequence[str], other: Sequence[str]) -> Differs:
    """Where two sentences differ, as words."""
    before = _alike(one, other)
    after = _alike(list(reversed(one[before:])), list(reversed(other[before:])))
    return Differs(before, after, (len(one), len(other)))


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))))


def tag_groups(pair: Sequence[Sequence[Tagging]], where: Differs, names: Sequence[str]) -> list[CellGroup]:
    """The tags of both sentences, `pair[sentence][tagger]`: a row a word, a cell a tagger. Cells of words that both
    sentences have are marked where the tag is another in the other sentence.
    """
    groups = []
    for which, (taggings, others) in enumerate(zip(pair, reversed(pair), strict=True)):
        rows = []
        for place, word in enumerate(taggings[0].tokens):
            twin = _twin(place, which, where)
            cells = tuple(
                _tag_cell(one, place, name, None if twin is None else other.tags[twin])
                for one, other, name in zip(taggings, others, names, strict=True)
            )
            rows.append(CellRow(word, cells, place in where.places(which) and where.any))
        groups.append(CellGroup(f"{('First', 'Second')[which]} sentence", tuple(rows)))
    return groups


def _twin(place: int, which: int, where: Differs) -> int | None:
    """The place in the other sentence of a word that both have."""
    if place < where.before:
        return place
    from_end = where.lengths[which] - place
    return where.lengths[1 - which] - from_end if from_end <= where.after else None


def _tag_cell(one: Tagging, place: int, name: str, other: str | None) -> Cell:
    tag, share = one.tags[place], float(one.probabilities[place].max())
    marked = other is not None and other != tag
    told = f"{one.tokens[place]} · {name}: {ranked(one, place)}"
    if marked:
        told += f" · in the other sentence {plain(str(other))}"
    return Cell(plain(tag), f"{tag} {share:.0%}", share, told, marked)


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
        if not where.before:
            break
        apart = np.abs(first.probabilities[: where.before] - second.probabilities[: where.before])
        place, code = (int(at) for at in np.unravel_index(apart.argmax(), apart.shape))
        most = float(apart[place, code])
        rows.append(
            {
                "network": architecture(config),
                "moves": most,
                "word": first.tokens[place] if most else "",
                "as": plain(first.names[code]) if most else "",
                "in the first": float(first.probabilities[place, code]) if most else None,
                "in the second": float(second.probabilities[place, code]) if most else None,
            }
        )
    return pd.DataFrame(rows)


def why_sentence(moved: pd.DataFrame, words: tuple[str, str], configs: Sequence[NetworkConfig]) -> str:
    """What the two sentences show, in words and with the measured figures."""
    moves: dict[int, list[float]] = {1: [], 2: []}
    for most, config in zip(moved["moves"].tolist(), configs, strict=True):
        moves[config.directions].append(most)
    told = f"The sentences are alike up to “{words[0]}” / “{words[1]}”. "
    if moves[1]:
        most = max(moves[1])
        how = "by exactly nothing (0)" if most == 0 else f"by at most {most:.1g}"
        told += (
            f"Networks that read one way have not seen that word when they tag those before it: their tags and "
            f"probabilities there differ {how}. "
        )
    if moves[2]:
        most, least = max(moves[2]), min(moves[2])
        told += (
            "Those that read both ways also come from the end of the sentence: the probability of a tag before it "
            f"moves by up to {most:.0%} (the least moved of them: {least:.1%})."
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
    told = []
    for way, first in one.states.items():
        second = other.states[way]
        before = _most(first[: where.before], second[: where.before])
        after = _most(first[len(first) - where.after :], second[len(second) - where.after :])
        parts = []
        if where.before:
            parts.append(f"at the {_words(where.before)} before the change {_apart(before)}")
        if where.after:
            parts.append(f"at the {_words(where.after)} after it {_apart(after)}")
        if parts:
            told.append(f"{way.capitalize()}: {', '.join(parts)}.")
    return told


def _words(count: int) -> str:
    return "word" if count == 1 else f"{count} words"


def _apart(most: float) -> str:
    return "the states are the same to the bit (difference 0)" if most == 0 else f"a neuron differs by up to {most:.2f}"


def _most(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.abs(one - other).max(initial=0))


def influence_group(words: Sequence[str], moved: NDArray[np.float32], judged: int | None = None) -> CellGroup:
    """Which words the state at each word depends on: a row a state, a column a word; `judged` sets a row off."""
    most = float(moved.max(initial=0)) or 1.0
    rows = [
        CellRow(
            word,
            tuple(
                Cell(
                    "0" if value == 0 else f"{value:.2f}", share=float(value) / most,
                    told=f"With another word for “{words[column]}” the state at “{word}” moves by {value:.3g}",
                )
                for column, value in enumerate(moved[place])
            ),
            place == judged,
        )
        for place, word in enumerate(words)
    ]  # fmt: skip
    return CellGroup("", tuple(rows))


def coming_group(found: Sequence[Tagging]) -> CellGroup:
    """The tags after each word that was read, having read no further; those are marked that were others before."""
    rows = []
    for count, one in enumerate(found):
        earlier = found[count - 1].tags if count else ()
        cells = [
            Cell(
                plain(tag), f"{tag} {one.probabilities[place].max():.0%}", float(one.probabilities[place].max()),
                f"{one.tokens[place]}, having read up to “{one.tokens[-1]}”: {ranked(one, place)}",
                place < len(earlier) and earlier[place] != tag,
            )
            for place, tag in enumerate(one.tags)
        ]  # fmt: skip
        cells += [Cell("")] * (len(found) - len(cells))
        rows.append(CellRow(f"… {one.tokens[-1]}" if count else one.tokens[-1], tuple(cells)))
    return CellGroup("", tuple(rows))


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


# Figures --------------------------------------------------------------------------------------------------------------


def accuracy_frame(found: Sequence[Measured]) -> pd.DataFrame:
    """Right tags of every tagger."""
    rows = []
    for name, parameters, shares in found:
        row: dict[str, object] = {"network": name, "parameters": parameters}
        for text, title in TEXTS.items():
            one = shares.get(text)
            row[title] = None if one is None else one.right
            row[f"new words: {title}"] = None if one is None else one.right_unknown
        rows.append(row)
    return pd.DataFrame(rows)


def mapped_sentence(found: Sequence[Measured]) -> str:
    """The shares of the last two that also count what MASC calls an abbreviation; empty where they were not counted."""
    parts = []
    for text, title in TEXTS.items():
        mapped = [(name, shares[text].right_mapped) for name, _, shares in found[-2:] if text in shares]
        told = [f"{name} {share:.1%}" for name, share in mapped if share is not None]
        if told and text != "masc":
            parts.append(f"{title}: {', '.join(told)}")
    if not parts:
        return ""
    return (
        "The training text tags most capitalised abbreviations (“Mr.”, “Corp.”) as common nouns, the other two texts "
        f"as names. With either counted as right there: {'; '.join(parts)}."
    )


def texts_sentence(shares: Mapping[str, Share]) -> str:
    """Which texts they are, how many words and how many of these are new."""
    parts = [
        f"{TEXTS[text]}: {shares[text].title}, {shares[text].count:,} words, {shares[text].unknown:,} of them new"
        for text in TEXTS
        if text in shares
    ]
    return "The texts are " + "; ".join(parts) + "." if parts else ""


def confusion_group(found: Confusion, most: int = 14) -> tuple[CellGroup, tuple[str, ...]]:
    """The tags that are mixed up most: a row for what people say, a column for what the tagger says, in each cell the
    share of the row in per cent. Returns the columns too.
    """
    counts = np.array(found.counts)
    wrong = counts - np.diag(counts.diagonal())
    chosen = np.sort(np.argsort(-(wrong.sum(axis=0) + wrong.sum(axis=1)), kind="stable")[:most])
    rows = []
    for row in chosen.tolist():
        total = int(counts[row].sum())
        cells = [_count_cell(found, row, column, total) for column in chosen.tolist()]
        rows.append(CellRow(f"{plain(found.names[row])} ({found.names[row]})", tuple(cells)))
    return CellGroup("", tuple(rows)), tuple(found.names[column] for column in chosen.tolist())


def _count_cell(found: Confusion, row: int, column: int, total: int) -> Cell:
    count, share = found.counts[row][column], found.counts[row][column] / total if total else 0.0
    said = "rightly" if row == column else f"as {plain(found.names[column])}"
    told = f"{plain(found.names[row])}: {count:,} of {total:,} tagged {said} ({share:.1%})"
    text = "" if not count else "<1" if share < 0.005 else f"{100 * share:.0f}"
    tint = 0.0 if not count else share if row == column else min(1.0, 0.15 + 3 * share)
    return Cell(text, share=tint, told=told, side="" if row == column else "above")


def mistake_frame(found: Confusion, most: int = 12) -> pd.DataFrame:
    """The commonest mistakes."""
    counts = np.array(found.counts)
    wrong = counts - np.diag(counts.diagonal())
    order = np.argsort(-wrong, axis=None, kind="stable")[:most].tolist()
    pairs = [(at // len(counts), at % len(counts)) for at in order]
    return pd.DataFrame(
        {
            "people say": MEANINGS.get(found.names[row], found.names[row]),
            "it says": MEANINGS.get(found.names[column], found.names[column]),
            "times": int(wrong[row, column]),
            "of these": float(wrong[row, column] / counts[row].sum()),
            "of all mistakes": float(wrong[row, column] / wrong.sum()),
        }
        for row, column in pairs
        if wrong[row, column]
    )
