"""Features of a text, one value a token: inside quotation marks, near the end of a line, a noun. T tokens.

A feature tells of the moment at which its token has just been read; "comes next" speaks of the token after it. Knows
texts and their tags; knows no units. Characters are a string, words a sequence of tokens.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_core.recordings.recording import Recording
from lstm_core.recordings.tags import recorded_text, tags_of
from lstm_core.stats.ranks import Mask
from lstm_core.storage.progress import Progress, silent
from lstm_core.text import marks
from lstm_core.text.corpus import END, UNKNOWN, Splitter
from lstm_core.text.marks import WORD, Tokens, blank, in_quotes, paragraph_breaks, ramp, since
from lstm_core.text.sentences import sentence_spans
from lstm_core.text.tagged import MEANINGS, NONE, Tagged, words_before

Ordered = NDArray[np.float32]

TAGGED = 50  # words that must have a part of speech for it to be a feature
ONE_WORD = ("TO", "EX")  # tags of "to" and "there": a unit that knows these knows no part of speech
HEADING = 60  # characters of the longest heading
HEADING_WORDS = 10
_CLOSE_UP = {".", "!", "?", "…", "...", ")", "]", "}", "”", "»", "''"}  # words that stand close to the one before
# A small list of words that speak well or ill, chosen for this program by hand, from no other list. Left out are words
# with a second meaning that says neither ("like", "kind", "mean", "fine") and forms of one word beyond the commonest.
# "Killed" and "wounded" speak ill whoever says so.
_POSITIVE = """
    admirable admired agreeable beautiful beauty beloved best blessed brave bright brilliant calm charming cheerful
    clever comfort dear dearest delicate delight delighted delightful eager elegant excellent friend friendly
    friends gay generous gentle glad gladly glorious good goodness graceful grateful happily happiness happy honest
    honor hope hopes joy joyful joyfully joyous laughed laughing laughter lovely loved loving merry noble peaceful
    perfect pleasant pleased pleasure pretty smile smiled smiling splendid success superb sweet tender tenderly
    tenderness triumph triumphant welcome wise wonderful
"""
_NEGATIVE = """
    afraid agony alarm anger angrily angry anguish anxious ashamed awful bad base bitter bitterly coward cried cruel
    cruelty danger dangerous dead death despair destroyed disgust disgusting dreadful dying enemy evil failed fear
    fears feared frightened gloomy grief guilty hate hated hatred horrible horror hostile ill killed malicious
    miserable misery misfortune pain painful poor repulsive ruin ruined sad sadly sadness shame sick sinister sorrow
    suffer suffered suffering tears terrible terror ugly unhappy unpleasant vile wept wicked worse worst wounded
    wretched
"""
POSITIVE, NEGATIVE = frozenset(_POSITIVE.split()), frozenset(_NEGATIVE.split())


@dataclass(frozen=True, eq=False)
class Feature:
    """One feature of a text: `values` (T,) are booleans, or floats where it is `ordered`.

    `where` (T,) says at which tokens it is asked, None at all of them; `definition` says in a line what is marked.
    `words` (T,) numbers the word that carries it at a token, where it is one of words: a unit that knows the only few
    that do knows those, and not what they have in common.
    """

    name: str
    definition: str
    values: Mask | Ordered
    ordered: bool = False
    where: Mask | None = None
    words: NDArray[np.int64] | None = None


# Of a whole text ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class FeatureText:
    """A text as it was read: a string of characters, or words, with what several features need of it."""

    tokens: Tokens
    splitter: Splitter

    @property
    def text(self) -> str:
        """What was read, where it is characters."""
        assert isinstance(self.tokens, str)
        return self.tokens

    @cached_property
    def sentences(self) -> list[tuple[int, int]]:
        """[start, stop) of each sentence in tokens, by the rules of `sentence_spans`."""
        if isinstance(self.tokens, str):
            return list(sentence_spans(self.tokens))
        text, begins = _running_text(self.tokens)
        return [tuple(np.searchsorted(begins, span).tolist()) for span in sentence_spans(text)]

    @cached_property
    def _ends(self) -> list[tuple[int, int]]:
        """Of each sentence: the token behind its last letter, digit or word, and where the next sentence begins."""
        following = [*(start for start, _ in self.sentences), len(self.tokens)][1:]
        found = []
        for (start, stop), coming in zip(self.sentences, following, strict=True):
            while stop > start and not any(map(str.isalnum, self.tokens[stop - 1])):
                stop -= 1
            found.append((stop, coming))
        return found

    @cached_property
    def last_of_sentence(self) -> Mask:
        """The last letter, digit or word of each sentence: after it come marks, blanks, and the next sentence."""
        mask = np.zeros(len(self.tokens), dtype=bool)
        for (start, _), (end, _) in zip(self.sentences, self._ends, strict=True):
            mask[max(start, end - 1) : end] = True
        return mask

    @cached_property
    def between_sentences(self) -> Mask:
        """After the last letter, digit or word of a sentence, before the next sentence begins."""
        return ramp(self._ends, len(self.tokens)) > 0

    @cached_property
    def position_in_sentence(self) -> NDArray[np.int64]:
        return ramp(self.sentences, len(self.tokens))

    @cached_property
    def words(self) -> list[tuple[int, int, str]]:
        """Each word in lower case with its span [start, stop)."""
        if isinstance(self.tokens, str):
            return [(*found.span(), found.group().lower()) for found in WORD.finditer(self.tokens)]
        return [(at, at + 1, token.lower()) for at, token in enumerate(self.tokens)]

    def is_word_of(self, stock: frozenset[str]) -> Mask:
        """Within a word of a list, all its letters."""
        spans = [(start, stop) for start, stop, word in self.words if word in stock]
        return ramp(spans, len(self.tokens)) > 0

    @cached_property
    def mood(self) -> NDArray[np.int64]:
        """Positive less negative words of the sentence that have been read to their end, this one too."""
        change = np.zeros(len(self.tokens), dtype=np.int64)
        for _, stop, word in self.words:
            change[stop - 1] = (word in POSITIVE) - (word in NEGATIVE)
        mood = np.zeros(len(self.tokens), dtype=np.int64)
        for start, stop in self.sentences:
            mood[start:stop] = np.cumsum(change[start:stop])
        return mood

    @cached_property
    def heading(self) -> Mask:
        """See the definition in RULES."""
        if isinstance(self.tokens, str):
            return self._heading_lines(self.tokens)
        mask, start = np.zeros(len(self.tokens), dtype=bool), 0
        for stop in (*paragraph_breaks(self.tokens), len(self.tokens)):
            line = self.tokens[start:stop]
            marked = len(line) > 2 and line[0] == line[-1] == "="
            short = self.splitter == "words" and 0 < len(line) <= HEADING_WORDS and line[-1][-1:].isalnum()
            mask[start:stop] = marked or short
            start = stop + 1
        return mask

    @staticmethod
    def _heading_lines(text: str) -> Mask:
        mask, lines, start = np.zeros(len(text), dtype=bool), text.split("\n"), 0
        around = ["", *lines, ""]
        for number, line in enumerate(lines):
            alone = not (around[number].strip() or around[number + 2].strip())
            if alone and len(line.strip()) <= HEADING and line.rstrip()[-1:].isalnum():
                mask[start : start + len(line)] = True
            start += len(line) + 1
        return mask


def _running_text(tokens: Sequence[str]) -> tuple[str, NDArray[np.int64]]:
    """Words as running text with blank lines between paragraphs, and where in it each token begins."""
    parts, begins, length, inside = [], [], 0, in_quotes(tokens)
    for at, token in enumerate(tokens):
        close = token in _CLOSE_UP or (token == '"' and not inside[at])
        glue = "" if not at or close or END in (token, tokens[at - 1]) else " "
        word = "\n\n" if token == END else "Xx" if token == UNKNOWN else token  # a word that may begin a sentence
        begins.append(length + len(glue))
        parts.append(glue + word)
        length += len(parts[-1])
    return "".join(parts), np.array(begins, dtype=np.int64)


# The list -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """How a feature is made of what was read. `kinds`: of recordings of characters, of words, or both."""

    name: str
    definition: str
    make: Callable[[FeatureText], NDArray[Any]]
    kinds: tuple[str, ...] = ("characters", "words")
    ordered: bool = False


_CHARACTERS, _WORDS = ("characters",), ("words",)
# The simpler come first: of two that a unit follows as well, the earlier names it.
RULES = (
    Rule("a blank or line break", "this character is one", lambda of: blank(of.text), _CHARACTERS),
    Rule("a punctuation mark", "this token is neither letter, digit nor blank",
         lambda of: marks.punctuation(of.tokens)),
    Rule("a capital letter", "this character is one, or this word begins with one",
         lambda of: marks.capital(of.tokens)),
    Rule("a capital letter comes next", "the next token is or begins with one",
         lambda of: marks.before_capital(of.tokens)),
    Rule("a number comes next", "the next token is a digit or holds one", lambda of: marks.before_number(of.tokens)),
    Rule("inside quotation marks", "from an opening mark to before the closing one of the same paragraph; straight "
         "ones open and close in turn", lambda of: in_quotes(of.tokens)),
    Rule("inside brackets", "from an opening bracket to before the closing one of the same paragraph",
         lambda of: marks.in_brackets(of.tokens)),
    Rule("inside a capitalised word", "after the first letter of a word that begins with a capital",
         lambda of: marks.inside_name(of.text), _CHARACTERS),
    Rule("the end of the line is near", "more than 55 characters of the line have been read",
         lambda of: marks.late_in_line(of.text), _CHARACTERS),
    Rule("a paragraph has just begun", "within its first 40 characters", lambda of: marks.paragraph_start(of.text),
         _CHARACTERS),
    Rule("the sentence is about to end", "its last letter, digit or word is read; marks may follow",
         lambda of: of.last_of_sentence),
    Rule("a sentence has just ended", "its last letter, digit or word has been read, the next has not begun",
         lambda of: of.between_sentences),
    Rule("inside a heading", f"a line between blank lines, of at most {HEADING} characters, that ends in a letter or "
         "digit", lambda of: of.heading, _CHARACTERS),
    Rule("inside a heading", f"a line between two =, or a paragraph of at most {HEADING_WORDS} words that ends in one "
         "(the latter not where lines are sentences)", lambda of: of.heading, _WORDS),
    Rule("position in the word", "how many of its letters have been read, 0 outside words",
         lambda of: marks.position_in_word(of.text), _CHARACTERS, True),
    Rule("position in the line", "how many of its characters have been read",
         lambda of: marks.position_in_line(of.text), _CHARACTERS, True),
    Rule("position in the paragraph", "how many of its words and marks have been read",
         lambda of: since(paragraph_breaks(of.tokens), len(of.tokens)), _WORDS, True),
    Rule("position in the sentence", "how many of its tokens have been read, 0 between sentences",
         lambda of: of.position_in_sentence, ordered=True),
    Rule("a word that speaks well", "within one of our list of positive words", lambda of: of.is_word_of(POSITIVE)),
    Rule("a word that speaks ill", "within one of our list of negative words", lambda of: of.is_word_of(NEGATIVE)),
    Rule("the mood of the sentence", "words of it that speak well, less those that speak ill, as far as it is read",
         lambda of: of.mood, ordered=True),
)  # fmt: skip


def plain_features(tokens: Tokens, splitter: Splitter, names: Collection[str] = ()) -> tuple[Feature, ...]:
    """All features of a text that need no tagger, or those of these names, in the order of RULES."""
    reading, kind = FeatureText(tokens, splitter), "characters" if splitter == "characters" else "words"
    rules = [rule for rule in RULES if kind in rule.kinds and (not names or rule.name in names)]
    values = (rule.make(reading).astype(np.float32 if rule.ordered else bool) for rule in rules)
    return tuple(
        Feature(rule.name, rule.definition, one, rule.ordered) for rule, one in zip(rules, values, strict=True)
    )


def tag_features(tokens: Tokens, tagged: Tagged) -> tuple[Feature, ...]:
    """One feature a part of speech that at least TAGGED words have: the word that stands at a token has it.

    In a text of characters also one that is asked at the blanks behind words alone: the word before has it. Left out
    are tags of punctuation and of a single word (ONE_WORD).
    """
    length = len(tokens)
    often = [tag for tag, count in tagged.counts().items() if count >= TAGGED]
    common = [tag for tag in often if tag[:1].isalpha() and tag not in ONE_WORD]
    numbers = np.unique([word.lower() for word in tagged.words(tokens)], return_inverse=True)[1]
    here, words = np.full((2, length), NONE)
    for start, stop, code, number in zip(tagged.start, tagged.stop, tagged.code, numbers, strict=True):
        here[start:stop], words[start:stop] = code, number

    def features(title: str, definition: str, code: NDArray[Any], **also: Any) -> list[Feature]:
        masks = {tag: code == tagged.names.index(tag) for tag in common}
        return [Feature(f"{title}: {_named(tag)}", definition + tag, mask, **also) for tag, mask in masks.items()]

    found = features("word here", "within a word that is tagged ", here, words=words)
    if isinstance(tokens, str):
        blanks, (before, words) = np.flatnonzero(blank(tokens)), np.full((2, length), NONE)
        known = words_before(tagged, tokens, blanks)
        before[blanks], words[blanks] = known.code, np.append(numbers, NONE)[known.token]
        asked = "asked at blanks behind words and marks: the word is tagged "
        found += features("word before the blank", asked, before, where=before != NONE, words=words)
    return tuple(found)


def _named(tag: str) -> str:
    return f"{MEANINGS[tag].split(':')[0]} ({tag})" if tag in MEANINGS else tag


def features_of(recording: Recording, *, report: Progress = silent) -> tuple[Feature, ...]:
    """All features of what a recording read, the simpler first: those of RULES, then parts of speech by frequency.

    Their values are one a token read, whichever positions are kept. The tags are kept with the recording.
    """
    tokens = recorded_text(recording)
    return (
        *plain_features(tokens, recording.vocabulary.splitter),
        *tag_features(tokens, tags_of(recording, report=report)),
    )
