"""What the tags of a whole text come to, for the command line. Knows runs, corpora and the tagger."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from lstm_core.recordings.recording import Recording, find_recordings
from lstm_core.recordings.tags import recorded_text, tags_of
from lstm_core.runs.store import list_runs
from lstm_core.storage.progress import Progress, silent
from lstm_core.text.corpus import corpus_names, decode_text, read_corpus
from lstm_core.text.tagged import not_followed_by_whitespace
from lstm_core.text.tags import tag_text, tag_tokens, tagger_accuracy


@dataclass(frozen=True)
class TagReport:
    """`words` counts tokens, `not_followed_by_whitespace` is a share in [0, 1], None for a text split into words
    and for one without words.

    `sentences` counts them, `first` holds the first few as "word/TAG word/TAG"; `tagger` is what was measured of the
    shipped weights.
    """

    text: str
    words: int
    sentences: int
    tags: dict[str, int]
    not_followed_by_whitespace: float | None
    first: tuple[str, ...]
    tagger: dict[str, Any]


def what_to_tag(name: str) -> tuple[str, str | list[str]]:
    """The text behind a run's name (what it was trained on), a corpus' name or a path, with the name of the text.

    A run of words, or a corpus that comes as words, gives its tokens. Raises ValueError where there is none.
    """
    run = next((run for run in list_runs() if run.name == name), None)
    path = Path(name)
    if run is None and name not in corpus_names() and path.is_file():
        return path.name, decode_text(path.read_bytes())
    corpus = read_corpus(run.config["corpus"]["name"], run.kind) if run else read_corpus(name)
    if corpus.kind == "char":
        return corpus.name, corpus.vocabulary.decode(corpus.ids.tolist())
    return corpus.name, [corpus.vocabulary.tokens[number] for number in corpus.ids.tolist()]


def report_tags(name: str, show: int = 3, *, report: Progress = silent) -> TagReport:
    """Tag what `what_to_tag` finds, or what the recording of that key read, with which the tags are kept then.

    The first `show` sentences come along. Raises ValueError where there is no text. `report` is called with the share
    done and a word.
    """
    recording = _recording(name)
    title, text = (recording.title, recorded_text(recording)) if recording else what_to_tag(name)
    if recording:
        tagged = tags_of(recording, report=report)
    else:
        tagged = tag_text(text, report=report) if isinstance(text, str) else tag_tokens(text, report=report)
    glued = not_followed_by_whitespace(tagged, text) if isinstance(text, str) else None
    words = tagged.words(text)
    ends = np.searchsorted(tagged.sentence, np.arange(max(0, show) + 1))
    pairs = [f"{word}/{tag}" for word, tag in zip(words[: ends[-1]], tagged.tag[: ends[-1]], strict=True)]
    first = tuple(" ".join(pairs[a:b]) for a, b in pairwise(ends.tolist()) if a < b)
    sentences = int(tagged.sentence[-1]) + 1 if len(tagged) else 0
    return TagReport(title, len(tagged), sentences, tagged.counts(), glued, first, tagger_accuracy())


def _recording(key: str) -> Recording | None:
    """The recording of a key, None where there is none."""
    folder = next((folder for folder in find_recordings() if folder.name == key), None)
    return Recording.open(folder) if folder else None


def lines(result: TagReport) -> str:
    """The report for people."""
    counts = "  ".join(f"{tag} {count:,}" for tag, count in result.tags.items())
    accuracies = ", ".join(f"{row['ours']:.3f} on {row['title']}" for row in result.tagger["accuracy"].values())
    found = [f"{result.text}: {result.words:,} words and marks in {result.sentences:,} sentences", counts]
    if result.not_followed_by_whitespace is not None:
        found.append(f"{result.not_followed_by_whitespace:.1%} of the words have no blank or line break behind them")
    return "\n".join([*found, *result.first, f"share of right tags: {accuracies}"])
