"""What is known of cells stands in one table: elsewhere none is named."""

import ast
import re
from pathlib import Path

import pytest

from lstm_core.runs.cells import CELLS, DEFAULT, SIGNALS, cell_of

ROOT = Path(__file__).resolve().parents[2]
TABLE = "lstm_core/runs/cells.py"
NAMED = {  # who names a cell all the same, and why
    "lstm_core/claims/dropout.py": "the model that the thesis has",
    "lstm_core/tagging/settings.py": "the taggers that ship",
}
MODULES = sorted(
    str(path.relative_to(ROOT)) for room in ("lstm_core", "app", "pages") for path in (ROOT / room).rglob("*.py")
)


def cells_named(source: str) -> set[str]:
    """Names of cells in the strings of a source, as words of their own; what documents the source is left out."""
    tree = ast.parse(source)
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told
    ]
    return {word for text in texts for word in re.findall(r"[\w.\\-]+", text)} & set(CELLS)


@pytest.mark.parametrize("module", [module for module in MODULES if module != TABLE])
def test_cells_are_named_in_their_table_alone(module: str) -> None:
    assert bool(cells_named((ROOT / module).read_text(encoding="utf-8"))) == (module in NAMED)


def test_a_cell_that_is_named_would_be_seen() -> None:
    source = '"""Of an rnn."""\nif cell == "lstm":\n    raise ValueError(f"choose {x}, gru or rnn.yml")'
    assert cells_named(source) == {"lstm", "gru"}


@pytest.mark.parametrize("name", CELLS)
def test_an_entry_is_whole(name: str) -> None:
    """All it names is there; h comes first in its state, and it can be asked for by name."""
    cell = cell_of(name)
    assert set(cell.signals) <= set(SIGNALS)
    assert set(cell.state) <= set(cell.signals) and cell.state[0] == "h"
    assert {axis for axes in cell.parameters.values() for axis in axes} <= set("RIU")
    assert {"weight_ih", "weight_hh", "bias_ih", "bias_hh"} <= set(cell.parameters)
    assert cell.told.endswith(cell.kind) and cell.title
    assert DEFAULT in CELLS and len({one.title for one in CELLS.values()}) == len(CELLS)
