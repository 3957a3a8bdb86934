"""The chunks of a sentence from its part-of-speech tags, by rules, and the corpus with which they are compared:
CoNLL-2000, Wall Street Journal text in chunks that people's trees gave.

Chunks are phrases without their inner structure, as CoNLL-2000 has them (Tjong Kim Sang and Buchholz 2000), told by a
tag a word: B-NP begins a noun phrase, I-NP goes on in it, O is outside of all. The rules need no training, so they fit
any text that we tag; they were written looking at the training part of that corpus. Sections 15 to 18 ("train") and 20
("test"), with the tags of Brill's tagger. Knows files below `$LSTM_DATA`; knows no models.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lstm_core.text.gold_tags import archive, lines_of

CONLL2000 = "nltk_data/corpora/conll2000.zip"
PARTS = ("train", "test")
BASELINE_F1 = 0.7707  # on its test part, as published: the chunk tag that each part of speech has most often
OUTSIDE = "O"

Row = tuple[str, str, str]  # word, Penn tag, chunk tag
Span = tuple[str, int, int]  # kind, and words [start, stop) of the sentence


def read_conll2000(part: str) -> list[list[Row]]:
    """The sentences of "train" or "test". Raises ValueError where the corpus is missing, damaged or another."""
    if part not in PARTS:
        raise ValueError(f"the corpus has no part {part[:40]!r}: choose {' or '.join(PARTS)}")
    sentences: list[list[Row]] = [[]]
    with archive(CONLL2000) as found:
        try:
            lines = lines_of(found, f"conll2000/{part}.txt")
        except (KeyError, UnicodeDecodeError, OSError) as error:
            raise ValueError(f"{CONLL2000} has no {part} part that can be read ({error}): fetch it again") from None
    for line in lines:
        match line.split():
            case []:
                sentences.append([])
            case [word, tag, chunk] if chunk == OUTSIDE or chunk[:2] in ("B-", "I-"):
                sentences[-1].append((word, tag, chunk))
            case _:
                raise ValueError(f"{CONLL2000}: {line[:80]!r} is not a word, its tag and its chunk: fetch it again")
    return [sentence for sentence in sentences if sentence]


# Rules ----------------------------------------------------------------------------------------------------------------


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


# Agreement ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ChunkAgreement:
    """How many chunks the gold text has, how many were found, how many of these are exactly the same words and kind."""

    gold: int
    found: int
    both: int

    @property
    def precision(self) -> float:
        return self.both / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        return self.both / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.both / (self.gold + self.found) if self.gold + self.found else 0.0


def spans_of(iob: Sequence[str]) -> list[Span]:
    """The chunks of a sentence, as CoNLL-2000 counts them: I- behind a chunk of another kind begins one too."""
    found: list[Span] = []
    before = OUTSIDE
    for at, tag in enumerate(iob):
        if tag != OUTSIDE:
            if tag[:2] == "B-" or tag[2:] != before[2:]:
                found.append((tag[2:], at, at + 1))
            else:
                found[-1] = (*found[-1][:2], at + 1)
        before = tag
    return found


def agreement(gold: Sequence[Sequence[str]], found: Sequence[Sequence[str]]) -> dict[str, ChunkAgreement]:
    """Of chunk tags of the same sentences: of all chunks (""), then by kind, the commonest first."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one, other in zip(gold, found, strict=True):
        here, there = set(spans_of(one)), set(spans_of(other))
        for name, some in (("gold", here), ("found", there), ("both", here & there)):
            for kind, _, _ in some:
                counts[""][name] += 1
                counts[kind][name] += 1
    order = sorted(counts, key=lambda kind: (-counts[kind]["gold"], kind))
    return {kind: ChunkAgreement(**{name: counts[kind][name] for name in ("gold", "found", "both")}) for kind in order}


def commonest(training: Sequence[Sequence[Row]]) -> dict[str, str]:
    """The published baseline: the chunk tag that each part of speech has most often."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for sentence in training:
        for _, tag, chunk in sentence:
            counts[tag][chunk] += 1
    return {tag: some.most_common(1)[0][0] for tag, some in counts.items()}


Tagger = Callable[[Sequence[Sequence[str]]], list[list[str]]]


def rules_agreement(tagger: Tagger | None = None) -> Mapping[str, dict[str, ChunkAgreement]]:
    """How well chunks agree with the corpus's test part: "baseline", "rules" on the tags that come with it, and, with a
    tagger of sentences, "rules, our tags". Raises ValueError as `read_conll2000`.
    """
    test, usual = read_conll2000("test"), commonest(read_conll2000("train"))
    gold = [[chunk for _, _, chunk in sentence] for sentence in test]
    words = [[word for word, _, _ in sentence] for sentence in test]
    tags = [[tag for _, tag, _ in sentence] for sentence in test]
    found = {
        "baseline": [[usual.get(tag, OUTSIDE) for tag in some] for some in tags],
        "rules": list(map(iob_of, words, tags)),
    }
    if tagger is not None:
        found["rules, our tags"] = list(map(iob_of, words, tagger(words)))
    return {name: agreement(gold, some) for name, some in found.items()}
