"""Labelled sentences as a model of words reads them: its states at the labelled word and where the sentence ends.

Each sentence is read by itself, from a zero state and behind one END: in some sets sentences are sorted by sense, so
that the state left by the one before would give the sense away. Loads the model's code when it reads. N sentences,
L layers, U units.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lstm_core.probes.sense_sets import Example
from lstm_core.storage.progress import Progress, silent
from lstm_core.text.corpus import END, UNKNOWN, Vocabulary

if TYPE_CHECKING:
    from lstm_core.runs.model import LanguageModel

BATCH = 4096  # tokens that are read at once, about
LONGEST = 300  # tokens of a sentence; of a longer one those before the end of the labelled word, and what fits behind
_HYPHEN = "@-@"  # as WikiText-2 writes one inside a word


@dataclass(frozen=True)
class EncodedExample:
    """A sentence in a model's vocabulary: ids, of which the labelled word ends at `place`; `unknown` of them stand for
    words that the model does not have, and `known` says whether it has all of the labelled word.
    """

    ids: tuple[int, ...]
    place: int
    unknown: int
    known: bool


@dataclass(frozen=True, eq=False)
class SenseStates:
    """The signal h of all layers, (N, L U) each: at the labelled word, and at the last token."""

    at_word: NDArray[np.float32]
    at_end: NDArray[np.float32]


def encoded(vocabulary: Vocabulary, example: Example) -> EncodedExample:
    """A labelled sentence in a vocabulary; words are replaced as `Vocabulary.encode_tokens` does, after `pieces`."""
    tokens: list[str] = [END] if END in vocabulary.index else []
    places: list[int] = []  # where the pieces of the labelled word are
    for number, token in enumerate(example.tokens):
        made = pieces(vocabulary, token)
        if example.start <= number < example.stop:
            places += range(len(tokens), len(tokens) + len(made))
        tokens += made
    first = max(0, places[-1] + 1 - LONGEST)
    encoding = vocabulary.encode_tokens(tokens[first : first + LONGEST])
    strange = {first + at for at in encoding.unknown}
    ids = tuple(encoding.ids.tolist())
    return EncodedExample(ids, places[-1] - first, len(strange), not strange.intersection(places))


def pieces(vocabulary: Vocabulary, token: str) -> list[str]:
    """A word as the vocabulary writes it: as it is, without or with a capital (some sets have none), else cut at its
    hyphens or before its 's where the vocabulary cuts there. What it does not have stays as it is.
    """
    index = vocabulary.index
    for form in (token, token.lower(), token.capitalize(), token.upper()):
        if form in index and form not in (UNKNOWN, END):
            return [form]
    if _HYPHEN in index and "-" in token[1:-1]:
        parts = re.split(r"(?<=\w)-(?=\w)", token)
        if len(parts) > 1:
            return [piece for n, part in enumerate(parts) for piece in ([_HYPHEN] * (n > 0) + pieces(vocabulary, part))]
    of = re.fullmatch(r"(.*\w)(['’]s)", token)
    if of and "'s" in index:
        return [*pieces(vocabulary, of[1]), "'s"]
    return [token]


def states(model: "LanguageModel", sentences: Sequence[EncodedExample], *, report: Progress = silent) -> SenseStates:
    """Read sentences side by side, those of like length together: padding behind one changes nothing before it."""
    import torch

    from lstm_core.recordings.reader import THREADS, threads
    from lstm_core.runs.model import SignalReader

    width = model.config.layers * model.config.hidden
    found = SenseStates(np.empty((len(sentences), width), np.float32), np.empty((len(sentences), width), np.float32))
    batches = _batches([len(one.ids) for one in sentences])
    readers = [SignalReader(model) for _ in range(THREADS)]

    def read(share: int) -> None:
        for number, batch in enumerate(batches[share::THREADS]):
            some = [sentences[at] for at in batch]
            ids = np.zeros((len(some), max(len(one.ids) for one in some)), np.int64)
            for row, one in zip(ids, some, strict=True):
                row[: len(one.ids)] = one.ids
            layers, _ = readers[share].advance(torch.from_numpy(ids), model.zero_state(len(some)))
            rows = torch.arange(len(some))
            moments = ([one.place for one in some], [len(one.ids) - 1 for one in some])
            for target, at in zip((found.at_word, found.at_end), moments, strict=True):
                values = torch.cat([signals["h"][rows, torch.tensor(at)] for signals in layers], dim=1)
                target[batch] = values.numpy()
            if share == 0:
                report(min(1.0, (number + 1) * THREADS / len(batches)), "reading sentences")

    with threads() as pool:
        list(pool.map(read, range(THREADS)))
    return found


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Numbers of sentences in batches of about BATCH tokens, the shortest first."""
    order = sorted(range(len(lengths)), key=lambda at: lengths[at])
    ends = np.cumsum([lengths[at] for at in order])
    grouped = groupby(zip(order, ends.tolist(), strict=True), key=lambda pair: pair[1] // BATCH)
    return [[at for at, _ in some] for _, some in grouped]
