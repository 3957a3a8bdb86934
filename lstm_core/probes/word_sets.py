"""A set of words as vectors: does it lie apart from words of the same part of speech that are as frequent?

Source: the article, which shows its words on two principal components and no others. W words, D values.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_core.probes.studies import values_at
from lstm_core.recordings.recording import Recording
from lstm_core.stats.separation import Separation, separation
from lstm_core.text.tagged import Tagged

FEWEST = 5  # places of a word
WORDS = 4  # of a set, at least
AVERAGED = 200  # places of a word of which its vector is the mean, evenly spaced
NEAREST = 10  # words as frequent, of which one is drawn


@dataclass(frozen=True, eq=False)
class WordSet:
    """A set of `words` that the text has, each beside one of the `controls`: a word with the same commonest tag that is
    about as frequent. `apart`: their vectors; `nothing`: those of the controls and of other controls for these.
    `absent` words of the set are too rare, or have no control.
    """

    words: tuple[str, ...]
    controls: tuple[str, ...]
    absent: tuple[str, ...]
    apart: Separation
    nothing: Separation | None


def word_set(
    recording: Recording,
    signal: str,
    layers: Sequence[int],
    words: Sequence[str],
    tagged: Tagged | None,
    *,
    seed: int = 0,
) -> WordSet:
    """The vector of a word is the mean of the states at its last step over its places.

    Raises ValueError without tags and for fewer than WORDS words that stand FEWEST times.
    """
    if tagged is None:
        raise ValueError("the text is not tagged, so words like those of the set cannot be found")
    between = recording.text(0, len(recording.tokens))
    of_text = tagged.words("".join(between) if recording.vocabulary.splitter == "characters" else between)
    known = _kinds(of_text, tagged)
    draw = np.random.default_rng(seed)
    pairs = matched(known, list(dict.fromkeys(words)), set(words), draw)
    if len(pairs) < WORDS:
        raise ValueError(f"{len(pairs)} of its words stand {FEWEST} times or more in the text: {WORDS} are needed")
    controls = list(pairs.values())
    others = matched(known, controls, {*words, *controls}, draw)
    wanted = {word: number for number, word in enumerate(dict.fromkeys([*pairs, *controls, *others.values()]))}
    means = _means(recording, signal, layers, of_text, tagged, wanted)
    one, other, third = (means[[wanted[word] for word in some]] for some in (pairs, controls, others.values()))
    return WordSet(
        tuple(pairs),
        tuple(controls),
        tuple(word for word in dict.fromkeys(words) if word not in pairs),
        separation(one, other),
        separation(other, third) if len(third) >= WORDS else None,
    )


def matched(
    known: Mapping[str, tuple[int, int]], words: Sequence[str], taken: set[str], draw: np.random.Generator
) -> dict[str, str]:
    """For each word that is `known` (how often, which tag) another with its tag, drawn of the NEAREST by the logarithm
    of how often they stand; the commonest choose first, none is drawn twice, and none of `taken`.
    """
    left = {word: kind for word, kind in known.items() if word not in taken}
    found = {}
    for word in sorted((word for word in words if word in known), key=lambda word: (-known[word][0], word)):
        count, tag = known[word]
        near = sorted(
            (abs(np.log(other / count)), name) for name, (other, its) in left.items() if its == tag
        )[:NEAREST]  # fmt: skip
        if near:
            found[word] = near[int(draw.integers(len(near)))][1]
            del left[found[word]]
    return found


def _kinds(of_text: Sequence[str], tagged: Tagged) -> dict[str, tuple[int, int]]:
    """How often each word of letters alone stands, and the code of its commonest tag; those that stand FEWEST times."""
    counts = Counter(zip(of_text, tagged.code.tolist(), strict=True))
    total, best = Counter[str](), dict[str, tuple[int, int]]()
    for (word, code), count in counts.items():
        total[word] += count
        best[word] = max(best.get(word, (0, 0)), (count, -code))
    return {
        word: (count, -best[word][1]) for word, count in total.items() if count >= FEWEST and word.isalpha()
    }  # fmt: skip


def _means(
    recording: Recording,
    signal: str,
    layers: Sequence[int],
    of_text: Sequence[str],
    tagged: Tagged,
    wanted: Mapping[str, int],
) -> NDArray[np.float64]:
    """The vector of each word (W, D)."""
    stops: list[list[int]] = [[] for _ in wanted]
    for word, stop in zip(of_text, tagged.stop.tolist(), strict=True):
        if word in wanted:
            stops[wanted[word]].append(stop)
    found = np.zeros((len(wanted), len(layers) * recording.spec.units))
    for row, own in zip(found, stops, strict=True):
        few = np.unique(np.linspace(0, len(own) - 1, AVERAGED).round().astype(int)).tolist()
        row[:] = values_at(recording, signal, layers, [own[at] - 1 for at in few]).mean(axis=0, dtype=np.float64)
    return found
