"""The chunks of a sentence from its part-of-speech tags, by rules: no training, so they fit any text that we tag.

Chunks are phrases without their inner structure, as CoNLL-2000 has them (Tjong Kim Sang and Buchholz 2000), told by a
tag a word: B-NP begins a noun phrase, I-NP goes on in it, O is outside of all. The rules were written looking at the
training part of that corpus. Knows words and Penn tags; knows no files.
"""

import re
from collections.abc import Sequence

_LETTERS = {
    **dict.fromkeys(("NN", "NNS", "NNP", "NNPS", "FW"), "n"),
    **dict.fromkeys(("DT", "PRP$", "WP$"), "d"),
    **dict.fromkeys(("PRP", "EX"), "o"),
    **dict.fromkeys(("WP", "WDT"), "w"),
    **dict.fromkeys(("JJ", "JJR", "JJS"), "j"),
    **dict.fromkeys(("CD", "$", "#"), "c"),
    **dict.fromkeys(("VB", "VBD", "VBP", "VBZ", "MD"), "v"),
    **dict.fromkeys(("RB", "RBR", "RBS"), "r"),
    "PDT": "p", "POS": "s", "VBG": "g", "VBN": "b", "TO": "t", "RP": "x", "IN": "i", "WRB": "h", "CC": "&", "UH": "u",
}  # fmt: skip
_OPENING = frozenset(("that", "if", "because", "while", "although", "whether", "though", "unless", "lest"))  # a clause
_PARTICLES = frozenset(("up", "out", "off", "down", "away"))
_PREPOSITIONS = frozenset(("according", "including", "regarding", "concerning"))
_DAYS = frozenset(
    ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "yesterday", "today", "tomorrow")
)  # noun phrases of their own, whatever noun stands before them

_NOUN = r"""(?P<NP>
    [owy]                                       # he; which; yesterday
  | (?:p?d|[ps])?                               # all the; 's
    (?:r(?=[jc]*[nc]))?                         # very old men
    (?: [jcn]
      | (?<=[dsj])[gb](?=[jcn])                 # the rising prices, an increased share
      | (?<=n)&(?=n) | (?<=j)&(?=j*n)           # oil and gas; old and new friends
    )* [nc]
  | dj?(?!j)                                    # this; the poor
)"""
_VERB = r"""(?P<VP>
    (?: r*[gb] | v | t(?=r*[vgb]) )             # also rising; said; to go
    (?: r*(?:[vgb] | t(?=r*[vgb])) )*           # has not been expected to take
)"""
_CHUNK = re.compile(
    "|".join(
        (
            _NOUN,
            _VERB,
            r"(?P<SBAR> a | i(?=ov) )",  # that; since he went
            r"(?P<PP> qi? | [it] )",  # because of; of, to
            r"(?P<PRT> x )",
            r"(?P<ADJP> r?j(?:&j)* )",
            r"(?P<ADVP> r+ | h )",
            r"(?P<INTJ> u+ )",
        )
    ),
    re.VERBOSE,
)


def iob_of(words: Sequence[str], tags: Sequence[str]) -> list[str]:
    """The chunk tag of each word of a sentence from its Penn tags. Raises ValueError for unequal numbers of both."""
    if len(words) != len(tags):
        raise ValueError(f"{len(words)} words have {len(tags)} tags: give each word one")
    found = ["O"] * len(words)
    for match in _CHUNK.finditer(_letters([word.lower() for word in words], tags)):
        start, stop = match.span()
        found[start:stop] = [f"B-{match.lastgroup}", *[f"I-{match.lastgroup}"] * (stop - start - 1)]
    return found


def _letters(words: Sequence[str], tags: Sequence[str]) -> str:
    """One letter a word, on which the rules work: that of its tag, for some words one of their own."""
    found = []
    for word, tag, before, after in zip(words, tags, ("", *tags), (*words[1:], ""), strict=False):
        letter = _LETTERS.get(tag, ".")
        if letter == "i" and word in _OPENING:
            letter = "q" if after == "of" else "a"
        elif letter == "j" and (word, after) == ("such", "as"):
            letter = "q"
        elif letter in "ir" and word in _PARTICLES and before.startswith("VB"):
            letter = "x"
        elif letter in "nr" and word in _DAYS:
            letter = "y"
        elif letter == "g" and word in _PREPOSITIONS:
            letter = "i"
        found.append(letter)
    return "".join(found)
