"""The floors of the house: packages import downwards only, and each one's list of modules is true."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

CORE = Path(__file__).resolve().parents[2] / "lstm_core"
# From the ground up; packages of one floor do not know each other.
FLOORS = (
    ("storage",),
    ("stats",),
    ("text",),
    ("runs",),
    ("recordings",),
    ("exchange",),
    ("neurons", "clusters", "word_vectors", "probes"),
    ("tagging",),
    ("claims",),
    ("commands",),
)
FLOOR = {package: number for number, floor in enumerate(FLOORS) for package in floor}
MODULES = sorted(CORE.glob("*/*.py"))
# Of what stats knows the last three have one importer each.
STATS_KNOW = {"numpy", "scipy", "sklearn", "lstm_core", "numba", "openTSNE", "fastcluster"}


def name(path: Path) -> str:
    return str(path.relative_to(CORE))


def imported_modules(source: str) -> Iterator[str]:
    """Dotted names of all that is imported anywhere in a source; of `from a import b` both `a` and `a.b`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, "relative imports hide who knows whom"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def runs_up(package: str, source: str) -> list[str]:
    """Imports of a module of `package` that do not point down."""
    parts = [(module, module.split(".")) for module in imported_modules(source)]
    above = [
        module
        for module, (first, *rest) in parts
        if first == "lstm_core" and rest and rest[0] in FLOOR and rest[0] != package
        if FLOOR[rest[0]] >= FLOOR[package]
    ]
    return sorted(set(above))


def test_every_package_has_a_floor_and_every_module_a_package() -> None:
    assert {path.parent.name for path in MODULES} == set(FLOOR)
    assert {path.name for path in CORE.glob("*.py")} == {"__init__.py", "__main__.py"}


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_imports_point_down(path: Path) -> None:
    assert runs_up(path.parent.name, path.read_text(encoding="utf-8")) == []


def test_an_import_that_runs_up_or_across_would_be_seen() -> None:
    source = "from lstm_core.storage import files\ndef f():\n    from lstm_core.probes.match import match\n"
    assert runs_up("clusters", source) == ["lstm_core.probes.match", "lstm_core.probes.match.match"]
    assert runs_up("tagging", source) == []
    assert runs_up("storage", "import lstm_core.text.corpus") == ["lstm_core.text.corpus"]


@pytest.mark.parametrize("path", sorted(CORE.glob("stats/*.py")), ids=name)
def test_statistics_know_arrays_alone(path: Path) -> None:
    import sys

    known = {module.split(".")[0] for module in imported_modules(path.read_text(encoding="utf-8"))}
    assert known <= STATS_KNOW | sys.stdlib_module_names
    assert not [module for module in imported_modules(path.read_text()) if module.startswith("lstm_core.runs")]


@pytest.mark.parametrize("package", sorted(FLOOR))
def test_a_package_lists_its_modules(package: str) -> None:
    text = ast.get_docstring(ast.parse((CORE / package / "__init__.py").read_text(encoding="utf-8"))) or ""
    first, _, rows = text.partition("\n\n")
    assert first.endswith(".")
    listed = [row.split("  ")[0].strip() for row in rows.splitlines()]
    assert sorted(listed) == sorted({path.stem for path in CORE.glob(f"{package}/*.py")} - {"__init__"})


def test_only_verbs_print() -> None:
    """But for the process that reads files apart: its line on stderr is the answer to the one that started it."""
    printing = {
        path.parent.name
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
        if name(path) != "exchange/quarantine.py"
    }
    assert printing <= {"commands"}


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_modules_are_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


SPINE = {
    "storage": ("files", "arrays", "documents", "tiles"),
    "text": ("catalogue", "corpus"),
    "runs": ("settings", "cells", "model", "folder", "run", "store", "evaluate", "train", "generate"),
    "recordings": ("recording", "record", "reader", "writer"),
}


def test_the_spine_is_read_in_an_afternoon_and_the_readme_names_it() -> None:
    """What a newcomer reads first is under 4,000 lines, all of it."""
    paths = [CORE / package / f"{module}.py" for package, modules in SPINE.items() for module in modules]
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths) < 4000
    told = (CORE.parent / "README.md").read_text(encoding="utf-8").split("reads the spine")[1].split("\n\n")[0]
    assert [name.split("/")[-1] for name in re.findall(r"`(\S+)`", told)] == [path.stem for path in paths]


PAGES = CORE.parent / "pages"


@pytest.mark.parametrize("path", sorted(PAGES.rglob("*.py")), ids=lambda path: str(path.relative_to(PAGES)))
def test_no_page_knows_another(path: Path) -> None:
    known = [module.split(".") for module in imported_modules(path.read_text(encoding="utf-8"))]
    assert {parts[1] for parts in known if parts[0] == "pages" and len(parts) > 1} <= {path.parent.name}
