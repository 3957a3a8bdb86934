"""What the hidden states of a tagger are over one sentence, direction by direction, and which words each depends on.

Knows taggers; knows no pages. N words, U units of a direction.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_core.tagging.label_run import LabelRun
from lstm_core.tagging.recorded import Signals, signals_of
from lstm_core.tagging.tag import Tagging, tag
from lstm_core.tagging.words import encode
from lstm_core.text.tagged import plain_word

DIRECTIONS = ("forward", "backward")
STRANGE = "\ufffd"  # read in place of a word whose part in the states is asked for: no network knows it


@dataclass(frozen=True, eq=False)
class SentenceStates:
    """The hidden states after each of N words, an array (N, U) for each direction of the last layer."""

    tokens: tuple[str, ...]
    states: dict[str, NDArray[np.float32]]


def sentence_states(words: Sequence[str], run: LabelRun) -> SentenceStates:
    """The states of a tagger over one sentence, step by step, so that what was read alike is alike to the bit."""
    given = encode(run.known, [[plain_word(word) for word in words]])
    return SentenceStates(tuple(words), _of_directions(run, signals_of(run.network(), given)))


def influence(words: Sequence[str], run: LabelRun) -> dict[str, NDArray[np.float32]]:
    """By how much the states at word n move when word m is another one: (N, N) for each direction, at [n, m] the
    largest change of a unit, from 0 to 2. Exactly 0 where the state has not read the word: each sentence is read by
    itself, as rows of one product are rounded by where they stand in it.
    """
    plain = [plain_word(word) for word in words]
    count = len(plain)
    changed = [[_other(word, run) if place == number else word for place, word in enumerate(plain)]
               for number in range(count)]  # fmt: skip
    network = run.network()
    found = [_of_directions(run, signals_of(network, encode(run.known, [one]))) for one in (plain, *changed)]
    moved = {}
    for direction, states in found[0].items():
        each = np.array([other[direction] for other in found[1:]]).reshape(count, count, -1)  # (words, states, U)
        moved[direction] = np.abs(each - states).max(axis=2, initial=0).T  # (states, words)
    return moved


def _other(word: str, run: LabelRun) -> str:
    """A word that is read otherwise: an unknown one, or in place of an unknown one the commonest that is known."""
    if run.known.word(word) or not run.known.words:
        return STRANGE
    return run.known.words[0]


def _of_directions(run: LabelRun, signals: Signals) -> dict[str, NDArray[np.float32]]:
    first = (run.config.layers - 1) * run.config.directions + 1
    return {way: signals["h", first + number] for number, way in enumerate(DIRECTIONS[: run.config.directions])}


def as_words_come(words: Sequence[str], run: LabelRun) -> list[Tagging]:
    """What a tagger says after each word, having read no further: of the first word, of the first two, and so on."""
    return [tag([words[: stop + 1]], run) for stop in range(len(words))]
