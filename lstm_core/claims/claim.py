"""What sources say, each a row of claims.toml, and what is measured beside it.

A new claim is a row, and a function that `measures` it in the module of its analysis. Claims read results and add
nothing to them. Facts only; how they are shown is the app's. Knows texts; knows no results.
"""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

from lstm_core.storage.documents import restored

Asked = ParamSpec("Asked")
MEASURES: dict[str, Callable[..., "Verdict"]] = {}  # which function measures a row, by its name


@dataclass(frozen=True)
class Verdict:
    """One statement of a source: its words in short, our figure, and why they differ.

    `holds` None = no verdict: not measured, or not to be compared.
    """

    id: str
    source: str
    says: str
    measured: str
    why: str
    holds: bool | None


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A row of claims.toml, which says what its entries are."""

    name: str
    source: str
    says: str
    why: str
    holds: str = ""
    figures: dict[str, Any] = field(default_factory=dict)

    def judged(self, measured: str, holds: bool | None, **values: object) -> Verdict:
        """What was measured beside it; `values` are those that the texts name beyond the figures."""
        assert holds is None or self.holds, f"{self.name} gives no verdict: say in claims.toml what holds means"
        why = f"{self.why}. We ask for {self.holds}" if self.holds else self.why
        says, why = (text.format(**{**self.figures, **values}) for text in (self.says, why))
        return Verdict(self.name.partition("-")[0], self.source, says, measured, why, holds)


def measures(name: str) -> Callable[[Callable[Concatenate[Claim, Asked], Verdict]], Callable[Asked, Verdict]]:
    """Makes a function the one that measures a row, which it is given first; raises ValueError for a second one."""

    def of(measure: Callable[Concatenate[Claim, Asked], Verdict]) -> Callable[Asked, Verdict]:
        @wraps(measure)
        def measured(*args: Asked.args, **keywords: Asked.kwargs) -> Verdict:
            return measure(CLAIMS[name], *args, **keywords)

        first = MEASURES.setdefault(name, measured)
        if (first.__module__, first.__qualname__) != (measure.__module__, measure.__qualname__):
            raise ValueError(f"{name} is measured by {first.__qualname__}: {measure.__qualname__} needs another row")
        return measured

    return of


def read_claims(text: str) -> Iterator[Claim]:
    """The rows of such a file; raises ValueError where one lacks an entry or has another."""
    for table in tomllib.loads(text).values():
        shared = {key: value for key, value in table.items() if not isinstance(value, dict)}
        for name in table.keys() - shared.keys():
            yield restored(Claim, {"name": name, **shared, **table[name]}, name)


CLAIMS = {one.name: one for one in read_claims(Path(__file__).with_name("claims.toml").read_text(encoding="utf-8"))}
