"""The tags of what a recording read, kept with it, and its chunks: gold ones of the CoNLL-2000 corpus, elsewhere by
rules from its tags.
"""

from typing import Any

import numpy as np

from lstm_core.recordings.recording import Recording
from lstm_core.runs.run import Run
from lstm_core.storage.files import data_folder
from lstm_core.storage.progress import Progress, silent
from lstm_core.storage.results import Fields, Results
from lstm_core.text.chunks import NAME, Chunked, GoldText, _chunked, gold_text
from lstm_core.text.conll2000 import CONLL2000, iob_of, spans_of
from lstm_core.text.corpus import fingerprint_of
from lstm_core.text.tagged import NONE, Tagged
from lstm_core.text.tags import tag_text, tag_tokens, tagger_fingerprint


def recorded_text(recording: Recording) -> str | list[str]:
    """What a recording read: a text whose character t is token t, or the words. A token of several characters in a
    character recording stands as one U+FFFD.
    """
    tokens = recording.text(0, len(recording.tokens))
    if recording.vocabulary.splitter != "characters":
        return tokens
    return "".join(token if len(token) == 1 else "\ufffd" for token in tokens)


def tags_of(recording: Recording, *, report: Progress = silent) -> Tagged:
    """The tags of what a recording read, with the shipped weights.

    They are kept in its folder; where there are none, or damaged ones or of other rules, weights or text, they are
    made. A recording in memory is tagged anew.
    """
    if found := kept_tags(recording):
        return found
    text = recorded_text(recording)
    tagged = tag_text(text, report=report) if isinstance(text, str) else tag_tokens(text, report=report)
    if recording.folder:
        TAGS.keep(tagged, recording, of=_identity(text))
    return tagged


def kept_tags(recording: Recording) -> Tagged | None:
    """The tags of what a recording read as they are kept with it; None where there are none, or of other rules, weights
    or text.
    """
    if not TAGS.there(recording):  # nothing need be put together
        return None
    text = recorded_text(recording)
    found = TAGS.read(recording, of=_identity(text))
    return found if found is not None and found.stop.max(initial=0) <= len(text) else None


def _identity(text: str | list[str]) -> str:
    content = text if isinstance(text, str) else "\n".join(text)
    return f"{tagger_fingerprint()} {fingerprint_of(content)}"


def _sound(found: Tagged) -> bool:
    ends = np.column_stack([found.start, found.stop]).ravel()
    ordered = np.all(ends[1:] >= ends[:-1]) and np.all(ends >= 0) and np.all(found.start < found.stop)
    known = np.all((found.code >= 0) & (found.code < len(found.names)))
    return bool(ordered and known and len(found.code) == len(found.sentence) == len(found.start))


def _unpacked(stored: Fields, asked: Any) -> Fields:
    """In a table, as they were kept first, what they are of is its key."""
    return {"of" if name == "key" else name: value for name, value in stored.items()}


TAGS = Results("tags.safetensors", Tagged, own=None, older="tags.parquet", sound=_sound, unpack=_unpacked)


# Chunks ---------------------------------------------------------------------------------------------------------------


def chunks_by_rules(recording: Recording, tagged: Tagged) -> Chunked:
    """The chunks of what a recording read, from its tags (see tags.tags_of). Raises ValueError for an untagged text."""
    if not len(tagged):
        raise ValueError(f"{recording.title} has no words")
    words, tags = tagged.words(recorded_text(recording)), tagged.tag.tolist()
    ends = [*(np.flatnonzero(np.diff(tagged.sentence)) + 1).tolist(), len(words)]
    chunks, start = np.full(len(words), NONE, np.int64), 0
    kinds: list[str] = []
    for stop in ends:
        for kind, begin, end in spans_of(iob_of(words[start:stop], tags[start:stop])):
            chunks[start + begin : start + end] = len(kinds)
            kinds.append(kind)
        start = stop
    key = f"rules {recording.fingerprint}"
    return _chunked(words, tagged.stop - 1, tagged.sentence.astype(np.int64), chunks, kinds, key)


def gold_recording(
    run: Run, signals: tuple[str, ...] = ("h",), *, report: Progress = silent
) -> tuple[Recording, GoldText]:
    """What a run did while it read the corpus: the recording at hand, or made now and kept (see record.record)."""
    from lstm_core.recordings.record import RecordQuery, Text, record

    gold = gold_text(run.vocabulary)
    text = Text(NAME, gold.ids, gold.fingerprint, (0, len(gold.ids)), gold.unknown)
    return record(run, text, RecordQuery(signals), report=report), gold


def is_gold(recording: Recording) -> bool:
    """Whether a recording is of the corpus, and that is at hand."""
    folder = data_folder()
    return recording.spec.text == NAME and folder is not None and (folder / CONLL2000).is_file()


def chunks_of(recording: Recording) -> Chunked:
    """The chunks of what a recording read: gold ones where they are at hand, else by rules from its tags, which are
    made where none are kept. Raises ValueError for a text without words.
    """
    if is_gold(recording):
        gold = gold_text(recording.vocabulary)
        if np.array_equal(gold.ids, recording.tokens):
            return gold.chunked
    return chunks_by_rules(recording, tags_of(recording))
