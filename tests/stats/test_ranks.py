"""Ranks against scipy and sklearn, what chance gives against every shift tried one by one."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import mannwhitneyu, rankdata, spearmanr
from sklearn.metrics import roc_auc_score

from lstm_core.stats import ranks

pytestmark = pytest.mark.numeric

HALVES = st.floats(width=16, allow_nan=False)  # both zeros, subnormal numbers and infinities too


@given(arrays(np.float16, st.integers(1, 60), elements=HALVES), st.sampled_from([np.float16, np.float32]))
def test_ranks_are_scipys_less_their_mean(values: Any, kind: type) -> None:
    expected = 2 * rankdata(values.astype(np.float64)) - (len(values) + 1)
    assert ranks.centred_ranks(values.astype(kind)).tolist() == expected.tolist()


def test_both_zeros_are_one_value() -> None:
    values = np.array([-0.0, 0.0, 1, -1])
    for kind in (np.float16, np.float32):
        assert ranks.centred_ranks(values.astype(kind)).tolist() == [0, 0, 3, -3]


@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_what_is_no_number_is_refused(kind: type) -> None:
    with pytest.raises(ValueError, match="some values are not numbers: record the text again"):
        ranks.centred_ranks(np.array([1, np.nan], kind))


def test_auroc_is_the_mann_whitney_statistic() -> None:
    rng = np.random.default_rng(1)
    values = rng.integers(0, 9, 500).astype(np.float32)
    mask = rng.random(500) < 0.3
    expected = mannwhitneyu(values[mask], values[~mask]).statistic / (mask.sum() * (~mask).sum())
    assert ranks.auroc(values, mask) == expected == pytest.approx(roc_auc_score(mask, values))


@pytest.mark.parametrize("window", [7, 2**16])
def test_strengths_of_many_rows_and_targets_are_sklearns_and_scipys(
    window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranks, "WINDOW", window)
    rng = np.random.default_rng(2)
    rows = rng.integers(-4, 5, (6, 200)).astype(np.float16) / 4
    masks = [rng.random(200) < share for share in (0.02, 0.5, 0.9)]
    levels = [rng.integers(0, 4, 200).astype(np.float32), np.arange(200, dtype=np.float32)]
    of_rows = np.stack([ranks.centred_ranks(row) for row in rows])
    found = ranks.strengths(of_rows, ranks.targets_of([*masks, *levels]))
    expected = [
        [*(2 * roc_auc_score(mask, row) - 1 for mask in masks), *(spearmanr(row, level).statistic for level in levels)]
        for row in rows
    ]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_what_is_always_the_same_has_no_strength() -> None:
    rows = np.stack([np.zeros(4, np.int64), ranks.centred_ranks(np.arange(4.0))])
    same: list[Any] = [np.ones(4, bool), np.zeros(4, np.float32)]
    assert not ranks.strengths(rows, ranks.targets_of(same)).any()
    assert not ranks.strengths(rows[:1], [np.array([True, False, True, False])]).any()


def test_chance_is_every_shift_tried_one_by_one() -> None:
    rng = np.random.default_rng(3)
    pairs = [(ranks.centred_ranks(rng.normal(size=53)), rng.random(53) < 0.4, sign) for sign in (1, -1, 1)]
    pairs.append((ranks.centred_ranks(rng.normal(size=53)), ranks.centred_ranks(rng.integers(0, 9, 53)), -1))
    family = ranks.Shifts()
    for row, target, sign in pairs:
        family.add(row, target, sign)
    tried = np.array([[sign * (row @ np.roll(target, shift)) for shift in range(53)] for row, target, sign in pairs])
    tried = tried / tried.std(axis=1, keepdims=True)
    reached = [np.mean(tried.max(axis=0) >= own - 1e-9) for own in tried[:, 0]]
    np.testing.assert_allclose(family.p_values(), reached)


def test_a_pair_that_never_changes_is_certain_to_be_reached() -> None:
    family = ranks.Shifts()
    family.add(np.zeros(5, np.int64), np.array([True, False, True, False, False]), 1)
    assert family.p_values() == [1.0]
    family.add(np.array([-4, -2, 0, 2, 4]), np.array([False, False, False, False, True]), 1)
    family.add(np.array([-4, -2, 0, 2, 4]), np.ones(5, bool), 1)
    assert family.p_values() == [1.0, pytest.approx(1 / 5), 1.0]
