"""What is learned: the variance of two paired scores against brute force, chance, and how often it is said in error."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter
from scipy.stats import spearmanr, t
from sklearn.metrics import roc_auc_score

from lstm_core.neurons.features import Feature
from lstm_core.neurons.label_search import LabelQuery, find_labels
from lstm_core.recordings.recording import Recording, RecordingSpec
from lstm_core.stats.false_discovery import FALSE_SHARE, adjusted
from lstm_core.stats.paired_test import (
    LEADS,
    LEARNED,
    MARGIN,
    NOT_AHEAD,
    UNKNOWN,
    by_block,
    influence,
    outcomes,
    p_value,
    standard_error,
)
from lstm_core.stats.ranks import centred_ranks
from lstm_core.text.corpus import Vocabulary

pytestmark = pytest.mark.numeric

WITH_TIES = st.integers(4, 40).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(-5, 5), min_size=n, max_size=n) for _ in range(3)])
)


def placements(values: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """DeLong's: for each positive the share of negatives below it, for each negative that of positives above it."""
    wins = np.array([[(one > other) + (one == other) / 2 for other in values[~mask]] for one in values[mask]])
    return wins.mean(axis=1), wins.mean(axis=0)


# Influences -----------------------------------------------------------------------------------------------------------


@given(WITH_TIES)
def test_the_variance_of_two_paired_aurocs_is_delongs(lists: tuple[list[int], ...]) -> None:
    one, other = np.array(lists[0]), np.array(lists[1])
    mask = np.array(lists[2]) > 0
    positives, negatives = int(mask.sum()), int((~mask).sum())
    if min(positives, negatives) < 2:
        return
    tens, ones = zip(placements(one, mask), placements(other, mask), strict=True)
    expected = sum(  # the 2 x 2 covariances of both scores, as DeLong et al. estimate them, at the contrast (1, -1)
        np.array([1, -1]) @ np.cov(np.stack(parts)) @ np.array([1, -1]) / parts[0].size for parts in (tens, ones)
    )
    found = influence(centred_ranks(one), mask) - influence(centred_ranks(other), mask)
    assert found.sum() == pytest.approx(0, abs=1e-12)
    ours = sum(
        count / (count - 1) * np.sum(found[side] ** 2) for side, count in ((mask, positives), (~mask, negatives))
    )
    assert ours == pytest.approx(expected, abs=1e-12)


@given(WITH_TIES)
def test_an_influence_is_what_a_little_more_weight_on_a_position_changes(lists: tuple[list[int], ...]) -> None:
    """Of Spearman's correlation: by weights in the ranks, their means and their products, all by brute force."""
    one, other = (np.array(values, float) for values in lists[:2])
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return

    def weighted(weights: np.ndarray) -> float:
        ranks = []
        for values in (one, other):
            below = (values[None, :] < values[:, None]) + (values[None, :] == values[:, None]) / 2
            ranks.append(below @ weights - 0.5)
        products = [(weights * a * b).sum() for a, b in ((ranks[0], ranks[1]), (ranks[0],) * 2, (ranks[1],) * 2)]
        return products[0] / np.sqrt(products[1] * products[2])

    count = len(one)
    even = np.full(count, 1 / count)
    assert weighted(even) == pytest.approx(spearmanr(one, other).statistic, abs=1e-9)
    found = influence(centred_ranks(one), centred_ranks(other))
    assert found.sum() == pytest.approx(0, abs=1e-10)
    for position in (0, count - 1):
        more, step = np.eye(count)[position], 1e-5
        change = (weighted((1 - step) * even + step * more) - weighted((1 + step) * even - step * more)) / (2 * step)
        assert found[position] * count == pytest.approx(change, abs=1e-5)


def test_what_never_changes_moves_nothing() -> None:
    still, moving = np.zeros(30, np.int64), centred_ranks(np.arange(30))
    mask = np.arange(30) % 3 == 0
    for ranks, target in ((still, mask), (still, moving), (moving, still), (moving, np.zeros(30, bool))):
        assert not influence(ranks, target).any()


# Errors and chances ---------------------------------------------------------------------------------------------------


def slow_noise(rng: np.random.Generator, shape: tuple[int, ...], memory: float = 0.98) -> np.ndarray:
    return lfilter([np.sqrt(1 - memory**2)], [1, -memory], rng.normal(size=shape), axis=-1)


def test_blocks_tell_how_much_a_score_varies_where_neighbours_are_alike_and_single_positions_do_not() -> None:
    rng, ordered = np.random.default_rng(0), np.tile(np.arange(1, 41), 100)
    mask = ordered > 25
    for target, score in ((mask, roc_auc_score), (centred_ranks(ordered), lambda a, b: spearmanr(a, b).statistic)):
        scores, blocks, alone = [], [], []
        for _ in range(150):
            values = slow_noise(rng, (4000,)) + mask
            found = influence(centred_ranks(values), target)
            scores.append(score(target, values))
            blocks.append(standard_error(by_block(found)))
            alone.append(standard_error(found))
        varies = np.std(scores)
        assert np.sqrt(np.mean(np.square(blocks))) == pytest.approx(varies, rel=0.25)
        assert np.sqrt(np.mean(np.square(alone))) < 0.6 * varies or target is not mask


def test_chances_are_students_t_of_one_side() -> None:
    for difference, error in ((0.05, 0.02), (-0.05, 0.02), (0.0, 0.1)):
        assert p_value(difference, error) == pytest.approx(t.sf(difference / error, 24))
    assert p_value(0.1, 0.02, blocks=5) == pytest.approx(t.sf(5, 4))
    assert (p_value(0.3, 0), p_value(0.0, 0), p_value(-0.3, 0)) == (0, 1, 1)


@given(st.lists(st.tuples(st.floats(-0.2, 0.2), st.floats(0, 1)), min_size=1, max_size=60))
def test_outcomes_are_those_of_the_step_up_procedure(pairs: list[tuple[float, float]]) -> None:
    differences, chances = map(list, zip(*pairs, strict=True))
    found, told = outcomes(differences, chances)
    assert found.tolist() == adjusted(chances).tolist()
    count, ordered = len(chances), sorted(chances)
    reached = [value for rank, value in enumerate(ordered, 1) if value <= FALSE_SHARE * rank / count]
    limit = max(reached, default=-1)
    for difference, value, sure, outcome in zip(differences, chances, found, told, strict=True):
        if abs(sure - FALSE_SHARE) > 1e-12:
            assert (sure <= FALSE_SHARE) == (value <= limit)
            assert outcome == (NOT_AHEAD if difference <= MARGIN else LEARNED if value <= limit else LEADS)


def test_of_no_tests_there_is_nothing_to_adjust() -> None:
    assert adjusted([]).tolist() == adjusted(np.zeros(0)).tolist() == []


# Among units ----------------------------------------------------------------------------------------------------------

TOKENS, UNITS = 6000, 8
QUERY = LabelQuery("h", 1)
FLAG = np.random.default_rng(5).random(TOKENS // 20).repeat(20) < 0.4
LENGTHS = np.random.default_rng(6).integers(20, 80, 300)  # of lines
COUNT = np.concatenate([np.arange(1.0, length + 1) for length in LENGTHS])[:TOKENS].astype(np.float32)
FEATURES = [Feature("a flag", "", FLAG), Feature("a count", "", COUNT, ordered=True)]


def recording(rng: np.random.Generator, planted: dict[int, Any]) -> Recording:
    values = 0.3 * slow_noise(rng, (UNITS, TOKENS), 0.9)
    for unit, more in planted.items():
        values[unit] += more
    spec = RecordingSpec("r", "w", "t", "f", (0, TOKENS), "lstm", UNITS, ("h",), (1,))
    ids = np.zeros(TOKENS, np.int32)
    return Recording(
        spec, Vocabulary(("a", "b"), "characters"), ids, np.arange(TOKENS), np.ones(TOKENS, np.float32),
        {("h", 1): values.astype(np.float16)},
    )  # fmt: skip


def test_what_a_planted_unit_has_more_than_the_twin_is_learned_and_the_rest_is_not() -> None:
    rng = np.random.default_rng(1)
    mine = recording(rng, {0: FLAG, 1: -COUNT / 25, 2: 0.4 * FLAG, 3: 0.2 * FLAG})
    twin = recording(rng, {5: 0.4 * FLAG, 6: COUNT / 100})
    found = find_labels(mine, QUERY, twin=twin, features=FEATURES)
    one, two, three, four = found.units[:4]
    assert one.learned and two.learned
    assert three.outcome != LEARNED  # as good as the twin's best
    assert four.outcome == NOT_AHEAD and four.lead_chance is not None and four.lead_chance > 0.9
    assert [best.outcome for best in found.features] == [LEARNED, LEARNED]
    half = TOKENS // 2
    mask, ranks = FLAG[half:], [centred_ranks(r.unit("h", 1, u)[half:]) for r, u in ((mine, 0), (twin, 5))]
    error = standard_error(by_block(influence(ranks[0], mask) - influence(ranks[1], mask)))
    assert one.error == pytest.approx(error, abs=1e-6)
    alone = find_labels(mine, QUERY, features=FEATURES)
    assert {unit.outcome for unit in alone.units} == {best.outcome for best in alone.features} == {UNKNOWN}
    assert not any(unit.learned for unit in alone.units)


def test_all_units_are_adjusted_for_and_not_those_alone_that_got_a_label() -> None:
    rng = np.random.default_rng(2)
    found = find_labels(recording(rng, {0: FLAG}), QUERY, twin=recording(rng, {}), features=FEATURES)
    assert [unit.unit for unit in found.labelled] == [0]
    chances = [p_value(unit.score - unit.control, unit.error) for unit in found.units]  # type: ignore[operator,arg-type]
    expected, told = outcomes([unit.score - (unit.control or 0) for unit in found.units], chances)
    assert [unit.lead_chance for unit in found.units] == pytest.approx(expected.tolist(), abs=1e-3)
    assert [unit.outcome for unit in found.units] == told


@pytest.mark.parametrize("planted", [0.3 * FLAG, COUNT / 100], ids=["flag", "count"])
def test_a_twin_of_the_same_kind_is_rarely_surpassed(planted: Any) -> None:
    """Both do the same but for noise: some unit scores higher nearly always, and is said to have learned it rarely."""
    rng, tries, higher, learned = np.random.default_rng(3), 120, 0, 0
    for _ in range(tries):
        mine, twin = (recording(rng, dict.fromkeys(range(4), planted)) for _ in range(2))
        found = find_labels(mine, QUERY, twin=twin, features=FEATURES)
        higher += any(unit.score > (unit.control or 0) for unit in found.units)
        learned += any(unit.outcome == LEARNED for unit in found.units)
    assert higher > 0.8 * tries
    assert learned <= 0.08 * tries  # 5% of them, and what chance adds to that


def test_a_twin_that_is_the_model_itself_is_never_surpassed() -> None:
    mine = recording(np.random.default_rng(4), {0: FLAG, 1: 0.5 * FLAG, 2: COUNT / 25})
    found = find_labels(mine, QUERY, twin=mine, features=FEATURES)
    assert LEARNED not in {unit.outcome for unit in found.units} | {best.outcome for best in found.features}
    assert found.units[0].error == 0 and found.units[0].lead_chance == 1
