"""Clusterings against hdbscan and scikit-learn, on planted and on degenerate points; what is kept of them."""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from lstm_core.clusters import states as clusters
from lstm_core.clusters.spanning_tree import spanning_tree
from lstm_core.clusters.states import NOISE, Clustering, ClusterQuery
from lstm_core.runs.run import Run
from lstm_core.runs.store import open_run
from lstm_core.storage.files import write_json
from lstm_core.text.corpus import keep_text, read_corpus

pytestmark = pytest.mark.numeric


def lumps(seed: int, n: int = 1500, width: int = 70) -> NDArray[np.float32]:
    """Eight lumps and a third of scatter."""
    chance = np.random.default_rng(seed)
    which = chance.integers(12, size=n)
    centres = 3 * chance.normal(size=(12, width))
    spread = np.where(which < 8, 0.4 + 0.05 * which, 3.0)
    return (centres[which] + spread[:, None] * chance.normal(size=(n, width))).astype(np.float32)


def labels(points: NDArray[np.floating], size: int = 20, samples: int = 10) -> NDArray[np.int32]:
    return clusters.labels_of(spanning_tree(points, samples), size)[0]


@pytest.mark.parametrize("seed", range(4))
def test_labels_are_those_of_the_library(seed: int) -> None:
    """But for single points between two clusters, which equally heavy edges join to either."""
    import hdbscan
    from sklearn.metrics import adjusted_rand_score

    points = lumps(seed)
    library = hdbscan.HDBSCAN(min_cluster_size=20, min_samples=10).fit(points.astype(np.float64))
    found, strength, persistence = clusters.labels_of(spanning_tree(points, 10), 20)
    assert found.max() == library.labels_.max() > 3
    assert adjusted_rand_score(found, library.labels_) > 0.998
    same = np.flatnonzero((found >= 0) == (library.labels_ >= 0))
    assert len(same) >= len(points) - 3
    np.testing.assert_allclose(strength[same], library.probabilities_[same], atol=1e-5)
    np.testing.assert_allclose(np.sort(persistence), np.sort(library.cluster_persistence_), atol=1e-3)


def test_labels_are_those_of_scikit_learn_which_counts_the_point_itself() -> None:
    from sklearn.cluster import HDBSCAN
    from sklearn.metrics import adjusted_rand_score

    points = lumps(5)
    theirs = HDBSCAN(min_cluster_size=20, min_samples=11, copy=True).fit(points.astype(np.float64))
    assert adjusted_rand_score(labels(points), theirs.labels_) > 0.998


def test_clusters_are_numbered_by_size() -> None:
    found = labels(lumps(1))
    sizes = np.bincount(found[found >= 0])
    assert list(sizes) == sorted(sizes, reverse=True)


@pytest.mark.parametrize("seed", range(3))
def test_copies_of_a_point_stay_together(seed: int) -> None:
    import hdbscan
    from sklearn.metrics import adjusted_rand_score

    points = lumps(seed, 600)
    points[:30] = points[0]
    found = labels(points)
    assert len(set(found[:30])) == 1
    apart = cdist(points.astype(np.float64), points.astype(np.float64))
    library = hdbscan.HDBSCAN(metric="precomputed", min_cluster_size=20, min_samples=10).fit(apart)
    assert adjusted_rand_score(found, library.labels_) > 0.99


def test_fewer_points_than_a_cluster_needs_are_all_noise() -> None:
    found, strength, persistence = clusters.labels_of(spanning_tree(lumps(0, 15), 10), 20)
    assert (found == NOISE).all() and not strength.any() and not len(persistence)


def test_points_without_structure_are_noise_or_few_clusters() -> None:
    """A ball of points: the library never calls everything one cluster."""
    assert (labels(np.random.default_rng(0).normal(size=(400, 30)).astype(np.float32), 100) == NOISE).mean() > 0.9


def test_equal_points_do_not_break_it() -> None:
    found, strength, _ = clusters.labels_of(spanning_tree(np.ones((300, 5), np.float32), 10), 20)
    assert np.isfinite(strength).all() and len(found) == 300


# Of a run -------------------------------------------------------------------------------------------------------------

SMALL = ClusterQuery(tokens=6000, min_cluster_size=15, min_samples=5)


@pytest.fixture
def reader(small_run: Callable[..., Run], words: Callable[..., str], made_once: Callable[..., None]) -> Run:
    """A run that has read half of a text of 12,000 characters, with the tree of its states."""

    def make() -> None:
        path = keep_text("story.txt", words(2400).encode())
        clusters.cluster(small_run(text=read_corpus(str(path), "char"), weights=True), SMALL)

    made_once("a text's clusters", make)
    return open_run("small")


def test_points_are_the_states_after_each_word(reader: Run) -> None:
    query = SMALL.of(reader)
    recording = clusters.recording_for(reader, query)
    points = clusters.points_of(recording, query)
    text = reader.vocabulary.decode(points.tokens.tolist())
    assert [at for at, character in enumerate(text) if character.isspace()] == points.positions.tolist()
    assert len(text) == 6000
    np.testing.assert_array_equal(points.states[7], recording.window("h", query.layer, 7, 8)[:, 0])


def test_whitespace_points_come_from_a_recording_of_everything_as_well(reader: Run) -> None:
    from lstm_core.recordings.record import RecordQuery, corpus_text, record

    query = SMALL.of(reader)
    text = corpus_text(reader, count=8000)
    both = [
        clusters.points_of(record(reader, text, RecordQuery(positions=kept)), query) for kept in ("all", "whitespace")
    ]
    np.testing.assert_array_equal(both[0].positions, both[1].positions)
    np.testing.assert_array_equal(both[0].states, both[1].states)
    assert both[0].fingerprint == both[1].fingerprint
    full = clusters.points_of(record(reader, text), replace(query, data="full"))
    assert full.states.shape[0] == 6000 and full.fingerprint != both[0].fingerprint


def test_full_data_needs_all_positions(reader: Run) -> None:
    query = SMALL.of(reader)
    blanks = clusters.recording_for(reader, query)
    with pytest.raises(ValueError, match="keeps whitespace positions"):
        clusters.points_of(blanks, replace(query, data="full"))


def test_another_size_uses_the_tree_again(reader: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    first = clusters.cluster(reader, SMALL)
    monkeypatch.setattr(
        "lstm_core.clusters.spanning_tree.spanning_tree", lambda *_, **__: pytest.fail("a tree was made again")
    )
    second = clusters.cluster(reader, replace(SMALL, min_cluster_size=40))
    assert len(second.persistence) <= len(first.persistence)
    assert first.fingerprint != second.fingerprint


def test_a_damaged_tree_is_made_again(reader: Run) -> None:
    first = clusters.cluster(reader, SMALL)
    (path,) = (clusters.home() / "trees").glob("*.safetensors")
    path.write_bytes(path.read_bytes()[:100])
    np.testing.assert_array_equal(clusters.cluster(reader, SMALL).labels, first.labels)


def test_what_is_kept_is_what_was_found(reader: Run) -> None:
    found = clusters.cluster(reader, SMALL)
    assert clusters.read_clustering(reader, SMALL) is None
    clusters.CLUSTERS.keep(found)
    kept = clusters.read_clustering(reader, SMALL)
    assert kept is not None
    for name in ("positions", "labels", "persistence", "words", "tags"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(found, name))
    np.testing.assert_array_equal(kept.strength, found.strength)
    assert (kept.query, kept.span, kept.tag_names) == (found.query, found.span, found.tag_names)
    assert clusters.kept_clusterings(reader) == [SMALL.of(reader)]
    assert clusters.read_clustering(reader, replace(SMALL, min_samples=6)) is None


def kept_before(found: clusters.Clustering) -> Path:
    """A clustering in the format in which it was kept first: arrays beside a document. Returns the arrays' file."""
    path = clusters.home() / "clusters" / f"{found.fingerprint}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    start, stop = found.words.T
    np.savez_compressed(
        path,
        steps=np.diff(found.positions, prepend=0).astype(np.uint32),
        labels=found.labels.astype(np.int32),
        strength=np.round(255 * found.strength).astype(np.uint8),
        persistence=found.persistence,
        before=(found.positions[: len(stop)] - stop).astype(np.int32),
        length=(stop - start).astype(np.uint32),
        tags=found.tags.astype(np.int8),
    )
    names = ("run", "weights", "text", "text_fingerprint", "span", "tag_names", "facts")
    about = {name: getattr(found, name) for name in names}
    write_json(path.with_suffix(".json"), {"query": asdict(found.query), **about, "points": len(found.labels)})
    return path


def test_a_result_as_it_was_kept_first_is_read(reader: Run) -> None:
    found = clusters.cluster(reader, SMALL)
    path = kept_before(found)
    kept = clusters.read_clustering(reader, SMALL)
    assert kept is not None and clusters.kept_clusterings(reader) == [SMALL.of(reader)]
    for name in ("positions", "labels", "persistence", "words", "tags"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(found, name))
    np.testing.assert_allclose(kept.strength, found.strength, atol=1 / 255)
    for part in (path, path.with_suffix(".json")):
        whole = part.read_bytes()
        part.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(ValueError, match="is damaged"):
            clusters.read_clustering(reader, SMALL)
        part.write_bytes(whole)


def test_a_result_of_a_text_that_was_another_before_is_read(reader: Run) -> None:
    found = clusters.cluster(reader, SMALL)
    clusters.CLUSTERS.keep(replace(found, text_fingerprint="of the text as it is now"))
    kept = clusters.read_clustering(reader, SMALL)
    assert kept is not None and kept.text_fingerprint == "of the text as it is now"


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", b"\x80\x04cos\nsystem\n."])
def test_a_damaged_result_is_said(reader: Run, damage: bytes) -> None:
    path = clusters.CLUSTERS.keep(clusters.cluster(reader, SMALL))
    path.write_bytes(damage)
    with pytest.raises(ValueError, match="is damaged"):
        clusters.read_clustering(reader, SMALL)


def test_a_result_with_any_byte_changed_is_read_or_said_to_be_damaged(reader: Run) -> None:
    path = clusters.CLUSTERS.keep(clusters.cluster(reader, SMALL))
    sound, chance, said = path.read_bytes(), np.random.default_rng(0), 0
    for place in chance.integers(len(sound), size=150).tolist():
        path.write_bytes(sound[:place] + bytes([sound[place] ^ 0x55]) + sound[place + 1 :])
        try:
            clusters.read_clustering(reader, SMALL)
        except ValueError as error:
            said += "is damaged" in str(error)
    assert said > 100


def test_more_clusters_than_16_bits_count(reader: Run) -> None:
    found = clusters.cluster(reader, SMALL)
    labels = np.arange(len(found.labels), dtype=np.int32) + 40_000
    clusters.CLUSTERS.keep(replace(found, labels=labels, persistence=np.ones(labels.max() + 1)))
    kept = clusters.read_clustering(reader, SMALL)
    assert kept is not None
    np.testing.assert_array_equal(kept.labels, labels)


def test_parts_that_do_not_fit_are_said(reader: Run) -> None:
    found = clusters.cluster(reader, SMALL)
    clusters.CLUSTERS.keep(replace(found, labels=found.labels + len(found.persistence)))
    with pytest.raises(ValueError, match="do not fit"):
        clusters.read_clustering(reader, SMALL)


def test_a_text_that_has_changed_is_not_shown(reader: Run) -> None:
    found = clusters.cluster(reader, SMALL)
    text = clusters.text_of(reader, found)
    assert len(text) == 6000 and all(text[at].isspace() for at in found.positions.tolist())
    with pytest.raises(ValueError, match="not the text any more"):
        clusters.text_of(reader, replace(found, text_fingerprint="another"))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (ClusterQuery(data="words"), "choose whitespace or full"),  # type: ignore[arg-type]
        (ClusterQuery(min_cluster_size=1), "at least 2 points"),
        (ClusterQuery(min_samples=0), "at least 1 neighbour"),
        (ClusterQuery(signal="z"), "has signals"),
        (ClusterQuery(layer=9), "layers"),
        (ClusterQuery(tokens=40, min_samples=30), "no 30-th neighbour"),
    ],
)
def test_what_a_run_cannot_give_is_refused(reader: Run, query: ClusterQuery, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        clusters.cluster(reader, query)


def planted(text: str, positions: list[int], found: list[int]) -> Clustering:
    """A clustering by hand, of full data."""
    count = max(found) + 1
    return Clustering(
        ClusterQuery(data="full"),
        "run",
        "w",
        "text",
        "t",
        (0, len(text)),
        np.array(positions),
        np.array(found, np.int32),
        np.ones(len(found), np.float32),
        np.full(count, 0.1),
    )


def test_figures_of_a_clustering_by_hand() -> None:
    found = planted("abcdef", [0, 1, 2, 3, 4], [0, 0, NOISE, 1, NOISE])
    assert found.sizes.tolist() == [2, 1] and found.noise_share == 0.4
    assert np.isnan(replace(found, labels=found.labels[:0]).noise_share)


def test_results_lie_below_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSTM_HOME", str(tmp_path))
    assert clusters.CLUSTERS.keep(planted("ab", [0, 1], [0, 0])).parent == tmp_path / "clusters"
