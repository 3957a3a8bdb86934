"""What the page Probes says of holding up and of periods is what the core finds; what cannot be told is said."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.charts.maps import plane
from app.charts.neurons import around_places
from lstm_core.neurons.periods import PeriodsQuery, periods
from lstm_core.probes import word_classes as classes
from lstm_core.probes.active import OnQuery, on_sets
from lstm_core.probes.studies import Study, parse_study, study
from lstm_core.probes.verification import Verification, VerifyQuery, twin_query, verify
from lstm_core.recordings.record import RecordQuery, corpus_text, record
from lstm_core.recordings.recording import Recording
from lstm_core.recordings.tags import tags_of
from lstm_core.runs.run import Run
from lstm_core.stats.spectrum import period, rhythm
from lstm_core.storage.files import write_json
from lstm_core.text import corpus as corpora
from pages.probes import verification as page
from pages.probes.neuron import period_sentence, periods_sentence, told_periods
from pages.probes.study import OWN, class_sentence
from tests.commands.test_probes import stronger
from tests.commands.test_verification import FILE, few_deals  # noqa: F401 - a fixture used by being here
from tests.figures_on_pages import rows
from tests.opened_pages import nothing_shipped, opened, said, table_with  # noqa: F401 - a fixture used by being here
from tests.pages.test_probes import recording  # noqa: F401 - a fixture used by being here
from tests.probes.test_word_classes import LAW, OTHERS

ASKED = parse_study(FILE)
BOTH = VerifyQuery(ASKED, "h", (1, 2))


def asked_of(text: str) -> AppTest:
    app = opened("probes", probes_tab="A study", probes_study=OWN)
    app.text_area(key=f"probes-study-{OWN}").set_value(text).run()
    assert not app.exception
    return app


@pytest.fixture
def twin(recording: Recording, small_run: Callable[..., Run]) -> Recording:  # noqa: F811
    run = small_run("small-untrained", corpora.read_corpus("book"))
    write_json(run.folder / "config.json", {**run.config, "untrained_twin_of": "small"})
    run = Run(run.folder)
    return record(run, corpus_text(run, "book", 0, 1200), RecordQuery(("h",)))


def test_the_reader_is_that_of_the_core_beside_its_control(recording: Recording) -> None:  # noqa: F811
    app = asked_of(FILE)
    found = verify(recording, BOTH)
    reader = found.reader
    assert reader is not None and reader.control is not None and found.apart is not None
    table = table_with(app, "told rightly")
    assert table["who reads"].tolist() == ["all neurons", "labels dealt out by the word before",
                                          "always the commoner kind"]  # fmt: skip
    assert table["told rightly"].tolist() == pytest.approx([reader.accuracy, reader.control.accuracy, 0.5])
    assert table["from"].tolist()[:2] == pytest.approx([reader.interval[0], min(reader.control.accuracies)], abs=5.1e-4)
    assert f"in {100 * reader.accuracy:.0f} of 100 places that it has not seen" in said(app)
    assert f"it would reach {100 * reader.control.accuracy:.0f}." in said(app)
    assert page.plane_sentence(found.apart) in said(app)
    assert "the model has no untrained twin" in said(app)
    assert table_with(app, "between")["word"].tolist() == ["when"]
    assert "A4" in said(app) and "A7" in said(app)


def test_the_untrained_network_stands_beside(recording: Recording, twin: Recording) -> None:  # noqa: F811
    app = asked_of(FILE)
    found = verify(recording, BOTH)
    other = verify(twin, twin_query(found))
    assert other.reader is not None
    table = table_with(app, "told rightly")
    (row,) = table[table["who reads"] == "the untrained network"]["told rightly"].tolist()
    assert row == pytest.approx(other.reader.accuracy)
    assert f"in the untrained network, by the same rule, {other.confirmed:,}." in said(app)
    assert f"From the untrained network it reads {100 * other.reader.accuracy:.0f}." in said(app)


def test_where_the_twin_has_not_read_the_text_it_is_offered(
    recording: Recording,  # noqa: F811
    small_run: Callable[..., Run],
) -> None:
    run = small_run("small-untrained", corpora.read_corpus("book"))
    write_json(run.folder / "config.json", {**run.config, "untrained_twin_of": "small"})
    app = asked_of(FILE)
    assert app.button(key="probes-twin-go").label == "Let the untrained network read it"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('name = "a"\n[[positive]]\nphrase = "house"\n[[negative]]\nphrase = "unheard"', "10 of each kind are needed"),
        ('name = "a"\n[[positive]]\nphrase = "no"\n[[negative]]\nphrase = "none"', "No reader: 0 and 0 places"),
        ('name = "a"\nwords = ["house", "unheard"]', "No set of words: 1 of its words"),
    ],
)
def test_what_cannot_be_told_is_said(recording: Recording, text: str, told: str) -> None:  # noqa: F811
    app = asked_of(text)
    assert told in said(app)


def test_a_study_of_phrases_alone_is_not_put_to_the_test(recording: Recording) -> None:  # noqa: F811
    app = asked_of('name = "a"\nphrases = ["the house", "a river"]')
    assert not [one for one in app.toggle if one.key == "probes-verify"] and "A3" in said(app)


def test_a_neuron_has_its_period_and_its_layer_theirs(recording: Recording, twin: Recording) -> None:  # noqa: F811
    app = opened("probes", probes_tab="A neuron", probes_layer="1", probes_unit="3")
    one = period(recording.unit("h", 1, 3))
    assert period_sentence(one, rhythm(recording.unit("h", 1, 3))) in said(app)
    found, other = (periods(some, PeriodsQuery("h", 1)) for some in (recording, twin))
    assert periods_sentence(found, other) in said(app)
    table = table_with(app, "adjusted")
    assert table["neuron"].tolist() == [one.unit for one in told_periods(found)] and len(table) >= 5
    assert "A8" in said(app) and "A9" in said(app)


def test_a_short_text_has_no_periods(small_run: Callable[..., Run], words: Callable[..., str]) -> None:
    corpora.keep_text("book", words(400).encode())
    run = small_run("small", corpora.read_corpus("book"), weights=stronger)
    record(run, corpus_text(run, "book", 0, 300), RecordQuery(("h",)))
    app = opened("probes", probes_tab="A neuron")
    assert "too short to look for periods" in said(app)
    assert not [one for one in app.toggle if one.key == "probes-periods"]


# Pure -----------------------------------------------------------------------------------------------------------------


def test_kinds_are_named_by_what_tells_them_apart() -> None:
    text = """name = "a"
[[positive]]
phrase = "left"
tags = ["VBD", "VBN"]
[[positive]]
phrase = "leaves"
[[negative]]
phrase = "left"
contexts = ["left flank"]
"""
    assert page.kind_names(parse_study(text)) == ("left: verb, past and others", "left as in “left flank”")
    assert page.kind_names(Study("none")) == ("first kind", "second kind")


def test_figures_hold_all_places_and_both_curves(recording: Recording) -> None:  # noqa: F811
    found: Verification = verify(recording, VerifyQuery(ASKED, "h", (1, 2), units=((2, 4),)))
    assert found.apart is not None
    figure = plane(found.apart, ("one", "other"))
    assert [row.name for row in figure.data] == ["other", "one"]
    drawn = {(float(x), float(y)) for row in figure.data for x, y in zip(row.x, row.y, strict=True)}
    assert drawn == {(float(x), float(y)) for x, y in found.apart.places}
    around = found.followed[0].around
    curves = around_places(found.followed[0], ("one", "other"))
    assert around is not None and curves is not None
    np.testing.assert_array_equal(rows(curves)["one"].y, around.one.mean)
    np.testing.assert_allclose(rows(curves)["other"].customdata[:, 1], around.other.mean + around.other.error)
    carried_out = study(recording, on_sets(recording, OnQuery()), ASKED)
    assert len(carried_out.confirmed) == found.confirmed


def test_neurons_of_a_class_of_words_are_those_of_the_core(small_run: Callable[..., Run]) -> None:
    draw = np.random.default_rng(0)
    text = "\n\n".join(" ".join(draw.choice([*LAW, *OTHERS], 20)) for _ in range(200))
    corpora.keep_text("book", text.encode())
    book = corpora.read_corpus("book", "word")
    law = [book.vocabulary.tokens.index(word) for word in LAW]

    def plant(model: Any) -> None:  # the words of law begin alike
        stronger(model)
        model.encoder.weight[law] += 2

    run = small_run("small", book, weights=plant)
    made = record(run, corpus_text(run, "book"), RecordQuery(("h",)))
    control = small_run("small-untrained", corpora.read_corpus("book", "word"))
    write_json(control.folder / "config.json", {**control.config, "untrained_twin_of": "small"})
    other = record(Run(control.folder), corpus_text(run, "book"), RecordQuery(("h",)))
    app = asked_of(f'name = "a"\nwords = {json.dumps(LAW)}')
    app.toggle(key="probes-class").set_value(True).run()
    assert not app.exception
    found, twin = (classes.word_class(one, on_sets(one, OnQuery()), LAW, tags_of(made)) for one in (made, other))
    assert class_sentence(found, twin) in said(app) and f"at the {len(LAW)} words of the class" in said(app)
    assert f"in the untrained network {len(twin.confirmed)}." in said(app) and found.confirmed
    assert len(table_with(app, "most at")) == len(found.confirmed)


def test_too_small_a_class_of_words_is_told(recording: Recording) -> None:  # noqa: F811
    app = asked_of('name = "a"\nwords = ["house", "river"]')
    app.toggle(key="probes-class").set_value(True).run()
    assert not app.exception
    assert "This class of words cannot be looked at." in said(app) + " ".join(one.value for one in app.error)
