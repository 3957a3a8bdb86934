"""Labelled sets: crafted miniatures are read right, states are those of reading sentence by sentence, probes are
sklearn's, a planted unit is confirmed and shuffled labels are not.
"""

import csv
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, log_loss

from lstm_core.probes import sense_sets as labelled
from lstm_core.probes.sense_sets import EVERY_PHRASE, Example, phrase_in, read_set, with_enough
from lstm_core.probes.senses import LONGEST, SHUFFLES, at_most, encoded, pieces, states, unit_counts
from lstm_core.recordings.record import RecordQuery, Text, read
from lstm_core.stats.linear_probe import (
    STRENGTHS,
    bags_of_words,
    fitted,
    held_out,
    log_losses,
    majority,
    scores,
    standardised,
)
from lstm_core.text.catalogue import CorpusMissing
from lstm_core.text.corpus import END, UNKNOWN, Vocabulary

# Sets -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for data sets."""
    made = tmp_path / "sets"
    made.mkdir()
    monkeypatch.setenv("LSTM_DATA", str(made))
    return made


def coarsewsd(folder: Path, train: str, gold: str) -> None:
    of_word = folder / "word_sense" / "CoarseWSD-20" / "bank"
    of_word.mkdir(parents=True, exist_ok=True)
    (of_word / "classes_map.txt").write_text('{"0": "bank_bank", "1": "bank_(river)"}')
    for part, data, labels in (("train", train, gold), ("test", "0\tbank holidays\n", "0")):
        (of_word / f"{part}.data.txt").write_text(data)
        (of_word / f"{part}.gold.txt").write_text(labels)


def test_coarsewsd_is_read_line_by_line(folder: Path) -> None:
    coarsewsd(folder, "2\tby the bank sat\n0\tbank notes\n7\ttoo short\n0\tbank\n", "1\n0\n0\n5\n")
    found = read_set("coarsewsd")
    assert found.examples == (
        Example("bank", "(river)", ("by", "the", "bank", "sat"), 2, 3, False),
        Example("bank", "bank", ("bank", "notes"), 0, 1, False),
        Example("bank", "bank", ("bank", "holidays"), 0, 1, True),
    )
    assert found.lost == 2  # a place beyond the sentence, a sense that is none
    assert found.by_word() == {}  # too few of each
    coarsewsd(folder, "0\tbank notes\n", "0\n1\n")
    with pytest.raises(ValueError, match="1 sentences in train, 2 labels"):
        read_set("coarsewsd")


def semeval(folder: Path, name: str, rows: list[dict[str, str]]) -> None:
    path = folder / "idioms" / "semeval2022_task2_a" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_semeval_takes_english_rows_with_the_sentence_before(folder: Path) -> None:
    row = {"DataID": "a", "Language": "EN", "MWE": "brick wall", "Setting": "zero_shot", "Previous": "We ran.",
           "Target": "Then, a Brick Wall!", "Next": "Oh.", "Label": "1"}  # fmt: skip
    others = [
        row | {"Target": 'Brick-walls are, "hard".', "Label": "0"},
        row | {"Language": "PT"},
        row | {"Target": "No such phrase."},
    ]
    semeval(folder, "train_zero_shot.csv", [row, *others])
    dev = {key: row[key] for key in ("Language", "MWE", "Previous", "Target", "Next")}
    semeval(folder, "dev.csv", [{"ID": "7", **dev, "MWE": "Brick"}, {"ID": "8", **dev}])
    semeval(folder, "dev_gold.csv", [{"ID": "7", "DataID": "d", "Language": "EN", "Label": "0"}])
    found = read_set("semeval")
    told = [(one.word, one.sense, " ".join(one.tokens[one.start : one.stop]), one.test) for one in found.examples]
    assert told == [
        (EVERY_PHRASE, "literal", "Brick Wall", False),
        (EVERY_PHRASE, "idiomatic", "Brick-walls", False),
        (EVERY_PHRASE, "idiomatic", "Brick", True),
        ("brick wall", "literal", "Brick Wall", False),
        ("brick wall", "idiomatic", "Brick-walls", False),
        ("brick", "idiomatic", "Brick", False),
    ]
    assert found.examples[0].tokens == ("We", "ran", ".", "Then", ",", "a", "Brick", "Wall", "!")
    assert found.lost == 2  # the phrase is not in its sentence; there is no label


@pytest.mark.parametrize(
    ("text", "phrase", "place"),
    [
        ("a dark horse won", "dark horse", (1, 3)),
        ("the Dark-Horses won", "dark horse", (1, 2)),
        ("the flies and the fly", "fly", (1, 2)),
        ("dark blue horse", "dark horse", None),
        ("dark", "dark horse", None),
        ("non-dark horse's", "dark horse", (0, 2)),
    ],
)
def test_a_phrase_is_found_with_its_forms(text: str, phrase: str, place: tuple[int, int] | None) -> None:
    assert phrase_in(text.split(), phrase) == place


SENSEVAL = """<corpus lang="en"><!DOCTYPE x [<!ENTITY boom "bang">]>
<instance id="a"><answer instance="a" senseid="HARD1"/><context>
 <wf pos='"'>"</wf> <wf pos=">">&gt;&amp;lt;</wf> <head> <wf pos="JJ">hard</wf></head>
 <wf pos="NN">&boom;</wf></context>
</instance>
<instance id="b"><context> <head><wf pos="JJ">hard</wf></head></context></instance>
<instance id="c"><answer instance="c" senseid="HARD2"/><context> <wf pos="NN">none</wf></context></instance>
<instance id="d"><answer instance="d" senseid="HARD1"/><answer instance="d" senseid="HARD2"/><context>
 <head> <wf pos="JJR">harder</wf></head></context></instance>
"""


def test_senseval_is_read_by_patterns_and_expands_no_entity(folder: Path) -> None:
    path = folder / "nltk_data" / "corpora" / "senseval.zip"
    path.parent.mkdir(parents=True)
    with ZipFile(path, "w") as packed:
        for word in ("hard", "interest", "line", "serve"):
            packed.writestr(f"senseval/{word}.pos", SENSEVAL if word == "hard" else "")
    found = read_set("senseval")
    assert [(one.sense, one.tokens, one.start, one.stop, one.test) for one in found.examples] == [
        ("HARD1", ('"', ">&lt;", "hard", "&boom;"), 2, 3, False),
        ("HARD1", ("harder",), 0, 1, True),
    ]
    assert found.lost == 2
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match="get it again"):
        read_set("senseval")


def test_sets_that_are_not_at_hand_or_unknown_say_what_to_do(folder: Path) -> None:
    for name in labelled.SETS:
        with pytest.raises(CorpusMissing, match="set LSTM_DATA to a folder that holds"):
            read_set(name)
    with pytest.raises(ValueError, match="choose coarsewsd, semeval, senseval"):
        read_set("other")


@pytest.mark.needs_data
@pytest.mark.parametrize(("name", "examples", "words"), [("coarsewsd", 33_566, 20), ("semeval", 7_568, 194),
                                                         ("senseval", 15_225, 4)])  # fmt: skip
def test_the_sets_have_the_sizes_that_their_makers_state(name: str, examples: int, words: int) -> None:
    if not (Path(os.environ["LSTM_DATA"]) / labelled.SETS[name].path).exists():
        pytest.skip(f"{name} is not at hand")
    found = read_set(name)
    assert (len(found.examples), len({one.word for one in found.examples})) == (examples, words)
    if name == "senseval":  # as NLTK counts its instances
        counts = Counter(one.word for one in found.examples)
        assert counts == {"hard": 4333, "interest": 2368, "line": 4146, "serve": 4378}


def test_senses_with_few_places_are_left_out_and_many_are_spaced() -> None:
    def some(sense: str, train: int, test: int) -> list[Example]:
        return [Example("w", sense, (str(n),), 0, 1, n >= train) for n in range(train + test)]

    every = [*some("a", 9, 4), *some("b", 4, 9), *some("c", 99, 3)]
    assert {one.sense for one in with_enough(every)} == {"a", "b"}
    assert with_enough(every[:13]) == ()
    kept = at_most(every, 3)
    assert [one.tokens[0] for one in kept if one.sense == "c" and not one.test] == ["0", "49", "98"]
    assert Counter((one.sense, one.test) for one in kept) == {(s, t): 3 for s in "abc" for t in (False, True)}


# States ---------------------------------------------------------------------------------------------------------------


def test_words_are_written_as_the_vocabulary_does_and_unknown_ones_are_counted() -> None:
    names = (UNKNOWN, END, "Paris", "well", "known", "@-@", "dog", "'s", "bank", "US")
    vocabulary = Vocabulary(names, "spaces")
    assert pieces(vocabulary, "paris") == ["Paris"] and pieces(vocabulary, "us") == ["US"]
    assert pieces(vocabulary, "Well-known") == ["well", "@-@", "known"]
    assert pieces(vocabulary, "dog's") == ["dog", "'s"] and pieces(vocabulary, "--") == ["--"]
    made = encoded(vocabulary, Example("bank", "x", ("well-known", "cat", "bank", "cats"), 2, 3, False))
    assert [names[number] for number in made.ids] == [END, "well", "@-@", "known", UNKNOWN, "bank", UNKNOWN]
    assert (made.place, made.unknown, made.known) == (5, 2, True)
    assert not encoded(vocabulary, Example("cat", "x", ("the", "cat"), 1, 2, False)).known
    long = Example("bank", "x", ("dog",) * 2 * LONGEST + ("bank", "cat"), 2 * LONGEST, 2 * LONGEST + 1, False)
    made = encoded(vocabulary, long)
    assert names[made.ids[made.place]] == "bank" and len(made.ids) == LONGEST and made.unknown == 0


def test_states_are_those_of_each_sentence_read_by_itself(
    small_run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstm_core.probes.senses.BATCH", 40)
    run = small_run(weights=True)
    draw = np.random.default_rng(0)
    size = len(run.vocabulary)
    words = [run.vocabulary.tokens[number] for number in range(size)]
    examples = []
    for number in range(30):
        length = int(draw.integers(1, 30))
        place = int(draw.integers(length))
        tokens = tuple(words[at] for at in draw.integers(size, size=length))
        examples.append(Example("w", "s", tokens, place, place + 1, bool(number % 2)))
    made = [encoded(run.vocabulary, one) for one in examples]
    found = states(run.load_model(), made)
    for row, one in enumerate(made):
        text = Text("t", np.array(one.ids, np.int32), "f", (0, len(one.ids)))
        alone = read(run, text, RecordQuery(("h",), reader="sequential"))
        both = np.concatenate([alone.window("h", layer, 0, len(one.ids)) for layer in (1, 2)])
        np.testing.assert_allclose(found.at_word[row], both[:, one.place], atol=1e-6)
        np.testing.assert_allclose(found.at_end[row], both[:, -1], atol=1e-6)


# Probes ---------------------------------------------------------------------------------------------------------------


def test_losses_are_those_of_sklearn_and_a_class_that_was_not_seen_has_none() -> None:
    draw = np.random.default_rng(2)
    values = draw.normal(size=(300, 6))
    labels = (values[:, :3] + draw.gumbel(size=(300, 3))).argmax(axis=1)
    model = fitted(values[:200], labels[:200], 0.3)
    losses = log_losses(model, values[200:], labels[200:])
    assert losses.mean() == pytest.approx(log_loss(labels[200:], model.predict_proba(values[200:]), labels=[0, 1, 2]))
    sparse = log_losses(fitted(csr_array(values[:200]), labels[:200], 0.3), csr_array(values[200:]), labels[200:])
    np.testing.assert_allclose(sparse, losses, atol=1e-3)
    np.testing.assert_array_equal(log_losses(model, values[:2], np.array([3, 9])), [0, 0])


def test_a_probe_chooses_its_strength_on_every_fifth_training_place() -> None:
    draw = np.random.default_rng(3)
    values, labels = draw.normal(size=(260, 40)), draw.integers(0, 2, 260)
    values[:, 0] += labels
    x, y, inner = values[:200], labels[:200], np.arange(200) % 5 == 4
    losses = [
        log_loss(y[inner], LogisticRegression(C=one).fit(x[~inner], y[~inner]).predict_proba(x[inner]))
        for one in STRENGTHS
    ]
    best = LogisticRegression(C=STRENGTHS[int(np.argmin(losses))]).fit(x, y)
    said = held_out(x, y, values[200:], labels[200:])
    assert said == scores(labels[200:], best.predict(values[200:]))
    assert held_out(x, np.zeros(200, np.int64), values[200:], labels[200:]).balanced == 0.5


def test_scores_are_those_of_sklearn() -> None:
    draw = np.random.default_rng(0)
    labels, said = draw.choice(3, 200, p=[0.7, 0.2, 0.1]), draw.choice(3, 200)
    found = scores(labels, said)
    assert found.accuracy == pytest.approx(accuracy_score(labels, said))
    assert found.balanced == pytest.approx(balanced_accuracy_score(labels, said))
    assert found.macro_f1 == pytest.approx(f1_score(labels, said, average="macro"))
    common = majority(labels, labels)
    assert common.balanced == pytest.approx(1 / 3) and common.accuracy == pytest.approx((labels == 0).mean())
    with pytest.raises(ValueError, match="no place"):
        scores(labels[:0], said[:0])


def test_a_probe_finds_what_is_planted_and_nothing_in_noise() -> None:
    draw = np.random.default_rng(0)
    labels, values = draw.choice(3, 600), draw.normal(size=(600, 40))
    noise = held_out(values[:300], labels[:300], values[300:], labels[300:])
    assert abs(noise.balanced - 1 / 3) < 0.1
    values[np.arange(600), labels] += 4
    train, test = standardised(values[:300], values[300:])
    assert held_out(train, labels[:300], test, labels[300:]).balanced > 0.9


def test_bags_hold_the_words_of_two_training_texts() -> None:
    train, test = bags_of_words([("a", "b", "a"), ("b", "c"), ("b", "a")], [("a", "d"), ("b", "a")])
    assert train.toarray().tolist() == [[1, 1], [0, 1], [1, 1]] and test.toarray().tolist() == [[1, 0], [1, 1]]
    empty, _ = bags_of_words([("a",)], [("b",)])
    assert empty.toarray().tolist() == [[0]]


# Units ----------------------------------------------------------------------------------------------------------------


def test_a_planted_unit_is_confirmed_and_shuffled_labels_confirm_next_to_none() -> None:
    draw = np.random.default_rng(0)
    first, test = draw.random(600) < 0.4, np.arange(600) >= 350
    values = draw.normal(size=(600, 100)).astype(np.float32)
    values[first, 17] += 3
    found = unit_counts(values, first, test, [(1, unit) for unit in range(100)])
    assert 1 <= found.confirmed <= 2 and found.chosen >= found.confirmed
    assert found.shuffled <= 0.05 * 100 and SHUFFLES * found.shuffled == round(SHUFFLES * found.shuffled)
    values[test, 17] = draw.normal(size=250)  # it codes the sense on the training places alone
    assert unit_counts(values, first, test, [(1, unit) for unit in range(100)]).confirmed <= 1
