"""Which words have vectors like that of a word, and analogies. Knows tables of vectors; reads no model.

V words, D values.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lstm_core.word_vectors.vectors import EmbeddingTable

Metric = Literal["cosine", "euclid"]


@dataclass(frozen=True)
class NeighbourQuery:
    """How many neighbours, by which metric, and whether words joined by an em-dash count (in the paper they do not)."""

    count: int = 5
    metric: Metric = "cosine"
    with_dash: bool = False

    def __post_init__(self) -> None:
        if self.metric not in ("cosine", "euclid"):
            raise ValueError(f"metric {self.metric!r} is unknown: choose cosine or euclid")
        if self.count < 1:
            raise ValueError(f"{self.count} neighbours cannot be shown: ask for 1 or more")


@dataclass(frozen=True)
class Neighbour:
    """A word with its cosine, or its Euclidean distance, how often it stands in the text and how many were averaged."""

    word: str
    value: float
    counted: int
    averaged: int


def neighbours(table: EmbeddingTable, word: str, query: NeighbourQuery = NeighbourQuery()) -> tuple[Neighbour, ...]:
    """The words nearest to a word of the table, the nearest first; raises ValueError when it is not in the table."""
    row = _row(table, word)
    return nearest(table, table.vectors[row], query, leave_out=[row])


def nearest(
    table: EmbeddingTable,
    vector: NDArray[np.floating],
    query: NeighbourQuery = NeighbourQuery(),
    *,
    leave_out: Collection[int] = (),
) -> tuple[Neighbour, ...]:
    """The words nearest to a vector (D,), but for the rows left out; of words equally near the first of the table.

    Raises ValueError for a vector of another size, or one without a direction when cosines are asked for.
    """
    vector = np.asarray(vector, dtype=np.float32)
    if vector.shape != table.vectors.shape[1:]:
        raise ValueError(f"the vector is {vector.shape}, those of the table are {table.vectors.shape[1:]}")
    if query.metric == "euclid":
        values = np.linalg.norm(table.vectors - vector, axis=1)
        cost = values.copy()
    else:
        length = float(np.linalg.norm(vector))
        if not length > 0:
            raise ValueError("the vector is zero and has no direction: ask for Euclidean neighbours")
        values = table.unit_vectors @ (vector / length)
        cost = -values
    cost[list(leave_out)] = np.inf
    if not query.with_dash:
        cost[table.with_dash] = np.inf
    count = min(query.count, int(np.isfinite(cost).sum()))
    edge = np.partition(cost, count - 1)[count - 1] if count else -np.inf
    close = np.flatnonzero((cost <= edge) & np.isfinite(cost))
    rows = close[np.argsort(cost[close], kind="stable")][:count]
    return tuple(
        Neighbour(table.words[row], float(values[row]), int(table.counted[row]), int(table.averaged[row]))
        for row in rows.tolist()
    )


def analogy(
    table: EmbeddingTable, one: str, other: str, third: str, query: NeighbourQuery = NeighbourQuery()
) -> tuple[Neighbour, ...]:
    """The words that are to `third` as `other` is to `one`: nearest to other - one + third, all at length 1 (3CosAdd).

    The three are left out. Source: Mikolov, Yih and Zweig 2013. Raises ValueError when one is not in the table.
    """
    rows = [_row(table, word) for word in (one, other, third)]
    a, b, c = table.unit_vectors[rows]
    return nearest(table, b - a + c, query, leave_out=rows)


def _row(table: EmbeddingTable, word: str) -> int:
    row = table.row(word)
    if row is None:
        raise ValueError(
            f"{word[:80]!r} is not among the {len(table):,} words of the table: choose one that is, or spell it"
        )
    return row
