"""Tags kept with a recording, and the verb that tags a text."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_core.recordings import recording as recordings
from lstm_core.recordings.record import Text, record
from lstm_core.recordings.recording import Recording
from lstm_core.recordings.tags import TAGS, kept_tags, recorded_text, tags_of
from lstm_core.text.corpus import Vocabulary, corpus_of
from lstm_core.text.tagged import Tagged
from lstm_core.text.tags import tag_text, tag_tokens, tagger_fingerprint

Make = Callable[..., Any]


@pytest.fixture
def made(small_run: Make, corpus: Any) -> Recording:
    run = small_run(weights=True)
    return record(run, Text("small", corpus.ids[100:600], corpus.fingerprint, (100, 600)))


def columns(tagged: Tagged) -> list[Any]:
    return [tagged.start.tolist(), tagged.stop.tolist(), tagged.sentence.tolist(), tagged.tag.tolist()]


@pytest.fixture
def tagging(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that get tagged from now on."""
    seen: list[str] = []

    def watched(text: str, **options: Any) -> Tagged:
        seen.append(text)
        return tag_text(text, **options)

    monkeypatch.setattr("lstm_core.recordings.tags.tag_text", watched)
    return seen


def test_the_tags_of_a_recording_are_those_of_its_text_and_are_made_once(
    made: Recording, corpus: Any, tagging: list[str]
) -> None:
    text = corpus.vocabulary.decode(corpus.ids[100:600])
    assert recorded_text(made) == text
    first, second = tags_of(made), tags_of(Recording.open(made.folder))  # type: ignore[arg-type]
    assert columns(first) == columns(second) == columns(tag_text(text))
    assert first.names == second.names
    assert tagging == [text]


def test_a_recording_with_tags_is_whole_and_is_removed_with_them(made: Recording) -> None:
    folder = made.folder
    assert folder is not None
    before = made.bytes
    tags_of(made)
    recordings.verify(folder)
    assert Recording.open(folder).bytes == before + (folder / "tags.safetensors").stat().st_size
    assert not list(folder.glob(".*"))
    recordings.remove_recording(folder.name)
    assert not folder.exists()


def test_tags_are_told_as_kept_only_where_they_are_and_the_verb_keeps_those_of_a_recording(
    made: Recording, tagging: list[str], cli: Make
) -> None:
    assert kept_tags(made) is None
    code, out, _ = cli("tags", made.fingerprint, "--json")
    assert code == 0 and json.loads(out)["tags"] == tag_text(str(recorded_text(made))).counts()
    found = kept_tags(made)
    assert found is not None and columns(found) == columns(tags_of(made)) and len(tagging) == 1
    (made.folder / "tags.safetensors").write_bytes(b"")  # type: ignore[operator]
    assert kept_tags(made) is None and len(tagging) == 1


@pytest.mark.parametrize("damage", ["cut", "empty", "other bytes", "a folder's worth of zeros"])
def test_damaged_tags_are_made_again(made: Recording, damage: str, tagging: list[str]) -> None:
    expected = columns(tags_of(made))
    path = made.folder / "tags.safetensors"  # type: ignore[operator]
    whole = path.read_bytes()
    contents = {"cut": whole[: len(whole) // 2], "empty": b"", "other bytes": b"PAR1" + whole[::-1] + b"PAR1"}
    path.write_bytes(contents.get(damage, bytes(len(whole))))
    assert columns(tags_of(made)) == expected
    assert len(tagging) == 2
    assert columns(tags_of(made)) == expected
    assert len(tagging) == 2


@pytest.mark.parametrize(
    ("name", "values"), [("code", [400]), ("code", [-2]), ("start", [9999]), ("stop", [501]), ("stop", [-1])]
)
def test_stored_tags_that_do_not_fit_the_text_are_made_again(
    made: Recording, name: str, values: list[int], tagging: list[str]
) -> None:
    tagged = tags_of(made)
    column = getattr(tagged, name).copy()
    column[-1:] = values
    TAGS.keep(replace(tagged, **{name: column}), made, of=identity(made))
    assert columns(tags_of(made)) == columns(tagged)
    assert len(tagging) == 2


def identity(recording: Recording) -> str:
    text = str(recorded_text(recording))
    return f"{tagger_fingerprint()} {hashlib.sha256(text.encode()).hexdigest()}"


def kept_before(recording: Recording, tagged: Tagged, of: str) -> Path:
    """Tags in the format in which they were kept first: a table."""
    import pyarrow
    from pyarrow import parquet

    names = ("start", "stop", "sentence", "code")
    table = pyarrow.table({name: pyarrow.array(getattr(tagged, name)) for name in names})
    table = table.replace_schema_metadata({"key": of, "names": json.dumps(tagged.names)})
    path = recording.folder / "tags.parquet"  # type: ignore[operator]
    parquet.write_table(table, path, compression="zstd")
    return path


def test_tags_as_they_were_kept_first_are_read(made: Recording, tagging: list[str]) -> None:
    tagged = tag_text(str(recorded_text(made)))
    path = kept_before(made, tagged, identity(made))
    assert columns(tags_of(made)) == columns(tagged) and not tagging
    kept_before(made, tagged, "of another text")
    assert kept_tags(made) is None
    kept_before(made, tagged, identity(made))
    path.write_bytes(path.read_bytes()[:-20])
    assert kept_tags(made) is None
    assert columns(tags_of(made)) == columns(tagged) and len(tagging) == 1


def test_tags_of_other_weights_are_made_again(
    made: Recording, tagging: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tags_of(made)
    monkeypatch.setattr("lstm_core.recordings.tags.tagger_fingerprint", lambda: "other weights")
    tags_of(made)
    tags_of(made)
    assert len(tagging) == 2


def test_a_recording_in_memory_is_tagged_and_nothing_is_kept(made: Recording, home: Path) -> None:
    loose = Recording(
        made.spec, made.vocabulary, made.tokens, made.positions, made.probability, made.signals, made.exactness
    )
    assert columns(tags_of(loose)) == columns(tag_text(str(recorded_text(made))))
    assert not list(home.rglob("tags.*"))


def test_a_recording_of_words_has_a_tag_a_word(small_run: Make, words: Make) -> None:
    text = corpus_of(words(600), "by words", "word")
    run = small_run("by-words", text, weights=True)
    made = record(run, Text("by words", text.ids[:200], text.fingerprint, (0, 200)))
    tokens = [text.vocabulary.tokens[number] for number in text.ids[:200]]
    assert recorded_text(made) == tokens
    assert columns(tags_of(made)) == columns(tag_tokens(tokens)) == columns(tags_of(made))


def test_a_token_of_several_characters_does_not_shift_the_places(made: Recording) -> None:
    vocabulary = Vocabulary(("a", "<end>", " "), "characters")
    odd = Recording(
        made.spec, vocabulary, np.array([0, 1, 2, 0], np.int32), made.positions, made.probability, made.signals
    )
    assert recorded_text(odd) == "a\ufffd a"


# The verb -------------------------------------------------------------------------------------------------------------


def test_the_verb_tags_a_text_file(cli: Make, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("She didn't go. He went home, too.")
    code, out, _ = cli("tags", str(path), "--json", "--show", "1")
    found = json.loads(out)
    assert code == 0
    assert (found["words"], found["sentences"]) == (11, 2)
    assert found["tags"] == tag_text(path.read_text()).counts()
    assert found["first"] == ["She/PRP did/VBD n't/RB go/VB ./."]
    assert found["not_followed_by_whitespace"] == 4 / 8
    assert {key: row["ours"] for key, row in found["tagger"]["accuracy"].items()}.keys() == {"masc", "treebank", "ewt"}
    code, out, _ = cli("tags", str(path))
    assert code == 0 and "He/PRP went/VBD home/NN" in out and "11 words and marks in 2 sentences" in out


def test_the_verb_tags_the_text_of_a_run(cli: Make, small_run: Make, home: Path, words: Make) -> None:
    (home / "texts").mkdir(parents=True)
    (home / "texts" / "small.txt").write_text(words(600))
    small_run()
    code, out, _ = cli("tags", "small", "--json")
    assert code == 0
    assert json.loads(out)["tags"] == tag_text(words(600)).counts()
    by_words = corpus_of(words(600), "small", "word")
    small_run("small-words", by_words)
    code, out, _ = cli("tags", "small-words", "--json")
    assert code == 0
    assert json.loads(out)["words"] == sum(by_words.vocabulary.tokens[number] != "<eos>" for number in by_words.ids)


def test_the_verb_takes_an_empty_text_and_says_what_is_missing(cli: Make, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("")
    code, out, _ = cli("tags", str(tmp_path / "empty.txt"), "--json")
    assert code == 0 and json.loads(out)["words"] == 0 and json.loads(out)["not_followed_by_whitespace"] is None
    code, out, err = cli("tags", "no-such-text")
    assert (code, out) == (2, "") and "no corpus or text file 'no-such-text'" in err
