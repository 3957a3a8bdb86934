"""Studies: files read or refused; planted units found and confirmed, shuffled labels and random places are not."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from lstm_core.probes import studies
from lstm_core.probes.active import OnQuery, on_sets
from lstm_core.probes.studies import Selector, Study, parse_study, places, read_study, study, tells_apart
from lstm_core.recordings.recording import Recording, RecordingSpec
from lstm_core.storage.files import ROOT
from lstm_core.text.corpus import Vocabulary
from lstm_core.text.tagged import Tagged

WORDS = ("he", "left", "the", "flank", "room", "bar", "none", "on")
FILE = """
name = "left"
question = "Went away, or not right?"
phrases = ["left the room", "on the left flank"]
null = ["the"]

[[positive]]
phrase = "left"
tags = ["VBD"]

[[negative]]
phrase = "left"
contexts = ["left flank"]
"""


def recording_of(tokens: Sequence[int], units: int = 20, seed: int = 0) -> Recording:
    """A recording of words in memory whose units are noise, on at about a third of the steps."""
    values = np.random.default_rng(seed).normal(0, 0.7, (units, len(tokens))).astype(np.float32)
    spec = RecordingSpec("run", "w", "text", "f", (0, len(tokens)), "lstm", units, ("h",), (1,))
    read = np.array(tokens, np.int32)
    nothing = np.zeros(len(read), np.float32)
    return Recording(spec, Vocabulary(WORDS, "words"), read, np.arange(len(read)), nothing, {("h", 1): values})


def sentences(count: int, seed: int = 0) -> list[int]:
    """ "he left the room" and "on the left flank" at random, with other words between."""
    draw = np.random.default_rng(seed)
    parts = [(0, 1, 2, 4), (7, 2, 1, 3)]
    return [token for _ in range(count) for token in (*parts[draw.integers(2)], *draw.choice([5, 6], 2).tolist())]


def tagged_of(recording: Recording) -> Tagged:
    """ "left" behind "he" is a verb, all else is not."""
    read = recording.tokens
    code = ((read == 1) & (np.roll(read, 1) == 0)).astype(np.int16)
    at = np.arange(len(read))
    return Tagged(at, at + 1, np.zeros(len(read), np.int32), code, ("NN", "VBD"))


# Files ----------------------------------------------------------------------------------------------------------------


def test_a_study_is_what_its_file_says(tmp_path: Path) -> None:
    path = tmp_path / "left.toml"
    path.write_text(FILE)
    found = read_study(path)
    assert found == Study(
        "left", "Went away, or not right?", ("left the room", "on the left flank"), (Selector("left", ("VBD",)),),
        (Selector("left", (), ("left flank",)),), ("the",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "name"),
        ("name = 3", "name"),
        ('name = " "\nphrases = ["a"]', "no name"),
        ('name = "a"', "names no phrase"),
        ('name = "a"\nphrases = "left"', "phrases"),
        ('name = "a"\nother = 1\nphrases = ["a"]', "other"),
        ('name = "a"\n[[positive]]\nphrase = "left"', "one kind only"),
        ('name = "a"\nwords = ["war", "peace treaty"]', "'peace treaty' of its words is not one word"),
        ("name = [", "not a study"),
    ],
)
def test_a_file_that_is_no_study_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=said):
        read_study(path)


def test_the_studies_that_come_along_are_read_and_say_their_text() -> None:
    found = {path.stem: read_study(path) for path in (ROOT / "studies").glob("*.toml")}
    assert {"left", "general", "charge", "company", "idioms", "ptb-weather", "ptb-legal"} <= set(found)
    assert all(one.name == name for name, one in found.items())
    fits = {text: {name for name, one in found.items() if one.fits(text)} for text in ("ptb", "war-and-peace-unicode")}
    assert "ptb-bar" in fits["ptb"] and "left" not in fits["ptb"] and "idioms" in fits["ptb"]
    assert "left" in fits["war-and-peace-unicode"] and "ptb-bar" not in fits["war-and-peace-unicode"]


def test_a_study_of_words_alone_needs_parts_of_speech() -> None:
    found = parse_study('name = "war"\nwords = ["army", "siege"]')
    assert found.words == ("army", "siege") and found.by_tag and not parse_study('name = "a"\nphrases = ["b"]').by_tag


def test_files_that_are_missing_large_or_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no file"):
        read_study(tmp_path / "none.toml")
    (tmp_path / "raw.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(ValueError, match="not a study"):
        read_study(tmp_path / "raw.toml")
    (tmp_path / "large.toml").write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(ValueError, match="larger than 1 MiB"):
        read_study(tmp_path / "large.toml")


# Places ---------------------------------------------------------------------------------------------------------------


def test_places_are_chosen_by_tag_and_by_context() -> None:
    recording = recording_of([0, 1, 2, 4, 7, 2, 1, 3, 0, 1, 2, 3])
    tagged = tagged_of(recording)
    assert places(recording, Selector("left")) == [(1, 2), (6, 7), (9, 10)]
    assert places(recording, Selector("left", ("VBD",)), tagged) == [(1, 2), (9, 10)]
    assert places(recording, Selector("left", ("VBD", "NN")), tagged) == [(1, 2), (6, 7), (9, 10)]
    assert places(recording, Selector("left", (), ("left flank", "left the flank"))) == [(6, 7), (9, 10)]
    assert places(recording, Selector("right")) == []
    with pytest.raises(ValueError, match="not tagged"):
        places(recording, Selector("left", ("VBD",)))
    with pytest.raises(ValueError, match="empty"):
        places(recording, Selector(" "))


def test_letters_are_whole_words_and_a_line_break_is_a_blank() -> None:
    text = "left leftover,left\nthe left the"
    names = tuple(sorted(set(text)))
    spec = RecordingSpec("run", "w", "text", "f", (0, len(text)), "lstm", 1, ("h",), (1,))
    read = np.array([names.index(letter) for letter in text], np.int32)
    recording = Recording(
        spec, Vocabulary(names, "characters"), read, np.arange(len(read)), np.zeros(len(read), np.float32),
        {("h", 1): np.zeros((1, len(read)), np.float32)},
    )  # fmt: skip
    assert places(recording, Selector("left")) == [(0, 4), (14, 18), (23, 27)]
    assert places(recording, Selector("left the")) == [(14, 22), (23, 31)]


# Verdicts -------------------------------------------------------------------------------------------------------------

UNITS = tuple((1, unit) for unit in range(200))


def test_planted_units_are_chosen_confirmed_and_signed() -> None:
    draw = np.random.default_rng(1)
    positive, negative = draw.normal(size=(60, 200)), draw.normal(size=(50, 200))
    positive[:, 7] += 3
    positive[:, 90] -= 3
    found, smallest = tells_apart(positive.astype(np.float32), negative.astype(np.float32), UNITS)
    confirmed = {(one.unit, one.sign) for one in found if one.verdict == "confirmed"}
    assert {(7, 1), (90, -1)} <= confirmed and len(confirmed) <= 3
    assert smallest < 1e-10 and found[0].chosen_with > 0.9 and found[0].confirmed_with > 0.9
    one = next(one for one in found if one.unit == 7)
    assert one.chosen_with == pytest.approx(np.mean(positive[:30, None, 7] > negative[None, :25, 7]))
    assert one.confirmed_with == pytest.approx(np.mean(positive[30:, None, 7] > negative[None, 25:, 7]))
    chances = [
        mannwhitneyu(one.sign * positive[30:, one.unit], one.sign * negative[25:, one.unit], alternative="greater",
                     method="exact").pvalue for one in found
    ]  # fmt: skip
    ranked = sorted(chances)
    adjusted = [min(ranked[k] * len(ranked) / (k + 1) for k in range(at, len(ranked))) for at in range(len(ranked))]
    assert [one.chance for one in found] == pytest.approx(adjusted)


def test_what_holds_in_the_half_that_chose_alone_is_not_confirmed() -> None:
    draw = np.random.default_rng(2)
    positive, negative = draw.normal(size=(60, 200)), draw.normal(size=(60, 200))
    positive[:30, 5] += 3
    found, _ = tells_apart(positive.astype(np.float32), negative.astype(np.float32), UNITS)
    assert next(one.verdict for one in found if one.unit == 5) == "not confirmed"


def test_shuffled_labels_confirm_a_unit_in_at_most_a_twentieth_of_tries() -> None:
    """Of 200 units that know nothing, in 200 tries: a try with any unit confirmed is a false one."""
    draw, tries = np.random.default_rng(3), 0
    for _ in range(200):
        positive, negative = (draw.normal(size=(14, 200)).astype(np.float32) for _ in "ab")
        tries += any(one.verdict == "confirmed" for one in tells_apart(positive, negative, UNITS)[0])
    assert tries <= 0.05 * 200 + 2 * np.sqrt(200 * 0.05 * 0.95)


def test_few_places_are_too_few_to_tell() -> None:
    draw = np.random.default_rng(4)
    positive, negative = draw.normal(size=(6, 200)), draw.normal(size=(6, 200))
    positive[:, 7] += 9
    found, smallest = tells_apart(positive.astype(np.float32), negative.astype(np.float32), UNITS)
    assert smallest == 1 / 20
    verdicts = {one.unit: one.verdict for one in found}
    assert verdicts[7] == "too few to tell" and "confirmed" not in verdicts.values()
    assert tells_apart(np.zeros((1, 200), np.float32), negative.astype(np.float32), UNITS) == ((), 1.0)


def test_units_that_never_change_tell_nothing() -> None:
    assert tells_apart(np.ones((40, 3), np.float32), np.ones((40, 3), np.float32), UNITS[:3])[0] == ()


# Whole studies --------------------------------------------------------------------------------------------------------


def test_a_whole_study_finds_what_is_planted_in_the_text() -> None:
    recording = recording_of(sentences(120), units=60)
    values = recording.signals["h", 1]
    tagged = tagged_of(recording)
    verbs = [stop - 1 for _, stop in places(recording, Selector("left", ("VBD",)), tagged)]
    values[11, verbs] += 4
    for start in np.flatnonzero(recording.tokens == 1):
        values[30, start : start + 2] = 2  # "left" and what follows it, whatever it means
    found = study(recording, on_sets(recording, OnQuery()), parse_study(FILE), tagged)
    assert {one.unit for one in found.confirmed} == {11}
    assert found.positives == len(verbs) and found.positives + found.negatives == 120
    assert [(one.phrase, one.places) for one in found.phrases] == [
        ("left the room", found.positives), ("on the left flank", found.negatives)
    ]  # fmt: skip
    assert found.null == (("the", 0),)
    assert found.expected_by_chance.confirmed <= 0.2
    assert found.matched >= found.selective == found.of_phrases(1)


def test_units_of_phrases_are_counted_beside_places_at_random() -> None:
    recording = recording_of(sentences(80), units=40)
    values = recording.signals["h", 1]
    values[:] = -1
    for phrase, units in (("left the room", (3, 4)), ("on the left flank", (4, 5, 6))):
        for start, stop in places(recording, Selector(phrase)):
            for unit in units:
                values[unit, start:stop] = 1
    asked = Study("both", phrases=("left the room", "on the left flank", "bar"))
    found = study(recording, on_sets(recording, OnQuery()), asked)
    assert [{unit for _, unit in one.units} for one in found.phrases] == [{3, 4}, {4, 5, 6}, set()]
    assert (found.matched, found.selective, found.of_phrases(2), found.of_phrases(3)) == (4, 3, 1, 0)
    assert found.expected_by_chance.matched < 2 and found.telling == () and found.smallest == 1


def test_the_same_seed_gives_the_same_study(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studies, "SHUFFLES", 3)
    recording = recording_of(sentences(60))
    asked, tagged = parse_study(FILE), tagged_of(recording)
    one, other = (study(recording, on_sets(recording, OnQuery()), asked, tagged) for _ in "ab")
    assert one == other
