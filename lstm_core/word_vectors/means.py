"""The mean state of each word over its occurrences, or over the words around these: sums by windows, in float64.

N occurrences, U units.
"""

import numpy as np
from numpy.typing import NDArray

from lstm_core.recordings.recording import Recording
from lstm_core.text.lexicon import weights_of_words

Places = NDArray[np.integer]

WINDOW = 2**14  # kept positions whose states are in memory at once
AT_ONCE = 2**12  # words whose surroundings are


def mean_states(
    recording: Recording, signal: str, layer: int, at: Places, number: Places, count: int
) -> NDArray[np.float32]:
    """Mean of one signal (count, U) over the occurrences of each word.

    `at` (N,) are positions in the text, never falling, -1 for the zero state before it; `number` (N,) the word of each.
    Sums are in float64. Raises ValueError when the recording does not hold one of the positions.
    """
    from scipy.sparse import csr_array

    held = np.flatnonzero(np.asarray(at) >= 0)
    place, which = _places(recording, np.asarray(at)[held]), np.asarray(number)[held]
    sums = np.zeros((count, recording.spec.units))
    for start in range(0, len(recording.positions), WINDOW):
        stop = min(start + WINDOW, len(recording.positions))
        states = recording.window(signal, layer, start, stop).T.astype(np.float64)
        a, b = np.searchsorted(place, [start, stop])
        words, row = np.unique(which[a:b], return_inverse=True)
        chosen = csr_array((np.ones(b - a), (row, place[a:b] - start)), shape=(len(words), stop - start))
        sums[words] += chosen @ states
    times = np.bincount(np.asarray(number), minlength=count)
    return (sums / np.maximum(times, 1)[:, None]).astype(np.float32)


def mean_around(
    recording: Recording, signal: str, layer: int, at: Places, number: Places, count: int, reach: int, weighted: bool
) -> NDArray[np.float32]:
    """Mean of one signal (count, U) over the `reach` words at either side of each occurrence of each word.

    `at` (N,) are the blanks behind the words of the text, in order, `number` (N,) is the word of each; zeros for a word
    that stands alone. `weighted`: by `lexicon.weights_of_words`. Raises ValueError as `mean_states`.
    """
    from scipy.sparse import csr_array

    place, number = _places(recording, np.asarray(at)), np.asarray(number)
    weights = weights_of_words(np.bincount(number, minlength=count))[number] if weighted else np.ones(len(number))
    sums, total = np.zeros((count, recording.spec.units)), np.zeros(count)
    for begin in range(0, len(number), AT_ONCE):
        end = min(begin + AT_ONCE, len(number))
        first, last = max(begin - reach, 0), min(end + reach, len(number))  # with the words around those
        low, high = int(place[first]), int(place[last - 1]) + 1
        states = recording.window(signal, layer, low, high)[:, place[first:last] - low].T.astype(np.float64)
        states *= weights[first:last, None]
        up_to = np.concatenate([np.zeros((1, states.shape[1])), np.cumsum(states, axis=0)])
        weighed = np.concatenate([[0.0], np.cumsum(weights[first:last])])
        at_word = np.arange(begin, end)
        left = np.maximum(at_word - reach, 0) - first
        right = np.minimum(at_word + reach + 1, len(number)) - first
        around = up_to[right] - up_to[left] - states[at_word - first]
        words, row = np.unique(number[begin:end], return_inverse=True)
        chosen = csr_array((np.ones(end - begin), (row, at_word - begin)), shape=(len(words), end - begin))
        sums[words] += chosen @ around
        total[words] += chosen @ (weighed[right] - weighed[left] - weights[begin:end])
    return (sums / np.where(total > 0, total, 1)[:, None]).astype(np.float32)


def _places(recording: Recording, at: NDArray[np.integer]) -> NDArray[np.int64]:
    """Which kept position each position (N,) in the text is; raises ValueError when one is not kept."""
    place = np.searchsorted(recording.positions, at)
    inside = place < len(recording.positions)
    if not inside.all() or not np.array_equal(recording.positions[place], at):
        raise ValueError("the recording does not hold all blanks of the text: record it again, with --positions all")
    return place
