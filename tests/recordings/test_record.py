"""Recording: parallel in time against one token at a time, kept positions, probabilities, sizes, scores."""

import errno
import os
import shutil
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from lstm_core.recordings import reader as streams
from lstm_core.recordings import writer as building
from lstm_core.recordings.record import RecordQuery, Text, bytes_needed, read, record, spec_of, typed_text
from lstm_core.recordings.recording import Recording, damaged, forget_damage, recordings_folder, verify
from lstm_core.runs.cells import CELLS
from lstm_core.runs.run import Run

pytestmark = pytest.mark.numeric

Make = Callable[..., Run]
SEQUENTIAL = RecordQuery(reader="sequential")


def whole(corpus: Any) -> Text:
    return Text(corpus.name, corpus.ids, corpus.fingerprint, (0, len(corpus.ids)))


def forget_bias(value: float) -> Callable[[Any], None]:
    """Plants a forget gate that stays near sigmoid(value) in every layer."""

    def plant(model: Any) -> None:
        for layer in model.rnn:
            units = layer.hidden_size
            layer.bias_ih_l0[units : 2 * units] = value

    return plant


def scaled(factor: float) -> Callable[[Any], None]:
    def plant(model: Any) -> None:
        for layer in model.rnn:
            layer.weight_hh_l0.mul_(factor)

    return plant


def assert_equal_readings(one: Recording, other: Recording) -> None:
    """h and gates within 1e-5, c within 1e-5 max(1, |c|), probabilities within 1e-5."""
    assert set(one.signals) == set(other.signals)
    for (signal, layer), values in one.signals.items():
        reference = other.signals[signal, layer]
        assert values.dtype == np.float32
        bound = 1e-5 * np.maximum(1, np.abs(reference)) if signal == "c" else 1e-5
        assert (np.abs(values - reference) <= bound).all(), (signal, layer)
    np.testing.assert_allclose(one.probability, other.probability, atol=1e-5)


# Exactness ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
def test_parallel_reading_equals_the_sequential_one(small_run: Make, long_corpus: Any, cell: str) -> None:
    run = small_run(text=long_corpus, cell=cell, weights=True)
    text = whole(long_corpus)
    parallel, sequential = read(run, text), read(run, text, SEQUENTIAL)
    assert parallel.exactness["reader"] == "parallel"
    assert parallel.exactness["streams"] == 5
    assert parallel.exactness["tokens_read"] < 1.2 * len(text.ids)
    assert sequential.exactness["reader"] == "sequential"
    assert (sequential.exactness["streams"], "gave_up" in parallel.exactness) == (1, False)
    assert_equal_readings(parallel, sequential)


@pytest.mark.slow
@pytest.mark.parametrize(("bias", "reader"), [(3.0, "parallel"), (12.0, "sequential")])
def test_long_memories_are_read_exactly_or_in_sequence(
    small_run: Make, long_corpus: Any, bias: float, reader: str
) -> None:
    """Forget gates near 1 (half-lives 14 and 110,000 tokens): streams agree late, or never."""
    run, text = small_run(text=long_corpus, weights=forget_bias(bias)), whole(long_corpus)
    parallel, sequential = read(run, text), read(run, text, SEQUENTIAL)
    assert sequential.signals["f", 1].mean() > 0.94
    assert_equal_readings(parallel, sequential)
    assert parallel.exactness["reader"] == reader
    assert parallel.exactness.get("gave_up") == (None if reader == "parallel" else "4 of 5 streams never agreed")


@pytest.mark.slow
def test_rounding_is_not_forgotten_where_the_start_is_not(small_run: Make, long_corpus: Any) -> None:
    """Three streams with endless memory, read in a chain, would differ from the sequential reading by over 1e-5."""
    run = small_run(text=long_corpus, weights=forget_bias(12.0))
    text = Text("part", long_corpus.ids[:12_288], "part", (0, 12_288))
    parallel = read(run, text)
    assert (parallel.exactness["reader"], parallel.exactness["gave_up"]) == (
        "sequential",
        "2 of 3 streams never agreed",
    )
    assert_equal_readings(parallel, read(run, text, SEQUENTIAL))


def test_memories_a_little_longer_than_the_kept_seams_are_read_in_a_chain(
    small_run: Make, long_corpus: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With streams too short to forget to the last digit, those after them are read again from their new ends."""
    monkeypatch.setattr(streams, "STREAM", 64)
    run = small_run(text=long_corpus, weights=forget_bias(1.0))
    text = Text("part", long_corpus.ids[:4096], "part", (0, 4096))
    parallel = read(run, text)
    assert parallel.exactness["reader"] == "parallel"
    assert parallel.exactness["streams"] == 64
    assert parallel.exactness["tokens_read"] > 2 * len(text.ids)
    assert_equal_readings(parallel, read(run, text, SEQUENTIAL))


@pytest.mark.slow
def test_a_memory_that_lasts_longer_than_a_few_streams_is_read_in_a_chain(small_run: Make, long_corpus: Any) -> None:
    """A unit forgets at one token only, and two streams of ten, one after the other, do not have that token."""
    token = int(np.bincount(long_corpus.ids).argmax())
    ids = np.resize(long_corpus.ids, 40_960).copy()
    ids[8192:16_384][ids[8192:16_384] == token] = token - 1

    def plant(model: Any) -> None:
        model.encoder.weight[:, 0] = 0
        model.encoder.weight[token, 0] = 1
        layer = model.rnn[0]
        layer.weight_ih_l0[layer.hidden_size, 0] = -30
        layer.bias_ih_l0[layer.hidden_size] = 20

    run = small_run(text=long_corpus, weights=plant)
    text = Text("part", ids, "part", (0, len(ids)))
    parallel = read(run, text)
    forget = parallel.signals["f", 1][0]
    assert (forget > 0.999).mean() > 0.5 and (forget[ids == token] < 0.01).all()  # the premise
    assert (parallel.exactness["reader"], parallel.exactness["streams"]) == ("parallel", 10)
    assert 1.2 * len(ids) < parallel.exactness["tokens_read"] < 1.6 * len(ids)
    assert_equal_readings(parallel, read(run, text, SEQUENTIAL))


@pytest.mark.slow
def test_a_chaotic_network_is_read_in_sequence_and_says_so(small_run: Make, long_corpus: Any) -> None:
    run = small_run(text=long_corpus, cell="rnn", layers=1, hidden=32, weights=scaled(3.0))
    text = whole(long_corpus)
    parallel, sequential = read(run, text), read(run, text, SEQUENTIAL)
    later = read(run, Text("tail", text.ids[64:2000], "tail", (64, 2000)), SEQUENTIAL)
    apart = np.abs(later.signals["h", 1][:, -500:] - sequential.signals["h", 1][:, 1500:2000]).max(0)
    assert np.median(apart) > 0.1  # the premise: two starts never meet
    assert parallel.exactness["reader"] == "sequential"
    assert "never agreed" in parallel.exactness["gave_up"]
    assert_equal_readings(parallel, sequential)


@pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 129, 8000, 8065])
def test_every_length_of_text_is_read_whole(small_run: Make, long_corpus: Any, count: int) -> None:
    run = small_run(text=long_corpus, weights=True)
    text = Text("part", long_corpus.ids[:count], "part", (0, count))
    found = read(run, text)
    model = run.load_model()
    with torch.no_grad():
        logits = model(torch.from_numpy(text.ids.astype(np.int64))[:, None])[0][:, 0].double()
    chance = torch.softmax(logits, 1).numpy()
    np.testing.assert_allclose(chance.sum(1), 1)
    assert found.probability.shape == (count,)
    assert np.isnan(found.probability[0])
    np.testing.assert_allclose(found.probability[1:], chance[np.arange(count - 1), text.ids[1:]], atol=1e-5)
    assert all(values.shape == (8, count) for values in found.signals.values())


def test_probabilities_of_all_tokens_sum_to_one(small_run: Make, corpus: Any) -> None:
    """The same text with each token of the vocabulary in last place."""
    run = small_run(weights=True)
    start = corpus.ids[:100]
    chances = [
        read(run, Text("x", np.append(start, token).astype(np.int32), "x", (0, 101))).probability[-1]
        for token in range(len(run.vocabulary))
    ]
    assert sum(chances) == pytest.approx(1, abs=1e-5)


# What is kept ---------------------------------------------------------------------------------------------------------


def test_whitespace_positions_are_the_same_columns_of_all(small_run: Make, long_corpus: Any) -> None:
    run, text = small_run(text=long_corpus, weights=True), whole(long_corpus)
    everything, blanks = read(run, text), read(run, text, RecordQuery(positions="whitespace"))
    characters = np.array(list(long_corpus.vocabulary.decode(text.ids)))
    assert blanks.positions.tolist() == np.flatnonzero((characters == " ") | (characters == "\n")).tolist()
    for key, values in blanks.signals.items():
        np.testing.assert_array_equal(values, everything.signals[key][:, blanks.positions])
    np.testing.assert_array_equal(blanks.probability, everything.probability)
    assert (len(blanks.tokens), len(everything.positions)) == (len(text.ids), len(text.ids))


def test_no_positions_keep_probabilities_only(small_run: Make, corpus: Any) -> None:
    run = small_run(weights=True)
    found = read(run, whole(corpus), RecordQuery(positions="none"))
    assert all(values.shape == (8, 0) for values in found.signals.values())
    np.testing.assert_array_equal(found.probability, read(run, whole(corpus)).probability)


def test_chosen_signals_and_layers_are_those_of_all(small_run: Make, corpus: Any) -> None:
    run = small_run(weights=True, layers=3)
    everything = read(run, whole(corpus))
    some = read(run, whole(corpus), RecordQuery(signals=("o", "h"), layers=(3, 1, 3)))
    assert (some.names, some.spec.layers) == (("h", "o"), (1, 3))
    assert set(some.signals) == {(signal, layer) for signal in "ho" for layer in (1, 3)}
    for key, values in some.signals.items():
        np.testing.assert_array_equal(values, everything.signals[key])


def test_recording_on_disk_is_the_reading_rounded_to_half(small_run: Make, corpus: Any) -> None:
    run = small_run(weights=True)
    memory, disk = read(run, whole(corpus)), record(run, whole(corpus))
    assert set(disk.signals) == {(signal, layer) for signal in CELLS["lstm"].signals for layer in (1, 2)}
    for (signal, layer), values in disk.signals.items():
        dtype = np.float32 if signal == "c" else np.float16
        assert values.dtype == dtype
        np.testing.assert_array_equal(values, memory.signals[signal, layer].astype(dtype))
    np.testing.assert_array_equal(disk.probability, memory.probability)
    np.testing.assert_array_equal(disk.tokens, corpus.ids)
    assert disk.vocabulary == corpus.vocabulary
    assert disk.exactness == memory.exactness


def test_an_equal_recording_is_opened_not_made_again(
    small_run: Make, corpus: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = small_run(weights=True)
    made = record(run, whole(corpus))
    monkeypatch.setattr(Run, "load_model", lambda self: pytest.fail("was read again"))
    assert record(run, whole(corpus)).folder == made.folder


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_damaged_recording_is_made_anew(small_run: Make, corpus: Any, wait_for: Any, damage: str) -> None:
    run = small_run(weights=True)
    made = record(run, whole(corpus))
    assert made.folder is not None
    path, expected = made.folder / "h-1.npy", made.signals["h", 1][:, :].copy()
    content = path.read_bytes()
    if damage == "cut":
        path.write_bytes(content[:-1])
    else:
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 255]))
        forget_damage(made.folder)
        Recording.open(made.folder)  # its size is right: hashes are compared in the background
        wait_for(lambda: made.folder in damaged, what="the check of the hashes")
    again = record(run, whole(corpus))
    assert again.folder == made.folder and made.folder not in damaged
    np.testing.assert_array_equal(again.signals["h", 1][:, :], expected)
    verify(made.folder)


def test_keys_differ_with_everything_that_decides_the_content(small_run: Make, corpus: Any) -> None:
    run, text = small_run(weights=True), whole(corpus)
    other = small_run("other", weights=True, hidden=9)
    part = Text("x", text.ids[:100], text.fingerprint, (0, 100))
    keys = {
        spec_of(run, text).key,
        spec_of(other, text).key,
        spec_of(run, part).key,
        spec_of(run, Text("x", text.ids, "another", text.span)).key,
        spec_of(run, text, RecordQuery(signals=("h",))).key,
        spec_of(run, text, RecordQuery(layers=(1,))).key,
        spec_of(run, text, RecordQuery(positions="whitespace")).key,
    }
    assert len(keys) == 7
    renamed = Text("another name", text.ids, text.fingerprint, text.span)
    assert spec_of(run, renamed).key == spec_of(run, text, RecordQuery(layers=(2, 1), reader="sequential")).key in keys


# Refusals -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (RecordQuery(signals=("h", "z")), "lstm has signals h, c, i, f, g, o, not z"),
        (RecordQuery(layers=(1, 3)), "the model has 2 layers, the query asks for 3"),
        (RecordQuery(layers=(0, 1)), "the model has 2 layers, the query asks for 0"),
    ],
)
def test_what_the_model_does_not_have_is_refused(small_run: Make, corpus: Any, query: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read(small_run(weights=True), whole(corpus), query)


def test_fault_15_an_empty_text_is_refused(small_run: Make) -> None:
    run = small_run(weights=True)
    text, encoding = typed_text(run, "")
    assert len(encoding.ids) == 0
    for act in (read, record):
        with pytest.raises(ValueError, match="the text is empty: there is nothing to read"):
            act(run, text)


def test_fault_16_size_is_told_before_and_refused_past_the_limit(
    small_run: Make, corpus: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, text = small_run(weights=True), whole(corpus)
    needed = bytes_needed(run, text)
    assert len(text.ids) == 2935  # 12 tiles of 256 positions
    assert needed == 12 * 256 * 2 * 8 * (5 * 2 + 4) + 8 * 2935
    monkeypatch.setattr(building, "MAX_BYTES", needed - 1)
    with pytest.raises(ValueError, match=r"this recording needs .* GiB, the limit is .*choose a shorter span"):
        record(run, text)
    monkeypatch.setattr(building, "MAX_BYTES", needed)
    usage = shutil.disk_usage(recordings_folder())
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=needed))
    with pytest.raises(ValueError, match=r"GiB free: choose a shorter span or fewer signals, or remove a recording"):
        record(run, text)
    assert list(recordings_folder().iterdir()) == []
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=needed + building.SPARE_BYTES))
    assert abs(record(run, text).bytes - needed) < 16_000  # vocabulary, manifest, array headers


def test_fault_13_a_recording_that_fails_leaves_nothing(small_run: Make, corpus: Any) -> None:
    run, text, seen = small_run(weights=True), whole(corpus), []

    def stop(share: float, word: str) -> None:
        seen.append(share)
        if share > 0.4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record(run, text, report=stop)
    assert seen == sorted(seen)
    assert list(recordings_folder().iterdir()) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_fault_06_a_disk_that_fills_up_is_said_and_nothing_is_left(
    small_run: Make, corpus: Any, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    reserved = []

    def full(descriptor: int, start: int, size: int) -> None:
        reserved.append(size)
        if len(reserved) == 3:
            raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(ValueError, match=r"this recording needs .* GiB free: choose a shorter span"):
        record(small_run(weights=True), whole(corpus))
    assert list(recordings_folder().iterdir()) == []


def test_fault_06_space_is_reserved_for_every_array_where_the_file_system_can(
    small_run: Make, corpus: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserved = []

    def cannot(descriptor: int, start: int, size: int) -> None:
        reserved.append(size)
        raise OSError(errno.EOPNOTSUPP, "cannot")

    monkeypatch.setattr(os, "posix_fallocate", cannot)
    made = record(small_run(weights=True), whole(corpus))
    sizes = [path.stat().st_size for path in made.folder.glob("*.npy") if path.name != "tokens.npy"]
    assert sorted(reserved) == sorted(sizes)


def test_fault_13_what_a_killed_recording_left_is_swept_after_a_day(small_run: Make, corpus: Any) -> None:
    folders = {name: recordings_folder() / name for name in (".old.x", ".new.x", ".fresh.x", "kept")}
    for name, folder in folders.items():
        folder.mkdir(parents=True)
        (folder / "h-1.npy").write_bytes(b"half")
        times = (time.time() - 25 * 3600,) * 2
        if name != ".fresh.x":
            os.utime(folder / "h-1.npy", times if name != ".new.x" else None)
            os.utime(folder, times)
    record(small_run(weights=True), whole(corpus))
    assert {name for name, folder in folders.items() if folder.exists()} == {".new.x", ".fresh.x", "kept"}
