"""Models of other programs: read exactly, told plainly where they do not fit, and given back as they came."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from lstm_core.exchange import quarantine
from lstm_core.exchange import weights as foreign
from lstm_core.exchange.weights import (
    ImportQuery,
    export_run,
    import_run,
    read_dictionary,
    read_mapping,
    read_vocabulary,
)
from lstm_core.recordings.record import corpus_text, evaluate, own_corpus, score_text
from lstm_core.runs.card import card
from lstm_core.runs.cells import CELLS
from lstm_core.runs.run import Run
from lstm_core.runs.store import extend_run, list_runs
from lstm_core.runs.train import train
from lstm_core.text.corpus import Vocabulary, keep_text
from tests.foreign_models import RNNModel, made, numbered, perplexity

pytestmark = pytest.mark.numeric

WITH_KERNEL = [name for name, cell in CELLS.items() if cell.kernel]  # other programs have them
LETTERS = "abcdefghijklmnopqrs\n"  # 20, as many as `made` has tokens


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads in this process: what the tests of values need not start one for."""
    monkeypatch.setattr(foreign, "read_tensors", quarantine.tensors_of)


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    path = tmp_path / "letters.json"
    path.write_text(json.dumps(list(LETTERS)))
    return path


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """A folder with train.txt, valid.txt and test.txt: words, marks and empty lines, split at blanks."""
    rng, folder = np.random.default_rng(3), tmp_path / "text"
    folder.mkdir()
    stock = ["the", "The", "@-@", "N", "don't", "<unk>", ",", ".", "é", "mr.", "''"]
    for name, count in (("train", 60), ("valid", 20), ("test", 20)):
        sentences = [" ".join(rng.choice(stock, rng.integers(0, 9))) for _ in range(count)]
        (folder / f"{name}.txt").write_text("".join(f" {line} \n" for line in sentences) + f"only {name}\n")
    return folder


def written(path: Path, model: torch.nn.Module) -> Path:
    """The weights of a model in a file."""
    if path.suffix == ".safetensors":
        save_file({name: value.clone() for name, value in model.state_dict().items()}, path)
    else:
        torch.save(model.state_dict(), path)
    return path


def vocabulary(count: int = 20) -> Vocabulary:
    return Vocabulary(tuple(LETTERS[:count]), "characters")


# The same figures as the program that it comes from -------------------------------------------------------------------


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", WITH_KERNEL)
def test_words_get_the_perplexity_that_their_own_program_gives(
    cell: str, layers: int, tied: bool, lines: Path, tmp_path: Path
) -> None:
    index, texts = numbered(lines)
    model = made(cell, len(index), layers=layers, tied=tied)
    tokens = read_dictionary(lines)
    assert {token: number for number, token in enumerate(tokens.tokens)} == index
    query = ImportQuery(cell if CELLS[cell].look_alikes else "", text=str(lines / "valid.txt"))
    run = import_run("theirs", written(tmp_path / "model.pt", model), tokens, query)
    assert (run.model_config.cell, run.model_config.layers, run.model_config.tied) == (cell, layers, tied)
    for name in ("train", "test", "valid"):
        text = corpus_text(run, str(lines / f"{name}.txt"))
        assert text.ids.tolist() == texts[name]
        found = score_text(run, text)
        assert found["perplexity"] == pytest.approx(perplexity(model, texts[name]), abs=1e-4)
        assert (found["tokens"], found["unknown_tokens"]) == (len(texts[name]) - 1, 0)
    assert corpus_text(run).ids.tolist() == texts["valid"]


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", WITH_KERNEL)
def test_characters_get_the_perplexity_that_their_own_program_gives(
    cell: str, layers: int, tied: bool, letters: Path, tmp_path: Path
) -> None:
    model = made(cell, layers=layers, tied=tied)
    text = "".join(np.random.default_rng(4).choice(list(LETTERS), 400))
    (tmp_path / "letters.txt").write_text(text)
    run = import_run(
        "theirs", written(tmp_path / "model.safetensors", model), read_vocabulary(letters), ImportQuery(cell)
    )
    found = score_text(run, corpus_text(run, str(tmp_path / "letters.txt")))
    theirs = perplexity(model, [LETTERS.index(letter) for letter in text])
    assert 2 ** found["bits_per_character"] == pytest.approx(theirs, abs=1e-4)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("ending", [".pt", ".pth", ".safetensors"])
def test_other_precisions_are_read_exactly(ending: str, dtype: torch.dtype, tmp_path: Path) -> None:
    model = made().to(dtype)
    run = import_run("theirs", written(tmp_path / f"model{ending}", model), vocabulary())
    for name, value in run.load_model().named_parameters():
        layer = name.split(".")[1]
        theirs = f"rnn.{name.split('.')[2][:-1]}{layer}" if name.startswith("rnn") else name
        assert torch.equal(value, model.state_dict()[theirs].float())


# A run like any other -------------------------------------------------------------------------------------------------


def test_an_imported_run_says_where_it_came_from(tmp_path: Path) -> None:
    """Through a process of its own, as it is read outside of tests."""
    path = written(tmp_path / "model.pt", made())
    run = import_run("theirs", path, vocabulary())
    assert [found.name for found in list_runs() if not found.shipped] == ["theirs"]
    assert run.imported == {"file": "model.pt", "sha256": foreign.sha256_of(path)}
    assert (run.status, run.kind, run.has_weights, run.validation) == ("imported", "char", True, {})
    assert run.summary()["corpus"] == ""
    run.verify()
    assert f"of the file model.pt, SHA-256 `{foreign.sha256_of(path)}`" in card(run)
    assert (run.folder / "CARD.md").read_text() == card(run)
    assert sorted(path.name for path in run.folder.parent.iterdir()) == ["theirs"]


@pytest.mark.usefixtures("at_once")
def test_an_imported_run_is_never_trained_over(tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_text(LETTERS * 10)
    query = ImportQuery(text=str(tmp_path / "book.txt"))
    run = import_run("theirs", written(tmp_path / "model.pt", made()), vocabulary(), query)
    before = (run.folder / "weights.safetensors").read_bytes()
    for attempt in (lambda: list(train(run, own_corpus(run))), lambda: extend_run(run, 3)):
        with pytest.raises(ValueError, match="theirs was imported and stays as it is: train another, --start-from"):
            attempt()
    assert (run.folder / "weights.safetensors").read_bytes() == before
    assert run.status == "imported"


@pytest.mark.usefixtures("at_once")
def test_a_run_without_a_text_reads_any_other_but_says_that_it_has_none(tmp_path: Path) -> None:
    run = import_run("theirs", written(tmp_path / "model.pt", made()), vocabulary())
    for attempt in (lambda: corpus_text(run), lambda: own_corpus(run)):
        with pytest.raises(ValueError, match="theirs was imported without a text: name one with --text"):
            attempt()
    keep_text("book", (LETTERS * 10 + "XYZ").encode())
    text = corpus_text(run, "book")
    assert (len(text.ids), text.unknown) == (203, 3)


@pytest.mark.usefixtures("at_once")
def test_the_validation_part_of_its_text_is_scored_in_its_own_numbering(lines: Path, tmp_path: Path) -> None:
    index, texts = numbered(lines)
    model, ids = made("gru", len(index)), texts["train"]
    query = ImportQuery(text=str(lines / "train.txt"))
    run = import_run("theirs", written(tmp_path / "model.pt", model), read_dictionary(lines), query)
    boundary = len(ids) * 95 // 100
    found = evaluate(run, own_corpus(run))["validation"]
    assert found["tokens"] == len(ids) - boundary
    whole, before = (np.log(perplexity(model, part)) * (len(part) - 1) for part in (ids, ids[:boundary]))
    assert found["loss"] == pytest.approx((whole - before) / found["tokens"], abs=1e-5)
    assert run.validation == {"perplexity": found["perplexity"]}


# Out and in again -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
@pytest.mark.parametrize("shape", [*({"cell": cell} for cell in CELLS), {"layers": 1}, {"tied": True, "embedding": 8}])
def test_what_goes_out_comes_in_again_with_identical_weights(
    ending: str, shape: dict[str, Any], small_run: Callable[..., Run], tmp_path: Path
) -> None:
    run = small_run(weights=True, **shape)
    weights, tokens = export_run(run, tmp_path / f"out{ending}")
    back = import_run("back", weights, read_vocabulary(tokens), ImportQuery(run.model_config.cell))
    assert (back.model_config, back.vocabulary, back.kind) == (run.model_config, run.vocabulary, run.kind)
    theirs = dict(back.load_model().named_parameters())
    for name, value in run.load_model().named_parameters():
        assert torch.equal(value, theirs.pop(name))
    assert not theirs


@pytest.mark.parametrize("shape", [*({"cell": cell} for cell in WITH_KERNEL), {"tied": True, "embedding": 8}])
def test_an_exported_file_loads_into_the_example_and_scores_the_same(
    shape: dict[str, Any], small_run: Callable[..., Run], words: Any, tmp_path: Path
) -> None:
    keep_text("small", words(600).encode())
    run = small_run(weights=lambda model: [value.mul_(3) for value in model.parameters()], **shape)
    path, _ = export_run(run, tmp_path / "out.pt")
    config, text = run.model_config, corpus_text(run, "small", 0, 500)
    model = RNNModel(config.cell, config.vocabulary, config.embedding, config.hidden, 2, tied=config.tied).eval()
    stored = torch.load(path, weights_only=True)
    assert list(stored) == list(model.state_dict())
    model.load_state_dict(stored)
    found = score_text(run, text)
    assert 2 ** found["bits_per_character"] == pytest.approx(perplexity(model, text.ids.tolist()), abs=1e-4)


def test_nothing_is_written_over_and_no_other_ending_is_taken(small_run: Callable[..., Run], tmp_path: Path) -> None:
    run = small_run(weights=True)
    export_run(run, tmp_path / "out.pt")
    (tmp_path / "other.vocabulary.json").write_text("mine")
    for name, says in (
        ("out.pt", "out.pt is there already"),
        ("other.pt", "other.vocabulary.json is there already"),
        ("out.pkl", "export to a name that ends in .pt, .pth or .safetensors"),
    ):
        with pytest.raises(ValueError, match=says):
            export_run(run, tmp_path / name)
    assert (tmp_path / "other.vocabulary.json").read_text() == "mine"
    with pytest.raises(ValueError, match="has no weights yet"):
        export_run(small_run("empty"), tmp_path / "empty.pt")


# What does not fit ----------------------------------------------------------------------------------------------------


def state(**changes: Any) -> dict[str, torch.Tensor]:
    """The weights of a model with tensors replaced, added, or (None) left out; `.` is written `__`."""
    tensors = {name: value.clone() for name, value in made().state_dict().items()}
    tensors |= {name.replace("__", "."): value for name, value in changes.items()}
    return {name: value for name, value in tensors.items() if value is not None}


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"encoder__weight": None}, r"model\.pt lacks encoder\.weight, it holds 'decoder\.bias', .* with a mapping"),
        ({"rnn__weight_hh_l0": None}, r"model\.pt lacks rnn\.weight_hh_l0"),
        ({"rnn__bias_ih_l1": None}, r"model\.pt lacks rnn\.bias_ih_l1 \(32,\)"),
        ({"decoder__weight": None}, r"model\.pt lacks decoder\.weight \(20, 8\)"),
        ({"rnn__weight_ih_l1": torch.ones(32, 7)}, r"rnn\.weight_ih_l1 is \(32, 7\), the settings expect \(32, 8\)"),
        ({"decoder__bias": torch.ones(19)}, r"decoder\.bias is \(19,\), the settings expect \(20,\)"),
        ({"rnn__weight_hh_l7": torch.ones(32, 8)}, r"lacks rnn\.weight_ih_l2 \(32, 8\)"),
        ({"rnn__weight_ih_l0_reverse": torch.ones(32, 6)}, r"holds rnn\.weight_ih_l0_reverse, which the settings do"),
        (
            {"rnn__weight_hh_l0": torch.ones(16, 8)},
            r"rnn\.weight_hh_l0 is \(16, 8\): rows are .* 4 \(an LSTM\).* times the columns",
        ),
        ({"rnn__weight_hh_l0": torch.ones(8)}, r"rnn\.weight_hh_l0 is \(8,\), it must be a matrix"),
        ({"encoder__weight": torch.ones(0, 6)}, r"encoder\.weight is \(0, 6\), it must be a matrix"),
        ({"decoder__bias": torch.full((20,), torch.nan)}, r"model\.pt: decoder\.bias holds values that are not fin"),
        (
            {"decoder__bias": torch.full((20,), 1e300, dtype=torch.float64)},
            r"decoder\.bias holds values that are not finite",
        ),
        ({"decoder__bias": torch.ones(20).int()}, r"decoder\.bias is torch\.int32"),
        ({"decoder__bias": torch.ones(20).to_sparse()}, r"decoder\.bias is torch\.float32, torch\.sparse_coo"),
        ({"decoder__bias": torch.ones(20, device="meta")}, r"decoder\.bias is torch\.float32"),
    ],
)
def test_fault_11_a_tensor_that_does_not_fit_is_named_with_what_was_expected_and_found(
    changes: dict[str, Any], says: str, tmp_path: Path, home: Path
) -> None:
    torch.save(state(**changes), tmp_path / "model.pt")
    with pytest.raises(ValueError, match=says):
        import_run("theirs", tmp_path / "model.pt", vocabulary())
    assert not list(home.rglob("*.*"))


@pytest.mark.usefixtures("at_once")
def test_fault_11_another_vocabulary_is_told_with_both_sizes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"lists 19 tokens, encoder\.weight of model\.pt has 20 rows: give the"):
        import_run("theirs", written(tmp_path / "model.pt", made()), vocabulary(19))


@pytest.mark.usefixtures("at_once")
def test_the_kind_of_a_plain_rnn_must_be_said_and_relu_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "model.pt", made("rnn"))
    with pytest.raises(ValueError, match="do not tell a tanh RNN from a relu RNN: say --cell rnn if it is a tanh RNN"):
        import_run("theirs", path, vocabulary())
    with pytest.raises(ValueError, match=r"rnn\.weight_hh_l0 is \(8, 8\): that is rnn, not gru"):
        import_run("theirs", path, vocabulary(), ImportQuery("gru"))
    with pytest.raises(ValueError, match="a relu RNN is not supported"):
        ImportQuery("relu")
    with pytest.raises(ValueError, match="cell 'elman' is unknown: choose one of rnn, gru, lstm"):
        ImportQuery("elman")


# Names of tensors, vocabularies ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("at_once")
def test_other_names_are_mapped_a_tied_matrix_may_be_stored_once_and_extras_left_out(tmp_path: Path) -> None:
    model = made(tied=True)
    theirs = {name.replace("rnn.", "lstm.").replace("encoder", "wte"): value for name, value in state_of(model)}
    del theirs["decoder.weight"]
    save_file({**theirs, "step": torch.ones(1)}, tmp_path / "model.safetensors")
    rest = {name: name.replace("lstm.", "rnn.") for name in theirs if name.startswith("lstm")}
    mapping = tmp_path / "map.json"
    mapping.write_text(json.dumps({**rest, "wte.weight": ["encoder.weight", "decoder.weight"], "step": None}))
    run = import_run("theirs", tmp_path / "model.safetensors", vocabulary(), ImportQuery(mapping=read_mapping(mapping)))
    assert run.model_config.tied
    loaded = run.load_model()
    assert torch.equal(loaded.encoder.weight, model.encoder.weight)
    assert torch.equal(loaded.rnn[1].get_parameter("bias_hh_l0"), model.rnn.get_parameter("bias_hh_l1"))


def state_of(model: torch.nn.Module) -> list[tuple[str, torch.Tensor]]:
    return [(name, value.clone()) for name, value in model.state_dict().items()]


@pytest.mark.usefixtures("at_once")
def test_a_matrix_that_is_stored_once_without_a_word_is_asked_about(tmp_path: Path) -> None:
    theirs = dict(state_of(made(tied=True)))
    del theirs["decoder.weight"]
    torch.save(theirs, tmp_path / "model.pt")
    with pytest.raises(ValueError, match=r"lacks decoder\.weight; where it is the encoder's, say so with the mapping"):
        import_run("theirs", tmp_path / "model.pt", vocabulary())


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[]", "map.json is not a JSON object"),
        ("{", "map.json is not JSON"),
        ('{"a": 5}', "map.json maps 'a' to 5: give our name, a list of them, or null"),
        ('{"a": ["b", 5]}', "give our name"),
    ],
)
def test_a_mapping_that_is_none_is_told(content: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "map.json").write_text(content)
    with pytest.raises(ValueError, match=says):
        read_mapping(tmp_path / "map.json")


# The command line -----------------------------------------------------------------------------------------------------


def test_the_verbs_bring_a_model_in_score_it_let_it_write_and_take_it_out(
    cli: Callable[..., tuple[int, str, str]], lines: Path, tmp_path: Path
) -> None:
    """Each as a person types it; the file is read by a process of its own."""
    index, texts = numbered(lines)
    model = made("rnn", len(index))
    path, test = str(written(tmp_path / "model.pt", model)), str(lines / "test.txt")

    def document(*words: str) -> Any:
        code, out, err = cli(*words, "--json")
        assert code == 0, err
        return json.loads(out)

    words = ("--name", "theirs", "--dictionary", str(lines), "--cell", "rnn", "--text", test)
    assert document("import", path, *words)["status"] == "imported"
    assert document("evaluate", "theirs", "--text", test)["perplexity"] == pytest.approx(
        perplexity(model, texts["test"]), abs=1e-4
    )
    assert document("evaluate", "theirs")["validation"]["tokens"] == len(texts["test"]) - len(texts["test"]) * 95 // 100
    assert document("record", "theirs", "--signals", "h")["tokens"] == len(texts["test"])
    assert len(document("generate", "theirs", "--tokens", "5")["text"].split()) == 5
    assert "theirs" in [row["name"] for row in document("runs")]
    made_files = document("export", "theirs", str(tmp_path / "again.pt"))
    stored = torch.load(made_files["weights"], weights_only=True)
    assert all(torch.equal(value, stored[name]) for name, value in model.state_dict().items())
    for words, says in (
        (("import", path, "--name", "theirs", "--dictionary", str(lines)), "a run named theirs is there already"),
        (("import", path, "--name", "b"), "give one of --vocabulary FILE and --dictionary FOLDER"),
        (("import", path, "--name", "../b", "--dictionary", str(lines)), "is not usable"),
        (("import", "x.pt", "--name", "b", "--dictionary", str(lines)), "x.pt is not there"),
        (("import", path, "--name", "b", "--dictionary", str(lines), "--cell", "relu"), "relu RNN is not supported"),
        (("export", "nobody", "x.pt"), "unknown run nobody"),
        (("train", "theirs"), "theirs was imported and stays as it is"),
        (("ship", "theirs"), "only a finished run can be shipped"),
    ):
        code, out, err = cli(*words)
        assert (code, out) == (2, "")
        assert says in err
