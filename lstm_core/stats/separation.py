"""Are vectors of words or places set apart?

Source: the article's PCA of word vectors, with the test that it lacks. N vectors, D values.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_core.storage.frames import Framed

Floats = NDArray[np.float64]
Vectors = NDArray[np.floating]

DRAWS = 1000  # relabellings
BEGUN = 0.05  # chance that any lag of a unit that knows nothing of the events says it has begun


@dataclass(frozen=True, eq=False)
class Separation(Framed, columns=("places", "first")):
    """Two kinds of vectors on their first two principal components: `places` (N, 2) with the `shares` of variance of
    both; `between`: the share of the places' variance that lies between the kinds, and its `chance` by relabelling.
    """

    places: Floats
    first: NDArray[np.bool_]
    shares: tuple[float, float]
    between: float
    chance: float


def separation(
    one: Vectors, other: Vectors, *, where: Sequence[int] | None = None, draws: int = DRAWS, seed: int = 0
) -> Separation:
    """Whether two kinds of vectors, (N, D) and (M, D), lie apart on the first two principal components of all.

    The components are of all vectors alike, so that relabelling them gives what chance would. Vectors of places of a
    text are alike where these are near each other, and so are kinds: with `where` each stands (N + M,), the kinds are
    not dealt out but shifted along the text, its end joined to its beginning. Raises ValueError with fewer than two of
    a kind.
    """
    if min(len(one), len(other)) < 2:
        raise ValueError(f"{len(one)} and {len(other)} vectors: give two or more of each kind")
    values = np.concatenate([one, other]).astype(np.float64)
    values -= values.mean(axis=0)
    left, strength, _ = np.linalg.svd(values, full_matrices=False)
    places = (left * strength)[:, :2]
    places = np.pad(places, [(0, 0), (0, 2 - places.shape[1])])
    total = float(np.square(strength).sum()) or 1.0
    shares = [float(value) for value in np.square(strength[:2]) / total] + [0.0, 0.0]
    first = np.arange(len(values)) < len(one)
    found = _between(places, first)
    others = list(_relabelled(first, where, draws, np.random.default_rng(seed)))
    as_far = sum(_between(places, kinds) >= found * (1 - 1e-12) for kinds in others)
    return Separation(places, first, (shares[0], shares[1]), found, (as_far + 1) / (len(others) + 1))


def _relabelled(
    first: NDArray[np.bool_], where: Sequence[int] | None, draws: int, draw: np.random.Generator
) -> Iterator[NDArray[np.bool_]]:
    """The kinds dealt out anew, or shifted along the text by every number of places there is, or by some of them."""
    if where is None:
        yield from (draw.permutation(first) for _ in range(draws))
        return
    order = np.argsort(np.asarray(where), kind="stable")
    shifts = np.arange(1, len(first))
    for shift in (shifts if len(shifts) <= draws else draw.choice(shifts, draws, replace=False)).tolist():
        kinds = np.empty_like(first)
        kinds[order] = np.roll(first[order], shift)
        yield kinds


def _between(places: Floats, first: NDArray[np.bool_]) -> float:
    """Share of the variance of places (N, 2) that lies between both kinds."""
    total = float(np.square(places - places.mean(axis=0)).sum())
    if total == 0:
        return 0.0
    means = [places[kind].mean(axis=0) - places.mean(axis=0) for kind in (first, ~first)]
    return sum(int(kind.sum()) * float(mean @ mean) for kind, mean in zip((first, ~first), means, strict=True)) / total
