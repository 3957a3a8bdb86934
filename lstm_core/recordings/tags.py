"""The tags of what a recording read, kept with it."""

import hashlib
import json
from pathlib import Path

import numpy as np

from lstm_core.recordings.recording import Recording
from lstm_core.storage.files import replacing
from lstm_core.storage.progress import Progress, silent
from lstm_core.text.tagged import Tagged
from lstm_core.text.tags import tag_text, tag_tokens, tagger_fingerprint

STORED = "tags.parquet"


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
