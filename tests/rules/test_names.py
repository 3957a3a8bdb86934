"""Names stand for one thing each, and long calls name what they give."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [path for room in ("lstm_core", "app", "pages") for path in sorted((ROOT / room).rglob("*.py"))]
MOST = 7  # arguments that a call gives by their place
ANY = {"paragraphs", "picked"}  # they take any number of like things, as print does


def by_place(tree: ast.AST) -> list[int]:
    """Lines of the calls that give more than MOST arguments by their place; a starred one counts as one."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and len(node.args) > MOST]
    return [call.lineno for call in calls if getattr(call.func, "id", "") not in ANY]


def test_a_class_has_a_name_of_its_own() -> None:
    where = defaultdict(list)
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                where[node.name].append(str(path.relative_to(ROOT)))
    assert {name: paths for name, paths in where.items() if len(paths) > 1} == {}


def test_what_a_long_call_gives_is_named() -> None:
    found = {path.relative_to(ROOT): by_place(ast.parse(path.read_text(encoding="utf-8"))) for path in SOURCES}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_a_long_call_without_names_would_be_seen() -> None:
    assert by_place(ast.parse("f(1, 2, 3, 4, 5, 6, 7)\nf(1, 2, 3, 4, 5, 6, 7, last=8)")) == []
    assert by_place(ast.parse("f(1)\ng(h(1, 2, 3, 4, 5, 6, 7, 8))")) == [2]
