"""The page Tagging: what it shows is what the core says, hostile text is read as text, mistakes are told."""

import json
import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from app.controls import MAX_TYPED
from lstm_core.storage.results import PROGRAM
from lstm_core.tagging import classify
from lstm_core.tagging.label_run import LabelRun, folders, new_label_run, train_label_run
from lstm_core.tagging.recorded import as_words_come, record_states, sentence_states
from lstm_core.tagging.reports import CONFUSIONS, confusion, keep_results
from lstm_core.tagging.settings import LabelTraining, NetworkConfig
from lstm_core.tagging.tag import tag
from lstm_core.tagging.words import Labelled
from pages.tagging import frames
from pages.tagging.sentence import MOST_WORDS
from tests.opened_pages import nothing_shipped, opened, said, table_with  # noqa: F401 - a fixture used by being here
from tests.tagging.test_sentence_states import TEXTS, tagger, trained_taggers  # noqa: F401 - fixtures used by being here

pytestmark = pytest.mark.numeric

HOSTILE = '<img src="http://example.invalid/x.png" onerror="alert(1)"> ![a](http://example.invalid/y.png) **b** $x$ *_`'


@pytest.fixture
def pair(tagger: Callable[..., LabelRun]) -> list[LabelRun]:  # noqa: F811
    """A tagger of one direction and one of two."""
    return [tagger("lstm", 1), tagger("lstm", 2)]


def grids(app: Any) -> list[Any]:
    """What the tinted tables of a page are told."""
    return [told for part in app.get("bidi_component") if "groups" in (told := json.loads(part.proto.json))]


def words_of_grid(told: Any) -> list[str]:
    return [row["name"] for group in told["groups"] for row in group["rows"]]


def test_tags_of_every_network_stand_side_by_side_with_what_a_later_word_changes(pair: list[LabelRun]) -> None:
    app = opened("tagging")
    (told,) = grids(app)
    assert told["heads"] == ["LSTM, one way", "LSTM, both ways"]
    assert words_of_grid(told) == ["They", "are", "early", "birds", "They", "are", "early", "today"]
    for number, text in enumerate(("They are early birds", "They are early today")):
        for column, run in enumerate(pair):
            found = tag(text, run)
            rows = told["groups"][number]["rows"]
            cells = [row["cells"][column] for row in rows]
            assert [cell["small"].split()[0] for cell in cells] == list(found.tags)
            assert [cell["share"] for cell in cells] == pytest.approx(found.probabilities.max(axis=1).tolist())
            assert [row["marked"] for row in rows] == [False, False, False, True]
    one, other = (tag(text, pair[1]) for text in ("They are early birds", "They are early today"))
    moves = table_with(app, "moves")["moves"]
    assert moves[0] == 0
    assert moves[1] == pytest.approx(np.abs(one.probabilities - other.probabilities)[:3].max(), abs=5.1e-5)
    assert "differ by exactly nothing (0)" in said(app) and "how probable an adverb is" in said(app).lower()
    marked = [row["cells"][1]["marked"] for row in told["groups"][0]["rows"]]
    assert marked[:3] == [a != b for a, b in zip(one.tags[:3], other.tags[:3], strict=True)]


def test_states_apart_by_direction_are_those_of_the_core(pair: list[LabelRun]) -> None:
    app = opened("tagging", tagging_tab="Hidden states", tagging_network="LSTM, both ways")
    parts = [json.loads(part.proto.json) for part in app.get("bidi_component")]
    forward, backward = (told["blocks"] for told in parts if "blocks" in told)
    for way, blocks in (("forward", forward), ("backward", backward)):
        for text, block in zip(("They are early birds", "They are early today"), blocks, strict=False):
            found = sentence_states(text.split(), pair[1]).states[way]
            assert np.abs(np.array([row["values"] for row in block["rows"]]) - found).max() < 1e-4
    assert not np.array([row["values"] for row in forward[2]["rows"][:3]]).any()
    assert np.array([row["values"] for row in backward[2]["rows"][:3]]).any(axis=1).all()
    assert "Forward: at the 3 words before the change the states are the same to the bit (difference 0)." in said(app)
    assert "What does each hidden state represent?" in [part.value for part in app.subheader]
    app = opened("tagging", tagging_tab="Hidden states", tagging_network="LSTM, one way")
    told = frames.coming_sentence(as_words_come(["They", "are", "early", "birds"], pair[0]))
    assert "Backward:" not in said(app) and told in said(app)
    assert told.startswith(("What it said of a word never changed", "What it said of a word did not change"))


def test_figures_confusion_curves_and_claims(pair: list[LabelRun]) -> None:
    texts = dict.fromkeys(("train", "development", "masc", "treebank", "ewt"), TEXTS)
    for run in pair:
        keep_results(run, texts, before_rounding=1.0)
    found = confusion(pair[1], TEXTS, "some text")
    CONFUSIONS.keep(found, pair[1])
    app = opened("tagging", tagging_tab="How well they do")
    shares = table_with(app, "parameters")
    told = [run.results()["accuracy"]["masc"]["right"] for run in pair]
    assert shares["many kinds"].tolist()[:2] == pytest.approx(told, abs=5.1e-4)
    right = sum(found.counts[at][at] for at in range(len(found.names)))
    assert f"some text: {right:,} of {found.total:,} words tagged rightly" in said(app)
    (told,) = grids(app)
    assert set(told["heads"]) <= set(found.names)
    assert {"L1", "L2", "L3"} <= {caption.value.split(" ")[0] for caption in app.caption}
    app = opened("tagging", tagging_tab="How well they do", tagging_confused="LSTM, one way")
    assert "No count of this network's mistakes is kept." in said(app)


@pytest.mark.parametrize(
    "damage", [{"accuracy": "x"}, {"accuracy": {"masc": {"right": "all"}}}, {"parameters": "x"}, None]
)
def test_damaged_figures_are_left_out(pair: list[LabelRun], damage: Any) -> None:
    for run in pair:
        keep_results(
            run, dict.fromkeys(("train", "development", "masc", "treebank", "ewt"), TEXTS), before_rounding=1.0
        )
    path = pair[0].results_folder / "accuracy.json"
    path.write_text("{" if damage is None else json.dumps({**pair[0].results(), **damage}))
    table = table_with(opened("tagging", tagging_tab="How well they do"), "parameters")
    assert table["many kinds"][1] == pytest.approx(pair[1].accuracy()["masc"].right, abs=5.1e-4)
    assert table["many kinds"].isna()[0] and table["parameters"].isna()[0]


@pytest.mark.parametrize(
    "text",
    [
        "word",
        "\x00",
        "a\x00b",
        "👩‍👩‍👧 🏳️‍🌈",
        "שלום עולם هذا",
        "e\u0301a\u0301",
        HOSTILE,
        "... !!! ???",
        "\u202e\u2066x",
        "\ufeff",
    ],
)
@pytest.mark.parametrize("tab", ["Two sentences", "Hidden states"])
def test_any_text_is_read_as_text(pair: list[LabelRun], text: str, tab: str) -> None:
    app = opened("tagging", tagging_tab=tab)
    app.text_input(key="tagging-first").set_value(text).run()
    assert not app.exception
    shown = "".join("".join(words_of_grid(told)) for told in grids(app))
    for word in text.replace("\x00", "\ufffd").split()[: 1 if tab == "Hidden states" else None]:
        assert word.replace("`", "'")[:1] in shown.replace("`", "'") or word in ("*_`",)
    assert not [part.value for part in app.markdown if "example.invalid" in part.value]


def test_nothing_typed_is_a_hint_and_one_sentence_is_enough(pair: list[LabelRun]) -> None:
    for tab in ("Two sentences", "Hidden states"):
        app = opened("tagging", tagging_tab=tab)
        app.text_input(key="tagging-first").set_value("  ")
        app.text_input(key="tagging-second").set_value("").run()
        assert not app.exception and "Type a sentence" in said(app) and not grids(app)
        app.text_input(key="tagging-second").set_value("word").run()
        assert not app.exception and grids(app)


def test_long_texts_are_cut_and_said_so(pair: list[LabelRun]) -> None:
    app = opened("tagging")
    app.text_input(key="tagging-first").set_value("word " * 10_000).run()
    assert not app.exception and f"Only the first {MAX_TYPED:,} characters are read." in said(app)
    assert f"The first {MOST_WORDS} of 400 words are read." in said(app)
    app.text_input(key="tagging-first").set_value("x" * 10_000_000).run()
    assert not app.exception
    (told,) = grids(app)
    assert words_of_grid(told)[0] == "x" * MAX_TYPED


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.text(max_size=60), some.text(max_size=60))
def test_two_texts_of_any_kind_are_compared(pair: list[LabelRun], one: str, other: str) -> None:
    app = opened("tagging", tagging_tab="Hidden states")
    app.text_input(key="tagging-first").set_value(one)
    app.text_input(key="tagging-second").set_value(other).run()
    assert not app.exception, app.exception


@given(some.lists(some.sampled_from("ab"), max_size=6), some.lists(some.sampled_from("ab"), max_size=6))
def test_where_sentences_differ(one: list[str], other: list[str]) -> None:
    where = frames.differs(one, other)
    assert one[: where.before] == other[: where.before]
    assert one[len(one) - where.after :] == other[len(other) - where.after :]
    assert where.any == (one != other)
    assert where.before + where.after <= min(len(one), len(other))
    if where.any and where.before < min(len(one), len(other)):
        assert one[where.before] != other[where.before]


def test_without_taggers_the_page_says_how_to_train_one(home: Any) -> None:
    assert "train-tagger" in said(opened("tagging"))
    app = opened("tagging", tagging_tab="Whole texts")
    assert "No classifier is at hand." in said(app) and "The figures are not at hand" in said(app)


def test_a_bad_link_shows_the_first_part(pair: list[LabelRun]) -> None:
    app = opened("tagging", tagging_tab="<script>", tagging_network="../../x")
    assert len(grids(app)) == 1


def test_a_damaged_tagger_is_told(pair: list[LabelRun]) -> None:
    path = pair[0].folder / "weights.safetensors"
    damaged = bytearray(path.read_bytes())
    damaged[-3] ^= 1
    path.write_bytes(bytes(damaged))
    app = opened("tagging")
    assert "cannot be used" in said(app) and grids(app)[0]["heads"] == ["LSTM, both ways"]
    shutil.rmtree(pair[1].folder)
    assert "train-tagger" in said(opened("tagging"))


def test_whole_texts_are_judged_and_the_question_is_answered() -> None:
    given_texts = Labelled([["good", "day"], ["bad", "night"]] * 20, ["news", "romance"] * 20, of_texts=True)
    config = NetworkConfig("lstm", 2, embedding=6, hidden=6, dropout=0.0, pooling="both")
    run = new_label_run(folders("classifiers")[0], "bilstm-both", config, LabelTraining(epochs=2), given_texts, "small")
    list(train_label_run(run, given_texts, given_texts))
    scored = tuple(
        classify.Scored("lstm", directions, pooling, 10, right)
        for directions, pooling, right in ((1, "last", (0.4, 0.41)), (2, "both", (0.5, 0.51)))
    )
    figures = classify.Poolings("small", 2, {"train": 40, "test": 3}, 0.3, 0.45, (1, 2), scored)
    classify.FIGURES.keep(figures, PROGRAM)
    app = opened("tagging", tagging_tab="Whole texts", tagging_passage="good day")
    assert table_with(app, "right")["right"].tolist() == pytest.approx([0.405, 0.505, 0.45, 0.3])
    assert classify.answer(figures)[0] in said(app)
    found = classify.classify("good day", run)
    assert table_with(app, "guess 1")["guess 1"][0].startswith(found.label)
    forward, backward = grids(app)
    assert [row["marked"] for row in forward["groups"][0]["rows"]] == [False] * 5 + [True]
    assert [row["marked"] for row in backward["groups"][0]["rows"]] == [True] + [False] * 5
    app.text_area(key="tagging-passage").set_value(" ").run()
    assert not app.exception and "Type at least one word." in said(app)


def test_states_of_a_tagger_open_on_other_pages_with_their_directions_named(pair: list[LabelRun]) -> None:
    both = next(run for run in pair if run.config.directions == 2)
    record_states("\nThey are early birds today. She sings! " * 40, both, "states")
    for layer, way in (("1", "forward"), ("2", "backward")):
        told = f"Layer {layer}: {both.name}: h of layer 1, {way}"
        assert told in said(opened("neurons", run="states", neurons_layer=layer))
        assert told in said(opened("probes", run="states", probes_tab="A neuron", probes_layer=layer))
    named = ["1: h of layer 1, forward", "2: h of layer 1, backward"]
    clusters = opened("clusters", run="states")
    layers = next(one for one in clusters.get("button_group") if one.proto.label == "Layer")
    assert sorted(option.content for option in layers.proto.options) == named
    told = " ".join(one.value for one in (*clusters.caption, *clusters.text))
    assert "Nobody tells it" not in told and "fits nowhere" in told
