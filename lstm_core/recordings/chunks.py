"""The chunks of what a recording read: gold ones of the CoNLL-2000 corpus, elsewhere by rules from its tags."""

import numpy as np

from lstm_core.recordings.recording import Recording
from lstm_core.recordings.tags import recorded_text, tags_of
from lstm_core.runs.run import Run
from lstm_core.storage.files import data_folder
from lstm_core.storage.progress import Progress, silent
from lstm_core.text.chunk_rules import iob_of
from lstm_core.text.chunks import NAME, Chunked, GoldText, _chunked, gold_text
from lstm_core.text.conll2000 import CONLL2000, spans_of
from lstm_core.text.tagged import NONE, Tagged


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
