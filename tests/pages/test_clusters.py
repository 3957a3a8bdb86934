"""The page Clusters, with clusterings set by hand: its figures are counted here anew, its filters, links and offers."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from app.components.tag_names import named
from lstm_core.clusters import contents as cluster_table
from lstm_core.clusters import states as clusters
from lstm_core.clusters.states import NOISE, SETTINGS, Clustering, ClusterQuery
from lstm_core.runs.run import Run
from lstm_core.storage import jobs
from lstm_core.storage.files import home as home_folder
from lstm_core.text.corpus import keep_text, read_corpus
from pages.clusters.choice import command, job_folder
from tests.clusters_on_pages import (  # noqa: F401 - fixtures that are used by being here
    GROUPS,
    TAGS,
    book_clusters,
    book_run,
    book_text,
    metrics,
    planted,
    shown_lines,
    table_of,
    words_in,
)
from tests.opened_pages import nothing_shipped, opened, said, table_with  # noqa: F401 - a fixture that is used by being here

# What it shows --------------------------------------------------------------------------------------------------------


def test_the_page_opens_with_what_is_kept(found: Clustering, text: str) -> None:
    app = opened("clusters")
    shown = metrics(app)
    assert shown["Groups (clusters)"] == "5"
    assert shown["Moments (points)"] == f"{text.count(' ') + text.count(chr(10)):,}"
    noise = np.mean(found.labels == NOISE)
    assert shown["In no group (noise)"] == f"{100 * noise:.1f}%"
    assert shown["Groups of few words"] == "50.0%"  # "the" and commas; not the modal verbs nor three words alike
    first = next(part.value for part in app.text)
    assert first.startswith("The network puts the blanks after “")
    assert all(f"“{word}”" in first for word in ("would", "could", "should"))


def test_figures_of_the_table_are_those_counted_here(found: Clustering, text: str) -> None:
    lines = table_of(opened("clusters")).set_index("cluster")
    assert list(lines["kind"]) == ["one or two words", "grammar", "after punctuation", "line breaks", "mixed"]
    words = Counter(words_in(found, text, 1))
    assert lines.loc[1, "commonest words"] == ", ".join(word for word, _ in words.most_common())
    tags = [TAGS[code] if code >= 0 else "" for code in found.tags]
    inside = [tag for tag, label in zip(tags, found.labels, strict=True) if label == 1]
    assert lines.loc[1, "tag"] == "MD"
    assert lines.loc[1, "precision"] == pytest.approx(inside.count("MD") / len(inside), abs=5e-4)
    assert lines.loc[1, "recall"] == pytest.approx(inside.count("MD") / tags.count("MD"), abs=5e-4)
    assert lines.loc[1, "moments"] == len(inside)
    few = max(words.most_common()[0][1] + words.most_common()[1][1], 0) / len(inside)
    assert lines.loc[1, "few words"] == pytest.approx(few, abs=5e-4)


def test_filters_by_tag_size_and_few_words(found: Clustering, text: str) -> None:
    app = opened("clusters")
    app.selectbox(key="clusters-tag").set_value("VB: verb, base form: go, be").run()
    shown = table_of(app)
    assert list(shown["F1"]) == sorted(shown["F1"], reverse=True)
    assert set(shown["tag"]) == {"VB"}
    assert shown["cluster"][0] == 4  # line breaks hold some, too
    precision, recall = shown["precision"][0], shown["recall"][0]
    assert shown["F1"][0] == pytest.approx(2 * precision * recall / (precision + recall), abs=2e-3)
    app.selectbox(key="clusters-tag").set_value("all")
    app.toggle(key="clusters-hide").set_value(True).run()
    assert list(table_of(app)["cluster"]) == [1, 3, 4]
    sizes = found.sizes
    app.number_input(key="clusters-least").set_value(int(sizes[4])).run()
    assert list(table_of(app)["cluster"]) == [number for number in (1, 3, 4) if sizes[number] >= sizes[4]]
    app.number_input(key="clusters-least").set_value(1_000_000).run()
    assert not app.exception
    assert "choose another part of speech or a smaller size" in said(app)


def test_the_chosen_group_is_shown_in_its_text(found: Clustering, text: str) -> None:
    app = opened("clusters")
    for group in (1, 0, 4):
        app.number_input(key="clusters-cluster").set_value(group).run()
        shown = shown_lines(app)
        assert len(shown) == 12
        assert {line["word"] for line in shown} <= set(words_in(found, text, group))
        assert table_of(app).attrs["ticked"] == [group]
        assert f"12 of {found.sizes[group]:,} moments" in said(app)
    app.number_input(key="clusters-cluster").set_value(NOISE).run()
    assert table_of(app).attrs["ticked"] == []
    assert {line["word"] for line in shown_lines(app)}.isdisjoint({word for group in GROUPS for word in group})


def test_another_sample_shows_other_moments_and_its_number_brings_them_back(found: Clustering) -> None:
    app = opened("clusters")
    first = shown_lines(app)
    app.button(key="clusters-another").click().run()
    second = shown_lines(app)
    assert first != second
    assert app.number_input(key="clusters-sample").value == 1
    app.number_input(key="clusters-sample").set_value(0).run()
    assert shown_lines(app) == first
    app.segmented_control(key="clusters-examples").set_value(25).run()
    assert len(shown_lines(app)) == 25


def test_hidden_state_and_output_gate_stand_side_by_side(found: Clustering, run: Run, text: str) -> None:
    app = opened("clusters")
    assert "groups by output gate are not at hand" in said(app)
    gate = planted(run, text, "o", [("would",), ("the", "a"), ("he", "she")])
    clusters.CLUSTERS.keep(gate)
    app = opened("clusters")
    picker = app.selectbox(key="clusters-both-")
    assert picker.value == "MD: modal verb: can, would"
    rows = [cluster_table.table(one, text) for one in (found, gate)]
    best = [cluster_table.best_by_tag(row)["MD"] for row in rows]
    captions = [part.value for part in app.caption]
    for share in best:
        assert f"precision {share.precision:.1%}, recall {share.recall:.1%}, F1 {share.f1:.3f}" in captions
    assert {line["word"] for line in shown_lines(app, 2)} == {"would"}
    both = table_with(app, "output gate: cluster").set_index("tag")
    assert both.loc["MD", "hidden state: cluster"] == best[0].cluster == 1
    assert both.loc["PRP", "output gate: recall"] == pytest.approx(
        cluster_table.best_by_tag(rows[1])["PRP"].recall, abs=5e-4
    )


def test_full_data_tell_characters_and_no_shares_of_words(run: Run, text: str) -> None:
    positions = np.arange(len(text))
    labels = np.array([0 if one == "h" else 1 if one == "e" else NOISE for one in text], np.int32)
    query = ClusterQuery("full").of(run)
    corpus = read_corpus("book", "char").fingerprint
    clusters.CLUSTERS.keep(
        Clustering(query, run.name, run.fingerprint, "book", corpus, (0, len(text)), positions, labels,
                   np.ones(len(text), np.float32), np.ones(2))
    )  # fmt: skip
    app = opened("clusters")
    assert metrics(app)["Groups of few words"] == "—"
    shown = table_with(app, "character read")
    assert list(shown["character read"]) == ["h 100%", "e 100%"]
    following = Counter(text[place + 1] for place in positions[:-1] if text[place] == "h").most_common(1)[0]
    assert shown["character next"][0].startswith(f"{following[0]} {100 * following[1] / text.count('h'):.0f}%")
    assert {line["at"] for line in shown_lines(app)} <= {"h", "e"}
    shares = {one: Counter(text[place + 1] for place in positions[:-1] if text[place] == one) for one in "he"}
    one = max("he", key=lambda one: shares[one].most_common(1)[0][1] / text.count(one))
    (after, count), total = shares[one].most_common(1)[0], text.count(one)
    sentence = f"100% of them after reading {one}, {100 * count / total:.0f}% before {after.replace(' ', '␣')}."
    assert f"The network puts {total:,} moments into one group: {sentence}" in said(app)


# What it says when there is little ------------------------------------------------------------------------------------


@pytest.mark.parametrize("groups", [[], [("would", "could")]], ids=["all noise", "one cluster"])
def test_fault_27_degenerate_clusterings_are_told(groups: list[Any], run: Run, text: str) -> None:
    clusters.CLUSTERS.keep(planted(run, text, groups=groups))
    app = opened("clusters")
    assert metrics(app)["Groups (clusters)"] == str(len(groups))
    if groups:
        assert table_of(app)["commonest words"][0] in ("would, could", "could, would")
    else:
        assert metrics(app)["In no group (noise)"] == "100.0%"
        assert metrics(app)["Groups of few words"] == "—"
        assert "every moment is unlike the others" in said(app)


def test_what_is_not_at_hand_is_offered_as_the_job_that_a_person_would_type(
    run: Run, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[Path, list[str]]] = []
    monkeypatch.setattr(jobs, "start", lambda folder, words: started.append((folder, list(words))))
    app = opened("clusters", clusters_signal="output gate", clusters_size="finer")
    query = ClusterQuery(signal="o", min_cluster_size=50).of(run)
    blanks = text.count(" ") + text.count("\n")
    assert f"The model reads {len(text):,} characters, then each of {blanks:,} moments" in said(app)
    app.button(key=f"clusters-go-{job_folder(run, query).name}").click().run()
    assert started == [(job_folder(run, query), command(run, query))]
    words = started[0][1]
    assert words[0] == "cluster" and words[-2:] == ["--", "small"]
    given = dict(zip(words[1:-2:2], words[2:-2:2], strict=True))
    assert given == {"--data": "whitespace", "--signal": "o", "--layer": "2", "--tokens": "250000", "--size": "50",
                     "--samples": "10"}  # fmt: skip


def test_work_under_way_is_followed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = job_folder(run, ClusterQuery().of(run))
    folder.mkdir(parents=True)
    (folder / "job.log").write_text("  3% reading\n 40% nearest neighbours\n")
    monkeypatch.setattr(jobs, "is_alive", lambda place: place == folder)
    app = opened("clusters")
    bar = app.get("progress")[0].proto
    assert (bar.value, bar.text) == (40, "nearest neighbours: 40%")
    assert not [button for button in app.button if str(button.key).startswith("clusters-go")]


@pytest.mark.parametrize(("code", "says"), [(2, "no space left"), (None, "no space left")])
def test_work_that_came_to_nothing_is_told(code: int | None, says: str, run: Run) -> None:
    folder = job_folder(run, ClusterQuery().of(run))
    folder.mkdir(parents=True)
    (folder / "job.json").write_text(json.dumps({"pid": 1, "command": ["cluster"], "exit": code}))
    (folder / "job.log").write_text("lstm_core: no space left\n")
    app = opened("clusters")
    assert says in said(app) and "ended without a result" in said(app)
    assert [button for button in app.button if str(button.key).startswith("clusters-go")]


def test_a_damaged_file_is_told_and_made_again(found: Clustering, run: Run, text: str) -> None:
    path = home_folder() / "clusters" / f"{found.fingerprint}.safetensors.xz"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    app = opened("clusters")
    assert "cannot be used" in said(app) and "damaged" in said(app)
    assert command(run, found.query, again=True)[-3:] == ["--recompute", "--", "small"]
    assert app.button(key=f"clusters-go-{job_folder(run, found.query).name}").label == "Compute again"
    clusters.CLUSTERS.keep(found)  # what that job does
    assert metrics(opened("clusters"))["Groups (clusters)"] == "5"


def test_damaged_files_of_other_results_do_not_matter(found: Clustering, run: Run) -> None:
    for name, content in (("0000.json", "{"), ("0000.npz", "PK"), ("0001.json", "[1]"), ("0002.safetensors.xz", "[1]")):
        (home_folder() / "clusters" / name).write_text(content)
    assert metrics(opened("clusters"))["Groups (clusters)"] == "5"
    path = clusters.CLUSTERS.keep(found, run)
    path.write_bytes(b"PK")  # the shipped one is damaged, but there is one's own
    assert metrics(opened("clusters"))["Groups (clusters)"] == "5"


def test_fault_28_without_its_text_the_figures_are_shown_and_the_remedy(found: Clustering) -> None:
    (home_folder() / "texts" / "book.txt").unlink()
    app = opened("clusters")
    assert metrics(app)["Groups (clusters)"] == "5"
    assert metrics(app)["Groups of few words"] == "—"
    assert "is not at hand" in said(app) and "no corpus or text file 'book'" in said(app)
    app = opened("clusters", clusters_signal="output gate")
    assert "no corpus or text file 'book'" in said(app)


def test_a_word_model_is_told_and_a_model_of_letters_is_a_click_away(small_run: Any, found: Clustering) -> None:
    small_run("wordy", read_corpus("book", "word"), weights=True)
    app = opened("clusters", run="wordy")
    assert "This model reads words" in said(app)
    app.button(key="clusters-run-small").click().run()
    assert metrics(app)["Groups (clusters)"] == "5"


def test_a_cell_without_an_output_gate_has_its_hidden_state(small_run: Any, text: str) -> None:
    keep_text("book", text.encode())
    small_run("gru", read_corpus("book", "char"), weights=True, cell="gru")
    app = opened("clusters", run="gru", clusters_signal="output gate")
    assert "These groups are not computed yet" in said(app)
    assert not [part for part in app.get("button_group") if getattr(part, "key", "") == "clusters-signal"]


# Links ----------------------------------------------------------------------------------------------------------------


def test_a_link_brings_back_every_choice(found: Clustering, run: Run, text: str) -> None:
    clusters.CLUSTERS.keep(planted(run, text, "o", GROUPS[:3]))
    app = opened(
        "clusters", run="small", clusters_signal="output gate", clusters_cluster="2", clusters_tag=named("MD"),
        clusters_least="3", clusters_hide="true", clusters_examples="25", clusters_sample="7",
    )  # fmt: skip
    assert metrics(app)["Groups (clusters)"] == "3"
    assert app.number_input(key="clusters-cluster").value == 2
    assert app.selectbox(key="clusters-tag").value == named("MD")
    assert app.toggle(key="clusters-hide").value is True
    assert app.number_input(key="clusters-least").value == 3
    assert len(shown_lines(app)) == 25
    assert app.number_input(key="clusters-sample").value == 7


def test_another_clustering_shows_its_own_example_first(found: Clustering, run: Run, text: str) -> None:
    clusters.CLUSTERS.keep(planted(run, text, "o", [("the",), ("a",), ("would", "could", "should")]))
    app = opened("clusters", clusters_cluster="4")
    assert app.number_input(key="clusters-cluster").value == 4
    app.segmented_control(key="clusters-signal").set_value("output gate").run()
    assert not app.exception
    assert app.number_input(key="clusters-cluster").value == 2


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=some.lists(some.text(some.characters(codec="utf-8"), max_size=12), min_size=6, max_size=6))
def test_fault_21_bad_links_show_the_usual_view(values: list[str], found: Clustering) -> None:
    names = ("data", "signal", "cluster", "tag", "examples", "sample")
    app = opened("clusters", **{f"clusters_{name}": value for name, value in zip(names, values, strict=True)})
    assert app.title[0].value == "Clusters"


def test_the_presets_are_all_offered(run: Run) -> None:
    app = opened("clusters")
    assert app.segmented_control(key="clusters-size").options == list(SETTINGS)
