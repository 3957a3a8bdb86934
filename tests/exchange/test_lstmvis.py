"""Projects of LSTMVis: out and in again nothing changes; a project made as its manual says comes in as it is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_core.exchange import lstmvis, lstmvis_files
from lstm_core.exchange.lstmvis import export_project, import_project
from lstm_core.exchange.states import OutsideText, States, bring_in
from lstm_core.probes.active import RULES, OnQuery, on_sets
from lstm_core.probes.match import MatchQuery, match
from lstm_core.recordings.annotations import Annotation, read_annotations
from lstm_core.recordings.record import RecordQuery, corpus_text, record
from lstm_core.recordings.recording import Recording, recordings_folder
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.text import corpus as corpora
from lstm_core.text.corpus import Vocabulary
from tests.commands.test_probes import stronger
from tests.lstmvis_projects import LENGTH, TAGS, WORDS, config_of, numbers, project, read_literally, states

pytestmark = pytest.mark.usefixtures("models")


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Projects are read in this process: that another does it is tested once."""

    def read(module: str, words: list[str], name: str, remedy: str, seconds: int) -> None:
        lstmvis.convert(Path(words[0]), Path(words[1]), json.loads(words[2]))

    monkeypatch.setattr(lstmvis, "read_apart", read)


@pytest.fixture
def recording(small_run: Callable[..., Run], words: Callable[..., str]) -> Recording:
    corpora.keep_text("book", words(400).encode())
    run = small_run("small", corpora.read_corpus("book"), weights=stronger)
    return record(run, corpus_text(run, "book", 0, 1200), RecordQuery(("h", "c", "o")))


# Out and in again -----------------------------------------------------------------------------------------------------


def test_a_recording_is_the_same_after_a_round_trip(recording: Recording, tmp_path: Path) -> None:
    """Once through the process of its own, as a person has it."""
    folder = export_project(recording, tmp_path / "project", signals=("h", "c", "o"))
    again = import_project(folder, "again").recordings[0]
    assert (again.spec.signals, again.spec.layers) == (recording.spec.signals, recording.spec.layers)
    for signal, layer in recording.signals:
        ours, theirs = (one.window(signal, layer, 0, 1200) for one in (recording, again))
        assert np.array_equal(ours, theirs) and np.ptp(ours) > 0
    assert again.vocabulary == recording.vocabulary and np.array_equal(again.tokens, recording.tokens)
    assert open_run("again").kind == "char"


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("signal", ["h", "c"])
def test_match_finds_the_same_after_a_round_trip(
    signal: str, rule: Any, recording: Recording, tmp_path: Path, here: None
) -> None:
    again = import_project(export_project(recording, tmp_path / "project"), "again").recordings[0]
    query = OnQuery(signal, rule=rule, threshold=0.8 if rule == "quantile" else 0.05)
    ours, theirs = on_sets(recording, query), on_sets(again, query)
    queries = [MatchQuery(start, start + 2, before) for start in range(100, 130) for before in (0, 1)]
    found = [match(ours, one) for one in queries]
    assert found == [match(theirs, one) for one in queries]
    assert sum(bool(one.units and one.found) for one in found) > 10


def test_what_is_written_is_what_lstmvis_reads(recording: Recording, tmp_path: Path) -> None:
    folder = export_project(recording, tmp_path / "new" / "project", signals=("c", "o"), layers=(2,))
    words, found = read_literally(folder)
    text = "".join(recording.text(0, 1200))
    assert "".join(words).replace("␣", " ").replace("⏎", "\n") == text and " " in text and "\n" in text
    assert {place: table.dtype for place, table in found.items()} == {("state", 2): np.float32, ("o", 2): np.float32}
    assert np.array_equal(found["state", 2].T, recording.window("c", 2, 0, 1200))
    assert not list(folder.parent.glob(".*"))


def test_words_with_blanks_and_annotations_survive(tmp_path: Path, here: None) -> None:
    tokens = ("the", " the", "␣the", "a\u00a0b", "a<a0>b", "\n", "\\u", "'", "日本")
    reading = OutsideText(Vocabulary(tokens, "words"), np.arange(27, dtype=np.int32) % 9, "text")
    tags = Annotation("tag: 'x'", np.arange(27, dtype=np.int32) % 2, ("NN", "VB"))
    mood = Annotation("mood", np.linspace(-1, 1, 27, dtype=np.float32))
    made = bring_in("odd", [States("h", 1, np.eye(27, 3), "h")], reading, annotations=(tags, mood))
    folder = export_project(made.recordings[0], tmp_path / "project")
    assert len(set(read_literally(folder)[0])) == 9
    again = import_project(folder, "again").recordings[0]
    assert again.vocabulary == reading.vocabulary and np.array_equal(again.tokens, reading.ids)
    found = read_annotations(again.folder)
    assert [(one.name, one.labels) for one in found] == [(one.name, one.labels) for one in (tags, mood)]
    assert all(np.array_equal(one.values, given.values) for one, given in zip(found, (tags, mood), strict=True))


def test_a_recording_that_cannot_be_written_is_told(recording: Recording, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()
    with pytest.raises(ValueError, match="taken is there already: choose a new folder"):
        export_project(recording, tmp_path / "taken")
    with pytest.raises(ValueError, match="the recording has signals h, c, o of layers 1, 2, not z of layer 1"):
        export_project(recording, tmp_path / "new", signals=("z",))
    part = record(
        open_run("small"), corpus_text(open_run("small"), "book", 0, 99), RecordQuery(("h",), (), "whitespace")
    )
    with pytest.raises(ValueError, match="kept some positions only"):
        export_project(part, tmp_path / "new")
    assert not (tmp_path / "new").exists()


# By the manual --------------------------------------------------------------------------------------------------------


def test_a_project_made_as_the_manual_says_comes_in_as_it_is(tmp_path: Path, here: None) -> None:
    made = import_project(project(tmp_path / "parens"), "parens")
    whole = {place: one for one in made.recordings for place in one.signals}
    assert set(whole) == {("c", 1), ("h", 1), ("h", 2)} and len(made.recordings) == 2
    for place, given in {("c", 1): states(1), ("h", 1): states(2), ("h", 2): np.abs(states(3))}.items():
        kept = given if place[0] == "c" else given.astype(np.float16).astype(np.float32)
        assert np.array_equal(whole[place].window(*place, 0, LENGTH).T, kept)
    recording = made.recordings[0]
    assert recording.text(0, LENGTH) == [WORDS[number] for number in numbers().tolist()]
    assert recording.vocabulary.tokens == tuple(WORDS[number] for number in sorted(WORDS))
    tag, mood = read_annotations(recording.folder)
    assert [tag.label(at) for at in range(LENGTH)] == [TAGS[sorted(TAGS)[number % 3]] for number in numbers().tolist()]
    assert (tag.name, mood.name) == ("part of speech", "mood")
    assert np.array_equal(mood.values, np.linspace(0, 1, LENGTH).astype(np.float32))
    told = "\n".join(made.notes)
    assert "'guesses' is left out" in told and "LSTMVis applies tanh to c-1" in told and "h-1," not in told
    assert open_run("parens").kind == "word" and made.run.has_weights is False


def of_layers(*layers: int) -> dict[str, Any]:
    paths = ("states1", "output2")
    types = [{"type": "state", "layer": layer, "path": path} for layer, path in zip(layers, paths, strict=True)]
    return {"states": {"file": "states", "types": types}}


@pytest.mark.parametrize(("theirs", "ours"), [((0, 1), (1, 2)), ((1, 2), (1, 2)), ((2, 5), (2, 5))])
def test_layers_count_from_1_also_where_a_project_counts_from_0(
    theirs: tuple[int, int], ours: tuple[int, int], tmp_path: Path, here: None
) -> None:
    made = import_project(project(tmp_path / "parens", **of_layers(*theirs)), "parens").recordings[0]
    assert made.spec.layers == ours
    assert np.array_equal(made.window("c", ours[0], 0, LENGTH).T, states(1))


def test_types_can_be_said_and_a_name_of_a_file_may_be_its_own(tmp_path: Path, here: None) -> None:
    """In the example that came with LSTMVis word_sequence names `train`, which files calls word_ids."""
    files = {"states": "states.h5", "word_ids": "train.hdf5", "words": "words.dict"}
    types = [{"type": "state", "path": "states1"}, {"type": "saliency", "layer": 2, "path": "output2"}]
    folder = project(tmp_path / "parens", files=files, states={"file": "states", "types": types}, meta=None)
    with pytest.raises(
        ValueError, match="the type 'saliency' is unknown: say which signal it is with --type saliency=h"
    ):
        import_project(folder, "parens")
    made = import_project(folder, "parens", {"saliency": "h", "state": "h"}).recordings[0]
    assert (made.spec.signals, made.spec.layers) == (("h",), (1, 2))


def test_numbers_of_words_may_be_floats_in_a_column_and_two_of_one_word(tmp_path: Path, here: None) -> None:
    import h5py

    folder = project(tmp_path / "parens", meta=None)
    with h5py.File(folder / "train.hdf5", "w") as file:
        file["word_ids"] = numbers().astype(float)[:, None]
    (folder / "words.dict").write_text("river\t9\r\n( 3\nriver 4\nthe 7 \n\n")
    made = import_project(folder, "parens").recordings[0]
    words = {3: "(", 4: "river", 7: "the", 9: "river"}
    assert made.text(0, LENGTH) == [words[number] for number in numbers().tolist()]
    assert made.vocabulary.tokens == ("(", "river", "the")


# The verbs ------------------------------------------------------------------------------------------------------------


def test_the_verbs_take_a_project_in_and_out(cli: Any, tmp_path: Path, here: None, recording: Recording) -> None:
    record(open_run("small"), corpus_text(open_run("small"), "book", 0, 50), RecordQuery(("h", "c")))
    code, out, _ = cli("export-lstmvis", "small", str(tmp_path / "out"), "--signals", "h,c", "--layers", "2", "--json")
    told = json.loads(out)
    assert code == 0 and (told["recording"], told["tokens"]) == (recording.fingerprint, 1200)  # the longest
    assert set(read_literally(tmp_path / "out")[1]) == {("output", 2), ("state", 2)}
    code, out, _ = cli("import-lstmvis", str(tmp_path / "out"), "--name", "again")
    assert code == 0 and "1,200 tokens, h, c of layers 2, 8 units" in out
    code, out, _ = cli("import-lstmvis", str(tmp_path / "out"), "--name", "other", "--type", "state=o", "--json")
    assert code == 0 and json.loads(out)["recordings"][0]["signals"] == ["h", "o"]
    for typed, says in (
        (("import-lstmvis", str(tmp_path), "--name", "no"), "holds no lstm.yml"),
        (("import-lstmvis", str(tmp_path / "out"), "--name", "no", "--type", "state"), "give for example state=h"),
        (("export-lstmvis", "small", str(tmp_path / "z"), "--signals", "z"), "has no recording of z at all positions"),
        (("export-lstmvis", "small", str(tmp_path / "out")), "is there already"),
    ):
        code, out, err = cli(*typed)
        assert (code, out) == (2, "") and says in err


def test_without_the_extra_it_is_named(recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lstmvis_files, "find_spec", lambda name: None)
    for act in (lambda: import_project(tmp_path, "a"), lambda: export_project(recording, tmp_path / "b")):
        with pytest.raises(ValueError, match=r"need h5py and PyYAML, an extra: pip install -e '\.\[lstmvis\]'"):
            act()
    assert not list(recordings_folder().glob(".*"))


def test_the_example_of_these_tests_is_read_by_the_rules_of_lstmvis(tmp_path: Path) -> None:
    words, found = read_literally(project(tmp_path / "parens"))
    assert words == [WORDS[number] for number in numbers().tolist()]
    assert set(found) == {("state", 1), ("output", 1), ("output", 2)}
    assert config_of()["name"] == "parens"
