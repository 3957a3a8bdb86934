"""Match queries against the protocol read literally, step by step and unit by unit; phrases found in a text."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_core.probes.active import RULES, OnQuery, OnSets, on_sets
from lstm_core.probes.match import FAST, Match, MatchQuery, by_chance, followers, match, occurrences, selection
from lstm_core.recordings.recording import Recording, RecordingSpec
from lstm_core.text.corpus import Vocabulary

pytestmark = pytest.mark.numeric


def planted(
    values: np.ndarray, tokens: np.ndarray | None = None, names: tuple[str, ...] = ("a", "b", "c")
) -> Recording:
    """A recording in memory whose layers have the values (L, U, T)."""
    layers, units, length = values.shape
    spec = RecordingSpec("run", "w", "text", "f", (0, length), "lstm", units, ("h",), tuple(range(1, layers + 1)))
    read = np.zeros(length, np.int32) if tokens is None else tokens.astype(np.int32)
    signals: dict[tuple[str, int], Any] = {("h", layer + 1): values[layer] for layer in range(layers)}
    return Recording(
        spec, Vocabulary(("a", "b", "c"), "characters"), read, np.arange(length), np.zeros(length, np.float32), signals
    )


def of(on: np.ndarray) -> OnSets:
    """On-sets of a table (T, U) of booleans."""
    return on_sets(planted(on.T[None].astype(np.float32)), OnQuery(threshold=0.5))


# The protocol, literally ----------------------------------------------------------------------------------------------


def follows(on: np.ndarray, unit: int, start: int, stop: int, before: int, after: int) -> bool:
    """Off ... off, on ... on, off ... off; what lies beyond the text is off."""
    for step in range(start - before, stop + after):
        is_on = bool(on[step, unit]) if 0 <= step < len(on) else False
        if is_on != (start <= step < stop):
            return False
    return True


def by_the_protocol(on: np.ndarray, query: MatchQuery) -> tuple[list[int], list[Match], int]:
    length, units = on.shape
    selected = [u for u in range(units) if follows(on, u, query.start, query.stop, query.before, query.after)]
    candidates: list[tuple[int, int]] = []
    for k in range(len(selected), 0, -1):
        if query.limit and len(candidates) >= query.limit:
            break
        step = 0
        while step < length:
            if sum(on[step, u] for u in selected) < k:
                step += 1
                continue
            stop = step
            while stop < length and sum(on[stop, u] for u in selected) >= k:
                stop += 1
            long_enough = stop - step >= 2 or stop - step == query.stop - query.start
            if step > 0 and stop < length and long_enough and (step, stop) not in candidates:
                candidates.append((step, stop))
            step = stop
    if query.limit:
        candidates = candidates[: query.limit]
    found = []
    for start, stop in candidates:
        here = {u for u in range(units) if follows(on, u, start, stop, query.before, query.after)}
        found.append(Match(start, stop, len(here & set(selected)), len(here | set(selected))))
    found.sort(key=lambda one: (-one.shared, one.either, one.start - one.stop, one.start))
    return selected, found[: query.count], len(candidates)


@given(
    st.integers(2, 40), st.integers(1, 70), st.integers(0, 10_000), st.sampled_from([0.2, 0.5, 0.8]),
    st.integers(0, 2), st.integers(0, 2), st.sampled_from([0, 1, 3, FAST]), st.integers(1, 8), st.data(),
)  # fmt: skip
def test_matches_are_those_of_the_protocol_read_literally(
    length: int, units: int, seed: int, share: float, before: int, after: int, limit: int, count: int, data: Any
) -> None:
    draw = np.random.default_rng(seed)
    on = np.repeat(draw.random((-(-length // 2), units)) < share, 2, axis=0)[:length]  # in runs of two
    on ^= draw.random(on.shape) < 0.1
    start = data.draw(st.integers(0, length - 1))
    stop = data.draw(st.integers(start + 1, min(length, start + 4)))
    query = MatchQuery(start, stop, before, after, limit, count)
    selected, expected, candidates = by_the_protocol(on, query)
    found = match(of(on), query)
    assert [unit for _, unit in found.units] == selected
    assert list(found.found) == expected
    assert found.candidates == candidates or (not limit and found.candidates <= candidates)


def test_a_planted_phrase_is_found_first_and_units_that_are_also_on_elsewhere_cost() -> None:
    on = np.zeros((60, 20), bool)
    on[5:8, :4] = on[30:33, :4] = on[50:53, :3] = True
    on[30:33, 10:15] = True  # other units that go along there
    found = match(of(on), MatchQuery(5, 8, before=1, after=1))
    assert found.units == ((1, 0), (1, 1), (1, 2), (1, 3))
    assert [(one.start, one.shared, one.either) for one in found.found] == [(5, 4, 4), (30, 4, 9), (50, 3, 4)]
    assert [one.jaccard for one in found.found] == [1, 4 / 9, 3 / 4]


def test_a_span_at_which_no_unit_is_on_matches_nothing() -> None:
    found = match(of(np.zeros((9, 3), bool)), MatchQuery(2, 4))
    assert (found.units, found.found, found.candidates) == ((), (), 0)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (MatchQuery(3, 3), r"span \[3, 3\)"),
        (MatchQuery(-1, 2), r"span \[-1, 2\)"),
        (MatchQuery(2, 10), r"span \[2, 10\) is not within the 9 steps"),
        (MatchQuery(1, 2, before=-1), "0 or more"),
        (MatchQuery(1, 2, count=0), "1 or more"),
    ],
)
def test_what_cannot_be_asked_is_said(query: MatchQuery, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        match(of(np.ones((9, 3), bool)), query)


@given(st.integers(1, 30), st.integers(0, 999), st.integers(1, 3), st.integers(0, 2), st.integers(0, 2))
def test_followers_and_chance_are_those_of_every_span(
    units: int, seed: int, span: int, before: int, after: int
) -> None:
    on = np.random.default_rng(seed).random((25, units)) < 0.6
    spans = [(start, start + span) for start in range(25 - span + 1)]
    expected = [[follows(on, unit, *one, before, after) for unit in range(units)] for one in spans]
    assert followers(of(on), spans, before, after).tolist() == expected
    chance = by_chance(of(on), MatchQuery(3, 3 + span, before, after))
    np.testing.assert_allclose(chance, np.mean(expected, axis=0))


# When a unit is on ----------------------------------------------------------------------------------------------------


def test_on_sets_are_those_of_comparing_whatever_the_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lstm_core.probes.active.WINDOW", 64)
    values = np.random.default_rng(0).normal(0, 0.5, (2, 40, 301)).astype(np.float32)
    values[0, 0, :4] = np.float32([0.3, np.nextafter(np.float32(0.3), np.float32(1)), -0.3, 0.29999998])
    values[0, 1, :2] = np.float32([np.arctanh(0.3), 0.3])
    wide, joined = values.astype(np.float64), values.reshape(80, 301)
    expected = {"raw": wide >= 0.3, "tanh": np.tanh(wide) >= 0.3, "two-sided": np.abs(wide) >= 0.3}
    expected["tanh"][np.abs(np.tanh(wide) - 0.3) < 1e-9] = values[np.abs(np.tanh(wide) - 0.3) < 1e-9] >= np.arctanh(0.3)
    levels = np.quantile(values, 0.7, axis=2, method="inverted_cdf", keepdims=True)
    expected["quantile"] = values >= levels
    for rule in RULES:
        made = on_sets(planted(values), OnQuery(rule=rule, threshold=0.7 if rule == "quantile" else 0.3))
        table = expected[rule].reshape(80, 301)
        np.testing.assert_array_equal(made.on(0, 301), table.T, rule)
        assert made.counts.tolist() == table.sum(axis=1).tolist()
        by_unit = np.unpackbits(made.by_unit.view(np.uint8), axis=1, bitorder="little")
        np.testing.assert_array_equal(by_unit[:, :301], table)
        assert not by_unit[:, 301:].any() and len(joined) == len(made.units)
    values[0, 0, 50:] = 9  # its highest value repeats: more than the asked share
    tied = on_sets(planted(values), OnQuery(rule="quantile", threshold=0.9))
    assert tied.counts[0] == 251 and tied.counts[1] == np.ceil(0.1 * 301)
    one = on_sets(planted(values), OnQuery(layers=(2,)))
    np.testing.assert_array_equal(one.on(10, 20), (wide[1] >= 0.3).T[10:20])
    assert one.units[3] == (2, 3) and one.index[2, 3] == 3


@given(st.lists(st.integers(0, 129), max_size=30, unique=True))
def test_a_mask_holds_its_units(numbers: list[int]) -> None:
    on = of(np.zeros((3, 130), bool))
    bits = np.unpackbits(on.mask(np.array(numbers, int)).view(np.uint8), bitorder="little")
    assert np.flatnonzero(bits).tolist() == sorted(numbers)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (OnQuery(signal="c"), "not c of layer 1"),
        (OnQuery(layers=(3,)), "not h of layer 3"),
        (OnQuery(rule="loud"), "unknown: choose raw"),  # type: ignore[arg-type]
        (OnQuery(threshold=float("nan")), "not a finite number"),
        (OnQuery(rule="tanh", threshold=1.0), "between 0 and 1"),
        (OnQuery(rule="quantile", threshold=0.0), "between 0 and 1"),
        (OnQuery(rule="two-sided", threshold=-0.1), "above 0"),
    ],
)
def test_a_rule_that_cannot_hold_is_refused(query: OnQuery, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        on_sets(planted(np.zeros((2, 3, 5), np.float32)), query)


def test_a_recording_of_some_positions_is_refused() -> None:
    whole = planted(np.zeros((1, 3, 5), np.float32))
    part = Recording(
        whole.spec, whole.vocabulary, np.zeros(9, np.int32), whole.positions, np.zeros(9, np.float32), whole.signals
    )
    with pytest.raises(ValueError, match="record the text again"):
        on_sets(part, OnQuery())


# Phrases --------------------------------------------------------------------------------------------------------------


def test_occurrences_of_letters_do_not_overlap_and_are_those_of_str_find() -> None:
    text = "abababbaab"
    recording = planted(np.zeros((1, 1, 10)), np.array(["abc".index(letter) for letter in text]))
    assert occurrences(recording, "aba") == [(0, 3)]
    assert occurrences(recording, "ab") == [(0, 2), (2, 4), (4, 6), (8, 10)]
    assert occurrences(recording, "b") == [(at, at + 1) for at in (1, 3, 5, 6, 9)]
    assert occurrences(recording, "ccc") == []
    assert occurrences(recording, "ababababababab") == []
    told = (
        ("", "empty"),
        ("ax", "'x' is not among"),
        ("xay\ud800", r"'x', 'y', '\\ud800' are not"),
        ("a" * 501, "more than 500"),
    )
    for bad, said in told:
        with pytest.raises(ValueError, match=said):
            occurrences(recording, bad)


def test_a_phrase_of_words_is_cut_at_blanks() -> None:
    tokens = np.array([0, 1, 2, 0, 1, 1, 0, 1])
    letters = planted(np.zeros((1, 1, 8)), tokens)
    recording = replace(letters, vocabulary=Vocabulary(("the", "river", "<eos>"), "words"))
    assert occurrences(recording, " the  river ") == [(0, 2), (3, 5), (6, 8)]
    assert occurrences(recording, "the river <eos>") == [(0, 3)]
    with pytest.raises(ValueError, match=r"'sea' is not among the tokens of the model$"):
        occurrences(recording, "the sea")
    rare = replace(recording, vocabulary=Vocabulary(("<unk>", "river", "<eos>"), "words"))
    with pytest.raises(ValueError, match=r"'sea' is not .* <unk> stands for every word that it does not know"):
        occurrences(rare, "<unk> sea")
    assert occurrences(rare, "<unk> river") == [(0, 2), (3, 5), (6, 8)]
    marks = replace(letters, vocabulary=Vocabulary(("said", ",", "<eos>"), "words"))
    assert occurrences(marks, "said,") == [(0, 2), (3, 5), (6, 8)]


def test_selection_is_by_pattern() -> None:
    on = np.array([[0, 1, 0, 1], [1, 1, 1, 0], [1, 1, 0, 1], [0, 0, 1, 0]], bool)  # (T, U)
    assert selection(of(on), MatchQuery(1, 3)).tolist() == [0, 1]
    assert selection(of(on), MatchQuery(1, 3, before=1)).tolist() == [0]
    assert selection(of(on), MatchQuery(1, 3, after=1)).tolist() == [0, 1]
