"""What a unit does: histograms and contexts against numpy and brute force, on planted recordings."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import laplace

from lstm_core.neurons.profile import BINS, QUANTILES, NeuronQuery, contexts, contexts_near, profile, reach_of
from lstm_core.recordings.recording import Recording, RecordingSpec
from lstm_core.text.corpus import Vocabulary
from pages.neurons.frames import histogram_frame

Plant = Callable[..., Recording]


def planted(values: np.ndarray, signal: str = "h", positions: np.ndarray | None = None, text: str = "") -> Recording:
    """A recording in memory whose layer 1 has the values (U, P)."""
    kept = np.arange(values.shape[1]) if positions is None else positions
    length = int(kept.max()) + 1 if len(kept) else 10
    text = text or "abc d" * (length // 5 + 1)
    vocabulary = Vocabulary(tuple(sorted(set(text))), "characters")
    spec = RecordingSpec("run", "w", "text", "f", (0, length), "lstm", len(values), (signal,), (1,))
    tokens = vocabulary.ids(list(text[:length]))
    return Recording(spec, vocabulary, tokens, kept, np.zeros(length, np.float32), {(signal, 1): values})


def normal(units: int, tokens: int, scale: float = 0.3) -> np.ndarray:
    values = np.random.default_rng(0).normal(0, scale, (units, tokens))
    return np.clip(values, -1, 1).astype(np.float32)


def test_counts_are_those_of_numpy_and_sum_to_all() -> None:
    values = normal(4, 5000)
    found = profile(planted(values), NeuronQuery("h", 1, 2))
    edges = np.linspace(-1, 1, 201)
    np.testing.assert_allclose(found.edges, edges, atol=1e-12)
    expected = [
        int(((values[2] >= low) & ((values[2] < high) | (last & (values[2] == 1)))).sum())
        for low, high, last in zip(edges[:-1], edges[1:], np.arange(BINS) == BINS - 1, strict=True)
    ]
    assert found.counts.tolist() == expected
    assert (found.counts.sum(), found.total, found.outside) == (5000, 5000, 0)
    wide = values.astype(np.float64)
    assert found.mean == pytest.approx(wide[2].mean(), abs=1e-9)
    assert found.deviation == pytest.approx(wide[2].std(), abs=1e-9)
    assert (found.lowest, found.highest) == (values[2].min(), values[2].max())
    assert found.near_zero_share == pytest.approx(np.mean(np.abs(wide[2]) <= 0.01), abs=1e-9)


@pytest.mark.parametrize(
    ("value", "bin_"), [(0.0, 100), (-0.0, 100), (-1e-6, 99), (0.0099, 100), (0.0101, 101), (-1.0, 0), (1.0, 199)]
)
def test_bins_are_right_open_and_the_last_is_closed(value: float, bin_: int) -> None:
    found = profile(planted(np.full((1, 30), value, np.float32)), NeuronQuery("h", 1, 0))
    assert np.flatnonzero(found.counts).tolist() == [bin_]


@pytest.mark.parametrize(
    ("signal", "bounds"),
    [*((signal, (-1, 1)) for signal in "hgn"), *((signal, (0, 1)) for signal in "iforz")],
)  # fmt: skip
def test_edges_are_the_bounds_of_the_signal(signal: str, bounds: tuple[int, int]) -> None:
    found = profile(planted(np.full((1, 30), 0.5, np.float32), signal), NeuronQuery(signal, 1, 0))
    assert (found.edges[0], found.edges[-1], len(found.edges)) == (*bounds, BINS + 1)


def test_cell_state_is_shown_between_quantiles_of_its_layer_and_the_rest_counted() -> None:
    values = np.random.default_rng(0).standard_t(2, (5, 4000)).astype(np.float32) * 20
    found = profile(planted(values, "c"), NeuronQuery("c", 1, 3))
    np.testing.assert_allclose(found.edges[[0, -1]], np.quantile(values.ravel(), [0.001, 0.999]), rtol=1e-6)
    beyond = int(((values[3] < found.edges[0]) | (values[3] > found.edges[-1])).sum())
    assert found.outside == beyond > 0
    assert found.counts.sum() + beyond == 4000


def test_a_constant_cell_state_has_a_histogram() -> None:
    found = profile(planted(np.full((2, 50), 3.5, np.float32), "c"), NeuronQuery("c", 1, 0))
    assert (found.counts.sum(), found.outside, found.deviation) == (50, 0, 0)
    assert (np.diff(found.edges) > 0).all()


def test_a_unit_reaches_as_far_as_99_percent_of_its_values_on_either_side_of_zero() -> None:
    below, above = -np.arange(1, 1002) / 10, np.arange(1, 201.0)  # 1,001 and 200 values, evenly spaced
    values = np.random.default_rng(0).permutation(np.concatenate([below, above, np.zeros(5)])).astype(np.float32)
    assert reach_of(values) == pytest.approx((-99.1, 198.01))
    assert profile(planted(values[None], "c"), NeuronQuery("c", 1, 0)).reach == pytest.approx((-99.1, 198.01))


@pytest.mark.parametrize(
    ("values", "reach"),
    [([5.0, 5.0], (-0.5, 5.0)), ([-3.0, 0.1], (-3.0, 0.3)), ([-3.0, 0.6], (-3.0, 0.6)), ([0.0, 0.0], (-1e-7, 1e-7))],
)
def test_a_side_that_is_hardly_used_reaches_a_tenth_of_the_other(
    values: list[float], reach: tuple[float, float]
) -> None:
    assert reach_of(np.array(values, np.float32)) == pytest.approx(reach)


def test_layer_share_is_the_mean_share_of_all_units() -> None:
    values = normal(4, 3000)
    found = profile(planted(values), NeuronQuery("h", 1, 0))
    assert found.layer_share.sum() == pytest.approx(1)
    shares = [profile(planted(values), NeuronQuery("h", 1, unit)).counts / 3000 for unit in range(4)]
    np.testing.assert_allclose(found.layer_share, np.mean(shares, axis=0), atol=1e-12)


def test_layer_share_of_a_large_layer_is_a_sample_of_it() -> None:
    values = normal(3, 1_000_003)
    found = profile(planted(values), NeuronQuery("h", 1, 0))
    exact = np.histogram(values, found.edges)[0] / values.size
    assert found.layer_share.sum() == pytest.approx(1)
    np.testing.assert_allclose(found.layer_share, exact, atol=5e-4)


# Contexts -------------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.integers(-6, 6), min_size=1, max_size=60),
    st.integers(1, 8),
    st.integers(0, 6),
    st.sampled_from([1, -1]),
)
def test_top_contexts_are_those_a_plain_search_finds(values: list[int], count: int, around: int, sign: int) -> None:
    array = np.array(values, np.float32)
    recording = planted(array[None])
    found = contexts(recording, sign * array, count, around=around, sign=sign)
    left, expected = set(range(len(values))), []
    while left and len(expected) < count:
        best = max(sign * values[position] for position in left)
        if len(expected) < len(found):  # among equal values any place may be taken
            place = found[len(expected)].position
            assert place in left
            assert sign * values[place] == best
            left -= set(range(place - around, place + around + 1))
        expected.append(best)
    assert [sign * context.value for context in found] == expected


def test_contexts_show_the_text_around_and_the_value_there() -> None:
    text = "".join(chr(97 + number % 26) for number in range(300))
    values = np.zeros((1, 300), np.float32)
    values[0, [3, 150, 299]] = 0.7, 0.9, -0.8
    found = profile(planted(values, text=text), NeuronQuery("h", 1, 0, contexts=2))
    assert [(context.position, round(context.value, 4)) for context in found.top] == [(150, 0.9), (3, 0.7)]
    top, second = found.top
    assert ("".join(top.before), top.token, "".join(top.after)) == (text[110:150], text[150], text[151:191])
    assert ("".join(second.before), len(second.after)) == (text[:3], 40)
    last = found.bottom[0]
    assert (last.position, last.value, last.after) == (299, pytest.approx(-0.8), ())


def test_contexts_of_kept_positions_are_places_in_the_whole_text() -> None:
    positions = np.arange(0, 500, 7)
    values = np.zeros((1, len(positions)), np.float32)
    values[0, 40] = 1
    found = profile(planted(values, positions=positions), NeuronQuery("h", 1, 0, contexts=1))
    assert found.top[0].position == 280


def test_no_contexts_where_none_are_asked_for() -> None:
    found = profile(planted(normal(1, 100)), NeuronQuery("h", 1, 0, contexts=0))
    assert found.top == found.bottom == ()
    assert [one.contexts for one in found.between] == [(), (), ()]


@given(
    st.lists(st.integers(-6, 6), min_size=1, max_size=60), st.integers(1, 8), st.integers(0, 6), st.floats(0.05, 0.95)
)
def test_contexts_near_a_quantile_are_those_a_plain_search_finds(
    values: list[int], count: int, around: int, quantile: float
) -> None:
    array = np.array(values, np.float32)
    found = contexts_near(planted(array[None]), array, quantile, count, around=around)
    value = sorted(values)[max(int(np.ceil(quantile * len(values) - 1e-9)), 1) - 1]
    assert found.value == value
    left, expected = set(range(len(values))), []
    while left and len(expected) < count:
        nearest = min(abs(values[position] - value) for position in left)
        if len(expected) < len(found.contexts):  # among equally near ones any place may be taken
            place = found.contexts[len(expected)]
            assert place.position in left
            assert abs(values[place.position] - value) == nearest
            assert place.value == values[place.position]
            left -= set(range(place.position - around, place.position + around + 1))
        expected.append(nearest)
    assert [abs(context.value - value) for context in found.contexts] == expected


def test_equally_near_places_are_taken_from_all_over_the_text() -> None:
    found = profile(planted(np.zeros((1, 20_000), np.float32)), NeuronQuery("h", 1, 0))
    assert [(one.quantile, one.value) for one in found.between] == [(quantile, 0) for quantile in QUANTILES]
    places = [context.position for context in found.between[1].contexts]
    assert len(places) == 12
    assert len({place // 5000 for place in places}) == 4


def test_the_laplace_fit_is_that_of_scipy() -> None:
    values = normal(2, 4001)
    found = profile(planted(values), NeuronQuery("h", 1, 1))
    where, scale = laplace.fit(values[1].astype(np.float64))
    assert (found.median, found.spread) == (pytest.approx(where), pytest.approx(scale))
    np.testing.assert_allclose(found.laplace_share, np.diff(laplace.cdf(found.edges, where, scale)), atol=1e-7)
    still = profile(planted(np.full((1, 9), 0.25, np.float32)), NeuronQuery("h", 1, 0))
    assert still.laplace_share.sum() == pytest.approx(1)  # all of it in one place


# Refusals -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (NeuronQuery("h", 1, 3), "unit 3 is not in 0 to 2"),
        (NeuronQuery("h", 1, -1), "unit -1 is not in 0 to 2"),
        (NeuronQuery("h", 2, 0), "not h of layer 2"),
        (NeuronQuery("c", 1, 0), "not c of layer 1"),
    ],
)
def test_fault_29_units_that_are_not_there_are_refused(query: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        profile(planted(normal(3, 50)), query)


def test_fault_15_a_recording_without_positions_has_nothing_to_show() -> None:
    with pytest.raises(ValueError, match="the recording kept no position: there is nothing to show"):
        profile(planted(np.zeros((3, 0), np.float32)), NeuronQuery("h", 1, 0))


def test_a_text_of_one_token_has_a_profile() -> None:
    found = profile(planted(np.zeros((3, 1), np.float32), text="a"), NeuronQuery("h", 1, 0))
    assert (found.total, len(found.top), len(found.bottom)) == (1, 1, 1)


def test_a_profile_does_not_write_into_the_recording() -> None:
    values = normal(2, 200)
    values.flags.writeable = False
    profile(planted(values), NeuronQuery("h", 1, 1))


def test_a_histogram_as_a_frame_has_every_value_in_the_bins_of_numpy() -> None:
    values = np.random.default_rng(1).normal(0, 0.3, (3, 400)).clip(-1, 1).astype(np.float32)
    found = profile(planted(values), NeuronQuery("h", 1, 2))
    made = histogram_frame(found)
    counts, edges = np.histogram(values[2], 200, (-1, 1))
    assert made["values"].tolist() == counts.tolist()
    assert [*made["from"], made["to"].iloc[-1]] == pytest.approx(edges.tolist())
    assert made["share of all neurons' values"].sum() == pytest.approx(1)
