"""Which modules count as passed: those whose functions run, wherever they are called from, and not by being loaded."""

import importlib.util
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from app import registry

TOOL = Path(__file__).resolve().parents[2] / "tools" / "trips.py"


def loaded(path: str | Path) -> ModuleType:
    """A module made anew of a file."""
    spec = importlib.util.spec_from_file_location("loaded_anew", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["loaded_anew"] = module  # where dataclasses look
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def passed() -> Iterator[Any]:
    made = loaded(TOOL).Passed()
    sys.setprofile(made)
    threading.setprofile(made)
    yield made
    sys.setprofile(None)
    threading.setprofile(None)
    del sys.modules["loaded_anew"]


def test_a_function_that_runs_counts_for_its_module(passed: Any) -> None:
    registry.entry("home")
    assert passed.modules == {"app.registry"}


def test_a_function_that_runs_in_another_thread_counts_too(passed: Any) -> None:
    thread = threading.Thread(target=registry.entry, args=("home",))
    thread.start()
    thread.join()
    assert passed.modules == {"app.registry"}


def test_loading_a_module_does_not_count_but_calling_it_afterwards_does(passed: Any) -> None:
    again = loaded(registry.__file__)
    assert passed.modules == set()
    again.entry("home")
    assert passed.modules == {"app.registry"}


def test_trips_are_of_pages_that_there_are() -> None:
    assert {page for page, _ in loaded(TOOL).TRIPS.values()} <= {entry.name for entry in registry.PAGES}
