"""Distributions against numpy and scipy, whatever the window; memory that does not grow with the text; what is kept."""

import shutil
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from lstm_core.neurons.distributions import (
    BINS,
    DISTRIBUTIONS,
    DistributionQuery,
    Distributions,
    counted,
    distributions,
    read_distributions,
)
from lstm_core.recordings.record import Text, record
from lstm_core.recordings.recording import Recording, RecordingSpec, verify
from lstm_core.runs.run import Run
from lstm_core.stats.count_loops import count_bins
from lstm_core.stats.counts import PER_UNIT, Tally, TallyQuery, least_of_bins, tally
from lstm_core.storage.tiles import TILE, Tiles, new_tiles
from lstm_core.text.corpus import Vocabulary

pytestmark = pytest.mark.numeric

H = TallyQuery((-1.0, 1.0), workers=1)
C = TallyQuery((0.001, 0.999), quantiles=True, workers=1)
EDGES = np.linspace(-1, 1, BINS + 1)


def planted(values: Any, signal: str = "h", **spec: Any) -> Recording:
    """A recording in memory whose layer 1 has the values (U, P)."""
    units, length = values.shape
    vocabulary = Vocabulary(("a",), "characters")
    about = RecordingSpec("run", "w", "text", "f", (0, length), "lstm", units, (signal,), (1,))
    tokens = np.zeros(length, np.int32)
    signals = {(signal, 1): values}
    probability = np.zeros(length, np.float32)
    return Recording(replace(about, **spec), vocabulary, tokens, np.arange(length), probability, signals)


def found_in(values: Any, signal: str = "h") -> Distributions:
    return distributions(planted(values, signal), DistributionQuery(signal, 1))


def laplace(units: int, positions: int, scale: float = 0.1, seed: int = 0) -> np.ndarray:
    return np.clip(np.random.default_rng(seed).laplace(0.02, scale, (units, positions)), -1, 1)


def check(found: Tally, values: np.ndarray, middle: float = 0.0) -> None:
    """All of a tally against numpy over the same values as float32, in float64."""
    assert found.counts.tolist() == [np.histogram(row, found.edges)[0].tolist() for row in values.astype(np.float32)]
    wide = values.astype(np.float64)
    limits = {"below": wide < found.edges[0], "above": wide > found.edges[-1], "near_zero": np.abs(wide) <= 0.01}
    limits |= {"lower": wide < middle - 0.01, "upper": wide > middle + 0.01}
    for name, mask in limits.items():
        assert getattr(found, name).tolist() == mask.sum(axis=1).tolist(), name
    median = np.median(wide, axis=1)
    for name, expected in (("median", median), ("lowest", wide.min(axis=1)), ("highest", wide.max(axis=1))):
        np.testing.assert_array_equal(getattr(found, name), expected, name)
    digits = {"rtol": 1e-9, "atol": 1e-12 * np.abs(wide).max()}
    np.testing.assert_allclose(found.mean, wide.mean(axis=1), **digits)
    np.testing.assert_allclose(found.deviation, wide.std(axis=1), **digits)
    np.testing.assert_allclose(found.mean_abs, np.abs(wide).mean(axis=1), **digits)
    np.testing.assert_allclose(found.spread, np.abs(wide - median[:, None]).mean(axis=1), **digits)


# Counting -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize(("units", "positions"), [(1, 1), (3, 2), (2, 1001), (70, 3000)])
def test_all_is_as_numpy_counts_it(dtype: type, units: int, positions: int) -> None:
    values = laplace(units, positions).astype(dtype)
    check(tally(values, H), values)
    check(tally(values, C), values)
    gates = np.abs(values)
    check(tally(gates, TallyQuery((0.0, 1.0), middle=0.5)), gates, 0.5)


def around(edges: np.ndarray, dtype: type) -> np.ndarray:
    """The values nearest to each edge and their neighbours on both sides."""
    near = edges.astype(dtype)
    up, down = (np.nextafter(near, dtype(end)) for end in (np.inf, -np.inf))
    return np.concatenate([near, up, down, np.nextafter(up, dtype(np.inf)), np.nextafter(down, dtype(-np.inf))])


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_values_on_edges_and_beside_them_are_in_the_bins_of_numpy(dtype: type) -> None:
    tiny = np.finfo(dtype).smallest_subnormal
    odd = np.array([0, -0.0, tiny, -tiny, 1, -1, 1.5, -1.5, 60000, -60000, 0.01, -0.01, 0.5, -0.25], dtype)
    for low, high in ((-1.0, 1.0), (0.0, 1.0)):
        values = np.concatenate([odd, around(np.linspace(low, high, BINS + 1), dtype)])[None]
        check(tally(values, TallyQuery((low, high), middle=(low + high) / 2)), values, (low + high) / 2)


@pytest.mark.parametrize("seed", range(12))
def test_values_at_the_edges_between_quantiles_are_in_the_bins_of_numpy(seed: int) -> None:
    draw = np.random.default_rng(seed)
    ends = np.sort(draw.normal(draw.choice([0, 3, 300]), draw.choice([1e-5, 0.5, 40]), 2)).astype(np.float32)
    if seed % 3 == 0:  # many edges are float32 values themselves
        ends = np.float32([-25 * 2.0**-seed, 25 * 2.0**-seed])
    low, high = ends.astype(float)
    edges = np.linspace(low, max(high, low + 1e-6 * max(1, abs(low))), BINS + 1)
    values = np.concatenate([around(edges, np.float32), draw.choice(ends, 500), draw.uniform(*ends, 5000)])
    values = np.sort(values.astype(np.float32))[None]
    query = replace(C, between=tuple(np.searchsorted(values[0], ends, side="right") / values.size))
    found = tally(values, query)
    np.testing.assert_array_equal(found.edges, edges)
    check(found, values)


@given(st.lists(st.floats(width=32, allow_nan=False, min_value=-(2.0**20), max_value=2.0**20), min_size=1, max_size=40))
def test_any_values_are_ranked_and_counted_as_numpy_does(numbers: list[float]) -> None:
    values = np.array([numbers, numbers[::-1]], np.float32)
    check(tally(values, H), values)
    found = tally(values, C)
    check(found, values)
    low, high = np.quantile(values, [0.001, 0.999], method="inverted_cdf").astype(np.float64)
    assert (found.edges[0], found.edges[-1]) == (low, max(high, low + 1e-6 * max(1, abs(low))))


def test_bins_of_small_intervals_and_of_edges_at_zero_are_those_of_comparing() -> None:
    draw = np.random.default_rng(0)
    for _ in range(200):
        low = draw.normal(0, 5)
        ends = [(low, low + draw.exponential(5)), (low, low + 1e-6), (-low, low), (300 + low, 301 + low)]
        low, high = np.sort(np.float32(ends[draw.integers(4)])).tolist()
        edges = np.linspace(low, high + 1e-6 * (low == high), BINS + 1)
        least = least_of_bins(edges)
        values = (draw.choice(least, 2000).view(np.int32) + draw.integers(-4, 5, 2000).astype(np.int32)).view("f4")
        values = values[np.isfinite(values)]
        inside = np.searchsorted(edges, values.astype(np.float64), side="right")
        inside[values == edges[-1]] = BINS
        scale, counts = BINS / (edges[-1] - edges[0]), np.zeros((1, BINS + 2), np.int64)
        count_bins(values[None, None], (0, 1, 0, len(values)), least, scale, 1 - edges[0] * scale, counts)
        np.testing.assert_array_equal(counts[0], np.bincount(inside, minlength=BINS + 2))


def test_the_interval_of_c_holds_all_but_a_thousandth_at_each_end_and_the_rest_is_told_apart() -> None:
    values = (np.random.default_rng(0).standard_t(2, (5, 40_000)) * 20).astype(np.float32)
    found = found_in(values, "c")
    low, high = np.quantile(values, [0.001, 0.999], method="inverted_cdf").astype(np.float64)
    np.testing.assert_array_equal(found.edges, np.linspace(low, high, BINS + 1))
    assert (found.below.sum(), found.above.sum()) == ((values < low).sum(), (values > high).sum())
    assert (found.counts.sum(axis=1) + found.below + found.above).tolist() == [40_000] * 5
    check(found, values)


def test_a_constant_layer_has_an_interval() -> None:
    found = found_in(np.full((2, 50), 300.5, np.float32), "c")
    assert (found.counts.sum(axis=1).tolist(), found.deviation.tolist()) == ([50, 50], [0, 0])
    assert (np.diff(found.edges) > 0).all()


@pytest.mark.parametrize("query", [replace(H, window=1000), replace(C, window=1000)])
def test_ranks_are_exact_among_values_that_differ_in_their_last_bits(query: TallyQuery) -> None:
    """All of a unit's values have the upper half of their pattern in common, but for some of two units."""
    draw = np.random.default_rng(0)
    values = (np.float32(0.5).view(np.uint32) + draw.integers(0, 2**16, (70, 12_000), np.uint32)).view(np.float32)
    values[::2] *= -1
    values[7, ::2], values[8, 1::2] = 0.25, -0.75
    found = tally(values, query)
    check(found, values)
    if query.quantiles:
        low, high = np.quantile(values, query.between, method="inverted_cdf").astype(np.float64)
        assert (found.edges[0], found.edges[-1]) == (low, high)


# Piece by piece -------------------------------------------------------------------------------------------------------


def on_disk(folder: Path, values: np.ndarray) -> Tiles:
    path = folder / "values.npy"
    made = new_tiles(path, values.dtype.type, *values.shape)
    made.put(0, values)
    return Tiles(path, values.shape[1])


@pytest.mark.parametrize(("dtype", "query"), [(np.float16, H), (np.float32, H), (np.float32, C)])
def test_a_window_changes_no_count_and_neither_do_threads_or_the_disk(
    tmp_path: Path, dtype: type, query: TallyQuery
) -> None:
    values = laplace(67, 3 * TILE + 77).astype(dtype)
    whole = tally(values, query)
    kept = on_disk(tmp_path, values)
    for window, workers in ((61, 1), (100, 3), (TILE, 2), (10_000, 2)):
        found = tally(kept, replace(query, window=window, workers=workers))
        for name in ("edges", "counts", "below", "above", "near_zero", "lower", "upper", "median", "lowest", "highest"):
            np.testing.assert_array_equal(getattr(found, name), getattr(whole, name), name)
        for name in ("mean", "deviation", "mean_abs", "spread"):
            np.testing.assert_allclose(getattr(found, name), getattr(whole, name), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("dtype", "query"), [(np.float16, H), (np.float32, C)])
def test_memory_does_not_grow_with_the_text(tmp_path: Path, dtype: type, query: TallyQuery) -> None:
    peaks, window = [], 2048
    for times in (5, 40):
        values = on_disk(tmp_path, np.tile(laplace(32, 4 * window).astype(dtype), times))
        tracemalloc.start()
        tally(values, replace(query, window=window))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        del values
    assert peaks[1] < 1.02 * peaks[0]


def test_progress_ends_at_all() -> None:
    told: list[float] = []
    tally(laplace(70, 10).astype(np.float16), H, report=lambda share, word: told.append(share))
    assert told == [1 / 3, 2 / 3, 1]


# Divergence -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signal", ["h", "c"])
def test_divergences_are_those_of_scipy_with_half_a_value_in_every_bin(signal: str) -> None:
    values = np.stack([laplace(1, 4000, scale, seed)[0] for seed, scale in enumerate((0.05, 0.1, 0.1, 0.3))])
    found = found_in(values.astype(np.float32), signal)
    filled = found.counts + 0.5
    shares = filled / filled.sum(axis=1, keepdims=True)
    mean = shares.mean(axis=0)
    np.testing.assert_allclose(found.unit_from_mean, [entropy(row, mean, base=2) for row in shares], rtol=1e-10)
    np.testing.assert_allclose(found.mean_from_unit, [entropy(mean, row, base=2) for row in shares], rtol=1e-10)
    np.testing.assert_allclose(found.divergence, found.unit_from_mean + found.mean_from_unit, rtol=1e-15)
    assert (found.unit_from_mean > 0).all() and (found.mean_from_unit > 0).all()


def test_equal_units_do_not_diverge() -> None:
    found = found_in(np.repeat(laplace(1, 500), 5, axis=0).astype(np.float16))
    np.testing.assert_allclose(found.divergence, 0, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_unusual_unit_ranks_first_and_those_near_zero_come_last(seed: int) -> None:
    values = laplace(40, 2000, seed=seed)
    values[7] = np.random.default_rng(seed).choice([-0.95, 0.9], 2000)
    values[[3, 30]] /= 1000
    values[3, :199] = 0.5  # 90.05 % near zero: just set aside
    values[20, :1799] = 0  # 89.95 %: just not
    values[20, 1799:] = 0.5
    found = found_in(values.astype(np.float16))
    ranking = found.ranking()
    assert ranking[0] == 7 and set(ranking[-2:].tolist()) == {3, 30}
    assert sorted(ranking.tolist()) == list(range(40))
    assert np.flatnonzero(found.set_aside).tolist() == [3, 30]
    assert (np.diff(found.divergence[ranking[:-2]]) <= 0).all()
    assert found.set_aside_share == 2 / 40
    assert found.layer_mean_abs == pytest.approx(np.abs(values.astype(np.float16).astype(float)).mean())


# Kept, handed in, refused ---------------------------------------------------------------------------------------------


def test_what_is_kept_with_a_run_is_read_again(small_run: Callable[..., Run]) -> None:
    run, query = small_run("mine", weights=True), DistributionQuery("c", 1)
    assert read_distributions(run, query) is None
    recording = planted(laplace(8, 700).astype(np.float32), "c", weights=run.fingerprint)
    found = distributions(recording, query)
    path = DISTRIBUTIONS.keep(found, run)
    assert path == run.folder / "results" / "distributions" / "c-1.safetensors.xz"
    again = read_distributions(run, query)
    assert again is not None and (again.query, again.source, again.total) == (query, recording.spec, 700)
    for name in ("edges", *PER_UNIT):
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))
        assert getattr(again, name).dtype == getattr(found, name).dtype
    np.testing.assert_array_equal(again.ranking(), found.ranking())
    DISTRIBUTIONS.keep(replace(found, source=replace(found.source, weights="other")), run)
    assert read_distributions(run, query) is None
    path.write_bytes(path.read_bytes()[:-7])
    assert read_distributions(run, query) is None


def test_what_was_counted_of_a_recording_is_kept_with_it(
    small_run: Callable[..., Run], corpus: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, query = small_run(weights=True), DistributionQuery("c", 2)
    first, other = (record(run, Text("small", corpus.ids[:stop], corpus.fingerprint, (0, stop))) for stop in (900, 700))
    found = counted(first, query)
    kept = first.folder / "distributions" / "c-2.safetensors.xz"
    shutil.copytree(kept.parent, other.folder / "distributions")  # of another text: not used
    assert counted(other, query).total == 700
    kept.write_bytes(kept.read_bytes()[:-3])
    assert counted(first, query).total == 900
    monkeypatch.setattr("lstm_core.neurons.distributions.tally", lambda *_, **__: pytest.fail("counted again"))
    again = counted(Recording.open(first.folder), query)
    for name in ("edges", *PER_UNIT):
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))
    verify(first.folder)


def test_a_run_without_weights_has_those_that_its_results_are_of(small_run: Callable[..., Run]) -> None:
    run, query = small_run("mine"), DistributionQuery("h", 1)
    DISTRIBUTIONS.keep(found_in(laplace(8, 50).astype(np.float16)), run)
    assert not run.has_weights and read_distributions(run, query) is not None


@pytest.mark.parametrize(("dtype", "query"), [(np.float16, H), (np.float32, H), (np.float32, C)])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(dtype: type, query: TallyQuery, bad: float) -> None:
    values = laplace(3, 50).astype(dtype)
    values[1, 7] = bad
    with pytest.raises(ValueError, match="not finite"):
        tally(values, query)


def test_the_largest_values_of_float32_are_counted() -> None:
    values = np.array([[1, 2, 3e38, -3e38]], np.float32)
    check(tally(values, C), values)


def test_a_recording_without_positions_or_the_signal_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to count"):
        found_in(np.zeros((3, 0), np.float16))
    with pytest.raises(ValueError, match="not c of layer 2"):
        distributions(planted(np.zeros((3, 5), np.float16)), DistributionQuery("c", 2))


def test_counting_does_not_write_into_the_recording() -> None:
    for dtype in (np.float16, np.float32):
        values = laplace(2, 200).astype(dtype)
        values.flags.writeable = False
        found_in(values, "c" if dtype is np.float32 else "h")
