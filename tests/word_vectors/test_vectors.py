"""Word vectors: means against a loop, what is taken off against SVD, what is kept and exported against reading back."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_core.recordings.record import RecordQuery, corpus_text, read, record
from lstm_core.recordings.recording import Recording
from lstm_core.runs.run import Run
from lstm_core.storage import files
from lstm_core.text.corpus import keep_text, read_corpus
from lstm_core.text.lexicon import lexicon
from lstm_core.word_vectors import means
from lstm_core.word_vectors import vectors as module
from lstm_core.word_vectors.means import mean_states
from lstm_core.word_vectors.vectors import (
    BEST,
    EmbeddingQuery,
    EmbeddingTable,
    Spread,
    defined,
    embeddings,
    projector_labels,
    projector_lines,
    recordings_for,
    state_means,
    word2vec_lines,
)

pytestmark = pytest.mark.numeric


@pytest.fixture
def run(small_run: Callable[..., Run], words: Callable[..., str]) -> Run:
    keep_text("book", words(400).encode())
    return small_run("mine", read_corpus("book"), weights=True)


@pytest.fixture
def table() -> EmbeddingTable:
    rng = np.random.default_rng(3)
    counts = np.array([4, 1, 2, 7])
    vectors = rng.normal(size=(4, 5)).astype(np.float32)
    return EmbeddingTable("t", ("we", "don’t", "tu", "cap—it"), counts, counts + 1, vectors)


def by_loop(run: Run, layer: int, signal: str, moment: str) -> dict[str, Any]:
    """Mean states by reading the text token by token and looking at each word in turn."""
    source = corpus_text(run)
    text = run.vocabulary.decode(source.ids.tolist())
    states = np.asarray(read(run, source, RecordQuery((signal,), (layer,))).signal(signal, layer)).T
    found: dict[str, list[Any]] = {}
    for start in range(len(text)):
        if not text[start].isalpha() or (start and text[start - 1].isalpha()):
            continue
        stop = start
        while stop < len(text) and text[stop].isalpha():
            stop += 1
        if stop == len(text) or text[stop] not in " \n":
            continue
        at = stop
        if moment == "before":
            at = next((k for k in reversed(range(start)) if text[k] in " \n"), -1)
        if moment == "next":
            ends = (k for k in range(stop + 1, len(text)) if text[k] in " \n" and text[k - 1] not in " \n")
            at = next(ends, stop)
        found.setdefault(text[start:stop].lower(), []).append(states[at] if at >= 0 else np.zeros(states.shape[1]))
    return {word: np.mean(values, axis=0, dtype=np.float64) for word, values in found.items()}


@pytest.mark.parametrize(
    ("signal", "layer", "moment"), [("h", 2, "after"), ("h", 1, "before"), ("c", 2, "next"), ("o", 1, "after")]
)
def test_vectors_are_the_means_of_a_loop(
    run: Run, signal: str, layer: int, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(means, "WINDOW", 100)
    table = embeddings(run, EmbeddingQuery(signal, (layer,), (moment,)))
    expected = by_loop(run, layer, signal, moment)
    assert set(table.words) == set(expected)
    for word, vector in zip(table.words, table.vectors, strict=True):
        np.testing.assert_allclose(vector, expected[word], atol=6e-4)  # recordings keep h and gates in half precision


def test_means_of_planted_states_are_exact() -> None:
    states = np.arange(12, dtype=np.float32).reshape(2, 6) / 8
    recording = Recording(
        replace(_spec(), units=2), None, np.zeros(40, np.int32), np.array([3, 5, 9, 11, 20, 30]), None,  # type: ignore[arg-type]
        {("h", 1): states},
    )  # fmt: skip
    at, number = np.array([-1, 3, 9, 9, 30]), np.array([0, 0, 1, 0, 2])
    means = mean_states(recording, "h", 1, at, number, 4)
    expected = [(states[:, 0] + states[:, 2]) / 3, states[:, 2], states[:, 5], np.zeros(2)]
    np.testing.assert_array_equal(means, np.array(expected, dtype=np.float32))
    with pytest.raises(ValueError, match="does not hold all blanks"):
        mean_states(recording, "h", 1, np.array([4]), np.array([0]), 1)
    with pytest.raises(ValueError, match="does not hold all blanks"):
        mean_states(recording, "h", 1, np.array([31]), np.array([0]), 1)


def _spec() -> Any:
    from lstm_core.recordings.recording import RecordingSpec

    return RecordingSpec("r", "w", "t", "f", (0, 40), "lstm", 2, ("h",), (1,), "whitespace")


@pytest.mark.parametrize(("moment", "reach", "least"), [("around", 10, 0.001), ("near", 5, 1e9), ("wide", 100, 0.001)])
def test_words_around_are_averaged_as_by_brute_force(
    run: Run, moment: str, reach: int, least: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(means, "AT_ONCE", 50)  # neighbours lie in other windows
    table = embeddings(run, EmbeddingQuery(layers=(1,), moments=(moment,)))
    recording = next(iter(recordings_for(run, {("h", 1)}).values()))
    found = lexicon("".join(recording.text(0, len(recording.tokens))))
    states = dict(
        zip(recording.positions.tolist(), recording.window("h", 1, 0, len(recording.positions)).T, strict=True)
    )
    share = found.averaged / found.averaged.sum()
    sums, total = np.zeros(table.vectors.shape), np.zeros(len(table))
    for n, word in enumerate(found.number.tolist()):
        for other in range(max(0, n - reach), min(len(found.number), n + reach + 1)):
            if other != n:
                weight = least / (least + share[found.number[other]])
                sums[word] += weight * states[int(found.blank[other])]
                total[word] += weight
    np.testing.assert_allclose(table.vectors, sums / total[:, None], atol=1e-6)


def test_what_is_taken_off_is_what_svd_finds() -> None:
    values = np.random.default_rng(0).normal(size=(50, 6)) * [9, 5, 3, 1, 1, 1] + 2
    rest = values - values.mean(0)
    u, s, v = np.linalg.svd(rest, full_matrices=False)
    spread = Spread.of(values)
    np.testing.assert_allclose(spread.adjustment(EmbeddingQuery(centred=True))(values), rest, atol=1e-5)
    whitened = spread.adjustment(EmbeddingQuery(centred=True, whitened=True))(values)
    np.testing.assert_allclose(whitened, u @ v * np.sqrt(50), atol=1e-4)
    np.testing.assert_allclose(np.cov(whitened.T, bias=True), np.eye(6), atol=1e-5)
    s[:2] = 0
    np.testing.assert_allclose(spread.adjustment(EmbeddingQuery(centred=True, removed=2))(values), u * s @ v, atol=1e-4)


def test_whitening_does_not_fill_directions_without_variance() -> None:
    values = np.random.default_rng(1).normal(size=(40, 5)) @ np.diag([3.0, 2, 1, 1e-5, 0])
    turned = Spread.of(values).adjustment(EmbeddingQuery(centred=True, whitened=True))
    assert np.linalg.matrix_rank(turned(values), tol=1e-3) == 3
    assert (
        np.abs(turned(values.mean(0) + 1.0)).max() < 10
    )  # values from elsewhere, which have a part of every direction


def test_joined_states_stand_at_length_one_each(run: Run) -> None:
    table = embeddings(run, replace(BEST, removed=3))
    assert table.vectors.shape == (len(table), 3 * 8)
    parts = table.vectors.reshape(len(table), 3, 8)
    np.testing.assert_allclose(np.linalg.norm(parts, axis=2), 1, atol=1e-5)
    assert [np.linalg.matrix_rank(parts[:, n], tol=1e-4) for n in range(3)] == [5, 5, 5]


def test_taking_everything_off_is_refused(run: Run) -> None:
    with pytest.raises(ValueError, match="of 8 values, centred and without 10 directions: nothing is left"):
        embeddings(run, EmbeddingQuery(centred=True, removed=10))
    with pytest.raises(ValueError, match="2 vectors of 6 values, centred and without 1"):
        Spread.of(np.eye(2, 6)).adjustment(EmbeddingQuery(centred=True, removed=1))


def test_both_layers_are_joined_in_order(run: Run) -> None:
    query = EmbeddingQuery(layers=(2, 1))
    table = embeddings(run, query)
    one, two = (embeddings(run, EmbeddingQuery(layers=(layer,))).unit_vectors for layer in (1, 2))
    np.testing.assert_allclose(table.vectors, np.hstack([one, two]), atol=1e-6)


def test_means_are_kept_and_made_again_when_damaged(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    first = embeddings(run)
    (path,) = (files.home() / "embeddings").glob("*")
    with monkeypatch.context() as patch:
        patch.setattr(module, "mean_states", lambda *_: pytest.fail("it was at hand"))
        again = embeddings(run)
    assert again.words == first.words and again.query == first.query
    for name in ("vectors", "averaged", "counted"):
        np.testing.assert_array_equal(getattr(again, name), getattr(first, name))
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    np.testing.assert_array_equal(embeddings(run).vectors, first.vectors)
    assert path.read_bytes() != content


def test_other_weights_and_texts_have_vectors_of_their_own(run: Run, words: Callable[..., str]) -> None:
    keep_text("other", words(900, seed=5).encode())
    own, other = embeddings(run), embeddings(run, EmbeddingQuery(text="other"))
    assert own.averaged.sum() != other.averaged.sum()
    arrays = {name: value * 1.1 for name, value in _arrays(run).items()}
    run.save_weights(arrays)
    assert not np.array_equal(embeddings(run).vectors, own.vectors)


def _arrays(run: Run) -> dict[str, Any]:
    return {name: value.detach().numpy() for name, value in run.load_model().named_parameters()}


def test_a_text_that_has_changed_is_not_taken_for_the_runs_own(run: Run, words: Callable[..., str]) -> None:
    name = run.config["corpus"]["name"]
    keep_text(name, (words(50) + "and others \n").encode())
    with pytest.raises(ValueError, match=f"{name} is not the text that {run.name} was made with"):
        embeddings(run)
    assert module.kept_embeddings(run) is None
    assert len(embeddings(run, EmbeddingQuery(text=name))) > 0  # asked for by name it is the text as it is now


def test_a_recording_that_is_there_is_not_made_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    record(run, corpus_text(run), RecordQuery(("h",), (2,)))
    record(run, corpus_text(run), RecordQuery(("h",), (1,), "whitespace"))
    monkeypatch.setattr("lstm_core.recordings.record.record", lambda *_, **__: pytest.fail("both were at hand"))
    found = state_means(run, [("h", 1, "after"), ("h", 2, "next")])
    assert [table.vectors.shape[1] for table in found.values()] == [8, 8]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (EmbeddingQuery(layers=(3,)), "has 2 layers, the query asks for 3"),
        (EmbeddingQuery(signal="z"), "lstm has signals"),
        (EmbeddingQuery(moments=()), "asks for none"),
        (EmbeddingQuery(moments=("later",)), "asks for later"),
        (EmbeddingQuery(removed=2), "of centred vectors"),
        (EmbeddingQuery(whitened=True), "whitened vectors are centred ones"),
        (EmbeddingQuery(centred=True, removed=1, whitened=True), "whitened vectors are centred ones"),
        (EmbeddingQuery(text="nowhere"), "no corpus or text file"),
    ],
)
def test_what_a_run_does_not_have_is_said(run: Run, query: EmbeddingQuery, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        embeddings(run, query)


def test_counts_and_vectors_of_other_numbers_are_refused(table: EmbeddingTable) -> None:
    with pytest.raises(ValueError, match="4 words have 4 and 3 counts"):
        replace(table, counted=np.ones(3, dtype=np.int64))


def test_words_are_found_however_they_are_spelled(table: EmbeddingTable) -> None:
    rows = [table.row(word) for word in ("We", "don't", "DON’T", "'tu", "cap--it", "us")]
    assert rows == [0, 1, 1, 2, 3, None]
    assert table.with_dash.tolist() == [False, False, False, True]


def test_word2vec_text_reads_back(table: EmbeddingTable, tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text("".join(word2vec_lines(table)), encoding="utf-8")
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    assert [int(size) for size in head.split(" ")] == [4, 5]
    assert tuple(line.split(" ")[0] for line in lines) == table.words
    read_back = np.array([[float(value) for value in line.split(" ")[1:]] for line in lines])
    np.testing.assert_allclose(read_back, table.vectors, rtol=1e-5)


def test_projector_files_read_back_line_for_line(table: EmbeddingTable) -> None:
    vectors = [[float(value) for value in line.rstrip("\n").split("\t")] for line in projector_lines(table)]
    np.testing.assert_allclose(vectors, table.vectors, rtol=1e-5)
    head, *labels = [line.rstrip("\n").split("\t") for line in projector_labels(table)]
    assert head == ["word", "count", "averaged"]
    assert labels == [["we", "5", "4"], ["don’t", "2", "1"], ["tu", "3", "2"], ["cap—it", "8", "7"]]


def test_a_definition_fits_the_run(run: Run) -> None:
    units = run.model_config.hidden
    assert defined("best", run) == replace(BEST, layers=(run.model_config.layers,), removed=units // 8)
    assert defined("paper", run) == EmbeddingQuery().of(run)
    embeddings(run, defined("best", run))
    with pytest.raises(ValueError, match="choose paper or best"):
        defined("good", run)


def test_only_what_is_whole_counts_as_kept(run: Run) -> None:
    query = EmbeddingQuery(moments=("after", "next"), centred=True)
    assert module.kept_embeddings(run, query) is None
    embeddings(run, EmbeddingQuery(moments=("after",)))
    assert module.kept_embeddings(run, query) is None
    made = embeddings(run, query)
    found = module.kept_embeddings(run, query)
    assert found is not None and found.words == made.words
    np.testing.assert_array_equal(found.vectors, made.vectors)
