"""The linear reader: as scikit-learn's, blind where there is nothing, and no better than learning by heart where types
are all there is."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.preprocessing import StandardScaler

from lstm_core.stats.linear_probe import (
    FOLDS,
    INNER,
    PENALTIES,
    Probe,
    dealt,
    lead,
    probe,
)

pytestmark = pytest.mark.numeric


def places(seed: int, count: int = 120, width: int = 20, far: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Values (N, D) of places of two unequal kinds (N,), of which three values differ."""
    draw = np.random.default_rng(seed)
    kinds = draw.random(count) < 0.35
    values = draw.normal(size=(count, width))
    values[kinds, :3] += far
    return values, kinds


def by_sklearn(values: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """The same reader, fold by fold."""
    said = np.zeros(len(kinds), bool)
    for judged in np.array_split(np.arange(len(kinds)), FOLDS):
        seen = np.setdiff1d(np.arange(len(kinds)), judged)
        scale = StandardScaler().fit(values[seen])
        x, y = scale.transform(values[seen]), kinds[seen]
        weights = np.where(y, 1 / y.sum(), 1 / (~y).sum())
        losses = []
        for penalty in PENALTIES:
            loss = 0.0
            for some in np.array_split(np.arange(len(seen)), INNER):
                rest = np.setdiff1d(np.arange(len(seen)), some)
                model = of_sklearn(penalty).fit(x[rest], y[rest])
                share = model.predict_proba(x[some])[:, 1]
                loss -= (weights[some] * np.log(np.where(y[some], share, 1 - share))).sum()
            losses.append(loss)
        said[judged] = of_sklearn(PENALTIES[int(np.argmin(losses))]).fit(x, y).predict(scale.transform(values[judged]))
    return said


def of_sklearn(penalty: float) -> LogisticRegression:
    return LogisticRegression(C=1 / penalty, class_weight="balanced", tol=1e-8, max_iter=5000)


@pytest.mark.parametrize("width", [20, 200])
def test_a_reader_is_logistic_regression(width: int) -> None:
    values, kinds = places(0, width=width)
    found = probe(values, kinds)
    assert (found.said == by_sklearn(values, kinds)).mean() > 0.98  # a place on the border may fall either way
    assert found.accuracy == pytest.approx(balanced_accuracy_score(kinds, found.said))
    assert found.right == (found.said == kinds).mean() and found.majority == (~kinds).mean()


def test_what_is_planted_is_read_and_what_is_not_is_guessed() -> None:
    values, kinds = places(2, count=300, far=2.0)
    types = [f"word {number}" for number in np.random.default_rng(2).integers(0, 40, 300)]
    found = probe(values, kinds, types)
    assert found.accuracy > 0.9 and found.interval[0] > 0.8
    assert found.control is not None and 0.35 < found.control.accuracy < 0.65
    assert found.selectivity is not None and found.selectivity > 0.25
    assert found.control.types == 40 and found.control.repeated > 0.9


@pytest.mark.slow
def test_where_there_is_nothing_a_reader_guesses() -> None:
    accuracies, selective = [], []
    for seed in range(12):
        values, kinds = places(100 + seed, count=600, far=0.0)
        types = [str(number) for number in np.random.default_rng(seed).integers(0, 30, len(kinds))]
        found = probe(values, kinds, types, deals=2, seed=seed)
        accuracies.append(found.accuracy)
        selective.append(found.selectivity)
    assert np.mean(accuracies) == pytest.approx(0.5, abs=0.025)
    assert np.mean(selective) == pytest.approx(0, abs=0.03)


def test_a_type_that_can_be_learned_by_heart_leaves_no_selectivity() -> None:
    """States that hold the word before and nothing else, kinds that it decides: reading is learning by heart."""
    draw = np.random.default_rng(3)
    types = draw.integers(0, 6, 300)
    values = np.eye(6)[types] + draw.normal(0, 0.1, (300, 6))
    kinds = np.isin(types, [0, 3])
    found = probe(values, kinds, [str(number) for number in types])
    assert found.accuracy > 0.98 and found.control is not None and found.control.accuracy > 0.98
    assert found.selectivity == pytest.approx(0, abs=0.02)


def test_labels_are_dealt_by_type_with_the_shares_of_the_kinds() -> None:
    draw = np.random.default_rng(4)
    types = draw.integers(0, 50, 400)
    for _ in range(50):
        labels = dealt(types, 140, draw)
        assert all(len(set(labels[types == one])) == 1 for one in range(50))
        assert 140 - 12 <= labels.sum() <= 140
    share = np.mean([dealt(types, 140, draw) for _ in range(400)], axis=0)
    assert share.min() > 0.15 and share.max() < 0.6  # any type may have either


def test_one_type_alone_has_no_control_task_and_few_places_are_said() -> None:
    values, kinds = places(5)
    assert probe(values, kinds, ["left"] * len(kinds)).control is None
    with pytest.raises(ValueError, match="9 and 30 places: 10 of each kind"):
        probe(np.zeros((39, 4)), np.arange(39) < 9)
    with pytest.raises(ValueError, match="0 and 40 places"):
        probe(np.zeros((40, 4)), np.zeros(40, bool))


def test_units_that_never_change_and_kinds_in_one_stretch_do_no_harm() -> None:
    values, kinds = places(6)
    values[:, 5] = 0.3
    assert probe(values, kinds).accuracy > 0.6
    still = probe(np.ones((60, 3)), np.arange(60) < 30)
    assert still.accuracy <= 0.5


def test_an_interval_holds_the_truth_as_often_as_it_says() -> None:
    draw, inside = np.random.default_rng(7), 0
    kinds = np.arange(200) % 3 == 0
    for _ in range(400):
        said = np.where(draw.random(200) < np.where(kinds, 0.9, 0.7), kinds, ~kinds)
        low, high = Probe(kinds, said).interval
        inside += low <= 0.8 <= high
    assert inside / 400 >= 0.94
    low, high = Probe(kinds, kinds).interval
    assert low < 0.98 and high == 1.0


def test_mistakes_in_stretches_widen_the_interval() -> None:
    kinds = np.arange(400) % 2 == 0
    alone = np.where(np.arange(400) % 5 == 0, ~kinds, kinds)
    together = np.where(np.arange(400) // 8 % 5 == 0, ~kinds, kinds)
    widths = [high - low for low, high in (Probe(kinds, said).interval for said in (alone, together))]
    assert widths[1] > 1.5 * widths[0]


def test_a_lead_is_beyond_chance_where_it_is_planted() -> None:
    draw = np.random.default_rng(9)
    kinds, chances = np.arange(300) % 2 == 0, []
    for _ in range(200):
        one, other = (Probe(kinds, np.where(draw.random(300) < 0.8, kinds, ~kinds)) for _ in "ab")
        chances.append(lead(one, other)[1])
    assert np.mean(np.array(chances) <= 0.05) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 200)
    ahead, chance = lead(Probe(kinds, kinds), other)
    assert ahead == pytest.approx(1 - other.accuracy) and chance < 1e-6
