"""Periods: planted ones are found, coloured noise has one as often as the chance says, surrogates agree."""

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import expon

from lstm_core.neurons.periods import PeriodsQuery, periods
from lstm_core.recordings.recording import Recording, RecordingSpec
from lstm_core.stats.spectrum import Spectrum, log_tail, period, rhythm
from lstm_core.text.corpus import Vocabulary

pytestmark = pytest.mark.numeric


def coloured(seed: int, length: int = 4000, keeps: float = 0.9) -> np.ndarray:
    """Noise that forgets slowly, as states do."""
    noise = np.random.default_rng(seed).normal(size=length + 3000)
    return np.asarray(lfilter([1], [1, -keeps], noise)[3000:])


def recording_of(values: np.ndarray) -> Recording:
    """Units (U, T) as the h of layer 1."""
    units, length = values.shape
    spec = RecordingSpec("run", "w", "text", "f", (0, length), "lstm", units, ("h",), (1,))
    read = np.zeros(length, np.int32)
    return Recording(
        spec, Vocabulary(("a",), "words"), read, np.arange(length), np.zeros(length, np.float32),
        {("h", 1): values.astype(np.float32)},
    )  # fmt: skip


@pytest.mark.parametrize("steps", [2.6, 7.3, 24.0, 61.7])
def test_a_planted_period_is_found(steps: float) -> None:
    values = coloured(0)
    values += 0.8 * values.std() * np.sin(2 * np.pi * np.arange(len(values)) / steps)
    found = period(values)
    assert found.steps == pytest.approx(steps, rel=steps / len(values) + 0.01)
    assert found.chance < 1e-4 and found.strength > 20


@pytest.mark.parametrize("keeps", [0.0, 0.9, 0.999])
def test_coloured_noise_has_a_period_as_often_as_the_chance_says(keeps: float) -> None:
    chances = np.array([period(coloured(1000 + seed, 3000, keeps)).chance for seed in range(300)])
    assert np.mean(chances <= 0.05) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 300)
    assert 0.4 < chances.mean() < 0.6


def test_the_chance_agrees_with_that_of_surrogates_with_phases_at_random() -> None:
    """Surrogates of any unit: the background of its spectrum times exponential variables, as the window mixes them."""
    spectrum, draw = Spectrum(4000), np.random.default_rng(2)
    count = spectrum.length // 2 + 1
    background = 1 / (0.01 + np.linspace(0, 1, count)) ** 2

    def surrogate() -> np.ndarray:
        white = draw.standard_normal(count + 2) + 1j * draw.standard_normal(count + 2)
        return background * np.square(np.abs(white[1:-1] / 2 - (white[:-2] + white[2:]) / 4))

    chances = np.sort([spectrum.strongest_of(surrogate()).chance for _ in range(1500)])
    for level in (0.01, 0.05, 0.2):
        share = np.mean(chances <= level)
        assert abs(share - level) <= 3 * np.sqrt(level * (1 - level) / 1500) + 0.01


@pytest.mark.parametrize("around", [6, 20, 50])
def test_the_tail_is_that_of_an_exponential_variable_over_a_median(around: int) -> None:
    draw = np.random.default_rng(3)
    below = np.sort(draw.exponential(size=(40_000, around)), axis=1)[:, around // 2 - 1]
    for ratio in (1.0, 5.0, 12.0):
        assert np.exp(log_tail(ratio, around)) == pytest.approx(expon.sf(ratio * below).mean(), rel=0.1)


def test_units_of_a_layer_are_as_one_by_one_and_planted_ones_alone_are_periodic() -> None:
    values = np.array([coloured(seed, 3000) for seed in range(40)])
    for unit, steps in ((5, 9.0), (22, 31.0)):
        values[unit] += 0.7 * values[unit].std() * np.sin(2 * np.pi * np.arange(3000) / steps)
    values[30] = 0.25
    recording = recording_of(values)
    found = periods(recording, PeriodsQuery())
    assert {one.unit for one in found.periodic} == {5, 22} and found.still == 1 and len(found.found) == 39
    for one in found.found:
        alone = period(recording.unit("h", 1, one.unit))
        assert one.period == alone
    chances = sorted(one.period.chance for one in found.found)
    adjusted = [min(chances[k] * 39 / (k + 1) for k in range(at, 39)) for at in range(39)]
    assert [one.adjusted for one in found.found] == pytest.approx(adjusted)
    short = periods(recording, PeriodsQuery(steps=1000))
    assert short.steps == 1000 and short.found[0].period == period(recording.unit("h", 1, short.found[0].unit)[:1000])


def test_layers_of_noise_have_a_periodic_unit_in_at_most_a_twentieth() -> None:
    draw = np.random.default_rng(8)
    false = [bool(periods(recording_of(draw.normal(size=(30, 1500))), PeriodsQuery()).periodic) for _ in range(100)]
    assert np.mean(false) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 100)


def lines(seed: int, length: int, mean: float = 68, spread: float = 4) -> np.ndarray:
    """A unit that counts through lines of about so many steps, in noise: it loses step after a few hundred of them."""
    draw = np.random.default_rng(seed)
    found = draw.normal(size=length)
    at = 0
    while at < length:
        line = int(draw.normal(mean, spread))
        found[at : at + line] += np.linspace(-1, 1, line)[: length - at]
        at += line
    return found


@pytest.mark.parametrize("length", [9000, 60_000])
def test_a_rhythm_that_loses_step_is_found_in_pieces(length: int) -> None:
    found = rhythm(lines(0, length))
    assert found is not None and found.steps == pytest.approx(68, abs=4)
    assert found.strength > 5 and found.chance < 1e-6
    values = np.array([lines(1, length), *(coloured(seed, length) for seed in range(9))])
    whole = periods(recording_of(values), PeriodsQuery())
    assert [one.unit for one in whole.rhythmic] == [0]


@pytest.mark.parametrize("keeps", [0.0, 0.9, 0.99, -0.8])
@pytest.mark.parametrize("length", [1200, 9000])
def test_what_only_forgets_or_only_swings_has_no_rhythm(keeps: float, length: int) -> None:
    draw = np.random.default_rng(11)
    found = [rhythm(coloured(2000 + seed, length, keeps) + draw.normal(size=length)) for seed in range(100)]
    assert all(one is not None for one in found)
    chances = np.array([one.chance for one in found if one is not None])
    assert np.mean(chances <= 0.05) <= 0.05


def test_a_rhythm_is_of_the_mean_spectrum_of_pieces_each_counting_alike() -> None:
    values = lines(3, 9000)
    values[:1024] *= 50  # one lively piece changes nothing
    parts = values[: 8 * 1024].reshape(8, 1024)
    parts = (parts - parts.mean(axis=1, keepdims=True)) * np.hanning(1025)[:-1]
    power = np.square(np.abs(np.fft.rfft(parts)))
    mean = (power / power.sum(axis=1, keepdims=True)).mean(axis=0)
    found = rhythm(values)
    assert found is not None
    at = round(1024 / found.steps)
    slower = mean[int(np.ceil(at / 2)) : int(at / 1.4) + 1].mean()
    faster = mean[int(np.ceil(at * 1.4)) : 2 * at + 1].mean()
    assert found.strength == pytest.approx(mean[at] / max(slower, faster))
    assert rhythm(np.ones(9000)) is None and rhythm(values[:900]) is None


def test_what_has_no_spectrum_is_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        period(np.arange(100.0))
    with pytest.raises(ValueError, match="never changes"):
        period(np.full(800, 0.1))
    with pytest.raises(ValueError, match="layers count from 1"):
        periods(recording_of(np.zeros((2, 800))), PeriodsQuery(layer=2))
    still = periods(recording_of(np.zeros((2, 800))), PeriodsQuery())
    assert still.found == () and still.still == 2
