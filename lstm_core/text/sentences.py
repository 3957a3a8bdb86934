"""Where the sentences of English text begin and end, by rules. Knows characters only; knows no words, no tags."""

import re
from collections.abc import Iterator

LONGEST = 5_000  # characters; what has no sentence end for so long is cut at a blank

_BREAK = re.compile(r"(?P<blank>\n\s*\n)|(?P<line>\n)|[.!?…]++[\"'”’»)\]}]*+")
_TITLE = re.compile(
    r"(?i:adm|capt|cmdr|col|cpl|dr|fr|gen|gov|hon|lt|m|maj|messrs|mlle|mme|mr|mrs|ms|pres|prof|rep|rev|sen|sgt|st|supt)"
)
_BEFORE_A_NUMBER = re.compile(
    r"(?i:apr|art|aug|ch|chap|dec|feb|fig|jan|jul|jun|mar|nos?|nov|oct|pp?|par|sec|sept|vol|vs)"
)
_INITIALS = re.compile(r"[A-HJ-Z]|[A-Z](\.[A-Z])+")
_AHEAD = 20  # characters looked at on either side of a full stop


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """[start, stop) of each sentence in order, without the blanks around it; together they hold all that is not blank.

    A sentence ends

    - at a blank line, and after a line that is all capitals (a heading);
    - after full stops, question and exclamation marks with the quotes and brackets that close behind them, where a
      blank comes next and then no lower-case letter ("What?" said he: no end). A single full stop does not end it
      after a title (Mr.), after one capital other than I or dotted capitals (U.S.), nor after No., Jan. and the like
      before a number.

    A sentence longer than LONGEST characters is cut at its last blank before that, or there.
    """
    start = 0
    for stop in (*_ends(text), len(text)):
        while stop - start > LONGEST:
            blank = max(text.rfind(" ", start + 1, start + LONGEST), text.rfind("\n", start + 1, start + LONGEST))
            cut = blank if blank > start else start + LONGEST
            yield from _trimmed(text, start, cut)
            start = cut
        yield from _trimmed(text, start, stop)
        start = stop


def _trimmed(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    found = text[start:stop]
    if kept := found.strip():
        start += len(found) - len(found.lstrip())
        yield start, start + len(kept)


def _ends(text: str) -> Iterator[int]:
    line = 0
    for found in _BREAK.finditer(text):
        if found["blank"] or found["line"]:
            if found["blank"] or text[line : found.start()].isupper():
                yield found.start()
            line = found.end()
        elif _ends_sentence(text, found.start(), found.end()):
            yield found.end()


def _ends_sentence(text: str, mark: int, stop: int) -> bool:
    """Whether the marks at [mark, stop) end a sentence."""
    if stop < len(text) and not text[stop].isspace():
        return False
    coming = next((character for character in text[stop : stop + _AHEAD] if character.isalnum()), "")
    if coming.islower():
        return False
    if text[mark:stop] != ".":
        return True
    word = re.search(r"[\w.]*$", text[max(0, mark - _AHEAD) : mark])[0]  # type: ignore[index]
    if _TITLE.fullmatch(word) or (coming.isdigit() and _BEFORE_A_NUMBER.fullmatch(word)):
        return False
    return not _INITIALS.fullmatch(word)
