"""The verbs of clusters: JSON for programs, what came with the program at once, errors that name the remedy."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lstm_core.clusters import states as clusters
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.text.corpus import keep_text, read_corpus

Verb = Callable[..., tuple[int, str, str]]
SMALL = ("--tokens", "6000", "--size", "15", "--samples", "5")


@pytest.fixture
def run(small_run: Callable[..., Run], words: Callable[..., str]) -> Run:
    keep_text("book", words(2400).encode())
    return small_run("mine", read_corpus("book"), weights=True)


def document(result: tuple[int, str, str]) -> Any:
    code, out, err = result
    assert code == 0, err
    return json.loads(out)


def test_cluster_gives_the_figures_and_keeps_them(cli: Verb, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    first = document(cli("cluster", "mine", *SMALL, "--json"))
    assert {"points", "clusters", "noise_share", "few_word_share", "best_by_tag"} <= first.keys()
    found = clusters.read_clustering(run, clusters.ClusterQuery(tokens=6000, min_cluster_size=15, min_samples=5))
    assert found is not None and clusters.read_map(run, found) is not None
    text = clusters.text_of(run, found)
    assert first["points"] == sum(character.isspace() for character in text)
    assert first["clusters"] == found.labels.max() + 1
    assert first["noise_share"] == pytest.approx(np.mean(found.labels < 0))
    for best in first["best_by_tag"].values():
        assert {"precision", "recall", "size"} <= best.keys() and 0 < best["precision"] <= 1
    monkeypatch.setattr(clusters, "cluster", lambda *_, **__: pytest.fail("it was at hand"))
    assert document(cli("cluster", "mine", *SMALL, "--json")) == first
    code, out, _ = cli("cluster", "mine", *SMALL)
    assert code == 0 and f"{first['points']:,} points of mine" in out
    with pytest.raises(pytest.fail.Exception, match="at hand"):
        cli("cluster", "mine", *SMALL, "--json", "--recompute")


def test_what_came_with_the_program_answers_at_once(cli: Verb, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "cluster", lambda *_, **__: pytest.fail("it was at hand"))
    for data in ("whitespace", "full"):
        for signal in ("h", "o"):
            told = document(cli("cluster", "war-and-peace-char", "--data", data, "--signal", signal, "--json"))
            assert told["points"] == (45_276 if data == "whitespace" else 50_000)
            assert 40 <= told["clusters"] <= 120


def test_clusters_of_the_untrained_twin_came_too() -> None:
    twin = open_run("war-and-peace-char-untrained")
    assert clusters.read_clustering(twin, clusters.ClusterQuery()) is not None


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("mine", "--data", "blanks"), "choose whitespace or full"),
        (("mine", "--signal", "q"), "lstm has signals"),
        (("mine", "--samples", "5000"), "no 5000-th neighbour"),
        (("other",), "other"),
    ],
)
def test_mistakes_name_the_remedy(cli: Verb, run: Run, asked: tuple[str, ...], said: str) -> None:
    code, out, err = cli("cluster", *asked)
    assert (code, out) == (2, "") and said in err


def test_rivals_are_compared_and_kept(cli: Verb, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from lstm_core.clusters import alternatives as rivals

    monkeypatch.setattr(clusters, "SPANS", {"whitespace": 6000, "full": 3000})
    monkeypatch.setattr(rivals, "PARAMETERS", ((30, 5),))
    monkeypatch.setattr(clusters.ClusterQuery, "__init__", _smaller(clusters.ClusterQuery.__init__))
    result = document(cli("rivals", "mine", "--control", "mine", "--json"))
    assert [row["name"] for row in result["controls"]] == ["mine"]
    assert len(result["rows"]) == len(result["agreement"]) >= 5
    assert rivals.read_comparison(run, clusters.ClusterQuery()) is not None
    monkeypatch.setattr(rivals, "compare", lambda *_, **__: pytest.fail("it was at hand"))
    code, out, _ = cli("rivals", "mine")
    assert code == 0 and "k-means" in out


def _smaller(init: Any) -> Any:
    """Queries whose clusters may be small unless said otherwise."""

    def make(self: Any, *args: Any, **named: Any) -> None:
        init(self, *args, **({"min_cluster_size": 15, "min_samples": 5, **named} if len(args) < 5 else named))

    return make
