"""The command line: one JSON document on stdout, or a message that names the remedy and exit code 2."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_core.neurons.labels import FINDINGS
from lstm_core.recordings.record import Text, record
from lstm_core.recordings.recording import recordings_folder
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.storage.files import write_json
from lstm_core.text.corpus import keep_text, read_corpus

Verb = Callable[..., tuple[int, str, str]]
SMALL = ("--hidden", "8", "--embedding", "6", "--layers", "1", "--epochs", "1", "--batch", "8", "--bptt", "20",
         "--threads", "1", "--precision", "float32")  # fmt: skip


@pytest.fixture
def book(words: Any) -> str:
    """A kept text of about 3,000 characters."""
    keep_text("book", words(600).encode())
    return "book"


@pytest.fixture
def run(small_run: Callable[..., Run], book: str) -> Run:
    """An 8-unit run of the book, with weights."""
    return small_run("mine", read_corpus(book), weights=True)


def document(result: tuple[int, str, str]) -> Any:
    """The one JSON document that a successful verb printed."""
    code, out, err = result
    assert code == 0, err
    assert out.count("\n") == 1
    return json.loads(out)


# Verbs ----------------------------------------------------------------------------------------------------------------


def test_corpora_lists_what_there_is_and_how_to_get_the_rest(cli: Verb, book: str) -> None:
    rows = {row["name"]: row for row in document(cli("corpora", "--json"))}
    assert {"war-and-peace", "war-and-peace-unicode", "brown", "wikitext-2", "ptb", "book"} == set(rows)
    assert rows["book"]["at_hand"] is True
    for row in rows.values():
        assert set(row) == {"name", "title", "licence", "kind", "note", "at_hand", "remedy"}
        assert bool(row["remedy"]) != row["at_hand"]
    code, out, _ = cli("corpora")
    assert code == 0
    assert all(name in out for name in rows)


def test_train_makes_a_run_and_trains_it(cli: Verb, book: str) -> None:
    summary = document(cli("train", "fresh", "--preset", "tiny", "--corpus", book, *SMALL, "--json"))
    run = open_run("fresh")
    assert summary == json.loads(json.dumps(run.summary()))
    assert (summary["status"], summary["architecture"], summary["corpus"]) == ("finished", "LSTM 1 x 8", "book")
    assert 1 < summary["validation"]["bits_per_character"] < 6
    assert run.train_config.learning_rate == 5e-3  # the preset's
    again = document(cli("train", "fresh", "--json"))  # finished: nothing to do
    assert again["validation"] == summary["validation"]


def test_train_takes_every_setting(cli: Verb, book: str) -> None:
    words = ("--cell", "gru", "--tied", "--hidden", "6", "--embedding", "6", "--layers", "2", "--dropout", "0.25",
             "--epochs", "0", "--batch", "4", "--bptt", "9", "--rate", "0.5", "--seed", "7", "--threads", "1",
             "--kind", "word", "--precision", "float32")  # fmt: skip
    summary = document(cli("train", "fresh", "--corpus", book, *words, "--json"))
    config, settings = open_run("fresh").model_config, open_run("fresh").train_config
    assert (config.cell, config.tied, config.hidden, config.layers, config.dropout) == ("gru", True, 6, 2, 0.25)
    assert (settings.epochs, settings.batch, settings.bptt, settings.learning_rate, settings.seed) == (0, 4, 9, 0.5, 7)
    assert (summary["kind"], summary["validation"]) == ("word", {})


def test_a_zero_that_a_person_names_is_honoured(cli: Verb, book: str) -> None:
    document(
        cli(
            "train",
            "fresh",
            "--preset",
            "tiny",
            "--corpus",
            book,
            *SMALL[:-6],
            "--epochs",
            "0",
            "--seed",
            "0",
            "--json",
        )
    )
    assert open_run("fresh").train_config.seed == 0
    for option in ("--rate", "--batch", "--layers"):
        code, _, err = cli("train", "other", "--preset", "tiny", "--corpus", book, option, "0")
        assert code == 2
        assert " 0" in err


def test_a_preset_keeps_its_kind_with_another_text(
    cli: Verb, words: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "book.txt").write_text(words(600))
    monkeypatch.chdir(tmp_path)
    shape = ("--hidden", "8", "--embedding", "6", "--epochs", "0")
    assert (
        document(cli("train", "fresh", "--preset", "thesis", "--corpus", "book.txt", *shape, "--json"))["kind"]
        == "word"
    )
    assert open_run("fresh").config["corpus"]["name"] == str(tmp_path / "book.txt")
    assert document(cli("train", "other", "--corpus", "book.txt", *shape, "--json"))["kind"] == "char"


def test_record_says_what_was_replaced_and_why_it_was_slow(
    cli: Verb, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lstm_core.recordings.reader import Streams

    def gives_up(streams: Any) -> dict[str, Any]:
        return {**streams.sequential(), "gave_up": "2 of 3 streams never agreed"}

    monkeypatch.setattr(Streams, "parallel", gives_up)
    (tmp_path / "other.txt").write_text("ZEBRA the river " * 10)
    code, out, _ = cli("record", "mine", "--text", str(tmp_path / "other.txt"))
    assert code == 0
    assert "\n50 of 160 tokens are not in the run's vocabulary and were replaced\n" in out
    assert "\nread one token at a time because 2 of 3 streams never agreed\n" in out


def test_runs_lists_every_run(cli: Verb, run: Run, small_run: Any) -> None:
    small_run("another")
    rows = [row for row in document(cli("runs", "--json")) if not row["shipped"]]
    assert [row["name"] for row in rows] == ["another", "mine"]
    assert rows[1] == json.loads(json.dumps(run.summary()))
    code, out, _ = cli("runs")
    assert code == 0
    assert "mine" in out


def test_record_keeps_signals_and_says_its_size(cli: Verb, run: Run) -> None:
    words = ("--start", "10", "--tokens", "500", "--signals", "o,h", "--layers", "2", "--positions", "whitespace")
    result = cli("record", "mine", *words, "--yes", "--json")
    found = document(result)
    assert (found["run"], found["signals"], found["layers"]) == ("mine", ["h", "o"], [2])
    assert (found["span"], found["tokens"], found["positions"]) == ([10, 510], 500, "whitespace")
    assert found["exactness"]["reader"] == "parallel"
    assert (recordings_folder() / found["recording"] / "recording.json").is_file()
    assert "this takes about" in result[2] and "MiB on disk" in result[2]
    sequential = document(cli("record", "mine", "--tokens", "500", "--sequential", "--json"))
    assert sequential["exactness"]["reader"] == "sequential"


def test_generate_writes_the_same_text_for_a_seed(cli: Verb, run: Run) -> None:
    words = ("generate", "mine", "--prompt", "the ", "--tokens", "30", "--seed", "5")
    found = document(cli(*words, "--json"))
    assert (found["run"], found["prompt"], len(found["text"])) == ("mine", "the ", 30)
    assert found == document(cli(*words, "--json"))
    assert cli(*words)[1] == "the " + found["text"] + "\n"


def test_evaluate_keeps_its_scores(cli: Verb, run: Run) -> None:
    found = document(cli("evaluate", "mine", "--json"))
    assert found["validation"]["bits_per_character"] == pytest.approx(found["validation"]["loss"] / np.log(2))
    assert run.validation == {"bits_per_character": found["validation"]["bits_per_character"]}


def test_baseline_gives_each_method_at_its_best_and_keeps_it(
    cli: Verb, book: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = document(cli("baseline", book, "--order", "3", "--json"))
    assert (found["measure"], found["order"], found["held_out"]) == ("bits_per_character", 3, ["validation"])
    assert set(found["best"]) == {"laplace", "add-k", "back-off", "interpolation"}
    assert len(found["scores"]) == 12
    assert len(list((home / "baselines").glob("*.json"))) == 1
    monkeypatch.setattr("lstm_core.runs.baseline.baseline", None)  # not computed again
    assert document(cli("baseline", book, "--order", "3", "--json")) == found
    out = cli("baseline", book, "--order", "3")[1]
    last = next(score for score in found["scores"] if score["model"]["order"] == found["best"]["interpolation"]
                and score["model"]["method"] == "interpolation")  # fmt: skip
    assert f"{last['scores']['validation']:.4f}  *" in out


@pytest.fixture
def quoting(small_run: Callable[..., Run]) -> Run:
    """An 8-unit run of a text that has every feature, with its untrained twin."""
    line = 'Anna said "come here at once" and left the room by the door of the hall.\n'
    keep_text("quoting", (line + line.lower() + "\n").encode() * 50)
    corpus = read_corpus("quoting")
    twin = small_run("mine-untrained", corpus)
    write_json(twin.folder / "config.json", {**twin.config, "untrained_twin_of": "mine"})
    return small_run("mine", corpus, weights=lambda model: [value.mul_(2) for value in model.parameters()])


def test_findings_are_the_best_units_of_the_labels_with_their_control(cli: Verb, quoting: Run) -> None:
    made = document(cli("record", "mine", "--signals", "h", "--json"))
    for words in (("--signals", "o"), ("--positions", "whitespace"), ("--tokens", "600", "--signals", "i")):
        document(cli("record", "mine", *words, "--json"))  # newer, but not to be searched
    found = document(cli("findings", "mine", "--json"))
    assert found["weights"] == quoting.fingerprint
    assert found["text"] == f"quoting [0 to {made['tokens']:,})"
    assert [finding["feature"] for finding in found["findings"]] == list(FINDINGS)
    assert {(finding["signal"], finding["control"]) for finding in found["findings"]} == {("h", None)}
    assert all(0 <= finding["auroc"] <= 1 and finding["unit"] in range(8) for finding in found["findings"])
    document(cli("record", "mine-untrained", "--tokens", "600", "--json"))  # another span
    assert document(cli("findings", "mine", "--json")) == found
    document(cli("record", "mine-untrained", "--json"))
    controls = [finding["control"] for finding in document(cli("findings", "mine", "--json"))["findings"]]
    assert all(0 <= control <= 1 for control in controls)


def test_findings_need_characters_and_a_recording_of_h_or_c(
    cli: Verb, quoting: Run, small_run: Callable[..., Run]
) -> None:
    small_run("words", read_corpus("quoting", "word"), weights=True)
    document(cli("record", "words", "--json"))
    document(cli("record", "mine", "--signals", "o", "--json"))
    for name, says in (("words", "words reads words"), ("mine", "no recording of its signals h or c at all positions")):
        code, _, err = cli("findings", name)
        assert code == 2
        assert says in err


def test_ship_makes_a_run_part_of_the_program(
    cli: Verb, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstm_core.storage.files.SHIPPED", tmp_path / "models")
    code, _, err = cli("ship", "mine")
    assert (code, "mine is not started, only a finished run can be shipped" in err) == (2, True)
    (run.folder / "metrics.jsonl").touch()
    run.set_status("finished")
    found = document(cli("ship", "mine", "--json"))
    assert set(found["before_rounding"]) == {"loss", "bits_per_character", "tokens"}
    assert {path.name for path in (tmp_path / "models").iterdir()} == {"mine", "mine-untrained"}
    document(cli("remove", "mine", "--yes", "--json"))
    shipped = open_run("mine")
    assert shipped.shipped
    assert document(cli("evaluate", "mine", "--json")) == found
    code, _, err = cli("train", "mine")
    assert (code, "came with the program" in err) == (2, True)
    assert document(cli("verify", "--json")).items() >= {"mine": "ok", "mine-untrained": "ok"}.items()


def test_verify_compares_all_hashes(cli: Verb, run: Run) -> None:
    corpus = read_corpus("book")
    made = record(run, Text("book", corpus.ids[:100], corpus.fingerprint, (0, 100)))
    found = document(cli("verify", "--json"))
    assert found.items() >= {"mine": "ok", made.fingerprint: "ok"}.items()
    assert document(cli("verify", "mine", "--json")) == {"mine": "ok"}
    assert document(cli("verify", made.fingerprint, "--json")) == {made.fingerprint: "ok"}


def test_fault_08_verify_names_what_is_damaged(cli: Verb, run: Run) -> None:
    path = run.folder / "weights.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    code, out, _ = cli("verify", "mine", "--json")
    assert code == 2
    assert "does not match its sha256" in json.loads(out)["mine"]


@pytest.mark.parametrize(("content", "says"), [("{", "config.json is damaged"), ('{"schema": 9}', "in schema 9")])
def test_fault_30_verify_lists_runs_that_cannot_be_read(
    cli: Verb, run: Run, home: Path, content: str, says: str
) -> None:
    (home / "runs" / "other").mkdir()
    (home / "runs" / "other" / "config.json").write_text(content)
    code, out, _ = cli("verify", "--json")
    assert code == 2
    assert json.loads(out)["mine"] == "ok"
    assert says in json.loads(out)["other"]


def test_verify_lists_recordings_that_cannot_be_read(cli: Verb, run: Run) -> None:
    corpus = read_corpus("book")
    made = record(run, Text("book", corpus.ids[:100], corpus.fingerprint, (0, 100)))
    manifest = json.loads((made.folder / "recording.json").read_text())
    for content in ("{", json.dumps({**manifest, "files": {"tokens.npy": 5}})):
        (made.folder / "recording.json").write_text(content)
        code, out, _ = cli("verify", "--json")
        assert code == 2
        assert "damaged" in json.loads(out)[made.fingerprint]


def test_remove_frees_runs_and_recordings(cli: Verb, run: Run) -> None:
    corpus = read_corpus("book")
    made = record(run, Text("book", corpus.ids[:100], corpus.fingerprint, (0, 100)))
    size = made.bytes
    assert document(cli("remove", made.fingerprint, "--yes", "--json")) == {"removed": made.fingerprint, "bytes": size}
    assert not made.folder.exists()
    found = document(cli("remove", "mine", "--yes", "--json"))
    assert found["removed"] == "mine"
    assert found["bytes"] > 1000
    assert not run.folder.exists()


# Mistakes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("train", "fresh", "--corpus", "nowhere"), "no corpus or text file 'nowhere'; corpora: war-and-peace"),
        (("train", "fresh", "--preset", "huge"), "choose one of quick, tiny, paper"),
        (("train", "fresh", "--corpus", "book", "--cell", "elman"), "choose one of rnn, gru, lstm"),
        (("train", "fresh", "--corpus", "book", "--layers", "-1"), "layers is -1, the least is 1"),
        (("train", "fresh", "--corpus", "book", "--hidden", "1000000"), "choose fewer layers or units"),
        (("train", "fresh", "--corpus", "book", "--dropout", "1"), "dropout is 1.0, it must be in [0, 1)"),
        (("train", "fresh", "--corpus", "book", "--batch", "-5"), "batch is -5, the least is 1"),
        (("train", "fresh", "--corpus", "book", "--rate", "-1"), "learning_rate is -1.0"),
        (("train", "fresh", "--corpus", "book", "--precision", "half"), "choose auto, float32 or bfloat16"),
        (("train", "fresh", "--corpus", "book", "--kind", "byte"), "choose char or word"),
        (("train", "fresh", "--corpus", "book", "--tied"), "make them equal"),
        (("train", "../fresh"), "1 to 64 letters, digits, dots, dashes or underscores"),
        (("evaluate", "nobody"), "unknown run nobody; runs at hand:"),
        (("evaluate", "../mine"), "is not usable"),
        (("record", "nobody"), "unknown run nobody; runs at hand:"),
        (("record", "mine", "--signals", "h,z"), "lstm has signals h, c, i, f, g, o, not z"),
        (("record", "mine", "--layers", "9"), "the model has 2 layers, the query asks for 9"),
        (("record", "mine", "--layers", "top"), "layers 'top' are not numbers: give for example 1,3"),
        (("record", "mine", "--positions", "some"), "choose all, whitespace or none"),
        (("record", "mine", "--start", "99999"), "is not within the"),
        (("record", "mine", "--text", "nowhere"), "no corpus or text file 'nowhere'"),
        (("record", "untrained"), "untrained has no weights yet: train it first"),
        (("baseline", "nowhere"), "no corpus or text file 'nowhere'"),
        (("baseline", "book", "--order", "9"), "order 9 is not usable for characters: choose 1 to 8"),
        (("generate", "nobody"), "unknown run nobody"),
        (("generate", "mine", "--tokens", "0"), "between 1 and 5000 can be written"),
        (("generate", "mine", "--temperature", "9"), "it must be in [0, 5]"),
        (("generate", "untrained"), "untrained has no weights yet: train it first"),
        (("remove", "nobody", "--yes"), "unknown run nobody"),
        (("recordings", "--remove", "nobody"), "no recording 'nobody': `python -m lstm_core recordings` lists"),
        (("remove", "..", "--yes"), "is not usable"),
        (("remove", "../../x", "--yes"), "is not usable"),
        (("verify", "nobody"), "unknown run nobody"),
        (("verify", "../mine"), "is not usable"),
        (("corpora", "--fetch", "nowhere"), "no named corpus 'nowhere': war-and-peace"),
        (("corpora", "--fetch", "ptb"), "offers no download of its train: set LSTM_DATA"),
    ],
    ids=lambda value: "_".join(value[:5]) if isinstance(value, tuple) else "",
)
def test_a_mistake_is_one_line_that_names_the_remedy(
    cli: Verb, run: Run, small_run: Any, home: Path, given: tuple[str, ...], says: str
) -> None:
    small_run("untrained", read_corpus("book"))
    before = sorted(path.relative_to(home) for path in home.rglob("*"))
    code, out, err = cli(*given, "--json")
    assert (code, out) == (2, "")
    last = err.strip().splitlines()[-1]
    assert last.startswith("lstm_core: ")
    assert says in last
    assert "Traceback" not in err
    left = sorted(path.relative_to(home) for path in home.rglob("*"))
    assert [path for path in left if path not in before and path.name != "recordings"] == []


@pytest.mark.parametrize(
    "given", [(), ("nonsense",), ("train",), ("train", "x", "--layers", "many"), ("runs", "--what")]
)
def test_wrong_usage_exits_2_without_a_traceback(cli: Verb, given: tuple[str, ...]) -> None:
    code, out, err = cli(*given)
    assert code == 2
    assert "Traceback" not in out + err
    assert "Usage" in out + err


def test_the_module_runs_as_a_program(run: Run) -> None:
    """In a process of its own: stdout holds the document and nothing else, progress goes to stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "lstm_core", "evaluate", "mine", "--json"], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["weights"] == run.fingerprint
    assert "reading" in done.stderr
    failed = subprocess.run([sys.executable, "-m", "lstm_core", "evaluate", "x"], capture_output=True, text=True)
    assert (failed.returncode, failed.stdout) == (2, "")
    assert failed.stderr.startswith("lstm_core: unknown run x; runs at hand: ")
