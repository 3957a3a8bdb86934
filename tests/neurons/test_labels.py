"""What units follow: planted units get their label, noise and shifted labels get none, what is kept is read again."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, mannwhitneyu, spearmanr
from sklearn.metrics import roc_auc_score

from lstm_core.neurons import labels
from lstm_core.neurons.features import Feature, plain_features
from lstm_core.neurons.label_search import TIE, LabelQuery, Labels, find_labels
from lstm_core.recordings.recording import Recording, RecordingSpec
from lstm_core.storage.files import write_json
from lstm_core.text.corpus import Vocabulary, split_text
from lstm_core.text.marks import in_brackets, in_quotes, position_in_line

pytestmark = pytest.mark.numeric

UNITS = 8
Make = Callable[..., Recording]


def story(sentences: int, seed: int = 0) -> str:
    """Sentences of words drawn at random, some of them spoken, in lines of uneven length."""
    rng = np.random.default_rng(seed)
    stock = ["the", "old", "house", "stood", "by", "a", "river", "and", "Anna", "ran", "over", "(once)", "it"]
    told = []
    for _ in range(sentences):
        words = " ".join(rng.choice(stock, rng.integers(3, 14))).capitalize() + "."
        told.append(
            (f'"{words}"' if rng.random() < 0.4 else words) + rng.choice([" ", "\n", "\n\n"], p=[0.5, 0.3, 0.2])
        )
    return "".join(told)


TEXT = story(200)
QUERY = LabelQuery("h", 2)


def slow_noise(rng: np.random.Generator, shape: tuple[int, int], memory: float = 0.98) -> np.ndarray:
    """Noise whose neighbouring steps are alike, of deviation 1."""
    from scipy.signal import lfilter

    return lfilter([np.sqrt(1 - memory**2)], [1, -memory], rng.normal(size=shape), axis=1)


@pytest.fixture
def planted() -> Make:
    """A recording of slow noise over TEXT; `plant` adds values to units of layer 2."""

    def make(
        plant: dict[int, Any] | None = None, seed: int = 0, *, kind: Any = np.float16, **changes: Any
    ) -> Recording:
        vocabulary = Vocabulary(tuple(sorted(set(TEXT))), "characters")
        ids = vocabulary.ids(list(TEXT))
        rng = np.random.default_rng(seed)
        signals = {("h", layer): slow_noise(rng, (UNITS, len(ids))) * 0.2 for layer in (1, 2)}
        for unit, values in (plant or {}).items():
            signals["h", 2][unit] += values
        stored = {key: values.astype(kind) for key, values in signals.items()}
        spec = RecordingSpec("planted", "w", "t", "f", (0, len(ids)), "lstm", UNITS, ("h",), (1, 2))
        return Recording(
            replace(spec, **changes), vocabulary, ids, np.arange(len(ids)), np.ones(len(ids), np.float32), stored
        )

    return make


FEATURES = plain_features(TEXT, "characters")
BY_NAME = {feature.name: feature for feature in FEATURES}
QUOTES = in_quotes(TEXT)


def found_of(recording: Recording, **changes: Any) -> Labels:
    return find_labels(recording, replace(QUERY, **changes), features=FEATURES)


# Search ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_a_planted_unit_ranks_first_and_gets_its_label_and_noise_gets_none(sign: int, kind: Any, planted: Make) -> None:
    recording = planted({3: sign * QUOTES}, kind=kind)
    found = found_of(recording)
    assert [unit.unit for unit in found.units] == list(range(UNITS))
    assert [(unit.unit, unit.label) for unit in found.labelled] == [(3, "inside quotation marks")]
    half = (len(TEXT) + 1) // 2
    of_unit, best = found.units[3], next(one for one in found.features if one.feature == "inside quotation marks")
    assert (best.unit, best.sign, of_unit.sign) == (3, sign, sign)
    assert of_unit.measure == "AUROC"
    held_out = roc_auc_score(QUOTES[half:], sign * recording.unit("h", 2, 3)[half:])
    assert of_unit.score == best.score == pytest.approx(held_out)
    assert of_unit.score > 0.95
    assert best.chosen_with == pytest.approx(roc_auc_score(QUOTES[:half], sign * recording.unit("h", 2, 3)[:half]))
    assert (of_unit.positives, of_unit.total) == (QUOTES[half:].sum(), len(TEXT) - half)
    assert of_unit.probability <= 0.05


def test_a_unit_that_counts_gets_the_ordered_feature_that_it_follows(planted: Make) -> None:
    column = position_in_line(TEXT)
    recording = planted({5: -np.tanh(column / 20) * 2})
    found = found_of(recording)
    half = (len(TEXT) + 1) // 2
    unit = found.units[5]
    assert (unit.label, unit.measure, unit.sign) == ("position in the line", "correlation", -1)
    assert unit.score == pytest.approx(-spearmanr(recording.unit("h", 2, 5)[half:], column[half:]).statistic)
    assert (unit.positives, unit.total) == (len(TEXT) - half, len(TEXT) - half)


def test_every_best_unit_and_runner_up_is_that_of_a_slow_search(planted: Make) -> None:
    recording = planted({0: QUOTES, 1: 0.5 * QUOTES - 0.3 * BY_NAME["a blank or line break"].values})
    found = found_of(recording)
    half = (len(TEXT) + 1) // 2
    values = np.stack([recording.unit("h", 2, unit) for unit in range(UNITS)])
    told = [feature for feature, best in zip(FEATURES, found.features, strict=True) if best.unit is not None]
    assert len(told) > 10

    def strength(unit: int, feature: Feature, part: slice) -> float:
        if feature.ordered:
            return spearmanr(values[unit][part], feature.values[part]).statistic
        return 2 * roc_auc_score(feature.values[part], values[unit][part]) - 1

    first = np.array([[strength(unit, feature, slice(half)) for feature in told] for unit in range(UNITS)])
    for number, best in enumerate([one for one in found.features if one.unit is not None]):
        assert best.unit == np.abs(first[:, number]).argmax()
        assert best.chosen_with is not None
        shown = best.chosen_with if best.measure == "correlation" else 2 * best.chosen_with - 1
        assert shown == pytest.approx(np.abs(first[:, number]).max())
    for unit in found.units:
        size = np.abs(first[unit.unit])
        chosen = next(number for number, value in enumerate(size) if value >= size.max() - TIE)
        assert unit.feature == told[chosen].name
        size[chosen] = -1
        second = told[int(size.argmax())]
        assert unit.second == second.name
        turned = np.sign(first[unit.unit, int(size.argmax())]) * strength(unit.unit, second, slice(half, None))
        assert unit.second_score == pytest.approx(turned if second.ordered else (1 + turned) / 2, abs=1e-7)


@pytest.mark.parametrize(("lead", "name"), [(0.005, "first"), (0.015, "second")])
def test_ties_within_a_hundredth_go_to_the_simpler_feature(lead: float, name: str, planted: Make) -> None:
    recording, half = planted(), (len(TEXT) + 1) // 2
    values, rng = np.arange(len(TEXT)) % half, np.random.default_rng(0)  # each half counts up from 0
    recording.signals["h", 2] = np.tile(values.astype(np.float32), (UNITS, 1))

    def feature(called: str, score: float) -> Feature:
        mask = rng.random(len(TEXT)) < np.where(values > half / 2, score, 1 - score)
        return Feature(called, "", mask)

    for _ in range(200):  # until the second scores that much more on the first half
        pair = [feature("first", 0.8), feature("second", 0.8 + 2 * lead)]
        one, two = (roc_auc_score(each.values[:half], values[:half]) for each in pair)
        if abs(two - one - lead) < 0.003:
            break
    assert abs(two - one - lead) < 0.003
    assert {unit.feature for unit in find_labels(recording, QUERY, features=pair).units} == {name}


def test_a_unit_that_turns_round_gets_no_label_and_a_score_below_chance(planted: Make) -> None:
    turns = np.where(np.arange(len(TEXT)) < (len(TEXT) + 1) // 2, 1, -1)
    unit = found_of(planted({3: QUOTES * turns})).units[3]
    assert (unit.feature, unit.label, unit.sign) == ("inside quotation marks", "", 1)
    assert unit.score < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("memory", [0.5, 0.98])
def test_shifted_labels_give_no_label_in_95_tries_of_100(memory: float, planted: Make) -> None:
    """Neighbouring steps are alike, in units as in features; without that in mind nearly every try gives a label."""
    rng, tries = np.random.default_rng(7), 100
    given = by_chance_alone = naively = 0
    half = (len(TEXT) + 1) // 2
    for seed in range(tries):
        noise = slow_noise(rng, (UNITS, len(TEXT)), memory)
        plant = dict(enumerate(noise)) | {3: QUOTES, 5: position_in_line(TEXT) / 50}
        shift = int(rng.integers(500, len(TEXT) - 500))
        features = [replace(feature, values=np.roll(feature.values, shift)) for feature in FEATURES]
        recording = planted(plant, seed)
        found = find_labels(recording, replace(QUERY, least=0.0), features=features)
        given += any(
            unit.label and unit.score >= (0.5 if unit.measure == "correlation" else 0.75) for unit in found.units
        )
        by_chance_alone += bool(found.labelled)
        values, mask = recording.unit("h", 2, 3)[half:], np.roll(QUOTES, shift)[half:]
        naively += mannwhitneyu(values[mask], values[~mask]).pvalue < 0.05
    assert given <= 0.05 * tries
    assert by_chance_alone <= binom.ppf(0.995, tries, 0.05)
    assert naively > 0.5 * tries


def test_a_label_needs_the_strength_that_was_asked_for(planted: Make) -> None:
    unit = found_of(planted({3: 0.25 * QUOTES})).units[3]
    assert unit.feature == "inside quotation marks" and 0.6 < unit.score < 0.99
    for least, label in ((2 * unit.score - 1 - 1e-6, unit.feature), (2 * unit.score - 1 + 1e-6, "")):
        assert found_of(planted({3: 0.25 * QUOTES}), least=least).units[3].label == label


def test_features_asked_at_some_places_rank_only_the_values_there(planted: Make) -> None:
    rng = np.random.default_rng(5)
    where = BY_NAME["a blank or line break"].values.astype(bool)
    mask = (rng.random(len(TEXT)) < 0.5) & where
    recording = planted({2: np.where(where, mask * 1.0, rng.normal(0, 9, len(TEXT)))})
    found = find_labels(recording, QUERY, features=[*FEATURES, Feature("there", "", mask, where=where)])
    asked = np.flatnonzero(where)
    late = asked[(len(asked) + 1) // 2 :]
    unit = found.units[2]
    assert (unit.label, unit.total, unit.positives) == ("there", len(late), mask[late].sum())
    assert unit.score == pytest.approx(roc_auc_score(mask[late], recording.unit("h", 2, 2)[late]))


def test_only_positions_that_were_kept_are_searched(planted: Make) -> None:
    whole, kept = planted({3: QUOTES}), np.arange(1, len(TEXT), 3)
    signals = {key: values[:, kept] for key, values in whole.signals.items()}  # type: ignore[index]
    found = find_labels(replace(whole, positions=kept, signals=signals), QUERY, features=FEATURES)
    late = kept[(len(kept) + 1) // 2 :]
    unit = found.units[3]
    assert (unit.label, unit.total) == ("inside quotation marks", len(late))
    assert unit.positives == QUOTES[late].sum()
    assert unit.score == pytest.approx(roc_auc_score(QUOTES[late], whole.unit("h", 2, 3)[late]))


def test_units_of_a_model_of_words_are_labelled_too() -> None:
    words = split_text(story(600, seed=3), "words")
    vocabulary, rng = Vocabulary(tuple(sorted(set(words))), "words"), np.random.default_rng(0)
    values = slow_noise(rng, (UNITS, len(words)), 0.9) * 0.2
    values[4] -= in_brackets(words)
    spec = RecordingSpec("r", "w", "t", "f", (0, len(words)), "lstm", UNITS, ("h",), (1,))
    recording = Recording(
        spec, vocabulary, vocabulary.ids(words), np.arange(len(words)), np.ones(len(words), np.float32),
        {("h", 1): values.astype(np.float16)},
    )  # fmt: skip
    found = find_labels(recording)
    assert [(unit.unit, unit.label, unit.sign) for unit in found.labelled] == [(4, "inside brackets", -1)]


def test_the_twins_best_score_stands_beside(planted: Make) -> None:
    recording, twin = planted({3: QUOTES}), planted({6: -0.5 * QUOTES}, seed=9, weights="twin")
    found = find_labels(recording, QUERY, twin=twin, features=FEATURES)
    control = {best.feature: best.score for best in found_of(twin).features}
    assert found.twin == "twin"
    assert found.units[3].control == control["inside quotation marks"] > 0.8
    assert {best.feature: best.control for best in found.features} == control
    assert found.units[3].learned and not found_of(recording).units[3].learned


def test_what_is_too_rare_is_told_and_not_searched(planted: Make) -> None:
    one_long, brief = np.zeros((2, len(TEXT)), bool)
    one_long[100:400] = one_long[-400:-100] = True
    brief[::200] = True
    rare = [Feature("one long", "d", one_long), Feature("brief", "d", brief), BY_NAME["inside quotation marks"]]
    found = find_labels(planted({3: one_long}), QUERY, features=rare)
    told = {best.feature: (best.unit is None, best.positives) for best in found.features}
    assert told["one long"] == (True, 300)
    assert told["brief"][0] == (brief[: len(TEXT) // 2].sum() < 20)
    assert not told["inside quotation marks"][0]
    assert {unit.feature for unit in found.units} <= {"brief", "inside quotation marks"}
    with pytest.raises(ValueError, match=r"none of 1 features is found at 20 positions.*read more text"):
        find_labels(planted(), QUERY, features=rare[:1])


def test_recordings_that_do_not_fit_are_refused(planted: Make) -> None:
    with pytest.raises(ValueError, match="not o of layer 2"):
        find_labels(planted(), LabelQuery("o", 2), features=FEATURES)
    with pytest.raises(ValueError, match=r"its twin's of .*: record both alike"):
        find_labels(planted(), QUERY, twin=planted(span=(5, 6)), features=FEATURES)
    with pytest.raises(ValueError, match="not h of layer 2"):
        find_labels(planted(), QUERY, twin=replace(planted(), signals={}), features=FEATURES)


# Kept -----------------------------------------------------------------------------------------------------------------


def test_labels_are_made_once_and_kept(planted: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = planted({3: QUOTES})
    made = labels.labels_of(recording, "h", 2)
    assert made[3].label == "inside quotation marks"
    monkeypatch.setattr(labels, "find_labels", lambda *_, **__: pytest.fail("made again"))
    assert labels.labels_of(recording, "h", 2) == made
    assert labels.read_labels(recording, replace(QUERY, least=0.4)) is None
    for changes in ({"weights": "x"}, {"text_fingerprint": "x"}, {"span": (1, 2)}, {"positions": "whitespace"}):
        assert labels.read_labels(replace(recording, spec=replace(recording.spec, **changes)), QUERY) is None


def test_what_is_kept_is_read_as_it_was(planted: Make) -> None:
    found = find_labels(planted({3: QUOTES}), QUERY, twin=planted(seed=2), features=FEATURES)
    labels.LABELS.keep(found)
    assert labels.read_labels(planted(), QUERY) == found


def kept_before(found: Labels) -> Path:
    """Labels in the format in which they were kept first: rows as columns, texts by their number."""
    made = labels.LABELS.keep(found)
    path = made.with_name(made.name.removesuffix(".xz"))
    made.unlink()
    document: dict[str, Any] = asdict(found)
    for name in ("units", "features"):
        columns: dict[str, Any] = {field: [row[field] for row in document[name]] for field in document[name][0]}
        for field, values in columns.items():
            if any(isinstance(value, str) for value in values):
                names = sorted(set(values))
                columns[field] = {"names": names, "numbers": [names.index(value) for value in values]}
        document[name] = columns
    write_json(path, {"schema": labels.SCHEMA, **document})
    return path


def test_labels_as_they_were_kept_first_are_read(planted: Make) -> None:
    found = find_labels(planted({3: QUOTES}), QUERY, twin=planted(seed=2), features=FEATURES)
    kept_before(found)
    assert labels.read_labels(planted(), QUERY) == found


@pytest.mark.parametrize(
    ("at", "value"),
    [
        ((), 5), ((), []), (("units",), []), (("units",), {}), (("units", "unit"), [0] * UNITS),
        (("units", "unit"), ["0"] * UNITS), (("units", "unit"), 3), (("units", "score"), [None] * UNITS),
        (("units", "score"), [float("nan")] * UNITS), (("units", "score"), [0.5] * (UNITS - 1)),
        (("units", "label"), ["inside brackets"]), (("units", "label"), {"names": [], "numbers": [0] * UNITS}),
        (("units", "label"), {"names": 5, "numbers": [0] * UNITS}), (("units", "more"), [1] * UNITS),
        (("units", "outcome"), [1] * UNITS), (("features",), [{"feature": 3}]), (("features",), None),
        (("twin",), None), (("span",), [0]), (("span",), ["0", "1"]), (("span",), None), (("schema",), 1),
        (("query",), {}),
    ],
)  # fmt: skip
def test_damaged_labels_are_none(at: tuple[str, ...], value: Any, planted: Make) -> None:
    found = find_labels(planted({3: QUOTES}), QUERY, features=FEATURES)
    path = kept_before(found)
    stored = inner = {"whole": json.loads(path.read_text())}
    *outer, last = ("whole", *at)
    for key in outer:
        inner = inner[key]
    inner[last] = value
    path.write_text(json.dumps(stored["whole"]))
    assert labels.read_labels(planted(), QUERY) is None


def test_labels_cut_short_and_folders_in_their_place_are_none(planted: Make) -> None:
    path = labels.LABELS.keep(find_labels(planted(), QUERY, features=FEATURES))
    whole = path.read_bytes()
    for length in (0, 1, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert labels.read_labels(planted(), QUERY) is None
    path.unlink()
    path.mkdir()
    assert labels.read_labels(planted(), QUERY) is None


def test_a_part_of_speech_needs_five_words_in_each_half(planted: Make) -> None:
    half, rng = (len(TEXT) + 1) // 2, np.random.default_rng(0)
    mask = rng.random(len(TEXT)) < 0.1
    for different, told in ((5, True), (4, False)):
        words = np.where(np.arange(len(TEXT)) < half, np.arange(len(TEXT)) % 9, np.arange(len(TEXT)) % different)
        features = [BY_NAME["inside quotation marks"], Feature("word here", "", mask, words=words)]
        found = find_labels(planted({2: mask}), QUERY, features=features)
        assert (found.features[1].unit == 2) == told
        assert (found.units[2].label == "word here") == told


# The verb -------------------------------------------------------------------------------------------------------------


def test_the_verb_labels_the_recordings_at_hand_and_says_which_text(
    cli: Any, small_run: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lstm_core.text.corpus import keep_text, read_corpus

    keep_text("story", TEXT.encode())
    corpus = read_corpus("story")
    mine = small_run("mine", corpus, weights=lambda model: [value.mul_(3) for value in model.parameters()])
    code, _, error = cli("label", "mine")
    assert code == 2 and "record mine --signals h" in error
    assert cli("record", "mine", "--signals", "h", "--tokens", "6000", "--yes")[0] == 0
    code, out, _ = cli("label", "mine", "--json")
    assert code == 0
    (found,) = json.loads(out)
    assert (found["run"], found["text"], found["span"]) == ("mine", "story", [0, 6000])
    assert (found["query"]["signal"], found["query"]["layer"], found["twin"]) == ("h", 2, "")
    assert [unit["unit"] for unit in found["units"]] == list(range(8))
    twin = small_run("mine-untrained", corpus)
    write_json(twin.folder / "config.json", {**twin.config, "untrained_twin_of": "mine"})
    assert cli("record", "mine-untrained", "--signals", "h", "--tokens", "6000", "--yes")[0] == 0
    (beside,) = json.loads(cli("label", "mine", "--with-run", "--json")[1])
    assert beside["twin"] == twin.fingerprint
    assert None not in {unit["control"] for unit in beside["units"]}
    assert len(list((mine.folder / "results" / "labels").iterdir())) == 1
    code, out, _ = cli("label", "mine", "--layer", "1")
    assert code == 0 and "mine, h of layer 1, over story [0 to 6,000):" in out
    assert "too rare to tell" in out and "inside quotation marks" in out
