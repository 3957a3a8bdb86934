"""Links with numbers that are none: no page ends, and what a number field shows lies between its limits."""

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

from lstm_core.recordings.record import RecordQuery, corpus_text, record
from lstm_core.runs.run import Run
from lstm_core.word_vectors.sample import WordSample, keep_sample
from tests.clusters_on_pages import book_clusters, book_run, book_text  # noqa: F401 - fixtures
from tests.opened_pages import PAGES, nothing_shipped, opened  # noqa: F401 - a fixture that is used by being here

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for room in ("app", "pages") for path in (ROOT / room).rglob("*.py"))
BAD = ("INFINITY", "-inf", "1e999", "nan", "9" * 400, "-" + "9" * 5000, "1e308", "-5", "2.7", "٣", "", "[]")
NUMBERS = {
    "neurons": ("neurons-unit", "neurons-start"),
    "clusters": ("clusters-cluster", "clusters-sample", "clusters-least"),
    "word_vectors": ("embeddings-removed",),
    "writing": ("writing-temperature", "writing-tokens", "writing-seed"),
}


@pytest.fixture
def whole(run: Run, found: Any) -> Run:
    """A run with something to show on every page."""
    record(run, corpus_text(run, "book", 0, 300), RecordQuery())
    counts, means = np.ones((2, 3), np.int64), {("h", 2, "after"): np.eye(3, run.model_config.hidden, dtype=np.float32)}
    keep_sample(WordSample(run.name, ("the", "a", "old"), *counts, np.zeros(3, np.int64), ("DT",), means, {}, 3), run)
    return run


def numbers(app: AppTest) -> dict[str, Any]:
    """The number fields and sliders of a page by key."""
    return {one.key: one for one in [*app.number_input, *app.slider]}


def check(app: AppTest) -> None:
    for one in numbers(app).values():
        assert one.value is None or one.min <= one.value <= one.max  # None: an empty field


def test_every_number_field_that_the_url_keeps_is_bound_by_the_one_that_checks() -> None:
    found = {}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("number_input", "slider"):
                given_by = {word.arg: ast.unparse(word.value) for word in node.keywords}
                if "bind" in given_by:
                    found[given_by["key"]] = given_by["bind"]
    assert len(found) >= sum(map(len, NUMBERS.values()))
    assert {bind.removeprefix("controls.") for bind in found.values()} == {f"bound({key})" for key in found}


@pytest.mark.parametrize("page", NUMBERS)
def test_bad_numbers_in_a_link_end_no_page_and_leave_its_fields_of_use(page: str, whole: Run) -> None:
    assert set(NUMBERS[page]) == set(numbers(opened(page)))  # all that there are
    for value in BAD:
        app = opened(page, **dict.fromkeys(NUMBERS[page], value))
        check(app)
        if value in BAD[:3]:
            name = NUMBERS[page][0]
            field = numbers(app)[name]
            if not field.proto.disabled:
                field.set_value(field.max).run()
                assert not app.exception and numbers(app)[name].value == field.max


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    page=some.sampled_from(PAGES),
    value=some.one_of(
        some.floats(allow_nan=True, allow_infinity=True).map(repr), some.integers(-(10**30), 10**30).map(str),
        some.text(max_size=8),
    ),
)  # fmt: skip
def test_any_text_in_all_number_fields_ends_no_page(page: str, value: str, whole: Run) -> None:
    names = [name for of_page in NUMBERS.values() for name in of_page]
    check(opened(page, **dict.fromkeys(names, value.encode(errors="replace").decode())))
