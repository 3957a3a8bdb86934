"""Groups of a map as frames, files and sentences for people. Pure: knows nothing of Streamlit. Shares are in [0, 1]."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.components.csv_file import frame_csv
from lstm_core.claims.word_map import is_found
from lstm_core.clusters.word_groups import FREQUENT, PRINTED, TABLE_5_1, Group, GroupMatch, Labels, Word
from lstm_core.clusters.word_map import WordMap
from pages.word_map.canvas import visible

TIGHT = 0.9  # share of a group that words which are nearly only there make up where it is shown first
NAMED = 40  # groups whose commonest words are written on the map, where they find room


def chosen_groups(rows: Sequence[Group], *, least: int = 0, word: str = "") -> tuple[Group, ...]:
    """The groups that pass the filters: of at least that size, and holding that word, capital letters or not."""
    return tuple(row for row in rows if row.size >= least and (not word.strip() or _times(row, word)))


def group_frame(rows: Sequence[Group], word: str = "") -> pd.DataFrame:
    """One row a group; with how often a word that is filtered by stands there."""
    made = pd.DataFrame(
        {"group": row.number, "size": row.size, "different": len(row.words), "words": listed(row)} for row in rows
    )
    if word.strip():
        made["of it"] = [_times(row, word) for row in rows]
    return made


def _times(row: Group, word: str) -> int:
    asked = word.strip().casefold()
    return sum(one.times for one in row.words if visible(one.word).casefold() == asked)


def listed(row: Group, count: int = PRINTED) -> str:
    """The commonest words of a group in one line."""
    more = len(row.words) - count
    return ", ".join(visible(one.word) for one in row.words[:count]) + (f", and {more:,} more" if more > 0 else "")


def word_frame(row: Group) -> pd.DataFrame:
    """The words of one group by frequency."""
    return pd.DataFrame(
        {"word": visible(one.word), "times": one.times, "share of all its times": one.share} for one in row.words
    )


def names(rows: Sequence[Group]) -> list[tuple[int, str]]:
    """What is written on the map: two words of each of the largest groups, those that are more there than elsewhere."""
    found = []
    for row in rows[:NAMED]:
        own = [one.word for one in row.words if one.share > 0.5][:2] or [row.words[0].word]
        found.append((row.number, ", ".join(map(_readable, own))))
    return found


def _readable(word: str) -> str:
    """A word among dots: a mark alone, which is as small as they are, stands in quotation marks."""
    return visible(word) if any(map(str.isalnum, word)) else f"“{visible(word)}”"


def example(rows: Sequence[Group]) -> Group | None:
    """The group that shows best what the map is about: small, with several words that are nearly only there."""
    fitting = [row for row in rows if row.number and len(home(row)) >= 3]
    tight = [row for row in fitting if sum(one.times for one in home(row)) >= TIGHT * row.size]
    return max(tight or fitting, key=lambda row: len(home(row)), default=None)


def home(row: Group) -> list[Word]:
    """The words of a group that stand nearly only there, by frequency."""
    return [one for one in row.words if one.share >= 0.8 and one.times >= FREQUENT and one.word[0].isalpha()]


def sentence(rows: Sequence[Group], words: int) -> str:
    """What a map shows, in one sentence."""
    best = example(rows)
    if best is None:
        return f"{words:,} words of a text, near each other where the network was in a like state when it read them."
    own = "”, “".join(one.word for one in home(best)[:5])
    return f"To this network “{own}” are alike: group {best.number}, {best.size:,} of the {words:,} words on the map."


def lasso_frame(found: WordMap, labels: Labels, inside: NDArray[np.bool_]) -> pd.DataFrame:
    """The words in a lasso by frequency, with the share of all their times and the groups they stand in."""
    groups = pd.Series(labels[inside]).groupby(found.words[inside])
    made = groups.agg(times="size", groups=_commonest).sort_values("times", ascending=False, kind="stable")
    made.insert(0, "word", [visible(found.types[word]) for word in made.index])
    made.insert(2, "share of all its times", made["times"] / found.times[made.index])
    return made.reset_index(drop=True)


def _commonest(groups: pd.Series) -> str:
    return ", ".join(str(group) for group, _ in Counter(groups.tolist()).most_common(5))


def words_csv(found: WordMap, labels: Labels, inside: NDArray[np.bool_] | None = None) -> str:
    """Every word of a map, or those `inside`, one a line in the order of the text: position, word, group, place."""
    at = np.arange(len(labels)) if inside is None else np.flatnonzero(inside)
    x, y = found.places[at].astype(float).round(4).T
    words = [found.types[word] for word in found.words[at].tolist()]
    return frame_csv(
        pd.DataFrame({"position": found.positions[at], "word": words, "group": labels[at], "x": x, "y": y})
    )


def list_frame(lists: Sequence[GroupMatch]) -> pd.DataFrame:
    """Table 5.1 beside the groups most like its lists."""
    verdicts = {True: "found", False: "not found", None: "cannot be told"}
    return pd.DataFrame(
        {
            "list": row.name,
            "the thesis": ", ".join(TABLE_5_1[row.name]),
            "here": ", ".join(map(visible, row.words)),
            "group": row.group,
            "Jaccard": row.jaccard,
            "by chance": row.chance,
            "so it is": verdicts[is_found(row)],
        }
        for row in lists
    )
