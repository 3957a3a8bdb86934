"""Tables of results: one row a part, one column a single value, those of parts within named after both."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from lstm_core.storage.frames import Framed, frame_of, side_by_side, together


@dataclass(frozen=True)
class Inner:
    """A part of a part."""

    low: float
    high: float


@dataclass(frozen=True)
class Part:
    """A row."""

    unit: int
    label: str
    interval: Inner
    words: tuple[str, ...] = ("a", "b")
    values: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    inner: tuple[Inner, ...] = ()


@dataclass(frozen=True)
class Parts(Framed, rows="parts"):
    """A result of rows."""

    run: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Columns(Framed, columns=("words", "vectors", "twice")):
    """A result of columns, one of them a property."""

    words: tuple[str, ...]
    vectors: NDArray[np.float64]

    @property
    def twice(self) -> NDArray[np.float64]:
        return 2 * self.vectors[:, 0]


@dataclass(frozen=True)
class One(Framed):
    """A result that is its own row."""

    score: float | None
    interval: Inner


PARTS = (Part(3, "open", Inner(0.1, 0.2)), Part(5, "", Inner(0.3, 0.4)))


def test_a_result_of_rows() -> None:
    wanted = pd.DataFrame(
        {
            "unit": [3, 5],
            "label": ["open", ""],
            "interval_low": [0.1, 0.3],
            "interval_high": [0.2, 0.4],
            "words": [("a", "b")] * 2,
        }
    )
    pd.testing.assert_frame_equal(Parts("mine", PARTS).frame(), wanted)
    pd.testing.assert_frame_equal(frame_of(PARTS), wanted)


def test_a_result_of_columns() -> None:
    found = Columns(("old", "man"), np.array([[1.0, 2.0], [3.0, 4.0]])).frame()
    wanted = {"words": ["old", "man"], "vectors_0": [1.0, 3.0], "vectors_1": [2.0, 4.0], "twice": [2.0, 6.0]}
    pd.testing.assert_frame_equal(found, pd.DataFrame(wanted))


def test_a_result_that_is_one_row() -> None:
    found = One(None, Inner(0, 1)).frame()
    assert found.to_dict("records") == [{"score": None, "interval_low": 0, "interval_high": 1}]


def test_rows_by_name_and_plain_mappings() -> None:
    found = frame_of({"one": Inner(0, 1), "two": Inner(2, 3)})
    assert found.to_dict("list") == {"name": ["one", "two"], "low": [0, 2], "high": [1, 3]}
    assert frame_of([{"a": 1}, {"b": 2}]).columns.tolist() == ["a", "b"]


def test_tables_one_below_another() -> None:
    found = together({"one": side_by_side({"a": [1, 2]}), "two": side_by_side({"a": [3]})}, "set")
    assert found.to_dict("list") == {"set": ["one", "one", "two"], "a": [1, 2, 3]}


def test_columns_of_two_lengths_are_an_error() -> None:
    with pytest.raises(ValueError, match="same length"):
        side_by_side({"a": [1, 2], "b": [1]})
