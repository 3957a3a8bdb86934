"""The tab Meanings of the page Probes, and the verb senses: what is kept of several runs is shown together; without any
a command is named. A miniature set goes all the way from its files to the page.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_core.probes.sense_sets import EVERY_PHRASE, Example, LabelledSet
from lstm_core.probes.senses import (
    GUESSERS,
    SENSES,
    Senses,
    SetSenses,
    UnitCounts,
    WordSenses,
    read_senses,
    senses,
)
from lstm_core.probes.senses_over_seeds import together
from lstm_core.runs.run import Run
from lstm_core.stats.linear_probe import Scores
from lstm_core.storage.files import home
from lstm_core.text import corpus as corpora
from tests.opened_pages import nothing_shipped, opened, said, table_with  # noqa: F401 - a fixture used by being here

Make = Callable[..., Run]
Verb = Callable[..., tuple[int, str, str]]


def word(name: str, guess: float, confirmed: int = 3) -> WordSenses:
    made = {one: Scores(guess, guess / 2 if one == "majority" else guess, guess) for one in GUESSERS}
    made["twin_at_word"] = Scores(0.4, 0.4, 0.4)
    counts = UnitCounts(confirmed + 1, confirmed, 1, 0.5), UnitCounts(1, 1, 0, 0.0)
    return WordSenses(name, ("one", "two"), 20, 10, 2, *counts, made)


def result(run: Run, guess: float, *, name: str = "coarsewsd", words: tuple[str, ...] = ("bank", "java")) -> Senses:
    part = SetSenses(name, tuple(word(one, guess) for one in words), 1000, 100, 60, 6, 1, 2)
    return Senses(run.name, run.fingerprint, "LSTM 2 x 8", 16, (part,))


@pytest.fixture
def of_words(small_run: Make, words: Callable[..., str]) -> Callable[[str, int], Run]:
    """Makes a run of words with a seed."""
    corpora.keep_text("book", words(600).encode())

    def make(name: str, seed: int) -> Run:
        return small_run(name, corpora.read_corpus("book", "word"), weights=True, training={"seed": seed})

    return make


def test_seeds_are_shown_together_with_their_range(of_words: Callable[[str, int], Run]) -> None:
    runs = [of_words(f"seed-{seed}", seed) for seed in (1, 2)]
    for run, guess in zip(runs, (0.6, 0.8), strict=True):
        SENSES.keep(result(run, guess), run)
    app = opened("probes", probes_tab="Meanings", run="seed-1")  # which has no recording
    assert not app.exception
    text = said(app)
    assert "From the neurons at the word 70% (60% to 80%) of the meanings are guessed right" in text
    assert "untrained twin 40%" in text and "twin for 2 of 2 words (chance 0.5)" in text and "for 0 of 0 words" in text
    assert "18.8% of single neurons" in text and "twin 6.2%" in text and "with shuffled labels 3.1%" in text
    assert "10.0% of the words are unknown" in text and "unknown at 10.0% of the places" in text
    table = table_with(app, "neurons")
    assert table["word"].tolist() == ["bank", "java", "mean"]
    assert table["neurons"].tolist() == pytest.approx([0.7] * 3)
    assert table["commonest"].tolist() == pytest.approx([0.35] * 3)
    assert table_with(app, "by chance")["confirmed"].tolist() == pytest.approx([3 / 16] * 3)
    assert table_with(app, "F1")["right, commonest"].tolist() == pytest.approx([0.7] * 3)


def test_runs_without_weights_are_shown_and_other_shapes_apart(
    of_words: Callable[[str, int], Run], small_run: Make
) -> None:
    run = of_words("gone", 1)
    SENSES.keep(replace(result(run, 0.6), weights=run.fingerprint), run)
    fingerprint = run.fingerprint
    config = json.loads((run.folder / "config.json").read_text())
    (run.folder / "config.json").write_text(json.dumps(config | {"figures_of": fingerprint}))
    (run.folder / "weights.safetensors").unlink()
    run.set_status("finished")
    (run.folder / "metrics.jsonl").write_text("{}\n")
    assert Run(run.folder).figures_only
    other = small_run("other", corpora.read_corpus("book", "word"), weights=True, hidden=4)
    SENSES.keep(replace(result(other, 0.9), units=8), other)
    app = opened("probes", probes_tab="Meanings", run="other")
    box = app.selectbox(key="probes-senses")
    assert [option.split(":")[1].strip() for option in box.options] == ["other", "gone"]
    assert "word 90%" in said(app)
    assert "word 60%" in said(box.set_value(box.options[1]).run())


def test_a_link_opens_a_set_of_other_models(of_words: Callable[[str, int], Run], small_run: Make) -> None:
    one, wide = of_words("one", 1), small_run("wide", corpora.read_corpus("book", "word"), weights=True, hidden=12)
    SENSES.keep(result(one, 0.7))
    news = result(wide, 0.6, name="senseval", words=("hard", "line"))
    SENSES.keep(replace(news, sets=(*result(wide, 0.5).sets, *news.sets)))
    models = opened("probes", probes_tab="Meanings", run="one").selectbox(key="probes-senses").options
    assert len(models) == 2 and models[0].endswith(": one") and models[1].endswith(": wide")
    app = opened(
        "probes", probes_tab="Meanings", run="one", probes_senses=models[1], probes_senses_set="Four words in news"
    )
    assert app.selectbox(key="probes-senses").value == models[1]
    assert {"hard", "line"} <= set(table_with(app, "all words")["word"])


def test_phrases_are_told_by_those_that_nothing_was_trained_on(of_words: Callable[[str, int], Run]) -> None:
    run = of_words("one", 1)
    kept = result(run, 0.5, name="semeval", words=("brick wall",))
    every = replace(kept.sets[0], words=(word(EVERY_PHRASE, 0.7), *kept.sets[0].words))
    SENSES.keep(replace(kept, sets=(every,)), run)
    (part,) = together([replace(kept, sets=(every,))])
    assert part.chief.word == EVERY_PHRASE and part.mean.scores["at_word"].accuracy.mean == 0.5
    assert "From the neurons at the word 70%" in said(opened("probes", probes_tab="Meanings", run="one"))


def test_without_any_result_a_command_is_named(of_words: Callable[[str, int], Run], small_run: Make) -> None:
    run = of_words("one", 1)
    path = SENSES.keep(result(run, 0.5), run)
    for broken in ("{", json.dumps(json.loads(path.read_text()) | {"weights": "other"}), "[]"):
        path.write_text(broken)
        assert read_senses(run) is None
    app = opened("probes", probes_tab="Meanings", run="one")
    assert "python -m lstm_core senses one" in said(app)
    small_run("letters", weights=True)
    assert "It takes a model of words" in said(opened("probes", probes_tab="Meanings", run="letters"))


def test_what_the_runs_do_not_all_know_is_left_out(of_words: Callable[[str, int], Run]) -> None:
    run = of_words("one", 1)
    one, other = result(run, 0.5), result(run, 0.7, words=("java", "seal"))
    (part,) = together([one, other])
    assert [found.word for found in part.words] == ["java"] and part.words[0].scores["words"].balanced.most == 0.7
    assert together([one, result(run, 0.7, words=("seal",))]) == ()
    assert [found.name for found in together([one, result(run, 0.1, name="senseval")])] == ["coarsewsd", "senseval"]


# From files to figures ------------------------------------------------------------------------------------------------


def planted(run: Run) -> LabelledSet:
    """A word of the run whose sense the word before it gives away, half of them to train on."""
    draw, names = np.random.default_rng(0), ("river", "old")
    examples = []
    for number in range(120):
        sense = int(draw.integers(2))
        tokens = ("the", *draw.choice(["green", "when", "strange"], 3).tolist(), names[sense], "house", "runs")
        examples.append(Example("house", names[sense], tokens, 5, 6, number >= 60))
    return LabelledSet("coarsewsd", tuple(examples), 1)


def test_a_run_and_its_twin_are_measured(of_words: Callable[[str, int], Run]) -> None:
    run = of_words("one", 1)
    given = planted(run)
    found = senses(run, given=[given])
    (part,) = found.sets
    (house,) = part.words
    assert (house.train, house.test, house.unknown, part.lost, part.few) == (60, 60, 0, 1, 0)
    assert house.scores["at_word"].balanced == house.scores["twin_at_word"].balanced  # it never learned
    assert house.scores["at_word"].balanced > 0.9 and house.scores["words_before"].balanced == 1
    assert house.scores["majority"].balanced == 0.5
    assert house.units == house.twin_units and house.units.confirmed >= 3 and house.units.shuffled <= 0.05 * 16
    strange = sum(one.tokens.count("strange") for one in given.examples)
    assert part.unknown_tokens == strange and part.tokens == 120 * 8  # with the <eos> before each
    with pytest.raises(ValueError, match="knows no word of coarsewsd"):
        senses(run, given=[LabelledSet("coarsewsd", given.examples[:5])])
    strangers = tuple(replace(one, word="strange", start=1, stop=2, tokens=("a", "unheard")) for one in given.examples)
    both = senses(run, given=[LabelledSet("coarsewsd", (*given.examples, *strangers))]).sets[0]
    assert (both.few, both.unknown_places, both.places) == (1, 120, 240)


def test_the_verb_measures_keeps_and_goes_on(
    of_words: Callable[[str, int], Run], cli: Verb, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, small_run: Make
) -> None:
    run = of_words("one", 1)
    data = tmp_path / "data" / "word_sense" / "CoarseWSD-20" / "house"
    data.mkdir(parents=True)
    monkeypatch.setenv("LSTM_DATA", str(tmp_path / "data"))
    (data / "classes_map.txt").write_text('{"0": "house_river", "1": "house_old"}')
    for part in ("train", "test"):
        examples = [one for one in planted(run).examples if one.test == (part == "test")]
        lines = [f"{one.start}\t{' '.join(one.tokens)}\n" for one in examples]
        (data / f"{part}.data.txt").write_text("".join(lines))
        (data / f"{part}.gold.txt").write_text("\n".join(str(int(one.sense == "old")) for one in examples))
    code, out, err = cli("senses", "one", "--json")
    assert code == 0 and "semeval" in err and "senseval" in err  # what is not at hand is said
    told: dict[str, Any] = json.loads(out)
    assert told["runs"][0]["sets"][0]["words"][0]["train"] == 60
    assert told["together"][0]["runs"] == ["one"]
    (kept,) = (home() / "senses").glob("*.json")
    assert not (run.folder / "results" / "senses.json").exists()
    code, out, _ = cli("senses", "one", "--set", "coarsewsd", "--with-run")
    assert code == 0 and "house" in out and "mean" in out
    assert read_senses(run) == read_senses(run) and "senses" in run.results()
    kept.unlink()
    other = of_words("two", 2)
    SENSES.keep(result(other, 0.5, name="senseval"))
    assert cli("senses", "two", "--set", "coarsewsd")[0] == 0
    both = read_senses(other)
    assert both is not None and [part.name for part in both.sets] == ["coarsewsd", "senseval"]
    code, _, err = cli("senses", "two", "--set", "semeval")
    assert code == 2 and "set LSTM_DATA to a folder" in err
    assert "choose coarsewsd" in cli("senses", "two", "--set", "other")[2]
    small_run("letters", weights=True)
    code, _, err = cli("senses", "letters")
    assert code == 2 and "choose a run of words" in err
