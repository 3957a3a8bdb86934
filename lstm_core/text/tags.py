"""Part-of-speech tags: a text into words with their exact places, and Penn tags for them.

The only module that loads NLTK, and only when something is tagged.
"""

import hashlib
import json
import lzma
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lstm_core.storage.arrays import unpacked
from lstm_core.storage.files import ROOT, read_json
from lstm_core.storage.progress import Progress, silent
from lstm_core.text.corpus import END
from lstm_core.text.sentences import sentence_spans
from lstm_core.text.tagged import Tagged, plain_word

if TYPE_CHECKING:
    from nltk.tag.perceptron import PerceptronTagger

SCHEMA = 1  # goes up when the same text would come out with other words or tags
TAGGER = ROOT / "models" / "tagger-masc"
WEIGHTS = "weights.json.xz"
RESULTS = "results/accuracy.json"
_MAX_WEIGHTS_BYTES = 64 * 2**20
_APOSTROPHES = str.maketrans("’ʼ", "''")


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
    """The tagger whose weights are in a file (see `packed` in tools.perceptron for what it holds).

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


def tag_text(text: str, *, tagger: "PerceptronTagger | None" = None, report: Progress = silent) -> Tagged:
    """Tag any text, with the shipped weights unless given others. `report` is called with the share done and a word."""
    sentences = ((tokens, tokens[-1][1] / len(text)) for tokens in sentences_of(text) if tokens)
    return _tagged(sentences, tagger or shipped_tagger(), report)


def tag_tokens(tokens: Sequence[str], *, report: Progress = silent) -> Tagged:
    """Tag a text that is split into words: one token a word, none for END, which ends a sentence.

    A word that Penn Treebank text splits takes the tag of its first part: don't that of "do", Anna's that of "Anna".
    """
    return _tagged(_split_sentences(tokens), shipped_tagger(), report)


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
    sentences: Iterator[tuple[list[tuple[int, int, str]], float]], tagger: "PerceptronTagger", report: Progress
) -> Tagged:
    rows: list[tuple[int, int, int, str]] = []
    for number, (tokens, share) in enumerate(sentences):
        if number % 1000 == 0:
            report(share, "tagging")
        tags = tagger.tag([token for _, _, token in tokens])
        rows += [(a, b, number, tag) for (a, b, _), (_, tag) in zip(tokens, tags, strict=True) if a < b]
    report(1.0, "tagged")
    return Tagged.of(rows, tagger.classes)
