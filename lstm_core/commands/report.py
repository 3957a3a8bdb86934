"""How verbs report: one JSON document or lines and tables for people on stdout, progress and questions on stderr."""

import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from lstm_core.runs.cost import duration, matrix_rate

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
MISSING = "-"


def say(value: Any, as_json: bool, text: str | Iterable[str]) -> None:
    """Print a result: as the JSON document, or as text or lines for people."""
    if as_json:
        print(json.dumps(document(value), ensure_ascii=False))
    else:
        print(text if isinstance(text, str) else "\n".join(text))


def document(value: Any) -> Any:
    """A result as JSON has it: dataclasses as objects, arrays and tuples as lists, paths as text; numbers that are not
    finite, which JSON does not know, as null.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: document(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): document(one) for key, one in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return document(value.tolist())
    if isinstance(value, list | tuple):
        return [document(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def table(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> list[str]:
    """Rows as lines, below a line of heads: `columns` are keys of a row, each with how its values are written.

    A format such as "d", ".3f", ",d" or ".1%" stands at the right of its column; "" writes text, at the left. A key is
    its own head, with blanks for underscores; `key: head` gives another. What a row lacks, or has as None, is a dash.
    """
    keys, heads = zip(*(_head(name) for name in columns), strict=True)
    formats = list(columns.values())
    cells = [[_cell(row.get(key), how) for key, how in zip(keys, formats, strict=True)] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if how else cell.ljust(width)
            for cell, width, how in zip(line, widths, formats, strict=True)
        ).rstrip()
        for line in [list(heads), *cells]
    ]


def _head(name: str) -> tuple[str, str]:
    key, _, head = name.partition(": ")
    return key, head or key.replace("_", " ")


def _cell(value: Any, how: str) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    return format(value, how) if how else str(value)


def places(one: Any) -> str:
    """Where a text was read, for people: "[0 to 18,000)"."""
    start, stop = one
    return f"[{start:,} to {stop:,})"


def progress(share: float, word: str) -> None:
    """Show progress on stderr, one line that is written over on a terminal."""
    print(f"{share:4.0%} {word}", end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)


def foretell(seconds: Callable[[float], float], size: int = 0) -> None:
    """Say on stderr what work will take before it starts, as the pages say it: `seconds` at a rate of multiply-adds a
    second (`runs.cost`), and bytes on disk where it keeps many.
    """
    disk = f", {size / 2**20:,.0f} MiB on disk" if size else ""
    print(f"this takes about {duration(seconds(matrix_rate()))} on this machine{disk}", file=sys.stderr)


def confirm(question: str, yes: bool) -> None:
    """Ask a person at a terminal; ends the program where the answer is no."""
    if not yes and sys.stdin.isatty():
        typer.confirm(question, abort=True, err=True)
