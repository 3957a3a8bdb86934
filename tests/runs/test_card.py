"""The card of a run that was not scored exactly: the best epoch of its log, or that nothing was measured."""

from collections.abc import Callable
from typing import Any

from lstm_core.recordings.record import evaluate
from lstm_core.runs.card import card, write_card
from lstm_core.runs.run import Run
from lstm_core.runs.train import train
from lstm_core.storage.files import write_json

Make = Callable[..., Run]


def test_without_an_exact_score_the_card_gives_the_log(small_run: Make) -> None:
    run = small_run(weights=True)
    assert "Validation: not measured." in card(run)
    (run.folder / "metrics.jsonl").write_text('{"step": 1, "validation_loss": 0.6931471805599453}\n')
    assert "Validation: 1.000 bits per character." in card(run)


def test_a_score_of_earlier_weights_is_not_on_the_card(small_run: Make) -> None:
    run = small_run(weights=True)
    part = {"loss": 1.0, "bits_per_character": 1.25, "tokens": 100}
    stored = {"weights": "others", "validation": part, "first_half": part, "second_half": part}
    write_json(run.folder / "results" / "evaluation.json", stored)
    assert "1.25" not in card(run)
    write_json(run.folder / "results" / "evaluation.json", {**stored, "weights": run.fingerprint})
    assert "| validation split | 1.2500 | 100 |" in card(run)


def test_a_word_run_of_a_persons_own_text_names_its_words(small_run: Make, words: Any) -> None:
    from lstm_core.text.corpus import corpus_of

    run = small_run(text=corpus_of(words(600), "book", "word", licence="your own text"))
    text = card(run)
    assert f"the next of {len(run.vocabulary):,} words" in text
    assert "book. Licence: your own text." in text
    write_card(run)
    assert (run.folder / "CARD.md").read_text() == text


def test_training_and_scoring_leave_the_card_as_it_then_is(small_run: Make, corpus: Any) -> None:
    run = small_run(training={"epochs": 1})
    list(train(run, corpus))
    first = (run.folder / "CARD.md").read_text()
    assert first == card(run)
    assert "1 epochs, 1 of them done in 0 minutes" in first
    evaluate(run, corpus)
    scored = (run.folder / "CARD.md").read_text()
    assert scored == card(run) != first
    assert "| validation split |" in scored


def test_the_control_is_said_to_be_untrained(small_run: Make) -> None:
    run = small_run(weights=True)
    write_json(run.folder / "config.json", {**run.config, "untrained_twin_of": "big"})
    assert "None: the weights are as drawn from seed 1. It is the control of big" in card(Run(run.folder))


def test_fault_19_names_are_shown_as_they_are(small_run: Make) -> None:
    run = small_run()
    config = {**run.config, "corpus": {**run.config["corpus"], "name": "![x](http://a/b) <b>\n# *y*", "licence": "$z$"}}
    write_json(run.folder / "config.json", config)
    data = card(Run(run.folder)).split("## Data")[1].splitlines()[2]
    assert data.startswith(r"\!\[x\](http:\/\/a\/b) \<b\> \# \*y\*. Licence: \$z\$. SHA-256")
