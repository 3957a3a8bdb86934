"""Classes of words: a planted unit is found, one of a single word is not, shuffled words confirm next to nothing; the
overlap of units is that of comparing step by step.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_core.probes import word_classes as classes
from lstm_core.probes.active import OnQuery, OnSets, on_sets
from lstm_core.probes.word_classes import word_class
from lstm_core.recordings.record import RecordQuery, corpus_text, record
from lstm_core.recordings.recording import Recording, RecordingSpec
from lstm_core.text import corpus as corpora
from lstm_core.text.corpus import Vocabulary
from lstm_core.text.tagged import Tagged

LAW = tuple(f"law{chr(97 + n)}" for n in range(20))
OTHERS = tuple(f"word{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(80))
UNITS, STEPS = 30, 6000


def recording_of(seed: int = 0, splitter: Any = "words") -> Recording:
    """Noise, but unit 3 is high at every word of law, unit 5 wherever 3 is and sometimes elsewhere, unit 7 at one word
    of law alone, however often it stands.
    """
    draw = np.random.default_rng(seed)
    names = (*LAW, *OTHERS)
    chances = np.array([3.0 if name == LAW[0] else 1.0 for name in names])
    tokens = draw.choice(len(names), STEPS, p=chances / chances.sum()).astype(np.int32)
    values = draw.normal(0, 0.2, (UNITS, STEPS)).astype(np.float32)
    values[3, tokens < len(LAW)] += 1
    values[5, (tokens < len(LAW)) | (draw.random(STEPS) < 0.1)] += 1
    values[7, tokens == 0] += 5
    spec = RecordingSpec("run", "w", "text", "f", (0, STEPS), "lstm", UNITS, ("h",), (1,))
    nothing = np.zeros(STEPS, np.float32)
    signals: dict[tuple[str, int], Any] = {("h", 1): values}
    return Recording(spec, Vocabulary(names, splitter), tokens, np.arange(STEPS), nothing, signals)


@pytest.fixture(scope="module")
def planted() -> tuple[Recording, OnSets]:
    recording = recording_of()
    return recording, on_sets(recording, OnQuery(threshold=0.5))


def test_a_unit_of_the_class_is_confirmed_and_one_of_a_single_word_is_not(planted: tuple[Recording, OnSets]) -> None:
    found = word_class(*planted, LAW)
    confirmed = {one.telling.unit: one for one in found.confirmed}
    assert {3, 5} <= confirmed.keys() and 7 not in confirmed
    assert len(confirmed) <= 3  # at most one of the 27 others, by chance
    assert confirmed[3].telling.sign == 1 and confirmed[3].telling.confirmed_with == 1
    assert found.shuffled <= 0.05 * len(found.confirmed)
    assert found.words == tuple(sorted(LAW)) and not found.absent
    assert len(found.beside) == classes.BESIDE * len(LAW) and not set(found.beside) & set(LAW)


def test_shares_are_those_of_counting_places(planted: tuple[Recording, OnSets]) -> None:
    recording, on = planted
    found = word_class(recording, on, LAW)
    one = next(one for one in found.units if one.telling.unit == 5)
    high = recording.unit("h", 1, 5) >= 0.5
    names = np.array(recording.vocabulary.tokens)[recording.tokens]
    assert one.on_class == pytest.approx(high[np.isin(names, LAW)].mean())
    assert one.on_beside == pytest.approx(high[np.isin(names, found.beside)].mean())
    by_word = {word: high[names == word].mean() for word in LAW}
    assert list(one.words) == sorted(by_word, key=lambda word: (-by_word[word], word))[: classes.TOLD]


def test_overlap_is_the_jaccard_index_step_by_step(planted: tuple[Recording, OnSets]) -> None:
    recording, on = planted
    found = word_class(recording, on, LAW)
    assert {(1, 3), (1, 5)} <= set(found.together)
    high = [recording.unit("h", layer, unit) >= 0.5 for layer, unit in found.together]
    for a, one in enumerate(high):
        for b, other in enumerate(high):
            assert found.overlap[a, b] == pytest.approx((one & other).sum() / (one | other).sum())
            both = one.mean() * other.mean()
            assert found.by_chance[a, b] == pytest.approx(both / (one.mean() + other.mean() - both))
    plain, by_chance = found.overlaps_more
    assert plain > 2 * by_chance > 0


def test_words_beside_have_the_same_part_of_speech() -> None:
    recording = recording_of()
    at = np.arange(STEPS)
    code = (recording.tokens % 2).astype(np.int16)
    tagged = Tagged(at, at + 1, np.zeros(STEPS, np.int32), code, ("NN", "VB"))
    law = LAW[::2]  # nouns
    found = word_class(recording, on_sets(recording, OnQuery()), law, tagged)
    index = recording.vocabulary.index
    assert found.beside and all(index[word] % 2 == 0 for word in found.beside)
    every = word_class(recording, on_sets(recording, OnQuery()), law)
    assert any(index[word] % 2 for word in every.beside)


def test_words_that_are_rare_or_unknown_are_said_and_too_few_are_refused(planted: tuple[Recording, OnSets]) -> None:
    assert word_class(*planted, [*LAW, "tort"]).absent == ("tort",)
    with pytest.raises(ValueError, match="3 of the words stand 5 times or more"):
        word_class(*planted, [*LAW[:3], "tort"])
    letters = recording_of(splitter="characters")
    with pytest.raises(ValueError, match="choose a run of words"):
        word_class(letters, on_sets(letters, OnQuery()), LAW)


def test_nothing_is_confirmed_where_nothing_is_planted() -> None:
    counts = []
    for seed in range(10):
        recording = recording_of(seed)
        found = word_class(recording, on_sets(recording, OnQuery()), OTHERS[:20])
        counts.append(len([one for one in found.confirmed if one.telling.unit not in (3, 5, 7)]))
    assert np.mean(counts) <= 0.05 * UNITS


def test_the_verb_takes_words_or_a_study(
    small_run: Callable[..., Any], cli: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    draw = np.random.default_rng(0)
    text = "\n\n".join(" ".join(draw.choice([*LAW, *OTHERS], 20)) for _ in range(200))
    corpora.keep_text("book", text.encode())
    run = small_run("mine", corpora.read_corpus("book", "word"), weights=True)
    code, _, told = cli("word-class", "mine", "--words", "lawa,lawb")
    assert code == 2 and "has no recording of h at all positions" in told
    record(run, corpus_text(run, "book"), RecordQuery(("h",)))
    code, out, _ = cli("word-class", "mine", "--words", ",".join(LAW), "--threshold", "0.01", "--json")
    assert code == 0
    told_of = json.loads(out)
    assert told_of["words"] == sorted(LAW) and told_of["twin"] is None
    study = tmp_path / "law.toml"
    study.write_text(f'name = "law"\nwords = {json.dumps(list(LAW))}\n')
    code, out, _ = cli("word-class", "mine", "--study", str(study))
    assert code == 0 and out.startswith("mine on ") and f"20 words beside {len(told_of['beside'])} as frequent" in out
    code, _, told = cli("word-class", "mine")
    assert code == 2 and "name the words of the class" in told
