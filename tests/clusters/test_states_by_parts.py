"""What the page Clusters is made of: excerpts set in lines, CSV files, kinds of groups, the map, costs, jobs."""

import csv
import io
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from app.charts.maps import NAMED, among, kinds_map
from app.work import told
from lstm_core.clusters import contents as cluster_table
from lstm_core.clusters.states import NOISE, Clustering, ClusterQuery
from lstm_core.runs.cost import clustering_seconds
from lstm_core.runs.run import Run
from pages.clusters import frames
from pages.clusters.choice import moments
from pages.clusters.members import lines
from tests.clusters_on_pages import (  # noqa: F401 - fixtures that are used by being here
    TAGS,
    book_clusters,
    book_run,
    book_text,
)


def test_a_line_of_the_concordance_is_the_text(found: Clustering, text: str) -> None:
    excerpts = cluster_table.members(found, text, 3, 50)
    for line, one in zip(lines(found, excerpts), excerpts, strict=True):
        assert line["at"] == "⏎"
        joined = line["before"] + line["word"]
        assert joined == text[max(one.position - 40, 0) : one.position].replace("\n", "⏎")
        assert line["word"] == text[slice(*found.words[one.point])]
        assert line["place"] == f"character {one.position:,} of the text"


def test_progress_is_read_from_the_last_line() -> None:
    assert told(" 40% nearest neighbours") == (0.4, "nearest neighbours: 40%")
    assert told("100% done") == (1.0, "done: 100%")
    assert told("") == (0.0, "starting") == told("some warning")


def test_the_cost_grows_with_pairs_and_is_known_from_the_text(run: Run, text: str) -> None:
    blanks = sum(one.isspace() for one in text)
    assert moments(run, ClusterQuery().of(run)) == (blanks, len(text))
    assert moments(run, ClusterQuery(tokens=100).of(run)) == (sum(one.isspace() for one in text[:100]), 100)
    assert moments(run, ClusterQuery("full", tokens=-1).of(run)) == (len(text), len(text))
    asked = ((10**4, 1e9), (2 * 10**4, 1e9), (2 * 10**4, 2e9))
    few, many, fast = (clustering_seconds(run.model_config, points, 1000, rate) for points, rate in asked)
    assert many - few == pytest.approx(3 * 2.0 * 1e8 * 8 / 1e9)
    assert fast < many


def test_all_points_as_csv(found: Clustering, text: str) -> None:
    rows = list(csv.DictReader(io.StringIO(frames.points_csv(found, text))))
    assert len(rows) == len(found.labels)
    for row, place, (start, stop), code, label in zip(
        rows, found.positions, found.words, found.tags, found.labels, strict=True
    ):
        assert int(row["position"]) == place and row["character"] == text[place]
        assert row["word"] == text[start:stop]
        assert row["tag"] == (TAGS[code] if code >= 0 else "")
        assert row["cluster"] == ("" if label == NOISE else str(label))


def test_kinds_at_their_borders() -> None:
    row = cluster_table.ClusterRow(0, 10, 1.0, 1.0, (), 0.9, 0.0, 0.0, (), (), ())
    share = cluster_table.TagShare("VBD", 0, 10, 0.5, 0.1)
    assert frames.kind(row) == "one or two words"
    assert frames.kind(replace(row, punctuation=0.9)) == "after punctuation"
    assert frames.kind(replace(row, punctuation=0.9, line_breaks=0.9)) == "line breaks"
    assert (
        frames.kind(replace(row, two_words=0.89, tags=(share, replace(share, tag="VBG", precision=0.3)))) == "grammar"
    )
    assert frames.kind(replace(row, two_words=0.89, tags=(share, replace(share, tag="NN", precision=0.3)))) == "mixed"


def test_the_map_has_every_point_once_with_its_number_and_reads_no_html() -> None:
    chance = np.random.default_rng(0)
    places, labels = chance.normal(size=(500, 2)), chance.integers(NOISE, 20, 500)
    figure = kinds_map(places, labels, ["<b>he</b>\n"] * 500, names=["<i>"] * 20)
    numbers = np.concatenate([row.customdata for row in figure.data])
    assert sorted(numbers.tolist()) == list(range(500))
    drawn = np.concatenate([np.stack((row.x, row.y), axis=1) for row in figure.data])
    np.testing.assert_array_equal(drawn, places[numbers])
    assert {row.text[0] for row in figure.data} == {"&lt;b&gt;he&lt;/b&gt;⏎"}
    coloured = [row for row in figure.data if row.name == "&lt;i&gt;"]
    assert len(coloured) == NAMED
    sizes = sorted((int(np.sum(labels == number)) for number in range(20)), reverse=True)
    assert [len(row.x) for row in coloured] == sizes[:NAMED]
    assert len({row.marker.color for row in coloured}) == len(coloured)
    with pytest.raises(ValueError, match="give one of each a point"):
        kinds_map(places, labels, [])


def test_what_is_marked_is_shown_among_all_on_a_map_of_its_own() -> None:
    places = np.random.default_rng(0).normal(size=(50, 2))
    everything, marked = among(places, [7, 3], "group 5", ["<i>one</i>", "two"]).data
    np.testing.assert_array_equal(np.stack((everything.x, everything.y), axis=1), places)
    np.testing.assert_array_equal(np.stack((marked.x, marked.y), axis=1), places[[7, 3]])
    assert (marked.name, marked.hovertext) == ("group 5", ("&lt;i&gt;one&lt;/i&gt;", "two"))
    assert marked.text == ("&lt;i&gt;one&lt;/i&gt;", "")  # the others would cover it


def test_the_page_opens_without_torch() -> None:
    modules = ", ".join(f"pages.clusters.{name}" for name in ("overview", "others", "members", "choice"))
    code = f"import sys, {modules}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"torch", "hdbscan", "sklearn", "nltk"}
