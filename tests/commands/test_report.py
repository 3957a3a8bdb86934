"""What verbs print: documents that every reader of JSON takes, tables whose columns stand under their heads."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lstm_core.commands.report import document, picked, say, table


@dataclass(frozen=True)
class Inner:
    value: float
    names: tuple[str, ...]


@dataclass(frozen=True)
class Outer:
    inner: Inner
    counts: dict[int, int]
    path: Path


def test_a_document_is_plain_json() -> None:
    found = Outer(Inner(0.5, ("a", "b")), {1: 2}, Path("x") / "y")
    plain = {"inner": {"value": 0.5, "names": ["a", "b"]}, "counts": {"1": 2}, "path": str(Path("x/y"))}
    assert json.loads(json.dumps(document(found), allow_nan=False)) == plain


def test_arrays_become_lists_and_what_is_not_finite_null() -> None:
    values = {"of": np.array([[1.0, np.nan], [-np.inf, 2.0]]), "one": np.float32(1.5), "count": np.int64(3)}
    assert document(values) == {"of": [[1.0, None], [None, 2.0]], "one": 1.5, "count": 3}
    assert document([float("inf"), True, None, "text"]) == [None, True, None, "text"]


def test_what_is_picked_has_the_key_and_the_place_that_are_named() -> None:
    found = Outer(Inner(0.5, ("a", "b")), {1: 2}, Path("x"))
    assert picked(found, "path", "value: inner.value") == {"path": Path("x"), "value": 0.5}


def test_numbers_stand_at_the_right_and_texts_at_the_left_of_a_column() -> None:
    rows = [{"unit": 7, "near_zero_share": 0.5, "label": "long label"}, {"unit": 1234, "label": None}]
    assert table(rows, "{unit:,d} {near_zero_share:.1%} follows {label}") == [
        " unit  near zero share  follows",
        "    7            50.0%  long label",
        "1,234                -  -",
    ]


def test_a_table_without_rows_is_its_heads() -> None:
    assert table([], "{a:d} {b}") == ["a  b"]


def test_people_get_lines_and_programs_one_document(capsys) -> None:  # type: ignore[no-untyped-def]
    say({"a": float("nan")}, True, ["never", "shown"])
    assert capsys.readouterr().out == '{"a": null}\n'
    say({"a": 1}, False, ["first", "second"])
    assert capsys.readouterr().out == "first\nsecond\n"
