"""Only the store of results names, hashes and writes results; few others write files of numbers, each with a reason."""

import ast
from pathlib import Path

import pytest

CORE = Path(__file__).resolve().parents[2] / "lstm_core"
OTHERS = ("storage", "exchange", "text")  # the store itself, what comes from or goes elsewhere, texts and their tagger
WRITERS = {"hashlib", "pyarrow", "write_json", "save_arrays", "savez", "savez_compressed"}
ALLOWED = {
    "clusters/spanning_tree.py": "work that goes on after a stop; thrown away once the tree is kept",
    "recordings/annotations.py": "part of the folder of a recording that was brought in",
    "recordings/record.py": "evaluation.json, a run's own score, which its card and its list read",
    "recordings/recording.py": "the folder of a recording",
    "recordings/writer.py": "the folder of a recording",
    "runs/folder.py": "the folder of a network",
    "runs/run.py": "the folder of a run",
    "runs/store.py": "the folder of a run",
    "runs/train.py": "checkpoints",
    "tagging/label_run.py": "the folder of a network that labels text",
}
MODULES = sorted(path for path in CORE.glob("*/*.py") if path.parent.name not in OTHERS)


def name(path: Path) -> str:
    return str(path.relative_to(CORE))


def writers_in(source: str) -> set[str]:
    """What a source names of WRITERS: imported, called or taken from a module."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {part for alias in node.names for part in alias.name.split(".")}
            found |= set((getattr(node, "module", None) or "").split("."))
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
    return found & WRITERS


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_results_are_named_and_written_by_the_store_alone(path: Path) -> None:
    assert bool(writers_in(path.read_text(encoding="utf-8"))) == (name(path) in ALLOWED), ALLOWED.get(name(path))


def test_a_module_that_writes_would_be_seen() -> None:
    writes = ("import hashlib", "from pyarrow import parquet", "np.savez_compressed(a)", "arrays.save_arrays(path, {})")
    for source in (*writes, "from lstm_core.storage.files import home, write_json"):
        assert writers_in(source)
    assert not writers_in("from lstm_core.storage.results import Results, hashed\nRESULTS.keep(found)")
