"""Vectors for words that a text does not have: the model reads the word, letter by letter, in one or several contexts.

Loads the model's code when it reads. W words, D values, U units.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

import numpy as np
from numpy.typing import NDArray

from lstm_core.runs.run import Run
from lstm_core.text.lexicon import AROUND, lexicon, moments, weights_of_words
from lstm_core.word_vectors.vectors import EmbeddingTable

if TYPE_CHECKING:
    from lstm_core.runs.model import LanguageModel

Model = Optional["LanguageModel"]

PLACE = "_"  # where the word goes in a context that a person gives
LEAD = 400  # characters that are read before the word at most
TAIL = 100  # and behind it
CONTEXTS = 16  # of the text, for a word without one of its own
BATCH = 8  # contexts that are read at once
_PLACES = re.compile(r"(?<=[ \n])[^\W\d_]+(?=[ \n])")


@dataclass(frozen=True)
class WordContext:
    """What stands before a word, blank included, and behind it, from its blank on."""

    before: str
    after: str


@dataclass(frozen=True, eq=False)
class Spelled:
    """Vectors (W, D) of words among those of a table. `unknown` characters of them are not in the run's vocabulary and
    were read as something else.
    """

    words: tuple[str, ...]
    vectors: NDArray[np.float32]
    unknown: tuple[str, ...]


def typed_context(text: str) -> WordContext:
    """A context that a person typed, with `_` where the word goes; raises ValueError when it has none or several."""
    parts = text.split(PLACE)
    if len(parts) != 2:
        raise ValueError(f"the context {text[:80]!r} has {len(parts) - 1} places for the word: mark one with {PLACE}")
    return WordContext(*parts)


def context_at(text: str, start: int, stop: int) -> WordContext:
    """The context of a word that stands at text[start:stop]."""
    return WordContext(text[max(0, start - LEAD) : start], text[stop : stop + TAIL])


def drawn_contexts(text: str, count: int, *, seed: int = 0) -> list[WordContext]:
    """Contexts of words of a text, drawn at random, the same for a seed; raises ValueError for a text without words."""
    rng = np.random.default_rng(seed)
    found: list[WordContext] = []
    for begin in rng.integers(max(1, len(text)), size=count).tolist():
        place = _PLACES.search(text, begin) or _PLACES.search(text)
        if place is None:
            raise ValueError("the text has no word between blanks: give a context with the word's place in it")
        found.append(context_at(text, place.start(), place.end()))
    return found


def spell(
    run: Run,
    table: EmbeddingTable,
    words: Sequence[str],
    contexts: Sequence[Sequence[WordContext]],
    *,
    model: Model = None,
) -> Spelled:
    """Vectors of words among those of a table of this run: the mean over the contexts (one list a word) of each state.

    Every context is read from a zero state, at most LEAD characters before the word and TAIL behind it; where nothing
    blank follows the word a blank is put in. The same input gives the same vectors. Raises ValueError for a word that
    is empty or holds a blank, and for one without a context.
    """
    for word, given in zip(words, contexts, strict=True):
        if not word or any(character.isspace() for character in word):
            raise ValueError(f"{word[:80]!r} is not one word: give letters without a blank between them")
        if not given:
            raise ValueError(f"{word[:80]!r} has no context to be read in: give at least one")
    windows = [_window(word, context) for word, given in zip(words, contexts, strict=True) for context in given]
    states = _states(model or run.load_model(), run, table, windows)
    begins = np.concatenate(([0], np.cumsum([len(given) for given in contexts])[:-1])).astype(np.int64)
    times = np.array([[len(given)] for given in contexts])
    means = [np.add.reduceat(state.astype(np.float64), begins, axis=0) / times for state in states]
    unknown = sorted({character for word in words for character in word} - set(run.vocabulary.tokens))
    return Spelled(tuple(words), table.placed(means), tuple(unknown))


def spell_unknown(
    run: Run, table: EmbeddingTable, words: Sequence[str], typed: Sequence[str] = (), *, model: Model = None
) -> Spelled:
    """Words that a table does not have, spelled in the contexts that a person typed, or in CONTEXTS of the run's text.

    Raises ValueError as `spell` and `typed_context` do, CorpusMissing where the text is not at hand.
    """
    if typed:
        contexts = [typed_context(text) for text in typed]
    else:
        from lstm_core.recordings.record import corpus_text  # loads torch

        contexts = drawn_contexts(run.vocabulary.decode(corpus_text(run, table.query.text).ids.tolist()), CONTEXTS)
    return spell(run, table, words, [contexts] * len(words), model=model)


def _window(word: str, context: WordContext) -> tuple[str, int, int]:
    """A text to read, where the word begins in it, and the blank behind it."""
    before, after = context.before[-LEAD:], context.after[:TAIL]
    if before[-1:].isalnum():
        before += " "
    if after[:1] not in (" ", "\n"):
        after = " " + after
    return before + word + after, len(before), len(before) + len(word)


def _states(
    model: "LanguageModel", run: Run, table: EmbeddingTable, windows: Sequence[tuple[str, int, int]]
) -> list[NDArray[np.float32]]:
    """Each state of the table's query after each window: (W, U) a state. Padding behind a window changes nothing."""
    import torch

    from lstm_core.runs.model import SignalReader

    reader = SignalReader(model)
    wanted = table.query.states
    around = AROUND.keys() & {moment for _, _, moment in wanted}
    found = [np.zeros((len(windows), model.config.hidden), dtype=np.float32) for _ in wanted]
    for begin in range(0, len(windows), BATCH):
        part = windows[begin : begin + BATCH]
        ids = np.zeros((len(part), max(len(text) for text, _, _ in part)), dtype=np.int64)
        for row, (text, _, _) in enumerate(part):
            ids[row, : len(text)] = run.vocabulary.encode(text).ids
        layers, _ = reader.advance(torch.from_numpy(ids).to(model.decoder.weight.device), model.zero_state(len(part)))
        for row, (text, start, blank) in enumerate(part):
            where = moments(text, np.array([start]), np.array([blank]))
            near = {moment: _around(text, start, blank, table, *AROUND[moment]) for moment in around}
            for into, (signal, layer, moment) in zip(found, wanted, strict=True):
                states = layers[layer - 1][signal][row]
                if moment in AROUND:
                    blanks, weights = near[moment]
                    if len(blanks):
                        picked = states[torch.from_numpy(blanks)].float().cpu().numpy()
                        into[begin + row] = np.average(picked, axis=0, weights=weights)
                elif (at := int(where[moment][0])) >= 0:
                    into[begin + row] = states[at].float().cpu().numpy()
    return found


def _around(
    text: str, start: int, blank: int, table: EmbeddingTable, reach: int, weighted: bool
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The blanks behind the `reach` words at either side of the one between `start` and its `blank`, and the weight of
    each: 1, or where `weighted` that of `lexicon.weights_of_words` if the table has it. None where there are no others.
    """
    try:
        words = lexicon(text)
    except ValueError:  # it has no word with a blank behind it
        return np.zeros(0, np.int64), np.zeros(0)
    near = np.concatenate([np.flatnonzero(words.blank < start)[-reach:], np.flatnonzero(words.blank > blank)[:reach]])
    rows = [table.index.get(words.words[number], -1) for number in words.number[near].tolist()]
    weights = weights_of_words(table.averaged) if weighted else np.ones(len(table))
    return words.blank[near], np.append(weights, 1.0)[rows]
