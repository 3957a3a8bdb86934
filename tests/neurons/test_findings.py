"""Which unit follows a feature: planted units are found, scores are scipy's, noise is not mistaken for a finding."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from lstm_core.neurons import findings as follow
from lstm_core.recordings.recording import Recording, RecordingSpec
from lstm_core.storage.files import write_json
from lstm_core.text.corpus import Vocabulary
from lstm_core.text.marks import in_quotes


@pytest.fixture
def planted() -> Callable[..., Recording]:
    """A recording of noise over a quoting text, in which unit 3 of layer 2 follows a mask with a given sign."""

    def make(mask: np.ndarray | None, sign: int, text: str, seed: int = 0, **changes: Any) -> Recording:
        tokens = tuple(sorted(set(text)))
        vocabulary = Vocabulary(tokens, "characters")
        ids = vocabulary.ids(list(text))
        rng = np.random.default_rng(seed)
        signals = {("h", layer): rng.normal(0, 0.3, (8, len(ids))).astype(np.float16) for layer in (1, 2)}
        if mask is not None:
            signals["h", 2][3] += sign * mask
        names = changes.get("signals", ("h",))
        signals = {(name, layer): values for name in names for (_, layer), values in signals.items()}
        spec = replace(RecordingSpec("planted", "w", "t", "f", (0, len(ids)), "lstm", 8, ("h",), (1, 2)), **changes)
        return Recording(spec, vocabulary, ids, np.arange(len(ids)), np.ones(len(ids), np.float32), signals)

    return make


TEXT = (
    'He said "come here at once" and left the room.\nThen a long line of words went on "and on" for a while.\n\n' * 40
)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_planted_unit_is_found_with_its_sign(sign: int, planted: Callable[..., Recording]) -> None:
    recording = planted(in_quotes(TEXT), sign, TEXT)
    found = follow.best_unit(recording, "inside direct speech", twin=planted(None, 1, TEXT, seed=5))
    assert (found.signal, found.layer, found.unit, found.sign) == ("h", 2, 3, sign)
    assert found.auroc > 0.95
    assert found.control is not None
    assert found.control < 0.6


def test_noise_scores_near_chance_on_the_half_it_was_not_chosen_on(planted: Callable[..., Recording]) -> None:
    scores = [follow.best_unit(planted(None, 1, TEXT, seed), "inside direct speech").auroc for seed in range(20)]
    assert np.quantile(scores, 0.95) < 0.56


def test_a_feature_that_one_half_lacks_is_refused(planted: Callable[..., Recording]) -> None:
    with pytest.raises(ValueError, match="read more text"):
        follow.best_unit(planted(None, 1, "no quotes here at all. " * 50), "inside direct speech")


def test_a_unit_that_turns_round_scores_below_chance_in_its_chosen_direction(planted: Callable[..., Recording]) -> None:
    mask = in_quotes(TEXT)
    turns = np.where(np.arange(len(mask)) < len(mask) // 2, 1, -1)
    found = follow.best_unit(
        planted(mask * turns, 1, TEXT), "inside direct speech", twin=planted(mask * turns, -1, TEXT)
    )
    assert (found.layer, found.unit, found.sign) == (2, 3, 1)
    assert found.chosen_with > 0.95
    assert found.auroc < 0.05
    assert found.control is not None
    assert found.control < 0.05


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"span": (5, 6)}, "the recording has span .*, its twin's .5, 6.: record both alike"),
        ({"text_fingerprint": "other"}, "has text_fingerprint f, its twin's other"),
        ({"positions": "whitespace"}, "has positions all, its twin's whitespace"),
        ({"signals": ("o",)}, "no signal of a layer in common"),
    ],
)
def test_a_twin_that_read_otherwise_is_refused(planted: Callable[..., Recording], changes: Any, says: str) -> None:
    one, twin = planted(None, 1, TEXT), planted(None, 1, TEXT, **changes)
    assert not follow.comparable(one, twin)
    with pytest.raises(ValueError, match=says):
        follow.best_unit(one, "inside direct speech", twin=twin)


def test_only_signals_of_both_recordings_are_searched(planted: Callable[..., Recording]) -> None:
    recording = planted(in_quotes(TEXT), 1, TEXT, signals=("h", "c"))
    found = follow.best_unit(recording, "inside direct speech", twin=planted(None, 1, TEXT, signals=("c", "o")))
    assert (found.signal, found.layer, found.unit) == ("c", 2, 3)


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
    found = follow.best_unit(replace(recording, signals=arrays), "inside direct speech")
    scores = {
        name: mannwhitneyu(values[:half][mask[:half]], values[:half][~mask[:half]]).statistic
        / (mask[:half].sum() * (~mask[:half]).sum())
        for name, values in (("h", arrays["h", 1][2]), ("c", -arrays["c", 2][5]))
    }
    assert (scores["c"] - scores["h"] > 0.01) == (signal == "c")
    assert (found.signal, found.layer, found.unit, found.sign) == {"h": ("h", 1, 2, 1), "c": ("c", 2, 5, -1)}[signal]
    assert found.chosen_with == pytest.approx(scores[signal])


def test_words_and_recordings_without_the_signals_are_refused(planted: Callable[..., Recording]) -> None:
    with pytest.raises(ValueError, match="the recording has signals o, the search needs h or c"):
        follow.best_unit(planted(None, 1, TEXT, signals=("o",)), "inside direct speech")
    recording = planted(None, 1, TEXT)
    words = replace(recording, vocabulary=Vocabulary(recording.vocabulary.tokens, "words"))
    with pytest.raises(ValueError, match="planted reads words, the features are of characters"):
        follow.best_unit(words, "inside direct speech")


def test_the_example_is_up_to_200_tokens_before_the_feature_begins(planted: Callable[..., Recording]) -> None:
    found = follow.best_unit(planted(None, 1, TEXT), "inside direct speech")
    mask = in_quotes(TEXT)
    assert mask[found.example + follow.LEAD + 1]
    assert not mask[found.example + follow.LEAD]


# Kept with a run ------------------------------------------------------------------------------------------------------

KEPT = follow.Finding("inside direct speech", "h", 2, 3, -1, 0.9, 0.8, None, 10, 100, 50)


def test_kept_findings_are_read_until_the_weights_change(small_run: Any) -> None:
    run = small_run(weights=True)
    assert follow.read_findings(run) == ()
    unknown = {**asdict(KEPT), "feature": "something else"}
    stored = {"weights": run.fingerprint, "findings": [asdict(KEPT), unknown]}
    write_json(run.folder / "results" / "findings.json", stored)
    assert follow.read_findings(run) == (KEPT,)
    run.save_weights({name: -value.detach().numpy() for name, value in run.load_model().named_parameters()})
    assert follow.read_findings(run) == ()


@pytest.mark.parametrize(
    "findings", [5, "x", None, [5], [{}], [{**asdict(KEPT), "more": 1}], [{**asdict(KEPT), "unit": "3"}],
                 [{**asdict(KEPT), "feature": []}], [{**asdict(KEPT), "auroc": None}]],
)  # fmt: skip
def test_unreadable_findings_are_none(small_run: Any, findings: Any) -> None:
    run = small_run(weights=True)
    write_json(run.folder / "results" / "findings.json", {"weights": run.fingerprint, "findings": findings})
    assert follow.read_findings(run) == ()
    (run.folder / "results" / "findings.json").write_text("{")
    assert follow.read_findings(run) == ()
