"""Frozen dataclasses from the JSON that was made of them, and arrays that were kept beside: the same again, or a
ValueError that says where it differs.

A file that was cut, changed or is another's must not end a page much later, where one of its values is shown. Knows
types; knows no files.
"""

from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

LARGEST = 1e18  # no number that is kept comes near
_PLAIN = frozenset({int, float, str, bool, NoneType})


def restored(kind: Any, stored: Any, where: str = "it") -> Any:
    """A value of the kind from its JSON: dataclasses from objects, tuples from lists, and numbers, texts, None as such.
    Arrays are given as arrays and get the type of the kind, where it holds such values.

    Numbers may be NaN, which stands for what is undefined, and never infinite. Raises ValueError for anything else.
    """
    plain = type(stored)
    if kind in _PLAIN:  # nearly all values are such: first
        right = plain is kind or (kind is float and plain is int)
        if not right or (plain in (int, float) and abs(stored) >= LARGEST):
            raise _other(kind, stored, where)
        return stored
    if kind is Any:
        return stored
    if is_dataclass(kind):
        return _dataclass(kind, stored, where)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _one_of(inner, stored, where)
    if origin is Literal and stored in inner and plain in {*map(type, inner)}:
        return stored
    if origin is tuple and isinstance(stored, list | tuple):
        kinds = inner[:1] * len(stored) if inner[1:] == (...,) else inner
        if len(kinds) == len(stored):
            pairs = zip(kinds, stored, strict=True)
            return tuple(restored(one, value, f"{where}[{n}]") for n, (one, value) in enumerate(pairs))
    if origin is np.ndarray and isinstance(stored, np.ndarray):
        return _array(get_args(inner[1])[0], stored, where)
    if origin is dict and isinstance(stored, dict):
        return {restored(inner[0], key, where): restored(inner[1], value, where) for key, value in stored.items()}
    raise _other(kind, stored, where)


def _other(kind: Any, stored: Any, where: str) -> ValueError:
    return ValueError(f"{where} is {str(stored)[:40]!r}, expected {kind}")


def _array(wanted: Any, stored: np.ndarray, where: str) -> np.ndarray:
    """The array in the type of the kind; an abstract one leaves it as it is."""
    if wanted is Any or np.issubdtype(stored.dtype, wanted):
        return stored
    found = stored.astype(wanted, copy=False) if np.can_cast(stored.dtype, wanted, "same_kind") else None
    if found is None or (found.dtype.kind in "iu" and not np.array_equal(found, stored)):
        raise ValueError(f"{where} is of {stored.dtype}, expected {wanted.__name__}")
    return found


def _dataclass(kind: Any, stored: Any, where: str) -> Any:
    if isinstance(stored, kind):
        return stored
    if not isinstance(stored, dict):
        raise ValueError(f"{where} is {str(stored)[:40]!r}, expected {kind.__name__}")
    needed, known, hints = _shape(kind)
    if not needed <= stored.keys() <= known:
        found = ", ".join(sorted(map(str, stored)))[:200]
        raise ValueError(f"{where} has {found or 'nothing'}, expected {', '.join(sorted(known))}")
    return kind(**{name: restored(hints[name], value, f"{where}.{name}") for name, value in stored.items()})


def _one_of(kinds: tuple[Any, ...], stored: Any, where: str) -> Any:
    for kind in kinds:
        try:
            return restored(kind, stored, where)
        except ValueError:
            continue
    raise ValueError(f"{where} is {str(stored)[:40]!r}, expected one of {kinds}")


@cache
def _shape(kind: Any) -> tuple[set[str], set[str], dict[str, Any]]:
    """Names of a dataclass' fields that have no default, of all, and the kind of each."""
    needed = {one.name for one in fields(kind) if one.default is MISSING and one.default_factory is MISSING}
    return needed, {one.name for one in fields(kind)}, get_type_hints(kind)
