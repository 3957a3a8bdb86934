"""How verbs report: one JSON document or lines and tables for people on stdout, progress and questions on stderr."""

import json
import math
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import Parameter, signature
from operator import attrgetter
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer

from lstm_core.runs.cost import duration, matrix_rate

JSON = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
MISSING = "-"


class Told(NamedTuple):
    """What a verb has to say: its result, the same for people as a text or lines, and the code that it ends with."""

    result: Any
    text: str | Iterable[str]
    code: int = 0


Verb = Callable[..., Told | None]


def command(verb: Verb) -> Callable[..., None]:
    """A verb as it is typed: with the option --json after its own, it prints what it has to say."""
    own = signature(verb)

    @wraps(verb)
    def typed(*, as_json: bool, **options: Any) -> None:
        if told := verb(**options):
            say(told.result, as_json, told.text)
            if told.code:
                raise SystemExit(told.code)

    last = Parameter("as_json", Parameter.KEYWORD_ONLY, default=False, annotation=JSON)
    typed.__signature__ = own.replace(parameters=[*own.parameters.values(), last])  # type: ignore[attr-defined]
    typed.__annotations__ = {**verb.__annotations__, "as_json": JSON}
    return typed


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


def picked(found: Any, *names: str) -> dict[str, Any]:
    """Some of what an object has, by name; `key: query.layer` gives another key to what lies within."""
    pairs = (name.split(": ") for name in names)
    return {pair[0]: attrgetter(pair[-1])(found) for pair in pairs}


def table(rows: Iterable[Mapping[str, Any]], columns: str) -> list[str]:
    """Rows as lines, below a line of heads. `columns` are replacement fields as of `str.format`, each a key of a row
    after its head: "{layer:d} near zero {near_zero_share:.1%}".

    A key is its own head where none is written, with blanks for underscores. A column with a format, such as "d", ".3f"
    or ".1%", stands at the right, one without at the left. What a row lacks, or has as None, is a dash.
    """
    parts = [part for part in Formatter().parse(columns) if part[1] is not None]
    formats = [how or "" for _, _, how, _ in parts]
    heads = [head.strip() or str(key).replace("_", " ") for head, key, _, _ in parts]
    cells = [[_cell(row.get(str(key)), how or "") for _, key, how, _ in parts] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if how else cell.ljust(width)
            for cell, width, how in zip(line, widths, formats, strict=True)
        ).rstrip()
        for line in [heads, *cells]
    ]


def _cell(value: Any, how: str) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    return format(value, how) if how else str(value)


def places(one: Any) -> str:
    """Where a text was read, for people: "[0 to 18,000)"."""
    start, stop = one
    return f"[{start:,} to {stop:,})"


def scores(validation: Mapping[str, float]) -> str:
    """What a run scores, for people: "1.234 bits per character"."""
    return ", ".join(f"{value:.3f} {measure.replace('_', ' ')}" for measure, value in validation.items())


def asked_to_end() -> Callable[[], bool]:
    """Whether SIGTERM or Ctrl-C has come since: what is at work then ends with what it has done so far."""
    came: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: came.append(number))
    return lambda: bool(came)


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
