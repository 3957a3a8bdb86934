"""As a library: what the package offers by name, and the lines of the README as they stand."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import lstm_core

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
(LINES,) = [code for code in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "lstm_core" in code]


def test_what_is_offered_by_name_is_there_and_the_type_checker_sees_the_same() -> None:
    source = Path(lstm_core.__file__).read_text(encoding="utf-8")
    typed = re.findall(r"^    from lstm_core\.(\S+) import (.*)$", source, re.MULTILINE)
    assert {name: module for module, names in typed for name in names.split(", ")} == lstm_core._MODULE
    for name in lstm_core.__all__:
        assert getattr(lstm_core, name).__name__ == name
    with pytest.raises(AttributeError, match="nothing"):
        lstm_core.nothing  # noqa: B018


def test_nothing_is_loaded_before_it_is_asked_for() -> None:
    code = "import sys, lstm_core; print([name for name in sys.modules if name.startswith('lstm_core.')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.slow
def test_the_lines_of_the_readme_run_as_they_stand(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len([line for line in LINES.splitlines() if line.strip()]) <= 10
    found: dict[str, object] = {}
    exec(compile(LINES, "README.md", "exec"), found)
    assert "[5 rows x 10 columns]" in capsys.readouterr().out
    values, labels = found["values"].frame(), found["labels"].frame()  # type: ignore[attr-defined]
    assert len(values) == len(labels) == 512
    assert (labels.label != "").sum() > 20 and values.divergence.min() > 0
