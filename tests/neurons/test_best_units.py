"""The best unit for a feature, of the labels of several layers and signals: planted ones are found, scores are scipy's,
noise is not mistaken for one; and where a text shows the feature."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from lstm_core.neurons.features import plain_features
from lstm_core.neurons.label_search import FeatureBest, LabelQuery, Labels, find_labels
from lstm_core.neurons.labels import FINDINGS, LEAD, best_unit, example
from lstm_core.recordings.recording import Recording, RecordingSpec
from lstm_core.text.corpus import Vocabulary
from lstm_core.text.marks import in_quotes

QUOTES = "inside quotation marks"
TEXT = (
    'He said "come here at once" and left the room.\nThen a long line of words went on "and on" for a while.\n\n' * 40
)


@pytest.fixture
def planted() -> Callable[..., Recording]:
    """A recording of noise over a quoting text, in which unit 3 of layer 2 follows a mask with a given sign."""

    def make(
        mask: np.ndarray | None, sign: int, text: str, seed: int = 0, signals: Sequence[str] = ("h",)
    ) -> Recording:
        tokens = tuple(sorted(set(text)))
        vocabulary = Vocabulary(tokens, "characters")
        ids = vocabulary.ids(list(text))
        rng = np.random.default_rng(seed)
        values = {("h", layer): rng.normal(0, 0.3, (8, len(ids))).astype(np.float16) for layer in (1, 2)}
        if mask is not None:
            values["h", 2][3] += sign * mask
        stored = {(name, layer): values["h", layer] for name in signals for layer in (1, 2)}
        spec = RecordingSpec("planted", "w", "t", "f", (0, len(ids)), "lstm", 8, tuple(signals), (1, 2))
        return Recording(spec, vocabulary, ids, np.arange(len(ids)), np.ones(len(ids), np.float32), stored)

    return make


def best(
    recording: Recording, twin: Recording | None = None, names: Sequence[str] = (QUOTES,)
) -> tuple[Labels, FeatureBest]:
    """Of all layers and signals, by a search among these features."""
    features = plain_features("".join(recording.text(0, len(recording.tokens))), "characters", names)
    places = [(name, layer) for layer in recording.spec.layers for name in recording.spec.signals]
    kept = [find_labels(recording, LabelQuery(*place), twin=twin, features=features) for place in places]
    found = best_unit(kept, QUOTES)
    assert found is not None
    return found


@pytest.mark.parametrize("sign", [1, -1])
def test_a_planted_unit_is_found_with_its_sign(sign: int, planted: Callable[..., Recording]) -> None:
    labels, found = best(planted(in_quotes(TEXT), sign, TEXT), planted(None, 1, TEXT, seed=5))
    assert (labels.query.signal, labels.query.layer, found.unit, found.sign) == ("h", 2, 3, sign)
    assert (found.score or 0) > 0.95
    assert found.control is not None and found.control < 0.6


def test_noise_scores_near_chance_on_the_half_it_was_not_chosen_on(planted: Callable[..., Recording]) -> None:
    scores = [best(planted(None, 1, TEXT, seed))[1].score or 0.0 for seed in range(20)]
    assert np.quantile(scores, 0.95) < 0.56


def test_a_feature_that_one_half_lacks_has_no_unit(planted: Callable[..., Recording]) -> None:
    lacking = "No quotes here at all.\n\n" * 50
    found = best(planted(None, 1, lacking), names=(QUOTES, "a capital letter comes next"))[1]
    assert (found.unit, found.positives) == (None, 0)
    assert best_unit([], QUOTES) is None


def test_a_unit_that_turns_round_scores_below_chance_in_its_chosen_direction(planted: Callable[..., Recording]) -> None:
    mask = in_quotes(TEXT)
    turns = np.where(np.arange(len(mask)) < len(mask) // 2, 1, -1)
    labels, found = best(planted(mask * turns, 1, TEXT), planted(mask * turns, -1, TEXT))
    assert (labels.query.layer, found.unit, found.sign) == (2, 3, 1)
    assert (found.chosen_with or 0) > 0.95
    assert found.score is not None and found.score < 0.05
    assert found.control is not None and found.control < 0.05


@pytest.mark.parametrize(("strength_of_h", "signal"), [(0.49, "h"), (0.5, "h"), (1.0, "h"), (0.47, "c"), (0.0, "c")])
def test_the_cell_state_is_chosen_only_where_it_is_better_by_more_than_a_hundredth(
    strength_of_h: float, signal: str, planted: Callable[..., Recording]
) -> None:
    mask, half = in_quotes(TEXT), len(TEXT) // 2
    recording = planted(None, 1, TEXT, signals=("h", "c"))
    arrays = {key: values.astype(np.float32) for key, values in recording.signals.items()}
    noise = np.random.default_rng(3).uniform(0, 1, len(mask))
    arrays["h", 1][2] = strength_of_h * mask + noise  # overlaps by 1 - strength: AUROC 1 - (1 - strength)^2 / 2
    arrays["c", 2][5] = -100 * (0.5 * mask + noise)
    labels, found = best(replace(recording, signals=arrays))
    scores = {
        name: mannwhitneyu(values[:half][mask[:half]], values[:half][~mask[:half]]).statistic
        / (mask[:half].sum() * (~mask[:half]).sum())
        for name, values in (("h", arrays["h", 1][2]), ("c", -arrays["c", 2][5]))
    }
    assert (scores["c"] - scores["h"] > 0.01) == (signal == "c")
    place = (labels.query.signal, labels.query.layer, found.unit, found.sign)
    assert place == {"h": ("h", 1, 2, 1), "c": ("c", 2, 5, -1)}[signal]
    assert found.chosen_with == pytest.approx(scores[signal], abs=1e-7)


def test_an_example_is_up_to_200_tokens_before_the_feature_begins() -> None:
    mask, begins = in_quotes(TEXT), example(TEXT, "characters", QUOTES)
    assert mask[begins + LEAD + 1] and not mask[begins + LEAD]
    assert begins + LEAD >= len(TEXT) // 2
    kept = np.arange(0, len(TEXT), 2)  # every second token: positions are counted among these
    begins = example(TEXT, "characters", QUOTES, kept)
    assert mask[kept][begins + LEAD + 1] and not mask[kept][begins + LEAD]
    assert example("No quotes here. " * 50, "characters", QUOTES) == 400 - LEAD


def test_units_are_told_for_features_that_there_are() -> None:
    names = [feature.name for feature in plain_features(TEXT, "characters")]
    assert set(FINDINGS) <= set(names)
    assert [one.name for one in plain_features(TEXT, "characters", FINDINGS[:2])] == [
        name for name in names if name in FINDINGS[:2]
    ]
