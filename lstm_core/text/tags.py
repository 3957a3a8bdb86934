"""Part-of-speech tags: a text into words with their exact places, Penn tags for them, kept with a recording.

The only module that loads NLTK, and only when something is tagged. Knows texts and recordings; knows no pages.
"""

import hashlib
import json
import lzma
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lstm_core.recordings.recording import Recording
from lstm_core.storage.arrays import unpacked
from lstm_core.storage.files import ROOT, read_json, replacing
from lstm_core.text.corpus import END
from lstm_core.text.sentences import sentence_spans
from lstm_core.text.tagged import Tagged, plain_word

if TYPE_CHECKING:
    from nltk.tag.perceptron import PerceptronTagger

SCHEMA = 1  # goes up when the same text would come out with other words or tags
TAGGER = ROOT / "models" / "tagger-masc"
WEIGHTS = "weights.json.xz"
RESULTS = "results/accuracy.json"
STORED = "tags.parquet"
_MAX_WEIGHTS_BYTES = 64 * 2**20
_APOSTROPHES = str.maketrans("’ʼ", "''")

Report = Callable[[float, str], object]


# Words ----------------------------------------------------------------------------------------------------------------


def sentences_of(text: str) -> Iterator[list[tuple[int, int, str]]]:
    """The tokens of each sentence: start, stop, and the token as the tagger is shown it.

    Tokens are those of NLTK's word tokenizer (Penn Treebank style: don't is do + n't, "--" a token) on the text with
    typographic apostrophes made straight, so that don’t is split too. Whatever the tokenizer does to quotes, spans are
    those of the text, in order, and every character that is not blank is in exactly one.
    """
    tokenize = _word_tokenizer()
    for start, stop in sentence_spans(text):
        sentence = text[start:stop].translate(_APOSTROPHES)
        tokens = tokenize(" ".join(sentence.replace("…", " … ").split()))
        yield [(start + a, start + b, plain_word(token)) for a, b, token in _aligned(sentence, tokens)]


def _aligned(sentence: str, tokens: list[str]) -> Iterator[tuple[int, int, str]]:
    """Where tokens stand in a sentence that they spell but for blanks and for " that became `` or ''."""
    position = 0
    for token in tokens:
        while sentence[position].isspace():
            position += 1
        start, spelled = position, 0
        while spelled < len(token):
            spelled += 2 if sentence[position] == '"' else 1
            position += 1
        yield start, position, token


@cache
def _word_tokenizer() -> Callable[[str], list[str]]:
    from nltk.tokenize.destructive import NLTKWordTokenizer

    return NLTKWordTokenizer().tokenize


# Tags -----------------------------------------------------------------------------------------------------------------


def new_tagger() -> "PerceptronTagger":
    """NLTK's tagger (Honnibal's averaged perceptron) without weights: one that can be trained or given some."""
    from nltk.tag.perceptron import PerceptronTagger

    return PerceptronTagger(load=False)


def read_tagger(path: Path) -> "PerceptronTagger":
    """The tagger whose weights are in a file (see `packed` in tagger_training for what it holds).

    Raises ValueError that names the file when it is missing, cut or holds something else.
    """
    try:
        parameters = _parameters(json.loads(unpacked(path, _MAX_WEIGHTS_BYTES)))
    except FileNotFoundError:
        raise ValueError(f"{path} is missing: restore it from the program's files") from None
    except (OSError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError, lzma.LZMAError,
            RecursionError) as error:  # fmt: skip
        raise ValueError(f"{path} is damaged ({error!r}): restore it from the program's files") from None
    tagger = new_tagger()
    tagger.decode_json_params(parameters)
    return tagger


def _parameters(stored: Any) -> tuple[dict[str, dict[str, float]], dict[str, str], list[str]]:
    """Weights, tagdict and classes of NLTK's class; raises one of several errors when the document is another."""
    classes, features, rows = stored["classes"], stored["features"], stored["weights"]
    codes, step = list(stored["tagdict"].values()), stored["step"]
    numbers = {*map(type, codes), *(type(number) for row in rows for number in row)}
    if {*map(type, classes), *map(type, features)} != {str} or numbers != {int} or not 0 < step <= 1:
        raise ValueError("a name is no text, a code or weight no whole number, or the step no share of one")
    if min(*codes, *(min(row[::2]) for row in rows), 0) < 0:
        raise ValueError("a code is negative")
    weights = {
        feature: {classes[code]: number * step for code, number in zip(row[::2], row[1::2], strict=True)}
        for feature, row in zip(features, rows, strict=True)
    }
    return weights, {word: classes[code] for word, code in stored["tagdict"].items()}, classes


@cache
def shipped_tagger() -> "PerceptronTagger":
    """The tagger that ships with the program, read once a process."""
    return read_tagger(TAGGER / WEIGHTS)


def tagger_fingerprint() -> str:
    """Identifies the words and tags that a text gets: the rules and the shipped weights."""
    return hashlib.sha256(f"{SCHEMA} ".encode() + (TAGGER / WEIGHTS).read_bytes()).hexdigest()


def tagger_accuracy() -> dict[str, Any]:
    """What was measured when the shipped weights were made (RESULTS beside them)."""
    return read_json(TAGGER / RESULTS)


def tag_text(
    text: str, *, tagger: "PerceptronTagger | None" = None, report: Report = lambda share, word: None
) -> Tagged:
    """Tag any text, with the shipped weights unless given others. `report` is called with the share done and a word."""
    tagger = tagger or shipped_tagger()
    sentences = ((tokens, tokens[-1][1] / len(text)) for tokens in sentences_of(text) if tokens)
    return _tagged(sentences, tagger, report)


def tag_tokens(
    tokens: Sequence[str], *, tagger: "PerceptronTagger | None" = None, report: Report = lambda share, word: None
) -> Tagged:
    """Tag a text that is split into words: one token a word, none for END, which ends a sentence.

    A word that Penn Treebank text splits takes the tag of its first part: don't that of "do", Anna's that of "Anna".
    """
    tagger = tagger or shipped_tagger()
    return _tagged(_split_sentences(tokens), tagger, report)


def _split_sentences(tokens: Sequence[str]) -> Iterator[tuple[list[tuple[int, int, str]], float]]:
    sentence: list[tuple[int, int, str]] = []
    for position, token in enumerate((*tokens, END)):
        if token != END:
            first, *rest = _parts(token)
            sentence.append((position, position + 1, first))
            sentence += [(position + 1, position + 1, part) for part in rest]  # read by the tagger, no tokens
        elif sentence:
            yield sentence, position / len(tokens)
            sentence = []


@cache
def _parts(token: str) -> tuple[str, ...]:
    """A word as Penn Treebank text splits it; the marks @-@, @,@ and @.@ of WikiText-2 as the marks they stand for."""
    if len(token) == 3 and token[0] == token[2] == "@":
        return (token[1],)
    plain = plain_word(token)
    return tuple(_word_tokenizer()(plain)) if "'" in plain[1:-1] else (plain,)


def _tagged(
    sentences: Iterator[tuple[list[tuple[int, int, str]], float]], tagger: "PerceptronTagger", report: Report
) -> Tagged:
    names = tuple(sorted(tagger.classes))
    codes = {name: code for code, name in enumerate(names)}
    rows: list[tuple[int, int, int, int]] = []
    for number, (tokens, share) in enumerate(sentences):
        if number % 1000 == 0:
            report(share, "tagging")
        tags = tagger.tag([token for _, _, token in tokens])
        rows += [(a, b, number, codes[tag]) for (a, b, _), (_, tag) in zip(tokens, tags, strict=True) if a < b]
    report(1.0, "tagged")
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    start, stop, sentence, code = table.T.copy()
    return Tagged(start, stop, sentence.astype(np.int32), code.astype(np.int16), names)


# Stored with a recording ----------------------------------------------------------------------------------------------


def recorded_text(recording: Recording) -> str | list[str]:
    """What a recording read: a text whose character t is token t, or the words. A token of several characters in a
    character recording stands as one U+FFFD.
    """
    tokens = recording.text(0, len(recording.tokens))
    if recording.vocabulary.splitter != "characters":
        return tokens
    return "".join(token if len(token) == 1 else "\ufffd" for token in tokens)


def tags_of(recording: Recording, *, report: Report = lambda share, word: None) -> Tagged:
    """The tags of what a recording read, with the shipped weights.

    They are kept as `tags.parquet` in its folder, written whole or not at all; where there is none, or one that is
    damaged or of other rules, weights or text, it is made. A recording in memory is tagged anew.
    """
    if found := kept_tags(recording):
        return found
    text = recorded_text(recording)
    tagged = tag_text(text, report=report) if isinstance(text, str) else tag_tokens(text, report=report)
    if recording.folder:
        _store(tagged, recording.folder / STORED, _key(text))
    return tagged


def kept_tags(recording: Recording) -> Tagged | None:
    """The tags of what a recording read as they are kept with it; None where there are none, or of other rules, weights
    or text.
    """
    if recording.folder is None or not (recording.folder / STORED).is_file():
        return None
    text = recorded_text(recording)
    return _restored(recording.folder / STORED, _key(text), len(text))


def _key(text: str | list[str]) -> str:
    """Identifies the tags of a text."""
    content = text if isinstance(text, str) else "\n".join(text)
    return f"{tagger_fingerprint()} {hashlib.sha256(content.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _store(tagged: Tagged, path: Path, key: str) -> None:
    import pyarrow
    from pyarrow import parquet

    columns = {"start": tagged.start, "stop": tagged.stop, "sentence": tagged.sentence, "code": tagged.code}
    table = pyarrow.table({name: pyarrow.array(column) for name, column in columns.items()})
    table = table.replace_schema_metadata({"key": key, "names": json.dumps(tagged.names)})
    with replacing(path) as part:
        parquet.write_table(table, part, compression="zstd")


def _restored(path: Path, key: str, length: int) -> Tagged | None:
    """The tags in a file, None where it is missing, damaged, or not those of this key."""
    import pyarrow
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
        if (table.schema.metadata or {}).get(b"key") != key.encode():
            return None
        start, stop, sentence, code = (table[name].to_numpy() for name in ("start", "stop", "sentence", "code"))
        names = tuple(json.loads(table.schema.metadata[b"names"]))
    except (OSError, ValueError, KeyError, TypeError, pyarrow.ArrowException):
        return None
    ends = np.column_stack([start, stop]).ravel()
    ordered = np.all(ends[1:] >= ends[:-1]) and np.all((ends >= 0) & (ends <= length)) and np.all(start < stop)
    known = np.all((code >= 0) & (code < len(names)))
    return Tagged(start, stop, sentence, code, names) if ordered and known else None
