"""What the neurons of a tagger do while it reads: as a recording like any other, and over one sentence, with the words
that each state depends on.

A recurrent layer of two directions becomes two layers of the recording: the odd ones are read forward, the even ones
backward. Each sentence is read from its own beginning, and backward from its own end.
N words, U units, B texts, T words of each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from lstm_core.exchange.states import Brought, OutsideText, States, bring_in
from lstm_core.recordings.annotations import Annotation
from lstm_core.recordings.writer import dtype_of
from lstm_core.runs.cells import CELLS
from lstm_core.storage.progress import Progress, silent
from lstm_core.tagging.label_run import LabelRun
from lstm_core.tagging.tag import Tagging, tag
from lstm_core.tagging.words import Encoded, batch_of, encode
from lstm_core.text.corpus import Vocabulary
from lstm_core.text.tagged import plain_word
from lstm_core.text.tags import sentences_of

if TYPE_CHECKING:
    from torch import Tensor

    from lstm_core.tagging.model import LabelNetwork

MOST_LETTERS = 1_000_000
DIRECTIONS = ("forward", "backward")
STRANGE = "\ufffd"  # read in place of a word whose part in the states is asked for: no network knows it
By = Literal["letters", "words"]
Signals = dict[tuple[str, int], NDArray[np.float32]]


def layer_names(run: LabelRun) -> tuple[str, ...]:
    """What each layer of the recording is, from layer 1: "layer 1, forward", "layer 1, backward"."""
    directions = DIRECTIONS[: run.config.directions]
    return tuple(f"layer {layer}, {way}" for layer in range(1, run.config.layers + 1) for way in directions)


def record_states(
    text: str,
    run: LabelRun,
    name: str,
    *,
    by: By = "letters",
    untrained: bool = False,
    report: Progress = silent,
) -> Brought:
    """Let a tagger read a text and keep its hidden states, and the cell states of an LSTM, as a recording of a run of
    that name without weights; `untrained`: those of the network before it learned anything.

    By letters each letter has the state after the word it stands in, each blank that after the word before it (zero
    before the first), so that what groups the moments after words finds one a word. By words a word or mark is a token.
    The tag that was given to each word and the number of its sentence are kept with it. Raises ValueError for a text
    without words, one of more than MOST_LETTERS, and where the name is taken.
    """
    if by not in get_args(By):
        raise ValueError(f"states by {by!r} are unknown: choose one of {', '.join(get_args(By))}")
    if len(text) > MOST_LETTERS:
        raise ValueError(f"the text has {len(text):,} letters, the limit is {MOST_LETTERS:,}: give a part of it")
    sentences = [sentence for sentence in sentences_of(text) if sentence]
    starts = np.array([start for sentence in sentences for start, _, _ in sentence], dtype=np.int64)
    words = [[word for _, _, word in sentence] for sentence in sentences]
    if not words:
        raise ValueError("the text has no words: there is nothing to record")
    if by == "letters":
        tokens, word = list(text), np.searchsorted(starts, np.arange(len(text)), side="right") - 1  # -1: none yet
        vocabulary = Vocabulary(tuple(sorted(set(text))), "characters")
    else:
        tokens, word = [one for sentence in words for one in sentence], np.arange(len(starts))
        vocabulary = Vocabulary(tuple(dict.fromkeys(tokens)), "spaces")
    network = new_untrained(run) if untrained else run.network()
    values, told, names = signals_of(network, encode(run.known, words)), tag(words, run), layer_names(run)
    of = f"{run.name}, untrained" if untrained else run.name
    states = [
        States(signal, layer, _at(array, word, signal), f"{of}: {signal} of {names[layer - 1]}")
        for (signal, layer), array in values.items()
    ]
    tags = np.where(word >= 0, told.probabilities.argmax(axis=1)[word], len(told.names)).astype(np.int32)
    annotations = (
        Annotation("tag", tags, (*told.names, "none")),
        Annotation("sentence", told.sentence[np.maximum(word, 0)].astype(np.float32)),
    )
    reading = OutsideText(vocabulary, vocabulary.ids(tokens), f"a text as read by the tagger {of}")
    return bring_in(name, states, reading, annotations=annotations, report=report)


def _at(values: NDArray[np.float32], word: NDArray[np.int64], signal: str) -> NDArray[Any]:
    """The states of words (N, U) at the tokens of a recording (T, U), zero where no word has been read yet."""
    found: NDArray[Any] = values.astype(dtype_of(signal))[word]
    found[word < 0] = 0
    return found


def new_untrained(run: LabelRun) -> "LabelNetwork":
    """The network of a tagger as it was drawn from its seed: what is found in both was not learned."""
    from lstm_core.tagging.model import new_network

    return new_network(run.config, run.known, run.training.seed)


def signals_of(network: "LabelNetwork", given: Encoded) -> Signals:
    """The states (N, U) after each word by signal and layer of the recording, one step at a time."""
    import torch

    network.eval()
    config, found = network.config, Signals()
    signals = CELLS[config.cell].state
    for layer in range(1, config.layers * config.directions + 1):
        for signal in signals:
            found[signal, layer] = np.zeros((len(given.types), config.hidden), dtype=np.float32)
    with torch.inference_mode():
        for length in np.unique(given.lengths[given.lengths > 0]).tolist():
            texts = np.flatnonzero(given.lengths == length)
            read = network.read(batch_of(given, texts))  # (B, T, ...)
            places = given.starts[texts][:, None] + np.arange(length)
            for number in range(config.layers):
                said = []
                for way in range(config.directions):
                    states = _direction(network, number, read, backward=way == 1)
                    for signal, values in zip(signals, states, strict=True):
                        found[signal, number * config.directions + way + 1][places] = values.numpy()
                    said.append(states[0])
                read = torch.cat(said, dim=2)
    return found


def _direction(network: "LabelNetwork", number: int, read: "Tensor", *, backward: bool) -> "list[Tensor]":
    """The states (B, T, U) of one direction of a layer, h and what else its cell carries, in the order of the text."""
    import torch

    from lstm_core.runs.layers import own_parameters, read_steps

    cell, ending = CELLS[network.config.cell], f"_l{number}{'_reverse' * backward}"
    given = read.transpose(0, 1).flip(0) if backward else read.transpose(0, 1)
    steps = list(read_steps(cell, own_parameters(cell, network.layers, ending), given))
    if backward:
        steps.reverse()
    return [torch.stack([signals[name] for signals in steps], dim=1) for name in cell.state]


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
    commonest = next(iter(run.known.words), STRANGE)  # read in place of a word that is not known
    others = [STRANGE if run.known.word(word) else commonest for word in plain]
    changed = [[*plain[:number], other, *plain[number + 1 :]] for number, other in enumerate(others)]
    network = run.network()
    found = [_of_directions(run, signals_of(network, encode(run.known, [one]))) for one in (plain, *changed)]
    moved = {}
    for direction, states in found[0].items():
        each = np.array([other[direction] for other in found[1:]]).reshape(count, count, -1)  # (words, states, U)
        moved[direction] = np.abs(each - states).max(axis=2, initial=0).T  # (states, words)
    return moved


def _of_directions(run: LabelRun, signals: Signals) -> dict[str, NDArray[np.float32]]:
    first = (run.config.layers - 1) * run.config.directions + 1
    return {way: signals["h", first + number] for number, way in enumerate(DIRECTIONS[: run.config.directions])}


def as_words_come(words: Sequence[str], run: LabelRun) -> list[Tagging]:
    """What a tagger says after each word, having read no further: of the first word, of the first two, and so on."""
    return [tag([words[: stop + 1]], run) for stop in range(len(words))]
