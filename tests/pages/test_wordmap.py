"""The page Word map, with maps set by hand: its groups are counted here anew; filters, links, lasso, offers, claims."""

import base64
import csv
import io
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.metrics import adjusted_rand_score

from lstm_core.clusters import word_map as wordmap
from lstm_core.clusters.word_groups import TABLE_5_1
from lstm_core.clusters.word_map import WORD_MAPS, WordMap
from lstm_core.runs import settings as shapes
from lstm_core.runs.cost import word_map_seconds
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.storage import jobs
from lstm_core.storage.files import home, write_json
from pages.word_map import frames
from pages.word_map.canvas import lasso
from pages.word_map.choice import command, job_folder
from pages.word_map.result import kept_queries
from tests.figures_on_pages import figure_on, rows
from tests.maps_on_pages import (  # noqa: F401 - fixtures that are used by being here
    CLASSES,
    COUNT,
    QUERY,
    book_run,
    canvas,
    class_of,
    figures_of,
    keep_others,
    kept_book_map,
    planted,
    small_book,
)
from tests.opened_pages import nothing_shipped, opened, said, table_with  # noqa: F401 - a fixture that is used by being here

GROUPS = len(CLASSES)


def tables(found: WordMap) -> dict[int, Counter[str]]:
    """The words of each class of the planted map."""
    rows: dict[int, Counter[str]] = {}
    for token in found.tokens:
        rows.setdefault(class_of(token), Counter())[token] += 1
    return rows


# What it shows --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["single", "ward"])
def test_groups_on_the_map_and_in_the_table_are_those_counted_here(way: str, found: WordMap) -> None:
    app = opened("word_map", wordmap_groups=str(GROUPS), wordmap_linkage=way)
    told = canvas(app)
    assert [told["types"][word].replace("⏎", "<eos>") for word in told["words"]] == found.tokens
    assert adjusted_rand_score(told["groups"], [class_of(token) for token in found.tokens]) == 1
    x, y = told["grid"].reshape(-1, 2).T
    assert np.corrcoef(x, found.places[:, 0])[0, 1] > 0.99999 and np.corrcoef(y, found.places[:, 1])[0, 1] > 0.99999
    shown = table_with(app, "different").set_index("group")
    by_size = sorted(tables(found).values(), key=lambda words: -words.total())
    for group, words in enumerate(by_size):
        assert shown.loc[group, "size"] == words.total() and shown.loc[group, "different"] == len(words)
        counts = [words[word] for word in shown.loc[group, "words"].split(", ") if word in words]
        assert counts == sorted(counts, reverse=True)
    assert f"{COUNT} words of the text, each a dot" in said(app)


@pytest.mark.parametrize("way", ["single", "ward"])
def test_any_number_of_groups_is_cut_as_scipy_cuts(way: str, found: WordMap) -> None:
    app = opened("word_map", wordmap_linkage=way)
    kept = wordmap.read_map(open_run("mine"), QUERY)
    assert kept is not None
    joined = linkage(kept.places, way)
    for number in (2, 17, 100, COUNT):
        app.slider(key="wordmap-groups").set_value(number).run()
        assert not app.exception
        assert adjusted_rand_score(canvas(app)["groups"], fcluster(joined, number, "maxclust")) > 0.999
        assert len(table_with(app, "different")) == number


def test_the_headline_tells_words_that_are_alike(found: WordMap) -> None:
    first = next(part.value for part in opened("word_map", wordmap_groups=str(GROUPS)).text)
    assert first.startswith("To this network “") and f"of the {COUNT} words on the map." in first
    told = set(first.split("“", 1)[1].rsplit("”", 1)[0].split("”, “"))
    assert any(told <= set(words) for words in CLASSES)


def test_filters_by_size_and_by_a_word(found: WordMap) -> None:
    app = opened("word_map", wordmap_groups=str(GROUPS))
    rows = dict(enumerate(sorted(tables(found).values(), key=lambda words: -words.total())))
    least = rows[2].total()
    app.number_input(key="wordmap-least").set_value(least).run()
    assert table_with(app, "different")["group"].tolist() == canvas(app)["shown"] == [0, 1, 2]
    assert {name["group"] for name in canvas(app)["names"]} == {0, 1, 2}
    app.number_input(key="wordmap-least").set_value(1)
    app.text_input(key="wordmap-word").set_value(" SHE ").run()
    (group,) = [group for group, row in rows.items() if "she" in row]
    shown = table_with(app, "of it")
    assert (shown["group"].tolist(), shown["of it"].tolist()) == ([group], [rows[group]["she"]])
    app.text_input(key="wordmap-word").set_value("zebra").run()
    assert not app.exception
    assert "No group passes these filters: choose a smaller size or another word" in said(app)
    assert canvas(app)["shown"] == []
    linked = table_with(opened("word_map", wordmap_groups=str(GROUPS), wordmap_word="she"), "of it")
    assert linked["group"].tolist() == [group]
    assert canvas(opened("word_map"))["shown"] is None


def test_a_marked_group_is_marked_everywhere_and_its_words_are_listed_by_frequency(found: WordMap) -> None:
    app = opened("word_map", wordmap_groups=str(GROUPS), wordmap_group="1")
    words = sorted(tables(found).values(), key=lambda words: -words.total())[1]
    told = canvas(app)
    assert told["chosen"] == 1 and [name["group"] for name in told["names"]] == [1]
    assert table_with(app, "different").attrs["ticked"] == [1]
    shown = table_with(app, "share of all its times")
    assert dict(zip(shown["word"], shown["times"], strict=True)) == words
    assert shown["times"].is_monotonic_decreasing and set(shown["share of all its times"]) == {1}
    app.number_input(key="wordmap-group").set_value(-1).run()
    assert canvas(app)["chosen"] is None and "Group 1" not in [part.value for part in app.subheader]


def test_a_mark_ends_when_groups_are_cut_anew(found: WordMap) -> None:
    app = opened("word_map", wordmap_groups=str(GROUPS), wordmap_group="1")
    app.segmented_control(key="wordmap-linkage").set_value("ward").run()
    assert canvas(app)["chosen"] is None and app.number_input(key="wordmap-group").value == -1


def test_rows_and_dots_mark_groups_and_a_dot_once_more_none(found: WordMap, monkeypatch: pytest.MonkeyPatch) -> None:
    choices: dict[str, Any] = {}
    monkeypatch.setattr("pages.word_map.groups.show", lambda *_, key, choice=None, **__: choices.update({key: choice}))
    monkeypatch.setattr(
        "pages.word_map.groups.dots",
        lambda view, *_, choose, **__: choices.update(dot=choose) or np.zeros(len(view.words), bool),
    )
    opened("word_map", wordmap_groups=str(GROUPS))
    state: dict[str, Any] = {}
    monkeypatch.setattr("pages.word_map.groups.st.session_state", state)
    choices["wordmap-table"].take(3)
    assert state == {"wordmap-group": 3}
    choices["dot"](2)
    assert state == {"wordmap-group": 2}
    choices["dot"](2)
    assert state == {"wordmap-group": -1}


def test_a_share_link_opens_the_same_view(found: WordMap) -> None:
    app = opened("word_map", wordmap_groups="5", wordmap_group="2", wordmap_linkage="ward")
    link = next(part.value for part in app.code if "wordmap-run=mine" in part.value)
    asked = {name.replace("-", "_"): value for name, value in parse_qsl(link.split("?", 1)[1])}
    again = opened("word_map", **asked)
    assert again.slider(key="wordmap-groups").value == 5
    assert canvas(again)["chosen"] == 2
    np.testing.assert_array_equal(canvas(app)["groups"], canvas(again)["groups"])


# The lasso ------------------------------------------------------------------------------------------------------------


def bits(inside: np.ndarray) -> str:
    return base64.b64encode(np.packbits(inside, bitorder="little").tobytes()).decode()


@given(inside=some.lists(some.booleans(), min_size=COUNT, max_size=COUNT))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
def test_a_lasso_is_read_as_the_browser_packs_it_and_nonsense_as_none(inside: list[bool], found: WordMap) -> None:
    mask = np.array(inside)
    good = {"of": found.fingerprint, "bits": bits(mask)}
    np.testing.assert_array_equal(lasso({"lasso": good}, found), mask)
    wrong = (None, 3, "x", {}, good | {"of": "other"}, good | {"bits": good["bits"][:-8]}, good | {"bits": "*"},
             good | {"bits": None}, good | {"bits": "é"})  # fmt: skip
    for bad in wrong:
        assert not lasso({"lasso": bad}, found).any()
    assert not lasso(None, found).any()


def test_words_in_the_lasso_are_listed_by_frequency_and_exported(
    found: WordMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = np.array([token in ("he", "river", "gate") for token in found.tokens])
    inside[:30] = False
    monkeypatch.setattr("pages.word_map.groups.dots", lambda *_, **__: inside)
    app = opened("word_map", wordmap_groups=str(GROUPS))
    counted = Counter(token for token, one in zip(found.tokens, inside, strict=True) if one)
    shown = table_with(app, "groups").set_index("word")
    assert shown["times"].to_dict() == counted and shown["times"].is_monotonic_decreasing
    for word, times in counted.items():
        assert shown.loc[word, "share of all its times"] == pytest.approx(times / found.tokens.count(word))
    assert f"{inside.sum()} words of the text, 3 different ones" in said(app)
    labels = np.array([class_of(token) for token in found.tokens], np.int32)
    places = list(csv.DictReader(io.StringIO(frames.words_csv(found, labels, inside))))
    assert [(int(row["position"]), row["word"], int(row["group"])) for row in places] == [
        (at, found.tokens[at], labels[at]) for at in np.flatnonzero(inside)
    ]
    assert len(list(csv.DictReader(io.StringIO(frames.words_csv(found, labels))))) == COUNT


def test_without_a_lasso_the_page_says_how_to_draw_one(found: WordMap) -> None:
    assert "choose Lasso above the map and draw around dots" in said(opened("word_map"))


# What is asked for ----------------------------------------------------------------------------------------------------


def test_the_choices_are_those_of_the_run_and_another_one_is_offered(
    found: WordMap, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[Path, list[str]]] = []
    monkeypatch.setattr(jobs, "start", lambda folder, words: started.append((folder, list(words))))
    app = opened("word_map", wordmap_layer="2", wordmap_signal="cell state (c)", wordmap_part="validation text")
    query = wordmap.WordMapQuery("c", 2, 18_000, "validation")
    size = np.diff(wordmap.read_corpus("book", "word").splits["validation"])[0]
    assert "This map is not made yet." in said(app)
    assert f"The model reads {size:,} words of the text" in said(app) and "about 8 s on this machine" in said(app)
    assert "h of layer 1, training text, 400 words" in said(app)  # what is at hand
    app.button(key=f"wordmap-go-{job_folder(run, query).name}").click().run()
    assert started == [(job_folder(run, query), command(run, query))]
    assert command(run, query) == [
        "wordmap", "--signal", "c", "--layer", "2", "--tokens", "18000", "--split", "validation", "--", "mine",
    ]  # fmt: skip
    WORD_MAPS.keep(planted(run, query))  # as the job leaves it
    assert len(canvas(app.run())["words"]) == size


def test_what_a_map_costs_is_about_a_minute_for_the_thesis_words() -> None:
    sweep = shapes.ModelConfig(9473, embedding=96, hidden=96, layers=2)
    assert 40 < word_map_seconds(sweep, 18_000, 2e10) < 120


def test_maps_of_several_sizes_are_told_apart(found: WordMap, run: Run) -> None:
    keep_others(run, {"tokens": 120}, {"tokens": 120, "seed": 3})
    app = opened("word_map", wordmap_words="120 words, seed 3")
    assert len(canvas(app)["words"]) == 120
    assert set(app.selectbox(key="wordmap-words").options) == {
        "400 words", "120 words", "120 words, seed 3", "18,000 words",
    }  # fmt: skip


@pytest.mark.parametrize("count", [10, 11, 40])
def test_fewer_words_than_groups_is_no_error(count: int, run: Run) -> None:
    WORD_MAPS.keep(planted(run, replace(QUERY, tokens=count)))
    for asked in ("100000", "100", "2"):
        app = opened("word_map", wordmap_groups=asked)
        assert (app.slider(key="wordmap-groups").max, len(canvas(app)["words"])) == (count, count)
    app.slider(key="wordmap-groups").set_value(count).run()
    assert len(table_with(app, "different")) == count


def test_a_smaller_map_after_a_larger_one_takes_no_number_with_it_that_it_cannot_have(found: WordMap, run: Run) -> None:
    keep_others(run, {"tokens": 20})
    app = opened("word_map", wordmap_words="400 words", wordmap_groups="300", wordmap_group="250")
    assert canvas(app)["chosen"] == 250
    app.selectbox(key="wordmap-words").set_value("20 words").run()
    assert not app.exception
    assert (len(canvas(app)["words"]), canvas(app)["chosen"]) == (20, None)
    assert len(table_with(app, "different")) == 20


@pytest.mark.parametrize(
    "asked",
    [
        {"wordmap_groups": "-5"}, {"wordmap_groups": "1e9"}, {"wordmap_group": "99999"}, {"wordmap_group": "-7"},
        {"wordmap_layer": "99"}, {"wordmap_signal": "<script>"}, {"wordmap_part": "x" * 10_000},
        {"wordmap_linkage": "average"}, {"wordmap_least": "-1"}, {"wordmap_words": "1"}, {"wordmap_groups": "many"},
    ],
)  # fmt: skip
def test_fault_21_29_bad_values_in_a_link_give_the_default_view(asked: dict[str, str], found: WordMap) -> None:
    told = canvas(opened("word_map", **asked))
    assert (told["chosen"], told["shown"], len(np.unique(told["groups"]))) == (None, None, 100)


@pytest.mark.parametrize("name", ["../../etc/passwd", "nobody", "<script>alert(1)</script>", ""])
def test_fault_20_21_an_unknown_run_in_a_link_is_said(name: str, found: WordMap) -> None:
    app = opened("word_map", wordmap_run=name)
    assert "The link names a model of words that is not here" in said(app)
    assert len(canvas(app)["words"]) == COUNT


# When little is at hand -----------------------------------------------------------------------------------------------


def test_without_a_run_of_words_the_page_says_what_to_do(small_run: Callable[..., Run]) -> None:
    small_run("letters", weights=True)
    app = opened("word_map")
    assert "No model of words is at hand" in said(app)
    assert "python -m lstm_core train my-words --preset sweep --epochs 1" in said(app)
    assert shapes.PRESETS["sweep"].title.startswith("Sweep: small word LSTM") and "Sweep: small word LSTM" in said(app)


@pytest.mark.parametrize("bad", [b"", b"x" * 100, "cut"])
def test_a_damaged_map_is_said_and_made_again(bad: bytes | str, found: WordMap, run: Run) -> None:
    keep_others(run, {"layer": 2})
    path = home() / "wordmaps" / f"{found.fingerprint}.safetensors"
    path.write_bytes(bad if isinstance(bad, bytes) else path.read_bytes()[:-9])
    app = opened("word_map", wordmap_layer="1")
    assert kept_queries(run) == [replace(QUERY, layer=2)]  # the page knows of no map of 400 words any more
    assert "This map is not made yet." in said(app)
    assert len(canvas(opened("word_map", wordmap_layer="2"))["words"]) == COUNT


def test_a_damaged_map_of_the_usual_size_is_told_as_damaged(run: Run) -> None:
    path = WORD_MAPS.keep(planted(run, replace(QUERY, tokens=18_000)))
    assert canvas(opened("word_map"))["shown"] is None
    path.write_bytes(path.read_bytes()[:-9])
    app = opened("word_map")
    assert "The kept map cannot be used: it is damaged" in said(app)
    (button,) = [one for one in app.button if str(one.key).startswith("wordmap-go")]
    assert button.label == "Make it again"


@pytest.mark.parametrize("count", [0, 1])
def test_a_crafted_map_of_hardly_a_word_does_not_end_the_page(count: int, run: Run) -> None:
    made = planted(run, replace(QUERY, tokens=18_000))
    small = replace(made, words=made.words[:1], places=made.places[:1], span=(0, 1), types=made.types)
    WORD_MAPS.keep(small if count else replace(small, span=(0, 2)))
    app = opened("word_map")
    assert not app.exception and "cannot be used" in said(app)


def test_maps_of_a_run_that_has_figures_only_are_shown_and_none_is_offered(
    run: Run, book: Any, small_run: Callable[..., Run]
) -> None:
    for change in ({}, {"signal": "c", "layer": 2}):
        WORD_MAPS.keep(planted(run, replace(QUERY, **change)), run)
    figures_of(run)
    small_run("another", book, weights=True)
    (home() / "texts" / "book.txt").unlink()
    app = opened("word_map", wordmap_run="mine")
    assert len(canvas(app)["words"]) == COUNT and "only maps are kept, no weights" in said(app)
    assert app.segmented_control(key="wordmap-layer").options == ["1", "2"]
    assert not [part for part in app.segmented_control if part.key in ("wordmap-signal", "wordmap-part")]
    app.segmented_control(key="wordmap-layer").set_value("2").run()
    assert not app.exception and canvas(app)["alt"].startswith(f"{COUNT} words")
    assert "wordmap-signal=cell+state" in next(part.value for part in app.code if "wordmap-run" in part.value)
    assert not [one for one in app.button if str(one.key).startswith("wordmap-go")]


def test_a_run_that_has_figures_and_no_map_is_not_offered(run: Run, small_run: Callable[..., Run]) -> None:
    figures_of(run)
    assert "No model of words is at hand" in said(opened("word_map"))


def test_without_its_text_a_kept_map_is_shown_and_a_new_one_says_what_is_missing(found: WordMap, run: Run) -> None:
    (home() / "texts" / "book.txt").unlink()
    assert len(canvas(opened("word_map"))["words"]) == COUNT
    app = opened("word_map", wordmap_layer="2")
    assert "is not at hand" in said(app) and "no corpus or text file 'book'" in said(app)


@pytest.mark.parametrize(("code", "says"), [(2, "no space left"), (None, "no space left")])
def test_work_that_came_to_nothing_is_told(code: int | None, says: str, run: Run) -> None:
    folder = job_folder(run, wordmap.WordMapQuery().of(run))
    folder.mkdir(parents=True)
    (folder / "job.json").write_text(json.dumps({"pid": 1, "command": ["wordmap"], "exit": code}))
    (folder / "job.log").write_text("lstm_core: no space left\n")
    app = opened("word_map")
    assert says in said(app) and "ended without a result" in said(app)
    assert [button for button in app.button if str(button.key).startswith("wordmap-go")]


# Beside the thesis ----------------------------------------------------------------------------------------------------


def test_the_thesis_stands_beside_the_maps_that_are_at_hand(found: WordMap, run: Run) -> None:
    app = opened("word_map")
    shown = table_with(app, "Jaccard").set_index("list")
    assert list(shown.index) == list(TABLE_5_1)
    assert shown.loc["=", "so it is"] == "cannot be told"
    assert shown.loc["pronouns", "the thesis"] == "she, he, He, it, She, they, It, who, They"
    assert "Cannot be told: the map of the cell state (c) of layer 1 is not at hand" in said(app)
    keep_others(run, {"signal": "c"}, {"split": "validation"}, {"layer": 2})
    app.run()
    assert "adjusted Rand index 1.00 (1 the same, 0 as by chance), n = 400 words of the text" in said(app)
    assert "of 400 words are in the largest" in said(app)


def test_runs_of_a_sweep_are_set_beside_each_other_over_dropout(small_run: Callable[..., Run], book: Any) -> None:
    for dropout in (0.0, 0.4, 0.8):
        made = small_run(f"s-d{dropout:g}", book, weights=True, dropout=dropout)
        plan = {"name": "s", "dropouts": [0.0, 0.4, 0.8], "seeds": [1]}
        write_json(made.folder / "config.json", made.config | {"sweep": plan})
        WORD_MAPS.keep(planted(open_run(made.name)))
    twin = small_run("s-d0-untrained", book, weights=True, training={"seed": 7})
    write_json(twin.folder / "config.json", twin.config | {"sweep": plan, "untrained_twin_of": "s-d0"})
    WORD_MAPS.keep(planted(open_run(twin.name)))  # a control is no run of the sweep
    assert "3 runs of one sweep over the same words" in said(app := opened("word_map", run="s-d0"))
    assert len(rows(figure_on(app, "homogeneity beyond chance"))["brackets"].x) == 3
