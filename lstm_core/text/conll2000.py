"""The CoNLL-2000 corpus: Wall Street Journal text in chunks that people's trees gave, and how well rules agree with it.

Sections 15 to 18 ("train") and 20 ("test"), with the tags of Brill's tagger (Tjong Kim Sang and Buchholz 2000). Knows
files below `$LSTM_DATA`; knows no models.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lstm_core.text.chunk_rules import iob_of
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
