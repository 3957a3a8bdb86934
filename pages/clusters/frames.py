"""Clusters as frames and sentences for people. Pure: knows nothing of Streamlit. Shares are in [0, 1]."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from app.components.csv_file import frame_csv
from app.components.tag_names import family
from lstm_core.clusters.contents import ALMOST, ClusterRow, TagShare, best_by_tag, words_of
from lstm_core.clusters.states import NOISE, Clustering

Kind = Literal["one or two words", "after punctuation", "line breaks", "grammar", "mixed"]

CLEAR = 0.8  # share of one kind of word (all verbs, all nouns ...) from which a cluster is told by grammar
_CHARACTERS = {" ": "␣", "\n": "⏎", "": "end"}
_GOOD_EXAMPLES = ("MD", "PRP", "PRP$", "IN", "VBD", "JJ", "NN")  # the plainest first


def kind(row: ClusterRow) -> Kind:
    """What holds a cluster of blanks together, as far as its words tell."""
    if row.newline_only:
        return "line breaks"
    if row.punctuation >= ALMOST:
        return "after punctuation"
    if row.two_words >= ALMOST:
        return "one or two words"
    shares: Counter[str] = Counter()
    for share in row.tags:
        shares[family(share.tag)] += share.precision  # type: ignore[assignment]
    return "grammar" if max(shares.values(), default=0) >= CLEAR else "mixed"


def visible(text: str) -> str:
    """Text on one line: line breaks as ⏎."""
    return text.replace("\n", "⏎")


def sign(character: str) -> str:
    """One character that is seen: a blank as ␣, a line break as ⏎, none as "end"."""
    return _CHARACTERS.get(character, character)


def percent(share: float, digits: int = 1) -> str:
    """A share for people, — where it is not defined."""
    return "—" if math.isnan(share) else f"{100 * share:.{digits}f}%"


def share_of(row: ClusterRow, tag: str) -> TagShare | None:
    """What a cluster has of a part of speech, or None."""
    return next((share for share in row.tags if share.tag == tag), None)


def chosen_rows(
    rows: Sequence[ClusterRow], *, tag: str = "", least: int = 0, few_words: bool = True
) -> tuple[ClusterRow, ...]:
    """The rows that pass the filters: with that part of speech (best F1 first), of at least that size.

    `few_words` False leaves out those of one or two words and those after punctuation.
    """
    kept = [row for row in rows if row.size >= least and (few_words or row.newline_only or row.few_words < ALMOST)]
    if not tag:
        return tuple(kept)
    shares = [(share.f1, row) for row in kept if (share := share_of(row, tag))]
    return tuple(row for _, row in sorted(shares, key=lambda pair: (-pair[0], pair[1].cluster)))


def word_frame(rows: Sequence[ClusterRow], tag: str = "") -> pd.DataFrame:
    """One row a cluster of blanks; with the precision, recall and F1 of `tag` where one is named, else of the top."""
    tops = [share_of(row, tag) if tag else next(iter(row.tags), None) for row in rows]
    made = pd.DataFrame(
        {
            "cluster": row.cluster,
            "moments": row.size,
            "commonest words": ", ".join(visible(word) for word, _ in row.words),
            "tag": top.tag if top else None,
            "precision": top.precision if top else math.nan,
            "recall": top.recall if top else math.nan,
            "F1": top.f1 if top else math.nan,
            "next tags": ", ".join(
                f"{share.tag} {percent(share.precision, 0)} / {percent(share.recall, 0)}" for share in row.tags[1:3]
            ),
            "few words": row.few_words,
            "kind": kind(row),
            "strength": row.strength,
        }
        for row, top in zip(rows, tops, strict=True)
    )
    return made.drop(columns="next tags" if tag else "F1", errors="ignore")


def character_frame(rows: Sequence[ClusterRow]) -> pd.DataFrame:
    """One row a cluster of full data: the commonest characters read at its moments, and those that came next."""
    return pd.DataFrame(
        {
            "cluster": row.cluster,
            "moments": row.size,
            "character read": _told(row.characters),
            "character next": _told(row.following),
            "kind": "line breaks" if row.newline_only else "characters",
            "strength": row.strength,
        }
        for row in rows
    )


def _told(characters: Sequence[tuple[str, float]]) -> str:
    return ", ".join(f"{sign(character)} {percent(share, 0)}" for character, share in characters)


def beside(sides: Mapping[str, Sequence[ClusterRow]]) -> pd.DataFrame:
    """For every part of speech the best cluster of several clusterings side by side, the best told first."""
    best = {name: best_by_tag(rows) for name, rows in sides.items()}
    words = {name: [", ".join(word for word, _ in row.words[:3]) for row in rows] for name, rows in sides.items()}
    f1: dict[str, float] = {}
    for share in (share for found in best.values() for share in found.values()):
        f1[share.tag] = max(share.f1, f1.get(share.tag, 0.0))
    made = pd.DataFrame({"tag": sorted(f1, key=lambda tag: -f1[tag])})
    for name, found in best.items():
        shares = [found.get(tag) for tag in made["tag"]]
        made[f"{name}: cluster"] = [one and one.cluster for one in shares]
        made[f"{name}: words"] = [one and words[name][one.cluster] for one in shares]
        made[f"{name}: precision"] = [one and one.precision for one in shares]
        made[f"{name}: recall"] = [one and one.recall for one in shares]
    return made


def example(rows: Sequence[ClusterRow]) -> ClusterRow | None:
    """The cluster that shows best what clusters are: told by grammar, of several words, of the plainest tag.

    Of full data the one with the clearest characters at its moments and after them.
    """
    if not any(row.words for row in rows):
        clear = [row for row in rows if not row.newline_only and row.characters and row.following]
        return max(
            clear, key=lambda row: min(row.characters[0][1], row.following[0][1]), default=next(iter(rows), None)
        )
    best = best_by_tag(rows)
    by_number = {row.cluster: row for row in rows}
    told = [by_number[best[tag].cluster] for tag in dict.fromkeys((*_GOOD_EXAMPLES, *best)) if tag in best]
    several = [row for row in told if kind(row) == "grammar" and len(row.words) > 2]
    return next(iter(several), next(iter(told), rows[0] if rows else None))


def sentence(row: ClusterRow, *, words: bool, untold: bool = True) -> str:
    """What one cluster is, in one sentence. `untold`: the network learned from the bare text alone."""
    if not words:
        (read, before), (following, after) = row.characters[0], row.following[0]
        return (
            f"The network puts {row.size:,} moments into one group: {percent(before, 0)} of them after reading "
            f"{sign(read)}, {percent(after, 0)} before {sign(following)}."
        )
    if row.newline_only or not row.words:
        return f"One group holds {row.size:,} line breaks and blanks without a word before them."
    told = [f"“{visible(word)}”" for word, _ in row.words[:3]]
    listed = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    more = " (and others)" if len(row.words) > 3 else ""
    return f"The network puts the blanks after {listed}{more} into one group{': nobody told it to' * untold}."


def points_csv(found: Clustering, text: str) -> str:
    """All points as CSV: position in the text, character, word before, tag, cluster (empty for none), strength."""
    names = np.array([*found.tag_names, ""])
    return frame_csv(
        pd.DataFrame(
            {
                "position": found.span[0] + found.positions,
                "character": [text[place] for place in found.positions.tolist()],
                "word": words_of(found, text) or "",
                "tag": names[found.tags] if len(found.tags) else "",
                "cluster": pd.Series(found.labels, dtype="Int64").replace(NOISE, pd.NA),
                "strength": found.strength.astype(float).round(3),
            }
        )
    )
