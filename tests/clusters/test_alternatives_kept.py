"""The comparison with other methods as the page Clusters shows it."""

import math

from lstm_core.clusters.alternatives import COMPARISONS, Alternatives, Figures
from lstm_core.clusters.states import ClusterQuery
from lstm_core.runs.store import open_run
from pages.clusters.others import way_frame
from tests.opened_pages import opened, said, table_with

OURS, OTHER, TWIN = (
    Figures("ours", 5, 0.4, 0.6, 0.5, 0.7, 0.0),
    Figures("k-means, 5 clusters", 5, 0.0, 0.2, 0.4, 0.3, 9.0),
    Figures("twin", 2, 0.01, math.nan, 0.1, 0.0, 0.0),
)
TABLE = ((1.0, 0.25), (0.25, 1.0))


def test_one_line_a_way_and_one_a_model() -> None:
    told = way_frame(Alternatives(ClusterQuery(), "w", (OURS, OTHER), TABLE, TABLE, (0.9, 0.8), 0.8, (TWIN,)))
    assert told["way"].tolist() == ["ours", "k-means, 5 clusters", "twin"]
    agreement = told["agreement with ours"].tolist()
    assert agreement[:2] == [1, 0.25] and math.isnan(agreement[2])
    assert told["groups"].tolist() == [5, 5, 2] and told["tells modal verbs"][1] == 0.3


def test_the_page_shows_the_shipped_comparison() -> None:
    assert COMPARISONS.there(open_run("war-and-peace-char"), query=ClusterQuery())
    app = opened("clusters")
    assert "Agreement is 1 where two ways put the same moments together" in said(app)
    table = table_with(app, "agreement with ours")
    assert table["way"][0].startswith("HDBSCAN (ours") and table["agreement with ours"][0] == 1
    assert any(name.endswith("untrained") for name in table["way"])
