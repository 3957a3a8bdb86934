"""Results of every kind: read again as they were kept, none where they are damaged or of something else."""

import importlib
import json
import lzma
import os
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
import pytest
from numpy.typing import NDArray

from lstm_core.clusters.states import Clustering, ClusterQuery, Map, Tree
from lstm_core.clusters.word_map import WordMap, WordMapQuery
from lstm_core.neurons.correlated import LayerCorrelations
from lstm_core.neurons.distributions import BINS, DistributionQuery, Distributions
from lstm_core.probes.sense_sets import SETS
from lstm_core.probes.senses import GUESSERS, Senses, SetSenses, WordSenses
from lstm_core.runs.baseline import NgramResult
from lstm_core.stats.counts import PER_UNIT
from lstm_core.storage.arrays import load_arrays, save_arrays
from lstm_core.storage.results import REGISTERED, Results, hashed
from lstm_core.text.ngram import METHODS
from lstm_core.text.tagged import Tagged
from lstm_core.word_vectors.report import PAPER_TYPES, WordReport
from lstm_core.word_vectors.sample import WordSample
from lstm_core.word_vectors.vectors import EmbeddingQuery, EmbeddingTable

CORE = Path(__file__).resolve().parents[2] / "lstm_core"
for path in sorted(CORE.glob("*/*.py")):
    if " = Results(" in path.read_text(encoding="utf-8"):
        importlib.import_module(f"lstm_core.{path.parent.name}.{path.stem}")

BESIDE: dict[type, dict[str, Any]] = {  # what decides results that do not hold it themselves
    Map: {"query": ClusterQuery(), "weights": "x", "text_fingerprint": "x"},
    Tree: {"points": "x", "min_samples": 10},
    WordSample: {"weights": "x", "text_fingerprint": "x"},
    EmbeddingTable: {"weights": "x", "text_fingerprint": "x"},
    Tagged: {"of": "x"},
}
NAMED = {
    "signal",
    "layer",
    "query",
    "text_fingerprint",
    "span",
    "positions",
    "corpus",
    "fingerprint",
    "kind",
    "order",
    "title",
    "run",
    "study",
}


@dataclass(frozen=True)
class Of:
    """What results are of, with weights that examples have."""

    results_folder: Path
    fingerprint: str = "x"


# Examples -------------------------------------------------------------------------------------------------------------


def example(kind: Any) -> Any:
    """A small value of a type: of each sort of part one."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is EmbeddingTable:
        table = EmbeddingQuery(layers=(2,))
        return EmbeddingTable("x", ("the",), np.array([5]), np.array([7]), np.eye(1, 3, dtype=np.float32), table)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return CHANGED.get(kind, lambda made: made)(
            kind(**{one.name: example(hints[one.name]) for one in fields(kind)})
        )
    if origin in (Union, UnionType):
        return example(next(one for one in inner if one is not NoneType))
    if origin is Literal:
        return inner[0]
    if origin is tuple:
        return tuple(example(one) for one in (inner[:1] if inner[1:] == (...,) else inner))
    if origin is dict:
        return {example(inner[0]): example(inner[1])}
    if origin is np.ndarray:
        return np.zeros(1, get_args(inner[1])[0])
    return {int: 0, float: 0.5, str: "x", bool: True, Any: None}[kind]


def methods(made: NgramResult) -> NgramResult:
    score = made.scores[0]
    return replace(made, scores=tuple(replace(score, model=replace(score.model, method=one)) for one in METHODS))


def known_senses(made: Senses) -> Senses:
    part: SetSenses = made.sets[0]
    word: WordSenses = replace(part.words[0], scores=dict.fromkeys(GUESSERS, next(iter(part.words[0].scores.values()))))
    return replace(made, schema=1, sets=(replace(part, name=next(iter(SETS)), words=(word,), tokens=5, places=5),))


def counted(made: Distributions) -> Distributions:
    arrays: dict[str, Any] = {name: np.arange(2, dtype=getattr(made, name).dtype) for name in PER_UNIT}
    arrays |= {"edges": np.linspace(0, 1, BINS + 1), "counts": np.full((2, BINS), 70_000)}
    return replace(made, **arrays, total=9, query=DistributionQuery("h", 1), source=replace(made.source, units=2))


def grouped(made: Clustering) -> Clustering:
    words = np.array([[1, 3], [4, 9], [10, 11]])
    parts = {"positions": words[:, 1], "labels": np.array([0, -1, 0], np.int32), "tags": np.array([0, -1, 0], np.int16)}
    strength = np.array([0.3, 0, 1], np.float32)
    return replace(made, query=ClusterQuery(), span=(5, 20), words=words, strength=strength, facts={"a": 0.5}, **parts)


def tagged(made: Tagged) -> Tagged:
    return replace(made, stop=np.array([3]))


CHANGED: dict[type, Callable[[Any], Any]] = {
    NgramResult: methods,
    Senses: known_senses,
    Distributions: counted,
    Clustering: grouped,
    Tagged: tagged,
    LayerCorrelations: lambda made: replace(made, values=np.array([[0.5]])),
    Map: lambda made: replace(made, points=np.array([3, 400]), places=np.array([[0, 1], [2, 3]], np.float32)),
    Tree: lambda made: Tree(np.array([[0, 1], [1, 70_000]]), np.array([0.1, 0.2]), np.ones(3), 1.5),
    WordMap: lambda made: replace(made, query=WordMapQuery(), span=(5, 6), places=np.array([[0.5, 2]], np.float32)),
    WordReport: lambda made: replace(made, types=dict.fromkeys(PAPER_TYPES, 3)),
    WordSample: lambda made: WordSample(
        "x", ("the",), *np.array([[5], [7], [-1]]), ("DT",),
        {("h", 2, "after"): np.array([[127, -127, 0]], np.float32)}, {"paper": np.ones((1, 2), np.float32)}, 9,
    ),
}  # fmt: skip


def made(results: Results[Any]) -> tuple[Any, dict[str, Any]]:
    """An example of a result, and what is asked for to read it."""
    found = example(results.kind)
    if "schema" in vars(found):
        found = replace(found, schema=results.schema)
    asked = {name: value for name, value in vars(found).items() if name in NAMED}
    return found, asked | BESIDE.get(results.kind, {})


def kept(results: Results[Any], owner: Of) -> tuple[Any, dict[str, Any], Path]:
    found, asked = made(results)
    return found, asked, results.keep(found, owner, **BESIDE.get(results.kind, {}))


def same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if is_dataclass(one):
        return type(one) is type(other) and all(
            same(getattr(one, part.name), getattr(other, part.name)) for part in fields(one)
        )
    return bool(one == other)


def read(results: Results[Any], owner: Of | None, asked: dict[str, Any]) -> Any:
    """What is read, or None where it is said to be damaged and there is a remedy."""
    try:
        return results.read(owner, **asked)
    except ValueError as error:
        assert results.remedy and str(error).endswith(results.remedy) and "is damaged" in str(error)
        return None


def changed(path: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Write a file anew with other fields, sound in itself."""
    if ".safetensors" in path.name:
        arrays, notes = load_arrays(path)
        stored = change({**{name: json.loads(value) for name, value in notes.items() if name != "sha256"}, **arrays})
        plain = {name: json.dumps(value) for name, value in stored.items() if not isinstance(value, np.ndarray)}
        save_arrays(path, {name: value for name, value in stored.items() if name not in plain}, plain)
        return
    packed = path.suffix == ".xz"
    content = json.dumps(
        change(json.loads(lzma.decompress(path.read_bytes()) if packed else path.read_bytes()))
    ).encode()
    path.write_bytes(lzma.compress(content) if packed else content)


each = pytest.mark.parametrize("results", REGISTERED, ids=lambda results: f"{results.kind.__name__} {results.name}")


# Kept and read --------------------------------------------------------------------------------------------------------


@each
def test_what_is_kept_is_read_as_it_was(results: Results[Any], tmp_path: Path) -> None:
    owner = Of(tmp_path)
    assert results.read(owner, **made(results)[1]) is None and not results.there(owner, **made(results)[1])
    found, asked, path = kept(results, owner)
    assert tmp_path in path.parents and results.stamp(owner)[0] == 1
    again = results.read(owner, **asked)
    assert again is not None and same(found, again)
    path.unlink()
    if results.own is not None:
        results.keep(found, **BESIDE.get(results.kind, {}))
        assert same(found, results.read(Of(tmp_path / "none"), **asked))


@each
def test_what_is_kept_has_a_table(results: Results[Any], tmp_path: Path) -> None:
    found, _, _ = kept(results, Of(tmp_path))
    table = found.frame()
    assert table.shape[0] >= 1 and table.shape[1] >= 1 and table.columns.is_unique


@each
def test_results_of_others_are_none(results: Results[Any], tmp_path: Path) -> None:
    found, asked, path = kept(results, Of(tmp_path))
    if type(getattr(found, "weights", None)) is str:
        assert results.read(Of(tmp_path, "other weights"), **asked) is None
    for name in (name for name, value in asked.items() if isinstance(value, str) and name not in ("run", "title")):
        assert results.read(Of(tmp_path), **{**asked, name: "something else"}) is None
    changed(path, lambda stored: {**stored, "schema": results.schema + 1})
    assert results.read(Of(tmp_path), **asked) is None


@each
def test_damaged_files_are_none_or_say_the_remedy(results: Results[Any], tmp_path: Path) -> None:
    _, asked, path = kept(results, Of(tmp_path))
    whole, owner = path.read_bytes(), Of(tmp_path)
    for content in (b"", b"\xff\x00", b"[]", b"5", b"null", whole[:9], whole[: len(whole) // 2], whole[:-2]):
        path.write_bytes(content)
        assert read(results, owner, asked) is None
        assert list(results.all(owner, **asked)) == []
    for place in np.random.default_rng(0).integers(len(whole), size=40).tolist():
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x15]) + whole[place + 1 :])
        found = read(results, owner, asked)
        assert found is None or (isinstance(found, results.kind) and path.suffix == ".json")
    path.unlink()
    path.mkdir()
    assert read(results, owner, asked) is None


@each
def test_fields_that_lack_are_of_another_type_or_no_numbers_end_nothing(results: Results[Any], tmp_path: Path) -> None:
    _, asked, path = kept(results, Of(tmp_path))
    whole, names = path.read_bytes(), [one.name for one in fields(results.kind)]
    for name in names:
        for value in (None, "x", -7, float("nan"), float("inf"), [], {}, [float("nan")], {"x": float("nan")}):
            path.write_bytes(whole)
            changed(path, lambda stored, name=name, value=value: {**stored, name: value})  # type: ignore[misc]
            found = read(results, Of(tmp_path), asked)
            assert found is None or isinstance(found, results.kind)
        path.write_bytes(whole)
        changed(path, lambda stored, name=name: {one: stored[one] for one in stored if one != name})  # type: ignore[misc]
        found = read(results, Of(tmp_path), asked)
        assert found is None or isinstance(found, results.kind)
    path.write_bytes(whole)
    changed(path, lambda stored: {**stored, "surplus": 5})
    assert read(results, Of(tmp_path), asked) is None


@each
def test_values_of_arrays_that_are_not_finite_are_none(results: Results[Any], tmp_path: Path) -> None:
    _, asked, path = kept(results, Of(tmp_path))
    if ".safetensors" in path.name:
        arrays, notes = load_arrays(path)
        for name in (name for name, array in arrays.items() if array.dtype.kind == "f"):
            save_arrays(path, {**arrays, name: np.full_like(arrays[name], np.nan)}, {**notes, "sha256": ""})
            assert read(results, Of(tmp_path), asked) is None


@each
def test_fault_a_full_disk_leaves_the_older_one_whole(
    results: Results[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, asked, path = kept(results, Of(tmp_path))
    whole = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        kept(results, Of(tmp_path))
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [path] and path.read_bytes() == whole
    assert same(found, results.read(Of(tmp_path), **asked))
    path.unlink()
    assert results.read_or_compute(Of(tmp_path), lambda: found, **asked) is found  # it is made again the next time


@dataclass(frozen=True, eq=False)
class Whole:
    """A result with whole numbers alone."""

    of: str
    numbers: NDArray[Any]


WHOLE = Results("whole/{of}.safetensors", Whole)
REGISTERED.remove(WHOLE)


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [
        ([-127, 127], "int8"),
        ([0, 127], "int8"),
        ([0, 128], "uint8"),
        ([-1, 128], "int16"),
        ([0, 2**16 - 1], "uint16"),
        ([-1, 2**16], "int32"),
        ([0, 2**32 - 1], "uint32"),
        ([-1, 2**32 - 1], "int64"),
    ],
)
def test_whole_numbers_are_kept_in_the_smallest_type(numbers: list[int], kind: str) -> None:
    path = WHOLE.keep(Whole("these", np.array(numbers, dtype=np.int64)))
    assert load_arrays(path)[0]["numbers"].dtype == kind
    found = WHOLE.read(None, of="these")
    assert found is not None and found.numbers.tolist() == numbers


def test_names_do_not_depend_on_the_order_of_what_decides() -> None:
    assert hashed({"b": (1, 2), "a": None}) == hashed({"a": None, "b": [1, 2]}) == hashed({"b": [1, 2], "a": None})
    assert hashed(ClusterQuery()) == hashed(vars(ClusterQuery())) != hashed(ClusterQuery(tokens=1))
    assert len(hashed([], 64)) == 64 and hashed([]) == "4f53cda18c2baa0c0354"  # of SHA-256 of two brackets
