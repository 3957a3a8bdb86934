"""Peers of a run's vectors: kept with the run, read back, not those of other weights or of a damaged file."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lstm_core.runs.run import Run
from lstm_core.word_vectors.benchmark_scores import PEERS, SCHEMA, Peers, peer
from lstm_core.word_vectors.benchmarks import Pairs
from lstm_core.word_vectors.similarity import Judged, compare, score

RNG = np.random.default_rng(2)


def judged(name: str, noise: float, missing: int = 0) -> Judged:
    """40 pairs whose cosines follow the scores more or less closely."""
    words = tuple(f"{name}{n}" for n in range(40))
    scores = np.arange(40.0)
    cosines = scores[None] / 40 + np.random.default_rng(1).normal(0, noise, (1, 40))
    cosines[0, :missing] = np.nan
    return Judged(Pairs(name, words, words[::-1], scores), cosines, np.zeros((1, 40), np.int8))


@pytest.fixture
def peers(small_run: Callable[..., Run]) -> tuple[Run, Peers]:
    run = small_run("mine", weights=True)
    ours = [judged(name, 0.05) for name in ("a", "b")]
    theirs = [judged("a", 2.0, 4), judged("b", 0.0, 4)]
    made = peer("skip-gram", ["100 values", "300 values"], theirs, list(zip(ours, theirs, strict=True)))
    return run, Peers(run.name, run.fingerprint, (2,), (made,), SCHEMA)


def test_a_peer_is_scored_alone_and_ours_less_it_on_common_pairs(peers: tuple[Run, Peers]) -> None:
    (one,) = peers[1].peers
    assert one.scores == (score(judged("a", 2.0, 4)), score(judged("b", 0.0, 4)))
    assert one.ours_less[0] == compare(judged("a", 0.05), judged("a", 2.0, 4)) and one.ours_less[0].found == 36
    assert one.above == 1  # above the noisy one, below the exact one


def test_the_strongest_is_the_one_with_the_highest_mean(peers: tuple[Run, Peers]) -> None:
    made = peers[1].peers[0]
    weak, none = (
        replace(made, name=name, scores=tuple(replace(one, rho=rho) for one in made.scores))
        for name, rho in (("untrained twin", -0.5), ("nothing", None))
    )
    assert replace(peers[1], peers=(none, weak, made)).strongest == made
    assert replace(peers[1], peers=(none, weak)).strongest == weak
    assert replace(peers[1], peers=()).strongest is None


def test_peers_are_read_back_for_the_weights_they_were_made_with(peers: tuple[Run, Peers]) -> None:
    run, made = peers
    assert PEERS.read(run) is None
    path = PEERS.keep(made, run)
    assert PEERS.read(run) == made
    PEERS.keep(replace(made, schema=SCHEMA - 1), run)  # whose options were chosen otherwise
    assert PEERS.read(run) is None
    PEERS.keep(replace(made, weights="others"), run)
    assert PEERS.read(run) is None
    path.write_text('{"run": 3}')
    assert PEERS.read(run) is None
