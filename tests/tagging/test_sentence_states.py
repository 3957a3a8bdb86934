"""What is read off a tagger for the page Tagging: states, their dependence on words, mistakes, the notes' claims."""

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from lstm_core.claims.tagging import tagging_claims
from lstm_core.runs.cells import CELLS
from lstm_core.storage.files import write_bytes
from lstm_core.tagging.classify import Poolings, Scored
from lstm_core.tagging.label_run import LOG, LabelRun, folders, new_label_run, open_label_run, train_label_run
from lstm_core.tagging.recorded import as_words_come, influence, sentence_states
from lstm_core.tagging.reports import Confusion, confusion, kept_confusion, log_of
from lstm_core.tagging.settings import SHIPPED_TAGGERS, LabelTraining, NetworkConfig
from lstm_core.tagging.tag import tag
from lstm_core.tagging.words import Labelled, tagged

pytestmark = pytest.mark.numeric

SENTENCES = [
    [("They", "PRP"), ("are", "VBP"), ("early", "JJ"), ("birds", "NNS")],
    [("They", "PRP"), ("are", "VBP"), ("early", "RB"), ("today", "NN")],
    [("We", "PRP"), ("saw", "VBD"), ("her", "PRP"), ("today", "NN"), (".", ".")],
    [("We", "PRP"), ("saw", "VBD"), ("her", "PRP$"), ("house", "NN"), (".", ".")],
] * 12
TEXTS = tagged(SENTENCES)


@pytest.fixture(scope="session")
def trained_taggers(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., LabelRun]:
    """Trains each small tagger once."""
    parent = tmp_path_factory.mktemp("taggers")

    @cache
    def make(cell: str, directions: int) -> LabelRun:
        config = NetworkConfig(cell, directions, embedding=8, hidden=10, dropout=0.0)  # type: ignore[arg-type]
        training = LabelTraining(epochs=6, batch=40, learning_rate=0.03)
        run = new_label_run(parent, config.architecture, config, training, TEXTS, "small")
        for _ in train_label_run(run, TEXTS, TEXTS):
            pass
        return run

    return make


@pytest.fixture
def tagger(home: Path, trained_taggers: Callable[..., LabelRun]) -> Callable[..., LabelRun]:
    """Gives a test a small trained tagger of its own."""

    def make(cell: str = "lstm", directions: int = 1) -> LabelRun:
        kept = trained_taggers(cell, directions)
        return LabelRun(Path(shutil.copytree(kept.folder, folders("taggers")[0] / kept.name)))

    return make


@pytest.mark.parametrize("cell", CELLS)
def test_states_are_those_of_torch_and_a_later_word_changes_none_read_forward(
    tagger: Callable[..., LabelRun], cell: str
) -> None:
    import torch

    from lstm_core.tagging.words import batch_of, encode

    run = tagger(cell, 2)
    one, other = ["They", "are", "early", "birds"], ["They", "are", "early", "today"]
    found, beside = sentence_states(one, run), sentence_states(other, run)
    with torch.inference_mode():
        told = run.network().states(batch_of(encode(run.known, [one]), np.array([0])))[0].numpy()
    assert np.abs(np.hstack([found.states["forward"], found.states["backward"]]) - told).max() < 1e-5
    assert np.array_equal(found.states["forward"][:3], beside.states["forward"][:3])
    assert (np.abs(found.states["backward"][:3] - beside.states["backward"][:3]).max(axis=1) > 0).all()


def test_a_state_depends_on_what_its_direction_has_read_and_on_nothing_else(tagger: Callable[..., LabelRun]) -> None:
    words = ["We", "saw", "her", "house", "strangely", "."]  # one of them is not known
    moved = influence(words, tagger("lstm", 2))
    assert moved["forward"].shape == (6, 6)
    below = np.tri(6, dtype=bool)
    assert (moved["forward"][~below] == 0).all() and (moved["forward"][below] > 0).all()
    assert (moved["backward"][~below.T] == 0).all() and (moved["backward"][below.T] > 0).all()
    assert list(influence(words, tagger("gru", 1))) == ["forward"]


@pytest.mark.parametrize("name", SHIPPED_TAGGERS)
def test_what_was_not_read_moves_a_state_of_the_networks_that_ship_by_exactly_nothing(name: str) -> None:
    run = open_label_run("taggers", name)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)  # rows of one product were rounded by which thread had them
    try:
        moved = influence(["They", "are", "early", "birds"], run)
    finally:
        torch.set_num_threads(threads)
    unread = ~np.tri(4, dtype=bool)
    assert (moved["forward"][unread] == 0).all() and (moved["forward"][~unread] > 0).all()
    if run.config.directions == 2:
        assert (moved["backward"][unread.T] == 0).all()


def test_tags_as_words_come_are_those_of_what_was_read_so_far(tagger: Callable[..., LabelRun]) -> None:
    words = ["They", "are", "early", "birds"]
    for directions in (1, 2):
        run = tagger("lstm", directions)
        found = as_words_come(words, run)
        assert [one.tokens for one in found] == [tuple(words[:stop]) for stop in range(1, 5)]
        assert np.array_equal(found[1].probabilities, tag([words[:2]], run).probabilities)
        moved = max(np.abs(found[3].probabilities[:stop] - found[stop - 1].probabilities).max() for stop in (1, 2, 3))
        assert moved < 1e-6 if directions == 1 else moved > 1e-3


def test_confusion_counts_pairs_of_tags_and_is_kept_with_its_weights(tagger: Callable[..., LabelRun]) -> None:
    from dataclasses import asdict, replace

    from lstm_core.storage.files import write_json

    run = tagger()
    path = run.results_folder / "confusion.json"
    given = Labelled([["They", "are", "early"], ["today"]], ["PRP", "VBP", "ADD", "NN"])  # ADD is none of Penn's
    found = confusion(run, given, "small")
    said = [one for words in given.texts for one in tag([words], run).tags]
    wanted = [(own, other) for own, other in zip(given.labels, said, strict=True) if own != "ADD"]
    assert found.total == 3
    for own, other in wanted:
        count = found.counts[found.names.index(own)][found.names.index(other)]
        assert count == wanted.count((own, other))
    assert kept_confusion(run) is None
    write_json(path, asdict(found))
    assert kept_confusion(run) == found
    write_json(path, asdict(replace(found, weights="others")))
    assert kept_confusion(run) is None
    for damaged in ("[]", '{"counts": 3}', "{", '{"weights": "x", "text": "", "names": ["NN"], "counts": [[1, 2]]}'):
        write_bytes(path, damaged.encode())
        assert kept_confusion(run) is None


def test_a_log_is_read_but_for_its_torn_lines(tagger: Callable[..., LabelRun]) -> None:
    run = tagger()
    whole = log_of(run)
    assert [point["epoch"] for point in whole] == list(range(1, len(whole) + 1))
    path = run.folder / LOG
    write_bytes(path, b'\xff\n[1]\n{"epoch": 1}\n' + path.read_bytes() + b'{"epoch": 9, "train')
    assert log_of(run) == whole


def test_claims_say_what_taggers_do(tagger: Callable[..., LabelRun]) -> None:
    runs = [tagger("lstm", 1), tagger("lstm", 2)]
    scored = tuple(
        Scored("lstm", directions, pooling, 10, right)
        for directions, pooling, right in ((1, "last", (0.4, 0.41)), (2, "both", (0.5, 0.51)))
    )
    figures = Poolings("small", 3, {"train": 9, "test": 3}, 0.3, 0.4, (1, 2), scored)
    found = {claim.id: claim for claim in tagging_claims(runs, figures)}
    assert found["L1"].holds and "4 of 4" in found["L1"].measured
    assert "bilstm" in found["L2"].measured and found["L2"].holds in (True, False)
    assert "L3" not in found  # nothing was measured
    assert found["L4"].holds is None and "+10.0%" in found["L4"].measured
    assert tagging_claims([], None) == []


def test_an_empty_confusion_has_no_words() -> None:
    assert Confusion("", "", (), ()).total == 0
