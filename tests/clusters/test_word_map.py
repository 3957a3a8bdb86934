"""Maps of words: planted groups are found, the same for a seed, read again as they were kept, made once by the verb."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from lstm_core.clusters import word_map as wordmap
from lstm_core.clusters.word_map import WORD_MAPS, WordMap, WordMapQuery, kept_maps, map_of, read_map, word_map
from lstm_core.recordings.record import RecordQuery, corpus_text, record
from lstm_core.recordings.recording import Recording, RecordingSpec, kept_recordings
from lstm_core.runs.run import Run
from lstm_core.stats.linkage import joins
from lstm_core.text.corpus import Vocabulary, keep_text, read_corpus

pytestmark = pytest.mark.numeric

Verb = Callable[..., tuple[int, str, str]]
SMALL = WordMapQuery(tokens=150, start=30)


@pytest.fixture
def run(small_run: Callable[..., Run], words: Callable[..., str]) -> Run:
    keep_text("book", words(900).encode())
    return small_run("mine", read_corpus("book", "word"), weights=True)


def planted(count: int = 300, classes: int = 5) -> tuple[Recording, np.ndarray]:
    """A recording whose h of layer 1 lies near one of five centres, by which word is read; and the class of each."""
    rng = np.random.default_rng(0)
    vocabulary = Vocabulary(tuple("abcdefghijklmno"), "words")
    tokens = rng.integers(0, len(vocabulary), count).astype(np.int32)
    states = rng.normal(size=(classes, 12))[tokens % classes] + 0.05 * rng.normal(size=(count, 12))
    spec = RecordingSpec("mine", "w", "book", "t", (100, 100 + count), "lstm", 12, ("h",), (1,))
    probability = np.full(count, np.nan, np.float32)
    signals: Any = {("h", 1): states.T.astype(np.float32)}
    return Recording(spec, vocabulary, tokens, np.arange(count), probability, signals), tokens % classes


def same(one: WordMap, other: WordMap) -> bool:
    arrays = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("places", "words"))
    kept = ("query", "run", "weights", "text", "text_fingerprint", "span", "types", "seconds")
    return arrays and all(getattr(one, name) == getattr(other, name) for name in kept)


def test_planted_groups_are_apart_on_the_map_and_both_linkages_find_them() -> None:
    recording, truth = planted()
    told: list[tuple[float, str]] = []
    found = map_of(recording, WordMapQuery(), 20, 250, report=lambda *what: told.append(what))
    assert found.tokens == recording.text(20, 270)
    assert found.span == (120, 370) and found.positions[[0, -1]].tolist() == [120, 369]
    assert found.times.tolist() == [found.tokens.count(word) for word in found.types]
    for way in ("single", "ward"):
        assert adjusted_rand_score(truth[20:270], joins(found.places, way).cut(5)) == 1  # type: ignore[arg-type]
    shares = [share for share, _ in told]
    assert shares[0] == 0 and shares[-1] == 1 and shares == sorted(shares) and len(shares) > 20
    assert same(found, map_of(recording, WordMapQuery(), 20, 250))
    other = map_of(recording, WordMapQuery(seed=1), 20, 250)
    assert not np.array_equal(other.places, found.places)


def test_a_map_is_of_the_words_asked_for_and_read_again_exactly(run: Run, home: Path) -> None:
    found = word_map(run, SMALL)
    corpus = read_corpus("book", "word")
    assert found.tokens == [corpus.vocabulary.tokens[number] for number in corpus.ids[30:180]]
    assert found.query == SMALL and (found.weights, found.text_fingerprint) == (run.fingerprint, corpus.fingerprint)
    assert read_map(run, SMALL) is None and kept_maps(run) == []
    path = WORD_MAPS.keep(found)
    kept = read_map(run, SMALL)
    assert kept is not None and same(found, kept) and kept_maps(run) == [SMALL]
    assert path.is_relative_to(home) and path.stat().st_size < 150 * 5 + 2500
    for other in (replace(SMALL, layer=2), replace(SMALL, signal="c"), replace(SMALL, seed=1), replace(SMALL, start=0)):
        assert read_map(run, other) is None
    made = len(kept_recordings())
    recording, first, count = wordmap.recording_for(run, replace(SMALL, start=60, tokens=50))
    assert (first, count, len(kept_recordings())) == (30, 50, made)  # within the one that was made
    np.testing.assert_array_equal(recording.tokens[first : first + count], corpus.ids[60:110])


def test_a_map_of_other_weights_or_another_text_is_not_shown(run: Run) -> None:
    recording, _ = planted(60)
    found = replace(map_of(recording, SMALL, 0, 60), weights=run.fingerprint)
    own = run.config["corpus"]["fingerprint"]
    WORD_MAPS.keep(found)
    assert read_map(run, SMALL) is None  # of a text with the same name
    WORD_MAPS.keep(replace(found, text_fingerprint=own))
    assert read_map(run, SMALL) is not None
    WORD_MAPS.keep(replace(found, text_fingerprint=own), run)
    WORD_MAPS.keep(replace(found, text_fingerprint=own, query=replace(SMALL, layer=2)), run)
    assert len(kept_maps(run)) == 2 and {*kept_maps(run)} == {SMALL, replace(SMALL, layer=2)}
    run.save_weights({"other": np.zeros(3, np.float32)})
    assert Run(run.folder).fingerprint != found.weights
    assert read_map(Run(run.folder), SMALL) is None and kept_maps(Run(run.folder)) == []


def test_a_damaged_map_counts_as_none(run: Run) -> None:
    recording, _ = planted(40)
    own = run.config["corpus"]["fingerprint"]
    found = replace(map_of(recording, SMALL, 0, 40), weights=run.fingerprint, text_fingerprint=own)
    crafted = (
        replace(found, words=found.words + len(found.types)),
        replace(found, types=found.types[:-1]),
        replace(found, types=(*found.types[:-1], 7)),  # type: ignore[arg-type]
        replace(found, span=(0, 41)),
        replace(found, places=found.places[:20]),
    )
    for bad in crafted:
        WORD_MAPS.keep(bad)
        assert read_map(run, SMALL) is None
    path = WORD_MAPS.keep(found)
    assert read_map(run, SMALL) is not None
    whole = path.read_bytes()
    for bad in (b"", whole[:-5], whole[:-1] + bytes([whole[-1] ^ 1])):
        path.write_bytes(bad)
        assert read_map(run, SMALL) is None


@pytest.mark.parametrize("spread", [1e-6, 1.0, 3e4])
def test_places_on_the_grid_are_near_and_stay_where_they_are(spread: float) -> None:
    places = spread * np.random.default_rng(0).normal(size=(500, 2)).astype(np.float32)
    once = wordmap._placed(*wordmap._on_grid(places))
    extent = (places.max(axis=0) - places.min(axis=0)).max()
    assert np.abs(once - places).max() <= 1.01 * extent / 65_534
    np.testing.assert_array_equal(wordmap._placed(*wordmap._on_grid(once)), once)


def test_places_that_are_all_one_are_kept() -> None:
    places = np.full((12, 2), 3.5, np.float32)
    np.testing.assert_array_equal(wordmap._placed(*wordmap._on_grid(places)), places)


def test_the_verb_makes_a_map_once_and_says_what_its_groups_hold(cli: Verb, run: Run) -> None:
    words = ("wordmap", "mine", "--tokens", "120", "--clusters", "6", "--least", "3")
    code, out, err = cli(*words, "--signal", "c", "--layer", "0", "--split", "validation", "--json")
    assert code == 0, err
    whole = json.loads(out)
    start, stop = read_corpus("book", "word").splits["validation"]
    assert (whole["signal"], whole["layer"], whole["span"]) == ("c", 2, [start, min(stop, start + 120)])
    assert whole["groups"] == 6 and whole["words"] == whole["span"][1] - start and "moving" in err
    assert sum(group["size"] for group in whole["table"]) <= whole["words"]
    assert all(group["size"] >= 3 for group in whole["table"])
    made = wordmap.read_map(run, WordMapQuery("c", 2, 120, "validation"))
    assert made is not None and made.seconds == whole["seconds"]
    code, out, err = cli(*words, "--signal", "c", "--layer", "2", "--split", "validation", "--linkage", "ward",
                         "--with-run")  # fmt: skip
    assert code == 0 and err == "" and "6 groups by ward linkage" in out
    assert (run.results_folder / "wordmaps" / f"{made.fingerprint}.safetensors").is_file()


def test_the_verb_gives_every_word_a_group_of_its_own_where_there_are_fewer_than_groups(cli: Verb, run: Run) -> None:
    words = ("wordmap", "mine", "--tokens", "90", "--least", "1", "--json")
    whole = json.loads(cli(*words)[1])
    assert (whole["words"], whole["groups"], {group["size"] for group in whole["table"]}) == (90, 90, {1})
    code, out, err = cli(*words, "--against-split", "validation")
    assert code == 0, err
    assert json.loads(out)["agreement"]["of"] > 0
    assert len(kept_maps(run)) == 2


def test_the_verb_says_how_far_two_maps_group_alike(cli: Verb, run: Run) -> None:
    own = run.config["corpus"]["fingerprint"]
    recording, truth = planted(60)
    found = replace(map_of(recording, SMALL, 0, 60), weights=run.fingerprint, text_fingerprint=own)
    h, c = (replace(found, query=WordMapQuery(signal, tokens=60)) for signal in "hc")
    moved = c.places.copy()
    moved[truth == 0] += 100 * np.arange((truth == 0).sum())[:, None]  # one of the groups falls apart
    WORD_MAPS.keep(h)
    WORD_MAPS.keep(replace(c, places=moved))
    words = ("wordmap", "mine", "--tokens", "60", "--clusters", "5", "--against-signal")
    assert json.loads(cli(*words, "h", "--json")[1])["agreement"]["index"] == 1
    code, out, err = cli(*words, "c", "--json")
    assert code == 0 and err == ""
    kept = read_map(run, WordMapQuery("c", tokens=60))
    assert kept is not None
    expected = adjusted_rand_score(joins(h.places, "single").cut(5), joins(kept.places, "single").cut(5))
    told = json.loads(out)["agreement"]
    assert told == {"signal": "c", "split": "train", "index": pytest.approx(expected), "of": 60,
                    "things": "words of the text"}  # fmt: skip
    assert expected < 0.5 and f"index {expected:.3f} (n = 60 words of the text)" in cli(*words, "c")[1]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("--layer", "3"), "2 layers, not layer 3"),
        (("--signal", "z"), "there is no 'z'"),
        (("--split", "test"), "no split 'test': choose one of train, validation"),
        (("--tokens", "9"), "choose at least 10"),
        (("--linkage", "average"), "choose single or ward"),
        (("--clusters", "0"), "0 groups are none: choose 1 or more"),
    ],
)
def test_mistakes_name_the_remedy(cli: Verb, run: Run, asked: tuple[str, ...], says: str) -> None:
    code, out, err = cli("wordmap", "mine", *asked)
    assert (code, out) == (2, "") and says in err
    assert not kept_maps(run)


def test_a_run_of_characters_is_told_what_to_use_instead(cli: Verb, small_run: Callable[..., Run]) -> None:
    small_run("letters", weights=True)
    code, out, err = cli("wordmap", "letters")
    assert (code, out) == (2, "") and "python -m lstm_core cluster letters" in err and "choose a run of words" in err


def test_a_start_past_the_split_and_a_perplexity_of_nothing_are_refused(run: Run) -> None:
    with pytest.raises(ValueError, match="none at 90,000"):
        word_map(run, replace(SMALL, start=90_000))
    for perplexity in (0.0, float("nan")):
        with pytest.raises(ValueError, match="choose 1 or more"):
            word_map(run, replace(SMALL, perplexity=perplexity))


def test_a_recording_of_other_positions_of_the_same_words_is_not_taken(run: Run) -> None:
    record(run, corpus_text(run, "", 0, 100), RecordQuery(("h",), (2,)))
    recording, first, count = wordmap.recording_for(run, replace(SMALL, start=50, tokens=60, layer=2))
    assert (recording.spec.span, first, count) == ((50, 110), 0, 60)  # the first ends too early
