"""The page Probes: what it shows of a phrase and of a neuron is what the core finds; mistakes are told."""

from collections.abc import Callable
from typing import Any

import pytest
from opened_pages import nothing_shipped, opened, said, table_with  # noqa: F401 - a fixture used by being here
from test_probe_verbs import stronger

from app.probes import frames
from app.probes.study import OWN
from lstm_core import corpus as corpora
from lstm_core.probes.match import MatchQuery, by_chance, followers, match, occurrences
from lstm_core.probes.on_sets import OnQuery, on_sets
from lstm_core.probes.studies import parse_study, study
from lstm_core.probes.units import UnitsQuery, groups, overlaps, similar_units
from lstm_core.record import RecordQuery, corpus_text, record
from lstm_core.recording import Recording
from lstm_core.run import Run


@pytest.fixture
def recording(small_run: Callable[..., Run], words: Callable[..., str]) -> Recording:
    corpora.keep_text("book", words(400).encode())
    run = small_run("small", corpora.read_corpus("book"), weights=stronger)
    return record(run, corpus_text(run, "book", 0, 1200), RecordQuery())


def test_a_phrase_its_neurons_and_their_places_are_those_of_the_core(recording: Recording) -> None:
    app = opened("probes", probes_phrase="river", probes_occurrence="2", probes_before="1")
    on = on_sets(recording, OnQuery())
    spans = occurrences(recording, "river")
    query = MatchQuery(*spans[1], before=1)
    found = match(on, query)
    assert found.units and found.found
    told = f"{len(found.units)} of {len(on.units):,} neuron"
    assert told in said(app) and f"has {by_chance(on, query).sum():.1f}." in said(app)
    units = table_with(app, "at this phrase")
    share = followers(on, spans, 1)[:, [on.index[unit] for unit in found.units]].mean(axis=0)
    shown = {(row["layer"], row["neuron"]): row["at this phrase"] for _, row in units.iterrows()}
    assert shown == pytest.approx(dict(zip(found.units, share.tolist(), strict=True)))
    lead = units["at this phrase"] - units["elsewhere"]
    assert lead.tolist() == sorted(lead, reverse=True)
    places = table_with(app, "in common")
    elsewhere = [one for one in found.found if one.stop <= query.start or one.start >= query.stop]
    assert len(elsewhere) < len(found.found)  # the phrase itself is not elsewhere
    assert [(row["in common"], row["others"]) for _, row in places.iterrows()] == [
        (one.shared, one.either - one.shared) for one in elsewhere
    ]
    text = "".join(recording.text(0, 1200)).replace("\n", "⏎")
    assert places["here"].tolist() == [text[one.start : one.stop] for one in elsewhere]


def test_another_rule_and_threshold_hold_for_what_is_shown(recording: Recording) -> None:
    app = opened("probes", probes_phrase="house", probes_rule="distance from zero")
    app.number_input(key="probes-threshold-two-sided").set_value(0.5).run()
    on = on_sets(recording, OnQuery(rule="two-sided", threshold=0.5))
    found = match(on, MatchQuery(*occurrences(recording, "house")[0]))
    assert f"{len(found.units)} of {len(on.units):,} neuron" in said(app)


@pytest.mark.parametrize(
    ("phrase", "told"),
    [
        ("unheard", "does not have this phrase"),
        ("river×", "This phrase cannot be looked for."),
        ("<script>", "This phrase cannot be looked for."),
    ],
)
def test_a_phrase_that_is_not_there_is_said(recording: Recording, phrase: str, told: str) -> None:
    app = opened("probes", probes_phrase=phrase)
    assert told in said(app) and not app.exception


def test_a_phrase_at_which_no_neuron_is_on_says_what_to_do(recording: Recording) -> None:
    app = opened("probes", probes_phrase="river")
    app.number_input(key="probes-threshold-raw").set_value(9.9).run()
    assert "0 of 16 neurons are on" in said(app) and "Lower the threshold" in said(app)
    app.segmented_control(key="probes-tab").set_value("A neuron").run()
    assert "It is never on" in said(app) and not app.exception


def test_a_neuron_and_those_that_go_with_it_are_those_of_the_core(recording: Recording) -> None:
    app = opened("probes", probes_tab="A neuron", probes_layer="1", probes_unit="3", probes_lag="2")
    on = on_sets(recording, OnQuery())
    found = similar_units(on, UnitsQuery(1, 3, lag=2))
    table = table_with(app, "steps later")
    expected: list[Any] = [(one.layer, one.unit, one.lag, one.shared) for one in found.found]
    assert [tuple(row) for row in table[["layer", "neuron", "steps later", "both on"]].to_numpy().tolist()] == expected
    app.slider(key="probes-least").set_value(0.2).run()
    together = groups(on, overlaps(on), 0.2)
    assert together and table_with(app, "group")["neurons"].tolist() == [len(some) for some in together]


def test_a_recording_of_blanks_alone_cannot_be_asked(small_run: Callable[..., Run], words: Callable[..., str]) -> None:
    corpora.keep_text("book", words(400).encode())
    run = small_run("small", corpora.read_corpus("book"), weights=stronger)
    record(run, corpus_text(run, "book", 0, 900), RecordQuery(("h",), (2,), "whitespace"))
    assert "Of this text only the moments after words were kept" in said(opened("probes"))


def test_first_phrase_is_the_commonest_long_word(recording: Recording) -> None:
    text = "".join(recording.text(0, 1200)).split()
    words = [word for word in text if len(word) >= 4 and word.isalpha()]
    phrase = frames.first_phrase(recording)
    assert words.count(phrase) == max(words.count(word) for word in set(words))
    assert opened("probes").text_input(key="probes-phrase").value == phrase


def test_a_study_that_comes_along_is_carried_out_and_one_of_one_s_own(recording: Recording) -> None:
    app = opened("probes", probes_tab="A study", probes_study="idioms")
    assert "neurons are on through at least one phrase" in said(app)
    assert set(table_with(app, "phrase")["places"]) == {0}  # this small text has none of them
    app.selectbox(key="probes-study").set_value(OWN).run()
    text = """name = "house or river"
null = ["when"]
[[positive]]
phrase = "house"
[[negative]]
phrase = "river"
"""
    app.text_area(key=f"probes-study-{OWN}").set_value(text).run()
    on = on_sets(recording, OnQuery())
    found = study(recording, on, parse_study(text))
    assert found.telling
    table = table_with(app, "verdict")
    assert table["verdict"].tolist() == [one.verdict for one in found.telling]
    assert f"{found.positives} places of the first kind, {found.negatives} of the second" in said(app)
    assert "“when”" in said(app)


def test_a_study_that_is_none_is_said(recording: Recording) -> None:
    app = opened("probes", probes_tab="A study", probes_study="left")
    assert "The text that was read has 0 places" in said(app)
    app.text_area(key="probes-study-left").set_value("name = [").run()
    assert "This study cannot be carried out." in said(app) and not app.exception
