"""Bad input on the page Probes: a hint or a reason, what can be shown, and never an ended page."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

from lstm_core.probes.match import LONGEST
from lstm_core.recordings.record import RecordQuery, corpus_text, record
from lstm_core.recordings.recording import Recording
from lstm_core.runs.run import Run
from lstm_core.text import corpus as corpora
from pages.probes.study import OWN
from tests.commands.test_probes import stronger
from tests.opened_pages import nothing_shipped, opened, said  # noqa: F401 - a fixture used by being here
from tests.pages.test_probes import recording, told_of  # noqa: F401 - a fixture used by being here

TABS = ("A phrase", "A neuron", "A study")
STRANGE = (
    "a\x00b",
    "שלום עולם",
    "e\u0301cole",
    "👩‍👩‍👧",
    "\u202eriver",
    "river\ufeff",
    "\r\n",
    "\t",
    "$x$ **b**",
)
STRANGE_TEXT = "the river שלום e\u0301cole 👩‍👩‍👧 a\x00b \u202eold house **b** $x$ "
MEGABYTES_10 = 10 * 2**20


def typed(app: AppTest, phrase: str) -> AppTest:
    app.text_input(key="probes-phrase").set_value(phrase).run()
    assert not app.exception
    return app


# Faults 15 to 18: what is typed and what was read ---------------------------------------------------------------------


@pytest.mark.parametrize("phrase", ["", " ", " \t  "])
def test_fault_15_no_phrase_is_a_hint_and_no_plot(phrase: str, recording: Recording) -> None:  # noqa: F811
    app = typed(opened("probes"), phrase)
    assert "Type a word or more of the text" in said(app)
    assert not app.get("bidi_component") and not app.dataframe and not app.error


def test_fault_15_one_letter_is_looked_for(recording: Recording) -> None:  # noqa: F811
    app = typed(opened("probes"), "h")
    assert told_of(app, "tokens")["tokens"] == recording.text(0, 300)
    assert "on through “h” at this place" in said(app)


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("length", [1, 2, 3])
def test_fault_15_a_text_of_hardly_a_letter_ends_no_tab(
    length: int, tab: str, small_run: Callable[..., Run], words: Callable[..., str]
) -> None:
    corpora.keep_text("book", words(400).encode())
    run = small_run("small", corpora.read_corpus("book"), weights=stronger)
    record(run, corpus_text(run, "book", 0, length), RecordQuery())
    assert not opened("probes", probes_tab=tab).exception


def test_fault_15_a_text_of_blanks_ends_no_tab(small_run: Callable[..., Run]) -> None:
    corpora.keep_text("book", b"a" + b" \n" * 300)
    run = small_run("small", corpora.read_corpus("book"), weights=stronger)
    record(run, corpus_text(run, "book", 1, 500), RecordQuery())
    for tab in TABS:
        app = opened("probes", probes_tab=tab)
        assert tab != "A phrase" or "Type a word or more of the text" in said(app)


@pytest.mark.parametrize("length", [LONGEST + 1, MEGABYTES_10])
def test_fault_16_a_phrase_past_the_limit_is_refused_before_it_is_looked_for(
    length: int,
    recording: Recording,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = opened("probes")
    monkeypatch.setattr("pages.probes.place.places_of", lambda *_: pytest.fail("it was looked for"))
    typed(app, "a" * length)
    assert f"the phrase has more than {LONGEST} characters" in said(app)


def test_fault_16_a_study_past_the_limit_is_refused_before_it_is_read(
    recording: Recording,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = opened("probes", probes_tab="A study", probes_study=OWN)
    monkeypatch.setattr("pages.probes.study.parse_study", lambda *_: pytest.fail("it was read"))
    app.text_area(key=f"probes-study-{OWN}").set_value("# " * (MEGABYTES_10 // 2)).run()
    assert not app.exception and "more than 65,536 characters" in said(app)


@pytest.mark.parametrize("phrase", STRANGE)
def test_fault_17_strange_letters_are_told_or_found(phrase: str, recording: Recording) -> None:  # noqa: F811
    app = typed(opened("probes"), phrase)
    assert "This phrase cannot be looked for." in said(app) or "Type a word" in said(app)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(phrase=some.text(max_size=20))
def test_fault_17_no_phrase_ends_the_page(phrase: str, recording: Recording) -> None:  # noqa: F811
    typed(opened("probes"), phrase)


@pytest.mark.parametrize("kind", ["char", "word"])
def test_fault_17_places_stay_aligned_in_a_text_of_strange_letters(kind: Any, small_run: Callable[..., Run]) -> None:
    corpora.keep_text("book", (STRANGE_TEXT * 60).encode())
    run = small_run("small", corpora.read_corpus("book", kind), weights=stronger)
    made = record(run, corpus_text(run, "book", 0, 500), RecordQuery())
    for start, stop in ((130, 150), (3, 60), (499, 500)):
        app = opened("probes", probes_place=f"{start}-{stop}", probes_colour="probability")
        shown = told_of(app, "tokens")
        first, last = shown["selected"]
        assert shown["tokens"][first:last] == made.text(start, stop)
        values = made.probability[start:stop].tolist()
        assert shown["values"][shown["colour"]][first:last] == pytest.approx(values, rel=0.01)


def test_fault_18_words_that_the_model_does_not_know_are_counted_and_named(small_run: Callable[..., Run]) -> None:
    corpora.keep_text("book", ("The old river runs over the house .\n" * 60 + "once\n").encode())
    run = small_run("small", corpora.read_corpus("book", "word"), weights=stronger)
    record(run, corpus_text(run, "book", 0, 300), RecordQuery())
    app = typed(opened("probes"), "the river zyzzyva runs quux zyzzyva")
    assert "'zyzzyva', 'quux' are not among the tokens of the model" in said(app)
    assert "<unk> stands for every word that it does not know" in said(app)
    typed(app, "the house")
    assert "on through “the house” at this place" in said(app)


# Faults 20, 21 and 29: links and limits -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "..", "a/../../b", "charge/../../README.md", "%2e%2e"]
)
def test_fault_20_path_tricks_name_no_run_and_no_study(name: str, recording: Recording) -> None:  # noqa: F811
    app = opened("probes", run=name, probes_tab="A study", probes_study=name)
    assert "The link names a model that is not here" in said(app)
    assert app.selectbox(key="probes-study").value == app.selectbox(key="probes-study").options[0]
    assert "root:" not in "".join(area.value for area in app.text_area)


BAD_LINKS = (
    {"run": "none"}, {"probes_layer": "99", "probes_unit": "-5", "probes_tab": "A neuron"}, {"probes_layers": "99"},
    {"probes_tab": "<script>alert(1)</script>"}, {"probes_phrase": "<script>alert(1)</script>"},
    {"probes_phrase": "a" * 10_000}, {"probes_study": "x" * 10_000, "probes_tab": "A study"},
    {"probes_signal": "loud", "probes_rule": "x"}, {"probes_threshold_raw": "1e999"}, {"probes_occurrence": "-3"},
    {"probes_occurrence": "9" * 400}, {"probes_at": "99999999"}, {"probes_at": "river"}, {"probes_at": "INFINITY"},
    {"probes_colour": "part"}, {"probes_neuron": "layer 99: neuron -5"}, {"probes_limit": "all"},
    {"probes_before": "-1", "probes_after": "1e9"}, {"recording": "../../etc"},
    {"probes_tab": "A neuron", "probes_lag": "99999", "probes_least": "nan", "probes_all": "maybe"},
)  # fmt: skip


@pytest.mark.parametrize("link", BAD_LINKS, ids=lambda link: str(link)[:60])
def test_fault_21_bad_links_show_the_default_view(link: dict[str, str], recording: Recording) -> None:  # noqa: F811
    app = opened("probes", **link)
    usual = opened("probes", **{key: value for key, value in link.items() if key == "probes_tab" and value in TABS})
    strange = "probes_phrase" in link
    assert strange or [text.value for text in app.text] == [text.value for text in usual.text]
    assert not strange or "This phrase cannot be looked for." in said(app)


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("1100-99999", "is not within what was read, 0-1,200"),
        ("99999-100000", "is not within what was read"),
        ("40-30", "ends before it begins"),
        ("40-40", "ends before it begins"),
        ("0-900", "has 900 steps: choose at most 300"),
        ("-5-3", "is not the first and the last place"),
        ("river", "is not the first and the last place"),
        ("<script>", "is not the first and the last place"),
        ("9" * 10_000, "is not the first and the last place"),
        ("١-٣", "is not the first and the last place"),
    ],
)
def test_fault_21_a_span_that_is_none_is_said_and_the_phrase_shown(
    place: str,
    why: str,
    recording: Recording,  # noqa: F811
) -> None:
    app = opened("probes", probes_phrase="river", probes_place=place)
    assert "This span cannot be asked about, so the phrase is." in said(app) and why in said(app)
    assert "on through “river” at this place" in said(app)


FIELDS = {
    "A phrase": ("probes-occurrence", "probes-at", "probes-before", "probes-after", "probes-threshold-raw"),
    "A neuron": ("probes-unit", "probes-lag", "probes-least"),
}


@pytest.mark.parametrize(("tab", "key"), [(tab, key) for tab, keys in FIELDS.items() for key in keys])
def test_fault_29_numbers_past_their_limits_are_refused(tab: str, key: str, recording: Recording) -> None:  # noqa: F811
    app = opened("probes", probes_tab=tab, probes_phrase="river")
    usual = [text.value for text in app.text]
    for past in (10**9, -(10**9)):
        field = next(one for one in [*app.number_input, *app.slider] if one.key == key)
        field.set_value(type(field.max)(past)).run()
        assert not app.exception and [text.value for text in app.text] == usual
