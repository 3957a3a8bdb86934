"""Classifying whole texts: counted by hand, figures that are told as they are, what each pooling can learn."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from statistics import mean

import pytest

from lstm_core.storage.results import PROGRAM
from lstm_core.tagging import classify as classifying
from lstm_core.tagging.classify import Poolings, Scored, classify, difference
from lstm_core.tagging.label_run import label_runs, new_label_run, train_label_run
from lstm_core.tagging.settings import LabelTraining, NetworkConfig
from lstm_core.tagging.words import Labelled
from tools.taggers import keep_classifier_results

pytestmark = pytest.mark.numeric

ONE, OTHER = list("abcdefg"), list("hijklmno")
TEXTS = Labelled(
    [[*ONE, "sun"], [*OTHER, "sun"], [*ONE, "rain"], [*OTHER, "rain"]] * 12, ["a", "b", "a", "b"] * 12, True
)
QUICK = LabelTraining(epochs=8, batch=64, learning_rate=0.03, patience=8, least=1, forget=0.0)


def figures() -> Poolings:
    rows = [
        Scored("lstm", 1, "last", 10, (0.30, 0.32, 0.31)),
        Scored("lstm", 1, "mean", 10, (0.50, 0.53, 0.51)),
        Scored("lstm", 2, "last", 20, (0.31, 0.31, 0.31)),
        Scored("lstm", 2, "both", 20, (0.20, 0.22, 0.21)),
    ]
    return Poolings("a corpus", 3, {"train": 9, "development": 3, "test": 3}, 0.2, 0.4, (1, 2, 3), tuple(rows))


def test_the_answer_says_what_the_figures_say_and_where_they_say_nothing() -> None:
    found = figures()
    apart, (low, high) = difference(found.scored[1], found.scored[0])
    assert apart == pytest.approx(mean((0.2, 0.21, 0.2))) and low < apart < high
    told = classifying.answer(found)
    assert len(told) == 3  # two directions with their mean were not trained
    assert "+0.0%" in told[0] and told[0].endswith("no difference that 3 seeds could show")
    assert "-10.0%" in told[1] and told[1].endswith("harms")
    assert "+20.3%" in told[2] and told[2].endswith("helps")


def test_figures_are_kept_and_read_again(models: Path) -> None:
    classifying.FIGURES.keep(figures(), PROGRAM)
    assert classifying.read_figures() == figures()
    (models / "classifiers" / "poolings.json").write_text(json.dumps({**asdict(figures()), "seeds": "x"}))
    with pytest.raises(ValueError, match=r"poolings\.json is damaged .*seeds is 'x'"):
        classifying.read_figures()


@pytest.mark.usefixtures("models")
def test_a_classifier_that_is_trained_into_a_folder_classifies(home: Path) -> None:
    config = NetworkConfig("gru", 2, 6, hidden=6, dropout=0.0, pooling="both")
    run = new_label_run(home / "classifiers", "mine", config, QUICK, TEXTS, "a corpus")
    assert label_runs("classifiers") == []
    reports = list(train_label_run(run, TEXTS, TEXTS))
    assert reports[-1].development == 1.0
    assert [one.name for one in label_runs("classifiers")] == ["mine"]
    found = classify("A b c d e f g\n\nrain", run)
    assert (found.label, found.names, found.pooling, found.architecture) == ("a", ("a", "b"), "both", "bigru")
    assert found.tokens == 8 and found.probabilities.sum() == pytest.approx(1, rel=1e-5)
    assert classify("h i j k l m n o", run).label == "b"
    assert classify(" \n", run).label == "" and classify("", run).tokens == 0
    test = Labelled([["a", "b", "c"], ["h", "i", "j"], ["h", "i", "k"], ["a", "b", "d"]], ["a", "b", "a", "a"], True)
    keep_classifier_results(run, test)
    results = run.results()
    assert (results["count"], results["right"], results["weights"]) == (4, 0.75, run.fingerprint)
    assert "75.0% right on 4 pieces" in (run.folder / "CARD.md").read_text()
    with pytest.raises(ValueError, match="mine is there already with other settings"):
        new_label_run(home / "classifiers", "mine", replace(config, hidden=7), QUICK, TEXTS, "a corpus")
