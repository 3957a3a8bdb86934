"""Tables: frames shown as they are, one row ticked by the address or by a person; and frames as files."""

import csv
import io
import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.components.csv_file import frame_csv
from app.components.table import CUT, LARGEST, histogram, number, percent, share, text, whole
from tests.opened_pages import said, table_with, tick

HOSTILE = "<img src=x onerror=alert(1)>**b** $x$ ![a](http://example.invalid/y.png) =1"
FORMULAS = ("=", "+", "-", "@")
WORDS = pd.DataFrame({"word": ["w10", "w9", HOSTILE], "id": [7, 5, 9], "times": [12345, 0, -7]})


def page(frame, columns=None, first=None):  # type: ignore[no-untyped-def]  # it runs without what is imported here
    """A page with one table, whose chosen row is that of the number field, as the address keeps it."""
    import streamlit as st

    from app.components.table import Choice, show

    def take(value: object) -> None:
        st.session_state["id"] = value

    chosen = st.number_input("Id", value=first, key="id", step=1) if "id" in frame else None
    choice = Choice("id", chosen, take) if "id" in frame else None
    show(frame, key="table", alt="Words", columns=columns, choice=choice)


def shown(frame: pd.DataFrame, columns: Any = None, first: Any = None) -> Any:
    from streamlit.testing.v1 import AppTest

    return AppTest.from_function(page, default_timeout=60, args=(frame, columns, first)).run()


def configured(app: Any) -> Any:
    return json.loads(app.dataframe[0].proto.columns)


# As they are shown ----------------------------------------------------------------------------------------------------


def test_a_frame_arrives_as_it_is_with_its_name_and_text_stays_text() -> None:
    app = shown(WORDS, {"times": whole("How often it occurs.")})
    pd.testing.assert_frame_equal(app.dataframe[0].value, WORDS)
    assert app.dataframe[0].proto.alt == "Words"
    times = configured(app)["times"]
    assert times["help"] == "How often it occurs." and times["type_config"]["format"] == "%,d"
    assert not app.markdown and not app.exception


def test_what_is_missing_is_a_dash_whatever_it_was() -> None:
    frame = pd.DataFrame({"text": ["a", None], "number": [1.5, math.nan], "histogram": [[0.5, 0.5], None]})
    app = shown(frame, {"text": text(), "number": number(), "histogram": histogram()})
    assert app.dataframe[0].proto.placeholder == "—"
    assert app.dataframe[0].value.isna().to_numpy().tolist() == [[False] * 3, [True] * 3]


def test_a_share_is_cut_by_the_browser_to_the_nearest_that_it_can_show() -> None:
    """The browser multiplies by a power of ten and drops the rest."""
    shares = np.append(np.random.default_rng(0).random(2000), [0, 1, 0.12399, 0.5, 2 / 3])
    names = [f"{digits} digits" for digits in range(4)]
    app = shown(pd.DataFrame(dict.fromkeys(names, shares)), {name: percent(digits=at) for at, name in enumerate(names)})
    for digits, name in enumerate(names):
        scale = 10 ** (digits + 2)
        assert configured(app)[name]["type_config"]["step"] == pytest.approx(1 / scale)
        cut = np.trunc(app.dataframe[0].value[name] * scale + 1e-9)
        assert np.abs(cut - shares * scale).max() <= 0.5 + 1e-6


def test_a_share_with_a_bar_is_left_as_it_is_and_a_bar_ends_at_the_whole() -> None:
    app = shown(pd.DataFrame({"part": [0.123456, 1.5]}), {"part": share(digits=0)})
    assert app.dataframe[0].value["part"].tolist() == [0.123456, 1.5]
    assert configured(app)["part"]["type_config"]["max_value"] == 1


def test_a_column_of_nothing_and_one_that_is_not_there_do_no_harm() -> None:
    app = shown(pd.DataFrame({"a": [None, None]}), {"a": percent(), "b": percent(), "c": None})
    assert not app.exception and app.dataframe[0].value["a"].isna().all()


def test_a_frame_too_large_for_the_browser_is_a_file_instead() -> None:
    frame = pd.DataFrame({"id": np.arange(LARGEST + 1)})
    app = shown(frame, first=3)
    assert not app.exception and app.get("download_button")
    assert not app.dataframe[0].proto.selection_mode
    assert not shown(WORDS).get("download_button")


# The chosen row -------------------------------------------------------------------------------------------------------


def test_the_row_that_the_address_names_is_ticked_also_later() -> None:
    app = shown(WORDS, first=5)
    assert table_with(app, "id").attrs["ticked"] == [1]
    assert "Chosen: id 5, number 2 of 3 in the table." in said(app)
    for value, ticked in ((9, [2]), (7, [0]), (8, []), (5, [1])):
        app.number_input(key="id").set_value(value).run()
        assert table_with(app, "id").attrs["ticked"] == ticked
        assert ("Chosen" in said(app)) == bool(ticked)


def test_the_row_that_a_person_ticks_is_taken_and_goes_on_to_be_the_chosen_one() -> None:
    app = shown(WORDS, first=5)
    for row, value in ((2, 9), (0, 7)):
        tick(app, "id", row)
        assert app.number_input(key="id").value == value
        assert table_with(app, "id").attrs["ticked"] == [row]
    one, none = app.dataframe[0].proto.selection_mode, shown(WORDS, first=8).dataframe[0].proto.selection_mode
    assert len(one) == len(none) == 1 and one != none  # where no row is chosen, none has to be


def test_the_first_row_that_is_ticked_is_taken_where_none_was_chosen() -> None:
    app = shown(WORDS, first=8)
    assert table_with(app, "id").attrs["ticked"] == []
    tick(app, "id", 2)
    assert app.number_input(key="id").value == 9 and table_with(app, "id").attrs["ticked"] == [2]
    app.number_input(key="id").set_value(8).run()
    assert table_with(app, "id").attrs["ticked"] == []


def test_a_long_text_of_the_chosen_row_stands_below_whole() -> None:
    long = HOSTILE * 2
    assert len(HOSTILE) > CUT
    frame = pd.DataFrame({"id": [1, 2], "text": ["short", long]})
    app = shown(frame, first=1)
    assert "text: " not in said(app)
    app.number_input(key="id").set_value(2).run()
    assert f"text: {long}" in [one.value for one in app.text]


def test_rows_that_share_a_value_cannot_be_chosen_from() -> None:
    app = shown(pd.DataFrame({"id": [1, 1]}), first=1)
    assert "2 rows have 1 values of 'id': give each row its own" in app.exception[0].message


# Files ----------------------------------------------------------------------------------------------------------------


def read(frame: pd.DataFrame) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(frame_csv(frame), newline="")))


@given(some.lists(some.text(some.characters(codec="utf-8", exclude_characters="\x00\r"))))
def test_text_is_read_back_as_it_is_and_no_cell_is_a_formula(values: list[str]) -> None:
    rows = read(pd.DataFrame({"first": range(len(values)), "text": values}))
    assert [row["text"] for row in rows] == [f"'{one}" if one.startswith(FORMULAS) else one for one in values]
    assert not any(row["text"].startswith(FORMULAS) for row in rows)


@given(some.lists(some.floats(allow_nan=False), min_size=1))
def test_numbers_are_read_back_to_the_last_digit_also_below_zero(values: list[float]) -> None:
    assert [float(row["x"]) for row in read(pd.DataFrame({"x": values}))] == values


def test_what_is_not_defined_is_empty_and_heads_are_no_formulas_either() -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": ['x, "y"', None], "=c": [math.nan, 0.25]})
    assert read(frame) == [{"a": "1", "b": 'x, "y"', "'=c": ""}, {"a": "2", "b": "", "'=c": "0.25"}]
    assert frame_csv(pd.DataFrame()).strip() == ""
