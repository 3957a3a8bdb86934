"""Models of other programs: weights in the layout of PyTorch's word-language-model example, brought in and taken out.

A foreign model becomes an ordinary run that says where it came from. Its file is read in quarantine, never here.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from lstm_core.exchange.quarantine import SAFE, TORCH, check_file, read_tensors
from lstm_core.runs.cells import CELLS, cell_of
from lstm_core.runs.run import Run, vocabulary_document
from lstm_core.runs.settings import ModelConfig, TrainConfig
from lstm_core.runs.store import describe, making_run, new_folder, open_run
from lstm_core.storage.arrays import Arrays, check_shapes, save_arrays
from lstm_core.storage.files import replacing, sha256_of, write_json
from lstm_core.text.catalogue import Kind
from lstm_core.text.corpus import END, Corpus, Splitter, Vocabulary, check_size, decode_text, read_corpus

ONCE = '{"encoder.weight": ["encoder.weight", "decoder.weight"]}'


@dataclass(frozen=True)
class ImportQuery:
    """How to read the tensors of a foreign file.

    `cell`: one of CELLS, empty = as names and sizes say; one that others look like must be named. `mapping`: their
    names of tensors -> ours, a list of ours, or None to leave it out; names that it does not list are taken as they
    are. `text`: a corpus or text file that the model then reads unless another is named.
    """

    cell: str = ""
    mapping: Mapping[str, str | Sequence[str] | None] = field(default_factory=dict)
    text: str = ""

    def __post_init__(self) -> None:
        for cell in CELLS.values():
            if self.cell in cell.look_alikes:
                raise ValueError(f"{cell.look_alikes[self.cell]} is not supported: {', '.join(CELLS)} are")
        if self.cell:
            cell_of(self.cell)


def import_run(name: str, source: Path, vocabulary: Vocabulary, query: ImportQuery = ImportQuery()) -> Run:
    """Make a run of the weights in a .pt, .pth or .safetensors file; its status is "imported".

    The run is there as a whole or not at all. Raises ValueError when the name is taken or not usable, the file is no
    supported format, a tensor is missing, surplus or of another shape, or the vocabulary is of another size.
    """
    new_folder(name)
    check_file(source)
    corpus = _text(query.text, vocabulary)
    arrays = _renamed(read_tensors(source), query.mapping, source.name)
    model = _shape(arrays, query.cell, source.name)
    if len(vocabulary) != model.vocabulary:
        raise ValueError(
            f"the vocabulary lists {len(vocabulary):,} tokens, encoder.weight of {source.name} has "
            f"{model.vocabulary:,} rows: give the vocabulary that the model was trained with"
        )
    config = describe(corpus, model, TrainConfig(epochs=0))
    config["imported"] = {"file": source.name, "sha256": sha256_of(source)}
    with making_run(name) as run:
        run.write_settings(config, vocabulary)
        run.save_weights({ours: arrays[theirs] for theirs, ours in _names(model).items()})
        run.set_status("imported")
    return open_run(name)


def export_run(run: Run, target: Path) -> tuple[Path, Path]:
    """Write a run's weights as a .pt, .pth or .safetensors file in the same layout, and its vocabulary beside it.

    Returns both paths. Raises ValueError for another ending, for a file that is there already, and for a run without
    weights. float32, at the precision the run is stored with.
    """
    beside = target.with_suffix(".vocabulary.json")
    if target.suffix.lower() not in (*TORCH, *SAFE):
        raise ValueError(f"{target.name}: export to a name that ends in .pt, .pth or .safetensors")
    for path in (target, beside):
        if path.exists():
            raise ValueError(f"{path} is there already: choose another name or remove it")
    parameters = dict(run.load_model().named_parameters())
    parameters.setdefault("decoder.weight", parameters["encoder.weight"])
    names = _names(replace(run.model_config, tied=False))
    tensors = {theirs: parameters[ours].detach() for theirs, ours in names.items()}
    if target.suffix.lower() in SAFE:
        save_arrays(target, {name: tensor.numpy() for name, tensor in tensors.items()}, {"format": "pt"})
    else:
        import torch

        with replacing(target) as part, part.open("wb") as file:
            torch.save(tensors, file)
    write_json(beside, vocabulary_document(run.vocabulary))
    return target, beside


def _names(model: ModelConfig) -> dict[str, str]:
    """Their name of each tensor -> ours."""
    parts = CELLS[model.cell].parameters
    layers = {f"rnn.{part}_l{k}": f"rnn.{k}.{part}_l0" for k in range(model.layers) for part in parts}
    decoder = ["decoder.bias"] if model.tied else ["decoder.weight", "decoder.bias"]
    return {"encoder.weight": "encoder.weight", **layers, **{name: name for name in decoder}}


def _renamed(arrays: Arrays, mapping: Mapping[str, Any], where: str) -> Arrays:
    """The tensors under the names that the mapping gives them."""
    if lost := sorted(set(mapping) - set(arrays)):
        raise ValueError(f"the mapping names {lost[0]!r}, {where} holds {_listed(arrays)}: correct the mapping")
    renamed: Arrays = {}
    for theirs, array in arrays.items():
        wanted = mapping.get(theirs, theirs)
        for ours in [wanted] if isinstance(wanted, str) else wanted or []:
            if ours in renamed:
                raise ValueError(f"two tensors of {where} are named {ours!r}: correct the mapping")
            renamed[ours] = array
    return renamed


def _shape(arrays: Arrays, said: str, where: str) -> ModelConfig:
    """The shape that the tensors have; raises ValueError naming the first that is missing, surplus or wrong."""
    for name in ("encoder.weight", "rnn.weight_hh_l0"):
        if name not in arrays:
            raise ValueError(
                f"{where} lacks {name}, it holds {_listed(arrays)}: name its tensors as ours with a mapping"
            )
        if arrays[name].ndim != 2 or 0 in arrays[name].shape:
            raise ValueError(f"{where}: {name} is {arrays[name].shape}, it must be a matrix")
    vocabulary, embedding = arrays["encoder.weight"].shape
    units = arrays["rnn.weight_hh_l0"].shape[1]
    cell = _cell(arrays, said, where)
    layers = sum(bool(re.fullmatch(r"rnn\.weight_hh_l\d+", name)) for name in arrays)
    expected: dict[str, tuple[int, ...]] = {"encoder.weight": (vocabulary, embedding)}
    for layer in range(layers):
        shapes = CELLS[cell].shapes(units if layer else embedding, units)
        expected |= {f"rnn.{part}_l{layer}": shape for part, shape in shapes.items()}
    expected |= {"decoder.weight": (vocabulary, units), "decoder.bias": (vocabulary,)}
    if "decoder.weight" not in arrays and embedding == units:
        raise ValueError(f"{where} lacks decoder.weight; where it is the encoder's, say so with the mapping {ONCE}")
    try:
        check_shapes(arrays, expected, where)
    except ValueError as error:
        raise ValueError(
            f"{error}; the settings follow from encoder.weight ({vocabulary} tokens x {embedding}) and "
            f"rnn.weight_hh_l0 ({cell}, {units} units): import another file or correct the mapping"
        ) from None
    tied = embedding == units and np.array_equal(arrays["encoder.weight"], arrays["decoder.weight"])
    return ModelConfig(vocabulary, cell, embedding, units, layers, dropout=0.0, tied=tied)


def _cell(arrays: Arrays, said: str, where: str) -> str:
    """The cell whose blocks the rows of the recurrent matrix are; of several, that whose parameters are all there."""
    rows, units = arrays["rnn.weight_hh_l0"].shape
    size = f"{where}: rnn.weight_hh_l0 is {(rows, units)}"
    alike = {name: cell for name, cell in CELLS.items() if len(cell.blocks) * units == rows}
    if not alike:
        told = ", ".join(f"{len(cell.blocks)} ({cell.told})" for cell in CELLS.values())
        raise ValueError(f"{size}: rows are {told} times the columns, these are not")
    here = {name.removeprefix("rnn.").removesuffix("_l0") for name in arrays if re.fullmatch(r"rnn\.\w+_l0", name)}
    found = min(alike, key=lambda name: len(here ^ set(alike[name].parameters)))
    if said and said != found:
        raise ValueError(f"{size}: that is {found}, not {said}: leave --cell out or import another file")
    if (others := alike[found].look_alikes) and not said:
        told, them = alike[found].told, " or ".join(others.values())
        raise ValueError(f"{size}: sizes do not tell {told} from {them}: say --cell {found} if it is {told}")
    return found


def _listed(arrays: Arrays) -> str:
    names = sorted(arrays)
    return ", ".join(repr(name)[:80] for name in names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def read_vocabulary(path: Path, kind: Kind | None = None) -> Vocabulary:
    """The tokens in a JSON list (or a vocabulary.json of ours) or in a text file, one a line, in the model's order.

    Without `kind`, tokens of one character each (but for those in angle brackets) are characters, others words cut at
    blanks. Raises ValueError that names the file and the token that is empty, double or no text.
    """
    splitter: Splitter | None = None
    if path.suffix.lower() == ".json":
        stored = json_of(path)
        tokens = stored
        if isinstance(stored, dict) and stored.get("splitter") in ("characters", "words", "spaces"):
            tokens, splitter = stored.get("tokens"), stored["splitter"]
        if not isinstance(tokens, list):
            raise ValueError(f"{path.name} holds no list: give the tokens as a JSON list, in the model's order")
    else:
        tokens = content_of(path).removesuffix("\n").split("\n")
    return _vocabulary(tokens, path.name, splitter, kind)


def read_dictionary(folder: Path) -> Vocabulary:
    """The words of train.txt, valid.txt and test.txt in order of appearance, `<eos>` after each line.

    So the word-language-model example numbers them. Raises ValueError when a file is missing or is not UTF-8.
    """
    seen: dict[str, None] = {}
    for name in ("train.txt", "valid.txt", "test.txt"):
        path = folder / name
        if not path.is_file():
            raise ValueError(f"{path} is missing: a dictionary is made of train.txt, valid.txt and test.txt")
        try:
            with path.open(encoding="utf-8") as lines:
                for line in lines:
                    seen.update(dict.fromkeys((*line.split(), END)))
        except UnicodeDecodeError:
            raise ValueError(f"{path} is not UTF-8: save it as UTF-8") from None
    return _vocabulary(list(seen), str(folder), "spaces", None)


def read_mapping(path: Path) -> dict[str, Any]:
    """Their names of tensors -> ours, from a JSON object; raises ValueError that names what is no name."""
    mapping = json_of(path)
    if not isinstance(mapping, dict):
        raise ValueError(f'{path.name} is not a JSON object: write {{"their name": "our name", ...}}')
    for theirs, ours in mapping.items():
        listed = ours if isinstance(ours, list) else [] if ours is None else [ours]
        if not all(isinstance(name, str) for name in listed):
            raise ValueError(f"{path.name} maps {theirs!r} to {ours!r}: give our name, a list of them, or null")
    return mapping


def safe_file_name(name: str) -> str:
    """The last part of a file name that someone else chose, of plain letters only: nothing that leads elsewhere."""
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[^A-Za-z0-9._-]", "_", last).lstrip(".")[-100:] or "file"


def json_of(path: Path) -> Any:
    """The JSON document in a file; raises ValueError that names the file."""
    try:
        return json.loads(content_of(path))
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"{path.name} is not JSON ({error}): correct it") from None


def content_of(path: Path) -> str:
    """The text in a file; raises ValueError that names the file where it is missing, too large or not UTF-8."""
    if not path.is_file():
        raise ValueError(f"{path} is not there, or no file: correct the path")
    try:
        check_size(path.stat().st_size)
        return decode_text(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None


def _vocabulary(tokens: list[Any], where: str, splitter: Splitter | None, kind: Kind | None) -> Vocabulary:
    first: dict[str, int] = {}
    for number, token in enumerate(tokens):
        if not isinstance(token, str) or not token or not encodes(token):
            raise ValueError(
                f"{where}: token {number} is {str(token)[:40]!r}: each must be text and not empty (a line break as a "
                "token needs a JSON list)"
            )
        if token in first:
            raise ValueError(
                f"{where} lists {token[:40]!r} twice, as {first[token]} and {number}: each token has one place"
            )
        first[token] = number
    if not tokens:
        raise ValueError(f"{where} lists no tokens: give one for each row of the model's encoder")
    single = all(len(token) == 1 or re.fullmatch(r"<\w+>", token) for token in tokens)
    cut: Splitter = splitter or ("characters" if single else "spaces")
    if kind and (kind == "char") != (cut == "characters"):
        cut = "characters" if kind == "char" else "spaces"
    return Vocabulary(tuple(tokens), cut)


def encodes(token: str) -> bool:
    """Whether a token can be written into a file."""
    try:
        token.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: JSON may hold one, no file can
        return False
    return True


def _text(source: str, vocabulary: Vocabulary) -> Corpus:
    """The text that goes with the model, in name only; no name where there is none."""
    kind: Kind = "char" if vocabulary.splitter == "characters" else "word"
    if source:
        return replace(read_corpus(source, kind), vocabulary=vocabulary)
    return Corpus("", kind, vocabulary, np.empty(0, np.int32), {}, "", licence="not known")
