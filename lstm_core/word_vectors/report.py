"""What a run's word vectors know, beside the paper's section 5: its Table 3, words seen once, words never seen.

Knows runs and where results are kept.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lstm_core.runs.run import Run
from lstm_core.storage.frames import Framed
from lstm_core.storage.progress import Progress, silent
from lstm_core.storage.results import Results, hashed
from lstm_core.text.corpus import read_corpus
from lstm_core.text.lexicon import lexicon
from lstm_core.word_vectors import rare_words
from lstm_core.word_vectors.neighbours import Neighbour, NeighbourQuery, neighbours
from lstm_core.word_vectors.rare_words import HeldOut, TagAgreement
from lstm_core.word_vectors.sample import tags_of_words
from lstm_core.word_vectors.vectors import PAPER, EmbeddingTable, embeddings, text_fingerprint

SCHEMA = 1
NEAR = 5  # neighbours of a word, as in the paper
DRAWN = 1000  # words over which the two metrics, and tags of neighbours, are compared
HELD_OUT = 400  # words that training never saw, at most
PAPER_TYPES = {"words": 17_510, "with_dash": 1_760, "vocabulary": 15_750}

# Source: the paper, Table 3: a word, how often it stands in the text, its five nearest words.
PAPER_TABLE: dict[str, tuple[int, tuple[str, ...]]] = {
    "prince": (1926, ("princess", "pwince", "princes", "platón", "phillip")),
    "we": (1069, ("i", "tu", "you", "ve", "he")),
    "soldier": (201, ("officer", "footman", "soldiers", "traveler", "landowner")),
    "loved": (120, ("liked", "longed", "saved", "lived", "lose")),
    "frenchman": (100, ("frenchwoman", "englishman", "huntsman", "coachman", "frenchmen")),
    "write": (61, ("wring", "wake", "wipe", "strive", "live")),
    "food": (41, ("foot", "folk", "fool", "fear", "form")),
    "tu": (4, ("we", "i", "thou", "you", "je")),
    "untruth": (3, ("distrust", "entreaty", "rescript", "rupture", "ruse")),
    "cannonading": (2, ("undertaking", "attacking", "outflanking", "maintaining", "tormenting")),
    "scrutinizingly": (1, ("questioningly", "challengingly", "attentively", "imploringly", "despairingly")),
    "moscovite": (1, ("honneur", "moravian", "tshausen", "chinese", "grenadier")),
    "custodian": (1, ("guardian", "battalion", "nightmare", "republican", "mathematician")),
    "conduce": (1, ("convince", "conclude", "conduced", "induce", "introduce")),
    "deck": (1, ("delve", "dwell", "descry", "deny", "decide")),
}


@dataclass(frozen=True)
class TableRow:
    """A word of the paper's Table 3: how often it stands here and there, its nearest words here and there.

    `overlap` of them are the same, accents folded; `by_euclid` of ours are found by Euclidean distance too. `tag` is
    its part of speech, which `same_tag` of our neighbours have. A word that the text lacks has no neighbours here.
    """

    word: str
    counted: int
    averaged: int
    paper_counted: int
    neighbours: tuple[Neighbour, ...]
    paper_neighbours: tuple[str, ...]
    overlap: int
    by_euclid: int
    tag: str
    same_tag: int


@dataclass(frozen=True)
class WordReport(Framed, rows="rows"):
    """All of it for a run. `types` as `Lexicon.types`; `by_euclid` and `same_tag` are shares of the five neighbours, as
    means over `drawn` words drawn at random. `agreement` is None for a text without words seen once, `held_out` empty
    for one without words that training never read.
    """

    run: str
    weights: str
    text_fingerprint: str
    types: dict[str, int]
    rows: tuple[TableRow, ...]
    drawn: int
    by_euclid: float
    same_tag: float
    agreement: TagAgreement | None
    held_out: tuple[HeldOut, ...]


def paper_table(table: EmbeddingTable, tags: Sequence[str]) -> tuple[TableRow, ...]:
    """The paper's Table 3 with a table of vectors beside it; `tags` (V,) of its words, "" for none."""
    rows = []
    for word, (paper_counted, paper_neighbours) in PAPER_TABLE.items():
        row = table.row(word)
        near, euclid = _near(table, word) if row is not None else ((), set())
        counted, averaged, tag = (table.counted[row], table.averaged[row], tags[row]) if row is not None else (0, 0, "")
        theirs = {plain(one) for one in paper_neighbours}
        rows.append(
            TableRow(
                word=word,
                counted=int(counted),
                averaged=int(averaged),
                paper_counted=paper_counted,
                neighbours=near,
                paper_neighbours=paper_neighbours,
                overlap=sum(plain(one.word) in theirs for one in near),
                by_euclid=sum(one.word in euclid for one in near),
                tag=tag,
                same_tag=sum(tags[table.index[one.word]] == tag for one in near),
            )
        )
    return tuple(rows)


def plain(word: str) -> str:
    """A word without accents, as an edition in ASCII has it."""
    return "".join(sign for sign in unicodedata.normalize("NFD", word) if not unicodedata.combining(sign))


def on_words_drawn(table: EmbeddingTable, tags: Sequence[str], *, count: int = DRAWN) -> tuple[int, float, float]:
    """How many words were drawn, of those with a tag and no em-dash; which share of their five neighbours by cosine is
    found by Euclidean distance too; which has their part of speech. Raises ValueError when there is no such word.
    """
    usable = np.flatnonzero(np.array([bool(tag) for tag in tags]) & ~table.with_dash)
    if not len(usable):
        raise ValueError("no word has a part of speech: read a longer text")
    chosen = np.random.default_rng(0).permutation(usable)[:count].tolist()
    euclids, alike = [], []
    for row in chosen:
        near, euclid = _near(table, table.words[row])
        euclids.append(np.mean([one.word in euclid for one in near]))
        alike.append(np.mean([tags[table.index[one.word]] == tags[row] for one in near]))
    return len(chosen), float(np.mean(euclids)), float(np.mean(alike))


def _near(table: EmbeddingTable, word: str) -> tuple[tuple[Neighbour, ...], set[str]]:
    euclid = neighbours(table, word, NeighbourQuery(NEAR, "euclid"))
    return neighbours(table, word, NeighbourQuery(NEAR)), {one.word for one in euclid}


def word_report(run: Run, *, report: Progress = silent) -> WordReport:
    """Measure all of it with the paper's vectors of the run's own text; makes what is not kept.

    Words held out are those that training never read and that stand at least twice; none for a run that began with
    weights of another, whose text may have held them. Raises ValueError for a run of words, one without a text of its
    own, and a text without any part of speech.
    """
    from lstm_core.recordings.record import corpus_text  # loads torch

    table = embeddings(run, PAPER, report=report)
    train = read_corpus(run.config["corpus"]["name"], run.kind).splits["train"]
    text = run.vocabulary.decode(corpus_text(run).ids.tolist())  # as the model reads it
    tags = tags_of_words(run, report=report)
    report(0.0, "neighbours of words")
    drawn = on_words_drawn(table, tags)
    found = lexicon(text)
    agreement = rare_words.tag_agreement(table, tags, rare_words.capitals(found, text))
    report(0.5, "words that training never saw")
    elsewhere = run.imported or "started_from" in run.config  # trained on other text too, which is not known here
    strange = [] if elsewhere else rare_words.held_out_words(text, train)
    strange = sorted(strange, key=lambda word: -int(table.counted[table.index[word]]))[:HELD_OUT]
    held_out = tuple(rare_words.held_out_spelling(run, table, text, strange))
    report(1.0, "done")
    rows, of = paper_table(table, tags), (run.name, run.fingerprint, text_fingerprint(run))
    return WordReport(*of, found.types, rows, *drawn, agreement, held_out)


# What is kept ---------------------------------------------------------------------------------------------------------


REPORTS = Results(
    "words/{key}.json",
    WordReport,
    SCHEMA,
    key=lambda one: hashed([one.weights, one.text_fingerprint, SCHEMA]),
    sound=lambda found: found.types.keys() >= PAPER_TYPES.keys(),
)


def read_report(run: Run) -> WordReport | None:
    """The kept report of a run's present weights and text, the one that came with it first, or None."""
    try:
        return REPORTS.read(run, text_fingerprint=text_fingerprint(run))
    except ValueError:  # it has no text
        return None
