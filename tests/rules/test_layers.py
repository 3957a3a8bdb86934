"""Who may know whom: the import rules of the house, by reading the sources and by looking at what gets loaded."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = sorted((ROOT / "lstm_core").rglob("*.py"))
FRAME = sorted((ROOT / "app").rglob("*.py"))
PAGES = sorted((ROOT / "pages").rglob("*.py"))
COMMAND_LINE = [ROOT / "lstm_core" / "__main__.py", *sorted((ROOT / "lstm_core" / "commands").glob("*.py"))]
SOURCES = [*CORE, *FRAME, *PAGES]

WITH_TORCH = {
    "lstm_core/clusters/distances.py",
    "lstm_core/clusters/spanning_tree.py",
    "lstm_core/recordings/reader.py",
    "lstm_core/recordings/record.py",
    "lstm_core/runs/evaluate.py",
    "lstm_core/runs/layers.py",
    "lstm_core/runs/model.py",
    "lstm_core/runs/train.py",
    "lstm_core/tagging/model.py",
}
HEAVY = {"fastcluster", "hdbscan", "sklearn", "openTSNE", "nltk", "numba", "h5py", "yaml"}
COMPUTE_FREE = {"streamlit", "pandas", "scipy", "plotly", "sklearn", "typer", "pooch", "platformdirs", "pyarrow"}


def imported(tree: ast.AST) -> Iterator[str]:
    """Top-level names of all modules imported anywhere below a node."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").split(".")[0]


def imported_in_full(tree: ast.AST) -> Iterator[str]:
    """Dotted names of all that is imported anywhere below a node: `a.b` and, of `from a import b`, `a.b` too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_at_module_level(tree: ast.Module) -> set[str]:
    """The same for statements that run when the module is loaded; `if TYPE_CHECKING:` does not run."""
    found: set[str] = set()
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            waiting.extend(node.orelse)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.update(imported(node))
        else:
            waiting.extend(child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt))
    return found


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_rules_see_all_rooms() -> None:
    assert {"corpus", "model", "run", "train", "recording", "record"} <= {path.stem for path in CORE}


@pytest.mark.parametrize("path", CORE, ids=name)
def test_the_core_knows_no_interface(path: Path) -> None:
    assert not {"streamlit", "plotly", "app", "pages"} & set(imported(parsed(path)))


@pytest.mark.parametrize("path", FRAME, ids=name)
def test_the_frame_does_not_know_its_pages(path: Path) -> None:
    assert "pages" not in set(imported(parsed(path)))


def test_streamlit_is_imported_by_app_and_pages_only() -> None:
    scripts = [path for room in ("tests", "benchmarks") for path in (ROOT / room).rglob("*.py")]
    found = {name(path) for path in [*SOURCES, *scripts] if "streamlit" in imported_at_module_level(parsed(path))}
    assert {path.split("/")[0] for path in found} <= {"app", "pages", "tests"}
    assert not [path for path in found if path.startswith("tests/") and "page" not in path and "browser" not in path]


@pytest.mark.parametrize("path", [path for path in SOURCES if name(path) != "app/cached.py"], ids=name)
def test_only_cached_says_st_cache(path: Path) -> None:
    said = {node.attr for node in ast.walk(parsed(path)) if isinstance(node, ast.Attribute)}
    assert not {word for word in said if word.startswith("cache_")}


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_only_charts_know_plotly_and_build_on_its_graph_objects(path: Path) -> None:
    known = {module for module in imported_in_full(parsed(path)) if module.split(".")[0] == "plotly"}
    assert not known or name(path).startswith("app/charts/")
    assert {module.split(".")[1] for module in known} <= {"graph_objects"}  # plotly.express takes longer


@pytest.mark.parametrize("path", sorted((ROOT / "app" / "charts").glob("*.py")), ids=name)
def test_charts_serve_notebooks_too(path: Path) -> None:
    if path.stem == "draw":
        return
    known = set(imported_in_full(parsed(path)))
    assert "streamlit" not in {module.split(".")[0] for module in known}
    others = {".".join(module.split(".")[:2]) for module in known if module.split(".")[0] in ("app", "pages")}
    assert others <= {"app.charts"} and not any(module.startswith("app.charts.draw") for module in known)


def test_drawing_is_left_to_one_module() -> None:
    drawing = [path for path in SOURCES if "plotly_chart" in path.read_text(encoding="utf-8")]
    assert [name(path) for path in drawing] == ["app/charts/draw.py"]


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_few_modules_load_torch(path: Path) -> None:
    if name(path) not in WITH_TORCH:
        assert "torch" not in imported_at_module_level(parsed(path))


@pytest.mark.parametrize("path", [path for path in SOURCES if path not in COMMAND_LINE], ids=name)
def test_only_the_command_line_knows_typer_and_its_verbs(path: Path) -> None:
    assert "typer" not in set(imported(parsed(path)))
    assert not [module for module in imported_in_full(parsed(path)) if module.startswith("lstm_core.commands")]


@pytest.mark.parametrize("library", sorted(HEAVY))
def test_a_heavy_library_is_imported_by_few_modules_of_the_core(library: str) -> None:
    users = [name(path) for path in SOURCES if library in set(imported(parsed(path)))]
    most = 2 if library == "sklearn" else 1  # rival ways to group; linear probes
    assert len([path for path in users if path.startswith("lstm_core/")]) <= most
    assert not [path for path in users if not path.startswith("lstm_core/")]


def test_the_peer_of_a_benchmark_is_not_needed_by_the_program() -> None:
    assert not [name(path) for path in SOURCES if "gensim" in set(imported(parsed(path)))]


def loaded_by(*modules: str) -> set[str]:
    """Top-level names in sys.modules of a new process that imported the modules."""
    code = f"import sys, {', '.join(modules)}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_analysis_starts_without_torch() -> None:
    loaded = loaded_by(
        "lstm_core.runs.store",
        "lstm_core.neurons.profile",
        "lstm_core.recordings.recording",
        "lstm_core.text.corpus",
        "lstm_core.storage.jobs",
        "lstm_core.exchange.weights",
        "lstm_core.__main__",
        *(f"lstm_core.commands.{path.stem}" for path in COMMAND_LINE[2:]),
    )
    assert {"lstm_core", "typer"} <= loaded
    assert not loaded & {"torch", "safetensors", *HEAVY, "streamlit", "plotly"}


def test_training_and_recording_need_little_but_torch() -> None:
    loaded = loaded_by("lstm_core.runs.train", "lstm_core.recordings.record")
    assert {"torch", "numpy"} <= loaded
    assert not loaded & (COMPUTE_FREE | HEAVY)


def test_a_core_that_breaks_a_rule_would_be_seen() -> None:
    """The readers of imports see what they should: nested, aliased, in a class, in a function, under TYPE_CHECKING."""
    source = """
import streamlit as st
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from torch import Tensor
try:
    import sklearn.cluster
except ImportError:
    pass
class A:
    import nltk
def f():
    import hdbscan
from . import own
"""
    tree = ast.parse(source)
    assert set(imported(tree)) == {"streamlit", "typing", "torch", "sklearn", "nltk", "hdbscan"}
    assert imported_at_module_level(tree) == {"streamlit", "typing", "sklearn", "nltk"}
    nested = ["streamlit", "typing.TYPE_CHECKING", "torch.Tensor", "sklearn.cluster", "nltk", "hdbscan"]
    assert sorted(imported_in_full(tree)) == sorted(nested)


# The suite's own rules ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=name)
def test_tests_are_short_and_do_not_sleep(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 410
    assert "sleep" not in {node.attr for node in ast.walk(parsed(path)) if isinstance(node, ast.Attribute)}


SKIPPED = """
import pytest
@pytest.mark.needs_data
def test_of_a_data_set_that_is_not_there():
    pytest.skip("not there")
"""


@pytest.mark.parametrize(
    ("environment", "outcome"),
    [
        ({}, "skipped"),
        ({"LSTM_DATA": "somewhere"}, "skipped"),
        ({"CI": "1"}, "skipped"),
        ({"CI": "1", "LSTM_DATA": "somewhere"}, "failed"),
    ],
)
def test_on_ci_a_data_test_is_not_skipped_in_silence(
    environment: dict[str, str], outcome: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makeconftest((ROOT / "tests" / "conftest.py").read_text())
    pytester.makepyfile(SKIPPED)
    pytester.makeini("[pytest]\nmarkers = needs_data\n")
    for key in ("CI", "LSTM_DATA"):
        monkeypatch.delenv(key, raising=False)
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    pytester.runpytest_inprocess().assert_outcomes(**{outcome: 1})
