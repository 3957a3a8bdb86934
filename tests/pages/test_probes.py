"""The page Probes: what it shows of a phrase and of a neuron is what the core finds; mistakes are told."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lstm_core.probes.active import OnQuery, on_sets
from lstm_core.probes.match import MatchQuery, SelectiveQuery, by_chance, followers, match, occurrences, selective
from lstm_core.probes.similar_units import UnitsQuery, groups, overlaps, similar_units
from lstm_core.probes.studies import parse_study, study
from lstm_core.recordings.annotations import Annotation, write_annotations
from lstm_core.recordings.record import RecordQuery, corpus_text, record
from lstm_core.recordings.recording import Recording, find_recordings
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.storage.files import write_json
from lstm_core.text import corpus as corpora
from pages.probes import frames
from pages.probes.study import OWN
from tests.commands.test_probes import stronger
from tests.opened_pages import nothing_shipped, opened, said, table_with  # noqa: F401 - a fixture used by being here


def told_of(app: Any, name: str) -> Any:
    """What a component of the page is told that has a part of this name."""
    parts = [json.loads(part.proto.json) for part in app.get("bidi_component")]
    return next(part for part in parts if name in part)


@pytest.fixture
def recording(small_run: Callable[..., Run], words: Callable[..., str], made_once: Callable[..., None]) -> Recording:
    def make() -> None:
        corpora.keep_text("book", words(400).encode())
        run = small_run("small", corpora.read_corpus("book"), weights=stronger)
        record(run, corpus_text(run, "book", 0, 1200), RecordQuery())

    made_once("states of a book", make)
    return Recording.open(find_recordings()[0])


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


def test_how_many_are_on_for_the_phrase_alone_stands_beside_chance_and_the_untrained_network(
    recording: Recording, small_run: Callable[..., Run]
) -> None:
    on = on_sets(recording, OnQuery())
    spans = tuple(occurrences(recording, "river"))
    found = selective(on, SelectiveQuery(spans, before=1))
    app = opened("probes", probes_phrase="river", probes_before="1")
    told = frames.selective_sentence(found, "river", 16, len(spans), None)
    assert told in said(app) and f"{found.by_chance:.1f} would be." in told
    assert "no untrained network has read the same text" in said(app)
    twin = small_run("small-untrained", corpora.read_corpus("book"))
    write_json(twin.folder / "config.json", {**twin.config, "untrained_twin_of": "small"})
    other = record(Run(twin.folder), corpus_text(Run(twin.folder), "book", 0, 1200), RecordQuery())
    beside = selective(on_sets(other, OnQuery()), SelectiveQuery(spans, before=1))
    app = opened("probes", run="small", probes_phrase="river", probes_before="1")
    assert f"would be; in the untrained network {len(beside.units)} are." in said(app)
    assert beside.on_share < found.on_share / 2 and "hardly ever on" in said(app)


def test_a_span_in_the_link_is_asked_about_and_the_phrase_that_stands_there(recording: Recording) -> None:
    start, stop = occurrences(recording, "river")[1]
    app = opened("probes", probes_place=f"{start}-{stop}")
    told = [text.value for text in app.text]
    assert told == [text.value for text in opened("probes", probes_phrase="river", probes_occurrence="2").text]
    assert app.text_input(key="probes-phrase").value == "river"
    assert app.number_input(key="probes-occurrence").value == 2
    strip = told_of(app, "tokens")
    assert [strip["first"] + part for part in strip["selected"]] == [start, stop]
    app.button(key="probes-next").click().run()
    third = occurrences(recording, "river")[2]
    assert app.text_input(key="probes-place").value == f"{third[0]}-{third[1]}"
    assert told_of(app, "tokens")["first"] <= third[0]
    app.text_input(key="probes-phrase").set_value("house").run()
    assert app.text_input(key="probes-place").value == "" and "“house” at this place" in said(app)
    assert app.number_input(key="probes-occurrence").value == 1


def test_the_text_is_shown_where_one_goes_and_what_is_asked_about_stays(recording: Recording) -> None:
    app = opened("probes", probes_phrase="river")
    told = [text.value for text in app.text]
    app.number_input(key="probes-at").set_value(900).run()
    strip = told_of(app, "tokens")
    assert strip["first"] <= 900 < strip["first"] + len(strip["tokens"])
    assert strip["tokens"] == recording.text(strip["first"], strip["first"] + len(strip["tokens"]))
    assert [text.value for text in app.text] == told
    app.button(key="probes-next").click().run()
    assert app.number_input(key="probes-at").value is None


def test_rows_of_matches_are_those_of_the_core_with_the_phrase_on_top(recording: Recording) -> None:
    app = opened("probes", probes_phrase="river", probes_colour="probability")
    span = occurrences(recording, "river")[0]
    found = match(on_sets(recording, OnQuery()), MatchQuery(*span))
    elsewhere = [one for one in found.found if one.stop <= span[0] or one.start >= span[1]]
    made = told_of(app, "lines")
    assert made["rows"][made["colour"]]["name"] == "probability"
    assert [line["place"] for line in made["lines"]] == [span[0], *(one.start for one in elsewhere)]
    first = made["lines"][0]
    assert first["tokens"][first["start"] : first["stop"]] == list("river")
    counts = first["values"][0][first["start"] : first["stop"]]
    assert counts == [len(found.units)] * 5


def test_text_is_coloured_by_part_of_speech_where_that_is_kept_or_quick_else_it_is_offered(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened("probes", probes_phrase="river", probes_colour="part of speech")
    made = told_of(app, "lines")
    speech = made["rows"][made["colour"]]
    word = {speech["labels"][code] for code in made["lines"][0]["values"][made["colour"]][20:25]}
    assert speech["name"] == "part of speech" and word == {"NN: noun: house, time"}
    assert (recording.folder / "tags.safetensors").is_file()  # type: ignore[operator]
    monkeypatch.setattr("pages.probes.phrase.QUICK", 0)
    monkeypatch.setattr("pages.probes.phrase.tags_of", lambda *_: pytest.fail("it was tagged while a person waits"))
    assert "part of speech" in [row["name"] for row in told_of(opened("probes"), "lines")["rows"]]  # it is kept
    (recording.folder / "tags.safetensors").unlink()  # type: ignore[operator]
    started: list[Any] = []
    monkeypatch.setattr("app.work.jobs.start", lambda folder, words: started.append(words))
    app = opened("probes", probes_phrase="river")
    assert "part of speech" not in [row["name"] for row in told_of(app, "lines")["rows"]]
    next(one for one in app.button if one.label == "Find the parts of speech").click().run()
    assert started == [["tags", recording.fingerprint]]


def test_what_was_noted_of_a_text_colours_it_and_damage_is_told(recording: Recording) -> None:
    folder = recording.folder
    assert folder is not None
    codes = np.arange(1200, dtype=np.int32) % 2
    write_annotations(folder, [Annotation("**chunk**", codes, ("<b>in</b>", "out"))])
    app = opened("probes", probes_phrase="river", probes_colour="**chunk**")
    strip = told_of(app, "tokens")
    row = strip["rows"][strip["colour"]]
    values = strip["values"][strip["colour"]]
    assert [row["labels"][value] for value in values[:2]] == [
        ("<b>in</b>", "out")[strip["first"] % 2 - k] for k in (0, 1)
    ]
    (folder / "annotations.safetensors").write_bytes(b"nothing")
    app = opened("probes", probes_phrase="river")
    assert "What was noted of this text cannot be read." in said(app) and "“river” at this place" in said(app)


def test_a_place_of_another_text_is_let_go(recording: Recording) -> None:
    run = open_run("small")
    shorter = record(run, corpus_text(run, "book", 1500, 300), RecordQuery())
    app = opened("probes", recording=recording.fingerprint, probes_place="100-104", probes_at="700")
    assert told_of(app, "tokens")["first"] <= 700
    app.selectbox(key="recording-small").set_value(shorter.fingerprint).run()
    assert not app.exception and not app.error
    assert app.text_input(key="probes-place").value == "" and app.number_input(key="probes-at").value is None
    assert told_of(app, "tokens")["first"] >= 1500


@pytest.mark.parametrize("tab", ["A phrase", "A neuron", "A study"])
def test_every_field_is_bound_to_the_address(tab: str, recording: Recording) -> None:
    app = opened("probes", probes_tab=tab)
    kinds = "number_input", "slider", "selectbox", "text_input", "text_area", "toggle", "checkbox", "button_group"
    fields = {one.key: one.proto.query_param_key for kind in kinds for one in app.get(kind)}
    loose = {key for key, bound in fields.items() if bound != key} - {
        "run",
        "recording-small",
        "charts-kept-as",
    }  # the sidebar's own
    assert len(fields) > 5
    study = app.text_area[0].key if app.text_area else ""
    assert loose == ({study} if tab == "A study" else set())
    assert (study in loose) == ("The address of this page keeps which study" in said(app))


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
    expected = [[one.layer, one.unit, one.lag, one.shared] for one in found.found]
    assert table[["layer", "neuron", "steps later", "both on (steps)"]].to_numpy().tolist() == expected
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
