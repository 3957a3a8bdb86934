"""What is made anew of JSON is what it was, and anything else is refused."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lstm_core.storage.documents import restored


@dataclass(frozen=True)
class Inner:
    name: str
    share: float | None
    kind: Literal["a", "b"] = "a"


@dataclass(frozen=True)
class Outer:
    inner: Inner
    rows: tuple[Inner, ...]
    span: tuple[int, int]
    table: dict[str, tuple[float, ...]]
    sure: bool


INNER = some.builds(Inner, some.text(), some.none() | some.floats(-1e9, 1e9), some.sampled_from(["a", "b"]))
SOUND = Outer(Inner("x", 0.5), (Inner("y", None),), (0, 5), {"z": (0.5, 1.0)}, True)
JUNK: Any = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=3),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=3), inner, max_size=3),
)


@given(
    some.builds(
        Outer, INNER, some.lists(INNER).map(tuple), some.tuples(some.integers(0, 9), some.integers(0, 9)),
        some.dictionaries(some.text(), some.lists(some.floats(0, 1)).map(tuple)), some.booleans(),
    )
)  # fmt: skip
def test_what_was_written_is_read_as_it_was(made: Outer) -> None:
    assert restored(Outer, json.loads(json.dumps(asdict(made)))) == made


@given(JUNK)
def test_anything_else_is_a_value_error(stored: Any) -> None:
    for kind in (Outer, Inner, tuple[Inner, ...], tuple[int, int], dict[str, Inner], Literal["a"]):
        try:
            found = restored(kind, stored)
        except ValueError:
            continue
        assert (found in ((), {}, "a")) or len(found) == 2  # an empty one, or two numbers


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (("inner",), None), (("inner", "name"), 5), (("inner", "share"), "0.5"), (("inner", "share"), float("inf")),
        (("inner", "share"), 1e300), (("inner", "share"), True), (("inner", "kind"), "c"), (("inner", "kind"), []),
        (("inner", "more"), 1), (("rows",), {}), (("rows",), "y"), (("rows", 0), []), (("span",), [1]),
        (("span", 0), 1.5), (("span", 0), True), (("span", 0), 10**400), (("table", "z"), 3), (("table",), []),
        (("sure",), 1), (("sure",), None),
    ],
)  # fmt: skip
def test_a_value_of_another_kind_is_named(at: tuple[Any, ...], value: Any) -> None:
    stored = inner = json.loads(json.dumps(asdict(SOUND)))
    *outer, last = at
    for key in outer:
        inner = inner[key]
    inner[last] = value
    with pytest.raises(ValueError, match=r"it.* expected|it.* has"):
        restored(Outer, stored)


def test_what_has_a_default_may_be_missing_and_nan_stays() -> None:
    found = restored(Inner, {"name": "x", "share": float("nan")})
    assert (found.name, found.kind) == ("x", "a") and found.share != found.share
    with pytest.raises(ValueError, match="has share, expected kind, name, share"):
        restored(Inner, {"share": None})
