"""Runs side by side against numpy over whole recordings and scipy's Spearman; what is missing is recorded once."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from lstm_core.commands.report import document
from lstm_core.commands.sweeps import compare_document, compare_lines
from lstm_core.neurons.compare import CompareQuery, activities, compare
from lstm_core.neurons.distributions import DISTRIBUTIONS, DistributionQuery, distributions
from lstm_core.recordings.record import RecordQuery, corpus_text, record
from lstm_core.recordings.recording import Recording, find_recordings, kept_recordings, remove_recording
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.text.corpus import keep_text, read_corpus
from tests.small_sweeps import small_sweep, with_weights

pytestmark = pytest.mark.numeric

Verb = Callable[..., tuple[int, str, str]]
QUERY = CompareQuery(tokens=100)


@pytest.fixture
def book(words: Any) -> Any:
    """A corpus of more than 3,000 characters, 150 of them for validation."""
    keep_text("book", words(620).encode())
    return read_corpus("book")


@pytest.fixture
def runs(book: Any) -> list[Run]:
    """Four runs of a sweep; the smaller the dropout, the larger the weights, but for one of them."""
    sweep = small_sweep(book, "mine", (0.0, 0.25, 0.5, 0.75))
    scales = (3.0, 1.0, 1.5, 0.01)
    return [
        with_weights(run, scale, score=2 + k) for k, (run, scale) in enumerate(zip(sweep.runs, scales, strict=True))
    ]


def whole(recording: Recording, signal: str, layer: int) -> np.ndarray:
    return np.asarray(recording.signal(signal, layer), dtype=np.float64)  # (U, P)


# Against numpy and scipy ----------------------------------------------------------------------------------------------


def test_activity_is_that_of_the_whole_recording(runs: list[Run], book: Any) -> None:
    found = compare(runs, QUERY)
    start = book.splits["validation"][0]
    assert (found.text, found.span, found.measure) == ("book", (start, start + 100), "bits_per_character")
    shares = set()
    for run, row in zip(runs, found.rows, strict=True):
        recording = record(run, corpus_text(run, "book", start, 100), RecordQuery(("h", "c")))
        assert [(one.signal, one.layer) for one in row.activity] == [("h", 1), ("h", 2), ("c", 1), ("c", 2)]
        for one in row.activity:
            values = whole(recording, one.signal, one.layer)
            assert (one.units, values.shape) == (8, (8, 100))
            assert one.mean_abs == pytest.approx(np.abs(values).mean(), rel=1e-6)
            near = (np.abs(values) <= 0.01).mean(axis=1)
            assert one.near_zero_share == (near > 0.9).mean()
            shares.add(one.near_zero_share)
    assert {0.0, 1.0} <= shares  # else nothing is said about near-zero units


def planted(small_run: Any, values: np.ndarray) -> Recording:
    """A recording in memory whose signal h of layer 1 is `values` (U, P)."""
    from lstm_core.recordings.record import read, typed_text

    run = small_run("planted", hidden=len(values), layers=1, weights=True)
    text, _ = typed_text(run, "a" * values.shape[1])
    recording = read(run, text, RecordQuery(("h",)))
    return replace(recording, signals={("h", 1): values.astype(np.float32)})


def test_a_unit_is_near_zero_when_more_than_nine_tenths_of_its_values_are(small_run: Any) -> None:
    """Unit 0: 91 of 100 within [-.01, .01]; unit 1: 90; unit 2: 100, half of them negative; unit 3: none."""
    values = np.full((4, 100), 0.5)
    values[0, :91] = values[1, :90] = 0.009
    values[2] = np.where(np.arange(100) % 2, -0.009, 0.009)
    (one,) = activities(planted(small_run, values), ("h",))
    assert one.near_zero_share == 0.5
    assert one.mean_abs == pytest.approx(np.abs(values).mean())


def test_trends_are_spearmans_of_scipy(runs: list[Run]) -> None:
    found = compare(runs, QUERY)
    rows = compare_document(found)["runs"]
    assert len(found.trends) == 4
    for trend in found.trends:
        sizes = [row["mean_abs"][trend.signal][str(trend.layer)] for row in rows]
        dropouts = [row["dropout"] for row in rows]
        assert trend.runs == 4
        assert trend.rho == pytest.approx(spearmanr(dropouts, sizes).statistic)
        assert trend.rho == pytest.approx(-0.8)  # sizes in the order 4 2 3 1


def test_a_trend_of_two_runs_or_of_one_dropout_is_undefined(runs: list[Run], book: Any) -> None:
    assert {trend.rho for trend in compare(runs[:2], QUERY).trends} == {None}
    others = small_sweep(book, "other", (0.5,), (1, 2, 3)).runs
    same = [with_weights(run, run.train_config.seed) for run in others]
    assert {(trend.runs, trend.rho) for trend in compare(same, QUERY).trends} == {(3, None)}


def test_scores_are_those_of_the_log_and_of_the_weights_that_are_kept(runs: list[Run]) -> None:
    for k, row in enumerate(compare(runs, QUERY).rows):
        assert (row.best, row.last) == (pytest.approx(2 + k), 2 * (2 + k))
        assert (row.dropout, row.seed, row.epochs, row.status) == (0.25 * k, 1, 2.0, "finished")
        assert row.parameters == runs[k].model_config.parameters


# The same text, recorded once -----------------------------------------------------------------------------------------


def test_what_is_recorded_is_not_recorded_again(runs: list[Run], book: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    start = book.splits["validation"][0]
    record(runs[0], corpus_text(runs[0], "book", start, 100))  # with all signals
    first = compare(runs, QUERY)
    assert len(kept_recordings()) == 4
    assert {kept.spec.span for kept in kept_recordings() if kept.spec} == {(start, start + 100)}
    monkeypatch.setattr(Run, "load_model", lambda self: pytest.fail("it was recorded"))
    assert compare(runs, QUERY) == first
    assert compare(runs[::-1], QUERY).rows == first.rows[::-1]


@pytest.mark.parametrize(
    "query", [RecordQuery(("h",)), RecordQuery(layers=(1,)), RecordQuery(positions="whitespace")], ids=str
)
def test_a_recording_that_lacks_something_is_passed_over(runs: list[Run], book: Any, query: RecordQuery) -> None:
    expected = compare(runs[:1], QUERY)
    for kept in kept_recordings():
        remove_recording(kept.key)
    start = book.splits["validation"][0]
    record(runs[0], corpus_text(runs[0], "book", start, 100), query)
    assert compare(runs[:1], QUERY) == expected


def test_the_span_is_bounded_by_the_split(runs: list[Run], book: Any) -> None:
    assert compare(runs[:1], CompareQuery()).span == book.splits["validation"]
    assert compare(runs[:1], CompareQuery(split="train", tokens=50)).span == (0, 50)


def test_runs_of_other_vocabularies_read_the_same_text_and_scores_are_not_held_against_each_other(
    runs: list[Run], words: Any
) -> None:
    keep_text("other", (words(700, seed=1) + " zebra?").encode())
    other = with_weights(small_sweep(read_corpus("other"), "other", (0.5,)).runs[0])
    assert len(other.vocabulary) > len(runs[0].vocabulary)
    assert compare(runs, QUERY).scores_compare
    found = compare([*runs[:2], other], QUERY)
    assert not found.scores_compare
    assert "do not compare bits per character" in "\n".join(compare_lines(found))
    assert {kept.spec.text_fingerprint for kept in kept_recordings() if kept.spec} == {
        runs[0].config["corpus"]["fingerprint"]
    }
    last = Recording.open(find_recordings(other.fingerprint)[0])
    first = Recording.open(find_recordings(runs[0].fingerprint)[0])
    assert last.text(0, 100) == first.text(0, 100)


def test_cells_without_a_cell_state_are_compared_by_what_they_have(runs: list[Run], small_run: Any, book: Any) -> None:
    gru = with_weights(small_run("gru", book, cell="gru"))
    found = compare([*runs, gru], QUERY)
    assert [(one.signal, one.layer) for one in found.rows[-1].activity] == [("h", 1), ("h", 2)]
    assert {(trend.signal, trend.runs) for trend in found.trends} == {("h", 5), ("c", 4)}


# Without weights ------------------------------------------------------------------------------------------------------


def test_runs_without_weights_show_the_figures_that_were_kept_with_them(runs: list[Run]) -> None:
    expected = compare(runs, QUERY, with_runs=True)
    (runs[1].folder / "weights.safetensors").unlink()
    for folder in find_recordings():
        for path in folder.iterdir():
            path.unlink()
    found = compare([open_run(run.name) for run in runs], QUERY)
    assert found.rows[1] == replace(expected.rows[1], status="figures only")
    assert found == replace(expected, rows=found.rows)
    other = compare([open_run(run.name) for run in runs[:2]], replace(QUERY, tokens=50))  # of another span: none
    assert other.rows[1].activity == ()
    assert other.rows[1].note == "its weights are not here, nor figures of this text"
    assert "nor figures of this text" in "\n".join(compare_lines(other))
    assert other.rows[1].best == pytest.approx(3)


def test_distributions_that_came_with_a_run_say_its_activity(runs: list[Run], book: Any) -> None:
    expected = compare(runs, QUERY)
    recording = Recording.open(find_recordings(runs[1].fingerprint)[0])
    for signal in ("h", "c"):
        for layer in (1, 2):
            DISTRIBUTIONS.keep(distributions(recording, DistributionQuery(signal, layer)), runs[1])
    (runs[1].folder / "weights.safetensors").unlink()
    found = compare([open_run(run.name) for run in runs], QUERY)
    assert found.rows[1] == replace(expected.rows[1], status="figures only")
    assert compare(runs[1:], replace(QUERY, tokens=50)).rows[0].activity == ()


BAD = [{"mean_abs": "x"}, {"signal": ["h"]}, {"layer": 9}]


@pytest.mark.parametrize("damage", ['{"weights": 3}', "[]", None, *BAD], ids=str)
def test_damaged_figures_are_passed_over(runs: list[Run], damage: Any) -> None:
    compare(runs[:1], QUERY, with_runs=True)
    path = runs[0].folder / "results" / "activity.json"
    stored = json.loads(path.read_text())
    if isinstance(damage, dict):
        stored["activity"][0] |= damage
        damage = json.dumps(stored)
    path.write_text(damage or json.dumps({**stored, "activity": [{"signal": "h"}]}))
    assert len(compare(runs[:1], QUERY).rows[0].activity) == 4


def test_a_run_that_was_not_trained_yet_has_a_row(runs: list[Run], book: Any) -> None:
    new = small_sweep(book, "new", (0.5,)).runs[0]
    row = compare([new, *runs], QUERY).rows[0]
    assert (row.status, row.best, row.last, row.epochs, row.activity) == ("not started", None, None, 0.0, ())
    assert row.note == "it has no weights yet"


# The verb -------------------------------------------------------------------------------------------------------------


def test_the_verb_takes_runs_and_sweeps(runs: list[Run], cli: Verb, book: Any) -> None:
    code, out, err = cli("compare", "mine", "--tokens", "100", "--json")
    assert code == 0, err
    assert out.count("\n") == 1
    result = json.loads(out)
    assert result == document(compare_document(compare(runs, QUERY)))
    row = result["runs"][3]
    assert (row["run"], row["dropout"], row["bits_per_character"]) == ("mine-d75", 0.75, pytest.approx(5))
    assert row["last_bits_per_character"] == 10
    assert set(row["mean_abs"]) == set(row["near_zero_share"]) == {"h", "c"}
    assert row["near_zero_share"]["h"] == {"1": 1.0, "2": 1.0}
    code, out, _ = cli("compare", "mine-d75", "mine-d00", "--tokens", "100")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[2:4]] == ["mine-d75", "mine-d00"]
    assert not (runs[0].folder / "results").exists()
    assert cli("compare", "mine-d00", "--tokens", "100", "--with-run")[0] == 0
    assert set(runs[0].results()) == {"activity"}


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (("nobody",), "unknown run nobody"),
        (("mine", "--split", "test"), "book has no split 'test': choose one of train, validation"),
        (("mine", "--tokens", "0"), "0 tokens cannot be read: choose 1 or more"),
        (("mine", "--text", "nowhere"), "no corpus or text file 'nowhere'"),
        (("mine", "wordy"), "mine-d00 and wordy cannot read the same tokens: one reads letters, one words"),
    ],
)
def test_what_cannot_be_compared_is_said(
    runs: list[Run], cli: Verb, small_run: Any, typed: tuple[str, ...], says: str
) -> None:
    small_run("wordy", read_corpus("book", "word"))
    code, out, err = cli("compare", *typed)
    assert (code, out) == (2, "")
    assert says in err
