"""The rows of claims.toml: each has one function that measures it, and every text of a row can be read."""

import pkgutil
from importlib import import_module

import pytest

from lstm_core import claims
from lstm_core.claims.claim import CLAIMS, MEASURES, Claim, Verdict, measures, read_claims

ROW = """
[words]
source = "paper"
why = "{n} editions"
[words.P1]
says = "about {share:.0%}"
holds = "as much"
figures = { share = 0.5 }
[words.P2-else]
source = "thesis"
says = "nothing"
"""


def test_each_row_has_one_function_and_each_function_its_row() -> None:
    for module in pkgutil.iter_modules(claims.__path__):
        import_module(f"lstm_core.claims.{module.name}")
    assert MEASURES.keys() == CLAIMS.keys() and len(CLAIMS) > 40


def test_a_second_function_for_a_row_is_refused() -> None:
    def another(claim: Claim) -> Verdict:
        return claim.judged("", None)

    with pytest.raises(ValueError, match="P10 is measured by _glued: "):
        measures("P10")(another)


def test_rows_share_what_stands_in_their_table_and_texts_name_figures_and_values() -> None:
    found = {one.name: one for one in read_claims(ROW)}
    verdict = found["P1"].judged("half", True, n=2)
    assert verdict == Verdict("P1", "paper", "about 50%", "half", "2 editions. We ask for as much", True)
    assert found["P2-else"].judged("x", None, n=3) == Verdict("P2", "thesis", "nothing", "x", "3 editions", None)
    with pytest.raises(AssertionError, match="P2-else gives no verdict"):
        found["P2-else"].judged("x", False, n=3)


@pytest.mark.parametrize("row", ['says = "x"', 'says = "x"\nwhy = "y"\nsource = "z"\nmore = 1', "says = 3"])
def test_a_row_that_lacks_an_entry_or_has_another_is_refused(row: str) -> None:
    with pytest.raises(ValueError, match="P1"):
        list(read_claims(f"[some.P1]\n{row}"))


def test_the_texts_come_with_the_package() -> None:
    import tomllib
    from pathlib import Path

    project = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert "claims/claims.toml" in project["tool"]["setuptools"]["package-data"]["lstm_core"]
