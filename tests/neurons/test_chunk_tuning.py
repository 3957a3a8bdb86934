"""Units around chunks: planted ones are found with what they follow, remember and forget; noise is not."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.stats import false_discovery_control, sem

from lstm_core.neurons.chunk_tuning import TunedQuery, tuned_units
from lstm_core.neurons.tuning import TuningQuery, tuning
from lstm_core.recordings.recording import Recording, RecordingSpec
from lstm_core.stats.paired_test import LEARNED
from lstm_core.stats.ranks import auroc
from lstm_core.stats.variance_explained import remembered
from lstm_core.text.chunks import Chunked
from lstm_core.text.corpus import Vocabulary
from lstm_core.text.tagged import NONE

pytestmark = pytest.mark.numeric

NAMES = ("ADVP", "NP", "PP", "VP")
SHARES = (0.35, 0.15, 0.25, 0.25)


def chunked_of(chunks: int, seed: int = 0) -> Chunked:
    """Chunks of one to three words, drawn without regard to each other, eight a sentence with a full stop behind."""
    draw = np.random.default_rng(seed)
    kind, first, sentence, word = [], [], [], []
    for number in range(chunks):
        one, length = int(draw.choice(4, p=SHARES)), int(draw.integers(1, 4))
        kind += [one] * length
        first += [True] + [False] * (length - 1)
        word += [one * 10 + int(value) for value in draw.integers(0, 3, length)]
        if number % 8 == 7:
            kind, first, word = [*kind, NONE], [*first, False], [*word, 99]
        sentence += [number // 8] * (len(kind) - len(sentence))
    columns = [np.array(some, np.int64) for some in (word, sentence, kind)]
    return Chunked(np.arange(len(kind)), *columns, np.array(first), NAMES)


def recording_of(values: np.ndarray) -> Recording:
    """A recording of words in memory with these values (U, T)."""
    units, length = values.shape
    spec = RecordingSpec("run", "w", "text", "f", (0, length), "lstm", units, ("h",), (1,))
    nothing = np.zeros(length, np.float32)
    signals: dict[tuple[str, int], Any] = {("h", 1): values.astype(np.float16)}
    return Recording(spec, Vocabulary(("a",), "words"), np.zeros(length, np.int32), np.arange(length), nothing, signals)


def noise(units: int, length: int, seed: int = 0) -> np.ndarray:
    """Values that change slowly, as states do, and know nothing of chunks."""
    draw = np.random.default_rng(seed)
    found = draw.normal(size=(units, length))
    for step in range(1, length):
        found[:, step] += 0.7 * found[:, step - 1]
    return found / 3


def since_end(chunked: Chunked, kind: str) -> np.ndarray:
    """Words since the last chunk of a kind ended, 0 inside; many before the first."""
    inside = chunked.kind == NAMES.index(kind)
    last = np.maximum.accumulate(np.where(inside, np.arange(len(chunked)), -1000))
    return np.arange(len(chunked)) - last


CHUNKED = chunked_of(6000)


# Planted --------------------------------------------------------------------------------------------------------------


def test_a_unit_that_follows_noun_phrases_and_forgets_them_slowly_is_found_with_its_half_life() -> None:
    values = 0.3 * noise(20, len(CHUNKED))
    values[3] += 0.5 ** (since_end(CHUNKED, "NP") / 3)
    values[8] -= CHUNKED.kind == NAMES.index("VP")
    found = tuned_units(recording_of(values), CHUNKED)
    slow, quick = ({one.unit: one for one in found.units}[unit] for unit in (3, 8))
    assert (slow.kind, slow.sign) == ("NP", 1) and slow.coding and slow.remembering
    assert slow.half_life == pytest.approx(3, abs=0.5) and (slow.onset, slow.peak) == (0, 0)
    assert slow.seen >= 15 and slow.previous > 0.1 and slow.beyond_word > 0.1
    assert (quick.kind, quick.sign) == ("VP", -1) and quick.coding and not quick.remembering
    assert quick.half_life == pytest.approx(0.5, abs=0.1) and quick.score > 0.9
    assert [one.unit for one in found.both] == [3]


def test_a_unit_that_knows_the_chunk_before_alone_tells_it_and_not_its_own() -> None:
    values = 0.3 * noise(10, len(CHUNKED), 1)
    for before, (begin, end) in zip(
        CHUNKED.kind[CHUNKED.begins], pairwise(np.append(CHUNKED.begins, len(CHUNKED))[1:]), strict=False
    ):
        values[6, begin:end] += before == NAMES.index("NP")
    found = {one.unit: one for one in tuned_units(recording_of(values), CHUNKED).units}[6]
    assert found.remembering and found.previous > 0.5 and found.beyond_word > 0.5


def test_noise_is_confirmed_in_at_most_a_twentieth_of_tries() -> None:
    coding, remembering, tries = [], [], 20
    for seed in range(tries):
        chunked = chunked_of(800, seed)
        found = tuned_units(recording_of(noise(30, len(chunked), seed)), chunked, seed=seed)
        coding.append(len(found.coding))
        remembering.append(sum(one.previous_chance <= 0.05 for one in found.units))
        assert len(found.units) == 30
    assert np.mean(coding) / 30 <= 0.05 and np.mean(remembering) / 30 <= 0.05
    assert np.mean(np.array(coding) > 0) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / tries)


def test_what_the_untrained_twin_does_too_was_not_learned() -> None:
    plain, planted = 0.5 * noise(12, len(CHUNKED), 2), 0.5 * noise(12, len(CHUNKED), 3)
    is_noun = CHUNKED.kind == NAMES.index("NP")
    plain[5] += 2 * is_noun
    planted[1] += 2 * is_noun
    planted[2] += 2 * (CHUNKED.kind == NAMES.index("VP"))
    found = tuned_units(recording_of(planted), CHUNKED, twin=recording_of(plain))
    nouns, verbs = ({one.unit: one for one in found.units}[unit] for unit in (1, 2))
    assert found.twin is not None and found.twin.units[0].unit == 5
    assert nouns.control == pytest.approx(found.twin.units[0].score) and not nouns.learned
    assert verbs.outcome == LEARNED and verbs.learned and verbs.control is not None and verbs.control < 0.6
    assert found.beyond_twin == () and found.twin.beyond_twin is None
    other = recording_of(plain[:, :-1])
    with pytest.raises(ValueError, match="record both alike"):
        tuned_units(recording_of(planted), CHUNKED, twin=other)


# The same by loops ----------------------------------------------------------------------------------------------------


def test_all_units_at_once_are_as_one_by_one() -> None:
    chunked = _first(chunked_of(700, 4), 1080)
    values = noise(6, len(chunked), 5) + 0.2 * (chunked.kind == 1) * np.arange(6)[:, None]
    recording = recording_of(values)
    found = {one.unit: one for one in tuned_units(recording, chunked).units}
    half = len(chunked) // 2
    inside = {name: chunked.kind == number for number, name in enumerate(NAMES)}
    chances = []
    for unit in range(6):
        row = recording.unit("h", 1, unit)
        scores = {name: auroc(row[:half], mask[:half]) for name, mask in inside.items()}
        kind = max(scores, key=lambda name: abs(scores[name] - 0.5))
        sign = 1 if scores[kind] >= 0.5 else -1
        late, mask = sign * row[half:], inside[kind][half:]
        shifted = [auroc(late, np.roll(mask, by)) for by in range(len(mask))]
        one = found[unit]
        assert (one.kind, one.sign) == (kind, sign)
        assert one.chosen_with == pytest.approx(scores[kind] if sign > 0 else 1 - scores[kind])
        assert one.score == pytest.approx(shifted[0])
        chances.append(np.mean(np.array(shifted) >= shifted[0] - 1e-9))
    np.testing.assert_allclose([found[unit].chance for unit in range(6)], false_discovery_control(chances))
    alone = tuned_units(recording, chunked, TunedQuery(units=(4,))).units[0]
    assert (alone.kind, alone.score, alone.half_life) == (found[4].kind, found[4].score, found[4].half_life)


def _first(chunked: Chunked, words: int) -> Chunked:
    """Its first words: so many that all of the second half can be shifted quickly."""
    parts = {name: getattr(chunked, name)[:words] for name in ("step", "word", "sentence", "kind", "first")}
    return replace(chunked, **parts)


def test_curves_are_means_and_errors_over_chunks() -> None:
    chunked = chunked_of(120, 6)
    recording = recording_of(noise(2, len(chunked), 7))
    found = tuning(recording, chunked, TuningQuery(unit=1, distances=(-2, 4)))
    row = recording.unit("h", 1, 1).astype(np.float64)
    assert found.distances.tolist() == [-2, -1, 0, 1, 2, 3, 4] and found.usual == pytest.approx(row.mean())
    counts = list(chunked.counts().values())
    assert counts == sorted(counts, reverse=True) and [one.kind for one in found.curves] == list(chunked.counts())
    for curve in found.curves:
        pairs = [
            (begin, end)
            for begin, end in zip(*chunked.of_kind(curve.kind), strict=True)
            if begin >= 2 and end + 4 < len(row)
        ]
        assert curve.chunks == len(pairs)
        for at, distance in enumerate(range(-2, 5)):
            begins, ends = ([row[pair[side] + distance] for pair in pairs] for side in (0, 1))
            assert curve.begin[at] == pytest.approx(np.mean(begins)) and curve.end[at] == pytest.approx(np.mean(ends))
            assert curve.begin_error[at] == pytest.approx(sem(begins))
            assert curve.end_error[at] == pytest.approx(sem(ends))


# The chunk before -----------------------------------------------------------------------------------------------------


def test_the_share_is_that_of_a_regression_with_and_without_what_came_before() -> None:
    draw = np.random.default_rng(8)
    before, strata = draw.integers(0, 3, 300), draw.integers(0, 5, 300)
    values = draw.normal(size=(4, 300)) + strata + np.arange(4)[:, None] * (before == 1)
    found = remembered(values, before, strata, draws=50)

    def left(columns: np.ndarray, row: np.ndarray) -> float:
        return float(np.square(row - columns @ np.linalg.lstsq(columns, row)[0]).sum())

    plain, full = np.eye(5)[strata], np.concatenate([np.eye(5)[strata], np.eye(3)[before]], axis=1)
    expected = [1 - left(full, row) / left(plain, row) for row in values]
    np.testing.assert_allclose(found.share, expected, rtol=1e-4)
    assert found.chance[3] < 0.01 and found.by_chance[0] == pytest.approx(2 / 295, rel=0.4)


def test_what_the_current_word_tells_of_the_chunk_before_is_not_memory() -> None:
    """A unit that knows its current word alone, in a text whose words go with what came before."""
    draw = np.random.default_rng(9)
    before = draw.integers(0, 2, 4000)
    word = np.where(draw.random(4000) < 0.7, before, draw.integers(0, 2, 4000))
    values = word + 0.1 * draw.normal(size=(20, 4000))
    assert (remembered(values, before, np.zeros(4000, int)).chance < 0.001).all()
    assert (remembered(values, before, word).chance > 0.05).all()


def test_what_came_before_is_found_in_noise_as_often_as_the_chance_says() -> None:
    draw = np.random.default_rng(10)
    tries = []
    for seed in range(40):
        values = draw.normal(size=(20, 600))
        found = remembered(values, draw.integers(0, 4, 600), draw.integers(0, 30, 600), draws=60, seed=seed)
        tries.append((found.chance <= 0.05).any())
        assert found.confirmed_by_chance <= 1
    assert np.mean(tries) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 40)


def test_units_that_never_change_remember_nothing_and_code_nothing() -> None:
    found = remembered(np.ones((3, 40)), np.arange(40) % 2, np.zeros(40, int), draws=10)
    assert found.share.tolist() == [0] * 3 and (found.chance == 1).all()
    assert remembered(np.ones((2, 0)), np.zeros(0, int), np.zeros(0, int)).chance.tolist() == [1, 1]
    units = tuned_units(recording_of(np.zeros((2, len(CHUNKED)))), CHUNKED).units
    assert not any(one.coding or one.remembering for one in units)
    assert all(one.half_life is None and one.onset is None for one in units)


@pytest.mark.parametrize(
    ("query", "said"),
    [(TunedQuery("c"), "not c of layer 1"), (TunedQuery(layer=2), "layer 2"), (TunedQuery(units=(9,)), "unit 9")],
)
def test_what_is_not_recorded_is_said(query: TunedQuery, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        tuned_units(recording_of(np.zeros((2, len(CHUNKED)))), CHUNKED, query)


def test_texts_that_are_too_short_are_refused() -> None:
    chunked = chunked_of(8)
    recording = recording_of(np.zeros((1, len(chunked))))
    with pytest.raises(ValueError, match="no kind of chunk is frequent"):
        tuned_units(recording, chunked)
    with pytest.raises(ValueError, match="do not fit"):
        tuning(recording, chunked, TuningQuery(distances=(3, 2)))
    with pytest.raises(ValueError, match="unit 5"):
        tuning(recording, chunked, TuningQuery(unit=5))
